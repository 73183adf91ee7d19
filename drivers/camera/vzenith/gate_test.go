package vzenith_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera/vzenith"
)

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

func TestRaiseWaitsForTheNextPlate(t *testing.T) {
	l := newLane(t, vzenith.Config{}, nil)
	raised := make(chan error, 1)
	go func() { raised <- l.camera.Gate().Raise(t.Context()) }() // ends with an opening plate
	// The lane itself opens nothing, so a plate that opens carried the order.
	// One that comes before Raise waits is answered no.
	for deadline := time.Now().Add(10 * time.Second); !l.push(t, car).Opened; {
		<-l.seen
		if time.Now().After(deadline) {
			t.Fatal("no plate carried the order")
		}
	}
	if err := <-raised; err != nil {
		t.Errorf("Raise = %v, want nil", err)
	}
	if n := l.sim.Opened(); n != 1 {
		t.Errorf("opened %d times, want once", n)
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
	ctx, cancel := context.WithCancel(t.Context())
	raised := make(chan error, 1)
	go func() { raised <- l.camera.Gate().Raise(ctx) }()
	for _, urlEncoded := range []bool{false, true} {
		l.sim.Faults.URLEncoded = urlEncoded
		if info, err := l.sim.Heartbeat(t.Context()); err != nil || info != "no" {
			t.Errorf("heartbeat answered %q, %v; want no", info, err)
		}
	}
	cancel()
	if err := <-raised; !errors.Is(err, drivers.ErrOffline) {
		t.Errorf("Raise = %v, want ErrOffline: the camera would not act on a heartbeat's answer", err)
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

func TestRaiseToACameraThatHungUpGoesToItsNextContact(t *testing.T) {
	atLane := make(chan struct{}, 1)
	hungUp := make(chan struct{})
	l := newLane(t, vzenith.Config{ReplyTime: 10 * time.Second}, func(ctx context.Context, g *vzenith.ReplyGate) {
		select {
		case atLane <- struct{}{}:
			<-hungUp // the first plate: its camera is gone when the lane decides
			if err := g.Raise(ctx); err != nil {
				t.Errorf("Raise = %v, want nil through the second plate", err)
			}
		default:
			<-ctx.Done() // the second: carries the order, its own lane time does not matter
		}
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(l.sim.URL[:strings.Index(l.sim.URL, "/dev")], "http://"))
	if err != nil {
		t.Fatal(err)
	}
	body := l.sim.Event(1, car)
	if _, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: box\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return len(atLane) == 1 })
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	<-l.closed
	close(hungUp)
	if answer := l.push(t, car); !answer.Opened {
		t.Errorf("second plate answered %+v, want opened", answer)
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
	for name, call := range map[string]func(context.Context) error{"Lower": gate.Lower, "Hold": gate.Hold, "Release": gate.Release} {
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
