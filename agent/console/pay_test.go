package console_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/billing"
	"parkagent/agent/codes"
	"parkagent/agent/uplink"
	"parkagent/protocol"
	"parkagent/store"
)

// A driver is shown a code only for what is due: money for another sum would be
// charged twice, or refused after the platform has it.
func TestACodeIsShownForWhatIsDue(t *testing.T) {
	t.Parallel()
	const changed, settling = "应缴金额已变化，请重新查询", "该车辆正在支付中，请稍后再试"
	for _, tt := range []struct {
		name string
		do   func(r *rig, s store.Session, order string)
		want string
	}{
		{"the stay was paid by another order", func(r *rig, s store.Session, _ string) { r.pay(r.bill(s.Plate), 500) }, changed},
		{"the order was paid in part", func(r *rig, _ store.Session, order string) { r.pay(order, 100) }, changed},
		{"a part was waived", func(r *rig, s store.Session, _ string) {
			_, err := r.desk.Discount(r.t.Context(), billing.Discount{Ref: billing.Ref{Plate: s.Plate}, FreeMoney: 100})
			r.did(err)
		}, changed},
		{"a platform is asked to deduct", func(r *rig, s store.Session, _ string) {
			_, _, ok, err := r.desk.BeginDeduction(r.t.Context(), s.ID, "city")
			if r.did(err); !ok {
				r.t.Fatal("nobody is to be asked")
			}
		}, settling},
		{"a platform has the driver's code", func(r *rig, _ store.Session, order string) {
			_, _, err := r.desk.BeginScan(r.t.Context(), order, "K2")
			r.did(err)
		}, settling},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "")
			s := r.park(store.Session{Plate: "粤B12345"})
			r.after(30 * time.Minute)
			order := r.bill(s.Plate)
			tt.do(r, s, order)
			r.refused("K1", "code", map[string]any{"orderNo": order}, tt.want)
			if len(r.asks.codes) > 0 {
				t.Errorf("a platform was asked for a code: %v", r.asks.codes)
			}
		})
	}
}

// auth is a driver's payment code.
const auth = "134912345678901234"

// due puts a car inside that owes 5 yuan, and returns it with its order.
func (r *rig) due() (store.Session, string) {
	r.t.Helper()
	s := r.park(store.Session{Plate: "粤B12345"})
	r.after(30 * time.Minute)
	return s, r.bill(s.Plate)
}

// codes are the rows of the journal about codes.
func (r *rig) codes() []store.CodeFact {
	r.t.Helper()
	rows, err := r.db.After(r.t.Context(), 0, 1000)
	r.did(err)
	var list []store.CodeFact
	for _, e := range rows {
		if e.Kind == store.KindCode {
			var f store.CodeFact
			r.did(json.Unmarshal(e.Body, &f))
			list = append(list, f)
		}
	}
	return list
}

func TestACodeIsShown(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	s, order := r.due()
	got := r.call("K2", "code", map[string]any{"orderNo": " " + order})
	if diff := cmp.Diff(map[string]any{"code": "https://p.example/1", "platform": "mall", "payType": 6.0}, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if want := []string{"K2 " + order}; !cmp.Equal(want, r.asks.codes) {
		t.Errorf("the platform was asked %v, want %v", r.asks.codes, want)
	}
	want := []store.CodeFact{{Order: order, Session: s.ID, Platform: "mall", Kiosk: "K2", Act: "shown"}}
	if diff := cmp.Diff(want, r.codes()); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
}

func TestACodeIsHandedOver(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	s, order := r.due()
	got := r.call("K1", "scan", map[string]any{"orderNo": order, "authCode": " " + auth + " "})
	if diff := cmp.Diff(map[string]any{"platform": "mall", "payType": 7.0}, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if want := []string{"K1 " + order + " " + auth}; !cmp.Equal(want, r.asks.scans) {
		t.Errorf("the platform was asked %v, want %v", r.asks.scans, want)
	}
	want := []store.CodeFact{
		{Order: order, Session: s.ID, Kiosk: "K1", Act: "scanned"}, {Order: order, Session: s.ID, Kiosk: "K1", Act: "accepted"},
	}
	if diff := cmp.Diff(want, r.codes()); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
	if r.call("K1", "order", map[string]any{"orderNo": order})["settled"] != false {
		t.Error("the order counts as settled before the money has come")
	}
	r.pay(order, 500)
	if r.call("K1", "order", map[string]any{"orderNo": order})["settled"] != true {
		t.Error("the order is not settled")
	}
}

// Only when it is sure that no platform has the driver's code may it be charged
// again.
func TestWhatPlatformsAnswer(t *testing.T) {
	t.Parallel()
	const gone, unknown = "支付平台无应答，请稍后重试", "支付结果确认中，请勿重复支付"
	for _, tt := range []struct {
		name       string
		err        error
		code, scan string
		again      bool // another channel may charge
		act        string
	}{
		{"nobody is asked", uplink.ErrNobody, "未开通扫码支付", "未开通扫码支付", true, "refused"},
		{"nothing was sent", fmt.Errorf("ask: %w", uplink.ErrNotSent), gone, gone, true, "refused"},
		{"a refusal", fmt.Errorf("ask: %w", &protocol.RefusedError{}), "支付平台拒绝，请换一种支付方式", "支付平台拒绝，请换一种支付方式", true, "refused"},
		{"no answer in time", context.DeadlineExceeded, gone, unknown, false, "unknown"},
		{"an answer that says nothing", errors.New("a success without what was asked for"), gone, unknown, false, "unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "")
			_, order := r.due()
			r.asks.err = tt.err
			r.refused("K1", "code", map[string]any{"orderNo": order}, tt.code)
			if rows := r.codes(); len(rows) != 0 {
				t.Errorf("the journal tells of a code that was not shown: %+v", rows)
			}
			r.refused("K1", "scan", map[string]any{"orderNo": order, "authCode": auth}, tt.scan)
			if rows := r.codes(); len(rows) != 2 || rows[1].Act != tt.act {
				t.Errorf("journal = %+v, want the code scanned and then %s", rows, tt.act)
			}
			r.asks.err = nil
			for call, fields := range map[string]map[string]any{
				"code": {"orderNo": order}, "scan": {"orderNo": order, "authCode": auth}, "cash": {"orderNo": order, "inserted": 500},
			} {
				if tt.again {
					break
				}
				r.refused("K2", call, fields, "该车辆正在支付中，请稍后再试")
			}
			if !tt.again {
				r.after(31 * time.Minute)
			}
			r.call("K2", "code", map[string]any{"orderNo": order})
			r.call("K2", "cash", map[string]any{"orderNo": order, "inserted": 500})
		})
	}
}

// What came of a code is noted although nobody waits for the answer any more.
func TestAMachineThatHangsUpStopsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	_, order := r.due()
	r.asks.until = make(chan struct{})
	ctx, hangUp := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+"/kiosk/K1/scan", strings.NewReader(body(map[string]any{"orderNo": order, "authCode": auth})))
	r.did(err)
	req.Header.Set("Authorization", "Bearer "+token)
	done := make(chan error, 1)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			err = resp.Body.Close()
		}
		done <- err
	}()
	changed, end := r.db.Subscribe()
	defer end()
	for len(r.codes()) < 1 { // it was scanned
		<-changed
	}
	hangUp()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the call that was given up = %v", err)
	}
	close(r.asks.until)
	for len(r.codes()) < 2 {
		<-changed
	}
	if rows := r.codes(); rows[1].Act != "accepted" {
		t.Errorf("journal = %+v, want the code accepted", rows)
	}
}

func TestAPaymentCodeIsNowhere(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	_, order := r.due()
	for _, code := range []any{auth, 134912345678901234, auth[:15], auth + auth, "x" + auth, ""} {
		r.post("K1", "scan", body(map[string]any{"orderNo": order, "authCode": code}))
		r.post("K1", "scan", body(map[string]any{"orderNo": map[string]any{"a": code}, "authCode": []any{code}}))
		r.post("K1", "scan", `{"authCode":"`+auth+`",`)
	}
	rows, err := r.db.After(t.Context(), 0, 1000)
	r.did(err)
	for _, e := range rows {
		if strings.Contains(string(e.Body), auth[:15]) {
			t.Errorf("the journal holds the payment code: %s", e.Body)
		}
	}
	if strings.Contains(r.log.String(), auth[:15]) {
		t.Errorf("the log shows the payment code:\n%s", r.log)
	}
	if len(r.asks.scans) != 1 {
		t.Errorf("the platform was asked %d times, want once", len(r.asks.scans))
	}
}

func TestCash(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	s, order := r.due()
	less := r.call("K1", "cash", map[string]any{"orderNo": order, "inserted": 200})
	if diff := cmp.Diff(map[string]any{"rest": 300.0, "change": nil}, less); diff != "" {
		t.Errorf("less than is due (-want +got):\n%s", diff)
	}
	r.refused("K1", "cash", map[string]any{"orderNo": order, "inserted": 300}, "订单已支付，且金额与本次不一致")
	order = r.bill(s.Plate)
	more := map[string]any{"orderNo": order, "inserted": "1000"}
	want := map[string]any{"rest": 0.0, "change": map[string]any{"orderNo": order + "C", "amount": 700.0, "link": "https://p.example/c?" + order + "C", "printed": false}}
	for _, name := range []string{"more than is due", "the same again"} {
		if diff := cmp.Diff(want, r.call("K1", "cash", more)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if r.call("K1", "order", map[string]any{"orderNo": order + "C"})["settled"] != false {
		t.Error("the change counts as given")
	}
	late := r.call("K2", "bill", map[string]any{"plateNo": s.Plate})
	if late["payable"] != 0.0 || late["paid"] != 500.0 {
		t.Errorf("bill = %v, want 500 paid and nothing due", late)
	}
	r.refused("K2", "code", map[string]any{"orderNo": late["orderNo"]}, "该账单已无需缴费")
	s.State, s.LeftAt = store.Left, r.clock()
	r.did(r.db.Update(t.Context(), func(tx *store.Tx) error { return tx.UpdateSession(t.Context(), s) }))
	back := r.call("K2", "cash", map[string]any{"orderNo": late["orderNo"], "inserted": 100})
	if change, ok := back["change"].(map[string]any); !ok || change["amount"] != 100.0 || back["rest"] != 0.0 {
		t.Errorf("coins for a car that has left are answered %v, want all of them back", back)
	}
}

// A driver holds his ticket before the machine where his phone is to be.
func TestATicketIsHandedToNoPlatform(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.park(store.Session{Plate: "空000001", CardNo: "2603021234567890"}) // as once numbered, which can be Alipay's
	_, order := r.due()
	r.refused("K1", "scan", map[string]any{"orderNo": order, "authCode": "2603021234567890"}, "付款码无法识别，请刷新后重试")
	if len(r.asks.scans) > 0 {
		t.Errorf("the platform was asked %v", r.asks.scans)
	}
}

// The lanes' scanners and the machines hand each code over once between them.
func TestACodeThatALaneHasReadIsWorthNothingAtAMachine(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	s, order := r.due()
	_, err := r.till.Pay(t.Context(), codes.Charge{Order: order, Session: s.ID, Device: "S1", Code: auth})
	r.did(err)
	r.park(store.Session{Plate: "粤B12346"})
	r.after(time.Hour)
	other := r.bill("粤B12346")
	r.refused("K1", "scan", map[string]any{"orderNo": other, "authCode": auth}, "该付款码已使用过，请刷新后重试")
	if len(r.asks.scans) != 1 {
		t.Errorf("the platform was asked %v, want once", r.asks.scans)
	}
}

// A platform that has said yes has the money, whatever becomes of our books.
func TestAChargeThatIsNotBookedIsUncertain(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	_, order := r.due()
	r.asks.err = &protocol.RefusedError{}
	r.asks.asked = func() { _ = r.db.Close() }
	r.refused("K1", "scan", map[string]any{"orderNo": order, "authCode": auth}, "支付结果确认中，请勿重复支付")
	if !strings.Contains(r.log.String(), "note what a platform said") {
		t.Errorf("the log does not say why:\n%s", r.log)
	}
}
