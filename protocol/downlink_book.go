package protocol

// The messages of downlink 5.x, bookings. Times are as FormatDash writes them.

// A BookingAdd is the request of downlink 5.1 AddBookingCar. PreMoney is in fen.
type BookingAdd struct {
	ParkCode  string `json:"parkCode,omitempty"`
	PlateNo   string `json:"plateNo" wire:"required,alias=plateNum|carNo"`
	PreMoney  int64  `json:"preMoney" wire:"min=0"` // paid in advance, fen
	ValidFrom string `json:"validFrom" wire:"required,alias=validForm"`
	ValidTo   string `json:"validTo" wire:"required"`
	BookType  Int    `json:"bookType,omitzero" wire:"oneof=0|1"` // BookMany or BookOnce; absent means BookMany
	Promptly  Int    `json:"promptly,omitzero" wire:"oneof=0|1"` // PromptlyYes or PromptlyNo; absent means PromptlyNo
}

// The bookType of a booking.
const (
	BookMany = 0 // any number of visits in the period
	BookOnce = 1 // one visit
)

// The promptly of downlink 5.1 and 5.2: whether a car that is inside already, and
// came in the period, becomes a booked one.
const (
	PromptlyYes = 0
	PromptlyNo  = 1
)

// A BookingID is the row that downlink 5.1 AddBookingCar and 5.2 ModifyBookingCar
// answer.
type BookingID struct {
	BookID int64 `json:"bookId"`
}

// A BookingEdit is the request of downlink 5.2 ModifyBookingCar. What is absent
// stays as it is.
type BookingEdit struct {
	ParkCode   string `json:"parkCode,omitempty"`
	BookID     int64  `json:"bookid" wire:"required"`
	ValidFrom  string `json:"validFrom,omitempty" wire:"alias=validForm"`
	ValidTo    string `json:"validTo,omitempty"`
	BookType   Int    `json:"bookType,omitzero" wire:"oneof=0|1"`   // BookMany or BookOnce
	ModifyType Int    `json:"modifyType,omitzero" wire:"oneof=0|1"` // BookingChange or BookingCancel; absent means BookingChange
	Promptly   Int    `json:"promptly,omitzero" wire:"oneof=0|1"`   // PromptlyYes or PromptlyNo; absent means PromptlyNo
}

// The modifyType of downlink 5.2.
const (
	BookingChange = 0
	BookingCancel = 1
)

// A BookingQuery is the request of downlink 5.3 GetBookingCar: the bookings of a
// plate that are in effect or in use, five at most.
type BookingQuery struct {
	ParkCode string `json:"parkCode,omitempty"`
	PlateNo  string `json:"plateNo" wire:"required,alias=plateNum|carNo"`
}

// A BookingInfo is a row that downlink 5.3 GetBookingCar answers. PreMoney is in
// fen.
type BookingInfo struct {
	BookID    int64  `json:"bookId"`
	PlateNo   string `json:"plateNo"`
	PreMoney  int64  `json:"preMoney"` // paid in advance, fen
	ValidFrom string `json:"validFrom" wire:"alias=validForm"`
	ValidTo   string `json:"validTo"`
	BookType  int    `json:"bookType"` // BookMany or BookOnce
	IsCarIn   int    `json:"isCarIn"`  // 1: a car has entered with it
}
