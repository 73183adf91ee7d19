package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

func TestRowsOfTheLedgerAreNeverChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "park.db")
	db := openAt(t, path)
	s := car("京A1")
	insert(t, db, s)
	want := store.Payment{ID: "a", Session: s.ID, Amount: 500, PaidAt: noon}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertPayment(ctx, want) })

	file := raw(t, path)
	for _, act := range []string{
		`UPDATE payments SET amount = 400`, `UPDATE payments SET free_detail = 'x' WHERE id = 'a'`,
		`DELETE FROM payments`, `DELETE FROM payments WHERE id = 'a'`,
	} {
		if _, err := file.ExecContext(t.Context(), act); err == nil || !strings.Contains(err.Error(), "never") {
			t.Errorf("%s = %v, want a refusal", act, err)
		}
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	list, err := db.Payments(t.Context(), s.ID)
	if diff := cmp.Diff([]store.Payment{want}, list); err != nil || diff != "" {
		t.Errorf("Payments, %v (-want +got):\n%s", err, diff)
	}
}

func TestRowsThatTakeBackReferToWhatTheyTakeBack(t *testing.T) {
	db := open(t)
	ghost, real := car("京A1"), car("京A2")
	insert(t, db, ghost, real)
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertOrder(ctx, store.Order{No: "1", Session: ghost.ID}), tx.InsertOrder(ctx, store.Order{No: "2", Session: ghost.ID}))
	})
	cash := store.Payment{
		ID: "a", Order: "1", Session: ghost.ID, Amount: 700, Terminal: 2, Client: "BOOTH1", PaidAt: noon,
		Operator: "李", Shift: 7, Given: 1000,
	}
	coupon := store.Payment{
		ID: "b", Order: "2", Session: ghost.ID, Client: "mall", PaidAt: noon.Add(time.Second), Grant: "商户八折", GrantKind: store.GrantPercent, GrantValue: 20,
	}
	refund := store.Payment{ID: "c", Order: "1", Session: ghost.ID, Kind: store.PaymentRefund, Amount: -300, Refers: "a", PaidAt: noon.Add(2 * time.Second)}
	again := store.Payment{ID: "d", Order: "1", Session: ghost.ID, Kind: store.PaymentRefund, Amount: -100, Refers: "a", PaidAt: noon.Add(3 * time.Second)}
	brought := store.Payment{ID: "e", Session: real.ID, Kind: store.PaymentTransfer, Amount: 300, Refers: "a", PaidAt: noon.Add(4 * time.Second)}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertPayment(ctx, cash), tx.InsertPayment(ctx, coupon), tx.InsertPayment(ctx, refund), tx.InsertPayment(ctx, again), tx.InsertPayment(ctx, brought))
	})
	list, err := db.Payments(t.Context(), ghost.ID)
	if diff := cmp.Diff([]store.Payment{cash, coupon, refund, again}, list); err != nil || diff != "" {
		t.Errorf("Payments, %v (-want +got):\n%s", err, diff)
	}
	list, err = db.PaymentsReferring(t.Context(), "a")
	if diff := cmp.Diff([]store.Payment{refund, again, brought}, list); err != nil || diff != "" {
		t.Errorf("PaymentsReferring, %v (-want +got):\n%s", err, diff)
	}
	if got, err := db.Payment(t.Context(), "b"); err != nil || got != coupon {
		t.Errorf("Payment = %+v, %v, want %+v", got, err, coupon)
	}
	if got, err := db.PaymentOfOrder(t.Context(), "1"); err != nil || got != cash {
		t.Errorf("PaymentOfOrder = %+v, %v, want what was paid, not what was given back", got, err)
	}
	if _, err := db.Payment(t.Context(), "z"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Payment of an unknown identity = %v, want ErrNotFound", err)
	}
	for name, p := range map[string]store.Payment{
		"a refund of nothing":      {ID: "x", Session: ghost.ID, Kind: store.PaymentRefund, Amount: -1},
		"a refund of an odd row":   {ID: "x", Session: ghost.ID, Kind: store.PaymentRefund, Amount: -1, Refers: "z"},
		"money that refers to any": {ID: "x", Session: ghost.ID, Amount: 1, Refers: "a"},
	} {
		if err := try(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertPayment(ctx, p) }); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestSettlementAndOperatorsFeeComeBackAsTheyWere(t *testing.T) {
	db := open(t)
	s := car("京A1")
	s.SettledAt, s.QuoteFee, s.QuotedAt, s.FeeBy = noon.Add(time.Hour), 300, noon.Add(time.Minute), "李"
	insert(t, db, s)
	got, err := db.Session(t.Context(), s.ID)
	if diff := cmp.Diff(s, got); err != nil || diff != "" {
		t.Errorf("Session, %v (-want +got):\n%s", err, diff)
	}
}

func TestBooksLeaveOutWhatWasReturnedLater(t *testing.T) {
	db := open(t)
	left := gone("京A1", noon)
	left.Fee = 700
	insert(t, db, left)
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.InsertPayment(ctx, store.Payment{ID: "a", Session: left.ID, Amount: 900}),
			tx.InsertPayment(ctx, store.Payment{ID: "b", Session: left.ID, Kind: store.PaymentRefund, Amount: -200, Refers: "a"}),
			tx.InsertPayment(ctx, store.Payment{ID: "c", Session: left.ID, Kind: store.PaymentReturned, Amount: -50, Refers: "a"}))
	})
	want := store.Books{Sessions: map[store.SessionState]int{store.Left: 1}, Fee: 700, Paid: 700, Returned: -50}
	got, err := db.Books(t.Context())
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Books, %v (-want +got):\n%s", err, diff)
	}
}

func TestQueriesCountTheKindsThatCount(t *testing.T) {
	for kind := store.PaymentMoney; kind <= store.PaymentMoved; kind++ {
		db := open(t)
		left := gone("京A1", noon)
		insert(t, db, left)
		update(t, db, func(ctx context.Context, tx *store.Tx) error {
			p := store.Payment{ID: "a", Session: left.ID, Kind: kind, Amount: 100}
			if kind >= store.PaymentRefund {
				p.Refers = "a"
			}
			return tx.InsertPayment(ctx, p)
		})
		b, err := db.Books(t.Context())
		found, errFound := db.Reconcile(t.Context())
		if err := errors.Join(err, errFound); err != nil {
			t.Fatal(err)
		}
		if counts := b.Paid == 100 && len(b.Mismatches) == 1 && len(found) > 0; counts != kind.Counts() {
			t.Errorf("kind %d: books = %+v, discrepancies = %+v, want it to count: %v", kind, b, found, kind.Counts())
		}
	}
}
