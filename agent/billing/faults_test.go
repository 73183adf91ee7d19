package billing

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"parkagent/store"
)

func TestFreeMinutesBeyondAllMeasureAreAFreeStay(t *testing.T) {
	r := newRig(t)
	r.park(t, "粤B12345")
	r.now = noon.Add(2 * time.Hour)
	for range 3 {
		r.pay(t, Notice{Order: r.order(t, "粤B12345").No, FreeMinutes: 1e15})
	}
	r.now = r.now.Add(30 * 24 * time.Hour)
	if o := r.order(t, "粤B12345"); o.Payable != 0 {
		t.Errorf("payable = %d, want 0", o.Payable)
	}
}

func TestAnAmountThatCannotBeIsRefused(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	r.now = noon.Add(2 * time.Hour)
	for _, n := range []Notice{{Amount: -1}, {Discount: -1}, {FreeMoney: -1}, {FreeMinutes: -1}, {Amount: math.MaxInt64}} {
		n.Order = r.order(t, "粤B12345").No
		if _, err := r.Pay(t.Context(), n); err == nil {
			t.Errorf("Pay(%+v) is accepted", n)
		}
	}
	if ledger, err := r.db.Payments(t.Context(), s.ID); err != nil || len(ledger) != 0 {
		t.Errorf("ledger = %v, %v; want nothing", ledger, err)
	}
}

func TestACarWhoseExitWasDecidedOwesNothingFurther(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	r.now = noon.Add(2 * time.Hour)
	late := r.order(t, "粤B12345")
	r.pay(t, Notice{Order: r.order(t, "粤B12345").No, Amount: 900})
	s, err := r.db.Session(t.Context(), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	s.State, s.Fee = store.Leaving, 900
	r.update(t, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateSession(ctx, s) })
	r.now = noon.Add(5 * time.Hour) // the gate is broken
	if o := r.order(t, "粤B12345"); o.Payable != 0 || o.Total != 900 {
		t.Errorf("payable %d of %d, want nothing of the fee that was fixed", o.Payable, o.Total)
	}
	if got := r.pay(t, Notice{Order: late.No, Amount: 900}); got.Over != 900 {
		t.Errorf("over = %d, want all of it flagged", got.Over)
	}
}

func TestAnEntryByAWrongClockNeedsAnOperator(t *testing.T) {
	r := newRig(t)
	r.cfg.Earliest = noon.Add(-time.Hour)
	r.now = time.Date(1970, 1, 1, 0, 3, 0, 0, time.UTC) // the box has no battery, and no network yet
	r.park(t, "粤B12345")
	r.now = noon
	if o, _, err := r.Order(t.Context(), Ref{Plate: "粤B12345"}, "mall"); !errors.Is(err, ErrAboveLimit) {
		t.Errorf("Order = %d fen, %v; want ErrAboveLimit and not the fee of 56 years", o.Payable, err)
	}
}

func TestMoneyIsBookedThoughTheTariffIsGone(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	r.now = noon.Add(2 * time.Hour)
	o := r.order(t, "粤B12345")
	r.cfg.Tariffs = nil // a new configuration, with a hole
	got := r.pay(t, Notice{Order: o.No, Amount: 900})
	if got.Rest != 0 || got.Over != 0 || got.Session.PaidUntil.IsZero() || got.Session.SettledFee != 900 {
		t.Errorf("receipt = %+v, want the order's own figures settled", got)
	}
	if ledger, err := r.db.Payments(t.Context(), s.ID); err != nil || len(ledger) != 1 {
		t.Errorf("ledger = %v, %v; want one row", ledger, err)
	}
}

func TestAClockThatIsSetBackBetweenBillAndPayment(t *testing.T) {
	r := newRig(t)
	r.park(t, "粤B12345")
	r.now = noon.Add(2 * time.Hour)
	o := r.order(t, "粤B12345")
	r.now = time.Date(1970, 1, 1, 0, 0, 5, 0, time.UTC)
	if got := r.pay(t, Notice{Order: o.No, Amount: 900}); got.Over != 0 || got.Rest != 0 {
		t.Errorf("rest %d, over %d; want the bill that was shown", got.Rest, got.Over)
	}
	r.now = noon.Add(2*time.Hour + 10*time.Minute)
	if next := r.order(t, "粤B12345"); next.Payable != 0 {
		t.Errorf("payable = %d once the clock is right again, want 0 within the time to leave", next.Payable)
	}
}
