package gate_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/gate"
	"parkagent/drivers/sim"
)

var (
	_ drivertest.GateDriver = (*gate.Barrier)(nil)
	_ drivertest.StopDriver = (*gate.Barrier)(nil)
	_ drivertest.StopDriver = (*gate.Relay)(nil)
)

// The made-up map of the native barrier of these tests.
const (
	commandRegister, stateRegister                       = 10, 20
	orderOpen, orderClose, orderStop, orderHold, orderGo = 1, 2, 3, 4, 5
)

// native are the options of a barrier with that map.
func native() map[string]any {
	command := func(value int64) map[string]any {
		return map[string]any{"kind": "holding", "address": int64(commandRegister), "value": value}
	}
	bit := func(n int64) map[string]any {
		return map[string]any{"kind": "input", "address": int64(stateRegister + 1), "bit": n}
	}
	return map[string]any{
		"open": command(orderOpen), "close": command(orderClose), "stop": command(orderStop), "hold": command(orderHold), "release": command(orderGo),
		"arm":      map[string]any{"kind": "input", "address": int64(stateRegister), "mask": int64(15), "down": int64(1), "up": int64(2), "moving": int64(3), "fault": int64(4)},
		"presence": bit(0), "passage": bit(1), "held": bit(2),
	}
}

// A nativeSite is a barrier that is itself a Modbus device, and its driver.
type nativeSite struct {
	site
	gate *gate.Barrier
}

func newNativeSite(t *testing.T, w wire, table map[string]any) *nativeSite {
	t.Helper()
	s := &nativeSite{}
	s.board = sim.NewBoard(sim.BoardConfig{Unit: testUnit})
	stop := stopRelay
	s.barrier = sim.NewBarrier(s.board, sim.BarrierConfig{
		Open: openRelay, Close: closeRelay, Hold: holdRelay, Stop: &stop,
		Presence: sim.None, LimitOpen: sim.None, LimitClose: sim.None, Travel: testTravel,
	})
	s.board.SetNative(sim.Native{
		Command: commandRegister, State: stateRegister,
		Open: orderOpen, Close: orderClose, Stop: orderStop, Hold: orderHold, Leave: orderGo,
	})
	s.line = newLine(t, w(t, s.board))
	opt, err := gate.ParseBarrierOptions(table)
	if err != nil {
		t.Fatal(err)
	}
	if s.gate, err = gate.NewBarrier(gate.BarrierConfig{Device: "G1", Bus: s.line, Options: opt}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *nativeSite) rig(inBubble bool) drivertest.GateRig {
	rig := s.site.rig(gate.RelayOptions{HoldCoil: number(holdRelay), Stop: number(stopRelay)}, true)
	rig.Gate = s.gate
	rig.Contradict = nil // one register says where the arm is
	if !inBubble {
		rig.Faults = slices.DeleteFunc(rig.Faults, func(f drivertest.GateFault) bool {
			return !slices.Contains([]string{"refusal", "unplugged", "noise", "split replies", "echo"}, f.Name)
		})
		rig.Stale, rig.Timeout = nil, time.Minute
		gate.SetBarrierPresenceAge(s.gate, time.Minute)
		return rig
	}
	gate.SetBarrierPresenceAge(s.gate, testReply-50*time.Millisecond)
	late := sim.Fault{Kind: sim.FaultLate, Function: 4, Delay: testReply - 40*time.Millisecond}
	rig.Stale = func(on bool) {
		if !on {
			late = sim.Fault{}
		}
		s.board.SetFault(late)
	}
	return rig
}

func TestBarrierKeepsTheContract(t *testing.T) {
	for name, w := range map[string]wire{"modbus tcp": tcpInMemory, "rtu": rtuInMemory} {
		t.Run(name, func(t *testing.T) {
			drivertest.GateInBubble(t, func(t *testing.T) drivertest.GateRig { return newNativeSite(t, w, native()).rig(true) })
		})
	}
	for name, w := range map[string]wire{"modbus tcp through the system": modbusTCP, "serial line": serialLine} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			drivertest.Gate(t, func(t *testing.T) drivertest.GateRig { return newNativeSite(t, w, native()).rig(false) })
		})
	}
}

func TestParseBarrierOptionsReadsTheExampleOfItsComment(t *testing.T) {
	place := func(kind string, address int64, more ...any) map[string]any {
		m := map[string]any{"kind": kind, "address": address}
		for i := 0; i < len(more); i += 2 {
			m[more[i].(string)] = more[i+1]
		}
		return m
	}
	got, err := gate.ParseBarrierOptions(map[string]any{
		"unit": int64(1), "open": place("holding", 10, "value", int64(1)), "close": place("holding", 10, "value", int64(2)),
		"stop": place("coil", 3, "value", int64(1), "pulse", "500ms", "rest", int64(0)),
		"hold": place("coil", 4, "value", int64(1)), "release": place("coil", 4, "value", int64(0)),
		"arm":      place("input", 20, "mask", int64(15), "down", int64(1), "up", int64(2), "moving", int64(3), "fault", int64(4)),
		"presence": place("discrete", 0, "active_low", true), "passage": place("input", 21, "bit", int64(3)),
		"held": place("input", 21, "mask", int64(6), "value", int64(4)), "fault": place("input", 22, "value", int64(0), "active_low", true),
		"quiet": "20ms", "travel": "6s", "presence_age": "500ms", "self_guarded": false,
	})
	want := gate.BarrierOptions{
		Unit:    1,
		Open:    gate.Order{Place: gate.Place{Table: gate.TableHolding, Address: 10}, Value: 1},
		Close:   &gate.Order{Place: gate.Place{Table: gate.TableHolding, Address: 10}, Value: 2},
		Stop:    &gate.Order{Place: gate.Place{Table: gate.TableCoil, Address: 3}, Value: 1, Pulse: 500 * time.Millisecond},
		Hold:    &gate.Order{Place: gate.Place{Table: gate.TableCoil, Address: 4}, Value: 1},
		Release: &gate.Order{Place: gate.Place{Table: gate.TableCoil, Address: 4}},
		Arm: &gate.ArmCode{Place: gate.Place{Table: gate.TableInput, Address: 20}, Mask: 15,
			Down: number(1), Up: number(2), Moving: number(3), Fault: number(4)},
		Presence: &gate.Sign{Place: gate.Place{Table: gate.TableDiscrete}, Value: 1, Not: true},
		Passage:  &gate.Sign{Place: gate.Place{Table: gate.TableInput, Address: 21}, Mask: 8, Value: 8},
		Held:     &gate.Sign{Place: gate.Place{Table: gate.TableInput, Address: 21}, Mask: 6, Value: 4},
		Fault:    &gate.Sign{Place: gate.Place{Table: gate.TableInput, Address: 22}, Mask: 0xffff, Not: true},
		Quiet:    20 * time.Millisecond, Travel: 6 * time.Second, PresenceAge: 500 * time.Millisecond,
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("options (-want +got), %v:\n%s", err, diff)
	}
}

func TestParseBarrierOptionsNamesWhatIsWrong(t *testing.T) {
	type m = map[string]any
	tests := []struct {
		option string
		value  any
		want   string
	}{
		{"open", int64(1), `option "open": want a table in braces, have 1`},
		{"open", m{"kind": "discrete", "address": int64(1)}, `option "open.kind": "discrete" is not one of holding, coil`},
		{"open", m{"kind": "holding"}, `option "open.address": is missing`},
		{"open", m{"address": int64(1)}, `option "open.kind": is missing`},
		{"open", m{"kind": "coil", "address": int64(1), "value": int64(2)}, `option "open.value": 2 is not from 0 to 1`},
		{"open", m{"kind": "coil", "address": int64(70000)}, `option "open.address": 70000 is not from 0 to 65535`},
		{"open", m{"kind": "coil", "address": int64(1), "pulse": "1s", "rest": int64(1)}, `option "open.rest": is what is written anyhow: want another value than 1`},
		{"open", m{"kind": "coil", "address": int64(1), "puls": "1s"}, `unknown option "open.puls"`},
		{"hold", m{"kind": "coil", "address": int64(1)}, `option "hold": goes with release`},
		{"arm", m{"kind": "input", "address": int64(1)}, `option "arm.down": is missing`},
		{"limit_open", m{"kind": "discrete", "address": int64(1)}, `option "arm": says what the limits say`},
		{"presence", m{"kind": "input", "address": int64(21), "bit": int64(16)}, `option "presence.bit": 16 is not from 0 to 15`},
		{"presence", m{"kind": "discrete", "address": int64(21), "bit": int64(1)}, `unknown option "presence.bit"`},
		{"presence", m{"kind": "input", "address": int64(21), "value": int64(1)}, `option "presence.clear": is missing`},
		{"passage", m{"kind": "input", "address": int64(21), "mask": int64(6), "value": int64(2)}, `option "passage.clear": is missing`},
		{"presence", m{"kind": "input", "address": int64(21), "value": int64(0), "active_low": true, "clear": int64(0)}, `option "presence.clear": 0: value says already`},
		{"presence", m{"kind": "input", "address": int64(21), "value": int64(2), "clear": int64(2)}, `option "presence.clear": 2: value says already`},
		{"presence", m{"kind": "input", "address": int64(21), "bit": int64(1), "clear": int64(0)}, `unknown option "presence.clear"`},
		{"held", m{"kind": "input", "address": int64(21), "value": int64(1), "clear": int64(0)}, `unknown option "held.clear"`},
		{"presence", m{"kind": "input", "address": int64(21), "mask": int64(8), "value": int64(1)}, `option "presence.value": 1 has bits that mask leaves out`},
		{"presence", m{"kind": "input", "address": int64(900), "bit": int64(0)}, `option input numbers: 20 and 900 are more than 125 apart`},
		{"unit", int64(0), `option "unit": 0 means every board`},
		{"opne", int64(0), `unknown option "opne"`},
	}
	for _, tt := range tests {
		table := native()
		delete(table, "hold")
		delete(table, "release")
		table[tt.option] = tt.value
		if _, err := gate.ParseBarrierOptions(table); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s = %v: error %v, want one with %q", tt.option, tt.value, err, tt.want)
		}
	}
	if _, err := gate.ParseBarrierOptions(nil); err == nil || !strings.Contains(err.Error(), `option "open": is missing`) {
		t.Errorf("no options: error %v", err)
	}
}

func TestBarrierSaysWhatItsRegistersSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newNativeSite(t, rtuInMemory, native())
		state := func(want drivers.GateState) {
			t.Helper()
			got, err := s.gate.State(timed(t))
			got.At = time.Time{}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("State (-want +got), %v:\n%s", err, diff)
			}
		}
		state(drivers.GateState{Arm: drivers.ArmDown, Presence: drivers.PresenceClear, Passage: drivers.PresenceClear})
		s.barrier.SetPresence(true)
		if err := s.gate.Hold(timed(t)); err != nil {
			t.Fatal(err)
		}
		state(drivers.GateState{Arm: drivers.ArmMoving, Presence: drivers.PresenceOccupied, Passage: drivers.PresenceClear, HoldOpen: true})
		<-time.After(time.Second)
		s.barrier.SetPassage(true)
		state(drivers.GateState{Arm: drivers.ArmUp, Presence: drivers.PresenceOccupied, Passage: drivers.PresenceOccupied, HoldOpen: true})
		s.board.SetCoil(holdRelay, false) // its power was away for a moment
		state(drivers.GateState{Arm: drivers.ArmUp, Presence: drivers.PresenceOccupied, Passage: drivers.PresenceOccupied, Fault: drivers.FaultContact})
		s.barrier.StickLimits(true)
		state(drivers.GateState{Arm: drivers.ArmFault, Presence: drivers.PresenceOccupied, Passage: drivers.PresenceOccupied, Fault: drivers.FaultOther})
	})
}

// What only asks takes one request for each table, however much is in it.
func TestBarrierStateIsOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newNativeSite(t, rtuInMemory, native())
		if _, err := s.gate.State(timed(t)); err != nil {
			t.Fatal(err)
		}
		if n := s.line.Counts().Requests; n != 1 {
			t.Errorf("State took %d requests, want 1", n)
		}
	})
}

func TestBarrierTakesBackWhatItWroteForAMoment(t *testing.T) {
	table := native()
	for key, value := range map[string]int64{"open": orderOpen, "close": orderClose, "stop": orderStop} {
		table[key] = map[string]any{"kind": "holding", "address": int64(commandRegister), "value": value, "pulse": "200ms", "rest": int64(0)}
	}
	keeps := func(t *testing.T) *nativeSite {
		s := newNativeSite(t, rtuInMemory, table)
		s.board.SetNative(sim.Native{Command: commandRegister, State: stateRegister, Open: orderOpen, Close: orderClose, Stop: orderStop, Hold: orderHold, Leave: orderGo, Keeps: true})
		return s
	}
	inBubble(t, "after its moment", func(t *testing.T) {
		s := keeps(t)
		start := time.Now()
		if err := s.gate.Raise(timed(t)); err != nil {
			t.Fatal(err)
		}
		if got := s.board.Register(commandRegister); got != 0 || time.Since(start) < 200*time.Millisecond {
			t.Errorf("the command register is %d after %v, want 0 after 200 ms", got, time.Since(start))
		}
	})
	inBubble(t, "on first contact", func(t *testing.T) {
		s := keeps(t)
		s.board.SetRegister(commandRegister, orderOpen) // where the last run left it
		if _, err := s.gate.State(timed(t)); err != nil {
			t.Fatal(err)
		}
		if got := s.board.Register(commandRegister); got != 0 {
			t.Errorf("the command register is %d, want 0", got)
		}
	})
	inBubble(t, "but not what whoever only looks finds", func(t *testing.T) {
		s := keeps(t)
		s.board.SetRegister(commandRegister, orderOpen) // the agent's, just now
		opt, err := gate.ParseBarrierOptions(table)
		if err != nil {
			t.Fatal(err)
		}
		looks, err := gate.NewBarrier(gate.BarrierConfig{Device: "G1", Bus: s.line, Options: opt, AsFound: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := looks.State(timed(t)); err != nil || s.board.Register(commandRegister) != orderOpen {
			t.Errorf("State = %v and the command register is %d, want it as found", err, s.board.Register(commandRegister))
		}
	})
	inBubble(t, "though that fails twice", func(t *testing.T) {
		s := keeps(t)
		done := make(chan error, 1)
		go func() { done <- s.gate.Raise(timed(t)) }()
		<-time.After(100 * time.Millisecond)
		s.board.SetFault(sim.Fault{Kind: sim.FaultDeaf, Function: 6, Count: 2})
		if err := <-done; err != nil || s.board.Register(commandRegister) != 0 {
			t.Errorf("Raise = %v and the command register is %d, want neither", err, s.board.Register(commandRegister))
		}
	})
	inBubble(t, "an open order whose reply is lost is read back, not repeated", func(t *testing.T) {
		s := keeps(t)
		if _, err := s.gate.State(timed(t)); err != nil {
			t.Fatal(err)
		}
		s.board.SetFault(sim.Fault{Kind: sim.FaultMute, Function: 6, Count: 1})
		if err := s.gate.Raise(timed(t)); err != nil || s.count(sim.CoilOn, openRelay) != 1 {
			t.Errorf("Raise = %v and the barrier got %d orders to open, want 1", err, s.count(sim.CoilOn, openRelay))
		}
	})
}

func TestBarrierLowersByTheSameRules(t *testing.T) {
	tests := []struct {
		name   string
		change func(map[string]any)
		car    bool
		want   error
	}{
		{"clear", func(map[string]any) {}, false, nil},
		{"a car", func(map[string]any) {}, true, drivers.ErrRefused},
		{"no presence", func(m map[string]any) { delete(m, "presence") }, false, drivers.ErrRefused},
		{"no presence, and the barrier guards itself", func(m map[string]any) { delete(m, "presence"); m["self_guarded"] = true }, true, nil},
		{"a car, though the barrier guards itself", func(m map[string]any) { m["self_guarded"] = true }, true, drivers.ErrRefused},
		{"no order to close", func(m map[string]any) { delete(m, "close") }, false, drivers.ErrRefused},
	}
	for _, tt := range tests {
		inBubble(t, tt.name, func(t *testing.T) {
			table := native()
			tt.change(table)
			s := newNativeSite(t, tcpInMemory, table)
			s.barrier.SetPresence(tt.car)
			if err := s.gate.Lower(timed(t)); !errors.Is(err, tt.want) {
				t.Errorf("Lower = %v, want %v", err, tt.want)
			}
			if n := s.count(sim.CoilOn, closeRelay); (n == 1) != (tt.want == nil) {
				t.Errorf("the barrier got %d orders to close", n)
			}
		})
	}
}

// A barrier with nothing but coils and discrete inputs.
func TestBarrierOfCoilsAndDiscreteInputs(t *testing.T) {
	bit := func(kind string, address int64, more ...any) map[string]any {
		m := map[string]any{"kind": kind, "address": address}
		if len(more) > 0 {
			m[more[0].(string)] = more[1]
		}
		return m
	}
	hold, release := bit("coil", holdRelay, "value", int64(1)), bit("coil", holdRelay, "value", int64(0))
	open, shut := bit("coil", openRelay, "pulse", "100ms"), bit("coil", closeRelay, "pulse", "100ms")
	drivertest.GateInBubble(t, func(t *testing.T) drivertest.GateRig {
		opt := wired()
		opt.HoldCoil = number(holdRelay)
		s := newSite(t, rtuInMemory, opt)
		o, err := gate.ParseBarrierOptions(map[string]any{
			"open": open, "close": shut, "hold": hold, "release": release,
			"presence": bit("discrete", presenceInput), "limit_open": bit("discrete", upInput), "limit_close": bit("discrete", downInput),
		})
		if err != nil {
			t.Fatal(err)
		}
		b, err := gate.NewBarrier(gate.BarrierConfig{Device: "G1", Bus: s.line, Options: o})
		if err != nil {
			t.Fatal(err)
		}
		rig := s.rig(opt, true)
		rig.Gate = b
		gate.SetBarrierPresenceAge(b, testReply-50*time.Millisecond)
		return rig
	})
}
