// Package wallclock tells the time and whether to believe it.
//
// A box without a battery starts in the past until the network corrects it.
// Fees worked out with such a time would be wrong, so whoever uses the time to
// decide can ask. A program cannot run before it was built: an earlier time is
// not to be believed.
package wallclock

import (
	"runtime/debug"
	"sync/atomic"
	"time"
)

// A Clock tells the time. It may be used from any goroutine. The zero value
// works, and believes every time.
type Clock struct {
	floor time.Time
	shift atomic.Int64 // nanoseconds
	now   func() time.Time
}

// New returns a clock that believes no time before floor. BuildDate is the
// usual floor.
func New(floor time.Time) *Clock {
	return &Clock{floor: floor}
}

// Now returns the time in UTC, which has no monotonic reading: the time between two
// calls is wrong when the wall clock is set in between.
func (c *Clock) Now() time.Time {
	return c.wall().Add(time.Duration(c.shift.Load())).UTC()
}

// Trusted reports whether the machine's clock is past the floor. A shift does
// not count: it makes no clock better.
func (c *Clock) Trusted() bool {
	return !c.wall().Before(c.floor)
}

// Floor returns the time before which nothing is believed.
func (c *Clock) Floor() time.Time { return c.floor }

// Shift moves the time by d, on top of earlier shifts. Only the demo calls it,
// to let hours pass between two cars; waits keep their real length.
func (c *Clock) Shift(d time.Duration) {
	c.shift.Add(int64(d))
}

func (c *Clock) wall() time.Time {
	if c.now != nil {
		return c.now()
	}
	return time.Now()
}

// BuildDate returns when the program's source was committed, as the Go tool
// recorded it, or the zero time if it did not.
func BuildDate() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			if t, err := time.Parse(time.RFC3339, s.Value); err == nil {
				return t.UTC()
			}
		}
	}
	return time.Time{}
}
