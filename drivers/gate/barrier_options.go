package gate

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"parkagent/drivers/options"
)

// A Table is one of the four tables of a Modbus device.
type Table string

// The tables.
const (
	TableCoil     Table = "coil"     // bits that can be written
	TableDiscrete Table = "discrete" // bits that can only be read
	TableHolding  Table = "holding"  // registers that can be written
	TableInput    Table = "input"    // registers that can only be read
)

func (t Table) bits() bool { return t == TableCoil || t == TableDiscrete }

// mostRegisters is what one Modbus request reads.
const mostRegisters = 125

// A Place is one bit or register of a device. Addresses count from 0, as they are
// on the wire: what a manual calls holding register 40011 is address 10.
type Place struct {
	Table   Table
	Address uint16
}

// An Order is what is written to have the barrier do something.
type Order struct {
	Place        // a coil or a holding register
	Value uint16 // 0 or 1 of a coil

	// Pulse is after how long Rest is written over Value; 0 where the barrier
	// takes back what it was told, or goes by the change.
	Pulse time.Duration
	Rest  uint16
}

// A Sign is what a place says while something holds: the bits of Mask, or all
// bits where that is 0, equal Value; or they do not, where Not is set.
type Sign struct {
	Place
	Mask, Value uint16
	Not         bool

	// Clear is what those bits are while something certainly does not hold; with
	// any other value nobody knows. Nil means that one of the two always is so.
	Clear *uint16
}

// An ArmCode is a register that says where the arm is. A value that is nil is one
// that the barrier does not have; all others mean that nobody knows.
type ArmCode struct {
	Place
	Mask                    uint16 // 0 means all bits
	Down, Up, Moving, Fault *uint16
}

// BarrierOptions say what the registers of a barrier mean that is itself a Modbus
// device. There is no list of makes: hardly any maker publishes its registers, so
// they are entered from the manual that came with the barrier. What is nil the
// barrier does not have.
type BarrierOptions struct {
	Unit  byte          // the barrier's address; 0 means 1
	Quiet time.Duration // least silence on the line before a request; 0 is what suits most

	Open          Order
	Close, Stop   *Order
	Hold, Release *Order // both or neither: keep the arm up, and let it go

	Arm                   *ArmCode // or the limits
	LimitOpen, LimitClose *Sign
	Presence, Passage     *Sign
	Held                  *Sign // the arm is kept up
	Fault                 *Sign // the barrier says that something is wrong with it

	Travel      time.Duration // as of RelayOptions
	PresenceAge time.Duration // as of RelayOptions
	SelfGuarded bool          // as of RelayOptions
}

// ParseBarrierOptions reads the options of a device entry of a configuration file.
// All mistakes are reported together. The map in this example is made up and no
// vendor's; only open must be given.
//
//	unit = 1
//	open = { kind = "holding", address = 10, value = 1 }     # a register or a coil that is written
//	close = { kind = "holding", address = 10, value = 2 }
//	stop = { kind = "coil", address = 3, value = 1, pulse = "500ms", rest = 0 }   # written back after a while
//	hold = { kind = "coil", address = 4, value = 1 }         # keeps the arm up; goes with release
//	release = { kind = "coil", address = 4, value = 0 }
//	arm = { kind = "input", address = 20, mask = 15, down = 1, up = 2, moving = 3, fault = 4 }
//	limit_open = { kind = "discrete", address = 1 }          # instead of arm; limit_close likewise
//	presence = { kind = "discrete", address = 0, active_low = true }
//	#          { kind = "input", address = 23, value = 1, clear = 0 }   a number: with others nobody knows
//	passage = { kind = "input", address = 21, bit = 3 }      # one bit of a register
//	held = { kind = "input", address = 21, mask = 6, value = 4 }   # some bits of a register have a value
//	fault = { kind = "input", address = 22, value = 0, active_low = true }   # the register is not 0
//	quiet = "20ms"
//	travel = "6s"
//	presence_age = "500ms"
//	self_guarded = false
//
// kind is coil, discrete, holding or input; addresses count from 0. A coil and a
// discrete input are active while they are 1; a register while bit is 1, or the
// bits of mask (default: all) are value (default: 1). presence and passage as a number
// need clear, or active_low, where value is what they are when clear: a loop that
// reports a fault of its own is not a loop without a car. pulse is from 100 ms to 5 s.
func ParseBarrierOptions(table map[string]any) (BarrierOptions, error) {
	o := options.Read(table)
	b := BarrierOptions{
		Unit:        unit(o),
		Quiet:       o.Duration("quiet", 0, 0, longestQuiet),
		Close:       order(o, "close"),
		Stop:        order(o, "stop"),
		Hold:        order(o, "hold"),
		Release:     order(o, "release"),
		Arm:         armCode(o, "arm"),
		LimitOpen:   sign(o, "limit_open"),
		LimitClose:  sign(o, "limit_close"),
		Presence:    sense(o, "presence"),
		Passage:     sense(o, "passage"),
		Held:        sign(o, "held"),
		Fault:       sign(o, "fault"),
		Travel:      o.Duration("travel", 0, shortestTravel, longestTravel),
		PresenceAge: o.Duration("presence_age", 0, shortestAge, longestAge),
		SelfGuarded: o.Bool("self_guarded", false),
	}
	if open := order(o, "open"); open != nil {
		b.Open = *open
	} else if !o.Given("open") {
		o.Fail("open", "is missing")
	}
	if err := o.Err(); err != nil {
		return BarrierOptions{}, err
	}
	b = b.withDefaults()
	return b, b.validate()
}

// order reads what is written, or returns nil where it is not given.
func order(o *options.Reader, key string) *Order {
	if !o.Given(key) {
		return nil
	}
	t := o.Table(key)
	w := &Order{Place: place(t, TableHolding, TableCoil)}
	most := int64(0xffff)
	if w.Table == TableCoil {
		most = 1
	}
	w.Value = uint16(t.Int("value", 1, 0, most))
	w.Pulse = t.Duration("pulse", 0, shortestPulse, longestPulse)
	w.Rest = uint16(t.Int("rest", 0, 0, most))
	if w.Pulse > 0 && w.Rest == w.Value {
		t.Fail("rest", "is what is written anyhow: want another value than %d", w.Value)
	}
	t.Unknown()
	return w
}

// sign reads what tells that something holds, or returns nil where it is not given.
func sign(o *options.Reader, key string) *Sign { return signOf(o, key, false) }

// sense is sign for a place that a car may stand at, of which it must be known that
// it is clear.
func sense(o *options.Reader, key string) *Sign { return signOf(o, key, true) }

func signOf(o *options.Reader, key string, senses bool) *Sign {
	if !o.Given(key) {
		return nil
	}
	t := o.Table(key)
	s := &Sign{Place: place(t, TableDiscrete, TableCoil, TableInput, TableHolding), Value: 1, Not: t.Bool("active_low", false)}
	switch {
	case s.Table.bits():
	case t.Given("bit"):
		s.Mask = 1 << t.Int("bit", 0, 0, 15)
		s.Value = s.Mask
	default:
		s.Mask = uint16(t.Int("mask", 0xffff, 1, 0xffff))
		s.Value = uint16(t.Int("value", 1, 0, 0xffff))
		if s.Value&^s.Mask != 0 {
			t.Fail("value", "%d has bits that mask leaves out: it would never be read", s.Value)
		}
		if senses && bits.OnesCount16(s.Mask) > 1 { // one bit is so or not
			s.Clear = clearOf(t, *s)
		}
	}
	t.Unknown()
	return s
}

// clearOf reads what a number is while a place is clear, nil where its value says so.
func clearOf(t *options.Reader, s Sign) *uint16 {
	n := number(t, "clear")
	switch {
	case n == nil && !s.Not && !t.Given("clear"):
		t.Fail("clear", "is missing: want what the number is while nothing stands there")
	case n != nil && (s.Not || *n == s.Value):
		t.Fail("clear", "%d: value says already what the number is then", *n)
	}
	return n
}

// armCode reads what tells where the arm is, or returns nil where it is not given.
func armCode(o *options.Reader, key string) *ArmCode {
	if !o.Given(key) {
		return nil
	}
	t := o.Table(key)
	a := &ArmCode{
		Place: place(t, TableInput, TableHolding), Mask: uint16(t.Int("mask", 0xffff, 1, 0xffff)),
		Down: number(t, "down"), Up: number(t, "up"), Moving: number(t, "moving"), Fault: number(t, "fault"),
	}
	if a.Down == nil && a.Up == nil {
		t.Fail("down", "is missing")
	}
	t.Unknown()
	return a
}

// place reads which bit or register an option is about.
func place(t *options.Reader, tables ...Table) Place {
	var names []string
	for _, one := range tables {
		names = append(names, string(one))
	}
	p := Place{Table: Table(t.Choice("kind", names...))}
	for _, key := range []string{"kind", "address"} {
		if !t.Given(key) {
			t.Fail(key, "is missing")
		}
	}
	if n := number(t, "address"); n != nil {
		p.Address = *n
	}
	return p
}

// withDefaults fills in what 0 means.
func (o BarrierOptions) withDefaults() BarrierOptions {
	o.Unit = cmp.Or(o.Unit, 1)
	o.PresenceAge = cmp.Or(o.PresenceAge, defaultAge)
	return o
}

// validate checks what the options say together.
func (o BarrierOptions) validate() error {
	var problems []error
	if (o.Hold == nil) != (o.Release == nil) {
		problems = append(problems, errors.New(`option "hold": goes with release`))
	}
	if o.Arm != nil && (o.LimitOpen != nil || o.LimitClose != nil) {
		problems = append(problems, errors.New(`option "arm": says what the limits say: want one or the other`))
	}
	for _, table := range []Table{TableCoil, TableDiscrete, TableHolding, TableInput} {
		span := spanOf(o.watched(), table)
		most := mostRegisters
		if table.bits() {
			most = mostBits
		}
		if span.count > most {
			problems = append(problems, fmt.Errorf("option %s numbers: %d and %d are more than %d apart", table, span.first, span.first+span.count-1, most))
		}
	}
	return errors.Join(problems...)
}

// watched returns the places that State reads.
func (o BarrierOptions) watched() []Place {
	places := o.safety()
	if o.Arm != nil {
		places = append(places, o.Arm.Place)
	}
	for _, s := range []*Sign{o.LimitOpen, o.LimitClose, o.Held, o.Fault} {
		if s != nil {
			places = append(places, s.Place)
		}
	}
	if o.Held == nil && o.holdReadable() {
		places = append(places, o.Hold.Place)
	}
	return places
}

// safety returns the places that say whether something is below the arm.
func (o BarrierOptions) safety() []Place {
	var places []Place
	for _, s := range []*Sign{o.Presence, o.Passage} {
		if s != nil {
			places = append(places, s.Place)
		}
	}
	return places
}

// holdReadable reports whether the place that is written to hold the arm says by
// itself whether it is held: because another value there releases it, and nothing else
// is written there.
func (o BarrierOptions) holdReadable() bool {
	if o.Hold == nil || o.Release == nil || o.Hold.Place != o.Release.Place || o.Hold.Pulse > 0 || o.Release.Pulse > 0 || o.Hold.Value == o.Release.Value {
		return false
	}
	for _, other := range []*Order{&o.Open, o.Close, o.Stop} {
		if other != nil && other.Place == o.Hold.Place && *other != *o.Hold && *other != *o.Release {
			return false
		}
	}
	return true
}

// A span is a run of addresses of one table, read in one request.
type span struct{ first, count int }

// spanOf returns the run that holds all places of a table; none is empty.
func spanOf(places []Place, table Table) span {
	var all []int
	for _, p := range places {
		if p.Table == table {
			all = append(all, int(p.Address))
		}
	}
	if len(all) == 0 {
		return span{}
	}
	first := slices.Min(all)
	return span{first: first, count: slices.Max(all) - first + 1}
}
