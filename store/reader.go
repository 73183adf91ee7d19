package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// A Reader answers every question about the books. That of a [DB] sees what is
// committed; that of a [Tx] sees what the transaction has changed as well.
// Lists are empty, not errors, when nothing matches.
type Reader struct{ q querier }

// A querier runs one SELECT.
type querier interface {
	query(ctx context.Context, q string, args ...any) (*sql.Rows, error)
}

// pooled is the querier of a DB.
type pooled struct{ db *sql.DB }

func (p pooled) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return p.db.QueryContext(ctx, q, args...)
}

// all returns the rows of q, each read by scan.
func all[T any](ctx context.Context, r Reader, scan func(*sql.Rows, *T) error, q string, args ...any) ([]T, error) {
	rows, err := r.q.query(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		var v T
		if err := scan(rows, &v); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// one returns the first row of q, or ErrNotFound.
func one[T any](ctx context.Context, r Reader, scan func(*sql.Rows, *T) error, q string, args ...any) (T, error) {
	var none T
	list, err := all(ctx, r, scan, q, args...)
	if err != nil {
		return none, err
	}
	if len(list) == 0 {
		return none, ErrNotFound
	}
	return list[0], nil
}

// column reads a row of one column.
func column[T any](rows *sql.Rows, v *T) error { return rows.Scan(v) }

// named adds what was asked for to an error.
func named[T any](v T, what string, err error) (T, error) {
	if err != nil {
		return v, fmt.Errorf("%s: %w", what, err)
	}
	return v, nil
}

// millis is a time as a column holds it: NULL for the zero time.
func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// at scans such a column into t.
func at(t *time.Time) sql.Scanner { return (*instant)(t) }

type instant time.Time

// Scan implements sql.Scanner.
func (i *instant) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*i = instant{}
	case int64:
		*i = instant(time.UnixMilli(v).UTC())
	default:
		return fmt.Errorf("a %T is no time", v)
	}
	return nil
}

// nullText is a text as a column with a reference holds it: NULL for "".
func nullText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// nullNumber is a number as a column with a reference holds it: NULL for 0.
func nullNumber(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

// changed turns the end of a write into the errors that callers know: a broken
// uniqueness is ErrConflict, an update of nothing ErrNotFound.
func changed(what string, rows int64, err error) error {
	var e *sqlite.Error
	switch {
	case err == nil && rows == 0:
		err = ErrNotFound
	case err == nil:
		return nil
	case errors.As(err, &e) && (e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY):
		err = fmt.Errorf("%w: %v", ErrConflict, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
