package store

import (
	"context"
	"time"
)

// Visits returns the sessions of a plate, given in normal form, whose car has
// left between two moments, both included, in the order of leaving.
func (r Reader) Visits(ctx context.Context, plate string, from, to time.Time) ([]Session, error) {
	s, err := all(ctx, r, scanSession, `SELECT `+sessionColumns+` FROM sessions s
		WHERE s.plate = ? AND s.state = 4 AND s.left_ms >= ? AND s.left_ms <= ? ORDER BY s.left_ms, s.rowid`, plate, from.UnixMilli(), to.UnixMilli())
	return named(s, "visits", err)
}
