package access

import (
	"context"
	"errors"
	"time"

	"parkagent/store"
)

// What a right has made free of a stay while it passed stays free (billing.Desk.Cover),
// also when the right gets another period, or the stay another right: whoever
// renews a card late pays for the days between, not for those before.

// coverCard keeps what cars that are inside on old have had free of it. The books
// still have old, and are about to have c.
func (r *Rules) coverCard(ctx context.Context, tx *store.Tx, old, c store.Card) error {
	if !c.From.After(old.From) && !c.To.Before(old.To) {
		return nil // the new period has it all
	}
	on, err := tx.SessionsOnCard(ctx, old.ID)
	if err != nil {
		return err
	}
	return r.cover(ctx, tx, on)
}

// coverBooking is coverCard for a booking that is about to be changed.
func (r *Rules) coverBooking(ctx context.Context, tx *store.Tx, id int64) error {
	on, err := tx.SessionsOnBooking(ctx, id)
	if err != nil {
		return err
	}
	return r.cover(ctx, tx, on)
}

func (r *Rules) cover(ctx context.Context, tx *store.Tx, stays []store.Session) error {
	for _, s := range stays {
		if err := r.cfg.Bills.Cover(ctx, tx, s, r.now()); err != nil {
			return err
		}
	}
	return nil
}

// handOver puts the cars inside on a card that has just been deleted onto the
// cards that their plates belong to by now.
func (r *Rules) handOver(ctx context.Context, tx *store.Tx, deleted int64) error {
	on, err := tx.SessionsOnCard(ctx, deleted)
	if err != nil {
		return err
	}
	for _, s := range on {
		c, err := cardOf(ctx, tx.Reader, s.Plate, s.CardNo)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := r.attach(ctx, tx, c, []store.CardPlate{{Plate: s.Plate, Etc: s.CardNo}}); err != nil {
			return err
		}
	}
	return nil
}

// ended reports whether the car of s is inside on a card that is over. One with a
// balance is never: it serves the stays that began on it.
func ended(ctx context.Context, r store.Reader, s store.Session, now time.Time) (bool, error) {
	if s.Card == 0 || s.State != store.Inside {
		return false, nil
	}
	c, err := r.Card(ctx, s.Card)
	return err == nil && !stored(c) && now.After(c.To), err
}
