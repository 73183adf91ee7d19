package billing

import (
	"cmp"
	"context"
	"errors"
	"time"

	"parkagent/agent/discount"
	"parkagent/store"
)

// MayCharge returns an order that a driver may be asked to pay now, with its
// session: what is due is still what the order says, and no other settlement of
// the stay is under way. It keeps nobody from settling it otherwise.
//
// Errors: ErrNoOrder, ErrGone, ErrSettling, ErrOutdated, ErrAboveLimit.
func (d *Desk) MayCharge(ctx context.Context, order string) (store.Order, store.Session, error) {
	return d.mayCharge(ctx, d.cfg.DB.Reader, order, d.now())
}

// BeginScan commits that a driver's payment code is about to be handed to a
// platform for an order (uplink 4.2), and returns the order with its session.
// by is the device code of the machine that read it. The money itself comes with Pay; until it has, or the
// platform has refused, or for a minute, no machine settles the stay.
//
// Errors: ErrNoOrder, ErrGone, ErrSettling, ErrOutdated, ErrAboveLimit.
func (d *Desk) BeginScan(ctx context.Context, order, by string) (store.Order, store.Session, error) {
	var o store.Order
	var s store.Session
	err := d.cfg.DB.Update(ctx, func(tx *store.Tx) (err error) {
		now := d.now()
		if o, s, err = d.mayCharge(ctx, tx.Reader, order, now); err != nil {
			return err
		}
		o.ScannedAt, o.ScannedBy = now, by
		if err := tx.UpdateOrder(ctx, o); err != nil {
			return err
		}
		return journalCode(ctx, tx, s, o, "scanned")
	})
	return o, s, err
}

func (d *Desk) mayCharge(ctx context.Context, r store.Reader, order string, now time.Time) (store.Order, store.Session, error) {
	o, s, err := orderOf(ctx, r, order)
	switch {
	case err != nil:
		return o, s, err
	case !s.State.Open():
		return o, s, ErrGone
	}
	if busy, err := d.settling(ctx, r, s.ID, now); err != nil {
		return o, s, err
	} else if busy {
		return o, s, ErrSettling
	}
	_, err = r.PaymentOfOrder(ctx, o.No)
	if err == nil || o.State == store.OrderPaid {
		return o, s, ErrOutdated
	}
	if !errors.Is(err, store.ErrNotFound) {
		return o, s, err
	}
	b, err := d.billFor(ctx, r, s, o, discount.Granted{}, now)
	if err == nil && b.Payable != o.Payable {
		err = ErrOutdated
	}
	return o, s, err
}

// EndScan commits what the platform said to the code that BeginScan told of: it
// was accepted, so that the money will come, or it was not; or that nothing is
// known. Only a definite refusal frees the order for another try.
//
// Errors: ErrNoOrder.
func (d *Desk) EndScan(ctx context.Context, order string, accepted, known bool) error {
	return d.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		o, s, err := orderOf(ctx, tx.Reader, order)
		if err != nil {
			return err
		}
		switch {
		case !known:
			return journalCode(ctx, tx, s, o, "unknown")
		case accepted:
			return journalCode(ctx, tx, s, o, "accepted")
		}
		if err := journalCode(ctx, tx, s, o, "refused"); err != nil {
			return err
		}
		o.ScannedAt, o.ScannedBy = time.Time{}, ""
		return tx.UpdateOrder(ctx, o)
	})
}

func journalCode(ctx context.Context, tx *store.Tx, s store.Session, o store.Order, act string) error {
	_, err := tx.Append(ctx, store.KindCode, s.Plate, store.CodeFact{
		Order: o.No, Session: s.ID, Kiosk: cmp.Or(o.ScannedBy, o.Client), Act: act,
	})
	return err
}

// settling reports whether a platform that may take money for a session at this
// moment has not told yet whether it did.
func (d *Desk) settling(ctx context.Context, r store.Reader, session string, now time.Time) (bool, error) {
	holds := max(deductionHolds, d.cfg.QuestionTimeout+answerHolds)
	asked, err := r.Deductions(ctx, session)
	if err != nil {
		return false, err
	}
	for _, x := range asked {
		if x.State == store.DeductionAsked && within(holds, x.AskedAt, now) {
			return true, nil
		}
	}
	orders, err := r.UnpaidOrders(ctx, session)
	if err != nil {
		return false, err
	}
	for _, o := range orders {
		if o.ScannedAt.IsZero() || !within(scanHolds, o.ScannedAt, now) {
			continue
		}
		_, err := r.PaymentOfOrder(ctx, o.No)
		if errors.Is(err, store.ErrNotFound) {
			return true, nil
		}
		if err != nil { // otherwise less than was due has come
			return false, err
		}
	}
	return false, nil
}

// within reports whether now is less than d away from then: also before it,
// when the clock was set back, so that nobody is kept waiting for longer.
func within(d time.Duration, then, now time.Time) bool { return now.Sub(then).Abs() < d }
