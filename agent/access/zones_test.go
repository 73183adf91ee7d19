package access

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

// TestPassRule is the specification of the order of decisions between two areas.
func TestPassRule(t *testing.T) {
	full, free := Vacancy{Limited: true}, Vacancy{Limited: true, Free: 1}
	tests := []struct {
		name  string
		facts PassFacts
		open  bool
		why   Reason
	}{
		{"a temporary car and a free place", PassFacts{Known: true, Vacancy: free}, true, ReasonTemporary},
		{"and none", PassFacts{Known: true, Vacancy: full}, false, ReasonFull},
		{"a card holder has a place in a full area", PassFacts{Known: true, Card: ClassCard, Vacancy: full}, true, ReasonCard},
		{"a booked car too", PassFacts{Known: true, Booked: true, Vacancy: full}, true, ReasonBooking},
		{"a card that is refused there", PassFacts{Known: true, Barred: ReasonArea, Vacancy: free}, false, ReasonArea},
		{"a car that nobody saw come in", PassFacts{Vacancy: free}, false, ReasonNoSession},
		{"gets out of an inner area", PassFacts{Outward: true, Vacancy: full}, true, ReasonUnknown},
		{"so does whoever is known, however full it is outside", PassFacts{Known: true, Outward: true, Barred: ReasonArea, Vacancy: full}, true, ReasonInner},
		{"a car whose gate did not follow", PassFacts{Known: true, There: true, Vacancy: full}, true, ReasonPending},
		{"an operator lets whoever pass", PassFacts{Released: true, Vacancy: full}, true, ReasonReleased},
		{"a gate that is held open lets whoever comes pass", PassFacts{Held: true, Vacancy: full}, true, ReasonHold},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if open, why := PassRule(tt.facts); open != tt.open || why != tt.why {
				t.Errorf("PassRule = %v, %q; want %v, %q", open, why, tt.open, tt.why)
			}
		})
	}
}

// newNested is a rig whose area 1 holds an area 2 with that many places, entered by
// the lane MIDIN and left by MIDOUT.
func newNested(t *testing.T, places int) *rig {
	t.Helper()
	r := newRig(t, 5)
	r.with(Policy{Areas: []Area{{Code: 2, Outer: 1}}})
	r.update(func(ctx context.Context, tx *store.Tx) error {
		return tx.ReplaceAreas(ctx, []store.Area{{Code: 1, Name: "A", Places: 5}, {Code: 2, Name: "B", Places: places}})
	})
	return r
}

// between is a car before a lane between the areas of newNested.
func between(lane, no string) Approach {
	a := Approach{Lane: lane, Gate: "G" + lane, Area: 2, From: 1, To: 2, Plate: no, PlateRead: no, Dedupe: 30 * time.Second}
	if lane == "MIDOUT" {
		a.From, a.To = 2, 1
	}
	return a
}

func (r *rig) pass(lane, no string) Verdict {
	r.t.Helper()
	v, err := r.Pass(r.t.Context(), between(lane, no))
	r.did(err)
	return v
}

// drive lets a car pass a lane between two areas.
func (r *rig) drive(lane, no string) Verdict {
	r.t.Helper()
	v := r.pass(lane, no)
	if !v.Open {
		r.t.Fatalf("%s may not pass %s: %s", no, lane, v.Reason)
	}
	r.did(r.Passed(r.t.Context(), between(lane, no), v.Session))
	return v
}

// counts are the free places of all areas.
func (r *rig) counts() (free []int) {
	r.t.Helper()
	areas, err := r.db.Areas(r.t.Context())
	r.did(err)
	for _, a := range areas {
		free = append(free, a.Free())
	}
	return free
}

// ways are the areas that a stay went through.
func (r *rig) ways(session string) (list []int) {
	r.t.Helper()
	moves, err := r.db.Moves(r.t.Context(), session)
	r.did(err)
	for _, m := range moves {
		if len(list) == 0 {
			list = append(list, m.From)
		}
		list = append(list, m.To)
	}
	return list
}

func TestACarThatPassesIntoAnInnerAreaAndOutOfItIsOneStay(t *testing.T) {
	r := newNested(t, 1)
	in := r.park("粤B12345")
	v := r.pass("MIDIN", "粤B12345")
	if diff := cmp.Diff(Verdict{Open: true, Reason: ReasonTemporary, Session: in.Session, Plate: "粤B12345"}, v); diff != "" {
		t.Errorf("into the inner area (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{4, 1}, r.counts()); diff != "" {
		t.Errorf("free before the gate has opened (-want +got):\n%s", diff)
	}
	for range 2 { // told twice, booked once
		r.did(r.Passed(t.Context(), between("MIDIN", ""), v.Session))
	}
	if diff := cmp.Diff([]int{5, 0}, r.counts()); diff != "" {
		t.Errorf("free in and around the inner area (-want +got):\n%s", diff)
	}
	if f := last[store.MoveFact](r, store.KindMove, "粤B12345"); f.Session != in.Session || f.Lane != "MIDIN" || f.From != 1 || f.To != 2 {
		t.Errorf("journal = %+v", f)
	}
	if f := last[store.SpacesFact](r, store.KindSpaces, ""); f.Free != 5 || f.Areas[1].Free != 0 {
		t.Errorf("platforms and displays are told %+v", f)
	}
	r.now = r.now.Add(time.Hour)
	if v := r.drive("MIDOUT", "粤B12345"); v.Reason != ReasonInner || v.Stay != time.Hour {
		t.Errorf("out of the inner area = %+v", v)
	}
	if v := r.leave("OUT1", "粤B12345", false); v.Session != in.Session || v.Payable != 500 {
		t.Errorf("at the exit = %+v", v)
	}
	if diff := cmp.Diff([]int{1, 2, 1}, r.ways(in.Session)); diff != "" {
		t.Errorf("areas of the stay (-want +got):\n%s", diff)
	}
}

func TestWhoMayPassIntoAnInnerArea(t *testing.T) {
	r := newNested(t, 1)
	r.park("粤B11111")
	r.drive("MIDIN", "粤B11111")
	if v := r.pass("MIDIN", "粤B11111"); !v.Open || v.Reason != ReasonPending {
		t.Errorf("a car that is there already = %+v, want it let in", v)
	}
	r.park("粤B22222")
	if v := r.pass("MIDIN", "粤B22222"); v.Open || v.Reason != ReasonFull {
		t.Errorf("into a full inner area = %+v", v)
	}
	r.give(2, 1, 0, "粤B22222")
	if v := r.pass("MIDIN", "粤B22222"); !v.Open || v.Reason != ReasonCard {
		t.Errorf("a card holder into a full inner area = %+v", v)
	}
	if v := r.pass("MIDIN", "粤B99999"); v.Open || v.Reason != ReasonNoSession {
		t.Errorf("a car that nobody saw come in = %+v", v)
	}
	if v := r.drive("MIDOUT", "粤B99999"); v.Reason != ReasonUnknown || v.Session != "" {
		t.Errorf("one that is found in the inner area = %+v, want it let out and no stay for it", v)
	}
	if f := last[store.RecognitionFact](r, store.KindRecognition, "粤B99999"); f.Reason != string(ReasonUnknown) || f.Lane != "MIDOUT" {
		t.Errorf("journal = %+v", f)
	}
}

func TestACardThatIsGoodInAnInnerAreaOnlyIsOfUseThere(t *testing.T) {
	r := newNested(t, 5)
	p := r.Rules.cfg.Policy
	p.CardAreas = []CardArea{{CarType: 6, Areas: []int{2}}}
	r.with(p)
	card := r.give(6, 1, 3, "粤B12345")
	in := r.park("粤B12345")
	if in.Reason != ReasonTemporary {
		t.Fatalf("entry = %+v", in)
	}
	if v := r.drive("MIDIN", "粤B12345"); v.Reason != ReasonCard {
		t.Errorf("into its area = %+v", v)
	}
	r.drive("MIDOUT", "粤B12345")
	r.drive("MIDIN", "粤B12345")
	if s, c := r.session(in.Session), r.card(card); s.Card != card || c.Balance != 2 {
		t.Errorf("its session is on card %d, which has %d visits left; want one taken of three", s.Card, c.Balance)
	}
}

func TestACardThatIsNotGoodInAnInnerArea(t *testing.T) {
	for name, tt := range map[string]struct {
		refuse bool
		open   bool
		why    Reason
	}{
		"its car is a temporary one there": {false, true, ReasonTemporary},
		"or kept out":                      {true, false, ReasonArea},
	} {
		t.Run(name, func(t *testing.T) {
			r := newNested(t, 5)
			p := r.Rules.cfg.Policy
			p.CardAreas = []CardArea{{CarType: 2, Areas: []int{1}, Refuse: tt.refuse}}
			r.with(p)
			card := r.give(2, 1, 0, "粤B12345")
			in := r.park("粤B12345")
			if v := r.pass("MIDIN", "粤B12345"); v.Open != tt.open || v.Reason != tt.why {
				t.Errorf("into the inner area = %+v", v)
			}
			if s := r.session(in.Session); s.Card != card {
				t.Errorf("its session is on card %d, want %d: it is good outside", s.Card, card)
			}
		})
	}
}

func TestACarAtAnExitIsNotInAnInnerAreaAnyMore(t *testing.T) {
	r := newNested(t, 5)
	in := r.park("粤B12345")
	r.drive("MIDIN", "粤B12345")
	r.now = r.now.Add(time.Hour)
	if v := r.leave("OUT1", "粤B12345", false); v.Reason != ReasonDue {
		t.Fatalf("exit = %+v", v)
	}
	if diff := cmp.Diff([]int{4, 5}, r.counts()); diff != "" {
		t.Errorf("free (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{1, 2, 1}, r.ways(in.Session)); diff != "" {
		t.Errorf("areas of the stay (-want +got):\n%s", diff)
	}
}

func TestACarThatWasToPassBeforeARestartHasPassed(t *testing.T) {
	r := newNested(t, 1)
	in := r.park("粤B12345")
	r.pass("MIDIN", "粤B12345")
	v, err := r.Resume(t.Context(), between("MIDIN", ""))
	if err != nil || v != (Verdict{}) {
		t.Errorf("Resume = %+v, %v", v, err)
	}
	if s := r.session(in.Session); s.Area != 2 {
		t.Errorf("it is in area %d", s.Area)
	}
	if v := r.pass("MIDIN", "粤B12345"); !v.Open || v.Reason != ReasonPending {
		t.Errorf("it stands there still = %+v, want it let in", v)
	}
}

func TestACarWhoseEntryNobodyAcknowledgedPassesIntoAnInnerArea(t *testing.T) {
	r := newNested(t, 1)
	v := r.enter("IN1", "粤B12345")
	if p := r.pass("MIDIN", "粤B12345"); !p.Open || p.Session != v.Session {
		t.Errorf("into the inner area = %+v", p)
	}
	if s := r.session(v.Session); s.State != store.Inside {
		t.Errorf("its session is in state %d", s.State)
	}
}

func TestACarThatTurnsBackBetweenTwoAreasStaysWhereItWas(t *testing.T) {
	r := newNested(t, 1)
	in := r.park("粤B12345")
	r.pass("MIDIN", "粤B12345")
	r.did(r.TurnedBack(t.Context(), "MIDIN", in.Session, "it backed out"))
	if f := last[store.PassageFact](r, store.KindPassage, "MIDIN"); f.Session != in.Session || f.Event != store.PassageNone {
		t.Errorf("journal = %+v", f)
	}
	if _, err := r.Resume(t.Context(), between("MIDIN", "")); err != nil {
		t.Fatal(err)
	}
	if s := r.session(in.Session); s.Area != 1 || s.State != store.Inside {
		t.Errorf("after a restart it is in area %d, in state %d", s.Area, s.State)
	}
}

func TestAnOperatorLetsACarPassBetweenTwoAreas(t *testing.T) {
	r := newNested(t, 0)
	in := r.park("粤B12345")
	for name, no := range map[string]string{"one that finds it full": "粤B12345", "one that nobody saw come in": "粤B99999", "one of which nothing is known": ""} {
		a := between("MIDIN", no)
		a.Release = &Release{Reason: "guest of the house", By: By{Client: "李"}}
		v, err := r.Pass(t.Context(), a)
		if err != nil || !v.Open || v.Reason != ReasonReleased || (v.Session == in.Session) != (no == "粤B12345") {
			t.Errorf("%s = %+v, %v", name, v, err)
		}
		if f := last[store.CommandFact](r, store.KindCommand, "GMIDIN"); f.Remark != a.Release.Reason || f.Client != "李" {
			t.Errorf("%s: journal = %+v", name, f)
		}
	}
}

func TestAMisreadCarPassesIntoAnInnerArea(t *testing.T) {
	r := newNested(t, 5)
	in := r.park("粤B12345")
	if v := r.drive("MIDIN", "粤BL2345"); v.Session != in.Session || r.session(in.Session).Area != 2 {
		t.Errorf("into the inner area = %+v, want its own stay moved", v)
	}
	if v := r.drive("MIDOUT", "粤BL2345"); v.Session != in.Session || r.session(in.Session).Area != 1 {
		t.Errorf("out of it = %+v, want its own stay moved", v)
	}
}
