package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A Move is that a car passed from one area of the car park into another.
type Move struct {
	Session  string
	At       time.Time
	Lane     string // lane code
	From, To int    // area codes; From is where the books had the car
}

// Moves returns the moves of a stay in the order in which they were seen.
func (r Reader) Moves(ctx context.Context, session string) ([]Move, error) {
	list, err := all(ctx, r, func(rows *sql.Rows, m *Move) error {
		return rows.Scan(&m.Session, at(&m.At), &m.Lane, &m.From, &m.To)
	}, `SELECT session, at_ms, lane, from_area, to_area FROM moves WHERE session = ? ORDER BY seq`, session)
	return named(list, "moves", err)
}

// InsertMove adds a move. Whoever calls it writes the session's new area too.
func (tx *Tx) InsertMove(ctx context.Context, m Move) error {
	_, err := tx.exec(ctx, `INSERT INTO moves (session, at_ms, lane, from_area, to_area) VALUES (?, ?, ?, ?, ?)`,
		m.Session, millis(m.At), m.Lane, m.From, m.To)
	if err != nil {
		return changed("insert move", 0, err)
	}
	return nil
}

// InsideByType returns how many cars of each car type are inside an area.
func (r Reader) InsideByType(ctx context.Context, area int) (map[int]int, error) {
	type count struct{ carType, n int }
	list, err := all(ctx, r, func(rows *sql.Rows, c *count) error { return rows.Scan(&c.carType, &c.n) },
		`SELECT s.car_type, count(*) FROM sessions s WHERE s.area = ? AND s.state <= 3 GROUP BY s.car_type`, area)
	if err != nil {
		return nil, fmt.Errorf("inside by type: %w", err)
	}
	counts := map[int]int{}
	for _, c := range list {
		counts[c.carType] = c.n
	}
	return counts, nil
}

// UnknownEntry reports whether nobody saw the car of a session come in, and what
// its stay costs, in fen.
func (r Reader) UnknownEntry(ctx context.Context, session string) (fee int64, unknown bool, err error) {
	fee, err = one(ctx, r, column[int64], `SELECT fee FROM unknown_entries WHERE session = ?`, session)
	if errors.Is(err, ErrNotFound) {
		return 0, false, nil
	}
	fee, err = named(fee, "unknown entry", err)
	return fee, err == nil, err
}

// InsideUnknown returns the sessions in state Inside whose car nobody saw come in,
// oldest first.
func (r Reader) InsideUnknown(ctx context.Context) ([]Session, error) {
	s, err := all(ctx, r, scanSession, `SELECT `+sessionColumns+` FROM sessions s JOIN unknown_entries u ON u.session = s.id
		WHERE s.state = 2 AND s.state <= 3 ORDER BY s.entered_ms, s.id`)
	return named(s, "inside of unknown entry", err)
}

// InsertUnknownEntry notes that nobody saw the car of a session come in, and what
// its stay costs. The error is ErrConflict when that was noted before.
func (tx *Tx) InsertUnknownEntry(ctx context.Context, session string, fee int64) error {
	rows, err := tx.exec(ctx, `INSERT INTO unknown_entries (session, fee) VALUES (?, ?)`, session, fee)
	return changed("insert unknown entry", rows, err)
}
