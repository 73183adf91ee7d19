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
	var s store.Session
	err := r.cfg.DB.Update(ctx, func(tx *store.Tx) (err error) {
		s, err = billing.Find(ctx, tx.Reader, billing.Ref{Plate: no})
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
	if err == nil {
		r.cfg.Changed(s.ID)
	}
	return err
}

// tell tells of the stays on a card or booking, as on lists them, when a change of
// it was committed, which err says.
func (r *Rules) tell(ctx context.Context, err error, on func(context.Context, int64) ([]store.Session, error), id int64) error {
	if err != nil {
		return err
	}
	stays, err := on(ctx, id)
	if err != nil { // the change holds, and a car is decided on anew when it is recognised
		r.cfg.Log.Warn("lanes not told of a change", "error", err)
	}
	for _, s := range stays {
		r.cfg.Changed(s.ID)
	}
	return nil
}
