package gate_test

import (
	"context"
	"net"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/drivers"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/gate"
	"parkagent/drivers/rs485"
	"parkagent/drivers/serialport"
	"parkagent/drivers/sim"
)

// The wiring of every test: relays and inputs of the board.
const (
	openRelay, closeRelay, holdRelay       = 0, 1, 2
	stopRelay                              = 3
	presenceInput, upInput, downInput      = 0, 1, 2
	testPulse                              = 100 * time.Millisecond
	testReply                              = 200 * time.Millisecond // in a bubble
	realReply                              = 2 * time.Second        // where a busy machine plays the board
	testTravel                             = 50 * time.Millisecond
	testUnit                          byte = 1
)

func number(n uint16) *uint16 { return &n }

func wired() gate.RelayOptions {
	return gate.RelayOptions{
		Unit: testUnit, Open: openRelay, Close: number(closeRelay), Pulse: testPulse,
		Presence:   &gate.Input{Number: presenceInput},
		LimitOpen:  &gate.Input{Number: upInput},
		LimitClose: &gate.Input{Number: downInput},
	}
}

// A site is a board with an arm, a line to it and the driver.
type site struct {
	board   *sim.Board
	barrier *sim.Barrier
	line    *rs485.Line
	relay   *gate.Relay
}

// A wire connects a line to boards and ends with the test.
type wire func(t *testing.T, boards ...*sim.Board) rs485.Config

func newSite(t *testing.T, w wire, opt gate.RelayOptions) *site {
	t.Helper()
	return newSiteOf(t, w, opt, testTravel)
}

func newSiteOf(t *testing.T, w wire, opt gate.RelayOptions, travel time.Duration) *site {
	t.Helper()
	s := &site{board: sim.NewBoard(sim.BoardConfig{Unit: testUnit})}
	hold := sim.None
	if opt.HoldCoil != nil {
		hold = int(*opt.HoldCoil)
	}
	cfg := sim.BarrierConfig{
		Open: openRelay, Close: closeRelay, Hold: hold,
		Presence: presenceInput, LimitOpen: upInput, LimitClose: downInput,
		PresenceActiveLow: opt.Presence != nil && opt.Presence.ActiveLow,
		Travel:            travel,
	}
	if opt.Stop != nil {
		stop := int(*opt.Stop)
		cfg.Stop = &stop
	}
	for n, low := range map[int]bool{openRelay: opt.OpenActiveLow, closeRelay: opt.CloseActiveLow, holdRelay: opt.HoldActiveLow, stopRelay: opt.StopActiveLow} {
		if low {
			cfg.RestOn = append(cfg.RestOn, n)
			s.board.SetCoil(n, true) // where the last run left it
		}
	}
	s.barrier = sim.NewBarrier(s.board, cfg)
	s.line = newLine(t, w(t, s.board))
	s.relay = s.driver(t, opt)
	return s
}

func newLine(t *testing.T, cfg rs485.Config) *rs485.Line {
	t.Helper()
	line, err := rs485.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	background(t, line.Run)
	return line
}

func (s *site) driver(t *testing.T, opt gate.RelayOptions) *gate.Relay {
	t.Helper()
	relay, err := gate.NewRelay(gate.Config{Device: "G1", Bus: s.line, Options: opt})
	if err != nil {
		t.Fatal(err)
	}
	return relay
}

// background runs f until the test is over and waits for it.
func background(t *testing.T, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var g errgroup.Group
	g.Go(func() error { return f(ctx) })
	t.Cleanup(func() { cancel(); _ = g.Wait() })
}

// serveTCP serves boards by Modbus TCP until the test is over.
func serveTCP(t *testing.T, ln net.Listener, boards ...*sim.Board) {
	t.Helper()
	background(t, func(ctx context.Context) error { return sim.ServeTCP(ctx, ln, boards...) })
}

// serveRTU passes RTU frames on to boards until the test is over, on one
// connection after the other.
func serveRTU(t *testing.T, ln net.Listener, boards ...*sim.Board) {
	t.Helper()
	background(t, func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
		defer stop()
		for {
			c, err := ln.Accept()
			if err != nil {
				return err
			}
			_ = sim.ServeRTU(ctx, c, boards...) // the next connection may be better
		}
	})
}

// The wires in memory are for bubbles, where their times are exact.

func tcpInMemory(t *testing.T, boards ...*sim.Board) rs485.Config {
	t.Helper()
	end, ln := drivertest.NewWire()
	serveTCP(t, ln, boards...)
	return rs485.Config{Port: end, Framing: rs485.TCP, ReplyTimeout: testReply}
}

func rtuInMemory(t *testing.T, boards ...*sim.Board) rs485.Config {
	t.Helper()
	end, ln := drivertest.NewWire()
	serveRTU(t, ln, boards...)
	return rs485.Config{Port: end, Framing: rs485.RTU, ReplyTimeout: testReply}
}

// The others go through the system. serialLine is a third.

func modbusTCP(t *testing.T, boards ...*sim.Board) rs485.Config {
	t.Helper()
	ln := listen(t)
	serveTCP(t, ln, boards...)
	return rs485.Config{Port: port(t, "tcp://"+ln.Addr().String()), Framing: rs485.TCP, ReplyTimeout: realReply}
}

func serialServer(t *testing.T, boards ...*sim.Board) rs485.Config {
	t.Helper()
	ln := listen(t)
	serveRTU(t, ln, boards...)
	return rs485.Config{Port: port(t, "tcp://"+ln.Addr().String()), Framing: rs485.RTU, ReplyTimeout: realReply}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln
}

func port(t *testing.T, link string) *serialport.Port {
	t.Helper()
	p, err := serialport.Open(link, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (s *site) count(kind sim.EventKind, relay int) int {
	n := 0
	for _, e := range s.board.Events() {
		if e.Kind == kind && e.Number == relay {
			n++
		}
	}
	return n
}

// rig is what the suite needs of a site, whose wire is in memory or not.
func (s *site) rig(opt gate.RelayOptions, inBubble bool) drivertest.GateRig {
	given := func(relay int, low bool) int {
		command := sim.CoilOn
		switch {
		case opt.PulseMode != "":
			command = sim.Pulse
		case low:
			command = sim.CoilOff
		}
		return s.count(command, relay)
	}
	held := openRelay
	if opt.HoldCoil != nil {
		held = int(*opt.HoldCoil)
	}
	fault := func(name string, f sim.Fault, want error) drivertest.GateFault {
		return drivertest.GateFault{Name: name, Want: want, Set: func(on bool) {
			if !on {
				f = sim.Fault{}
			}
			s.board.SetFault(f)
		}}
	}
	unplugged := fault("unplugged", sim.Fault{Kind: sim.FaultDisconnect}, drivers.ErrOffline)
	unplugged.Back = 3 * time.Second
	rig := drivertest.GateRig{
		Gate:    s.relay,
		Raised:  func() int { return given(openRelay, opt.OpenActiveLow) },
		Lowered: func() int { return given(closeRelay, opt.CloseActiveLow) },
		HeldOpen: func() bool {
			low := opt.OpenActiveLow && held == openRelay || opt.HoldActiveLow && held == holdRelay
			// A pulse on the board's own timer is not a hold.
			return s.board.Coil(held) != low && (opt.PulseMode == "" || s.still(held, !low))
		},
		Contradict:  s.barrier.StickLimits,
		SetPresence: s.barrier.SetPresence,
		Faults: []drivertest.GateFault{
			fault("refusal", sim.Fault{Kind: sim.FaultException}, drivers.ErrRefused),
			unplugged,
			fault("noise", sim.Fault{Kind: sim.FaultNoise}, nil),
			fault("split replies", sim.Fault{Kind: sim.FaultSplit}, nil),
			fault("echo", sim.Fault{Kind: sim.FaultEcho}, nil),
		},
	}
	if opt.Stop != nil {
		rig.Stopped = func() int { return given(stopRelay, opt.StopActiveLow) }
	}
	if !inBubble {
		// Where others use the machine, only what is soon certain is tested, and
		// nothing ends because it was slow.
		rig.Timeout = time.Minute
		s.setPresenceAge(time.Minute)
		return rig
	}
	rig.Faults = append(rig.Faults,
		fault("silence", sim.Fault{Kind: sim.FaultDeaf}, drivers.ErrOffline),
		fault("silence after obeying", sim.Fault{Kind: sim.FaultMute}, drivers.ErrOffline),
		fault("crumbs", sim.Fault{Kind: sim.FaultCrumbs}, drivers.ErrOffline),
		fault("damaged replies", sim.Fault{Kind: sim.FaultBadCRC}, drivers.ErrOffline),
		fault("replies of another unit", sim.Fault{Kind: sim.FaultWrongID}, drivers.ErrOffline),
		fault("late replies", sim.Fault{Kind: sim.FaultLate, Delay: testReply + 40*time.Millisecond}, drivers.ErrOffline),
	)
	late := fault("late answers", sim.Fault{Kind: sim.FaultLate, Function: 2, Delay: testReply - 40*time.Millisecond}, nil)
	s.setPresenceAge(testReply - 50*time.Millisecond)
	rig.Stale = late.Set
	// All that a call may be late by is the switching off of its relay.
	rig.Timeout, rig.Grace = 3*time.Second, time.Second
	return rig
}

// still reports whether a relay stays as it is for longer than any pulse.
func (s *site) still(relay int, on bool) bool {
	<-time.After(testPulse + 50*time.Millisecond)
	return s.board.Coil(relay) == on
}

// setPresenceAge sets how old a reading may be. A site whose driver is another
// kind has no relay.
func (s *site) setPresenceAge(d time.Duration) {
	if s.relay != nil {
		gate.SetPresenceAge(s.relay, d)
	}
}
