package billing

import (
	"context"

	"parkagent/store"
)

// Fix writes the bill b into s as the fee of the stay, when an exit has been
// decided. It changes only the value.
func Fix(s *store.Session, b Bill) { s.Fee, s.Credit = b.Total, b.Credit }

// Settle fixes what of the fee of a leaving session stayed unpaid or was paid
// beyond it, from the ledger as it is in tx, and returns the session's fact
// for the journal with its money told apart: paid before the car stood at the
// exit, and there. It writes nothing.
func Settle(ctx context.Context, tx *store.Tx, s *store.Session) (store.StayFact, error) {
	ledger, err := tx.Payments(ctx, s.ID)
	if err != nil {
		return store.StayFact{}, err
	}
	var before, atExit, free, discount, minutes int64
	method := -1
	for _, p := range ledger {
		if !p.Kind.Counts() {
			continue
		}
		var o store.Order // none of what was moved here from another session
		if p.Order != "" {
			if o, err = tx.Order(ctx, p.Order); err != nil {
				return store.StayFact{}, err
			}
		}
		if o.Lane != "" || o.Kind == store.OrderCard {
			atExit += p.Amount
		} else {
			before += p.Amount
		}
		free += p.FreeMoney
		discount += p.Discount + p.Rounding
		minutes += p.FreeMinutes
		if p.Amount > 0 {
			method = p.PayMethod
		}
	}
	balance := before + atExit + free + discount - (s.Fee - s.Credit)
	s.Over, s.Unpaid = max(0, balance), max(0, -balance)
	f := store.NewStayFact(*s)
	f.Before, f.AtExit, f.PayMethod = before, atExit, method
	f.FreeMoney, f.FreeMinute, f.Discount = free, minutes, discount
	return f, nil
}
