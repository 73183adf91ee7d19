package store

import (
	"context"
	"fmt"
	"time"
)

// FirstAnswer returns what a client was answered to the same request since a
// time, or ErrNotFound. The digest is whatever tells requests apart.
func (r Reader) FirstAnswer(ctx context.Context, client, digest string, since time.Time) (string, error) {
	text, err := one(ctx, r, column[string], `SELECT answer FROM answers WHERE client = ? AND digest = ? AND at_ms >= ?`,
		client, digest, since.UnixMilli())
	return named(text, "first answer", err)
}

// KeepAnswer keeps what a client is answered at a time, for when the same
// request comes again, and forgets the answers from before since.
func (tx *Tx) KeepAnswer(ctx context.Context, client, digest, answer string, at, since time.Time) error {
	if _, err := tx.exec(ctx, `DELETE FROM answers WHERE at_ms < ?`, since.UnixMilli()); err != nil {
		return fmt.Errorf("forget answers: %w", err)
	}
	_, err := tx.exec(ctx, `INSERT INTO answers (client, digest, answer, at_ms) VALUES (?, ?, ?, ?)
		ON CONFLICT (client, digest) DO UPDATE SET answer = excluded.answer, at_ms = excluded.at_ms`, client, digest, answer, at.UnixMilli())
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	return nil
}
