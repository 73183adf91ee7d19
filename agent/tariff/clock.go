package tariff

import "time"

// forever is longer than any stay.
const forever = time.Duration(1<<63 - 1)

// A clock is the wall clock of a car park in the course of a stay. Moments are
// given as the time since the stay began. Between two changes of the zone's
// offset it runs as plain arithmetic; at a change it goes on by what the wall
// shows then, so that summer time neither loses a minute nor charges it twice.
type clock struct {
	start time.Time

	// Between these moments the wall clock shows shift + moment, counted from
	// the midnight that begins day 0.
	from, until time.Duration
	shift       time.Duration
}

func newClock(start time.Time) *clock {
	c := &clock{start: start}
	c.look(0)
	return c
}

// look finds the offset that holds at a moment.
func (c *clock) look(at time.Duration) {
	t := c.start.Add(at)
	_, offset := t.Zone()
	begin, end := t.ZoneBounds()
	c.from, c.until = -forever, forever
	if !begin.IsZero() {
		c.from = begin.Sub(c.start)
	}
	if !end.IsZero() {
		c.until = end.Sub(c.start)
	}
	_, first := c.start.Zone()
	h, m, s := c.start.Clock()
	c.shift = time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(offset-first)*time.Second
}

// wall returns the day, counted from that of the start, and the time since its
// midnight that the wall clock shows.
func (c *clock) wall(at time.Duration) (day int64, since time.Duration) {
	if at < c.from || at >= c.until {
		c.look(at)
	}
	shown := c.shift + at
	day, since = int64(shown/Period), shown%Period
	if since < 0 {
		day, since = day-1, since+Period
	}
	return day, since
}

// next returns the first moment after at when the wall clock shows the given
// time, or the change of offset before that.
func (c *clock) next(at, shows time.Duration) (moment time.Duration, change bool) {
	_, since := c.wall(at)
	wait := span(since, shows)
	if c.until-at < wait {
		return c.until, true
	}
	return at + wait, false
}

// dayEnds returns the first moment after at when a day ends that begins at the
// given clock time. It is some moment of each date, also where a change of
// offset skips that time or shows it twice.
func (c *clock) dayEnds(at, begins time.Duration) time.Duration {
	t := c.start.Add(at)
	y, m, d := t.Date()
	for day := d; ; day++ {
		end := time.Date(y, m, day, 0, 0, int(begins/time.Second), 0, t.Location()).Sub(c.start)
		if end > at {
			return end
		}
	}
}

// band returns the band at a moment, how many days after that of the start it
// began, and when it ends. Without bands there is one without end. Where the
// bands leave a gap, the band is -1.
func (t *Tariff) band(c *clock, at time.Duration) (band int, day int64, end time.Duration) {
	if len(t.Bands) == 0 || len(t.Bands) == 1 && t.Bands[0].allDay() && t.Bands[0].Cap == 0 {
		return 0, 0, forever
	}
	day, since := c.wall(at)
	end = forever
	for i := range t.Bands {
		b := &t.Bands[i]
		if (since-b.From+Period)%Period < b.length() {
			if since < b.From {
				day--
			}
			end, change := c.next(at, b.To)
			if change {
				if after, _, later := t.band(c, end); after == i {
					end = later
				}
			}
			return i, day, end
		}
		next, _ := c.next(at, b.From)
		end = min(end, next)
	}
	return -1, day, end
}
