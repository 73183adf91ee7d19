package gate

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parkagent/drivers"
	"parkagent/drivers/rs485"
)

// trials is how often a line is tried for noise. They take half a second at 9600
// bits per second.
const trials = 20

// errLimits is what limits say that cannot be true together.
var errLimits = errors.New("both limit inputs are active")

// Diagnose asks the board what it is and how it stands, without moving anything:
// whether it answers, whether a control mode of its own can move its relays, what
// its inputs say, which contacts are given, and how the line fares with a few
// requests more. Any goroutine may call it while the lane works with the gate: its
// requests wait for all others on the line, and it changes nothing in the driver.
func (r *Relay) Diagnose(ctx context.Context) []drivers.Finding {
	given, err := r.readCoils(ctx, rs485.Slow)
	found := []drivers.Finding{reached(err)}
	if err != nil {
		return append(found, lineOf(r.bus, false)...)
	}
	found = append(found, r.mode(ctx)...)
	in, err := r.read(ctx, rs485.Slow)
	found = append(found, inputs(in, err), r.relays(given))
	for range trials {
		if _, err := r.readCoils(ctx, rs485.Slow); ctx.Err() != nil || errors.Is(err, drivers.ErrRefused) {
			break
		}
	}
	return append(found, lineOf(r.bus, true)...)
}

// Diagnose asks the barrier how it stands, without moving anything: whether it
// answers, what it says of itself, and how the line fares with a few requests more.
// Any goroutine may call it, as that of a Relay.
func (b *Barrier) Diagnose(ctx context.Context) []drivers.Finding {
	places := b.opt.watched()
	if len(places) == 0 {
		places = []Place{b.opt.Open.Place}
	}
	v, err := b.values(ctx, rs485.Slow, places)
	found := []drivers.Finding{reached(err)}
	if err == nil {
		in := inputs(b.opt.mean(v), nil)
		if b.opt.Fault != nil && b.opt.Fault.holds(v) {
			in.Level, in.Err = drivers.LevelWrong, &drivers.FaultError{Fault: drivers.FaultOther, Err: errors.New("the barrier says that it has a fault")}
		}
		found = append(found, in)
		for range trials {
			if _, err := b.values(ctx, rs485.Slow, places); ctx.Err() != nil || errors.Is(err, drivers.ErrRefused) {
				break
			}
		}
	}
	return append(found, lineOf(b.bus, err == nil)...)
}

func reached(err error) drivers.Finding {
	f := drivers.Finding{Topic: drivers.TopicReach, Err: err}
	if err != nil {
		f.Level = drivers.LevelWrong
	}
	return f
}

// mode looks whether the board may move relays by itself. One that does not tell
// is odd: it may be another model than was said.
func (r *Relay) mode(ctx context.Context) []drivers.Finding {
	m, err := modelOf(r.opt.Model)
	if err != nil || m.Modes == 0 {
		return nil
	}
	f := drivers.Finding{Topic: drivers.TopicMode}
	coils := r.opt.coils()
	var own []string
	for _, name := range names(coils) {
		data, err := r.client(ctx, rs485.Slow).ReadHoldingRegisters(m.Modes+coils[name], 1)
		if err != nil {
			f.Level, f.Err = drivers.LevelOdd, err
			return []drivers.Finding{f}
		}
		if mode := binary.BigEndian.Uint16(data); mode != 0 {
			own = append(own, fmt.Sprintf("%s=%d", name, mode))
		}
	}
	f.Value = strings.Join(own, " ")
	if len(own) > 0 {
		f.Level = drivers.LevelWrong
	}
	return []drivers.Finding{f}
}

// inputs tells what the inputs say.
func inputs(in reading, err error) drivers.Finding {
	f := drivers.Finding{Topic: drivers.TopicInputs, Err: err}
	if err != nil {
		f.Level = drivers.LevelWrong
		return f
	}
	f.Value = fmt.Sprintf("arm=%v presence=%v passage=%v", in.arm, in.Presence, in.Passage)
	if in.arm == drivers.ArmFault {
		f.Level, f.Err = drivers.LevelWrong, &drivers.FaultError{Fault: drivers.FaultLimits, Err: errLimits}
	}
	return f
}

// relays tells which contacts are given. One may be just now, and the hold for
// long; an installer who sees none of that move should look.
func (r *Relay) relays(given map[uint16]bool) drivers.Finding {
	f := drivers.Finding{Topic: drivers.TopicRelays}
	coils := r.opt.coils()
	on := slices.DeleteFunc(names(coils), func(name string) bool { return !given[coils[name]] })
	f.Value = strings.Join(on, " ")
	if len(on) > 0 {
		f.Level = drivers.LevelOdd
	}
	return f
}

// lineOf tells how the line fared since the program started, where it counts. Of
// one on which nothing was heard it tells only what speaks against it.
func lineOf(bus Bus, heard bool) []drivers.Finding {
	line, ok := bus.(interface{ Counts() rs485.Counts })
	if !ok {
		return nil
	}
	c := line.Counts()
	f := drivers.Finding{Topic: drivers.TopicLine, Value: c.String()}
	if !c.Healthy() || c.Silent > 0 && c.Silent < c.Requests || c.Echo {
		f.Level = drivers.LevelOdd
	}
	if !heard && f.Level == drivers.LevelFine {
		return nil
	}
	return []drivers.Finding{f}
}

// names returns the names of contacts in the order of their numbers.
func names(coils map[string]uint16) []string {
	var all []string
	for name := range coils {
		all = append(all, name)
	}
	slices.SortFunc(all, func(a, b string) int { return int(coils[a]) - int(coils[b]) })
	return all
}
