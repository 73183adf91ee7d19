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
// the session. by is the client who asks. A stay with nothing due gets an
// order with Payable 0, which counts as paid.
//
// The order fixes its price until it expires. When the car stands at an exit
// the order remembers the lane.
//
// Errors: ErrNoSession, *AmbiguousError, ErrNoTariff, ErrAboveLimit.
func (d *Desk) Order(ctx context.Context, ref Ref, by string) (store.Order, store.Session, error) {
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
	ledger, err := tx.Payments(ctx, s.ID)
	if err != nil {
		return store.Order{}, err
	}
	now := d.now()
	b, err := d.Due(s, ledger, now)
	if err != nil {
		return store.Order{}, err
	}
	o := store.Order{
		Session: s.ID, Client: by,
		CreatedAt: now, ExpiresAt: now.Add(d.cfg.OrderValid),
		Total: b.Total, Credit: b.Credit, Paid: b.Paid, Waived: b.Waived, Payable: b.Payable,
	}
	if o.Lane, err = exitLane(ctx, tx.Reader, s.ID); err != nil {
		return store.Order{}, err
	}
	if o.Lane != "" {
		o.Kind = store.OrderExit
	}
	if o.Payable == 0 {
		o.State, o.SettledAt = store.OrderPaid, now
	}
	if err := d.insert(ctx, tx, &o, s.Plate); err != nil {
		return store.Order{}, err
	}
	_, err = tx.Append(ctx, store.KindOrder, s.Plate, store.OrderFact{
		Order: o.No, Session: s.ID, Client: by, Lane: o.Lane, Total: o.Total, Payable: o.Payable,
	})
	return o, err
}

// insert gives o a number and keeps it. The number is the park code, the
// park's local time to the millisecond and the plate without its province, as
// clients of this protocol know it. An order of the same plate in the same
// millisecond moves on to the next.
func (d *Desk) insert(ctx context.Context, tx *store.Tx, o *store.Order, no string) error {
	at := o.CreatedAt
	for range 1000 {
		local := at.In(d.cfg.Zone)
		o.No = fmt.Sprintf("%s%s%03d%s", d.cfg.ParkCode, local.Format("20060102150405"), local.Nanosecond()/1e6, plate.Tail(no))
		err := tx.InsertOrder(ctx, *o)
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
		at = at.Add(time.Millisecond)
	}
	return fmt.Errorf("number an order: %w", store.ErrConflict)
}

// exitLane returns at which lane the car of a session stands, if any.
func exitLane(ctx context.Context, r store.Reader, session string) (string, error) {
	cars, err := r.LaneCars(ctx)
	if err != nil {
		return "", err
	}
	for _, c := range cars {
		if c.Session == session {
			return c.Lane, nil
		}
	}
	return "", nil
}

// Status returns an order by its number. Errors: ErrNoOrder.
func (d *Desk) Status(ctx context.Context, no string) (store.Order, error) {
	o, err := d.cfg.DB.Order(ctx, no)
	if errors.Is(err, store.ErrNotFound) {
		return o, ErrNoOrder
	}
	return o, err
}
