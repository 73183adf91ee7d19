package tariff

import "time"

// listed is how many equal periods are listed one by one; more become one line,
// so that the bill of a car left for a year can still be read.
const listed = 7

// periods bills the charged time, one cap period after the other. granted tells
// whether the stay has its free time.
func (t *Tariff) periods(w *writer, charged time.Duration, granted bool) {
	c := newClimber(t, w, charged)
	var equal cycle
	folding := false
	steady := max(1, len(t.Caps)-1) // from this period on all have the same rules
	for k, from := 0, time.Duration(0); from < charged; k++ {
		full := t.periodEnds(c.clock, from)
		if k == steady {
			folding = (charged-from)/Period > listed
		}
		if !folding || full > charged {
			c.period(k, from, full, granted)
			from = full
			continue
		}
		if n, fee := equal.ahead(c, from); n > 0 {
			w.fold(from, from+time.Duration(n)*Period, n, fee)
			c.jump(n)
			from += time.Duration(n) * Period
			continue
		}
		mark := w.mark()
		c.period(k, from, full, granted)
		fee := w.undo(mark)
		w.fold(from, full, 1, fee)
		equal.add(fee)
		from = full
	}
}

// periodEnds returns when the period ends that begins, or goes on, at from.
func (t *Tariff) periodEnds(c *clock, from time.Duration) time.Duration {
	if t.Daily {
		return c.dayEnds(from, t.DayStarts)
	}
	return from + Period
}

// period bills period k, which lasts from from to full, as far as the stay goes.
func (c *climber) period(k int, from, full time.Duration, granted bool) {
	t, to := c.t, min(full, c.left)
	begin := c.freeUntil(k, from, to, granted)
	if begin > from {
		c.w.add(from, begin, Line{Units: 1, Note: NoteFree})
	}
	if t.First == FirstPeriod {
		c.used = false
	}
	if c.started && !t.Restart {
		c.pause(from, begin)
	} else {
		c.restart(begin)
		c.started = begin < to
	}
	limit := forever
	if t.Restart {
		limit = full
	}
	c.capped = 0
	c.charge(begin, to, limit)
	if len(t.Caps) == 0 {
		return
	}
	if most := t.Caps[min(k, len(t.Caps)-1)]; c.capped > most {
		c.w.add(from, to, Line{Units: 1, Price: most - c.capped, Note: NoteCap})
	}
}

// freeUntil returns up to when period k is free because of the free time.
func (c *climber) freeUntil(k int, from, to time.Duration, granted bool) time.Duration {
	t := c.t
	if t.Free > 0 && (k == 0 && granted || k > 0 && t.FreeAgain) {
		part := to - from
		if !t.FreeAgain { // the free time is that of the stay, however soon its first day ends
			part = c.left
		}
		if t.isFree(part) || !t.FreeCounts {
			c.free = max(c.free, from+t.Free)
		}
	}
	return min(max(from, c.free), to)
}

// A cycle notices when a stay begins to repeat itself: when the ladders stand
// as they stood some periods ago, the fees of those periods come again and
// again until the clock's offset changes. It compares with one earlier period
// only, twice as far back each time (Brent's way).
type cycle struct {
	since       standing
	now         standing
	from, until time.Duration // of the clock's offset then
	periods     int64         // since then
	most        int64         // of them, until a later one is compared with; 0 means no comparison yet
	fee         int64
}

// ahead returns how many of the coming periods need no working out because they
// repeat others, and their fee. c stands at the beginning of one, at from.
func (y *cycle) ahead(c *climber, from time.Duration) (periods, fee int64) {
	c.standing(from, &y.now)
	c.clock.wall(from) // for its offset, which standing may have left
	same := y.most > 0 && y.from == c.clock.from && y.until == c.clock.until
	if same && y.periods > 0 && y.now.equal(&y.since) {
		if n := int64((min(c.left, c.clock.until)-from)/Period) / y.periods; n > 0 {
			return n * y.periods, n * y.fee
		}
	}
	if !same || y.periods >= y.most {
		y.most = max(1, 2*y.most)
		if !same {
			y.most = 1
		}
		y.since, y.now = y.now, y.since
		y.from, y.until, y.periods, y.fee = c.clock.from, c.clock.until, 0, 0
	}
	return 0, 0
}

func (y *cycle) add(fee int64) {
	y.periods++
	y.fee += fee
}
