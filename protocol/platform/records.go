package platform

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"parkagent/protocol"
)

// A Record is one report as it was taken.
type Record struct {
	Seq       int // from 1, in the order of taking
	At        time.Time
	Interface string // "PostCarInInfo"
	// Duplicate means that the same fact was reported before: the car park
	// repeats what it has no answer to. It is not counted again.
	Duplicate bool
	Message   any // protocol.CarIn, protocol.PayDetail … by interface
}

// Totals add up what was reported, duplicates left out.
type Totals struct {
	Entries int   // 2.1
	Exits   int   // 2.3
	Bills   int   // 2.7
	Charged int64 // fen that leaving cars had paid, before and at the exit (2.3)
	Paid    int64 // fen of single payments (2.7); equals Charged once all cars have left
	Reports int   // of all kinds

	Duplicates int // reports that were here already
	Refused    int // reports refused by an injected fault
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
// every report, or with an error when ctx ends.
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
func (b *book) add(r Record, key string, keep int) Record {
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
	return r
}

func (b *book) count(r Record) {
	t := &b.totals
	if r.Duplicate {
		t.Duplicates++
		return
	}
	t.Reports++
	switch m := r.Message.(type) {
	case protocol.CarIn:
		t.Entries++
	case protocol.PayDetail:
		t.Exits++
		t.Charged += m.PreMoney + m.PayMoney
	case protocol.BillDetail:
		t.Bills++
		t.Paid += m.PayMoney
	}
}

// A report is a decoded message and what the platform has to know of it.
type report struct {
	message any
	facts
}

// facts are what the platform has to know of every kind of report.
type facts struct {
	parkCode string
	key      string            // natural key of the fact, "" for a present state
	times    map[string]string // fields that must hold a time
}

// decoder makes the function that decodes reports of one type.
func decoder[T any](see func(T) facts) func([]byte) (report, error) {
	return func(text []byte) (report, error) {
		var message T
		if err := protocol.DecodeFields(text, &message); err != nil {
			return report{}, err
		}
		return report{message: message, facts: see(message)}, nil
	}
}

// decoders lists the interfaces that the platform serves.
var decoders = map[string]func([]byte) (report, error){
	"PostParkingInfo":   decoder(func(m protocol.ParkingInfo) facts { return facts{parkCode: m.ParkCode} }),
	"PostAreaInfo":      decoder(func(m protocol.AreaInfo) facts { return facts{parkCode: m.ParkCode} }),
	"PostDeviceState":   decoder(func(m protocol.DeviceState) facts { return facts{parkCode: m.ParkCode} }),
	"PostParkingDevice": decoder(func(m protocol.ParkingDevice) facts { return facts{parkCode: m.ParkCode} }),
	"PostFreeParkingSpace": decoder(func(m protocol.FreeSpaces) facts {
		return facts{parkCode: m.ParkCode}
	}),
	"PostCarInInfo": decoder(func(m protocol.CarIn) facts {
		return facts{m.ParkCode, join(m.PlateNo, m.CardNo, m.EntryTime), map[string]string{"entryTime": m.EntryTime}}
	}),
	"PostPayDetail": decoder(func(m protocol.PayDetail) facts {
		times := map[string]string{"entryTime": m.EntryTime, "leaveTime": m.LeaveTime}
		return facts{m.ParkCode, join(m.PlateNo, m.CardNo, m.EntryTime, m.LeaveTime), times}
	}),
	"PostCarBillDetail": decoder(func(m protocol.BillDetail) facts {
		key := join(m.PlateNo, m.CardNo, m.EntryTime, m.PayTime, m.Remark, fmt.Sprint(m.PayMoney, m.FreeMoney, m.TicketMoney))
		return facts{m.ParkCode, key, map[string]string{"payTime": m.PayTime}}
	}),
}

func join(parts ...string) string { return strings.Join(parts, "|") }
