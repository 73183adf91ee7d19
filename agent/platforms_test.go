package agent

import (
	"errors"
	"strings"
	"testing"
	"time"

	"parkagent/agent/config"
	"parkagent/protocol"
	"parkagent/store"
)

// mall posts to the agent at an address as its client, and fails the test unless
// that succeeds.
func mall(t *testing.T, addr string) (protocol.Client, func(path string, message any) protocol.Reply) {
	t.Helper()
	cipher, err := protocol.NewCipher("0123456789abcdefGHIJKLMN")
	if err != nil {
		t.Fatal(err)
	}
	c := protocol.Client{URL: "http://" + addr + "/api", User: "mall-user", Password: "mall-password", Cipher: cipher}
	return c, func(path string, message any) protocol.Reply {
		t.Helper()
		reply, err := c.Post(t.Context(), path, message)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		return reply
	}
}

// What a platform is told to be for sale is what its payment buys.
func TestACardIsRechargedByAConfiguredProduct(t *testing.T) {
	addr, stop := running(t, t.TempDir())
	client, post := mall(t, addr)
	sold, err := protocol.RowsOf[protocol.Product](post("ParkingCard/GetCardProduct", protocol.ProductQuery{CarType: protocol.IntOf(protocol.CarCounted)}))
	if err != nil || len(sold) != 1 || sold[0].RuleName != "visits" || sold[0].BasicMoney != 5000 {
		t.Fatalf("products = %+v, %v, want visits for 5000 fen", sold, err)
	}
	id, _, err := protocol.FirstOf[protocol.CardID](post("ParkingCard/AddCarCardNo", protocol.CardAdd{
		PlateDetails: protocol.PlateDetails{{PlateNo: "粤B12345"}}, CarType: protocol.IntOf(protocol.CarCounted), ValidFrom: "2020-01-01", ValidTo: "2099-12-31",
	}))
	if err != nil {
		t.Fatal(err)
	}
	post("ParkingCard/PayCarCardFee", protocol.CardPayment{CardID: id.CardID, OrderNo: "R1", Amount: 2 * sold[0].BasicMoney})
	card, _, err := protocol.FirstOf[protocol.CardInfo](post("ParkingCard/GetCarCardInfo", protocol.CardQuery{CardID: protocol.IntOf(id.CardID)}))
	if err != nil || card.ValidValue != 22 || len(card.AreaList) != 1 || card.AreaList[0] != "A" {
		t.Errorf("card = %+v, %v, want 22 visits in area A", card, err)
	}
	refused := new(protocol.RefusedError)
	_, err = client.Post(t.Context(), "ParkingCard/PayCarCardFee", protocol.CardPayment{CardID: id.CardID, OrderNo: "R2", Amount: 4999})
	if !errors.As(err, &refused) || refused.Reply.Msg != "没有适用的充值规则" {
		t.Errorf("a payment that buys nothing = %v, want it refused", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A lane that gives up before a slow platform may answer would charge a driver whom
// the platform charges as well.
func TestACarWaitsAsLongAsPlatformsMayTake(t *testing.T) {
	site := smallSite(t, t.TempDir())
	for _, tt := range []struct {
		name      string
		platforms []config.Platform
		deduct    time.Duration // is the longest time of one that deducts
		want      time.Duration
	}{
		{"nobody is asked", []config.Platform{{Timeout: time.Minute}, {Timeout: time.Minute, Questions: []string{"GetPayQRCode"}}}, 0, 0},
		{"the slower of two that deduct", []config.Platform{
			{Timeout: 3 * time.Second, Questions: []string{config.QuestionDeduct}}, {Timeout: 20 * time.Second, Questions: []string{config.QuestionDeduct}},
		}, 20 * time.Second, 21 * time.Second},
		{"the price, and then to deduct", []config.Platform{{Timeout: 8 * time.Second, Questions: []string{config.QuestionDeduct, config.QuestionPrice}}}, 8 * time.Second, 17 * time.Second},
		{"one prices, another deducts", []config.Platform{
			{Timeout: 9 * time.Second, Questions: []string{config.QuestionPrice}}, {Timeout: 5 * time.Second, Questions: []string{config.QuestionDeduct}},
		}, 5 * time.Second, 15 * time.Second},
	} {
		site.Platforms = tt.platforms
		a := &Agent{cfg: Config{Site: site}}
		if deduct, got := a.slowest(config.QuestionDeduct), a.askWithin(); deduct != tt.deduct || got != tt.want {
			t.Errorf("%s: slowest to deduct %v, askWithin %v, want %v and %v", tt.name, deduct, got, tt.deduct, tt.want)
		}
	}
}

func TestACarWithoutAPlateComesInByAScan(t *testing.T) {
	dir := t.TempDir()
	addr, stop := running(t, dir)
	rowsOf(t, dir, store.KindDeviceState, "G1", 1) // it is up
	client, post := mall(t, addr)
	scan := protocol.PassCommand{DeviceCode: "C1", CardNo: "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"}
	for range 2 { // an impatient driver
		post("ParkingManage/OnlineCarInOut", scan)
	}
	cars, err := protocol.RowsOf[protocol.InsideCar](post("ParkingInfo/SearchParkingInfo", protocol.InsideQuery{CardNo: scan.CardNo}))
	if err != nil || len(cars) != 1 || !strings.HasPrefix(cars[0].PlateNo, "空") || cars[0].EntryPlace != "in" {
		t.Errorf("cars inside = %+v, %v, want one with a temporary plate", cars, err)
	}
	refused := new(protocol.RefusedError)
	_, err = client.Post(t.Context(), "ParkingManage/GetPhoto", protocol.PhotoCommand{DeviceCode: "C1"})
	if !errors.As(err, &refused) || refused.Reply.Msg != "该设备所在车道没有可抓拍的相机" {
		t.Errorf("a picture by a camera that takes none = %v, want it refused", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
