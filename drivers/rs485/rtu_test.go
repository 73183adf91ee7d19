package rs485_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/drivers"
	"parkagent/drivers/rs485"
)

// A scriptPort is a port whose other side is a function.
type scriptPort struct {
	written func(*scriptPort, []byte) error // called with mu held

	mu      sync.Mutex
	arrives time.Time // when input comes
	input   []byte
	away    time.Time // until when the port cannot be used
	closed  int
}

func (p *scriptPort) usable() error {
	if time.Now().Before(p.away) {
		return errors.New("unplugged")
	}
	return nil
}

func (p *scriptPort) Read(ctx context.Context, b []byte) (int, error) {
	for {
		p.mu.Lock()
		err, come := p.usable(), len(p.input) > 0 && !time.Now().Before(p.arrives)
		if err == nil && come {
			defer p.mu.Unlock()
			n := copy(b, p.input)
			p.input = p.input[n:]
			return n, nil
		}
		p.mu.Unlock()
		switch {
		case err != nil:
			return 0, err
		case ctx.Err() != nil:
			return 0, os.ErrDeadlineExceeded
		}
		<-time.After(time.Millisecond)
	}
}

func (p *scriptPort) Write(_ context.Context, b []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.usable(); err != nil {
		return err
	}
	return p.written(p, b)
}

func (p *scriptPort) ResetInput(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !time.Now().Before(p.arrives) {
		p.input = nil
	}
	return p.usable()
}

func (p *scriptPort) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed++
	return nil
}

func (p *scriptPort) closes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

func scripted(t *testing.T, written func(*scriptPort, []byte) error) (*scriptPort, *rs485.Line) {
	t.Helper()
	p := &scriptPort{written: written}
	line, err := rs485.New(rs485.Config{Port: p, ReplyTimeout: reply})
	if err != nil {
		t.Fatal(err)
	}
	background(t, line.Run)
	return p, line
}

// Its frame may be in a buffer between here and the board. Closing throws that
// away; else the arm would move when nobody expects it.
func TestCommandWithoutReplyIsNotLeftOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, line := scripted(t, func(*scriptPort, []byte) error { return nil })
		if _, err := line.Client(timed(t), 1, rs485.Poll).ReadCoils(0, 1); !errors.Is(err, drivers.ErrOffline) {
			t.Fatalf("read = %v, want drivers.ErrOffline", err)
		}
		if n := p.closes(); n != 0 {
			t.Errorf("after a read without reply the port was closed %d times, want 0: the other boards are well", n)
		}
		if _, err := line.Client(timed(t), 1, rs485.Command).WriteSingleCoil(0, 0xff00); !errors.Is(err, drivers.ErrOffline) {
			t.Fatalf("write = %v, want drivers.ErrOffline", err)
		}
		if n := p.closes(); n != 1 {
			t.Errorf("after a write without reply the port was closed %d times, want once", n)
		}
	})
}

// What a Modbus TCP server has not taken yet must not be left either, and what comes
// after half a reply belongs to no request that follows.
func TestConnectionToAServerIsClosedAfterAnyRequestWithoutReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &scriptPort{written: func(*scriptPort, []byte) error { return nil }}
		line := run(t, rs485.Config{Port: p, Framing: rs485.TCP, ReplyTimeout: reply})
		if _, err := line.Client(timed(t), 1, rs485.Poll).ReadCoils(0, 1); !errors.Is(err, drivers.ErrOffline) || p.closes() != 1 {
			t.Errorf("read = %v and the port was closed %d times, want drivers.ErrOffline and once", err, p.closes())
		}
		if _, err := line.Client(timed(t), 1, rs485.Command).WriteSingleCoil(0, 0xff00); !errors.Is(err, drivers.ErrOffline) || p.closes() != 2 {
			t.Errorf("write = %v and the port was closed %d times, want drivers.ErrOffline and twice", err, p.closes())
		}
	})
}

// Another master asks the same board, and its reply lies there.
func TestWhatLiesThereBeforeARequestAnswersNothing(t *testing.T) {
	clear, occupied := []byte{1, 2, 1, 0, 0xa1, 0x88}, []byte{1, 2, 1, 1, 0x60, 0x48}
	synctest.Test(t, func(t *testing.T) {
		p, line := scripted(t, func(p *scriptPort, _ []byte) error {
			p.input = append(p.input, occupied...)
			return nil
		})
		for range 2 { // the second time after the silence of the first
			<-time.After(time.Second)
			p.mu.Lock()
			p.arrives, p.input = time.Now(), bytes.Clone(clear)
			p.mu.Unlock()
			if on, err := input0(t, line); err != nil || !on {
				t.Errorf("read = %v, %v, want on", on, err)
			}
		}
	})
}

// The line fails after a request was sent and is back before its reply comes.
// The next request must not take that for its own.
func TestReplyThatComesAfterTheLineWasLostAnswersNothing(t *testing.T) {
	clear, occupied := []byte{1, 2, 1, 0, 0xa1, 0x88}, []byte{1, 2, 1, 1, 0x60, 0x48}
	synctest.Test(t, func(t *testing.T) {
		var last time.Time
		_, line := scripted(t, func(p *scriptPort, request []byte) error {
			if last.IsZero() { // the first request: it fails, and is answered all the same
				last = time.Now()
				p.away = last.Add(reply / 4)
				p.arrives, p.input = last.Add(reply/2), bytes.Clone(clear)
				return nil
			}
			if len(p.input) == 0 {
				p.arrives, p.input = time.Now().Add(reply/2), bytes.Clone(occupied)
			}
			return nil
		})
		if _, err := input0(t, line); !errors.Is(err, drivers.ErrOffline) {
			t.Fatalf("read of a line that fails = %v, want drivers.ErrOffline", err)
		}
		<-time.After(reply / 3)
		if on, err := input0(t, line); err != nil || !on {
			t.Errorf("read after the line is back = %v, %v, want on: the reply to the lost request was taken for it", on, err)
		}
	})
}

// A lane's poll ends after half a second. Were the line quiet for all after each
// question to a dead board, the others would look dead too.
func TestDeadBoardCostsTheOthersItsTimeOutAndNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := make(chan struct{})
		_, line := scripted(t, func(p *scriptPort, request []byte) error {
			if request[0] == 2 {
				close(asked)
				return nil
			}
			p.arrives, p.input = time.Now().Add(time.Millisecond), []byte{1, 2, 1, 1, 0x60, 0x48}
			return nil
		})
		start := time.Now()
		dead := make(chan error, 1)
		go func() {
			_, err := line.Client(timed(t), 2, rs485.Poll).ReadDiscreteInputs(0, 1)
			dead <- err
		}()
		<-asked
		if on, err := input0(t, line); err != nil || !on {
			t.Errorf("read of the board that is well = %v, %v, want on", on, err)
		}
		if took := time.Since(start); took > reply+50*time.Millisecond {
			t.Errorf("read of the board that is well took %v behind a dead one that is given %v", took, reply)
		}
		if err := <-dead; !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("read of the dead board = %v, want drivers.ErrOffline", err)
		}
	})
}

// A car waits at a gate whose board is dead, and its lane tries again and again. The
// silence that follows each try is not the others': they wait for one time-out at
// most.
func TestCommandsToADeadBoardLeaveTheLineToTheOthersInBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, line := scripted(t, func(p *scriptPort, request []byte) error {
			if request[0] != 2 {
				p.arrives, p.input = time.Now().Add(time.Millisecond), []byte{1, 2, 1, 1, 0x60, 0x48}
			}
			return nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		tries := 0
		dead := make(chan struct{})
		go func() {
			defer close(dead)
			for ; ctx.Err() == nil; tries++ {
				_, _ = line.Client(ctx, 2, rs485.Command).WriteSingleCoil(0, 0xff00)
			}
		}()
		var longest time.Duration
		polls := 0
		for ; ctx.Err() == nil; polls++ {
			start := time.Now()
			if on, err := input0(t, line); err != nil || !on {
				t.Fatalf("read of the board that is well = %v, %v, want on", on, err)
			}
			longest = max(longest, time.Since(start))
		}
		<-dead
		if longest > reply+30*time.Millisecond {
			t.Errorf("the board that is well was read after %v, want one time-out of %v at most", longest, reply)
		}
		if polls < 300 || tries < 10 {
			t.Errorf("%d polls and %d tries in 5 s, want both to go on", polls, tries)
		}
	})
}

// A poll of a dead board that may be sent again takes a time-out more, for which no
// car at another gate waits.
func TestRequestThatSteppedAsideGoesAfterWhatIsMoreUrgent(t *testing.T) {
	for aside, urgent := range map[rs485.Priority]rs485.Priority{rs485.Poll: rs485.Command, rs485.Slow: rs485.Poll} {
		synctest.Test(t, func(t *testing.T) { goesAfter(t, aside, urgent) })
	}
}

func goesAfter(t *testing.T, aside, urgent rs485.Priority) {
	t.Helper()
	const slow = reply - 10*time.Millisecond
	answered := 0
	_, line := scripted(t, func(p *scriptPort, request []byte) error {
		if request[0] == 2 {
			return nil
		}
		after := time.Millisecond
		if answered++; answered == 1 {
			after = slow
		}
		p.arrives, p.input = time.Now().Add(after), []byte{1, 2, 1, 1, 0x60, 0x48}
		return nil
	})
	read := func(unit byte, p rs485.Priority) error {
		_, err := line.Client(timed(t), unit, p).ReadDiscreteInputs(0, 1)
		return err
	}
	var all errgroup.Group
	dead := func() error {
		if err := read(2, aside); !errors.Is(err, drivers.ErrOffline) {
			return fmt.Errorf("read of the dead board = %w, want drivers.ErrOffline", err)
		}
		return nil
	}
	if err := dead(); err != nil {
		t.Fatal(err)
	}
	all.Go(dead) // steps aside for so long that a late reply may come
	<-time.After(reply + 50*time.Millisecond)
	all.Go(func() error { return read(1, rs485.Command) }) // and may go before this one is answered
	<-time.After(slow - 10*time.Millisecond)
	start := time.Now()
	if err := read(1, urgent); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 50*time.Millisecond {
		t.Errorf("priority %d took %v, want it before the dead board's time-out of %v", urgent, took, reply)
	}
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
}

func TestRequestThatSteppedAsideIsToldThatTheLineEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &scriptPort{written: func(*scriptPort, []byte) error { return nil }}
		line, err := rs485.New(rs485.Config{Port: p, ReplyTimeout: reply})
		if err != nil {
			t.Fatal(err)
		}
		ctx, end := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- line.Run(ctx) }()
		if _, err := input0(t, line); !errors.Is(err, drivers.ErrOffline) {
			t.Fatalf("read = %v, want drivers.ErrOffline", err)
		}
		second := make(chan error, 1)
		go func() { _, err := input0(t, line); second <- err }()
		synctest.Wait()
		start := time.Now()
		end()
		if err := <-second; !errors.Is(err, drivers.ErrOffline) || time.Since(start) > time.Millisecond {
			t.Errorf("the request that waits = %v after %v, want drivers.ErrOffline at once", err, time.Since(start))
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
