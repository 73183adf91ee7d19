package store

import (
	"context"
	"database/sql"
)

const bookingColumns = `id, plate, pre_money, pre_used, valid_from_ms, valid_to_ms, type, coalesce(used_by, ''), client, created_ms, deleted_ms`

func scanBooking(rows *sql.Rows, b *Booking) error {
	return rows.Scan(&b.ID, &b.Plate, &b.PreMoney, &b.PreUsed, at(&b.From), at(&b.To), &b.Type, &b.UsedBy, &b.Client,
		at(&b.CreatedAt), at(&b.DeletedAt))
}

// Booking returns the booking with that number, a deleted one too, or
// ErrNotFound.
func (r Reader) Booking(ctx context.Context, id int64) (Booking, error) {
	b, err := one(ctx, r, scanBooking, `SELECT `+bookingColumns+` FROM bookings WHERE id = ?`, id)
	return named(b, "booking", err)
}

// BookingsByPlate returns the bookings of exactly that plate, given in normal
// form, that are not deleted, by number.
func (r Reader) BookingsByPlate(ctx context.Context, plate string) ([]Booking, error) {
	b, err := all(ctx, r, scanBooking, `SELECT `+bookingColumns+` FROM bookings WHERE plate = ? AND deleted_ms IS NULL ORDER BY id`, plate)
	return named(b, "bookings by plate", err)
}

// BookingsByTail returns the bookings that are not deleted of plates that are
// any one character (the province) and then tail, by number.
func (r Reader) BookingsByTail(ctx context.Context, tail string) ([]Booking, error) {
	b, err := all(ctx, r, scanBooking, `SELECT `+bookingColumns+` FROM bookings WHERE substr(plate, 2) = ? AND deleted_ms IS NULL ORDER BY id`, tail)
	return named(b, "bookings by tail", err)
}

// InsertBooking adds a booking and returns its number.
func (tx *Tx) InsertBooking(ctx context.Context, b Booking) (int64, error) {
	id, err := one(ctx, tx.Reader, column[int64], `INSERT INTO bookings (plate, pre_money, pre_used, valid_from_ms, valid_to_ms, type, used_by,
		client, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		b.Plate, b.PreMoney, b.PreUsed, millis(b.From), millis(b.To), b.Type, nullText(b.UsedBy), b.Client, millis(b.CreatedAt))
	return id, changed("insert booking", 1, err)
}

// UpdateBooking replaces a booking, or returns ErrNotFound. Setting DeletedAt
// ends it.
func (tx *Tx) UpdateBooking(ctx context.Context, b Booking) error {
	rows, err := tx.exec(ctx, `UPDATE bookings SET plate = ?, pre_money = ?, pre_used = ?, valid_from_ms = ?, valid_to_ms = ?, type = ?, used_by = ?,
		client = ?, created_ms = ?, deleted_ms = ? WHERE id = ?`,
		b.Plate, b.PreMoney, b.PreUsed, millis(b.From), millis(b.To), b.Type, nullText(b.UsedBy), b.Client, millis(b.CreatedAt), millis(b.DeletedAt), b.ID)
	return changed("update booking", rows, err)
}
