package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parkagent/store"
)

const (
	// goneAfter is how long after its exit was decided a car is waited for that
	// no gate was seen to let out. It is longer than any lane waits for its gate,
	// and than a driver for somebody who lifts the arm.
	goneAfter  = 6 * time.Hour
	sweepEvery = 10 * time.Minute
)

// Run does what nothing else sets off, see Sweep, until ctx is done; then it
// returns nil. A box runs for months, so this cannot wait for a start.
func (r *Rules) Run(ctx context.Context) error {
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	for {
		if err := r.Sweep(ctx); err != nil && ctx.Err() == nil {
			r.cfg.Log.Error("close the stays of cars that left unseen", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// Sweep closes the stays of cars that left unseen: their exit was decided hours
// ago, no gate was seen to open, and no lane has had them before it since. A gate
// whose answer was lost and an arm that was lifted by hand leave such stays, when
// the next car comes or the agent is restarted. Their fee is fixed; they hold a
// place that is free, platforms wait for their exit, and for the word to reverse
// what was deducted twice. They are closed as of when the exit was decided.
//
// Each is a transaction of its own: one that fails stops no other.
//
// Stays of unknown entry that were asked to pay and never did end too: see
// sweepUnknown.
//
// It also takes cars away from entries where a restart left them in doubt, see
// Resume, once they are not believed to stand there any more: a car that stands
// at a lane is taken to stand at its exit, by whoever bills it.
func (r *Rules) Sweep(ctx context.Context) error {
	list, err := r.cfg.DB.SessionsInState(ctx, store.Leaving)
	if err != nil {
		return err
	}
	errs := []error{r.cfg.DB.Update(ctx, r.leaveEntries(ctx)), r.sweepUnknown(ctx)}
	for _, s := range list {
		if !r.overdue(s.LeftAt) {
			continue
		}
		if err := r.cfg.DB.Update(ctx, func(tx *store.Tx) error { return r.sweep(ctx, tx, s.ID) }); err != nil {
			errs = append(errs, fmt.Errorf("session %s: %w", s.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (r *Rules) overdue(since time.Time) bool { return r.now().Sub(since) > goneAfter }

func (r *Rules) sweep(ctx context.Context, tx *store.Tx, session string) error {
	s, err := tx.Session(ctx, session)
	if err != nil || s.State != store.Leaving || !r.overdue(s.LeftAt) {
		return err
	}
	cars, err := tx.LaneCars(ctx)
	if err != nil {
		return err
	}
	for _, c := range cars {
		if c.Session == s.ID && !r.overdue(c.Since) {
			return nil
		}
	}
	if err := r.gone(ctx, tx, s, s.LeftAt, "no gate was seen to open for it, and it was not seen again"); err != nil {
		return err
	}
	return CountSpaces(ctx, tx)
}

func (r *Rules) leaveEntries(ctx context.Context) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		cars, err := tx.LaneCars(ctx)
		if err != nil {
			return err
		}
		for _, c := range cars {
			s, err := tx.Session(ctx, c.Session)
			if errors.Is(err, store.ErrNotFound) || err == nil && (s.State != store.Inside || s.ExitLane == c.Lane || r.now().Sub(c.Since) <= resumeFor) {
				continue
			}
			if err != nil {
				return err
			}
			if err := tx.ClearLaneCar(ctx, c.Lane); err != nil {
				return err
			}
		}
		return nil
	}
}
