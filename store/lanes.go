package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Holds returns the codes of the lanes whose gate is held open, sorted.
func (r Reader) Holds(ctx context.Context) ([]string, error) {
	lanes, err := all(ctx, r, column[string], `SELECT lane FROM holds ORDER BY lane`)
	return named(lanes, "holds", err)
}

// SetHold notes whether a lane's gate is held open.
func (tx *Tx) SetHold(ctx context.Context, lane string, on bool) error {
	q := `DELETE FROM holds WHERE lane = ?`
	if on {
		q = `INSERT INTO holds (lane) VALUES (?) ON CONFLICT (lane) DO NOTHING`
	}
	if _, err := tx.exec(ctx, q, lane); err != nil {
		return fmt.Errorf("set hold: %w", err)
	}
	return nil
}

// LaneCars returns the cars that stand at lanes, by lane.
func (r Reader) LaneCars(ctx context.Context) ([]LaneCar, error) {
	cars, err := all(ctx, r, func(rows *sql.Rows, c *LaneCar) error {
		return rows.Scan(&c.Lane, &c.Session, at(&c.Since))
	}, `SELECT lane, session, since_ms FROM lane_cars ORDER BY lane`)
	return named(cars, "lane cars", err)
}

// SetLaneCar notes the car that stands at a lane, in place of the one before.
func (tx *Tx) SetLaneCar(ctx context.Context, c LaneCar) error {
	_, err := tx.exec(ctx, `INSERT INTO lane_cars (lane, session, since_ms) VALUES (?, ?, ?)
		ON CONFLICT (lane) DO UPDATE SET session = excluded.session, since_ms = excluded.since_ms`, c.Lane, c.Session, millis(c.Since))
	if err != nil {
		return fmt.Errorf("set lane car: %w", err)
	}
	return nil
}

// ClearLaneCar notes that no car stands at a lane.
func (tx *Tx) ClearLaneCar(ctx context.Context, lane string) error {
	if _, err := tx.exec(ctx, `DELETE FROM lane_cars WHERE lane = ?`, lane); err != nil {
		return fmt.Errorf("clear lane car: %w", err)
	}
	return nil
}
