package billing

import (
	"context"
	"errors"

	"parkagent/agent/discount"
	"parkagent/protocol"
	"parkagent/store"
)

// Coins are what a driver put into a pay machine for an order, coins and notes.
type Coins struct {
	Order    string
	Inserted int64  // fen
	Kiosk    string // device code
}

// A CashReceipt is the answer to Coins and to BoothCash.
type CashReceipt struct {
	Receipt
	Change store.Change // that a pay machine owes; without a No there is none
	Back   int64        // fen that an operator gives back by hand
}

// Cash books what was put into a pay machine, once: as much as is due as money,
// the rest as a change order whose number is that of the order by which it was
// booked and C. The same sum for the same order again in the same machine gets the
// same answer. Nothing is due for a car that
// has left, or whose stay was paid otherwise meanwhile: all of it is change.
//
// Errors: ErrNoOrder, ErrSettling, and ErrOtherAmounts when another sum was
// booked for the order.
func (d *Desk) Cash(ctx context.Context, c Coins) (CashReceipt, error) {
	if err := check(c.Order, c.Inserted); err != nil {
		return CashReceipt{}, err
	}
	var r CashReceipt
	err := d.cfg.DB.Update(ctx, func(tx *store.Tx) (err error) {
		r, err = d.cash(ctx, tx, c)
		return err
	})
	if err != nil {
		return CashReceipt{}, err
	}
	if r.Session.State.Open() {
		d.paid(r.Session.ID)
	}
	return r, nil
}

func (d *Desk) cash(ctx context.Context, tx *store.Tx, c Coins) (r CashReceipt, err error) {
	first, s, err := orderOf(ctx, tx.Reader, c.Order)
	if err != nil {
		return r, err
	}
	r.Session = s
	var before store.Payment
	if r.Order, before, r.Again, err = account(ctx, tx, first, s.Plate, c.mine, "-K"); err != nil {
		return r, err
	}
	if r.Again {
		if r.Change, err = sameCoins(ctx, tx, c, before); err != nil {
			return r, err
		}
		return r, d.repeat(ctx, tx.Reader, &r.Receipt, before)
	}
	now := d.now()
	if busy, err := d.settling(ctx, tx.Reader, s.ID, now); err != nil {
		return r, err
	} else if busy {
		return r, ErrSettling
	}
	p := posting{Payment: store.Payment{
		ID: store.NewID(now), Order: r.Order.No, Session: s.ID, PayType: int(protocol.BoothCash), PayMethod: int(protocol.BoothCash),
		Terminal: int(protocol.TerminalKiosk), Client: c.Kiosk, PaidAt: now, Given: c.Inserted,
	}}
	if r.Order.Lane != "" {
		p.Terminal = int(protocol.TerminalExitKiosk)
	}
	r.Stay = now.Sub(s.EnteredAt)
	var b Bill
	if s.State.Open() {
		b, err = d.billFor(ctx, tx.Reader, s, r.Order, discount.Granted{}, now)
		if err != nil && !errors.Is(err, ErrAboveLimit) {
			return r, err
		}
	}
	p.Amount = min(c.Inserted, b.Payable)
	p.change = c.Inserted - p.Amount
	if !s.State.Open() {
		p.Kind = store.PaymentOrphan // of nothing: it only says that the machine was answered
		err = d.book(ctx, tx, p, r.Receipt)
	} else if err = d.credit(ctx, tx, p, b, &r.Receipt); err == nil {
		err = settleFirst(ctx, tx, first, r.Receipt)
	}
	if err != nil || p.change == 0 {
		return r, err
	}
	r.Change = store.Change{
		No: changeNo(r.Order.No), Order: r.Order.No, Session: s.ID, Kiosk: c.Kiosk, Due: p.Amount, Inserted: c.Inserted, PaidAt: now,
	}
	if err := tx.InsertChange(ctx, r.Change); err != nil {
		return r, err
	}
	return r, journalChange(ctx, tx, s, r.Change)
}

// changeNo is the number of the change order of an order.
func changeNo(order string) string { return order + "C" }

// sameCoins returns the change that is owed beside the payment that was booked
// before, if both together are what c says.
func sameCoins(ctx context.Context, tx *store.Tx, c Coins, before store.Payment) (store.Change, error) {
	change, err := tx.Change(ctx, changeNo(before.Order))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return change, err
	}
	if before.Amount+change.Owed() != c.Inserted {
		return change, ErrOtherAmounts
	}
	return change, nil
}

// mine reports whether p is what was put into the machine that tells c.
func (c Coins) mine(p store.Payment) bool { return p.Client == c.Kiosk && coins(p) }

// coins reports whether a payment was made in a pay machine with coins or notes.
func coins(p store.Payment) bool {
	at := protocol.Terminal(p.Terminal)
	return p.PayType == int(protocol.BoothCash) && p.PayMethod == int(protocol.BoothCash) &&
		(at == protocol.TerminalKiosk || at == protocol.TerminalExitKiosk)
}

// Change returns a change order (downlink 3.5). Errors: ErrNoOrder.
func (d *Desk) Change(ctx context.Context, no string) (store.Change, error) {
	c, err := d.cfg.DB.Change(ctx, no)
	if errors.Is(err, store.ErrNotFound) {
		return c, ErrNoOrder
	}
	return c, err
}

// A ChangeNotice is that a driver was given his change.
type ChangeNotice struct {
	No      string // of the change order
	Type    int    // how, as downlink 3.6 counts
	Account string // to which account, if that was told
	Client  string // who tells
}

// SettleChange notes that a change order was settled (downlink 3.6), once: a
// second notice, whatever it says, gets the change order as the first left it.
//
// Errors: ErrNoOrder.
func (d *Desk) SettleChange(ctx context.Context, n ChangeNotice) (store.Change, error) {
	var c store.Change
	err := d.cfg.DB.Update(ctx, func(tx *store.Tx) (err error) {
		c, err = tx.Change(ctx, n.No)
		if errors.Is(err, store.ErrNotFound) {
			return ErrNoOrder
		}
		if err != nil || !c.SettledAt.IsZero() {
			return err
		}
		c.SettledAt, c.Type, c.Account, c.Client = d.now(), n.Type, n.Account, n.Client
		if err := tx.SettleChange(ctx, c); err != nil {
			return err
		}
		s, err := tx.Session(ctx, c.Session)
		if err != nil {
			return err
		}
		return journalChange(ctx, tx, s, c)
	})
	return c, err
}

func journalChange(ctx context.Context, tx *store.Tx, s store.Session, c store.Change) error {
	_, err := tx.Append(ctx, store.KindChange, s.Plate, store.ChangeFact{
		Change: c.No, Order: c.Order, Session: c.Session, Kiosk: c.Kiosk, Due: c.Due, Inserted: c.Inserted,
		Settled: !c.SettledAt.IsZero(), Type: c.Type, Client: c.Client,
	})
	return err
}
