package codes

import (
	"context"
	"errors"
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
	Order  string
	Device string // device code of the scanner or of the pay machine
	Code   string // it is as good as money, and in no error and no log
	At     time.Time
}

// noteWithin bounds booking what a platform answered, which is done even when the
// caller's time is over.
const noteWithin = 2 * time.Second

// Pay charges a driver: it commits that a platform is about to have his code, hands it
// over, and commits what came of that. The money itself comes as a payment of the
// platform (downlink 3.2). Meanwhile no other channel may charge him; only after a
// definite refusal may his next code be handed over, and the same one never is again by
// itself.
//
// Errors: those of [billing.Desk.BeginScan], before anybody was asked, and
// *UnpaidError.
func Pay(ctx context.Context, desk *billing.Desk, payer Payer, c Charge) (uplink.Scanned, error) {
	o, session, err := desk.BeginScan(ctx, c.Order, c.Device)
	if err != nil {
		return uplink.Scanned{}, err
	}
	got, err := payer.PayScanned(ctx, o, session, c.Device, c.Code, c.At)
	note, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
	defer cancel()
	no := &UnpaidError{Err: err}
	no.Known = errors.Is(err, uplink.ErrNobody) || errors.Is(err, uplink.ErrNotSent) || errors.As(err, new(*protocol.RefusedError))
	if noted := desk.EndScan(note, o.No, err == nil, err == nil || no.Known); noted != nil {
		return got, noted
	}
	if err != nil {
		return got, no
	}
	return got, nil
}

// An UnpaidError is that no platform said that it charges a driver.
type UnpaidError struct {
	Err   error // of PayScanned
	Known bool  // no platform does, for sure; otherwise nobody knows
}

// Error returns the cause.
func (e *UnpaidError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *UnpaidError) Unwrap() error { return e.Err }
