package gate_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers/drivertest"
	"parkagent/drivers/gate"
	"parkagent/drivers/rs485"
	"parkagent/drivers/sim"
)

// A tap passes a connection on and keeps what the driver sent.
type tap struct {
	net.Conn
	mu   sync.Mutex
	sent []byte
}

func (p *tap) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, b[:n]...)
	return n, err
}

// frames returns what was sent as frames of eight bytes and more, by their
// function.
func (p *tap) frames() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for b := p.sent; len(b) >= 8; {
		n := 8
		if b[1] == 0x10 {
			n = 9 + int(b[6])
		}
		all = append(all, strings.ToUpper(fmt.Sprintf("% x", b[:n])))
		b = b[n:]
	}
	return all
}

// tapped is a site whose requests are kept, for a bubble.
func tapped(t *testing.T, unit byte, opt gate.RelayOptions) (*gate.Relay, *tap) {
	t.Helper()
	board := sim.NewBoard(sim.BoardConfig{Unit: unit})
	board.SetCoil(int(opt.Open), opt.OpenActiveLow)
	end, ln := drivertest.NewWire()
	p := &tap{}
	background(t, func(ctx context.Context) error {
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		p.Conn = c
		return sim.ServeRTU(ctx, io.ReadWriteCloser(p), board)
	})
	line := newLine(t, rs485.Config{Port: end, ReplyTimeout: testReply})
	opt.Unit = unit
	relay, err := gate.NewRelay(gate.Config{Device: "G1", Bus: line, Options: opt})
	if err != nil {
		t.Fatal(err)
	}
	return relay, p
}

func TestPulsesHaveTheVendorsFrames(t *testing.T) {
	tests := []struct {
		name  string
		unit  byte
		open  uint16
		mode  gate.PulseMode
		pulse time.Duration
		low   bool
		want  []string
	}{
		{"a coil is written on and then off", 1, 0, gate.PulseCoil, 100 * time.Millisecond, false,
			[]string{"01 05 00 00 FF 00 8C 3A", "01 05 00 00 00 00 CD CA"}},
		{"Waveshare channel 0 for 500 ms", 1, 0, gate.PulseWaveshare, 0, false, []string{"01 05 02 00 00 05 0C 71"}},
		{"Waveshare channel 1 for 500 ms", 1, 1, gate.PulseWaveshare, 0, false, []string{"01 05 02 01 00 05 5D B1"}},
		{"Waveshare channel 0 for 700 ms", 1, 0, gate.PulseWaveshare, 700 * time.Millisecond, false, []string{"01 05 02 00 00 07 8D B0"}},
		{"a relay that rests on is written off and then on", 1, 0, gate.PulseCoil, 100 * time.Millisecond, true,
			[]string{"01 05 00 00 00 00 CD CA", "01 05 00 00 FF 00 8C 3A"}},
		{"Waveshare channel 0 rests on", 1, 0, gate.PulseWaveshare, 0, true, []string{"01 05 04 00 00 05 0C F9"}},
		{"JY-DAM relay 1 rests on", 1, 0, gate.PulseJYDAM, 0, true, []string{"01 10 00 03 00 02 04 00 02 00 05 D2 79"}},
		{"JY-DAM relay 1 for 500 ms", 1, 0, gate.PulseJYDAM, 0, false, []string{"01 10 00 03 00 02 04 00 04 00 05 32 78"}},
		{"JY-DAM relay 1 at its first address", 0xfe, 0, gate.PulseJYDAM, 0, false, []string{"FE 10 00 03 00 02 04 00 04 00 05 01 6F"}},
		{"JY-DAM relay 2 for 500 ms", 1, 1, gate.PulseJYDAM, 0, false, []string{"01 10 00 08 00 02 04 00 04 00 05 73 CB"}},
	}
	for _, tt := range tests {
		inBubble(t, tt.name, func(t *testing.T) {
			relay, wire := tapped(t, tt.unit, gate.RelayOptions{Open: tt.open, PulseMode: tt.mode, Pulse: tt.pulse, OpenActiveLow: tt.low})
			if err := relay.Raise(timed(t)); err != nil {
				t.Fatal(err)
			}
			got := slices.DeleteFunc(wire.frames(), func(f string) bool { return f[3:5] == "01" }) // reads of relays
			if !slices.Equal(got, tt.want) {
				t.Errorf("Raise sent %q, want %q", got, tt.want)
			}
		})
	}
}

func TestReadsHaveTheVendorsFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay, wire := tapped(t, 1, gate.RelayOptions{
			Open: 0, Close: number(7),
			LimitOpen: &gate.Input{Number: 0}, LimitClose: &gate.Input{Number: 7},
		})
		if _, err := relay.State(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []string{"01 01 00 00 00 08 3D CC", "01 02 00 00 00 08 79 CC"}
		if got := wire.frames(); !slices.Equal(got, want) {
			t.Errorf("the first State sent %q, want %q", got, want)
		}
	})
}
