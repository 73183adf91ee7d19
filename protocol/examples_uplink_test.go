package protocol

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An example is one that the document gives, mended where it is no JSON: commas
// too many or missing, brackets, explanations behind it. The names in it are as
// they were printed.
type example struct {
	name string // of the interface
	text string
	want any // the request; or what the rows of the answer are, as a slice
}

func (e example) check(t *testing.T) {
	t.Helper()
	typ := reflect.TypeOf(e.want)
	if typ.Kind() == reflect.Slice {
		e.checkAnswer(t, typ)
		return
	}
	if typ != reflect.TypeOf(contracts()[e.name].request) {
		t.Fatalf("%s is not the request of %s", typ, e.name)
	}
	got := reflect.New(typ)
	if err := DecodeFields([]byte(e.text), got.Interface()); err != nil {
		t.Fatalf("DecodeFields: %v", err)
	}
	if diff := cmp.Diff(e.want, got.Elem().Interface()); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func (e example) checkAnswer(t *testing.T, rows reflect.Type) {
	t.Helper()
	if rows.Elem() != reflect.TypeOf(contracts()[e.name].answer) {
		t.Fatalf("%s is not the answer of %s", rows.Elem(), e.name)
	}
	reply, err := DecodeReply([]byte(e.text))
	if err != nil || !reply.OK() {
		t.Fatalf("DecodeReply = %+v, %v", reply, err)
	}
	got := reflect.MakeSlice(rows, len(reply.Rows), len(reply.Rows))
	for i, raw := range reply.Rows {
		if err := DecodeFields(raw, got.Index(i).Addr().Interface()); err != nil {
			t.Fatalf("row %d: %v", i+1, err)
		}
	}
	if diff := cmp.Diff(e.want, got.Interface()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestUplinkExamplesOfTheDocument(t *testing.T) {
	const slash = "yyyy/MM/dd HH:mm:ss" // as printed
	for _, e := range []example{
		{"PostParkingInfo", `{"parkCode": "123","parkName": "测试车场","parkArea": 3,"placeCount": 300}`, ParkingInfo{"123", "测试车场", 3, 300}},
		{"PostAreaInfo", `{"parkCode": "123","parkName": "测试车场","parkArea": "3",
			"areaInfo":[
			{"areaCode":"1","areaName":"A地面","areaType":"0","placeCount":"100"},
			{"areaCode":"2","areaName":"地库","areaType":"0","placeCount":"100"},
			{"areaCode":"3","areaName":"B地面","areaType":"0","placeCount":"100"}]}`,
			AreaInfo{"123", "测试车场", 3, 0, []Area{{1, "A地面", 0, 100}, {2, "地库", 0, 100}, {3, "B地面", 0, 100}}}},
		{"PostDeviceState", `{"parkCode": "123","deviceCode": "1","deviceName": "入口1","deviceType": "4","status": 0,"remark": ""}`,
			DeviceState{"123", "1", "入口1", DeviceGate, "0", ""}},
		{"PostParkingDevice", `{"parkCode": "123","deviceCode": "1","deviceIp": "172.19.8.242","deviceName": "入口1","deviceType": "4"}`,
			ParkingDevice{"123", "1", "172.19.8.242", "入口1", DeviceGate}},
		{"PostCarInInfo", `{"parkCode": "123","plateNo": "xxxxxxx","cardNo":"123123","entryTime": "yyyy/MM/dd HH:mm:ss","entryPlace": "xxxxxxxx",
			"imgName": "xxxxxxx.jpg","vplType": "1","vplColor": "0"}`,
			CarIn{"123", "xxxxxxx", "123123", slash, "xxxxxxxx", "xxxxxxx.jpg", "1", "0"}},
		{"PostCarInInfo", `{"resCode":0,"resMsg":"","data":[{"IsDensityPay":1}]}`, []CarInAnswer{{1}}},
		{"PostCarOutInfo", `{"parkCode": "123","plateNo": "xxxxxxx","cardNo":"123123","entryTime": "yyyy/MM/dd HH:mm:ss","leaveTime": "yyyy/MM/dd HH:mm:ss",
			"totalMoney": 200,"leavePlace": "xxxxxxx","imgName": "xxxxxxx.jpg"}`,
			CarOut{"123", "xxxxxxx", "123123", slash, slash, 200, "xxxxxxx", "xxxxxxx.jpg"}},
		{"PostCarOutInfo", `{"resCode":0,"resMsg":"","data":[{"deductMoney":200}]}`, []CarOutAnswer{{IntOf(200), IntOf(200)}}},
		{"PostPayDetail", `{"parkCode": "123","plateNo": "xxxxxxx","cardNo":"0456adasd","entryTime": "yyyy/MM/dd HH:mm:ss","leaveTime": "yyyy/MM/dd HH:mm:ss",
			"preMoney": 123,"payMoney": 123,"payType":1,"carType": 1,"leavePlace": "xxxxxxx","imgName": "xxxxxxx.jpg"}`,
			PayDetail{ParkCode: "123", PlateNo: "xxxxxxx", CardNo: "0456adasd", EntryTime: slash, LeaveTime: slash, PreMoney: 123, PayMoney: 123,
				PayType: BoothPOS, CarType: CarVIP, LeavePlace: "xxxxxxx", ImgName: "xxxxxxx.jpg"}},
		{"PostFreeParkingSpace", `{"parkCode": "123","freeSpaceNum": "200","totalSpaceNum": "300"}`, FreeSpaces{ParkCode: "123", FreeSpaceNum: 200, TotalSpaceNum: 300}},
		{"PostCarCorrect", `{"parkCode": "123","plateNo": "xxxxxxx","entryTime": "yyyy/MM/dd HH:mm:ss","leaveTime": "yyyy/MM/dd HH:mm:ss","totalMoney": 200,
			"leavePlace": "xxxxxxx","imgName": "xxxxxxx.jpg"}`,
			CarCorrect{"123", "xxxxxxx", slash, slash, 200, "xxxxxxx", "xxxxxxx.jpg"}},
		{"PostCarBillDetail", `{"parkCode": "123","plateNo": "xxxxxxx","cardNo":"123123123","carType": 1,"entryTime": "yyyy/MM/dd HH:mm:ss","leaveTime": "yyyy/MM/dd HH:mm:ss",
			"totalMoney": 123,"payMoney": 123,"freeMoney": 0,"selfTotal": 0,"selfPay": 0,"ticketMoney": 0,"ticketTime": 0,"ticketNum": 0,
			"terminalType": 0,"payType": 0,"payTime": "yyyy/MM/dd HH:mm:ss","paidType": 0,"remark": "156486413564"}`,
			BillDetail{ParkCode: "123", PlateNo: "xxxxxxx", CardNo: "123123123", CarType: CarVIP, EntryTime: slash, LeaveTime: slash,
				TotalMoney: 123, PayMoney: 123, PayTime: slash, Remark: "156486413564"}},
		{"PostCarCard", `{"parkCode": "123","cardId": "1","userName": "张三","telPhone": "181xxxxxxxx","carType": 1,"validFrom": "yyyy/MM/dd HH:mm:ss",
			"validTo": "yyyy/MM/dd HH:mm:ss","plateDetails": "[{\"plateNo\":\"A12345\",\"etcNo\":\"\"}]"}`,
			CarCard{"123", "1", "张三", "181xxxxxxxx", CarVIP, slash, slash, PlateDetails{{PlateNo: "A12345"}}}},
		{"GetPayQRCode", `{"parkCode": "123","orderNo": "200","deviceId": "300","plateNum": "XXXXXX","inTime": "yyyy-MM-dd HH:mm:ss","elapsedTime": "300",
			"amount": "300","outTime":"yyyy-MM-dd HH:mm:ss"}`,
			CodeQuery{ParkCode: "123", OrderNo: "200", DeviceCode: "300", DeviceID: "300", PlateNum: "XXXXXX", InTime: "yyyy-MM-dd HH:mm:ss",
				ElapsedTime: 300, Amount: 300, OutTime: "yyyy-MM-dd HH:mm:ss"}},
		{"GetPayQRCode", `{"resCode":0,"resMsg":"","data":[{"qrcode":"XXXXXXXXX","orderNo":"XXXXXXXXX","payType":6}]}`, []Code{{"XXXXXXXXX", "XXXXXXXXX", ThirdWeChat}}},
		{"PayScanCode", `{"parkCode": "123","orderNo": "200","deviceId": "300","carNo": "300","inTime": "300","elapsedTime": "300","amount": "300","authCode": "XXXXXXXX"}`,
			ScanPay{ParkCode: "123", OrderNo: "200", DeviceID: "300", DeviceCode: "300", CarNo: "300", InTime: "300", ElapsedTime: 300, Amount: 300, AuthCode: "XXXXXXXX"}},
		{"PayScanCode", `{"resCode":0,"resMsg":"","data":[{"orderNo":"xxxxxxxxxxxxxxx","payType":6}]}`, []ScanAnswer{{"xxxxxxxxxxxxxxx", ThirdWeChat}}},
		{"AutonomousCalfee", `{"parkCode": "123","plateNo": "xxxxxxx","cardNo": "xxxxxxx","entryTime": "yyyy/MM/dd HH:mm:ss","entryPlace": "xxxxxxx",
			"leaveTime": "yyyy/MM/dd HH:mm:ss","leavePlace": "xxxxxxx"}`,
			PriceQuery{"123", "xxxxxxx", "xxxxxxx", slash, "xxxxxxx", slash, "xxxxxxx"}},
		{"AutonomousCalfee", `{"resCode":0,"resMsg":"","data":[{"payMoney":100}]}`, []Price{{IntOf(100)}}},
	} {
		t.Run(e.name, func(t *testing.T) { e.check(t) })
	}
}

func TestAnswersWithoutRowsOfTheDocument(t *testing.T) {
	for _, text := range []string{`{"resCode":0,"resMsg":"","data":null}`, `{"resCode":0,"resMsg":""}`, `{"resCode":0,"resMsg":"","data": null}`} {
		if reply, err := DecodeReply([]byte(text)); err != nil || !reply.OK() || len(reply.Rows) != 0 {
			t.Errorf("DecodeReply(%s) = %+v, %v", text, reply, err)
		}
	}
}
