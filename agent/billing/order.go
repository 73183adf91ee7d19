package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parkagent/agent/plate"
	"parkagent/store"
)

// Order issues an order for the session that ref names and returns it with
// the session. by is the client who asks, or the device code of a pay machine.
// A stay with nothing due gets an order with Payable 0, which counts as paid.
//
// The order fixes its price until it expires. When the car stands at an exit
// the order remembers the lane.
//
// Errors: ErrNoSession, *AmbiguousError, ErrNoTariff, ErrAboveLimit.
func (d *Desk) Order(ctx context.Context, ref Ref, by string) (store.Order, store.Session, error) {
	d.askPrice(ctx, ref)
	var o store.Order
	var s store.Session
	err := d.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		var err error
		s, err = Find(ctx, tx.Reader, ref)
		if err != nil {
			return err
		}
		o, err = d.order(ctx, tx, s, by)
		return err
	})
	return o, s, err
}

func (d *Desk) order(ctx context.Context, tx *store.Tx, s store.Session, by string) (store.Order, error) {
	now := d.now()
	b, err := d.Due(ctx, tx.Reader, s, now)
	if err != nil {
		return store.Order{}, err
	}
	o := d.newOrder(s, b, now)
	o.Client, o.Payable = by, b.Payable
	if o.Lane, err = exitLane(ctx, tx.Reader, s); err != nil {
		return store.Order{}, err
	}
	if o.Lane != "" {
		o.Kind = store.OrderExit
	}
	if o.Payable == 0 {
		o.State, o.SettledAt = store.OrderPaid, now
	}
	return o, d.insert(ctx, tx, &o, s.Plate)
}

// newOrder is an order of the bill b, made at a time.
func (d *Desk) newOrder(s store.Session, b Bill, at time.Time) store.Order {
	return store.Order{
		Session: s.ID, CreatedAt: at, ExpiresAt: at.Add(d.cfg.OrderValid),
		Total: b.Total, Credit: b.Credit, Paid: b.Paid, Waived: b.Waived,
	}
}

// insert gives o a number, keeps it and journals it. The number is the park
// code, the park's local time to the millisecond and the plate without its
// province, as clients of this protocol know it.
func (d *Desk) insert(ctx context.Context, tx *store.Tx, o *store.Order, no string) error {
	return d.insertAs(ctx, tx, o, no, func(local time.Time) string {
		return fmt.Sprintf("%s%s%03d%s", d.cfg.ParkCode, local.Format("20060102150405"), local.Nanosecond()/1e6, plate.Tail(no))
	})
}

// insertAs numbers o by the local time. A number that is taken moves on to the
// next millisecond.
func (d *Desk) insertAs(ctx context.Context, tx *store.Tx, o *store.Order, no string, number func(local time.Time) string) error {
	at := o.CreatedAt
	for range 1000 {
		o.No = number(at.In(d.cfg.Zone))
		err := keepOrder(ctx, tx, *o, no)
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
		at = at.Add(time.Millisecond)
	}
	return fmt.Errorf("number an order: %w", store.ErrConflict)
}

// keepOrder keeps and journals a numbered order for the car with that plate.
func keepOrder(ctx context.Context, tx *store.Tx, o store.Order, no string) error {
	if err := tx.InsertOrder(ctx, o); err != nil {
		return err
	}
	_, err := tx.Append(ctx, store.KindOrder, no, store.OrderFact{
		Order: o.No, Session: o.Session, Client: o.Client, Lane: o.Lane, Total: o.Total, Payable: o.Payable,
	})
	return err
}

// exitLane returns at which exit the car of s stands, if any. That it stands at an
// entry, or between two areas, is no matter here.
func exitLane(ctx context.Context, r store.Reader, s store.Session) (string, error) {
	cars, err := r.LaneCars(ctx)
	if err != nil {
		return "", err
	}
	for _, c := range cars {
		if c.Session == s.ID && c.Lane == s.ExitLane {
			return c.Lane, nil
		}
	}
	return "", nil
}

// Status reports whether the order with that number was paid in full, or the
// change order with that number was settled. It knows every number that was
// ever issued. Errors: ErrNoOrder.
func (d *Desk) Status(ctx context.Context, no string) (paid bool, err error) {
	o, err := d.cfg.DB.Order(ctx, no)
	if err == nil {
		return o.State == store.OrderPaid, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	c, err := d.Change(ctx, no)
	return !c.SettledAt.IsZero(), err
}
