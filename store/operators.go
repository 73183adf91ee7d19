package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// An Operator is a person who may sign in at a booth.
type Operator struct {
	Name      string
	Hash      string // of the password, as package booth writes it; never shown
	Role      string // operator, manager or installer
	UpdatedAt time.Time
}

// A Login is one sign-in of an operator that has not ended.
type Login struct {
	Digest    string // of the token, in hexadecimal
	Operator  string
	Address   string // where it came from
	From      time.Time
	ExpiresAt time.Time
}

const operatorColumns = `name, hash, role, updated_ms`

func scanOperator(rows *sql.Rows, o *Operator) error {
	return rows.Scan(&o.Name, &o.Hash, &o.Role, at(&o.UpdatedAt))
}

// Operators returns the operators by name.
func (r Reader) Operators(ctx context.Context) ([]Operator, error) {
	o, err := all(ctx, r, scanOperator, `SELECT `+operatorColumns+` FROM operators ORDER BY name`)
	return named(o, "operators", err)
}

// Operator returns the operator with that name, or ErrNotFound.
func (r Reader) Operator(ctx context.Context, name string) (Operator, error) {
	o, err := one(ctx, r, scanOperator, `SELECT `+operatorColumns+` FROM operators WHERE name = ?`, name)
	return named(o, "operator", err)
}

// InsertOperator adds an operator. The error is ErrConflict when the name is
// taken.
func (tx *Tx) InsertOperator(ctx context.Context, o Operator) error {
	rows, err := tx.exec(ctx, `INSERT INTO operators (name, hash, role, updated_ms) VALUES (?, ?, ?, ?)`, o.Name, o.Hash, o.Role, millis(o.UpdatedAt))
	return changed("insert operator", rows, err)
}

// UpdateOperator replaces what is known of an operator, or is ErrNotFound.
func (tx *Tx) UpdateOperator(ctx context.Context, o Operator) error {
	rows, err := tx.exec(ctx, `UPDATE operators SET hash = ?, role = ?, updated_ms = ? WHERE name = ?`, o.Hash, o.Role, millis(o.UpdatedAt), o.Name)
	return changed("update operator", rows, err)
}

// DeleteOperator removes an operator with his sign-ins, or is ErrNotFound. What
// he did stays in the journal, the ledger and the shifts.
func (tx *Tx) DeleteOperator(ctx context.Context, name string) error {
	if err := tx.DeleteLoginsOf(ctx, name, ""); err != nil {
		return err
	}
	rows, err := tx.exec(ctx, `DELETE FROM operators WHERE name = ?`, name)
	return changed("delete operator", rows, err)
}

// LoginByDigest returns the sign-in whose token has that digest, expired or
// not, or ErrNotFound.
func (r Reader) LoginByDigest(ctx context.Context, digest string) (Login, error) {
	l, err := one(ctx, r, func(rows *sql.Rows, l *Login) error {
		return rows.Scan(&l.Digest, &l.Operator, &l.Address, at(&l.From), at(&l.ExpiresAt))
	}, `SELECT digest, operator, address, from_ms, expires_ms FROM logins WHERE digest = ?`, digest)
	return named(l, "login", err)
}

// InsertLogin adds a sign-in and forgets those that have expired by its
// beginning.
func (tx *Tx) InsertLogin(ctx context.Context, l Login) error {
	if _, err := tx.exec(ctx, `DELETE FROM logins WHERE expires_ms <= ?`, l.From.UnixMilli()); err != nil {
		return fmt.Errorf("forget logins: %w", err)
	}
	rows, err := tx.exec(ctx, `INSERT INTO logins (digest, operator, address, from_ms, expires_ms) VALUES (?, ?, ?, ?, ?)`,
		l.Digest, l.Operator, l.Address, millis(l.From), l.ExpiresAt.UnixMilli())
	return changed("insert login", rows, err)
}

// ExtendLogin moves the end of a sign-in, or is ErrNotFound.
func (tx *Tx) ExtendLogin(ctx context.Context, digest string, until time.Time) error {
	rows, err := tx.exec(ctx, `UPDATE logins SET expires_ms = ? WHERE digest = ?`, until.UnixMilli(), digest)
	return changed("extend login", rows, err)
}

// DeleteLogin ends a sign-in, or is ErrNotFound.
func (tx *Tx) DeleteLogin(ctx context.Context, digest string) error {
	rows, err := tx.exec(ctx, `DELETE FROM logins WHERE digest = ?`, digest)
	return changed("delete login", rows, err)
}

// DeleteLoginsOf ends all sign-ins of an operator but the one with the digest
// but, which may be empty.
func (tx *Tx) DeleteLoginsOf(ctx context.Context, operator, but string) error {
	if _, err := tx.exec(ctx, `DELETE FROM logins WHERE operator = ? AND digest <> ?`, operator, but); err != nil {
		return fmt.Errorf("delete logins: %w", err)
	}
	return nil
}
