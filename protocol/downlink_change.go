package protocol

// The messages of downlink 3.5 to 3.7: change that a kiosk owes and a platform
// gives. The document's examples show the rows in resMsg and a status in data, a
// slip: rows are in data, as everywhere.

// A ChangeInfo is the row that downlink 3.5 GetPayChargeInfo answers to an
// OrderQuery with the number of a change order. The change is PaidAmount less
// PayMoney, both in fen. The time is as FormatDash writes it.
type ChangeInfo struct {
	OrderNo    string `json:"orderNo"`
	PlateNo    string `json:"plateNo"`
	CardNo     string `json:"cardNo"`
	ComeTime   string `json:"comeTime"`   // when the car came
	PayMoney   int64  `json:"payMoney"`   // was due in cash, fen
	PaidAmount int64  `json:"paidAmount"` // was inserted, fen
	IfCharge   int    `json:"ifCharge"`   // ChangeOwed or ChangeGiven
}

// The ifCharge of downlink 3.5 and 3.7.
const (
	ChangeOwed  = 0
	ChangeGiven = 1
)

// The chargeType of downlink 3.6 and 3.7: by what the change was given.
const (
	ChangeByWeChat = 0
	ChangeByAlipay = 1
)

// A ChangeNotice is the request of downlink 3.6 PayChargeNotice: the platform has
// given the change. How it did is only a label; see [ChangeNotice.Wallet].
type ChangeNotice struct {
	ParkCode    string `json:"parkCode,omitempty"`
	OrderNo     string `json:"orderNo" wire:"required"`   // of the change order
	ChargeType  Int    `json:"chargeType" wire:"lenient"` // ChangeByWeChat or ChangeByAlipay
	UserAccount string `json:"UserAccount,omitempty"`     // the driver's account there
}

// Wallet returns ChangeByWeChat or ChangeByAlipay. The document has other codes for
// the same two elsewhere, which platforms use here too: 4 and 5 (3.2), 6 and 7 (4.1),
// 104 and 105 or 111 and 112 (appendix 1.4). Anything else is WeChat: the change was
// given, and to refuse the notice would have it given twice.
func (n ChangeNotice) Wallet() int {
	switch n.ChargeType.N {
	case ChangeByAlipay, int64(BoothAlipay), ThirdAlipay, int64(PayAlipay), int64(PayThirdAlipay):
		return ChangeByAlipay
	}
	return ChangeByWeChat
}

// MarshalJSON writes ChargeType as a string, which it is in the document.
func (n ChangeNotice) MarshalJSON() ([]byte, error) {
	type plain ChangeNotice
	return marshal(struct {
		plain
		ChargeType string `json:"chargeType"`
	}{plain(n), n.ChargeType.text()})
}

// A ChangeReceipt is the row that downlink 3.6 PayChargeNotice answers: the order
// number that was asked.
type ChangeReceipt struct {
	OrderNo string `json:"orderNo"`
}

// A ChangesQuery is the request of downlink 3.7 PayChargeReport: the change orders
// made in the period, and all that are still owed.
type ChangesQuery struct {
	ParkCode  string `json:"parkCode,omitempty"`
	StartTime string `json:"startTime" wire:"required"`
	EndTime   string `json:"endTime" wire:"required"`
	PageIndex int    `json:"pageIndex" wire:"required,min=1"` // from 1
	PageCount int    `json:"pageCount" wire:"required,min=1"` // rows of a page
}

// A ChangeRow is a row that downlink 3.7 PayChargeReport answers. Money is in fen;
// times are as FormatDash writes them.
type ChangeRow struct {
	OrderNo     string `json:"orderNo"`
	PlateNo     string `json:"plateNo"`
	CardNo      string `json:"cardNo"`
	EntryTime   string `json:"entryTime"`   // 1972-01-01 00:00:00 when it is not known
	PayMoney    int64  `json:"payMoney"`    // was due in cash, fen
	PaidAmount  int64  `json:"paidAmount"`  // was inserted, fen
	IfCharge    int    `json:"ifCharge"`    // ChangeOwed or ChangeGiven
	ChargeType  int    `json:"chargeType"`  // ChangeByWeChat or ChangeByAlipay, 0 while it is owed
	UserAccount string `json:"UserAccount"` // "" while it is owed
	PaidTime    string `json:"paidTime"`    // when the coins were inserted
	ChargeTime  string `json:"chargeTime"`  // when the change was given, "" while it is owed
	Remark      string `json:"remark"`
}
