package protocol

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
)

// The questions of the uplink, which are asked while a car or a customer waits, and
// what platforms answer to them: 2.2, 4.1, 4.2 and 5.3; and the links 5.1 and 5.2
// for people.

// A CarOut is the question of uplink 2.2 PostCarOutInfo: a car for which the
// platform deducts is at the exit. Money is in fen; times are as FormatSlash writes
// them.
type CarOut struct {
	ParkCode   string `json:"parkCode" wire:"required"`
	PlateNo    string `json:"plateNo" wire:"required"`
	CardNo     string `json:"cardNo"`
	EntryTime  string `json:"entryTime" wire:"required"`
	LeaveTime  string `json:"leaveTime" wire:"required"`
	TotalMoney int64  `json:"totalMoney"` // due, fen
	LeavePlace string `json:"leavePlace"`
	ImgName    string `json:"imgName"`
}

// A CarOutAnswer is the row that a platform answers to uplink 2.2 PostCarOutInfo.
// The amount, in fen, has two names: densityMoney in the document's table,
// deductMoney in its example. Read [CarOutAnswer.Taken].
type CarOutAnswer struct {
	DensityMoney Int `json:"densityMoney" wire:"min=0,alias=deductMoney"` // was deducted, fen
	DeductMoney  Int `json:"deductMoney" wire:"min=0,alias=densityMoney"` // the same; need not be set
}

// Taken returns what was deducted, in fen. Where the two names say different
// things, one of them was forgotten: the larger counts.
func (a CarOutAnswer) Taken() Int {
	if !a.DensityMoney.Set || a.DeductMoney.N > a.DensityMoney.N {
		return a.DeductMoney
	}
	return a.DensityMoney
}

// MarshalJSON writes the amount by both of its names.
func (a CarOutAnswer) MarshalJSON() ([]byte, error) {
	type plain CarOutAnswer
	return marshal(plain{a.Taken(), a.Taken()})
}

// A CodeQuery is the question of uplink 4.1 GetPayQRCode: a code to show to the
// driver, who pays by scanning it. Amount is in fen, ElapsedTime in minutes; times
// are as FormatDash writes them.
type CodeQuery struct {
	ParkCode    string `json:"parkCode" wire:"required"`
	OrderNo     string `json:"orderNo" wire:"required"` // the car park's
	DeviceCode  string `json:"deviceCode" wire:"alias=deviceId"`
	DeviceID    string `json:"deviceId" wire:"alias=deviceCode"`    // the example's name of DeviceCode; need not be set
	PlateNum    string `json:"plateNum" wire:"alias=carNo|plateNo"` // as EncodePlate writes it
	CardNo      string `json:"cardNo"`
	InTime      string `json:"inTime"`
	ElapsedTime int64  `json:"elapsedTime,string"`                  // minutes parked
	Amount      int64  `json:"amount,string" wire:"required,min=0"` // due, fen
	OutTime     string `json:"outTime"`                             // inside the car park: now
}

// MarshalJSON writes the device by both of its names.
func (q CodeQuery) MarshalJSON() ([]byte, error) {
	type plain CodeQuery
	q.DeviceCode, q.DeviceID = twins(q.DeviceCode, q.DeviceID)
	return marshal(plain(q))
}

// A Code is the row that a platform answers to uplink 4.1 GetPayQRCode. When the
// driver has paid, the platform calls downlink 3.2.
type Code struct {
	QRCode  string `json:"qrcode" wire:"required"` // what the code says, a short link
	OrderNo string `json:"orderNo"`                // the platform's
	PayType int    `json:"payType"`                // ThirdWeChat or ThirdAlipay
}

// The payType that a platform answers to uplink 4.1 and 4.2.
const (
	ThirdWeChat = 6
	ThirdAlipay = 7
)

// A ScanPay is the question of uplink 4.2 PayScanCode: the driver's own payment code
// was scanned, the platform is to charge it. Amount is in fen, ElapsedTime in
// minutes; times are as FormatDash writes them.
//
// AuthCode is as good as money for a minute. A ScanPay that is logged or printed
// does not show it.
type ScanPay struct {
	ParkCode    string `json:"parkCode" wire:"required"`
	OrderNo     string `json:"orderNo" wire:"required"` // the car park's
	DeviceID    string `json:"deviceId" wire:"alias=deviceCode"`
	DeviceCode  string `json:"deviceCode" wire:"alias=deviceId"`    // DeviceID by the name of 4.1; need not be set
	CarNo       string `json:"carNo" wire:"alias=plateNum|plateNo"` // as EncodePlate writes it
	InTime      string `json:"inTime"`
	ElapsedTime int64  `json:"elapsedTime,string"`                  // minutes parked
	Amount      int64  `json:"amount,string" wire:"required,min=0"` // due, fen
	AuthCode    string `json:"authCode" wire:"required"`            // digits of the payment code
	OutTime     string `json:"outTime"`                             // inside the car park: now
}

// MarshalJSON writes the device by both of its names.
func (s ScanPay) MarshalJSON() ([]byte, error) {
	type plain ScanPay
	s.DeviceID, s.DeviceCode = twins(s.DeviceID, s.DeviceCode)
	return marshal(plain(s))
}

// String returns the order and the amount, and nothing that could be charged.
func (s ScanPay) String() string {
	return fmt.Sprintf("order %s, %d fen, auth code ***", s.OrderNo, s.Amount)
}

// Format implements [fmt.Formatter]: every verb prints String.
func (s ScanPay) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue implements [slog.LogValuer] with the order and the amount.
func (s ScanPay) LogValue() slog.Value {
	return slog.GroupValue(slog.String("order", s.OrderNo), slog.Int64("amount", s.Amount), slog.String("auth_code", "***"))
}

// A ScanAnswer is the row that a platform answers to uplink 4.2 PayScanCode: it
// charges the driver, and calls downlink 3.2 when it has the money.
type ScanAnswer struct {
	OrderNo string `json:"orderNo"` // the platform's
	PayType int    `json:"payType"` // ThirdWeChat or ThirdAlipay
}

// A PriceQuery is the question of uplink 5.3 AutonomousCalfee: what a stay costs, of
// a platform that prices. Times are as FormatSlash writes them.
type PriceQuery struct {
	ParkCode   string `json:"parkCode" wire:"required"`
	PlateNo    string `json:"plateNo"`
	CardNo     string `json:"cardNo"`
	EntryTime  string `json:"entryTime" wire:"required"`
	EntryPlace string `json:"entryPlace"`
	LeaveTime  string `json:"leaveTime" wire:"required"` // inside the car park: now
	LeavePlace string `json:"leavePlace"`                // "" inside the car park
}

// A Price is the row that a platform answers to uplink 5.3 AutonomousCalfee, in
// fen.
type Price struct {
	PayMoney Int `json:"payMoney" wire:"required,min=0"` // still due, fen
}

// TicketLink returns what the code on an entry ticket says (uplink 5.1): the
// address of a platform's page for paying. base may have a query of its own.
func TicketLink(base, parkCode string) string {
	return addQuery(base, "parkCode", parkCode)
}

// ChangeLink returns what the code on a change slip says (uplink 5.2): the address
// of a platform's page for getting the change of a change order. base may have a
// query of its own.
func ChangeLink(base, parkCode, orderNo string) string {
	return addQuery(addQuery(base, "parkCode", parkCode), "orderNo", orderNo)
}

// addQuery works on text, so that what base has stays as it was written.
func addQuery(base, name, value string) string {
	base, fragment, found := strings.Cut(base, "#")
	if found {
		fragment = "#" + fragment
	}
	switch {
	case !strings.Contains(base, "?"):
		base += "?"
	case !strings.HasSuffix(base, "?") && !strings.HasSuffix(base, "&"):
		base += "&"
	}
	return base + name + "=" + percent(value) + fragment
}

// EncodePlate writes a plate as uplink 4.1 and 4.2 want it: percent-encoded UTF-8.
func EncodePlate(plate string) string { return percent(plate) }

// percent escapes s so that readers of queries and of paths understand it alike.
func percent(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
