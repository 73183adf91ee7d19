package access

import (
	"context"
	"testing"
	"time"

	"parkagent/store"
)

// change changes a session behind the rules' back.
func (r *rig) change(id string, change func(*store.Session)) {
	r.t.Helper()
	s := r.session(id)
	change(&s)
	r.update(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateSession(ctx, s) })
}

func TestPlatformsAreAskedToDeduct(t *testing.T) {
	r := newRig(t, 9)
	in := r.park("粤B11111")
	r.did(r.MarkSeamless(t.Context(), "粤B11111", mall))
	if v := r.leave("OUT1", "粤B11111", false); v.Ask || !v.Open {
		t.Errorf("with nothing due = %+v, want let out", v)
	}
	r.change(in.Session, func(s *store.Session) { s.State = store.Inside })
	r.now = morning.Add(2 * time.Hour)
	if v := r.leave("OUT1", "粤B11111", false); !v.Ask || v.Open || v.Reason != ReasonDue || v.Payable != 1000 {
		t.Errorf("with money due = %+v, want a platform asked", v)
	}
	if v, err := r.Recheck(t.Context(), Approach{Lane: "OUT1"}, in.Session); err != nil || v.Ask || v.Reason != ReasonDue {
		t.Errorf("decided again = %+v, %v; want the driver asked", v, err)
	}
	d := store.Deduction{ID: "d1", Session: in.Session, Platform: "mall", AskedAt: r.now, Asked: 1000}
	r.update(func(ctx context.Context, tx *store.Tx) error { return tx.InsertDeduction(ctx, d) })
	r.now = r.now.Add(time.Hour)
	if v := r.leave("OUT1", "粤B11111", false); v.Ask {
		t.Errorf("with an answer outstanding = %+v, want nobody asked", v)
	}
	d.State, d.AnsweredAt = store.DeductionRefused, r.now
	r.update(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateDeduction(ctx, d) })
	if v := r.leave("OUT1", "粤B11111", false); !v.Ask {
		t.Errorf("an hour after a refusal = %+v, want a platform asked", v)
	}
	d.ID, d.AskedAt = "d2", r.now
	r.update(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertDeduction(ctx, d); err != nil {
			return err
		}
		return tx.UpdateDeduction(ctx, d)
	})
	if v := r.leave("OUT1", "粤B11111", false); v.Ask {
		t.Errorf("just after a refusal = %+v, want nobody asked", v)
	}
	if v := r.leave("OUT1", "粤B11111", true); v.Ask || !v.Open {
		t.Errorf("with the gate held open = %+v, want let out", v)
	}
}

func TestAPlatformIsAskedForThePrice(t *testing.T) {
	r := newRig(t, 9)
	r.Rules.cfg.Priced = true
	in := r.park("粤B11111")
	v := r.leave("OUT1", "粤B11111", false)
	if !v.Ask || v.Open || v.Reason != ReasonAsking || v.Session != in.Session || v.Payable != 0 {
		t.Errorf("at the exit = %+v, want the price asked for and the gate shut", v)
	}
	if s := r.session(in.Session); s.State != store.Inside || s.ExitLane != "OUT1" {
		t.Errorf("stay = %+v, want the car inside, at the exit", s)
	}
	for _, k := range r.kinds()[3:] {
		if k == string(store.KindCommand) {
			t.Error("a gate was authorised to open")
		}
	}
	if v, err := r.Recheck(t.Context(), Approach{Lane: "OUT1", Gate: "GOUT1"}, in.Session); err != nil || v.Ask || !v.Open || v.Reason != ReasonFree {
		t.Errorf("without an answer = %+v, %v; want our own tariff to decide", v, err)
	}
	r.change(in.Session, func(s *store.Session) { s.State, s.QuotedAt = store.Inside, r.now })
	r.now = r.now.Add(5 * time.Minute)
	if v := r.leave("OUT1", "粤B11111", false); v.Ask {
		t.Errorf("with a fresh price = %+v, want nobody asked", v)
	}
	r.change(in.Session, func(s *store.Session) { s.State = store.Inside })
	r.now = r.now.Add(time.Second)
	if v := r.leave("OUT1", "粤B11111", false); !v.Ask {
		t.Errorf("with an old price = %+v, want it asked for", v)
	}
	r.give(2, 1, 0, "粤B22222")
	r.park("粤B22222")
	if v := r.leave("OUT2", "粤B22222", false); v.Ask {
		t.Errorf("a card holder = %+v, want nobody asked", v)
	}
}
