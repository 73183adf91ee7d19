package drivertest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers"
)

// A PullRig is a driver of a camera that is asked for its events, and the
// simulated camera, on a wire in memory.
type PullRig struct {
	Camera interface {
		Watch(ctx context.Context, emit func(context.Context, drivers.Recognition)) error
		Check(ctx context.Context) error
	}
	Device string             // the device code that events and errors must name
	See    func(plate string) // shows the camera a car
	Within time.Duration      // a car has reached the lane after so long; 0 means 3 s
	Faults []CameraFault
}

// A CameraFault is one way in which a camera that is asked breaks.
type CameraFault struct {
	Name string // "silence", "crumbs", "noise", "refusal", "unplugged" …
	Set  func(on bool)

	// Want is what Check must wrap meanwhile: drivers.ErrOffline,
	// drivers.ErrRefused, or nil where events must come all the same.
	Want error
}

// pullBack is how soon after it is mended a camera must be heard again.
const pullBack = 40 * time.Second

// PullingCamera runs what every driver must pass that asks its camera for events:
// each car reaches the lane once, none that was there before, and whatever breaks,
// the driver tells of it, ends when it is told to, and goes on by itself once the
// camera is well. Each test has a testing/synctest bubble.
func PullingCamera(t *testing.T, newRig func(t *testing.T) PullRig) {
	t.Helper()
	run := func(name string, test func(t *testing.T, p *puller)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rig := newRig(t)
				if rig.Within == 0 {
					rig.Within = 3 * time.Second
				}
				test(t, &puller{PullRig: rig, seen: make(chan drivers.Recognition, 16)})
			})
		})
	}
	run("a car reaches the lane once", pullOnce)
	run("a car that was there before reaches nobody", pullOld)
	run("a second watcher is turned away", pullSecond)
	var faults []CameraFault
	synctest.Test(t, func(t *testing.T) { faults = newRig(t).Faults })
	for i, f := range faults {
		run("fault "+f.Name, func(t *testing.T, p *puller) { pullFault(t, p, p.Faults[i]) })
		run("an end under "+f.Name, func(t *testing.T, p *puller) { pullEnd(t, p, p.Faults[i]) })
	}
}

// A puller is a rig and the lane that watches it.
type puller struct {
	PullRig
	seen chan drivers.Recognition
}

// watch watches until the test ends or end is called, which says how long that
// took.
func (p *puller) watch(t *testing.T) (end func() time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { // ends with cancel
		ended <- p.Camera.Watch(ctx, func(_ context.Context, rec drivers.Recognition) { p.seen <- rec })
	}()
	over := false
	end = func() time.Duration {
		start := time.Now()
		cancel()
		if !over {
			over = true
			if err := <-ended; err != nil {
				t.Errorf("Watch = %v after its context was done, want nil", err)
			}
		}
		return time.Since(start)
	}
	t.Cleanup(func() { end() })
	elapse(p.Within)
	return end
}

// elapse lets the bubble's time pass.
func elapse(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// car shows the camera a car and checks that it reaches the lane.
func (p *puller) car(t *testing.T, plate string) drivers.Recognition {
	t.Helper()
	p.See(plate)
	elapse(p.Within)
	if n := len(p.seen); n != 1 {
		t.Fatalf("%d events of one car, want 1", n)
	}
	rec := <-p.seen
	if rec.Plate != plate || rec.Device != p.Device || rec.Offline {
		t.Errorf("event = %s of %s, offline %v; want %s of %s, not offline", rec.Plate, rec.Device, rec.Offline, plate, p.Device)
	}
	return rec
}

func pullOnce(t *testing.T, p *puller) {
	p.watch(t)
	for _, plate := range []string{"粤B12345", "粤B99999"} {
		rec := p.car(t, plate)
		if rec.Received.Location() != time.UTC || time.Since(rec.Received) > p.Within {
			t.Errorf("received at %v, want now in UTC", rec.Received)
		}
		if rec.ID == "" {
			t.Error("event has no id")
		}
	}
	elapse(5 * time.Minute)
	if n := len(p.seen); n != 0 {
		t.Errorf("%d events more, minutes later", n)
	}
	if err := p.Camera.Check(t.Context()); err != nil {
		t.Errorf("Check = %v, want nil", err)
	}
}

func pullOld(t *testing.T, p *puller) {
	p.See("粤B00000")
	elapse(2 * time.Second)
	p.watch(t)
	if n := len(p.seen); n != 0 {
		t.Errorf("%d events of a car that was there before", n)
	}
	p.car(t, "粤B12345")
}

func pullSecond(t *testing.T, p *puller) {
	p.watch(t)
	err := p.Camera.Watch(t.Context(), func(context.Context, drivers.Recognition) {
		t.Error("the second watcher got an event")
	})
	if err == nil {
		t.Error("a second Watch = nil, want an error")
	}
	p.car(t, "粤B12345")
}

func pullFault(t *testing.T, p *puller, f CameraFault) {
	p.watch(t)
	p.car(t, "粤B00001")
	f.Set(true)
	elapse(time.Minute)
	var device *drivers.DeviceError
	err := p.Camera.Check(t.Context())
	switch {
	case f.Want == nil:
		p.car(t, "粤B00002")
	case !errors.Is(err, f.Want) || !errors.As(err, &device) || device.Device != p.Device:
		t.Errorf("Check under %s = %v, want a DeviceError of %s that wraps %v", f.Name, err, p.Device, f.Want)
	}
	f.Set(false)
	elapse(pullBack)
	if err := p.Camera.Check(t.Context()); err != nil {
		t.Errorf("Check %v after %s = %v, want nil", pullBack, f.Name, err)
	}
	p.car(t, "粤B00003")
}

func pullEnd(t *testing.T, p *puller, f CameraFault) {
	f.Set(true)
	end := p.watch(t)
	elapse(time.Minute)
	if took := end(); took > time.Second {
		t.Errorf("Watch took %v to end under %s", took, f.Name)
	}
	f.Set(false)
}
