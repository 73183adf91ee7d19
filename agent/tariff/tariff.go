// Package tariff turns a stay and a rule set into a bill, line by line.
//
// It is pure: it reads no clock and no file, counts money in whole fen and time
// in whole seconds, and gives the same bill for the same stay wherever it runs.
// A tariff has one ladder of blocks for the whole day, a free time, caps for
// each 24 hours after entry, and a cap for the whole stay; or one flat price
// for a visit.
//
// A longer stay never costs less than a shorter one.
package tariff

import "time"

// Period is the length of a cap period. The first one begins at entry.
const Period = 24 * time.Hour

// A Tariff is one rule set. Money in fen. Validate says whether it makes sense;
// Bill of one that does not is undefined, but does not panic.
type Tariff struct {
	Name string

	// Which cars it is for. An empty list fits every car.
	CarTypes []int // appendix 1.1
	Sizes    []int // 1 large, 2 small
	Colors   []int // plate colours: 0 blue, 1 yellow, 2 white, 3 black, 4 green
	Areas    []int

	// Free is the free time. FreeInclusive tells whether a stay of exactly
	// this length is free. Once it is exceeded it is charged as well if
	// FreeCounts, otherwise the ladder begins after it. FreeAgain grants it
	// anew in each period.
	Free          time.Duration
	FreeInclusive bool
	FreeCounts    bool
	FreeAgain     bool

	Seconds Seconds
	Blocks  []Block

	// Caps hold the most that the first, second, … period may cost; the last
	// one repeats. None means no cap.
	Caps []int64
	// Restart begins each period with the first block again; otherwise the
	// ladder goes on where the period before left it.
	Restart bool

	StayCap int64 // the most that a whole stay may cost; 0 means no cap

	// PerVisit is a flat price instead of blocks and caps; 0 means none. A
	// stay within the free time stays free.
	PerVisit int64

	// MaxAutomatic is the highest fee that may be taken without an operator;
	// 0 means any. Bill does not look at it: whoever collects does.
	MaxAutomatic int64
}

// A Block is one step of the ladder, from where the block before ends.
type Block struct {
	Until time.Duration // time on the ladder at which it ends; 0 means never
	Unit  time.Duration // 0 makes Price one lump, charged when the block is entered
	Price int64         // fen for the block, or for each unit
	Round Rounding      // what becomes of a rest of a unit
	Tail  time.Duration // for RoundTail: a rest up to this is dropped
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
	t = t.UTC().Truncate(time.Second)
	switch s {
	case SecondsExact:
		return t
	case SecondsUp:
		return t.Add(time.Minute - time.Second).Truncate(time.Minute)
	}
	return t.Truncate(time.Minute)
}

// A Vehicle is what a tariff is chosen by. Unknown values (Size 0, Color −1,
// Area 0) fit only a tariff whose list is empty.
type Vehicle struct {
	CarType int
	Size    int
	Color   int
	Area    int
}

// Select returns the first tariff that fits v, or false if none does.
func Select(tariffs []Tariff, v Vehicle) (Tariff, bool) {
	for _, t := range tariffs {
		if fits(t.CarTypes, v.CarType) && fits(t.Sizes, v.Size) && fits(t.Colors, v.Color) && fits(t.Areas, v.Area) {
			return t, true
		}
	}
	return Tariff{}, false
}

func fits(list []int, value int) bool {
	for _, v := range list {
		if v == value {
			return true
		}
	}
	return len(list) == 0
}
