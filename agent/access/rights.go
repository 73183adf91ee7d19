package access

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"parkagent/agent/billing"
	"parkagent/protocol"
	"parkagent/store"
)

// A right is by what a car may be inside other than as a temporary one. An ID of
// 0 means that it has none of that kind.
type right struct {
	card    store.Card
	booking store.Booking
	barred  Reason // why a car with a card that is of no use now is no temporary one; empty if it is
}

// class returns the class of the card; empty without one.
func (x right) class() Class {
	if x.card.ID == 0 {
		return ""
	}
	return classOf(x.card.CarType)
}

// give writes into s by what right the car is inside, as the reason says.
func (x right) give(s *store.Session, why Reason) {
	switch {
	case x.card.ID != 0 && (why == ReasonCard || why == ReasonHold):
		s.Card, s.Booking, s.CarType = x.card.ID, 0, x.card.CarType
	case x.booking.ID != 0 && (why == ReasonBooking || why == ReasonHold):
		s.Card, s.Booking, s.CarType = 0, x.booking.ID, int(protocol.CarBooked)
	}
}

// rightOf returns by what right a car may come in now: of several bookings the one
// with the most money left. The sessions closed will be if it does, and so take
// nobody's place.
func (r *Rules) rightOf(ctx context.Context, tx *store.Tx, a Approach, closed ...string) (right, error) {
	var x right
	c, err := cardOf(ctx, tx.Reader, a.Plate, a.CardNo)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return x, err
	}
	if err == nil {
		inside, entering, err := onCard(ctx, tx.Reader, c.ID, closed...)
		if err != nil {
			return x, err
		}
		switch {
		case !c.Valid(r.now()):
		case !r.cfg.Policy.CardGood(c.CarType, a.Area):
			if r.cfg.Policy.refuses(c.CarType) {
				x.barred = ReasonArea
			}
		case inside >= c.Spaces && r.cfg.Policy.RefuseOverQuota:
			x.barred = ReasonQuota
		case CardRule(c, inside, entering, r.now()):
			x.card = c
		}
	}
	bookings, err := bookingsOf(ctx, tx.Reader, a.Plate)
	if err != nil {
		return x, err
	}
	for _, b := range bookings {
		on, err := tx.SessionsOnBooking(ctx, b.ID)
		if err != nil {
			return x, err
		}
		better := x.booking.ID == 0 || b.PreMoney-b.PreUsed > x.booking.PreMoney-x.booking.PreUsed
		if better && BookingRule(b, len(without(on, closed...)), r.now()) {
			x.booking = b
		}
	}
	return x, nil
}

// onCard returns how many cars are inside on a card, and how many of them still
// have to take their visit. The sessions not do not count.
func onCard(ctx context.Context, r store.Reader, card int64, not ...string) (inside, entering int, err error) {
	on, err := r.SessionsOnCard(ctx, card)
	on = without(on, not...)
	for _, s := range on {
		if s.State == store.Entering {
			entering++
		}
	}
	return len(on), entering, err
}

func without(list []store.Session, ids ...string) []store.Session {
	return slices.DeleteFunc(list, func(s store.Session) bool { return slices.Contains(ids, s.ID) })
}

// use takes from the right of a car what its visit costs, now that the car is
// inside: a visit of a counted card, or a booking of one visit. If that has been
// used up meanwhile, the car is a temporary one. The caller writes s.
func (r *Rules) use(ctx context.Context, tx *store.Tx, s *store.Session) error {
	switch {
	case s.Card != 0:
		return r.useCard(ctx, tx, s)
	case s.Booking != 0:
		return useBooking(ctx, tx, s)
	}
	return nil
}

func (r *Rules) useCard(ctx context.Context, tx *store.Tx, s *store.Session) error {
	c, err := tx.Card(ctx, s.Card)
	switch {
	case err != nil:
		return err
	case !counted(c) || !c.DeletedAt.IsZero():
		return nil
	case c.Balance <= 0:
		becomeTemporary(s)
		return nil
	}
	c.Balance, c.UpdatedAt = c.Balance-1, r.now()
	if err := tx.UpdateCard(ctx, c); err != nil {
		return err
	}
	_, err = tx.Append(ctx, store.KindCardUse, cardKey(c.ID), store.CardUseFact{Card: c.ID, Session: s.ID, Used: 1, Balance: c.Balance})
	return err
}

func useBooking(ctx context.Context, tx *store.Tx, s *store.Session) error {
	b, err := tx.Booking(ctx, s.Booking)
	switch {
	case err != nil:
		return err
	case b.Type != store.BookOnce || b.UsedBy == s.ID:
		return nil
	case b.UsedBy != "":
		becomeTemporary(s)
		return nil
	}
	b.UsedBy = s.ID
	if err := tx.UpdateBooking(ctx, b); err != nil {
		return err
	}
	return journalBooking(ctx, tx, "use", b, s.ID, By{})
}

func becomeTemporary(s *store.Session) {
	s.Card, s.Booking, s.CarType = 0, 0, int(protocol.CarTemporary)
}

// regain takes its right from a session that is about to be opened again, if
// other cars have taken that meanwhile. The caller writes s.
func regain(ctx context.Context, tx *store.Tx, s *store.Session) error {
	switch {
	case s.Card != 0:
		c, err := tx.Card(ctx, s.Card)
		if err != nil {
			return err
		}
		inside, entering, err := onCard(ctx, tx.Reader, c.ID, s.ID)
		if err != nil {
			return err
		}
		if !CardRule(c, inside, entering, s.EnteredAt) {
			becomeTemporary(s)
		}
	case s.Booking != 0:
		b, err := tx.Booking(ctx, s.Booking)
		if err != nil {
			return err
		}
		on, err := tx.SessionsOnBooking(ctx, b.ID)
		if err != nil {
			return err
		}
		if !BookingRule(b, len(without(on, s.ID)), s.EnteredAt) {
			becomeTemporary(s)
		}
	}
	return nil
}

// attach puts the cars with these plates that are inside without a right, or on a
// card that is over, on c, which has just become theirs, as long as it has spaces.
// What their right so far has made free stays free; the other minutes before the
// card's validity stay chargeable, also if it only begins later. Cards with a
// balance must be valid now.
func (r *Rules) attach(ctx context.Context, tx *store.Tx, c store.Card, plates []store.CardPlate) error {
	at := r.now()
	if at.Before(c.From) && !counted(c) && !stored(c) {
		at = c.From
	}
	for _, p := range plates {
		s, ok, err := rightless(ctx, tx.Reader, billing.Ref{Plate: p.Plate, CardNo: p.Etc})
		if err != nil && !errors.As(err, new(*billing.AmbiguousError)) { // the card is for whom its plate is, not for a guess
			return err
		}
		if !ok {
			if ok, err = ended(ctx, tx.Reader, s, r.now()); err != nil {
				return err
			}
		}
		if !ok {
			continue
		}
		// Without its province, the plate may be that of another card's car.
		if own, err := cardOf(ctx, tx.Reader, s.Plate, s.CardNo); err != nil || own.ID != c.ID {
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			continue
		}
		inside, entering, err := onCard(ctx, tx.Reader, c.ID)
		if err != nil {
			return err
		}
		if !CardRule(c, inside, entering, at) || !r.cfg.Policy.CardGood(c.CarType, s.Area) {
			continue
		}
		if err := r.cfg.Bills.Cover(ctx, tx, s, r.now()); err != nil {
			return err
		}
		right{card: c}.give(&s, ReasonCard)
		if err := r.useCard(ctx, tx, &s); err != nil {
			return err
		}
		if err := tx.UpdateSession(ctx, s); err != nil {
			return err
		}
		if c, err = tx.Card(ctx, c.ID); err != nil { // with the visit taken
			return err
		}
	}
	return nil
}

// rightless returns the session of the one car that ref names and that is inside
// as a temporary one, or by a right that was taken back since: a card that was
// deleted, a booking that was cancelled.
//
// Errors: *billing.AmbiguousError.
func rightless(ctx context.Context, r store.Reader, ref billing.Ref) (store.Session, bool, error) {
	s, err := billing.Find(ctx, r, ref)
	switch {
	case errors.Is(err, billing.ErrNoSession):
		return s, false, nil
	case err != nil || s.State != store.Inside:
		return s, false, err
	case s.Card != 0:
		c, err := r.Card(ctx, s.Card)
		return s, err == nil && !c.DeletedAt.IsZero(), err
	case s.Booking != 0:
		b, err := r.Booking(ctx, s.Booking)
		return s, err == nil && !b.DeletedAt.IsZero(), err
	}
	return s, true, nil
}

// describe writes into v of which stay it speaks.
func describe(ctx context.Context, tx *store.Tx, s store.Session, v *Verdict) error {
	v.Session, v.Plate, v.CarType = s.ID, s.Plate, s.CarType
	switch {
	case s.Card != 0:
		c, err := tx.Card(ctx, s.Card)
		v.ValidTo = c.Ends()
		return err
	case s.Booking != 0:
		b, err := tx.Booking(ctx, s.Booking)
		v.ValidTo = b.Ends()
		return err
	}
	return nil
}

// cardKey is the journal key of a card.
func cardKey(id int64) string { return "card:" + strconv.FormatInt(id, 10) }
