package protocol

import (
	"encoding/json"
	"fmt"
)

// The messages of downlink 3.1 to 3.4, bills and payments.

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

// A Bill is the row that downlink 3.1 GetParkingPaymentInfo answers. Money is in
// fen, ElapsedTime and DelayTime are in minutes; times are as FormatDash writes
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
// has taken, and what it waived. Money is in fen, FreeTime in minutes. Most of what
// the document calls mandatory is absent in the field and has a plain meaning then.
type Payment struct {
	ParkCode   string     `json:"parkCode,omitempty"`
	OrderNo    string     `json:"orderNo" wire:"required"`
	Amount     int64      `json:"amount" wire:"required,min=0"`      // taken, fen
	Discount   int64      `json:"discount" wire:"min=0"`             // waived by the car park's own campaign, fen
	PayType    Int        `json:"payType,omitzero" wire:"lenient"`   // who collected: CollectedByWeChat, CollectedByApp …
	PayMethod  Int        `json:"payMethod,omitzero" wire:"lenient"` // how, as BoothPay counts
	FreeMoney  int64      `json:"freeMoney" wire:"min=0"`            // waived by coupons, fen
	FreeTime   int64      `json:"freeTime" wire:"min=0"`             // minutes taken off the charged time
	FreeDetail FreeDetail `json:"freeDetail"`
}

// Channel returns who collected the money and how. A payment that only says one
// of them means the other to be equal; one that says neither is taken for WeChat,
// the channel of the clients that leave both out.
func (p Payment) Channel() (payType, payMethod int64) { return channel(p.PayType, p.PayMethod) }

func channel(givenType, givenMethod Int) (payType, payMethod int64) {
	payType = givenType.Or(givenMethod.Or(CollectedByWeChat))
	return payType, givenMethod.Or(payType)
}

// A FreeDetail is a list of discounts. On the wire it is JSON inside a string; a
// real array is read as well. It only feeds a report, so text that is no such
// list is kept and never spoils a payment.
type FreeDetail struct {
	Items []FreeItem
	Text  string // what was read, as JSON when it was JSON
}

// A FreeItem is one discount of a FreeDetail. Money is in fen, Time in minutes.
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

// A PaymentReceipt is the row that downlink 3.2 PayParkingFee answers, in minutes.
type PaymentReceipt struct {
	ParkingTime int64 `json:"parkingTime"` // minutes parked
}

// A Discount is the request of downlink 3.3 ParkingFree: money or time waived for
// the car with a plate, or with a card or ticket, without an order. FreeMoney is in
// fen. FreeTime is in seconds here, while that of 3.2 is in minutes.
type Discount struct {
	ParkCode  string `json:"parkCode,omitempty"`
	PlateNo   string `json:"plateNo,omitempty" wire:"alias=plateNum|carNo"`
	CardNo    string `json:"cardNo,omitempty"`
	FreeMoney int64  `json:"freeMoney" wire:"min=0"`            // fen
	FreeTime  int64  `json:"freeTime" wire:"min=0"`             // seconds
	PayType   Int    `json:"payType,omitzero" wire:"lenient"`   // who gives it: CollectedByWeChat, CollectedByApp …
	PayMethod Int    `json:"payMethod,omitzero" wire:"lenient"` // as BoothPay counts
	Remark    string `json:"remark,omitempty"`                  // what the discount is for
}

// Check returns an error when the discount says nothing about which car is meant.
func (d Discount) Check() error {
	if d.PlateNo == "" && d.CardNo == "" {
		return &FieldError{Field: "plateNo", Problem: Missing}
	}
	return nil
}

// Channel returns who gives the discount and how, as [Payment.Channel] does.
func (d Discount) Channel() (payType, payMethod int64) { return channel(d.PayType, d.PayMethod) }

// A DiscountReceipt is the row that downlink 3.3 ParkingFree answers. Its order
// number is a JSON number, so it has 15 digits at most: JavaScript and .NET read
// longer ones with a loss.
type DiscountReceipt struct {
	OrderNo int64 `json:"orderNo"`
}

// An OrderQuery is the request of downlink 3.4 GetPaymentStatus and of 3.5
// GetPayChargeInfo.
type OrderQuery struct {
	ParkCode string `json:"parkCode,omitempty"`
	OrderNo  string `json:"orderNo" wire:"required"`
}

// An OrderStatus is the row that downlink 3.4 GetPaymentStatus answers.
type OrderStatus struct {
	Status int `json:"status,string"` // OrderUnpaid or OrderPaid
}

// The states of an order in downlink 3.4.
const (
	OrderUnpaid = 0
	OrderPaid   = 1
)
