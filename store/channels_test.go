package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

func TestAChangeOrderIsSettledOnce(t *testing.T) {
	db := open(t)
	s := car("京A1")
	insert(t, db, s)
	want := store.Change{No: "1C", Order: "1", Session: s.ID, Kiosk: "K1", Due: 1100, Inserted: 1500, PaidAt: noon}
	if want.Owed() != 400 {
		t.Errorf("Owed = %d, want 400", want.Owed())
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertOrder(ctx, store.Order{No: "1", Session: s.ID}), tx.InsertChange(ctx, want))
	})
	check := func(what string) {
		t.Helper()
		got, err := db.Change(t.Context(), "1C")
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s, %v (-want +got):\n%s", what, err, diff)
		}
	}
	settle := func(c store.Change) error {
		return try(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.SettleChange(ctx, c) })
	}
	check("owed")
	settled := store.Change{No: "1C", Due: 1, Inserted: 2, SettledAt: noon.Add(time.Minute), Type: 1, Account: "ali", Client: "mall"}
	if err := settle(settled); err != nil {
		t.Fatal(err)
	}
	want.SettledAt, want.Type, want.Account, want.Client = settled.SettledAt, 1, "ali", "mall"
	check("settled: how it was given, and nothing else")
	settled.Account = "other"
	if err := settle(settled); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("settled again = %v, want ErrNotFound", err)
	}
	check("settled again")
	if err := settle(store.Change{No: "2C", SettledAt: noon}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("SettleChange of none = %v, want ErrNotFound", err)
	}
	if _, err := db.Change(t.Context(), "2C"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Change of none = %v, want ErrNotFound", err)
	}
	add := func(c store.Change) error {
		return try(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertChange(ctx, c) })
	}
	if err := add(want); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a second change of a number = %v, want ErrConflict", err)
	}
	for name, c := range map[string]store.Change{
		"nothing owed": {No: "3C", Order: "1", Session: s.ID, Due: 5, Inserted: 5}, "no order": {No: "3C", Session: s.ID, Inserted: 5},
		"no number": {Order: "1", Session: s.ID, Inserted: 5}, "no session": {No: "3C", Order: "1", Inserted: 5},
	} {
		if err := add(c); err == nil {
			t.Errorf("a change order with %s was taken", name)
		}
	}
}

func TestChangesAreThoseOfThePeriodAndAllOwed(t *testing.T) {
	db := open(t)
	s := car("京A1")
	insert(t, db, s)
	at := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		errs := []error{tx.InsertOrder(ctx, store.Order{No: "1", Session: s.ID})}
		for n, settled := range []bool{true, false, true, true, false, true} { // each an hour after the one before
			c := store.Change{No: number(n), Order: "1", Session: s.ID, Inserted: 5, PaidAt: at(n)}
			if settled {
				c.SettledAt = at(9)
			}
			errs = append(errs, tx.InsertChange(ctx, c))
		}
		return errors.Join(errs...)
	})
	for _, tt := range []struct {
		name   string
		filter store.ChangeFilter
		want   []int
	}{
		{"a period with both its ends, and what is owed", store.ChangeFilter{From: at(2), To: at(3)}, []int{1, 2, 3, 4}},
		{"what is owed is there once", store.ChangeFilter{From: at(0), To: at(5)}, []int{0, 1, 2, 3, 4, 5}},
		{"a period without any", store.ChangeFilter{From: at(20), To: at(30)}, []int{1, 4}},
		{"a period that ends before it begins", store.ChangeFilter{From: at(3), To: at(2)}, []int{1, 4}},
		{"the first page", store.ChangeFilter{From: at(0), To: at(5), Limit: 4}, []int{0, 1, 2, 3}},
		{"the last page", store.ChangeFilter{From: at(0), To: at(5), Offset: 4, Limit: 4}, []int{4, 5}},
		{"a page after it", store.ChangeFilter{From: at(0), To: at(5), Offset: 8, Limit: 4}, nil},
		{"a page before the first", store.ChangeFilter{From: at(0), To: at(0), Offset: -4, Limit: 1}, []int{0}},
	} {
		list, err := db.Changes(t.Context(), tt.filter)
		var want, got []string
		for _, n := range tt.want {
			want = append(want, number(n))
		}
		for _, c := range list {
			got = append(got, c.No)
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s, %v (-want +got):\n%s", tt.name, err, diff)
		}
	}
}

func TestDeductionsComeBackAsTheyWere(t *testing.T) {
	db := open(t)
	s, other := car("京A1"), car("京A2")
	insert(t, db, s, other)
	second := store.Deduction{ID: "A", Session: s.ID, Platform: "mall", AskedAt: noon.Add(time.Minute), Asked: 900}
	first := store.Deduction{ID: "B", Session: s.ID, Platform: "etc", AskedAt: noon, Asked: 500, State: store.DeductionRefused, AnsweredAt: noon}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertDeduction(ctx, second), tx.InsertDeduction(ctx, first),
			tx.InsertDeduction(ctx, store.Deduction{ID: "C", Session: other.ID, Platform: "mall"}))
	})
	check := func(what string) {
		t.Helper()
		list, err := db.Deductions(t.Context(), s.ID)
		if diff := cmp.Diff([]store.Deduction{first, second}, list); err != nil || diff != "" {
			t.Errorf("%s: Deductions, %v (-want +got):\n%s", what, err, diff)
		}
		got, err := db.Deduction(t.Context(), "A")
		if diff := cmp.Diff(second, got); err != nil || diff != "" {
			t.Errorf("%s: Deduction, %v (-want +got):\n%s", what, err, diff)
		}
	}
	check("asked")
	second.State, second.Taken, second.AnsweredAt, second.CorrectedAt = store.DeductionSurplus, 900, noon.Add(2*time.Minute), noon.Add(time.Hour)
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		told := second
		told.Platform, told.Asked = "other", 1 // what was asked of whom stays
		return tx.UpdateDeduction(ctx, told)
	})
	check("answered")
	if _, err := db.Deduction(t.Context(), "D"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Deduction of none = %v, want ErrNotFound", err)
	}
	for name, tt := range map[string]struct {
		fn   func(context.Context, *store.Tx) error
		want error
	}{
		"an update of nothing": {func(ctx context.Context, tx *store.Tx) error {
			return tx.UpdateDeduction(ctx, store.Deduction{ID: "D"})
		}, store.ErrNotFound},
		"an identity used twice": {func(ctx context.Context, tx *store.Tx) error { return tx.InsertDeduction(ctx, second) }, store.ErrConflict},
	} {
		if err := try(t, db, tt.fn); !errors.Is(err, tt.want) {
			t.Errorf("%s = %v, want %v", name, err, tt.want)
		}
	}
	for name, d := range map[string]store.Deduction{"no session": {ID: "E"}, "an unknown state": {ID: "E", Session: s.ID, State: 4}} {
		if err := try(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertDeduction(ctx, d) }); err == nil {
			t.Errorf("a deduction with %s was taken", name)
		}
	}
}

func TestScansAndTerminalsComeBackAsTheyWere(t *testing.T) {
	db := open(t)
	s := car("京A1")
	insert(t, db, s)
	o := store.Order{No: "1", Session: s.ID, Kind: store.OrderDeduction, ScannedAt: noon, ScannedBy: "mall"}
	p := store.Payment{ID: "p", Order: "1", Session: s.ID, Amount: 5, Terminal: 13, PaidAt: noon}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertOrder(ctx, o), tx.InsertPayment(ctx, p))
	})
	if got, err := db.Order(t.Context(), "1"); err != nil || got != o {
		t.Errorf("Order = %+v, %v; want %+v", got, err, o)
	}
	if got, err := db.PaymentOfOrder(t.Context(), "1"); err != nil || got != p {
		t.Errorf("PaymentOfOrder = %+v, %v; want %+v", got, err, p)
	}
	o.ScannedAt, o.ScannedBy = time.Time{}, ""
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateOrder(ctx, o) })
	if got, err := db.Order(t.Context(), "1"); err != nil || got != o {
		t.Errorf("Order that was freed = %+v, %v; want %+v", got, err, o)
	}
}

func TestTheFirstAnswerIsGivenAgainForAWhile(t *testing.T) {
	db := open(t)
	const window = 30 * time.Second
	keep := func(client, digest, answer string, after time.Duration) {
		t.Helper()
		at := noon.Add(after)
		update(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.KeepAnswer(ctx, client, digest, answer, at, window)
		})
	}
	check := func(what, client, digest string, after time.Duration, want string) {
		t.Helper()
		got, err := db.FirstAnswer(t.Context(), client, digest, noon.Add(after), window)
		if got != want || (want == "") != errors.Is(err, store.ErrNotFound) || want != "" && err != nil {
			t.Errorf("%s = %q, %v; want %q", what, got, err, want)
		}
	}
	check("before any", "mall", "d", 0, "")
	keep("mall", "d", "first", 0)
	check("right after", "mall", "d", 0, "first")
	check("at the end of the window", "mall", "d", window, "first")
	check("after it", "mall", "d", window+time.Millisecond, "")
	check("the clock was set back by some seconds", "mall", "d", -window, "first")
	check("the clock was set back by more", "mall", "d", -window-time.Millisecond, "")
	check("another client", "bank", "d", 0, "")
	check("another request", "mall", "e", 0, "")
	keep("mall", "d", "second", window+time.Millisecond)
	check("the next one", "mall", "d", window+time.Millisecond, "second")
	keep("mall", "e", "other", 5*window)
	check("what is old is forgotten", "mall", "d", 0, "")
	keep("mall", "g", "set back", -time.Hour)
	check("what lies in the future as well", "mall", "e", 5*window, "")
	if _, err := db.FirstAnswer(t.Context(), "mall", "d", noon, 24*time.Hour); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a forgotten answer is still there: %v", err)
	}
	if err := try(t, db, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.KeepAnswer(ctx, "mall", "f", "undone", noon.Add(5*window), window); err != nil {
			return err
		}
		return errWanted
	}); !errors.Is(err, errWanted) {
		t.Fatal(err)
	}
	check("what was answered in a transaction that failed", "mall", "f", 5*window, "")
}

func TestAPlatformIsMetOnceAndReadsOnFromThere(t *testing.T) {
	db := open(t)
	write(t, db, 3)
	meet := func(platform string) (news bool) {
		t.Helper()
		update(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			if _, err := tx.Append(ctx, store.KindEntry, "京A00009", store.StayFact{}); err != nil {
				return err
			}
			news, err = tx.MeetPlatform(ctx, platform)
			if err != nil {
				return err
			}
			_, err = tx.Append(ctx, store.KindCard, "card:1", store.CardFact{Platform: platform})
			return err
		})
		return news
	}
	if !meet("mall") {
		t.Error("a platform that was never met is not new")
	}
	if seq, err := db.Cursor(t.Context(), "mall"); seq != 4 || err != nil {
		t.Errorf("cursor = %d, %v; want 4: what went before, not what is told it afterwards", seq, err)
	}
	if meet("mall") {
		t.Error("a platform is new a second time")
	}
	if seq, err := db.Cursor(t.Context(), "mall"); seq != 4 || err != nil {
		t.Errorf("cursor after meeting again = %d, %v; want 4", seq, err)
	}
	if err := db.Settle(t.Context(), "bank", 0, nil); err != nil {
		t.Fatal(err)
	}
	if meet("bank") {
		t.Error("a platform that has settled is new")
	}
	if !meet("etc") {
		t.Error("another platform is not new")
	}
	if seq, err := db.Cursor(t.Context(), "etc"); seq != 10 || err != nil {
		t.Errorf("cursor of the later one = %d, %v; want 10", seq, err)
	}
}
