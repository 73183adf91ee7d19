package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
)

// Areas returns the areas by code, with the cars inside counted from the open
// sessions.
func (r Reader) Areas(ctx context.Context) ([]Area, error) {
	a, err := all(ctx, r, func(rows *sql.Rows, a *Area) error {
		return rows.Scan(&a.Code, &a.Name, &a.Type, &a.Places, &a.Offset, &a.Inside)
	}, `SELECT code, name, type, places, free_offset,
		(SELECT count(*) FROM sessions s WHERE s.area = areas.code AND s.state <= 3)
		FROM areas ORDER BY code`)
	return named(a, "areas", err)
}

// ReplaceAreas makes the areas those of the configuration. The offset of an
// area that stays is kept, that of a new one is taken from list.
func (tx *Tx) ReplaceAreas(ctx context.Context, list []Area) error {
	codes := make([]int, 0, len(list))
	for _, a := range list {
		_, err := tx.exec(ctx, `INSERT INTO areas (code, name, type, places, free_offset) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (code) DO UPDATE SET name = excluded.name, type = excluded.type, places = excluded.places`,
			a.Code, a.Name, a.Type, a.Places, a.Offset)
		if err != nil {
			return fmt.Errorf("replace area %d: %w", a.Code, err)
		}
		codes = append(codes, a.Code)
	}
	return tx.deleteOthers(ctx, `DELETE FROM areas WHERE code NOT IN (SELECT value FROM json_each(?))`, codes)
}

// SetAreaOffset sets what is added to the computed free places, or returns ErrNotFound.
func (tx *Tx) SetAreaOffset(ctx context.Context, code, offset int) error {
	rows, err := tx.exec(ctx, `UPDATE areas SET free_offset = ? WHERE code = ?`, offset, code)
	return changed("set area offset", rows, err)
}

// deleteOthers runs q with the keys that stay, as a JSON array.
func (tx *Tx) deleteOthers(ctx context.Context, q string, keys any) error {
	text, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	if _, err := tx.exec(ctx, q, string(text)); err != nil {
		return fmt.Errorf("delete those gone: %w", err)
	}
	return nil
}
