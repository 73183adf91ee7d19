package dahua

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/gate/guard"
)

const (
	// offRetries and offGrace are how often switching an output off is tried
	// again, and how long after the caller's time is over it may still take. An
	// output that stays on keeps the arm up.
	offRetries = 3
	offGrace   = time.Second

	// presenceAge is how old a reading of the inputs may be when the command to
	// close goes out. The camera's web side takes some 100 ms for an answer.
	presenceAge = 500 * time.Millisecond

	// plateTime is how long the last plate is told with an opening.
	plateTime = time.Minute
)

// A GateConfig describes a Gate.
type GateConfig struct {
	Device  string  // device code of the gate, for errors
	Camera  *Camera // which has a link
	Options GateOptions

	// Held says that the gate was held open when the agent last ran, so that
	// the first contact leaves the hold output on.
	Held bool

	// AsFound has the driver leave alone what it finds, a hold among it. It is
	// for who only looks or tries, while the agent may be at work with the same
	// camera: only the agent knows whether an output that is on was left on.
	AsFound bool

	Now func() time.Time // stamps GateState.At; nil means time.Now
	Log *slog.Logger     // nil discards
}

// A hold is what the lane wants of the hold output.
type hold uint8

const (
	holdUnknown hold = iota // nothing was asked since the start
	holdOn
	holdOff
)

// A Gate is the barrier at the outputs of a Camera. It meets lane.Gate; one
// goroutine at a time calls it.
//
// The strobe opens and closes as one call, for which the camera has its own
// outputs and times. An output is switched from here, as drivers/gate does with
// relays: off again whatever happens, read back when an answer is lost, never
// toggled.
//
// The arm's position is not known to the camera.
type Gate struct {
	cfg    GateConfig
	camera *Camera
	opt    GateOptions

	guard guard.Guard
	hold  hold
	clean bool // the outputs that are given for a moment are known to be off
}

// NewGate checks the configuration. Nothing is sent before the first call.
func NewGate(cfg GateConfig) (*Gate, error) {
	switch {
	case cfg.Device == "" || cfg.Camera == nil:
		return nil, errors.New("dahua gate: no device code or no camera")
	case cfg.Camera.client == nil:
		return nil, errors.New("camera of the gate has no link, by which the gate would be moved")
	}
	if err := cfg.Options.validate(); err != nil {
		return nil, err
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Log = cfg.Log.With("device", cfg.Device)
	opt := cfg.Options.withDefaults()
	g := &Gate{cfg: cfg, camera: cfg.Camera, opt: opt, guard: guard.Guard{
		Presence: opt.Presence != nil, Passage: opt.Passage != nil, SelfGuarded: opt.SelfGuarded, Age: presenceAge,
	}}
	if cfg.Held && g.opt.holdOutput() != 0 {
		g.hold = holdOn
	}
	return g, nil
}

// Raise opens the barrier. The strobe is told again when there is no answer: to
// open what is open harms nobody. While the barrier is held Raise makes sure that
// the hold output is on, and no more.
func (g *Gate) Raise(ctx context.Context) error {
	return g.call("raise", func() error {
		if err := g.prepare(ctx); err != nil { // which finds out whether it is held
			return err
		}
		if g.hold == holdOn {
			return g.latch(ctx)
		}
		if g.opt.Means == MeansOutput {
			return g.pulse(ctx, g.opt.Open, ctx, again)
		}
		return g.openStrobe(ctx)
	})
}

func (g *Gate) openStrobe(ctx context.Context) error {
	first, cancel := half(ctx)
	err := g.camera.command(first, g.openCall())
	cancel()
	if !errors.Is(err, drivers.ErrOffline) || ctx.Err() != nil {
		return err
	}
	return g.camera.command(ctx, g.openCall())
}

// half returns a context for the first half of the time that is left.
func half(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/2)
}

// openCall opens the strobe. The camera keeps the plate with the opening; it is
// that of the last car, if it came just now.
func (g *Gate) openCall() string {
	call := "trafficSnap.cgi?action=openStrobe&channel=" + strconv.Itoa(g.camera.cfg.Options.Channel) +
		"&info.openType=" + g.opt.OpenType
	if plate := g.camera.lastPlate(); plate != "" {
		call += "&info.plateNumber=" + url.QueryEscape(plate)
	}
	return call
}

// Lower closes the barrier, once, if the inputs that are wired read clear twice
// in a row, the second time right before the command. It fails with
// drivers.ErrRefused while the gate is held, and where neither a presence input
// is wired nor the installer said that the barrier guards itself.
func (g *Gate) Lower(ctx context.Context) error {
	return g.call("lower", func() error {
		switch {
		case g.hold == holdOn:
			return refusal("the gate is held open")
		case g.opt.Means == MeansOutput && g.opt.Close == 0:
			return refusal("no output closes the barrier")
		}
		if err := g.guard.Allowed(); err != nil {
			return err
		}
		if err := g.mustNotBeHeld(ctx); err != nil {
			return err
		}
		good, err := g.guard.Clear(func(good time.Time) (guard.Reading, error) { return g.reading(ctx, good) })
		if err != nil {
			return err
		}
		fresh, cancel := guard.Until(ctx, good)
		defer cancel()
		if g.opt.Means == MeansOutput {
			return g.pulse(ctx, g.opt.Close, fresh, once)
		}
		return g.camera.command(fresh, "trafficSnap.cgi?action=closeStrobe&channel="+strconv.Itoa(g.camera.cfg.Options.Channel))
	})
}

// mustNotBeHeld refuses while the hold output is on, whoever switched it on.
func (g *Gate) mustNotBeHeld(ctx context.Context) error {
	if err := g.prepare(ctx); err != nil {
		return g.guard.Unknown(err)
	}
	n := g.opt.holdOutput()
	if n == 0 {
		return nil
	}
	on, err := g.outputs(ctx)
	if err != nil {
		return g.guard.Unknown(err)
	}
	if on[n] {
		return refusal("the gate is held open")
	}
	return nil
}

// reading asks for the inputs, until its answer would be too old.
func (g *Gate) reading(ctx context.Context, good time.Time) (guard.Reading, error) {
	ctx, cancel := guard.Until(ctx, good)
	defer cancel()
	return g.inputs(ctx)
}

// Hold switches the hold output on until Release. It fails with
// drivers.ErrRefused where there is none: the strobe opens for a moment only.
func (g *Gate) Hold(ctx context.Context) error {
	return g.call("hold", func() error {
		if g.opt.holdOutput() == 0 {
			return refusal("no output holds the barrier open")
		}
		before := g.hold
		g.hold = holdOn // first, so that nothing below switches it off again
		err := g.latch(ctx)
		if errors.Is(err, drivers.ErrRefused) {
			g.hold = before
		}
		return err
	})
}

// Release switches the hold output off. The barrier then closes by its own rules.
func (g *Gate) Release(ctx context.Context) error {
	return g.call("release", func() error {
		n := g.opt.holdOutput()
		if n == 0 {
			return refusal("no output holds the barrier open")
		}
		g.hold = holdOff // should this fail, the next contact switches it off
		if err := g.switchOff(ctx, n); err != nil {
			return err
		}
		return g.prepare(ctx)
	})
}

// State asks the camera for its inputs and outputs now; where none is used, for
// its type, to see that it lives. It tells of drivers.FaultContact when an output
// is not as it should be, of which the next call switches off what is on, and of
// drivers.FaultPresence when the presence input misses the cars that drive through.
func (g *Gate) State(ctx context.Context) (drivers.GateState, error) {
	var s drivers.GateState
	err := g.call("read state", func() error {
		if err := g.prepare(ctx); err != nil {
			return err
		}
		asked := g.cfg.Now().UTC() // nobody knows when on its way the answer was true
		in, err := g.inputs(ctx)
		if err != nil {
			return err
		}
		g.guard.Observe(in)
		s = drivers.GateState{Presence: in.Presence, Passage: in.Passage, At: asked}
		if g.guard.Blind() {
			s.Fault = drivers.FaultPresence
		}
		if n := g.opt.holdOutput(); n != 0 {
			on, err := g.outputs(ctx)
			if err != nil {
				return err
			}
			s.HoldOpen = on[n]
			if g.contradicts(on) {
				s.Fault, g.clean = drivers.FaultContact, false
			}
		} else if !g.guard.Sees() {
			if _, err := g.camera.deviceType(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return drivers.GateState{}, err
	}
	return s, nil
}

// inputs reads the inputs that are wired, together.
func (g *Gate) inputs(ctx context.Context) (guard.Reading, error) {
	r := guard.Reading{Presence: drivers.PresenceNotFitted, Passage: drivers.PresenceNotFitted}
	if !g.guard.Sees() {
		return r, nil
	}
	mask, err := g.camera.inputs(ctx)
	if err != nil {
		return r, err
	}
	r.Presence, r.Passage = sensed(g.opt.Presence, mask), sensed(g.opt.Passage, mask)
	return r, nil
}

// sensed is what an input says of its place; it is nil where none is wired.
func sensed(in *Input, mask uint64) drivers.Presence {
	switch {
	case in == nil:
		return drivers.PresenceNotFitted
	case mask>>(in.Number-1)&1 == 1 != in.ActiveLow:
		return drivers.PresenceOccupied
	}
	return drivers.PresenceClear
}

// call does one thing and names device and operation in its error. After any
// failure the outputs are looked at again: a call of several steps may have ended
// in the middle.
func (g *Gate) call(op string, do func() error) error {
	err := do()
	if err == nil {
		return nil
	}
	g.clean = false
	return &drivers.DeviceError{Device: g.cfg.Device, Op: op, Err: err}
}

func refusal(why string) error { return fmt.Errorf("%w: %s", drivers.ErrRefused, why) }
