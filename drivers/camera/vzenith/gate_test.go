package vzenith_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera/reply"
	"parkagent/drivers/camera/vzenith"
	"parkagent/drivers/drivertest"
)

var _ drivertest.GateDriver = (*reply.Gate)(nil)
var _ drivertest.EventGateDriver = (*reply.Gate)(nil)

func TestAGateInCometModeKeepsTheContract(t *testing.T) {
	drivertest.GateInBubble(t, func(t *testing.T) drivertest.GateRig {
		one := 1
		l := newLaneInBubble(t, vzenith.Config{
			PollTime: 20 * time.Millisecond, Options: vzenith.Options{
				Opens: vzenith.OpensComet, Heartbeat: time.Second, Close: &one, SelfGuarded: true,
				Presence: &reply.Input{Number: 2, ActiveLow: true}, Passage: &reply.Input{Number: 3},
			},
		}, nil)
		l.sim.Close = one
		p := &poller{lane: l}
		t.Cleanup(p.stop)
		clear := func() { // a camera tells of its inputs when they change
			for input, on := range map[int]bool{2: true, 3: false} {
				if err := l.sim.Input(t.Context(), input, on); err != nil {
					t.Fatal(err)
				}
			}
		}
		p.start(t)
		clear()
		return drivertest.GateRig{
			Gate:     l.camera.Gate(),
			Raised:   func() int { p.settle(t); return l.sim.Opened() },
			Lowered:  func() int { p.settle(t); return l.sim.Closed() },
			HeldOpen: func() bool { p.settle(t); return l.sim.Latched() },
			SetPresence: func(occupied bool) {
				if err := l.sim.Input(t.Context(), 2, !occupied); err != nil {
					t.Fatal(err)
				}
			},
			SetPassage: func(occupied bool) {
				if err := l.sim.Input(t.Context(), 3, occupied); err != nil {
					t.Fatal(err)
				}
			},
			Faults: []drivertest.GateFault{{Name: "silence", Want: drivers.ErrOffline, Set: func(on bool) {
				if on {
					p.stop()
					waitFor(t, func() bool { return l.camera.Check(t.Context()) != nil })
				} else {
					p.start(t)
				}
			}}},
		}
	})
}

func TestAGateThatHeartbeatsOpenKeepsTheContract(t *testing.T) {
	drivertest.GateInBubble(t, func(t *testing.T) drivertest.GateRig {
		l := newLaneInBubble(t, vzenith.Config{Options: vzenith.Options{Opens: vzenith.OpensHeartbeat, Heartbeat: time.Second}}, nil)
		l.sim.Beats = true
		p := &poller{lane: l, contact: func(ctx context.Context) error {
			select {
			case <-time.After(20 * time.Millisecond): // of the bubble
			case <-ctx.Done():
			}
			_, err := l.sim.Heartbeat(ctx)
			return err
		}}
		t.Cleanup(p.stop)
		p.start(t)
		return drivertest.GateRig{
			Gate:   l.camera.Gate(),
			Raised: func() int { p.settle(t); return l.sim.Opened() },
			Faults: []drivertest.GateFault{{Name: "silence", Want: drivers.ErrOffline, Set: func(on bool) {
				if on {
					p.stop()
					waitFor(t, func() bool { return l.camera.Check(t.Context()) != nil })
				} else {
					p.start(t)
				}
			}}},
		}
	})
}

// A poller has a lane's camera poll, one poll after the other.
type poller struct {
	lane    *lane
	contact func(context.Context) error // instead of a poll; may be nil
	polls   atomic.Int64                // that were answered and obeyed
	end     context.CancelFunc
	ended   sync.WaitGroup
}

// start polls until stop, and returns once the camera was heard.
func (p *poller) start(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p.end = cancel
	p.ended.Go(func() { // ends with stop
		for ctx.Err() == nil {
			if err := p.once(ctx); err == nil {
				p.polls.Add(1)
			}
		}
	})
	p.settle(t)
}

func (p *poller) once(ctx context.Context) error {
	if p.contact != nil {
		return p.contact(ctx)
	}
	_, err := p.lane.sim.Poll(ctx)
	return err
}

func (p *poller) stop() {
	if p.end == nil {
		return
	}
	p.end()
	p.ended.Wait()
	p.end = nil
}

// settle waits until the camera has done what an answer said that is on its way,
// if it polls.
func (p *poller) settle(t *testing.T) {
	t.Helper()
	if p.end == nil {
		return
	}
	n := p.polls.Load()
	waitFor(t, func() bool { return p.polls.Load() > n })
}

func TestRaiseThatWasGivenUpNeverOpensLater(t *testing.T) {
	l := newLane(t, vzenith.Config{Options: vzenith.Options{Opens: vzenith.OpensComet}, PollTime: 50 * time.Millisecond}, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := l.camera.Gate().Raise(ctx); !errors.Is(err, drivers.ErrOffline) {
		t.Fatalf("Raise without a contact = %v, want ErrOffline", err)
	}
	if answer := l.push(t, car); answer.Opened {
		t.Error("the next plate opened for a raise that was given up")
	}
	for range 3 {
		if answer, err := l.sim.Poll(t.Context()); err != nil || answer.Opened {
			t.Errorf("poll = %+v, %v; want nothing opened", answer, err)
		}
	}
	if n := l.sim.Opened(); n != 0 {
		t.Errorf("opened %d times, want never", n)
	}
}

func TestACometPollOpensWithoutACar(t *testing.T) {
	l := newLane(t, vzenith.Config{Options: vzenith.Options{Opens: vzenith.OpensComet}}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	var polling sync.WaitGroup
	polling.Go(func() { _ = l.sim.PollUntil(ctx, 10*time.Millisecond) }) // ends with cancel
	defer polling.Wait()
	defer cancel()
	gate := l.camera.Gate()
	for range 3 {
		if err := gate.Raise(t.Context()); err != nil {
			t.Fatalf("Raise: %v", err)
		}
	}
	waitFor(t, func() bool { return l.sim.Opened() == 3 })

	if err := gate.Hold(t.Context()); err != nil {
		t.Fatalf("Hold: %v", err)
	}
	waitFor(t, l.sim.Latched)
	if err := gate.Raise(t.Context()); err != nil {
		t.Fatalf("Raise while held: %v", err)
	}
	if err := gate.Release(t.Context()); err != nil {
		t.Fatalf("Release: %v", err)
	}
	waitFor(t, func() bool { return !l.sim.Latched() })
	if n := l.sim.Opened(); n != 3 {
		t.Errorf("a raise while held pulsed the relay, which ends the hold: %d pulses, want 3", n)
	}
}

func TestAPlainHeartbeatCarriesNoOrder(t *testing.T) {
	l := newLane(t, vzenith.Config{}, nil)
	for _, urlEncoded := range []bool{false, true} {
		l.sim.Faults.URLEncoded = urlEncoded
		if err := l.camera.Gate().Raise(t.Context()); !errors.Is(err, drivers.ErrRefused) {
			t.Errorf("Raise = %v, want ErrRefused: the camera would not act on a heartbeat's answer", err)
		}
		if info, err := l.sim.Heartbeat(t.Context()); err != nil || info != "no" {
			t.Errorf("heartbeat answered %q, %v; want no", info, err)
		}
	}
}

func TestAHeartbeatCarriesAnOrderWhereTheFirmwareActsOnIt(t *testing.T) {
	l := newLane(t, vzenith.Config{Options: vzenith.Options{Opens: vzenith.OpensHeartbeat}}, nil)
	raised := make(chan error, 1)
	go func() { raised <- l.camera.Gate().Raise(t.Context()) }() // ends with a heartbeat
	for deadline := time.Now().Add(10 * time.Second); ; {
		info, err := l.sim.Heartbeat(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if info == "ok" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no heartbeat carried the order")
		}
	}
	if err := <-raised; err != nil {
		t.Errorf("Raise = %v, want nil", err)
	}
}

func TestTheGateTellsWhatItKnowsAndRefusesWhatItCannot(t *testing.T) {
	if _, err := newCamera(t, vzenith.Config{}).Gate().State(t.Context()); !errors.Is(err, drivers.ErrOffline) {
		t.Errorf("State of a camera never heard = %v, want ErrOffline", err)
	}
	l := newLane(t, vzenith.Config{}, nil)
	gate := l.camera.Gate()
	if _, err := l.sim.Heartbeat(t.Context()); err != nil {
		t.Fatal(err)
	}
	state, err := gate.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if state.Arm != drivers.ArmUnknown || state.Presence != drivers.PresenceNotFitted || state.HoldOpen || state.At.IsZero() {
		t.Errorf("state = %+v, want all unknown, at a time", state)
	}
	for name, call := range map[string]func(context.Context) error{
		"Raise": gate.Raise, "Lower": gate.Lower, "Hold": gate.Hold, "Release": gate.Release,
		"RaiseFor": func(ctx context.Context) error { return gate.RaiseFor(ctx, "an event long over") },
	} {
		var device *drivers.DeviceError
		if err := call(t.Context()); !errors.Is(err, drivers.ErrRefused) || !errors.As(err, &device) || device.Device != "C1" {
			t.Errorf("%s = %v, want a DeviceError of C1 that is refused", name, err)
		}
	}
	if _, err := l.camera.Snapshot(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Snapshot = %v, want errors.ErrUnsupported", err)
	}
}

// waitFor waits for what the other side does right after its answer came.
func waitFor(t *testing.T, cond func() bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatal("condition did not come true")
		}
	}
}
