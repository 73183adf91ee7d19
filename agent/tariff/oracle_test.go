package tariff

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// An oracle is a second opinion: it walks through a stay minute by minute and
// looks at the wall clock each time. It knows what blocks, bands, periods, free
// time and caps mean, and nothing about how the bill is made.
type oracle struct {
	t     Tariff
	entry time.Time
	stay  int // minutes

	pos   []int // minutes on the ladder of each band
	unit  []int // minutes of the unit that runs
	place int   // the band of the minute before, -1 none
	lent  int   // up to this minute the band is the next one, which got a unit by majority
	used  bool  // a first block was charged
	skip  bool
	began int // minute from which ladders run through

	bandDay []time.Time // when the wall clock entered the band whose fee is counted
	bandFee []int64
	period  int64 // fee of this period, of bands that its cap limits
	total   int64
}

func newOracle(t Tariff, entry time.Time, minutes int) *oracle {
	if len(t.Bands) == 0 {
		t.Bands = []Band{{Blocks: t.Blocks}}
	}
	n := len(t.Bands)
	return &oracle{t: t, entry: entry, stay: minutes, pos: make([]int, n), unit: make([]int, n), bandDay: make([]time.Time, n), bandFee: make([]int64, n), place: -1}
}

// shown returns what the wall clock shows, in minutes.
func (o *oracle) shown(minute int) int {
	h, m, _ := o.entry.Add(time.Duration(minute) * time.Minute).Clock()
	return h*60 + m
}

func (o *oracle) bandAt(minute int) int {
	now := o.shown(minute)
	for i, b := range o.t.Bands {
		from, to := int(b.From.Minutes()), int(b.To.Minutes())
		if from < to && now >= from && now < to || from > to && (now >= from || now < to) || from == to {
			return i
		}
	}
	return -1
}

// dayOf is the date on which the time in a band began.
func (o *oracle) dayOf(band, minute int) time.Time {
	at := o.entry.Add(time.Duration(minute) * time.Minute)
	if o.shown(minute) < int(o.t.Bands[band].From.Minutes()) {
		at = at.AddDate(0, 0, -1)
	}
	y, m, d := at.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func (o *oracle) newPeriod(minute int) bool {
	if !o.t.Daily {
		return minute%1440 == 0
	}
	return minute == 0 || o.shown(minute) == int(o.t.DayStarts.Minutes())
}

func (o *oracle) nextPeriod(minute int) int {
	for minute++; !o.newPeriod(minute); minute++ {
	}
	return minute
}

func (o *oracle) fee() int64 {
	free, k := 0, -1
	ends := 0
	for minute := range o.stay {
		if o.newPeriod(minute) {
			if k++; k > 0 {
				o.closePeriod(k - 1)
			}
			ends = o.nextPeriod(minute)
			free = max(free, o.freeMinutes(k, minute, ends))
			if o.t.First == FirstPeriod {
				o.used = false
			}
			if o.t.Restart {
				o.place = -1
			}
		}
		if minute < free {
			o.began++ // a ladder that runs already stands still
			continue
		}
		o.charge(minute, ends)
	}
	if o.stay > 0 {
		o.closePeriod(k)
	}
	return o.total
}

// freeMinutes returns up to which minute period k is free.
func (o *oracle) freeMinutes(k, minute, ends int) int {
	f := int(o.t.Free.Minutes())
	if f == 0 || k > 0 && !o.t.FreeAgain {
		return 0
	}
	length := o.stay
	if o.t.FreeAgain {
		length = min(ends, o.stay) - minute
	}
	if length < f || length == f && o.t.FreeInclusive || !o.t.FreeCounts {
		return minute + f
	}
	return 0
}

func (o *oracle) closePeriod(k int) {
	if n := len(o.t.Caps); n > 0 {
		o.period = min(o.period, o.t.Caps[min(k, n-1)])
	}
	o.total += o.period
	o.period = 0
}

// charge charges one minute.
func (o *oracle) charge(minute, ends int) {
	if o.place == -1 { // the stay, or a period that restarts, begins
		o.began, o.lent = minute, 0
		o.skip = o.used && o.t.First != FirstEach
		clear(o.pos)
		clear(o.unit)
	}
	now := o.bandAt(minute)
	switch {
	case o.place >= 0 && o.lent > minute:
		now = o.place
	case o.place >= 0 && now != o.place && o.runs(o.place):
		now = o.place
	}
	if now != o.place {
		o.enter(now, minute)
	}
	if b := o.t.Bands[now]; b.Crossing == CrossMajority && len(b.Blocks) > 0 && o.lent <= minute && !o.runs(now) {
		// A unit begins: whose is it?
		for range o.t.Bands {
			until, ok := o.handsOver(now, minute, ends)
			if !ok {
				break
			}
			now, o.lent = o.bandAt(until), until
			o.enter(now, minute)
			if o.t.Bands[now].Crossing != CrossMajority || len(o.t.Bands[now].Blocks) == 0 {
				break
			}
		}
	}
	o.pay(now, minute)
}

// block returns the block on which a band stands, and where it begins.
func (o *oracle) block(band int) (Block, int) {
	low := 0
	for _, b := range o.t.Bands[band].Blocks {
		if b.Until == 0 || o.pos[band] < int(b.Until.Minutes()) {
			return b, low
		}
		low = int(b.Until.Minutes())
	}
	return Block{Price: 0, Unit: time.Minute}, low
}

// runs reports whether a unit of the band goes on whatever the wall clock says.
func (o *oracle) runs(band int) bool {
	b := o.t.Bands[band]
	if b.Crossing == CrossSplit || len(b.Blocks) == 0 {
		return false
	}
	block, low := o.block(band)
	if block.Price == 0 {
		return false
	}
	if block.Unit == 0 {
		return block.Until > 0 && o.pos[band] > low
	}
	return o.unit[band] > 0
}

// handsOver reports whether the unit that would begin now belongs to the next
// band, which begins at the minute that is returned.
func (o *oracle) handsOver(band, minute, ends int) (int, bool) {
	block, _ := o.block(band)
	size := int(block.Unit.Minutes())
	if block.Until > 0 {
		rest := int(block.Until.Minutes()) - o.pos[band]
		if size == 0 || rest < size {
			size = rest
		}
	}
	if size == 0 || block.Price == 0 {
		return 0, false
	}
	if o.t.Restart {
		size = min(size, ends-minute)
	}
	// Look from where the wall clock enters the band, if the band began early.
	at := max(minute, o.lent)
	for at < minute+size && o.bandAt(at) == band {
		at++
	}
	if inside := at - minute; at < minute+size && inside < size-inside {
		return at, true
	}
	return 0, false
}

func (o *oracle) enter(band, minute int) {
	first := 0
	if blocks := o.t.Bands[band].Blocks; len(blocks) > 1 {
		first = int(blocks[0].Until.Minutes())
	}
	o.place = band
	switch o.t.Bands[band].Ladder {
	case LadderThrough:
		o.pos[band], o.unit[band] = minute-o.began, 0
		if o.skip {
			o.pos[band] += first
		}
		return
	case LadderRestart:
		o.pos[band], o.unit[band] = 0, 0
	}
	if o.pos[band] == 0 && o.used && o.t.First != FirstEach {
		o.pos[band] = first
	}
}

func (o *oracle) pay(band, minute int) {
	b := o.t.Bands[band]
	if len(b.Blocks) == 0 {
		return
	}
	wall := max(minute, o.lent)
	if o.bandAt(wall) == band { // not while a unit of it runs in another
		if day := o.dayOf(band, wall); !day.Equal(o.bandDay[band]) {
			o.bandDay[band], o.bandFee[band] = day, 0
		}
	}
	block, low := o.block(band)
	due := false
	if block.Unit == 0 {
		due = o.pos[band] == low
	} else {
		o.unit[band]++
		size := int(block.Unit.Minutes())
		switch block.Round {
		case RoundUp:
			due = o.unit[band] == 1
		case RoundDown:
			due = o.unit[band] == size
		case RoundTail:
			due = o.unit[band] == int(block.Tail.Minutes())+1
		}
		o.unit[band] %= size
	}
	if low == 0 && len(b.Blocks) > 1 {
		o.used = true
	}
	o.pos[band]++
	if block.Until > 0 && o.pos[band] == int(block.Until.Minutes()) {
		o.unit[band] = 0
	}
	if !due {
		return
	}
	price := block.Price
	if b.Cap > 0 {
		price = min(price, b.Cap-o.bandFee[band])
	}
	o.bandFee[band] += price
	if b.Uncapped {
		o.total += price
	} else {
		o.period += price
	}
}

func TestBillAgreesWithWatchingTheClockEveryMinute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawTariff(t)
		f.Seconds, f.StayCap = SecondsTruncate, 0
		minutes := rapid.OneOf(rapid.IntRange(0, 3000), rapid.IntRange(11*1440, 20*1440)).Draw(t, "minutes")
		entry := drawEntry(t).Truncate(time.Minute)
		got := f.Bill(Stay{Entered: entry, Left: entry.Add(time.Duration(minutes) * time.Minute)})
		if want := newOracle(f, entry, minutes).fee(); got.Total != want {
			t.Errorf("Total of %d minutes from %v = %d, the clock gives %d\ntariff %+v\nlines %+v", minutes, entry, got.Total, want, f, got.Lines)
		}
	})
}

// What the end of one day leaves to the next must not be lost where equal days
// are counted on.
func TestEqualDaysThatRunIntoEachOtherAgreeWithTheClock(t *testing.T) {
	day := func(how Crossing, blocks ...Block) Band {
		return Band{From: hm(7, 0), To: hm(0, 30), Crossing: how, Blocks: blocks, Cap: 700}
	}
	night := Band{From: hm(0, 30), To: hm(7, 0), Crossing: CrossStart, Ladder: LadderThrough, Blocks: []Block{{Unit: hm(3, 0), Price: 90, Round: RoundDown}}, Cap: 150}
	far := night // whose second block begins on the second day
	far.Blocks, far.Cap = []Block{{Until: hm(26, 0), Unit: hm(1, 0), Price: 30}, {Unit: hm(2, 0), Price: 100}}, 0
	tariffs := map[string]Tariff{
		"a unit that the night gets early":   {Bands: []Band{day(CrossMajority, Block{Unit: hm(8, 0), Price: 110}), night}},
		"a unit that the day keeps for long": {Bands: []Band{day(CrossStart, Block{Unit: hm(5, 0), Price: 130, Round: RoundTail, Tail: hm(4, 30)}), night}},
		"free time in the middle of a unit":  {Free: hm(0, 30), FreeAgain: true, Bands: []Band{day(CrossStart, Block{Unit: hm(2, 0), Price: 70}), far}},
		"free time that ends the next day":   {Free: hm(1, 30), Restart: true, Bands: []Band{day(CrossSplit, Block{Unit: hm(1, 0), Price: 50}), night}},
		"one first block in the stay":        {First: FirstStay, Restart: true, Bands: []Band{day(CrossSplit, Block{Until: hm(1, 0), Price: 300}, Block{Unit: hm(2, 0), Price: 50}), night}},
	}
	rapid.Check(t, func(t *rapid.T) {
		f := tariffs[rapid.SampledFrom(slices.Sorted(maps.Keys(tariffs))).Draw(t, "tariff")]
		f.Daily = rapid.Bool().Draw(t, "daily")
		f.Caps = rapid.SampledFrom([][]int64{nil, {500}}).Draw(t, "caps")
		entry := clockAt(0, 0).Add(30 * time.Minute * time.Duration(rapid.IntRange(0, 47).Draw(t, "entry")))
		minutes := rapid.IntRange(10*48, 12*48).Draw(t, "length") * 30
		got := f.Bill(Stay{Entered: entry, Left: entry.Add(time.Duration(minutes) * time.Minute)})
		if want := newOracle(f, entry, minutes).fee(); got.Total != want {
			t.Errorf("Total of %d minutes from %v = %d, the clock gives %d\nlines %+v", minutes, entry, got.Total, want, got.Lines)
		}
	})
}
