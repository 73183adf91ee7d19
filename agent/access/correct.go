package access

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"parkagent/agent/billing"
	"parkagent/agent/plate"
	"parkagent/store"
)

// A Correction is an operator's word that the plate of a stay is another, because
// the entry camera misread it or the car had none then.
type Correction struct {
	Session string
	Plate   string
	Reason  string // in the operator's words; must be given
	By      By
}

// Correct corrects the plate of an open stay and returns the stay as it is then.
// Asked for a second time it changes nothing.
//
// The stay is by the rights of the right plate from its beginning, as if it had
// been read so: what the wrong one took, a visit of a card or a booking, is given
// back, and neither a platform's price for it nor its word to deduct holds any more.
// A stay whose exit was decided keeps its fee and its right. Platforms are told of
// the entry once more (2.1), with the right plate; the protocol has no word for
// taking back the wrong one. A stay that the wrong plate had when this one began goes
// on: it was not its car that entered again.
//
// The car of a blacklisted plate stays inside, and is reported (2.4).
//
// Errors: billing.ErrNoReason, ErrNoPlate, billing.ErrNoSession, ErrPlateInside: see
// Merge.
func (r *Rules) Correct(ctx context.Context, c Correction) (store.Session, error) {
	no := plate.Normal(c.Plate)
	if err := giveReason(c.Reason); err != nil {
		return store.Session{}, err
	}
	if no == "" {
		return store.Session{}, ErrNoPlate
	}
	var s store.Session
	err := r.cfg.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if s, err = openStay(ctx, tx, c.Session); err != nil || s.Plate == no {
			return err
		}
		switch _, err := tx.OpenSessionByPlate(ctx, no); {
		case err == nil:
			return fmt.Errorf("%w: %s", ErrPlateInside, no)
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		return r.correct(ctx, tx, &s, store.AmendFact{Act: store.AmendPlate, Session: s.ID, Plate: no, Was: s.Plate, Reason: c.Reason}, c.By)
	})
	if err == nil {
		r.cfg.Changed(s.ID)
	}
	return s, err
}

// correct makes the plate of f that of s, and journals f.
func (r *Rules) correct(ctx context.Context, tx *store.Tx, s *store.Session, f store.AmendFact, by By) error {
	before, err := stayBefore(ctx, tx, *s)
	if err != nil {
		return err
	}
	s.Plate = f.Plate
	if before.ID != "" {
		if err := tx.UpdateSession(ctx, *s); err != nil {
			return err
		}
		if err := goOn(ctx, tx, &before, s.EntryLane); err != nil {
			return err
		}
		if err := CountSpaces(ctx, tx); err != nil {
			return err
		}
	}
	if s.State != store.Leaving {
		s.Seamless, s.SeamlessBy = false, ""
		if s.FeeBy == "" {
			s.QuoteFee, s.QuotedAt = 0, time.Time{}
		}
		if err := r.rightAnew(ctx, tx, s); err != nil {
			return err
		}
	}
	if err := tx.UpdateSession(ctx, *s); err != nil {
		return err
	}
	if err := amend(ctx, tx, f, by); err != nil {
		return err
	}
	if s.State == store.Entering { // reported when it has entered
		return nil
	}
	if _, err := tx.Append(ctx, store.KindEntry, s.Plate, store.NewStayFact(*s)); err != nil {
		return err
	}
	return r.reportBlack(ctx, tx, *s)
}

// rightAnew gives back what s took by its right, and gives it that of its plate as
// it is now. The caller writes s.
func (r *Rules) rightAnew(ctx context.Context, tx *store.Tx, s *store.Session) error {
	if err := r.giveBack(ctx, tx, *s); err != nil {
		return err
	}
	becomeTemporary(s)
	has, err := r.rightOf(ctx, tx, Approach{Plate: s.Plate, Area: s.Area}, s.ID)
	if err != nil {
		return err
	}
	has.give(s, ReasonHold) // whichever it has
	if s.State == store.Entering {
		return nil
	}
	return r.use(ctx, tx, s)
}

// giveBack gives back what s took from a card or a booking when its car came in.
func (r *Rules) giveBack(ctx context.Context, tx *store.Tx, s store.Session) error {
	switch {
	case s.State == store.Entering: // it takes that when it is inside
		return nil
	case s.Card != 0:
		c, err := tx.Card(ctx, s.Card)
		if err != nil || !counted(c) || !c.DeletedAt.IsZero() {
			return err
		}
		c.Balance, c.UpdatedAt = c.Balance+1, r.now()
		if err := tx.UpdateCard(ctx, c); err != nil {
			return err
		}
		_, err = tx.Append(ctx, store.KindCardUse, cardKey(c.ID), store.CardUseFact{Card: c.ID, Session: s.ID, Used: -1, Balance: c.Balance})
		return err
	case s.Booking != 0:
		b, err := tx.Booking(ctx, s.Booking)
		if err != nil || b.UsedBy != s.ID {
			return err
		}
		b.UsedBy = ""
		if err := tx.UpdateBooking(ctx, b); err != nil {
			return err
		}
		return journalBooking(ctx, tx, "edit", b, "", By{})
	}
	return nil
}

// reportBlack journals that the car of s, which is inside, is on the blacklist, if
// it is.
func (r *Rules) reportBlack(ctx context.Context, tx *store.Tx, s store.Session) error {
	list, err := blacksOf(ctx, tx.Reader, s.Plate)
	if err != nil || len(list) == 0 {
		return err
	}
	a := Approach{Lane: s.EntryLane, Place: s.EntryPlace, Image: s.EntryImage, Plate: s.Plate}
	return r.journalBlackEntry(ctx, tx, "corrected", a, list[0])
}

// openStay returns the open session with an id, or billing.ErrNoSession.
func openStay(ctx context.Context, tx *store.Tx, id string) (store.Session, error) {
	s, err := tx.Session(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !s.State.Open() {
		return store.Session{}, billing.ErrNoSession
	}
	return s, err
}

// giveReason returns billing.ErrNoReason for a text that gives none.
func giveReason(s string) error {
	if strings.TrimSpace(s) == "" {
		return billing.ErrNoReason
	}
	return nil
}

func amend(ctx context.Context, tx *store.Tx, f store.AmendFact, by By) error {
	f.Client, f.Address = by.Client, by.Address
	_, err := tx.Append(ctx, store.KindAmend, f.Plate, f)
	return err
}
