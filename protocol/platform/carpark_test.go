package platform

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"parkagent/protocol"
)

// ask is what a stub car park was asked.
type ask struct{ Path, JSON string }

// startCarPark serves fixed answers by interface name and tells what was asked.
func startCarPark(t *testing.T, answers map[string]string) (*CarPark, <-chan ask) {
	t.Helper()
	cipher, err := protocol.NewCipher(testKey)
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan ask, 1)
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
		asked <- ask{r.URL.Path, string(opened.JSON)}
		if _, err := io.WriteString(w, answers[route.Name]); err != nil {
			t.Errorf("answer: %v", err)
		}
	}))
	t.Cleanup(server.Close)
	client := &protocol.Client{HTTP: server.Client(), URL: server.URL, User: "mall", Password: "secret", Cipher: cipher, Location: time.UTC, Now: func() time.Time { return testNow }}
	return NewCarPark(client, "1"), asked
}

func TestTheCarParkIsAskedAndPaid(t *testing.T) {
	park, asked := startCarPark(t, map[string]string{
		"GetParkingPaymentInfo":  `{"resCode":0,"resMsg":"","data":[{"orderNo":"o1","plateNo":"京A12345","payable":300}]}`,
		"PayParkingFee":          `{"resCode":0,"resMsg":"","data":{"parkingTime":150}}`,
		"GetPaymentStatus":       `{"resCode":0,"resMsg":null,"data":[{"status":"1"}]}`,
		"SearchParkingInfo":      `{"resCode":0,"resMsg":"","data":[{"plateNo":"京A12345"},{"plateNo":"京B12345"}]}`,
		"GetCarInOutInfoByPlate": `{"resCode":0,"resMsg":"","data":[{"totalNum":"1","detail":[{"id":"1","payable":"300"}]}]}`,
		"GateControl":            `{"resCode":0,"resMsg":"","data":null}`,
		"ShowLedMsg":             `{"resCode":0,"resMsg":"","data":null}`,
	})
	ctx := t.Context()
	expect := func(path, json string) {
		t.Helper()
		if got := <-asked; got != (ask{path, json}) {
			t.Errorf("asked %+v, want %s %s", got, path, json)
		}
	}

	b, err := park.Bill(ctx, "京A12345")
	if err != nil || b.OrderNo != "o1" || b.Payable != 300 {
		t.Fatalf("Bill = %+v, %v", b, err)
	}
	expect("/api/ParkingPay/GetParkingPaymentInfo", `{"parkCode":"1","plateNo":"京A12345"}`)
	if _, err := park.BillOfCard(ctx, "123"); err != nil {
		t.Errorf("BillOfCard: %v", err)
	}
	expect("/api/ParkingPay/GetParkingPaymentInfo", `{"parkCode":"1","cardNo":"123"}`)
	if _, err := park.BillAt(ctx, "G2"); err != nil {
		t.Errorf("BillAt: %v", err)
	}
	expect("/api/ParkingPay/GetParkingPaymentInfo", `{"parkCode":"1","deviceCode":"G2"}`)
	receipt, err := park.PayBill(ctx, b)
	if err != nil || receipt.ParkingTime != 150 {
		t.Errorf("PayBill = %+v, %v", receipt, err)
	}
	expect("/api/ParkingPay/PayParkingFee", `{"parkCode":"1","orderNo":"o1","amount":300,"discount":0,"payType":4,"payMethod":4,"freeMoney":0,"freeTime":0,"freeDetail":""}`)
	if paid, err := park.Paid(ctx, "o1"); err != nil || !paid {
		t.Errorf("Paid = %v, %v", paid, err)
	}
	expect("/api/ParkingPay/GetPaymentStatus", `{"parkCode":"1","orderNo":"o1"}`)
	if inside, err := park.Inside(ctx, ""); err != nil || len(inside) != 2 {
		t.Errorf("Inside = %+v, %v", inside, err)
	}
	expect("/api/ParkingInfo/SearchParkingInfo", `{"parkCode":"1"}`)
	page, err := park.Stays(ctx, protocol.StaysQuery{PlateNo: "京", StartTime: "2019-02-25", EndTime: "2019-02-25", PageIndex: 1, PageCount: 10})
	if err != nil || page.TotalNum != 1 || page.Detail[0].Payable != 300 {
		t.Errorf("Stays = %+v, %v", page, err)
	}
	expect("/api/ParkingInfo/GetCarInOutInfoByPlate", `{"parkCode":"1","plateNo":"京","startTime":"2019-02-25","endTime":"2019-02-25","pageIndex":1,"pageCount":10}`)
	if err := park.Gate(ctx, "G1", protocol.GateOpen); err != nil {
		t.Errorf("Gate: %v", err)
	}
	expect("/api/ParkingManage/GateControl", `{"parkCode":"1","deviceCode":"G1","deviceType":0,"controlType":1}`)
	if err := park.Show(ctx, "L1", "欢迎|光临"); err != nil {
		t.Errorf("Show: %v", err)
	}
	expect("/api/ParkingManage/ShowLedMsg", `{"parkCode":"1","deviceCode":"L1","deviceType":0,"showInfo":"欢迎|光临"}`)
}

func TestTheCarParksRefusalIsAnError(t *testing.T) {
	park, asked := startCarPark(t, map[string]string{
		"GetParkingPaymentInfo": `{"resCode":1,"resMsg":"车辆不在场内","data":null}`,
		"GetPaymentStatus":      `{"resCode":0,"resMsg":"","data":null}`,
	})
	_, err := park.Bill(t.Context(), "京A12345")
	<-asked
	var refused *protocol.RefusedError
	if !errors.As(err, &refused) || refused.Reply.Msg != "车辆不在场内" {
		t.Errorf("Bill error = %v, want a refusal", err)
	}
	_, err = park.Paid(t.Context(), "o1")
	<-asked
	if !errors.Is(err, errNoRow) {
		t.Errorf("Paid error = %v, want %v", err, errNoRow)
	}
}
