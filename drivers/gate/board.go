package gate

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/goburrow/modbus"

	"parkagent/drivers"
	"parkagent/drivers/rs485"
)

const (
	coilOn  = 0xff00
	coilOff = 0x0000
)

// offRetries is how often switching a relay off is tried again. A relay that
// stays on keeps the arm up.
const offRetries = 3

// offGrace is how long after the caller's time is over switching off may still
// take. It is the one thing worth being late for.
const offGrace = time.Second

// presenceAge is how old the presence reading may be when the close contact is
// given. A line that is busy for longer makes Lower fail unsent.
const presenceAge = 500 * time.Millisecond

// jydamOn is the mode of a JY-DAM channel that is on for a time and then off.
const jydamOn = 4

// A resend says whether a command that certainly did not happen is sent again.
type resend bool

const (
	again resend = true
	once  resend = false // an arm comes down on one command only
)

func (r *Relay) client(ctx context.Context, p rs485.Priority) modbus.Client {
	return r.bus.Client(ctx, r.opt.Unit, p)
}

// prepare makes first contact after a start or a lost line: it reads the relays
// and switches those off that are given for a moment only. It does nothing
// while that is known. The read is as urgent as what it is done for: asking a
// dead board takes a time-out, which the other gates on its line wait.
func (r *Relay) prepare(ctx context.Context, p rs485.Priority) error {
	if r.clean {
		return nil
	}
	relays, err := r.readCoils(ctx, p)
	if err != nil {
		return err
	}
	for _, coil := range r.momentary() {
		if !relays[coil] || r.opt.PulseMode != PulseCoil && r.onTimer() {
			continue
		}
		r.log.Warn("relay found on, switching it off", "device", r.device, "relay", coil)
		if err := r.switchOff(ctx, coil); err != nil {
			return err
		}
	}
	if r.hold == holdOn && !relays[r.holdCoil()] {
		if err := r.write(ctx, r.holdCoil(), coilOn); err != nil {
			return err
		}
	}
	r.clean = true
	return nil
}

// momentary returns the relays that must be off between commands.
func (r *Relay) momentary() []uint16 {
	var coils []uint16
	if r.opt.HoldCoil != nil || r.hold != holdOn {
		coils = append(coils, r.opt.Open)
	}
	if r.opt.Close != nil {
		coils = append(coils, *r.opt.Close)
	}
	if r.opt.HoldCoil != nil && r.hold == holdOff {
		coils = append(coils, *r.opt.HoldCoil)
	}
	return coils
}

// latch switches the hold relay on and makes sure of it.
func (r *Relay) latch(ctx context.Context) error {
	if err := r.prepare(ctx, rs485.Command); err != nil {
		return err
	}
	relays, err := r.readCoils(ctx, rs485.Command)
	if err != nil {
		return err
	}
	if r.onTimer() {
		// What the timer switched on it switches off, whatever is written
		// before that.
		if err := wait(ctx, time.Until(r.pulsing)); err != nil {
			return err
		}
	} else if relays[r.holdCoil()] {
		return nil
	}
	return r.start(ctx, r.holdCoil(), again, func(ctx context.Context) error { return r.write(ctx, r.holdCoil(), coilOn) })
}

// pulse gives a contact for a moment.
func (r *Relay) pulse(ctx context.Context, coil uint16, rs resend) error {
	tenths := uint16(r.opt.Pulse / shortestPulse)
	switch r.opt.PulseMode {
	case PulseWaveshare:
		return r.timed(ctx, coil, rs, func(ctx context.Context) error {
			data := binary.BigEndian.AppendUint16(nil, 0x0200+coil)
			data = binary.BigEndian.AppendUint16(data, tenths)
			_, err := r.bus.Raw(ctx, r.opt.Unit, rs485.Command, modbus.FuncCodeWriteSingleCoil, data)
			return err
		})
	case PulseJYDAM:
		return r.timed(ctx, coil, rs, func(ctx context.Context) error {
			value := binary.BigEndian.AppendUint16(nil, jydamOn)
			value = binary.BigEndian.AppendUint16(value, tenths)
			_, err := r.client(ctx, rs485.Command).WriteMultipleRegisters(3+5*coil, 2, value)
			return err
		})
	}
	return r.byHand(ctx, coil, rs)
}

// timed starts a pulse that the board ends by itself.
func (r *Relay) timed(ctx context.Context, coil uint16, rs resend, send func(context.Context) error) error {
	err := r.start(ctx, coil, rs, func(ctx context.Context) error {
		err := send(ctx)
		// Even without a reply it may run. One more step of its timer is
		// left for the time that the request took.
		r.pulsing = time.Now().Add(r.opt.Pulse + shortestPulse)
		return err
	})
	if errors.Is(err, drivers.ErrRefused) {
		r.pulsing = time.Time{}
	}
	return err
}

// byHand switches the relay on, waits and switches it off. It switches off
// whatever happened before, unless the board said that it did nothing.
func (r *Relay) byHand(ctx context.Context, coil uint16, rs resend) error {
	defer r.bus.Keep()()
	err := r.start(ctx, coil, rs, func(ctx context.Context) error { return r.write(ctx, coil, coilOn) })
	if errors.Is(err, drivers.ErrRefused) {
		return err
	}
	if err == nil {
		err = wait(ctx, r.opt.Pulse)
	}
	off := r.switchOff(ctx, coil)
	if errors.Is(off, drivers.ErrRefused) {
		// The relay went on, so this must not read as "nothing happened".
		off = fmt.Errorf("%w: %v", drivers.ErrOffline, off)
	}
	return errors.Join(err, off)
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: the contact was cut short: %w", drivers.ErrOffline, ctx.Err())
	}
}

// start sends a command that switches a relay on. When there is no reply it asks
// the relay: on means that the command arrived; off, that it did not or is over
// already, and then it is sent once more if rs allows.
func (r *Relay) start(ctx context.Context, coil uint16, rs resend, send func(context.Context) error) error {
	sendCtx := ctx
	if rs == once {
		fresh, cancel := context.WithTimeout(ctx, r.presenceAge)
		defer cancel()
		sendCtx = fresh
	}
	err := send(sendCtx)
	if err == nil || errors.Is(err, drivers.ErrRefused) {
		return err
	}
	relays, readErr := r.readCoils(ctx, rs485.Command)
	switch {
	case readErr != nil:
		return err // which is the older news, and says the same
	case relays[coil]:
		return nil
	case rs == once:
		return err
	}
	return send(ctx)
}

// switchOff writes a relay off, several times if need be, and for a moment even
// after ctx is done.
func (r *Relay) switchOff(ctx context.Context, coil uint16) error {
	deadline := time.Now().Add(offGrace)
	if d, ok := ctx.Deadline(); ok && d.After(deadline) {
		deadline = d
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	defer cancel()
	var err error
	for range 1 + offRetries {
		// A refusal is tried again too: a board may be busy just now.
		if err = r.write(ctx, coil, coilOff); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("switch relay %d off: %w", coil, err)
	}
	return nil
}

func (r *Relay) write(ctx context.Context, coil, value uint16) error {
	_, err := r.client(ctx, rs485.Command).WriteSingleCoil(coil, value)
	return err
}

// readCoils reads every relay that is wired, by number, in one request.
func (r *Relay) readCoils(ctx context.Context, p rs485.Priority) (map[uint16]bool, error) {
	return readBits(r.opt.coils(), r.client(ctx, p).ReadCoils)
}

// readInputs reads every input that is wired, by number, in one request, so that
// what they say belongs together.
func (r *Relay) readInputs(ctx context.Context, p rs485.Priority) (map[uint16]bool, error) {
	return readBits(r.opt.inputs(), r.client(ctx, p).ReadDiscreteInputs)
}

func readBits(numbers map[string]uint16, read func(address, quantity uint16) ([]byte, error)) (map[uint16]bool, error) {
	bits := make(map[uint16]bool, len(numbers))
	if len(numbers) == 0 {
		return bits, nil
	}
	low, high := uint16(0xffff), uint16(0)
	for _, n := range numbers {
		low, high = min(low, n), max(high, n)
	}
	data, err := read(low, high-low+1)
	if err != nil {
		return nil, err
	}
	for _, n := range numbers {
		i := int(n - low)
		if i/8 >= len(data) {
			return nil, fmt.Errorf("%w: %d bytes are too few for %d values", drivers.ErrOffline, len(data), high-low+1)
		}
		bits[n] = data[i/8]&(1<<(i%8)) != 0
	}
	return bits, nil
}
