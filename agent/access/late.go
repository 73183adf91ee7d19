package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parkagent/agent/billing"
	"parkagent/store"
)

// Late journals that a camera tells at last of a car that it saw at the time at,
// while nobody heard it, and books the passage that the camera let happen: such
// cameras open their barrier by themselves. No gate is opened for it.
//
// An entry begins a stay as of then. An exit ends the stay with that plate as of
// then; what was not paid is unpaid. What contradicts what is known since is only
// journalled: a car that is inside already, or that came or left later; one that stands
// at an exit since then, of which the camera tells again; a plate that nobody knows at an
// exit; a time in the future, or more than a day ago, which is a
// camera's wrong clock sooner than a network that was away for so long.
func (r *Rules) Late(ctx context.Context, a Approach, at time.Time, entry bool, f store.RecognitionFact) error {
	return r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Append(ctx, store.KindRecognition, f.Plate, f); err != nil {
			return err
		}
		if age := r.now().Sub(at); a.Plate == "" || at.IsZero() || age < 0 || age > believeVoid {
			return nil
		}
		at = at.UTC().Truncate(time.Millisecond)
		s, err := tx.OpenSessionByPlate(ctx, a.Plate)
		switch known := err == nil; {
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return err
		case entry && !known:
			err = r.enteredLate(ctx, tx, a, at)
		case !entry && known && s.EnteredAt.Before(at):
			var stands bool
			if stands, err = stoodAfter(ctx, tx, s, at.Add(-a.Dedupe)); err != nil || stands {
				return err
			}
			err = r.leftLate(ctx, tx, s, a, at)
		default:
			return nil
		}
		if err != nil {
			return fmt.Errorf("book a late recognition: %w", err)
		}
		return CountSpaces(ctx, tx)
	})
}

// stoodAfter reports whether the books know that the car of s has come to an exit after
// at, and stands there.
func stoodAfter(ctx context.Context, tx *store.Tx, s store.Session, at time.Time) (bool, error) {
	cars, err := tx.LaneCars(ctx)
	return slices.ContainsFunc(cars, func(c store.LaneCar) bool { return c.Session == s.ID && c.Lane == s.ExitLane && c.Since.After(at) }), err
}

// enteredLate begins a stay as of at, unless the car has left since.
func (r *Rules) enteredLate(ctx context.Context, tx *store.Tx, a Approach, at time.Time) error {
	left, _, err := tx.FinishedSessions(ctx, store.FinishedFilter{Plate: a.Plate, From: at})
	if err != nil {
		return err
	}
	for _, s := range left {
		if s.Plate == a.Plate {
			return nil
		}
	}
	has, err := r.rightOf(ctx, tx, a)
	if err != nil {
		return err
	}
	s := store.Session{
		ID: store.NewID(r.now()), Plate: a.Plate, PlateRead: a.PlateRead, Color: a.Color, Size: a.Size, Area: a.Area,
		State: store.Entering, EnteredAt: at, EntryLane: a.Lane, EntryPlace: a.Place, EntryImage: a.Image, Note: "its camera told of the entry late",
	}
	has.give(&s, ReasonHold) // whichever it has
	if err := tx.InsertSession(ctx, s); err != nil {
		return err
	}
	return r.enterNow(ctx, tx, s)
}

// leftLate ends the stay s as of at.
func (r *Rules) leftLate(ctx context.Context, tx *store.Tx, s store.Session, a Approach, at time.Time) error {
	if s.State == store.Entering { // its exit proves that it came in
		if err := r.enterNow(ctx, tx, s); err != nil {
			return err
		}
		var err error
		if s, err = tx.Session(ctx, s.ID); err != nil {
			return err
		}
	}
	if s.State != store.Leaving {
		b, err := r.cfg.Bills.Due(ctx, tx.Reader, s, at)
		if err != nil && !errors.Is(err, billing.ErrNoTariff) && !errors.Is(err, billing.ErrAboveLimit) {
			return err
		}
		if b, err = r.cfg.Bills.Collect(ctx, tx, s, b); err != nil {
			return err
		}
		billing.Fix(&s, b)
	}
	s.State, s.ExitLane, s.ExitPlace, s.ExitImage = store.Leaving, a.Lane, a.Place, a.Image
	return r.gone(ctx, tx, s, at, "its camera told of the exit late")
}
