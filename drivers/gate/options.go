package gate

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"parkagent/drivers/options"
)

const (
	defaultPulse  = 500 * time.Millisecond
	shortestPulse = 100 * time.Millisecond // a board's timer counts in tenths
	longestPulse  = 5 * time.Second        // longer is holding, which has its own command
	mostBits      = 2000                   // that one Modbus request reads

	longestQuiet = time.Second

	shortestTravel = time.Second
	longestTravel  = 2 * time.Minute

	defaultAge  = 500 * time.Millisecond
	shortestAge = 50 * time.Millisecond // a request takes about half of it at 9600 bits per second
	longestAge  = 5 * time.Second
)

// An Input is a discrete input of the board.
type Input struct {
	Number    uint16
	ActiveLow bool // what it reports holds while the input is off
}

// RelayOptions say how a barrier is wired to a relay board. All numbers are
// Modbus addresses, which count from 0; a contact or input that is nil is not
// wired.
//
// A contact is given by switching its relay on, and rests off. Where its
// ActiveLow is set it is the other way round: the relay rests on, and is switched
// off to give the contact. How a contact that the barrier wants opened, as most
// want of STOP, is wired decides which it is:
//
//	through the relay's NO terminal  stop_active_low = true: the circuit is closed while
//	                                 the relay is on, and a board without power stops the arm
//	through the relay's NC terminal  nothing to set: switching on opens the circuit, and
//	                                 a board without power changes nothing
//
// A board that loses its power, or starts anew, gives every contact whose relay
// rests on. For close this brings the arm down on whatever stands there, so it
// takes SelfGuarded; the other terminal of the relay does without.
type RelayOptions struct {
	Model string // a Name of Models; empty is the first
	Unit  byte   // the board's address, 1 to 255; 0 means that of the model

	Open  uint16  // the relay that raises the arm
	Close *uint16 // the relay that lowers it
	// HoldCoil is a relay of its own that keeps the arm up. Without it, Hold
	// latches the open relay.
	HoldCoil *uint16
	Stop     *uint16 // the relay that stops the arm where it is

	OpenActiveLow, CloseActiveLow, HoldActiveLow, StopActiveLow bool

	Pulse     time.Duration // how long open, close and stop are given; 0 means 500 ms
	PulseMode PulseMode     // empty means that of the model
	Quiet     time.Duration // least silence on the line before a request; 0 means that of the model

	// Presence is on while something stands where the arm comes down. A loop whose
	// contact opens for a car, with ActiveLow, says "car" when its wire is cut, too;
	// the other way round that reads clear.
	Presence   *Input
	Passage    *Input // a car drives through, behind the arm
	LimitOpen  *Input // the arm is all the way up
	LimitClose *Input // the arm is all the way down
	Inputs     int    // how many the board has, all of which are then read; 0 means that of the model

	// Travel is the longest that the arm takes from one end to the other. With
	// it, an arm that does not arrive is a fault; 0 leaves that out.
	Travel time.Duration

	// PresenceAge is how old the presence reading may be when the close contact
	// is given; 0 means 500 ms. On a line that is busy for longer Lower fails,
	// and nothing is sent.
	PresenceAge time.Duration

	// SelfGuarded is the installer's word that the barrier's own controller
	// keeps the arm from coming down on a car. It allows Lower without a
	// presence input; one that is wired must still read clear.
	SelfGuarded bool
}

// ParseRelayOptions reads the options of a device entry of a configuration
// file. All mistakes are reported together, and what is not given is filled in.
//
//	model = "coils"               # or "waveshare", "jydam", "lc": see Models
//	unit = 1                      # the board's address; left out: the model's own
//	open = 0                      # relay numbers count from 0
//	close = 1                     # left out: no close contact
//	hold = 2                      # left out: hold latches the open relay
//	stop = 3                      # left out: no stop contact
//	stop_active_low = true        # its relay rests on; open_, hold_ and, with self_guarded, close_active_low likewise
//	pulse = "500ms"               # 100 ms to 5 s, in tenths of a second
//	pulse_mode = "coil"           # or "waveshare", "jydam": the board's own timer; left out: the model's
//	quiet = "20ms"                # silence before a request, up to 1 s, for a board that needs more than the line
//	presence = 0                  # input numbers count from 0
//	presence_active_low = true
//	presence_age = "500ms"        # how old that reading may be for a close, 50 ms to 5 s
//	passage = 3                   # behind the arm; passage_active_low likewise
//	limit_open = 1                # limit_open_active_low likewise
//	limit_close = 2               # limit_close_active_low likewise
//	inputs = 8                    # the board has so many: gates that share it are then read together
//	travel = "6s"                 # longest way of the arm, 1 s to 2 min, longer than it ever takes; left out: not watched
//	self_guarded = false
func ParseRelayOptions(table map[string]any) (RelayOptions, error) {
	o := options.Read(table)
	r := RelayOptions{
		Model:    o.Choice("model", modelNames()...),
		Unit:     unit(o),
		Close:    number(o, "close"),
		HoldCoil: number(o, "hold"),
		Stop:     number(o, "stop"),

		OpenActiveLow: o.Bool("open_active_low", false),

		Pulse:     o.Duration("pulse", 0, shortestPulse, longestPulse),
		PulseMode: PulseMode(o.Text("pulse_mode", "")),
		Quiet:     o.Duration("quiet", 0, 0, longestQuiet),

		Presence:    input(o, "presence"),
		Passage:     input(o, "passage"),
		LimitOpen:   input(o, "limit_open"),
		LimitClose:  input(o, "limit_close"),
		Inputs:      int(o.Int("inputs", 0, 1, mostBits)),
		Travel:      o.Duration("travel", 0, shortestTravel, longestTravel),
		PresenceAge: o.Duration("presence_age", 0, shortestAge, longestAge),
		SelfGuarded: o.Bool("self_guarded", false),
	}
	if n := number(o, "open"); n != nil {
		r.Open = *n
	} else if !o.Given("open") {
		o.Fail("open", "is missing")
	}
	for _, c := range []struct {
		name string
		coil *uint16
		low  *bool
	}{{"close", r.Close, &r.CloseActiveLow}, {"hold", r.HoldCoil, &r.HoldActiveLow}, {"stop", r.Stop, &r.StopActiveLow}} {
		if low := c.name + "_active_low"; o.Given(low) && !o.Given(c.name) {
			o.Fail(low, "there is no %s relay", c.name)
		}
		*c.low = o.Bool(c.name+"_active_low", false)
	}
	if err := o.Err(); err != nil {
		return RelayOptions{}, err
	}
	r = r.withDefaults()
	return r, r.validate()
}

// unit reads the address of a board, 0 where it is not given.
func unit(o *options.Reader) byte {
	n := o.Int("unit", -1, 0, 255)
	if n == 0 {
		o.Fail("unit", "0 means every board on the line: want 1 to 255")
	}
	return byte(max(n, 0))
}

// number reads the number of a relay, an input or a register, or returns nil
// where it is not given or wrong.
func number(o *options.Reader, key string) *uint16 {
	n := o.Int(key, -1, 0, 0xffff)
	if n < 0 {
		return nil
	}
	short := uint16(n)
	return &short
}

func input(o *options.Reader, key string) *Input {
	low := key + "_active_low"
	if o.Given(low) && !o.Given(key) {
		o.Fail(low, "there is no %s input", key)
	}
	n, activeLow := number(o, key), o.Bool(low, false)
	if n == nil {
		return nil
	}
	return &Input{Number: *n, ActiveLow: activeLow}
}

// withDefaults fills in what 0 and empty mean.
func (o RelayOptions) withDefaults() RelayOptions {
	m, err := modelOf(o.Model)
	if err != nil {
		return o // validate reports it
	}
	o.Model = m.Name
	if o.Unit == 0 {
		o.Unit = m.Unit
	}
	if o.Pulse == 0 {
		o.Pulse = defaultPulse
	}
	if o.PulseMode == "" {
		o.PulseMode = m.Pulse
	}
	if o.Quiet == 0 {
		o.Quiet = m.Quiet
	}
	if o.Inputs == 0 {
		o.Inputs = m.Inputs
	}
	if o.PresenceAge == 0 {
		o.PresenceAge = defaultAge
	}
	return o
}

// validate checks what the options say together.
func (o RelayOptions) validate() error {
	o = o.withDefaults()
	m, err := modelOf(o.Model)
	problems := []error{err}
	if o.Pulse < shortestPulse || o.Pulse > longestPulse || o.Pulse%shortestPulse != 0 {
		problems = append(problems, fmt.Errorf("option \"pulse\": %v is not between %v and %v in steps of %v", o.Pulse, shortestPulse, longestPulse, shortestPulse))
	}
	if !slices.Contains(pulseModes, o.PulseMode) {
		problems = append(problems, fmt.Errorf("option \"pulse_mode\": unknown mode %q: want one of %q", o.PulseMode, pulseModes))
	}
	if o.Close != nil && o.CloseActiveLow && !o.SelfGuarded {
		problems = append(problems, errors.New(`option "close_active_low": a board without power would close the arm on whatever stands there: wire the contact through the other terminal of its relay, or set self_guarded`))
	}
	for what, numbers := range map[string]map[string]uint16{"relay": o.coils(), "input": o.inputs()} {
		problems = append(problems, twice(what, numbers), apart(what, numbers))
	}
	problems = append(problems, within("relay", o.coils(), m.Relays), within("input", o.inputs(), o.Inputs))
	if o.PulseMode != PulseCoil && slices.Contains(pulseModes, o.PulseMode) {
		for name, n := range o.coils() {
			if n >= 256 {
				problems = append(problems, fmt.Errorf("option %q: relay %d is more than a board with mode %q has", name, n, o.PulseMode))
			}
		}
	}
	return errors.Join(problems...)
}

// within reports numbers that a board with so many does not have; 0 is any.
func within(what string, numbers map[string]uint16, most int) error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		if n := numbers[name]; most > 0 && int(n) >= most {
			problems = append(problems, fmt.Errorf("option %q: %s %d is not from 0 to %d", name, what, n, most-1))
		}
	}
	return errors.Join(problems...)
}

// coils returns the relays that are wired, by the name of their option.
func (o RelayOptions) coils() map[string]uint16 {
	all := map[string]uint16{"open": o.Open}
	if o.Close != nil {
		all["close"] = *o.Close
	}
	if o.HoldCoil != nil {
		all["hold"] = *o.HoldCoil
	}
	if o.Stop != nil {
		all["stop"] = *o.Stop
	}
	return all
}

// restsOn reports whether a relay is on while its contact is not given.
func (o RelayOptions) restsOn(coil uint16) bool {
	is := func(n *uint16) bool { return n != nil && *n == coil }
	switch {
	case is(o.Close):
		return o.CloseActiveLow
	case is(o.HoldCoil):
		return o.HoldActiveLow
	case is(o.Stop):
		return o.StopActiveLow
	}
	return o.OpenActiveLow
}

// anyRestsOn reports whether a relay is on while its contact is not given.
func (o RelayOptions) anyRestsOn() bool {
	return o.OpenActiveLow || o.Close != nil && o.CloseActiveLow || o.HoldCoil != nil && o.HoldActiveLow || o.Stop != nil && o.StopActiveLow
}

// inputs returns the inputs that are wired, by the name of their option.
func (o RelayOptions) inputs() map[string]uint16 {
	all := make(map[string]uint16)
	for name, in := range map[string]*Input{"presence": o.Presence, "passage": o.Passage, "limit_open": o.LimitOpen, "limit_close": o.LimitClose} {
		if in != nil {
			all[name] = in.Number
		}
	}
	return all
}

// twice reports a number that two options share.
func twice(what string, numbers map[string]uint16) error {
	owner := make(map[uint16]string)
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		n := numbers[name]
		if other, ok := owner[n]; ok {
			return fmt.Errorf("option %q: %s %d is %s already", name, what, n, other)
		}
		owner[n] = name
	}
	return nil
}

// apart reports numbers that one request cannot read together.
func apart(what string, numbers map[string]uint16) error {
	all := slices.Sorted(maps.Values(numbers))
	if len(all) > 0 && all[len(all)-1]-all[0] >= mostBits {
		return fmt.Errorf("option %s numbers: %d and %d are more than %d apart", what, all[0], all[len(all)-1], mostBits)
	}
	return nil
}
