package billing

import (
	"context"
	"errors"
	"time"

	"parkagent/store"
)

// priceWithin bounds asking a platform for a price while a client waits for a
// bill: clients give up after 3 s.
const priceWithin = 1500 * time.Millisecond

// AskPrice lets the platform that prices say what is due of a stay now, if its
// price would count and the last one does not hold any more. Whatever goes wrong,
// the local tariff decides. ctx bounds the question, which has a deadline of its
// own as well.
func (d *Desk) AskPrice(ctx context.Context, s store.Session) {
	if d.cfg.Price == nil {
		return
	}
	err := d.askOnce(ctx, s)
	if errors.Is(err, errOverlap) { // it may know by now, and if not, hardly a third time
		if s, err = d.cfg.DB.Session(ctx, s.ID); err == nil {
			err = d.askOnce(ctx, s)
		}
	}
	if err != nil {
		d.cfg.Log.Warn("no price in time, the local tariff holds", "session", s.ID, "error", err)
	}
}

func (d *Desk) askOnce(ctx context.Context, s store.Session) error {
	if !d.open(s, d.now()) {
		return nil
	}
	known, err := d.cfg.DB.Payments(ctx, s.ID)
	if err != nil {
		return err
	}
	due, by, err := d.cfg.Price(ctx, s)
	if err != nil {
		return err
	}
	return d.Quote(ctx, s, len(known), due, by)
}

// askPrice is AskPrice for the stay that ref names, before an order is made of it.
// The order itself will say what is wrong with ref.
func (d *Desk) askPrice(ctx context.Context, ref Ref) {
	if d.cfg.Price == nil {
		return
	}
	s, err := Find(ctx, d.cfg.DB.Reader, ref)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, priceWithin)
	defer cancel()
	d.AskPrice(ctx, s)
}

// open reports whether a platform's price would decide what s costs: it is a
// temporary car's, and neither decided, nor settled, nor priced already.
func (d *Desk) open(s store.Session, at time.Time) bool {
	settled := !s.PaidUntil.IsZero() && !at.After(s.PaidUntil)
	return s.Card == 0 && s.Booking == 0 && s.State != store.Leaving && !settled && !d.Quoted(s, at)
}
