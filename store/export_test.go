package store

import (
	"context"
	"database/sql"
	"errors"
)

// FileURI is for the Windows paths that this system cannot have.
var FileURI = fileURI

// Pragma reads one setting of the connection that answers.
func (r Reader) Pragma(ctx context.Context, name string) (string, error) {
	return one(ctx, r, column[string], `PRAGMA `+name)
}

// Exec runs any statement in the transaction.
func (tx *Tx) Exec(ctx context.Context, q string) error {
	_, err := tx.exec(ctx, q)
	return err
}

// Rows opens a read that the test paces.
func (db *DB) Rows(ctx context.Context, q string) (*sql.Rows, error) { return db.q.query(ctx, q) }

// MakeOld makes the file that a program with only the scripts up to version
// left behind.
func MakeOld(ctx context.Context, path string, version int64) error {
	pool, err := sql.Open("sqlite", writerDSN(path))
	if err != nil {
		return err
	}
	p, err := scripts(pool)
	if err == nil {
		_, err = p.UpTo(ctx, version)
	}
	return errors.Join(err, pool.Close())
}
