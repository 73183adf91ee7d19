package access

import (
	"context"

	"parkagent/store"
)

// A Release is an operator's word that the car before a gate is to pass, whatever
// the rules say of it: a full car park, the blacklist, money that is due, a car
// that nobody knows.
//
// What the rules would have done is done all the same: a stay begins, or ends with
// what is unpaid in the books. A car without a plate and without a card number gets
// a temporary plate, by which it leaves.
type Release struct {
	Reason  string // in the operator's words
	Picture string // path of the one that was taken for it; empty without
	By      By
}

// released reports whether the gate opens for the car whatever is due or full.
func (a Approach) released() bool { return a.Held || a.Release != nil }

// nameless reports whether nothing is known of the car by which it could be found.
func (a Approach) nameless() bool { return a.Plate == "" && a.CardNo == "" }

// letOut commits that an operator lets out a car of which the books know no stay,
// or more than one. Nothing is closed by it.
func (r *Rules) letOut(ctx context.Context, tx *store.Tx, a Approach, v *Verdict) error {
	if a.Plate != "" {
		if err := tx.ClearLaneCar(ctx, a.Lane); err != nil {
			return err
		}
	}
	v.Open, v.Reason = true, ReasonReleased
	return authorise(ctx, tx, a, "", ReasonReleased)
}
