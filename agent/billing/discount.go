package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parkagent/agent/discount"
	"parkagent/protocol"
	"parkagent/store"
)

// A Discount is what a client waives for a car that is inside, without an order
// (downlink 3.3). Money in fen.
type Discount struct {
	Ref         Ref
	FreeMoney   int64  // waived
	FreeMinutes int64  // taken off the charged time
	PayType     int    // who grants it, downlink 3.2
	PayMethod   int    // how, downlink 3.2
	Remark      string // in words, kept for the discount report
	Client      string // who tells
	Request     string // digest of the request as it came; may be empty
}

// Discount books a discount by an order of its own, which counts as paid, and
// returns the order. Its number is 15 digits, so that it can be written as a
// number. The same Request of the same client within 30 seconds gets the same
// order and no second discount: the interface has no other key. A rest is never
// waived with it, however small: a discount is not a sum that somebody rounded.
//
// Errors: ErrNoSession, *AmbiguousError.
func (d *Desk) Discount(ctx context.Context, x Discount) (store.Order, error) {
	if err := check("discount", x.FreeMoney, x.FreeMinutes); err != nil {
		return store.Order{}, err
	}
	var o store.Order
	err := d.cfg.DB.Update(ctx, func(tx *store.Tx) (err error) {
		o, err = d.discountOnce(ctx, tx, x)
		return err
	})
	if err != nil {
		return store.Order{}, err
	}
	d.paid(o.Session)
	return o, nil
}

func (d *Desk) discountOnce(ctx context.Context, tx *store.Tx, x Discount) (o store.Order, err error) {
	no, err := d.once(ctx, tx, x.Client, "discount", x.Request, func() (string, error) {
		o, err = d.discount(ctx, tx, x)
		return o.No, err
	})
	if err != nil || o.No != "" {
		return o, err
	}
	return tx.Order(ctx, no)
}

// once does act, whose result is known by a key, and returns the key; or only
// returns it if the same client has asked for the same act by the same request
// within 30 seconds. An empty request is never the same.
func (d *Desk) once(ctx context.Context, tx *store.Tx, client, act, request string, do func() (key string, err error)) (string, error) {
	if request == "" {
		return do()
	}
	now, digest := d.now(), act+" "+request
	key, err := tx.FirstAnswer(ctx, client, digest, now, sameRequest)
	if !errors.Is(err, store.ErrNotFound) {
		return key, err
	}
	if key, err = do(); err != nil {
		return key, err
	}
	return key, tx.KeepAnswer(ctx, client, digest, key, now, sameRequest)
}

func (d *Desk) discount(ctx context.Context, tx *store.Tx, x Discount) (store.Order, error) {
	s, err := Find(ctx, tx.Reader, x.Ref)
	if err != nil {
		return store.Order{}, err
	}
	r, err := d.waive(ctx, tx, s, posting{Payment: store.Payment{
		FreeMoney: x.FreeMoney, FreeMinutes: x.FreeMinutes, PayType: x.PayType, PayMethod: x.PayMethod,
		Terminal: int(protocol.TerminalThirdSingle), Client: x.Client, FreeDetail: x.Remark,
	}})
	return r.Order, err
}

// waive books a discount for s, which is inside, by an order of its own.
func (d *Desk) waive(ctx context.Context, tx *store.Tx, s store.Session, p posting) (Receipt, error) {
	r := Receipt{Session: s}
	now := d.now()
	// Where nobody knows the fee yet, the discount waits in the ledger.
	b, err := d.due(ctx, tx.Reader, s, now, discount.Of([]store.Payment{p.Payment}))
	if err != nil && !errors.Is(err, ErrNoTariff) && !errors.Is(err, ErrAboveLimit) {
		return r, err
	}
	r.Order, r.Stay = d.newOrder(s, b, now), now.Sub(s.EnteredAt)
	o := &r.Order
	o.Kind, o.Client, o.State, o.SettledAt = store.OrderDiscount, p.Client, store.OrderPaid, now
	if o.Lane, err = exitLane(ctx, tx.Reader, s); err != nil {
		return r, err
	}
	if err := d.insertAs(ctx, tx, o, s.Plate, digits); err != nil {
		return r, err
	}
	p.ID, p.Order, p.Session, p.PaidAt = store.NewID(now), o.No, s.ID, now
	return r, d.credit(ctx, tx, p, b, &r)
}

// digits is the number of a discount's order: the local time from the year to
// the millisecond, 15 digits. A clock that stands in a year that ends in 00 to
// 09 counts as 90 to 99: a number has no leading zero.
func digits(local time.Time) string {
	year := local.Year() % 100
	if year < 10 {
		year += 90
	}
	return fmt.Sprintf("%02d%s%03d", year, local.Format("0102150405"), local.Nanosecond()/1e6)
}
