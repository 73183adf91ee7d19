package billing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"parkagent/agent/discount"
	"parkagent/protocol"
	"parkagent/store"
)

// BoothCash is what a driver gave an operator for an order.
type BoothCash struct {
	Order string
	Given int64 // fen
	// PayMethod is how, as downlink 3.2 counts. The zero value is cash; anything
	// else was taken outside of this system, as by the operator's own code.
	PayMethod int
	Operator  string
	Booth     string
	Shift     int64
	Address   string
}

// TakeCash books what an operator took, once: as much as is due. More in cash is
// given back by hand at once, as the receipt's Back says, so that there is no
// change order; more by other means is credited and flagged. Less leaves the rest
// due, by another order. The same sum for the same order at the same booth gets
// the same answer.
//
// Errors: ErrNoOrder; ErrSettling; ErrShiftOver; ErrOtherAmounts when another sum
// was booked for the order there; ErrGone, ErrOutdated when the car has left, nothing
// is due, or an operator has set the fee since the order was made: then nothing was
// booked and all of the cash goes back.
func (d *Desk) TakeCash(ctx context.Context, c BoothCash) (CashReceipt, error) {
	if err := check(c.Order, c.Given, c.Given-1); err != nil { // nothing is no amount either
		return CashReceipt{}, err
	}
	var r CashReceipt
	err := d.cfg.DB.Update(ctx, func(tx *store.Tx) (err error) {
		r, err = d.takeCash(ctx, tx, c)
		return err
	})
	if err != nil {
		return CashReceipt{}, fmt.Errorf("take cash: %w", err)
	}
	d.paid(r.Session.ID)
	return r, nil
}

func (d *Desk) takeCash(ctx context.Context, tx *store.Tx, c BoothCash) (r CashReceipt, err error) {
	first, s, err := orderOf(ctx, tx.Reader, c.Order)
	if err != nil {
		return r, err
	}
	r.Session = s
	var before store.Payment
	r.Order, before, r.Again, err = account(ctx, tx, first, s.Plate, c.mine, "-B")
	switch {
	case err != nil:
		return r, err
	case r.Again && before.Given != c.Given:
		return r, ErrOtherAmounts
	case r.Again:
		r.Back = before.Given - before.Amount
		return r, d.repeat(ctx, tx.Reader, &r.Receipt, before)
	case !s.State.Open():
		return r, ErrGone
	}
	now := d.now()
	if s.FeeBy != "" && d.Quoted(s, now) && s.QuotedAt.After(first.CreatedAt) { // whoever takes it knows the fee
		return r, ErrOutdated
	}
	if busy, err := d.settling(ctx, tx.Reader, s.ID, now); err != nil {
		return r, err
	} else if busy {
		return r, ErrSettling
	}
	b, err := d.billFor(ctx, tx.Reader, s, r.Order, discount.Granted{}, now)
	if err != nil && !errors.Is(err, ErrAboveLimit) {
		return r, err
	}
	if b.Payable == 0 {
		return r, ErrOutdated
	}
	p := posting{address: c.Address, Payment: store.Payment{
		ID: store.NewID(now), Order: r.Order.No, Session: s.ID, Amount: c.Given, Given: c.Given, PayType: c.PayMethod, PayMethod: c.PayMethod,
		Terminal: int(protocol.TerminalBooth), Client: c.Booth, PaidAt: now, Operator: c.Operator, Shift: c.Shift,
	}}
	if c.PayMethod == int(protocol.BoothCash) {
		p.Amount = min(c.Given, b.Payable)
		r.Back = c.Given - p.Amount
	}
	r.Stay = now.Sub(s.EnteredAt)
	if err := d.credit(ctx, tx, p, b, &r.Receipt); err != nil {
		return r, err
	}
	return r, settleFirst(ctx, tx, first, r.Receipt)
}

// mine reports whether p is what was taken at the booth that tells c.
func (c BoothCash) mine(p store.Payment) bool {
	return p.Client == c.Booth && p.Terminal == int(protocol.TerminalBooth) && p.PayMethod == c.PayMethod
}

// errNobody means that a program forgot to say who acts.
var errNobody = errors.New("nobody is named who does it")

// ErrPriced means that the tariff prices a stay, so that not everybody may set its
// fee.
var ErrPriced = errors.New("the tariff prices the stay")

// A FeeSet is the fee of a stay as an operator confirms or sets it. Fee in fen.
type FeeSet struct {
	Session string
	Fee     int64 // of the whole stay, less nothing
	Reason  string
	By      By
	// Priced sets it also where the tariff prices the stay. Whoever takes the money
	// is not to say what it should have been, so that is for a manager.
	Priced bool
}

// SetFee makes what an operator says the fee of a stay that the tariff cannot, or
// may not, price: it is above what is charged automatically, a clock was wrong, no
// tariff fits, nobody saw the car come in. It returns the bill that follows: what
// was paid and waived before is taken off, and discounts that are granted later; the
// money of a booking and a stored-value card pay of the rest what they can. The fee
// holds as an order does and for the time to leave beside it; if nothing is due by
// it, the stay is settled. After that the tariff decides again, and if it may not, an
// operator. The same fee by the same operator while it holds changes nothing: his
// answer was lost.
//
// Errors: ErrNoReason, ErrNoSession, ErrDecided, ErrPriced.
func (d *Desk) SetFee(ctx context.Context, f FeeSet) (Bill, error) {
	if err := check(f.Session, f.Fee); err != nil {
		return Bill{}, err
	}
	var b Bill
	err := d.cfg.DB.Update(ctx, func(tx *store.Tx) (err error) {
		b, err = d.setFee(ctx, tx, f)
		return err
	})
	if err != nil {
		return b, fmt.Errorf("set the fee: %w", err)
	}
	d.paid(f.Session)
	return b, nil
}

func (d *Desk) setFee(ctx context.Context, tx *store.Tx, f FeeSet) (Bill, error) {
	by := cmp.Or(f.By.Operator, f.By.Client)
	if err := new(posting).because(f.Reason); err != nil || by == "" {
		return Bill{}, cmp.Or(err, errNobody)
	}
	s, err := openSession(ctx, tx.Reader, f.Session)
	switch {
	case err != nil:
		return Bill{}, err
	case s.State == store.Leaving:
		return Bill{}, ErrDecided
	}
	now := d.now()
	if s.FeeBy == by && s.QuoteFee == f.Fee && d.Quoted(s, now) {
		return d.Due(ctx, tx.Reader, s, now)
	}
	before := s
	if s.FeeBy != "" { // what the tariff says, not who set the fee before
		before.QuoteFee, before.QuotedAt, before.FeeBy = 0, time.Time{}, ""
	}
	known, err := d.Due(ctx, tx.Reader, before, now)
	switch {
	case err == nil && !known.Unknown && !f.Priced:
		return known, ErrPriced
	case err != nil && !errors.Is(err, ErrAboveLimit) && !errors.Is(err, ErrNoTariff):
		return known, err
	}
	// The settlement that there may be is of another fee.
	s.PaidUntil, s.SettledAt, s.SettledFee, s.SettledCredit = time.Time{}, time.Time{}, 0, 0
	s.QuoteFee, s.QuotedAt, s.FeeBy = f.Fee, now, by
	b, err := d.Due(ctx, tx.Reader, s, now)
	if err != nil {
		return b, err
	}
	if b.Payable == 0 {
		b.Settled = true
		s.SettledAt, s.PaidUntil, s.SettledFee, s.SettledCredit = now, now.Add(d.delay(int(protocol.TerminalBooth), f.By.Client)), b.Total, b.Credit-b.Prepaid
	}
	if err := tx.UpdateSession(ctx, s); err != nil {
		return b, err
	}
	_, err = tx.Append(ctx, store.KindFee, s.Plate, store.FeeFact{
		Session: s.ID, Fee: f.Fee, Tariff: known.Total, Reason: f.Reason, Operator: f.By.Operator, Shift: f.By.Shift, Address: f.By.Address,
	})
	return b, err
}
