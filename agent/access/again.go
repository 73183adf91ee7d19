package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"parkagent/store"
)

// A plate that is inside and is read at an entry ends its stay, because two open stays
// of one plate cannot be told apart at the exit. Until its car has driven through, that
// is no more than what a camera read: it may be another plate misread, or a car that was
// seen from the side. So whoever takes the new stay back takes back what it did: the stay
// before goes on as it was, with its money and its right.

// Notes of sessions that an entry has ended, or that ended at one. What follows from
// them goes by their words.
const (
	againNote  = "the car entered again, as session " // and that one's id
	movedNote  = "the car came to another entry"
	besideNote = "the car came in by another entry"
	goesOnNote = "; the stay before goes on" // at the end
)

// closeStale ends the open session of a plate that stands at an entry again, where the
// session next begins. One whose exit had been decided is taken to have left by it.
func (r *Rules) closeStale(ctx context.Context, tx *store.Tx, s store.Session, next string) error {
	switch s.State {
	case store.Entering:
		before, err := r.void(ctx, tx, s, movedNote)
		if err != nil || before.ID == "" {
			return err
		}
		return r.closeStale(ctx, tx, before, next)
	case store.Leaving:
		return r.gone(ctx, tx, s, r.now(), "the car entered again")
	}
	return r.end(ctx, tx, s, store.Abnormal, againNote+next)
}

// void ends an Entering session whose car did not come in. The stay that it had ended
// goes on, and is returned; the zero value is none.
func (r *Rules) void(ctx context.Context, tx *store.Tx, s store.Session, note string) (store.Session, error) {
	before, err := stayBefore(ctx, tx, s)
	if err != nil {
		return before, err
	}
	if before.ID != "" {
		note += goesOnNote
	}
	if err := r.end(ctx, tx, s, store.Void, note); err != nil {
		return before, err
	}
	return before, goOn(ctx, tx, &before, s.EntryLane)
}

// stayBefore returns the stay that the decision on the entry of s has ended, or the
// zero value: there was none, or it cannot go on, because its card number has been
// given to another car since.
func stayBefore(ctx context.Context, tx *store.Tx, s store.Session) (store.Session, error) {
	var none store.Session
	e, err := tx.LastOf(ctx, store.KindAbnormal, s.Plate)
	if errors.Is(err, store.ErrNotFound) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	var f store.StayFact
	if err := json.Unmarshal(e.Body, &f); err != nil {
		return none, fmt.Errorf("stay before session %s: %w", s.ID, err)
	}
	before, err := tx.Session(ctx, f.Session)
	if err != nil || before.State != store.Abnormal || before.Note != againNote+s.ID || before.Plate != s.Plate {
		return none, err
	}
	if before.CardNo == "" || before.CardNo == s.CardNo {
		return before, nil
	}
	switch _, err := tx.OpenSessionByCard(ctx, before.CardNo); {
	case errors.Is(err, store.ErrNotFound):
		return before, nil
	default:
		return none, err
	}
}

// goOn opens the stay before again, if there is one, because its car was not the one
// that entered at a lane. The caller has ended that one's, or given it another plate,
// and counts the places.
func goOn(ctx context.Context, tx *store.Tx, before *store.Session, lane string) error {
	if before.ID == "" {
		return nil
	}
	before.State, before.LeftAt, before.Note = store.Inside, time.Time{}, ""
	if err := tx.UpdateSession(ctx, *before); err != nil {
		return err
	}
	return amend(ctx, tx, store.AmendFact{Act: store.AmendBack, Session: before.ID, Plate: before.Plate, Lane: lane}, By{})
}

// passedAfterAll opens s again, if it is void only because its car was decided on at
// another entry as well, and has not passed there: it was seen to drive through here, so
// the other camera saw it from the side. s is left alone otherwise.
func (r *Rules) passedAfterAll(ctx context.Context, tx *store.Tx, s *store.Session) error {
	if s.State != store.Void || !strings.HasPrefix(s.Note, movedNote) {
		return nil
	}
	other, err := openSession(ctx, tx, Approach{Plate: s.Plate, CardNo: s.CardNo})
	switch {
	case errors.Is(err, store.ErrNotFound): // nothing was seen to drive through there
	case err != nil || other.State != store.Entering || other.EntryLane == s.EntryLane:
		return err
	default:
		if err := r.end(ctx, tx, other, store.Void, besideNote); err != nil {
			return err
		}
	}
	s.State, s.LeftAt, s.Note = store.Entering, time.Time{}, ""
	return regain(ctx, tx, s)
}
