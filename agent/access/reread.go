package access

import (
	"context"
	"errors"

	"parkagent/agent/plate"
	"parkagent/store"
)

// A camera reads a car at an entry more than once, and not always the same. Where no
// passage input tells the one car from the next, what follows here keeps a misread one
// from beginning two stays, or at least from doing so unnoticed.
//
// Two cars whose plates every camera confuses may come right behind each other, seldom
// as that is. So both readings are taken for one car only while the presence input is
// seen to be occupied without a break, and then nothing is opened for the second one: a
// car that is another one after all is decided on when it is recognised once more after
// Approach.Dedupe. Anywhere else a second stay begins, and both are marked.

// A Reading is the stay that began last at a lane, and how sure of its plate the camera was.
type Reading struct {
	Session    string
	Confidence int // out of 100; 0 where the camera does not tell
}

// readAnew reports whether a is the car that has just been let in here and stands there
// still, read otherwise. Its stay goes on with the plate of the surer reading.
func (r *Rules) readAnew(ctx context.Context, tx *store.Tx, a Approach, v *Verdict) (bool, error) {
	if a.Stands.Session == "" || !a.read() {
		return false, nil
	}
	s, err := tx.Session(ctx, a.Stands.Session)
	if err != nil || !justEntered(s, a, r.now()) || !plate.Confusable(a.Plate, s.Plate) {
		return false, err
	}
	if _, err := tx.OpenSessionByPlate(ctx, a.Plate); !errors.Is(err, store.ErrNotFound) { // a car of that plate is inside, or was
		return false, err
	}
	switch black, err := blacksOf(ctx, tx.Reader, a.Plate); {
	case err != nil || len(black) > 0: // which is journalled as a refusal
		return false, err
	case a.Confidence > a.Stands.Confidence:
		s.PlateRead = a.PlateRead
		f := store.AmendFact{Act: store.AmendReread, Session: s.ID, Plate: a.Plate, Was: s.Plate, Confidence: a.Confidence, Lane: a.Lane, Image: a.Image}
		if err := r.correct(ctx, tx, &s, f, By{}); err != nil {
			return false, err
		}
	}
	v.Reason, v.Repeat = ReasonReread, true
	if err := describe(ctx, tx, s, v); err != nil {
		return false, err
	}
	return true, r.record(ctx, tx, a, v.Reason)
}

// noteTwins marks the stay id that is beginning, and those that began here just
// before under a plate that a camera takes for its own: one of them is likely no car.
// The exit takes the exact plate; an operator finds what is left in the list of cars
// inside, and merges it.
func (r *Rules) noteTwins(ctx context.Context, tx *store.Tx, a Approach, id string) error {
	if !a.read() {
		return nil
	}
	inside, err := tx.OpenPlates(ctx)
	if err != nil {
		return err
	}
	for _, no := range inside {
		if !plate.Confusable(a.Plate, no) {
			continue
		}
		twin, err := tx.OpenSessionByPlate(ctx, no)
		if err != nil {
			return err
		}
		if !justEntered(twin, a, r.now()) {
			continue
		}
		if err := r.noteTwin(ctx, tx, twin.ID, a.Plate); err != nil {
			return err
		}
		if err := r.noteTwin(ctx, tx, id, no); err != nil {
			return err
		}
		f := store.AmendFact{Act: store.AmendTwin, Session: twin.ID, Plate: no, Was: a.PlateRead, Into: id, Confidence: a.Confidence, Lane: a.Lane, Image: a.Image}
		if err := amend(ctx, tx, f, By{}); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rules) noteTwin(ctx context.Context, tx *store.Tx, session, like string) error {
	s, err := tx.Session(ctx, session)
	if err != nil {
		return err
	}
	s.Note = "likely the same car as " + like + ", read here within seconds"
	return tx.UpdateSession(ctx, s)
}

// read reports whether a is a plate that a camera read, and nobody vouches for.
func (a Approach) read() bool {
	return a.Plate != "" && a.CardNo == "" && !a.Told && a.Release == nil
}
