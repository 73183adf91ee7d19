package gate_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/gate"
	"parkagent/drivers/rs485"
	"parkagent/drivers/sim"
)

// An adapter is a USB adapter under a name that stays, as udev makes them below
// /dev/serial/by-id, with a board behind it.
type adapter struct {
	name  string
	board *sim.Board
}

func newAdapter(t *testing.T) *adapter {
	t.Helper()
	return &adapter{
		name:  filepath.Join(t.TempDir(), "usb-1a86_USB_Serial-if00-port0"),
		board: sim.NewBoard(sim.BoardConfig{Unit: testUnit}),
	}
}

// plug puts it in and returns what pulls it out, which is the end of the terminal
// and of its name.
func (a *adapter) plug(t *testing.T) (pull func()) {
	t.Helper()
	end, tty, err := sim.OpenPTY()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("this system has no pseudo terminals")
	}
	if err == nil {
		err = os.Symlink(tty, a.name)
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan struct{})
	go func() { defer close(served); _ = sim.ServeRTU(ctx, end, a.board) }()
	return func() {
		cancel()
		<-served
		_ = os.Remove(a.name) // gone with the terminal, or already
	}
}

// pollFor asks for the state as a lane does until it is as wanted, and returns how
// long that took.
func pollFor(t *testing.T, relay *gate.Relay, want error, patience time.Duration) time.Duration {
	t.Helper()
	start := time.Now()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		_, err := relay.State(ctx)
		cancel()
		if errors.Is(err, want) {
			return time.Since(start)
		}
		if time.Since(start) > patience {
			t.Fatalf("State after %v = %v, want %v", time.Since(start), err, want)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal("the test's time is over")
		}
	}
}

func TestGateIsBackWithinThreeSecondsOfItsAdapter(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]time.Duration{"pulled for a moment": 10 * time.Millisecond, "pulled for long": 4 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAdapter(t)
			pull := a.plug(t)
			line, err := rs485.Open("serial://"+a.name+"?baud=9600&parity=none&timeout=1s", nil)
			if err != nil {
				t.Fatal(err)
			}
			background(t, line.Run)
			relay, err := gate.NewRelay(gate.Config{Device: "G1", Bus: line, Options: wired()})
			if err != nil {
				t.Fatal(err)
			}
			pollFor(t, relay, nil, time.Minute)
			pull()
			pollFor(t, relay, drivers.ErrOffline, time.Minute)
			for start := time.Now(); time.Since(start) < away; {
				_, _ = relay.State(timed(t)) // fails: whoever asks meanwhile must not make it later
				<-time.After(50 * time.Millisecond)
			}
			a.board.SetCoil(openRelay, true) // as a board may come up
			pull = a.plug(t)
			t.Cleanup(pull)
			if took := pollFor(t, relay, nil, time.Minute); took > 3*time.Second {
				t.Errorf("the gate is back after %v, want 3s", took)
			}
			if a.board.Coil(openRelay) {
				t.Error("the open relay, which nobody holds, is still on once the gate is back")
			}
			if err := relay.Raise(timed(t)); err != nil {
				t.Errorf("Raise once the gate is back = %v", err)
			}
		})
	}
}
