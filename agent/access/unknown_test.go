package access

import (
	"errors"
	"testing"
	"time"

	"parkagent/agent/billing"
	"parkagent/store"
)

// TestUnknownRule is the specification of what is done with a car at an exit that
// nobody saw come in.
func TestUnknownRule(t *testing.T) {
	tests := []struct {
		name  string
		facts UnknownFacts
		act   UnknownExit
		why   Reason
	}{
		{"an operator decides where nothing else is said", UnknownFacts{Plate: true, Card: true}, AskOperator, ReasonNoSession},
		{"it is let out", UnknownFacts{Policy: OpenUnknown, Plate: true}, OpenUnknown, ReasonUnknown},
		{"it pays", UnknownFacts{Policy: ChargeUnknown, Plate: true}, ChargeUnknown, ReasonUnknown},
		{"a number that anybody may send opens nothing", UnknownFacts{Policy: OpenUnknown}, AskOperator, ReasonNoSession},
		{"a card that is not passed back does not leave without having come", UnknownFacts{Policy: OpenUnknown, Passback: true, Plate: true, Card: true}, AskOperator, ReasonPassback},
		{"which says nothing of cars without a card", UnknownFacts{Policy: ChargeUnknown, Passback: true, Plate: true}, ChargeUnknown, ReasonUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if act, why := UnknownRule(tt.facts); act != tt.act || why != tt.why {
				t.Errorf("UnknownRule = %v, %q; want %v, %q", act, why, tt.act, tt.why)
			}
		})
	}
}

// with sets what the operator of the rig's car park has decided.
func (r *rig) with(p Policy) { r.Rules.cfg.Policy = p }

func TestACarThatNobodySawComeInIsLetOut(t *testing.T) {
	r := newRig(t, 5)
	r.with(Policy{Unknown: OpenUnknown})
	v := r.leave("OUT1", "粤B12345", false)
	if !v.Open || v.Reason != ReasonUnknown || v.Session == "" || r.free() != 4 {
		t.Fatalf("exit = %+v, %d places free", v, r.free())
	}
	if v := r.leave("OUT1", "粤B12345", false); !v.Open || v.Reason != ReasonPending {
		t.Errorf("seen again before its gate opened = %+v, want it let out as the same car", v)
	}
	r.did(r.Gone(t.Context(), v.Session))
	s := r.session(v.Session)
	if s.State != store.Left || s.Note != noEntry || s.Fee != 0 || s.EntryLane != "" || r.free() != 5 {
		t.Errorf("its session = %+v, %d places free", s, r.free())
	}
	list, err := r.db.Openings(t.Context(), store.OpeningFilter{}, store.Mark{}, 10)
	if err != nil || len(list) != 1 || list[0].Reason != string(ReasonUnknown) || list[0].Plate != "粤B12345" || list[0].Lane != "OUT1" {
		t.Errorf("abnormal openings = %+v, %v", list, err)
	}
	if f := last[store.UnknownFact](r, store.KindUnknown, "粤B12345"); f.Session != v.Session || f.Lane != "OUT1" {
		t.Errorf("journal = %+v", f)
	}
}

func TestACarThatNobodySawComeInPays(t *testing.T) {
	r := newRig(t, 5)
	r.with(Policy{Unknown: ChargeUnknown, UnknownFee: 1500})
	v := r.leave("OUT1", "粤B12345", false)
	if v.Open || v.Reason != ReasonDue || v.Payable != 1500 {
		t.Fatalf("exit = %+v", v)
	}
	o, _, err := r.desk.Order(t.Context(), billing.Ref{Lane: "OUT1"}, "mall")
	if err != nil || o.Payable != 1500 || o.Kind != store.OrderExit {
		t.Fatalf("order for the car at the exit = %+v, %v", o, err)
	}
	if _, err := r.desk.Pay(t.Context(), billing.Notice{Order: o.No, Amount: 1500, Client: "mall"}); err != nil {
		t.Fatal(err)
	}
	r.now = r.now.Add(48 * time.Hour)
	again, err := r.Recheck(t.Context(), Approach{Lane: "OUT1", Gate: "GOUT1", Area: 1}, v.Session)
	if err != nil || !again.Open || again.Reason != ReasonPaid {
		t.Fatalf("paid, two days later = %+v, %v", again, err)
	}
	r.did(r.Gone(t.Context(), v.Session))
	if s := r.session(v.Session); s.Fee != 1500 || s.Unpaid != 0 || s.Over != 0 || s.Note != noEntry {
		t.Errorf("its session = %+v", s)
	}
}

func TestACardThatNobodySawComeInLeavesUnlessItMayHaveBeenPassedBack(t *testing.T) {
	tests := []struct {
		name   string
		policy Policy
		open   bool
		why    Reason
	}{
		{"by default an operator decides", Policy{}, false, ReasonNoSession},
		{"its card covers it where others pay", Policy{Unknown: ChargeUnknown, UnknownFee: 1500}, true, ReasonUnknown},
		{"not where cards are not passed back", Policy{Unknown: ChargeUnknown, UnknownFee: 1500, Passback: true}, false, ReasonPassback},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 5)
			r.with(tt.policy)
			r.give(2, 1, 0, "粤B12345")
			v := r.leave("OUT1", "粤B12345", false)
			if v.Open != tt.open || v.Reason != tt.why {
				t.Fatalf("exit = %+v", v)
			}
			if tt.open {
				r.did(r.Gone(t.Context(), v.Session))
				if s := r.session(v.Session); s.Fee != 0 || s.Card == 0 {
					t.Errorf("its session = %+v", s)
				}
			}
		})
	}
}

func TestANumberWithoutACarIsNotChargedForAnUnknownEntry(t *testing.T) {
	r := newRig(t, 5)
	r.with(Policy{Unknown: OpenUnknown})
	v, err := r.Leave(t.Context(), Approach{Lane: "OUT1", Gate: "GOUT1", Area: 1, CardNo: "1234567890123"})
	if err != nil || v.Open || v.Reason != ReasonNoSession {
		t.Errorf("exit = %+v, %v", v, err)
	}
	if _, err := r.db.OpenSessionByCard(t.Context(), "1234567890123"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a session for it: %v", err)
	}
}

func TestACarOfUnknownEntryThatDoesNotPayIsNotInsideForEver(t *testing.T) {
	r := newRig(t, 5)
	r.with(Policy{Unknown: ChargeUnknown, UnknownFee: 1500})
	gone, paid := r.leave("OUT1", "粤B11111", false), r.leave("OUT1", "粤B22222", false)
	o, _, err := r.desk.Order(t.Context(), billing.Ref{Plate: "粤B22222"}, "mall")
	r.did(err)
	_, err = r.desk.Pay(t.Context(), billing.Notice{Order: o.No, Amount: 100, Client: "mall"})
	r.did(err)
	r.now = r.now.Add(goneAfter)
	stands := r.leave("OUT2", "粤B33333", false)
	for _, after := range []time.Duration{0, time.Minute} { // the first is too early
		r.now = r.now.Add(after)
		r.did(r.Sweep(t.Context()))
		want := store.Inside
		if after > 0 {
			want = store.Abnormal
		}
		if s := r.session(gone.Session); s.State != want {
			t.Errorf("%v after six hours it is in state %d, want %d", after, s.State, want)
		}
	}
	for name, id := range map[string]string{"one that has paid a part": paid.Session, "one that stands at an exit": stands.Session} {
		if s := r.session(id); s.State != store.Inside {
			t.Errorf("%s is in state %d", name, s.State)
		}
	}
	if r.free() != 3 {
		t.Errorf("%d places are free, want 3", r.free())
	}
	if v := r.leave("OUT1", "粤B11111", false); v.Payable != 1500 || v.Session == gone.Session {
		t.Errorf("it comes again = %+v, want it asked to pay again", v)
	}
}
