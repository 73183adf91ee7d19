package drivertest

import (
	"errors"
	"testing"

	"parkagent/drivers"
)

// missesCars drives cars through that the presence input does not see: its wire is
// broken, so that it reads clear for ever.
func missesCars(t *testing.T, r GateRig) {
	drive := func(seen bool) (s drivers.GateState) {
		t.Helper()
		for _, at := range []struct{ below, behind bool }{{seen, false}, {seen, true}, {false, true}, {false, false}} {
			r.SetPresence(at.below)
			r.SetPassage(at.behind)
			s = r.state(t)
		}
		if s.Passage != drivers.PresenceClear {
			t.Errorf("Passage = %v behind a car, want clear", s.Passage)
		}
		return s
	}
	for _, seen := range []bool{true, false, false} { // a person may walk through, too
		if s := drive(seen); s.Fault != drivers.FaultNone {
			t.Fatalf("State = fault %d after a car or two that the input missed, want none", s.Fault)
		}
	}
	drive(false)
	if s := drive(false); s.Fault != drivers.FaultPresence {
		t.Errorf("State = fault %d of an input that misses car after car, want %d", s.Fault, drivers.FaultPresence)
	}
	if r.Lowered == nil {
		return
	}
	if err := r.do(t, "Lower", r.Gate.Lower); !errors.Is(err, drivers.ErrRefused) || r.Lowered() != 0 {
		t.Errorf("Lower by the word of such an input = %v, %d commands to close; want drivers.ErrRefused and none", err, r.Lowered())
	}
	if s := drive(true); s.Fault != drivers.FaultNone {
		t.Errorf("State = fault %d once the input sees cars again, want none", s.Fault)
	}
	r.must(t, "Lower once the input sees cars again", r.Gate.Lower)
}
