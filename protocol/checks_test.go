package protocol

import (
	"errors"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatIsAmbiguousIsRefused(t *testing.T) {
	tests := []struct {
		name, text string
		into       any
		want       FieldError
	}{
		{"2.1 with a card number of 12 characters", `{"deviceCode":"G1","cardNo":"123456789012"}`, PassCommand{}, FieldError{"cardNo", OutOfRange}},
		{"2.1 with 12 characters of three bytes each", `{"deviceCode":"G1","cardNo":"一二三四五六七八九十一二"}`, PassCommand{}, FieldError{"cardNo", OutOfRange}},
		{"2.1 without a card number", `{"deviceCode":"G1"}`, PassCommand{}, FieldError{"cardNo", Missing}},
		{"2.1 without a device", `{"cardNo":"1234567890123"}`, PassCommand{}, FieldError{"deviceCode", Missing}},
		{"2.1 with a device type that there is not", `{"deviceCode":"G1","deviceType":2,"cardNo":"1234567890123"}`, PassCommand{}, FieldError{"deviceType", OutOfRange}},
		{"2.2 without a number", `{"areaCode":1}`, SpaceCommand{}, FieldError{"freeSpaceNum", Missing}},
		{"2.2 below zero", `{"freeSpaceNum":"-1"}`, SpaceCommand{}, FieldError{"freeSpaceNum", OutOfRange}},
		{"2.4 without a text", `{"deviceCode":"L1","showInfo":" "}`, ShowCommand{}, FieldError{"showInfo", Missing}},
		{"2.5 without a plate", `{"parkCode":"1"}`, SeamlessMark{}, FieldError{"plateNo", Missing}},
		{"GetPhoto without a device", `{"parkCode":"1"}`, PhotoCommand{}, FieldError{"deviceCode", Missing}},
		{"3.3 without a car", `{"freeMoney":100}`, Discount{}, FieldError{"plateNo", Missing}},
		{"3.3 below zero", `{"plateNo":"粤B12345","freeTime":-60}`, Discount{}, FieldError{"freeTime", OutOfRange}},
		{"3.5 without an order", `{}`, OrderQuery{}, FieldError{"orderNo", Missing}},
		{"3.7 from page 0", `{"startTime":"2019-02-25","endTime":"2019-02-25","pageIndex":0,"pageCount":10}`, ChangesQuery{}, FieldError{"pageIndex", OutOfRange}},
		{"1.2 without a period", `{"entryPlace":"入口","pageIndex":1,"pageCount":10}`, PlaceQuery{}, FieldError{"startTime", Missing}},
		{"4.1 without plates", `{"carType":2,"validFrom":"2018-08-01","validTo":"2018-08-31","plateDetails":"[]"}`, CardAdd{}, FieldError{"plateDetails", Missing}},
		{"4.1 without a type", `{"validFrom":"2018-08-01","validTo":"2018-08-31","plateDetails":"[{\"plateNo\":\"A12345\"}]"}`, CardAdd{}, FieldError{"carType", Missing}},
		{"4.1 with no place", `{"carType":2,"spaceNum":"0","validFrom":"2018-08-01","validTo":"2018-08-31","plateDetails":"[{\"plateNo\":\"A12345\"}]"}`, CardAdd{}, FieldError{"spaceNum", OutOfRange}},
		{"4.2 without a card", `{"cardName":"n"}`, CardEdit{}, FieldError{"cardId", Missing}},
		{"4.2 with places below zero, by the other name", `{"cardId":5,"totalSPNum":-1}`, CardEdit{}, FieldError{"spaceNum", OutOfRange}},
		{"4.3 with a card in words", `{"cardId":"x"}`, CardDelete{}, FieldError{"cardId", Malformed}},
		{"4.4 without saying what to do", `{"cardId":1,"plateNo":"A12345"}`, CardPlateEdit{}, FieldError{"modifyType", Missing}},
		{"4.4 doing something unknown", `{"cardId":1,"plateNo":"A12345","modifyType":3}`, CardPlateEdit{}, FieldError{"modifyType", OutOfRange}},
		{"4.4 adding nothing", `{"cardId":1,"modifyType":0,"oldplateNo":"A12345"}`, CardPlateEdit{}, FieldError{"plateNo", Missing}},
		{"4.4 changing to nothing", `{"cardId":1,"modifyType":1,"oldplateNo":"A12345"}`, CardPlateEdit{}, FieldError{"plateNo", Missing}},
		{"4.4 changing nothing", `{"cardId":1,"modifyType":1,"plateNo":"A12345"}`, CardPlateEdit{}, FieldError{"oldplateNo", Missing}},
		{"4.4 deleting nothing", `{"cardId":1,"modifyType":2}`, CardPlateEdit{}, FieldError{"oldplateNo", Missing}},
		{"4.6 without an amount", `{"cardId":1}`, CardPayment{}, FieldError{"amount", Missing}},
		{"4.6 below zero", `{"cardId":1,"amount":-1}`, CardPayment{}, FieldError{"amount", OutOfRange}},
		{"4.7 without a type", `{}`, ProductQuery{}, FieldError{"carType", Missing}},
		{"4.8 without saying what to do", `{"plateNo":"A12345"}`, BlackEdit{}, FieldError{"controlType", Missing}},
		{"4.8 adding nothing", `{"blackId":0,"controlType":0}`, BlackEdit{}, FieldError{"plateNo", Missing}},
		{"4.8 changing no entry", `{"plateNo":"A12345","controlType":1}`, BlackEdit{}, FieldError{"blackId", Missing}},
		{"4.8 deleting entry 0", `{"blackId":0,"controlType":2}`, BlackEdit{}, FieldError{"blackId", OutOfRange}},
		{"5.1 without a plate", `{"validFrom":"2018-08-01","validTo":"2018-08-31"}`, BookingAdd{}, FieldError{"plateNo", Missing}},
		{"5.1 without an end", `{"plateNo":"A12345","validFrom":"2018-08-01"}`, BookingAdd{}, FieldError{"validTo", Missing}},
		{"5.1 with a type that there is not", `{"plateNo":"A12345","validFrom":"2018-08-01","validTo":"2018-08-31","bookType":2}`, BookingAdd{}, FieldError{"bookType", OutOfRange}},
		{"5.1 below zero", `{"plateNo":"A12345","validFrom":"2018-08-01","validTo":"2018-08-31","preMoney":-1}`, BookingAdd{}, FieldError{"preMoney", OutOfRange}},
		{"5.2 without a booking", `{"modifyType":1}`, BookingEdit{}, FieldError{"bookid", Missing}},
		{"5.2 doing something unknown", `{"bookId":1,"modifyType":2}`, BookingEdit{}, FieldError{"modifyType", OutOfRange}},
		{"5.3 without a plate", `{"plateNo":null}`, BookingQuery{}, FieldError{"plateNo", Missing}},
		{"an answer of 2.2 below zero", `{"deductMoney":-1}`, CarOutAnswer{}, FieldError{"densityMoney", OutOfRange}},
		{"an answer of 4.1 without a code", `{"orderNo":"p"}`, Code{}, FieldError{"qrcode", Missing}},
		{"an answer of 5.3 without a price", `{"payMoney":null}`, Price{}, FieldError{"payMoney", Missing}},
		{"an answer of 5.3 below zero", `{"payMoney":-1}`, Price{}, FieldError{"payMoney", OutOfRange}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := DecodeFields([]byte(tt.text), reflect.New(reflect.TypeOf(tt.into)).Interface())
			var got *FieldError
			if !errors.As(err, &got) || *got != tt.want {
				t.Errorf("error = %v, want %v", err, &tt.want)
			}
		})
	}
}

func TestWhatRealClientsLeaveOutIsAccepted(t *testing.T) {
	tests := []struct {
		name, text string
		want       any
	}{
		{"2.1 with a card number of 13 characters", `{"deviceCode":"G1","cardNo":"1234567890123"}`, PassCommand{DeviceCode: "G1", CardNo: "1234567890123"}},
		{"2.1 by address", `{"deviceId":"172.19.8.242","deviceType":"1","cardNo":"1234567890123"}`, PassCommand{DeviceCode: "172.19.8.242", DeviceType: ByIP, CardNo: "1234567890123"}},
		{"2.2 of the first area", `{"freeSpaceNum":"0"}`, SpaceCommand{FreeSpaceNum: IntOf(0)}},
		{"1.2 of all places", `{"startTime":"2019-02-25","endTime":"2019-02-26","pageIndex":"1","pageCount":"10"}`, PlaceQuery{StartTime: "2019-02-25", EndTime: "2019-02-26", PageIndex: 1, PageCount: 10}},
		{"3.3 by card, without the channel", `{"cardNo":"t1","freeMoney":"100"}`, Discount{CardNo: "t1", FreeMoney: 100}},
		{"3.6 with a number for a way and a name in another case", `{"orderNo":"o","chargeType":1,"userAccount":"u"}`, ChangeNotice{OrderNo: "o", ChargeType: IntOf(ChangeByAlipay), UserAccount: "u"}},
		{"3.6 without a way", `{"orderNo":"o"}`, ChangeNotice{OrderNo: "o"}},
		{"3.6 with a way that is none", `{"orderNo":"o","chargeType":"wx"}`, ChangeNotice{OrderNo: "o"}},
		{"3.2 with channels that are none", `{"orderNo":"o","amount":5,"payType":"wx","payMethod":4.5}`, Payment{OrderNo: "o", Amount: 5}},
		{"4.2 with no places, of a client whose numbers are never absent", `{"cardId":5,"tel":"1","totalSPNum":0}`, CardEdit{CardID: 5, Tel: "1", SpaceNum: IntOf(0)}},
		{"4.1 without labels and places", `{"carType":"2","ValidFrom":"2018-08-01","ValidTo":"2018-08-31","plateDetails":[{"plateNo":"A12345"}]}`,
			CardAdd{CarType: IntOf(CarMonthly), ValidFrom: "2018-08-01", ValidTo: "2018-08-31", PlateDetails: PlateDetails{{PlateNo: "A12345"}}}},
		{"4.1 with the names of 3.1 and 4.2", `{"carType":2,"userName":"张三","telPhone":"181","totalSPNum":2,"validForm":"2018-08-01","validTo":"2018-08-31","plateDetails":[{"plateNo":"A12345"}]}`,
			CardAdd{CarType: IntOf(CarMonthly), UseName: "张三", Tel: "181", SpaceNum: IntOf(2), ValidFrom: "2018-08-01", ValidTo: "2018-08-31", PlateDetails: PlateDetails{{PlateNo: "A12345"}}}},
		{"4.2 with empty strings for what stays", `{"cardId":"5","plateDetails":"","validFrom":"","validTo":"","spaceNum":""}`, CardEdit{CardID: 5}},
		{"4.4 deleting the plate that is in either place", `{"cardId":1,"plateNo":"A12345","modifyType":2}`, CardPlateEdit{CardID: 1, PlateNo: "A12345", ModifyType: EditDelete}},
		{"4.5 of everything", `{"plateNo":"","cardId":""}`, CardQuery{}},
		{"4.6 of a stored-value card", `{"cardId":1,"amount":10000}`, CardPayment{CardID: 1, Amount: 10000}},
		{"4.8 adding without a number", `{"plateNo":"A12345","controlType":"0"}`, BlackEdit{PlateNo: "A12345", ControlType: IntOf(EditAdd)}},
		{"4.8 deleting without a plate", `{"blackId":"7","controlType":2}`, BlackEdit{BlackID: IntOf(7), ControlType: IntOf(EditDelete)}},
		{"4.9 of everything", `{}`, BlackQuery{}},
		{"5.1 without money and kind", `{"plateNo":"A12345","validFrom":"2018-08-01","validTo":"2018-08-31"}`, BookingAdd{PlateNo: "A12345", ValidFrom: "2018-08-01", ValidTo: "2018-08-31"}},
		{"5.2 without saying what to do", `{"bookId":"1","validTo":"2018-08-31"}`, BookingEdit{BookID: 1, ValidTo: "2018-08-31"}},
		{"an answer of 2.2 by the example's name", `{"deductMoney":"200"}`, CarOutAnswer{IntOf(200), IntOf(200)}},
		{"an answer of 2.2 that says nothing", `{}`, CarOutAnswer{}},
		{"a question of 4.1 by the names of 4.2", `{"parkCode":"1","orderNo":"o","deviceId":"L2","carNo":"A1","amount":300}`,
			CodeQuery{ParkCode: "1", OrderNo: "o", DeviceCode: "L2", DeviceID: "L2", PlateNum: "A1", Amount: 300}},
		{"a question of 4.2 by the names of 4.1", `{"parkCode":"1","orderNo":"o","deviceCode":"L2","plateNum":"A1","amount":"300","authCode":134}`,
			ScanPay{ParkCode: "1", OrderNo: "o", DeviceCode: "L2", DeviceID: "L2", CarNo: "A1", Amount: 300, AuthCode: "134"}},
		{"an answer of 4.5 by the example's name", `{"cardId":5,"validForm":"2018-01-01 00:00:00","totalSPNum":2}`,
			CardInfo{CardID: 5, ValidFrom: "2018-01-01 00:00:00", ValidForm: "2018-01-01 00:00:00", SpaceNum: 2}},
		{"an answer of 4.7 by the example's name", `{"ruleName":"月租","snetType":1}`, Product{RuleName: "月租", SentType: UnitMonth, SnetType: UnitMonth}},
		{"an answer of 5.3 that is free", `{"payMoney":"0"}`, Price{PayMoney: IntOf(0)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := reflect.New(reflect.TypeOf(tt.want))
			if err := DecodeFields([]byte(tt.text), got.Interface()); err != nil {
				t.Fatalf("DecodeFields: %v", err)
			}
			if diff := cmp.Diff(tt.want, got.Elem().Interface()); diff != "" {
				t.Errorf("DecodeFields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheWalletOfAChangeNotice(t *testing.T) {
	for want, codes := range map[int][]int64{ChangeByWeChat: {0, 4, 6, 104, 111, 2}, ChangeByAlipay: {1, 5, 7, 105, 112}} {
		for _, code := range codes {
			if got := (ChangeNotice{ChargeType: IntOf(code)}).Wallet(); got != want {
				t.Errorf("Wallet of chargeType %d = %d, want %d", code, got, want)
			}
		}
	}
}

func TestBothNamesOfAFieldAreSent(t *testing.T) {
	tests := []struct {
		name    string
		message any
		want    string
	}{
		{"uplink 2.2 answer", CarOutAnswer{DensityMoney: IntOf(200)}, `{"densityMoney":200,"deductMoney":200}`},
		{"uplink 2.2 answer by the example's name", CarOutAnswer{DeductMoney: IntOf(0)}, `{"densityMoney":0,"deductMoney":0}`},
		{"uplink 4.1", CodeQuery{OrderNo: "o", DeviceCode: "L2"},
			`{"parkCode":"","orderNo":"o","deviceCode":"L2","deviceId":"L2","plateNum":"","cardNo":"","inTime":"","elapsedTime":"0","amount":"0","outTime":""}`},
		{"uplink 4.2", ScanPay{OrderNo: "o", DeviceID: "L2", AuthCode: "134"},
			`{"parkCode":"","orderNo":"o","deviceId":"L2","deviceCode":"L2","carNo":"","inTime":"","elapsedTime":"0","amount":"0","authCode":"134","outTime":""}`},
		{"downlink 4.2", CardEdit{CardID: 5, SpaceNum: IntOf(10)}, `{"cardId":"5","spaceNum":"10","totalSPNum":10}`},
		{"downlink 4.2 without places", CardEdit{CardID: 5}, `{"cardId":"5"}`},
		{"downlink 4.5 row", CardInfo{CardID: 5, ValidFrom: "2018-01-01 00:00:00", SpaceNum: 2},
			`{"cardId":5,"carType":0,"cardName":"","tel":"","roomId":"","areaList":[],"validFrom":"2018-01-01 00:00:00","validForm":"2018-01-01 00:00:00","validTo":"","validValue":0,"spaceNum":"2","lastUpdateTime":"","plateDetails":"[]"}`},
		{"downlink 4.7 row", Product{RuleName: "月租", SentType: UnitDay}, `{"ruleName":"月租","rechargeAmount":0,"rechargeType":0,"basicMoney":0,"sentAmount":0,"sentType":2,"snetType":2}`},
		{"downlink 4.7 row by the other name", Product{SnetType: UnitDay}, `{"ruleName":"","rechargeAmount":0,"rechargeType":0,"basicMoney":0,"sentAmount":0,"sentType":2,"snetType":2}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := marshal(tt.message)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
		})
	}
}

func TestADiscountThatLeavesTheChannelOut(t *testing.T) {
	if typ, method := (Discount{PayMethod: IntOf(5)}).Channel(); typ != 5 || method != 5 {
		t.Errorf("Channel = %d, %d, want 5, 5", typ, method)
	}
	if typ, method := (Discount{}).Channel(); typ != CollectedByWeChat || method != CollectedByWeChat {
		t.Errorf("Channel = %d, %d, want WeChat", typ, method)
	}
}
