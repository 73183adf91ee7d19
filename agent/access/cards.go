package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parkagent/agent/plate"
	"parkagent/protocol"
	"parkagent/store"
)

// AddCard adds a card and returns its number. Its ID, balance and times of change
// are not taken from c. A card with the same plates, type and period as one that
// exists is that one. Cars of it that are inside without another right are on the
// card from now on.
//
// Errors: ErrLastPlate, ErrPeriod, ErrCarType, *PlateTakenError.
func (r *Rules) AddCard(ctx context.Context, c store.Card, by By) (int64, error) {
	c.Plates, c.Spaces, c.Balance = normalPlates(c.Plates), max(c.Spaces, 1), 0
	c.From, c.To = instant(c.From), instant(c.To)
	switch {
	case len(c.Plates) == 0:
		return 0, ErrLastPlate
	case c.CarType <= int(protocol.CarTemporary) || c.CarType >= int(protocol.CarBooked):
		return 0, fmt.Errorf("%w: %d", ErrCarType, c.CarType)
	}
	if err := checkPeriod(c.From, c.To); err != nil {
		return 0, err
	}
	err := r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		c.ID = 0
		old, err := holder(ctx, tx.Reader, c.Plates[0])
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err == nil && samePlates(old.Plates, c.Plates) && old.CarType == c.CarType && old.From.Equal(c.From) && old.To.Equal(c.To) {
			c.ID = old.ID
			return nil
		}
		if err := mustBeFree(ctx, tx.Reader, c.Plates, 0); err != nil {
			return err
		}
		c.UpdatedAt = r.now()
		if c.ID, err = tx.InsertCard(ctx, c); err != nil {
			return err
		}
		if err := journalCard(ctx, tx, "add", c, by); err != nil {
			return err
		}
		return r.attach(ctx, tx, c, c.Plates)
	})
	return c.ID, r.tell(ctx, err, r.cfg.DB.SessionsOnCard, c.ID)
}

// A CardEdit is what of a card is to change: what is not nil, and which plates.
type CardEdit struct {
	Name, Owner, Tel, Room *string
	From, To               *time.Time
	Spaces                 *int // 0 and less count as 1
	Add, Remove            []store.CardPlate
}

// EditCard changes a card. Cars that are inside on it stay so, whichever plate or
// space is taken from it: a stay ends by the right by which it began. What was free
// of their stays up to now stays free, whatever the new period is. A plate to add
// that is the card's already changes nothing.
//
// Errors: ErrNoCard, ErrPeriod, ErrNoPlate, ErrLastPlate, *PlateTakenError,
// *billing.AmbiguousError.
func (r *Rules) EditCard(ctx context.Context, id int64, e CardEdit, by By) error {
	return r.changeCard(ctx, id, "edit", by, func(tx *store.Tx, c *store.Card) (bool, error) {
		e.apply(c)
		if err := checkPeriod(c.From, c.To); err != nil {
			return false, err
		}
		for _, p := range normalPlates(e.Remove) {
			i, err := indexPlate(c.Plates, p)
			if err != nil {
				return false, err
			}
			c.Plates = slices.Delete(c.Plates, i, i+1)
		}
		add := normalPlates(e.Add)
		if err := mustBeFree(ctx, tx.Reader, add, id); err != nil {
			return false, err
		}
		for _, p := range add {
			if !slices.Contains(c.Plates, p) {
				c.Plates = append(c.Plates, p)
			}
		}
		if len(c.Plates) == 0 {
			return false, ErrLastPlate
		}
		return true, nil
	})
}

func (e CardEdit) apply(c *store.Card) {
	for _, f := range []struct{ to, from *string }{{&c.Name, e.Name}, {&c.Owner, e.Owner}, {&c.Tel, e.Tel}, {&c.Room, e.Room}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	if e.From != nil {
		c.From = instant(*e.From)
	}
	if e.To != nil {
		c.To = instant(*e.To)
	}
	if e.Spaces != nil {
		c.Spaces = max(*e.Spaces, 1)
	}
}

// ReplacePlate changes one plate of a card for another. Done before, it changes
// nothing.
//
// Errors: ErrNoCard, ErrNoPlate, *PlateTakenError, *billing.AmbiguousError.
func (r *Rules) ReplacePlate(ctx context.Context, id int64, from, to store.CardPlate, by By) error {
	olds, news := normalPlates([]store.CardPlate{from}), normalPlates([]store.CardPlate{to})
	if len(olds) != 1 || len(news) != 1 {
		return ErrNoPlate
	}
	return r.changeCard(ctx, id, "edit", by, func(tx *store.Tx, c *store.Card) (bool, error) {
		i, err := indexPlate(c.Plates, olds[0])
		has := slices.Contains(c.Plates, news[0])
		switch {
		case errors.Is(err, ErrNoPlate) && has, err == nil && c.Plates[i] == news[0]:
			return false, nil
		case err != nil:
			return false, err
		case has:
			c.Plates = slices.Delete(c.Plates, i, i+1)
			return true, nil
		}
		c.Plates[i] = news[0]
		return true, mustBeFree(ctx, tx.Reader, news, id)
	})
}

// changeCard changes a card in one transaction with its row in the journal. Cars
// inside as temporary ones come onto it with plates that it has got, and all of
// its cars do when it had ended and is renewed.
func (r *Rules) changeCard(ctx context.Context, id int64, act string, by By, change func(*store.Tx, *store.Card) (bool, error)) error {
	err := r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		old, err := card(ctx, tx.Reader, id)
		if err != nil {
			return err
		}
		c := old
		c.Plates = slices.Clone(old.Plates)
		changed, err := change(tx, &c)
		if err != nil || !changed {
			return err
		}
		c.UpdatedAt = r.now()
		if err := r.coverCard(ctx, tx, old, c); err != nil {
			return err
		}
		if err := tx.UpdateCard(ctx, c); err != nil {
			return err
		}
		if err := journalCard(ctx, tx, act, c, by); err != nil {
			return err
		}
		got := c.Plates
		if !c.UpdatedAt.After(old.To) {
			got = slices.DeleteFunc(slices.Clone(c.Plates), func(p store.CardPlate) bool { return slices.Contains(old.Plates, p) })
		}
		return r.attach(ctx, tx, c, got)
	})
	return r.tell(ctx, err, r.cfg.DB.SessionsOnCard, id)
}

// DeleteCard ends a card. One that is gone already, or never was, is no error.
// Cars that are inside on it are charged from now on, unless their plates belong to
// another card by now.
func (r *Rules) DeleteCard(ctx context.Context, id int64, by By) error {
	return r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		c, err := card(ctx, tx.Reader, id)
		if errors.Is(err, ErrNoCard) {
			return nil
		}
		if err != nil {
			return err
		}
		c.DeletedAt = r.now()
		if err := tx.DeleteCard(ctx, id, c.DeletedAt); err != nil {
			return err
		}
		if err := journalCard(ctx, tx, "delete", c, by); err != nil { // with the plates that it had, by which platforms know it
			return err
		}
		return r.handOver(ctx, tx, id)
	})
}

// Cards returns the card with that number, the cards of a plate, which may lack
// its province, as may those of the cards, or all cards. Where no card fits, the
// list is empty.
func (r *Rules) Cards(ctx context.Context, no string, id int64) ([]store.Card, error) {
	no = plate.Normal(no)
	switch {
	case id != 0:
		c, err := card(ctx, r.cfg.DB.Reader, id)
		if errors.Is(err, ErrNoCard) || err == nil && no != "" && len(fitting(c.Plates, store.CardPlate{Plate: no})) == 0 {
			return nil, nil
		}
		return []store.Card{c}, err
	case no == "":
		return r.cfg.DB.Cards(ctx)
	}
	return cardsFitting(ctx, r.cfg.DB.Reader, no)
}

// card returns a card that is not deleted, or ErrNoCard.
func card(ctx context.Context, r store.Reader, id int64) (store.Card, error) {
	c, err := r.Card(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !c.DeletedAt.IsZero() {
		return c, ErrNoCard
	}
	return c, err
}

func journalCard(ctx context.Context, tx *store.Tx, act string, c store.Card, by By) error {
	f := store.NewCardFact(c)
	f.Act, f.Client, f.Address = act, by.Client, by.Address
	_, err := tx.Append(ctx, store.KindCard, cardKey(c.ID), f)
	return err
}

// checkPeriod returns ErrPeriod for a period that has no end or no beginning, or
// ends before it begins.
func checkPeriod(from, to time.Time) error {
	if from.IsZero() || to.Before(from) {
		return ErrPeriod
	}
	return nil
}

// instant is a time as the books keep it: UTC, whole milliseconds.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
