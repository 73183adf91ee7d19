package rs485

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
)

// Counts tell how well a line works, since the program started.
type Counts struct {
	Requests uint64 // sent
	Shared   uint64 // answered by the reply to another's request
	Silent   uint64 // requests without a single byte of a reply
	Damaged  uint64 // requests with bytes but no valid reply: noise, a wrong speed, two units with one address
	Broken   uint64 // requests during which the port failed
	Noisy    uint64 // replies with other bytes before them
	Stray    uint64 // times that bytes came which nobody had asked for: late replies, another master, noise
	Echo     bool   // the adapter sends back what it transmits
}

// counters are Counts as they grow.
type counters struct {
	requests, shared, silent, damaged, broken, noisy, stray atomic.Uint64
	echo                                                    atomic.Bool
}

// failed counts a request without a valid reply, of which so many bytes came.
func (c *counters) failed(received int, err error) {
	switch {
	case !errors.Is(err, os.ErrDeadlineExceeded):
		c.broken.Add(1)
	case received == 0:
		c.silent.Add(1)
	default:
		c.damaged.Add(1)
	}
}

// Counts returns how well the line worked so far.
func (l *Line) Counts() Counts {
	c := &l.count
	return Counts{
		Requests: c.requests.Load(), Shared: c.shared.Load(), Silent: c.silent.Load(), Damaged: c.damaged.Load(),
		Broken: c.broken.Load(), Noisy: c.noisy.Load(), Stray: c.stray.Load(), Echo: c.echo.Load(),
	}
}

// Healthy reports whether the line can be relied on: of a hundred requests at
// most one was answered badly, apart from those that nobody answered.
func (c Counts) Healthy() bool {
	return 100*(c.Damaged+c.Broken+c.Noisy+c.Stray) <= c.Requests
}

// String lists what is not zero, as "requests=20 damaged=1 echo".
func (c Counts) String() string {
	text := fmt.Sprintf("requests=%d", c.Requests)
	for _, one := range []struct {
		name string
		n    uint64
	}{{"silent", c.Silent}, {"damaged", c.Damaged}, {"broken", c.Broken}, {"noisy", c.Noisy}, {"stray", c.Stray}} {
		if one.n > 0 {
			text += fmt.Sprintf(" %s=%d", one.name, one.n)
		}
	}
	if c.Echo {
		text += " echo"
	}
	return text
}
