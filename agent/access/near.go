package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parkagent/agent/billing"
	"parkagent/agent/plate"
	"parkagent/store"
)

// justLeft is how long a car that has left may be seen from the exit once more: it
// waits in the traffic behind the gate, in view of the camera.
const justLeft = 5 * time.Minute

// Errors of a car whose plate is not inside, and that is not simply unknown.
var (
	// errJustLeft means that what was read is likely the car that has just left by that lane.
	errJustLeft = fmt.Errorf("%w: it is likely the one that has just left here", billing.ErrNoSession)
	// errUnsure means that it may be a car inside, but nobody can say which: were it
	// let out as one of unknown entry, a smeared plate would be the cheapest way out.
	errUnsure = fmt.Errorf("%w: it may be one that is inside", billing.ErrNoSession)
)

// near returns the session of the one car inside whose plate is likely what was
// read as another at an exit, marked and journalled as that. The books keep the
// plate: an operator corrects it if it was the entry that was misread.
//
// Cars that have just left count as well, so that one that is still in view is not
// taken for its like inside.
//
// Errors: billing.ErrNoSession, errJustLeft and errUnsure among them.
func (r *Rules) near(ctx context.Context, tx *store.Tx, a Approach) (store.Session, error) {
	s, err := r.likely(ctx, tx, a)
	if err != nil {
		return store.Session{}, err
	}
	err = r.noteNear(ctx, tx, &s, a)
	return s, err
}

// likely is near, and notes nothing.
func (r *Rules) likely(ctx context.Context, tx *store.Tx, a Approach) (store.Session, error) {
	var none store.Session
	if a.Told || a.Plate == "" {
		return none, billing.ErrNoSession
	}
	inside, err := tx.OpenPlates(ctx)
	if err != nil {
		return none, err
	}
	left, _, err := tx.FinishedSessions(ctx, store.FinishedFilter{From: r.now().Add(-justLeft), To: r.now()})
	if err != nil {
		return none, err
	}
	inside = slices.DeleteFunc(inside, plate.IsTemporary)
	among := slices.Clone(inside)
	for _, s := range left {
		among = append(among, s.Plate)
	}
	no, ok := plate.Near(a.Plate, a.Confidence, among)
	switch {
	case ok && !slices.Contains(inside, no) && slices.ContainsFunc(left, func(s store.Session) bool { return s.Plate == no && s.ExitLane == a.Lane }):
		return none, errJustLeft
	case !ok, r.cfg.Policy.ExactPlates, !slices.Contains(inside, no):
		return none, unsure(ctx, tx, a, inside)
	}
	s, err := tx.OpenSessionByPlate(ctx, no)
	if err != nil {
		return none, err
	}
	switch ok, err := r.mayBe(ctx, tx, s, a); {
	case err != nil:
		return none, err
	case !ok:
		return none, unsure(ctx, tx, a, inside)
	}
	return s, nil
}

// begunInstead reports whether the car of a void session came in right after that
// began, under a plate that a is likely a misreading of as well: the void one is what
// the camera read first.
func (r *Rules) begunInstead(ctx context.Context, tx *store.Tx, a Approach, void store.Session) (bool, error) {
	s, err := r.likely(ctx, tx, a)
	if errors.Is(err, billing.ErrNoSession) { // or it has just left under that plate
		return errors.Is(err, errJustLeft), nil
	}
	since := s.EnteredAt.Sub(void.EnteredAt)
	return err == nil && s.EntryLane == void.EntryLane && since >= 0 && since <= resumeFor, err
}

// unsure returns errUnsure for a car whose plate is likely a misreading of one inside,
// and that the books do not know as one of its own; else billing.ErrNoSession.
func unsure(ctx context.Context, tx *store.Tx, a Approach, inside []string) error {
	if !plate.NearAny(a.Plate, a.Confidence, inside) {
		return billing.ErrNoSession
	}
	known, err := known(ctx, tx.Reader, a.Plate)
	switch {
	case err != nil:
		return err
	case known:
		return billing.ErrNoSession
	}
	return errUnsure
}

// mayBe reports whether nothing speaks against that the car of s is the one of a,
// whose plate was read otherwise: that it is not inside yet, stands at another exit, or in
// a part of the car park to which this one does not belong; that their plates have
// different colours; or that the books know both plates, so that they are two cars.
func (r *Rules) mayBe(ctx context.Context, tx *store.Tx, s store.Session, a Approach) (bool, error) {
	here := a.Area == 0 || s.Area == 0 || s.Area == a.Area || a.inner() && s.Area == a.From || r.cfg.Policy.area(s.Area).Outer == a.Area
	painted := a.Color < 0 || s.Color < 0 || a.Color == s.Color
	if s.State == store.Entering || !here || !painted {
		return false, nil
	}
	cars, err := tx.LaneCars(ctx)
	if err != nil || slices.ContainsFunc(cars, func(c store.LaneCar) bool { return c.Session == s.ID && c.Lane == s.ExitLane && c.Lane != a.Lane }) {
		return false, err
	}
	for _, no := range []string{s.Plate, a.Plate} {
		if known, err := known(ctx, tx.Reader, no); err != nil || !known {
			return err == nil, err
		}
	}
	return false, nil
}

// known reports whether the books know of a car with exactly that plate: from a card,
// a booking, or a stay before.
func known(ctx context.Context, r store.Reader, no string) (bool, error) {
	_, err := r.CardByPlate(ctx, no)
	if !errors.Is(err, store.ErrNotFound) {
		return err == nil, err
	}
	booked, err := r.BookingsByPlate(ctx, no)
	if err != nil || len(booked) > 0 {
		return len(booked) > 0, err
	}
	return r.PlateKnown(ctx, no)
}

// noteNear marks s as the stay of a car whose plate was read as that of a, and
// journals that once. The caller writes s.
func (r *Rules) noteNear(ctx context.Context, tx *store.Tx, s *store.Session, a Approach) error {
	if s.ExitRead == a.PlateRead {
		return nil
	}
	s.ExitRead = a.PlateRead
	_, err := tx.Append(ctx, store.KindAmend, s.Plate, store.AmendFact{
		Act: store.AmendNear, Session: s.ID, Plate: s.Plate, Was: a.PlateRead, Confidence: a.Confidence, Lane: a.Lane, Image: a.Image,
	})
	return err
}

// nearBlack journals that a car is let in whose plate every camera takes for one of
// the blacklist: the remark says of which. It is not refused, because most likely
// it is another car; whoever is told looks at the picture. One that the books know
// is that other car.
func (r *Rules) nearBlack(ctx context.Context, tx *store.Tx, a Approach, has right) error {
	if r.cfg.Policy.ExactPlates || a.Told || a.Plate == "" || has.card.ID != 0 || has.booking.ID != 0 {
		return nil
	}
	list, err := tx.BlacksAlike(ctx, a.Plate)
	if err != nil {
		return err
	}
	for _, b := range list {
		if b.Plate == a.Plate || !plate.Confusable(a.Plate, b.Plate) {
			continue
		}
		if known, err := tx.PlateKnown(ctx, a.Plate); err != nil || known {
			return err
		}
		b.Remark = strings.TrimSpace("≈" + b.Plate + " " + b.Remark)
		return r.journalBlackEntry(ctx, tx, "near", a, b)
	}
	return nil
}
