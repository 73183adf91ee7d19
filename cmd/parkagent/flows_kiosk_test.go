package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parkagent/protocol"
)

// Flow 2: a pay machine shows the platform's code, the driver's phone pays, the
// car leaves; in the lot and at the exit.
func TestFlowKioskCode(t *testing.T) {
	flow(t, parkPlan{}, func(t *testing.T, p *wholePark, step func()) {
		mall := p.platforms["mall"]
		pay := func(kiosk string, search map[string]any, want string) string {
			t.Helper()
			var bill struct {
				OrderNo, PlateNo string
				Payable          int64
			}
			if err := p.kiosk(kiosk, "bill", search, &bill); err != nil {
				t.Fatal(err)
			}
			if bill.Payable != flowFee || bill.PlateNo != want {
				t.Errorf("%s shows %+v, want %d fen for %s", kiosk, bill, flowFee, want)
			}
			step()
			var code struct{ Code, Platform string }
			if err := p.kiosk(kiosk, "code", map[string]any{"orderNo": bill.OrderNo}, &code); err != nil {
				t.Fatal(err)
			}
			step()
			if _, err := mall.ScanCode(t.Context(), code.Code); err != nil {
				t.Fatal(err)
			}
			var order struct{ Settled bool }
			if err := p.kiosk(kiosk, "order", map[string]any{"orderNo": bill.OrderNo}, &order); err != nil || !order.Settled {
				t.Errorf("the order is settled: %v, %v, want true", order.Settled, err)
			}
			return bill.OrderNo
		}
		p.enter("粤B50001")
		p.later(flowStay)
		pay("K1", map[string]any{"plateNo": "b50001"}, "粤B50001")
		step()
		p.leave("粤B50001")

		p.enter("粤B50002")
		p.later(flowStay)
		before := p.opened("OUT1")
		p.drive("OUT1", "粤B50002")
		p.shows("L2", "7.00")
		no := pay("K2", nil, "粤B50002")
		p.leaves("粤B50002", before)
		details := reported[protocol.BillDetail](p, "mall", 2)
		if details[1].Remark != no || details[1].PayMoney != flowFee {
			t.Errorf("the payment is reported as %+v, want %d fen for order %s", details[1], flowFee, no)
		}
	})
}

// Flow 3: a scanner reads the driver's own code, the platform charges it.
func TestFlowKioskScanner(t *testing.T) {
	const auth, second = "134567890123456789", "284567890123456789"
	flow(t, parkPlan{}, func(t *testing.T, p *wholePark, step func()) {
		mall := p.platforms["mall"]
		var bill struct{ OrderNo string }
		arrive := func(no string) int {
			t.Helper()
			p.enter(no)
			p.later(flowStay)
			before := p.opened("OUT1")
			p.drive("OUT1", no)
			p.owes(no)
			if err := p.kiosk("K2", "bill", nil, &bill); err != nil {
				t.Fatal(err)
			}
			return before
		}
		scan := func(code string) error {
			return p.kiosk("K2", "scan", map[string]any{"orderNo": bill.OrderNo, "authCode": code}, nil)
		}
		before := arrive("粤B60001")
		step()
		if err := scan("no digits at all!"); err == nil {
			t.Error("a code without digits was taken")
		}
		if err := scan(auth); err != nil {
			t.Fatal(err)
		}
		step()
		if err := mall.PayPending(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.leaves("粤B60001", before)

		// The answer is lost. Nobody may charge the driver again while the
		// platform may be doing so; its payment lets the car out.
		before = arrive("粤B60002")
		mall.intercept(func(name string, _ http.ResponseWriter, r *http.Request) bool {
			if name != "PayScanCode" {
				return false
			}
			mall.Platform.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		})
		var no *errRefusedCall
		if err := scan(second); !errors.As(err, &no) || !strings.Contains(no.msg, "确认中") {
			t.Errorf("a scan whose answer is lost is answered %v, want that it is being confirmed", err)
		}
		mall.intercept(nil)
		step()
		for _, call := range []string{"scan", "cash"} {
			err := p.kiosk("K2", call, map[string]any{"orderNo": bill.OrderNo, "authCode": second, "inserted": 1000}, nil)
			if !errors.As(err, &no) {
				t.Errorf("%s while a scan is under way is answered %v, want a refusal", call, err)
			}
		}
		if err := mall.PayPending(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.leaves("粤B60002", before)
		for _, code := range []string{auth, second} {
			if strings.Contains(p.log.all(), code) {
				t.Errorf("the log shows the payment code %s", code)
			}
		}
		reported[protocol.BillDetail](p, "mall", 2)
	})
}

// Flow 4: more coins than are due, a change order, the printed link, the platform's
// page, once.
func TestFlowChange(t *testing.T) {
	flow(t, parkPlan{}, func(t *testing.T, p *wholePark, step func()) {
		p.enter("粤B70001")
		p.later(flowStay)
		var bill struct{ OrderNo string }
		if err := p.kiosk("K1", "bill", map[string]any{"plateNo": "粤B70001"}, &bill); err != nil {
			t.Fatal(err)
		}
		step()
		var paid struct {
			Rest   int64
			Change *struct {
				OrderNo, Link string
				Amount        int64
			}
		}
		coins := map[string]any{"orderNo": bill.OrderNo, "inserted": 1000}
		if err := p.kiosk("K1", "cash", coins, &paid); err != nil {
			t.Fatal(err)
		}
		if paid.Rest != 0 || paid.Change == nil || paid.Change.Amount != 300 {
			t.Fatalf("10 yuan for 7 are answered %+v, want 3 yuan of change", paid)
		}
		first := *paid.Change
		step()
		if err := p.kiosk("K1", "cash", coins, &paid); err != nil || *paid.Change != first {
			t.Errorf("the same coins again are answered %+v, %v, want %+v", paid.Change, err, first)
		}
		info := must(p.mall.Change(t.Context(), first.OrderNo))(t)
		if info.PayMoney != flowFee || info.PaidAmount != 1000 || info.IfCharge != 0 || info.PlateNo != "粤B70001" {
			t.Errorf("3.5 answers %+v", info)
		}
		if settled, err := p.mall.Paid(t.Context(), first.OrderNo); err != nil || settled {
			t.Errorf("3.4 says that the change was given: %v, %v", settled, err)
		}
		p.leave("粤B70001") // paid, whatever becomes of the change

		step()
		resp := must(http.Post(first.Link, "application/x-www-form-urlencoded", nil))(t) // the driver taps on the platform's page
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s is answered with status %d", first.Link, resp.StatusCode)
		}
		step()
		again := must(p.mall.ChangeGiven(t.Context(), protocol.ChangeNotice{OrderNo: first.OrderNo, ChargeType: protocol.IntOf(1), UserAccount: "another"}))(t)
		if again.OrderNo != first.OrderNo {
			t.Errorf("a second notice is answered %+v", again)
		}
		today := p.clock.Now().In(p.zone)
		rows := must(p.mall.Changes(t.Context(), protocol.ChangesQuery{
			StartTime: today.Add(-time.Hour).Format(time.DateTime), EndTime: today.Add(time.Hour).Format(time.DateTime), PageIndex: 1, PageCount: 10,
		}))(t)
		if len(rows) != 1 || rows[0].IfCharge != 1 || rows[0].ChargeType != 0 || rows[0].UserAccount == "another" {
			t.Errorf("3.7 lists %+v, want one change given by the first notice", rows)
		}
		detail := reported[protocol.BillDetail](p, "mall", 1)[0]
		if detail.PayMoney != flowFee || detail.SelfTotal != 300 || detail.PayType != protocol.PayCash || detail.TerminalType != protocol.TerminalKiosk {
			t.Errorf("2.7 tells %+v, want 7 yuan in cash at a pay machine and 3 yuan of change", detail)
		}
	})
}

// A payment by one channel while another asks for money is never charged twice:
// a car that has paid in the lot is not asked about at the exit.
func TestFlowPaidStayIsNotDeducted(t *testing.T) {
	t.Parallel()
	p := openPark(t, parkPlan{})
	mall := p.platforms["mall"]
	mall.SetSeamless("粤B80001", true)
	mall.SetAccount("粤B80001", 5000)
	p.enter("粤B80001")
	p.promised("粤B80001")
	p.later(flowStay)
	if _, err := p.mall.PayBill(t.Context(), p.bill("粤B80001")); err != nil {
		t.Fatal(err)
	}
	p.leave("粤B80001")
	if got, _ := mall.Account("粤B80001"); got != 5000 {
		t.Errorf("the account holds %d, want all of 5000: the driver had paid", got)
	}
}

// A pay machine is let in by its address and token only.
func TestKioskIsRefusedWithoutItsToken(t *testing.T) {
	t.Parallel()
	p := openPark(t, parkPlan{})
	for _, tt := range []struct {
		name, method, path, token string
		want                      int
	}{
		{"no token", http.MethodPost, "/kiosk/K1/bill", "", http.StatusUnauthorized},
		{"a wrong token", http.MethodPost, "/kiosk/K1/bill", "wrong", http.StatusUnauthorized},
		{"a machine that nobody knows", http.MethodPost, "/kiosk/K9/bill", flowToken, http.StatusUnauthorized},
		{"a call that nobody knows", http.MethodPost, "/kiosk/K1/open", flowToken, http.StatusNotFound},
		{"another method", http.MethodGet, "/kiosk/K1/bill", flowToken, http.StatusMethodNotAllowed},
		{"another path", http.MethodPost, "/", flowToken, http.StatusNotFound},
	} {
		req := must(http.NewRequestWithContext(t.Context(), tt.method, "http://"+p.console.address()+tt.path, strings.NewReader("{}")))(t)
		req.Header.Set("Authorization", "Bearer "+tt.token)
		resp := must(http.DefaultClient.Do(req))(t)
		_ = resp.Body.Close()
		if resp.StatusCode != tt.want {
			t.Errorf("%s is answered with status %d, want %d", tt.name, resp.StatusCode, tt.want)
		}
	}
	for _, tt := range []struct {
		name, kiosk, call string
		body              map[string]any
		want              string
	}{
		{"a bill of nobody", "K1", "bill", map[string]any{}, "请输入车牌号或票号"},
		{"a bill of a car that is not inside", "K1", "bill", map[string]any{"plateNo": "粤B00009"}, "未找到在场车辆"},
		{"an order that was never issued", "K1", "code", map[string]any{"orderNo": "7"}, "订单不存在"},
		{"coins without a sum", "K1", "cash", map[string]any{"orderNo": "7"}, "inserted"},
		{"a ticket in the lot", "K1", "ticket", nil, "不在入口"},
	} {
		err := p.kiosk(tt.kiosk, tt.call, tt.body, nil)
		var no *errRefusedCall
		if !errors.As(err, &no) || no.status != http.StatusOK || !strings.Contains(no.msg, tt.want) {
			t.Errorf("%s is answered %v, want %q", tt.name, err, tt.want)
		}
	}
}
