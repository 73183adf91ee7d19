package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const cardColumns = `c.id, c.name, c.owner, c.tel, c.room, c.car_type, c.spaces, c.valid_from_ms, c.valid_to_ms, c.balance, c.updated_ms, c.deleted_ms`

func scanCard(rows *sql.Rows, c *Card) error {
	return rows.Scan(&c.ID, &c.Name, &c.Owner, &c.Tel, &c.Room, &c.CarType, &c.Spaces, at(&c.From), at(&c.To), &c.Balance,
		at(&c.UpdatedAt), at(&c.DeletedAt))
}

// Card returns the card with that number, a deleted one too, or ErrNotFound.
func (r Reader) Card(ctx context.Context, id int64) (Card, error) {
	return r.card(ctx, "card", `SELECT `+cardColumns+` FROM cards c WHERE c.id = ?`, id)
}

// CardByPlate returns the card of exactly that plate, given in normal form, or
// ErrNotFound.
func (r Reader) CardByPlate(ctx context.Context, plate string) (Card, error) {
	return r.card(ctx, "card by plate", `SELECT `+cardColumns+` FROM card_plates p JOIN cards c ON c.id = p.card
		WHERE p.plate = ? AND p.plate <> ''`, plate)
}

// CardByEtc returns the card of that IC card number, or ErrNotFound.
func (r Reader) CardByEtc(ctx context.Context, etc string) (Card, error) {
	return r.card(ctx, "card by number", `SELECT `+cardColumns+` FROM card_plates p JOIN cards c ON c.id = p.card
		WHERE p.etc = ? AND p.etc <> ''`, etc)
}

func (r Reader) card(ctx context.Context, what, q string, arg any) (Card, error) {
	c, err := one(ctx, r, scanCard, q, arg)
	if err == nil {
		c.Plates, err = r.cardPlates(ctx, c.ID)
	}
	return named(c, what, err)
}

func (r Reader) cardPlates(ctx context.Context, id int64) ([]CardPlate, error) {
	return all(ctx, r, func(rows *sql.Rows, p *CardPlate) error { return rows.Scan(&p.Plate, &p.Etc) },
		`SELECT plate, etc FROM card_plates WHERE card = ? ORDER BY seq`, id)
}

// CardsByTail returns the cards with a plate that is any one character (the
// province) and then tail.
func (r Reader) CardsByTail(ctx context.Context, tail string) ([]Card, error) {
	return r.cards(ctx, "cards by tail", `SELECT DISTINCT `+cardColumns+` FROM card_plates p JOIN cards c ON c.id = p.card
		WHERE substr(p.plate, 2) = ? AND p.plate <> '' ORDER BY c.id`, tail)
}

// Cards returns all cards that are not deleted, by number.
func (r Reader) Cards(ctx context.Context) ([]Card, error) {
	return r.cards(ctx, "cards", `SELECT `+cardColumns+` FROM cards c WHERE c.deleted_ms IS NULL ORDER BY c.id`)
}

func (r Reader) cards(ctx context.Context, what, q string, args ...any) ([]Card, error) {
	list, err := all(ctx, r, scanCard, q, args...)
	for i := 0; err == nil && i < len(list); i++ {
		list[i].Plates, err = r.cardPlates(ctx, list[i].ID)
	}
	return named(list, what, err)
}

// InsertCard adds a card with its plates and returns its number. The error is
// ErrConflict when one of the plates belongs to a card; the update must then
// fail, because the card is there without them.
func (tx *Tx) InsertCard(ctx context.Context, c Card) (int64, error) {
	id, err := one(ctx, tx.Reader, column[int64], `INSERT INTO cards (name, owner, tel, room, car_type, spaces, valid_from_ms, valid_to_ms,
		balance, updated_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		c.Name, c.Owner, c.Tel, c.Room, c.CarType, c.Spaces, millis(c.From), millis(c.To), c.Balance, millis(c.UpdatedAt))
	if err != nil {
		return 0, changed("insert card", 1, err)
	}
	return id, tx.insertPlates(ctx, id, c.Plates)
}

// UpdateCard replaces a card and its plates. The error is ErrNotFound when
// there is none with its number or it is deleted, ErrConflict when one of the
// plates belongs to another; the update must then fail, because the card has lost
// its own.
func (tx *Tx) UpdateCard(ctx context.Context, c Card) error {
	rows, err := tx.exec(ctx, `UPDATE cards SET name = ?, owner = ?, tel = ?, room = ?, car_type = ?, spaces = ?, valid_from_ms = ?,
		valid_to_ms = ?, balance = ?, updated_ms = ? WHERE id = ? AND deleted_ms IS NULL`,
		c.Name, c.Owner, c.Tel, c.Room, c.CarType, c.Spaces, millis(c.From), millis(c.To), c.Balance, millis(c.UpdatedAt), c.ID)
	if err := changed("update card", rows, err); err != nil {
		return err
	}
	if _, err := tx.exec(ctx, `DELETE FROM card_plates WHERE card = ?`, c.ID); err != nil {
		return fmt.Errorf("update card: %w", err)
	}
	return tx.insertPlates(ctx, c.ID, c.Plates)
}

func (tx *Tx) insertPlates(ctx context.Context, card int64, plates []CardPlate) error {
	for _, p := range plates {
		rows, err := tx.exec(ctx, `INSERT INTO card_plates (card, plate, etc) VALUES (?, ?, ?)`, card, p.Plate, p.Etc)
		if err := changed("insert plate of card", rows, err); err != nil {
			return err
		}
	}
	return nil
}

// DeleteCard ends a card at that time and frees its plates, or returns
// ErrNotFound.
func (tx *Tx) DeleteCard(ctx context.Context, id int64, at time.Time) error {
	rows, err := tx.exec(ctx, `UPDATE cards SET deleted_ms = ?, updated_ms = ? WHERE id = ? AND deleted_ms IS NULL`, millis(at), millis(at), id)
	if err := changed("delete card", rows, err); err != nil {
		return err
	}
	if _, err := tx.exec(ctx, `DELETE FROM card_plates WHERE card = ?`, id); err != nil {
		return fmt.Errorf("delete card: %w", err)
	}
	return nil
}

const rechargeColumns = `id, card, order_no, client, amount, added, valid_from_ms, valid_to_ms, at_ms`

func scanRecharge(rows *sql.Rows, x *Recharge) error {
	return rows.Scan(&x.ID, &x.Card, &x.Order, &x.Client, &x.Amount, &x.Added, at(&x.From), at(&x.To), at(&x.At))
}

// RechargeOf returns what a client paid for a card by that number of its own,
// or ErrNotFound.
func (r Reader) RechargeOf(ctx context.Context, client, order string) (Recharge, error) {
	x, err := one(ctx, r, scanRecharge, `SELECT `+rechargeColumns+` FROM recharges WHERE client = ? AND order_no = ? AND order_no <> ''`, client, order)
	return named(x, "recharge", err)
}

// Recharges returns what was added to a card, oldest first.
func (r Reader) Recharges(ctx context.Context, card int64) ([]Recharge, error) {
	list, err := all(ctx, r, scanRecharge, `SELECT `+rechargeColumns+` FROM recharges WHERE card = ? ORDER BY id`, card)
	return named(list, "recharges", err)
}

// InsertRecharge adds a row. The error is ErrConflict when the client has used
// the order number.
func (tx *Tx) InsertRecharge(ctx context.Context, x Recharge) error {
	rows, err := tx.exec(ctx, `INSERT INTO recharges (id, card, order_no, client, amount, added, valid_from_ms, valid_to_ms, at_ms)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		x.ID, x.Card, x.Order, x.Client, x.Amount, x.Added, millis(x.From), millis(x.To), millis(x.At))
	return changed("insert recharge", rows, err)
}
