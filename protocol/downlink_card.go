package protocol

// The messages of downlink 4.1 to 4.7: cards, that is the rights of regular
// vehicles. One card has several plates and a number of places. Times are as
// FormatDash writes them.

// A CardAdd is the request of downlink 4.1 AddCarCardNo.
type CardAdd struct {
	ParkCode     string       `json:"parkCode,omitempty"`
	CardName     string       `json:"cardName"`
	UseName      string       `json:"useName" wire:"alias=userName"` // the owner
	Tel          string       `json:"tel,omitempty" wire:"alias=telPhone"`
	RoomID       string       `json:"roomId,omitempty"`
	PlateDetails PlateDetails `json:"plateDetails" wire:"required"`
	CarType      Int          `json:"carType" wire:"required"`                         // as CarType counts
	SpaceNum     Int          `json:"spaceNum,omitzero" wire:"min=1,alias=totalSPNum"` // places; absent means 1
	ValidFrom    string       `json:"validFrom" wire:"required,alias=validForm"`
	ValidTo      string       `json:"validTo" wire:"required"`
}

// Check returns an error when the card would have no vehicle.
func (c CardAdd) Check() error {
	if len(c.PlateDetails) == 0 {
		return &FieldError{Field: "plateDetails", Problem: Missing}
	}
	return nil
}

// MarshalJSON writes SpaceNum as a string, as the document's example does.
func (c CardAdd) MarshalJSON() ([]byte, error) {
	type plain CardAdd
	return marshal(struct {
		plain
		SpaceNum string `json:"spaceNum,omitempty"`
	}{plain(c), c.SpaceNum.text()})
}

// A CardID is the row that downlink 4.1 AddCarCardNo answers.
type CardID struct {
	CardID int64 `json:"cardId"`
}

// A CardEdit is the request of downlink 4.2 ModifyCarCardNo. What is absent stays
// as it is. The answer has no rows.
type CardEdit struct {
	ParkCode     string       `json:"parkCode,omitempty"`
	CardID       int64        `json:"cardId,string" wire:"required"`
	CardName     string       `json:"cardName,omitempty"`
	UseName      string       `json:"useName,omitempty" wire:"alias=userName"` // the owner
	Tel          string       `json:"tel,omitempty" wire:"alias=telPhone"`
	RoomID       string       `json:"roomId,omitempty"`
	PlateDetails PlateDetails `json:"plateDetails,omitempty"` // to add or remove, see PlateDetail.Type
	ValidFrom    string       `json:"validFrom,omitempty" wire:"alias=validForm"`
	ValidTo      string       `json:"validTo,omitempty"`
	SpaceNum     Int          `json:"spaceNum,omitzero" wire:"min=0,alias=totalSPNum"` // places; 0 is absent
}

// MarshalJSON writes SpaceNum by both of its names: spaceNum, a string in the
// document's table, and totalSPNum, a number in its example.
func (c CardEdit) MarshalJSON() ([]byte, error) {
	type plain CardEdit
	return marshal(struct {
		plain
		SpaceNum   string `json:"spaceNum,omitempty"`
		TotalSPNum Int    `json:"totalSPNum,omitzero"`
	}{plain(c), c.SpaceNum.text(), c.SpaceNum})
}

// A CardDelete is the request of downlink 4.3 DeleteCarCardNo. The answer has no
// rows.
type CardDelete struct {
	ParkCode string `json:"parkCode,omitempty"`
	CardID   int64  `json:"cardId" wire:"required"`
}

// A CardPlateEdit is the request of downlink 4.4 CarCardNoManage: one plate of a
// card is added, changed for another or deleted. The answer has no rows.
type CardPlateEdit struct {
	ParkCode   string `json:"parkCode,omitempty"`
	CardID     int64  `json:"cardId" wire:"required"`
	PlateNo    string `json:"plateNo,omitempty" wire:"alias=plateNum|carNo"` // to add
	OldPlateNo string `json:"oldplateNo,omitempty"`                          // to change or delete
	// IsCard is 1 when the numbers are plates, 0 when they are IC cards. The
	// document's own example says 0 with plates, so what looks like a plate is one.
	IsCard     Int `json:"isCard,omitzero" wire:"oneof=0|1"`
	ModifyType int `json:"modifyType" wire:"required,oneof=0|1|2"` // EditAdd, EditChange or EditDelete
}

// What downlink 4.4 does with a plate (modifyType), and 4.8 with an entry of the
// blacklist (controlType).
const (
	EditAdd    = 0
	EditChange = 1
	EditDelete = 2
)

// Check returns an error when a plate that the change needs is missing. The plate to
// delete may be in either place.
func (e CardPlateEdit) Check() error {
	switch {
	case e.ModifyType != EditDelete && e.PlateNo == "":
		return &FieldError{Field: "plateNo", Problem: Missing}
	case e.ModifyType == EditChange && e.OldPlateNo == "",
		e.ModifyType == EditDelete && e.OldPlateNo == "" && e.PlateNo == "":
		return &FieldError{Field: "oldplateNo", Problem: Missing}
	}
	return nil
}

// A CardQuery is the request of downlink 4.5 GetCarCardInfo: the card of a plate, or
// with a number. Without either all cards are listed.
type CardQuery struct {
	ParkCode string `json:"parkCode,omitempty"`
	PlateNo  string `json:"plateNo,omitempty" wire:"alias=plateNum|carNo"`
	CardID   Int    `json:"cardId,omitzero"`
}

// A CardInfo is a row that downlink 4.5 GetCarCardInfo answers. ValidValue is in
// fen, or in visits.
type CardInfo struct {
	CardID         int64        `json:"cardId"`
	CarType        CarType      `json:"carType"`
	CardName       string       `json:"cardName"`
	Tel            string       `json:"tel"`
	RoomID         string       `json:"roomId"`
	AreaList       []string     `json:"areaList"` // names of the areas
	PlateDetails   PlateDetails `json:"plateDetails"`
	ValidFrom      string       `json:"validFrom" wire:"alias=validForm"`
	ValidForm      string       `json:"validForm" wire:"alias=validFrom"` // the example's name of ValidFrom; need not be set
	ValidTo        string       `json:"validTo"`
	ValidValue     int64        `json:"validValue"`                              // balance: fen of a stored-value card, visits of a counted one
	SpaceNum       int          `json:"spaceNum,string" wire:"alias=totalSPNum"` // places
	LastUpdateTime string       `json:"lastUpdateTime"`
}

// MarshalJSON writes the start of the validity by both of its names, lists that are
// nil as empty ones, and null for what a plate detail lacks.
func (c CardInfo) MarshalJSON() ([]byte, error) {
	type plain CardInfo
	c.ValidFrom, c.ValidForm = twins(c.ValidFrom, c.ValidForm)
	if c.AreaList == nil {
		c.AreaList = []string{}
	}
	return marshal(struct {
		plain
		PlateDetails nullDetails `json:"plateDetails"`
	}{plain(c), nullDetails(c.PlateDetails)})
}

// A CardPayment is the request of downlink 4.6 PayCarCardFee: the validity is
// extended, or money or visits are added, by the type of the card. Amount is in fen.
// ValidTo must be there when the validity is extended. The answer has no rows.
type CardPayment struct {
	ParkCode  string `json:"parkCode,omitempty"`
	CardID    int64  `json:"cardId" wire:"required"`
	OrderNo   string `json:"orderNo,omitempty"`            // the platform's own; counts once when given
	Amount    int64  `json:"amount" wire:"required,min=0"` // taken, fen
	ValidFrom string `json:"validFrom,omitempty" wire:"alias=validForm"`
	ValidTo   string `json:"validTo,omitempty"`
}

// A ProductQuery is the request of downlink 4.7 GetCardProduct.
type ProductQuery struct {
	ParkCode string `json:"parkCode,omitempty"`
	CarType  Int    `json:"carType" wire:"required"` // as CarType counts
}

// A Product is a row that downlink 4.7 GetCardProduct answers: what can be bought
// for a card. BasicMoney is in fen; what is bought and what is given on top are in
// the unit that their types name, fen among them.
type Product struct {
	RuleName       string `json:"ruleName"`
	RechargeAmount int64  `json:"rechargeAmount"` // bought, in units of RechargeType
	RechargeType   int    `json:"rechargeType"`   // UnitMoney …
	BasicMoney     int64  `json:"basicMoney"`     // price, fen
	SentAmount     int64  `json:"sentAmount"`     // given on top, in units of SentType
	SentType       int    `json:"sentType" wire:"alias=snetType"`
	SnetType       int    `json:"snetType" wire:"alias=sentType"` // the example's name of SentType; need not be set
}

// The units of a Product.
const (
	UnitMoney = 0 // fen
	UnitMonth = 1
	UnitDay   = 2
	UnitHour  = 3
	UnitVisit = 4
)

// MarshalJSON writes the unit of what is given on top by both of its names.
func (p Product) MarshalJSON() ([]byte, error) {
	type plain Product
	p.SentType, p.SnetType = twins(p.SentType, p.SnetType)
	return marshal(plain(p))
}
