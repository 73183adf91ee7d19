package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Covers returns what of a stay is free whatever its right is now, oldest first.
func (r Reader) Covers(ctx context.Context, session string) ([]Cover, error) {
	list, err := all(ctx, r, func(rows *sql.Rows, c *Cover) error { return rows.Scan(&c.Session, at(&c.From), at(&c.To)) },
		`SELECT session, from_ms, to_ms FROM covers WHERE session = ? ORDER BY from_ms, to_ms`, session)
	return named(list, "covers", err)
}

// InsertCover adds a part of a stay. One that is there already is no error.
func (tx *Tx) InsertCover(ctx context.Context, c Cover) error {
	_, err := tx.exec(ctx, `INSERT INTO covers (session, from_ms, to_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
		c.Session, millis(c.From), millis(c.To))
	if err != nil {
		return fmt.Errorf("insert cover: %w", err)
	}
	return nil
}
