package platform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parkagent/protocol"
)

func codeQuery(order, plate string, amount int64) protocol.CodeQuery {
	return protocol.CodeQuery{ParkCode: "1", OrderNo: order, DeviceCode: "K1", PlateNum: protocol.EncodePlate(plate), InTime: "2019-02-25 08:00:00", ElapsedTime: 60, Amount: amount, OutTime: "2019-02-25 09:00:00"}
}

func scanPay(order, plate string, amount int64, authCode string) protocol.ScanPay {
	return protocol.ScanPay{ParkCode: "1", OrderNo: order, DeviceID: "K1", CarNo: protocol.EncodePlate(plate), InTime: "2019-02-25 08:00:00", ElapsedTime: 60, Amount: amount, AuthCode: authCode, OutTime: "2019-02-25 09:00:00"}
}

const (
	weChatCode = "134567890123456789"
	alipayCode = "284567890123456789"
)

// payment is what the car park is told of an order.
func payment(order string, amount, method int) ask {
	return ask{"/api/ParkingPay/PayParkingFee", fmt.Sprintf(
		`{"parkCode":"1","orderNo":"%s","amount":%d,"discount":0,"payType":4,"payMethod":%d,"freeMoney":0,"freeTime":0,"freeDetail":""}`, order, amount, method)}
}

func mustBeAsked(t *testing.T, l *lot, want ...ask) {
	t.Helper()
	if diff := cmp.Diff(want, l.take()); diff != "" {
		t.Errorf("the car park was asked (-want +got):\n%s", diff)
	}
}

func mustTotal(t *testing.T, p *Platform, want Totals) {
	t.Helper()
	if diff := cmp.Diff(want, p.Totals()); diff != "" {
		t.Errorf("Totals (-want +got):\n%s", diff)
	}
}

func TestACodeIsPaidByScanningIt(t *testing.T) {
	p, c := start(t, testConfig())
	park, l := startLot(t, map[string]string{"PayParkingFee": paidOK})
	first := mustAsk[protocol.Code](t, c, "GetPayQRCode", codeQuery("o1", "京A12345", 300))
	other := mustAsk[protocol.Code](t, c, "GetPayQRCode", codeQuery("o2", "京B12345", 400))
	again := mustAsk[protocol.Code](t, c, "GetPayQRCode", codeQuery("o1", "京A12345", 500))
	if first != again || first.QRCode == other.QRCode || first.OrderNo == other.OrderNo || first.PayType != protocol.ThirdWeChat {
		t.Errorf("codes %+v, %+v of another order, and %+v again", first, other, again)
	}
	if _, err := p.ScanCode(t.Context(), first.QRCode); !errors.Is(err, ErrNoCarPark) {
		t.Errorf("ScanCode = %v, want %v", err, ErrNoCarPark)
	}
	p.SetCarPark(park)
	if _, err := p.ScanCode(t.Context(), "x"); !errors.Is(err, ErrUnknownCode) {
		t.Errorf("ScanCode = %v, want %v", err, ErrUnknownCode)
	}
	mustTotal(t, p, Totals{Questions: 3, Codes: 2})
	for range 2 {
		receipt, err := p.ScanCode(t.Context(), first.QRCode)
		if err != nil || receipt.ParkingTime != 150 {
			t.Errorf("ScanCode = %+v, %v", receipt, err)
		}
	}
	mustBeAsked(t, l, payment("o1", 500, 4)) // once, what was asked last
	mustTotal(t, p, Totals{Questions: 3, Codes: 2, Collected: 500})
	// Once it is paid, the order keeps its price and its code.
	if paid := mustAsk[protocol.Code](t, c, "GetPayQRCode", codeQuery("o1", "京A12345", 900)); paid != first {
		t.Errorf("code %+v of a paid order, want %+v", paid, first)
	}
	mustRefuse(t, c, "PayScanCode", scanPay("o1", "京A12345", 500, weChatCode), "订单已支付")
	if got := p.Books()[0]; got.Plate != "京A12345" || got.Taken() != 500 {
		t.Errorf("the first stay is %+v", got)
	}
}

func TestADriversOwnCodeIsChargedOnce(t *testing.T) {
	p, c := start(t, testConfig())
	park, l := startLot(t, map[string]string{"PayParkingFee": paidOK})
	first := mustAsk[protocol.ScanAnswer](t, c, "PayScanCode", scanPay("o1", "京A12345", 300, alipayCode))
	again := mustAsk[protocol.ScanAnswer](t, c, "PayScanCode", scanPay("o1", "京A12345", 300, " "+alipayCode))
	if first != again || first.PayType != protocol.ThirdAlipay || first.OrderNo == "" {
		t.Errorf("answered %+v, then %+v", first, again)
	}
	mustRefuse(t, c, "PayScanCode", scanPay("o2", "京B12345", 300, alipayCode), "付款码已使用")
	mustRefuse(t, c, "PayScanCode", scanPay("o1", "京A12345", 300, weChatCode), "订单已支付")
	mustRefuse(t, c, "GetPayQRCode", codeQuery("o1", "京A12345", 300), "订单已支付")
	if err := p.PayPending(t.Context()); !errors.Is(err, ErrNoCarPark) {
		t.Errorf("PayPending = %v, want %v", err, ErrNoCarPark)
	}
	mustTotal(t, p, Totals{Questions: 5, Scans: 1, Collected: 300, Waiting: 1})
	p.SetCarPark(park)
	for range 2 {
		if err := p.PayPending(t.Context()); err != nil {
			t.Errorf("PayPending: %v", err)
		}
	}
	mustBeAsked(t, l, payment("o1", 300, 5))
	mustTotal(t, p, Totals{Questions: 5, Scans: 1, Collected: 300})
}

func TestAPaymentThatTheCarParkRefusesIsGivenBack(t *testing.T) {
	config := testConfig()
	park, l := startLot(t, map[string]string{"PayParkingFee": refusedIt})
	config.CarPark = park
	p, c := start(t, config)
	code := mustAsk[protocol.Code](t, c, "GetPayQRCode", codeQuery("o1", "京A12345", 300)).QRCode
	mustAsk[protocol.ScanAnswer](t, c, "PayScanCode", scanPay("o2", "京B12345", 400, weChatCode))
	var refused *protocol.RefusedError
	for range 2 {
		if _, err := p.ScanCode(t.Context(), code); !errors.As(err, &refused) || refused.Reply.Msg != "车辆已离场" {
			t.Errorf("ScanCode = %v, want the car park's refusal", err)
		}
	}
	if err := p.PayPending(t.Context()); !errors.As(err, &refused) {
		t.Errorf("PayPending = %v, want the car park's refusal", err)
	}
	mustBeAsked(t, l, payment("o1", 300, 4), payment("o2", 400, 4))
	mustRefuse(t, c, "PayScanCode", scanPay("o2", "京B12345", 400, weChatCode), "订单已退款")
	mustTotal(t, p, Totals{Questions: 3, Codes: 1, Scans: 1, Collected: 700, Refunded: 700})
	if got := p.Books().Taken(); got != 0 {
		t.Errorf("%d fen are still taken", got)
	}
}

func TestAPaymentWithoutAnAnswerIsToldAgain(t *testing.T) {
	config := testConfig()
	park, l := startLot(t, map[string]string{})
	config.CarPark = park
	p, c := start(t, config)
	code := mustAsk[protocol.Code](t, c, "GetPayQRCode", codeQuery("o1", "京A12345", 300)).QRCode
	var none *protocol.NoAnswerError
	for range 2 {
		if _, err := p.ScanCode(t.Context(), code); !errors.As(err, &none) {
			t.Errorf("ScanCode = %v, want no answer", err)
		}
	}
	if _, err := p.PayPlate(t.Context(), "A12345"); !errors.As(err, &none) {
		t.Errorf("PayPlate = %v, want no answer", err)
	}
	mustTotal(t, p, Totals{Questions: 1, Codes: 1, Collected: 300, Waiting: 1})
	l.answer("PayParkingFee", plainOK) // without the row, but a success
	l.answer("GetParkingPaymentInfo", `{"resCode":0,"data":[{"orderNo":"o2","plateNo":"京A12345","entryTime":"2019-02-25 08:00:00","payable":0}]}`)
	l.take()
	if bill, err := p.PayPlate(t.Context(), "A12345"); err != nil || bill.Payable != 0 {
		t.Errorf("PayPlate = %+v, %v", bill, err)
	}
	mustBeAsked(t, l, payment("o1", 300, 4), ask{"/api/ParkingPay/GetParkingPaymentInfo", `{"parkCode":"1","plateNo":"A12345"}`})
	mustTotal(t, p, Totals{Questions: 1, Codes: 1, Collected: 300})
}

func TestRunTellsTheCarParkUntilItIsStopped(t *testing.T) {
	config := testConfig()
	park, l := startLot(t, map[string]string{})
	config.CarPark = park
	p, c := start(t, config)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	mustAsk[protocol.ScanAnswer](t, c, "PayScanCode", scanPay("o1", "京A12345", 300, weChatCode))
	l.answer("PayParkingFee", paidOK)
	if err := p.Wait(ctx, func(t Totals) bool { return t.Scans == 1 && t.Waiting == 0 }); err != nil {
		t.Errorf("Wait: %v", err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestAuthCodesAreNeitherKeptNorLogged(t *testing.T) {
	var log bytes.Buffer
	config := testConfig()
	config.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	config.CarPark, _ = startLot(t, map[string]string{"PayParkingFee": refusedIt})
	p, c := start(t, config)
	mustAsk[protocol.ScanAnswer](t, c, "PayScanCode", scanPay("o1", "京A12345", 300, weChatCode))
	mustRefuse(t, c, "PayScanCode", scanPay("o2", "京A12345", 300, weChatCode), "付款码已使用")
	broken := scanPay("o3", "京A12345", 300, weChatCode)
	broken.InTime = "then"
	if _, err := c.Post(t.Context(), "PayScanCode", broken); err == nil {
		t.Error("a time that is none was taken")
	}
	if err := p.PayPending(t.Context()); err == nil {
		t.Error("a refusal is no error")
	}
	for what, text := range map[string]string{"the log": log.String(), "the records": fmt.Sprintf("%#v", p.Records())} {
		if text == "" || strings.Contains(text, weChatCode) {
			t.Errorf("%s: %s", what, text)
		}
	}
	if got := Messages[protocol.ScanPay](p.Records()); len(got) != 2 || got[0].AuthCode != "***" || got[0].OrderNo != "o1" {
		t.Errorf("kept %d scans, the first with auth code %q", len(got), got[0].AuthCode)
	}
}

func TestBooksShowWhatWasTakenTwice(t *testing.T) {
	left := func(plate string, paid int64) protocol.PayDetail { return exit(plate, 0, paid) }
	cash := bill("京A12345", "o9", 300)
	cash.PayType = protocol.PayCash
	type message struct {
		name string
		what any
	}
	deduct, out := message{"PostCarOutInfo", carOut("京A12345", 300)}, message{"PostPayDetail", left("京A12345", 300)}
	scan := message{"PayScanCode", scanPay("o1", "京A12345", 300, weChatCode)}
	tests := []struct {
		name        string
		messages    []message
		over, under int64
	}{
		{"a deduction that is reported", []message{deduct, {"PostCarBillDetail", bill("京A12345", "o1", 300)}, out}, 0, 0},
		{"a deduction that is not reported yet", []message{deduct}, 0, 0},
		{"a deduction, and cash", []message{deduct, {"PostCarBillDetail", cash}, out}, 300, 0},
		{"a deduction that was given back, and cash", []message{deduct, {"PostCarBillDetail", cash}, out, {"PostCarCorrect", correction("京A12345", 300)}}, 0, 0},
		{"a deduction, and a scan", []message{deduct, scan, {"PostCarBillDetail", bill("京A12345", "o1", 300)}, out}, 300, 0},
		{"two payments, both reported", []message{deduct, scan, {"PostPayDetail", left("京A12345", 600)}}, 0, 0},
		{"a payment that the car park lost", []message{scan, {"PostPayDetail", left("京A12345", 0)}}, 300, 0},
		{"inside, with one of two payments reported", []message{deduct, scan, {"PostCarBillDetail", bill("京A12345", "o1", 300)}}, 300, 0},
		{"a payment that nobody made", []message{{"PostCarBillDetail", bill("京A12345", "o1", 300)}, out}, 0, 300},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, c := start(t, testConfig())
			p.SetAccount("京A12345", 1000)
			mustPost(t, c, "PostCarInInfo", entry("京A12345"))
			for _, m := range tt.messages {
				mustPost(t, c, m.name, m.what)
			}
			books := p.Books()
			if len(books) != 1 {
				t.Fatalf("Books = %+v, want one stay", books)
			}
			if over, under := books[0].Over(), books[0].Under(); over != tt.over || under != tt.under {
				t.Errorf("over %d, under %d, want %d and %d: %+v", over, under, tt.over, tt.under, books[0])
			}
			if got := len(books.Over()) == 1; got != (tt.over > 0) {
				t.Errorf("the list of stays charged too much has it: %v", got)
			}
			if got := len(books.Under()) == 1; got != (books[0].Under() > 0) {
				t.Errorf("the list of stays charged too little has it: %v", got)
			}
		})
	}
}

func TestOldStaysAndOrdersAreForgotten(t *testing.T) {
	config := testConfig()
	config.Keep = 2
	p, c := start(t, config)
	for i := range 3 {
		plate := fmt.Sprintf("京A0000%d", i)
		mustAsk[protocol.Code](t, c, "GetPayQRCode", codeQuery("o"+plate, plate, 300))
	}
	if got := p.Books(); len(got) != 2 || got[0].Plate != "京A00001" {
		t.Errorf("Books = %+v, want the last two", got)
	}
	if got := p.Totals().Codes; got != 3 {
		t.Errorf("Codes = %d, want 3", got)
	}
}
