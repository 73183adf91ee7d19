package gate_test

import (
	"errors"
	"testing"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/sim"
)

// The lane releases a gate again that is held and should not be.
func TestHoldOfABarrierThatDoesNotTellEndsWhenItSaysThatItHeard(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		table := native()
		delete(table, "held")
		s := newNativeSite(t, rtuInMemory, table)
		held := func(when string, want bool) {
			t.Helper()
			if st, err := s.gate.State(timed(t)); err != nil || st.HoldOpen != want {
				t.Errorf("%s: State = held %v, %v; want %v", when, st.HoldOpen, err, want)
			}
		}
		if err := s.gate.Hold(timed(t)); err != nil {
			t.Fatal(err)
		}
		held("after Hold", true)
		s.board.SetFault(sim.Fault{Kind: sim.FaultDeaf})
		if err := s.gate.Release(timed(t)); err == nil {
			t.Fatal("Release of a deaf barrier succeeded")
		}
		s.board.SetFault(sim.Fault{})
		held("after a Release that was lost", true)
		if err := s.gate.Lower(timed(t)); !errors.Is(err, drivers.ErrRefused) {
			t.Errorf("Lower while that is so = %v, want drivers.ErrRefused", err)
		}
		if err := s.gate.Release(timed(t)); err != nil {
			t.Fatal(err)
		}
		held("after Release", false)
	})
}

// A loop that is a number reports more than a car.
func TestPlaceThatIsANumberIsClearByThatNumberOnly(t *testing.T) {
	number := func(more ...any) map[string]any {
		m := map[string]any{"kind": "holding", "address": int64(50)}
		for i := 0; i < len(more); i += 2 {
			m[more[i].(string)] = more[i+1]
		}
		return m
	}
	for _, sign := range []map[string]any{
		number("value", int64(1), "clear", int64(0)),
		number("value", int64(1), "clear", int64(0), "mask", int64(0xff)),
		number("value", int64(0), "active_low", true),
	} {
		for value, want := range map[uint16]drivers.Presence{0: drivers.PresenceClear, 1: drivers.PresenceOccupied, 2: drivers.PresenceUnknown, 0xffff: drivers.PresenceUnknown} {
			inBubble(t, "", func(t *testing.T) {
				table := native()
				table["presence"] = sign
				s := newNativeSite(t, tcpInMemory, table)
				s.board.SetRegister(50, value)
				if sign["active_low"] == true && want == drivers.PresenceUnknown {
					want = drivers.PresenceOccupied
				}
				if got, err := s.gate.State(timed(t)); err != nil || got.Presence != want {
					t.Errorf("%v = %d: State = %v, %v; want %v", sign, value, got.Presence, err, want)
				}
				if err := s.gate.Lower(timed(t)); (err == nil) != (want == drivers.PresenceClear) {
					t.Errorf("%v = %d: Lower = %v, want it done if clear", sign, value, err)
				}
			})
		}
	}
}

// The command register has the order of the car before, which went through.
func TestOrderThatStaysIsNotTakenForTheOneThatWasLost(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		s := newNativeSite(t, rtuInMemory, native())
		s.board.SetNative(sim.Native{Command: commandRegister, State: stateRegister, Open: orderOpen, Close: orderClose, Stop: orderStop, Hold: orderHold, Leave: orderGo, Keeps: true})
		for n := range 2 {
			if n == 1 {
				s.board.SetFault(sim.Fault{Kind: sim.FaultDeaf, Function: 6, Count: 1})
			}
			if err := s.gate.Raise(timed(t)); err != nil || s.count(sim.CoilOn, openRelay) != n+1 {
				t.Errorf("Raise %d = %v and the barrier got %d orders to open", n+1, err, s.count(sim.CoilOn, openRelay))
			}
			<-time.After(time.Second)
		}
	})
}
