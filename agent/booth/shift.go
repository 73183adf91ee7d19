package booth

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"parkagent/store"
)

// A Start is how a shift begins.
type Start struct {
	Operator string
	Booth    string   // its name, such as 南门岗亭
	Lanes    []string // codes of the lanes that it looks after; none means all
	Float    int64    // fen in the drawer
}

// StartShift begins a shift. The same operator in the same booth again gets the
// shift that lasts: his answer was lost.
//
// Errors: ErrName, ErrOnShift, ErrBoothTaken.
func (s *Staff) StartShift(ctx context.Context, b Start) (store.Shift, error) {
	b.Booth = strings.TrimSpace(b.Booth)
	if !validName(b.Booth) {
		return store.Shift{}, ErrName
	}
	var shift store.Shift
	err := s.cfg.DB.Update(ctx, func(tx *store.Tx) (err error) {
		shift, err = s.start(ctx, tx, b, b.Operator)
		return err
	})
	return shift, err
}

func (s *Staff) start(ctx context.Context, tx *store.Tx, b Start, by string) (store.Shift, error) {
	shift, err := tx.OpenShift(ctx, b.Operator)
	switch {
	case err == nil && shift.Booth == b.Booth && by == b.Operator:
		return shift, nil
	case err == nil:
		return shift, ErrOnShift
	case !errors.Is(err, store.ErrNotFound):
		return shift, err
	}
	shift = store.Shift{Operator: b.Operator, Booth: b.Booth, Lanes: b.Lanes, From: s.now(), Float: b.Float}
	if shift.ID, err = tx.InsertShift(ctx, shift); errors.Is(err, store.ErrConflict) {
		return shift, ErrBoothTaken
	} else if err != nil {
		return shift, err
	}
	return shift, journalShift(ctx, tx, shift, by)
}

// A HandOver is how a shift ends.
type HandOver struct {
	Operator string // whose shift
	By       string // who ends it, for one who went home without; empty: himself
	Counted  int64  // fen in the drawer
	Note     string // for the manager

	// Next is the operator who takes the booth over with Left in its drawer; he
	// signs in by himself. Without a name the booth is closed.
	Next string
	Left int64
}

// A HandedOver is what a hand-over made.
type HandedOver struct {
	Ended  store.Shift
	Totals Totals
	Next   store.Shift // without an ID: the booth is closed
}

// HandOver ends the operator's shift with its totals, and begins that of the next
// in the same transaction, so that no money is taken in between. What was counted
// is kept as it is said, beside what the ledger expects. The same again within half a
// minute is answered as the first: the answer was lost.
//
// Errors: ErrNoShift; of the next operator ErrNoOperator, ErrOnShift, and ErrRole
// when he may take no money.
func (s *Staff) HandOver(ctx context.Context, h HandOver) (HandedOver, error) {
	h.By = cmp.Or(h.By, h.Operator)
	var done HandedOver
	err := s.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		shift, err := tx.OpenShift(ctx, h.Operator)
		if errors.Is(err, store.ErrNotFound) {
			done, err = s.handedOver(ctx, tx, h)
			return err
		} else if err != nil {
			return err
		}
		shift.To, shift.Counted, shift.Note = s.now(), h.Counted, h.Note
		if done.Totals, err = TotalsOf(ctx, tx.Reader, shift, shift.To); err != nil {
			return err
		}
		shift.Expected = done.Totals.Drawer
		if err := tx.EndShift(ctx, shift); err != nil {
			return err
		}
		done.Ended = shift
		if err := journalShift(ctx, tx, shift, h.By); err != nil || h.Next == "" {
			return err
		}
		next, err := tx.Operator(ctx, h.Next)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return ErrNoOperator
		case err != nil:
			return err
		case Role(next.Role) == RoleInstaller:
			return ErrRole
		}
		done.Next, err = s.start(ctx, tx, Start{Operator: h.Next, Booth: shift.Booth, Lanes: shift.Lanes, Float: h.Left}, h.By)
		return err
	})
	return done, err
}

// sameHandOver is within what time a hand-over that is told again is the same.
const sameHandOver = 30 * time.Second

// handedOver returns what h made when it was told just before, or ErrNoShift.
func (s *Staff) handedOver(ctx context.Context, tx *store.Tx, h HandOver) (done HandedOver, err error) {
	last, err := tx.Shifts(ctx, store.ShiftFilter{Operator: h.Operator, Limit: 1})
	if err != nil {
		return done, err
	}
	now := s.now()
	if len(last) == 0 || last[0].Counted != h.Counted || last[0].Note != h.Note || now.Sub(last[0].To).Abs() > sameHandOver {
		return done, ErrNoShift
	}
	done.Ended = last[0]
	if done.Totals, err = TotalsOf(ctx, tx.Reader, done.Ended, now); err != nil || h.Next == "" {
		return done, err
	}
	done.Next, err = tx.OpenShift(ctx, h.Next)
	if errors.Is(err, store.ErrNotFound) || err == nil && done.Next.Booth != done.Ended.Booth {
		err = ErrNoShift // it was handed over to another
	}
	return done, err
}

func journalShift(ctx context.Context, tx *store.Tx, shift store.Shift, by string) error {
	_, err := tx.Append(ctx, store.KindShift, "booth:"+shift.Booth, store.NewShiftFact(shift, by))
	return err
}
