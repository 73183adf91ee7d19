// Package billing says what a stay costs, issues orders for it, and books what was paid.
//
// A Desk is the one place where money changes the books, whatever the channel:
// a platform's payment, a coupon, the rest that a rounding limit waives. The
// ledger (store.Payment) is only ever added to; what is due is computed from
// the tariff and the ledger each time, never kept as a balance. Everything
// that a caller is told has been committed before.
//
// The arithmetic of a Bill, in fen:
//
//	Payable = max(0, Total − Credit − Paid − Waived)
//
// where Total is the fee of the whole stay, Credit the part of it that free
// minutes take off, Paid the money and Waived the discounts, coupons and
// roundings in the ledger.
package billing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"time"

	"parkagent/agent/plate"
	"parkagent/agent/tariff"
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
	// an operator, or that nobody knows it because a clock was wrong.
	ErrAboveLimit = errors.New("the fee needs an operator")
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
	ParkCode string         // begins every order number
	Zone     *time.Location // of the times in order numbers; nil means UTC

	// Earliest is the first moment to be believed: a stay that began before
	// it was stamped by a wrong clock, and its fee needs an operator. Zero
	// believes every time.
	Earliest time.Time

	OrderValid time.Duration // how long an order fixes its price; 0 means 5 minutes
	Delay      time.Duration // how long a paid car may stay; 0 means 15 minutes
	// RoundingLimit is up to how many fen of a rest are waived after a
	// payment, because some clients drop the fen; 0 waives nothing.
	RoundingLimit int64

	Now func() time.Time // nil means time.Now
	Log *slog.Logger     // nil discards
}

// A Desk bills and books. Its methods may be called from any goroutine.
type Desk struct {
	cfg  Config
	paid func(session string) // told after money was booked for a session
}

// New returns a desk, or an error that names what the configuration lacks.
// paid is called, from the goroutine of the call to Pay and after the commit,
// with each open session that money was booked for, whether or not a rest is
// due; it must not block.
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

// Delay returns how long a car may stay after it paid.
func (d *Desk) Delay() time.Duration { return d.cfg.Delay }

// now is the current time as the books keep it: UTC, whole milliseconds.
func (d *Desk) now() time.Time { return d.cfg.Now().UTC().Truncate(time.Millisecond) }

// A Bill is what a stay costs at one moment.
type Bill struct {
	At      time.Time
	Total   int64 // fee of the whole stay
	Credit  int64 // of it, taken off by free minutes
	Paid    int64 // money in the ledger
	Waived  int64 // discounts, coupons and roundings in the ledger
	Payable int64 // still due

	// Settled reports that the stay was paid in full and the car is within
	// its time to leave, so that Total is the fee of that settlement.
	Settled bool
}

// Due computes the bill of s at the time at from its ledger, of which orphans
// do not count. It reads nothing and changes nothing.
//
// Within the time to leave the bill is the one that was settled; after it the
// whole stay is charged again and what was paid is subtracted. Once an exit was
// decided its fee stands, however long the gate takes.
func (d *Desk) Due(s store.Session, ledger []store.Payment, at time.Time) (Bill, error) {
	return d.due(s, ledger, 0, at)
}

// due is Due with further free minutes that are not in the ledger yet.
func (d *Desk) due(s store.Session, ledger []store.Payment, minutes int64, at time.Time) (Bill, error) {
	b := Bill{At: at}
	for _, p := range ledger {
		if p.Kind == store.PaymentOrphan {
			continue
		}
		b.Paid += p.Amount
		b.Waived += p.Discount + p.FreeMoney + p.Rounding
		minutes = min(minutes+p.FreeMinutes, mostMinutes)
	}
	if s.State == store.Leaving {
		b.Total, b.Credit = s.Fee, s.Credit
		b.Payable = b.rest()
		b.Settled = b.Payable == 0
		return b, nil
	}
	if !s.PaidUntil.IsZero() && !at.After(s.PaidUntil) {
		b.Total, b.Credit, b.Settled = s.SettledFee, s.SettledCredit, true
		return b, nil
	}
	if s.EnteredAt.Before(d.cfg.Earliest) {
		return b, fmt.Errorf("%w: the clock was wrong when the car entered", ErrAboveLimit)
	}
	t, ok := tariff.Select(d.cfg.Tariffs, tariff.Vehicle{CarType: s.CarType, Size: s.Size, Color: s.Color, Area: s.Area})
	if !ok {
		return b, fmt.Errorf("%w: car type %d, size %d, colour %d, area %d", ErrNoTariff, s.CarType, s.Size, s.Color, s.Area)
	}
	stay := tariff.Stay{Entered: s.EnteredAt.In(d.cfg.Zone), Left: at.In(d.cfg.Zone)}
	b.Total = t.Bill(stay).Total
	stay.FreeMinutes = int(min(minutes, mostMinutes))
	b.Credit = b.Total - t.Bill(stay).Total
	b.Payable = b.rest()
	if t.MaxAutomatic > 0 && b.Total > t.MaxAutomatic && b.Payable > 0 {
		return b, ErrAboveLimit
	}
	return b, nil
}

// rest is what of the bill is neither paid nor waived.
func (b Bill) rest() int64 { return max(0, b.Total-b.Credit-b.Paid-b.Waived) }

// mostMinutes bounds free minutes to what an int holds on any machine: four
// thousand years.
const mostMinutes = math.MaxInt32

// A Ref names a session in one of the ways that clients do: by plate, with or
// without the province character, by card or ticket number, or by the exit lane at which the car
// stands.
type Ref struct {
	Plate  string
	CardNo string
	Lane   string
}

// Find returns the one open session that ref names. A car that is still
// before the entry gate is not inside yet.
//
// Errors: ErrNoSession, *AmbiguousError.
func Find(ctx context.Context, r store.Reader, ref Ref) (store.Session, error) {
	s, err := find(ctx, r, ref)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!s.State.Open() || s.State == store.Entering) {
		return store.Session{}, ErrNoSession
	}
	return s, err
}

// standing returns the session of the car that stands at a lane.
func standing(ctx context.Context, r store.Reader, lane string) (store.Session, error) {
	cars, err := r.LaneCars(ctx)
	if err != nil {
		return store.Session{}, err
	}
	for _, c := range cars {
		if c.Lane == lane {
			return r.Session(ctx, c.Session)
		}
	}
	return store.Session{}, store.ErrNotFound
}

func find(ctx context.Context, r store.Reader, ref Ref) (store.Session, error) {
	switch {
	case ref.Lane != "":
		return standing(ctx, r, ref.Lane)
	case ref.CardNo != "":
		return r.OpenSessionByCard(ctx, ref.CardNo)
	}
	return byPlate(ctx, r, plate.Normal(ref.Plate))
}

// byPlate looks a plate up as it is and without its province, which people
// leave out and cameras fail to read, on either side.
func byPlate(ctx context.Context, r store.Reader, no string) (store.Session, error) {
	tail := plate.Tail(no)
	s, err := r.OpenSessionByPlate(ctx, no)
	exact := err == nil
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound) || no == "":
		return s, err
	case exact && no != tail:
		return s, nil
	case no != tail:
		return r.OpenSessionByPlate(ctx, tail)
	}
	found, err := r.OpenSessionsByTail(ctx, no)
	if err != nil {
		return store.Session{}, err
	}
	if exact {
		found = append(found, s)
	}
	found = slices.DeleteFunc(found, func(s store.Session) bool { return s.State == store.Entering })
	if len(found) == 0 {
		return store.Session{}, store.ErrNotFound
	}
	if len(found) > 1 {
		plates := make([]string, len(found))
		for i, s := range found {
			plates[i] = s.Plate
		}
		return store.Session{}, &AmbiguousError{Plates: plates}
	}
	return found[0], nil
}
