package rs485_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/drivers"
	"parkagent/drivers/rs485"
	"parkagent/drivers/sim"
)

// behind lets requests pile up behind one that occupies the line for 50 ms.
func behind(t *testing.T, line *rs485.Line, board *sim.Board, pile func(all *errgroup.Group)) {
	t.Helper()
	var all errgroup.Group
	board.SetFault(sim.Fault{Kind: sim.FaultLate, Delay: reply / 2, Count: 1})
	all.Go(func() error {
		_, err := line.Client(timed(t), 1, rs485.Command).ReadCoils(7, 1)
		return err
	})
	synctest.Wait()
	pile(&all)
	synctest.Wait()
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
}

func eachInMemory(t *testing.T, test func(t *testing.T, line *rs485.Line, board *sim.Board)) {
	for name, w := range map[string]wire{"rtu": rtuInMemory, "modbus tcp": tcpInMemory} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				board := sim.NewBoard(sim.BoardConfig{})
				board.SetInput(0, true)
				test(t, w(t, board), board)
			})
		})
	}
}

func TestReadsThatWaitAndAreTheSameAreSentOnce(t *testing.T) {
	eachInMemory(t, func(t *testing.T, line *rs485.Line, board *sim.Board) {
		used := line.Client(timed(t), 1, rs485.Poll)
		if _, err := used.ReadCoils(0, 1); err != nil { // so that its next request has another number
			t.Fatal(err)
		}
		behind(t, line, board, func(all *errgroup.Group) {
			all.Go(func() error { _, err := used.ReadDiscreteInputs(0, 1); return err })
			synctest.Wait()
			for range 7 {
				all.Go(func() error {
					on, err := input0(t, line)
					if err == nil && !on {
						err = errors.New("an input that is on reads off")
					}
					return err
				})
			}
		})
		if c := line.Counts(); c.Requests != 3 || c.Shared != 7 {
			t.Errorf("%d requests and %d shared replies, want 3 and 7", c.Requests, c.Shared)
		}
	})
}

// What is on its way was asked before: a car that comes meanwhile is not in it.
func TestReadThatIsOnItsWayAnswersNoLaterQuestion(t *testing.T) {
	eachInMemory(t, func(t *testing.T, line *rs485.Line, board *sim.Board) {
		var all errgroup.Group
		board.SetInput(0, false)
		board.SetFault(sim.Fault{Kind: sim.FaultLate, Delay: reply / 2, Count: 1})
		all.Go(func() error { _, err := input0(t, line); return err })
		synctest.Wait()
		board.SetInput(0, true)
		if on, err := input0(t, line); err != nil || !on {
			t.Errorf("a read that was asked once the car was there = %v, %v, want on", on, err)
		}
		if err := all.Wait(); err != nil {
			t.Error(err)
		}
	})
}

func TestWritesAndCommandsAreNeverShared(t *testing.T) {
	eachInMemory(t, func(t *testing.T, line *rs485.Line, board *sim.Board) {
		behind(t, line, board, func(all *errgroup.Group) {
			for range 3 {
				all.Go(func() error {
					_, err := line.Client(timed(t), 1, rs485.Poll).WriteSingleCoil(0, 0xff00)
					return err
				})
				all.Go(func() error {
					_, err := line.Client(timed(t), 1, rs485.Command).ReadCoils(0, 1)
					return err
				})
			}
		})
		if c := line.Counts(); c.Requests != 7 || c.Shared != 0 {
			t.Errorf("%d requests and %d shared replies, want 7 and 0", c.Requests, c.Shared)
		}
	})
}

func TestAReadIsSentByThoseWhoWaitWhenItsOwnerGivesUp(t *testing.T) {
	eachInMemory(t, func(t *testing.T, line *rs485.Line, board *sim.Board) {
		behind(t, line, board, func(all *errgroup.Group) {
			read := func(ctx context.Context) error {
				_, err := line.Client(ctx, 1, rs485.Poll).ReadDiscreteInputs(0, 1)
				return err
			}
			all.Go(func() error {
				ctx, cancel := context.WithTimeout(t.Context(), reply/4) // before the line is free
				defer cancel()
				if err := read(ctx); !errors.Is(err, drivers.ErrOffline) {
					return errors.New("a read whose time was over succeeded")
				}
				return nil
			})
			synctest.Wait()
			for range 2 {
				all.Go(func() error { return read(timed(t)) })
			}
		})
	})
}

func TestLineCountsWhatGoesWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := sim.NewBoard(sim.BoardConfig{})
		line := rtuInMemory(t, board)
		for _, kind := range []sim.FaultKind{sim.NoFault, sim.FaultDeaf, sim.FaultBadCRC, sim.FaultNoise, sim.FaultLate} {
			board.SetFault(sim.Fault{Kind: kind, Count: 1, Delay: reply + reply/2})
			_, _ = input0(t, line) // counted below
			if _, err := input0(t, line); err != nil {
				t.Fatal(err)
			}
		}
		// A late reply shows as stray bytes while the line waits for it.
		want := rs485.Counts{Requests: 10, Silent: 2, Damaged: 1, Noisy: 1, Stray: 1}
		if got := line.Counts(); got != want {
			t.Errorf("Counts = %+v, want %+v", got, want)
		}
		if line.Counts().Healthy() {
			t.Error("a line on which every other request goes wrong is called healthy")
		}
		board.SetFault(sim.Fault{Kind: sim.FaultEcho, Count: 1})
		if _, err := input0(t, line); err != nil || !line.Counts().Echo {
			t.Errorf("read through an echoing adapter: %v, %+v, want Echo", err, line.Counts())
		}
	})
}

// A board that needs more silence than the others does not cost them any.
func TestPauseIsKeptBeforeRequestsToItsUnitOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := rtuInMemory(t, sim.NewBoard(sim.BoardConfig{Unit: 1}), sim.NewBoard(sim.BoardConfig{Unit: 2}))
		line.Pause(2, 60*time.Millisecond)
		var took []time.Duration
		for _, unit := range []byte{1, 1, 2} {
			start := time.Now()
			if _, err := line.Client(timed(t), unit, rs485.Poll).ReadCoils(0, 1); err != nil {
				t.Fatal(err)
			}
			took = append(took, time.Since(start))
		}
		if want := []time.Duration{0, 5 * time.Millisecond, 60 * time.Millisecond}; !slices.Equal(took, want) {
			t.Errorf("requests took %v, want %v", took, want)
		}
	})
}
