package access

import (
	"context"
	"errors"
	"time"

	"parkagent/store"
)

// TurnedBack commits that the car of a session did not pass the gate that had
// opened for it at a lane: it backed out, or nothing was ever seen to drive through,
// which note says.
//
// An entry leaves no stay: its session is void, and its place free; the stay that it had
// ended goes on. Should the car be inside all the same, its exit finds the session, see
// letIn. An exit leaves the
// car inside, with all that was paid; within its time to leave it is let out without
// paying again, later what was paid is subtracted. Between two areas it stays where
// it was. Any other session stays as it
// is: one that had passed before, or that another lane has taken over.
func (r *Rules) TurnedBack(ctx context.Context, lane, session, note string) error {
	return r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		s, err := tx.Session(ctx, session)
		if err != nil {
			return err
		}
		switch {
		case s.State == store.Entering && s.EntryLane == lane:
			_, err = r.void(ctx, tx, s, note)
		case s.State == store.Leaving && s.ExitLane == lane:
			err = r.stayOn(ctx, tx, &s)
		case s.State == store.Inside && s.EntryLane != lane && s.ExitLane != lane: // it was to pass into another area
			var at store.Session
			at, _, err = laneCar(ctx, tx.Reader, lane)
			if errors.Is(err, store.ErrNotFound) || err == nil && at.ID != s.ID {
				return nil
			}
		default:
			return nil
		}
		if err != nil {
			return err
		}
		if err := standNowhere(ctx, tx, s.ID); err != nil {
			return err
		}
		if _, err := tx.Append(ctx, store.KindPassage, lane, store.PassageFact{
			Lane: lane, Event: store.PassageNone, Session: s.ID, Plate: s.Plate, Note: note,
		}); err != nil {
			return err
		}
		return CountSpaces(ctx, tx)
	})
}

// stayOn takes back that the exit of s was decided, and writes it. What was paid
// stays in the ledger; money of a booking is there to pay again.
func (r *Rules) stayOn(ctx context.Context, tx *store.Tx, s *store.Session) error {
	if err := r.cfg.Bills.Uncollect(ctx, tx, *s); err != nil {
		return err
	}
	s.State, s.Fee, s.Credit = store.Inside, 0, 0
	s.LeftAt, s.ExitLane, s.ExitPlace, s.ExitImage, s.ExitRead = time.Time{}, "", "", "", ""
	return tx.UpdateSession(ctx, *s)
}

// notThatOne takes back that a car was to leave by the lane of a, because an operator
// says that another one stands there: its stay, which its gate has not opened for, was
// found by a plate that was read wrong.
func (r *Rules) notThatOne(ctx context.Context, tx *store.Tx, a Approach) error {
	s, _, err := laneCar(ctx, tx.Reader, a.Lane)
	if errors.Is(err, store.ErrNotFound) || err == nil && (s.State != store.Leaving || s.ExitLane != a.Lane || s.Plate == a.Plate) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := r.stayOn(ctx, tx, &s); err != nil {
		return err
	}
	if err := tx.ClearLaneCar(ctx, a.Lane); err != nil {
		return err
	}
	_, err = tx.Append(ctx, store.KindPassage, a.Lane, store.PassageFact{
		Lane: a.Lane, Event: store.PassageNone, Session: s.ID, Plate: s.Plate, Note: "an operator says that it was " + a.Plate,
	})
	return err
}
