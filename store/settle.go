package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Cursor returns the number of the last journal row that a platform has dealt
// with, or ErrNotFound for a platform that was never met.
func (r Reader) Cursor(ctx context.Context, platform string) (int64, error) {
	seq, err := one(ctx, r, column[int64], `SELECT cursor FROM platforms WHERE name = ?`, platform)
	return named(seq, "cursor", err)
}

// MeetPlatform begins the cursor of a platform at the end of the journal, and
// reports whether the platform is new. What it is to know of what went before is
// appended afterwards, addressed to it: history as it happened would tell it of
// cars that are long gone.
func (tx *Tx) MeetPlatform(ctx context.Context, platform string) (bool, error) {
	head, err := tx.Head(ctx)
	if err != nil {
		return false, err
	}
	rows, err := tx.exec(ctx, `INSERT INTO platforms (name, cursor) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`, platform, head)
	if err != nil {
		return false, fmt.Errorf("meet platform: %w", err)
	}
	return rows > 0, nil
}

const heldColumns = `seq, key, dead, attempts, not_before_ms, reason`

func scanHeld(rows *sql.Rows, o *Outcome) error {
	var dead bool
	if err := rows.Scan(&o.Seq, &o.Key, &dead, &o.Attempts, at(&o.NotBefore), &o.Reason); err != nil {
		return err
	}
	if dead {
		o.Verdict = Reject
	}
	return nil
}

// Held returns the rows that a platform left behind its cursor, by number: with
// the verdict Keep those that wait, with Reject the dead.
func (r Reader) Held(ctx context.Context, platform string) ([]Outcome, error) {
	list, err := all(ctx, r, scanHeld, `SELECT `+heldColumns+` FROM held WHERE platform = ? ORDER BY seq`, platform)
	return named(list, "held", err)
}

// Waiting returns those of Held that wait, and how many are dead. The dead stay
// until a person decides, so there may be many.
func (r Reader) Waiting(ctx context.Context, platform string) (list []Outcome, dead int, err error) {
	list, err = all(ctx, r, scanHeld, `SELECT `+heldColumns+` FROM held WHERE platform = ? AND dead = 0 ORDER BY seq`, platform)
	if err != nil {
		return nil, 0, fmt.Errorf("waiting: %w", err)
	}
	dead, err = one(ctx, r, column[int], `SELECT count(*) FROM held WHERE platform = ? AND dead = 1`, platform)
	if err != nil {
		return nil, 0, fmt.Errorf("count dead: %w", err)
	}
	return list, dead, nil
}

// Settle moves a platform's cursor and notes what stays behind it, in one
// transaction: Keep makes a row wait, Reject sets it aside as dead, Accept takes
// it away if it was held. The cursor never moves back. Settling is not
// journalled: it happens to the journal.
func (db *DB) Settle(ctx context.Context, platform string, cursor int64, outcomes []Outcome) error {
	err := db.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, `INSERT INTO platforms (name, cursor) VALUES (?, ?)
			ON CONFLICT (name) DO UPDATE SET cursor = max(cursor, excluded.cursor)`, platform, cursor)
		if err != nil {
			return err
		}
		for _, o := range outcomes {
			if err := tx.settle(ctx, platform, o); err != nil {
				return fmt.Errorf("entry %d: %w", o.Seq, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	return nil
}

func (tx *Tx) settle(ctx context.Context, platform string, o Outcome) error {
	if o.Verdict == Accept {
		_, err := tx.exec(ctx, `DELETE FROM held WHERE platform = ? AND seq = ?`, platform, o.Seq)
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO held (platform, seq, key, dead, attempts, not_before_ms, reason) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (platform, seq) DO UPDATE SET key = excluded.key, dead = excluded.dead, attempts = excluded.attempts,
		not_before_ms = excluded.not_before_ms, reason = excluded.reason`,
		platform, o.Seq, o.Key, o.Verdict == Reject, o.Attempts, millis(o.NotBefore), o.Reason)
	return err
}

// Requeue lets a held row, dead or waiting, be tried again at once and with a
// new count of refusals, and journals that. The error is ErrNotFound when it is not
// held.
func (db *DB) Requeue(ctx context.Context, platform string, seq int64) error {
	return db.changeHeld(ctx, "retry", `UPDATE held SET dead = 0, attempts = 0, not_before_ms = NULL WHERE platform = ? AND seq = ?`, platform, seq)
}

// Drop gives a held row up, and journals that: the platform will never get it. The
// error is ErrNotFound when it is not held.
func (db *DB) Drop(ctx context.Context, platform string, seq int64) error {
	return db.changeHeld(ctx, "drop", `DELETE FROM held WHERE platform = ? AND seq = ?`, platform, seq)
}

func (db *DB) changeHeld(ctx context.Context, act, q, platform string, seq int64) error {
	return db.Update(ctx, func(tx *Tx) error {
		rows, err := tx.exec(ctx, q, platform, seq)
		if err := changed(act, rows, err); err != nil {
			return err
		}
		_, err = tx.Append(ctx, KindQueue, "platform:"+platform, QueueFact{Act: act, Seq: seq})
		return err
	})
}
