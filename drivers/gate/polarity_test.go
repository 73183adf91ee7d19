package gate_test

import (
	"errors"
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
		if got := wire.frames(); len(got) != 1 || got[0] != "01 05 02 01 00 05 5D B1" {
			t.Errorf("Stop sent %q, want the pulse and nothing else", got)
		}
	})
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
