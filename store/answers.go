package store

import (
	"context"
	"fmt"
	"time"
)

// FirstAnswer returns what a client was answered to the same request at most d
// before now, or ErrNotFound. The digest is whatever tells requests apart.
//
// An answer from at most d after now counts as well: a clock that is set back by
// some seconds between a request and its repetition must not let it be done twice.
// One from later does not: if the clock was an hour ahead, what a client means to
// do again would be answered as done for an hour.
func (r Reader) FirstAnswer(ctx context.Context, client, digest string, now time.Time, d time.Duration) (string, error) {
	text, err := one(ctx, r, column[string], `SELECT answer FROM answers WHERE client = ? AND digest = ? AND at_ms BETWEEN ? AND ?`,
		client, digest, now.Add(-d).UnixMilli(), now.Add(d).UnixMilli())
	return named(text, "first answer", err)
}

// KeepAnswer keeps what a client is answered now, for when the same request comes
// again, and forgets the answers that FirstAnswer finds no more.
func (tx *Tx) KeepAnswer(ctx context.Context, client, digest, answer string, now time.Time, d time.Duration) error {
	_, err := tx.exec(ctx, `DELETE FROM answers WHERE at_ms NOT BETWEEN ? AND ?`, now.Add(-d).UnixMilli(), now.Add(d).UnixMilli())
	if err != nil {
		return fmt.Errorf("forget answers: %w", err)
	}
	_, err = tx.exec(ctx, `INSERT INTO answers (client, digest, answer, at_ms) VALUES (?, ?, ?, ?)
		ON CONFLICT (client, digest) DO UPDATE SET answer = excluded.answer, at_ms = excluded.at_ms`, client, digest, answer, now.UnixMilli())
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	return nil
}
