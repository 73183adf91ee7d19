package billing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parkagent/agent/discount"
	"parkagent/store"
)

// Errors of granting.
var (
	// ErrNoDiscount means that no discount of that name is configured.
	ErrNoDiscount = errors.New("unknown discount")
	// ErrMayNotGrant means that somebody else grants the discount.
	ErrMayNotGrant = errors.New("not allowed to grant the discount")
	// ErrGrantedBefore means that the stay has the discount, which it can have
	// once.
	ErrGrantedBefore = errors.New("the discount was granted before")
	// ErrUsed means that a discount counted when money was taken, so that it
	// cannot be taken back any more.
	ErrUsed = errors.New("the discount is used up")
)

// A Grant gives a car that is inside a discount that is configured by name.
type Grant struct {
	Ref      Ref
	Discount string
	// Value is what it takes off, if whoever grants it says so: minutes, fen,
	// percent, or Unix milliseconds until which the stay is free; 0 leaves it to
	// the configuration.
	Value   int64
	Remark  string // in words, kept for the discount report
	By      By
	Request string // names this very grant, so that a repetition is none; may be empty
}

// Grant books a discount by an order of its own, which counts as paid. The
// receipt says what is still due. What a percentage, a full discount and a time
// until which the stay is free take off is worked out anew each time, so that a
// driver who stays has it of the whole stay; money beyond the fee is no change.
// The same Request of the same client or operator within 30 seconds gets the order of
// the first, and grants nothing.
//
// Errors: ErrNoDiscount, ErrMayNotGrant, discount.ErrValue, ErrNoSession,
// *AmbiguousError, ErrGrantedBefore, ErrDecided.
func (d *Desk) Grant(ctx context.Context, g Grant) (Receipt, error) {
	i := slices.IndexFunc(d.cfg.Discounts, func(r discount.Rule) bool { return r.Name == g.Discount })
	if i < 0 {
		return Receipt{}, ErrNoDiscount
	}
	rule := d.cfg.Discounts[i]
	if !rule.MayGrant(g.By.Role) {
		return Receipt{}, ErrMayNotGrant
	}
	var r Receipt
	err := d.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		r = Receipt{}
		first, err := d.once(ctx, tx, g.By.Operator+" "+g.By.Client, "grant", g.Request, func() (string, error) {
			var err error
			r, err = d.grant(ctx, tx, g, rule)
			return r.Order.No, err
		})
		if err != nil || r.Order.No != "" {
			return err
		}
		r, err = d.granted(ctx, tx.Reader, first)
		return err
	})
	if err != nil {
		return Receipt{}, fmt.Errorf("grant %s: %w", g.Discount, err)
	}
	d.paid(r.Session.ID)
	return r, nil
}

// granted is the receipt of a grant that was booked before by an order.
func (d *Desk) granted(ctx context.Context, r store.Reader, order string) (Receipt, error) {
	o, s, err := orderOf(ctx, r, order)
	if err != nil {
		return Receipt{}, err
	}
	b, err := d.Due(ctx, r, s, d.now())
	if errors.Is(err, ErrAboveLimit) || errors.Is(err, ErrNoTariff) {
		err = nil
	}
	return Receipt{Order: o, Session: s, Stay: o.CreatedAt.Sub(s.EnteredAt), Rest: b.Payable, Again: true}, err
}

func (d *Desk) grant(ctx context.Context, tx *store.Tx, g Grant, rule discount.Rule) (Receipt, error) {
	s, err := Find(ctx, tx.Reader, g.Ref)
	switch {
	case err != nil:
		return Receipt{}, err
	case s.State == store.Leaving:
		return Receipt{}, ErrDecided
	}
	ledger, err := tx.Payments(ctx, s.ID)
	if err != nil {
		return Receipt{}, err
	}
	if !rule.Stackable && slices.ContainsFunc(discount.Standing(ledger), func(p store.Payment) bool { return p.Grant == rule.Name }) {
		return Receipt{}, ErrGrantedBefore
	}
	value, err := rule.Grants(g.Value, d.now().In(d.cfg.Zone))
	if err != nil {
		return Receipt{}, err
	}
	p := posting{tickets: 1, Payment: store.Payment{FreeDetail: g.Remark, Grant: rule.Name, GrantKind: rule.Kind, GrantValue: value}}
	g.By.stamp(&p)
	switch rule.Kind {
	case store.GrantMinutes:
		p.FreeMinutes = value
	case store.GrantMoney:
		p.FreeMoney = value
	}
	return d.waive(ctx, tx, s, p)
}

// A Recall takes back a discount that a car was granted.
type Recall struct {
	Payment string // the ledger row of the discount
	Reason  string
	By      By
}

// Recall takes back a discount of any kind, also of downlink 3.3, as long as no
// money was taken since it was granted: what a driver was shown and has paid
// stands. A stay that discounts alone had settled is open again. What was taken
// back before is no error.
//
// Errors: ErrNoReason, store.ErrNotFound when there is no such row or it is no
// discount, ErrUsed, ErrDecided, ErrGone.
func (d *Desk) Recall(ctx context.Context, x Recall) error {
	var session string
	err := d.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		p, s, ledger, err := rowOf(ctx, tx.Reader, x.Payment)
		if err != nil {
			return err
		}
		session = s.ID
		return d.recall(ctx, tx, p, s, ledger, x)
	})
	if err != nil {
		return fmt.Errorf("recall a discount: %w", err)
	}
	d.paid(session)
	return nil
}

func (d *Desk) recall(ctx context.Context, tx *store.Tx, p store.Payment, s store.Session, ledger []store.Payment, x Recall) error {
	waived := p.FreeMoney > 0 || p.FreeMinutes > 0 || p.GrantKind != store.GrantNone
	at := slices.IndexFunc(ledger, func(q store.Payment) bool { return q.ID == p.ID })
	switch {
	case !waived || p.Amount != 0 || !p.Kind.Counts() || p.Kind == store.PaymentRecall:
		return fmt.Errorf("%w: the row is no discount", store.ErrNotFound)
	case takenBack(ledger, p):
		return nil
	case !s.State.Open():
		return ErrGone
	case s.State == store.Leaving:
		return ErrDecided
	case slices.ContainsFunc(ledger[at:], func(q store.Payment) bool { return q.Kind.Counts() && q.Amount > 0 }):
		return ErrUsed
	}
	if _, err := d.enterAs(ctx, tx, posting{Payment: negative(p, store.PaymentRecall)}, s, x.By, x.Reason); err != nil {
		return err
	}
	if s.SettledAt.Before(p.PaidAt) {
		return nil
	}
	s.PaidUntil, s.SettledAt, s.SettledFee, s.SettledCredit = time.Time{}, time.Time{}, 0, 0
	return tx.UpdateSession(ctx, s)
}

// rowOf returns a row of the ledger with its session and the whole ledger of
// that.
func rowOf(ctx context.Context, r store.Reader, id string) (store.Payment, store.Session, []store.Payment, error) {
	p, err := r.Payment(ctx, id)
	if err != nil {
		return p, store.Session{}, nil, err
	}
	s, err := r.Session(ctx, p.Session)
	if err != nil {
		return p, s, nil, err
	}
	ledger, err := r.Payments(ctx, s.ID)
	return p, s, ledger, err
}

// enter adds p to the ledger of s as of now, and returns its identity.
func (d *Desk) enter(ctx context.Context, tx *store.Tx, p posting, s store.Session) (string, error) {
	p.PaidAt = d.now()
	p.ID = store.NewID(p.PaidAt)
	return p.ID, d.book(ctx, tx, p, Receipt{Session: s})
}
