package rs485_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/drivers"
	"parkagent/drivers/rs485"
	"parkagent/drivers/sim"
)

func background(t *testing.T, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var g errgroup.Group
	g.Go(func() error { return f(ctx) })
	t.Cleanup(func() { cancel(); _ = g.Wait() })
}

func timed(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// input0 reads the first input.
func input0(t *testing.T, l *rs485.Line) (bool, error) {
	t.Helper()
	b, err := l.Client(timed(t), 1, rs485.Poll).ReadDiscreteInputs(0, 1)
	if err != nil {
		return false, err
	}
	return b[0]&1 != 0, nil
}

// A car drives onto the loop while a reply is late. Every library that was
// tried then says "clear" for ever, one answer behind.
func TestLateReplyNeverAnswersALaterRequest(t *testing.T) {
	eachWire(t, func(t *testing.T, w wire, within time.Duration) {
		board := sim.NewBoard(sim.BoardConfig{})
		line := w(t, board)
		if on, err := input0(t, line); on || err != nil {
			t.Fatalf("first read = %v, %v, want off", on, err)
		}
		board.SetFault(sim.Fault{Kind: sim.FaultLate, Delay: within + within/2, Count: 1})
		if _, err := input0(t, line); !errors.Is(err, drivers.ErrOffline) {
			t.Fatalf("read with a late reply = %v, want drivers.ErrOffline", err)
		}
		board.SetInput(0, true)
		for i := range 11 {
			on, err := input0(t, line)
			if err != nil || !on {
				t.Fatalf("read %d after a late reply = %v, %v, want on: the late reply was taken for a fresh one", i, on, err)
			}
			board.SetInput(0, false)
			if on, err := input0(t, line); err != nil || on {
				t.Fatalf("read %d after a change = %v, %v, want off", i, on, err)
			}
			board.SetInput(0, true)
		}
	})
}

// A reply that comes so late that nobody waits for it any more lies there until the
// next request.
func TestReplyThatComesWhileTheLineIsIdleAnswersNothing(t *testing.T) {
	for name, w := range map[string]wire{"rtu": rtuInMemory, "modbus tcp": tcpInMemory} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				board := sim.NewBoard(sim.BoardConfig{})
				line := w(t, board)
				board.SetFault(sim.Fault{Kind: sim.FaultLate, Delay: 8 * reply, Count: 1})
				if _, err := input0(t, line); !errors.Is(err, drivers.ErrOffline) {
					t.Fatalf("read with a late reply = %v, want drivers.ErrOffline", err)
				}
				<-time.After(10 * reply)
				board.SetInput(0, true)
				board.SetFault(sim.Fault{Kind: sim.FaultLate, Delay: reply / 2, Count: 1})
				if on, err := input0(t, line); err != nil || !on {
					t.Errorf("the next read = %v, %v, want on", on, err)
				}
			})
		})
	}
}

func TestFaultsGiveTheRightErrorAndPass(t *testing.T) {
	tests := []struct {
		name  string
		fault sim.FaultKind
		want  error
	}{
		{"silence", sim.FaultDeaf, drivers.ErrOffline},
		{"crumbs", sim.FaultCrumbs, drivers.ErrOffline},
		{"damage", sim.FaultBadCRC, drivers.ErrOffline},
		{"another unit answers", sim.FaultWrongID, drivers.ErrOffline},
		{"exception", sim.FaultException, drivers.ErrRefused},
		{"noise", sim.FaultNoise, nil},
		{"split", sim.FaultSplit, nil},
		{"echo", sim.FaultEcho, nil},
	}
	eachWire(t, func(t *testing.T, w wire, within time.Duration) {
		board := sim.NewBoard(sim.BoardConfig{})
		board.SetInput(0, true)
		line := w(t, board)
		for _, tt := range tests {
			if within == realReply && tt.want == drivers.ErrOffline && tt.fault != sim.FaultDeaf {
				continue // each is a wait for the same thing
			}
			board.SetFault(sim.Fault{Kind: tt.fault, Count: 1})
			if on, err := input0(t, line); !errors.Is(err, tt.want) || err == nil && !on {
				t.Errorf("%s: read = %v, %v, want %v", tt.name, on, err, tt.want)
			}
			if on, err := input0(t, line); err != nil || !on {
				t.Errorf("after %s: read = %v, %v, want on", tt.name, on, err)
			}
		}
	})
}

func TestGatewayThatCannotReachTheUnitIsOffline(t *testing.T) {
	line := overTCP(t, sim.NewBoard(sim.BoardConfig{Unit: 1}))
	if _, err := line.Client(timed(t), 9, rs485.Poll).ReadCoils(0, 1); !errors.Is(err, drivers.ErrOffline) || errors.Is(err, drivers.ErrRefused) {
		t.Errorf("read of an absent unit = %v, want drivers.ErrOffline", err)
	}
}

// With an adapter that echoes, the reply to a single write is the echo's twin. A
// dead board must not look obedient.
func TestEchoOfAWriteIsNotTakenForItsReply(t *testing.T) {
	t.Parallel()
	board := sim.NewBoard(sim.BoardConfig{})
	line := overPTY(t, board)
	board.SetFault(sim.Fault{Kind: sim.FaultEcho})
	if _, err := input0(t, line); err != nil {
		t.Fatal(err)
	}
	if _, err := line.Client(timed(t), 1, rs485.Command).WriteSingleCoil(0, 0xff00); err != nil {
		t.Fatalf("write through an echoing adapter = %v", err)
	}
	if !board.Coil(0) {
		t.Error("the write did not arrive")
	}
}

func TestDeadBoardBehindAnEchoingAdapterIsOffline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := inMemory(t, func(ctx context.Context, adapter io.ReadWriteCloser) error {
			stop := context.AfterFunc(ctx, func() { _ = adapter.Close() })
			defer stop()
			_, err := io.Copy(adapter, adapter)
			return err
		})
		if _, err := input0(t, line); !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("read = %v, want drivers.ErrOffline", err)
		}
		if _, err := line.Client(timed(t), 1, rs485.Command).WriteSingleCoil(0, 0xff00); !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("write = %v, want drivers.ErrOffline: only the echo came back", err)
		}
	})
}

func TestUnitsShareALineWithoutMixingReplies(t *testing.T) {
	eachWire(t, func(t *testing.T, w wire, _ time.Duration) {
		one, two := sim.NewBoard(sim.BoardConfig{Unit: 1}), sim.NewBoard(sim.BoardConfig{Unit: 2})
		two.SetInput(0, true)
		line := w(t, one, two)
		var all errgroup.Group
		for unit, want := range map[byte]byte{1: 0, 2: 1} {
			for range 4 {
				all.Go(func() error {
					for range 10 {
						b, err := line.Client(timed(t), unit, rs485.Poll).ReadDiscreteInputs(0, 1)
						if err != nil {
							return err
						}
						if b[0] != want {
							return errors.New("a unit got another unit's reply")
						}
					}
					return nil
				})
			}
		}
		if err := all.Wait(); err != nil {
			t.Error(err)
		}
	})
}

func TestRawSendsWhatTheLibraryRefuses(t *testing.T) {
	eachWire(t, func(t *testing.T, w wire, _ time.Duration) {
		board := sim.NewBoard(sim.BoardConfig{})
		line := w(t, board)
		got, err := line.Raw(timed(t), 1, rs485.Command, 5, []byte{2, 0, 0, 5})
		if err != nil || !slices.Equal(got, []byte{2, 0, 0, 5}) {
			t.Errorf("Raw = % x, %v, want 02 00 00 05", got, err)
		}
		if !board.Coil(0) {
			t.Error("the pulse did not reach the board")
		}
		if _, err := line.Raw(timed(t), 1, rs485.Command, 5, []byte{2, 99, 0, 5}); !errors.Is(err, drivers.ErrRefused) {
			t.Errorf("Raw to a relay that is not there = %v, want drivers.ErrRefused", err)
		}
		if _, err := line.Raw(timed(t), 1, rs485.Command, 0x2b, []byte{0x0e, 1, 0}); err == nil {
			t.Error("Raw with a function of unknown reply length succeeded")
		}
	})
}

// A gatedPort answers nothing and tells what was written. It holds back the
// first write until told, so that requests pile up behind it.
type gatedPort struct {
	release chan struct{}

	mu      sync.Mutex
	written []byte // unit of each request
	first   chan struct{}
	once    sync.Once
}

func (p *gatedPort) Read(ctx context.Context, _ []byte) (int, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func (p *gatedPort) Write(_ context.Context, b []byte) error {
	p.mu.Lock()
	p.written = append(p.written, b[0])
	p.mu.Unlock()
	p.once.Do(func() { close(p.first); <-p.release })
	return nil
}

func (p *gatedPort) ResetInput(context.Context) error { return nil }
func (p *gatedPort) Close() error                     { return nil }

func (p *gatedPort) units() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.written)
}

func TestExpiredRequestIsNeverSent(t *testing.T) {
	port := &gatedPort{release: make(chan struct{}), first: make(chan struct{})}
	line, err := rs485.New(rs485.Config{Port: port, ReplyTimeout: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	background(t, line.Run)
	read := func(ctx context.Context, unit byte) error {
		_, err := line.Client(ctx, unit, rs485.Command).ReadCoils(0, 1)
		return err
	}
	var all errgroup.Group
	all.Go(func() error { _ = read(timed(t), 1); return nil }) // occupies the line
	<-port.first
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := read(short, 2); !errors.Is(err, drivers.ErrOffline) || !strings.Contains(err.Error(), "not sent") {
		t.Errorf("expired request = %v, want drivers.ErrOffline that says it was not sent", err)
	}
	close(port.release)
	_ = read(timed(t), 3)
	_ = all.Wait()
	if got := port.units(); !slices.Equal(got, []byte{1, 3}) {
		t.Errorf("requests went to units %v, want 1 and 3: unit 2's was expired", got)
	}
}

func TestCommandsGoBeforePollsAndPollsBeforeWhatCanWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := &gatedPort{release: make(chan struct{}), first: make(chan struct{})}
		line, err := rs485.New(rs485.Config{Port: port, ReplyTimeout: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		background(t, line.Run)
		var all errgroup.Group
		ask := func(unit byte, p rs485.Priority) {
			all.Go(func() error {
				_, _ = line.Client(timed(t), unit, p).ReadCoils(0, 1)
				return nil
			})
		}
		ask(1, rs485.Poll)
		<-port.first
		for i := range byte(5) {
			// Units of their own: none has to wait because it did not answer.
			ask(40+i, rs485.Slow)
			ask(20+i, rs485.Poll)
			ask(30+i, rs485.Command)
		}
		synctest.Wait() // all of them wait for the line
		close(port.release)
		_ = all.Wait()
		want := []byte{0, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4}
		got := port.units()
		for i := range got {
			got[i] /= 10
		}
		if !slices.Equal(got, want) {
			t.Errorf("requests went to tens of units %v, want %v", got, want)
		}
	})
}

func TestRequestsAfterRunEndedFail(t *testing.T) {
	port := &gatedPort{release: make(chan struct{}), first: make(chan struct{})}
	line, err := rs485.New(rs485.Config{Port: port})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := line.Run(ctx); err != nil {
		t.Errorf("Run = %v, want nil after its context is done", err)
	}
	if _, err := line.Client(timed(t), 1, rs485.Poll).ReadCoils(0, 1); !errors.Is(err, drivers.ErrOffline) {
		t.Errorf("request after Run = %v, want drivers.ErrOffline", err)
	}
	if err := line.Run(t.Context()); err == nil {
		t.Error("a second Run succeeded")
	}
}

func TestConnectionThatTheServerClosedIdleIsOpenedAgainUnnoticed(t *testing.T) {
	t.Parallel() // most of it is waiting
	ln := &cuttableListener{Listener: listen(t)}
	board := sim.NewBoard(sim.BoardConfig{})
	background(t, func(ctx context.Context) error { return sim.ServeTCP(ctx, ln, board) })
	line := start(t, "tcp://"+ln.Addr().String()+"?timeout="+realReply.String())
	if _, err := input0(t, line); err != nil {
		t.Fatal(err)
	}
	// The port leaves a connection alone that lived too short.
	<-time.After(2100 * time.Millisecond)
	if n := ln.cut(); n != 1 {
		t.Fatalf("the line had %d connections, want 1", n)
	}
	if _, err := input0(t, line); err != nil {
		t.Errorf("first request on a connection that was closed idle = %v, want success", err)
	}
	if n := ln.cut(); n != 2 {
		t.Errorf("the line had %d connections, want 2", n)
	}
}

func TestOpenReadsLinks(t *testing.T) {
	for _, link := range []string{
		"serial:///dev/ttyS1?baud=9600", "usb:1A86:7523?quiet=60ms", "tcp://127.0.0.1:502",
		"tcp://127.0.0.1:4001?framing=rtu&timeout=500ms&echo=on", "serial://COM3?framing=rtu&echo=off",
	} {
		if _, err := rs485.Open(link, nil); err != nil {
			t.Errorf("Open(%q) = %v, want success", link, err)
		}
	}
	for link, want := range map[string]string{
		"serial:///dev/ttyS1?framing=tcp":    "needs a tcp:// link",
		"tcp://127.0.0.1:502?framing=ascii":  `framing "ascii"`,
		"tcp://127.0.0.1:502?quiet=5":        `quiet "5"`,
		"tcp://127.0.0.1:502?timeout=1m":     "reply timeout 1m0s",
		"serial:///dev/ttyS1?echo=perhaps":   `echo "perhaps"`,
		"serial:///dev/ttyS1?quiet=-1ms":     "quiet time -1ms",
		"serial:///dev/ttyS1?retransmit=yes": `"retransmit"`,
	} {
		if _, err := rs485.Open(link, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q) = %v, want an error with %s", link, err, want)
		}
	}
}
