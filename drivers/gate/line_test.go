package gate_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goburrow/modbus"
	"golang.org/x/sync/errgroup"

	"parkagent/drivers"
	"parkagent/drivers/gate"
	"parkagent/drivers/rs485"
	"parkagent/drivers/sim"
)

// The program is told to stop while the contact is given. Line and lane have
// the same context, and the line must not go first.
func TestRelayIsSwitchedOffWhenLineAndCallerAreStoppedTogether(t *testing.T) {
	relay := func(line *rs485.Line) (driver, error) {
		opt := wired()
		opt.Pulse = 5 * time.Second // which is cut short
		return gate.NewRelay(gate.Config{Device: "G1", Bus: line, Options: opt})
	}
	registers := func(line *rs485.Line) (driver, error) {
		open := gate.Order{Place: gate.Place{Table: gate.TableCoil, Address: openRelay}, Value: 1, Pulse: 5 * time.Second}
		return gate.NewBarrier(gate.BarrierConfig{Device: "G1", Bus: line, Options: gate.BarrierOptions{Open: open}})
	}
	for _, tt := range []struct {
		name  string
		wire  wire
		build func(*rs485.Line) (driver, error)
	}{{"modbus tcp", modbusTCP, relay}, {"rtu", serialServer, relay}, {"registers", serialServer, registers}} {
		t.Run(tt.name, func(t *testing.T) {
			board := sim.NewBoard(sim.BoardConfig{Unit: testUnit})
			line, err := rs485.New(tt.wire(t, board))
			if err != nil {
				t.Fatal(err)
			}
			relay, err := tt.build(line)
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			var g errgroup.Group
			g.Go(func() error { return line.Run(ctx) })
			raised := make(chan error, 1)
			go func() { raised <- relay.Raise(ctx) }()
			for !board.Coil(openRelay) && ctx.Err() == nil {
				<-time.After(time.Millisecond)
			}
			stop()
			if err := <-raised; !errors.Is(err, drivers.ErrOffline) {
				t.Errorf("Raise that was cut short = %v, want drivers.ErrOffline", err)
			}
			if err := g.Wait(); err != nil {
				t.Errorf("Run = %v, want nil", err)
			}
			if board.Coil(openRelay) {
				t.Error("the open relay is still on after line and caller ended: the arm stays up")
			}
			if err := relay.Raise(timed(t)); !errors.Is(err, drivers.ErrOffline) {
				t.Errorf("Raise on a line that ended = %v, want drivers.ErrOffline", err)
			}
		})
	}
}

// A watchedBus notes how urgent the requests of a driver were.
type watchedBus struct {
	*rs485.Line
	mu   sync.Mutex
	seen []rs485.Priority
}

func (b *watchedBus) Client(ctx context.Context, unit byte, p rs485.Priority) modbus.Client {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = append(b.seen, p)
	return b.Line.Client(ctx, unit, p)
}

// Each question to a dead board takes a time-out. Were it a command, the
// commands of the other gates on the line would wait in turn behind all that
// ask their dead boards.
func TestAskingADeadBoardIsNoMoreThanAPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := sim.NewBoard(sim.BoardConfig{Unit: testUnit})
		board.SetFault(sim.Fault{Kind: sim.FaultDeaf})
		bus := &watchedBus{Line: newLine(t, rtuInMemory(t, board))}
		relay, err := gate.NewRelay(gate.Config{Device: "G1", Bus: bus, Options: wired()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := relay.State(timed(t)); !errors.Is(err, drivers.ErrOffline) {
			t.Fatalf("State = %v, want drivers.ErrOffline", err)
		}
		if want := []rs485.Priority{rs485.Poll}; !slices.Equal(bus.seen, want) {
			t.Errorf("State asked a dead board with priorities %v, want %v", bus.seen, want)
		}
	})
}
