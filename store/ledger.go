package store

import (
	"context"
	"fmt"
)

// A Discrepancy is a record that says something else than the ledger.
type Discrepancy struct {
	What string // which figures disagree, in words
	Key  string // of the record
}

// reconciliations find the keys of records that the ledger contradicts.
var reconciliations = []struct{ what, query string }{
	{"the figures of a stay that has ended", mismatches},
	{"an order that counts as paid, without a payment", `SELECT o.no FROM orders o
		WHERE o.state = 1 AND o.payable > 0 AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_no = o.no)`},
	{"change, and what was booked of the coins", `SELECT c.no FROM changes c LEFT JOIN payments p ON p.order_no = c.order_no AND p.kind IN (0, 2)
		WHERE p.id IS NULL OR p.amount <> c.due`},
	{"what platforms have deducted", `SELECT session FROM (
			SELECT session, taken AS sum FROM deductions WHERE state IN (1, 3)
			UNION ALL
			SELECT p.session, -p.amount FROM payments p JOIN orders o ON o.no = p.order_no WHERE o.kind = 3 AND p.kind IN (0, 2)
		) GROUP BY session HAVING sum(sum) <> 0`},
	{"more taken back than there was", `SELECT p.id FROM payments p JOIN payments q ON q.refers = p.id AND q.session = p.session GROUP BY p.id
		HAVING p.amount + sum(q.amount) < 0 OR p.free_money + sum(q.free_money) < 0 OR p.free_minutes + sum(q.free_minutes) < 0
			OR p.discount + sum(q.discount) < 0 OR p.rounding + sum(q.rounding) < 0`},
	{"more brought to another stay than was taken from its own", `SELECT p.id FROM payments p JOIN payments q ON q.refers = p.id AND q.kind IN (6, 7)
		GROUP BY p.id HAVING coalesce(sum(q.amount) FILTER (WHERE q.session <> p.session), 0) > -coalesce(sum(q.amount) FILTER (WHERE q.session = p.session), 0)
			OR coalesce(sum(q.free_money + q.free_minutes + q.discount + q.rounding) FILTER (WHERE q.session <> p.session), 0)
				> -coalesce(sum(q.free_money + q.free_minutes + q.discount + q.rounding) FILTER (WHERE q.session = p.session), 0)`},
}

// Reconcile compares what sessions, orders, change orders and deductions say with
// the ledger, and the rows of the ledger that take something back with those
// that they take it from. It returns what disagrees; of sound books, nothing. It
// reads every row, so give it time.
func (r Reader) Reconcile(ctx context.Context) ([]Discrepancy, error) {
	var found []Discrepancy
	for _, x := range reconciliations {
		keys, err := all(ctx, r, column[string], x.query)
		if err != nil {
			return nil, fmt.Errorf("reconcile %s: %w", x.what, err)
		}
		for _, key := range keys {
			found = append(found, Discrepancy{What: x.what, Key: key})
		}
	}
	return found, nil
}
