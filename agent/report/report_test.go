package report_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/report"
	"parkagent/store"
)

// noon is 12:00 in the park.
var noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

var zone = time.FixedZone("CST", 8*3600)

// books are two stays and every kind of row that the ledger has.
func books(t *testing.T) *store.DB {
	t.Helper()
	ctx := t.Context()
	db, err := store.Open(ctx, store.Options{Path: filepath.Join(t.TempDir(), "park.db"), Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	err = db.Update(ctx, func(tx *store.Tx) error {
		shift, err := tx.InsertShift(ctx, store.Shift{Operator: "li", Booth: "南门", From: noon})
		errs := []error{
			err,
			tx.InsertSession(ctx, store.Session{ID: "S1", Plate: "粤B12345", State: store.Left, EnteredAt: noon, LeftAt: noon.Add(time.Hour), Unpaid: 100}),
			tx.InsertSession(ctx, store.Session{
				ID: "S2", Plate: "空000001", CardNo: "2603021234567890", CarType: 2, Area: 1, State: store.Inside, EnteredAt: noon.Add(-time.Hour),
				EntryLane: "IN1", EntryPlace: "=1+1", EntryImage: "in.jpg", PaidUntil: noon, PlateRead: "空",
			}),
			tx.InsertOrder(ctx, store.Order{No: "0001202603021200", Session: "S1", Lane: "OUT1"}),
		}
		at := noon
		for _, p := range []store.Payment{
			{ID: "P1", Order: "0001202603021200", Session: "S1", Amount: 505, Given: 1000, Operator: "li", Shift: shift, Terminal: 2},
			{ID: "P2", Session: "S1", Kind: store.PaymentReturned, Amount: -5, Refers: "P1", Operator: "wang", Terminal: 2, FreeDetail: "complaint"},
			{ID: "P3", Session: "S2", Amount: 300, PayType: 4, PayMethod: 4, Terminal: 15, Client: "mall", Over: 10},
			{ID: "P4", Session: "S2", FreeMoney: 250, FreeMinutes: 30, Terminal: 15, Client: "mall", FreeDetail: "-2+3"},
			{ID: "P5", Session: "S2", Kind: store.PaymentOrphan, Amount: 700, Over: 700, PayType: 4, PayMethod: 5, Terminal: 15, Client: "mall"},
			{ID: "P6", Session: "S2", Kind: store.PaymentRounding, Rounding: 3, Terminal: 3, Client: "K1"},
			{ID: "P7", Session: "S2", Grant: "商户", GrantKind: store.GrantPercent, GrantValue: 50, Operator: "li", Shift: shift, Terminal: 2, Client: "南门"},
			{ID: "P8", Session: "S2", Discount: 20, Grant: "夜", GrantKind: store.GrantUntil, GrantValue: noon.UnixMilli(), Operator: "li", Shift: shift, Terminal: 2},
		} {
			at = at.Add(20 * time.Second)
			p.PaidAt = at
			errs = append(errs, tx.InsertPayment(ctx, p))
		}
		for _, c := range []store.CommandFact{
			{Device: "G1", Lane: "IN1", Command: "open", Reason: "remote", Client: "li", Address: "192.0.2.11:5", Remark: "@home", Image: "o.jpg", Result: "decided"},
			{Device: "G1", Lane: "IN1", Command: "open", Reason: "remote", Client: "li", Result: "ok"},
		} {
			_, err := tx.Append(ctx, store.KindCommand, "G1", c)
			errs = append(errs, err)
		}
		released := store.CommandFact{Device: "G2", Lane: "OUT1", Command: "open", Reason: "released", Session: "S1", Plate: "粤B12345", Client: "wang", Result: "decided"}
		_, err = tx.Append(ctx, store.KindCommand, "G2", released)
		errs = append(errs, err)
		_, err = tx.Append(ctx, store.KindPassage, "OUT1", store.PassageFact{Lane: "OUT1", Gate: "G2", Event: store.PassageTailgate, Plate: "粤B12345"})
		return errors.Join(append(errs, err)...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// TestMoneyThatOnlyMovesWasHandedToNobody: two stays of one car were merged.
func TestMoneyThatOnlyMovesWasHandedToNobody(t *testing.T) {
	db := books(t)
	ctx := t.Context()
	err := db.Update(ctx, func(tx *store.Tx) error {
		row := store.Payment{ID: "P20", Session: "S1", Kind: store.PaymentTransfer, Amount: -505, Refers: "P1", Operator: "chen", Terminal: 2, PaidAt: noon}
		back := tx.InsertPayment(ctx, row)
		row.ID, row.Session, row.Amount = "P21", "S2", 505
		return errors.Join(back, tx.InsertPayment(ctx, row))
	})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := named(t, "takings").CSV(ctx, printer(db, "en"), report.Query{Operator: "chen"}, &b, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	if want := "total,,,,,,0.00,0.00,,0.00,0.00,"; !strings.Contains(b.String(), want) {
		t.Errorf("want %q in\n%s", want, b.String())
	}
}

func printer(db *store.DB, language string) report.Printer {
	return report.Printer{Books: db.Reader, Zone: zone, Language: language, ImageURL: func(path string) string { return "http://box/" + path }}
}

// named returns the report with a name.
func named(t *testing.T, name string) report.Report {
	t.Helper()
	for _, r := range report.All() {
		if r.Name == name {
			return r
		}
	}
	t.Fatalf("there is no report %s", name)
	return report.Report{}
}

func TestReportsAsCSV(t *testing.T) {
	db := books(t)
	for _, tt := range []struct {
		name, language string
		query          report.Query
		want           string
	}{
		{"takings", "en", report.Query{To: noon.Add(time.Minute)}, `time,plate,ticket or card,entered,kind,paid by,taken,waived,free minutes,handed over,change,operator,booth,shift,lane,order,ledger row,stay,remark
2026-03-02 12:00:20,粤B12345,,2026-03-02 12:00:00,payment,cash,5.05,0.00,0,10.00,4.95,li,南门,1,OUT1,"	0001202603021200",P1,S1,
2026-03-02 12:00:40,粤B12345,,2026-03-02 12:00:00,given back,cash,-0.05,0.00,0,0.00,0.00,wang,,0,,,P2,S1,complaint
total,,,,,,5.00,0.00,,10.00,4.95,,,,,,,,
`},
		{"payments", "zh-CN", report.Query{Client: "mall"}, `时间,车牌,票号/卡号,入场时间,终端,支付方式,类型,实收,多收,收款方,操作员,车道,订单号,流水号,停车记录号
2026-03-02 12:01:00,空000001,"	2603021234567890",2026-03-02 11:00:00,第三方对接(单),微信,收费,3.00,0.10,mall,,,,P3,S2
2026-03-02 12:01:40,空000001,"	2603021234567890",2026-03-02 11:00:00,第三方对接(单),支付宝,离场后收款,7.00,7.00,mall,,,,P5,S2
合计,,,,,,,10.00,7.10,,,,,,
`},
		{"discounts", "en", report.Query{}, `time,plate,ticket or card,entered,kind,discount,campaign,coupons,free minutes,value,granted by,operator,order,ledger row,stay,remark
2026-03-02 12:01:20,空000001,"	2603021234567890",2026-03-02 11:00:00,payment,,0.00,2.50,30,,mall,,,P4,S2,'-2+3
2026-03-02 12:02:20,空000001,"	2603021234567890",2026-03-02 11:00:00,payment,商户,0.00,0.00,0,"	50%",南门,li,,P7,S2,
2026-03-02 12:02:40,空000001,"	2603021234567890",2026-03-02 11:00:00,payment,夜,0.20,0.00,0,free until 2026-03-02 12:00:00,,li,,P8,S2,
total,,,,,,0.20,2.50,,,,,,,,
`},
		{"inside", "en", report.Query{}, `plate,ticket or card,type,entered,entry,area,lane,paid,waived,"paid, may leave until",read as,stay,remark,picture
空000001,"	2603021234567890",monthly,2026-03-02 11:00:00,'=1+1,1,IN1,3.00,2.73,2026-03-02 12:00:00,空,S2,,http://box/in.jpg
total,,,,,,,3.00,2.73,,,,,
`},
		{"openings", "zh-CN", report.Query{}, `时间,车道,道闸,动作,操作方,来源地址,原因,车牌,结果,停车记录号,图片
2026-03-02 12:00:00,IN1,G1,人工开闸,li,"	192.0.2.11:5",'@home,,ok,,http://box/o.jpg
2026-03-02 12:00:00,OUT1,G2,放行,wang,,,粤B12345,,S1,
2026-03-02 12:00:00,OUT1,G2,跟车,,,,粤B12345,,,
`},
		{"openings", "en", report.Query{Operator: "zhang"}, "time,lane,gate,act,by,address,why,plate,result,stay,picture\n"},
	} {
		var b bytes.Buffer
		if err := named(t, tt.name).CSV(t.Context(), printer(db, tt.language), tt.query, &b, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
		want := "\ufeff" + strings.ReplaceAll(tt.want, "\n", "\r\n")
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("%s in %s (-want +got):\n%s", tt.name, tt.language, diff)
		}
	}
}

// What the pages of a report hold, and what its totals say, is what the ledger says.
func TestReportsAddUpToTheLedger(t *testing.T) {
	db := books(t)
	p := printer(db, "en")
	for _, name := range []string{"takings", "payments", "discounts"} {
		for _, q := range []report.Query{{}, {Operator: "li"}, {From: noon.Add(time.Minute)}, {Shift: 1}, {Plate: "粤B"}} {
			r := named(t, name)
			amount, waived, rows := int64(0), int64(0), 0
			for after, first := "", true; first || after != ""; first = false {
				page, err := r.Page(t.Context(), p, q, after, 2)
				if err != nil {
					t.Fatal(err)
				}
				for _, row := range page.Rows {
					rows++
					amount += number(row["amount"])
					waived += number(row["waived"]) + number(row["campaign"]) + number(row["coupons"])
				}
				after = page.Next
			}
			got, err := r.Totals(t.Context(), p, q)
			if err != nil {
				t.Fatal(err)
			}
			all := got.(report.LedgerTotals)
			if all.Rows != rows || name != "discounts" && all.Amount != amount || name != "payments" && all.Discount+all.FreeMoney+all.Rounding != waived {
				t.Errorf("%s of %+v: totals %+v, but %d rows with %d taken and %d waived", name, q, all.Totals, rows, amount, waived)
			}
			var groups int64
			for _, g := range all.Groups {
				groups += g.Amount
			}
			if groups != all.Amount {
				t.Errorf("%s of %+v: the groups are %d, all %d", name, q, groups, all.Amount)
			}
		}
	}
	// The books add themselves up by another way: by stays.
	all, err := db.Books(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := named(t, "payments").Totals(t.Context(), p, report.Query{})
	if want := all.Paid + all.Prepaid + all.Orphans + all.Returned; err != nil || got.(report.LedgerTotals).Amount != want || want != 1500 {
		t.Errorf("totals = %+v, %v, want %d taken", got, err, want)
	}
}

func number(v any) int64 {
	n, _ := v.(int64)
	return n
}

func TestAPageForPrograms(t *testing.T) {
	db := books(t)
	r, p := named(t, "payments"), printer(db, "en")
	first, err := r.Page(t.Context(), p, report.Query{}, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"at": "2026-03-02 12:00:20", "plateNo": "粤B12345", "cardNo": "", "entered": "2026-03-02 12:00:00", "terminal": 2.0, "terminalName": "exit booth",
		"payType": 0.0, "payMethod": 0.0, "payMethodName": "cash", "kind": 0.0, "kindName": "payment", "amount": 505.0, "over": 0.0, "client": "",
		"operator": "li", "lane": "OUT1", "orderNo": "0001202603021200", "payment": "P1", "session": "S1",
	}
	text, err := json.Marshal(first.Rows[0])
	var got map[string]any
	if diff := cmp.Diff(want, got); errors.Join(err, json.Unmarshal(text, &got)) != nil || cmp.Diff(want, got) != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
	if first.Next != "1772424020000-1" {
		t.Errorf("next = %q", first.Next)
	}
	for _, bad := range []string{"x", "1", "1-", "-1-1", "1-0", "1-x", "1-1-1"} {
		if _, err := r.Page(t.Context(), p, report.Query{}, bad, 1); !errors.Is(err, report.ErrMark) {
			t.Errorf("after %q: %v", bad, err)
		}
	}
	for _, r := range report.All() {
		none, err := r.Page(t.Context(), p, report.Query{From: noon.Add(24 * time.Hour)}, "", 5)
		if err != nil || none.Next != "" || none.Rows == nil || len(none.Rows) > 0 {
			t.Errorf("%s of tomorrow: %+v, %v", r.Name, none, err)
		}
	}
}

// A long report is streamed: each page is on its way before the next is read.
func TestALongReportIsStreamed(t *testing.T) {
	db := books(t)
	const more = 1100
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		for i := range more {
			err := tx.InsertPayment(t.Context(), store.Payment{ID: fmt.Sprint("M", i), Session: "S2", Amount: 1, Terminal: 15, PaidAt: noon.Add(time.Hour)})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	var sizes []int
	r, p := named(t, "payments"), printer(db, "en")
	flush := func() error {
		sizes = append(sizes, b.Len())
		return nil
	}
	if err := r.CSV(t.Context(), p, report.Query{}, &b, flush); err != nil {
		t.Fatal(err)
	}
	if len(sizes) != 3 || sizes[0] == 0 || sizes[1] <= sizes[0] {
		t.Errorf("it was flushed at %v bytes, want after each of three pages", sizes)
	}
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\ufeff"))).ReadAll()
	if err != nil || len(lines) != more+4+2 || lines[len(lines)-1][7] != "26.00" {
		t.Errorf("%d lines, %v, the last %v", len(lines), err, lines[len(lines)-1])
	}
	gone := errors.New("nobody reads")
	if err := r.CSV(t.Context(), p, report.Query{}, &b, func() error { return gone }); !errors.Is(err, gone) {
		t.Errorf("a reader who hangs up: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.CSV(ctx, p, report.Query{}, &b, flush); !errors.Is(err, context.Canceled) {
		t.Errorf("after its end: %v", err)
	}
}

// Every kind of row has a name for people.
func TestEveryKindOfRowHasAName(t *testing.T) {
	db := books(t)
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		for k := store.PaymentRefund; k <= store.PaymentMoved; k++ {
			p := store.Payment{ID: fmt.Sprint("K", k), Session: "S2", Kind: k, Amount: 1, Refers: "P3", Operator: "li", PaidAt: noon.Add(time.Hour)}
			if err := tx.InsertPayment(t.Context(), p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"zh-CN", "en"} {
		page, err := named(t, "payments").Page(t.Context(), printer(db, language), report.Query{}, "", 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range page.Rows {
			if row["kindName"] == "" || row["payMethodName"] == "" {
				t.Errorf("in %s there is no name in %v", language, row)
			}
		}
	}
}
