package store

import (
	"context"
	"database/sql"
	"time"
)

// A LedgerFilter chooses rows of the ledger. Empty fields match all.
type LedgerFilter struct {
	From, To time.Time // of booking, both included to the millisecond
	Only     LedgerPart
	Operator string
	Shift    int64
	Booth    string // of the shift
	Lane     string // at which the order was made
	Client   string
	Plate    string // any part of it
	Terminal *int
	PayType  *int
}

// A LedgerPart is what of the ledger a report is about. The zero value is all.
type LedgerPart uint8

// The parts. A row may belong to more than one.
const (
	LedgerAll       LedgerPart = iota
	LedgerBooths               // what operators did
	LedgerMoney                // money that was taken or given back
	LedgerDiscounts            // what was waived, or taken back of that
)

// A LedgerRow is a row of the ledger with what a report says beside it.
type LedgerRow struct {
	Seq int64
	Payment

	Plate, CardNo string
	CarType       int
	EnteredAt     time.Time
	Lane          string // at which the order was made; empty in the lot
	Booth         string // of the shift; empty without one
}

const ledgerFrom = ` FROM payments p JOIN sessions s ON s.id = p.session LEFT JOIN orders o ON o.no = p.order_no LEFT JOIN shifts h ON h.id = p.shift WHERE `

func scanLedgerRow(rows *sql.Rows, l *LedgerRow) error {
	p := &l.Payment
	return rows.Scan(&l.Seq, &p.ID, &p.Order, &p.Session, &p.Kind, &p.Amount, &p.Discount, &p.FreeMoney, &p.FreeMinutes, &p.Rounding, &p.Over,
		&p.PayType, &p.PayMethod, &p.Terminal, &p.Client, &p.FreeDetail, at(&p.PaidAt),
		&p.Refers, &p.Operator, &p.Shift, &p.Given, &p.Grant, &p.GrantKind, &p.GrantValue,
		&l.Plate, &l.CardNo, &l.CarType, at(&l.EnteredAt), &l.Lane, &l.Booth)
}

// Ledger returns one page of the ledger's rows that match, oldest first, that come
// after m.
func (r Reader) Ledger(ctx context.Context, f LedgerFilter, m Mark, limit int) ([]LedgerRow, error) {
	w := f.where()
	w.after(m, `p.paid_ms`, `p.seq`)
	rows, err := all(ctx, r, scanLedgerRow, `SELECT p.seq, p.id, coalesce(p.order_no, ''), p.session, p.kind, p.amount, p.discount, p.free_money,
		p.free_minutes, p.rounding, p.over, p.pay_type, p.pay_method, p.terminal, p.client, p.free_detail, p.paid_ms,
		coalesce(p.refers, ''), p.operator, p.shift, p.given, p.grant_name, p.grant_kind, p.grant_value,
		s.plate, s.card_no, s.car_type, s.entered_ms, coalesce(o.lane, ''), coalesce(h.booth, '')`+
		ledgerFrom+w.String()+` ORDER BY p.paid_ms, p.seq LIMIT ?`, append(w.args, limit)...)
	return named(rows, "ledger", err)
}

// A LedgerSum is what rows of the ledger that are alike add up to. Money in fen.
type LedgerSum struct {
	Terminal, PayType, PayMethod int
	Kind                         PaymentKind

	Rows        int
	Taken       int64 // money
	GivenBack   int64 // of Taken, by rows that take it back; not negative
	Discount    int64
	FreeMoney   int64
	FreeMinutes int64
	Rounding    int64
	Over        int64
	HandedOver  int64 // in cash, change included
}

// LedgerSums adds up the rows of the ledger that match, by how they were paid.
func (r Reader) LedgerSums(ctx context.Context, f LedgerFilter) ([]LedgerSum, error) {
	w := f.where()
	sums, err := all(ctx, r, func(rows *sql.Rows, s *LedgerSum) error {
		return rows.Scan(&s.Terminal, &s.PayType, &s.PayMethod, &s.Kind, &s.Rows, &s.Taken, &s.GivenBack, &s.Discount, &s.FreeMoney,
			&s.FreeMinutes, &s.Rounding, &s.Over, &s.HandedOver)
	}, `SELECT p.terminal, p.pay_type, p.pay_method, p.kind, count(*), sum(max(p.amount, 0)), sum(max(-p.amount, 0)), sum(p.discount), sum(p.free_money),
		sum(p.free_minutes), sum(p.rounding), sum(p.over), sum(max(p.given, p.amount, 0))`+
		ledgerFrom+w.String()+` GROUP BY p.terminal, p.pay_type, p.pay_method, p.kind ORDER BY p.terminal, p.pay_type, p.pay_method, p.kind`, w.args...)
	return named(sums, "ledger sums", err)
}

func (f LedgerFilter) where() *where {
	w := &where{}
	w.period(`p.paid_ms`, f.From, f.To)
	switch f.Only {
	case LedgerBooths:
		w.and(`p.operator <> ''`)
	case LedgerMoney:
		w.and(`p.amount <> 0`)
	case LedgerDiscounts:
		w.and(`(p.discount <> 0 OR p.free_money <> 0 OR p.free_minutes <> 0 OR p.grant_kind <> 0)`)
	}
	w.text(`p.operator = ?`, f.Operator)
	if f.Shift != 0 {
		w.and(`p.shift = ?`, f.Shift)
		w.and(`p.shift <> 0`) // said once more, so that the index of shifts serves
	}
	w.text(`h.booth = ?`, f.Booth)
	w.text(`o.lane = ?`, f.Lane)
	w.text(`p.client = ?`, f.Client)
	w.text(`instr(s.plate, ?) > 0`, f.Plate)
	w.number(`p.terminal = ?`, f.Terminal)
	w.number(`p.pay_type = ?`, f.PayType)
	return w
}
