package protocol

import "strings"

// A Permission is a group of downlink interfaces that a client may be allowed.
type Permission string

// The permissions. Whoever only reads needs PermitQuery, also for cards and
// bookings; each of the others lets a client change something.
const (
	PermitQuery  Permission = "query"  // 1.x, 3.1, 3.4, 3.5, 3.7, 4.5, 4.7, 4.9, 5.3
	PermitPay    Permission = "pay"    // 3.2, 3.3, 3.6
	PermitManage Permission = "manage" // 2.x and GetPhoto: gates, displays, cameras, free places
	PermitCard   Permission = "card"   // 4.1–4.4, 4.6, 4.8
	PermitBook   Permission = "book"   // 5.1, 5.2
)

// A Route is one downlink interface: what a platform can ask of the car park.
type Route struct {
	Number     string   // chapter of the document; "" for GetPhoto, which has none
	Group      string   // ParkingPay
	Name       string   // GetParkingPaymentInfo
	Legacy     []string // older names of the group that still answer: pay2, pay
	Params     []string // parameter names, aliases included
	Permission Permission
}

// Path returns the path at which the interface answers, without its legacy ones.
func (r Route) Path() string { return "/api/" + r.Group + "/" + r.Name }

// Match finds the interface that a request path names. Case does not matter and
// one slash at the end is tolerated, as the vendor's server does; the group
// may be a legacy one. Groups do not lend each other their interfaces.
func Match(path string) (Route, bool) {
	rest := strings.TrimSuffix(path, "/")
	const root = "/api/"
	if len(rest) < len(root) || !strings.EqualFold(rest[:len(root)], root) {
		return Route{}, false
	}
	group, name, ok := strings.Cut(rest[len(root):], "/")
	if !ok {
		return Route{}, false
	}
	r, ok := RouteNamed(name)
	if !ok || !r.answersIn(group) {
		return Route{}, false
	}
	return r, true
}

func (r Route) answersIn(group string) bool {
	if strings.EqualFold(r.Group, group) {
		return true
	}
	for _, legacy := range r.Legacy {
		if strings.EqualFold(legacy, group) {
			return true
		}
	}
	return false
}

// RouteNamed finds a downlink interface by its name, in any case.
func RouteNamed(name string) (Route, bool) {
	for _, d := range downlink {
		if strings.EqualFold(d.name, name) {
			return d.route(), true
		}
	}
	return Route{}, false
}

// Routes returns all downlink interfaces in the order of the document.
func Routes() []Route {
	routes := make([]Route, 0, len(downlink))
	for _, d := range downlink {
		routes = append(routes, d.route())
	}
	return routes
}

// A downlinkRow is a Route as it is written in the table below.
type downlinkRow struct {
	number, group, name string
	permission          Permission
	params              string
}

func (d downlinkRow) route() Route {
	r := Route{Number: d.number, Group: d.group, Name: d.name, Permission: d.permission, Params: strings.Fields(d.params)}
	switch d.group {
	case groupCard:
		r.Legacy = []string{"card2"}
	case groupBook:
		r.Legacy = []string{"book"}
	default:
		r.Legacy = []string{"pay2", "pay"}
	}
	return r
}

const (
	groupInfo   = "ParkingInfo"
	groupManage = "ParkingManage"
	groupPay    = "ParkingPay"
	groupCard   = "ParkingCard"
	groupBook   = "ParkingBook"
)

// downlink lists the interfaces with the parameter names of tables and examples
// alike, and the other names under which clients are known to send the same.
var downlink = [...]downlinkRow{
	{"1.1", groupInfo, "GetCarInOutInfoByPlate", PermitQuery, "parkCode plateNo plateNum carNo startTime endTime pageIndex pageCount"},
	{"1.2", groupInfo, "GetCarInOutInfoByPlace", PermitQuery, "parkCode entryPlace leavePlace startTime endTime pageIndex pageCount"},
	{"1.3", groupInfo, "SearchParkingInfo", PermitQuery, "parkCode plateNo plateNum carNo cardNo"},
	{"2.1", groupManage, "OnlineCarInOut", PermitManage, "parkCode deviceCode deviceId deviceType cardNo"},
	{"2.2", groupManage, "ModifyFreeSpace", PermitManage, "parkCode areaCode freeSpaceNum"},
	{"2.3", groupManage, "GateControl", PermitManage, "parkCode deviceCode deviceId deviceType controlType"},
	{"2.4", groupManage, "ShowLedMsg", PermitManage, "parkCode deviceCode deviceId deviceType showInfo"},
	{"2.5", groupManage, "RecordDensityPay", PermitManage, "parkCode plateNo plateNum carNo"},
	{"", groupManage, "GetPhoto", PermitManage, "parkCode deviceCode deviceId deviceType"},
	{"3.1", groupPay, "GetParkingPaymentInfo", PermitQuery, "parkCode plateNo plateNum carNo cardNo deviceCode deviceId"},
	{"3.2", groupPay, "PayParkingFee", PermitPay, "parkCode orderNo amount discount payType payMethod freeMoney freeTime freeDetail"},
	{"3.3", groupPay, "ParkingFree", PermitPay, "parkCode plateNo plateNum carNo cardNo freeMoney freeTime payType payMethod remark"},
	{"3.4", groupPay, "GetPaymentStatus", PermitQuery, "parkCode orderNo"},
	{"3.5", groupPay, "GetPayChargeInfo", PermitQuery, "parkCode orderNo"},
	{"3.6", groupPay, "PayChargeNotice", PermitPay, "parkCode orderNo chargeType userAccount"},
	{"3.7", groupPay, "PayChargeReport", PermitQuery, "parkCode startTime endTime pageIndex pageCount"},
	{"4.1", groupCard, "AddCarCardNo", PermitCard, "parkCode cardName useName userName tel telPhone roomId plateDetails carType spaceNum totalSPNum validFrom validForm validTo"},
	{"4.2", groupCard, "ModifyCarCardNo", PermitCard, "parkCode cardId cardName useName userName tel telPhone roomId plateDetails validFrom validForm validTo spaceNum totalSPNum"},
	{"4.3", groupCard, "DeleteCarCardNo", PermitCard, "parkCode cardId"},
	{"4.4", groupCard, "CarCardNoManage", PermitCard, "parkCode cardId plateNo plateNum carNo oldplateNo isCard modifyType"},
	{"4.5", groupCard, "GetCarCardInfo", PermitQuery, "parkCode plateNo plateNum carNo cardId"},
	{"4.6", groupCard, "PayCarCardFee", PermitCard, "parkCode cardId orderNo amount validFrom validForm validTo"},
	{"4.7", groupCard, "GetCardProduct", PermitQuery, "parkCode carType"},
	{"4.8", groupCard, "BlackListControl", PermitCard, "parkCode blackId plateNo plateNum carNo remark controlType"},
	{"4.9", groupCard, "GetBlackInfo", PermitQuery, "parkCode plateNo plateNum carNo"},
	{"5.1", groupBook, "AddBookingCar", PermitBook, "parkCode plateNo plateNum carNo preMoney validFrom validForm validTo bookType promptly"},
	{"5.2", groupBook, "ModifyBookingCar", PermitBook, "parkCode bookId validFrom validForm validTo bookType modifyType promptly"},
	{"5.3", groupBook, "GetBookingCar", PermitQuery, "parkCode plateNo plateNum carNo"},
}

// An Uplink is one uplink interface: what the car park tells or asks a platform.
type Uplink struct {
	Number string
	Name   string   // below the platform's URL; "" for 5.1 and 5.2, which are links for people
	Params []string // parameter names, aliases included
	// Question means that a car or a customer waits for the answer, so it is
	// asked at once or not at all. The others are reports that can be late.
	Question bool
}

// UplinkNamed finds an uplink interface by its name, in any case.
func UplinkNamed(name string) (Uplink, bool) {
	for _, u := range uplink {
		if u.name != "" && strings.EqualFold(u.name, name) {
			return u.interfaceOf(), true
		}
	}
	return Uplink{}, false
}

// Uplinks returns all uplink interfaces in the order of the document.
func Uplinks() []Uplink {
	uplinks := make([]Uplink, 0, len(uplink))
	for _, u := range uplink {
		uplinks = append(uplinks, u.interfaceOf())
	}
	return uplinks
}

// An uplinkRow is an Uplink as it is written in the table below.
type uplinkRow struct {
	number, name string
	question     bool
	params       string
}

func (u uplinkRow) interfaceOf() Uplink {
	return Uplink{Number: u.number, Name: u.name, Params: strings.Fields(u.params), Question: u.question}
}

// uplink lists the interfaces with the parameter names of tables and examples alike.
var uplink = [...]uplinkRow{
	{"1.1", "PostParkingInfo", false, "parkCode parkName parkArea placeCount"},
	{"1.2", "PostAreaInfo", false, "parkCode parkName parkArea totalPlaceCount areaInfo"},
	{"1.3", "PostDeviceState", false, "parkCode deviceCode deviceName deviceType status remark"},
	{"1.4", "PostParkingDevice", false, "parkCode deviceCode deviceIp deviceName deviceType"},
	{"2.1", "PostCarInInfo", false, "parkCode plateNo cardNo entryTime entryPlace imgName vplType vplColor"},
	{"2.2", "PostCarOutInfo", true, "parkCode plateNo cardNo entryTime leaveTime totalMoney leavePlace imgName"},
	{"2.3", "PostPayDetail", false, "parkCode plateNo cardNo entryTime leaveTime preMoney payMoney payType ticketMoney ticketTime freeMoney carType leavePlace imgName"},
	{"2.4", "PostBlackInInfo", false, "parkCode blackId plateNo remark entryPlace entryTime"},
	{"2.5", "PostFreeParkingSpace", false, "parkCode freeSpaceNum totalSpaceNum areaInfo"},
	{"2.6", "PostCarCorrect", false, "parkCode plateNo entryTime leaveTime totalMoney leavePlace imgName"},
	{"2.7", "PostCarBillDetail", false, "parkCode plateNo cardNo carType entryTime leaveTime totalMoney payMoney freeMoney selfTotal selfPay ticketMoney ticketTime ticketNum terminalType payType payTime paidType remark"},
	{"3.1", "PostCarCard", false, "parkCode cardId userName telPhone carType validFrom validForm validTo plateDetails"},
	{"4.1", "GetPayQRCode", true, "parkCode orderNo deviceCode deviceId plateNum carNo plateNo cardNo inTime elapsedTime amount outTime"},
	{"4.2", "PayScanCode", true, "parkCode orderNo deviceId deviceCode carNo plateNum plateNo inTime elapsedTime amount authCode outTime"},
	{"5.1", "", false, "parkCode"},
	{"5.2", "", false, "parkCode orderNo"},
	{"5.3", "AutonomousCalfee", true, "parkCode plateNo cardNo entryTime entryPlace leaveTime leavePlace"},
}
