package access

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/billing"
	"parkagent/store"
)

// pay pays what a car owes.
func (r *rig) pay(no string) int64 {
	r.t.Helper()
	o, _, err := r.desk.Order(r.t.Context(), billing.Ref{Plate: no}, "mall")
	r.did(err)
	_, err = r.desk.Pay(r.t.Context(), billing.Notice{Order: o.No, Amount: o.Payable, PayType: 4, PayMethod: 4, Client: "mall"})
	r.did(err)
	return o.Payable
}

func TestAGhostIsMergedIntoTheRealStay(t *testing.T) {
	r := newRig(t, 9)
	real := r.park("粤B12345")
	r.now = morning.Add(time.Hour)
	ghost := r.park("粤BL2345")
	r.now = morning.Add(3 * time.Hour)
	paid := r.pay("粤BL2345")
	free := r.free()
	m := Merging{Ghost: ghost.Session, Real: real.Session, Reason: "同一辆车", By: booth}
	for range 2 { // the answer to the first was lost
		s, err := r.Merge(t.Context(), m)
		if err != nil || s.ID != real.Session || s.State != store.Inside {
			t.Fatalf("Merge = %+v, %v", s, err)
		}
	}
	if s := r.session(ghost.Session); s.State != store.Abnormal || s.Note != mergedNote+real.Session || s.Fee != 0 {
		t.Errorf("the ghost = %+v", s)
	}
	if r.free() != free+1 {
		t.Errorf("free = %d, want the ghost's place free", r.free())
	}
	b, err := r.desk.Due(t.Context(), r.db.Reader, r.session(real.Session), r.now)
	if err != nil || b.Paid != paid || b.Payable != 1500-paid {
		t.Errorf("the real stay = %+v, %v; want %d of 1500 paid", b, err, paid)
	}
	want := []store.AmendFact{{
		Act: store.AmendMerge, Session: ghost.Session, Plate: "粤B12345", Was: "粤BL2345", Into: real.Session, Reason: "同一辆车", Client: "王五", Address: "192.0.2.9",
	}}
	if diff := cmp.Diff(want, r.amendments()); diff != "" {
		t.Errorf("amendments (-want +got):\n%s", diff)
	}
	r.pay("粤B12345")
	r.leave("OUT1", "粤B12345", false)
	r.did(r.Gone(t.Context(), real.Session))
	r.balanced()
}

func TestWhatAGhostTookIsGivenBack(t *testing.T) {
	tests := []struct {
		name    string
		plates  []string // of a card of five visits and one space
		visits  int64    // left
		onCard  bool     // the real stay
		ghostly string
	}{
		{"the ghost had the card", []string{"粤BL2345"}, 5, false, "粤BL2345"},
		{"the real one has it", []string{"粤B12345"}, 4, true, "粤BL2345"},
		{"both are of it, and the real one came first", []string{"粤B12345", "粤BL2345"}, 4, true, "粤BL2345"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 9)
			id := r.give(6, 1, 5, tt.plates...)
			real, ghost := r.park("粤B12345"), r.park(tt.ghostly)
			s, err := r.Merge(t.Context(), Merging{Ghost: ghost.Session, Real: real.Session, Reason: "x"})
			if err != nil || (s.Card == id) != tt.onCard || r.card(id).Balance != tt.visits {
				t.Errorf("Merge = %+v, %v with %d visits left; want %d", s, err, r.card(id).Balance, tt.visits)
			}
		})
	}
}

func TestTheRightThatAGhostTookIsTheRealStays(t *testing.T) {
	r := newRig(t, 9)
	id := r.give(6, 1, 5, "粤B12345", "粤BL2345")
	ghost, real := r.park("粤BL2345"), r.park("粤B12345") // the second car finds the space taken
	if s := r.session(real.Session); s.Card != 0 {
		t.Fatalf("before = %+v", s)
	}
	s, err := r.Merge(t.Context(), Merging{Ghost: ghost.Session, Real: real.Session, Reason: "x"})
	if err != nil || s.Card != id || r.card(id).Balance != 4 || r.session(real.Session).Card != id {
		t.Errorf("Merge = %+v, %v with %d visits left; want it on the card, with 4", s, err, r.card(id).Balance)
	}
}

func TestAStayThatEndedAsAbnormalIsMergedToo(t *testing.T) {
	r := newRig(t, 9)
	ghost := r.park("粤B12345")
	r.now = morning.Add(time.Hour)
	real := r.park("粤B12345") // it came again
	ended := r.session(ghost.Session).LeftAt
	r.now = morning.Add(2 * time.Hour)
	_, err := r.Merge(t.Context(), Merging{Ghost: ghost.Session, Real: real.Session, Reason: "x"})
	if s := r.session(ghost.Session); err != nil || s.State != store.Abnormal || !s.LeftAt.Equal(ended) || s.Note != mergedNote+real.Session {
		t.Errorf("the ghost = %+v, %v; want it ended when it was", s, err)
	}
}

func TestMergesThatAreRefused(t *testing.T) {
	r := newRig(t, 9)
	a, b, gone, leaving := r.park("粤B11111"), r.park("粤B22222"), r.park("粤B33333"), r.park("粤B44444")
	r.leave("OUT1", "粤B33333", false)
	r.did(r.Gone(t.Context(), gone.Session))
	r.leave("OUT1", "粤B44444", false)
	tests := []struct {
		name string
		m    Merging
		want error
	}{
		{"no reason", Merging{Ghost: a.Session, Real: b.Session}, billing.ErrNoReason},
		{"a stay with itself", Merging{Ghost: a.Session, Real: a.Session, Reason: "x"}, ErrSameStay},
		{"a ghost that has left", Merging{Ghost: gone.Session, Real: b.Session, Reason: "x"}, billing.ErrNoSession},
		{"a real stay that is over", Merging{Ghost: a.Session, Real: gone.Session, Reason: "x"}, billing.ErrNoSession},
		{"a ghost that never was", Merging{Ghost: "nobody", Real: a.Session, Reason: "x"}, billing.ErrNoSession},
		{"a ghost that is being let out", Merging{Ghost: leaving.Session, Real: a.Session, Reason: "x"}, billing.ErrDecided},
		{"a real stay that is being let out", Merging{Ghost: a.Session, Real: leaving.Session, Reason: "x"}, billing.ErrDecided},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := r.Merge(t.Context(), tt.m); !errors.Is(err, tt.want) {
				t.Errorf("Merge = %v, want %v", err, tt.want)
			}
		})
	}
	if n := len(r.amendments()); n != 0 {
		t.Errorf("%d amendments journalled, want none", n)
	}
}

func TestAnOperatorClosesStays(t *testing.T) {
	tests := []struct {
		name   string
		before func(r *rig, session string)
		want   store.SessionState
	}{
		{"of a car that is inside", func(*rig, string) {}, store.Abnormal},
		{"of a car whose exit was decided", func(r *rig, _ string) { r.leave("OUT1", "粤B11111", false) }, store.Left},
		{"of a car that waits for its payment", func(r *rig, _ string) {
			r.now = morning.Add(2 * time.Hour)
			r.leave("OUT1", "粤B11111", false)
		}, store.Abnormal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 9)
			in := r.park("粤B11111")
			tt.before(r, in.Session)
			for range 2 {
				r.did(r.CloseStay(t.Context(), Closing{Session: in.Session, Reason: "巡场未见", By: booth}))
			}
			if s := r.session(in.Session); s.State != tt.want || s.Note != closedNote+"巡场未见" || r.free() != 9 {
				t.Errorf("closed = %+v with %d places free, want state %d", s, r.free(), tt.want)
			}
			if n := len(r.amendments()); n != 1 {
				t.Errorf("%d amendments journalled, want 1", n)
			}
			if cars, err := r.db.LaneCars(t.Context()); err != nil || len(cars) != 0 {
				t.Errorf("cars at lanes = %v, %v", cars, err)
			}
			r.balanced()
		})
	}
}

func TestClosingsThatAreRefused(t *testing.T) {
	r := newRig(t, 9)
	in := r.park("粤B11111")
	if err := r.CloseStay(t.Context(), Closing{Session: in.Session}); !errors.Is(err, billing.ErrNoReason) {
		t.Errorf("without a reason = %v", err)
	}
	r.leave("OUT1", "粤B11111", false)
	r.did(r.Gone(t.Context(), in.Session))
	for _, id := range []string{in.Session, "nobody"} {
		if err := r.CloseStay(t.Context(), Closing{Session: id, Reason: "x"}); !errors.Is(err, billing.ErrNoSession) {
			t.Errorf("CloseStay(%s) = %v, want ErrNoSession", id, err)
		}
	}
}
