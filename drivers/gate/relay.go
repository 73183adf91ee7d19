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
package gate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/goburrow/modbus"

	"parkagent/drivers"
	"parkagent/drivers/rs485"
)

// A Bus is the line that the board is on. *rs485.Line is one. Errors wrap
// drivers.ErrOffline, after which it is unknown whether the board did what was
// asked, or drivers.ErrRefused, after which it did not.
type Bus interface {
	// Client returns a Modbus client for requests to unit until ctx is done.
	Client(ctx context.Context, unit byte, p rs485.Priority) modbus.Client
	// Raw sends a request that Client refuses to make.
	Raw(ctx context.Context, unit byte, p rs485.Priority, function byte, data []byte) ([]byte, error)
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

	presenceAge time.Duration // the constant, but in tests

	hold  hold
	clean bool // the momentary relays are known to be off or on the board's timer

	// pulsing is until when the board's own timer may keep a relay on.
	pulsing time.Time
}

// NewRelay checks the configuration. Nothing is sent before the first call.
func NewRelay(cfg Config) (*Relay, error) {
	if cfg.Device == "" || cfg.Bus == nil {
		return nil, errors.New("gate: no device code or no bus")
	}
	if err := cfg.Options.validate(); err != nil {
		return nil, err
	}
	r := &Relay{device: cfg.Device, bus: cfg.Bus, opt: cfg.Options.withDefaults(), now: cfg.Now, log: cfg.Log, presenceAge: presenceAge}
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
	return r.call("raise", func() error {
		if r.hold == holdOn {
			return r.latch(ctx)
		}
		if err := r.prepare(ctx, rs485.Command); err != nil {
			return err
		}
		return r.pulse(ctx, r.opt.Open, again)
	})
}

// Lower gives the close contact, once, if the presence input reads clear twice
// in a row, the second time right before the command. It fails with
// drivers.ErrRefused while the gate is held.
func (r *Relay) Lower(ctx context.Context) error {
	return r.call("lower", func() error {
		switch {
		case r.hold == holdOn:
			return refusal("the gate is held open")
		case r.opt.Close == nil:
			return refusal("no close contact is wired")
		case r.opt.Presence == nil && !r.opt.SelfGuarded:
			return refusal("no presence input is wired, and the barrier is not said to guard itself")
		}
		if err := r.prepare(ctx, rs485.Command); err != nil {
			return r.unseen(err)
		}
		relays, err := r.readCoils(ctx, rs485.Command)
		if err != nil {
			return r.unseen(err)
		}
		if r.held(relays) {
			return refusal("the gate is held open")
		}
		for range 2 {
			if err := r.mustBeClear(ctx); err != nil {
				return err
			}
		}
		return r.pulse(ctx, *r.opt.Close, once)
	})
}

// Hold latches the hold relay on until Release.
func (r *Relay) Hold(ctx context.Context) error {
	return r.call("hold", func() error {
		before := r.hold
		r.hold = holdOn // first, so that nothing below switches it off again
		err := r.latch(ctx)
		if errors.Is(err, drivers.ErrRefused) {
			r.hold = before
		}
		return err
	})
}

// Release switches the hold relay off. The barrier then closes by its own
// rules.
func (r *Relay) Release(ctx context.Context) error {
	return r.call("release", func() error {
		// Should this fail, the next contact switches it off.
		r.hold = holdOff
		if err := r.switchOff(ctx, r.holdCoil()); err != nil {
			return err
		}
		return r.prepare(ctx, rs485.Command)
	})
}

// State reads inputs and relays now.
func (r *Relay) State(ctx context.Context) (drivers.GateState, error) {
	var s drivers.GateState
	err := r.call("read state", func() error {
		if err := r.prepare(ctx, rs485.Poll); err != nil {
			return err
		}
		relays, err := r.readCoils(ctx, rs485.Poll)
		if err != nil {
			return err
		}
		inputs, err := r.readInputs(ctx, rs485.Poll)
		if err != nil {
			return err
		}
		s = drivers.GateState{
			Arm:      r.arm(inputs),
			Presence: sensed(r.opt.Presence, inputs),
			Passage:  sensed(r.opt.Passage, inputs),
			HoldOpen: r.held(relays),
			At:       r.now().UTC(),
		}
		return nil
	})
	return s, err
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

func refusal(why string) error { return fmt.Errorf("%w: %s", drivers.ErrRefused, why) }

// unseen is a refusal to lower because the board does not say what stands under
// the arm. It is both: nothing was sent, and the board cannot be reached.
func (r *Relay) unseen(err error) error {
	if r.opt.Presence == nil && r.opt.Passage == nil {
		return err
	}
	if errors.Is(err, drivers.ErrRefused) {
		return fmt.Errorf("presence is unknown: %w", err)
	}
	return fmt.Errorf("%w: presence is unknown: %w", drivers.ErrRefused, err)
}

// mustBeClear refuses unless the inputs below and behind the arm, where they are
// wired, read clear now: the rear of a car that is seen behind the arm may be below
// it still.
func (r *Relay) mustBeClear(ctx context.Context) error {
	if r.opt.Presence == nil && r.opt.Passage == nil {
		return nil
	}
	inputs, err := r.readInputs(ctx, rs485.Command)
	if err != nil {
		return r.unseen(err)
	}
	if sensed(r.opt.Presence, inputs) == drivers.PresenceOccupied {
		return refusal("presence is occupied")
	}
	if sensed(r.opt.Passage, inputs) == drivers.PresenceOccupied {
		return refusal("a car drives through")
	}
	return nil
}

func (r *Relay) holdCoil() uint16 {
	if r.opt.HoldCoil != nil {
		return *r.opt.HoldCoil
	}
	return r.opt.Open
}

// held reports whether the hold relay is on for longer than a moment.
func (r *Relay) held(relays map[uint16]bool) bool {
	return relays[r.holdCoil()] && (r.opt.HoldCoil != nil || r.hold == holdOn || !r.onTimer())
}

// onTimer reports whether the board's own timer may still keep a relay on.
func (r *Relay) onTimer() bool { return time.Now().Before(r.pulsing) }

func (r *Relay) arm(inputs map[uint16]bool) drivers.Arm {
	up, down := r.opt.LimitOpen, r.opt.LimitClose
	isUp, isDown := up != nil && active(*up, inputs), down != nil && active(*down, inputs)
	switch {
	case isUp && isDown:
		return drivers.ArmFault
	case isUp:
		return drivers.ArmUp
	case isDown:
		return drivers.ArmDown
	case up != nil && down != nil:
		return drivers.ArmMoving
	}
	return drivers.ArmUnknown
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
