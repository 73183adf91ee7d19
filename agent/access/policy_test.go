package access

import (
	"testing"
	"time"

	"parkagent/store"
)

func TestATemporaryCarWhosePlateIsInsideIsKeptOutWhereThatIsSaid(t *testing.T) {
	r := newRig(t, 5)
	r.with(Policy{RefuseRepeat: true})
	first := r.park("粤B12345")
	r.now = r.now.Add(time.Hour)
	if v := r.enter("IN2", "粤B12345"); v.Open || v.Reason != ReasonInside {
		t.Fatalf("the plate comes again = %+v", v)
	}
	if s := r.session(first.Session); s.State != store.Inside {
		t.Errorf("the stay inside is in state %d", s.State)
	}
	r.give(2, 1, 0, "粤B12345")
	if v := r.enter("IN2", "粤B12345"); !v.Open || v.Reason != ReasonCard {
		t.Errorf("the plate has a card by now = %+v, want it let in", v)
	}
}

func TestACardIsNotPassedBack(t *testing.T) {
	r := newRig(t, 5)
	r.with(Policy{Passback: true})
	r.give(2, 2, 0, "粤B12345", "粤B54321")
	first := r.park("粤B12345")
	r.now = r.now.Add(time.Hour)
	if v := r.enter("IN2", "粤B12345"); v.Open || v.Reason != ReasonPassback {
		t.Fatalf("the plate comes again = %+v", v)
	}
	if v := r.enter("IN2", "粤B54321"); !v.Open || v.Reason != ReasonCard {
		t.Errorf("another car of the card = %+v, want it let in", v)
	}
	if v := r.leave("OUT1", "粤B12345", false); !v.Open || v.Session != first.Session {
		t.Fatalf("its exit = %+v", v)
	}
	if v := r.enter("IN2", "粤B12345"); !v.Open {
		t.Errorf("it comes again after its exit was decided = %+v, want it let in", v)
	}
}

func TestAFurtherCarOfACard(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy Policy
		open   bool
		why    Reason
	}{
		{"is a temporary one", Policy{}, true, ReasonTemporary},
		{"is kept out where that is said", Policy{RefuseOverQuota: true}, false, ReasonQuota},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 5)
			r.with(tt.policy)
			r.give(2, 1, 0, "粤B12345", "粤B54321")
			r.park("粤B12345")
			if v := r.enter("IN2", "粤B54321"); v.Open != tt.open || v.Reason != tt.why {
				t.Errorf("entry = %+v", v)
			}
		})
	}
}

func TestACardIsGoodInItsAreas(t *testing.T) {
	elsewhere := func(refuse bool) Policy {
		return Policy{CardAreas: []CardArea{{CarType: 2, Areas: []int{7}, Refuse: refuse}}}
	}
	for _, tt := range []struct {
		name   string
		policy Policy
		open   bool
		why    Reason
	}{
		{"elsewhere its car is a temporary one", elsewhere(false), true, ReasonTemporary},
		{"or kept out", elsewhere(true), false, ReasonArea},
		{"in them it is a card's", Policy{CardAreas: []CardArea{{CarType: 2, Areas: []int{1}}}}, true, ReasonCard},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 5)
			r.with(tt.policy)
			r.give(2, 1, 0, "粤B12345")
			if v := r.enter("IN1", "粤B12345"); v.Open != tt.open || v.Reason != tt.why {
				t.Errorf("entry = %+v", v)
			}
		})
	}
	t.Run("a car that is inside elsewhere does not come onto a new card", func(t *testing.T) {
		r := newRig(t, 5)
		r.with(elsewhere(false))
		v := r.park("粤B12345")
		r.give(2, 1, 0, "粤B12345")
		if s := r.session(v.Session); s.Card != 0 {
			t.Errorf("its session is on card %d", s.Card)
		}
	})
}

func TestPlacesAreKeptForCardHolders(t *testing.T) {
	r := newRig(t, 3)
	r.with(Policy{Areas: []Area{{Code: 1, WhenFull: []Class{}, Reserved: map[Class]int{ClassCard: 2}}}})
	r.give(2, 3, 0, "粤B00001", "粤B00002", "粤B00003")
	r.park("粤B11111")
	if v := r.enter("IN1", "粤B22222"); v.Open || v.Reason != ReasonFull {
		t.Fatalf("a second temporary car = %+v, though both places left are card holders'", v)
	}
	r.park("粤B00001")
	r.park("粤B00002")
	if v := r.enter("IN1", "粤B00003"); v.Open || v.Reason != ReasonFull {
		t.Errorf("a card holder in a full area that lets nobody in = %+v", v)
	}
}
