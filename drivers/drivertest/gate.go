package drivertest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers"
)

// A GateDriver is a gate as the lane sees it.
type GateDriver interface {
	Raise(ctx context.Context) error
	Lower(ctx context.Context) error
	Hold(ctx context.Context) error
	Release(ctx context.Context) error
	State(ctx context.Context) (drivers.GateState, error)
}

// A StopDriver is a gate whose arm can be stopped on its way.
type StopDriver interface {
	Stop(ctx context.Context) error
}

// An EventGateDriver is a gate that opens in the answer to a camera's event.
type EventGateDriver interface {
	RaiseFor(ctx context.Context, event string) error
}

// A GateRig is a gate driver and the simulated barrier behind it. A switch that
// is nil is something that this kind of gate cannot do or suffer; its tests are
// left out.
type GateRig struct {
	Gate GateDriver

	// Raised returns how often the barrier really got the command to open.
	Raised func() int
	// Lowered returns how often it really got the command to close; nil for
	// a gate that nobody can close.
	Lowered func() int
	// HeldOpen reports whether the barrier really is kept open; nil for a
	// gate that cannot be held.
	HeldOpen func() bool
	// SetPresence puts something under the arm or takes it away; nil where
	// no presence input is wired.
	SetPresence func(occupied bool)
	// SetPassage does that behind the arm, where such an input is wired as well.
	SetPassage func(occupied bool)

	// Stopped returns how often the barrier really got the command to stop; nil
	// for a gate that cannot be stopped. The gate is then a StopDriver.
	Stopped func() int
	// Contradict makes the limit inputs say that the arm is up and down at once;
	// nil where they are not both wired.
	Contradict func(on bool)
	// Stale makes what the presence input says too old to act on once it has
	// come; nil where that cannot be.
	Stale func(on bool)

	// Faults break the device, by name, and mend it.
	Faults []GateFault

	// Timeout is a command's time; 0 means 2 s. Grace is how much later a
	// call may return; 0 means 1.5 s.
	Timeout, Grace time.Duration
}

// A GateFault is one way in which the device or the way to it breaks.
type GateFault struct {
	Name string // "silence", "crumbs", "noise", "refusal", "unplugged" …
	Set  func(on bool)

	// Want is what every call must wrap meanwhile: drivers.ErrOffline,
	// drivers.ErrRefused, or nil where the driver must cope.
	Want error

	// Back is how soon after it is mended State must work; 0 means 10 s.
	Back time.Duration
}

// Gate holds a gate driver to the lane's contract. newRig makes a fresh gate
// whose arm is down, with nothing under it.
func Gate(t *testing.T, newRig func(t *testing.T) GateRig) {
	t.Helper()
	gate(t, newRig, func(t *testing.T, test func(*testing.T)) { test(t) })
}

// GateInBubble is Gate with each test in a testing/synctest bubble, for rigs on a
// wire in memory. Faults that are waits for time take none there, and a call that
// is late is late by what the driver waits for, not by a busy machine.
func GateInBubble(t *testing.T, newRig func(t *testing.T) GateRig) {
	t.Helper()
	gate(t, newRig, synctest.Test)
}

func gate(t *testing.T, newRig func(t *testing.T) GateRig, in func(*testing.T, func(*testing.T))) {
	t.Helper()
	var can GateRig
	in(t, func(t *testing.T) { can = newRig(t) })
	_, answers := can.Gate.(EventGateDriver)
	tests := []struct {
		name string
		can  bool // whether it concerns this kind of gate
		run  func(*testing.T, GateRig)
	}{
		{"raise opens once", true, raiseOpensOnce},
		{"raise again opens again or stays open", true, raiseIsRepeatable},
		{"lower closes when clear", can.Lowered != nil, lowerWhenClear},
		{"lower refuses on a car and sends nothing", can.Lowered != nil && can.SetPresence != nil, lowerRefusesOnACar},
		{"a presence input that misses cars is not believed", can.SetPresence != nil && can.SetPassage != nil, missesCars},
		{"hold keeps open until release", can.HeldOpen != nil, holdUntilRelease},
		{"stop stops once and ends no hold", can.Stopped != nil, stopsOnce},
		{"limits that contradict each other are a fault", can.Contradict != nil, contradiction},
		{"lower does not act on a reading that is old", can.Lowered != nil && can.Stale != nil, staleReading},
		{"a call whose time is over returns at once", true, expiredCall},
		{"raise for an event that is over goes on as raise does", answers, raiseForOverEvent},
	}
	for _, tt := range tests {
		if tt.can {
			t.Run(tt.name, func(t *testing.T) {
				in(t, func(t *testing.T) { tt.run(t, newRig(t).withDefaults()) })
			})
		}
	}
	for i, f := range can.Faults {
		t.Run("fault "+f.Name, func(t *testing.T) {
			in(t, func(t *testing.T) {
				rig := newRig(t).withDefaults()
				underFault(t, rig, rig.Faults[i])
			})
		})
	}
}

func (r GateRig) withDefaults() GateRig {
	if r.Timeout == 0 {
		r.Timeout = 2 * time.Second
	}
	if r.Grace == 0 {
		r.Grace = 1500 * time.Millisecond
	}
	return r
}

// do calls the gate with a command's time and checks that it keeps to it and
// says which device failed.
func (r GateRig) do(t *testing.T, name string, call func(context.Context) error) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), r.Timeout)
	defer cancel()
	start := time.Now()
	err := call(ctx)
	if took := time.Since(start); took > r.Timeout+r.Grace {
		t.Errorf("%s took %v, want at most %v and a little", name, took, r.Timeout)
	}
	var de *drivers.DeviceError
	if err != nil && !errors.As(err, &de) {
		t.Errorf("%s = %v, want a *drivers.DeviceError", name, err)
	}
	return err
}

func (r GateRig) must(t *testing.T, name string, call func(context.Context) error) {
	t.Helper()
	if err := r.do(t, name, call); err != nil {
		t.Fatalf("%s = %v, want success", name, err)
	}
}

func (r GateRig) state(t *testing.T) drivers.GateState {
	t.Helper()
	var s drivers.GateState
	r.must(t, "State", func(ctx context.Context) (err error) {
		s, err = r.Gate.State(ctx)
		return err
	})
	if s.At.IsZero() || s.At.Location() != time.UTC {
		t.Errorf("State.At = %v, want a time in UTC", s.At)
	}
	return s
}

func raiseOpensOnce(t *testing.T, r GateRig) {
	r.must(t, "Raise", r.Gate.Raise)
	if n := r.Raised(); n != 1 {
		t.Errorf("the barrier got %d commands to open, want 1", n)
	}
	r.state(t)
}

func raiseIsRepeatable(t *testing.T, r GateRig) {
	r.must(t, "Raise", r.Gate.Raise)
	r.must(t, "second Raise", r.Gate.Raise)
	if r.Lowered != nil && r.Lowered() != 0 {
		t.Errorf("raising twice closed the barrier")
	}
}

func lowerWhenClear(t *testing.T, r GateRig) {
	r.must(t, "Raise", r.Gate.Raise)
	r.must(t, "Lower", r.Gate.Lower)
	if n := r.Lowered(); n != 1 {
		t.Errorf("the barrier got %d commands to close, want 1", n)
	}
}

func lowerRefusesOnACar(t *testing.T, r GateRig) {
	r.SetPresence(true)
	if s := r.state(t); s.Presence != drivers.PresenceOccupied {
		t.Errorf("Presence = %v, want occupied", s.Presence)
	}
	if err := r.do(t, "Lower", r.Gate.Lower); !errors.Is(err, drivers.ErrRefused) {
		t.Errorf("Lower on a car = %v, want drivers.ErrRefused", err)
	}
	if n := r.Lowered(); n != 0 {
		t.Errorf("the barrier got %d commands to close on a car", n)
	}
	r.SetPresence(false)
	if s := r.state(t); s.Presence != drivers.PresenceClear {
		t.Errorf("Presence = %v, want clear", s.Presence)
	}
}

func holdUntilRelease(t *testing.T, r GateRig) {
	r.must(t, "Hold", r.Gate.Hold)
	if !r.HeldOpen() || !r.state(t).HoldOpen {
		t.Fatal("after Hold the barrier is not held open, or State does not say so")
	}
	r.must(t, "Raise while held", r.Gate.Raise)
	if err := r.do(t, "Lower while held", r.Gate.Lower); !errors.Is(err, drivers.ErrRefused) {
		t.Errorf("Lower while held = %v, want drivers.ErrRefused", err)
	}
	r.must(t, "second Hold", r.Gate.Hold)
	if !r.HeldOpen() {
		t.Error("Raise, Lower or Hold ended the hold")
	}
	r.must(t, "Release", r.Gate.Release)
	if r.HeldOpen() || r.state(t).HoldOpen {
		t.Error("after Release the barrier is still held open, or State says so")
	}
	r.must(t, "Raise after Release", r.Gate.Raise)
	if r.HeldOpen() {
		t.Error("Raise after Release holds the barrier open")
	}
}

func stopsOnce(t *testing.T, r GateRig) {
	stop := r.Gate.(StopDriver).Stop
	r.state(t) // whatever first contact does is done
	before := r.Stopped()
	r.must(t, "Stop", stop)
	if n := r.Stopped() - before; n != 1 {
		t.Errorf("the barrier got %d commands to stop, want 1", n)
	}
	if r.HeldOpen == nil {
		return
	}
	r.must(t, "Hold", r.Gate.Hold)
	r.must(t, "Stop while held", stop)
	if !r.HeldOpen() {
		t.Error("Stop ended the hold")
	}
}

func contradiction(t *testing.T, r GateRig) {
	if s := r.state(t); s.Fault != drivers.FaultNone {
		t.Errorf("State of a gate that is well = fault %d", s.Fault)
	}
	r.Contradict(true)
	if s := r.state(t); s.Fault != drivers.FaultLimits || s.Arm != drivers.ArmFault {
		t.Errorf("State with both limits active = arm %v, fault %d; want fault and %d", s.Arm, s.Fault, drivers.FaultLimits)
	}
	r.must(t, "Raise", r.Gate.Raise) // a broken switch traps nobody
	r.Contradict(false)
	if s := r.state(t); s.Fault != drivers.FaultNone || s.Arm == drivers.ArmFault {
		t.Errorf("State once the limits agree = arm %v, fault %d; want none", s.Arm, s.Fault)
	}
}

func staleReading(t *testing.T, r GateRig) {
	r.state(t)
	r.Stale(true)
	if err := r.do(t, "Lower", r.Gate.Lower); !errors.Is(err, drivers.ErrOffline) && !errors.Is(err, drivers.ErrRefused) {
		t.Errorf("Lower by an old reading = %v, want drivers.ErrOffline or drivers.ErrRefused", err)
	}
	if n := r.Lowered(); n != 0 {
		t.Errorf("the barrier got %d commands to close by an old reading", n)
	}
	r.Stale(false)
	r.must(t, "Lower by a fresh reading", r.Gate.Lower)
}

func expiredCall(t *testing.T, r GateRig) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	start := time.Now()
	if err := r.Gate.Raise(ctx); !errors.Is(err, drivers.ErrOffline) {
		t.Errorf("Raise with a cancelled context = %v, want drivers.ErrOffline", err)
	}
	if took := time.Since(start); took > r.Grace {
		t.Errorf("Raise with a cancelled context took %v", took)
	}
	if n := r.Raised(); n != 0 {
		t.Errorf("a command whose time was over was sent %d times", n)
	}
}

func raiseForOverEvent(t *testing.T, r GateRig) {
	g := r.Gate.(EventGateDriver)
	raise := func(ctx context.Context) error { return g.RaiseFor(ctx, "an event that is over") }
	r.must(t, "RaiseFor", raise)
	if n := r.Raised(); n != 1 {
		t.Errorf("the barrier got %d commands to open, want 1", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := raise(ctx); !errors.Is(err, drivers.ErrOffline) {
		t.Errorf("RaiseFor with a cancelled context = %v, want drivers.ErrOffline", err)
	}
	if n := r.Raised(); n != 1 {
		t.Errorf("a command whose time was over was sent: the barrier got %d, want 1", n)
	}
}

func underFault(t *testing.T, r GateRig, f GateFault) {
	r.state(t) // the driver has met the device when it breaks
	f.Set(true)
	calls := []struct {
		name string
		call func(context.Context) error
	}{
		{"State", func(ctx context.Context) error { _, err := r.Gate.State(ctx); return err }},
		{"Raise", r.Gate.Raise},
		{"Lower", r.Gate.Lower},
	}
	for _, c := range calls {
		if c.name == "Lower" && r.Lowered == nil {
			continue
		}
		err := r.do(t, c.name+" under "+f.Name, c.call)
		if !errors.Is(err, f.Want) {
			t.Errorf("%s under %s = %v, want %v", c.name, f.Name, err, f.Want)
		}
	}
	if f.Want != nil && r.Lowered != nil && r.Lowered() != 0 {
		t.Errorf("a failed Lower under %s closed the barrier", f.Name)
	}
	f.Set(false)
	r.recover(t, f)
	before := r.Raised()
	r.must(t, "Raise after "+f.Name, r.Gate.Raise)
	if r.Raised() <= before {
		t.Errorf("Raise after %s did not reach the barrier", f.Name)
	}
	if r.HeldOpen != nil && r.HeldOpen() {
		t.Errorf("after %s the barrier is held open, which nobody asked for", f.Name)
	}
}

// recover asks for the state until the driver has found its device again, which
// must not take longer than a driver is willing to wait.
func (r GateRig) recover(t *testing.T, f GateFault) {
	t.Helper()
	patience := f.Back
	if patience == 0 {
		patience = 10 * time.Second
	}
	for start := time.Now(); ; {
		err := r.do(t, "State after "+f.Name, func(ctx context.Context) error { _, err := r.Gate.State(ctx); return err })
		if err == nil {
			return
		}
		if time.Since(start) > patience {
			t.Fatalf("State %v after %s = %v, want the driver to work again", patience, f.Name, err)
		}
		select { // fast failures must not make this a tight loop
		case <-time.After(50 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal("the test's time is over")
		}
	}
}
