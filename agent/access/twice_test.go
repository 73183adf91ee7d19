package access

import (
	"testing"
	"time"

	"parkagent/store"
)

// TestACarSeenAtTwoLanes is the specification of which decision holds.
func TestACarSeenAtTwoLanes(t *testing.T) {
	const no = "粤B12345"
	in := func(r *rig) { r.park(no); r.now = r.now.Add(time.Hour) }
	tests := []struct {
		name  string
		first func(*rig) // at another lane
		after time.Duration
		seen  time.Duration // before now, by a car that had to wait; 0: just now
		entry bool
		want  Reason
	}{
		{"two entries", func(r *rig) { r.enter("IN1", no) }, time.Second, 0, true, ReasonElsewhere},
		{"two entries, and the first let it in", func(r *rig) { r.park(no) }, time.Second, 0, true, ReasonElsewhere},
		{"another entry a minute later", func(r *rig) { r.enter("IN1", no) }, time.Minute, 0, true, ReasonTemporary},
		{"an exit sees a car that comes in", func(r *rig) { r.enter("IN1", no) }, time.Second, 0, false, ReasonElsewhere},
		{"but lets out one that has", func(r *rig) { r.park(no) }, time.Second, 0, false, ReasonFree},
		{"two exits, and it waits at the first", func(r *rig) { in(r); r.leave("OUT1", no, false) }, time.Second, 0, false, ReasonElsewhere},
		{"two exits, and it goes to the second", func(r *rig) { in(r); r.leave("OUT1", no, false) }, time.Minute, 0, false, ReasonDue},
		{"two exits, and the first lets it out", func(r *rig) { in(r); r.leave("OUT1", no, true) }, time.Second, 0, false, ReasonElsewhere},
		{"an entry sees a car that waits to pay", func(r *rig) { in(r); r.leave("OUT1", no, false) }, time.Second, 0, true, ReasonElsewhere},
		{"an entry sees the rear of a car that has left", func(r *rig) {
			in(r)
			r.did(r.Gone(r.t.Context(), r.leave("OUT1", no, true).Session))
		}, time.Second, 0, true, ReasonElsewhere},
		{"it comes again soon after it left", func(r *rig) {
			in(r)
			r.did(r.Gone(r.t.Context(), r.leave("OUT1", no, true).Session))
		}, time.Minute, 0, true, ReasonTemporary},
		{"it had to wait for its turn, and another entry took it meanwhile", func(r *rig) { r.park(no) }, time.Minute, 2 * time.Minute, true, ReasonElsewhere},
		{"it had to wait, and the entry that took it before saw it drive in meanwhile", func(r *rig) {
			v := r.enter("IN1", no)
			r.now = r.now.Add(time.Minute)
			r.did(r.Entered(r.t.Context(), v.Session))
		}, 30 * time.Second, time.Minute, true, ReasonElsewhere},
		{"another took it before", func(r *rig) { r.park(no) }, time.Minute, 30 * time.Second, true, ReasonTemporary},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 5)
			tt.first(r)
			r.now = r.now.Add(tt.after)
			before, err := r.db.OpenSessions(t.Context(), store.OpenFilter{})
			r.did(err)
			a := Approach{Lane: "X", Gate: "GX", Area: 1, Plate: no, PlateRead: no, Color: -1, Twice: 5 * time.Second}
			if tt.seen != 0 {
				a.Seen = r.now.Add(-tt.seen)
			}
			decide := r.Leave
			if tt.entry {
				decide = r.Enter
			}
			v, err := decide(t.Context(), a)
			r.did(err)
			if v.Reason != tt.want || v.Open == (tt.want == ReasonElsewhere || tt.want == ReasonDue) {
				t.Errorf("verdict %+v, want %q", v, tt.want)
			}
			after, err := r.db.OpenSessions(t.Context(), store.OpenFilter{})
			r.did(err)
			if same := len(before) == len(after) && (len(before) == 0 || before[0].ID == after[0].ID && before[0].State == after[0].State); tt.want == ReasonElsewhere && !same {
				t.Errorf("stays were %+v and are %+v, want them left alone", before, after)
			}
		})
	}
}
