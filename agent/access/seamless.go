package access

import (
	"context"

	"parkagent/agent/billing"
	"parkagent/store"
)

// MarkSeamless notes that the fee of the car inside with that plate, which may
// lack its province, will be deducted by a platform, because a client says so.
//
// Errors: billing.ErrNoSession, *billing.AmbiguousError.
func (r *Rules) MarkSeamless(ctx context.Context, no string, by By) error {
	return r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		s, err := billing.Find(ctx, tx.Reader, billing.Ref{Plate: no})
		if err != nil || s.Seamless && s.SeamlessBy == by.Client {
			return err
		}
		s.Seamless, s.SeamlessBy = true, by.Client
		if err := tx.UpdateSession(ctx, s); err != nil {
			return err
		}
		_, err = tx.Append(ctx, store.KindSeamless, s.Plate, store.SeamlessFact{Session: s.ID, By: by.Client})
		return err
	})
}
