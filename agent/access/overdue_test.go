package access

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/billing"
	"parkagent/store"
)

func platesOf(list []store.Session) (out []string) {
	for _, s := range list {
		out = append(out, s.Plate)
	}
	return out
}

func TestOverdueStaysAreListedInPages(t *testing.T) {
	r := newRig(t, 9)
	for _, no := range []string{"粤B11111", "粤B22222", "粤B33333", "粤B44444"} {
		r.park(no)
		r.now = r.now.Add(time.Hour)
	}
	r.leave("OUT1", "粤B22222", true) // is being let out
	before := morning.Add(3 * time.Hour)
	first, err := r.Overdue(t.Context(), before, "", 1)
	if diff := cmp.Diff([]string{"粤B11111"}, platesOf(first)); err != nil || diff != "" {
		t.Fatalf("first page, %v (-want +got):\n%s", err, diff)
	}
	rest, err := r.Overdue(t.Context(), before, first[0].ID, 0)
	if diff := cmp.Diff([]string{"粤B33333"}, platesOf(rest)); err != nil || diff != "" {
		t.Errorf("the rest, %v (-want +got):\n%s", err, diff)
	}
}

func TestAWalkIsComparedWithTheBooksAndApplied(t *testing.T) {
	r := newRig(t, 20)
	for _, no := range []string{"粤B11111", "粤B22222", "粤BK3333", "京C44444", "湘C44444", "粤B70055", "粤BD66789"} {
		r.park(no)
		r.now = r.now.Add(time.Second)
	}
	v, err := r.Enter(t.Context(), Approach{Lane: "IN1", Gate: "GIN1", Area: 1, CardNo: "T1", Color: -1})
	r.did(err)
	r.did(r.Entered(t.Context(), v.Session))
	r.now = morning.Add(48 * time.Hour)
	began := r.now
	r.now = began.Add(10 * time.Minute)
	r.park("粤B88888") // came while the list was made
	r.enter("IN2", "粤B99999")
	r.now = began.Add(20 * time.Minute)

	w := Walk{
		Seen: []string{"粤b·11111", "b22222", "粤BX3333", "C44444", "粤B1O101", "粤B1O101", "粤B99999", ""}, Before: began, Reason: "月底清场", By: booth,
	}
	rows := len(r.kinds())
	dry, err := r.Walk(t.Context(), w)
	r.did(err)
	if diff := cmp.Diff([]string{"粤B70055", "粤BD66789"}, platesOf(dry.Missing)); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"粤B1O101"}, dry.Unknown); diff != "" {
		t.Errorf("unknown (-want +got):\n%s", diff)
	}
	if len(dry.Near) != 1 || dry.Near[0].Seen != "粤BX3333" || dry.Near[0].Session.Plate != "粤BK3333" {
		t.Errorf("near = %+v, want 粤BX3333 for 粤BK3333", dry.Near)
	}
	if n := len(r.kinds()); n != rows {
		t.Errorf("comparing wrote %d rows", n-rows)
	}
	free, amended := r.free(), len(r.amendments()) // of the two that came in right behind each other
	w.Apply = true
	applied, err := r.Walk(t.Context(), w)
	r.did(err)
	if diff := cmp.Diff(dry, applied); diff != "" {
		t.Errorf("applied as compared (-compared +applied):\n%s", diff)
	}
	for _, s := range applied.Missing {
		if got := r.session(s.ID); got.State != store.Abnormal || got.Note != closedNote+"月底清场" {
			t.Errorf("%s = %+v, want closed", s.Plate, got)
		}
	}
	if r.free() != free+2 || len(r.amendments()) != amended+2 {
		t.Errorf("free = %d with %d amendments, want two more places and amendments", r.free(), len(r.amendments()))
	}
	again, err := r.Walk(t.Context(), w)
	if err != nil || len(again.Missing) != 0 || len(r.amendments()) != amended+2 {
		t.Errorf("applied again = %+v, %v; want nothing missing", again, err)
	}
	r.balanced()
}

func TestWalksThatAreRefused(t *testing.T) {
	r := newRig(t, 9)
	r.park("粤B11111")
	r.now = morning.Add(time.Hour)
	tests := []struct {
		name string
		w    Walk
		want error
	}{
		{"nothing was seen", Walk{Seen: []string{" "}, Before: r.now, Apply: true, Reason: "x"}, ErrNoWalk},
		{"it is not said when", Walk{Seen: []string{"粤B1"}, Apply: true, Reason: "x"}, ErrNoWalk},
		{"it is yet to come", Walk{Seen: []string{"粤B1"}, Before: r.now.Add(time.Minute), Apply: true, Reason: "x"}, ErrNoWalk},
		{"no reason to apply", Walk{Seen: []string{"粤B1"}, Before: r.now, Apply: true}, billing.ErrNoReason},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := r.Walk(t.Context(), tt.w); !errors.Is(err, tt.want) {
				t.Errorf("Walk = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestAWalkClosesNoStayThatHasChangedMeanwhile(t *testing.T) {
	r := newRig(t, 9)
	for _, no := range []string{"粤B11111", "粤B22222", "粤B33333"} {
		r.park(no)
	}
	r.now = morning.Add(48 * time.Hour)
	w := Walk{Seen: []string{"粤B99999"}, Before: r.now, Apply: true, Reason: "月底清场", By: booth}
	dry, err := r.compare(t.Context(), r.cfg.DB.Reader, seenPlates(w.Seen), w.Before)
	if err != nil || len(dry.Missing) != 3 {
		t.Fatalf("missing = %+v, %v", dry.Missing, err)
	}
	_, err = r.Correct(t.Context(), Correction{Session: dry.Missing[0].ID, Plate: "粤B99999", Reason: "读错", By: booth})
	r.did(err)
	r.leave("OUT1", dry.Missing[1].Plate, true)
	closed, err := r.closeMissing(t.Context(), dry.Missing, w)
	if diff := cmp.Diff([]string{dry.Missing[2].Plate}, platesOf(closed)); err != nil || diff != "" {
		t.Errorf("closed, %v (-want +got):\n%s", err, diff)
	}
	for i, want := range []store.SessionState{store.Inside, store.Leaving, store.Abnormal} {
		if got := r.session(dry.Missing[i].ID); got.State != want {
			t.Errorf("%s is %v, want %v", got.Plate, got.State, want)
		}
	}
}
