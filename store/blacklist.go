package store

import (
	"context"
	"database/sql"
	"time"
)

const blackColumns = `id, plate, remark, updated_ms, deleted_ms`

func scanBlack(rows *sql.Rows, b *Black) error {
	return rows.Scan(&b.ID, &b.Plate, &b.Remark, at(&b.UpdatedAt), at(&b.DeletedAt))
}

// Black returns the entry of the blacklist with that number, a deleted one too,
// or ErrNotFound.
func (r Reader) Black(ctx context.Context, id int64) (Black, error) {
	b, err := one(ctx, r, scanBlack, `SELECT `+blackColumns+` FROM blacklist WHERE id = ?`, id)
	return named(b, "black", err)
}

// BlackByPlate returns the entry in force of exactly that plate, given in
// normal form, or ErrNotFound.
func (r Reader) BlackByPlate(ctx context.Context, plate string) (Black, error) {
	b, err := one(ctx, r, scanBlack, `SELECT `+blackColumns+` FROM blacklist WHERE plate = ? AND deleted_ms IS NULL`, plate)
	return named(b, "black by plate", err)
}

// BlacksByTail returns the entries in force whose plate is any one character
// (the province) and then tail.
func (r Reader) BlacksByTail(ctx context.Context, tail string) ([]Black, error) {
	b, err := all(ctx, r, scanBlack, `SELECT `+blackColumns+` FROM blacklist WHERE substr(plate, 2) = ? AND deleted_ms IS NULL ORDER BY id`, tail)
	return named(b, "blacks by tail", err)
}

// Blacklist returns the entries in force, by number.
func (r Reader) Blacklist(ctx context.Context) ([]Black, error) {
	b, err := all(ctx, r, scanBlack, `SELECT `+blackColumns+` FROM blacklist WHERE deleted_ms IS NULL ORDER BY id`)
	return named(b, "blacklist", err)
}

// BlacksAlike returns the entries in force that have one of the last three pairs of
// characters as a plate has it, by number. All that differ from it in two characters
// at most, or by a province that one side lacks and one more, are among them. It is
// read for each car that comes in, so the rest of a long list stays in the file.
func (r Reader) BlacksAlike(ctx context.Context, plate string) ([]Black, error) {
	b, err := all(ctx, r, scanBlack, `SELECT `+blackColumns+` FROM blacklist WHERE deleted_ms IS NULL AND (
		substr(plate, -2) = substr(?1, -2) OR substr(plate, -4, 2) = substr(?1, -4, 2) OR substr(plate, -6, 2) = substr(?1, -6, 2)) ORDER BY id`, plate)
	return named(b, "blacklist", err)
}

// InsertBlack adds an entry and returns its number. The error is ErrConflict
// when its plate has one in force.
func (tx *Tx) InsertBlack(ctx context.Context, b Black) (int64, error) {
	id, err := one(ctx, tx.Reader, column[int64], `INSERT INTO blacklist (plate, remark, updated_ms) VALUES (?, ?, ?)
		RETURNING id`, b.Plate, b.Remark, millis(b.UpdatedAt))
	return id, changed("insert black", 1, err)
}

// UpdateBlack replaces an entry in force. The error is ErrNotFound when there
// is none with its number, ErrConflict when its plate has another.
func (tx *Tx) UpdateBlack(ctx context.Context, b Black) error {
	rows, err := tx.exec(ctx, `UPDATE blacklist SET plate = ?, remark = ?, updated_ms = ? WHERE id = ? AND deleted_ms IS NULL`,
		b.Plate, b.Remark, millis(b.UpdatedAt), b.ID)
	return changed("update black", rows, err)
}

// DeleteBlack takes an entry out of force, or returns ErrNotFound.
func (tx *Tx) DeleteBlack(ctx context.Context, id int64, at time.Time) error {
	rows, err := tx.exec(ctx, `UPDATE blacklist SET deleted_ms = ?, updated_ms = ? WHERE id = ? AND deleted_ms IS NULL`, millis(at), millis(at), id)
	return changed("delete black", rows, err)
}
