package hikvision

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/gate/guard"
)

const (
	defaultPulse = 500 * time.Millisecond

	// presenceAge is how old the reading of the presence input may be when
	// the arm is told to come down. It counts from the question, since nobody
	// knows when on its way the answer was true.
	presenceAge = 500 * time.Millisecond

	offRetries = 3           // of switching a relay off, for one that stays on keeps the arm up
	offGrace   = time.Second // that this may take after the caller's time is over
)

// A Gate is a barrier that a camera moves: by its barrier command, or by a relay
// of its own on models that lack the command. Which one it is shows at the first
// command and is remembered until the camera goes away.
//
// One goroutine at a time calls it.
type Gate struct {
	cfg    GateConfig
	camera *Camera
	device string
	opt    GateOptions
	now    func() time.Time
	log    *slog.Logger

	guard   guard.Guard
	held    bool    // the lane wants it held open
	way     Control // ControlAuto until it is known
	resting bool    // the relays are known to be off
	mute    bool    // the model does not tell where its arm is
	own     ownList
}

// Raise opens the barrier. When there is no answer the camera is asked where the
// arm is, and told again unless that is up. While the gate is held it is held
// again, and no more.
func (g *Gate) Raise(ctx context.Context) error {
	return g.call("raise", func() error {
		if g.held {
			return g.latch(ctx)
		}
		return g.command(ctx, "open", func() error { return g.pulse(ctx, ctx, g.opt.Output) })
	})
}

// Lower closes the barrier, with one command, if the inputs below and behind the
// arm, where they are wired, read clear twice in a row, the second time right
// before it. It fails with drivers.ErrRefused, and nothing moves, while the gate
// is held, and where neither a presence input is wired nor the barrier is said to
// guard itself.
func (g *Gate) Lower(ctx context.Context) error {
	return g.call("lower", func() error {
		switch {
		case g.held:
			return refusal("the gate is held open")
		case g.way == ControlOutput && g.opt.CloseOutput == 0:
			return refusal("no relay that closes is wired")
		}
		if err := g.guard.Allowed(); err != nil {
			return err
		}
		if g.way == ControlOutput {
			if err := g.rest(ctx); err != nil {
				return err
			}
		}
		good, err := g.guard.Clear(func(good time.Time) (guard.Reading, error) { return g.reading(ctx, good) })
		if err != nil {
			return err
		}
		fresh, cancel := guard.Until(ctx, good)
		defer cancel()
		return g.command(fresh, "close", func() error { return g.pulse(ctx, fresh, g.opt.CloseOutput) })
	})
}

// Hold opens the barrier and keeps it open until Release: by the command lock, or
// with the relay left on.
func (g *Gate) Hold(ctx context.Context) error {
	return g.call("hold", func() error {
		before := g.held
		g.held = true // first, so that nothing below switches the relay off again
		err := g.latch(ctx)
		if errors.Is(err, drivers.ErrRefused) {
			g.held = before
		}
		return err
	})
}

func (g *Gate) latch(ctx context.Context) error {
	on := func() error { return g.explain(g.trigger(ctx, g.opt.Output, true)) }
	if err := g.command(ctx, "open", on); err != nil || g.way == ControlOutput {
		return err
	}
	return g.barrier(ctx, "lock")
}

// Release ends Hold. The barrier then closes by its own rules.
func (g *Gate) Release(ctx context.Context) error {
	return g.call("release", func() error {
		g.held, g.resting = false, false // should this fail, the next contact switches the relay off
		return g.command(ctx, "unlock", func() error { return g.rest(ctx) })
	})
}

// State asks the camera for the arm and for the inputs that are wired. It tells
// of drivers.FaultGateList while the camera opens the barrier by its own list,
// of drivers.FaultContact when the arm is down that should be held up, and of
// drivers.FaultPresence when the presence input misses the cars that drive through.
//
// A model that does not tell where its arm is leaves that unknown.
func (g *Gate) State(ctx context.Context) (drivers.GateState, error) {
	s := drivers.GateState{At: g.now().UTC()} // of the question: nobody knows when on its way the answer was true
	err := g.call("read state", func() error {
		var err error
		if s.Arm, err = g.arm(ctx); err != nil {
			return err
		}
		if err := g.settle(ctx); err != nil {
			return err
		}
		in, err := g.inputs(ctx)
		if err != nil {
			return err
		}
		g.guard.Observe(in)
		s.Presence, s.Passage, s.HoldOpen = in.Presence, in.Passage, g.held
		switch {
		case g.opensByItself(ctx):
			s.Fault = drivers.FaultGateList
		case g.held && s.Arm == drivers.ArmDown:
			s.Fault = drivers.FaultContact
		case g.guard.Blind():
			s.Fault = drivers.FaultPresence
		}
		return nil
	})
	if err != nil {
		return drivers.GateState{}, err
	}
	return s, nil
}

// settle switches relays off that were left on when the agent or the camera went
// away. On a model that may have none they are tried.
func (g *Gate) settle(ctx context.Context) error {
	switch {
	case g.way == ControlOutput:
		return g.rest(ctx)
	case g.way == ControlAuto && g.mute && g.opt.Output != 0:
		if err := g.rest(ctx); err != nil && !errors.Is(err, drivers.ErrRefused) {
			return err
		}
	}
	return nil
}

// call does one thing and names device and operation in its error. A camera that
// went away may be another one, or have other firmware, when it is back.
func (g *Gate) call(op string, do func() error) error {
	err := do()
	if err == nil {
		return nil
	}
	if errors.Is(err, drivers.ErrOffline) {
		g.way, g.resting, g.mute, g.own = g.opt.Control, false, false, ownList{}
	}
	return &drivers.DeviceError{Device: g.device, Op: op, Err: err}
}

func refusal(why string) error { return fmt.Errorf("%w: %s", drivers.ErrRefused, why) }

// command moves the barrier by its command, or by what byRelay does where the
// model has no such command.
func (g *Gate) command(ctx context.Context, mode string, byRelay func() error) error {
	if g.way == ControlOutput {
		return byRelay()
	}
	err := g.send(ctx, mode)
	switch {
	case err == nil:
		g.way = ControlBarrier
	case !errors.Is(err, camera.ErrNoFunction):
	case g.way == ControlAuto && g.opt.Output != 0:
		g.log.Info("camera has no barrier command, so its output moves the barrier", "output", g.opt.Output)
		g.way = ControlOutput
		return byRelay()
	case g.opt.Control == ControlAuto:
		g.way = ControlAuto // it had one before: it is just starting, or another camera
	}
	return err
}

// send sends a command. One to open whose answer is lost is sent again unless the
// arm is up; any other is sent once.
func (g *Gate) send(ctx context.Context, mode string) error {
	if mode != "open" {
		return g.barrier(ctx, mode)
	}
	first, cancel := half(ctx)
	err := g.barrier(first, mode)
	cancel()
	if !errors.Is(err, drivers.ErrOffline) || ctx.Err() != nil {
		return err
	}
	arm, unseen := g.arm(ctx)
	switch {
	case unseen != nil:
		return err // which is the older news, and says the same
	case arm == drivers.ArmUp:
		return nil
	}
	return g.barrier(ctx, mode)
}

// half returns a context for the first half of the time that is left.
func half(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/2)
}

func (g *Gate) barrier(ctx context.Context, mode string) error {
	return g.camera.put(ctx, fmt.Sprintf("/ISAPI/Parking/channels/%d/barrierGate", g.camera.cfg.Options.Channel),
		`<?xml version="1.0" encoding="UTF-8"?><BarrierGate version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema"><ctrlMode>`+mode+`</ctrlMode></BarrierGate>`)
}
