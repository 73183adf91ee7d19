package billing

import (
	"context"
	"errors"
	"fmt"

	"parkagent/store"
)

// ErrTooMuch means that more was to be given back, or moved, than there is left
// of a payment.
var ErrTooMuch = errors.New("more than is left of the payment")

// A Refund says that money of a payment was given back, by hand or by its
// platform. It moves no money itself. Amount in fen.
type Refund struct {
	Payment string // the ledger row of the payment
	Amount  int64
	Reason  string
	By      By
	Request string // names this very refund, so that a repetition is none; may be empty
}

// Refund books that money was given back as a row of its own, and returns it.
// What was taken beyond the due is given back first, and makes nothing due
// again; more than that does, while the car is inside. Of an orphan, and after
// the car has left, the refund is only marked: the figures of the stay stand as
// they were fixed. The same Request of the same operator within 30 seconds is
// booked once.
//
// Errors: ErrNoReason, ErrTooMuch, store.ErrNotFound when there is no such row
// or no money in it.
func (d *Desk) Refund(ctx context.Context, x Refund) (store.Payment, error) {
	var back store.Payment
	err := d.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		id, err := d.once(ctx, tx, x.By.Operator+" "+x.By.Client, "refund", x.Request, func() (string, error) { return d.refund(ctx, tx, x) })
		if err != nil {
			return err
		}
		back, err = tx.Payment(ctx, id)
		return err
	})
	if err != nil {
		return back, fmt.Errorf("refund: %w", err)
	}
	d.paid(back.Session)
	return back, nil
}

func (d *Desk) refund(ctx context.Context, tx *store.Tx, x Refund) (id string, err error) {
	p, s, ledger, err := rowOf(ctx, tx.Reader, x.Payment)
	if err != nil {
		return "", err
	}
	left, over := remaining(ledger, p)
	switch {
	case p.Amount <= 0:
		return "", fmt.Errorf("%w: the row is no money", store.ErrNotFound)
	case x.Amount <= 0 || x.Amount > left:
		return "", ErrTooMuch
	}
	row := posting{Payment: store.Payment{
		Order: p.Order, Session: s.ID, Kind: store.PaymentReturned, Refers: p.ID, Amount: -x.Amount, PayType: p.PayType, PayMethod: p.PayMethod,
	}}
	if s.State.Open() && p.Kind.Counts() {
		row.Kind, row.Over = store.PaymentRefund, -min(x.Amount, over)
	}
	return d.enterAs(ctx, tx, row, s, x.By, x.Reason)
}

// remaining is how much of the money of p, and of what of it was too much, was
// neither given back nor moved. ledger is that of its session.
func remaining(ledger []store.Payment, p store.Payment) (left, over int64) {
	left, over = p.Amount, p.Over
	for _, q := range ledger {
		if q.Refers == p.ID {
			left, over = left+q.Amount, over+q.Over
		}
	}
	return left, max(0, min(over, left))
}

// enterAs is enter for what an operator does for a reason.
func (d *Desk) enterAs(ctx context.Context, tx *store.Tx, p posting, s store.Session, by By, reason string) (id string, err error) {
	if err := p.because(reason); err != nil {
		return "", err
	}
	by.stamp(&p)
	return d.enter(ctx, tx, p, s)
}

// An Assignment is that the money of an orphan belongs to another stay: the car
// was still inside under another plate, or has come again.
type Assignment struct {
	Payment string // the ledger row of the orphan
	Session string
	Reason  string
	By      By
}

// Assign moves what is left of an orphan to an open session, which it is credited
// to as a payment of today.
//
// Errors: ErrNoReason, ErrNoSession when the session is not open, ErrDecided,
// ErrTooMuch when nothing is left, store.ErrNotFound when the row is no orphan.
func (d *Desk) Assign(ctx context.Context, a Assignment) (Receipt, error) {
	var r Receipt
	err := d.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		p, from, ledger, err := rowOf(ctx, tx.Reader, a.Payment)
		if err != nil {
			return err
		}
		to, err := openSession(ctx, tx.Reader, a.Session)
		if err != nil {
			return err
		}
		left, _ := remaining(ledger, p)
		switch {
		case p.Kind != store.PaymentOrphan:
			return fmt.Errorf("%w: the row is no orphan", store.ErrNotFound)
		case left <= 0:
			return ErrTooMuch
		case to.State == store.Leaving:
			return ErrDecided
		}
		b, err := d.Due(ctx, tx.Reader, to, d.now())
		if err != nil && !errors.Is(err, ErrAboveLimit) && !errors.Is(err, ErrNoTariff) {
			return err
		}
		unknown := err != nil && b.Total == 0
		out := posting{Payment: store.Payment{
			Order: p.Order, Session: from.ID, Kind: store.PaymentMoved, Refers: p.ID, Amount: -left, PayType: p.PayType, PayMethod: p.PayMethod,
		}}
		if _, err := d.enterAs(ctx, tx, out, from, a.By, a.Reason); err != nil {
			return err
		}
		r, err = d.bring(ctx, tx, store.Payment{
			Kind: store.PaymentTransfer, Refers: p.ID, Amount: left, PayType: p.PayType, PayMethod: p.PayMethod,
		}, to, b, unknown, a)
		return err
	})
	if err != nil {
		return Receipt{}, fmt.Errorf("assign an orphan: %w", err)
	}
	d.paid(r.Session.ID)
	return r, nil
}

// bring credits what comes from an orphan to a session, by an order of its own.
// Where nobody knows the fee, it only waits in the ledger.
func (d *Desk) bring(ctx context.Context, tx *store.Tx, p store.Payment, to store.Session, b Bill, unknown bool, a Assignment) (Receipt, error) {
	now := d.now()
	in := posting{Payment: p}
	if err := in.because(a.Reason); err != nil {
		return Receipt{}, err
	}
	a.By.stamp(&in)
	r := Receipt{Session: to, Order: d.newOrder(to, b, now), Stay: now.Sub(to.EnteredAt)}
	r.Order.Client, r.Order.Payable = in.Client, b.Payable
	if err := d.insert(ctx, tx, &r.Order, to.Plate); err != nil {
		return r, err
	}
	in.ID, in.PaidAt, in.Session, in.Order = store.NewID(now), now, to.ID, r.Order.No
	if unknown {
		return r, d.book(ctx, tx, in, r)
	}
	return r, d.credit(ctx, tx, in, b, &r)
}

// openSession returns a session whose car is inside. Errors: ErrNoSession.
func openSession(ctx context.Context, r store.Reader, id string) (store.Session, error) {
	s, err := r.Session(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !s.State.Open() {
		return s, ErrNoSession
	}
	return s, err
}

// Transfer moves everything that counts in the ledger of a stay to another one of
// the same car: each row is taken back there and stands here, so that both
// together are nothing. Discounts move as what they are. The time to leave after
// the last settlement of the one holds for the other, unless something was due
// there at that moment. It returns the session to as it is then. Whoever merges a ghost
// session into the real one calls it in that transaction, before either ends.
//
// Errors: ErrNoReason, ErrNoSession when to is not open, ErrDecided when its exit
// or that of from was decided, ErrGone when the car of from has left by an exit.
func (d *Desk) Transfer(ctx context.Context, tx *store.Tx, from, to store.Session, reason string, by By) (store.Session, error) {
	switch {
	case !to.State.Open():
		return to, ErrNoSession
	case from.State == store.Left:
		return to, ErrGone
	case to.State == store.Leaving || from.State == store.Leaving:
		return to, ErrDecided
	}
	ledger, err := tx.Payments(ctx, from.ID)
	if err != nil {
		return to, err
	}
	for _, p := range movable(ledger) {
		if _, err := d.enterAs(ctx, tx, posting{Payment: negative(p, store.PaymentTransfer)}, from, by, reason); err != nil {
			return to, err
		}
		p.Order, p.Session, p.Kind, p.Refers, p.Given = "", to.ID, store.PaymentTransfer, p.ID, 0
		if _, err := d.enterAs(ctx, tx, posting{Payment: p}, to, by, reason); err != nil {
			return to, err
		}
	}
	if !from.PaidUntil.After(to.PaidUntil) || !from.SettledAt.After(to.EnteredAt) {
		return to, nil
	}
	b, err := d.Due(ctx, tx.Reader, to, from.SettledAt)
	if errors.Is(err, ErrAboveLimit) || errors.Is(err, ErrNoTariff) || err == nil && b.Payable > 0 {
		return to, nil
	}
	if err != nil {
		return to, err
	}
	to.PaidUntil, to.SettledAt, to.SettledFee, to.SettledCredit = from.PaidUntil, from.SettledAt, b.Total, b.Credit-b.Prepaid
	return to, tx.UpdateSession(ctx, to)
}

// movable returns what of a ledger counts and was not taken back, with of each
// payment what is left after refunds.
func movable(ledger []store.Payment) (list []store.Payment) {
	for _, p := range ledger {
		if !p.Kind.Counts() || p.Kind == store.PaymentRefund || takenBack(ledger, p) {
			continue
		}
		p.Amount, p.Over = remaining(ledger, p)
		list = append(list, p)
	}
	return list
}
