package rs485_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/rs485"
	"parkagent/drivers/sim"
)

func TestScanFindsTheUnitsThatAnswer(t *testing.T) {
	for name, w := range map[string]wire{"rtu": rtuInMemory, "modbus tcp": tcpInMemory} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				here := sim.NewBoard(sim.BoardConfig{Unit: 3})
				refuses := sim.NewBoard(sim.BoardConfig{Unit: 9})
				refuses.SetFault(sim.Fault{Kind: sim.FaultException})
				registersOnly := sim.NewBoard(sim.BoardConfig{Unit: 12})
				registersOnly.SetFault(sim.Fault{Kind: sim.FaultDeaf, Function: 1})
				line := w(t, here, refuses, registersOnly)
				start := time.Now()
				got, err := line.Scan(timed(t), []byte{1, 2, 3, 9, 12, 247})
				if err != nil || !slices.Equal(got, []byte{3, 9, 12}) {
					t.Errorf("Scan = %v, %v, want 3, 9 and 12", got, err)
				}
				if took := time.Since(start); took > 3*time.Second {
					t.Errorf("Scan took %v", took)
				}
				for _, b := range []*sim.Board{here, refuses, registersOnly} {
					if n := len(b.Events()); n != 0 {
						t.Errorf("Scan moved something: %v", b.Events())
					}
				}
			})
		})
	}
}

func TestScanOfASilentLineFindsNothingAndLeavesThePortOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, line := scripted(t, func(*scriptPort, []byte) error { return nil })
		got, err := line.Scan(timed(t), []byte{1, 2, 3, 4, 5})
		if err != nil || len(got) != 0 || p.closes() != 0 {
			t.Errorf("Scan = %v, %v, and the port was closed %d times; want nothing of each", got, err, p.closes())
		}
	})
}

func TestScanSaysThatThePortCannotBeUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, line := scripted(t, func(*scriptPort, []byte) error { return io.ErrClosedPipe })
		if got, err := line.Scan(timed(t), []byte{1}); !errors.Is(err, drivers.ErrOffline) || len(got) != 0 {
			t.Errorf("Scan = %v, %v, want drivers.ErrOffline", got, err)
		}
	})
}

func TestScanEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, line := scripted(t, func(*scriptPort, []byte) error { return nil })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		all := make([]byte, 247)
		for i := range all {
			all[i] = byte(i + 1)
		}
		start := time.Now()
		if _, err := line.Scan(ctx, all); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Scan = %v, want its context's end", err)
		}
		if took := time.Since(start); took > 1100*time.Millisecond {
			t.Errorf("Scan took %v, want a second", took)
		}
	})
}

// A gate that is told to open while an installer looks for units waits for one
// of them at most.
func TestCommandsGoBetweenTheQuestionsOfAScan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := rtuInMemory(t, sim.NewBoard(sim.BoardConfig{Unit: 1}))
		done := make(chan struct{})
		go func() { defer close(done); _, _ = line.Scan(timed(t), []byte{2, 3, 4, 5, 6, 7, 8}) }()
		<-time.After(10 * time.Millisecond)
		start := time.Now()
		if _, err := line.Client(timed(t), 1, rs485.Command).WriteSingleCoil(0, 0xff00); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 200*time.Millisecond {
			t.Errorf("a command waited %v for a scan", took)
		}
		<-done
	})
}
