package codes

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"time"

	"parkagent/agent/billing"
	"parkagent/agent/uplink"
	"parkagent/protocol"
	"parkagent/store"
)

// A Payer hands drivers' payment codes to platforms. [uplink.Questions] is one.
type Payer interface {
	// PayScanned hands a driver's payment code to a platform (uplink 4.2). It is
	// never logged. A *protocol.RefusedError is a definite no, uplink.ErrNobody
	// and uplink.ErrNotSent mean that no platform has it; after any other error
	// nobody knows.
	PayScanned(ctx context.Context, o store.Order, s store.Session, device, authCode string, at time.Time) (uplink.Scanned, error)
}

// A Charge is a driver's payment code that a device has read for an order.
type Charge struct {
	Order   string
	Session string // the order's stay
	Device  string // device code of the scanner or of the pay machine
	Code    string // it is as good as money, and in no error and no log
	At      time.Time
}

// A Till charges drivers by their payment codes. The scanners and the pay machines of a
// park have one together, so that a code that two of them read is handed over once. Its
// methods may be called from any goroutine.
type Till struct {
	desk  *billing.Desk
	payer Payer

	mu   sync.Mutex // guards the following field
	used []use      // oldest first
}

// A use is a payment code that a platform has, had or is about to get, by its hash, and
// what came of it. Wallets give each code for one payment.
type use struct {
	code    [sha256.Size]byte
	session string
	over    bool // what follows is known
	got     uplink.Scanned
	err     error
}

// mostUsed is how many of them are remembered. Each lasts for a minute or two; a restart
// forgets them, and the order of one that was under way still holds others off for a
// minute.
const mostUsed = 256

// NewTill returns a till at which platforms are asked by payer.
func NewTill(desk *billing.Desk, payer Payer) *Till { return &Till{desk: desk, payer: payer} }

// ErrUsed means that a payment code was read for another stay before: its driver is to
// show a new one.
var ErrUsed = errors.New("the payment code was read for another stay")

// noteWithin bounds booking what a platform answered, which is done even when the
// caller's time is over.
const noteWithin = 2 * time.Second

// Pay charges a driver: it commits that a platform is about to have his code, hands it
// over, and commits what came of that. The money itself comes as a payment of the
// platform (downlink 3.2). Meanwhile no other channel may charge him; only after a
// definite refusal may his next code be handed over. The same one never is again, if any
// platform can have it: for the same stay it is answered as it was, for another with
// ErrUsed.
//
// Errors: those of [billing.Desk.BeginScan], before anybody was asked, ErrUsed, and
// *UnpaidError.
func (t *Till) Pay(ctx context.Context, c Charge) (uplink.Scanned, error) {
	sum := sha256.Sum256([]byte(c.Code))
	if u, read := t.claim(sum, c.Session); read {
		return u.again(c.Session)
	}
	got, err := t.pay(ctx, c)
	t.settle(sum, got, err)
	return got, err
}

// Before returns what Pay would answer because the code was read before; read is false
// if it was not.
func (t *Till) Before(code, session string) (got uplink.Scanned, read bool, err error) {
	sum := sha256.Sum256([]byte(code))
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := t.find(sum); i >= 0 {
		got, err = t.used[i].again(session)
		return got, true, err
	}
	return got, false, nil
}

func (t *Till) pay(ctx context.Context, c Charge) (uplink.Scanned, error) {
	o, session, err := t.desk.BeginScan(ctx, c.Order, c.Device)
	if err != nil {
		return uplink.Scanned{}, err
	}
	got, err := t.payer.PayScanned(ctx, o, session, c.Device, c.Code, c.At)
	note, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
	defer cancel()
	known := err == nil || nobodyHas(err) || errors.As(err, new(*protocol.RefusedError))
	if noted := t.desk.EndScan(note, o.No, err == nil, known); noted != nil {
		// The order holds all others off still, whatever the platform said.
		return got, &UnpaidError{Err: errors.Join(err, noted), Books: noted}
	}
	if err != nil {
		return got, &UnpaidError{Err: err, Known: known}
	}
	return got, nil
}

// claim returns what became of a code that was read before, or notes that it is being
// handed over.
func (t *Till) claim(sum [sha256.Size]byte, session string) (u use, read bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := t.find(sum); i >= 0 {
		return t.used[i], true
	}
	t.used = append(t.used[max(0, len(t.used)-mostUsed+1):], use{code: sum, session: session})
	return use{}, false
}

// settle notes what came of a code, or forgets it when no platform can have it.
func (t *Till) settle(sum [sha256.Size]byte, got uplink.Scanned, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.find(sum)
	switch {
	case i < 0: // so many others have come since
	case had(err):
		t.used[i].over, t.used[i].got, t.used[i].err = true, got, err
	default:
		t.used = slices.Delete(t.used, i, i+1)
	}
}

// find returns which use is that of a code, -1 if none is. The lock is held.
func (t *Till) find(sum [sha256.Size]byte) int {
	return slices.IndexFunc(t.used, func(u use) bool { return u.code == sum })
}

// again is the answer to who has the code read once more for a stay.
func (u use) again(session string) (uplink.Scanned, error) {
	switch {
	case u.session != session:
		return uplink.Scanned{}, ErrUsed
	case !u.over:
		return uplink.Scanned{}, billing.ErrSettling
	}
	return u.got, u.err
}

// had reports whether any platform may have the code after pay has ended so. Such a
// code is handed to none again.
func had(err error) bool {
	return err == nil || errors.As(err, new(*UnpaidError)) && !nobodyHas(err)
}

// nobodyHas reports that no platform was given the code.
func nobodyHas(err error) bool {
	return errors.Is(err, uplink.ErrNobody) || errors.Is(err, uplink.ErrNotSent)
}

// An UnpaidError is that no platform said that it charges a driver, or that what it said
// could not be booked.
type UnpaidError struct {
	Err   error // of PayScanned
	Known bool  // no platform does, for sure; otherwise nobody knows
	Books error // why what the platform said is not in the books; nil if it is
}

// Error returns the cause.
func (e *UnpaidError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *UnpaidError) Unwrap() error { return e.Err }
