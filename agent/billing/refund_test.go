package billing

import (
	"context"
	"errors"
	"testing"

	"parkagent/store"
)

func (r *rig) refunds(t *testing.T, payment string, amount int64) store.Payment {
	t.Helper()
	p, err := r.Refund(t.Context(), Refund{Payment: payment, Amount: amount, Reason: "多收", By: manager})
	if err != nil {
		t.Fatalf("Refund(%d): %v", amount, err)
	}
	return p
}

func TestRefundOfWhatWasTooMuchMakesNothingDue(t *testing.T) {
	r := newBooth(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	o := r.order(t, s.Plate)
	r.pay(t, Notice{Order: o.No, Amount: 1200})
	paid := r.last(t, s.ID)
	got := r.refunds(t, paid.ID, 200)
	want := store.Payment{
		ID: got.ID, Order: o.No, Session: s.ID, Kind: store.PaymentRefund, Amount: -200, Over: -200, Refers: paid.ID,
		Terminal: 2, Client: "BOOTH1", Operator: "李", Shift: 7, FreeDetail: "多收", PaidAt: r.now,
	}
	if got != want {
		t.Errorf("row = %+v, want %+v", got, want)
	}
	if b := r.due(t, s.ID); b.Payable != 0 || !b.Settled {
		t.Errorf("after a part of it: %+v", b)
	}
	if got := r.refunds(t, paid.ID, 300); got.Over != -100 {
		t.Errorf("row = %+v, want 100 of it to be what was left over", got)
	}
	if b := r.due(t, s.ID); b.Payable != 200 || b.Settled {
		t.Errorf("after more than that: %+v, want 200 to be due again", b)
	}
	r.exitPaid(t, s)
	r.sound(t)
}

func TestRefundIsRefused(t *testing.T) {
	r := newBooth(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	r.grants(t, s.Plate, "3 yuan")
	coupon := r.last(t, s.ID)
	r.takes(t, r.order(t, s.Plate), 600)
	cash := r.last(t, s.ID)
	r.refunds(t, cash.ID, 250)
	for _, tt := range []struct {
		name string
		x    Refund
		want error
	}{
		{"more than is left", Refund{Payment: cash.ID, Amount: 351, Reason: "x"}, ErrTooMuch},
		{"nothing", Refund{Payment: cash.ID, Reason: "x"}, ErrTooMuch},
		{"less than nothing", Refund{Payment: cash.ID, Amount: -1, Reason: "x"}, ErrTooMuch},
		{"without a reason", Refund{Payment: cash.ID, Amount: 1, Reason: " "}, ErrNoReason},
		{"of a coupon", Refund{Payment: coupon.ID, Amount: 1, Reason: "x"}, store.ErrNotFound},
		{"of a refund", Refund{Payment: r.last(t, s.ID).ID, Amount: 1, Reason: "x"}, store.ErrNotFound},
		{"of nothing that is there", Refund{Payment: "x", Amount: 1, Reason: "x"}, store.ErrNotFound},
	} {
		if _, err := r.Refund(t.Context(), tt.x); !errors.Is(err, tt.want) {
			t.Errorf("%s = %v, want %v", tt.name, err, tt.want)
		}
	}
	x := Refund{Payment: cash.ID, Amount: 100, Reason: "x", By: manager, Request: "1"}
	first, err := r.Refund(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := r.Refund(t.Context(), x); err != nil || again != first {
		t.Errorf("the same again = %+v, %v, want %+v", again, err, first)
	}
	r.sound(t)
}

func TestRefundAfterTheCarHasLeftIsOnlyMarked(t *testing.T) {
	r := newBooth(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	o := r.order(t, s.Plate)
	late := r.order(t, s.Plate)
	r.pay(t, Notice{Order: o.No, Amount: 900})
	paid := r.last(t, s.ID)
	r.exit(t, s.ID)
	if _, err := r.Pay(t.Context(), Notice{Order: late.No, Amount: 900, Client: "bank"}); !errors.Is(err, ErrGone) {
		t.Fatal(err)
	}
	before := r.session(t, s.ID)
	if got := r.refunds(t, paid.ID, 900); got.Kind != store.PaymentReturned {
		t.Errorf("row = %+v", got)
	}
	orphan := r.last(t, s.ID)
	for _, p := range r.ledger(t, s.ID) {
		if p.Kind == store.PaymentOrphan {
			orphan = p
		}
	}
	r.refunds(t, orphan.ID, 400)
	if got := r.session(t, s.ID); got != before {
		t.Errorf("session = %+v, want it as it was: %+v", got, before)
	}
	if b := r.books(t); b.Paid != 900 || b.Orphans != 900 || b.Returned != -1300 {
		t.Errorf("books = %+v", b)
	}

	other := r.park(t, "粤B22222")
	r.now = r.now.Add(2 * hour)
	assign := func(session string) (Receipt, error) {
		return r.Assign(t.Context(), Assignment{Payment: orphan.ID, Session: session, Reason: "同一辆车", By: manager})
	}
	if _, err := assign(s.ID); !errors.Is(err, ErrNoSession) {
		t.Errorf("to a car that has left = %v, want ErrNoSession", err)
	}
	if got, err := assign(other.ID); err != nil || got.Rest != 400 {
		t.Errorf("Assign = %+v, %v, want 400 of 900 to be due", got, err)
	}
	if _, err := assign(other.ID); !errors.Is(err, ErrTooMuch) {
		t.Errorf("again = %v, want ErrTooMuch", err)
	}
	r.exitPaid(t, other)
	if b := r.books(t); b.Paid+b.Orphans+b.Returned != 900+900-1300+400 {
		t.Errorf("books = %+v, want all that was taken less what was given back", b)
	}
	r.sound(t)
}

func TestMoneyOfAGhostMovesToTheRealStay(t *testing.T) {
	r := newBooth(t)
	ghost := r.park(t, "粤812345")
	real := r.park(t, "粤B12345")
	r.after(2 * hour)
	r.grants(t, ghost.Plate, "3 yuan")
	r.grants(t, ghost.Plate, "until 3")
	if err := r.Recall(t.Context(), Recall{Payment: r.last(t, ghost.ID).ID, Reason: "错", By: manager}); err != nil {
		t.Fatal(err)
	}
	r.grants(t, ghost.Plate, "half")
	o := r.order(t, ghost.Plate) // 150
	r.pay(t, Notice{Order: o.No, Amount: 200})
	r.refunds(t, r.last(t, ghost.ID).ID, 20)
	before := r.session(t, ghost.ID)

	r.after(2*hour + 10*minute)
	r.update(t, func(ctx context.Context, tx *store.Tx) error {
		if _, err := r.Transfer(ctx, tx, ghost, real, "", manager); !errors.Is(err, ErrNoReason) {
			t.Errorf("without a reason = %v, want ErrNoReason", err)
		}
		return nil
	})
	r.update(t, func(ctx context.Context, tx *store.Tx) error {
		got, err := r.Transfer(ctx, tx, before, real, "错车牌", manager)
		if err == nil && got.PaidUntil != before.PaidUntil {
			t.Errorf("session = %+v, want the settlement of the ghost to hold", got)
		}
		before.State, before.LeftAt = store.Abnormal, r.now
		return errors.Join(err, tx.UpdateSession(ctx, before))
	})
	var left int64
	for _, p := range r.ledger(t, ghost.ID) {
		left += p.Amount + p.FreeMoney + p.FreeMinutes + p.Over
	}
	if left != 0 {
		t.Errorf("%d is left of the ghost", left)
	}
	// Two hours and ten minutes cost 1100, half is 550 less 300, and 180 came.
	if b := r.due(t, real.ID); b.Paid != 180 || b.Waived != 300 || !b.Settled {
		t.Errorf("bill = %+v", b)
	}
	r.after(3 * hour)
	if b := r.due(t, real.ID); b.Total != 1300 || b.Credit != 650 || b.Payable != 650-300-180 {
		t.Errorf("bill = %+v", b)
	}
	r.exitPaid(t, real)
	r.sound(t)
	sums, err := r.db.LedgerSums(t.Context(), store.LedgerFilter{})
	var money, coupons int64
	for _, x := range sums {
		money, coupons = money+x.Taken-x.GivenBack, coupons+x.FreeMoney
	}
	if err != nil || money != 200-20+170 || coupons != 300 {
		t.Errorf("the ledger adds up to %d and %d off, %v", money, coupons, err)
	}
}

func TestDiscountOfAGhostIsTakenBackInTheRealStay(t *testing.T) {
	r := newBooth(t)
	ghost, real := r.park(t, "粤812345"), r.park(t, "粤B12345")
	r.after(2 * hour)
	r.grants(t, ghost.Plate, "half")
	r.update(t, func(ctx context.Context, tx *store.Tx) error {
		_, err := r.Transfer(ctx, tx, ghost, real, "错车牌", manager)
		return err
	})
	if a, b := r.due(t, ghost.ID), r.due(t, real.ID); a.Payable != 900 || b.Payable != 450 {
		t.Errorf("%d is due of the ghost, %d of the real one, want the discount moved", a.Payable, b.Payable)
	}
	if err := r.Recall(t.Context(), Recall{Payment: r.last(t, real.ID).ID, Reason: "错", By: manager}); err != nil {
		t.Fatal(err)
	}
	if b := r.due(t, real.ID); b.Payable != 900 {
		t.Errorf("%d is due after the recall, want 900", b.Payable)
	}
	r.sound(t)
}

func TestSettlementOfAnEarlierStayGivesNoTimeToLeave(t *testing.T) {
	r := newBooth(t)
	ghost := r.park(t, "粤812345")
	r.after(2 * hour)
	o := r.order(t, ghost.Plate)
	r.pay(t, Notice{Order: o.No, Amount: o.Payable})
	r.after(2*hour + minute)
	real := r.park(t, "粤B12345")
	r.update(t, func(ctx context.Context, tx *store.Tx) error {
		got, err := r.Transfer(ctx, tx, r.session(t, ghost.ID), real, "错车牌", manager)
		if err == nil && !got.PaidUntil.IsZero() {
			t.Errorf("session = %+v, want no settlement from before it began", got)
		}
		return err
	})
	if b := r.due(t, real.ID); b.Paid != 900 || b.Total != 0 {
		t.Errorf("bill = %+v, want the money as credit", b)
	}
}
