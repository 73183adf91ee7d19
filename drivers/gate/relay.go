// Package gate drives the barriers of lanes: by the relays of a Modbus board, to which the barrier's own contacts are wired.
//
// A Relay gives a contact for a moment, as a push button would. Three things
// make that less simple than it sounds, and this package is about them:
//
//   - A relay that stays on after its moment holds the arm up. Switching off is
//     therefore tried again, and the first contact after a start or after a lost
//     line switches every momentary relay off.
//   - A write without a reply may have happened. The board is asked what its
//     relays do before anything is sent again, and no relay is ever toggled.
//   - An arm must not come down on anybody. Lower reads the presence input right
//     before it acts and does nothing unless that reads clear.
//
// Loops protect cars, not people. What keeps an arm from coming down on a person
// is the business of the barrier's own controller, to which the loops are wired
// first; this package knows a copy of them.
package gate

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/goburrow/modbus"

	"parkagent/drivers"
	"parkagent/drivers/gate/guard"
	"parkagent/drivers/rs485"
)

// looksEvery is how often State reads the relays, which nothing but commands
// should change; it reads the inputs every time.
const looksEvery = 2 * time.Second

// A Bus is the line that the board is on. *rs485.Line is one. Errors wrap
// drivers.ErrOffline, after which it is unknown whether the board did what was
// asked, or drivers.ErrRefused, after which it did not.
type Bus interface {
	// Client returns a Modbus client for requests to unit until ctx is done.
	Client(ctx context.Context, unit byte, p rs485.Priority) modbus.Client
	// Raw sends a request that Client refuses to make.
	Raw(ctx context.Context, unit byte, p rs485.Priority, function byte, data []byte) ([]byte, error)
	// Pause lets at least so much silence pass before each request to unit.
	Pause(unit byte, least time.Duration)
	// Keep lets the line work on, even if it is told to end, until release
	// is called.
	Keep() (release func())
}

// A Config describes a Relay.
type Config struct {
	Device  string // device code, for errors
	Bus     Bus
	Options RelayOptions

	// Held says that the gate was held open when the agent last ran, so that
	// the first contact leaves the hold relay on.
	Held bool

	// AsFound has the driver leave alone what it finds, a hold among it. It is
	// for who only looks or tries, while the agent may be at work with the same
	// board: only the agent knows whether a relay that is on was left on.
	AsFound bool

	Now func() time.Time // stamps GateState.At; nil means time.Now
	Log *slog.Logger     // nil discards
}

// A hold is what the lane wants of the hold relay.
type hold uint8

const (
	holdUnknown hold = iota // nothing was asked since the start
	holdOn
	holdOff
)

// A Relay is a barrier on a relay board. One goroutine at a time calls it.
type Relay struct {
	device string
	bus    Bus
	opt    RelayOptions
	now    func() time.Time
	log    *slog.Logger

	guard  guard.Guard
	motion motion

	hold    hold
	asFound bool // what is found is left alone
	clean   bool // the momentary relays are known to be at rest or on the board's timer

	// given is which contacts were given when the relays were last read, at
	// looked; zero where a command came after that. stray are the momentary ones
	// among them that nothing gives, and stuck says that one is for the second
	// time.
	given  map[uint16]bool
	looked time.Time
	stray  map[uint16]bool
	stuck  bool

	// pulsing is until when the board's own timer may give a contact, which is
	// pulsed; zero once it was looked at after that.
	pulsing time.Time
	pulsed  uint16
}

// NewRelay checks the configuration. Nothing is sent before the first call.
func NewRelay(cfg Config) (*Relay, error) {
	if cfg.Device == "" || cfg.Bus == nil {
		return nil, errors.New("gate: no device code or no bus")
	}
	if err := cfg.Options.validate(); err != nil {
		return nil, err
	}
	opt := cfg.Options.withDefaults()
	r := &Relay{
		device: cfg.Device, bus: cfg.Bus, opt: opt, now: cfg.Now, log: cfg.Log,
		asFound: cfg.AsFound,
		guard:   guard.Guard{Presence: opt.Presence != nil, Passage: opt.Passage != nil, SelfGuarded: opt.SelfGuarded, Age: opt.PresenceAge},
		motion:  motion{travel: opt.Travel, seesUp: opt.LimitOpen != nil, seesDown: opt.LimitClose != nil},
	}
	if opt.Quiet > 0 {
		r.bus.Pause(opt.Unit, opt.Quiet)
	}
	if cfg.Held {
		r.hold = holdOn
	}
	if r.now == nil {
		r.now = time.Now
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	return r, nil
}

// Raise gives the open contact and returns after it is off again. While the
// gate is held it makes sure that the hold relay is on, and no more.
func (r *Relay) Raise(ctx context.Context) error {
	return r.command("raise", func() error {
		if err := r.raise(ctx); err != nil {
			return err
		}
		r.motion.raised(time.Now())
		return nil
	})
}

func (r *Relay) raise(ctx context.Context) error {
	if r.hold == holdOn {
		return r.latch(ctx)
	}
	if err := r.ready(ctx); err != nil {
		return err
	}
	return r.pulse(ctx, r.opt.Open, again())
}

// Lower gives the close contact, once, if the presence input reads clear twice
// in a row, the second time right before the command. It fails with
// drivers.ErrRefused while the gate is held.
func (r *Relay) Lower(ctx context.Context) error {
	return r.command("lower", func() error {
		switch {
		case r.hold == holdOn:
			return refusal("the gate is held open")
		case r.opt.Close == nil:
			return refusal("no close contact is wired")
		}
		if err := r.guard.Allowed(); err != nil {
			return err
		}
		if err := r.prepare(ctx, rs485.Command); err != nil {
			return r.guard.Unknown(err)
		}
		given, err := r.readCoils(ctx, rs485.Command)
		if err != nil {
			return r.guard.Unknown(err)
		}
		if r.held(given) {
			return refusal("the gate is held open")
		}
		good, err := r.guard.Clear(func(time.Time) (guard.Reading, error) {
			in, err := r.read(ctx, rs485.Command)
			return in.Reading, err
		})
		if err == nil {
			err = r.pulse(ctx, *r.opt.Close, once(good))
		}
		if err == nil {
			r.motion.lowered(time.Now())
		}
		return err
	})
}

// Stop gives the stop contact for a moment, before anything else is asked of the
// board. It fails with drivers.ErrRefused where none is wired. The driver itself
// never calls it, and it does not end Hold. What a command that failed may have left
// given is taken back meanwhile: it would move the arm on.
func (r *Relay) Stop(ctx context.Context) error {
	return r.command("stop", func() error {
		if r.opt.Stop == nil {
			return refusal("no stop contact is wired")
		}
		var left error
		err := r.pulseWhile(ctx, *r.opt.Stop, again(), func(ctx context.Context) { left = r.clear(ctx) })
		if err != nil {
			return err
		}
		r.motion.halted()
		return left
	})
}

// clear brings all but the stop relay to rest that may not be.
func (r *Relay) clear(ctx context.Context) error {
	if r.clean || r.asFound {
		return nil
	}
	for _, coil := range r.momentary() {
		if coil == *r.opt.Stop {
			continue
		}
		if err := r.rest(ctx, coil); err != nil {
			return err
		}
	}
	return nil
}

// Hold latches the hold relay on until Release.
func (r *Relay) Hold(ctx context.Context) error {
	return r.command("hold", func() error {
		before := r.hold
		r.hold = holdOn // first, so that nothing below switches it off again
		err := r.latch(ctx)
		switch {
		case errors.Is(err, drivers.ErrRefused):
			r.hold = before
		case err == nil:
			r.motion.raised(time.Now())
		}
		return err
	})
}

// Release switches the hold relay off. The barrier then closes by its own
// rules. It looks at the relays before: against a close contact that something left
// given, the hold may be all that keeps the arm up.
func (r *Relay) Release(ctx context.Context) error {
	return r.command("release", func() error {
		// Should this fail, the next contact switches it off.
		r.hold, r.clean = holdOff, false
		r.motion.lowered(time.Now())
		if err := r.prepare(ctx, rs485.Command); err != nil {
			return err
		}
		return r.rest(ctx, r.holdCoil())
	})
}

// State reads the inputs now, in one request. The relays, which only commands
// should change, are read after each command and every two seconds.
func (r *Relay) State(ctx context.Context) (drivers.GateState, error) {
	var s drivers.GateState
	err := r.call("read state", func() error {
		due := !r.clean || time.Since(r.looked) >= looksEvery || len(r.opt.inputs()) == 0 ||
			!r.pulsing.IsZero() && !r.onTimer()
		if due {
			if err := r.look(ctx, rs485.Poll); err != nil {
				return err
			}
		}
		in, err := r.read(ctx, rs485.Poll)
		if err != nil {
			return err
		}
		r.guard.Observe(in.Reading)
		s = drivers.GateState{Presence: in.Presence, Passage: in.Passage, HoldOpen: r.held(r.given), At: r.now().UTC()}
		s.Arm, s.Fault = r.motion.judge(in.arm, time.Now())
		switch {
		case s.Fault != drivers.FaultNone:
		case r.stuck || r.hold == holdOn && !s.HoldOpen:
			s.Fault = drivers.FaultContact
		case r.guard.Blind():
			s.Fault = drivers.FaultPresence
		}
		return nil
	})
	return s, err
}

// read reads the inputs and says what they mean.
func (r *Relay) read(ctx context.Context, p rs485.Priority) (reading, error) {
	inputs, err := r.readInputs(ctx, p)
	if err != nil {
		return reading{}, err
	}
	return reading{
		Reading: guard.Reading{Presence: sensed(r.opt.Presence, inputs), Passage: sensed(r.opt.Passage, inputs)},
		arm:     r.arm(inputs),
	}, nil
}

// command is call for what may change the relays, which State then looks at.
func (r *Relay) command(op string, do func() error) error {
	return r.call(op, func() error {
		defer func() { r.looked = time.Time{} }()
		return do()
	})
}

// call does one thing and names device and operation in its error. After any
// failure the relays are looked at again: a call of several steps may have ended
// in the middle.
func (r *Relay) call(op string, do func() error) error {
	err := do()
	if err == nil {
		return nil
	}
	r.clean = false
	return &drivers.DeviceError{Device: r.device, Op: op, Err: err}
}

func (r *Relay) holdCoil() uint16 {
	if r.opt.HoldCoil != nil {
		return *r.opt.HoldCoil
	}
	return r.opt.Open
}

// held reports whether the hold contact is given for longer than a moment.
func (r *Relay) held(given map[uint16]bool) bool {
	return given[r.holdCoil()] && (r.opt.HoldCoil != nil || r.hold == holdOn || !r.onTimer())
}

// onTimer reports whether the board's own timer may still keep a relay on.
func (r *Relay) onTimer() bool { return time.Now().Before(r.pulsing) }

func (r *Relay) arm(inputs map[uint16]bool) drivers.Arm {
	up, down := r.opt.LimitOpen, r.opt.LimitClose
	return armBetween(up != nil, down != nil, up != nil && active(*up, inputs), down != nil && active(*down, inputs))
}

// sensed is what an input says of its place; it is nil where none is wired.
func sensed(in *Input, inputs map[uint16]bool) drivers.Presence {
	switch {
	case in == nil:
		return drivers.PresenceNotFitted
	case active(*in, inputs):
		return drivers.PresenceOccupied
	}
	return drivers.PresenceClear
}

func active(in Input, inputs map[uint16]bool) bool { return inputs[in.Number] != in.ActiveLow }
