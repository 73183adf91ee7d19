package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

// reportBooks are three stays: one that has left, one inside that has paid in part,
// and one whose entry nobody knows.
func reportBooks(t *testing.T) *store.DB {
	t.Helper()
	db := openAt(t, t.TempDir()+"/park.db")
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		shift, err := tx.InsertShift(ctx, store.Shift{Operator: "li", Booth: "南门", From: noon})
		var errs []error
		for _, s := range []store.Session{
			{ID: "S1", Plate: "粤B12345", State: store.Left, EnteredAt: noon, EntryLane: "IN1", LeftAt: noon.Add(time.Hour), ExitLane: "OUT1", Unpaid: 100},
			{ID: "S2", Plate: "京A11113", Area: 1, State: store.Inside, EnteredAt: noon.Add(time.Minute), EntryLane: "IN1"},
			{ID: "S3", Plate: "空000001", CardNo: "T-1", State: store.Inside},
			{ID: "S4", Plate: "沪C00001", State: store.Void, EnteredAt: noon, EntryLane: "IN1"},
		} {
			errs = append(errs, tx.InsertSession(ctx, s))
		}
		errs = append(errs, err, tx.InsertOrder(ctx, store.Order{No: "O1", Session: "S1", Lane: "OUT1"}))
		for _, p := range []store.Payment{
			{ID: "P1", Order: "O1", Session: "S1", Amount: 500, Given: 1000, Operator: "li", Shift: shift, Terminal: 2},
			{ID: "P2", Session: "S1", Kind: store.PaymentRefund, Amount: -200, Refers: "P1", Operator: "wang", Terminal: 2},
			{ID: "P3", Session: "S2", Amount: 300, PayType: 4, PayMethod: 5, Terminal: 15, Client: "mall"},
			{ID: "P4", Session: "S2", FreeMoney: 250, Terminal: 15, Client: "mall"},
			{ID: "P5", Session: "S2", Kind: store.PaymentOrphan, Amount: 700, Over: 700, PayType: 4, PayMethod: 5, Terminal: 15, Client: "mall"},
			{ID: "P6", Session: "S2", Kind: store.PaymentRounding, Rounding: 3, Terminal: 3, Client: "K1"},
			{ID: "P7", Session: "S2", Grant: "商户", GrantKind: store.GrantPercent, GrantValue: 50, Operator: "li", Shift: shift, Terminal: 2},
		} {
			p.PaidAt = noon.Add(time.Duration(p.ID[1]-'0') / 2 * time.Minute) // two at the same time
			errs = append(errs, tx.InsertPayment(ctx, p))
		}
		return errors.Join(errs...)
	})
	return db
}

// pages reads all pages of two rows and returns what name says of each row.
func pages[T any](t *testing.T, page func(m store.Mark) ([]T, error), name func(T) string, end func(T) store.Mark) []string {
	t.Helper()
	var names []string
	for m := (store.Mark{}); len(names) < 100; {
		rows, err := page(m)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			names, m = append(names, name(r)), end(r)
		}
		if len(rows) < 2 {
			break
		}
	}
	return names
}

func TestTheLedgerIsReadByPagesAndAddsUp(t *testing.T) {
	db := reportBooks(t)
	booth, wechat := 2, 4
	all := []string{"P1", "P2", "P3", "P4", "P5", "P6", "P7"}
	for _, tt := range []struct {
		name   string
		filter store.LedgerFilter
		want   []string
	}{
		{"all", store.LedgerFilter{}, all},
		{"from a time on", store.LedgerFilter{From: noon.Add(2 * time.Minute)}, []string{"P4", "P5", "P6", "P7"}},
		{"up to a time", store.LedgerFilter{To: noon.Add(time.Minute)}, []string{"P1", "P2", "P3"}},
		{"what operators did", store.LedgerFilter{Only: store.LedgerBooths}, []string{"P1", "P2", "P7"}},
		{"money", store.LedgerFilter{Only: store.LedgerMoney}, []string{"P1", "P2", "P3", "P5"}},
		{"discounts, a percentage among them", store.LedgerFilter{Only: store.LedgerDiscounts}, []string{"P4", "P7"}},
		{"of an operator", store.LedgerFilter{Operator: "li"}, []string{"P1", "P7"}},
		{"of a shift", store.LedgerFilter{Shift: 1}, []string{"P1", "P7"}},
		{"of a booth", store.LedgerFilter{Booth: "南门"}, []string{"P1", "P7"}},
		{"of a lane", store.LedgerFilter{Lane: "OUT1"}, []string{"P1"}},
		{"of a client", store.LedgerFilter{Client: "K1"}, []string{"P6"}},
		{"of a terminal", store.LedgerFilter{Terminal: &booth}, []string{"P1", "P2", "P7"}},
		{"of a way to pay", store.LedgerFilter{PayType: &wechat}, []string{"P3", "P5"}},
		{"of a plate", store.LedgerFilter{Plate: "B123"}, []string{"P1", "P2"}},
		{"nothing", store.LedgerFilter{Operator: "zhang"}, nil},
	} {
		got := pages(t, func(m store.Mark) ([]store.LedgerRow, error) { return db.Ledger(t.Context(), tt.filter, m, 2) },
			func(l store.LedgerRow) string { return l.ID }, func(l store.LedgerRow) store.Mark { return store.Mark{At: l.PaidAt, Seq: l.Seq} })
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		sums, err := db.LedgerSums(t.Context(), tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		var money, rows int64
		for _, s := range sums {
			money += s.Taken - s.GivenBack
			rows += int64(s.Rows)
		}
		var want int64
		for _, id := range got {
			p, err := db.Payment(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			want += p.Amount
		}
		if money != want || rows != int64(len(got)) {
			t.Errorf("%s: the sums are %d fen in %d rows, want %d in %d", tt.name, money, rows, want, len(got))
		}
	}
	rows, err := db.Ledger(t.Context(), store.LedgerFilter{Shift: 1}, store.Mark{}, 1)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%v, %v", rows, err)
	}
	p, err := db.Payment(t.Context(), "P1")
	want := store.LedgerRow{Seq: 1, Payment: p, Plate: "粤B12345", EnteredAt: noon, Lane: "OUT1", Booth: "南门"}
	if diff := cmp.Diff(want, rows[0]); err != nil || diff != "" {
		t.Errorf("a row, %v (-want +got):\n%s", err, diff)
	}
}

func TestTheSumsOfTheLedgerByTheWayOfPaying(t *testing.T) {
	got, err := reportBooks(t).LedgerSums(t.Context(), store.LedgerFilter{})
	want := []store.LedgerSum{
		{Terminal: 2, Rows: 2, Taken: 500, HandedOver: 1000},
		{Terminal: 2, Kind: store.PaymentRefund, Rows: 1, GivenBack: 200},
		{Terminal: 3, Kind: store.PaymentRounding, Rows: 1, Rounding: 3},
		{Terminal: 15, Rows: 1, FreeMoney: 250},
		{Terminal: 15, PayType: 4, PayMethod: 5, Rows: 1, Taken: 300, HandedOver: 300},
		{Terminal: 15, PayType: 4, PayMethod: 5, Kind: store.PaymentOrphan, Rows: 1, Taken: 700, Over: 700, HandedOver: 700},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestCarsInsideByPages(t *testing.T) {
	db := reportBooks(t)
	area := 1
	for _, tt := range []struct {
		name   string
		filter store.InsideFilter
		want   []string
	}{
		{"all, the unknown entry first", store.InsideFilter{}, []string{"S3", "S2"}},
		{"since a time", store.InsideFilter{From: noon}, []string{"S2"}},
		{"until a time", store.InsideFilter{To: noon}, nil},
		{"by a lane", store.InsideFilter{Lanes: []string{"IN1"}}, []string{"S2"}},
		{"in an area", store.InsideFilter{Area: &area}, []string{"S2"}},
		{"by a plate", store.InsideFilter{Plate: "00000"}, []string{"S3"}},
	} {
		var got []string
		for m, more := (store.Mark{}), true; more; {
			rows, err := db.InsideNow(t.Context(), tt.filter, m, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				got, m = append(got, r.ID), store.Mark{At: r.EnteredAt, Seq: r.Seq}
			}
			more = len(rows) > 0
		}
		n, err := db.CountInside(t.Context(), tt.filter)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil || n != len(tt.want) {
			t.Errorf("%s: %d, %v (-want +got):\n%s", tt.name, n, err, diff)
		}
	}
	rows, err := db.InsideNow(t.Context(), store.InsideFilter{Plate: "京"}, store.Mark{}, 9)
	if err != nil || len(rows) != 1 || rows[0].Paid != 300 || rows[0].Waived != 253 {
		t.Errorf("%+v, %v; want 300 paid and 253 waived, without the orphan", rows, err)
	}
}

func TestTrafficOfLanes(t *testing.T) {
	db := reportBooks(t)
	for _, tt := range []struct {
		name     string
		from, to time.Time
		lanes    []string
		want     store.Traffic
	}{
		{"all", time.Time{}, time.Time{}, nil, store.Traffic{In: 3, Out: 1, Unpaid: 100}},
		{"in an hour", noon, noon.Add(time.Hour), nil, store.Traffic{In: 2, Out: 1, Unpaid: 100}},
		{"in a minute less", noon.Add(time.Second), noon.Add(time.Hour - time.Millisecond), nil, store.Traffic{In: 1}},
		{"by the entry", noon, noon.Add(time.Hour), []string{"IN1"}, store.Traffic{In: 2}},
		{"by the exit", noon, noon.Add(time.Hour), []string{"OUT1", "OUT2"}, store.Traffic{Out: 1, Unpaid: 100}},
	} {
		if got, err := db.Traffic(t.Context(), tt.from, tt.to, tt.lanes); err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
}

func TestAbnormalOpenings(t *testing.T) {
	db := openAt(t, t.TempDir()+"/park.db")
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		var errs []error
		row := func(kind store.Kind, key string, body any) {
			_, err := tx.Append(ctx, kind, key, body)
			errs = append(errs, err)
		}
		command := func(gate string, c store.CommandFact) { row(store.KindCommand, gate, c) }
		command("G1", store.CommandFact{Device: "G1", Lane: "IN1", Command: "open", Reason: "entry", Result: "decided"})
		command("G1", store.CommandFact{Device: "G1", Lane: "IN1", Command: "open", Reason: "entry", Result: "ok"})
		command("G1", store.CommandFact{Device: "G1", Lane: "IN1", Command: "open", Reason: "remote", Client: "li", Address: "192.0.2.11", Result: "decided"})
		command("G2", store.CommandFact{Device: "G2", Lane: "OUT1", Command: "hold", Reason: "remote", Client: "mall", Result: "decided"})
		command("G2", store.CommandFact{Device: "G2", Lane: "OUT1", Command: "hold", Reason: "remote", Client: "mall", Result: "ok"})
		command("G1", store.CommandFact{Device: "G1", Lane: "IN1", Command: "open", Reason: "remote", Client: "li", Result: "gate failed"})
		command("G1", store.CommandFact{Device: "G1", Lane: "IN1", Command: "close", Reason: "remote", Client: "li", Result: "decided"})
		command("G1", store.CommandFact{Device: "G1", Lane: "IN1", Command: "open", Reason: "remote", Client: "mall", Result: "permission missing"})
		row("passage", "IN1", map[string]string{"lane": "IN1", "gate": "G1", "event": "tailgate", "plate": "粤B12345", "image": "a.jpg", "note": "near"})
		row("passage", "IN1", map[string]string{"lane": "IN1", "event": "none"})
		command("G2", store.CommandFact{Device: "G2", Lane: "OUT1", Command: "open", Reason: "released", Session: "S1", Result: "decided"})
		return errors.Join(errs...)
	})
	all, err := db.Openings(t.Context(), store.OpeningFilter{}, store.Mark{}, 10)
	want := []store.Opening{
		{Seq: 3, Lane: "IN1", Device: "G1", Act: "open", Reason: "remote", Client: "li", Address: "192.0.2.11", Result: "gate failed"},
		{Seq: 4, Lane: "OUT1", Device: "G2", Act: "hold", Reason: "remote", Client: "mall", Result: "ok"},
		{Seq: 9, Lane: "IN1", Device: "G1", Act: "tailgate", Plate: "粤B12345", Image: "a.jpg", Remark: "near"},
		{Seq: 11, Lane: "OUT1", Device: "G2", Act: "open", Reason: "released", Session: "S1"},
	}
	for i := range all {
		all[i].At = time.Time{}
	}
	if diff := cmp.Diff(want, all); err != nil || diff != "" {
		t.Errorf("openings, %v (-want +got):\n%s", err, diff)
	}
	for _, tt := range []struct {
		name   string
		filter store.OpeningFilter
		want   map[string]int
	}{
		{"all", store.OpeningFilter{}, map[string]int{"open": 2, "hold": 1, "tailgate": 1}},
		{"of a lane", store.OpeningFilter{Lanes: []string{"IN1"}}, map[string]int{"open": 1, "tailgate": 1}},
		{"of a client", store.OpeningFilter{Client: "mall"}, map[string]int{"hold": 1}},
		{"before all", store.OpeningFilter{To: noon.Add(-time.Millisecond)}, map[string]int{}},
	} {
		got, err := db.CountOpenings(t.Context(), tt.filter)
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("%s, %v (-want +got):\n%s", tt.name, err, diff)
		}
		names := pages(t, func(m store.Mark) ([]store.Opening, error) { return db.Openings(t.Context(), tt.filter, m, 2) },
			func(o store.Opening) string { return o.Act }, func(o store.Opening) store.Mark { return store.Mark{At: o.At, Seq: o.Seq} })
		counts := map[string]int{}
		for _, n := range names {
			counts[n]++
		}
		if diff := cmp.Diff(tt.want, counts); diff != "" {
			t.Errorf("%s, by pages (-want +got):\n%s", tt.name, diff)
		}
	}
}
