package gate_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/gate"
	"parkagent/drivers/sim"
)

func timed(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// inBubble runs a subtest in which time passes only while all wait for it.
func inBubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

func TestStateSaysWhatTheInputsSay(t *testing.T) {
	tests := []struct {
		name                string
		up, down, occupied  bool
		noUp, noDown, noCar bool
		activeLow           bool
		arm                 drivers.Arm
		presence            drivers.Presence
	}{
		{name: "down and clear", down: true, arm: drivers.ArmDown, presence: drivers.PresenceClear},
		{name: "up and occupied", up: true, occupied: true, arm: drivers.ArmUp, presence: drivers.PresenceOccupied},
		{name: "neither end is moving", arm: drivers.ArmMoving, presence: drivers.PresenceClear},
		{name: "both ends is a fault", up: true, down: true, arm: drivers.ArmFault, presence: drivers.PresenceClear},
		{name: "no limit inputs says nothing of the arm", noUp: true, noDown: true, arm: drivers.ArmUnknown, presence: drivers.PresenceClear},
		{name: "one limit input off says nothing of the arm", noUp: true, arm: drivers.ArmUnknown, presence: drivers.PresenceClear},
		{name: "one limit input on is enough", noUp: true, down: true, arm: drivers.ArmDown, presence: drivers.PresenceClear},
		{name: "no presence input", noCar: true, down: true, arm: drivers.ArmDown, presence: drivers.PresenceNotFitted},
		{name: "active low inputs off mean both ends and a car", activeLow: true, arm: drivers.ArmFault, presence: drivers.PresenceOccupied},
		{name: "active low inputs on mean neither", activeLow: true, up: true, down: true, occupied: true, arm: drivers.ArmMoving, presence: drivers.PresenceClear},
	}
	for _, tt := range tests {
		inBubble(t, tt.name, func(t *testing.T) {
			opt := wired()
			for _, in := range []*gate.Input{opt.Presence, opt.LimitOpen, opt.LimitClose} {
				in.ActiveLow = tt.activeLow
			}
			if tt.noUp {
				opt.LimitOpen = nil
			}
			if tt.noDown {
				opt.LimitClose = nil
			}
			if tt.noCar {
				opt.Presence = nil
			}
			s := &site{board: sim.NewBoard(sim.BoardConfig{Unit: testUnit})}
			s.board.SetInput(upInput, tt.up)
			s.board.SetInput(downInput, tt.down)
			s.board.SetInput(presenceInput, tt.occupied)
			s.line = newLine(t, tcpInMemory(t, s.board))
			got, err := s.driver(t, opt).State(timed(t))
			if err != nil || got.Arm != tt.arm || got.Presence != tt.presence || got.HoldOpen {
				t.Errorf("State = %v arm, %v presence, held %v, %v; want %v, %v, false", got.Arm, got.Presence, got.HoldOpen, err, tt.arm, tt.presence)
			}
		})
	}
}

func TestLowerNeedsAPresenceInputOrTheInstallersWord(t *testing.T) {
	tests := []struct {
		name   string
		change func(*gate.RelayOptions)
		want   error
	}{
		{"no presence input", func(o *gate.RelayOptions) { o.Presence = nil }, drivers.ErrRefused},
		{"the barrier guards itself", func(o *gate.RelayOptions) { o.Presence, o.SelfGuarded = nil, true }, nil},
		{"no close contact", func(o *gate.RelayOptions) { o.Close = nil }, drivers.ErrRefused},
		{"presence clear", func(o *gate.RelayOptions) {}, nil},
	}
	for _, tt := range tests {
		inBubble(t, tt.name, func(t *testing.T) {
			opt := wired()
			tt.change(&opt)
			s := newSite(t, tcpInMemory, opt)
			if err := s.relay.Lower(timed(t)); !errors.Is(err, tt.want) {
				t.Errorf("Lower = %v, want %v", err, tt.want)
			}
			want := 0
			if tt.want == nil {
				want = 1
			}
			if n := s.count(sim.CoilOn, closeRelay); n != want {
				t.Errorf("the close relay went on %d times, want %d", n, want)
			}
		})
	}
}

func TestLowerRefusesOnACarEvenWhereTheBarrierGuardsItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt := wired()
		opt.SelfGuarded = true
		s := newSite(t, tcpInMemory, opt)
		s.barrier.SetPresence(true)
		if err := s.relay.Lower(timed(t)); !errors.Is(err, drivers.ErrRefused) {
			t.Errorf("Lower = %v, want drivers.ErrRefused", err)
		}
		if n := s.count(sim.CoilOn, closeRelay); n != 0 {
			t.Errorf("the close relay went on %d times on a car", n)
		}
	})
}

func TestLowerWithoutAPresenceReadingIsRefusedAndOffline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, tcpInMemory, wired())
		if _, err := s.relay.State(timed(t)); err != nil {
			t.Fatal(err)
		}
		s.board.SetFault(sim.Fault{Kind: sim.FaultDeaf, Function: 2})
		err := s.relay.Lower(timed(t))
		if !errors.Is(err, drivers.ErrRefused) || !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("Lower = %v, want both drivers.ErrRefused and drivers.ErrOffline", err)
		}
		if n := s.count(sim.CoilOn, closeRelay); n != 0 {
			t.Errorf("the close relay went on %d times unseen", n)
		}
	})
}

func TestRaiseWhoseReplyIsLostOpensOnce(t *testing.T) {
	for _, mode := range []gate.PulseMode{gate.PulseCoil, gate.PulseWaveshare, gate.PulseJYDAM} {
		inBubble(t, string(mode), func(t *testing.T) {
			opt := wired()
			opt.PulseMode, opt.Pulse = mode, time.Second // longer than the wait for the reply
			s := newSite(t, rtuInMemory, opt)
			if _, err := s.relay.State(timed(t)); err != nil {
				t.Fatal(err)
			}
			function := byte(5)
			if mode == gate.PulseJYDAM {
				function = 0x10
			}
			s.board.SetFault(sim.Fault{Kind: sim.FaultMute, Function: function, Count: 1})
			if err := s.relay.Raise(timed(t)); err != nil {
				t.Fatal(err)
			}
			if n := s.count(sim.CoilOn, openRelay) + max(0, s.count(sim.Pulse, openRelay)-1); n != 1 {
				t.Errorf("the open relay was given %d times, want 1: %v", n, s.board.Events())
			}
		})
	}
}

func TestRaiseThatWasLostIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, rtuInMemory, wired())
		if _, err := s.relay.State(timed(t)); err != nil {
			t.Fatal(err)
		}
		s.board.SetFault(sim.Fault{Kind: sim.FaultDeaf, Function: 5, Count: 1})
		if err := s.relay.Raise(timed(t)); err != nil {
			t.Fatal(err)
		}
		if n := s.count(sim.CoilOn, openRelay); n != 1 {
			t.Errorf("the open relay went on %d times, want 1", n)
		}
	})
}

func TestLowerThatWasLostIsNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, rtuInMemory, wired())
		if _, err := s.relay.State(timed(t)); err != nil {
			t.Fatal(err)
		}
		s.board.SetFault(sim.Fault{Kind: sim.FaultDeaf, Function: 5, Count: 1})
		if err := s.relay.Lower(timed(t)); !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("Lower = %v, want drivers.ErrOffline", err)
		}
		if n := s.count(sim.CoilOn, closeRelay); n != 0 {
			t.Errorf("the close relay went on %d times, want 0: presence was read for the first command only", n)
		}
	})
}

func TestRelayIsSwitchedOffEvenWhenOffFailsTwice(t *testing.T) {
	for name, kind := range map[string]sim.FaultKind{"lost": sim.FaultDeaf, "refused": sim.FaultException} {
		inBubble(t, name, func(t *testing.T) { offFailsTwice(t, kind) })
	}
}

func offFailsTwice(t *testing.T, kind sim.FaultKind) {
	s := newSite(t, rtuInMemory, wired())
	if _, err := s.relay.State(timed(t)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.relay.Raise(timed(t)) }()
	for !s.board.Coil(openRelay) {
		<-time.After(time.Millisecond)
	}
	s.board.SetFault(sim.Fault{Kind: kind, Function: 5, Count: 2})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if s.board.Coil(openRelay) {
		t.Error("the open relay stayed on: the arm is held up by accident")
	}
}

// inPulse returns a site whose gate is being told to open, in the middle of its
// contact, what ends the caller's patience, and what Raise returned then. It
// belongs in a bubble.
func inPulse(t *testing.T) (s *site, cancel context.CancelFunc, done <-chan error) {
	t.Helper()
	opt := wired()
	opt.Pulse = 5 * time.Second
	s = newSite(t, rtuInMemory, opt)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.relay.Raise(ctx) }()
	for !s.board.Coil(openRelay) {
		<-time.After(time.Millisecond)
	}
	return s, cancel, ended
}

func TestCancelledRaiseStillSwitchesItsRelayOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, cancel, done := inPulse(t)
		start := time.Now()
		cancel()
		if err := <-done; !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("Raise = %v, want drivers.ErrOffline: nobody knows whether so short a contact was seen", err)
		}
		if took := time.Since(start); took > time.Second || s.board.Coil(openRelay) {
			t.Errorf("Raise took %v after its end and left the relay on: %v", took, s.board.Coil(openRelay))
		}
	})
}

// The lane waits for it, and its next car does.
func TestSwitchingOffABoardThatIsGoneIsGivenUpAfterASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, cancel, done := inPulse(t)
		s.board.SetFault(sim.Fault{Kind: sim.FaultDeaf})
		start := time.Now()
		cancel()
		if err := <-done; !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("Raise = %v, want drivers.ErrOffline", err)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("Raise took %v after its end, want a second of tries", took)
		}
	})
}

func TestFirstContactSwitchesMomentaryRelaysOff(t *testing.T) {
	separate := wired()
	separate.HoldCoil = number(holdRelay)
	tests := []struct {
		name string
		opt  gate.RelayOptions
		held bool
		want []int // relays that stay on
	}{
		{"nothing is held", wired(), false, []int{holdRelay}},
		{"the open relay is held", wired(), true, []int{openRelay, holdRelay}},
		{"a hold relay of its own is left as it was", separate, false, []int{holdRelay}},
		{"a hold relay of its own is held", separate, true, []int{holdRelay}},
	}
	for _, tt := range tests {
		inBubble(t, tt.name, func(t *testing.T) {
			s := newSite(t, tcpInMemory, tt.opt)
			for _, n := range []int{openRelay, closeRelay, holdRelay} {
				s.board.SetCoil(n, true)
			}
			relay, err := gate.NewRelay(gate.Config{Device: "G1", Bus: s.line, Options: tt.opt, Held: tt.held})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := relay.State(timed(t)); err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, n := range []int{openRelay, closeRelay, holdRelay} {
				if s.board.Coil(n) {
					got = append(got, n)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("relays on after the first contact = %v, want %v", got, tt.want)
			}
		})
	}
}

// What the board's timer gave it would take back, and the hold with it.
func TestHoldRightAfterAPulseOfTheBoardsTimerStays(t *testing.T) {
	for _, mode := range []gate.PulseMode{gate.PulseWaveshare, gate.PulseJYDAM} {
		inBubble(t, string(mode), func(t *testing.T) {
			opt := wired()
			opt.PulseMode = mode
			s := newSite(t, rtuInMemory, opt)
			if err := s.relay.Raise(timed(t)); err != nil {
				t.Fatal(err)
			}
			if err := s.relay.Hold(timed(t)); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Minute)
			if !s.board.Coil(openRelay) {
				t.Error("the hold ended with the pulse before it")
			}
		})
	}
}

// The agent was not told of the hold: an installer's, or one of a run whose books are
// lost.
func TestLowerRefusesWhileTheGateIsFoundHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt := wired()
		opt.HoldCoil, opt.Stop = number(holdRelay), number(stopRelay)
		s := newSite(t, tcpInMemory, opt)
		s.board.SetCoil(holdRelay, true)
		for name, d := range map[string]driver{"relays": s.relay, "registers": coilBarrier(t, s)} {
			if err := d.Lower(timed(t)); !errors.Is(err, drivers.ErrRefused) || s.count(sim.CoilOn, closeRelay) != 0 {
				t.Errorf("%s: Lower = %v and the close contact was given %d times, want a refusal", name, err, s.count(sim.CoilOn, closeRelay))
			}
		}
	})
}

func TestHoldThatWasRefusedLeavesTheGateAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt := wired()
		opt.HoldCoil, opt.Stop = number(holdRelay), number(stopRelay)
		s := newSite(t, tcpInMemory, opt)
		for name, d := range map[string]driver{"relays": s.relay, "registers": coilBarrier(t, s)} {
			if _, err := d.State(timed(t)); err != nil {
				t.Fatal(err)
			}
			s.board.SetFault(sim.Fault{Kind: sim.FaultException, Function: 5})
			if err := d.Hold(timed(t)); !errors.Is(err, drivers.ErrRefused) {
				t.Errorf("%s: Hold = %v, want a refusal", name, err)
			}
			s.board.SetFault(sim.Fault{})
			if err := d.Lower(timed(t)); err != nil {
				t.Errorf("%s: Lower after it = %v, want it done: nothing holds the gate", name, err)
			}
		}
	})
}

func TestHeldGateIsLatchedAgainAfterTheBoardLostItsPower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, tcpInMemory, wired())
		if err := s.relay.Hold(timed(t)); err != nil {
			t.Fatal(err)
		}
		s.board.SetCoil(openRelay, false)
		if st, err := s.relay.State(timed(t)); err != nil || st.HoldOpen {
			t.Errorf("State = held %v, %v, want the truth: not held", st.HoldOpen, err)
		}
		if err := s.relay.Raise(timed(t)); err != nil {
			t.Fatal(err)
		}
		if !s.board.Coil(openRelay) {
			t.Error("Raise of a held gate left its relay off")
		}
	})
}

func TestArmGoesUpAndComesDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, rtuInMemory, wired())
		if err := s.relay.Raise(timed(t)); err != nil { // the pulse is longer than the travel
			t.Fatal(err)
		}
		if st, err := s.relay.State(timed(t)); err != nil || st.Arm != drivers.ArmUp {
			t.Errorf("State after Raise = %v, %v, want up", st.Arm, err)
		}
		if err := s.relay.Lower(timed(t)); err != nil {
			t.Fatal(err)
		}
		if st, err := s.relay.State(timed(t)); err != nil || st.Arm != drivers.ArmDown {
			t.Errorf("State after Lower = %v, %v, want down", st.Arm, err)
		}
	})
}
