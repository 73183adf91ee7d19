package protocol

import "strings"

// A CarType is what kind of right a vehicle has (appendix 1.1).
type CarType int

// The vehicle types.
const (
	CarTemporary CarType = 0 // pays by the stay; no card
	CarVIP       CarType = 1
	CarMonthly   CarType = 2
	CarStored    CarType = 3 // pays from the money on its card
	CarHourly    CarType = 4 // rented for certain hours
	CarOwner     CarType = 5 // owns its place
	CarCounted   CarType = 6 // pays with visits on its card
	CarGuest     CarType = 7
	CarStaff     CarType = 8
	CarCoach     CarType = 9
	CarShared    CarType = 99 // shared place: as other cards, but told apart
	CarBooked    CarType = 100
)

// A BoothPay is how money was taken at an exit booth or a kiosk (appendix 1.2).
// The payMethod of downlink 3.2 counts the same way.
type BoothPay int

// The ways to pay at a booth.
const (
	BoothCash        BoothPay = 0
	BoothPOS         BoothPay = 1
	BoothCard        BoothPay = 2
	BoothCityCard    BoothPay = 3
	BoothWeChat      BoothPay = 4
	BoothAlipay      BoothPay = 5
	BoothThirdWeChat BoothPay = 6 // WeChat, collected by a third-party platform
	BoothThirdAlipay BoothPay = 7 // Alipay, collected by a third-party platform
	BoothBooked      BoothPay = 100
)

// A Terminal is where a payment was made (appendix 1.3). There is no 12.
type Terminal int

// The terminals.
const (
	TerminalMerchant    Terminal = 0
	TerminalCentral     Terminal = 1
	TerminalBooth       Terminal = 2
	TerminalKiosk       Terminal = 3
	TerminalPhone       Terminal = 4
	TerminalAndroid     Terminal = 5
	TerminalPostpaid    Terminal = 6
	TerminalFeifan      Terminal = 7
	TerminalWall        Terminal = 8
	TerminalCoupons     Terminal = 9
	TerminalMembers     Terminal = 10
	TerminalCarFinder   Terminal = 11
	TerminalExitKiosk   Terminal = 13
	TerminalThirdCloud  Terminal = 14 // a third-party platform by way of the vendor's cloud
	TerminalThirdSingle Terminal = 15 // a third-party platform connected to this car park
)

// A PayMethod is how a payment was made, in payment details (appendix 1.4).
type PayMethod int

// The ways to pay in payment details.
const (
	PayCash        PayMethod = 100
	PayBankCard    PayMethod = 101
	PayECash       PayMethod = 102
	PayTransitCard PayMethod = 103
	PayWeChat      PayMethod = 104
	PayAlipay      PayMethod = 105
	PayUnionPay    PayMethod = 106
	PayCoupon      PayMethod = 107
	PayStoredCard  PayMethod = 108
	PayTransfer    PayMethod = 109
	PayPostpaid    PayMethod = 110
	PayThirdWeChat PayMethod = 111 // WeChat, collected by a third-party platform
	PayThirdAlipay PayMethod = 112 // Alipay, collected by a third-party platform
	PayPoints      PayMethod = 113
	PayCountedCard PayMethod = 114
	PayReceipt     PayMethod = 115
)

// A DeviceType is what kind of device is reported (appendix 1.5).
type DeviceType int

// The device types.
const (
	DeviceComputer DeviceType = 1 // a booth's computer or a kiosk
	DeviceCamera   DeviceType = 2
	DeviceDisplay  DeviceType = 3
	DeviceGate     DeviceType = 4
)

// A PaidType is why a car paid or not (uplink 2.7).
type PaidType int

// The reasons.
const (
	PaidCharged  PaidType = 0
	PaidFree     PaidType = 1
	PaidAbnormal PaidType = 2 // let out in spite of something
)

// A GateAction is what downlink 2.3 asks of a gate.
type GateAction int

// The gate actions. A held gate stays open until it is released, whatever else
// is asked of it.
const (
	GateOpen    GateAction = 1
	GateClose   GateAction = 2
	GateHold    GateAction = 11
	GateRelease GateAction = 12
)

// The deviceType of downlink 2.1, 2.3, 2.4 and GetPhoto: what deviceCode holds.
const (
	ByCode = 0 // a device code
	ByIP   = 1 // the device's IP address
)

// The payType and payMethod of downlink 3.2 that the document names. Others
// occur; they are kept as they come.
const (
	CollectedByWeChat = 4 // payType: a WeChat platform
	CollectedByApp    = 5 // payType: an app
)

// A names table holds the Chinese name, as the document has it, and the English.
type names[T comparable] map[T][2]string

func (n names[T]) in(language string, code T) string {
	if strings.HasPrefix(strings.ToLower(language), "en") {
		return n[code][1]
	}
	return n[code][0]
}

// Name returns the type's name in the given language, "en" or else Chinese, and
// "" for a code that the appendix does not have.
func (t CarType) Name(language string) string {
	return carTypeNames.in(language, t)
}

// Name returns the way's name in the given language, "en" or else Chinese, and
// "" for a code that the appendix does not have.
func (p BoothPay) Name(language string) string {
	return boothPayNames.in(language, p)
}

// Name returns the terminal's name in the given language, "en" or else Chinese,
// and "" for a code that the appendix does not have.
func (t Terminal) Name(language string) string {
	return terminalNames.in(language, t)
}

// Name returns the way's name in the given language, "en" or else Chinese, and
// "" for a code that the appendix does not have.
func (m PayMethod) Name(language string) string {
	return payMethodNames.in(language, m)
}

// Name returns the type's name in the given language, "en" or else Chinese, and
// "" for a code that the appendix does not have.
func (t DeviceType) Name(language string) string {
	return deviceTypeNames.in(language, t)
}

var carTypeNames = names[CarType]{
	CarTemporary: {"临时车", "temporary"}, CarVIP: {"VIP车", "VIP"}, CarMonthly: {"月租车", "monthly"},
	CarStored: {"充值车", "stored value"}, CarHourly: {"时租车", "hourly"}, CarOwner: {"产权车", "owner"},
	CarCounted: {"计次车", "counted visits"}, CarGuest: {"贵宾卡", "guest"}, CarStaff: {"员工卡", "staff"},
	CarCoach: {"大客车", "coach"}, CarShared: {"共享泊位车", "shared place"}, CarBooked: {"预约车", "booked"},
}

var boothPayNames = names[BoothPay]{
	BoothCash: {"现金支付", "cash"}, BoothPOS: {"POS支付", "POS"}, BoothCard: {"卡支付", "card"},
	BoothCityCard: {"易通卡支付", "city card"}, BoothWeChat: {"微信", "WeChat"}, BoothAlipay: {"支付宝", "Alipay"},
	BoothThirdWeChat: {"第三方微信", "third-party WeChat"}, BoothThirdAlipay: {"第三方支付宝", "third-party Alipay"},
	BoothBooked: {"预约车", "booking"},
}

var terminalNames = names[Terminal]{
	TerminalMerchant: {"商家客户端", "merchant"}, TerminalCentral: {"中央交费点", "central pay point"},
	TerminalBooth: {"出口岗亭", "exit booth"}, TerminalKiosk: {"场内缴费机", "kiosk"},
	TerminalPhone: {"手机", "phone"}, TerminalAndroid: {"安卓APP", "Android app"},
	TerminalPostpaid: {"后付费", "postpaid"}, TerminalFeifan: {"飞凡网APP", "Feifan app"},
	TerminalWall: {"壁挂式自助终端", "wall terminal"}, TerminalCoupons: {"折扣券发放机", "coupon machine"},
	TerminalMembers: {"会员系统", "member system"}, TerminalCarFinder: {"找车机缴费", "car finder"},
	TerminalExitKiosk: {"出口缴费机", "exit kiosk"}, TerminalThirdCloud: {"第三方对接(云)", "third party (cloud)"},
	TerminalThirdSingle: {"第三方对接(单)", "third party (single)"},
}

var payMethodNames = names[PayMethod]{
	PayCash: {"现金", "cash"}, PayBankCard: {"银行卡", "bank card"}, PayECash: {"电子现金", "electronic cash"},
	PayTransitCard: {"交通卡", "transit card"}, PayWeChat: {"微信", "WeChat"}, PayAlipay: {"支付宝", "Alipay"},
	PayUnionPay: {"线上银联", "UnionPay online"}, PayCoupon: {"抵用券", "coupon"},
	PayStoredCard: {"充值车卡", "stored-value card"}, PayTransfer: {"转账", "bank transfer"},
	PayPostpaid: {"后付费", "postpaid"}, PayThirdWeChat: {"第三方微信", "third-party WeChat"},
	PayThirdAlipay: {"第三方支付宝", "third-party Alipay"}, PayPoints: {"积分兑换", "points"},
	PayCountedCard: {"计次车卡", "counted card"}, PayReceipt: {"小票兑换", "shop receipt"},
}

var deviceTypeNames = names[DeviceType]{
	DeviceComputer: {"收费电脑/缴费机", "computer or kiosk"}, DeviceCamera: {"相机", "camera"},
	DeviceDisplay: {"LED屏", "display"}, DeviceGate: {"出入口道闸", "gate"},
}
