package lane

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/agent/access"
	"parkagent/drivers"
	"parkagent/store"
)

func TestAGateThatIsHeldAndShouldNotBeIsReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		s.gateIn.mu.Lock()
		s.gateIn.held = true // the power was lost between the release's commit and the release
		s.gateIn.mu.Unlock()
		pass(5 * time.Second)
		if got := s.gateIn.did(); got != "release" {
			t.Errorf("calls = %q, want it released once", got)
		}
	})
}

func TestAReleaseThatFailsLeavesTheHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		s.must(s.in.Do(t.Context(), Command{Op: OpHold}))
		s.gateIn.breakWith(fmt.Errorf("%w: no answer", drivers.ErrOffline))
		for _, op := range []Op{OpRelease, OpHold} { // a second hold that fails ends nothing either
			if err := s.in.Do(t.Context(), Command{Op: op}); !errors.Is(err, drivers.ErrOffline) {
				t.Errorf("%s = %v, want the gate's failure", op, err)
			}
			if holds, err := s.db.Holds(t.Context()); err != nil || len(holds) != 1 || !s.in.Snapshot().Held {
				t.Errorf("holds after a failed %s = %v, %v; want it kept", op, holds, err)
			}
		}
	})
}

// eventGate is a fakeGate that opens in the answer to an event.
type eventGate struct{ fakeGate }

func (g *eventGate) RaiseFor(_ context.Context, event string) error {
	return g.call("raise for " + event)
}

func TestAGateIsToldForWhichCarItOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		g := &eventGate{}
		s.out.cfg.Gate = g
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
		s.must(s.out.send(t.Context(), recognised{rec: drivers.Recognition{Plate: "粤B12345", ID: "e1"}}))
		if got := g.did(); got != "raise for e1" {
			t.Errorf("a car that may leave: %q, want its own event answered", got)
		}
		s.see(t.Context(), drivers.Recognition{Plate: "粤B22222"})
		pass(time.Hour)
		s.must(s.out.send(t.Context(), recognised{rec: drivers.Recognition{Plate: "粤B22222", ID: "e2"}}))
		s.pay()
		if got := g.did(); got != "raise" {
			t.Errorf("a car that has paid: %q, want no event answered: its own is over", got)
		}
	})
}

func TestOperatorsOpenThoughTheBooksCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		pass(2 * time.Second)
		s.must(s.db.Close()) // as with a full disk, no row can be written
		s.must(s.in.Do(t.Context(), Command{Op: OpOpen, Client: "mall"}))
		if got := s.gateIn.did(); got != "raise" {
			t.Errorf("calls = %q, want the gate opened", got)
		}
		for _, op := range []Op{OpHold, OpClose} {
			if err := s.in.Do(t.Context(), Command{Op: op}); err == nil || s.gateIn.did() != "" {
				t.Errorf("%s = %v, want it refused", op, err)
			}
		}
		s.stop()
	})
}

// stopGate is a fakeGate whose arm can be stopped.
type stopGate struct{ fakeGate }

func (g *stopGate) Stop(context.Context) error { return g.call("stop") }

func TestAnArmIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		stop := Command{Op: OpStop, Client: "mall", Reason: "a child"}
		if err := s.in.Do(t.Context(), stop); !errors.Is(err, drivers.ErrRefused) || s.gateIn.did() != "" {
			t.Errorf("a gate that cannot: %v, want it refused", err)
		}
		g := &stopGate{}
		s.in.cfg.Gate = g
		s.must(s.in.Do(t.Context(), stop))
		rows, err := s.db.After(t.Context(), 0, 1000)
		s.must(err)
		f := decode[store.CommandFact](s, rows[len(rows)-1])
		if got := g.did(); got != "stop" || f.Command != "stop" || f.Remark != "a child" || f.Result != "ok" {
			t.Errorf("calls = %q, journal %+v; want it stopped, with the reason", got, f)
		}
		s.must(s.db.Close()) // as with a full disk, no row can be written
		s.must(s.in.Do(t.Context(), stop))
		if got := g.did(); got != "stop" {
			t.Errorf("calls = %q without books, want it stopped", got)
		}
		s.stop()
	})
}

// lineGate is a fakeGate whose inputs take their time to be read, on a line that others
// use.
type lineGate struct {
	fakeGate
	takes time.Duration
	asked atomic.Int64
}

func (g *lineGate) State(ctx context.Context) (drivers.GateState, error) {
	<-time.After(g.takes)
	g.asked.Add(1)
	return g.fakeGate.State(ctx)
}

func TestHowOftenInputsAreReadWhileACarPasses(t *testing.T) {
	for _, tt := range []struct {
		takes     time.Duration
		low, high int // in ten seconds
	}{
		{25 * time.Millisecond, 199, 201}, // one board at 9600 baud
		{100 * time.Millisecond, 49, 51},  // one of several on a full line, to which half of the time is left
		{2 * time.Millisecond, 199, 201},  // over the network
		{400 * time.Millisecond, 12, 13},  // a line that is all but dead
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			defer s.close()
			g := &lineGate{takes: tt.takes}
			g.shows(occupied, clear, drivers.ArmUp)
			s.stop()
			s.entryGate = g
			s.start()
			pass(5 * time.Second)
			s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
			pass(time.Second)
			before := g.asked.Load()
			pass(10 * time.Second)
			if n := int(g.asked.Load() - before); n < tt.low || n > tt.high {
				t.Errorf("an answer takes %v: asked %d times in ten seconds, want %d to %d", tt.takes, n, tt.low, tt.high)
			}
		})
	}
}

func TestACameraThatGivesUpStopsNoLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		broken := &brokenCamera{}
		l, err := New(Config{Code: "IN2", Direction: Entry, Gate: s.gateIn, Camera: broken, Rules: s.rules, DB: s.db})
		s.must(err)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { s.must(l.Run(ctx)) })
		pass(25 * time.Second)
		s.must(l.Do(t.Context(), Command{Op: OpOpen}))
		cancel()
		wg.Wait()
		if broken.watched != 3 {
			t.Errorf("watched %d times in 25 s, want again every 10 s", broken.watched)
		}
	})
}

// brokenCamera cannot be watched.
type brokenCamera struct {
	fakeCamera
	watched int
}

func (c *brokenCamera) Watch(context.Context, func(context.Context, drivers.Recognition)) error {
	c.watched++
	return errors.New("wrong password")
}

func TestAPassageIsBookedThoughTheLaneStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer func() { s.must(s.db.Close()) }()
		stopped := make(chan struct{})
		s.gateIn.opened = func() { // the lane is told to stop while the gate opens
			go func() { s.stop(); close(stopped) }()
			synctest.Wait()
		}
		_ = s.in.send(t.Context(), recognised{rec: drivers.Recognition{Plate: "粤B12345"}})
		<-stopped
		if got := s.session("粤B12345").State; got != store.Inside {
			t.Errorf("state = %d, want Inside", got)
		}
	})
}

func TestAPassageThatIsNotBookedYetGoesWithTheNextCar(t *testing.T) {
	l := &Lane{state: state{phase: confirming, car: access.Verdict{Session: "s1"}}}
	if got := l.approach().Opened; got != "s1" {
		t.Errorf("Opened = %q, want s1", got)
	}
	l.state.phase = raising
	if got := l.approach().Opened; got != "" {
		t.Errorf("Opened = %q while the gate has not opened, want none", got)
	}
}
