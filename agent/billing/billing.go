// Package billing says what a stay costs, issues orders for it, and books what was paid.
//
// A Desk is the one place where money changes the books, whatever the channel:
// a platform's payment, a coupon, coins in a pay machine, a seamless deduction, a
// stored-value card, the rest that a rounding limit waives. The ledger
// (store.Payment) is only ever added to; what is due is computed from the
// tariff, the rights and the ledger each time, never kept as a balance.
// Everything that a caller is told has been committed before.
//
// The arithmetic of a Bill, in fen:
//
//	Payable = max(0, Total − Credit − Paid − Waived − Card)
//
// where Total is the fee of the whole stay, Credit the part of it that free
// time, percentages, full discounts and a booking's money take off, Paid the money
// and Waived the discounts, coupons and roundings in the ledger, and Card what a
// stored-value card will pay when the car leaves. What Credit holds is worked out
// anew as the stay goes on; of a percentage the ledger keeps the percent.
//
// A stay has one settlement at a time: while a platform is asked to deduct, or
// has a driver's code in its hands, machines that could still wait take nothing
// for the same stay (ErrSettling). A platform's notice of payment is never kept
// waiting: that money has changed hands.
package billing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"parkagent/agent/discount"
	"parkagent/agent/tariff"
	"parkagent/protocol"
	"parkagent/store"
)

// Errors that callers turn into sentences for people.
var (
	// ErrNoSession means that no open session matches.
	ErrNoSession = errors.New("no open session")
	// ErrNoOrder means that an order number was never issued.
	ErrNoOrder = errors.New("unknown order")
	// ErrOtherAmounts means that an order was paid before with other amounts.
	ErrOtherAmounts = errors.New("order was paid with other amounts")
	// ErrGone means that the car had left when its payment came. The money
	// is kept as an orphan for the operator; the payer must be refunded.
	ErrGone = errors.New("the car has left")
	// ErrNoTariff means that no configured tariff fits the car.
	ErrNoTariff = errors.New("no tariff fits")
	// ErrAboveLimit means that the fee is above what may be charged without
	// an operator, that the stay is longer than that, or that nobody knows the fee
	// because a clock was wrong.
	ErrAboveLimit = errors.New("the fee needs an operator")
	// ErrSettling means that another settlement of the stay is under way. It
	// is over after a minute or so; asking again then helps.
	ErrSettling = errors.New("another payment is under way")
	// ErrDecided means that the exit of the car was decided, so that its fee
	// stands.
	ErrDecided = errors.New("the exit is decided")
	// ErrNoReason means that an operator gave no reason for what needs one.
	ErrNoReason = errors.New("no reason was given")
	// ErrOutdated means that what is due has changed since the order was
	// made, so that nobody may be charged for it any more: make another order.
	ErrOutdated = errors.New("the order is out of date")
)

// How long settlements keep others waiting, and what else is bounded.
const (
	deductionHolds = 10 * time.Second // after a platform was asked to deduct, at least
	answerHolds    = 3 * time.Second  // after the last moment at which it may answer
	scanHolds      = time.Minute      // after a driver's code was handed to a platform
	deductAgain    = 5 * time.Minute  // between two questions about a stay
	sameRequest    = 30 * time.Second // in which the same bytes are one discount
)

// An AmbiguousError means that several cars inside match; none was chosen.
type AmbiguousError struct {
	Plates []string // of the cars that match
}

// Error names the plates.
func (e *AmbiguousError) Error() string {
	return "several cars match: " + strings.Join(e.Plates, ", ")
}

// A Config is what a Desk works by.
type Config struct {
	DB       *store.DB
	Tariffs  []tariff.Tariff
	Calendar tariff.Calendar // by which the tariff of a stay is chosen
	ParkCode string          // begins every order number
	Zone     *time.Location  // of the tariffs, and of the times in order numbers; nil means UTC

	// Earliest is the first moment to be believed: a stay that began before
	// it was stamped by a wrong clock, and its fee needs an operator. Zero
	// believes every time.
	Earliest time.Time

	Zones []Zone // the areas that lie in others
	// CardGood reports whether cards of a type are good in an area; nil: all are in
	// all.
	CardGood func(carType, area int) bool

	// Above MaxFee, in fen, and beyond MaxStay a stay that is to be paid for needs an
	// operator, whatever its tariff says: most likely the car left unseen long ago,
	// or a clock was wrong. 0 is no limit.
	MaxFee  int64
	MaxStay time.Duration

	OrderValid time.Duration // how long an order fixes its price; 0 means 5 minutes
	Delay      time.Duration // how long a paid car may stay; 0 means 15 minutes
	// ClientDelays, by name, KioskDelays, by device code, and BoothDelay, if it
	// is not 0, stand in for Delay where a driver has paid there.
	ClientDelays map[string]time.Duration
	KioskDelays  map[string]time.Duration
	BoothDelay   time.Duration
	// RestartAfterDelay charges a car that stays longer than that as if it had
	// entered when it paid. Otherwise the whole stay is charged again, less
	// what was paid.
	RestartAfterDelay bool

	Discounts     []discount.Rule // that may be granted by name
	DiscountOrder discount.Order  // nil means discount.DefaultOrder

	// RoundingLimit is up to how many fen of a rest are waived after a
	// payment, because some clients drop the fen; 0 waives nothing.
	RoundingLimit int64

	// Price asks the platform that prices stays what is still due of one
	// (uplink 5.3), and returns its name. Order asks it, and goes on with the
	// local tariff after a moment without an answer. nil where none prices.
	Price func(ctx context.Context, s store.Session) (due int64, by string, err error)

	// QuestionTimeout is how long a platform may take to say whether it has deducted
	// a fee, the slowest of those that are asked. Nobody else settles the stay
	// meanwhile.
	QuestionTimeout time.Duration

	Now func() time.Time // nil means time.Now
	Log *slog.Logger     // nil discards
}

// A Desk bills and books. Its methods may be called from any goroutine.
type Desk struct {
	cfg  Config
	paid func(session string) // see New
}

// New returns a desk, or an error that names what the configuration lacks.
// paid is called with a session, from the goroutine of the call and after the
// commit, when money or a discount was booked for it, whether or not a rest is
// due, and when a deduction has ended, whatever came of it; it must not block.
func New(cfg Config, paid func(session string)) (*Desk, error) {
	if cfg.DB == nil {
		return nil, errors.New("billing: no store")
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	if cfg.OrderValid == 0 {
		cfg.OrderValid = 5 * time.Minute
	}
	if cfg.Delay == 0 {
		cfg.Delay = 15 * time.Minute
	}
	if cfg.DiscountOrder == nil {
		cfg.DiscountOrder = discount.DefaultOrder()
	}
	if !cfg.DiscountOrder.Valid() {
		return nil, fmt.Errorf("billing: %v is no order of discounts", cfg.DiscountOrder)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if paid == nil {
		paid = func(string) {}
	}
	return &Desk{cfg: cfg, paid: paid}, nil
}

// ClientDelay returns how long a car may stay after it paid by a client.
func (d *Desk) ClientDelay(name string) time.Duration {
	return d.delay(int(protocol.TerminalThirdSingle), name)
}

// KioskDelay returns how long a car may stay after it paid at a pay machine.
func (d *Desk) KioskDelay(code string) time.Duration {
	return d.delay(int(protocol.TerminalKiosk), code)
}

// BoothDelay returns how long a car may stay that paid at a booth.
func (d *Desk) BoothDelay() time.Duration { return d.delay(int(protocol.TerminalBooth), "") }

// delay is how long a car may stay after it paid at a terminal, by whoever
// stands in Payment.Client.
func (d *Desk) delay(terminal int, by string) time.Duration {
	switch protocol.Terminal(terminal) {
	case protocol.TerminalBooth:
		return cmp.Or(d.cfg.BoothDelay, d.cfg.Delay)
	case protocol.TerminalKiosk, protocol.TerminalExitKiosk:
		return cmp.Or(d.cfg.KioskDelays[by], d.cfg.Delay)
	}
	return cmp.Or(d.cfg.ClientDelays[by], d.cfg.Delay)
}

// now is the current time as the books keep it: UTC, whole milliseconds.
func (d *Desk) now() time.Time { return d.cfg.Now().UTC().Truncate(time.Millisecond) }
