package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parkagent/agent/tariff"
	"parkagent/protocol"
	"parkagent/store"
)

// rights are by what a car is inside, as the books have it now: a card that was
// renewed or deleted during the stay counts as it is.
//
//   - What was free of the stay while it passed stays free (Cover), whatever
//     became of the right since.
//   - A stored-value card prices the whole stay by the tariff of its type and
//     pays from its balance, as far as that goes, unless it was deleted.
//   - Any other card, and a booking, makes the part of the stay inside its
//     validity free, a card where it is good. What lies before and after is charged, each part as a stay
//     of its own of a temporary car. (The visit of a counted card was taken at
//     the entry.)
//   - What was paid for a booking beforehand is credit.
//   - Without either the car is what it was taken for when it entered.
type rights struct {
	card    *store.Card
	booking *store.Booking
	covers  []store.Cover
	earlier []tariff.Visit // of the same car
	moves   []store.Move   // from area to area

	unknown bool  // nobody saw the car come in; its stay costs fee as far as nothing covers it
	fee     int64 // fen
}

func rightsOf(ctx context.Context, r store.Reader, s store.Session) (x rights, err error) {
	if s.Card != 0 {
		c, err := r.Card(ctx, s.Card)
		if err != nil {
			return rights{}, err
		}
		x.card = &c
	}
	if s.Booking != 0 {
		b, err := r.Booking(ctx, s.Booking)
		if err != nil {
			return rights{}, err
		}
		x.booking = &b
	}
	if x.covers, err = r.Covers(ctx, s.ID); err != nil {
		return rights{}, err
	}
	if x.moves, err = r.Moves(ctx, s.ID); err != nil {
		return rights{}, err
	}
	x.fee, x.unknown, err = r.UnknownEntry(ctx, s.ID)
	return x, err
}

func (x rights) stored() bool {
	return x.card != nil && x.card.CarType == int(protocol.CarStored)
}

// carType is by whose tariff the charged parts of the stay are charged.
func (x rights) carType(s store.Session) int {
	switch {
	case x.stored():
		return int(protocol.CarStored)
	case x.card != nil || x.booking != nil:
		return int(protocol.CarTemporary)
	}
	return s.CarType
}

// free returns when the booking, and the card where it is good, make a stay free
// that went that way.
func (x rights) free(way []stretch, good func(area int) bool) (list []span) {
	if x.card != nil && !x.stored() {
		card := span{x.card.From, end(x.card.To, x.card.Ends())}
		for i, p := range way {
			part := card // it may be good before the entry, and from now on
			if i > 0 {
				part.from = latest(part.from, p.from)
			}
			if i < len(way)-1 {
				part.to = earliest(part.to, p.to)
			}
			if good(p.area) {
				list = append(list, part)
			}
		}
	}
	if x.booking != nil {
		list = append(list, span{x.booking.From, end(x.booking.To, x.booking.Ends())})
	}
	return list
}

// freed returns all times that are free of a stay that went that way, and what lies
// before since, which is not charged either.
func (x rights) freed(s store.Session, way []stretch, since time.Time, good func(area int) bool) []span {
	list := append(x.free(way, good), span{s.EnteredAt, since})
	for _, c := range x.covers {
		list = append(list, span{c.From, c.To})
	}
	return list
}

// Cover keeps free what of the stay s its card and booking have made free up to
// now. Whoever is about to replace the period of either, or puts s on another,
// calls it in that transaction and before: a driver who was covered while he
// parked must not be charged for it later. A stored-value card covers nothing. Nor is
// it kept that a card covered the outer price of a time in an inner area that is
// charged on top and where the card is not good.
func (d *Desk) Cover(ctx context.Context, tx *store.Tx, s store.Session, now time.Time) error {
	x, err := rightsOf(ctx, tx.Reader, s)
	if err != nil {
		return err
	}
	for _, f := range x.free(x.way(s, now), func(area int) bool { return d.cardGood(x, area) }) {
		c := store.Cover{Session: s.ID, From: latest(f.from, s.EnteredAt), To: earliest(f.to, now)}
		if !c.From.Before(c.To) {
			continue
		}
		if err := tx.InsertCover(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// end is from when on a right is of no use any more. Its last moment is given in
// whole seconds and included, often as 23:59:59: that is the end of the day, and
// a minute before midnight must not be charged. A deletion is a moment.
func end(last, ends time.Time) time.Time {
	if ends.Before(last) {
		return ends
	}
	return last.Add(time.Second)
}

// prepaid is what of the booking's money no stay has used up.
func (x rights) prepaid() int64 {
	if x.booking == nil {
		return 0
	}
	return max(0, x.booking.PreMoney-x.booking.PreUsed)
}

// balance is what the card can pay.
func (x rights) balance() int64 {
	if !x.stored() || !x.card.DeletedAt.IsZero() {
		return 0
	}
	return x.card.Balance
}

// A span is the part of a stay from a moment up to, and without, another.
type span struct{ from, to time.Time }

// without returns what of the spans lies outside of the span not.
func without(list []span, not span) []span {
	if !not.from.Before(not.to) {
		return list
	}
	var rest []span
	for _, p := range list {
		before, after := span{p.from, earliest(p.to, not.from)}, span{latest(p.from, not.to), p.to}
		for _, q := range []span{before, after} {
			if q.from.Before(q.to) {
				rest = append(rest, q)
			}
		}
	}
	return rest
}

// withoutAll returns what of the spans lies outside of all the others.
func withoutAll(list, not []span) []span {
	for _, n := range not {
		list = without(list, n)
	}
	return list
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Collect takes what the bill b says that the card and the booking of s pay,
// and returns the bill as it is then, with nothing left to collect. Whoever
// decides an exit calls it in that transaction, once, before Fix; s names its
// exit already.
func (d *Desk) Collect(ctx context.Context, tx *store.Tx, s store.Session, b Bill) (Bill, error) {
	if b.Prepaid > 0 {
		if err := usePrepaid(ctx, tx, s, b.Prepaid); err != nil {
			return b, fmt.Errorf("collect from booking %d: %w", s.Booking, err)
		}
		b.Prepaid = 0
	}
	if b.Card > 0 {
		if err := d.useCard(ctx, tx, s, b); err != nil {
			return b, fmt.Errorf("collect from card %d: %w", s.Card, err)
		}
		b.Paid, b.Card = b.Paid+b.Card, 0
	}
	return b, nil
}

// Uncollect gives back to the booking of s, whose car has not driven out after all,
// what Collect took from it, so that it pays for the stay once more. What a card has
// paid is in the ledger and goes on to count. Whoever makes a Leaving session Inside
// calls it in that transaction and before, with the fee as it was fixed.
func (d *Desk) Uncollect(ctx context.Context, tx *store.Tx, s store.Session) error {
	if s.Booking == 0 {
		return nil
	}
	inside := s
	inside.State = store.Inside
	b, err := d.Due(ctx, tx.Reader, inside, s.LeftAt)
	if err != nil && !errors.Is(err, ErrNoTariff) && !errors.Is(err, ErrAboveLimit) {
		return err
	}
	x, err := tx.Booking(ctx, s.Booking)
	if err != nil {
		return err
	}
	used := min(x.PreUsed, s.Credit-(b.Credit-b.Prepaid)) // Due credits it no more
	if used <= 0 {
		return nil
	}
	return usePrepaid(ctx, tx, s, -used)
}

func usePrepaid(ctx context.Context, tx *store.Tx, s store.Session, sum int64) error {
	x, err := tx.Booking(ctx, s.Booking)
	if err != nil {
		return err
	}
	x.PreUsed += sum
	if err := tx.UpdateBooking(ctx, x); err != nil {
		return err
	}
	_, err = tx.Append(ctx, store.KindBooking, x.Plate, store.BookingFact{
		Act: "use", Booking: x.ID, Plate: x.Plate, PreMoney: x.PreMoney, PreUsed: x.PreUsed,
		FromMs: store.Millis(x.From), ToMs: store.Millis(x.Ends()), Type: x.Type, Session: s.ID,
	})
	return err
}

// useCard books what the card of s pays as a payment at the exit.
func (d *Desk) useCard(ctx context.Context, tx *store.Tx, s store.Session, b Bill) error {
	c, err := tx.Card(ctx, s.Card)
	if err != nil {
		return err
	}
	now := d.now()
	c.Balance, c.UpdatedAt = c.Balance-b.Card, now
	if err := tx.UpdateCard(ctx, c); err != nil {
		return err
	}
	_, err = tx.Append(ctx, store.KindCardUse, fmt.Sprintf("card:%d", c.ID), store.CardUseFact{
		Card: c.ID, Session: s.ID, Used: b.Card, Balance: c.Balance,
	})
	if err != nil {
		return err
	}
	o := store.Order{
		Session: s.ID, Kind: store.OrderCard, Lane: s.ExitLane, Client: s.ExitLane, CreatedAt: now, ExpiresAt: now,
		Total: b.Total, Credit: b.Credit, Paid: b.Paid, Waived: b.Waived, Payable: b.Card, State: store.OrderPaid, SettledAt: now,
	}
	if err := d.insert(ctx, tx, &o, s.Plate); err != nil {
		return err
	}
	return d.book(ctx, tx, posting{due: b.Card + b.Payable, Payment: store.Payment{
		ID: store.NewID(now), Order: o.No, Session: s.ID, Amount: b.Card, PayType: int(protocol.BoothCard), PayMethod: int(protocol.BoothCard),
		Terminal: int(protocol.TerminalBooth), Client: s.ExitLane, PaidAt: now,
	}}, Receipt{Order: o, Session: s})
}
