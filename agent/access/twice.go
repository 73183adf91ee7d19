package access

import (
	"context"
	"errors"
	"time"

	"parkagent/store"
)

// elsewhere reports whether a plate was decided on at another lane so shortly ago
// that its car cannot have come from there: two cameras see one car, from the side
// or from behind. The decision that was committed first holds. To decide again would
// open a second gate for whoever stands there, end a stay that goes on, or begin one
// for a car that is leaving.
//
// A car that has come in, and whose gate said so, is not kept from leaving by it.
func (r *Rules) elsewhere(ctx context.Context, tx *store.Tx, a Approach, entry bool) (bool, error) {
	if a.Plate == "" || a.CardNo != "" || a.Twice == 0 || a.Release != nil {
		return false, nil
	}
	now := r.now()
	since := now.Add(-a.Twice)
	if !a.Seen.IsZero() && a.Seen.Before(since) {
		since = a.Seen
	}
	just := func(t time.Time) bool { return t.After(since) && !t.After(now) }
	s, err := tx.OpenSessionByPlate(ctx, a.Plate)
	if errors.Is(err, store.ErrNotFound) {
		left, _, err := tx.FinishedSessions(ctx, store.FinishedFilter{Plate: a.Plate, From: since, To: now})
		for _, s := range left {
			if s.Plate == a.Plate && s.ExitLane != a.Lane && just(s.LeftAt) {
				return true, err
			}
		}
		return false, err
	}
	if err != nil {
		return false, err
	}
	if s.EntryLane != a.Lane && just(s.EnteredAt) && (entry || s.State == store.Entering) {
		return true, nil
	}
	if entry && s.EntryLane != a.Lane && s.State == store.Inside && !a.Seen.IsZero() { // decided on before, it drove in meanwhile
		in, err := tx.LastOf(ctx, store.KindEntry, s.Plate)
		if err == nil && just(in.At) {
			return true, nil
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return false, err
		}
	}
	cars, err := tx.LaneCars(ctx)
	for _, c := range cars {
		if c.Session == s.ID && c.Lane != a.Lane && c.Lane == s.ExitLane && just(c.Since) {
			return true, err
		}
	}
	return false, err
}

// seenTwice commits, where it is so, that a car was recognised that another lane
// has just decided on.
func (r *Rules) seenTwice(ctx context.Context, tx *store.Tx, a Approach, entry bool, v *Verdict) (bool, error) {
	twice, err := r.elsewhere(ctx, tx, a, entry)
	if err != nil || !twice {
		return false, err
	}
	v.Reason = ReasonElsewhere
	return true, r.record(ctx, tx, a, v.Reason)
}
