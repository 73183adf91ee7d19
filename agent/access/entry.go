package access

import (
	"context"
	"errors"
	"time"

	"parkagent/agent/billing"
	"parkagent/store"
)

// Enter decides whether the car may enter, and commits the decision: a session
// in state Entering and the command with its reason, or a recognition that was
// refused. The gate may be opened only when the verdict says so.
//
// A plate that is inside already gets a new session; the stale one is closed
// as abnormal and kept. A car that was let in before at this lane and whose
// gate did not follow, or that is told again after a restart, keeps its session.
func (r *Rules) Enter(ctx context.Context, a Approach) (Verdict, error) {
	var v Verdict
	err := r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		v = Verdict{Plate: a.Plate}
		if err := r.entered(ctx, tx, a.Opened); err != nil {
			return err
		}
		if err := r.giveUp(ctx, tx, a); err != nil {
			return err
		}
		old, err := tx.OpenSessionByPlate(ctx, a.Plate)
		known := err == nil
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if known && sameCar(old, a, r.now()) {
			v.Open, v.Reason, v.Session = true, ReasonPending, old.ID
			return authorise(ctx, tx, a, old.ID, v.Reason)
		}
		limited, free, err := places(ctx, tx, a.Area)
		if err != nil {
			return err
		}
		if known && old.Area == a.Area {
			free++ // its own place
		}
		if v.Open, v.Reason = EntryRule(a.Held, limited, free); !v.Open {
			return r.record(ctx, tx, a, v.Reason)
		}
		if known {
			if err := r.closeStale(ctx, tx, old); err != nil {
				return err
			}
		}
		return r.admit(ctx, tx, a, &v)
	})
	return v, err
}

// sameCar reports whether the car of an open session is the one that stands at
// its entry: its gate did not follow yet, or only just did.
func sameCar(s store.Session, a Approach, now time.Time) bool {
	if s.EntryLane != a.Lane {
		return false
	}
	since := now.Sub(s.EnteredAt)
	return s.State == store.Entering || s.State == store.Inside && since >= 0 && since < a.Dedupe
}

// admit opens the session of a.
func (r *Rules) admit(ctx context.Context, tx *store.Tx, a Approach, v *Verdict) error {
	now := r.now()
	s := store.Session{
		ID: store.NewID(now), Plate: a.Plate, PlateRead: a.PlateRead, Color: a.Color, Size: a.Size, Area: a.Area,
		State: store.Entering, EnteredAt: now, EntryLane: a.Lane, EntryPlace: a.Place, EntryImage: a.Image,
	}
	v.Session = s.ID
	if err := tx.InsertSession(ctx, s); err != nil {
		return err
	}
	if err := tx.SetLaneCar(ctx, store.LaneCar{Lane: a.Lane, Session: s.ID, Since: now}); err != nil {
		return err
	}
	return authorise(ctx, tx, a, s.ID, v.Reason)
}

// giveUp voids the session of another car that was let in at this lane before
// and never seen to enter: its gate did not open, and now another car stands
// there. Should it have entered all the same, its exit finds the session.
func (r *Rules) giveUp(ctx context.Context, tx *store.Tx, a Approach) error {
	cars, err := tx.LaneCars(ctx)
	if err != nil {
		return err
	}
	for _, c := range cars {
		if c.Lane != a.Lane {
			continue
		}
		s, err := tx.Session(ctx, c.Session)
		if errors.Is(err, store.ErrNotFound) {
			continue // nothing to void, and no reason to stop this car
		}
		if err != nil {
			return err
		}
		if s.State != store.Entering || s.Plate == a.Plate {
			continue
		}
		if err := r.end(ctx, tx, s, store.Void, "another car came before the gate opened"); err != nil {
			return err
		}
		if err := tx.ClearLaneCar(ctx, a.Lane); err != nil {
			return err
		}
	}
	return nil
}

// closeStale ends the open session of a plate that stands at an entry again.
// One whose exit had been decided is taken to have left by it.
func (r *Rules) closeStale(ctx context.Context, tx *store.Tx, s store.Session) error {
	switch s.State {
	case store.Entering:
		return r.end(ctx, tx, s, store.Void, "the car came to another entry")
	case store.Leaving:
		return r.gone(ctx, tx, s, "the car entered again")
	}
	return r.end(ctx, tx, s, store.Abnormal, "the car entered again")
}

// end closes s without an exit. Its fee is not charged.
func (r *Rules) end(ctx context.Context, tx *store.Tx, s store.Session, as store.SessionState, note string) error {
	s.State, s.LeftAt, s.Note = as, r.now(), note
	if err := tx.UpdateSession(ctx, s); err != nil {
		return err
	}
	if _, err := tx.Append(ctx, store.KindAbnormal, s.Plate, store.NewStayFact(s)); err != nil {
		return err
	}
	return billing.Correct(ctx, tx, s)
}

// places returns whether the area is configured, and its free places.
func places(ctx context.Context, tx *store.Tx, area int) (limited bool, free int, err error) {
	areas, err := tx.Areas(ctx)
	if err != nil {
		return false, 0, err
	}
	for _, a := range areas {
		if a.Code == area {
			return true, a.Free(), nil
		}
	}
	return false, 0, nil
}

// Entered commits that the gate opened for an Entering session: the car is
// inside. For any other session it does nothing.
func (r *Rules) Entered(ctx context.Context, session string) error {
	return r.cfg.DB.Update(ctx, func(tx *store.Tx) error { return r.entered(ctx, tx, session) })
}

func (r *Rules) entered(ctx context.Context, tx *store.Tx, session string) error {
	if session == "" {
		return nil
	}
	s, err := tx.Session(ctx, session)
	if err != nil {
		return err
	}
	return r.enterNow(ctx, tx, s)
}

// enterNow makes an Entering session Inside, and leaves any other alone.
func (r *Rules) enterNow(ctx context.Context, tx *store.Tx, s store.Session) error {
	if s.State != store.Entering {
		return nil
	}
	s.State = store.Inside
	if err := tx.UpdateSession(ctx, s); err != nil {
		return err
	}
	if err := standNowhere(ctx, tx, s.ID); err != nil {
		return err
	}
	if _, err := tx.Append(ctx, store.KindEntry, s.Plate, store.NewStayFact(s)); err != nil {
		return err
	}
	return CountSpaces(ctx, tx)
}
