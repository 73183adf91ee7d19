package gate_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"parkagent/drivers"
	"parkagent/drivers/sim"
)

// about returns the finding about a topic, and whether there is one.
func about(list []drivers.Finding, topic drivers.Topic) (drivers.Finding, bool) {
	for _, f := range list {
		if f.Topic == topic {
			return f, true
		}
	}
	return drivers.Finding{}, false
}

func TestDiagnoseFindsWhatIsWrongAndMovesNothing(t *testing.T) {
	tests := []struct {
		name  string
		prep  func(*site)
		topic drivers.Topic
		level drivers.Level
		value string // where it is the same each time
		fault drivers.Fault
	}{
		{"a board that is well answers", func(*site) {}, drivers.TopicReach, drivers.LevelFine, "", drivers.FaultNone},
		{"its modes are its own business", func(*site) {}, drivers.TopicMode, drivers.LevelFine, "", drivers.FaultNone},
		{"its inputs", func(*site) {}, drivers.TopicInputs, drivers.LevelFine, "arm=down presence=clear passage=not fitted", drivers.FaultNone},
		{"no relay is on", func(*site) {}, drivers.TopicRelays, drivers.LevelFine, "", drivers.FaultNone},
		{"its line is clean", func(*site) {}, drivers.TopicLine, drivers.LevelFine, "", drivers.FaultNone},
		{"an input moves the close relay by itself", func(s *site) { s.board.SetRegister(0x1001, 1) }, drivers.TopicMode, drivers.LevelWrong, "close=1", drivers.FaultNone},
		{"a board without modes is another model", func(s *site) { s.board.SetFault(sim.Fault{Kind: sim.FaultException, Function: 3, Code: 2}) }, drivers.TopicMode, drivers.LevelOdd, "", drivers.FaultOther},
		{"both limits", func(s *site) { s.barrier.StickLimits(true) }, drivers.TopicInputs, drivers.LevelWrong, "arm=fault presence=clear passage=not fitted", drivers.FaultLimits},
		{"inputs that the board does not have", func(s *site) { s.board.SetFault(sim.Fault{Kind: sim.FaultException, Function: 2, Code: 2}) }, drivers.TopicInputs, drivers.LevelWrong, "", drivers.FaultOther},
		{"the open relay is on", func(s *site) { s.board.SetCoil(openRelay, true) }, drivers.TopicRelays, drivers.LevelOdd, "open", drivers.FaultNone},
		{"a board that is not there", func(s *site) { s.board.SetFault(sim.Fault{Kind: sim.FaultDeaf}) }, drivers.TopicReach, drivers.LevelWrong, "", drivers.FaultOffline},
		{"noise", func(s *site) { s.board.SetFault(sim.Fault{Kind: sim.FaultNoise}) }, drivers.TopicLine, drivers.LevelOdd, "", drivers.FaultNone},
		{"some replies are damaged", func(s *site) { s.board.SetFault(sim.Fault{Kind: sim.FaultBadCRC, Function: 2, Count: 1}) }, drivers.TopicLine, drivers.LevelOdd, "", drivers.FaultNone},
		{"an adapter that echoes", func(s *site) { s.board.SetFault(sim.Fault{Kind: sim.FaultEcho}) }, drivers.TopicLine, drivers.LevelOdd, "", drivers.FaultNone},
	}
	for _, tt := range tests {
		inBubble(t, tt.name, func(t *testing.T) {
			opt := wired()
			opt.Model = "waveshare"
			s := newSite(t, rtuInMemory, opt)
			tt.prep(s)
			commands := func() int {
				n := 0
				for _, kind := range []sim.EventKind{sim.CoilOn, sim.CoilOff, sim.Pulse} {
					for relay := range 8 {
						n += s.count(kind, relay)
					}
				}
				return n
			}
			before := commands()
			list := s.relay.Diagnose(timed(t))
			got, ok := about(list, tt.topic)
			if !ok || got.Level != tt.level || drivers.FaultOf(got.Err) != tt.fault || tt.value != "" && got.Value != tt.value {
				t.Errorf("Diagnose = %+v, want %s at level %d with value %q and fault %d", list, tt.topic, tt.level, tt.value, tt.fault)
			}
			if n := commands() - before; n > 0 {
				t.Errorf("Diagnose moved something %d times: %v", n, s.board.Events())
			}
		})
	}
}

func TestDiagnoseOfABarrier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := native()
		table["fault"] = map[string]any{"kind": "input", "address": int64(stateRegister), "value": int64(2)} // as if up were one
		s := newNativeSite(t, rtuInMemory, table)
		list := s.gate.Diagnose(timed(t))
		if f, ok := about(list, drivers.TopicInputs); !ok || f.Level != drivers.LevelFine || f.Value != "arm=down presence=clear passage=clear" {
			t.Errorf("Diagnose = %+v, want the inputs to be fine", list)
		}
		if err := s.gate.Raise(timed(t)); err != nil {
			t.Fatal(err)
		}
		for st, _ := s.gate.State(timed(t)); st.Arm != drivers.ArmUp; st, _ = s.gate.State(timed(t)) {
			synctest.Wait()
		}
		if f, _ := about(s.gate.Diagnose(timed(t)), drivers.TopicInputs); f.Level != drivers.LevelWrong || f.Err == nil {
			t.Errorf("Diagnose = %+v of a barrier that says it has a fault", f)
		}
		s.board.SetFault(sim.Fault{Kind: sim.FaultDeaf})
		if f, _ := about(s.gate.Diagnose(timed(t)), drivers.TopicReach); f.Level != drivers.LevelWrong || !errors.Is(f.Err, drivers.ErrOffline) {
			t.Errorf("Diagnose = %+v of a barrier that is silent", f)
		}
	})
}
