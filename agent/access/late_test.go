package access

import (
	"testing"
	"time"

	"parkagent/store"
)

func TestWhatACameraTellsLateOf(t *testing.T) {
	const no = "粤B12345"
	hour := time.Hour
	tests := []struct {
		name   string
		before func(*rig)
		entry  bool
		plate  string
		ago    time.Duration
		want   store.SessionState // of the plate's last stay; 0: there is none
		unpaid int64
		stay   time.Duration // 0: not to be told
	}{
		{"an entry begins a stay as of then", func(*rig) {}, true, no, 3 * hour, store.Inside, 0, 0},
		{"but not in the future", func(*rig) {}, true, no, -hour, 0, 0, 0},
		{"nor days ago", func(*rig) {}, true, no, 25 * hour, 0, 0, 0},
		{"nor without a plate", func(*rig) {}, true, "", hour, 0, 0, 0},
		{"nor for a car that is inside", func(r *rig) { r.park(no) }, true, no, hour, store.Inside, 0, 0},
		{"nor for one that has left since", func(r *rig) {
			r.park(no)
			r.did(r.Gone(r.t.Context(), r.leave("OUT1", no, true).Session))
		}, true, no, 3 * hour, store.Left, 0, 0},
		{"an exit ends the stay as of then, unpaid", func(r *rig) { r.park(no); r.now = r.now.Add(5 * hour) }, false, no, 3 * hour, store.Left, 1000, 2 * hour},
		{"of a car of which no gate said that it came in, too", func(r *rig) { r.enter("IN1", no); r.now = r.now.Add(5 * hour) }, false, no, 3 * hour, store.Left, 1000, 2 * hour},
		{"but not one that began later", func(r *rig) { r.park(no) }, false, no, hour, store.Inside, 0, 0},
		{"nor of one that stands at the exit since, and pays there", func(r *rig) {
			r.park(no)
			r.now = r.now.Add(5 * hour)
			r.leave("OUT1", no, false)
			r.now = r.now.Add(10 * time.Second)
		}, false, no, 12 * time.Second, store.Inside, 0, 0},
		{"but of one that stood there long before", func(r *rig) {
			r.park(no)
			r.now = r.now.Add(2 * hour)
			r.leave("OUT1", no, false)
			r.now = r.now.Add(hour)
		}, false, no, 50 * time.Minute, store.Left, 1500, 0},
		{"nor one of a plate that nobody knows", func(*rig) {}, false, no, hour, 0, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 5)
			tt.before(r)
			at := r.now.Add(-tt.ago)
			a := Approach{Lane: "X", Place: "口", Gate: "GX", Area: 1, Plate: tt.plate, PlateRead: tt.plate, Color: -1, Dedupe: 30 * time.Second}
			for range 2 { // cameras tell again
				r.did(r.Late(t.Context(), a, at, tt.entry, store.RecognitionFact{Lane: "X", Plate: tt.plate, Reason: string(ReasonLate)}))
			}
			open, err := r.db.OpenSessions(t.Context(), store.OpenFilter{Plate: no})
			r.did(err)
			left, _, err := r.db.FinishedSessions(t.Context(), store.FinishedFilter{Plate: no})
			r.did(err)
			all := append(open, left...)
			switch {
			case tt.want == 0 && len(all) == 0:
				return
			case len(all) != 1 || all[0].State != tt.want || all[0].Unpaid != tt.unpaid:
				t.Fatalf("stays %+v, want one in state %d with %d unpaid", all, tt.want, tt.unpaid)
			}
			s := all[0]
			if s.EntryLane == "X" && (!s.EnteredAt.Equal(at) || r.free() != 4) || tt.stay != 0 && s.LeftAt.Sub(s.EnteredAt) != tt.stay {
				t.Errorf("stay from %v to %v, %d places free", s.EnteredAt, s.LeftAt, r.free())
			}
			if _, err := r.db.LastOf(t.Context(), store.KindCommand, "GX"); err == nil {
				t.Error("a gate was to be opened for it")
			}
		})
	}
}

func TestACarThatACameraTellsLateOfIsInsideByItsRight(t *testing.T) {
	const no = "粤B12345"
	r := newRig(t, 5)
	id, err := r.AddCard(t.Context(), store.Card{CarType: 2, Spaces: 1, From: r.now.Add(-24 * time.Hour), To: r.now.Add(24 * time.Hour), Plates: []store.CardPlate{{Plate: no}}}, By{})
	r.did(err)
	a := Approach{Lane: "X", Place: "口", Gate: "GX", Area: 1, Plate: no, PlateRead: no, Color: -1}
	r.did(r.Late(t.Context(), a, r.now.Add(-3*time.Hour), true, store.RecognitionFact{Lane: "X", Plate: no, Reason: string(ReasonLate)}))
	if v := r.leave("OUT1", no, false); !v.Open || r.session(v.Session).Card != id {
		t.Errorf("at the exit %+v, want it free by its card", v)
	}
}
