package access

import (
	"context"
	"errors"
	"strings"

	"parkagent/agent/billing"
	"parkagent/store"
)

// A Merging is an operator's word that two stays are of one car, which was read
// in two ways: the ghost is taken for the real one.
type Merging struct {
	Ghost  string // session that ends: open, or closed as abnormal
	Real   string // session that goes on: open
	Reason string // in the operator's words; must be given
	By     By
}

// Notes of sessions that an operator has ended. What an act finds done before, it
// does not do again.
const (
	mergedNote = "it was the same car as session "
	closedNote = "closed by an operator: "
)

// Merge ends the ghost and returns the real stay as it goes on: with the money and
// the discounts of both, and with a right if only the ghost had one that the real
// plate has as well. The visit or booking that the ghost took is given back. Its
// place is free, and the stay that it ended when it began goes on. Asked for a second time it changes nothing. Platforms are told of
// no exit, because there was none; only a deduction that is to be reversed is (2.6).
//
// Errors: billing.ErrNoReason, ErrSameStay, billing.ErrNoSession when the real stay
// is not open or the ghost has left or never was, billing.ErrDecided when the exit of
// either was decided.
func (r *Rules) Merge(ctx context.Context, m Merging) (store.Session, error) {
	if err := giveReason(m.Reason); err != nil {
		return store.Session{}, err
	}
	if m.Ghost == m.Real {
		return store.Session{}, ErrSameStay
	}
	var stay store.Session
	err := r.cfg.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if stay, err = openStay(ctx, tx, m.Real); err != nil {
			return err
		}
		ghost, err := tx.Session(ctx, m.Ghost)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return billing.ErrNoSession
		case err != nil || ghost.Note == mergedNote+stay.ID:
			return err
		case !ghost.State.Open() && ghost.State != store.Abnormal:
			return billing.ErrNoSession
		}
		return r.merge(ctx, tx, ghost, &stay, m)
	})
	if err == nil {
		r.cfg.Changed(stay.ID)
	}
	return stay, err
}

// merge ends ghost, in favour of stay.
func (r *Rules) merge(ctx context.Context, tx *store.Tx, ghost store.Session, stay *store.Session, m Merging) (err error) {
	by := billing.By{Operator: m.By.Client, Address: m.By.Address}
	if *stay, err = r.cfg.Bills.Transfer(ctx, tx, ghost, *stay, m.Reason, by); err != nil {
		return err
	}
	if err := r.giveBack(ctx, tx, ghost); err != nil {
		return err
	}
	before, err := stayBefore(ctx, tx, ghost)
	if err != nil {
		return err
	}
	right := ghost.Card != 0 || ghost.Booking != 0
	becomeTemporary(&ghost) // what it had is given back
	if err := r.endGhost(ctx, tx, ghost, mergedNote+stay.ID); err != nil {
		return err
	}
	if err := goOn(ctx, tx, &before, ghost.EntryLane); err != nil {
		return err
	}
	if right && stay.Card == 0 && stay.Booking == 0 {
		if err := r.rightAnew(ctx, tx, stay); err != nil {
			return err
		}
		if err := tx.UpdateSession(ctx, *stay); err != nil {
			return err
		}
	}
	f := store.AmendFact{Act: store.AmendMerge, Session: ghost.ID, Plate: stay.Plate, Was: ghost.Plate, Into: stay.ID, Reason: m.Reason}
	if err := amend(ctx, tx, f, m.By); err != nil {
		return err
	}
	return CountSpaces(ctx, tx)
}

// endGhost ends a ghost. One that had ended as abnormal before keeps its time.
func (r *Rules) endGhost(ctx context.Context, tx *store.Tx, ghost store.Session, note string) error {
	as := store.Abnormal
	switch ghost.State {
	case store.Abnormal:
		ghost.Note = note
		return tx.UpdateSession(ctx, ghost)
	case store.Entering:
		as = store.Void
	}
	if err := r.end(ctx, tx, ghost, as, note); err != nil {
		return err
	}
	return standNowhere(ctx, tx, ghost.ID)
}

// A Closing is an operator's word that the car of a stay is not inside any more, or
// never was.
type Closing struct {
	Session string
	Reason  string // in the operator's words; must be given
	By      By
}

// CloseStay ends an open stay as abnormal, without a fee; what was paid for it stays
// in the books. One whose car is still before the entry is void. One whose exit was
// decided ends as having left, with that fee. Its place is free. Asked for a second
// time it changes nothing. Platforms are told as for any stay that ends so: of an
// exit only where one was decided.
//
// Errors: billing.ErrNoReason, billing.ErrNoSession.
func (r *Rules) CloseStay(ctx context.Context, c Closing) error {
	if err := giveReason(c.Reason); err != nil {
		return err
	}
	return r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		s, err := tx.Session(ctx, c.Session)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return billing.ErrNoSession
		case err != nil:
			return err
		case !s.State.Open() && strings.HasPrefix(s.Note, closedNote):
			return nil
		case !s.State.Open():
			return billing.ErrNoSession
		}
		if err := r.closeStay(ctx, tx, s, c.Reason, c.By); err != nil {
			return err
		}
		return CountSpaces(ctx, tx)
	})
}

// closeStay ends an open stay on an operator's word. The caller counts the places.
func (r *Rules) closeStay(ctx context.Context, tx *store.Tx, s store.Session, reason string, by By) (err error) {
	note := closedNote + reason
	switch s.State {
	case store.Entering:
		err = r.end(ctx, tx, s, store.Void, note)
	case store.Leaving:
		err = r.gone(ctx, tx, s, r.now(), note)
	default:
		err = r.end(ctx, tx, s, store.Abnormal, note)
	}
	if err != nil {
		return err
	}
	if err := standNowhere(ctx, tx, s.ID); err != nil {
		return err
	}
	return amend(ctx, tx, store.AmendFact{Act: store.AmendClose, Session: s.ID, Plate: s.Plate, Reason: reason}, by)
}
