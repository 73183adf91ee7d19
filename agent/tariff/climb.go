package tariff

import (
	"slices"
	"time"
)

// A climber charges a stay from its start to its end: it knows where on its
// ladder each band stands. Moments are given from the start of the stay.
type climber struct {
	t     *Tariff
	clock *clock
	w     *writer
	bands []Band   // at least one
	names []string // of them
	rungs []rung   // on which their ladders stand

	band    int           // in which it is; nowhere before the first
	origin  time.Duration // from when on LadderThrough counts
	skip    bool          // ladders that LadderThrough counts begin with their second block
	used    bool          // a first block was charged, see First
	over    time.Duration // up to when a unit goes that ran over the ends of its band and of a period
	early   time.Duration // up to when a band goes on before its time, because it got the unit that runs into it
	capped  int64         // what the caps of periods limit, in this period
	left    time.Duration // when the stay ends
	free    time.Duration // up to when the free time goes
	started bool          // time was charged
}

const nowhere = -2

// A rung is where a ladder stands. Once on an open end it stays there, so that
// equal days look equal.
type rung struct {
	at    time.Duration // of the ladder
	used  time.Duration // of the unit that was begun
	fee   int64         // of the band, since the clock last entered it
	day   int64         // when that was
	again time.Duration // where LadderThrough would go on; only for comparing
}

func newClimber(t *Tariff, w *writer, charged time.Duration) *climber {
	c := &climber{t: t, clock: newClock(w.start), w: w, band: nowhere, left: charged, bands: t.Bands}
	if len(c.bands) == 0 {
		c.bands = []Band{{Blocks: t.Blocks}}
	}
	c.rungs, c.names = make([]rung, len(c.bands)), make([]string, len(c.bands))
	for i, b := range c.bands {
		c.names[i] = b.name()
	}
	return c
}

// restart puts every ladder to its beginning.
func (c *climber) restart(at time.Duration) {
	c.band, c.origin, c.over, c.early = nowhere, at, 0, 0
	c.skip = c.t.First != FirstEach && c.used
	for i := range c.rungs {
		c.rungs[i].at, c.rungs[i].used = 0, 0
	}
}

// charge charges the time from one moment to another. No unit goes on behind
// limit.
func (c *climber) charge(from, to, limit time.Duration) {
	for at := from; at < to; {
		if c.band >= 0 && at < c.over { // the last unit of the period before goes on
			at = c.climb(c.rungs[c.band].day, at, to, c.over, limit)
			continue
		}
		band, day, end := c.t.band(c.clock, max(at, c.early))
		if band != c.band {
			c.enter(band, at)
		}
		if band < 0 {
			at = min(end, to)
			continue
		}
		at = c.climb(day, at, to, end, limit)
	}
}

// pause lets the ladders, and a unit that runs, stand still for a time.
func (c *climber) pause(from, to time.Duration) {
	c.origin += to - from
	switch {
	case to == from || c.band < 0 || c.bands[c.band].Crossing == CrossSplit:
	case c.over > from:
		c.over += to - from
	default: // its band may end meanwhile
		r, blocks := &c.rungs[c.band], c.bands[c.band].Blocks
		if i, low := find(blocks, r.at); i >= 0 {
			c.over = to + r.rest(blocks[i], low)
		}
	}
}

// enter begins the time in a band.
func (c *climber) enter(band int, at time.Duration) {
	c.band = band
	if band < 0 {
		return
	}
	r, blocks := &c.rungs[band], c.bands[band].Blocks
	second := time.Duration(0) // where the second block begins
	if len(blocks) > 1 {
		second = blocks[0].Until
	}
	switch c.bands[band].Ladder {
	case LadderThrough:
		r.at, r.used = at-c.origin, 0
		if c.skip {
			r.at += second
		}
		return
	case LadderRestart:
		r.at, r.used = 0, 0
	}
	if r.at == 0 && c.used && c.t.First != FirstEach {
		r.at = second
	}
}

// climb charges the time up to a moment, or to the end of the band before it,
// and returns up to when it is charged.
func (c *climber) climb(day int64, at, to, end, limit time.Duration) time.Duration {
	stop := min(to, end)
	b, r, name := &c.bands[c.band], &c.rungs[c.band], c.names[c.band]
	blocks := b.Blocks
	if r.day != day {
		r.day, r.fee = day, 0
	}
	from, before := at, r.fee
	if len(blocks) == 0 {
		c.w.add(at, stop, Line{Band: name, Units: 1, Note: NoteFreeBand})
		return stop
	}
	crosses := b.Crossing != CrossSplit && c.leaves(end, limit)
	handed := false
	for at < stop && !handed {
		i, low := find(blocks, r.at)
		if i < 0 {
			at = stop // nothing is said about what the time after the last block costs
			break
		}
		d := stop - at
		if blocks[i].Until > 0 {
			d = min(d, blocks[i].Until-r.at)
		}
		if crosses && (blocks[i].Until == 0 || blocks[i].Until-r.at >= end-at) {
			begun, over := r.crossing(blocks[i], low, at, end)
			over = min(over, limit)
			switch {
			case b.Crossing == CrossMajority && begun >= at && end-begun < over-end:
				if begun < stop {
					d, handed = begun-at, true
				}
			case stop == end:
				c.over = over
				d = min(over, to) - at
			}
		}
		if d == 0 {
			break
		}
		c.used = c.used || i == 0 && len(blocks) > 1
		line := Line{Band: name, Price: blocks[i].Price, Note: NoteUnits, Units: r.step(blocks[i], low, d)}
		if blocks[i].Unit == 0 {
			line.Note = NoteLump
		}
		r.fee += c.w.add(at, at+d, line)
		at += d
	}
	if b.Cap > 0 && r.fee > b.Cap {
		r.fee += c.w.add(from, at, Line{Band: name, Units: 1, Price: b.Cap - r.fee, Note: NoteBandCap})
	}
	if !b.Uncapped {
		c.capped += r.fee - before
	}
	if handed {
		c.early = end
	}
	return at
}

// leaves reports whether another band begins at end, before limit.
func (c *climber) leaves(end, limit time.Duration) bool {
	if end >= limit {
		return false
	}
	next, _, _ := c.t.band(c.clock, end)
	return next != c.band
}

// find returns the block that holds a place on the ladder, and where it begins,
// or -1 behind the last one.
func find(blocks []Block, at time.Duration) (int, time.Duration) {
	var low time.Duration
	for i, b := range blocks {
		if b.Until == 0 || at < b.Until {
			return i, low
		}
		low = b.Until
	}
	return -1, low
}

// step goes up by a time within the block that begins at low, and returns how
// often its price becomes due by that.
func (r *rung) step(b Block, low, d time.Duration) (units int64) {
	if b.Unit <= 0 {
		if r.at == low {
			units = 1
		}
	} else {
		units = b.units(r.used+d) - b.units(r.used)
		r.used = (r.used + d) % b.Unit
	}
	r.at += d
	if b.Until == 0 {
		r.at = settle(b, low)
	} else if r.at >= b.Until {
		r.used = 0
	}
	return units
}

// settle returns the place that stands for every one on an open end.
func settle(b Block, low time.Duration) time.Duration {
	if b.Unit > 0 {
		return low
	}
	return low + 1 // a lump that was charged
}

// units is how often the price of a unit is due after a time in the block.
func (b Block) units(d time.Duration) int64 {
	n, rest := int64(d/b.Unit), d%b.Unit
	switch {
	case b.Round == RoundUp && rest > 0, b.Round == RoundTail && rest > b.Tail:
		n++
	}
	return n
}

// size returns how long a unit of the block is, and how much of it is used. A
// lump that ends counts as one; one that costs nothing does not.
func (r *rung) size(b Block, low time.Duration) (size, used time.Duration) {
	switch {
	case b.Price == 0:
		return 0, 0
	case b.Unit > 0:
		return b.Unit, r.used
	}
	return max(0, b.Until-low), r.at - low
}

// rest returns how much is left of a unit that was begun, up to the end of its
// block.
func (r *rung) rest(b Block, low time.Duration) time.Duration {
	size, used := r.size(b, low)
	if size == 0 || used == 0 {
		return 0
	}
	if b.Until > 0 {
		return min(size-used, b.Until-r.at)
	}
	return size - used
}

// crossing returns when the unit begins in the middle of which the band ends,
// and when it is over. Both are the end of the band if there is none, and the
// beginning is before at if it was begun then.
func (r *rung) crossing(b Block, low, at, end time.Duration) (begun, over time.Duration) {
	size, used := r.size(b, low)
	if size == 0 {
		return end, end
	}
	begun = at - used
	begun += (end - begun) / size * size
	if begun == end {
		return end, end
	}
	over = begun + size
	if b.Until > 0 {
		over = min(over, at+b.Until-r.at)
	}
	return begun, over
}

// A standing is what the fee of the rest of a stay depends on, apart from the
// time of day.
type standing struct {
	band              int
	over, early, free time.Duration
	skip, used        bool
	started           bool
	rungs             []rung
}

// standing describes where the ladders stand at the beginning of a period.
func (c *climber) standing(at time.Duration, into *standing) {
	into.band, into.over, into.early, into.free = c.band, max(0, c.over-at), max(0, c.early-at), max(0, c.free-at)
	into.skip, into.used, into.started = c.skip, c.used, c.started
	into.rungs = append(into.rungs[:0], c.rungs...)
	now, day, _ := c.t.band(c.clock, at)
	for i := range into.rungs {
		r := &into.rungs[i]
		counts := i == now && r.day == day || i == c.band && (c.over > at || c.early > at)
		if !counts {
			r.fee = 0 // the clock enters the band anew before it is charged again
		}
		r.day = 0
		if c.bands[i].Ladder == LadderThrough {
			r.again = at - c.origin
			blocks := c.bands[i].Blocks
			if k, low := find(blocks, r.again); k >= 0 && blocks[k].Until == 0 && r.again > low {
				r.again = settle(blocks[k], low)
			}
			if i != c.band {
				r.at, r.used = 0, 0
			}
		}
	}
}

func (s *standing) equal(o *standing) bool {
	return s.band == o.band && s.over == o.over && s.early == o.early && s.free == o.free && s.skip == o.skip && s.used == o.used &&
		s.started == o.started && slices.Equal(s.rungs, o.rungs)
}

// jump moves all that the climber knows by whole days that were charged
// without it.
func (c *climber) jump(days int64) {
	c.over += time.Duration(days) * Period
	c.early += time.Duration(days) * Period
	for i := range c.rungs {
		c.rungs[i].day += days
	}
}
