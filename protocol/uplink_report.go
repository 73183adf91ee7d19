package protocol

import "strconv"

// The reports of the uplink: what the car park tells a platform. Fields have the
// JSON types of the document's examples, so some numbers are strings. ImgName
// holds a URL, base64 or nothing, as the platform is configured. Answers to
// reports have no rows, but for 2.1.

// A ParkingInfo is uplink 1.1 PostParkingInfo, once a day.
type ParkingInfo struct {
	ParkCode   string `json:"parkCode" wire:"required"`
	ParkName   string `json:"parkName"`
	ParkArea   int    `json:"parkArea"`   // number of areas
	PlaceCount int    `json:"placeCount"` // places in all
}

// An AreaInfo is uplink 1.2 PostAreaInfo, all areas once a day.
type AreaInfo struct {
	ParkCode        string `json:"parkCode" wire:"required"`
	ParkName        string `json:"parkName"`
	ParkArea        int    `json:"parkArea,string"` // number of areas
	TotalPlaceCount int    `json:"totalPlaceCount"` // places in all
	AreaInfo        []Area `json:"areaInfo"`
}

// An Area is a row of AreaInfo.
type Area struct {
	AreaCode   int    `json:"areaCode,string" wire:"required"`
	AreaName   string `json:"areaName"`
	AreaType   int    `json:"areaType,string"` // 0 ordinary, 1 and 2 mechanical with 6 and 9 places
	PlaceCount int    `json:"placeCount,string"`
}

// A DeviceState is uplink 1.3 PostDeviceState: all devices at start, then
// changes.
type DeviceState struct {
	ParkCode   string     `json:"parkCode" wire:"required"`
	DeviceCode string     `json:"deviceCode" wire:"required"`
	DeviceName string     `json:"deviceName"`
	DeviceType DeviceType `json:"deviceType,string"`
	Status     StatusCode `json:"status" wire:"required"` // "0" works, anything else is a fault
	Remark     string     `json:"remark"`                 // the fault in words
}

// A StatusCode is a device's state. The document's table calls it a string and
// its example shows a number, so it is written as a number when it is one.
type StatusCode string

// MarshalJSON writes a number when the code is one, else a string.
func (c StatusCode) MarshalJSON() ([]byte, error) {
	if n, err := strconv.Atoi(string(c)); err == nil && strconv.Itoa(n) == string(c) {
		return []byte(c), nil
	}
	return marshal(string(c))
}

// A ParkingDevice is uplink 1.4 PostParkingDevice.
type ParkingDevice struct {
	ParkCode   string     `json:"parkCode" wire:"required"`
	DeviceCode string     `json:"deviceCode" wire:"required"`
	DeviceIP   string     `json:"deviceIp"`
	DeviceName string     `json:"deviceName"`
	DeviceType DeviceType `json:"deviceType,string"`
}

// A CarIn is uplink 2.1 PostCarInInfo. The time is as FormatSlash writes it.
type CarIn struct {
	ParkCode   string `json:"parkCode" wire:"required"`
	PlateNo    string `json:"plateNo" wire:"required"`
	CardNo     string `json:"cardNo"` // ticket, or card of a car without a plate
	EntryTime  string `json:"entryTime" wire:"required"`
	EntryPlace string `json:"entryPlace"`
	ImgName    string `json:"imgName"`
	VplType    string `json:"vplType"`  // "1" large, "2" small, "" unknown
	VplColor   string `json:"vplColor"` // "0" blue, "1" yellow, "2" white, "3" black, "4" green, "" unknown
}

// A CarInAnswer is the row that a platform answers to uplink 2.1 PostCarInInfo.
type CarInAnswer struct {
	// IsDensityPay 1 means that the platform will deduct the fee of this stay
	// at the exit, and wants to be asked then (2.2).
	IsDensityPay int `json:"IsDensityPay"`
}

// A PayDetail is uplink 2.3 PostPayDetail, sent when a car has left. Money is in
// fen, TicketTime in seconds; times are as FormatSlash writes them.
type PayDetail struct {
	ParkCode    string   `json:"parkCode" wire:"required"`
	PlateNo     string   `json:"plateNo" wire:"required"`
	CardNo      string   `json:"cardNo"`
	EntryTime   string   `json:"entryTime" wire:"required"`
	LeaveTime   string   `json:"leaveTime" wire:"required"`
	PreMoney    int64    `json:"preMoney"`    // paid before the car came to the exit, fen
	PayMoney    int64    `json:"payMoney"`    // paid at the exit, fen
	PayType     BoothPay `json:"payType"`     // how it was paid at the exit
	TicketMoney int64    `json:"ticketMoney"` // waived by coupons, fen
	TicketTime  int64    `json:"ticketTime"`  // taken off the charged time, seconds
	FreeMoney   int64    `json:"freeMoney"`   // waived otherwise, fen
	CarType     CarType  `json:"carType"`
	LeavePlace  string   `json:"leavePlace"`
	ImgName     string   `json:"imgName"`
}

// A BlackIn is uplink 2.4 PostBlackInInfo: a blacklisted car wanted to enter. The
// time is as FormatSlash writes it.
type BlackIn struct {
	ParkCode   string `json:"parkCode" wire:"required"`
	BlackID    int64  `json:"blackId"` // as downlink 4.8 answered it
	PlateNo    string `json:"plateNo" wire:"required"`
	Remark     string `json:"remark"`     // why it is on the blacklist
	EntryPlace string `json:"entryPlace"` // a name; the document's table calls it a number by mistake
	EntryTime  string `json:"entryTime"`
}

// A FreeSpaces is uplink 2.5 PostFreeParkingSpace: the latest counts only.
type FreeSpaces struct {
	ParkCode      string      `json:"parkCode" wire:"required"`
	FreeSpaceNum  int         `json:"freeSpaceNum,string" wire:"required"`
	TotalSpaceNum int         `json:"totalSpaceNum,string"`
	AreaInfo      []AreaSpace `json:"areaInfo"`
}

// An AreaSpace is a row of FreeSpaces.
type AreaSpace struct {
	AreaCode         int    `json:"areaCode"`
	AreaName         string `json:"areaName"`
	AreaFreeSpaceNum int    `json:"areaFreeSpaceNum"`
}

// A CarCorrect is uplink 2.6 PostCarCorrect: whether the platform deducted for a
// car that has left (2.2) is not known, and the driver has paid here, so the
// platform is to reverse. Money is in fen; times are as FormatSlash writes them.
type CarCorrect struct {
	ParkCode   string `json:"parkCode" wire:"required"`
	PlateNo    string `json:"plateNo" wire:"required"`
	EntryTime  string `json:"entryTime" wire:"required"`
	LeaveTime  string `json:"leaveTime" wire:"required"`
	TotalMoney int64  `json:"totalMoney"` // was asked for, fen
	LeavePlace string `json:"leavePlace"`
	ImgName    string `json:"imgName"`
}

// A BillDetail is uplink 2.7 PostCarBillDetail, sent for each payment. Money is
// in fen, TicketTime in seconds; times are as FormatSlash writes them.
type BillDetail struct {
	ParkCode     string    `json:"parkCode" wire:"required"`
	PlateNo      string    `json:"plateNo" wire:"required"`
	CardNo       string    `json:"cardNo"`
	CarType      CarType   `json:"carType"`
	EntryTime    string    `json:"entryTime"`
	LeaveTime    string    `json:"leaveTime"`                // until when was paid for; "" is none
	TotalMoney   int64     `json:"totalMoney"`               // was due at this payment; what earlier ones paid is not in it
	PayMoney     int64     `json:"payMoney" wire:"required"` // was paid
	FreeMoney    int64     `json:"freeMoney"`                // waived otherwise than by coupons
	SelfTotal    int64     `json:"selfTotal"`                // change that a kiosk owes
	SelfPay      int64     `json:"selfPay"`                  // change that a kiosk gave
	TicketMoney  int64     `json:"ticketMoney"`
	TicketTime   int64     `json:"ticketTime"` // seconds, as in 2.3; the document does not say
	TicketNum    int       `json:"ticketNum"`
	TerminalType Terminal  `json:"terminalType"`
	PayType      PayMethod `json:"payType"`
	PayTime      string    `json:"payTime" wire:"required"`
	PaidType     PaidType  `json:"paidType"`
	Remark       string    `json:"remark"` // order number
}

// A CarCard is uplink 3.1 PostCarCard: a card as it is now. All valid cards are
// sent on the first contact with a platform, then changes. Times are as FormatSlash
// writes them.
type CarCard struct {
	ParkCode     string       `json:"parkCode" wire:"required"`
	CardID       string       `json:"cardId" wire:"required"`
	UserName     string       `json:"userName"` // the owner
	TelPhone     string       `json:"telPhone"`
	CarType      CarType      `json:"carType"`
	ValidFrom    string       `json:"validFrom" wire:"alias=validForm"`
	ValidTo      string       `json:"validTo"`
	PlateDetails PlateDetails `json:"plateDetails"`
}
