package platform

import (
	"cmp"
	"slices"
	"time"

	"parkagent/protocol"
)

// A Stay is what the platform knows about the money of one stay: what it took from
// the driver, and what the car park reported. Money is in fen.
type Stay struct {
	Plate   string // or the card, where a question had no plate
	Entered time.Time

	Deducted  int64 // from the account (2.2)
	Reversed  int64 // of it given back (2.6)
	Collected int64 // paid for orders: by codes (4.1), scans (4.2) and on pages
	Refunded  int64 // of it given back
	Corrected bool  // a correction came (2.6); nothing is deducted any more

	Left    bool  // the exit was reported (2.3)
	Charged int64 // paid before and at the exit, as the exit's report says
	Bills   int   // single payments reported (2.7)
	Billed  int64 // by them
	AtPark  int64 // part of Billed that the car park took itself: coins and cards, not phones
}

// Taken returns what the driver has paid to the platform and not got back.
func (s Stay) Taken() int64 { return s.Deducted - s.Reversed + s.Collected - s.Refunded }

// Over returns what the driver has paid beyond what the car park says it was paid:
// money that was taken twice, or that the car park has lost. It is measured by the
// exit's report; for a car inside by the payments reported so far, of which the
// latest may be on its way; and it is 0 before the first.
func (s Stay) Over() int64 {
	switch {
	case s.Left:
		return max(0, s.Taken()+s.AtPark-s.Charged)
	case s.Bills > 0:
		return max(0, s.Taken()+s.AtPark-s.Billed)
	}
	return 0
}

// Under returns what the car park says was paid by phone and the platform never
// took: money that somebody invented. Only a platform through which all drivers of
// the car park pay can say so.
func (s Stay) Under() int64 { return max(0, s.Billed-s.AtPark-s.Taken()) }

// Books are the stays that the platform knows, by entry.
type Books []Stay

// Over returns the stays that were charged more than the car park reported.
func (b Books) Over() Books { return b.where(func(s Stay) bool { return s.Over() > 0 }) }

// Under returns the stays that were charged less than the car park reported.
func (b Books) Under() Books { return b.where(func(s Stay) bool { return s.Under() > 0 }) }

// Taken returns what drivers have paid to the platform and not got back.
func (b Books) Taken() int64 {
	var sum int64
	for _, s := range b {
		sum += s.Taken()
	}
	return sum
}

func (b Books) where(is func(Stay) bool) Books {
	return slices.DeleteFunc(slices.Clone(b), func(s Stay) bool { return !is(s) })
}

// Books returns the money of every stay that anything was heard of, as it stands.
// Reports come later than money: first wait for what is awaited.
func (p *Platform) Books() Books {
	p.mu.Lock()
	defer p.mu.Unlock()
	books := make(Books, 0, len(p.stays.values))
	for _, s := range p.stays.values {
		books = append(books, *s)
	}
	slices.SortFunc(books, func(a, b Stay) int {
		return cmp.Or(a.Entered.Compare(b.Entered), cmp.Compare(a.Plate, b.Plate))
	})
	return books
}

// A stayKey tells stays apart.
type stayKey struct {
	plate   string
	entered time.Time
}

// stayLocked returns the stay that a message is about. entered is as the message
// has it; a message without one is about a stay of its own.
func (p *Platform) stayLocked(plate, card, entered string) *Stay {
	key := stayKey{plate: cmp.Or(plate, card)}
	if t, err := protocol.ParseTime(entered, p.config.Location); err == nil {
		key.entered = t
	}
	s, ok := p.stays.get(key)
	if !ok {
		s = &Stay{Plate: key.plate, Entered: key.entered}
		p.stays.put(key, s)
	}
	return s
}

// heardLocked books what a report says about a stay.
func (p *Platform) heardLocked(message any) {
	switch m := message.(type) {
	case protocol.CarIn:
		p.stayLocked(m.PlateNo, m.CardNo, m.EntryTime)
	case protocol.PayDetail:
		s := p.stayLocked(m.PlateNo, m.CardNo, m.EntryTime)
		s.Left = true
		s.Charged += m.PreMoney + m.PayMoney
	case protocol.BillDetail:
		s := p.stayLocked(m.PlateNo, m.CardNo, m.EntryTime)
		s.Bills++
		s.Billed += m.PayMoney
		switch m.PayType {
		case protocol.PayCash, protocol.PayBankCard, protocol.PayECash, protocol.PayTransitCard, protocol.PayStoredCard, protocol.PayCountedCard:
			s.AtPark += m.PayMoney
		}
	case protocol.CarCorrect:
		p.correctLocked(m)
	case protocol.CarCard:
		p.cards.put(m.CardID, m)
	}
}

// A shelf keeps what was put there last. When it is full, the oldest goes.
type shelf[K comparable, V any] struct {
	most   int
	values map[K]V
	order  []K // keys of values, oldest first
}

func newShelf[K comparable, V any](most int) shelf[K, V] {
	return shelf[K, V]{most: most, values: map[K]V{}}
}

func (s *shelf[K, V]) get(k K) (V, bool) {
	v, ok := s.values[k]
	return v, ok
}

// put keeps v, instead of what was there under the same key.
func (s *shelf[K, V]) put(k K, v V) {
	if _, ok := s.values[k]; !ok {
		s.order = append(s.order, k)
	}
	s.values[k] = v
	for len(s.order) > s.most {
		delete(s.values, s.order[0])
		s.order = s.order[1:]
	}
}
