package store

import (
	"context"
	"database/sql"
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
