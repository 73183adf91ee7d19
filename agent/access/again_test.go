package access

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

// open returns the ids of the open stays of a plate, with their states.
func (r *rig) open(no string) map[string]store.SessionState {
	r.t.Helper()
	list, err := r.db.OpenSessions(r.t.Context(), store.OpenFilter{Plate: no})
	r.did(err)
	open := map[string]store.SessionState{}
	for _, s := range list {
		open[s.ID] = s.State
	}
	return open
}

// counted returns how many places were last told to be free.
func (r *rig) counted() int {
	r.t.Helper()
	e, err := r.db.LastOf(r.t.Context(), store.KindSpaces, "")
	r.did(err)
	var f store.SpacesFact
	r.did(json.Unmarshal(e.Body, &f))
	return f.Free
}

// TestAnEntryThatIsTakenBackGivesBackTheStayThatItEnded: a car that is inside, and has
// paid for two hours, is read at another entry, and has not driven in there.
func TestAnEntryThatIsTakenBackGivesBackTheStayThatItEnded(t *testing.T) {
	const no, like = "粤BL2345", "粤B12345"
	tests := []struct {
		name string
		back func(r *rig, second string)
		free int // of nine places
	}{
		{"nothing was seen to drive through", func(r *rig, second string) {
			r.did(r.TurnedBack(r.t.Context(), "IN2", second, "nothing was seen to drive through"))
		}, 8},
		{"another car came before the gate opened", func(r *rig, _ string) { r.enter("IN2", "京A99999") }, 7},
		{"it was put on the blacklist before that", func(r *rig, _ string) { r.blacken(no); r.enter("IN2", no) }, 8},
		{"an operator says that it was another car", func(r *rig, second string) {
			_, err := r.Correct(r.t.Context(), Correction{Session: second, Plate: "京A99999", Reason: "误识别", By: booth})
			r.did(err)
		}, 7},
		{"and says so when that car is inside", func(r *rig, second string) {
			r.did(r.Entered(r.t.Context(), second))
			_, err := r.Correct(r.t.Context(), Correction{Session: second, Plate: "京A99999", Reason: "误识别", By: booth})
			r.did(err)
		}, 7},
		{"the camera reads it anew as another car, and surer", func(r *rig, second string) {
			r.did(r.Entered(r.t.Context(), second))
			v, err := r.Enter(r.t.Context(), Approach{Lane: "IN2", Area: 1, Plate: like, PlateRead: like, Confidence: 97, Dedupe: 30 * time.Second,
				Stands: Reading{Session: second, Confidence: 80}})
			if r.did(err); v.Reason != ReasonReread || v.Plate != like {
				r.t.Fatalf("read anew = %+v", v)
			}
		}, 7},
		{"an operator merges it into the stay of the car that it was", func(r *rig, second string) {
			other := r.park("京A99999")
			_, err := r.Merge(r.t.Context(), Merging{Ghost: second, Real: other.Session, Reason: "误识别", By: booth})
			r.did(err)
		}, 7},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 9)
			card := r.give(6, 1, 5, "京A11111")
			visitor := r.park("京A11111") // its right is no affair of the other car
			first := r.park(no)
			r.now = morning.Add(2 * time.Hour)
			if paid := r.pay(no); paid != 1000 {
				t.Fatalf("%d paid", paid)
			}
			r.did(r.CloseStay(t.Context(), Closing{Session: visitor.Session, Reason: "x", By: booth}))
			r.now = r.now.Add(time.Minute)
			second := r.enter("IN2", no)
			if s := r.session(first.Session); !second.Open || second.Session == first.Session || s.State != store.Abnormal || s.Note != againNote+second.Session {
				t.Fatalf("read at another entry = %+v, and the stay before = %+v", second, s)
			}
			tt.back(r, second.Session)
			if diff := cmp.Diff(map[string]store.SessionState{first.Session: store.Inside}, r.open(no)); diff != "" || r.free() != tt.free {
				t.Fatalf("open stays, with %d places free and not %d (-want +got):\n%s", r.free(), tt.free, diff)
			}
			if entering, err := r.db.SessionsInState(t.Context(), store.Entering); err == nil && len(entering) == 0 && r.counted() != tt.free {
				t.Errorf("%d places are told to be free, want %d", r.counted(), tt.free)
			}
			var back []store.AmendFact
			for _, f := range r.amendments() {
				if f.Act == store.AmendBack {
					back = append(back, f)
				}
			}
			if diff := cmp.Diff([]store.AmendFact{{Act: store.AmendBack, Session: first.Session, Plate: no, Lane: "IN2"}}, back); diff != "" {
				t.Errorf("amendments (-want +got):\n%s", diff)
			}
			r.now = morning.Add(3 * time.Hour)
			if v := r.leave("OUT1", no, false); v.Session != first.Session || v.Open || v.Payable != 500 {
				t.Errorf("at the exit an hour later = %+v, want the third hour due", v)
			}
			r.pay(no)
			if v := r.leave("OUT1", no, false); v.Session != first.Session || !v.Open {
				t.Errorf("paid = %+v, want it let out", v)
			}
			r.did(r.Gone(t.Context(), first.Session))
			r.now = r.now.Add(10 * time.Minute)
			if v := r.leave("OUT1", no, false); len(r.open(no)) > 0 {
				t.Errorf("seen there once more = %+v, want no stay made of the entry that was taken back", v)
			}
			if got := r.card(card).Balance; got != 4 {
				t.Errorf("%d visits left on a card of another car, want 4", got)
			}
			r.balanced()
		})
	}
}

func TestAStayThatAnEntryEndedStaysEnded(t *testing.T) {
	const no = "粤B12345"
	tests := []struct {
		name string
		then func(r *rig, second string)
		want int // open stays
	}{
		{"when the car came in", func(r *rig, second string) {
			r.did(r.Entered(r.t.Context(), second))
			r.did(r.TurnedBack(r.t.Context(), "IN2", second, "it backed out"))
		}, 1},
		{"when an operator says that the car is not inside", func(r *rig, second string) {
			r.did(r.CloseStay(r.t.Context(), Closing{Session: second, Reason: "x", By: booth}))
		}, 0},
		{"when its exit had been decided", func(r *rig, second string) {
			r.did(r.TurnedBack(r.t.Context(), "IN2", second, "it backed out"))
		}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 9)
			first := r.park(no)
			want := store.Abnormal
			r.now = morning.Add(10 * time.Minute)
			if tt.name == "when its exit had been decided" {
				r.leave("OUT1", no, false)
				want = store.Left
			}
			second := r.enter("IN2", no)
			tt.then(r, second.Session)
			if s := r.session(first.Session); s.State != want || len(r.open(no)) != tt.want {
				t.Errorf("the stay = %+v, %d open; want it in state %d and %d open", s, len(r.open(no)), want, tt.want)
			}
			r.balanced()
		})
	}
}

// TestACarDecidedOnAtTwoEntries: whichever of them sees it pass, or none, there is one
// stay of it.
func TestACarDecidedOnAtTwoEntries(t *testing.T) {
	const no = "粤B12345"
	passes := func(lane int) func(r *rig, at [2]string) {
		return func(r *rig, at [2]string) { r.did(r.Entered(r.t.Context(), at[lane])) }
	}
	backs := func(lane int) func(r *rig, at [2]string) {
		return func(r *rig, at [2]string) {
			r.did(r.TurnedBack(r.t.Context(), []string{"IN1", "IN2"}[lane], at[lane], "nothing was seen to drive through"))
		}
	}
	type then []func(r *rig, at [2]string)
	tests := []struct {
		name   string
		inside bool // the books had it inside before
		then   then
		want   int // whose stay is open: 0 and 1 the entries', 2 the one before, -1 none
	}{
		{"the first sees it pass", false, then{passes(0)}, 0},
		{"the first does, and the second gives up", false, then{passes(0), backs(1)}, 0},
		{"the second gives up, and then the first sees it pass", false, then{backs(1), passes(0)}, 0},
		{"the second sees it pass", false, then{passes(1)}, 1},
		{"the second does, and the first gives up", false, then{passes(1), backs(0)}, 1},
		{"both see a car pass", false, then{passes(0), passes(1)}, 0},
		{"the second first", false, then{passes(1), passes(0)}, 1},
		{"neither does", false, then{backs(0), backs(1)}, -1},
		{"neither does, and it was inside before", true, then{backs(0), backs(1)}, 2},
		{"the first sees it pass, and it was inside before", true, then{passes(0), backs(1)}, 0},
		{"the second does", true, then{backs(0), passes(1)}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 9)
			card := r.give(6, 1, 5, no)
			visits, before := int64(5), ""
			if tt.inside {
				before, visits = r.park(no).Session, visits-1
				r.now = morning.Add(time.Hour)
			}
			first := r.enter("IN1", no)
			r.now = r.now.Add(time.Minute)
			second := r.enter("IN2", no)
			at := [2]string{first.Session, second.Session}
			for _, do := range tt.then {
				do(r, at)
			}
			want, free := map[string]store.SessionState{}, 9
			if tt.want >= 0 {
				want[[]string{at[0], at[1], before}[tt.want]], free = store.Inside, 8
			}
			if tt.want == 0 || tt.want == 1 {
				visits--
			}
			if diff := cmp.Diff(want, r.open(no)); diff != "" || r.free() != free || r.card(card).Balance != visits {
				t.Errorf("%d places free, %d visits left; want %d and %d; open stays (-want +got):\n%s", r.free(), r.card(card).Balance, free, visits, diff)
			}
			r.balanced()
		})
	}
}

func TestACarThatPassedAfterAllIsNotOnASpaceThatAnotherHasTaken(t *testing.T) {
	const no, other = "粤B12345", "京A99999"
	r := newRig(t, 9)
	card := r.give(2, 1, 0, no, other)
	first := r.enter("IN1", no)
	r.now = r.now.Add(time.Minute)
	second := r.enter("IN2", no)
	r.did(r.TurnedBack(t.Context(), "IN2", second.Session, "it backed out"))
	took := r.enter("IN2", other)
	r.did(r.Entered(t.Context(), took.Session))
	r.did(r.Entered(t.Context(), first.Session))
	if s := r.session(first.Session); s.State != store.Inside || s.Card != 0 || r.session(took.Session).Card != card {
		t.Errorf("the stay = %+v, want it inside as a temporary car's", s)
	}
}

func TestACardNumberThatWasGivenAwayKeepsAStayEnded(t *testing.T) {
	const no = "粤B12345"
	r := newRig(t, 9)
	in := r.scan("IN1", card1, r.Enter)
	r.did(r.Entered(t.Context(), in.Session))
	_, err := r.Correct(t.Context(), Correction{Session: in.Session, Plate: no, Reason: "看清了", By: booth})
	r.did(err)
	r.now = morning.Add(time.Hour)
	second := r.enter("IN2", no)
	other := r.scan("IN1", card1, r.Enter)
	if !other.Open {
		t.Fatalf("another car with the number = %+v", other)
	}
	r.did(r.TurnedBack(t.Context(), "IN2", second.Session, "it backed out"))
	if s := r.session(in.Session); s.State != store.Abnormal || r.session(other.Session).State != store.Entering {
		t.Errorf("the stay with that number = %+v, want it ended, and the other's untouched", s)
	}
}
