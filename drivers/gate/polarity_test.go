package gate_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/gate"
	"parkagent/drivers/sim"
)

func TestFirstContactBringsEveryMomentaryRelayToItsRest(t *testing.T) {
	all := wired()
	all.Stop = number(stopRelay)
	tests := []struct {
		name    string
		restsOn [4]bool // open, close, hold (not wired), stop
	}{
		{"all rest off", [4]bool{}},
		{"a stop circuit through the NO terminal rests on", [4]bool{stopRelay: true}},
		{"all rest on", [4]bool{true, true, false, true}},
	}
	for _, tt := range tests {
		for _, before := range []bool{false, true} {
			inBubble(t, tt.name, func(t *testing.T) {
				opt := all
				opt.OpenActiveLow, opt.CloseActiveLow, opt.StopActiveLow = tt.restsOn[openRelay], tt.restsOn[closeRelay], tt.restsOn[stopRelay]
				opt.SelfGuarded = opt.CloseActiveLow
				board := sim.NewBoard(sim.BoardConfig{Unit: testUnit})
				for n := range tt.restsOn {
					board.SetCoil(n, before)
				}
				s := &site{board: board, line: newLine(t, tcpInMemory(t, board))}
				if st, err := s.driver(t, opt).State(timed(t)); err != nil || st.HoldOpen {
					t.Fatalf("State = held %v, %v, want neither", st.HoldOpen, err)
				}
				for n, want := range tt.restsOn {
					if n == holdRelay {
						want = before // nobody has it
					}
					if got := board.Coil(n); got != want {
						t.Errorf("relay %d, which was %v, is %v after first contact, want %v", n, before, got, want)
					}
				}
			})
		}
	}
}

func TestStopHaltsTheArmOnItsWay(t *testing.T) {
	for _, low := range []bool{false, true} {
		for _, mode := range []gate.PulseMode{gate.PulseCoil, gate.PulseWaveshare, gate.PulseJYDAM} {
			inBubble(t, string(mode), func(t *testing.T) {
				opt := wired()
				opt.Stop, opt.StopActiveLow, opt.PulseMode = number(stopRelay), low, mode
				s := newSiteThatTravels(t, opt, 10*time.Second)
				if err := s.relay.Raise(timed(t)); err != nil {
					t.Fatal(err)
				}
				if err := s.relay.Stop(timed(t)); err != nil {
					t.Fatal(err)
				}
				at := s.barrier.Position()
				<-time.After(time.Minute)
				if now := s.barrier.Position(); at <= 0 || at >= 1 || now != at {
					t.Errorf("the arm stopped at %v and is at %v, want it to stay on its way", at, now)
				}
				if s.board.Coil(stopRelay) != low {
					t.Error("the stop contact is still given")
				}
			})
		}
	}
}

func TestStopWithoutAContactIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, tcpInMemory, wired())
		if err := s.relay.Stop(timed(t)); !errors.Is(err, drivers.ErrRefused) {
			t.Errorf("Stop = %v, want drivers.ErrRefused", err)
		}
	})
}

// Whoever is below the arm does not wait for a look at the relays.
func TestStopIsTheFirstThingThatIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay, wire := tapped(t, 1, gate.RelayOptions{Open: 0, Stop: number(1), PulseMode: gate.PulseWaveshare})
		if err := relay.Stop(timed(t)); err != nil {
			t.Fatal(err)
		}
		// What the other relays do is not known yet.
		if got, want := wire.frames(), []string{"01 05 02 01 00 05 5D B1", "01 05 00 00 00 00 CD CA"}; !slices.Equal(got, want) {
			t.Errorf("Stop sent %q, want %q", got, want)
		}
		if _, err := relay.State(timed(t)); err != nil {
			t.Fatal(err)
		}
		before := len(wire.frames())
		if err := relay.Stop(timed(t)); err != nil {
			t.Fatal(err)
		}
		if got := wire.frames()[before:]; len(got) != 1 || got[0] != "01 05 02 01 00 05 5D B1" {
			t.Errorf("Stop of relays that are known sent %q, want the pulse and nothing else", got)
		}
	})
}

// A close contact stayed given when the line was lost. Stopped for a moment only, the
// arm would come down by it after all.
func TestStopTakesBackWhatALostCommandLeftGiven(t *testing.T) {
	relay := func(mode gate.PulseMode) func(*testing.T, *site) driver {
		return func(t *testing.T, s *site) driver {
			opt := wired()
			opt.Stop, opt.PulseMode = number(stopRelay), mode
			return s.driver(t, opt)
		}
	}
	for name, build := range map[string]func(*testing.T, *site) driver{
		"coil": relay(gate.PulseCoil), "waveshare": relay(gate.PulseWaveshare), "jydam": relay(gate.PulseJYDAM), "registers": coilBarrier,
	} {
		inBubble(t, name, func(t *testing.T) {
			s := newSite(t, rtuInMemory, wired())
			d := build(t, s)
			if err := d.Raise(timed(t)); err != nil {
				t.Fatal(err)
			}
			s.board.SetFault(sim.Fault{Kind: sim.FaultDeaf})
			if err := d.Lower(timed(t)); err == nil {
				t.Fatal("Lower of a deaf board succeeded")
			}
			s.board.SetCoil(closeRelay, true)
			s.board.SetFault(sim.Fault{})
			before := len(s.board.Events())
			if err := d.Stop(timed(t)); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Second)
			type step struct {
				kind  sim.EventKind
				relay int
			}
			var got []step
			var at []time.Time
			for _, e := range s.board.Events()[before:] {
				if e.Kind == sim.CoilOn || e.Kind == sim.CoilOff {
					got, at = append(got, step{e.Kind, e.Number}), append(at, e.At)
				}
			}
			if want := []step{{sim.CoilOn, stopRelay}, {sim.CoilOff, closeRelay}, {sim.CoilOff, stopRelay}}; !slices.Equal(got, want) {
				t.Fatalf("Stop did %v, want %v", got, want)
			}
			if given := at[2].Sub(at[0]); given < testPulse {
				t.Errorf("the stop contact was given for %v, want %v", given, testPulse)
			}
		})
	}
}

// A relay that is on while nothing gives it is another program's, or welded, or
// moved by the board itself.
func TestContactThatIsGivenByNobodyIsLeftOnceAndThenAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, tcpInMemory, wired())
		state := func(want drivers.Fault) {
			t.Helper()
			<-time.After(2 * time.Second) // until the relays are read again
			if st, err := s.relay.State(timed(t)); err != nil || st.Fault != want {
				t.Errorf("State = fault %d, %v; want %d", st.Fault, err, want)
			}
		}
		state(drivers.FaultNone)
		s.board.SetCoil(closeRelay, true)
		state(drivers.FaultNone)
		if !s.board.Coil(closeRelay) {
			t.Fatal("another program's pulse was cut short")
		}
		state(drivers.FaultContact)
		if s.board.Coil(closeRelay) {
			t.Fatal("the close contact stays given")
		}
		state(drivers.FaultNone)
	})
}

// coilBarrier is the site's barrier as one that is itself a Modbus device.
func coilBarrier(t *testing.T, s *site) driver {
	t.Helper()
	coil := func(n, value int64, more ...any) map[string]any {
		m := map[string]any{"kind": "coil", "address": n, "value": value}
		if len(more) > 0 {
			m["pulse"] = more[0]
		}
		return m
	}
	opt, err := gate.ParseBarrierOptions(map[string]any{
		"open": coil(openRelay, 1, "100ms"), "close": coil(closeRelay, 1, "100ms"), "stop": coil(stopRelay, 1, "100ms"),
		"hold": coil(holdRelay, 1), "release": coil(holdRelay, 0), "self_guarded": true,
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := gate.NewBarrier(gate.BarrierConfig{Device: "G1", Bus: s.line, Options: opt})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// While the open contact is given no close contact brings the arm down, and while
// the stop contact is, nothing moves it.
func TestCloseIsBroughtToRestBeforeWhatKeepsTheArmUp(t *testing.T) {
	all := wired()
	all.HoldCoil, all.Stop = number(holdRelay), number(stopRelay)
	latching := wired()
	relay := func(opt gate.RelayOptions) func(*testing.T, *site) driver {
		return func(t *testing.T, s *site) driver { return s.driver(t, opt) }
	}
	state := func(t *testing.T, d driver, _ *sim.Board) error { _, err := d.State(timed(t)); return err }
	release := func(t *testing.T, d driver, b *sim.Board) error {
		if err := d.Hold(timed(t)); err != nil {
			return err
		}
		b.SetCoil(closeRelay, true)
		return d.Release(timed(t))
	}
	tests := []struct {
		name  string
		build func(*testing.T, *site) driver
		do    func(*testing.T, driver, *sim.Board) error
		given []int // before
		want  []int // as they are brought to rest
	}{
		{"first contact", relay(all), state, []int{openRelay, closeRelay, stopRelay}, []int{closeRelay, openRelay, stopRelay}},
		{"release", relay(all), release, nil, []int{closeRelay, holdRelay}},
		{"release of the open relay", relay(latching), release, nil, []int{closeRelay, openRelay}},
		{"first contact with registers", coilBarrier, state, []int{openRelay, closeRelay, stopRelay}, []int{closeRelay, openRelay, stopRelay}},
		{"release with registers", coilBarrier, release, nil, []int{closeRelay, holdRelay}},
	}
	for _, tt := range tests {
		inBubble(t, tt.name, func(t *testing.T) {
			s := &site{board: sim.NewBoard(sim.BoardConfig{Unit: testUnit})}
			s.line = newLine(t, tcpInMemory(t, s.board))
			for _, n := range tt.given {
				s.board.SetCoil(n, true)
			}
			if err := tt.do(t, tt.build(t, s), s.board); err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, e := range s.board.Events() {
				if e.Kind == sim.CoilOff {
					got = append(got, e.Number)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("relays were brought to rest in the order %v, want %v", got, tt.want)
			}
		})
	}
}

// A board of another make than was said, or whose timer is broken.
func TestContactThatTheBoardsTimerLeavesGivenIsTakenBackAtOnce(t *testing.T) {
	for _, closes := range []bool{false, true} {
		inBubble(t, "", func(t *testing.T) {
			opt := wired()
			opt.PulseMode = gate.PulseWaveshare
			s := newSite(t, tcpInMemory, opt)
			state := func(want drivers.Fault) {
				t.Helper()
				if st, err := s.relay.State(timed(t)); err != nil || st.Fault != want {
					t.Errorf("State = fault %d, %v; want %d", st.Fault, err, want)
				}
			}
			state(drivers.FaultNone)
			relay, other, do := openRelay, closeRelay, s.relay.Raise
			if closes {
				relay, other, do = closeRelay, openRelay, s.relay.Lower
			}
			if err := do(timed(t)); err != nil {
				t.Fatal(err)
			}
			s.board.SetCoil(relay, true) // for good
			state(drivers.FaultNone)
			if !s.board.Coil(relay) {
				t.Fatal("the pulse was cut short")
			}
			<-time.After(testPulse + 150*time.Millisecond)
			s.board.SetCoil(other, true) // another program's, just now
			state(drivers.FaultContact)
			if s.board.Coil(relay) || !s.board.Coil(other) {
				t.Errorf("the contact is given %v and the other %v, want the other alone", s.board.Coil(relay), s.board.Coil(other))
			}
			s.board.SetCoil(other, false)
			<-time.After(2 * time.Second)
			state(drivers.FaultNone)
			s.board.SetCoil(relay, true) // another program's
			<-time.After(2 * time.Second)
			state(drivers.FaultNone)
			if !s.board.Coil(relay) {
				t.Error("another program's pulse was taken for our own")
			}
		})
	}
}

// All relays of a board that lost its power are off, which gives the stop contact
// of one whose relay rests on: the arm would not follow.
func TestBoardThatStartedAnewIsBroughtToRestBeforeTheArmIsToMove(t *testing.T) {
	for name, do := range map[string]func(*site, *testing.T) error{
		"raise": func(s *site, t *testing.T) error { return s.relay.Raise(timed(t)) },
		"hold":  func(s *site, t *testing.T) error { return s.relay.Hold(timed(t)) },
		"poll": func(s *site, t *testing.T) error {
			<-time.After(2 * time.Second) // until the relays are read again
			if _, err := s.relay.State(timed(t)); err != nil || !s.board.Coil(stopRelay) {
				t.Errorf("State = %v and the stop relay is %v, want it to rest on", err, s.board.Coil(stopRelay))
			}
			return s.relay.Raise(timed(t))
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			opt := wired()
			opt.Stop, opt.StopActiveLow = number(stopRelay), true
			s := newSite(t, tcpInMemory, opt)
			if _, err := s.relay.State(timed(t)); err != nil {
				t.Fatal(err)
			}
			s.board.SetCoil(stopRelay, false) // the only one that was on
			if err := do(s, t); err != nil {
				t.Fatal(err)
			}
			<-time.After(testTravel)
			if at := s.barrier.Position(); at != 1 {
				t.Errorf("the arm is at %v, want it up", at)
			}
		})
	}
}

// A hold, too, is gone with the board's power.
func TestHoldIsGivenAgainOnceTheBoardHasStartedAnew(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		opt := wired()
		opt.Stop, opt.StopActiveLow = number(stopRelay), true
		s := newSite(t, tcpInMemory, opt)
		if err := s.relay.Hold(timed(t)); err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{openRelay, stopRelay} {
			s.board.SetCoil(n, false)
		}
		if st, err := s.relay.State(timed(t)); err != nil || !st.HoldOpen || !s.board.Coil(openRelay) || !s.board.Coil(stopRelay) {
			t.Errorf("State = held %v, %v; open relay %v, stop relay %v: want all on", st.HoldOpen, err, s.board.Coil(openRelay), s.board.Coil(stopRelay))
		}
	})
}

// An installer tries a gate while the agent holds it open, or gives its contact.
func TestWhoOnlyTriesAGateLeavesWhatHeFinds(t *testing.T) {
	for _, low := range []bool{false, true} {
		for _, held := range []bool{false, true} {
			inBubble(t, "", func(t *testing.T) {
				opt := wired()
				opt.OpenActiveLow = low
				s := newSite(t, tcpInMemory, opt)
				s.board.SetCoil(openRelay, held != low)
				s.board.SetCoil(closeRelay, true) // the agent's pulse, just now
				relay, err := gate.NewRelay(gate.Config{Device: "G1", Bus: s.line, Options: opt, AsFound: true})
				if err != nil {
					t.Fatal(err)
				}
				st, err := relay.State(timed(t))
				if err != nil || st.HoldOpen != held {
					t.Errorf("State = held %v, %v; want %v", st.HoldOpen, err, held)
				}
				if err := relay.Raise(timed(t)); err != nil {
					t.Fatal(err)
				}
				if s.board.Coil(openRelay) != (held != low) || !s.board.Coil(closeRelay) {
					t.Errorf("held %v, rests on %v: open relay %v, close relay %v; want them as found", held, low, s.board.Coil(openRelay), s.board.Coil(closeRelay))
				}
			})
		}
	}
}
