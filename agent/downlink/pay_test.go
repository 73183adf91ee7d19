package downlink_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parkagent/protocol"
	"parkagent/store"
)

func TestABillIsFoundByPlateCardOrExitDevice(t *testing.T) {
	p := open(t, nil)
	car := p.enter("闽D02000")
	p.enter("京A11113")
	p.after(time.Second) // several cars are named oldest first
	p.enter("沪A11113")
	p.save(store.Session{ID: store.NewID(start), Plate: "空000001", CardNo: "000000000042", State: store.Inside, EnteredAt: start})
	p.save(store.Session{ID: store.NewID(start), Plate: "豫A88888", State: store.Entering, EnteredAt: start})
	p.stand("OUT1", car)
	p.after(time.Hour)
	tests := []struct{ name, params, plate, sentence string }{
		{"a whole plate", `{"plateNo":"闽D02000"}`, "闽D02000", ""},
		{"a plate without its province", `{"plateNo":"d02000"}`, "闽D02000", ""},
		{"another name of the field", `{"carNo":"闽D02000"}`, "闽D02000", ""},
		{"a card", `{"plateNo":"","cardNo":"000000000042"}`, "空000001", ""},
		{"a card as a number", `{"cardNo":42}`, "", "未找到在场车辆"},
		{"the gate of the exit", `{"deviceCode":"G2"}`, "闽D02000", ""},
		{"the camera of the exit, in lower case", `{"deviceCode":"c2"}`, "闽D02000", ""},
		{"the IP of the exit's gate", `{"deviceCode":"192.0.2.3"}`, "闽D02000", ""},
		{"an entry's device", `{"deviceCode":"G1"}`, "", "该设备不属于出口"},
		{"an unknown device", `{"deviceCode":"G7"}`, "", "设备不存在"},
		{"a device without a lane", `{"deviceCode":"X9"}`, "", "设备不存在"},
		{"several provinces", `{"plateNo":"A11113"}`, "", "匹配到多辆车，请输入完整车牌：京A11113 沪A11113"},
		{"a wrong province is no guess", `{"plateNo":"粤D02000"}`, "", "未找到在场车辆"},
		{"a car before the entry gate", `{"plateNo":"豫A88888"}`, "", "未找到在场车辆"},
		{"nothing", `{"parkCode":"1"}`, "", "缺少必填参数 plateNo"},
		{"another park", `{"parkCode":"2","plateNo":"闽D02000"}`, "", "停车场编号 parkCode 不正确"},
		{"our park as a number", `{"parkCode":1,"plateNo":"闽D02000"}`, "闽D02000", ""},
	}
	for _, tt := range tests {
		body := p.ask(bill, tt.params)
		if tt.sentence != "" {
			if got := sentenceOf(t, body); got != tt.sentence {
				t.Errorf("%s: resMsg = %q, want %q", tt.name, got, tt.sentence)
			}
			continue
		}
		if got := rowOf[protocol.Bill](t, body).PlateNo; got != tt.plate {
			t.Errorf("%s: plateNo = %q, want %q", tt.name, got, tt.plate)
		}
	}
	p.update(func(ctx context.Context, tx *store.Tx) error { return tx.ClearLaneCar(ctx, "OUT1") })
	if got, want := sentenceOf(t, p.ask(bill, `{"deviceCode":"G2"}`)), "出口没有已识别的在场车辆"; got != want {
		t.Errorf("an empty exit: resMsg = %q, want %q", got, want)
	}
}

// billed lets a car stay an hour and returns it with its order of 500 fen.
func (p *park) billed(plate string) (store.Session, string) {
	p.t.Helper()
	s := p.enter(plate)
	p.after(time.Hour)
	return s, rowOf[protocol.Bill](p.t, p.ask(bill, `{"plateNo":"`+plate+`"}`)).OrderNo
}

func TestAPaymentIsBookedAsItIsMeant(t *testing.T) {
	tests := []struct {
		name, params string // %s is the order
		want         store.Payment
	}{
		{
			"everything given",
			`{"orderNo":"%s","amount":100,"discount":50,"payType":5,"payMethod":4,"freeMoney":300,"freeTime":0,"freeDetail":"[{\"type\":0,\"money\":300,\"time\":0,\"code\":\"1234567\"}]"}`,
			store.Payment{Amount: 100, Discount: 50, FreeMoney: 300, PayType: 5, PayMethod: 4, FreeDetail: `[{"type":0,"money":300,"time":0,"code":"1234567"}]`},
		},
		{"payMethod is payType", `{"orderNo":"%s","amount":500,"payType":5}`, store.Payment{Amount: 500, PayType: 5, PayMethod: 5}},
		{"neither is WeChat", `{"orderNo":"%s","amount":500}`, store.Payment{Amount: 500, PayType: 4, PayMethod: 4}},
		{"numbers as strings", `{"orderNo":"%s","amount":"500","payType":"4","discount":null,"freeMoney":"","freeDetail":"[]"}`, store.Payment{Amount: 500, PayType: 4, PayMethod: 4, FreeDetail: "[]"}},
		{"a freeDetail that is no list, kept as it is: the money was taken", `{"orderNo":"%s","amount":500,"freeDetail":"[{"}`, store.Payment{Amount: 500, PayType: 4, PayMethod: 4, FreeDetail: "[{"}},
		{"more free minutes than there are", `{"orderNo":"%s","amount":0,"freeTime":"1000000000000000"}`, store.Payment{FreeMinutes: 52704000, PayType: 4, PayMethod: 4}},
		{"freeDetail as an array", `{"ORDERNO":"%s","AMOUNT":0,"freeTime":60,"freeDetail":[{"type":1,"time":"60","code":7}]}`, store.Payment{FreeMinutes: 60, PayType: 4, PayMethod: 4, FreeDetail: `[{"type":1,"time":"60","code":7}]`}},
	}
	p := open(t, nil)
	for i, tt := range tests {
		s, order := p.billed(fmt.Sprintf("闽D0200%d", i))
		body := p.ask(pay, fmt.Sprintf(tt.params, order))
		if got := rowOf[protocol.PaymentReceipt](t, body).ParkingTime; got != 60 {
			t.Errorf("%s: parkingTime = %d, want 60", tt.name, got)
		}
		ledger, err := p.db.Payments(t.Context(), s.ID)
		if err != nil || len(ledger) == 0 {
			t.Fatalf("%s: ledger = %v, %v", tt.name, ledger, err)
		}
		tt.want.Order, tt.want.Session, tt.want.Client, tt.want.PaidAt = order, s.ID, "mall", p.clock()
		tt.want.Terminal = int(protocol.TerminalThirdSingle)
		if diff := cmp.Diff(tt.want, ledger[0], cmpopts.IgnoreFields(store.Payment{}, "ID")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestAPaymentThatIsAmbiguousIsRefused(t *testing.T) {
	p := open(t, nil)
	_, order := p.billed("闽D02000")
	tests := []struct{ name, params, sentence string }{
		{"no amount", `"orderNo":"` + order + `"`, "缺少必填参数 amount"},
		{"no order", `"amount":500`, "缺少必填参数 orderNo"},
		{"an order that was never issued", `"orderNo":"1","amount":500`, "订单不存在"},
		{"yuan", `"orderNo":"` + order + `","amount":"5.5"`, "参数 amount 格式错误"},
		{"a negative amount", `"orderNo":"` + order + `","amount":-1`, "参数 amount 取值无效"},
		{"a negative discount", `"orderNo":"` + order + `","amount":500,"discount":-1`, "参数 discount 取值无效"},
		{"a negative freeMoney", `"orderNo":"` + order + `","amount":500,"freeMoney":"-1"`, "参数 freeMoney 取值无效"},
		{"a negative freeTime", `"orderNo":"` + order + `","amount":500,"freeTime":-1`, "参数 freeTime 取值无效"},
		{"an amount beyond all money", `"orderNo":"` + order + `","amount":99999999999999999999`, "参数 amount 格式错误"},
	}
	for _, tt := range tests {
		if got := sentenceOf(t, p.ask(pay, "{"+tt.params+"}")); got != tt.sentence {
			t.Errorf("%s: resMsg = %q, want %q", tt.name, got, tt.sentence)
		}
	}
	if facts := factsOf[store.PaymentFact](p, store.KindPayment); len(facts) != 0 {
		t.Errorf("payments = %v, want none", facts)
	}
}

func TestAPaymentToldAgainGetsTheSameBytes(t *testing.T) {
	p := open(t, nil)
	_, order := p.billed("闽D02000")
	notice := `{"orderNo":"` + order + `","amount":500}`
	first := p.ask(pay, notice)
	p.after(20 * time.Minute)
	if again := p.ask(pay, notice); again != first {
		t.Errorf("answer = %s, want %s", again, first)
	}
	if got, want := sentenceOf(t, p.ask(pay, `{"orderNo":"`+order+`","amount":400}`)), "订单已支付，且金额与本次不一致"; got != want {
		t.Errorf("resMsg = %q, want %q", got, want)
	}
	if facts := factsOf[store.PaymentFact](p, store.KindPayment); len(facts) != 1 {
		t.Errorf("payments = %v, want one", facts)
	}
}

func TestAPaymentForACarThatHasLeftIsToBeRefunded(t *testing.T) {
	p := open(t, nil)
	s, order := p.billed("闽D02000")
	p.leave(s)
	notice := `{"orderNo":"` + order + `","amount":500}`
	for range 2 {
		if got, want := sentenceOf(t, p.ask(pay, notice)), "车辆已离场，请退款"; got != want {
			t.Errorf("resMsg = %q, want %q", got, want)
		}
	}
	ledger, err := p.db.Payments(t.Context(), s.ID)
	if err != nil || len(ledger) != 1 || ledger[0].Kind != store.PaymentOrphan {
		t.Errorf("ledger = %v, %v, want one orphan", ledger, err)
	}
	if got := rowOf[protocol.OrderStatus](t, p.ask(status, `{"orderNo":"`+order+`"}`)).Status; got != protocol.OrderUnpaid {
		t.Errorf("status = %d, want unpaid", got)
	}
}

func TestManyNoticesOfOnePaymentAreOneCredit(t *testing.T) {
	p := open(t, nil)
	s, order := p.billed("闽D02000")
	body := p.sealed(`{"orderNo":"` + order + `","amount":500}`)
	var wg sync.WaitGroup
	answers := make([]string, 8)
	for i := range answers {
		wg.Go(func() { answers[i] = p.direct("192.0.2.50", pay, body, user, password).Body.String() })
	}
	wg.Wait()
	for i, got := range answers {
		if got != answers[0] || !strings.Contains(got, `"parkingTime":60`) {
			t.Errorf("answer %d = %s, want %s", i, got, answers[0])
		}
	}
	ledger, err := p.db.Payments(t.Context(), s.ID)
	if err != nil || len(ledger) != 1 {
		t.Errorf("ledger = %v, %v, want one row", ledger, err)
	}
}

func TestStatusOfAnUnknownOrder(t *testing.T) {
	p := open(t, nil)
	if got, want := sentenceOf(t, p.ask(status, `{"orderNo":123456789}`)), "订单不存在"; got != want {
		t.Errorf("resMsg = %q, want %q", got, want)
	}
	if got, want := sentenceOf(t, p.ask(status, `{}`)), "缺少必填参数 orderNo"; got != want {
		t.Errorf("resMsg = %q, want %q", got, want)
	}
}

func TestABillThatNeedsAnOperatorSaysSo(t *testing.T) {
	p := open(t, nil)
	p.save(store.Session{ID: store.NewID(start), Plate: "闽D02000", State: store.Inside, EnteredAt: start, CarType: 2})
	if got, want := sentenceOf(t, p.ask(bill, `{"plateNo":"闽D02000"}`)), "该车辆没有适用的收费标准，请联系管理员"; got != want {
		t.Errorf("resMsg = %q, want %q", got, want)
	}
}
