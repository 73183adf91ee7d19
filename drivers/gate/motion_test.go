package gate_test

import (
	"testing"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/gate"
)

const slowTravel = 3 * time.Second

// newSiteThatTravels is a site whose arm takes its time.
func newSiteThatTravels(t *testing.T, opt gate.RelayOptions, travel time.Duration) *site {
	t.Helper()
	return newSiteOf(t, rtuInMemory, opt, travel)
}

func TestAnArmThatDoesNotArriveIsAFault(t *testing.T) {
	const none, travel = drivers.FaultNone, drivers.FaultTravel
	type step struct {
		after time.Duration
		do    string
		arm   drivers.Arm
		fault drivers.Fault
	}
	tests := []struct {
		name   string
		change func(*gate.RelayOptions)
		steps  []step
	}{
		{"an arm that goes up and down in time", nil, []step{
			{0, "", drivers.ArmDown, none}, {0, "raise", drivers.ArmMoving, none}, {2 * time.Second, "", drivers.ArmMoving, none},
			{slowTravel, "", drivers.ArmUp, none}, {time.Second, "lower", drivers.ArmMoving, none}, {slowTravel, "", drivers.ArmDown, none},
		}},
		{"an arm that hangs on its way", nil, []step{
			{0, "raise", drivers.ArmMoving, none}, {time.Second, "jam", drivers.ArmMoving, none}, {2 * time.Second, "", drivers.ArmMoving, none},
			{2 * time.Second, "", drivers.ArmFault, travel}, {0, "free", drivers.ArmFault, travel}, {0, "raise", drivers.ArmMoving, none}, {slowTravel, "", drivers.ArmUp, none},
		}},
		{"an arm that never leaves its lower end", nil, []step{
			{0, "jam", drivers.ArmDown, none}, {0, "raise", drivers.ArmDown, none}, {2 * time.Second, "raise", drivers.ArmDown, none},
			{2 * time.Second, "", drivers.ArmDown, travel}, {time.Second, "raise", drivers.ArmDown, travel},
			{0, "free", drivers.ArmDown, travel}, {0, "raise", drivers.ArmMoving, none}, {slowTravel, "", drivers.ArmUp, none},
		}},
		{"an arm that never leaves its lower end, whose upper end is not wired", func(o *gate.RelayOptions) { o.LimitOpen = nil }, []step{
			{0, "jam", drivers.ArmDown, none}, {0, "raise", drivers.ArmDown, none}, {2 * time.Second, "", drivers.ArmDown, none}, {3 * time.Second, "", drivers.ArmDown, travel},
		}},
		{"an arm that never reaches its upper end, the only one wired", func(o *gate.RelayOptions) { o.LimitClose = nil }, []step{
			{0, "jam", drivers.ArmUnknown, none}, {0, "raise", drivers.ArmUnknown, none}, {2 * time.Second, "", drivers.ArmUnknown, none}, {3 * time.Second, "", drivers.ArmUnknown, travel},
		}},
		{"an arm that was told to stop may stay where it is", nil, []step{
			{0, "raise", drivers.ArmMoving, none}, {0, "stop", drivers.ArmMoving, none}, {2 * time.Second, "", drivers.ArmMoving, none}, {3 * time.Second, "", drivers.ArmMoving, none},
			{3 * time.Second, "", drivers.ArmMoving, none}, {0, "raise", drivers.ArmMoving, none}, {slowTravel, "", drivers.ArmUp, none},
		}},
		{"an arm that hangs after it was told to stop and then to rise is a fault again", nil, []step{
			{0, "raise", drivers.ArmMoving, none}, {0, "stop", drivers.ArmMoving, none}, {0, "raise", drivers.ArmMoving, none}, {0, "jam", drivers.ArmMoving, none},
			{2 * time.Second, "", drivers.ArmMoving, none}, {2 * time.Second, "", drivers.ArmFault, travel},
		}},
		{"an arm that was not watched may have come and gone", nil, []step{
			{0, "raise", drivers.ArmMoving, none}, {time.Minute, "close by hand", drivers.ArmMoving, none},
		}},
		{"an arm that was not watched may have risen and come down", nil, []step{
			{0, "jam", drivers.ArmDown, none}, {0, "raise", drivers.ArmDown, none}, {time.Minute, "", drivers.ArmDown, none},
		}},
		{"an arm is watched from the command on", nil, []step{
			{0, "jam", drivers.ArmDown, none}, {time.Minute, "raise", drivers.ArmDown, none}, {3 * time.Second, "", drivers.ArmDown, none}, {time.Second, "", drivers.ArmDown, travel},
		}},
		{"an arm whose travel time is not given is not watched", func(o *gate.RelayOptions) { o.Travel = 0 }, []step{
			{0, "raise", drivers.ArmMoving, none}, {0, "jam", drivers.ArmMoving, none}, {3 * time.Second, "", drivers.ArmMoving, none}, {3 * time.Second, "", drivers.ArmMoving, none},
		}},
		{"both limits at once are a fault at once", nil, []step{
			{0, "", drivers.ArmDown, none}, {0, "stick", drivers.ArmFault, drivers.FaultLimits}, {0, "unstick", drivers.ArmDown, none},
		}},
	}
	for _, tt := range tests {
		inBubble(t, tt.name, func(t *testing.T) {
			opt := wired()
			opt.Stop, opt.Travel = number(stopRelay), slowTravel+500*time.Millisecond
			if tt.change != nil {
				tt.change(&opt)
			}
			s := newSiteThatTravels(t, opt, slowTravel)
			if tt.steps[0].do == "raise" {
				_, _ = s.relay.State(timed(t)) // it is watched from the start
			}
			for i, st := range tt.steps {
				<-time.After(st.after)
				s.do(t, st.do)
				got, err := s.relay.State(timed(t))
				if err != nil || got.Arm != st.arm || got.Fault != st.fault {
					t.Errorf("step %d (%s): arm %v, fault %d, %v; want %v, %d", i, st.do, got.Arm, got.Fault, err, st.arm, st.fault)
				}
			}
		})
	}
}

func (s *site) do(t *testing.T, what string) {
	t.Helper()
	var err error
	switch what {
	case "raise":
		err = s.relay.Raise(timed(t))
	case "lower":
		err = s.relay.Lower(timed(t))
	case "stop":
		err = s.relay.Stop(timed(t))
	case "close by hand":
		s.board.SetCoil(closeRelay, true)
		s.board.SetCoil(closeRelay, false)
	case "jam", "free":
		s.barrier.Jam(what == "jam")
	case "stick", "unstick":
		s.barrier.StickLimits(what == "stick")
	}
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// Two cars drive bumper to bumper: the second stands below while the first drives
// on behind.
func TestPresenceInputThatSeesEachOfACloseRowIsBelieved(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		opt := wired()
		opt.Passage = &gate.Input{Number: passageInput}
		s := newSite(t, tcpInMemory, opt)
		for range blindAfter + 1 {
			for _, at := range []struct{ below, behind bool }{{true, false}, {true, true}, {true, false}, {false, true}, {false, false}} {
				s.barrier.SetPresence(at.below)
				s.board.SetInput(passageInput, at.behind)
				if got, err := s.relay.State(timed(t)); err != nil || got.Fault != drivers.FaultNone {
					t.Fatalf("State = fault %d, %v; want none", got.Fault, err)
				}
			}
		}
	})
}

// blindAfter is how many cars an input may miss.
const blindAfter = 3

// A loop whose wire is broken reads clear for ever.
func TestPresenceInputThatMissesCarAfterCarIsNotBelieved(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		opt := wired()
		opt.Passage = &gate.Input{Number: passageInput}
		s := newSite(t, tcpInMemory, opt)
		car := func(seen bool, want drivers.Fault) {
			t.Helper()
			var got drivers.GateState
			for _, at := range []struct{ below, behind bool }{{seen, false}, {seen, true}, {false, true}, {false, false}} {
				s.barrier.SetPresence(at.below)
				s.board.SetInput(passageInput, at.behind)
				var err error
				if got, err = s.relay.State(timed(t)); err != nil {
					t.Fatal(err)
				}
			}
			if got.Fault != want {
				t.Errorf("State = fault %d, want %d", got.Fault, want)
			}
		}
		car(false, drivers.FaultNone)
		car(false, drivers.FaultNone)
		car(true, drivers.FaultNone)
		car(false, drivers.FaultNone)
		car(false, drivers.FaultNone)
		car(false, drivers.FaultPresence)
		if err := s.relay.Lower(timed(t)); err == nil {
			t.Error("Lower by the word of an input that misses cars succeeded")
		}
		car(true, drivers.FaultNone)
		if err := s.relay.Lower(timed(t)); err != nil {
			t.Errorf("Lower once the input sees cars again = %v", err)
		}
	})
}
