package store

import (
	"context"
	"database/sql"
)

const deductionColumns = `id, session, platform, asked_ms, asked, state, taken, answered_ms, corrected_ms`

func scanDeduction(rows *sql.Rows, d *Deduction) error {
	return rows.Scan(&d.ID, &d.Session, &d.Platform, at(&d.AskedAt), &d.Asked, &d.State, &d.Taken, at(&d.AnsweredAt), at(&d.CorrectedAt))
}

// Deduction returns the deduction with that identity, or ErrNotFound.
func (r Reader) Deduction(ctx context.Context, id string) (Deduction, error) {
	d, err := one(ctx, r, scanDeduction, `SELECT `+deductionColumns+` FROM deductions WHERE id = ?`, id)
	return named(d, "deduction", err)
}

// Deductions returns the deductions of a session, oldest first.
func (r Reader) Deductions(ctx context.Context, session string) ([]Deduction, error) {
	d, err := all(ctx, r, scanDeduction, `SELECT `+deductionColumns+` FROM deductions WHERE session = ? ORDER BY asked_ms, id`, session)
	return named(d, "deductions", err)
}

// InsertDeduction adds a deduction that is about to be asked for.
func (tx *Tx) InsertDeduction(ctx context.Context, d Deduction) error {
	rows, err := tx.exec(ctx, `INSERT INTO deductions (id, session, platform, asked_ms, asked, state, taken, answered_ms, corrected_ms)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		d.ID, d.Session, d.Platform, millis(d.AskedAt), d.Asked, d.State, d.Taken, millis(d.AnsweredAt), millis(d.CorrectedAt))
	return changed("insert deduction", rows, err)
}

// UpdateDeduction notes what became of a deduction, or returns ErrNotFound.
func (tx *Tx) UpdateDeduction(ctx context.Context, d Deduction) error {
	rows, err := tx.exec(ctx, `UPDATE deductions SET state = ?, taken = ?, answered_ms = ?, corrected_ms = ? WHERE id = ?`,
		d.State, d.Taken, millis(d.AnsweredAt), millis(d.CorrectedAt), d.ID)
	return changed("update deduction", rows, err)
}
