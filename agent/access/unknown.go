package access

import (
	"context"
	"errors"
	"fmt"

	"parkagent/store"
)

// noEntry is the note of a stay of which the books know no entry.
const noEntry = "no entry is known"

// UnknownFacts are what the decision on a car at an exit rests on that the books
// do not know to be inside.
type UnknownFacts struct {
	Policy   UnknownExit
	Passback bool // see Policy
	Plate    bool // a plate was seen; a card number alone, anybody may send
	Card     bool // its plate has a card that is valid
}

// UnknownRule decides what is done with such a car, and says why it is kept if an
// operator is to decide.
func UnknownRule(f UnknownFacts) (UnknownExit, Reason) {
	switch {
	case f.Plate && f.Card && f.Passback:
		return AskOperator, ReasonPassback
	case !f.Plate || f.Policy == AskOperator:
		return AskOperator, ReasonNoSession
	}
	return f.Policy, ReasonUnknown
}

// unknown deals with a car at an exit that the books do not know to be inside. It
// reports false when an operator is to decide, with the reason in v.
//
// Otherwise the car gets a session that begins now, is marked as one of unknown
// entry, and costs what the policy says unless a card or a booking covers it. From
// there on it is a car as any other: it leaves, or it waits for its payment by
// whichever way that comes. No entry is reported, because nobody saw one.
func (r *Rules) unknown(ctx context.Context, tx *store.Tx, a Approach, v *Verdict) (bool, error) {
	f := UnknownFacts{Policy: r.cfg.Policy.Unknown, Passback: r.cfg.Policy.Passback, Plate: a.CardNo == "" && a.Plate != ""}
	if f.Plate {
		c, err := cardOf(ctx, tx.Reader, a.Plate, "")
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return false, err
		}
		f.Card = err == nil && c.Valid(r.now())
	}
	var act UnknownExit
	if act, v.Reason = UnknownRule(f); act == AskOperator {
		return false, nil
	}
	var fee int64
	if act == ChargeUnknown {
		fee = r.cfg.Policy.UnknownFee
	}
	s, err := r.begin(ctx, tx, a, fee)
	if err != nil {
		return false, err
	}
	if err := r.leave(ctx, tx, s, a, true, v); err != nil {
		return false, err
	}
	return true, CountSpaces(ctx, tx)
}

// begin opens a session of unknown entry for the car of a. The caller writes the
// session once more: it may be a temporary one by now.
func (r *Rules) begin(ctx context.Context, tx *store.Tx, a Approach, fee int64) (store.Session, error) {
	now := r.now()
	s := store.Session{
		ID: store.NewID(now), Plate: a.Plate, PlateRead: a.PlateRead, Color: a.Color, Size: a.Size, Area: a.Area,
		State: store.Inside, EnteredAt: now, ExitLane: a.Lane, ExitPlace: a.Place, ExitImage: a.Image, Note: noEntry,
	}
	has, err := r.rightOf(ctx, tx, a)
	if err != nil {
		return s, err
	}
	has.give(&s, ReasonHold) // whichever it has
	if err := tx.InsertSession(ctx, s); err != nil {
		return s, err
	}
	if err := tx.InsertUnknownEntry(ctx, s.ID, fee); err != nil {
		return s, err
	}
	if err := r.use(ctx, tx, &s); err != nil {
		return s, err
	}
	_, err = tx.Append(ctx, store.KindUnknown, s.Plate, store.UnknownFact{Session: s.ID, Lane: a.Lane, Fee: fee})
	return s, err
}

// sweepUnknown closes, as abnormal, the stays of unknown entry of which nothing was
// paid and whose car was not seen at an exit for hours: it turned round and went
// another way, or its plate was misread and there never was such a car. They would
// hold a place for ever. Should the car come again, it is asked to pay again.
func (r *Rules) sweepUnknown(ctx context.Context) error {
	list, err := r.cfg.DB.InsideUnknown(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, s := range list {
		if !r.overdue(s.EnteredAt) {
			continue
		}
		if err := r.cfg.DB.Update(ctx, func(tx *store.Tx) error { return r.dropUnknown(ctx, tx, s.ID) }); err != nil {
			errs = append(errs, fmt.Errorf("session %s: %w", s.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (r *Rules) dropUnknown(ctx context.Context, tx *store.Tx, session string) error {
	s, err := tx.Session(ctx, session)
	if err != nil || s.State != store.Inside {
		return err
	}
	ledger, err := tx.Payments(ctx, s.ID)
	if err != nil || len(ledger) > 0 {
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
	if err := r.end(ctx, tx, s, store.Abnormal, noEntry+", and it was not seen again"); err != nil {
		return err
	}
	if err := standNowhere(ctx, tx, s.ID); err != nil {
		return err
	}
	return CountSpaces(ctx, tx)
}
