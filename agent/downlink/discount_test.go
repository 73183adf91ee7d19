package downlink_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parkagent/agent/downlink"
	"parkagent/protocol"
	"parkagent/store"
)

func TestADiscountIsBookedAsItIsMeant(t *testing.T) {
	tests := []struct {
		name, params string
		want         store.Payment
	}{
		{
			"everything given", `"freeMoney":100,"freeTime":0,"payType":5,"payMethod":4,"remark":"满100减1元"`,
			store.Payment{FreeMoney: 100, PayType: 5, PayMethod: 4, FreeDetail: "满100减1元"},
		},
		{"payMethod is payType", `"freeMoney":"100","payType":"5"`, store.Payment{FreeMoney: 100, PayType: 5, PayMethod: 5}},
		{"neither is WeChat", `"freeMoney":100`, store.Payment{FreeMoney: 100, PayType: 4, PayMethod: 4}},
		{"an hour", `"freeTime":3600`, store.Payment{FreeMinutes: 60, PayType: 4, PayMethod: 4}},
		{"a second more is a minute more", `"freeTime":3601`, store.Payment{FreeMinutes: 61, PayType: 4, PayMethod: 4}},
		{"a second is a minute", `"freeTime":1`, store.Payment{FreeMinutes: 1, PayType: 4, PayMethod: 4}},
		{"more time than there is", `"freeTime":1000000000000000`, store.Payment{FreeMinutes: 52704000, PayType: 4, PayMethod: 4}},
		{"money and time", `"freeMoney":50,"freeTime":60`, store.Payment{FreeMoney: 50, FreeMinutes: 1, PayType: 4, PayMethod: 4}},
	}
	p := open(t, nil)
	for i, tt := range tests {
		s := p.enter(fmt.Sprintf("闽D0200%d", i))
		p.after(3 * time.Hour)
		body := p.ask(free, `{"parkCode":"1","plateNo":"`+s.Plate+`",`+tt.params+`}`)
		no := rowOf[protocol.DiscountReceipt](t, body).OrderNo
		if want := fmt.Sprintf(`{"resCode":0,"resMsg":"","data":[{"orderNo":%d}]}`, no); body != want || no < 1e14 || no > 1e15 {
			t.Errorf("%s: answer = %s, want a number of 15 digits", tt.name, body)
		}
		ledger, err := p.db.Payments(t.Context(), s.ID)
		if err != nil || len(ledger) != 1 {
			t.Fatalf("%s: ledger = %v, %v", tt.name, ledger, err)
		}
		tt.want.Order, tt.want.Session, tt.want.Client, tt.want.PaidAt = fmt.Sprint(no), s.ID, "mall", p.clock()
		tt.want.Terminal = int(protocol.TerminalThirdSingle)
		if diff := cmp.Diff(tt.want, ledger[0], cmpopts.IgnoreFields(store.Payment{}, "ID")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if got := p.ask(status, fmt.Sprintf(`{"orderNo":%d}`, no)); got != `{"resCode":0,"resMsg":"","data":[{"status":"1"}]}` {
			t.Errorf("%s: status = %s, want paid", tt.name, got)
		}
	}
}

func TestADiscountThatIsNoneOrForNobodyIsRefused(t *testing.T) {
	p := open(t, nil)
	p.enter("京A11113")
	p.after(time.Second) // several cars are named oldest first
	p.enter("沪A11113")
	p.walk([]step{
		{"nobody", free, `{"freeMoney":100}`, "缺少必填参数 plateNo"},
		{"nothing", free, `{"plateNo":"京A11113","payType":4}`, "缺少必填参数 freeMoney"},
		{"nothing in numbers", free, `{"plateNo":"京A11113","freeMoney":0,"freeTime":"0"}`, "缺少必填参数 freeMoney"},
		{"less than nothing", free, `{"plateNo":"京A11113","freeMoney":-1}`, "参数 freeMoney 取值无效"},
		{"less time than none", free, `{"plateNo":"京A11113","freeTime":-60}`, "参数 freeTime 取值无效"},
		{"yuan", free, `{"plateNo":"京A11113","freeMoney":"1.5"}`, "参数 freeMoney 格式错误"},
		{"no car", free, `{"plateNo":"粤B00001","freeMoney":100}`, "未找到在场车辆"},
		{"no card", free, `{"cardNo":"0000000000042","freeMoney":100}`, "未找到在场车辆"},
		{"several cars", free, `{"plateNo":"A11113","freeMoney":100}`, "匹配到多辆车，请输入完整车牌：京A11113 沪A11113"},
	})
	if facts := factsOf[store.PaymentFact](p, store.KindPayment); len(facts) != 0 {
		t.Errorf("payments = %v, want none", facts)
	}
}

func TestADiscountFindsACarWithoutAPlateByItsCard(t *testing.T) {
	p := open(t, nil)
	s := store.Session{ID: store.NewID(start), Plate: "空000001", CardNo: "0000000000042", State: store.Inside, EnteredAt: start}
	p.save(s)
	rowOf[protocol.DiscountReceipt](t, p.ask(free, `{"plateNo":"","cardNo":" 0000000000042 ","freeMoney":100}`))
	ledger, err := p.db.Payments(t.Context(), s.ID)
	if err != nil || len(ledger) != 1 {
		t.Errorf("ledger = %v, %v, want one row", ledger, err)
	}
}

// There is no number to know a discount by. The same enciphered bytes within half a
// minute are the same one.
func TestADiscountSentAgainIsOneDiscount(t *testing.T) {
	p := open(t, func(cfg *downlink.Config) {
		other := mall()
		other.Name, other.User = "other", "other-user"
		cfg.Clients = append(cfg.Clients, other)
	})
	s := p.enter("闽D02000")
	p.after(10 * time.Hour)
	booked := func() int {
		t.Helper()
		ledger, err := p.db.Payments(t.Context(), s.ID)
		if err != nil {
			t.Fatal(err)
		}
		return len(ledger)
	}
	const params = `{"plateNo":"闽D02000","freeMoney":100,"remark":"` + "a coupon that makes the base64 longer than one line of it" + `"}`
	first := p.ask(free, params)
	p.after(29 * time.Second)
	if again := p.ask(free, params); again != first || booked() != 1 {
		t.Errorf("the same bytes after 29 s = %s and %d rows, want %s and 1", again, booked(), first)
	}
	// data = "…" broken into lines is the same request.
	sealed := p.sealed(params)
	if _, again := p.post(free, sealed[:86]+`\r\n`+sealed[86:], nil); again != first || booked() != 1 {
		t.Errorf("the same bytes in lines = %s and %d rows, want %s and 1", again, booked(), first)
	}
	if again := p.ask(free, strings.Replace(params, `100`, `"100"`, 1)); again == first || booked() != 2 {
		t.Errorf("other bytes = %s and %d rows, want another order and 2", again, booked())
	}
	if w := p.direct("192.0.2.60", free, sealed, "other-user", password); w.Body.String() == first || booked() != 3 {
		t.Errorf("another client's = %s and %d rows, want another order and 3", w.Body, booked())
	}
	p.after(31 * time.Second)
	if again := p.ask(free, params); again == first || booked() != 4 {
		t.Errorf("the same bytes after a minute = %s and %d rows, want another order and 4", again, booked())
	}
}
