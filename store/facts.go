package store

// A Kind names what a journal row tells. The bodies are the …Fact types below,
// one for each kind that a reader decodes.
type Kind string

// The kinds of journal rows, with the type of their body and what their key is.
const (
	KindEntry       Kind = "entry"        // StayFact, key plate: a session opened
	KindExit        Kind = "exit"         // StayFact, key plate: a session closed
	KindAbnormal    Kind = "abnormal"     // StayFact, key plate: a session ended without an exit, or never became one
	KindOrder       Kind = "order"        // OrderFact, key plate
	KindPayment     Kind = "payment"      // PaymentFact, key plate
	KindSpaces      Kind = "spaces"       // SpacesFact, key "": the latest counts
	KindDevice      Kind = "device"       // DeviceFact, key device code: a device is there, or its data changed
	KindDeviceState Kind = "device_state" // DeviceFact, key device code
	KindPark        Kind = "park"         // ParkFact, key "": the daily data of the car park
	KindAreas       Kind = "areas"        // ParkFact, key "": the daily data of its areas
	KindCommand     Kind = "command"      // CommandFact, key device code: a gate or display was commanded, or was refused to be
	KindRecognition Kind = "recognition"  // RecognitionFact, key plate: a recognition that opened nothing, and why
	KindFee         Kind = "fee"          // FeeFact, key plate: an operator set the fee of a stay
	KindQuote       Kind = "quote"        // QuoteFact, key plate: a platform that prices said what is due
	KindSeamless    Kind = "seamless"     // SeamlessFact, key plate: a platform answered that it deducts
	KindDeduction   Kind = "deduction"    // DeductionFact, key plate: a platform is asked to deduct, or has answered
	KindCorrect     Kind = "correct"      // CorrectFact, key plate: a platform is to reverse a deduction
	KindChange      Kind = "change"       // ChangeFact, key plate: a pay machine owes change, or it was given
	KindCode        Kind = "code"         // CodeFact, key plate: a platform's code was shown, or a driver's was scanned
	KindCard        Kind = "card"         // CardFact, key "card:" and number: a card was added, changed or deleted
	KindRecharge    Kind = "recharge"     // RechargeFact, key "card:" and number
	KindCardUse     Kind = "card_use"     // CardUseFact, key "card:" and number: a stay took from the balance
	KindBlack       Kind = "black"        // BlackFact, key plate: the blacklist was changed
	KindBlackEntry  Kind = "black_entry"  // BlackFact, key plate: a blacklisted car stood at an entry
	KindBooking     Kind = "booking"      // BookingFact, key plate: a booking was added, changed or cancelled
	KindSpacesSet   Kind = "spaces_set"   // SpacesSetFact, key "": somebody set the free places of an area
	KindMove        Kind = "move"         // MoveFact, key plate: a car passed from one area into another
	KindUnknown     Kind = "unknown"      // UnknownFact, key plate: a car stood at an exit that nobody saw come in
	KindPassage     Kind = "passage"      // PassageFact, key lane code: a car passed unasked, or did not pass though it might
	KindAmend       Kind = "amend"        // AmendFact, key plate: a stay was put right, by a near plate or a person
	KindQueue       Kind = "queue"        // QueueFact, key "platform:" and name: a person decided on a held row
)

// A StayFact is a session as it was when it opened or closed. Times are Unix
// milliseconds, money fen; leaving fields are zero in an entry.
type StayFact struct {
	Session    string `json:"session"`
	Plate      string `json:"plate"`
	PlateRead  string `json:"plateRead,omitempty"`
	CardNo     string `json:"cardNo,omitempty"`
	Color      int    `json:"color"`
	Size       int    `json:"size"`
	CarType    int    `json:"carType"`
	Area       int    `json:"area"`
	EnteredMs  int64  `json:"enteredMs"`
	EntryLane  string `json:"entryLane"`
	EntryPlace string `json:"entryPlace"`
	EntryImage string `json:"entryImage,omitempty"`
	LeftMs     int64  `json:"leftMs,omitempty"`
	ExitLane   string `json:"exitLane,omitempty"`
	ExitPlace  string `json:"exitPlace,omitempty"`
	ExitImage  string `json:"exitImage,omitempty"`
	ExitRead   string `json:"exitRead,omitempty"` // where that is not the plate
	Fee        int64  `json:"fee,omitempty"`
	Credit     int64  `json:"credit,omitempty"`
	Unpaid     int64  `json:"unpaid,omitempty"`
	Over       int64  `json:"over,omitempty"`
	Before     int64  `json:"before,omitempty"`      // paid before the car stood at the exit
	AtExit     int64  `json:"atExit,omitempty"`      // paid at the exit
	PayMethod  int    `json:"payMethod"`             // of the last payment, as downlink 3.2 counts; -1 none
	FreeMoney  int64  `json:"freeMoney,omitempty"`   // coupons
	FreeMinute int64  `json:"freeMinutes,omitempty"` // minutes
	Discount   int64  `json:"discount,omitempty"`    // campaigns and roundings
	Card       int64  `json:"card,omitempty"`
	Booking    int64  `json:"booking,omitempty"`
	Note       string `json:"note,omitempty"`
}

// NewStayFact describes s. The money fields stay zero; whoever closes a session
// fills them from its ledger.
func NewStayFact(s Session) StayFact {
	return StayFact{
		Session: s.ID, Plate: s.Plate, PlateRead: s.PlateRead, CardNo: s.CardNo,
		Color: s.Color, Size: s.Size, CarType: s.CarType, Area: s.Area,
		EnteredMs: Millis(s.EnteredAt), EntryLane: s.EntryLane, EntryPlace: s.EntryPlace, EntryImage: s.EntryImage,
		LeftMs: Millis(s.LeftAt), ExitLane: s.ExitLane, ExitPlace: s.ExitPlace, ExitImage: s.ExitImage, ExitRead: s.ExitRead,
		Fee: s.Fee, Credit: s.Credit, Unpaid: s.Unpaid, Over: s.Over, PayMethod: -1, Card: s.Card, Booking: s.Booking, Note: s.Note,
	}
}

// An OrderFact is a bill that was issued.
type OrderFact struct {
	Order   string `json:"order"`
	Session string `json:"session"`
	Client  string `json:"client"`
	Lane    string `json:"lane,omitempty"`
	Total   int64  `json:"total"`
	Payable int64  `json:"payable"`
}

// A PaymentFact is a row of the ledger with what a report about it needs.
type PaymentFact struct {
	Payment     string `json:"payment"`
	Order       string `json:"order"`
	Session     string `json:"session"`
	Plate       string `json:"plate"`
	CardNo      string `json:"cardNo,omitempty"`
	CarType     int    `json:"carType"`
	EnteredMs   int64  `json:"enteredMs"`
	PaidMs      int64  `json:"paidMs"`
	Kind        int    `json:"kind"`  // PaymentKind
	Total       int64  `json:"total"` // was due at this payment, after the free minutes that came with it
	Amount      int64  `json:"amount"`
	Discount    int64  `json:"discount,omitempty"`
	FreeMoney   int64  `json:"freeMoney,omitempty"`
	FreeMinutes int64  `json:"freeMinutes,omitempty"`
	Tickets     int    `json:"tickets,omitempty"`
	Rounding    int64  `json:"rounding,omitempty"`
	Over        int64  `json:"over,omitempty"`
	PayType     int    `json:"payType"`
	PayMethod   int    `json:"payMethod"`
	Terminal    int    `json:"terminal"`
	Change      int64  `json:"change,omitempty"` // that a pay machine owes for it
	Client      string `json:"client"`
	Refers      string `json:"refers,omitempty"` // the row that it takes back or moves
	Operator    string `json:"operator,omitempty"`
	Shift       int64  `json:"shift,omitempty"`
	Grant       string `json:"grant,omitempty"` // name of the discount
	GrantKind   int    `json:"grantKind,omitempty"`
	GrantValue  int64  `json:"grantValue,omitempty"`
	Remark      string `json:"remark,omitempty"`  // why it was taken back
	Address     string `json:"address,omitempty"` // from where an operator did it
}

// A FeeFact is the fee of a stay that an operator confirmed or set.
type FeeFact struct {
	Session  string `json:"session"`
	Fee      int64  `json:"fee"`    // of the whole stay
	Tariff   int64  `json:"tariff"` // the fee by the tariff; 0 where it knows none
	Reason   string `json:"reason"`
	Operator string `json:"operator"`
	Shift    int64  `json:"shift,omitempty"`
	Address  string `json:"address,omitempty"`
}

// A SpacesFact is the free places of the whole car park.
type SpacesFact struct {
	Free  int         `json:"free"`
	Total int         `json:"total"`
	Areas []AreaSpace `json:"areas,omitempty"`
}

// An AreaSpace is the free places of one area.
type AreaSpace struct {
	Code  int    `json:"code"`
	Name  string `json:"name"`
	Free  int    `json:"free"`
	Total int    `json:"total"`
}

// A DeviceFact is a device and its state.
type DeviceFact struct {
	Code   string `json:"code"`
	IP     string `json:"ip,omitempty"`
	Name   string `json:"name"`
	Type   int    `json:"type"`
	Status string `json:"status,omitempty"`
	Remark string `json:"remark,omitempty"`
}

// A ParkFact is the car park and its areas as configured.
type ParkFact struct {
	Name   string     `json:"name"`
	Places int        `json:"places"`
	Areas  []ParkArea `json:"areas"`
}

// A ParkArea is one area of a ParkFact.
type ParkArea struct {
	Code   int    `json:"code"`
	Name   string `json:"name"`
	Type   int    `json:"type"`
	Places int    `json:"places"`
}

// A CommandFact says who commanded what, why, and what came of it.
type CommandFact struct {
	Device  string `json:"device"`
	Lane    string `json:"lane,omitempty"`
	Command string `json:"command"`           // open, close, hold, release, show, scan
	Reason  string `json:"reason"`            // entry, exit, paid, remote …
	Session string `json:"session,omitempty"` // for which stay
	Plate   string `json:"plate,omitempty"`   // of the car that an operator lets pass, as it was read
	Client  string `json:"client,omitempty"`
	Address string `json:"address,omitempty"`
	Remark  string `json:"remark,omitempty"` // why, in the words of whoever asked for it
	Image   string `json:"image,omitempty"`  // picture that was taken for it
	Result  string `json:"result"`           // ok, decided (sent next), or the error
}

// A PassageEvent says what was odd about a passage. Events are words in the
// journal: add to them, never rename them.
type PassageEvent string

// The events that the passage input of a lane tells of.
const (
	PassageTailgate PassageEvent = "tailgate" // a second car went through what was opened for one
	PassageUnopened PassageEvent = "unopened" // a car went through though nothing had been opened
	PassageHeld     PassageEvent = "held"     // an unrecognised car went through a gate that is held open
	PassageNone     PassageEvent = "none"     // the gate opened and the car did not go through
)

// A PassageFact is a passage that nobody had decided on, or a decision that no
// passage followed.
type PassageFact struct {
	Lane    string       `json:"lane"`
	Gate    string       `json:"gate,omitempty"`
	Event   PassageEvent `json:"event"`
	Session string       `json:"session,omitempty"` // of the car that the lane knew to stand there; it may be another that passed
	Plate   string       `json:"plate,omitempty"`
	Image   string       `json:"image,omitempty"`
	Note    string       `json:"note,omitempty"`
}

// A QueueFact says what a person decided about a row that a platform has not taken.
type QueueFact struct {
	Act string `json:"act"` // retry or drop
	Seq int64  `json:"seq"` // of the row
}

// A RecognitionFact is a recognition that led to nothing, kept as what it was.
type RecognitionFact struct {
	Lane       string `json:"lane"`
	Device     string `json:"device"`
	Plate      string `json:"plate"`
	SeenMs     int64  `json:"seenMs,omitempty"` // by the camera's clock
	ReceivedMs int64  `json:"receivedMs"`
	Reason     string `json:"reason"` // late, full, no plate, no session
	Image      string `json:"image,omitempty"`
}

// A SeamlessFact marks a session for seamless payment.
type SeamlessFact struct {
	Session string `json:"session"`
	By      string `json:"by"` // platform or client name
}

// A QuoteFact is what a platform that prices said is due for a session.
type QuoteFact struct {
	Session  string `json:"session"`
	Platform string `json:"platform"`
	Due      int64  `json:"due"` // still to be paid
	Fee      int64  `json:"fee"` // of the whole stay: that, and what was paid and waived before
}
