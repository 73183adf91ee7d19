package gate_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goburrow/modbus"
	"pgregory.net/rapid"

	"parkagent/drivers"
	"parkagent/drivers/gate"
	"parkagent/drivers/rs485"
)

// A ledger is a board without a wire: the requests come as function calls, so
// thousands of days can be tried. It meets gate.Bus. Before each request chance
// may change the presence and may lose the request or its reply.
type ledger struct {
	chance func(label string) int // 0 to 9
	lies   func(pdu []byte) bool  // says that it refuses what it has done; may be nil

	on       map[uint16]bool
	low      map[uint16]bool // relays that rest on
	occupied bool
	lastRead bool // what the last presence read said: occupied
	read     bool // a presence read was answered since the last close
	broken   string
}

func (l *ledger) Client(_ context.Context, unit byte, _ rs485.Priority) modbus.Client {
	return modbus.NewClient2(packager(unit), direct{l})
}

func (l *ledger) Raw(_ context.Context, _ byte, _ rs485.Priority, function byte, data []byte) ([]byte, error) {
	return nil, fmt.Errorf("%w: no raw request in this mode: %d % x", drivers.ErrRefused, function, data)
}

func (l *ledger) Pause(byte, time.Duration) {}

func (l *ledger) Keep() func() { return func() {} }

func packager(unit byte) modbus.Packager {
	h := modbus.NewTCPClientHandler("")
	h.SlaveId = unit
	return h
}

type direct struct{ l *ledger }

func (d direct) Send(request []byte) ([]byte, error) {
	l := d.l
	if l.chance("presence changes") == 0 {
		l.occupied = !l.occupied
	}
	switch l.chance("fault") {
	case 0:
		return nil, fmt.Errorf("%w: request lost", drivers.ErrOffline)
	case 1:
		l.obey(request[7:])
		return nil, fmt.Errorf("%w: reply lost", drivers.ErrOffline)
	case 2:
		return nil, fmt.Errorf("%w: exception", drivers.ErrRefused)
	}
	reply := l.obey(request[7:])
	if l.lies != nil && l.lies(request[7:]) {
		return nil, fmt.Errorf("%w: exception of a request that was obeyed", drivers.ErrRefused)
	}
	if request[7] == modbus.FuncCodeReadDiscreteInputs {
		l.lastRead, l.read = l.occupied, true
	}
	adu := append(slices.Clone(request[:7]), reply...)
	binary.BigEndian.PutUint16(adu[4:], uint16(1+len(reply)))
	return adu, nil
}

// obey does what the request says and notes what must never happen.
func (l *ledger) obey(pdu []byte) []byte {
	address, value := binary.BigEndian.Uint16(pdu[1:]), binary.BigEndian.Uint16(pdu[3:])
	switch pdu[0] {
	case modbus.FuncCodeReadCoils:
		return l.bits(pdu[0], address, value, func(n uint16) bool { return l.on[n] })
	case modbus.FuncCodeReadDiscreteInputs:
		return l.bits(pdu[0], address, value, func(uint16) bool { return l.occupied })
	}
	switch value {
	case 0xff00, 0x0000:
	default:
		l.broken = fmt.Sprintf("wrote %#x to relay %d", value, address)
	}
	l.on[address] = value == 0xff00
	if address == closeRelay && l.given(closeRelay) {
		if !l.read || l.lastRead {
			l.broken = "the close contact was given without a presence that read clear just before"
		}
		l.read = false
	}
	return pdu
}

// given reports whether a contact is given.
func (l *ledger) given(relay uint16) bool { return l.on[relay] != l.low[relay] }

func (l *ledger) bits(function byte, address, count uint16, bit func(uint16) bool) []byte {
	reply := []byte{function, byte((count + 7) / 8)}
	reply = append(reply, make([]byte, (count+7)/8)...)
	for i := range count {
		if bit(address + i) {
			reply[2+i/8] |= 1 << (i % 8)
		}
	}
	return reply
}

// An input that flickers says clear at one moment and occupied at the next.
func TestOneReadingThatSaysClearIsNotEnoughToLower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for change := range 8 { // before this request a car is there
			requests := 0
			l := &ledger{on: map[uint16]bool{}, low: map[uint16]bool{}, chance: func(label string) int {
				if label != "presence changes" {
					return 9
				}
				requests++
				return requests - 1 - change
			}}
			relay, err := gate.NewRelay(gate.Config{Device: "G1", Bus: l, Options: gate.RelayOptions{
				Open: openRelay, Close: number(closeRelay), Presence: &gate.Input{Number: presenceInput},
			}})
			if err != nil {
				t.Fatal(err)
			}
			err = relay.Lower(timed(t))
			// Relays twice, inputs twice, and the close contact on and off: only a
			// car that comes once both readings are done may find it given.
			if seen := change < 4; seen != errors.Is(err, drivers.ErrRefused) || l.broken != "" {
				t.Errorf("a car before request %d: Lower = %v, %s", change+1, err, l.broken)
			}
		}
	})
}

// An exception 4 says that the device failed while it did what it was told.
func TestContactThatWasRefusedAndIsGivenAllTheSame(t *testing.T) {
	lowers := map[string]func(*ledger) driver{
		"relays": func(l *ledger) driver {
			r, err := gate.NewRelay(gate.Config{Device: "G1", Bus: l, Options: gate.RelayOptions{Open: openRelay, Close: number(closeRelay), Presence: &gate.Input{}}})
			if err != nil {
				t.Fatal(err)
			}
			return r
		},
		"registers": func(l *ledger) driver { return barrierOf(nil, l) },
	}
	isClose := func(pdu []byte, value byte) bool {
		return pdu[0] == modbus.FuncCodeWriteSingleCoil && pdu[2] == closeRelay && pdu[3] == value
	}
	for name, build := range lowers {
		inBubble(t, name+" that can be read", func(t *testing.T) {
			l := &ledger{on: map[uint16]bool{}, chance: func(string) int { return 9 }}
			l.lies = func(pdu []byte) bool { return isClose(pdu, 0xff) }
			if err := build(l).Lower(timed(t)); err != nil || l.on[closeRelay] || l.broken != "" {
				t.Errorf("Lower = %v, close contact given %v, %s; want it done and over", err, l.on[closeRelay], l.broken)
			}
		})
		inBubble(t, name+" that cannot be read then", func(t *testing.T) {
			l := &ledger{on: map[uint16]bool{}, chance: func(string) int { return 9 }}
			given := false
			l.lies = func(pdu []byte) bool {
				given = given || isClose(pdu, 0xff)
				return given && !isClose(pdu, 0)
			}
			if err := build(l).Lower(timed(t)); !errors.Is(err, drivers.ErrRefused) || !given || l.on[closeRelay] {
				t.Errorf("Lower = %v, close contact given %v before and %v now; want a refusal that leaves nothing", err, given, l.on[closeRelay])
			}
		})
	}
}

func TestNoContactIsEverGivenThatMayHurt(t *testing.T) {
	for name, build := range map[string]func(*rapid.T, *ledger) driver{"relays": relayOf, "registers": barrierOf} {
		t.Run(name, func(t *testing.T) {
			// In the bubble a pulse takes no time.
			for range 30 { // what went wrong once did so in one day of thousands
				rapid.Check(t, func(t *rapid.T) { rapid.SyncTest(t, func(t *rapid.T) { harmless(t, build) }) })
			}
		})
	}
}

// A driver is what a lane calls of a gate.
type driver interface {
	Raise(context.Context) error
	Lower(context.Context) error
	Stop(context.Context) error
	Hold(context.Context) error
	Release(context.Context) error
	State(context.Context) (drivers.GateState, error)
}

// relayOf is a relay board whose contacts are wired one way or the other, which is
// held by the open contact.
func relayOf(t *rapid.T, l *ledger) driver {
	for _, n := range []uint16{openRelay, closeRelay, stopRelay} {
		l.low[n] = rapid.Bool().Draw(t, "rests on")
	}
	relay, err := gate.NewRelay(gate.Config{Device: "G1", Bus: l, Options: gate.RelayOptions{
		Open: openRelay, Close: number(closeRelay), Stop: number(stopRelay), Presence: &gate.Input{Number: presenceInput},
		OpenActiveLow: l.low[openRelay], CloseActiveLow: l.low[closeRelay], StopActiveLow: l.low[stopRelay], SelfGuarded: l.low[closeRelay],
	}})
	if err != nil {
		t.Fatal(err)
	}
	return relay
}

// barrierOf is a barrier of coils, which is held by the one that opens it.
func barrierOf(t *rapid.T, l *ledger) driver {
	coil := func(n uint16, value uint16, pulse time.Duration) *gate.Order {
		return &gate.Order{Place: gate.Place{Table: gate.TableCoil, Address: n}, Value: value, Pulse: pulse}
	}
	const pulse = 500 * time.Millisecond
	b, err := gate.NewBarrier(gate.BarrierConfig{Device: "G1", Bus: l, Options: gate.BarrierOptions{
		Open: *coil(openRelay, 1, 0), Close: coil(closeRelay, 1, pulse), Stop: coil(stopRelay, 1, pulse),
		Hold: coil(openRelay, 1, 0), Release: coil(openRelay, 0, 0),
		Presence: &gate.Sign{Place: gate.Place{Table: gate.TableDiscrete, Address: presenceInput}, Value: 1},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func harmless(t *rapid.T, build func(*rapid.T, *ledger) driver) {
	l := &ledger{on: make(map[uint16]bool), low: make(map[uint16]bool), chance: func(label string) int {
		return rapid.IntRange(0, 9).Draw(t, label)
	}}
	g := build(t, l)
	momentary := []uint16{closeRelay, stopRelay}
	for _, n := range []uint16{openRelay, closeRelay, stopRelay} {
		l.on[n] = rapid.Bool().Draw(t, "relay on at the start")
	}
	_, relays := g.(*gate.Relay) // the barrier's open order stands until it is released
	held := false                // what was last asked for and not refused
	calls := map[string]func(context.Context) error{
		"raise": g.Raise, "lower": g.Lower, "stop": g.Stop, "hold": g.Hold, "release": g.Release,
		"state": func(ctx context.Context) error { _, err := g.State(ctx); return err },
	}
	for range rapid.IntRange(1, 8).Draw(t, "calls") {
		name := rapid.SampledFrom(slices.Sorted(maps.Keys(calls))).Draw(t, "call")
		closed := l.given(closeRelay)
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		err := calls[name](ctx)
		cancel()
		switch name {
		case "hold":
			held = held || !errors.Is(err, drivers.ErrRefused)
		case "release":
			held = false
		}
		if l.broken != "" {
			t.Fatalf("%s: %s", name, l.broken)
		}
		if name == "lower" && errors.Is(err, drivers.ErrRefused) && !closed && l.given(closeRelay) {
			t.Fatalf("a refused lower gave the close contact: %v", err)
		}
		if err != nil {
			continue
		}
		for _, n := range momentary { // stop looks at nothing but its own
			if l.given(n) && (name != "stop" || n == stopRelay) {
				t.Fatalf("%s succeeded and relay %d stays given", name, n)
			}
		}
		if relays && name != "stop" && !held && l.given(openRelay) {
			t.Fatalf("%s succeeded and the open contact stays given, which nobody holds", name)
		}
		if held && (name == "hold" || name == "raise") && !l.given(openRelay) {
			t.Fatalf("%s of a held gate succeeded and its contact is not given", name)
		}
	}
}
