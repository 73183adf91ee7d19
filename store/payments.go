package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
)

const paymentColumns = `id, coalesce(order_no, ''), session, kind, amount, discount, free_money, free_minutes, rounding, over,
	pay_type, pay_method, terminal, client, free_detail, paid_ms,
	coalesce(refers, ''), operator, shift, given, grant_name, grant_kind, grant_value`

// notCounting are the kinds of rows that PaymentKind.Counts is false of.
const notCounting = `(2, 4, 7)`

func scanPayment(rows *sql.Rows, p *Payment) error {
	return rows.Scan(&p.ID, &p.Order, &p.Session, &p.Kind, &p.Amount, &p.Discount, &p.FreeMoney, &p.FreeMinutes, &p.Rounding, &p.Over,
		&p.PayType, &p.PayMethod, &p.Terminal, &p.Client, &p.FreeDetail, at(&p.PaidAt),
		&p.Refers, &p.Operator, &p.Shift, &p.Given, &p.Grant, &p.GrantKind, &p.GrantValue)
}

// Payments returns the ledger rows of a session, oldest first.
func (r Reader) Payments(ctx context.Context, session string) ([]Payment, error) {
	p, err := all(ctx, r, scanPayment, `SELECT `+paymentColumns+` FROM payments WHERE session = ? ORDER BY paid_ms, seq`, session)
	return named(p, "payments", err)
}

// PaymentsOf returns the ledger rows of many sessions, by session, oldest first.
func (r Reader) PaymentsOf(ctx context.Context, sessions []Session) (map[string][]Payment, error) {
	ids := make([]string, len(sessions))
	for i, s := range sessions {
		ids[i] = s.ID
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("payments: %w", err)
	}
	rows, err := all(ctx, r, scanPayment, `SELECT `+paymentColumns+` FROM payments
		WHERE session IN (SELECT value FROM json_each(?)) ORDER BY paid_ms, seq`, string(list))
	if err != nil {
		return nil, fmt.Errorf("payments: %w", err)
	}
	by := map[string][]Payment{}
	for _, p := range rows {
		by[p.Session] = append(by[p.Session], p)
	}
	return by, nil
}

// Payment returns the ledger row with that identity, or ErrNotFound.
func (r Reader) Payment(ctx context.Context, id string) (Payment, error) {
	p, err := one(ctx, r, scanPayment, `SELECT `+paymentColumns+` FROM payments WHERE id = ?`, id)
	return named(p, "payment", err)
}

// PaymentsReferring returns the rows that take back, or have moved, the row
// with that identity, in whichever session, oldest first.
func (r Reader) PaymentsReferring(ctx context.Context, id string) ([]Payment, error) {
	p, err := all(ctx, r, scanPayment, `SELECT `+paymentColumns+` FROM payments WHERE refers = ? ORDER BY seq`, id)
	return named(p, "payments that refer", err)
}

// PaymentOfOrder returns what was paid for an order, be it money that counts or
// an orphan, or ErrNotFound.
func (r Reader) PaymentOfOrder(ctx context.Context, orderNo string) (Payment, error) {
	p, err := one(ctx, r, scanPayment, `SELECT `+paymentColumns+` FROM payments WHERE order_no = ? AND kind IN (0, 2)`, orderNo)
	return named(p, "payment of order", err)
}

// InsertPayment adds a row to the ledger. The error is ErrConflict when the
// order has a PaymentMoney or PaymentOrphan row already and p would be another.
func (tx *Tx) InsertPayment(ctx context.Context, p Payment) error {
	rows, err := tx.exec(ctx, `INSERT INTO payments (id, order_no, session, kind, amount, discount, free_money, free_minutes, rounding, over,
		pay_type, pay_method, terminal, client, free_detail, paid_ms,
		refers, operator, shift, given, grant_name, grant_kind, grant_value)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.ID, nullText(p.Order), p.Session, p.Kind, p.Amount, p.Discount, p.FreeMoney, p.FreeMinutes, p.Rounding, p.Over,
		p.PayType, p.PayMethod, p.Terminal, p.Client, p.FreeDetail, millis(p.PaidAt),
		nullText(p.Refers), p.Operator, p.Shift, p.Given, p.Grant, p.GrantKind, p.GrantValue)
	return changed("insert payment", rows, err)
}
