package booth_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parkagent/agent/booth"
	"parkagent/store"
)

// update changes the books.
func (r *rig) update(fn func(context.Context, *store.Tx) error) {
	r.t.Helper()
	r.did(r.db.Update(r.t.Context(), func(tx *store.Tx) error { return fn(r.t.Context(), tx) }))
}

// pay books a row of the ledger for a new stay that has left by OUT1.
func (r *rig) pay(p store.Payment) store.Payment {
	now := time.Now().UTC()
	s := store.Session{ID: store.NewID(now), Plate: "粤B12345", State: store.Left, EnteredAt: now, EntryLane: "IN1", LeftAt: now, ExitLane: "OUT1"}
	p.ID, p.Session, p.PaidAt = store.NewID(now), s.ID, now
	r.update(func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertSession(ctx, s), tx.InsertPayment(ctx, p))
	})
	return p
}

func TestAShiftFromItsFloatToTheHandOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, ctx := newRig(t), t.Context()
		began := time.Now().UTC()
		shift, err := r.StartShift(ctx, booth.Start{Operator: "小李", Booth: " 南门 ", Lanes: []string{"OUT1"}, Float: 20000})
		r.did(err)
		again, err := r.StartShift(ctx, booth.Start{Operator: "小李", Booth: "南门", Lanes: []string{"OUT1"}, Float: 20000})
		if diff := cmp.Diff(shift, again); err != nil || diff != "" {
			t.Errorf("the start again, %v:\n%s", err, diff)
		}
		pass(time.Hour)
		mine := store.Payment{Operator: "小李", Shift: shift.ID, Terminal: 2}
		with := func(p store.Payment, change func(*store.Payment)) store.Payment {
			change(&p)
			return p
		}
		note := r.pay(with(mine, func(p *store.Payment) { p.Amount, p.Given = 500, 10000 }))
		r.pay(with(mine, func(p *store.Payment) { p.Amount = 300 })) // what was handed over is not known
		orphan := r.pay(with(mine, func(p *store.Payment) { p.Kind, p.Amount, p.Given, p.Over = store.PaymentOrphan, 200, 200, 200 }))
		r.pay(with(mine, func(p *store.Payment) { p.Kind, p.Amount, p.Refers = store.PaymentMoved, -150, orphan.ID })) // to another stay
		r.pay(with(mine, func(p *store.Payment) { p.Kind, p.Amount, p.Refers = store.PaymentTransfer, 150, orphan.ID }))
		r.pay(with(mine, func(p *store.Payment) { p.Amount, p.PayType, p.PayMethod = 700, 4, 4 }))
		r.pay(with(mine, func(p *store.Payment) { p.FreeMoney, p.PayType, p.PayMethod = 600, 9, 9 }))
		r.pay(with(mine, func(p *store.Payment) { p.Kind, p.Amount, p.Refers = store.PaymentRefund, -100, note.ID }))
		r.pay(with(mine, func(p *store.Payment) { p.Kind, p.Amount, p.Refers = store.PaymentTransfer, -500, note.ID }))
		r.pay(with(mine, func(p *store.Payment) { p.Kind, p.Amount, p.Refers = store.PaymentTransfer, 500, note.ID }))
		r.pay(store.Payment{Amount: 9999, Operator: "老王", Terminal: 2}) // of nobody's shift
		r.update(func(ctx context.Context, tx *store.Tx) error {
			for _, c := range []store.CommandFact{
				{Lane: "OUT1", Command: "open", Reason: "remote", Result: "decided"}, {Lane: "OUT1", Command: "open", Reason: "remote", Result: "ok"},
				{Lane: "IN1", Command: "open", Reason: "remote", Result: "decided"},
			} {
				if _, err := tx.Append(ctx, store.KindCommand, "G", c); err != nil {
					return err
				}
			}
			return nil
		})
		want := booth.Totals{
			Float: 20000, CashIn: 10000 + 300 + 200, ChangeOut: 9500, CashBack: 100, Drawer: 20000 + 500 + 300 + 200 - 100,
			Other: 700, Discounts: 600, Orphans: 50, Rows: 10, CarsOut: 11, Openings: map[string]int{"open": 1},
		}
		pass(time.Hour)
		done, err := r.HandOver(ctx, booth.HandOver{Operator: "小李", Counted: 20800, Note: "少一元", Next: "老王", Left: 15000})
		r.did(err)
		if diff := cmp.Diff(want, done.Totals); diff != "" {
			t.Errorf("totals (-want +got):\n%s", diff)
		}
		pass(30 * time.Second)
		h := booth.HandOver{Operator: "小李", Counted: 20800, Note: "少一元", Next: "老王", Left: 15000}
		if again, err := r.HandOver(ctx, h); err != nil || !cmp.Equal(done, again) {
			t.Errorf("the same again, %v (-first +again):\n%s", err, cmp.Diff(done, again))
		}
		other := h
		other.Counted++
		if _, err := r.HandOver(ctx, other); !errors.Is(err, booth.ErrNoShift) {
			t.Errorf("another count = %v, want ErrNoShift", err)
		}
		other = h
		other.Next = "小李"
		if _, err := r.HandOver(ctx, other); !errors.Is(err, booth.ErrNoShift) {
			t.Errorf("to another = %v, want ErrNoShift", err)
		}
		pass(time.Millisecond)
		if _, err := r.HandOver(ctx, h); !errors.Is(err, booth.ErrNoShift) {
			t.Errorf("later = %v, want ErrNoShift", err)
		}
		ended := store.Shift{
			ID: shift.ID, Operator: "小李", Booth: "南门", Lanes: []string{"OUT1"}, From: began, To: began.Add(2 * time.Hour),
			Float: 20000, Counted: 20800, Expected: 20900, Note: "少一元",
		}
		next := store.Shift{ID: shift.ID + 1, Operator: "老王", Booth: "南门", Lanes: []string{"OUT1"}, From: began.Add(2 * time.Hour), Float: 15000}
		if diff := cmp.Diff([]store.Shift{ended, next}, []store.Shift{done.Ended, done.Next}); diff != "" {
			t.Errorf("hand-over (-want +got):\n%s", diff)
		}
		list, err := r.db.Shifts(ctx, store.ShiftFilter{Booth: "南门", Limit: 5})
		if diff := cmp.Diff([]store.Shift{next, ended}, list); err != nil || diff != "" {
			t.Errorf("shifts, %v (-want +got):\n%s", err, diff)
		}
		if diff := cmp.Diff([]store.ShiftFact{
			{Shift: 1, Operator: "小李", By: "小李"}, {Shift: 1, Operator: "小李", By: "小李", Counted: 20800, Expected: 20900, Note: "少一元"}, {Shift: 2, Operator: "老王", By: "小李"},
		}, facts[store.ShiftFact](t, r.db, store.KindShift), cmpopts.IgnoreFields(store.ShiftFact{}, "Booth", "Lanes", "FromMs", "ToMs", "Float")); diff != "" {
			t.Errorf("journal (-want +got):\n%s", diff)
		}
	})
}

func TestWhoMayNotBeOnShift(t *testing.T) {
	r, ctx := newRig(t), t.Context()
	start := func(operator, name string) error {
		_, err := r.StartShift(ctx, booth.Start{Operator: operator, Booth: name})
		return err
	}
	handOver := func(operator, next string) error {
		_, err := r.HandOver(ctx, booth.HandOver{Operator: operator, Next: next})
		return err
	}
	r.did(start("小李", "南门"))
	for _, tt := range []struct {
		name      string
		got, want error
	}{
		{"in a booth without a name", start("老王", " "), booth.ErrName},
		{"in a booth with somebody else", start("老王", "南门"), booth.ErrBoothTaken},
		{"in two booths", start("小李", "北门"), booth.ErrOnShift},
		{"nobody, to be removed", r.Remove(ctx, "小李", "老王"), booth.ErrOnShift},
		{"nobody, to hand over", handOver("老王", ""), booth.ErrNoShift},
		{"who is no operator, after a hand-over", handOver("小李", "小张"), booth.ErrNoOperator},
		{"who may take no money, after a hand-over", func() error {
			r.did(r.Add(ctx, booth.Applicant{Name: "装机", Password: password, Role: booth.RoleInstaller, By: "老王"}))
			return handOver("小李", "装机")
		}(), booth.ErrRole},
		{"who is already, after a hand-over", func() error {
			r.did(start("老王", "北门"))
			return handOver("小李", "老王")
		}(), booth.ErrOnShift},
	} {
		if !errors.Is(tt.got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, tt.got, tt.want)
		}
	}
	if s, err := r.db.OpenShift(ctx, "小李"); err != nil || s.Booth != "南门" {
		t.Errorf("after hand-overs that failed: %+v, %v, want the shift to go on", s, err)
	}
	r.did(handOver("小李", ""))
	r.did(start("小李", "南门"))
}
