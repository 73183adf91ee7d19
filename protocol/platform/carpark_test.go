package platform

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/protocol"
)

// ask is what a stub car park was asked.
type ask struct{ Path, JSON string }

// A lot is a car park of a few lines: it answers by interface name and remembers
// what it was asked.
type lot struct {
	mu      sync.Mutex // guards the following fields
	asked   []ask
	answers map[string]string // bodies; "" cuts the connection
}

func (l *lot) answer(name, body string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers[name] = body
}

// take returns what was asked since the last call.
func (l *lot) take() []ask {
	l.mu.Lock()
	defer l.mu.Unlock()
	asked := l.asked
	l.asked = nil
	return asked
}

// Answers of a car park.
const (
	plainOK   = `{"resCode":0,"resMsg":"","data":null}`
	paidOK    = `{"resCode":0,"resMsg":"","data":[{"parkingTime":150}]}`
	refusedIt = `{"resCode":1,"resMsg":"车辆已离场","data":null}`
)

// startLot serves a lot on loopback.
func startLot(t *testing.T, answers map[string]string) (*CarPark, *lot) {
	t.Helper()
	cipher, err := protocol.NewCipher(testKey)
	if err != nil {
		t.Fatal(err)
	}
	l := &lot{answers: answers}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route, ok := protocol.Match(r.URL.Path)
		if !ok {
			http.NotFound(w, r)
			return
		}
		opened, err := cipher.OpenRequest(r, protocol.OpenOptions{Now: testNow, Location: time.UTC, Params: route.Params})
		if err != nil {
			t.Errorf("OpenRequest: %v", err)
		}
		l.mu.Lock()
		l.asked = append(l.asked, ask{r.URL.Path, string(opened.JSON)})
		body := l.answers[route.Name]
		l.mu.Unlock()
		if body == "" {
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write([]byte(body)) // the caller tells what it could not read
	}))
	t.Cleanup(server.Close)
	client := &protocol.Client{HTTP: server.Client(), URL: server.URL, User: "mall", Password: "secret", Cipher: cipher, Location: time.UTC, Now: func() time.Time { return testNow }}
	return NewCarPark(client, "1"), l
}

// A call is a method of CarPark with what it is to send, and to make of the answer.
type call struct {
	name     string // of the interface
	do       func(context.Context, *CarPark) (any, error)
	path     string
	sent     string
	answer   string // data
	returned any
}

func plain(err error) (any, error) { return nil, err }

func infoCalls() []call {
	period := protocol.StaysQuery{PlateNo: "京", StartTime: "2019-02-25", EndTime: "2019-02-25", PageIndex: 1, PageCount: 10}
	place := protocol.PlaceQuery{LeavePlace: "南门", StartTime: "2019-02-25", EndTime: "2019-02-25", PageIndex: 1, PageCount: 10}
	page := protocol.StaysPage{TotalNum: 1, Detail: []protocol.Stay{{ID: "1", Payable: 300}}}
	return []call{
		{"GetCarInOutInfoByPlate", func(ctx context.Context, c *CarPark) (any, error) { return c.Stays(ctx, period) }, "ParkingInfo",
			`{"parkCode":"1","plateNo":"京","startTime":"2019-02-25","endTime":"2019-02-25","pageIndex":1,"pageCount":10}`, `[{"totalNum":"1","detail":[{"id":"1","payable":"300"}]}]`, page},
		{"GetCarInOutInfoByPlace", func(ctx context.Context, c *CarPark) (any, error) { return c.StaysAt(ctx, place) }, "ParkingInfo",
			`{"parkCode":"1","leavePlace":"南门","startTime":"2019-02-25","endTime":"2019-02-25","pageIndex":1,"pageCount":10}`, `[{"totalNum":"1","detail":[{"id":"1","payable":"300"}]}]`, page},
		{"SearchParkingInfo", func(ctx context.Context, c *CarPark) (any, error) { return c.Inside(ctx, "") }, "ParkingInfo",
			`{"parkCode":"1"}`, `[{"plateNo":"京A12345"},{"plateNo":"京B12345"}]`, []protocol.InsideCar{{PlateNo: "京A12345"}, {PlateNo: "京B12345"}}},
		{"SearchParkingInfo", func(ctx context.Context, c *CarPark) (any, error) { return c.InsideWithCard(ctx, "7") }, "ParkingInfo",
			`{"parkCode":"1","cardNo":"7"}`, `[]`, []protocol.InsideCar{}},
		{"OnlineCarInOut", func(ctx context.Context, c *CarPark) (any, error) { return plain(c.Pass(ctx, "C1", "openid-0000001")) }, "ParkingManage",
			`{"parkCode":"1","deviceCode":"C1","deviceType":0,"cardNo":"openid-0000001"}`, `null`, nil},
		{"ModifyFreeSpace", func(ctx context.Context, c *CarPark) (any, error) {
			return plain(c.SetFree(ctx, protocol.SpaceCommand{FreeSpaceNum: protocol.IntOf(5)}))
		}, "ParkingManage", `{"parkCode":"1","freeSpaceNum":5}`, `null`, nil},
		{"GateControl", func(ctx context.Context, c *CarPark) (any, error) { return plain(c.Gate(ctx, "G1", protocol.GateOpen)) }, "ParkingManage",
			`{"parkCode":"1","deviceCode":"G1","deviceType":0,"controlType":1}`, `null`, nil},
		{"ShowLedMsg", func(ctx context.Context, c *CarPark) (any, error) { return plain(c.Show(ctx, "L1", "欢迎|光临")) }, "ParkingManage",
			`{"parkCode":"1","deviceCode":"L1","deviceType":0,"showInfo":"欢迎|光临"}`, `null`, nil},
		{"RecordDensityPay", func(ctx context.Context, c *CarPark) (any, error) { return plain(c.MarkSeamless(ctx, "京A12345")) }, "ParkingManage",
			`{"parkCode":"1","plateNo":"京A12345"}`, `null`, nil},
		{"GetPhoto", func(ctx context.Context, c *CarPark) (any, error) { return c.Photo(ctx, "C1") }, "ParkingManage",
			`{"parkCode":"1","deviceCode":"C1","deviceType":0}`, `[{"imageUrl":"http://x/1.jpg"}]`, "http://x/1.jpg"},
	}
}

func payCalls() []call {
	bill := protocol.Bill{OrderNo: "o1", PlateNo: "京A12345", Payable: 300}
	billRow := `[{"orderNo":"o1","plateNo":"京A12345","payable":300}]`
	return []call{
		{"GetParkingPaymentInfo", func(ctx context.Context, c *CarPark) (any, error) { return c.Bill(ctx, "京A12345") }, "ParkingPay",
			`{"parkCode":"1","plateNo":"京A12345"}`, billRow, bill},
		{"GetParkingPaymentInfo", func(ctx context.Context, c *CarPark) (any, error) { return c.BillOfCard(ctx, "123") }, "ParkingPay",
			`{"parkCode":"1","cardNo":"123"}`, billRow, bill},
		{"GetParkingPaymentInfo", func(ctx context.Context, c *CarPark) (any, error) { return c.BillAt(ctx, "G2") }, "ParkingPay",
			`{"parkCode":"1","deviceCode":"G2"}`, billRow, bill},
		{"PayParkingFee", func(ctx context.Context, c *CarPark) (any, error) { return c.PayBill(ctx, bill) }, "ParkingPay",
			`{"parkCode":"1","orderNo":"o1","amount":300,"discount":0,"payType":4,"payMethod":4,"freeMoney":0,"freeTime":0,"freeDetail":""}`, `{"parkingTime":150}`, protocol.PaymentReceipt{ParkingTime: 150}},
		{"ParkingFree", func(ctx context.Context, c *CarPark) (any, error) {
			return c.Free(ctx, protocol.Discount{PlateNo: "京A12345", FreeTime: 3600})
		}, "ParkingPay", `{"parkCode":"1","plateNo":"京A12345","freeMoney":0,"freeTime":3600}`, `[{"orderNo":123456789}]`, protocol.DiscountReceipt{OrderNo: 123456789}},
		{"GetPaymentStatus", func(ctx context.Context, c *CarPark) (any, error) { return c.Paid(ctx, "o1") }, "ParkingPay",
			`{"parkCode":"1","orderNo":"o1"}`, `[{"status":"1"}]`, true},
		{"GetPayChargeInfo", func(ctx context.Context, c *CarPark) (any, error) { return c.Change(ctx, "o1C") }, "ParkingPay",
			`{"parkCode":"1","orderNo":"o1C"}`, `[{"orderNo":"o1C","payMoney":1100,"paidAmount":1500}]`, protocol.ChangeInfo{OrderNo: "o1C", PayMoney: 1100, PaidAmount: 1500}},
		{"PayChargeNotice", func(ctx context.Context, c *CarPark) (any, error) {
			return c.ChangeGiven(ctx, protocol.ChangeNotice{OrderNo: "o1C", ChargeType: protocol.IntOf(protocol.ChangeByAlipay)})
		}, "ParkingPay", `{"parkCode":"1","orderNo":"o1C","chargeType":"1"}`, `[{"orderNo":"o1C"}]`, protocol.ChangeReceipt{OrderNo: "o1C"}},
		{"PayChargeReport", func(ctx context.Context, c *CarPark) (any, error) {
			return c.Changes(ctx, protocol.ChangesQuery{StartTime: "2019-02-25", EndTime: "2019-02-25", PageIndex: 1, PageCount: 10})
		}, "ParkingPay", `{"parkCode":"1","startTime":"2019-02-25","endTime":"2019-02-25","pageIndex":1,"pageCount":10}`, `[{"orderNo":"o1C"}]`, []protocol.ChangeRow{{OrderNo: "o1C"}}},
	}
}

func cardCalls() []call {
	return []call{
		{"AddCarCardNo", func(ctx context.Context, c *CarPark) (any, error) {
			return c.AddCard(ctx, protocol.CardAdd{CardName: "A", UseName: "B", PlateDetails: protocol.PlateDetails{{PlateNo: "京A12345"}}, CarType: protocol.IntOf(protocol.CarMonthly), ValidFrom: "2019-01-01", ValidTo: "2019-12-31"})
		}, "ParkingCard", `{"parkCode":"1","cardName":"A","useName":"B","plateDetails":"[{\"plateNo\":\"京A12345\",\"etcNo\":\"\"}]","carType":2,"validFrom":"2019-01-01","validTo":"2019-12-31"}`, `[{"cardId":5}]`, int64(5)},
		{"ModifyCarCardNo", func(ctx context.Context, c *CarPark) (any, error) {
			return plain(c.EditCard(ctx, protocol.CardEdit{CardID: 5, Tel: "1"}))
		}, "ParkingCard", `{"parkCode":"1","cardId":"5","tel":"1"}`, `null`, nil},
		{"DeleteCarCardNo", func(ctx context.Context, c *CarPark) (any, error) { return plain(c.DeleteCard(ctx, 5)) }, "ParkingCard",
			`{"parkCode":"1","cardId":5}`, `null`, nil},
		{"CarCardNoManage", func(ctx context.Context, c *CarPark) (any, error) {
			return plain(c.EditPlate(ctx, protocol.CardPlateEdit{CardID: 5, PlateNo: "京A2", OldPlateNo: "京A1", ModifyType: protocol.EditChange}))
		}, "ParkingCard", `{"parkCode":"1","cardId":5,"plateNo":"京A2","oldplateNo":"京A1","modifyType":1}`, `null`, nil},
		{"GetCarCardInfo", func(ctx context.Context, c *CarPark) (any, error) {
			return c.Cards(ctx, protocol.CardQuery{CardID: protocol.IntOf(5)})
		}, "ParkingCard", `{"parkCode":"1","cardId":5}`, `[{"cardId":5,"plateDetails":"[]","spaceNum":"2"}]`, []protocol.CardInfo{{CardID: 5, SpaceNum: 2}}},
		{"PayCarCardFee", func(ctx context.Context, c *CarPark) (any, error) {
			return plain(c.PayCard(ctx, protocol.CardPayment{CardID: 5, OrderNo: "p1", Amount: 100, ValidTo: "2020-01-31"}))
		}, "ParkingCard", `{"parkCode":"1","cardId":5,"orderNo":"p1","amount":100,"validTo":"2020-01-31"}`, `null`, nil},
		{"GetCardProduct", func(ctx context.Context, c *CarPark) (any, error) { return c.Products(ctx, protocol.CarMonthly) }, "ParkingCard",
			`{"parkCode":"1","carType":2}`, `[{"ruleName":"月租","rechargeAmount":1}]`, []protocol.Product{{RuleName: "月租", RechargeAmount: 1}}},
		{"BlackListControl", func(ctx context.Context, c *CarPark) (any, error) {
			return c.EditBlack(ctx, protocol.BlackEdit{PlateNo: "京A1", ControlType: protocol.IntOf(protocol.EditAdd)})
		}, "ParkingCard", `{"parkCode":"1","plateNo":"京A1","controlType":0}`, `[{"blackId":1}]`, int64(1)},
		{"GetBlackInfo", func(ctx context.Context, c *CarPark) (any, error) { return c.Blacks(ctx, "") }, "ParkingCard",
			`{"parkCode":"1"}`, `[{"blackId":1,"plateNo":"京A1"}]`, []protocol.BlackInfo{{BlackID: 1, PlateNo: "京A1"}}},
		{"AddBookingCar", func(ctx context.Context, c *CarPark) (any, error) {
			return c.Book(ctx, protocol.BookingAdd{PlateNo: "京A1", PreMoney: 100, ValidFrom: "2019-02-25", ValidTo: "2019-02-26"})
		}, "ParkingBook", `{"parkCode":"1","plateNo":"京A1","preMoney":100,"validFrom":"2019-02-25","validTo":"2019-02-26"}`, `[{"bookId":3}]`, int64(3)},
		{"ModifyBookingCar", func(ctx context.Context, c *CarPark) (any, error) {
			return plain(c.EditBooking(ctx, protocol.BookingEdit{BookID: 3, ModifyType: protocol.IntOf(protocol.BookingCancel)}))
		}, "ParkingBook", `{"parkCode":"1","bookid":3,"modifyType":1}`, `[{"bookId":3}]`, nil},
		{"GetBookingCar", func(ctx context.Context, c *CarPark) (any, error) { return c.Bookings(ctx, "京A1") }, "ParkingBook",
			`{"parkCode":"1","plateNo":"京A1"}`, `[{"bookid":3,"plateNo":"京A1"}]`, []protocol.BookingInfo{{BookID: 3, PlateNo: "京A1"}}},
	}
}

func TestEveryInterfaceOfTheCarParkIsCalled(t *testing.T) {
	park, l := startLot(t, map[string]string{})
	called := map[string]bool{}
	calls := append(append(infoCalls(), payCalls()...), cardCalls()...)
	for _, c := range calls {
		l.answer(c.name, `{"resCode":0,"resMsg":"","data":`+c.answer+`}`)
		got, err := c.do(t.Context(), park)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(c.returned, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if diff := cmp.Diff([]ask{{"/api/" + c.path + "/" + c.name, c.sent}}, l.take()); diff != "" {
			t.Errorf("%s (-want +asked):\n%s", c.name, diff)
		}
		called[c.name] = true
	}
	for _, route := range protocol.Routes() {
		if !called[route.Name] {
			t.Errorf("no method calls %s", route.Name)
		}
	}
}

func TestTheCarParksRefusalIsAnError(t *testing.T) {
	park, _ := startLot(t, map[string]string{"GetParkingPaymentInfo": refusedIt, "SearchParkingInfo": refusedIt, "GateControl": refusedIt})
	var refused *protocol.RefusedError
	ctx := t.Context()
	_, billErr := park.Bill(ctx, "京A12345")
	_, insideErr := park.Inside(ctx, "")
	for _, err := range []error{billErr, insideErr, park.Gate(ctx, "G1", protocol.GateOpen)} {
		if !errors.As(err, &refused) || refused.Reply.Msg != "车辆已离场" {
			t.Errorf("error = %v, want a refusal", err)
		}
	}
}

func TestAnAnswerThatLacksWhatItPromisesIsAnError(t *testing.T) {
	park, _ := startLot(t, map[string]string{"GetPaymentStatus": plainOK, "SearchParkingInfo": `{"resCode":0,"data":[7]}`})
	if _, err := park.Paid(t.Context(), "o1"); !errors.Is(err, errNoRow) {
		t.Errorf("Paid error = %v, want %v", err, errNoRow)
	}
	if _, err := park.Inside(t.Context(), ""); err == nil {
		t.Error("a row that is a number was taken for a car")
	}
	if _, err := park.Call(t.Context(), "Nonsense", struct{}{}); err == nil {
		t.Error("an interface that is none was called")
	}
}
