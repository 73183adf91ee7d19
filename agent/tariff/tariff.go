// Package tariff turns a stay and a rule set into a bill, line by line.
//
// It is pure: it reads no clock and no file, counts money in whole fen and time
// in whole seconds, and gives the same bill for the same stay wherever it runs.
//
// A bill is made in this order: the free time; the blocks of each part of the
// day, each part up to its cap; the cap of each period; the surcharges for long
// stays; the cap of the stay; the percentage; the rounding; what was charged
// before when a car came straight back; and the cap that several visits share.
// A flat price, for each visit or for those between certain hours, stands in
// for all up to the cap of the stay.
//
// A longer stay never costs less than a shorter one by the same tariff, unless
// the tariff has Windows: only a flat ticket can be cheaper than leaving before
// its hours begin.
package tariff

import (
	"fmt"
	"time"
)

// Period is the length of a cap period. The first one begins at entry.
const Period = 24 * time.Hour

// A Tariff is one rule set. Money in fen. The zero value of each field but
// Blocks asks for nothing. Validate says whether it makes sense; Bill of one
// that does not is undefined, but does not panic.
type Tariff struct {
	Name string

	// Which cars it is for. An empty list fits every car.
	CarTypes []int // appendix 1.1
	Sizes    []int // 1 large, 2 small
	Colors   []int // plate colours: 0 blue, 1 yellow, 2 white, 3 black, 4 green
	Areas    []int

	// On which days it holds; of which moment, Calendar says. An empty list
	// is every day. ValidFrom and ValidTo are both included; "" is no bound.
	Days      []Day
	ValidFrom Date
	ValidTo   Date

	// Free is the free time. FreeInclusive tells whether a stay of exactly
	// this length is free. Once it is exceeded it is charged as well if
	// FreeCounts, otherwise the ladder begins after it. FreeAgain grants it
	// anew in each period. FreeOnce grants it to the first visit of each day
	// or each 24 hours only.
	Free          time.Duration
	FreeInclusive bool
	FreeCounts    bool
	FreeAgain     bool
	FreeOnce      Span

	Seconds Seconds

	// Blocks are the ladder of a tariff that is the same all day. Bands divide
	// the day instead, without gap or overlap, each with a ladder of its own.
	Blocks []Block
	Bands  []Band
	First  First

	// Caps hold the most that the first, second, … period may cost; the last
	// one repeats. None means no cap. A period is 24 hours from entry, or, if
	// Daily, a day that begins at the clock time DayStarts.
	Caps      []int64
	Daily     bool
	DayStarts time.Duration
	// Restart begins each period with the first block again; otherwise the
	// ladder goes on where the period before left it.
	Restart bool

	Adders  []Adder
	StayCap int64 // the most that a whole stay may cost; 0 means no cap

	Percent    int   // of the fee, after the caps; 0 means 100
	RoundTotal int64 // the fee is rounded to this many fen, half up; 0 means to one

	// VisitsCap is the most that all visits of a car within VisitsPeriod may
	// cost together; 0 means no cap.
	VisitsCap    int64
	VisitsPeriod Span

	// Reentry is how soon after leaving a car that comes back gets no new
	// free time; with Rejoin it is then charged as if it had never left, less
	// what it was charged before. 0 means never.
	Reentry time.Duration
	Rejoin  bool

	// Minutes tells which part of the stay the minutes of coupons take off.
	Minutes MinutesOff

	// PerVisit is a flat price instead of blocks and caps; 0 means none. A
	// stay within the free time stays free.
	PerVisit int64
	// Windows are flat tickets; the first that fits a stay is its price.
	Windows []Window

	// MaxAutomatic is the highest fee that may be taken without an operator;
	// 0 means any. Bill does not look at it: whoever collects does.
	MaxAutomatic int64
}

// A Band is a part of the day with prices of its own, from the clock time From
// up to, and without, To. It may cross midnight. One that ends when it begins
// is all day.
// A Band without blocks is free.
type Band struct {
	From   time.Duration // since midnight
	To     time.Duration
	Blocks []Block

	Cap      int64 // the most for each time that the clock passes through the band; 0 means no cap
	Uncapped bool  // it neither counts for the caps of the periods nor is limited by them
	Crossing Crossing
	Ladder   Ladder
}

// allDay reports whether the band has no end.
func (b Band) allDay() bool { return b.From%Period == b.To%Period }

// name is what lines call the band.
func (b Band) name() string {
	if b.allDay() {
		return AllDay
	}
	to := b.To
	if to == 0 {
		to = Period
	}
	clock := func(d time.Duration) string { return fmt.Sprintf("%02d:%02d", int(d/time.Hour), int(d/time.Minute)%60) }
	return clock(b.From) + "-" + clock(to)
}

// length is how much of a day the band takes.
func (b Band) length() time.Duration { return span(b.From, b.To) }

// A Crossing tells what becomes of a unit, or of a lump that ends, when the
// clock leaves its band in the middle of it. A unit that costs nothing always
// ends with the band, and so does a lump without end.
type Crossing uint8

// The crossings.
const (
	CrossSplit    Crossing = iota // it ends, and what was used of it is rounded as at the end of a stay
	CrossStart                    // it belongs to the band in which it starts, and goes on to its end
	CrossMajority                 // it belongs to the band in which more of its full length lies; a half to the first
)

// A Ladder tells where on its ladder a band goes on after time in another band.
type Ladder uint8

// The ways to go on.
const (
	LadderContinue Ladder = iota // where it was left, in the middle of a unit too
	LadderRestart                // at its beginning
	LadderThrough                // where it would be had it been climbed all the time, with a new unit
)

// A First tells how often the first block of a ladder is charged. A ladder that
// would begin with it once more begins with its second block instead.
type First uint8

// How often.
const (
	FirstEach   First = iota // each time that a ladder begins
	FirstPeriod              // once in each cap period, whichever band comes first
	FirstStay                // once in a stay: later periods restart without it
)

// A Span is a time in which several visits of a car count together.
type Span uint8

// The spans.
const (
	SpanVisit Span = iota // each visit by itself
	SpanDay               // a day that begins at Tariff.DayStarts, by when the car entered
	Span24h               // 24 hours from the entry of the first visit
)

// MinutesOff tells how free minutes are taken off a stay.
type MinutesOff uint8

// The ways.
const (
	MinutesEnd   MinutesOff = iota // as if the car had left that much earlier
	MinutesStart                   // as if it had entered that much later
)

// An Adder is a surcharge, once, for a stay that lasts longer than After. All
// that fit add up.
type Adder struct {
	After time.Duration
	Price int64
}

// A Window is a flat ticket for cars that enter from InFrom up to, and without,
// InTo, and leave from OutFrom to OutTo, both included, before the clock shows
// OutTo for the second time. They are times since midnight and may cross it.
type Window struct {
	InFrom, InTo   time.Duration
	OutFrom, OutTo time.Duration
	Price          int64
}

// A Block is one step of the ladder, from where the block before ends.
type Block struct {
	Until time.Duration // time on the ladder at which it ends; 0 means never
	Unit  time.Duration // 0 makes Price one lump, charged when the block is entered
	Price int64         // fen for the block, or for each unit
	Round Rounding      // what becomes of a rest of a unit
	Tail  time.Duration // for RoundTail: a rest up to and with this is dropped
}

// A Rounding tells what becomes of the rest of a unit that was not used up.
type Rounding uint8

// The roundings.
const (
	RoundUp   Rounding = iota // a begun unit is charged
	RoundDown                 // only a full unit is charged
	RoundTail                 // a rest up to Block.Tail is dropped, a longer one is charged as a unit
)

// Seconds tells how the moments of entry and exit are rounded before the length
// of the stay is taken.
type Seconds uint8

// The ways to treat seconds. Fractions of a second never count, because nobody
// outside sees them.
const (
	SecondsTruncate Seconds = iota // both moments cut to the minute
	SecondsExact                   // both moments as they are, to the second
	SecondsUp                      // both moments raised to the next full minute
)

func (s Seconds) round(t time.Time) time.Time {
	t = t.Truncate(time.Second)
	switch s {
	case SecondsExact:
		return t
	case SecondsUp:
		return t.Add(time.Minute - time.Second).Truncate(time.Minute)
	}
	return t.Truncate(time.Minute)
}
