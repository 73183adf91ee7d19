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

// What Waveshare's boards add to a channel's number for a pulse on their timer,
// by the state in which the relay rests.
const (
	waveshareOn  = 0x0200 // on, then off
	waveshareOff = 0x0400 // off, then on
)

// The modes of a JY-DAM channel that is given for a time, by the state in which
// the relay rests.
const (
	jydamOn  = 4 // on, then off
	jydamOff = 2 // off, then on
)

func (r *Relay) client(ctx context.Context, p rs485.Priority) modbus.Client {
	return r.bus.Client(ctx, r.opt.Unit, p)
}

// prepare makes first contact after a start or a lost line: it looks at the
// relays. It does nothing while they are known.
func (r *Relay) prepare(ctx context.Context, p rs485.Priority) error {
	if r.clean {
		return nil
	}
	return r.look(ctx, p)
}

// ready is prepare for what the arm must follow. On a board with relays that rest
// on it always looks: had the board started anew since the last look, its stop
// contact would be given.
func (r *Relay) ready(ctx context.Context) error {
	if r.clean && !r.opt.anyRestsOn() {
		return nil
	}
	return r.look(ctx, rs485.Command)
}

// cold reports whether all relays are off although one of them rests on, as on a
// board that started anew.
func (r *Relay) cold(given map[uint16]bool) bool {
	for coil, is := range given {
		if is != r.opt.restsOn(coil) {
			return false
		}
	}
	return r.opt.anyRestsOn()
}

// look reads the relays and brings those to rest that are given for a moment
// only. The read is as urgent as what it is done for: asking a dead board takes a
// time-out, which the other gates on its line wait.
//
// After first contact a relay that nothing gives may be another program's pulse,
// such as of an installer who tries the gate; it is left alone until it is seen
// for a second time, unless our own pulse is what should be over. A board that
// started anew is met for the first time again.
func (r *Relay) look(ctx context.Context, p rs485.Priority) error {
	given, err := r.readCoils(ctx, p)
	if err != nil {
		return err
	}
	if r.asFound {
		if r.hold == holdUnknown && given[r.holdCoil()] {
			r.hold = holdOn
		}
		r.saw(given)
		return nil
	}
	if r.clean && r.cold(given) {
		r.log.Warn("relay board started anew", "device", r.device)
		r.clean = false
	}
	stray, stuck := make(map[uint16]bool), false
	for _, coil := range r.momentary() {
		if !given[coil] || r.opt.PulseMode != PulseCoil && r.onTimer() {
			continue
		}
		stray[coil] = true
		ours := !r.pulsing.IsZero() && coil == r.pulsed // the timer should have ended it
		if r.clean && !r.stray[coil] && !ours {
			continue
		}
		stuck = stuck || r.stray[coil] || ours
		r.log.Warn("relay found given, bringing it to rest", "device", r.device, "relay", coil)
		if err := r.rest(ctx, coil); err != nil {
			return err
		}
		given[coil] = false
	}
	if r.hold == holdOn && !r.clean && !given[r.holdCoil()] {
		if err := r.give(ctx, r.holdCoil()); err != nil {
			return err
		}
		given[r.holdCoil()] = true
	}
	r.saw(given)
	r.stray, r.stuck = stray, stuck
	return nil
}

func (r *Relay) saw(given map[uint16]bool) {
	r.clean, r.given, r.looked = true, given, time.Now()
	if !r.onTimer() {
		r.pulsing = time.Time{}
	}
}

// momentary returns the relays that must be at rest between commands, in the order
// in which they are brought there: one that is given to close before one that keeps
// the arm up against it, and the one that stops it last.
func (r *Relay) momentary() []uint16 {
	var coils []uint16
	if r.opt.Close != nil {
		coils = append(coils, *r.opt.Close)
	}
	if r.opt.HoldCoil != nil || r.hold != holdOn {
		coils = append(coils, r.opt.Open)
	}
	if r.opt.HoldCoil != nil && r.hold == holdOff {
		coils = append(coils, *r.opt.HoldCoil)
	}
	if r.opt.Stop != nil {
		coils = append(coils, *r.opt.Stop)
	}
	return coils
}

// latch gives the hold contact for good and makes sure of it.
func (r *Relay) latch(ctx context.Context) error {
	if err := r.ready(ctx); err != nil {
		return err
	}
	given, err := r.readCoils(ctx, rs485.Command)
	if err != nil {
		return err
	}
	if r.onTimer() {
		// What the timer switched it switches back, whatever is written before
		// that.
		if err := wait(ctx, time.Until(r.pulsing)); err != nil {
			return err
		}
	} else if given[r.holdCoil()] {
		return nil
	}
	return r.start(ctx, r.holdCoil(), again(), func(ctx context.Context) error { return r.give(ctx, r.holdCoil()) })
}

// pulse gives a contact for a moment.
func (r *Relay) pulse(ctx context.Context, coil uint16, rs resend) error {
	return r.pulseWhile(ctx, coil, rs, func(context.Context) {})
}

// pulseWhile is pulse, and does something as soon as the contact is given.
func (r *Relay) pulseWhile(ctx context.Context, coil uint16, rs resend, do func(context.Context)) error {
	tenths := uint16(r.opt.Pulse / shortestPulse)
	switch r.opt.PulseMode {
	case PulseWaveshare:
		return r.timed(ctx, coil, rs, do, func(ctx context.Context) error {
			base := uint16(waveshareOn)
			if r.opt.restsOn(coil) {
				base = waveshareOff
			}
			data := binary.BigEndian.AppendUint16(nil, base+coil)
			data = binary.BigEndian.AppendUint16(data, tenths)
			_, err := r.bus.Raw(ctx, r.opt.Unit, rs485.Command, modbus.FuncCodeWriteSingleCoil, data)
			return err
		})
	case PulseJYDAM:
		return r.timed(ctx, coil, rs, do, func(ctx context.Context) error {
			mode := uint16(jydamOn)
			if r.opt.restsOn(coil) {
				mode = jydamOff
			}
			value := binary.BigEndian.AppendUint16(nil, mode)
			value = binary.BigEndian.AppendUint16(value, tenths)
			_, err := r.client(ctx, rs485.Command).WriteMultipleRegisters(3+5*coil, 2, value)
			return err
		})
	}
	return r.byHand(ctx, coil, rs, do)
}

// timed starts a pulse that the board ends by itself.
func (r *Relay) timed(ctx context.Context, coil uint16, rs resend, do func(context.Context), send func(context.Context) error) error {
	err := r.start(ctx, coil, rs, func(ctx context.Context) error {
		err := send(ctx)
		// Even without a reply it may run. One more step of its timer is
		// left for the time that the request took.
		r.pulsing, r.pulsed = time.Now().Add(r.opt.Pulse+shortestPulse), coil
		return err
	})
	switch {
	case errors.Is(err, drivers.ErrRefused):
		r.pulsing = time.Time{}
	case err == nil:
		do(ctx)
	}
	return err
}

// byHand gives the contact, waits and brings it to rest. It does so whatever
// happened before.
func (r *Relay) byHand(ctx context.Context, coil uint16, rs resend, do func(context.Context)) error {
	defer r.bus.Keep()()
	err := r.start(ctx, coil, rs, func(ctx context.Context) error { return r.give(ctx, coil) })
	if errors.Is(err, drivers.ErrRefused) {
		_ = r.rest(ctx, coil) // a board that did it all the same may not have been asked
		return err
	}
	if err == nil {
		over := time.Now().Add(r.opt.Pulse)
		do(ctx)
		err = wait(ctx, time.Until(over))
	}
	back := r.rest(ctx, coil)
	if errors.Is(back, drivers.ErrRefused) {
		// The contact was given, so this must not read as "nothing happened".
		back = fmt.Errorf("%w: %v", drivers.ErrOffline, back)
	}
	return errors.Join(err, back)
}

// start sends a command that gives a contact. When there is no reply it asks the
// relay: given means that the command arrived; at rest, that it did not or is over
// already, and then it is sent once more if rs allows.
func (r *Relay) start(ctx context.Context, coil uint16, rs resend, send func(context.Context) error) error {
	return deliver(ctx, rs, send, func(ctx context.Context) (bool, error) {
		given, err := r.readCoils(ctx, rs485.Command)
		return given[coil], err
	})
}

// rest brings a relay to rest.
func (r *Relay) rest(ctx context.Context, coil uint16) error {
	err := persist(ctx, func(ctx context.Context) error { return r.write(ctx, coil, r.opt.restsOn(coil)) })
	if err != nil {
		return fmt.Errorf("bring relay %d to rest: %w", coil, err)
	}
	return nil
}

// give gives a contact until it is brought to rest.
func (r *Relay) give(ctx context.Context, coil uint16) error {
	return r.write(ctx, coil, !r.opt.restsOn(coil))
}

func (r *Relay) write(ctx context.Context, coil uint16, on bool) error {
	value := uint16(coilOff)
	if on {
		value = coilOn
	}
	_, err := r.client(ctx, rs485.Command).WriteSingleCoil(coil, value)
	return err
}

// readCoils reads every relay that is wired in one request, and says by number
// which contacts are given.
func (r *Relay) readCoils(ctx context.Context, p rs485.Priority) (map[uint16]bool, error) {
	given, err := readBits(r.opt.coils(), 0, r.client(ctx, p).ReadCoils)
	for coil, on := range given {
		given[coil] = on != r.opt.restsOn(coil)
	}
	return given, err
}

// readInputs reads every input that is wired, by number, in one request, so that
// what they say belongs together. Where the number of inputs is known it reads all
// of them, as do the other gates on the board, and one answer serves all that wait.
func (r *Relay) readInputs(ctx context.Context, p rs485.Priority) (map[uint16]bool, error) {
	return readBits(r.opt.inputs(), r.opt.Inputs, r.client(ctx, p).ReadDiscreteInputs)
}

// readBits reads the bits with these numbers in one request; if all is not 0,
// the first so many.
func readBits(numbers map[string]uint16, all int, read func(address, quantity uint16) ([]byte, error)) (map[uint16]bool, error) {
	bits := make(map[uint16]bool, len(numbers))
	if len(numbers) == 0 {
		return bits, nil
	}
	low, high := uint16(0xffff), uint16(0)
	for _, n := range numbers {
		low, high = min(low, n), max(high, n)
	}
	if all > 0 {
		low, high = 0, uint16(all-1)
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
