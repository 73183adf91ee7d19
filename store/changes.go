package store

import (
	"context"
	"database/sql"
	"time"
)

const changeColumns = `no, order_no, session, kiosk, due, inserted, paid_ms, settled_ms, charge_type, account, client`

func scanChange(rows *sql.Rows, c *Change) error {
	return rows.Scan(&c.No, &c.Order, &c.Session, &c.Kiosk, &c.Due, &c.Inserted, at(&c.PaidAt), at(&c.SettledAt), &c.Type, &c.Account, &c.Client)
}

// Change returns the change order with that number, or ErrNotFound.
func (r Reader) Change(ctx context.Context, no string) (Change, error) {
	c, err := one(ctx, r, scanChange, `SELECT `+changeColumns+` FROM changes WHERE no = ?`, no)
	return named(c, "change", err)
}

// A ChangeFilter chooses change orders: those made in the period, both ends
// included, and all that are still owed.
type ChangeFilter struct {
	From, To      time.Time
	Offset, Limit int // the page; Limit 0 means all
}

// Changes returns one page of the change orders that match, oldest first.
func (r Reader) Changes(ctx context.Context, f ChangeFilter) ([]Change, error) {
	limit := f.Limit
	if limit <= 0 {
		limit = -1
	}
	c, err := all(ctx, r, scanChange, `SELECT `+changeColumns+` FROM changes WHERE settled_ms IS NULL OR paid_ms BETWEEN ? AND ?
		ORDER BY paid_ms, no LIMIT ? OFFSET ?`, f.From.UnixMilli(), f.To.UnixMilli(), limit, max(f.Offset, 0))
	return named(c, "changes", err)
}

// InsertChange adds a change order. The error is ErrConflict when its number is
// taken.
func (tx *Tx) InsertChange(ctx context.Context, c Change) error {
	rows, err := tx.exec(ctx, `INSERT INTO changes (no, order_no, session, kiosk, due, inserted, paid_ms, settled_ms, charge_type, account, client)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.No, c.Order, c.Session, c.Kiosk, c.Due, c.Inserted, millis(c.PaidAt), millis(c.SettledAt), c.Type, c.Account, c.Client)
	return changed("insert change", rows, err)
}

// SettleChange notes how a change order was settled. The error is ErrNotFound
// when there is none with its number that is still owed.
func (tx *Tx) SettleChange(ctx context.Context, c Change) error {
	rows, err := tx.exec(ctx, `UPDATE changes SET settled_ms = ?, charge_type = ?, account = ?, client = ? WHERE no = ? AND settled_ms IS NULL`,
		millis(c.SettledAt), c.Type, c.Account, c.Client, c.No)
	return changed("settle change", rows, err)
}
