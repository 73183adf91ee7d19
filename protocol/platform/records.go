package platform

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parkagent/protocol"
)

// A Record is one report or question as it was taken.
type Record struct {
	Seq       int // from 1, in the order of taking
	At        time.Time
	Interface string // "PostCarInInfo"
	// Duplicate means that the same fact was reported before: the car park
	// repeats what it has no answer to. It is not counted again.
	Duplicate bool
	// Message is a protocol.CarIn, protocol.PayDetail … by interface. The
	// AuthCode of a protocol.ScanPay is "***": nobody needs it any more.
	Message any
	// Answer is the row that was answered, such as a protocol.CarOutAnswer; nil
	// if there was none. Refusal is the sentence of a refused question.
	Answer  any
	Refusal string
}

// Totals add up what was reported, duplicates left out, and what the platform did
// with money. Sums are in fen and only grow: what was taken and given back is in
// both.
type Totals struct {
	Entries     int   // 2.1
	Exits       int   // 2.3
	Bills       int   // 2.7
	Charged     int64 // that leaving cars had paid, before and at the exit (2.3)
	Paid        int64 // single payments (2.7); equals Charged once all cars have left
	Blacklisted int   // 2.4
	Corrections int   // 2.6
	Cards       int   // 3.1
	Reports     int   // of all kinds

	Questions  int   // 2.2, 4.1, 4.2 and 5.3, asked again or not
	Deductions int   // stays that an account paid for (2.2)
	Deducted   int64 // by them
	Reversals  int   // deductions that a correction gave back (2.6)
	Reversed   int64 // by them
	Codes      int   // orders that have a code (4.1)
	Scans      int   // orders that a driver's own code was charged for (4.2)
	Prices     int   // stays priced (5.3), asked again or not
	Collected  int64 // paid for orders: by codes, by scans and on pages
	Refunded   int64 // of it given back, because the car park did not take the payment
	Waiting    int   // payments of which the car park has not been told with success
	Changes    int   // change orders that the platform gave the change of (5.2)
	Given      int64 // by them

	Duplicates int // reports that were here already
	Refused    int // reports and questions refused by an injected fault
}

// Records returns what was taken, oldest first.
func (p *Platform) Records() []Record {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.book.records)
}

// Totals returns the sums so far.
func (p *Platform) Totals() Totals {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.book.totals
}

// Wait returns when done says yes to the totals, which it is asked now and after
// every change, or with an error when ctx ends.
func (p *Platform) Wait(ctx context.Context, done func(Totals) bool) error {
	for {
		p.mu.Lock()
		totals, changed := p.book.totals, p.changed
		p.mu.Unlock()
		if done(totals) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for reports: %w", ctx.Err())
		}
	}
}

// notifyLocked wakes who waits for a change.
func (p *Platform) notifyLocked() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// Messages returns the messages of one type in records, oldest first, without
// duplicates.
func Messages[T any](records []Record) []T {
	var messages []T
	for _, r := range records {
		if m, ok := r.Message.(T); ok && !r.Duplicate {
			messages = append(messages, m)
		}
	}
	return messages
}

// A book keeps records and totals.
type book struct {
	records []Record
	keys    []string        // of records, "" where there is none
	seen    map[string]bool // keys of records
	totals  Totals
	seq     int
}

// add books r and returns it completed. key is what makes the fact one of a kind;
// empty for reports of a present state, of which none is a duplicate.
func (b *book) add(r Record, key string, keep int) *Record {
	b.seq++
	r.Seq = b.seq
	if key != "" {
		key = r.Interface + "|" + key
		r.Duplicate = b.seen[key]
		b.seen[key] = true
	}
	b.records, b.keys = append(b.records, r), append(b.keys, key)
	for len(b.records) > keep {
		if !b.records[0].Duplicate {
			delete(b.seen, b.keys[0])
		}
		b.records, b.keys = b.records[1:], b.keys[1:]
	}
	b.count(r)
	return &b.records[len(b.records)-1]
}

func (b *book) count(r Record) {
	t := &b.totals
	if r.Duplicate {
		t.Duplicates++
		return
	}
	switch m := r.Message.(type) {
	case protocol.CarOut, protocol.CodeQuery, protocol.ScanPay, protocol.PriceQuery:
		t.Questions++
		return
	case protocol.CarIn:
		t.Entries++
	case protocol.PayDetail:
		t.Exits++
		t.Charged += m.PreMoney + m.PayMoney
	case protocol.BillDetail:
		t.Bills++
		t.Paid += m.PayMoney
	case protocol.BlackIn:
		t.Blacklisted++
	case protocol.CarCorrect:
		t.Corrections++
	case protocol.CarCard:
		t.Cards++
	}
	t.Reports++
}
