package main

import (
	"strings"
	"testing"
	"time"

	"parkagent/drivers/sim"
)

// TestGarbageFromAGateOpensNothingTwice lets a car come while the gate's board
// answers nonsense. The driver is told, the gate opens once when the board is
// well again, and never again for what it did behind a damaged answer.
func TestGarbageFromAGateOpensNothingTwice(t *testing.T) {
	t.Parallel()
	const writeCoil = 5
	tests := []struct {
		name  string
		fault sim.Fault
		fails bool // an exception is an answer: the board works, and says no
	}{
		{"the first bytes of answers", sim.Fault{Kind: sim.FaultCrumbs}, true},
		{"damaged answers to what it did", sim.Fault{Kind: sim.FaultBadCRC, Function: writeCoil}, true},
		{"exceptions", sim.Fault{Kind: sim.FaultException, Function: writeCoil}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			// The arm stays up until the car has passed.
			r := startAgent(t, func(b *sim.BarrierConfig) { b.AutoClose = 0 })
			board, panel := r.site.Board("G1"), r.site.Display("L1")
			board.SetCoil(1, true)
			board.SetCoil(1, false)
			r.eventually("the arm is down", func() bool { return r.site.Barrier("G1").Position() == 0 })
			lines, before, rises := len(r.log.answers()), r.openings(), len(r.site.Barrier("G1").Openings())

			const no = "粤B00666"
			board.SetFault(tt.fault)
			if err := r.site.Camera("C1").See(t.Context(), sim.SmallCar(no, time.Now())); err != nil {
				t.Errorf("the camera was told %v, want its car taken", err)
			}
			r.eventually("the panel tells of a gate fault", func() bool { return strings.Contains(strings.Join(panel.Lines(), "|"), "Gate fault") })
			board.SetFault(sim.Fault{})
			r.eventually("the car is let in", func() bool {
				return strings.Contains(strings.Join(panel.Lines(), "|"), "Welcome") && r.site.Barrier("G1").Position() == 1
			})
			if got := len(r.site.Barrier("G1").Openings()) - rises; got != 1 {
				t.Errorf("the arm rose %d times, want once", got)
			}
			if got := r.openings() - before; got != 1 {
				t.Errorf("the open relay went on %d times, want once", got)
			}
			if cars, err := r.phone.Inside(t.Context(), no); err != nil || len(cars) != 1 {
				t.Errorf("%d cars with its plate are inside, %v, want one", len(cars), err)
			}
			if tt.fails { // what has come back must last before it is told
				r.eventually("the gate is told to work again", func() bool { return strings.Contains(r.log.all(), `msg="device works again" lane=IN1 device=G1`) })
			}
			loud := strings.Join(r.log.answers()[lines:], "")
			if refuses := strings.Count(loud, "the gate refuses to open"); refuses != strings.Count(loud, "\n") || (refuses == 1) == tt.fails {
				t.Errorf("besides the device's state the log says:\n%s\nwant that the gate refuses, once, if it answered", loud)
			}
			for _, want := range []string{`msg="device failed" lane=IN1 device=G1`, `msg="device works again" lane=IN1 device=G1`} {
				if got := strings.Count(r.log.all(), want); tt.fails && got != 1 {
					t.Errorf("%s stands %d times in the log, want once", want, got)
				}
			}
			board.SetCoil(1, true)
			board.SetCoil(1, false)
			r.stillWorks("粤B00002")
		})
	}
}
