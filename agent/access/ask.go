package access

import (
	"context"

	"parkagent/store"
)

// ask changes v when platforms are to be asked about s before its driver is. A
// car whose price is asked for is not let out meanwhile.
func (r *Rules) ask(ctx context.Context, tx *store.Tx, s store.Session, settled, held bool, v *Verdict) error {
	now := r.now()
	f := AskFacts{
		Held: held, Decided: s.State == store.Leaving, Temporary: s.Card == 0 && s.Booking == 0, Settled: settled,
		Priced: r.cfg.Priced, Quoted: r.cfg.Bills.Quoted(s, now), Reason: v.Reason, Seamless: s.Seamless,
	}
	if f.Seamless {
		var err error
		if f.Deducting, err = r.cfg.Bills.Deducting(ctx, tx.Reader, s.ID, now); err != nil {
			return err
		}
	}
	price, deduct := AskRule(f)
	v.Ask = price || deduct
	if price {
		v.Open, v.Reason, v.Payable = false, ReasonAsking, 0
	}
	return nil
}
