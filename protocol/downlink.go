package protocol

import (
	"encoding/json"
	"fmt"
)

// The messages of the downlink: what a platform asks (requests, read with
// DecodeFields and written by a platform's Client) and the rows that the car
// park answers. ParkCode is the code given to the client; absent, it is that
// client's own. Times are strings of car-park local time.

// A StaysQuery is the request of downlink 1.1 GetCarInOutInfoByPlate, the charge
// report by plate: finished stays whose leaving lies in the period, newest first.
type StaysQuery struct {
	ParkCode  string `json:"parkCode,omitempty"`
	PlateNo   string `json:"plateNo" wire:"required,alias=plateNum|carNo"` // any part of a plate
	StartTime string `json:"startTime" wire:"required"`
	EndTime   string `json:"endTime" wire:"required"`
	PageIndex int    `json:"pageIndex" wire:"required,min=1"` // from 1
	PageCount int    `json:"pageCount" wire:"required,min=1"` // rows of a page
}

// A StaysPage is the one row that downlink 1.1 answers.
type StaysPage struct {
	TotalNum int    `json:"totalNum,string"` // stays found on all pages
	Detail   []Stay `json:"detail"`
}

// MarshalJSON writes an empty Detail as an empty array, which clients loop over
// without looking.
func (p StaysPage) MarshalJSON() ([]byte, error) {
	type plain StaysPage
	if p.Detail == nil {
		p.Detail = []Stay{}
	}
	return marshal(plain(p))
}

// A Stay is one row of a StaysPage. Times are as FormatSlashBare writes them.
type Stay struct {
	ID         string `json:"id"`
	PlateNo    string `json:"plateNo"`
	EntryTime  string `json:"entryTime"`
	EntryPlace string `json:"entryPlace"`
	LeaveTime  string `json:"leaveTime"`
	LeavePlace string `json:"leavePlace"`
	ImgName    string `json:"imgName"`        // URL of the picture at the exit
	Payable    int64  `json:"payable,string"` // paid, fen
	CashUser   string `json:"cashUser"`       // operator
	CashTime   string `json:"cashTime"`
}

// An InsideQuery is the request of downlink 1.3 SearchParkingInfo, the cars
// inside. The plate may be any part of one; without filters all cars are listed.
type InsideQuery struct {
	ParkCode string `json:"parkCode,omitempty"`
	PlateNo  string `json:"plateNo,omitempty" wire:"alias=plateNum|carNo"`
	CardNo   string `json:"cardNo,omitempty"`
}

// An InsideCar is a row that downlink 1.3 answers. The time is as FormatDash
// writes it.
type InsideCar struct {
	PlateNo    string  `json:"plateNo"`
	CardNo     string  `json:"cardNo"`
	EntryTime  string  `json:"entryTime"`
	EntryPlace string  `json:"entryPlace"`
	CarType    CarType `json:"carType"`
	ImgName    string  `json:"imgName"` // URL of the picture at the entry
}

// A GateCommand is the request of downlink 2.3 GateControl. It moves a gate and
// touches no stay. The answer has no rows.
type GateCommand struct {
	ParkCode    string     `json:"parkCode,omitempty"`
	DeviceCode  string     `json:"deviceCode" wire:"required,alias=deviceId"` // code or IP, see DeviceType
	DeviceType  int        `json:"deviceType" wire:"oneof=0|1"`               // ByCode or ByIP
	ControlType GateAction `json:"controlType" wire:"required,oneof=1|2|11|12"`
}

// A ShowCommand is the request of downlink 2.4 ShowLedMsg. The answer has no rows.
type ShowCommand struct {
	ParkCode   string `json:"parkCode,omitempty"`
	DeviceCode string `json:"deviceCode" wire:"required,alias=deviceId"` // code or IP, see DeviceType
	DeviceType int    `json:"deviceType" wire:"oneof=0|1"`               // ByCode or ByIP
	ShowInfo   string `json:"showInfo"`                                  // lines, with | between them
}

// A BillQuery is the request of downlink 3.1 GetParkingPaymentInfo: the bill of
// the car with a plate, with a card or ticket, or standing at an exit device. One
// of the three must be given.
type BillQuery struct {
	ParkCode   string `json:"parkCode,omitempty"`
	PlateNo    string `json:"plateNo,omitempty" wire:"alias=plateNum|carNo"`
	CardNo     string `json:"cardNo,omitempty"`
	DeviceCode string `json:"deviceCode,omitempty" wire:"alias=deviceId"`
}

// Check returns an error when the query says nothing about which car is meant.
func (q *BillQuery) Check() error {
	if q.PlateNo == "" && q.CardNo == "" && q.DeviceCode == "" {
		return &FieldError{Field: "plateNo", Problem: Missing}
	}
	return nil
}

// A Bill is the row that downlink 3.1 answers. Times are as FormatDash writes
// them. Payable is what this order settles; TotalFee and PayedFee are about the
// whole stay.
type Bill struct {
	OrderNo     string `json:"orderNo"`
	PlateNo     string `json:"plateNo"`
	CardNo      string `json:"cardNo"`
	EntryTime   string `json:"entryTime"`
	PayTime     string `json:"payTime"`     // when the bill was made
	ElapsedTime int64  `json:"elapsedTime"` // minutes parked
	ImgName     string `json:"imgName"`     // URL of the picture at the entry
	Payable     int64  `json:"payable"`     // due, fen
	DelayTime   int64  `json:"delayTime"`   // minutes to leave after paying
	TotalFee    int64  `json:"totalFee"`    // fee of the whole stay, fen
	PayedFee    int64  `json:"payedFee"`    // paid so far, fen
	OutTime     string `json:"outTime"`     // leaving; when made in the lot, the same as PayTime
}

// A Payment is the request of downlink 3.2 PayParkingFee: money that a platform
// has taken, and what it waived. Most of what the document calls mandatory is
// absent in the field and has a plain meaning then.
type Payment struct {
	ParkCode   string     `json:"parkCode,omitempty"`
	OrderNo    string     `json:"orderNo" wire:"required"`
	Amount     int64      `json:"amount" wire:"required,min=0"` // taken, fen
	Discount   int64      `json:"discount" wire:"min=0"`        // waived by the car park's own campaign, fen
	PayType    Int        `json:"payType,omitzero"`             // who collected: CollectedByWeChat, CollectedByApp …
	PayMethod  Int        `json:"payMethod,omitzero"`           // how, as BoothPay counts
	FreeMoney  int64      `json:"freeMoney" wire:"min=0"`       // waived by coupons, fen
	FreeTime   int64      `json:"freeTime" wire:"min=0"`        // minutes taken off the charged time
	FreeDetail FreeDetail `json:"freeDetail"`
}

// Channel returns who collected the money and how. A payment that only says one
// of them means the other to be equal; one that says neither is taken for WeChat,
// the channel of the clients that leave both out.
func (p Payment) Channel() (payType, payMethod int64) {
	payType = p.PayType.Or(p.PayMethod.Or(CollectedByWeChat))
	return payType, p.PayMethod.Or(payType)
}

// A FreeDetail is a list of discounts. On the wire it is JSON inside a string; a
// real array is read as well. It only feeds a report, so text that is no such
// list is kept and never spoils a payment.
type FreeDetail struct {
	Items []FreeItem
	Text  string // what was read, as JSON when it was JSON
}

// A FreeItem is one discount of a FreeDetail.
type FreeItem struct {
	Type  int    `json:"type"`  // 0 points, 1 coupon, 2 shop receipt …
	Money int64  `json:"money"` // fen
	Time  int64  `json:"time"`  // minutes
	Code  string `json:"code"`  // member, coupon or receipt number
}

// MarshalJSON writes the items, or Text when there are none.
func (d FreeDetail) MarshalJSON() ([]byte, error) {
	if len(d.Items) == 0 {
		return marshal(d.Text)
	}
	items, err := marshal(d.Items)
	if err != nil {
		return nil, fmt.Errorf("encode freeDetail: %w", err)
	}
	return marshal(string(items))
}

// UnmarshalJSON reads a string or an array. It does not fail.
func (d *FreeDetail) UnmarshalJSON(raw []byte) error {
	*d = FreeDetail{}
	if isAbsent(raw) {
		return nil
	}
	inner := unwrap(raw)
	d.Text = string(inner)
	var s string
	if inner[0] == '"' && json.Unmarshal(inner, &s) == nil {
		d.Text = s
	}
	var list struct {
		Items []FreeItem `json:"items"`
	}
	if DecodeFields(append(append([]byte(`{"items":`), inner...), '}'), &list) == nil {
		d.Items = list.Items
	}
	return nil
}

// A PaymentReceipt is the row that downlink 3.2 answers.
type PaymentReceipt struct {
	ParkingTime int64 `json:"parkingTime"` // minutes parked
}

// An OrderQuery is the request of downlink 3.4 GetPaymentStatus.
type OrderQuery struct {
	ParkCode string `json:"parkCode,omitempty"`
	OrderNo  string `json:"orderNo" wire:"required"`
}

// An OrderStatus is the row that downlink 3.4 answers.
type OrderStatus struct {
	Status int `json:"status,string"` // OrderUnpaid or OrderPaid
}

// The states of an order in downlink 3.4.
const (
	OrderUnpaid = 0
	OrderPaid   = 1
)
