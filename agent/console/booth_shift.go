package console

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"parkagent/agent/booth"
	"parkagent/protocol"
	"parkagent/store"
)

// A shift is one as it is shown. Times are local, money is fen.
type shift struct {
	ID       int64    `json:"shift"`
	Operator string   `json:"operator"`
	Booth    string   `json:"booth"`
	Lanes    []string `json:"lanes"` // empty: all
	From     string   `json:"from"`
	To       string   `json:"to"` // empty while it lasts
	Float    int64    `json:"float"`
	Counted  int64    `json:"counted"`
	Expected int64    `json:"expected"`
	Note     string   `json:"note"`
}

func (b *Booths) shift(s store.Shift) shift {
	lanes := s.Lanes
	if lanes == nil {
		lanes = []string{}
	}
	return shift{
		ID: s.ID, Operator: s.Operator, Booth: s.Booth, Lanes: lanes, From: b.dash(s.From), To: b.dash(s.To),
		Float: s.Float, Counted: s.Counted, Expected: s.Expected, Note: s.Note,
	}
}

// totals are what a shift comes to, as they are shown.
type totals struct {
	Float     int64          `json:"float"`
	CashIn    int64          `json:"cashIn"`
	ChangeOut int64          `json:"changeOut"`
	CashBack  int64          `json:"cashBack"`
	Drawer    int64          `json:"drawer"`
	Other     int64          `json:"other"`
	Discounts int64          `json:"discounts"`
	Orphans   int64          `json:"orphans"`
	Rows      int            `json:"rows"`
	CarsIn    int            `json:"carsIn"`
	CarsOut   int            `json:"carsOut"`
	Unpaid    int64          `json:"unpaid"`
	Openings  map[string]int `json:"openings"`
}

// startShift begins the operator's shift in a booth.
func (b *Booths) startShift(ctx context.Context, a act) (any, error) {
	q, err := decode[struct {
		Booth string       `json:"booth" wire:"required"`
		Lanes []string     `json:"lanes"`
		Float protocol.Int `json:"float" wire:"min=0"`
	}](a)
	if err != nil {
		return nil, err
	}
	for _, code := range q.Lanes {
		if _, err := b.lane(code); err != nil {
			return nil, err
		}
	}
	s, err := b.cfg.Staff.StartShift(ctx, booth.Start{Operator: a.Operator, Booth: q.Booth, Lanes: q.Lanes, Float: q.Float.N})
	if err != nil {
		return nil, err
	}
	return b.shift(s), nil
}

// handOver ends the operator's shift, and begins that of the next where one is
// named. A manager ends that of another as well, who went home without.
func (b *Booths) handOver(ctx context.Context, a act) (any, error) {
	q, err := decode[struct {
		Operator string       `json:"operator"` // whose shift; absent: the caller's
		Counted  protocol.Int `json:"counted" wire:"required,min=0"`
		Note     string       `json:"note"`
		Next     string       `json:"next"`
		Left     protocol.Int `json:"left" wire:"min=0"` // in the drawer, for the next
	}](a)
	if err != nil {
		return nil, err
	}
	whose := cmp.Or(strings.TrimSpace(q.Operator), a.Operator)
	if whose != a.Operator && a.Role != booth.RoleManager {
		return nil, b.forbidden(ctx, a)
	}
	if len(q.Note) > mostReason {
		return nil, &protocol.FieldError{Field: "note", Problem: protocol.OutOfRange}
	}
	done, err := b.cfg.Staff.HandOver(ctx, booth.HandOver{
		Operator: whose, By: a.Operator, Counted: q.Counted.N, Note: q.Note, Next: strings.TrimSpace(q.Next), Left: q.Left.N,
	})
	if err != nil {
		return nil, err
	}
	answer := struct {
		Ended  shift  `json:"ended"`
		Totals totals `json:"totals"`
		Next   *shift `json:"next"`
	}{Ended: b.shift(done.Ended), Totals: totals(done.Totals)}
	if done.Next.ID != 0 {
		next := b.shift(done.Next)
		answer.Next = &next
	}
	return answer, nil
}

// shiftTotals answers what a shift comes to so far: the operator's own, or for a
// manager any.
func (b *Booths) shiftTotals(ctx context.Context, a act) (any, error) {
	q, err := decode[struct {
		Shift protocol.Int `json:"shift" wire:"min=1"` // absent: the one that lasts
	}](a)
	if err != nil {
		return nil, err
	}
	var s store.Shift
	if q.Shift.Set {
		s, err = b.cfg.DB.Shift(ctx, q.Shift.N)
	} else {
		s, err = b.cfg.DB.OpenShift(ctx, a.Operator)
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, booth.ErrNoShift
	case err != nil:
		return nil, err
	case s.Operator != a.Operator && a.Role != booth.RoleManager:
		return nil, b.forbidden(ctx, a)
	}
	t, err := booth.TotalsOf(ctx, b.cfg.DB.Reader, s, b.cfg.Now().UTC())
	if err != nil {
		return nil, err
	}
	return struct {
		shift
		Totals totals `json:"totals"`
	}{b.shift(s), totals(t)}, nil
}

// mostShifts is how many shifts a page has.
const mostShifts = 50

// listShifts answers shifts, the latest first: the operator's own, or for a manager
// those of all.
func (b *Booths) listShifts(ctx context.Context, a act) (any, error) {
	q, err := decode[struct {
		From     string       `json:"from"`
		To       string       `json:"to"`
		Operator string       `json:"operator"`
		Booth    string       `json:"booth"`
		Before   protocol.Int `json:"before" wire:"min=1"` // the last of the page before
	}](a)
	if err != nil {
		return nil, err
	}
	f := store.ShiftFilter{Operator: q.Operator, Booth: q.Booth, Before: q.Before.N, Limit: mostShifts}
	if f.From, f.To, err = b.bounds(q.From, q.To); err != nil {
		return nil, err
	}
	if a.Role != booth.RoleManager {
		f.Operator = a.Operator
	}
	list, err := b.cfg.DB.Shifts(ctx, f)
	if err != nil {
		return nil, err
	}
	shifts := []shift{}
	for _, s := range list {
		shifts = append(shifts, b.shift(s))
	}
	return struct {
		Shifts []shift `json:"shifts"`
	}{shifts}, nil
}
