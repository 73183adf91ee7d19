package booth

import (
	"context"
	"time"

	"parkagent/store"
)

// Totals are what a shift comes to. The money derives from the ledger's rows of the
// shift alone, never from a counter. Money in fen.
type Totals struct {
	Float     int64 // in the drawer at the beginning
	CashIn    int64 // handed over by drivers
	ChangeOut int64 // given back at once, of CashIn
	CashBack  int64 // refunds in cash
	Drawer    int64 // what the drawer should hold: Float + CashIn − ChangeOut − CashBack

	Other     int64 // taken by other means, less refunds
	Discounts int64 // granted by the operator in fen, less those taken back
	Orphans   int64 // of the money, taken for cars that had left
	Rows      int   // of the ledger

	// Of the lanes that the booth looks after, while the shift lasted.
	CarsIn, CarsOut int
	Unpaid          int64          // due of cars that left nevertheless
	Openings        map[string]int // abnormal ones, by act: open, hold, tailgate, unopened, held
}

// cash reports whether a row is notes and coins, as downlink 3.2 counts them.
func cash(s store.LedgerSum) bool { return s.PayType == 0 && s.PayMethod == 0 }

// addUp is the money of a shift.
func addUp(float int64, sums []store.LedgerSum) Totals {
	t := Totals{Float: float}
	for _, s := range sums {
		t.Rows += s.Rows
		t.Discounts += s.Discount + s.FreeMoney + s.Rounding
		if s.Kind == store.PaymentOrphan || s.Kind == store.PaymentReturned || s.Kind == store.PaymentMoved {
			t.Orphans += s.Taken - s.GivenBack
		}
		switch {
		case s.Kind == store.PaymentTransfer || s.Kind == store.PaymentMoved: // from one stay to another, and through no hand
		case cash(s):
			t.CashIn += s.HandedOver
			t.ChangeOut += s.HandedOver - s.Taken
			t.CashBack += s.GivenBack
		default:
			t.Other += s.Taken - s.GivenBack
		}
	}
	t.Drawer = t.Float + t.CashIn - t.ChangeOut - t.CashBack
	return t
}

// TotalsOf adds up a shift as it is at a time.
func TotalsOf(ctx context.Context, r store.Reader, shift store.Shift, now time.Time) (Totals, error) {
	sums, err := r.LedgerSums(ctx, store.LedgerFilter{Shift: shift.ID})
	if err != nil {
		return Totals{}, err
	}
	t := addUp(shift.Float, sums)
	until := shift.To
	if until.IsZero() {
		until = now
	}
	traffic, err := r.Traffic(ctx, shift.From, until, shift.Lanes)
	if err != nil {
		return Totals{}, err
	}
	t.CarsIn, t.CarsOut, t.Unpaid = traffic.In, traffic.Out, traffic.Unpaid
	t.Openings, err = r.CountOpenings(ctx, store.OpeningFilter{From: shift.From, To: until, Lanes: shift.Lanes})
	return t, err
}
