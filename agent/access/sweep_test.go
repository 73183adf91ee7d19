package access

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/agent/billing"
	"parkagent/store"
)

func TestACarThatLeftUnseenIsGoneAfterHours(t *testing.T) {
	tests := []struct {
		name  string
		since func(r *rig) // what happened since its exit was decided, an hour after morning
		after time.Duration
		want  store.SessionState
	}{
		{"another car came", func(r *rig) { r.leave("OUT1", "京A99999", false) }, goneAfter + time.Second, store.Left},
		{"but not at once", func(r *rig) { r.leave("OUT1", "京A99999", false) }, goneAfter, store.Leaving},
		{"nobody came, and the lane has given it up long ago", func(*rig) {}, goneAfter + time.Second, store.Left},
		{"it was seen at another exit", func(r *rig) {
			r.now = r.now.Add(goneAfter)
			r.leave("OUT2", "粤B11111", false)
		}, 2 * goneAfter, store.Leaving},
		{"the agent was restarted", func(r *rig) {
			r.now = r.now.Add(11 * time.Minute)
			_, err := r.Resume(r.t.Context(), Approach{Lane: "OUT1"})
			r.did(err)
		}, goneAfter + time.Second, store.Left},
		{"the clock was set back", func(r *rig) { r.leave("OUT1", "京A99999", false) }, -goneAfter, store.Leaving},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 5)
			in := r.park("粤B11111")
			decided := morning.Add(time.Hour)
			r.now = decided
			r.leave("OUT1", "粤B11111", false)
			d, _, ok, err := r.desk.BeginDeduction(t.Context(), in.Session, "etc")
			if err != nil || !ok {
				t.Fatalf("BeginDeduction = %v, %v", ok, err)
			}
			o, _, err := r.desk.Order(t.Context(), billing.Ref{Lane: "OUT1"}, "mall")
			r.did(err)
			_, err = r.desk.Pay(t.Context(), billing.Notice{Order: o.No, Amount: o.Payable})
			r.did(err)
			if v := r.leave("OUT1", "粤B11111", false); !v.Open {
				t.Fatalf("exit = %+v, want let out", v)
			}
			tt.since(r)
			r.now = decided.Add(tt.after)
			for range 2 {
				r.did(r.Sweep(t.Context()))
			}
			s := r.session(in.Session)
			if s.State != tt.want || !s.LeftAt.Equal(decided) {
				t.Errorf("the car is in state %d, left at %v; want state %d, and %v", s.State, s.LeftAt, tt.want, decided)
			}
			if s.State == store.Left {
				d, err = r.db.Deduction(t.Context(), d.ID)
				if e := last[store.StayFact](r, store.KindExit, "粤B11111"); err != nil || e.Note == "" || e.Fee != 500 || d.CorrectedAt.IsZero() || r.free() != 5 {
					t.Errorf("exit = %+v, deduction %+v, %v, %d places free; want it reported, reversed, and its place free", e, d, err, r.free())
				}
			}
			r.balanced()
		})
	}
}

func TestASweepLeavesOtherCarsAlone(t *testing.T) {
	r := newRig(t, 5)
	inside, entering := r.park("粤B11111"), r.enter("IN1", "粤B22222")
	r.now = r.now.AddDate(0, 1, 0)
	r.did(r.Sweep(t.Context()))
	if a, b := r.session(inside.Session), r.session(entering.Session); a.State != store.Inside || b.State != store.Entering {
		t.Errorf("states = %d and %d, want inside and entering", a.State, b.State)
	}
}

func TestRunSweepsUntilItIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 5)
		in := r.park("粤B11111")
		r.leave("OUT1", "粤B11111", false)
		r.leave("OUT1", "京A99999", false) // the next car
		r.change(in.Session, func(s *store.Session) { s.LeftAt = time.Now().Add(-goneAfter) })
		r.Rules.cfg.Now = time.Now
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		synctest.Wait()
		if s := r.session(in.Session); s.State != store.Leaving {
			t.Errorf("state at first = %d, want Leaving", s.State)
		}
		<-time.After(sweepEvery)
		synctest.Wait()
		if s := r.session(in.Session); s.State != store.Left {
			t.Errorf("state = %d, want Left", s.State)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
		if _, err := r.db.OpenSessionByPlate(t.Context(), "粤B11111"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("open session: %v, want none", err)
		}
		r.did(r.db.Close())
	})
}
