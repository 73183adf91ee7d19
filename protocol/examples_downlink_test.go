package protocol

import "testing"

func TestDownlinkExamplesOfTheDocument(t *testing.T) {
	const (
		picture = "http://172.19.8.211:8099/KT_ServerSoft/CarPlateRecognise/20181009/172.19.2.127/07/20181009071946356_172.19.2.127_063814.jpg"
		stays   = `{"data":[{"totalNum":"2","detail":[
			{"id":"1","plateNo":"空818494","entryTime":"2018/12/11 15:53:54","entryPlace":"172.19.8.242","leaveTime":"2018/12/11 16:54:54","leavePlace":"172.19.8.243","imgName":"` + picture + `","payable":"100","cashUser":"Admin","cashTime":"2018/12/11 16:54:54"},
			{"id":"2","plateNo":"闽D02001","entryTime":"2018/12/12 8:20:19","entryPlace":"172.19.8.242","leaveTime":"2018/12/12 8:20:24","leavePlace":"172.19.8.243","imgName":"` + picture + `","payable":"100","cashUser":"Admin","cashTime":"2018/12/12 8:20:24"}
			]}],"resCode":0,"resMsg":null}`
	)
	page := []StaysPage{{TotalNum: 2, Detail: []Stay{
		{"1", "空818494", "2018/12/11 15:53:54", "172.19.8.242", "2018/12/11 16:54:54", "172.19.8.243", picture, 100, "Admin", "2018/12/11 16:54:54"},
		{"2", "闽D02001", "2018/12/12 8:20:19", "172.19.8.242", "2018/12/12 8:20:24", "172.19.8.243", picture, 100, "Admin", "2018/12/12 8:20:24"},
	}}}
	for _, e := range []example{
		{"GetCarInOutInfoByPlate", stays, page},
		{"GetCarInOutInfoByPlace", stays, page},
		{"SearchParkingInfo", `{"resCode":0,"resMsg":"","data":[{"plateNo":"闽D02000","cardNo":"000001","entryTime":"2018-01-01 00:00:00","entryPlace":"入口","carType":1,"imgName":"http://ip:port/***/***/***/****.jpg"}]}`,
			[]InsideCar{{"闽D02000", "000001", "2018-01-01 00:00:00", "入口", CarVIP, "http://ip:port/***/***/***/****.jpg"}}},
		{"GetParkingPaymentInfo", `{"plateNo":"A12345"}`, BillQuery{PlateNo: "A12345"}},
		{"GetParkingPaymentInfo", `{"data":[{"orderNo":"0001201601201319195951","entryTime":"2016-01-20 11:02:07","elapsedTime":137,"imgName":"` + picture + `","payTime":"2016-01-20 13:19:19","payable":300,"delayTime":20}],"resCode":0,"resMsg":null}`,
			[]Bill{{OrderNo: "0001201601201319195951", EntryTime: "2016-01-20 11:02:07", ElapsedTime: 137, ImgName: picture, PayTime: "2016-01-20 13:19:19", Payable: 300, DelayTime: 20}}},
		{"GetParkingPaymentInfo", `{"data":[{"orderNo":"000120181212173448477D02000","plateNo":"闽D02000","entryTime":"2018-12-10 09:59:12","payTime":"2018-12-12 17:34:48","elapsedTime":3336,
			"imgName":"` + picture + `","payable":22600,"delayTime":10,"totalFee":23600,"payedFee":1000,"outTime":"2018-12-12 17:34:48"}],"resCode":0,"resMsg":null}`,
			[]Bill{{"000120181212173448477D02000", "闽D02000", "", "2018-12-10 09:59:12", "2018-12-12 17:34:48", 3336, picture, 22600, 10, 23600, 1000, "2018-12-12 17:34:48"}}},
		{"PayParkingFee", `{"resCode":0,"resMsg":"","data":[{"parkingTime": 150}]}`, []PaymentReceipt{{150}}},
		{"ParkingFree", `{"resCode":0,"resMsg":"","data":[{"orderNo": 123456789}]}`, []DiscountReceipt{{123456789}}},
		{"GetPaymentStatus", `{"data":[{"status":"1"}],"resCode":0,"resMsg":null}`, []OrderStatus{{OrderPaid}}},
		{"GetPayChargeInfo", `{"data":[{"orderNo":"0215646456465","plateNo":"闽A12344","comeTime":"1972-01-01 00:00:00","payMoney":1100,"paidAmount":15000,"ifCharge":1}],"resCode":0,"resMsg":""}`,
			[]ChangeInfo{{"0215646456465", "闽A12344", "", "1972-01-01 00:00:00", 1100, 15000, ChangeGiven}}},
		{"PayChargeNotice", `{"resCode":0,"resMsg":"","data":[{"orderNo":"0215646456465"}]}`, []ChangeReceipt{{"0215646456465"}}},
		{"PayChargeReport", `{"data":[{"orderNo":"0215646456465","payMoney":1200,"paidAmount":1500,"ifCharge":0,"chargeType":0,"userAccount":"123123123123","paidTime":"2019-01-01 00:00:00","chargeTime":"2019-01-01 00:00:00","remark":""}],"resCode":0,"resMsg":""}`,
			[]ChangeRow{{OrderNo: "0215646456465", PayMoney: 1200, PaidAmount: 1500, UserAccount: "123123123123", PaidTime: "2019-01-01 00:00:00", ChargeTime: "2019-01-01 00:00:00"}}},
		{"AddCarCardNo", `{"parkCode": "123","cardName":"123","plateDetails": "[{\"plateNo\":\"A12345\",\"etcNo\":\"\"}]","carType": 1,"spaceNum": "2","ValidFrom": "2018-08-01 00:00:00","ValidTo": "2018-08-31 23:59:59"}`,
			CardAdd{ParkCode: "123", CardName: "123", PlateDetails: PlateDetails{{PlateNo: "A12345"}}, CarType: IntOf(CarVIP), SpaceNum: IntOf(2), ValidFrom: "2018-08-01 00:00:00", ValidTo: "2018-08-31 23:59:59"}},
		{"AddCarCardNo", `{"data":[{"cardId":5}],"resCode":0,"resMsg":null}`, []CardID{{5}}},
		{"ModifyCarCardNo", `{"parkCode": "123","cardId": "135","plateDetails": "[{\"plateNo\":\"A12345\",\"etcNo\":\"\",\"type\":1}]","ValidFrom": "2018-08-01 00:00:00","ValidTo": "2018-08-31 23:59:59","totalSPNum": 10}`,
			CardEdit{ParkCode: "123", CardID: 135, PlateDetails: PlateDetails{{PlateNo: "A12345", Type: IntOf(PlateAdd)}}, ValidFrom: "2018-08-01 00:00:00", ValidTo: "2018-08-31 23:59:59", SpaceNum: IntOf(10)}},
		{"DeleteCarCardNo", `{"parkCode": "123","cardId":1}`, CardDelete{"123", 1}},
		{"CarCardNoManage", `{"parkCode": "123","cardId":1,"plateNo":"闽D02000","oldplateNo":"闽D02001","modifyType":1,"isCard":0}`,
			CardPlateEdit{"123", 1, "闽D02000", "闽D02001", IntOf(0), EditChange}},
		{"GetCarCardInfo", `{"data":[{"cardId":5,"carType":1,"cardName":"某某","tel":"186********","roomId":"X-521","areaList":["地库","地面"],
			"plateDetails":"[{\"plateNo\":\"A12345\",\"etcNo\":null},{\"plateNo\":null,\"etcNo\":\"AJSD5646SD\"}]",
			"validForm":"2018-01-01 00:00:00","validTo":"2018-12-30 23:59:59","lastUpdateTime":"2018-12-30 23:59:59"}],"resCode":0,"resMsg":null}`,
			[]CardInfo{{CardID: 5, CarType: CarVIP, CardName: "某某", Tel: "186********", RoomID: "X-521", AreaList: []string{"地库", "地面"},
				PlateDetails: PlateDetails{{PlateNo: "A12345"}, {EtcNo: "AJSD5646SD"}}, ValidFrom: "2018-01-01 00:00:00", ValidForm: "2018-01-01 00:00:00",
				ValidTo: "2018-12-30 23:59:59", LastUpdateTime: "2018-12-30 23:59:59"}}},
		{"GetCardProduct", `{"resCode":0,"resMsg":"","data":[{"ruleName":"月租","rechargeAmount":1,"rechargeType":1,"sentAmount":1,"snetType": 1}]}`,
			[]Product{{RuleName: "月租", RechargeAmount: 1, RechargeType: UnitMonth, SentAmount: 1, SentType: UnitMonth, SnetType: UnitMonth}}},
		{"BlackListControl", `{"resCode":0,"resMsg":"","data":[{"blackId":1}]}`, []BlackID{{1}}},
		{"GetBlackInfo", `{"resCode":0,"resMsg":"","data":[{"blackId":1,"plateNo":"闽A12345","remark":"违章停车"}]}`, []BlackInfo{{1, "闽A12345", "违章停车"}}},
		{"AddBookingCar", `{"resCode":0,"resMsg":"","data":[{"bookId":1}]}`, []BookingID{{1}}},
		{"ModifyBookingCar", `{"resCode":0,"resMsg":"","data":[{"bookId":1}]}`, []BookingID{{1}}},
		{"GetBookingCar", `{"parkCode":"1","plateNo":"京A11113"}`, BookingQuery{"1", "京A11113"}},
		{"GetBookingCar", `{"resCode":0,"resMsg":"","data":[{"bookid":1,"plateNo":"闽D02000","preMoney":100,"ValidFrom": "2018-08-01 00:00:00","ValidTo": "2018-08-31 23:59:59","bookType":1}]}`,
			[]BookingInfo{{BookID: 1, PlateNo: "闽D02000", PreMoney: 100, ValidFrom: "2018-08-01 00:00:00", ValidTo: "2018-08-31 23:59:59", BookType: BookOnce}}},
	} {
		t.Run(e.name, func(t *testing.T) { e.check(t) })
	}
}
