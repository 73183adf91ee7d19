package store

import (
	"context"
	"database/sql"
)

const orderColumns = `no, session, kind, lane, client, created_ms, expires_ms, total, credit, paid, waived, payable, state, settled_ms, scanned_ms, scanned_by`

func scanOrder(rows *sql.Rows, o *Order) error {
	return rows.Scan(&o.No, &o.Session, &o.Kind, &o.Lane, &o.Client, at(&o.CreatedAt), at(&o.ExpiresAt),
		&o.Total, &o.Credit, &o.Paid, &o.Waived, &o.Payable, &o.State, at(&o.SettledAt), at(&o.ScannedAt), &o.ScannedBy)
}

// Order returns the order with that number, or ErrNotFound.
func (r Reader) Order(ctx context.Context, no string) (Order, error) {
	o, err := one(ctx, r, scanOrder, `SELECT `+orderColumns+` FROM orders WHERE no = ?`, no)
	return named(o, "order", err)
}

// UnpaidOrders returns the orders of a session that were not paid, expired ones
// too, oldest first.
func (r Reader) UnpaidOrders(ctx context.Context, session string) ([]Order, error) {
	o, err := all(ctx, r, scanOrder, `SELECT `+orderColumns+` FROM orders WHERE session = ? AND state = 0 ORDER BY created_ms, no`, session)
	return named(o, "unpaid orders", err)
}

// InsertOrder adds an order. The error is ErrConflict when its number is taken.
func (tx *Tx) InsertOrder(ctx context.Context, o Order) error {
	rows, err := tx.exec(ctx, `INSERT INTO orders (session, kind, lane, client, created_ms, expires_ms, total, credit, paid, waived, payable, state, settled_ms, scanned_ms, scanned_by, no)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, orderValues(o)...)
	return changed("insert order", rows, err)
}

// UpdateOrder replaces an order, or returns ErrNotFound.
func (tx *Tx) UpdateOrder(ctx context.Context, o Order) error {
	rows, err := tx.exec(ctx, `UPDATE orders SET session = ?, kind = ?, lane = ?, client = ?, created_ms = ?, expires_ms = ?,
		total = ?, credit = ?, paid = ?, waived = ?, payable = ?, state = ?, settled_ms = ?, scanned_ms = ?, scanned_by = ? WHERE no = ?`, orderValues(o)...)
	return changed("update order", rows, err)
}

func orderValues(o Order) []any {
	return []any{
		o.Session, o.Kind, o.Lane, o.Client, millis(o.CreatedAt), millis(o.ExpiresAt),
		o.Total, o.Credit, o.Paid, o.Waived, o.Payable, o.State, millis(o.SettledAt), millis(o.ScannedAt), o.ScannedBy, o.No,
	}
}
