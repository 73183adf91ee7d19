package gate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/gate/guard"
	"parkagent/drivers/rs485"
)

// A BarrierConfig describes a Barrier.
type BarrierConfig struct {
	Device  string // device code, for errors
	Bus     Bus
	Options BarrierOptions

	// Held says that the gate was held open when the agent last ran.
	Held bool

	// AsFound has the driver leave alone what it finds: see Config.AsFound.
	AsFound bool

	Now func() time.Time // stamps GateState.At; nil means time.Now
	Log *slog.Logger     // nil discards
}

// A Barrier is a barrier that is itself a Modbus device. It keeps to the same rules
// as a Relay: what is written for a moment is taken back, a write without a reply
// is read back before it is sent again, and an arm is lowered only by a fresh
// reading that says clear. One goroutine at a time calls it.
type Barrier struct {
	device string
	bus    Bus
	opt    BarrierOptions
	now    func() time.Time
	log    *slog.Logger

	guard  guard.Guard
	motion motion

	hold    hold
	leaving bool // it was told to let go of its arm and did not say that it heard
	asFound bool
	clean   bool // what is written for a moment is known to be taken back, or left as found
}

// NewBarrier checks the configuration. Nothing is sent before the first call.
func NewBarrier(cfg BarrierConfig) (*Barrier, error) {
	if cfg.Device == "" || cfg.Bus == nil {
		return nil, errors.New("gate: no device code or no bus")
	}
	opt := cfg.Options.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	b := &Barrier{
		device: cfg.Device, bus: cfg.Bus, opt: opt, now: cfg.Now, log: cfg.Log, asFound: cfg.AsFound,
		guard: guard.Guard{Presence: opt.Presence != nil, Passage: opt.Passage != nil, SelfGuarded: opt.SelfGuarded, Age: opt.PresenceAge},
		motion: motion{
			travel:   opt.Travel,
			seesUp:   opt.LimitOpen != nil || opt.Arm != nil && opt.Arm.Up != nil,
			seesDown: opt.LimitClose != nil || opt.Arm != nil && opt.Arm.Down != nil,
		},
	}
	if cfg.Held && opt.Hold != nil {
		b.hold = holdOn
	}
	if b.now == nil {
		b.now = time.Now
	}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	if opt.Quiet > 0 {
		b.bus.Pause(opt.Unit, opt.Quiet)
	}
	return b, nil
}

// Raise tells the barrier to open. While the gate is held it tells it so again.
func (b *Barrier) Raise(ctx context.Context) error {
	return b.call("raise", func() error {
		if err := b.prepare(ctx, rs485.Command); err != nil {
			return err
		}
		o := b.opt.Open
		if b.hold == holdOn {
			o = *b.opt.Hold
		}
		if err := b.order(ctx, o, again()); err != nil {
			return err
		}
		b.motion.raised(time.Now())
		return nil
	})
}

// Lower tells the barrier to close, once, if what is below and behind the arm reads
// clear twice in a row, the second time right before. It fails with
// drivers.ErrRefused while the gate is held.
func (b *Barrier) Lower(ctx context.Context) error {
	return b.call("lower", func() error {
		switch {
		case b.hold == holdOn:
			return refusal("the gate is held open")
		case b.opt.Close == nil:
			return refusal("the barrier has no order to close")
		}
		if err := b.guard.Allowed(); err != nil {
			return err
		}
		if err := b.prepare(ctx, rs485.Command); err != nil {
			return b.guard.Unknown(err)
		}
		v, err := b.values(ctx, rs485.Command, b.opt.watched())
		if err != nil {
			return b.guard.Unknown(err)
		}
		if b.held(v) {
			return refusal("the gate is held open")
		}
		good, err := b.guard.Clear(func(time.Time) (guard.Reading, error) {
			v, err := b.values(ctx, rs485.Command, b.opt.safety())
			return b.opt.mean(v).Reading, err
		})
		if err == nil {
			err = b.order(ctx, *b.opt.Close, once(good))
		}
		if err == nil {
			b.motion.lowered(time.Now())
		}
		return err
	})
}

// Stop tells the barrier to stop its arm where it is, before anything else is asked
// of it. It fails with drivers.ErrRefused where the barrier has no such order. The
// driver itself never calls it, and it does not end Hold. Orders that may stand since
// something failed are taken back meanwhile: see Relay.Stop.
func (b *Barrier) Stop(ctx context.Context) error {
	return b.call("stop", func() error {
		if b.opt.Stop == nil {
			return refusal("the barrier has no order to stop")
		}
		var left error
		err := b.orderWhile(ctx, *b.opt.Stop, again(), func(ctx context.Context) { left = b.clear(ctx) })
		if err != nil {
			return err
		}
		b.motion.halted()
		return left
	})
}

// clear takes back all orders that may stand, but what stands where Stop is written.
func (b *Barrier) clear(ctx context.Context) error {
	if b.clean || b.asFound {
		return nil
	}
	for _, o := range b.momentary() {
		if o.Place == b.opt.Stop.Place {
			continue
		}
		if err := b.rest(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// Hold tells the barrier to keep its arm up until Release. It fails with
// drivers.ErrRefused where the barrier has no such order.
func (b *Barrier) Hold(ctx context.Context) error {
	return b.call("hold", func() error {
		if b.opt.Hold == nil {
			return refusal("the barrier has no order to hold its arm up")
		}
		if err := b.prepare(ctx, rs485.Command); err != nil {
			return err
		}
		before := b.hold
		b.hold, b.leaving = holdOn, false
		err := b.order(ctx, *b.opt.Hold, again())
		switch {
		case errors.Is(err, drivers.ErrRefused):
			b.hold = before
		case err == nil:
			b.motion.raised(time.Now())
		}
		return err
	})
}

// Release ends Hold. The barrier then closes by its own rules.
func (b *Barrier) Release(ctx context.Context) error {
	return b.call("release", func() error {
		if b.opt.Release == nil {
			return refusal("the barrier has no order to hold its arm up")
		}
		b.hold, b.leaving, b.clean = holdOff, true, false // see Relay.Release
		b.motion.lowered(time.Now())
		if err := b.prepare(ctx, rs485.Command); err != nil {
			return err
		}
		err := b.order(ctx, *b.opt.Release, again())
		if err == nil {
			b.leaving = false
		}
		return err
	})
}

// State reads now what the barrier says, with one request for each of its tables
// that is used.
func (b *Barrier) State(ctx context.Context) (drivers.GateState, error) {
	var s drivers.GateState
	err := b.call("read state", func() error {
		if err := b.prepare(ctx, rs485.Poll); err != nil {
			return err
		}
		places := b.opt.watched()
		if len(places) == 0 {
			places = []Place{b.opt.Open.Place} // to know that it is there
		}
		v, err := b.values(ctx, rs485.Poll, places)
		if err != nil {
			return err
		}
		in := b.opt.mean(v)
		b.guard.Observe(in.Reading)
		s = drivers.GateState{Presence: in.Presence, Passage: in.Passage, HoldOpen: b.held(v), At: b.now().UTC()}
		s.Arm, s.Fault = b.motion.judge(in.arm, time.Now())
		switch {
		case b.opt.Fault != nil && b.opt.Fault.holds(v), b.opt.Arm != nil && s.Fault == drivers.FaultLimits:
			s.Fault = drivers.FaultOther // it does not say which
		case s.Fault != drivers.FaultNone:
		case b.hold == holdOn && !s.HoldOpen:
			s.Fault = drivers.FaultContact
		case b.guard.Blind():
			s.Fault = drivers.FaultPresence
		}
		return nil
	})
	return s, err
}

// call does one thing and names device and operation in its error.
func (b *Barrier) call(op string, do func() error) error {
	err := do()
	if err == nil {
		return nil
	}
	b.clean = false
	return &drivers.DeviceError{Device: b.device, Op: op, Err: err}
}

// held reports whether the arm is kept up: by what the barrier says, by what was
// written last, or by what was asked for. Where it is by that, a hold ends once the
// barrier has acknowledged it, so that whoever sees it ends it again.
func (b *Barrier) held(v values) bool {
	switch {
	case b.opt.Held != nil:
		return b.opt.Held.holds(v)
	case b.opt.holdReadable():
		return v[b.opt.Hold.Place] == b.opt.Hold.Value
	}
	return b.hold == holdOn || b.leaving
}

// momentary returns the orders that are taken back after a while, first the one that
// the others may keep the arm up against.
func (b *Barrier) momentary() []Order {
	var orders []Order
	for _, o := range []*Order{b.opt.Close, &b.opt.Open, b.opt.Hold, b.opt.Release, b.opt.Stop} {
		if o != nil && o.Pulse > 0 {
			orders = append(orders, *o)
		}
	}
	return orders
}

// prepare makes first contact after a start or a failure: it takes back what was
// written for a moment and still stands. It does nothing while that is known.
func (b *Barrier) prepare(ctx context.Context, p rs485.Priority) error {
	if b.clean || b.asFound {
		return nil
	}
	for _, o := range b.momentary() {
		v, err := b.values(ctx, p, []Place{o.Place})
		if err != nil {
			return err
		}
		if v[o.Place] != o.Value {
			continue
		}
		b.log.Warn("order found standing, taking it back", "device", b.device, "table", o.Table, "address", o.Address)
		if err := b.rest(ctx, o); err != nil {
			return err
		}
	}
	b.clean = true
	return nil
}

// order writes what an order says and, where it is for a moment, takes it back.
func (b *Barrier) order(ctx context.Context, o Order, rs resend) error {
	return b.orderWhile(ctx, o, rs, func(context.Context) {})
}

// orderWhile is order, and does something as soon as the order is written.
func (b *Barrier) orderWhile(ctx context.Context, o Order, rs resend, do func(context.Context)) error {
	if o.Pulse == 0 {
		err := b.start(ctx, o, rs)
		if err == nil {
			do(ctx)
		}
		return err
	}
	defer b.bus.Keep()()
	err := b.start(ctx, o, rs)
	if errors.Is(err, drivers.ErrRefused) {
		_ = b.rest(ctx, o) // as with relays
		return err
	}
	if err == nil {
		over := time.Now().Add(o.Pulse)
		do(ctx)
		err = wait(ctx, time.Until(over))
	}
	back := b.rest(ctx, o)
	if errors.Is(back, drivers.ErrRefused) {
		back = fmt.Errorf("%w: %v", drivers.ErrOffline, back) // it was given: not "nothing happened"
	}
	return errors.Join(err, back)
}

func (b *Barrier) rest(ctx context.Context, o Order) error {
	err := persist(ctx, func(ctx context.Context) error { return b.write(ctx, o.Place, o.Rest) })
	if err != nil {
		return fmt.Errorf("take back %s %d: %w", o.Table, o.Address, err)
	}
	return nil
}

// start writes an order. When there is no reply it reads the place: what was
// written means that it arrived; anything else, that it did not or that the barrier
// has taken it back, and then it is written once more if rs allows. A place whose
// value stays may have had it from the last order of the kind, and tells nothing.
func (b *Barrier) start(ctx context.Context, o Order, rs resend) error {
	send := func(ctx context.Context) error { return b.write(ctx, o.Place, o.Value) }
	arrived := func(ctx context.Context) (bool, error) {
		if o.Pulse == 0 {
			return false, nil
		}
		v, err := b.values(ctx, rs485.Command, []Place{o.Place})
		return v[o.Place] == o.Value, err
	}
	return deliver(ctx, rs, send, arrived)
}
