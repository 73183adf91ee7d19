package billing

import (
	"context"
	"fmt"
	"time"

	"parkagent/store"
)

// A Group is by what the ledger is added up.
type Group struct {
	Day       string // of booking, local, "2026-01-31"
	Shift     int64  // 0 outside of shifts
	Operator  string
	Terminal  int    // appendix 1.3
	Client    string // name of a client or platform, device code, or booth
	PayMethod int    // as downlink 3.2 counts
}

// Sums are what rows of the ledger add up to, in fen.
type Sums struct {
	Rows      int
	Amount    int64 // money taken, less what was given back
	Refunded  int64 // of it, given back; positive
	Given     int64 // handed over in cash, change included
	Discount  int64 // campaigns
	FreeMoney int64 // coupons, less those taken back
	Rounding  int64
	Over      int64 // of Amount, more than was due
}

// Totals are the sums of each group.
type Totals map[Group]Sums

// Add counts a row of the ledger, by the days of a zone. A row that moves
// something to another stay is undone by its other half, in the same group.
func (t Totals) Add(p store.Payment, zone *time.Location) {
	g := Group{
		Day: p.PaidAt.In(zone).Format(time.DateOnly), Shift: p.Shift, Operator: p.Operator,
		Terminal: p.Terminal, Client: p.Client, PayMethod: p.PayMethod,
	}
	s := t[g]
	s.Rows++
	s.Amount += p.Amount
	if p.Kind == store.PaymentRefund || p.Kind == store.PaymentReturned {
		s.Refunded -= p.Amount
	}
	s.Given += p.Given
	s.Discount += p.Discount
	s.FreeMoney += p.FreeMoney
	s.Rounding += p.Rounding
	s.Over += p.Over
	t[g] = s
}

// Sum adds up the groups that keep holds for; nil keeps all.
func (t Totals) Sum(keep func(Group) bool) (all Sums) {
	for g, s := range t {
		if keep != nil && !keep(g) {
			continue
		}
		all.Rows += s.Rows
		all.Amount += s.Amount
		all.Refunded += s.Refunded
		all.Given += s.Given
		all.Discount += s.Discount
		all.FreeMoney += s.FreeMoney
		all.Rounding += s.Rounding
		all.Over += s.Over
	}
	return all
}

// page is how many rows of the ledger are read at once.
const page = 1000

// TotalsOf adds up the rows of the ledger that f chooses, page by page, by the
// days of a zone. Offset and limit of f do not count.
func TotalsOf(ctx context.Context, r store.Reader, f store.LedgerFilter, zone *time.Location) (Totals, error) {
	t := Totals{}
	f.After, f.Limit = 0, page
	for {
		rows, err := r.Ledger(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("add up the ledger: %w", err)
		}
		for _, row := range rows {
			t.Add(row.Payment, zone)
			f.After = row.Seq
		}
		if len(rows) < page {
			return t, nil
		}
	}
}
