package access

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"parkagent/agent/billing"
	"parkagent/agent/plate"
	"parkagent/store"
)

// Book adds a booking and returns its number. What only the books know of it is
// not taken from b. One with the same plate, period, type and money as one that
// exists is that one, because clients ask again when an answer is lost; one that a
// visit has used up and that is asked for again is for another visit. Promptly, a
// car that is inside without another right and came in the period is on it from
// now on.
//
// Errors: ErrNoPlate, ErrPeriod, *billing.AmbiguousError when promptly and several
// cars fit the plate.
func (r *Rules) Book(ctx context.Context, b store.Booking, promptly bool, by By) (int64, error) {
	b = store.Booking{
		Plate: plate.Normal(b.Plate), PreMoney: max(b.PreMoney, 0), From: instant(b.From), To: instant(b.To), Type: b.Type, Client: by.Client,
	}
	if b.Plate == "" {
		return 0, ErrNoPlate
	}
	if err := checkPeriod(b.From, b.To); err != nil {
		return 0, err
	}
	err := r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		act := "edit"
		old, err := sameBooking(ctx, tx, b)
		switch {
		case errors.Is(err, store.ErrNotFound):
			act, b.CreatedAt = "add", r.now()
			if b.ID, err = tx.InsertBooking(ctx, b); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			b = old
		}
		session, err := r.attachBooking(ctx, tx, &b, promptly)
		if err != nil || act == "edit" && session == "" {
			return err
		}
		return journalBooking(ctx, tx, act, b, session, by)
	})
	return b.ID, r.tell(ctx, err, r.cfg.DB.SessionsOnBooking, b.ID)
}

// sameBooking returns the booking that b is again, or store.ErrNotFound.
func sameBooking(ctx context.Context, tx *store.Tx, b store.Booking) (store.Booking, error) {
	list, err := tx.BookingsByPlate(ctx, b.Plate)
	if err != nil {
		return b, err
	}
	for _, o := range list {
		if o.Type != b.Type || o.PreMoney != b.PreMoney || !o.From.Equal(b.From) || !o.To.Equal(b.To) {
			continue
		}
		if o.UsedBy == "" {
			return o, nil
		}
		s, err := tx.Session(ctx, o.UsedBy)
		if err != nil || s.State.Open() { // its car is inside
			return o, err
		}
	}
	return b, store.ErrNotFound
}

// A BookingEdit is what of a booking is to change: what is not nil.
type BookingEdit struct {
	From, To *time.Time
	Type     *int // store.BookMany or store.BookOnce
	Promptly bool // as Book has it
}

// EditBooking changes a booking. One that becomes a booking of one visit while a
// car is inside on it is used up by that car.
//
// Errors: ErrNoBooking, ErrPeriod, *billing.AmbiguousError as Book has it.
func (r *Rules) EditBooking(ctx context.Context, id int64, e BookingEdit, by By) error {
	err := r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		b, err := booking(ctx, tx.Reader, id)
		if err != nil {
			return err
		}
		if e.From != nil {
			b.From = instant(*e.From)
		}
		if e.To != nil {
			b.To = instant(*e.To)
		}
		if err := checkPeriod(b.From, b.To); err != nil {
			return err
		}
		if e.Type != nil && *e.Type != b.Type {
			if err := retype(ctx, tx, &b, *e.Type); err != nil {
				return err
			}
		}
		if err := r.coverBooking(ctx, tx, id); err != nil {
			return err
		}
		if err := tx.UpdateBooking(ctx, b); err != nil {
			return err
		}
		session, err := r.attachBooking(ctx, tx, &b, e.Promptly)
		if err != nil {
			return err
		}
		return journalBooking(ctx, tx, "edit", b, session, by)
	})
	return r.tell(ctx, err, r.cfg.DB.SessionsOnBooking, id)
}

// retype makes b a booking of the other type.
func retype(ctx context.Context, tx *store.Tx, b *store.Booking, to int) error {
	b.Type, b.UsedBy = to, ""
	if to != store.BookOnce {
		return nil
	}
	on, err := tx.SessionsOnBooking(ctx, b.ID)
	for _, s := range on {
		if s.State != store.Entering { // one that is takes it when it is inside
			b.UsedBy = s.ID
			break
		}
	}
	return err
}

// attachBooking puts the car of b, if it is inside without a right and came in
// the period, on the booking, and returns its session.
func (r *Rules) attachBooking(ctx context.Context, tx *store.Tx, b *store.Booking, promptly bool) (session string, err error) {
	if !promptly {
		return "", nil
	}
	s, ok, err := rightless(ctx, tx.Reader, billing.Ref{Plate: b.Plate})
	if err != nil || !ok {
		return "", err
	}
	on, err := tx.SessionsOnBooking(ctx, b.ID)
	if err != nil || !BookingRule(*b, len(on), s.EnteredAt) {
		return "", err
	}
	if err := r.cfg.Bills.Cover(ctx, tx, s, r.now()); err != nil {
		return "", err
	}
	right{booking: *b}.give(&s, ReasonBooking)
	if b.Type == store.BookOnce {
		b.UsedBy = s.ID
		if err := tx.UpdateBooking(ctx, *b); err != nil {
			return "", err
		}
	}
	return s.ID, tx.UpdateSession(ctx, s)
}

// CancelBooking ends a booking. One that is gone already, or never was, is no
// error. A car that is inside on it is charged from now on.
func (r *Rules) CancelBooking(ctx context.Context, id int64, by By) error {
	return r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		b, err := booking(ctx, tx.Reader, id)
		if errors.Is(err, ErrNoBooking) {
			return nil
		}
		if err != nil {
			return err
		}
		b.DeletedAt = r.now()
		if err := tx.UpdateBooking(ctx, b); err != nil {
			return err
		}
		return journalBooking(ctx, tx, "cancel", b, "", by)
	})
}

// A Booked is a booking, and whether a car is inside on it.
type Booked struct {
	store.Booking
	In bool
}

// mostBookings is how many bookings a platform is shown, as downlink 5.3 says.
const mostBookings = 5

// Bookings returns the bookings of a plate, which may lack its province, that are
// in effect or in use, by number, five at most.
func (r *Rules) Bookings(ctx context.Context, no string) ([]Booked, error) {
	no = plate.Normal(no)
	list, err := r.cfg.DB.BookingsByPlate(ctx, no)
	if err != nil {
		return nil, err
	}
	var more []store.Booking
	switch tail := plate.Tail(no); {
	case no == "":
	case tail != no:
		more, err = r.cfg.DB.BookingsByPlate(ctx, tail)
	default:
		more, err = bookingsByTail(ctx, r.cfg.DB.Reader, no)
	}
	if err != nil {
		return nil, err
	}
	list = append(list, more...)
	slices.SortFunc(list, func(a, b store.Booking) int { return cmp.Compare(a.ID, b.ID) })
	var out []Booked
	for _, b := range list {
		on, err := r.cfg.DB.SessionsOnBooking(ctx, b.ID)
		if err != nil {
			return nil, err
		}
		in := slices.ContainsFunc(on, func(s store.Session) bool { return s.State != store.Entering })
		if (in || BookingRule(b, 0, r.now())) && len(out) < mostBookings {
			out = append(out, Booked{Booking: b, In: in})
		}
	}
	return out, nil
}

// booking returns a booking that is not deleted, or ErrNoBooking.
func booking(ctx context.Context, r store.Reader, id int64) (store.Booking, error) {
	b, err := r.Booking(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !b.DeletedAt.IsZero() {
		return b, ErrNoBooking
	}
	return b, err
}

// journalBooking journals a booking as it is after a change, and the session of
// the car inside that is on it because of the change.
func journalBooking(ctx context.Context, tx *store.Tx, act string, b store.Booking, session string, by By) error {
	_, err := tx.Append(ctx, store.KindBooking, b.Plate, store.BookingFact{
		Act: act, Booking: b.ID, Plate: b.Plate, PreMoney: b.PreMoney, PreUsed: b.PreUsed, FromMs: store.Millis(b.From), ToMs: store.Millis(b.Ends()), Type: b.Type,
		Session: session, Client: by.Client, Address: by.Address,
	})
	return err
}
