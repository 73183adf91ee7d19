package agent

import (
	"errors"
	"testing"

	"parkagent/protocol"
)

// What a platform is told to be for sale is what its payment buys.
func TestACardIsRechargedByAConfiguredProduct(t *testing.T) {
	addr, stop := running(t, t.TempDir())
	cipher, err := protocol.NewCipher("0123456789abcdefGHIJKLMN")
	if err != nil {
		t.Fatal(err)
	}
	mall := protocol.Client{URL: "http://" + addr + "/api", User: "mall-user", Password: "mall-password", Cipher: cipher}
	post := func(path string, message any) protocol.Reply {
		t.Helper()
		reply, err := mall.Post(t.Context(), path, message)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		return reply
	}
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
	_, err = mall.Post(t.Context(), "ParkingCard/PayCarCardFee", protocol.CardPayment{CardID: id.CardID, OrderNo: "R2", Amount: 4999})
	if !errors.As(err, &refused) || refused.Reply.Msg != "没有适用的充值规则" {
		t.Errorf("a payment that buys nothing = %v, want it refused", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
