package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Books are the sums of everything, to see that they balance:
// Fee + Over == Credit + Unpaid + Paid + Waived, unless Mismatches says where not.
type Books struct {
	Sessions map[SessionState]int // how many

	// Of the cars that have left, in fen.
	Fee    int64
	Credit int64 // taken off by free minutes
	Paid   int64 // money taken
	Waived int64 // discounts, coupons and roundings
	Unpaid int64 // still due when the car left nevertheless
	Over   int64 // of Paid and Waived, more than was due

	Prepaid  int64 // money taken for sessions in any other state
	Orphans  int64 // money that came after the car had left; in none of the other sums
	Returned int64 // of it, and of Paid after the car had left, given back; negative, and in none of the other sums

	Mismatches []string // ids of the sessions in state Left whose figures do not balance
}

// mismatches finds the stays that have ended and whose figures do not balance.
const mismatches = `SELECT s.id FROM sessions s LEFT JOIN payments p ON p.session = s.id AND p.kind NOT IN ` + notCounting + `
	WHERE s.state = 4 GROUP BY s.id
	HAVING s.fee + s.over <> s.credit + s.unpaid + coalesce(sum(p.amount + p.discount + p.free_money + p.rounding), 0) ORDER BY s.id`

// Books adds up the books. It reads every session, so give it time.
func (r Reader) Books(ctx context.Context) (Books, error) {
	b, err := r.books(ctx)
	return named(b, "books", err)
}

func (r Reader) books(ctx context.Context) (Books, error) {
	type count struct {
		state SessionState
		n     int
	}
	counts, err := all(ctx, r, func(rows *sql.Rows, c *count) error { return rows.Scan(&c.state, &c.n) },
		`SELECT state, count(*) FROM sessions GROUP BY state`)
	if err != nil {
		return Books{}, fmt.Errorf("count sessions: %w", err)
	}
	b, err := one(ctx, r, func(rows *sql.Rows, b *Books) error { return rows.Scan(&b.Fee, &b.Credit, &b.Unpaid, &b.Over) },
		`SELECT coalesce(sum(fee), 0), coalesce(sum(credit), 0), coalesce(sum(unpaid), 0), coalesce(sum(over), 0) FROM sessions WHERE state = 4`)
	if err != nil {
		return Books{}, fmt.Errorf("add up sessions: %w", err)
	}
	sums, err := one(ctx, r, func(rows *sql.Rows, s *Books) error {
		return rows.Scan(&s.Paid, &s.Waived, &s.Prepaid, &s.Orphans, &s.Returned)
	}, `SELECT
		coalesce(sum(p.amount) FILTER (WHERE s.state = 4 AND p.kind NOT IN `+notCounting+`), 0),
		coalesce(sum(p.discount + p.free_money + p.rounding) FILTER (WHERE s.state = 4 AND p.kind NOT IN `+notCounting+`), 0),
		coalesce(sum(p.amount) FILTER (WHERE s.state <> 4 AND p.kind NOT IN `+notCounting+`), 0),
		coalesce(sum(p.amount) FILTER (WHERE p.kind IN (2, 7)), 0),
		coalesce(sum(p.amount) FILTER (WHERE p.kind = 4), 0)
		FROM payments p JOIN sessions s ON s.id = p.session`)
	if err != nil {
		return Books{}, fmt.Errorf("add up payments: %w", err)
	}
	sums.Fee, sums.Credit, sums.Unpaid, sums.Over = b.Fee, b.Credit, b.Unpaid, b.Over
	sums.Mismatches, err = all(ctx, r, column[string], mismatches)
	if err != nil {
		return Books{}, fmt.Errorf("compare sessions: %w", err)
	}
	sums.Sessions = make(map[SessionState]int, len(counts))
	for _, c := range counts {
		sums.Sessions[c.state] = c.n
	}
	return sums, nil
}
