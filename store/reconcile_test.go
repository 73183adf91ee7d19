package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

// TestReconcileNamesWhatTheLedgerContradicts has one wrong record of each sort
// beside a right one.
func TestReconcileNamesWhatTheLedgerContradicts(t *testing.T) {
	db := open(t)
	paid, short, ghost, real, surplus := gone("京A1", noon), gone("京A2", noon), car("京A3"), car("京A4"), car("京A5")
	paid.Fee, short.Fee = 500, 500
	insert(t, db, paid, short, ghost, real, surplus)
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		var errs []error
		for _, o := range []store.Order{
			{No: "1", Session: paid.ID, Payable: 500, State: store.OrderPaid}, {No: "2", Session: short.ID, Payable: 500, State: store.OrderPaid},
			{No: "3", Session: real.ID, Kind: store.OrderDeduction}, {No: "4", Session: short.ID}, {No: "5", Session: ghost.ID},
		} {
			errs = append(errs, tx.InsertOrder(ctx, o))
		}
		for _, p := range []store.Payment{
			{ID: "a", Order: "1", Session: paid.ID, Amount: 500},
			{ID: "b", Order: "4", Session: short.ID, Amount: 400},
			{ID: "c", Order: "3", Session: real.ID, Amount: 300},
			{ID: "d", Order: "5", Session: ghost.ID, Amount: 200},
			{ID: "e", Session: ghost.ID, Kind: store.PaymentTransfer, Amount: -200, Refers: "d"},
			{ID: "f", Session: real.ID, Kind: store.PaymentTransfer, Amount: 200, Refers: "d"},
			{ID: "g", Session: real.ID, FreeMoney: 50},
			{ID: "h", Session: real.ID, Kind: store.PaymentRecall, FreeMoney: -60, Refers: "g"},
			{ID: "i", Session: surplus.ID, Kind: store.PaymentTransfer, Amount: 10, Refers: "b"},
		} {
			errs = append(errs, tx.InsertPayment(ctx, p))
		}
		for _, c := range []store.Change{
			{No: "1C", Order: "1", Session: paid.ID, Due: 500, Inserted: 1000}, {No: "4C", Order: "4", Session: short.ID, Due: 300, Inserted: 1000},
		} {
			errs = append(errs, tx.InsertChange(ctx, c))
		}
		for _, d := range []store.Deduction{
			{ID: "x", Session: real.ID, State: store.DeductionTaken, Taken: 300, AskedAt: noon.Add(time.Second)},
			{ID: "y", Session: surplus.ID, State: store.DeductionSurplus, Taken: 300}, {ID: "z", Session: ghost.ID, State: store.DeductionRefused},
		} {
			errs = append(errs, tx.InsertDeduction(ctx, d))
		}
		return errors.Join(errs...)
	})
	found, err := db.Reconcile(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, f := range found {
		keys = append(keys, f.Key)
	}
	want := []string{short.ID, "2", "4C", surplus.ID, "g", "b"} // stay, order, change, deduction, taken back, moved
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("Reconcile (-want +got):\n%s\n%+v", diff, found)
	}
}
