package gate

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A PulseMode is how a model closes a contact for a moment.
type PulseMode string

// The pulse modes.
const (
	// PulseCoil writes the coil on, waits and writes it off. Every board can.
	PulseCoil PulseMode = "coil"
	// PulseWaveshare uses the board's own timer: a single coil write at
	// 0x0200 + channel whose value is the time in tenths of a second.
	PulseWaveshare PulseMode = "waveshare"
	// PulseJYDAM uses the board's own timer: two registers per channel, five
	// apart from register 3 on, mode 4 and the time in tenths of a second.
	PulseJYDAM PulseMode = "jydam"
)

// pulseModes is every mode, for checking and for messages.
var pulseModes = []PulseMode{PulseCoil, PulseWaveshare, PulseJYDAM}

const (
	defaultPulse  = 500 * time.Millisecond
	shortestPulse = 100 * time.Millisecond // a board's timer counts in tenths
	longestPulse  = 5 * time.Second        // longer is holding, which has its own command
	mostBits      = 2000                   // that one Modbus request reads
)

// An Input is a discrete input of the board.
type Input struct {
	Number    uint16
	ActiveLow bool // what it reports holds while the input is off
}

// RelayOptions say how a barrier is wired to a relay board. All numbers are
// Modbus addresses, which count from 0; a contact or input that is nil is not
// wired.
type RelayOptions struct {
	Unit byte // the board's address, 1 to 255; 0 means 1

	Open  uint16  // the relay that raises the arm
	Close *uint16 // the relay that lowers it
	// HoldCoil is a relay of its own that keeps the arm up. Without it, Hold
	// latches the open relay.
	HoldCoil *uint16

	Pulse     time.Duration // how long open and close are given; 0 means 500 ms
	PulseMode PulseMode     // empty means PulseCoil

	Presence   *Input // something stands where the arm comes down
	Passage    *Input // a car drives through, behind the arm
	LimitOpen  *Input // the arm is all the way up
	LimitClose *Input // the arm is all the way down

	// SelfGuarded is the installer's word that the barrier's own controller
	// keeps the arm from coming down on a car. It allows Lower without a
	// presence input; one that is wired must still read clear.
	SelfGuarded bool
}

// ParseRelayOptions reads the options of a device entry of a configuration
// file. An option that it does not know and a value of a wrong type are errors
// that name the option; all of them are reported.
//
//	unit = 1                      # the board's address
//	open = 0                      # relay numbers count from 0
//	close = 1                     # left out: no close contact
//	hold = 2                      # left out: hold latches the open relay
//	pulse = "500ms"
//	pulse_mode = "coil"           # or "waveshare", "jydam": the board's own timer
//	presence = 0                  # input numbers count from 0
//	presence_active_low = true
//	passage = 3                   # behind the arm; passage_active_low likewise
//	limit_open = 1                # limit_open_active_low likewise
//	limit_close = 2               # limit_close_active_low likewise
//	self_guarded = false
func ParseRelayOptions(options map[string]any) (RelayOptions, error) {
	p := parser{options: options, known: make(map[string]bool)}
	var o RelayOptions
	unit := uint16(1)
	if n := p.number("unit", 255); n != nil {
		unit = *n
		if unit == 0 {
			p.fail("unit", "0 means every board on the line: want 1 to 255")
		}
	}
	o.Unit = byte(unit)
	if n := p.number("open", 0xffff); n != nil {
		o.Open = *n
	} else {
		p.missing("open")
	}
	o.Close = p.number("close", 0xffff)
	o.HoldCoil = p.number("hold", 0xffff)
	o.Pulse = p.duration("pulse")
	o.PulseMode = PulseMode(p.text("pulse_mode"))
	o.Presence = p.input("presence")
	o.Passage = p.input("passage")
	o.LimitOpen = p.input("limit_open")
	o.LimitClose = p.input("limit_close")
	o.SelfGuarded = p.flag("self_guarded")
	p.unknown()
	if err := errors.Join(p.problems...); err != nil {
		return RelayOptions{}, err
	}
	return o, o.validate()
}

// withDefaults fills in what 0 and empty mean.
func (o RelayOptions) withDefaults() RelayOptions {
	if o.Unit == 0 {
		o.Unit = 1
	}
	if o.Pulse == 0 {
		o.Pulse = defaultPulse
	}
	if o.PulseMode == "" {
		o.PulseMode = PulseCoil
	}
	return o
}

// validate checks what the options say together.
func (o RelayOptions) validate() error {
	o = o.withDefaults()
	var problems []error
	if o.Pulse < shortestPulse || o.Pulse > longestPulse || o.Pulse%shortestPulse != 0 {
		problems = append(problems, fmt.Errorf("option pulse: %v is not between %v and %v in steps of %v", o.Pulse, shortestPulse, longestPulse, shortestPulse))
	}
	if !slices.Contains(pulseModes, o.PulseMode) {
		problems = append(problems, fmt.Errorf("option pulse_mode: unknown mode %q: want one of %q", o.PulseMode, pulseModes))
	}
	for what, numbers := range map[string]map[string]uint16{"relay": o.coils(), "input": o.inputs()} {
		problems = append(problems, twice(what, numbers), apart(what, numbers))
	}
	if o.PulseMode == PulseWaveshare || o.PulseMode == PulseJYDAM {
		for name, n := range o.coils() {
			if n >= 256 {
				problems = append(problems, fmt.Errorf("option %s: relay %d is more than a board with mode %q has", name, n, o.PulseMode))
			}
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
	return all
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
			return fmt.Errorf("option %s: %s %d is %s already", name, what, n, other)
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

// A parser takes options out of a decoded table and collects what is wrong.
type parser struct {
	options  map[string]any
	known    map[string]bool
	problems []error
}

func (p *parser) fail(name, format string, args ...any) {
	p.problems = append(p.problems, fmt.Errorf("option "+name+": "+format, args...))
}

func (p *parser) missing(name string) {
	if _, there := p.options[name]; !there {
		p.fail(name, "is missing")
	}
}

func (p *parser) take(name string) (any, bool) {
	p.known[name] = true
	v, ok := p.options[name]
	return v, ok
}

func (p *parser) number(name string, high int64) *uint16 {
	v, ok := p.take(name)
	if !ok {
		return nil
	}
	n, ok := v.(int64) // what TOML integers decode to
	if i, isInt := v.(int); isInt {
		n, ok = int64(i), true
	}
	if !ok {
		p.fail(name, "%#v is not a whole number", v)
		return nil
	}
	if n < 0 || n > high {
		p.fail(name, "%d is not between 0 and %d", n, high)
		return nil
	}
	short := uint16(n)
	return &short
}

func (p *parser) text(name string) string {
	v, ok := p.take(name)
	if !ok {
		return ""
	}
	s, ok := v.(string)
	if !ok || s == "" {
		p.fail(name, "%#v is not a text", v)
	}
	return s
}

func (p *parser) flag(name string) bool {
	v, ok := p.take(name)
	if !ok {
		return false
	}
	b, ok := v.(bool)
	if !ok {
		p.fail(name, "%#v is neither true nor false", v)
	}
	return b
}

func (p *parser) duration(name string) time.Duration {
	v, ok := p.take(name)
	if !ok {
		return 0
	}
	s, ok := v.(string)
	d, err := time.ParseDuration(s)
	if !ok || err != nil || d <= 0 {
		p.fail(name, "%#v is not a time such as \"500ms\"", v)
		return 0
	}
	return d
}

func (p *parser) input(name string) *Input {
	low := name + "_active_low"
	n, activeLow := p.number(name, 0xffff), p.flag(low)
	if n == nil {
		if _, there := p.options[low]; there && p.options[name] == nil {
			p.fail(low, "there is no %s input", name)
		}
		return nil
	}
	return &Input{Number: *n, ActiveLow: activeLow}
}

func (p *parser) unknown() {
	for _, name := range slices.Sorted(maps.Keys(p.options)) {
		if !p.known[name] {
			p.problems = append(p.problems, fmt.Errorf("option %s: is unknown: want one of %s", name, strings.Join(slices.Sorted(maps.Keys(p.known)), ", ")))
		}
	}
}
