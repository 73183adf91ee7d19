package store

import (
	"errors"
	"time"
)

// ErrNotFound means that no record has the asked-for key.
var ErrNotFound = errors.New("not found")

// ErrConflict means that a record contradicts one that is already there: a
// second open session of a plate or card, a second payment of an order.
var ErrConflict = errors.New("conflict")

// ErrNewer means that the file was written by a newer program. It is left
// untouched.
var ErrNewer = errors.New("the data was written by a newer version of this program")

// A Session is one stay of one vehicle. Money in fen, times in UTC; a zero time
// is stored as NULL.
type Session struct {
	ID        string // from NewID; unique across boxes, sorts by time
	Plate     string // normal form, or a temporary one (空 and six digits) for a car without a plate
	PlateRead string // what the entry camera read, before normal form and corrections
	Color     int    // plate colour as the wire counts it (0 blue … 4 green); -1 unknown
	Size      int    // 1 large, 2 small; 0 unknown
	CarType   int    // appendix 1.1; 0 temporary
	CardNo    string // ticket or bound card of a car without a plate
	Area      int    // area code where the car stands; 0 unknown
	State     SessionState

	EnteredAt  time.Time
	EntryLane  string // lane code
	EntryPlace string // the lane's name, as reported and searched
	EntryImage string // path below the image folder; empty without a picture

	LeftAt    time.Time // while Leaving: when that was decided
	ExitLane  string
	ExitPlace string
	ExitImage string
	// ExitRead is what the exit camera read, where that is not Plate: it was taken
	// for a misreading of it. Empty otherwise.
	ExitRead string

	// PaidUntil is until when a car whose due was settled may leave without
	// paying again; zero before the first full settlement.
	PaidUntil time.Time
	// SettledFee and SettledCredit are the fee of the whole stay and the
	// part of it taken off by free minutes and other discounts that are no
	// sum of money at that settlement, which was at SettledAt; zero in books
	// that are older than this field.
	SettledFee    int64
	SettledCredit int64
	SettledAt     time.Time

	// Fee and Credit are the same two figures fixed when the exit was decided.
	// Unpaid is what was still due when the car left nevertheless (a gate held
	// open), Over what was paid or waived beyond the due; they are fixed when it
	// left. Money to give back is what Payments flag, not Over.
	// Then Fee + Over == Credit + Unpaid + what Payments say was paid, waived and rounded.
	Fee    int64
	Credit int64
	Unpaid int64
	Over   int64

	Seamless   bool   // a platform has promised to deduct the fee
	SeamlessBy string // which; or the client that said so (downlink 2.5)

	Card    int64 // on which card the car is inside; 0 none
	Booking int64 // on which booking; 0 none

	// QuoteFee is the fee of the whole stay as a platform that prices, or the
	// operator FeeBy, said at QuotedAt; that is zero when nobody did.
	QuoteFee int64
	QuotedAt time.Time
	FeeBy    string

	Note string // why a session ended as abnormal or void
}

// A SessionState is where a stay stands. The zero value is invalid.
type SessionState uint8

// The states of a session.
//
// Entering and Leaving are committed before the gate is commanded; the gate's
// acknowledgement makes them Inside and Left. After a restart an Entering
// session is taken for Inside, so that no stay is lost, and a Leaving one is a
// car that may go without paying again.
const (
	Entering SessionState = 1 + iota
	Inside
	Leaving
	Left
	Abnormal // ended without a proper exit, kept
	Void     // the car never came in
)

// Open reports whether the car is, or may be, inside.
func (s SessionState) Open() bool { return s == Entering || s == Inside || s == Leaving }

// An Order is one bill that was issued for a session. It fixes what is payable
// until it expires.
type Order struct {
	No        string
	Session   string
	Kind      OrderKind
	Lane      string // exit lane at which the car stood when the order was made; empty in the lot
	Client    string // who asked for it: client name, or lane code
	CreatedAt time.Time
	ExpiresAt time.Time
	Total     int64 // fee of the whole stay when the order was made
	Credit    int64 // of it, taken off by free minutes
	Paid      int64 // paid before
	Waived    int64 // discounts and roundings before
	Payable   int64 // due by this order
	State     OrderState
	SettledAt time.Time

	// ScannedAt is when a driver's payment code, which the pay machine
	// ScannedBy had read, was handed to a platform for this order; zero when
	// none was, or when it was refused.
	ScannedAt time.Time
	ScannedBy string
}

// An OrderKind tells where an order was made. The zero value is a bill asked
// for by a platform.
type OrderKind uint8

// The kinds of orders.
const (
	OrderQuery     OrderKind = iota // downlink 3.1, or a pay machine in the lot
	OrderExit                       // for a car that stands at an exit
	OrderDiscount                   // downlink 3.3
	OrderDeduction                  // uplink 2.2
	OrderCard                       // paid from a stored-value card
)

// An OrderState tells whether an order was paid. The zero value is not.
type OrderState uint8

// The states of an order.
const (
	OrderUnpaid OrderState = iota
	OrderPaid
)

// A Payment is one row of the ledger. Rows are only ever added: the file itself
// refuses to change or delete one. A row that takes something back has negative
// figures, so that sums need no exceptions.
type Payment struct {
	ID          string // from NewID
	Order       string // order number; at most one PaymentMoney row per order; empty in a transfer to another session
	Session     string
	Kind        PaymentKind
	Amount      int64  // money taken, fen
	Discount    int64  // waived by the car park's own campaign, fen
	FreeMoney   int64  // waived by coupons, fen
	FreeMinutes int64  // taken off the charged time
	Rounding    int64  // rest below the rounding limit that was waived, fen; only in PaymentRounding rows
	Over        int64  // of Amount, more than was due; flagged for the operator
	PayType     int    // who collected it, as downlink 3.2 says
	PayMethod   int    // how, as downlink 3.2 says
	Terminal    int    // where, appendix 1.3
	Client      string // client name, platform name or device code
	FreeDetail  string // JSON text of 3.2's freeDetail or a remark in words, such as 3.3's or a reason; empty if none
	PaidAt      time.Time

	// Refers is the row that this one takes back, in part or whole, or that it
	// brings here from another session: set in rows of kind PaymentRefund and
	// above, and in no others.
	Refers string
	// Operator and Shift are who did it at a booth, in which shift; empty and 0
	// elsewhere.
	Operator string
	Shift    int64
	Given    int64 // fen handed over in cash, change included; 0 where that is not known

	// Grant is the name of the configured discount that was granted; the fen
	// and minutes of it are in FreeMoney and FreeMinutes as well. GrantValue
	// counts as GrantKind says.
	Grant      string
	GrantKind  GrantKind
	GrantValue int64
}

// A PaymentKind tells what a Payment row means. The zero value is money or
// discount that counts.
type PaymentKind uint8

// The kinds of ledger rows.
const (
	PaymentMoney    PaymentKind = iota
	PaymentRounding             // a waived rest; Rounding holds it
	PaymentOrphan               // taken after the car had left: kept, shown, does not count
	PaymentRefund               // money of the row Refers that was given back during the stay, which it counts for
	PaymentReturned             // money given back of an orphan or after the car had left: does not count
	PaymentRecall               // takes back the discount Refers
	PaymentTransfer             // moves the row Refers to another session: once negative in its own, once as it was in the other
	PaymentMoved                // takes the orphan Refers away, of which a PaymentTransfer stands in another session: does not count
)

// Counts reports whether rows of the kind count for what a stay owes.
func (k PaymentKind) Counts() bool {
	return k != PaymentOrphan && k != PaymentReturned && k != PaymentMoved
}

// A GrantKind says how a granted discount takes off, and what its value counts.
// The zero value is none, as in 3.2 and 3.3, which name sums and minutes only.
type GrantKind uint8

// The kinds of granted discounts.
const (
	GrantNone    GrantKind = iota
	GrantMinutes           // minutes of the charged time
	GrantMoney             // fen
	GrantPercent           // percent of what is left of the fee
	GrantFull              // all of it
	GrantUntil             // the stay up to a moment, Unix milliseconds
)

// An Area is a part of the car park with its own places.
type Area struct {
	Code   int
	Name   string
	Type   int // as uplink 1.2: 0 ordinary, 1 and 2 mechanical
	Places int
	Offset int // what downlink 2.2 or an operator added to the computed free places
	Inside int // open sessions in it; computed by Areas, ignored when writing
}

// Free returns the free places, never less than none nor more than all.
func (a Area) Free() int { return min(max(a.Places-a.Inside+a.Offset, 0), a.Places) }

// A Device is a device as configured, and how it was last known to be.
type Device struct {
	Code   string
	IP     string // as reported and looked up; may be empty
	Name   string
	Type   int    // appendix 1.5
	Status string // "0" works, anything else is a fault code
	Remark string // the fault in words
	Since  time.Time
}

// A LaneCar is the car that stands at a lane and has not passed, kept so that
// a restart does not forget it.
type LaneCar struct {
	Lane    string
	Session string
	Since   time.Time
}
