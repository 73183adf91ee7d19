package access

import (
	"context"
	"errors"
	"fmt"

	"parkagent/agent/plate"
	"parkagent/store"
)

// AddBlack puts a plate on the blacklist and returns the number of its entry. A
// plate that is listed keeps its entry, with the new remark if there is one. A
// car that is inside is not concerned before it comes again.
//
// Errors: ErrNoPlate.
func (r *Rules) AddBlack(ctx context.Context, no, remark string, by By) (int64, error) {
	no = plate.Normal(no)
	if no == "" {
		return 0, ErrNoPlate
	}
	var id int64
	err := r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		b, err := tx.BlackByPlate(ctx, no)
		switch {
		case err == nil:
			id = b.ID
			if remark == "" || remark == b.Remark {
				return nil
			}
			b.Remark = remark
			return r.updateBlack(ctx, tx, b, by)
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		b = store.Black{Plate: no, Remark: remark, UpdatedAt: r.now()}
		if b.ID, err = tx.InsertBlack(ctx, b); err != nil {
			return err
		}
		id = b.ID
		return journalBlack(ctx, tx, "add", b, by)
	})
	return id, err
}

// EditBlack changes what is not nil of an entry of the blacklist.
//
// Errors: ErrNoBlack, ErrNoPlate, store.ErrConflict when the plate has another
// entry.
func (r *Rules) EditBlack(ctx context.Context, id int64, no, remark *string, by By) error {
	return r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		b, err := black(ctx, tx.Reader, id)
		if err != nil {
			return err
		}
		if no != nil {
			b.Plate = plate.Normal(*no)
		}
		if b.Plate == "" {
			return ErrNoPlate
		}
		if remark != nil {
			b.Remark = *remark
		}
		return r.updateBlack(ctx, tx, b, by)
	})
}

func (r *Rules) updateBlack(ctx context.Context, tx *store.Tx, b store.Black, by By) error {
	b.UpdatedAt = r.now()
	if err := tx.UpdateBlack(ctx, b); err != nil {
		return fmt.Errorf("blacklist %s: %w", b.Plate, err)
	}
	return journalBlack(ctx, tx, "edit", b, by)
}

// DeleteBlack takes an entry out of the blacklist. One that is gone already, or
// never was, is no error.
func (r *Rules) DeleteBlack(ctx context.Context, id int64, by By) error {
	return r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		b, err := black(ctx, tx.Reader, id)
		if errors.Is(err, ErrNoBlack) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := tx.DeleteBlack(ctx, id, r.now()); err != nil {
			return err
		}
		return journalBlack(ctx, tx, "delete", b, by)
	})
}

// Blacks returns the entries of the blacklist by which a plate is refused, which
// may lack its province, or all.
func (r *Rules) Blacks(ctx context.Context, no string) ([]store.Black, error) {
	no = plate.Normal(no)
	if no == "" {
		return r.cfg.DB.Blacklist(ctx)
	}
	return blacksOf(ctx, r.cfg.DB.Reader, no)
}

// black returns an entry in force, or ErrNoBlack.
func black(ctx context.Context, r store.Reader, id int64) (store.Black, error) {
	b, err := r.Black(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !b.DeletedAt.IsZero() {
		return b, ErrNoBlack
	}
	return b, err
}

func journalBlack(ctx context.Context, tx *store.Tx, act string, b store.Black, by By) error {
	_, err := tx.Append(ctx, store.KindBlack, b.Plate, store.BlackFact{
		Act: act, Black: b.ID, Plate: b.Plate, Remark: b.Remark, Client: by.Client, Address: by.Address,
	})
	return err
}

// journalBlackEntry journals that a car whose plate is listed stands at an entry,
// also when it is let in because the gate is held open or an operator lets it pass, or
// is inside: platforms are to know. act says which, see store.BlackFact.
func (r *Rules) journalBlackEntry(ctx context.Context, tx *store.Tx, act string, a Approach, b store.Black) error {
	_, err := tx.Append(ctx, store.KindBlackEntry, a.Plate, store.BlackFact{
		Act: act, Black: b.ID, Plate: a.Plate, Remark: b.Remark, Lane: a.Lane, Place: a.Place, Image: a.Image, SeenMs: store.Millis(r.now()),
	})
	return err
}
