package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// A Shift is the time that an operator works in a booth with its drawer. Money
// in fen.
type Shift struct {
	ID       int64
	Operator string
	Booth    string   // its name
	Lanes    []string // codes of the lanes that it looks after; none means all
	From     time.Time
	To       time.Time // zero while it lasts
	Float    int64     // in the drawer at the beginning
	Counted  int64     // in the drawer at the end
	Expected int64     // what should have been there by the ledger
	Note     string    // of the hand-over
}

const shiftColumns = `id, operator, booth, lanes, from_ms, to_ms, float, counted, expected, note`

func scanShift(rows *sql.Rows, s *Shift) error {
	var lanes string
	if err := rows.Scan(&s.ID, &s.Operator, &s.Booth, &lanes, at(&s.From), at(&s.To), &s.Float, &s.Counted, &s.Expected, &s.Note); err != nil {
		return err
	}
	return json.Unmarshal([]byte(lanes), &s.Lanes)
}

// Shift returns the shift with that id, or ErrNotFound.
func (r Reader) Shift(ctx context.Context, id int64) (Shift, error) {
	s, err := one(ctx, r, scanShift, `SELECT `+shiftColumns+` FROM shifts WHERE id = ?`, id)
	return named(s, "shift", err)
}

// OpenShift returns the shift that an operator has begun and not ended, or
// ErrNotFound.
func (r Reader) OpenShift(ctx context.Context, operator string) (Shift, error) {
	s, err := one(ctx, r, scanShift, `SELECT `+shiftColumns+` FROM shifts WHERE operator = ? AND to_ms IS NULL`, operator)
	return named(s, "open shift", err)
}

// OpenShiftAt returns the shift that lasts in a booth, or ErrNotFound.
func (r Reader) OpenShiftAt(ctx context.Context, booth string) (Shift, error) {
	s, err := one(ctx, r, scanShift, `SELECT `+shiftColumns+` FROM shifts WHERE booth = ? AND to_ms IS NULL`, booth)
	return named(s, "open shift", err)
}

// A ShiftFilter chooses shifts. Empty fields match all.
type ShiftFilter struct {
	Operator, Booth string
	From, To        time.Time // of the beginning, both included
	Before          int64     // id: only earlier ones; 0 begins with the latest
	Limit           int
}

// Shifts returns one page of the shifts that match, the latest first.
func (r Reader) Shifts(ctx context.Context, f ShiftFilter) ([]Shift, error) {
	var w where
	w.text(`operator = ?`, f.Operator)
	w.text(`booth = ?`, f.Booth)
	w.period(`from_ms`, f.From, f.To)
	if f.Before > 0 {
		w.and(`id < ?`, f.Before)
	}
	s, err := all(ctx, r, scanShift, `SELECT `+shiftColumns+` FROM shifts WHERE `+w.String()+` ORDER BY id DESC LIMIT ?`, append(w.args, f.Limit)...)
	return named(s, "shifts", err)
}

// InsertShift begins a shift and returns its id; that of s is ignored. The error
// is ErrConflict when the operator or the booth has one that lasts.
func (tx *Tx) InsertShift(ctx context.Context, s Shift) (int64, error) {
	lanes, err := json.Marshal(s.Lanes)
	if err != nil {
		return 0, fmt.Errorf("insert shift: %w", err)
	}
	rows, err := tx.exec(ctx, `INSERT INTO shifts (operator, booth, lanes, from_ms, to_ms, float, counted, expected, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		s.Operator, s.Booth, string(lanes), s.From.UnixMilli(), millis(s.To), s.Float, s.Counted, s.Expected, s.Note)
	if err := changed("insert shift", rows, err); err != nil {
		return 0, err
	}
	id, err := one(ctx, tx.Reader, column[int64], `SELECT last_insert_rowid()`)
	return named(id, "insert shift", err)
}

// EndShift writes how a shift ended, or is ErrNotFound when it has ended before.
func (tx *Tx) EndShift(ctx context.Context, s Shift) error {
	rows, err := tx.exec(ctx, `UPDATE shifts SET to_ms = ?, counted = ?, expected = ?, note = ? WHERE id = ? AND to_ms IS NULL`,
		millis(s.To), s.Counted, s.Expected, s.Note, s.ID)
	return changed("end shift", rows, err)
}
