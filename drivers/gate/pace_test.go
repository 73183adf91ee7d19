package gate_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/drivers/gate"
	"parkagent/drivers/rs485"
	"parkagent/drivers/sim"
)

// A pacedLine is a line that takes as long as a wire of so many bits per second:
// whatever passes it arrives when its last bit would have. Its times are absolute,
// so that a machine that wakes up late now and then does not slow the wire down.
type pacedLine struct {
	io.ReadWriteCloser
	bit  time.Duration
	free time.Time // when the wire is free again
}

const characterBits = 11

func (p *pacedLine) pass(bytes int) {
	now := time.Now()
	if p.free.Before(now) {
		p.free = now
	}
	p.free = p.free.Add(time.Duration(bytes*characterBits) * p.bit)
	// The runtime wakes up to a millisecond late, which a wire does not.
	if early := time.Until(p.free) - 2*time.Millisecond; early > 0 {
		<-time.After(early)
	}
	for time.Now().Before(p.free) {
		runtime.Gosched()
	}
}

func (p *pacedLine) Read(b []byte) (int, error) {
	n, err := p.ReadWriteCloser.Read(b)
	if n > 0 {
		p.pass(n)
	}
	return n, err
}

// Write has the board wait for the silence that ends the request, too.
func (p *pacedLine) Write(b []byte) (int, error) {
	p.free = p.free.Add(silence(p.bit))
	p.pass(len(b))
	return p.ReadWriteCloser.Write(b)
}

func silence(bit time.Duration) time.Duration {
	return max(7*characterBits*bit/2, 1750*time.Microsecond)
}

// BenchmarkPresencePolling measures how often the inputs of gates are read on a
// pseudo terminal that is as slow as a wire: together, each, and as a share of
// what the wire allows.
func BenchmarkPresencePolling(b *testing.B) {
	for _, bm := range []struct {
		name   string
		baud   int
		quiet  string
		boards int
		gates  int // on each board
	}{
		{"4 boards at 9600", 9600, "5ms", 4, 1},
		{"1 board with 4 gates at 9600", 9600, "5ms", 1, 4},
		{"4 boards at 19200", 19200, "2ms", 4, 1},
		{"4 boards at 38400", 38400, "5ms", 4, 1},
	} {
		b.Run(bm.name, func(b *testing.B) {
			end, tty, err := sim.OpenPTY()
			if errors.Is(err, errors.ErrUnsupported) {
				b.Skip("this system has no pseudo terminals")
			}
			if err != nil {
				b.Fatal(err)
			}
			var boards []*sim.Board
			for i := range bm.boards {
				boards = append(boards, sim.NewBoard(sim.BoardConfig{Unit: byte(i + 1)}))
			}
			line, err := rs485.Open(fmt.Sprintf("serial://%s?baud=%d&parity=none&timeout=2s&quiet=%s", tty, bm.baud, bm.quiet), nil)
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(b.Context())
			var all errgroup.Group
			all.Go(func() error {
				return sim.ServeRTU(ctx, &pacedLine{ReadWriteCloser: end, bit: time.Second / time.Duration(bm.baud)}, boards...)
			})
			all.Go(func() error { return line.Run(ctx) })
			var relays []*gate.Relay
			for i := range bm.boards * bm.gates {
				relays = append(relays, polled(b, line, byte(i/bm.gates+1), uint16(i%bm.gates)))
			}
			b.ResetTimer()
			start := time.Now()
			var polling errgroup.Group
			for _, r := range relays {
				polling.Go(func() error {
					for range b.N {
						if _, err := r.State(ctx); err != nil {
							return err
						}
					}
					return nil
				})
			}
			if err := polling.Wait(); err != nil {
				b.Error(err)
			}
			took := time.Since(start)
			b.StopTimer()
			cancel()
			_ = all.Wait()
			quiet, _ := time.ParseDuration(bm.quiet)
			asked := float64(line.Counts().Requests)
			b.ReportMetric(float64(b.N*len(relays))/took.Seconds(), "polls/s")
			b.ReportMetric(float64(b.N)/took.Seconds(), "polls/s/gate")
			b.ReportMetric(asked*rs485.ReadTime(bm.baud, 8, quiet).Seconds()/took.Seconds(), "of_the_wire")
		})
	}
}

// polled is a gate with two inputs on a board that others share.
func polled(tb testing.TB, bus gate.Bus, unit byte, place uint16) *gate.Relay {
	tb.Helper()
	r, err := gate.NewRelay(gate.Config{Device: "G", Bus: bus, Options: gate.RelayOptions{
		Unit: unit, Open: place, Inputs: 8,
		Presence: &gate.Input{Number: 2 * place}, LimitClose: &gate.Input{Number: 2*place + 1},
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}
