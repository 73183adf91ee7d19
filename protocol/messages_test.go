package protocol

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMessagesAreWrittenWithTheTypesOfTheExamples(t *testing.T) {
	tests := []struct {
		name    string
		message any
		want    string
	}{
		{"uplink 1.1", ParkingInfo{"123", "测试车场", 3, 300}, `{"parkCode":"123","parkName":"测试车场","parkArea":3,"placeCount":300}`},
		{"uplink 1.2", AreaInfo{"123", "测试车场", 1, 100, []Area{{1, "A地面", 0, 100}}},
			`{"parkCode":"123","parkName":"测试车场","parkArea":"1","totalPlaceCount":100,"areaInfo":[{"areaCode":"1","areaName":"A地面","areaType":"0","placeCount":"100"}]}`},
		{"uplink 1.3", DeviceState{"123", "1", "入口1", DeviceGate, "0", ""}, `{"parkCode":"123","deviceCode":"1","deviceName":"入口1","deviceType":"4","status":0,"remark":""}`},
		{"uplink 1.3 with a fault in letters", DeviceState{"123", "1", "入口1", DeviceGate, "E01", "离线"}, `{"parkCode":"123","deviceCode":"1","deviceName":"入口1","deviceType":"4","status":"E01","remark":"离线"}`},
		{"uplink 1.4", ParkingDevice{"123", "1", "172.19.8.242", "入口1", DeviceGate}, `{"parkCode":"123","deviceCode":"1","deviceIp":"172.19.8.242","deviceName":"入口1","deviceType":"4"}`},
		{"uplink 2.1", CarIn{"123", "闽D02000", "", "2018/12/12 08:20:19", "入口1", "", "2", "0"},
			`{"parkCode":"123","plateNo":"闽D02000","cardNo":"","entryTime":"2018/12/12 08:20:19","entryPlace":"入口1","imgName":"","vplType":"2","vplColor":"0"}`},
		{"uplink 2.3", PayDetail{ParkCode: "123", PlateNo: "闽D02000", PreMoney: 123, PayMoney: 5, PayType: BoothPOS, CarType: CarVIP},
			`{"parkCode":"123","plateNo":"闽D02000","cardNo":"","entryTime":"","leaveTime":"","preMoney":123,"payMoney":5,"payType":1,"ticketMoney":0,"ticketTime":0,"freeMoney":0,"carType":1,"leavePlace":"","imgName":""}`},
		{"uplink 2.5", FreeSpaces{"123", 200, 300, []AreaSpace{{1, "A地面", 60}}},
			`{"parkCode":"123","freeSpaceNum":"200","totalSpaceNum":"300","areaInfo":[{"areaCode":1,"areaName":"A地面","areaFreeSpaceNum":60}]}`},
		{"uplink 2.7", BillDetail{ParkCode: "123", TotalMoney: 123, PayMoney: 123, TerminalType: TerminalThirdSingle, PayType: PayThirdWeChat, Remark: "156486413564"},
			`{"parkCode":"123","plateNo":"","cardNo":"","carType":0,"entryTime":"","leaveTime":"","totalMoney":123,"payMoney":123,"freeMoney":0,"selfTotal":0,"selfPay":0,"ticketMoney":0,"ticketTime":0,"ticketNum":0,"terminalType":15,"payType":111,"payTime":"","paidType":0,"remark":"156486413564"}`},
		{"downlink 1.1 row", Stay{ID: "2", PlateNo: "闽D02001", EntryTime: "2018/12/12 8:20:19", Payable: 100, CashUser: "Admin"},
			`{"id":"2","plateNo":"闽D02001","entryTime":"2018/12/12 8:20:19","entryPlace":"","leaveTime":"","leavePlace":"","imgName":"","payable":"100","cashUser":"Admin","cashTime":""}`},
		{"downlink 1.3 row", InsideCar{PlateNo: "闽D02000", CardNo: "000001", CarType: CarVIP}, `{"plateNo":"闽D02000","cardNo":"000001","entryTime":"","entryPlace":"","carType":1,"imgName":""}`},
		{"downlink 2.3", GateCommand{"123", "G1", ByCode, GateHold}, `{"parkCode":"123","deviceCode":"G1","deviceType":0,"controlType":11}`},
		{"downlink 3.1", BillQuery{ParkCode: "1", PlateNo: "京A11113"}, `{"parkCode":"1","plateNo":"京A11113"}`},
		{"downlink 3.1 row", Bill{OrderNo: "1", Payable: 22600, TotalFee: 23600, PayedFee: 1000},
			`{"orderNo":"1","plateNo":"","cardNo":"","entryTime":"","payTime":"","elapsedTime":0,"imgName":"","payable":22600,"delayTime":0,"totalFee":23600,"payedFee":1000,"outTime":""}`},
		{"downlink 3.2 without discounts", Payment{ParkCode: "1", OrderNo: "o", Amount: 300, PayType: IntOf(CollectedByWeChat)},
			`{"parkCode":"1","orderNo":"o","amount":300,"discount":0,"payType":4,"freeMoney":0,"freeTime":0,"freeDetail":""}`},
		{"downlink 3.2 with discounts", Payment{OrderNo: "o", FreeMoney: 100, FreeDetail: FreeDetail{Items: []FreeItem{{0, 100, 0, "1234567"}}}},
			`{"orderNo":"o","amount":0,"discount":0,"freeMoney":100,"freeTime":0,"freeDetail":"[{\"type\":0,\"money\":100,\"time\":0,\"code\":\"1234567\"}]"}`},
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

func TestFreeDetailNeverSpoilsAPayment(t *testing.T) {
	items := []FreeItem{{Type: 0, Money: 100, Code: "1234567"}}
	tests := []struct {
		name, value string
		want        FreeDetail
	}{
		{"JSON in a string", `"[{\"type\": 0,\"money\":100,\"time\":0,\"code\":\"1234567\"}]"`, FreeDetail{items, `[{"type": 0,"money":100,"time":0,"code":"1234567"}]`}},
		{"a real array, the types of the table", `[{"type":0,"money":"100","time":"0","code":1234567}]`, FreeDetail{items, `[{"type":0,"money":"100","time":"0","code":1234567}]`}},
		{"nothing", `""`, FreeDetail{}},
		{"null", `null`, FreeDetail{}},
		{"an empty array", `"[]"`, FreeDetail{Items: []FreeItem{}, Text: "[]"}},
		{"words", `"会员日"`, FreeDetail{Text: "会员日"}},
		{"a list with a hole in its types", `"[{\"money\":\"much\"}]"`, FreeDetail{Text: `[{"money":"much"}]`}},
		{"a number", `5`, FreeDetail{Text: "5"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var p Payment
			if err := DecodeFields([]byte(`{"orderNo":"o","amount":"5","freeDetail":`+tt.value+`}`), &p); err != nil {
				t.Fatalf("DecodeFields: %v", err)
			}
			if diff := cmp.Diff(tt.want, p.FreeDetail); diff != "" {
				t.Errorf("FreeDetail (-want +got):\n%s", diff)
			}
			if p.Amount != 5 {
				t.Errorf("Amount = %d, want 5", p.Amount)
			}
		})
	}
}

func TestAPaymentThatLeavesTheChannelOut(t *testing.T) {
	tests := []struct {
		name           string
		payment        Payment
		typ, payMethod int64
	}{
		{"both given", Payment{PayType: IntOf(5), PayMethod: IntOf(4)}, 5, 4},
		{"the method equals the type", Payment{PayType: IntOf(5)}, 5, 5},
		{"the type equals the method", Payment{PayMethod: IntOf(5)}, 5, 5},
		{"neither", Payment{}, CollectedByWeChat, CollectedByWeChat},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if typ, method := tt.payment.Channel(); typ != tt.typ || method != tt.payMethod {
				t.Errorf("Channel = %d, %d, want %d, %d", typ, method, tt.typ, tt.payMethod)
			}
		})
	}
}

func TestPaymentsThatAreAmbiguousAreRefused(t *testing.T) {
	for text, want := range map[string]FieldError{
		`{"amount":5}`:                                {"orderNo", Missing},
		`{"orderNo":"o"}`:                             {"amount", Missing},
		`{"orderNo":"o","amount":-5}`:                 {"amount", OutOfRange},
		`{"orderNo":"o","amount":5,"freeMoney":-5}`:   {"freeMoney", OutOfRange},
		`{"orderNo":"o","amount":5,"freeTime":"1.5"}`: {"freeTime", Malformed},
	} {
		err := DecodeFields([]byte(text), new(Payment))
		var got *FieldError
		if !errors.As(err, &got) || *got != want {
			t.Errorf("%s: error = %v, want %v", text, err, &want)
		}
	}
}

func TestABillQueryNamesACar(t *testing.T) {
	for text, want := range map[string]BillQuery{
		`{"plateNum":"京A11113"}`: {PlateNo: "京A11113"},
		`{"cardNo":123}`:         {CardNo: "123"},
		`{"deviceId":"G2"}`:      {DeviceCode: "G2"},
	} {
		var got BillQuery
		if err := DecodeFields([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s = %+v, %v, want %+v", text, got, err, want)
		}
	}
	var field *FieldError
	if err := DecodeFields([]byte(`{"parkCode":"1","plateNo":""}`), new(BillQuery)); !errors.As(err, &field) || field.Field != "plateNo" {
		t.Errorf("error = %v, want plateNo: missing", err)
	}
}

func TestEveryCodeHasANameInBothLanguages(t *testing.T) {
	type named interface{ Name(string) string }
	codes := map[string][]named{
		"CarType":    {CarTemporary, CarVIP, CarMonthly, CarStored, CarHourly, CarOwner, CarCounted, CarGuest, CarStaff, CarCoach, CarShared, CarBooked},
		"BoothPay":   {BoothCash, BoothPOS, BoothCard, BoothCityCard, BoothWeChat, BoothAlipay, BoothThirdWeChat, BoothThirdAlipay, BoothBooked},
		"DeviceType": {DeviceComputer, DeviceCamera, DeviceDisplay, DeviceGate},
	}
	for n := Terminal(0); n <= 15; n++ {
		if n != 12 {
			codes["Terminal"] = append(codes["Terminal"], n)
		}
	}
	for n := PayMethod(100); n <= 115; n++ {
		codes["PayMethod"] = append(codes["PayMethod"], n)
	}
	for kind, list := range codes {
		for _, code := range list {
			if zh, en := code.Name("zh-CN"), code.Name("en"); zh == "" || en == "" || zh == en && zh != "POS" {
				t.Errorf("%s %d is named %q and %q", kind, code, zh, en)
			}
		}
	}
	for _, unknown := range []named{CarType(42), BoothPay(42), Terminal(12), PayMethod(42), DeviceType(42)} {
		if got := unknown.Name("zh-CN"); got != "" {
			t.Errorf("an unknown code is named %q", got)
		}
	}
}
