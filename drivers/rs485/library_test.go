package rs485_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/goburrow/modbus"

	"parkagent/drivers"
	"parkagent/drivers/rs485"
	"parkagent/drivers/sim"
)

// within is what a reply may take in these tests, for both sides alike.
const within = 600 * time.Millisecond

// A master asks one board over a pseudo terminal: our Line, or the library whose
// framing we use, with its own transport and its own serial port.
type master interface {
	ReadDiscreteInputs(address, quantity uint16) ([]byte, error)
	ReadCoils(address, quantity uint16) ([]byte, error)
}

func lineMaster(t *testing.T, tty string) master {
	t.Helper()
	line := start(t, "serial://"+tty+"?baud=9600&parity=none&timeout="+within.String())
	return lineClient{t, line}
}

// A lineClient gives each request a context of its own, as drivers do.
type lineClient struct {
	t    *testing.T
	line *rs485.Line
}

func (c lineClient) ReadDiscreteInputs(address, quantity uint16) ([]byte, error) {
	return c.line.Client(timed(c.t), 1, rs485.Poll).ReadDiscreteInputs(address, quantity)
}

func (c lineClient) ReadCoils(address, quantity uint16) ([]byte, error) {
	return c.line.Client(timed(c.t), 1, rs485.Poll).ReadCoils(address, quantity)
}

func libraryMaster(t *testing.T, tty string) master {
	t.Helper()
	h := modbus.NewRTUClientHandler(tty)
	h.BaudRate, h.DataBits, h.Parity, h.StopBits = 9600, 8, "N", 1
	h.Timeout, h.SlaveId = within, 1
	t.Cleanup(func() { _ = h.Close() })
	return modbus.NewClient(h)
}

// terminal is a board at the other end of a pseudo terminal, whose first input is
// on.
func terminal(t *testing.T) (*sim.Board, string) {
	t.Helper()
	board := sim.NewBoard(sim.BoardConfig{})
	board.SetInput(0, true)
	end, tty, err := sim.OpenPTY()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("this system has no pseudo terminals")
	}
	if err != nil {
		t.Fatal(err)
	}
	background(t, func(ctx context.Context) error { return sim.ServeRTU(ctx, end, board) })
	return board, tty
}

// read asks for the first input: "on", "off", or what kind of failure.
func read(m master) string {
	b, err := m.ReadDiscreteInputs(0, 1)
	switch {
	case err != nil:
		return "error"
	case b[0]&1 != 0:
		return "on"
	}
	return "off"
}

// under returns what one read gives while the board has a fault, and the next.
func under(kind sim.FaultKind) func(*testing.T, master, *sim.Board) (right bool, got string) {
	return func(_ *testing.T, m master, board *sim.Board) (bool, string) {
		board.SetFault(sim.Fault{Kind: kind, Count: 1})
		got := read(m) + ", then " + read(m)
		return got == "on, then on", got
	}
}

// Each fault is met by our Line and, to show that it is one, by the library's own
// transport, of which the wrong outcome is expected.
func TestFaultsThatTheLibraryDoesNotSurvive(t *testing.T) {
	tests := []struct {
		name string
		meet func(*testing.T, master, *sim.Board) (right bool, got string)
		runs int // in how many the library has shown its fault for certain
	}{
		{"a late reply, then eleven polls", lateThenPolls, 5},
		{"another unit's reply comes first", under(sim.FaultStranger), 1},
		{"the adapter echoes what it transmits", under(sim.FaultEcho), 1},
		{"noise before the reply", under(sim.FaultNoise), 1},
		{"an exception in two pieces", splitException, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			t.Run("our line is right", func(t *testing.T) {
				board, tty := terminal(t)
				if right, got := tt.meet(t, lineMaster(t, tty), board); !right {
					t.Error(got)
				}
			})
			t.Run("the library is wrong", func(t *testing.T) {
				for range tt.runs {
					board, tty := terminal(t)
					right, got := tt.meet(t, libraryMaster(t, tty), board)
					if !right {
						t.Logf("the library: %s", got)
						return
					}
				}
				t.Errorf("the library was right in %d runs: this test does not show what it is for", tt.runs)
			})
		})
	}
}

// lateThenPolls lets a car leave the loop while a reply is late, and polls on once
// that reply has come. The board thinks for a while before each answer, as boards
// do. It is right if no poll says what was true before.
func lateThenPolls(_ *testing.T, m master, board *sim.Board) (bool, string) {
	got := read(m)
	board.SetFault(sim.Fault{Kind: sim.FaultLate, Delay: within + within/2, Count: 1})
	got += ", " + read(m) + " while the reply is late"
	<-time.After(within)
	board.SetFault(sim.Fault{Kind: sim.FaultLate, Delay: within / 10})
	board.SetInput(0, false)
	stale, failed := 0, 0
	for i := range 11 {
		switch now := read(m); {
		case now == "error":
			failed++
		case (now == "on") != (i%2 == 1):
			stale++
		}
		board.SetInput(0, i%2 == 0) // the car comes and goes
	}
	switch {
	case stale > 0:
		return false, fmt.Sprintf("%s, then %d of 11 polls answered with the reply to the one before", got, stale)
	case failed > 1: // one is a recovery by luck
		return false, got + ", then errors"
	}
	return true, got
}

func splitException(_ *testing.T, m master, board *sim.Board) (bool, string) {
	board.SetFault(sim.Fault{Kind: sim.FaultSplit, Delay: 80 * time.Millisecond, Count: 1})
	_, err := m.ReadCoils(100, 1) // which the board does not have
	var exception *modbus.ModbusError
	if !errors.As(err, &exception) {
		return false, "a refusal reads as " + err.Error()
	}
	next := read(m)
	return next == "on", "a refusal, then " + next
}

// The adapter is pulled and put back. Its name stays, as udev's do.
func TestUnpluggedAdapterIsBackWithinThreeSecondsAndTheLibraryNever(t *testing.T) {
	t.Parallel()
	const patience = 3 * time.Second
	for name, tt := range map[string]struct {
		master func(*testing.T, string) master
		back   bool
	}{"our line": {lineMaster, true}, "the library": {libraryMaster, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			link := filepath.Join(t.TempDir(), "usb-1a86_USB_Serial-if00-port0")
			plug := func() (unplug func()) {
				end, tty, err := sim.OpenPTY()
				if errors.Is(err, errors.ErrUnsupported) {
					t.Skip("this system has no pseudo terminals")
				}
				if err == nil {
					err = os.Symlink(tty, link)
				}
				if err != nil {
					t.Fatal(err)
				}
				board := sim.NewBoard(sim.BoardConfig{})
				board.SetInput(0, true)
				ctx, cancel := context.WithCancel(t.Context())
				served := make(chan struct{})
				go func() { defer close(served); _ = sim.ServeRTU(ctx, end, board) }()
				return func() {
					cancel() // closes the terminal
					<-served
					_ = os.Remove(link)
				}
			}
			unplug := plug()
			m := tt.master(t, link)
			if got := read(m); got != "on" {
				t.Fatalf("before it is unplugged, a read gives %s", got)
			}
			unplug()
			for range 5 {
				if got := read(m); got != "error" {
					t.Fatalf("while it is unplugged, a read gives %s", got)
				}
			}
			defer plug()()
			back := false
			for start := time.Now(); !back && time.Since(start) < patience; {
				back = read(m) == "on"
				select {
				case <-time.After(20 * time.Millisecond):
				case <-t.Context().Done():
				}
			}
			if back != tt.back {
				t.Errorf("back within %v: %v, want %v", patience, back, tt.back)
			}
		})
	}
}

// A refusal that comes in pieces is one, not noise.
func TestSplitExceptionIsARefusal(t *testing.T) {
	eachWire(t, func(t *testing.T, w wire, _ time.Duration) {
		board := sim.NewBoard(sim.BoardConfig{})
		line := w(t, board)
		board.SetFault(sim.Fault{Kind: sim.FaultSplit, Count: 1})
		if _, err := line.Client(timed(t), 1, rs485.Poll).ReadCoils(100, 1); !errors.Is(err, drivers.ErrRefused) {
			t.Errorf("read of a relay that is not there = %v, want drivers.ErrRefused", err)
		}
		if on, err := input0(t, line); on || err != nil {
			t.Errorf("the next read = %v, %v, want off", on, err)
		}
	})
}
