package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parkagent/store"
)

// A Notice is what a payer's platform tells: this was paid, or waived, for
// that order. Money in fen.
type Notice struct {
	Order       string
	Amount      int64  // money taken
	Discount    int64  // waived by the car park's own campaign
	FreeMoney   int64  // waived by coupons
	FreeMinutes int64  // taken off the charged time
	PayType     int    // who collected it, downlink 3.2
	PayMethod   int    // how, downlink 3.2
	FreeDetail  string // the coupons as JSON text, kept for the discount report
	Tickets     int    // how many coupons FreeDetail lists
	Client      string // who tells
}

// A Receipt is the answer to a Notice.
type Receipt struct {
	Order   store.Order
	Session store.Session
	Stay    time.Duration // from entry to payment
	Rest    int64         // still due
	Over    int64         // taken beyond the due; credited and flagged
	Again   bool          // this notice had been booked before; nothing changed
}

// Pay books a notice, once. The same order with the same amounts again gets
// the same receipt and no second credit. An expired order is still credited.
// A rest within the rounding limit is waived and booked as its own row. When
// nothing is due any more, the car may leave until the receipt's
// Session.PaidUntil. The desk's paid function is told, of a notice that was
// booked before as well: the lane may have missed the first.
//
// When the car has left, or its session was closed otherwise, the money is kept as an orphan
// and the error is ErrGone, so that the platform refunds.
//
// Errors: ErrNoOrder, ErrOtherAmounts, ErrGone.
func (d *Desk) Pay(ctx context.Context, n Notice) (Receipt, error) {
	if err := n.check(); err != nil {
		return Receipt{}, err
	}
	var r Receipt
	var gone bool
	err := d.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		r, gone = Receipt{}, false
		o, err := tx.Order(ctx, n.Order)
		if errors.Is(err, store.ErrNotFound) {
			return ErrNoOrder
		}
		if err != nil {
			return err
		}
		r.Order = o
		if r.Session, err = tx.Session(ctx, o.Session); err != nil {
			return err
		}
		before, err := tx.PaymentOfOrder(ctx, n.Order)
		if err == nil {
			if !n.sameAs(before) {
				return ErrOtherAmounts
			}
			r.Again, r.Over = true, before.Over
			r.Stay = before.PaidAt.Sub(r.Session.EnteredAt)
			gone = before.Kind == store.PaymentOrphan
			return nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		p := n.payment(d.now(), o)
		r.Stay = p.PaidAt.Sub(r.Session.EnteredAt)
		if !r.Session.State.Open() {
			gone = true
			p.Kind = store.PaymentOrphan
			return d.book(ctx, tx, p, n.Tickets, r)
		}
		return d.credit(ctx, tx, p, n.Tickets, &r)
	})
	if err != nil {
		return Receipt{}, err
	}
	if gone {
		return r, ErrGone
	}
	d.paid(r.Session.ID)
	return r, nil
}

// credit books p for the open session in r and settles what it settles.
func (d *Desk) credit(ctx context.Context, tx *store.Tx, p store.Payment, tickets int, r *Receipt) error {
	ledger, err := tx.Payments(ctx, r.Session.ID)
	if err != nil {
		return err
	}
	// An order that has not expired is billed as of when it was issued, so
	// that the driver pays what was shown, whatever else was paid since, and
	// whoever set the clock back.
	at := p.PaidAt
	if !at.After(r.Order.ExpiresAt) {
		at = r.Order.CreatedAt
	}
	b, err := d.due(r.Session, ledger, p.FreeMinutes, at)
	if errors.Is(err, ErrNoTariff) { // configured away since: the order's own figures hold
		b.Total, b.Credit = r.Order.Total, r.Order.Credit
		b.Payable = b.rest()
	} else if err != nil && !errors.Is(err, ErrAboveLimit) {
		return err
	}
	rest := b.Payable - p.Amount - p.Discount - p.FreeMoney
	p.Over = min(p.Amount, max(0, -rest))
	r.Over = p.Over
	if err := d.book(ctx, tx, p, tickets, *r); err != nil {
		return err
	}
	if rest > 0 && rest <= d.cfg.RoundingLimit {
		w := store.Payment{
			ID: store.NewID(p.PaidAt), Order: p.Order, Session: p.Session, Kind: store.PaymentRounding,
			Rounding: rest, PayType: p.PayType, PayMethod: p.PayMethod, Client: p.Client, PaidAt: p.PaidAt,
		}
		if err := d.book(ctx, tx, w, 0, *r); err != nil {
			return err
		}
		rest = 0
	}
	if r.Rest = max(0, rest); r.Rest > 0 {
		return nil
	}
	if r.Order.State != store.OrderPaid {
		r.Order.State, r.Order.SettledAt = store.OrderPaid, p.PaidAt
		if err := tx.UpdateOrder(ctx, r.Order); err != nil {
			return err
		}
	}
	// A stay that had nothing due gains no further time by being "paid" with
	// nothing.
	if b.Settled || b.Payable == 0 && b.Credit == 0 {
		return nil
	}
	r.Session.PaidUntil = latest(p.PaidAt, at).Add(d.cfg.Delay)
	r.Session.SettledFee, r.Session.SettledCredit = b.Total, b.Credit
	return tx.UpdateSession(ctx, r.Session)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// book adds p to the ledger and to the journal.
func (d *Desk) book(ctx context.Context, tx *store.Tx, p store.Payment, tickets int, r Receipt) error {
	if err := tx.InsertPayment(ctx, p); err != nil {
		return err
	}
	s := r.Session
	_, err := tx.Append(ctx, store.KindPayment, s.Plate, store.PaymentFact{
		Payment: p.ID, Order: p.Order, Session: s.ID, Plate: s.Plate, CardNo: s.CardNo, CarType: s.CarType,
		EnteredMs: store.Millis(s.EnteredAt), PaidMs: store.Millis(p.PaidAt), Kind: int(p.Kind), Total: r.Order.Total,
		Amount: p.Amount, Discount: p.Discount, FreeMoney: p.FreeMoney, FreeMinutes: p.FreeMinutes, Tickets: tickets,
		Rounding: p.Rounding, Over: p.Over, PayType: p.PayType, PayMethod: p.PayMethod, Client: p.Client,
	})
	return err
}

// mostAmount bounds each figure of a notice, far above anything real, so that
// no sum of them overflows.
const mostAmount = 1_000_000_000_000_000

// check refuses figures that cannot be. Callers that take them from outside
// have told the sender so already.
func (n Notice) check() error {
	for _, f := range [...]int64{n.Amount, n.Discount, n.FreeMoney, n.FreeMinutes} {
		if f < 0 || f > mostAmount {
			return fmt.Errorf("pay order %s: %d is no amount", n.Order, f)
		}
	}
	return nil
}

func (n Notice) payment(at time.Time, o store.Order) store.Payment {
	return store.Payment{
		ID: store.NewID(at), Order: o.No, Session: o.Session, Kind: store.PaymentMoney,
		Amount: n.Amount, Discount: n.Discount, FreeMoney: n.FreeMoney, FreeMinutes: n.FreeMinutes,
		PayType: n.PayType, PayMethod: n.PayMethod, Client: n.Client, FreeDetail: n.FreeDetail, PaidAt: at,
	}
}

func (n Notice) sameAs(p store.Payment) bool {
	return n.Amount == p.Amount && n.Discount == p.Discount && n.FreeMoney == p.FreeMoney && n.FreeMinutes == p.FreeMinutes
}
