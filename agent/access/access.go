// Package access decides whether a car may enter or leave, and writes the decision into the books before any gate moves.
//
// Each decision is two things: a pure rule over facts (EntryRule, ExitRule), and a
// transaction that reads those facts and commits what follows from them. The
// lane calls Enter or Leave when a car is recognised, or Pass between two areas,
// commands its gate when the verdict says so, and calls Entered, Gone or Passed
// when the gate has acknowledged. A power cut between the two is settled by Resume.
//
// Besides the decisions it keeps what they rest on: cards, bookings, the
// blacklist and the free places. Each change is one transaction with its row in
// the journal, and asking for it a second time, as clients do that got no
// answer, changes nothing.
package access

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"parkagent/agent/billing"
	"parkagent/drivers"
	"parkagent/store"
)

// A Reason says why a gate is opened or stays shut. Reasons are words in the
// journal: add to them, never rename them.
type Reason string

// The reasons.
const (
	ReasonHold      Reason = "hold"       // the gate is held open
	ReasonTemporary Reason = "temporary"  // a temporary car, and places are free
	ReasonFull      Reason = "full"       // no place is free
	ReasonFree      Reason = "free"       // nothing was ever due
	ReasonPaid      Reason = "paid"       // what was due has been paid
	ReasonPending   Reason = "pending"    // the exit was decided before, the gate did not follow
	ReasonDue       Reason = "due"        // money is due
	ReasonNoSession Reason = "no session" // the car is not known to be inside
	ReasonNoPlate   Reason = "no plate"   // the camera read no plate
	ReasonOperator  Reason = "operator"   // no tariff fits, or the fee is above the limit for automatic charging
	ReasonLate      Reason = "late"       // the camera told of it too late
	ReasonBlacklist Reason = "blacklist"  // the plate is on the blacklist
	ReasonCard      Reason = "card"       // a card holder
	ReasonBooking   Reason = "booking"    // a booked car
	ReasonAsking    Reason = "asking"     // a platform is being asked what it costs
	ReasonReleased  Reason = "released"   // an operator lets the car pass
	ReasonReread    Reason = "read again" // the car was let in here just now, and was read otherwise
	ReasonElsewhere Reason = "elsewhere"  // another lane has just decided on this car

	ReasonCardInside Reason = "card number inside" // a car with this card number is inside
	ReasonInside     Reason = "plate inside"       // a car with this plate is inside
	ReasonPassback   Reason = "passback"           // the card's car is inside already, or never came in
	ReasonQuota      Reason = "card spaces taken"  // all spaces of the card are taken
	ReasonArea       Reason = "not in this area"   // the card is not good in the area
	ReasonUnknown    Reason = "unknown entry"      // the car was not seen to come in, and is let out
	ReasonInner      Reason = "leaves inner area"  // the car drives out of an inner area into the outer one
)

// A Config is what Rules work by.
type Config struct {
	DB    *store.DB
	Bills *billing.Desk

	Policy   Policy
	Products []Product // what can be bought for cards
	// Priced says that a platform prices the stays of temporary cars, and is
	// asked at the exit, unless its last price still holds (Desk.Quoted).
	Priced bool

	// Changed is told, and must not block, after each commit by which a stay may
	// cost less than before, or a platform will deduct for it: its car may stand at
	// an exit. nil tells nobody.
	Changed func(session string)

	Now func() time.Time // nil means time.Now
	Log *slog.Logger     // nil discards
}

// A Product is what can be bought for a card of one type. Units are those of
// downlink 4.7: 0 fen, 1 months, 2 days, 3 hours, 4 visits.
type Product struct {
	CarType    int
	Amount     int64 // bought, in units of Unit
	Unit       int
	Price      int64 // fen
	SentAmount int64 // given on top, in units of SentUnit
	SentUnit   int
}

// By is who asked for a change, for the journal.
type By struct {
	Client  string // name of a client, or of a person
	Address string
}

// Rules decide and commit. Their methods may be called from any goroutine.
type Rules struct {
	cfg Config
}

// New returns rules, or an error that names what the configuration lacks.
func New(cfg Config) (*Rules, error) {
	if cfg.DB == nil || cfg.Bills == nil {
		return nil, errors.New("access: no store or no billing")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Changed == nil {
		cfg.Changed = func(string) {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Rules{cfg: cfg}, nil
}

// An Approach is a car before a lane's gate.
type Approach struct {
	Lane   string // lane code
	Place  string // lane name
	Gate   string // device code of its gate
	Area   int    // the area the lane leads to, or from; 0 where the lane names none
	From   int    // of a lane between two areas of the car park, out of which
	To     int    // and into which it leads; 0 of any other
	Device string // device code of the camera

	Plate     string // normal form; empty only for a car without a plate, which has a CardNo
	PlateRead string
	// Confidence is how sure of PlateRead the camera is, out of 100; 0 where it does
	// not tell. Told says that no camera read the plate: a person says that it is so.
	Confidence int
	Told       bool
	CardNo     string // what a car without a plate is known by; empty for all others
	Color      int    // as the wire counts; -1 unknown
	Size       int    // 1 large, 2 small; 0 unknown
	Image      string

	Held bool // the gate is held open

	// Opened is a session for which this gate has opened before, when booking
	// that failed: it is booked first, together with this car. Empty if none.
	Opened string

	// Raising is a session that this gate is to let through and does not open
	// for yet. A card number that is refused does not take its place at the lane.
	Raising string

	// Twice is how shortly after a decision at another lane the same plate is a car
	// that two cameras see; 0 asks no other lane.
	Twice time.Duration
	// Seen is when the car was recognised, if that is a while ago: what another
	// lane decided since then holds. The zero value is now.
	Seen time.Time

	// Release is not nil when an operator lets the car pass.
	Release *Release

	// Stands is the stay that began at this entry last, while the presence input is
	// seen to be occupied without a break since, or an operator lets the car pass
	// for a second time. The zero value where nothing tells.
	Stands Reading

	// Presence is what the lane's presence input says. Only Resume asks for it.
	Presence drivers.Presence

	// Dedupe is how long after its entry a plate that is seen at the same
	// lane again is the same car. The lane remembers that too, but forgets it
	// in a restart, while the camera still sends its event again.
	Dedupe time.Duration
}

// A Verdict is a decision that has been committed.
type Verdict struct {
	Open    bool
	Reason  Reason
	Session string // empty where no session is concerned
	Plate   string // as the books have it
	Payable int64  // due, fen
	Stay    time.Duration

	CarType int       // appendix 1.1; 0 is a temporary car
	ValidTo time.Time // of the card or booking on which the car is inside; zero without one

	// Ask says that platforms are to be asked about the stay before the driver
	// is asked to pay, for a price or for a deduction; Recheck decides then.
	Ask bool
	// Repeat says that the car has just been let in here and asks again: it
	// is told so, and nothing is opened.
	Repeat bool
}

func (r *Rules) now() time.Time { return r.cfg.Now().UTC().Truncate(time.Millisecond) }

// record journals a recognition that opens nothing.
func (r *Rules) record(ctx context.Context, tx *store.Tx, a Approach, why Reason) error {
	_, err := tx.Append(ctx, store.KindRecognition, a.Plate, store.RecognitionFact{
		Lane: a.Lane, Device: a.Device, Plate: a.PlateRead, ReceivedMs: store.Millis(r.now()), Reason: string(why), Image: a.Image,
	})
	return err
}

// authorise journals that the gate is about to be opened, and why.
func authorise(ctx context.Context, tx *store.Tx, a Approach, session string, why Reason) error {
	f := store.CommandFact{Device: a.Gate, Lane: a.Lane, Command: "open", Reason: string(why), Session: session, Result: "decided"}
	if o := a.Release; o != nil {
		f.Plate, f.Remark, f.Image, f.Client, f.Address = a.Plate, o.Reason, o.Picture, o.By.Client, o.By.Address
	}
	if why == ReasonUnknown { // whoever looks through such openings wants to see the car
		f.Plate, f.Image = a.Plate, a.Image
	}
	_, err := tx.Append(ctx, store.KindCommand, a.Gate, f)
	return err
}

// Record journals a recognition that the lane itself decided to do nothing
// about, such as a late one.
func (r *Rules) Record(ctx context.Context, f store.RecognitionFact) error {
	return r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Append(ctx, store.KindRecognition, f.Plate, f)
		return err
	})
}
