package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parkagent/store"
)

// A Recharge is money that was paid for a card, and for what.
type Recharge struct {
	Card   int64
	Order  string // the payer's number; the same client uses each once; may be empty
	Amount int64  // fen
	From   time.Time
	To     time.Time
	// Request tells requests without an order number apart: the same one of the
	// same client again, within half a minute, is applied once. It may be empty.
	Request string
}

// mostAmount bounds what is paid at once, far above anything real, so that
// nothing that follows from it overflows.
const mostAmount = 1_000_000_000_000_000

// sameRequest is within what time the same request counts once.
const sameRequest = 30 * time.Second

// Recharge adds to a card what was paid for. What that is follows from its type:
//
//   - a stored-value card gets the amount, and the gift of the product that has
//     this price or amount;
//   - a counted card gets the visits of the product that has this price, or of
//     several of it, each with its gift;
//   - any other card is valid for longer, see extend. A product's gift of time is in
//     the period that is asked for: whoever sells has added it.
//
// Errors: ErrNoCard, ErrPeriod, ErrNoProduct, ErrOtherRecharge.
func (r *Rules) Recharge(ctx context.Context, x Recharge, by By) error {
	x.From, x.To = instant(x.From), instant(x.To)
	if x.Amount < 0 || x.Amount > mostAmount {
		return fmt.Errorf("recharge card %d: %d is no amount", x.Card, x.Amount)
	}
	err := r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		done, err := r.recharged(ctx, tx, x, by)
		if done || err != nil {
			return err
		}
		old, err := card(ctx, tx.Reader, x.Card)
		if err != nil {
			return err
		}
		now := r.now()
		c, added, err := r.recharge(old, x, now)
		if err != nil {
			return err
		}
		c.UpdatedAt = now
		row := store.Recharge{
			ID: store.NewID(now), Card: c.ID, Order: x.Order, Client: by.Client, Amount: x.Amount, Added: added, From: x.From, To: x.To, At: now,
		}
		if err := r.coverCard(ctx, tx, old, c); err != nil {
			return err
		}
		if err := r.book(ctx, tx, c, row, by); err != nil {
			return err
		}
		if x.Order == "" && x.Request != "" {
			if err := tx.KeepAnswer(ctx, by.Client, requestKey(x), "", now, sameRequest); err != nil {
				return err
			}
		}
		if !now.After(old.To) {
			return nil
		}
		return r.attach(ctx, tx, c, c.Plates) // it had ended and is renewed
	})
	return r.tell(ctx, err, r.cfg.DB.SessionsOnCard, x.Card)
}

// recharged reports whether x has been booked before.
func (r *Rules) recharged(ctx context.Context, tx *store.Tx, x Recharge, by By) (bool, error) {
	switch {
	case x.Order != "":
		old, err := tx.RechargeOf(ctx, by.Client, x.Order)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		if err == nil && (old.Card != x.Card || old.Amount != x.Amount || !old.From.Equal(x.From) || !old.To.Equal(x.To)) {
			err = ErrOtherRecharge
		}
		return true, err
	case x.Request != "":
		_, err := tx.FirstAnswer(ctx, by.Client, requestKey(x), r.now(), sameRequest)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	}
	return false, nil
}

// requestKey keeps the answers to recharges apart from those to other requests.
func requestKey(x Recharge) string { return "recharge " + x.Request }

// recharge returns the card as it is after x, and what was added to its balance.
func (r *Rules) recharge(c store.Card, x Recharge, now time.Time) (store.Card, int64, error) {
	var added int64
	var err error
	switch {
	case stored(c):
		added = x.Amount + r.gift(c.CarType, x.Amount)
	case counted(c):
		added, err = r.visits(c.CarType, x.Amount)
	default:
		c, err = extend(c, x.From, x.To, now)
	}
	c.Balance += added
	return c, added, err
}

// book writes a card that was recharged, with its rows.
func (r *Rules) book(ctx context.Context, tx *store.Tx, c store.Card, x store.Recharge, by By) error {
	if err := tx.UpdateCard(ctx, c); err != nil {
		return err
	}
	if err := tx.InsertRecharge(ctx, x); err != nil {
		return err
	}
	_, err := tx.Append(ctx, store.KindRecharge, cardKey(c.ID), store.RechargeFact{
		Card: c.ID, Order: x.Order, Amount: x.Amount, Added: x.Added, FromMs: store.Millis(x.From), ToMs: store.Millis(x.To),
		Client: by.Client, Address: by.Address,
	})
	if err != nil {
		return err
	}
	return journalCard(ctx, tx, "recharge", c, by)
}

// Units of products, as downlink 4.7 counts them.
const (
	unitMoney  = 0
	unitVisits = 4
)

// gift returns the money that comes on top of an amount: of the product with
// this price or, where none has it, with this amount.
func (r *Rules) gift(carType int, amount int64) int64 {
	var gift int64
	for _, p := range r.cfg.Products {
		if p.CarType != carType || p.Unit != unitMoney || p.SentUnit != unitMoney {
			continue
		}
		if p.Price == amount {
			return p.SentAmount
		}
		if p.Amount == amount && gift == 0 {
			gift = p.SentAmount
		}
	}
	return gift
}

// visits returns how many visits an amount buys, gifts included, or ErrNoProduct.
// Where the amount is several times more than one price, the highest counts.
func (r *Rules) visits(carType int, amount int64) (int64, error) {
	var best Product
	for _, p := range r.cfg.Products {
		if p.CarType == carType && p.Unit == unitVisits && p.Price > best.Price && amount > 0 && amount%p.Price == 0 {
			best = p
		}
	}
	if best.Price == 0 {
		return 0, fmt.Errorf("%w: %d fen", ErrNoProduct, amount)
	}
	each := best.Amount
	if best.SentUnit == unitVisits {
		each += best.SentAmount
	}
	return amount / best.Price * each, nil
}

// touch is how far apart two periods may be that follow each other: people write
// the end of a day as 23:59:59, or as 23:59.
const touch = time.Minute

// extend makes a card valid in a further period. A card has one period, so:
//
//   - periods that touch or overlap become one;
//   - a later one replaces that of a card that has ended; of a car that is inside,
//     the time between the two is charged;
//   - a later one that leaves a gap to that of a card that has not ended is joined
//     with it, the gap included, because the card must not lose what was paid
//     before; and so is one that lies before the card's.
//
// A period without a beginning follows the card's own, or begins now if that has
// ended.
func extend(c store.Card, from, to, now time.Time) (store.Card, error) {
	ended := now.After(c.To)
	if from.IsZero() {
		from = c.To
		if ended {
			from = now
		}
	}
	if err := checkPeriod(from, to); err != nil {
		return c, err
	}
	if ended && from.After(c.To.Add(touch)) {
		c.From, c.To = from, to
		return c, nil
	}
	if from.Before(c.From) {
		c.From = from
	}
	if to.After(c.To) {
		c.To = to
	}
	return c, nil
}
