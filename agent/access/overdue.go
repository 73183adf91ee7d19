package access

import (
	"context"
	"errors"
	"slices"
	"time"

	"parkagent/agent/billing"
	"parkagent/agent/plate"
	"parkagent/store"
)

// Overdue returns the stays of the cars that are inside and came in before a time,
// the oldest first: those that may have left unseen. after is the session of the last
// one of the page before, empty for the first; limit 0 means all.
func (r *Rules) Overdue(ctx context.Context, before time.Time, after string, limit int) ([]store.Session, error) {
	return r.cfg.DB.SessionsInside(ctx, before, after, limit)
}

// A Walk is what somebody saw who walked the car park with a list.
type Walk struct {
	Seen   []string  // the plates, as they were written down, with or without province
	Before time.Time // when the walk began: a car that came in later may not have been seen
	Apply  bool      // close the stays of the cars that were not seen; otherwise only compare
	Reason string    // in the operator's words; must be given to apply
	By     By
}

// A WalkResult is what a walk and the books say of each other.
type WalkResult struct {
	Missing []store.Session // of cars that came in before the walk and were not seen; closed by now, if the walk was applied
	Near    []NearSeen      // neither missing nor unknown: they are likely one car
	Unknown []string        // seen, in normal form, and not inside by the books
}

// A NearSeen is a plate that was seen, and the stay of the one car inside that it is
// likely of.
type NearSeen struct {
	Seen    string
	Session store.Session
}

// Walk compares a list of the plates that were seen in the car park with the books.
// Applied, it closes the stays of the cars that are missing, all at once, as CloseStay
// does. Comparing writes nothing, and applying a second time finds nothing missing.
//
// What may be a car is not closed: a plate without its province that fits, one that
// differs by what is easily confused. Nor are cars without a plate, which no list
// can name, and cars that are just coming in or leaving.
//
// Errors: ErrNoWalk when nothing was seen, or it is not said when; billing.ErrNoReason.
func (r *Rules) Walk(ctx context.Context, w Walk) (WalkResult, error) {
	seen := seenPlates(w.Seen)
	if len(seen) == 0 || w.Before.IsZero() || w.Before.After(r.now()) {
		return WalkResult{}, ErrNoWalk
	}
	if w.Apply {
		if err := giveReason(w.Reason); err != nil {
			return WalkResult{}, err
		}
	}
	res, err := r.compare(ctx, r.cfg.DB.Reader, seen, w.Before)
	if err != nil || !w.Apply || len(res.Missing) == 0 {
		return res, err
	}
	res.Missing, err = r.closeMissing(ctx, res.Missing, w)
	return res, err
}

// closeMissing closes the stays of missing that are still as they were compared, and
// returns them. A long list takes seconds to compare, and no lane waits for that:
// only what follows from it is one transaction.
func (r *Rules) closeMissing(ctx context.Context, missing []store.Session, w Walk) (closed []store.Session, err error) {
	err = r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		closed = nil
		for _, was := range missing {
			s, err := tx.Session(ctx, was.ID)
			if err != nil {
				return err
			}
			if s.State != was.State || s.Plate != was.Plate {
				continue
			}
			if err := r.closeStay(ctx, tx, s, w.Reason, w.By); err != nil {
				return err
			}
			closed = append(closed, s)
		}
		if closed == nil {
			return nil
		}
		return CountSpaces(ctx, tx)
	})
	return closed, err
}

// seenPlates returns plates in normal form, each once.
func seenPlates(list []string) (seen []string) {
	known := map[string]bool{"": true}
	for _, p := range list {
		if no := plate.Normal(p); !known[no] {
			seen, known[no] = append(seen, no), true
		}
	}
	return seen
}

// compare compares what was seen with the books.
func (r *Rules) compare(ctx context.Context, in store.Reader, seen []string, before time.Time) (res WalkResult, err error) {
	inside, err := in.OpenPlates(ctx)
	if err != nil {
		return res, err
	}
	inside = slices.DeleteFunc(inside, plate.IsTemporary)
	there := map[string]bool{} // plates of cars inside that were, or may have been, seen
	var unsure []string
	var many *billing.AmbiguousError
	for _, no := range seen {
		switch s, err := billing.Find(ctx, in, billing.Ref{Plate: no}); {
		case err == nil:
			there[s.Plate] = true
		case errors.Is(err, billing.ErrNoSession):
			unsure = append(unsure, no)
		case errors.As(err, &many): // one of several, and nobody knows which
			for _, p := range many.Plates {
				there[p] = true
			}
		default:
			return res, err
		}
	}
	rest := slices.DeleteFunc(inside, func(no string) bool { return there[no] })
	for _, no := range unsure {
		like, ok := plate.Near(no, 0, rest)
		if !ok {
			res.Unknown = append(res.Unknown, no)
			continue
		}
		there[like] = true
		if like == no { // it is just coming in
			continue
		}
		s, err := in.OpenSessionByPlate(ctx, like)
		if err != nil {
			return res, err
		}
		res.Near = append(res.Near, NearSeen{Seen: no, Session: s})
	}
	res.Missing, err = in.SessionsInside(ctx, before, "", 0)
	res.Missing = slices.DeleteFunc(res.Missing, func(s store.Session) bool { return there[s.Plate] || plate.IsTemporary(s.Plate) })
	return res, err
}
