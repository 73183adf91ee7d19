package access

import (
	"context"
	"errors"

	"parkagent/agent/billing"
	"parkagent/store"
)

// PassFacts are what the decision on a car at a lane between two areas rests on.
type PassFacts struct {
	Released bool // an operator lets the car pass
	Held     bool // the gate is held open
	Outward  bool // the lane leads out of an inner area into the one around it
	Known    bool // the books know the car to be inside
	There    bool // and to be where the lane leads: its gate did not follow, or it came back unseen

	Card    Class // of its card that is good where the lane leads; empty without one
	Booked  bool  // it has a booking
	Barred  Reason
	Vacancy Vacancy // of the area that the lane leads into
}

// PassRule decides on a car at a lane between two areas. Whoever is in an inner area
// gets out of it, known or not, whether or not anything is due: it is at the exit of the
// car park that a car pays.
//
// A car that nobody saw come in is not let into an inner area: it might be any, and
// an operator corrects its plate or lets it through.
func PassRule(f PassFacts) (bool, Reason) {
	switch {
	case f.Released:
		return true, ReasonReleased
	case f.Held:
		return true, ReasonHold
	case f.There:
		return true, ReasonPending
	case f.Outward && !f.Known:
		return true, ReasonUnknown
	case f.Outward:
		return true, ReasonInner
	case !f.Known:
		return false, ReasonNoSession
	}
	return placeRule(f.Card, f.Booked, f.Barred, f.Vacancy)
}

// inner reports whether the lane of a leads from one area into another.
func (a Approach) inner() bool { return a.From != 0 && a.To != 0 }

// Pass decides whether a car may pass from one area of the car park into another,
// and commits the decision as Enter does. Its session stays as it is until the gate
// has opened, which Passed commits.
func (r *Rules) Pass(ctx context.Context, a Approach) (Verdict, error) {
	var v Verdict
	err := r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		v = Verdict{Plate: a.Plate}
		if err := r.passed(ctx, tx, a, a.Opened); err != nil {
			return err
		}
		s, err := r.findPassing(ctx, tx, a)
		if err != nil {
			return err
		}
		f, err := r.passFacts(ctx, tx, a, s)
		if err != nil {
			return err
		}
		v.Open, v.Reason = PassRule(f)
		if f.Known {
			if err := describe(ctx, tx, s, &v); err != nil {
				return err
			}
			if f.Outward {
				v.Stay = r.now().Sub(s.EnteredAt)
			}
		}
		switch {
		case v.Open && f.Known:
			if s.State == store.Leaving { // it has not left by its exit, and drives back
				if err := r.stayOn(ctx, tx, &s); err != nil {
					return err
				}
			}
			if err := standAt(ctx, tx, store.LaneCar{Lane: a.Lane, Session: s.ID, Since: r.now()}); err != nil {
				return err
			}
			return authorise(ctx, tx, a, s.ID, v.Reason)
		case v.Open:
			if err := authorise(ctx, tx, a, "", v.Reason); err != nil {
				return err
			}
		}
		return r.record(ctx, tx, a, v.Reason)
	})
	return v, err
}

// findPassing returns the session of the car of a, or the zero value where the books
// know none, or more than one.
func (r *Rules) findPassing(ctx context.Context, tx *store.Tx, a Approach) (store.Session, error) {
	if a.nameless() {
		return store.Session{}, nil
	}
	if err := r.letIn(ctx, tx, a); err != nil {
		return store.Session{}, err
	}
	s, err := r.findLeaving(ctx, tx, a)
	var many *billing.AmbiguousError
	if errors.Is(err, billing.ErrNoSession) || errors.As(err, &many) {
		return store.Session{}, nil
	}
	return s, err
}

// passFacts gathers what the decision on a rests on; s is its session, the zero
// value if the books know none.
func (r *Rules) passFacts(ctx context.Context, tx *store.Tx, a Approach, s store.Session) (f PassFacts, err error) {
	f = PassFacts{
		Released: a.Release != nil, Held: a.Held, Outward: r.cfg.Policy.area(a.From).Outer == a.To, Known: s.ID != "", There: s.ID != "" && s.Area == a.To,
		Booked: s.Booking != 0,
	}
	if !f.Known {
		return f, nil
	}
	has, err := r.rightIn(ctx, tx, s, a.To)
	if err != nil {
		return f, err
	}
	f.Card, f.Barred, f.Booked = has.class(), has.barred, f.Booked || has.booking.ID != 0
	f.Vacancy, err = r.vacancy(ctx, tx, a.To, store.Session{})
	return f, err
}

// rightIn returns by what right the car of s may be in an area: the card on which it
// is inside or, as a temporary one, a card that may be of use there alone.
func (r *Rules) rightIn(ctx context.Context, tx *store.Tx, s store.Session, area int) (right, error) {
	if s.Card == 0 {
		no := s.Plate
		if s.CardNo != "" {
			no = ""
		}
		return r.rightOf(ctx, tx, Approach{Area: area, Plate: no, CardNo: s.CardNo}, s.ID)
	}
	c, err := tx.Card(ctx, s.Card)
	switch good := r.cfg.Policy.CardGood(c.CarType, area); {
	case err != nil || !c.Valid(r.now()):
		return right{}, err
	case good:
		return right{card: c}, nil
	case r.cfg.Policy.refuses(c.CarType):
		return right{barred: ReasonArea}, nil
	}
	return right{}, nil
}

// Passed commits that the gate of a opened for a session: the car is in the area
// that the lane leads to.
func (r *Rules) Passed(ctx context.Context, a Approach, session string) error {
	return r.cfg.DB.Update(ctx, func(tx *store.Tx) error { return r.passed(ctx, tx, a, session) })
}

func (r *Rules) passed(ctx context.Context, tx *store.Tx, a Approach, session string) error {
	if session == "" {
		return nil
	}
	s, err := tx.Session(ctx, session)
	if err != nil {
		return err
	}
	at, _, err := laneCar(ctx, tx.Reader, a.Lane)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if at.ID == s.ID {
		if err := tx.ClearLaneCar(ctx, a.Lane); err != nil {
			return err
		}
	}
	if !s.State.Open() {
		return nil
	}
	return r.move(ctx, tx, &s, a.Lane, a.To)
}

// move writes that the car of s is in another area by now, and by what right. A car
// that is there already has not moved.
func (r *Rules) move(ctx context.Context, tx *store.Tx, s *store.Session, lane string, to int) error {
	if s.Area == to {
		return nil
	}
	now := r.now()
	m := store.Move{Session: s.ID, At: now, Lane: lane, From: s.Area, To: to}
	if err := tx.InsertMove(ctx, m); err != nil {
		return err
	}
	s.Area = to
	if s.State == store.Inside && s.Card == 0 && s.Booking == 0 {
		has, err := r.rightIn(ctx, tx, *s, to)
		if err != nil {
			return err
		}
		has.give(s, ReasonCard)
		if err := r.use(ctx, tx, s); err != nil {
			return err
		}
	}
	if err := tx.UpdateSession(ctx, *s); err != nil {
		return err
	}
	_, err := tx.Append(ctx, store.KindMove, s.Plate, store.MoveFact{
		Session: s.ID, Lane: lane, From: m.From, To: m.To, AtMs: store.Millis(now),
	})
	if err != nil {
		return err
	}
	return CountSpaces(ctx, tx)
}

// outside notes that a car which the books have in an inner area is not there any
// more: it stands at an exit of another. Nobody saw it drive out.
func (r *Rules) outside(ctx context.Context, tx *store.Tx, s *store.Session, a Approach) error {
	if a.Area == 0 || s.State != store.Inside || r.cfg.Policy.area(s.Area).Outer == 0 {
		return nil
	}
	return r.move(ctx, tx, s, a.Lane, a.Area)
}
