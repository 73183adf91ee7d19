package downlink_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/protocol"
	"parkagent/store"
)

// owe makes a change order for a car inside, now: a pay machine was given inserted
// fen where due were due. It returns its number.
func (p *park) owe(plate string, due, inserted int64) string {
	p.t.Helper()
	s, err := p.db.OpenSessionByPlate(p.t.Context(), plate)
	if err != nil {
		p.t.Fatal(err)
	}
	now := p.clock()
	o := store.Order{
		No: "1" + now.In(shanghai).Format("20060102150405") + "000K", Session: s.ID, Client: "K2", CreatedAt: now, ExpiresAt: now,
		Total: due, Payable: due, State: store.OrderPaid, SettledAt: now,
	}
	owed := store.Change{No: o.No + "C", Order: o.No, Session: s.ID, Kiosk: "K2", Due: due, Inserted: inserted, PaidAt: now}
	p.update(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertOrder(ctx, o); err != nil {
			return err
		}
		return tx.InsertChange(ctx, owed)
	})
	return owed.No
}

func TestChangeIsLookedUpAndGivenOnce(t *testing.T) {
	p := open(t, nil)
	p.enter("闽A12344")
	p.after(2 * time.Hour)
	no := p.owe("闽A12344", 1100, 15000)
	p.after(time.Minute)
	info := func(given int) string {
		return fmt.Sprintf(`{"resCode":0,"resMsg":"","data":[{"orderNo":%q,"plateNo":"闽A12344","cardNo":"",`+
			`"comeTime":"2026-03-01 12:00:00","payMoney":1100,"paidAmount":15000,"ifCharge":%d}]}`, no, given)
	}
	row := func(given, how int, account, at string) string {
		return fmt.Sprintf(`{"resCode":0,"resMsg":"","data":[{"orderNo":%q,"plateNo":"闽A12344","cardNo":"","entryTime":"2026-03-01 12:00:00",`+
			`"payMoney":1100,"paidAmount":15000,"ifCharge":%d,"chargeType":%d,"UserAccount":%q,"paidTime":"2026-03-01 14:00:00","chargeTime":%q,"remark":""}]}`,
			no, given, how, account, at)
	}
	const day = `{"startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":1,"pageCount":10}`
	receipt := fmt.Sprintf(`{"resCode":0,"resMsg":"","data":[{"orderNo":%q}]}`, no)
	ask := `{"parkCode":"1","orderNo":"` + no + `"}`
	p.walk([]step{
		{"owed, 3.5", change, ask, info(0)},
		{"owed, 3.7", changes, day, row(0, 0, "", "")},
		{"owed, 3.4", status, ask, `{"resCode":0,"resMsg":"","data":[{"status":"0"}]}`},
		{"given, 3.6", changed, `{"orderNo":"` + no + `","chargeType":"7","UserAccount":"13800000000"}`, receipt},
		{"given again, 3.6", changed, `{"orderNo":"` + no + `","chargeType":"0","UserAccount":"another"}`, receipt},
		{"given, 3.5", change, ask, info(1)},
		{"given, 3.7", changes, day, row(1, 1, "13800000000", "2026-03-01 14:01:00")},
		{"given, 3.4", status, ask, `{"resCode":0,"resMsg":"","data":[{"status":"1"}]}`},
	})
}

func TestChangeThatNobodyOwesIsNone(t *testing.T) {
	p := open(t, nil)
	_, order := p.billed("闽D02000")
	p.walk([]step{
		{"3.5, unknown", change, `{"orderNo":"1"}`, "订单不存在"},
		{"3.5, an order that is no change order", change, `{"orderNo":"` + order + `"}`, "订单不存在"},
		{"3.5, no number", change, `{}`, "缺少必填参数 orderNo"},
		{"3.6, unknown", changed, `{"orderNo":"1","chargeType":0}`, "订单不存在"},
		{"3.6, no number", changed, `{"chargeType":0}`, "缺少必填参数 orderNo"},
		{"3.7, none", changes, `{"startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":1,"pageCount":10}`, `{"resCode":0,"resMsg":"","data":[]}`},
		{"3.7, no start", changes, `{"endTime":"2026-03-01","pageIndex":1,"pageCount":10}`, "缺少必填参数 startTime"},
		{"3.7, no end", changes, `{"startTime":"2026-03-01","pageIndex":1,"pageCount":10}`, "缺少必填参数 endTime"},
		{"3.7, no page", changes, `{"startTime":"2026-03-01","endTime":"2026-03-01","pageCount":10}`, "缺少必填参数 pageIndex"},
		{"3.7, pages of none", changes, `{"startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":1,"pageCount":0}`, "参数 pageCount 取值无效"},
	})
}

func TestTheChangeReportHasThePeriodAndAllThatIsOwed(t *testing.T) {
	p := open(t, nil)
	p.enter("闽D02000")
	p.save(store.Session{ID: store.NewID(start), Plate: "空000001", CardNo: "0000000000042", State: store.Inside}) // entered nobody knows when
	settle := func(no string) { p.ask(changed, `{"orderNo":"`+no+`","chargeType":0}`) }
	old := p.owe("闽D02000", 500, 600)
	p.after(time.Hour)
	owed := p.owe("空000001", 500, 700)
	p.after(23 * time.Hour) // the next day
	first := p.owe("闽D02000", 500, 800)
	p.after(time.Minute)
	second := p.owe("闽D02000", 500, 900)
	for _, no := range []string{old, first, second} {
		settle(no)
	}
	tests := []struct {
		name, params string
		want         []string
	}{
		{"all of the day and what is owed, oldest first", `"startTime":"2026-03-02","endTime":"2026-03-02","pageIndex":1,"pageCount":10`, []string{owed, first, second}},
		{"to the second", `"startTime":"2026-03-02 12:01:00","endTime":"2026-03-02 12:01:00","pageIndex":1,"pageCount":10`, []string{owed, second}},
		{"the first page", `"startTime":"2026-03-01","endTime":"2026-03-02","pageIndex":1,"pageCount":3`, []string{old, owed, first}},
		{"the second page", `"startTime":"2026-03-01","endTime":"2026-03-02","pageIndex":2,"pageCount":3`, []string{second}},
		{"a page beyond all", `"startTime":"2026-03-01","endTime":"2026-03-02","pageIndex":900000000,"pageCount":900000000`, nil},
		{"a page of everything", `"startTime":"2026-03-01","endTime":"2026-03-02","pageIndex":1,"pageCount":2000000000`, []string{old, owed, first, second}},
	}
	for _, tt := range tests {
		var got []string
		for _, row := range rowsOf[protocol.ChangeRow](t, p.ask(changes, "{"+tt.params+"}")) {
			got = append(got, row.OrderNo)
			if want := "1972-01-01 00:00:00"; row.CardNo != "" && row.EntryTime != want {
				t.Errorf("entryTime that nobody knows = %q, want %q", row.EntryTime, want)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	if got := rowOf[protocol.ChangeInfo](t, p.ask(change, `{"orderNo":"`+owed+`"}`)).ComeTime; got != "1972-01-01 00:00:00" {
		t.Errorf("comeTime that nobody knows = %q", got)
	}
}
