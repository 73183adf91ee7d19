package access

import (
	"context"
	"time"

	"parkagent/store"
)

// deductAgain is how long after a platform was asked to deduct it is not asked
// again for the same stay.
const deductAgain = 5 * time.Minute

// ask changes v when platforms are to be asked about s before its driver is. A
// car whose price is asked for is not let out meanwhile.
func (r *Rules) ask(ctx context.Context, tx *store.Tx, s store.Session, settled, held bool, v *Verdict) error {
	now := r.now()
	f := AskFacts{
		Held: held, Decided: s.State == store.Leaving, Temporary: s.Card == 0 && s.Booking == 0, Settled: settled,
		Priced: r.cfg.Priced, Quoted: r.quoted(s, now), Reason: v.Reason, Seamless: s.Seamless,
	}
	if f.Seamless {
		list, err := tx.Deductions(ctx, s.ID)
		if err != nil {
			return err
		}
		for _, d := range list {
			f.Deducting = f.Deducting || d.State == store.DeductionAsked || now.Sub(d.AskedAt).Abs() < deductAgain
		}
	}
	price, deduct := AskRule(f)
	v.Ask = price || deduct
	if price {
		v.Open, v.Reason, v.Payable = false, ReasonAsking, 0
	}
	return nil
}

// quoted reports whether a platform has priced s and its price still holds.
func (r *Rules) quoted(s store.Session, now time.Time) bool {
	since := now.Sub(s.QuotedAt)
	return !s.QuotedAt.IsZero() && since >= 0 && since <= r.cfg.QuoteValid
}
