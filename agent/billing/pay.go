package billing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"parkagent/agent/discount"
	"parkagent/protocol"
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
	Terminal    int    // where, appendix 1.3; 0 means a third-party platform (15)
	FreeDetail  string // the coupons as JSON text, kept for the discount report
	Tickets     int    // how many coupons FreeDetail lists
	Client      string // who tells
}

// A Receipt is the answer to a Notice.
type Receipt struct {
	Order   store.Order
	Session store.Session
	Stay    time.Duration // from entry to payment
	Rest    int64         // still due, by the price at which the order was paid
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
// It waits for no other settlement. Money for an order that another client, or
// somebody with coins, has paid meanwhile is other money: it is booked by a second
// order, and flagged as far as nothing was due.
//
// When the car has left, or its session was closed otherwise, the money is kept as an orphan
// and the error is ErrGone, so that the platform refunds.
//
// Errors: ErrNoOrder, ErrOtherAmounts, ErrGone.
func (d *Desk) Pay(ctx context.Context, n Notice) (Receipt, error) {
	if err := check(n.Order, n.Amount, n.Discount, n.FreeMoney, n.FreeMinutes); err != nil {
		return Receipt{}, err
	}
	var r Receipt
	var gone bool
	err := d.cfg.DB.Update(ctx, func(tx *store.Tx) (err error) {
		r, gone, err = d.pay(ctx, tx, n)
		return err
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

func (d *Desk) pay(ctx context.Context, tx *store.Tx, n Notice) (r Receipt, gone bool, err error) {
	first, s, err := orderOf(ctx, tx.Reader, n.Order)
	if err != nil {
		return r, false, err
	}
	r.Session = s
	var before store.Payment
	r.Order, before, r.Again, err = account(ctx, tx, first, s.Plate, n.mine, "-P")
	switch {
	case err != nil:
		return r, false, err
	case r.Again && !n.sameAs(before):
		return r, false, ErrOtherAmounts
	case r.Again:
		err = d.repeat(ctx, tx.Reader, &r, before)
		return r, before.Kind == store.PaymentOrphan, err
	}
	p := posting{Payment: n.payment(d.now(), r.Order), tickets: n.Tickets, waive: d.cfg.RoundingLimit}
	r.Stay = p.PaidAt.Sub(s.EnteredAt)
	if !s.State.Open() {
		p.Kind = store.PaymentOrphan
		return r, true, d.book(ctx, tx, p, r)
	}
	b, err := d.billFor(ctx, tx.Reader, s, r.Order, discount.Of([]store.Payment{p.Payment}), p.PaidAt)
	if err != nil && !errors.Is(err, ErrAboveLimit) {
		return r, false, err
	}
	if err != nil && b.Total == 0 {
		err = d.await(ctx, tx, p, &r)
	} else {
		err = d.credit(ctx, tx, p, b, &r)
	}
	if err != nil {
		return r, false, err
	}
	return r, false, settleFirst(ctx, tx, first, r)
}

// await books p for a stay of which nobody knows the fee: it waits in the ledger for
// an operator, and is not too much. The order is paid if that is all it asked for.
func (d *Desk) await(ctx context.Context, tx *store.Tx, p posting, r *Receipt) error {
	if err := d.book(ctx, tx, p, *r); err != nil || p.Amount+p.Discount+p.FreeMoney < r.Order.Payable {
		return err
	}
	return paidNow(ctx, tx, &r.Order, p.PaidAt)
}

// paidNow notes that an order was paid in full, unless it was before.
func paidNow(ctx context.Context, tx *store.Tx, o *store.Order, at time.Time) error {
	if o.State == store.OrderPaid {
		return nil
	}
	o.State, o.SettledAt = store.OrderPaid, at
	return tx.UpdateOrder(ctx, *o)
}

// repeat makes r what it was when before was booked by its order.
func (d *Desk) repeat(ctx context.Context, r store.Reader, to *Receipt, before store.Payment) error {
	to.Over, to.Stay = before.Over, before.PaidAt.Sub(to.Session.EnteredAt)
	if before.Kind == store.PaymentOrphan {
		return nil
	}
	b, err := d.billFor(ctx, r, to.Session, to.Order, discount.Granted{}, before.PaidAt)
	if errors.Is(err, ErrAboveLimit) {
		err = nil
	}
	to.Rest = b.Payable
	return err
}

// orderOf returns an order with its session. Errors: ErrNoOrder.
func orderOf(ctx context.Context, r store.Reader, no string) (store.Order, store.Session, error) {
	o, err := r.Order(ctx, no)
	if errors.Is(err, store.ErrNotFound) {
		return o, store.Session{}, ErrNoOrder
	}
	if err != nil {
		return o, store.Session{}, err
	}
	s, err := r.Session(ctx, o.Session)
	return o, s, err
}

// account returns the order by which a payer's money for o is booked, and what
// was booked by it before. An order has one payment: it is o itself for whoever
// pays first. Anybody else has a second order, whose number ends in suffix, and
// from the third payer on in a count as well. Two payers of one order both took
// the money: a code was shown for it, and then the driver's own was scanned.
func account(ctx context.Context, tx *store.Tx, o store.Order, plate string, mine func(store.Payment) bool, suffix string) (store.Order, store.Payment, bool, error) {
	second := o
	for n := 1; ; n++ {
		p, err := tx.PaymentOfOrder(ctx, second.No)
		switch {
		case errors.Is(err, store.ErrNotFound):
			if n == 1 {
				return o, store.Payment{}, false, nil
			}
			second.State, second.SettledAt, second.ScannedAt, second.ScannedBy = store.OrderUnpaid, time.Time{}, time.Time{}, ""
			return second, store.Payment{}, false, keepOrder(ctx, tx, second, plate)
		case err != nil:
			return o, p, false, err
		case mine(p):
			second, err = tx.Order(ctx, second.No)
			return second, p, err == nil, err
		}
		second.No = o.No + suffix
		if n > 1 {
			second.No += strconv.Itoa(n)
		}
	}
}

// settleFirst notes that first was paid when the second order for it was.
func settleFirst(ctx context.Context, tx *store.Tx, first store.Order, r Receipt) error {
	if first.No == r.Order.No || first.State == store.OrderPaid || r.Order.State != store.OrderPaid {
		return nil
	}
	first.State, first.SettledAt = r.Order.State, r.Order.SettledAt
	return tx.UpdateOrder(ctx, first)
}

// A posting is a row for the ledger, with what only the journal keeps.
type posting struct {
	store.Payment
	due     int64 // before it, and after the free minutes that come with it
	tickets int   // how many coupons
	change  int64 // that a pay machine owes for it
	waive   int64 // up to how many fen of a rest are waived with it
	remark  string
	address string // from where an operator did it
}

// credit books p for the open session in r, of which b is the bill, and settles
// what it settles.
func (d *Desk) credit(ctx context.Context, tx *store.Tx, p posting, b Bill, r *Receipt) error {
	rest := b.Payable - p.Amount - p.Discount - p.FreeMoney
	p.due, p.Over = b.Payable, min(p.Amount, max(0, -rest))
	r.Over = p.Over
	if err := d.book(ctx, tx, p, *r); err != nil {
		return err
	}
	if rest > 0 && rest <= p.waive {
		w := posting{Payment: store.Payment{
			ID: store.NewID(p.PaidAt), Order: p.Order, Session: p.Session, Kind: store.PaymentRounding, Rounding: rest,
			PayType: p.PayType, PayMethod: p.PayMethod, Terminal: p.Terminal, Client: p.Client, PaidAt: p.PaidAt,
		}, due: rest}
		if err := d.book(ctx, tx, w, *r); err != nil {
			return err
		}
		rest = 0
	}
	if r.Rest = max(0, rest); r.Rest > 0 {
		return nil
	}
	if err := paidNow(ctx, tx, &r.Order, p.PaidAt); err != nil {
		return err
	}
	// A stay that had nothing due gains no further time by being "paid" with
	// nothing.
	granted := b.Credit - b.Prepaid
	if b.Settled || b.Payable == 0 && granted == 0 {
		return nil
	}
	r.Session.SettledAt = latest(p.PaidAt, b.At)
	r.Session.PaidUntil = r.Session.SettledAt.Add(d.delay(p.Terminal, p.Client))
	r.Session.SettledFee, r.Session.SettledCredit = b.Total, granted
	return tx.UpdateSession(ctx, r.Session)
}

// book adds p to the ledger and to the journal. Errors: ErrShiftOver.
func (d *Desk) book(ctx context.Context, tx *store.Tx, p posting, r Receipt) error {
	if err := lasts(ctx, tx.Reader, p.Shift); err != nil {
		return err
	}
	if err := tx.InsertPayment(ctx, p.Payment); err != nil {
		return err
	}
	s := r.Session
	_, err := tx.Append(ctx, store.KindPayment, s.Plate, store.PaymentFact{
		Payment: p.ID, Order: p.Order, Session: s.ID, Plate: s.Plate, CardNo: s.CardNo, CarType: s.CarType,
		EnteredMs: store.Millis(s.EnteredAt), PaidMs: store.Millis(p.PaidAt), Kind: int(p.Kind), Total: p.due,
		Amount: p.Amount, Discount: p.Discount, FreeMoney: p.FreeMoney, FreeMinutes: p.FreeMinutes, Tickets: p.tickets,
		Rounding: p.Rounding, Over: p.Over, PayType: p.PayType, PayMethod: p.PayMethod, Terminal: p.Terminal,
		Change: p.change, Client: p.Client, Refers: p.Refers, Operator: p.Operator, Shift: p.Shift,
		Grant: p.Grant, GrantKind: int(p.GrantKind), GrantValue: p.GrantValue, Remark: p.remark, Address: p.address,
	})
	return err
}

// mostAmount bounds each figure of a notice, far above anything real, so that
// no sum of them overflows.
const mostAmount = 1_000_000_000_000_000

// check refuses figures that cannot be. Callers that take them from outside
// have told the sender so already.
func check(order string, figures ...int64) error {
	for _, f := range figures {
		if f < 0 || f > mostAmount {
			return fmt.Errorf("pay order %s: %d is no amount", order, f)
		}
	}
	return nil
}

func (n Notice) payment(at time.Time, o store.Order) store.Payment {
	return store.Payment{
		ID: store.NewID(at), Order: o.No, Session: o.Session, Kind: store.PaymentMoney,
		Amount: n.Amount, Discount: n.Discount, FreeMoney: n.FreeMoney, FreeMinutes: n.FreeMinutes,
		PayType: n.PayType, PayMethod: n.PayMethod, Terminal: n.terminal(), Client: n.Client, FreeDetail: n.FreeDetail, PaidAt: at,
	}
}

// mine reports whether p is the money of the payer who tells n. Terminal tells
// clients from the machines and lanes of the car park, which may share a name.
func (n Notice) mine(p store.Payment) bool { return p.Client == n.Client && p.Terminal == n.terminal() }

func (n Notice) terminal() int { return cmp.Or(n.Terminal, int(protocol.TerminalThirdSingle)) }

func (n Notice) sameAs(p store.Payment) bool {
	return n.Amount == p.Amount && n.Discount == p.Discount && n.FreeMoney == p.FreeMoney && n.FreeMinutes == p.FreeMinutes
}
