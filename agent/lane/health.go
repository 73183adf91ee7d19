package lane

import (
	"context"
	"time"

	"parkagent/drivers"
)

// report notes what came of a call of one of the lane's devices. A gate that answers
// is not well while its inputs contradict each other, or the cars.
func (l *Lane) report(ctx context.Context, device string, err error) {
	if err == nil && device == l.cfg.GateCode {
		err = l.state.sense.fault(l.cfg.Now().UTC())
	}
	l.health.Report(ctx, device, err)
}

// dead reports whether the gate failed last time.
func (l *Lane) dead() bool { return l.health.Fault(l.cfg.GateCode) == drivers.FaultOffline }

// A skew judges by a camera's clock whether an event is late, without
// believing that clock: it compares the event's age with the smallest age
// seen, which is what the clock is wrong by.
type skew struct {
	late  time.Duration
	known bool
	least time.Duration

	last, lastNow time.Time     // when the last event was received, by the wall and by the monotonic clock
	suspectAt     time.Time     // when the first of a run of equally late events happened; zero without one
	suspectAge    time.Duration // and their age
}

const (
	// clockJump is an age that no camera stores events for; it means that the
	// camera's clock was set.
	clockJump = 7 * 24 * time.Hour
	// Events that happened at least apart from each other and reached us
	// equally late, within sameAge, are not kept ones, which come in a burst.
	apart   = 10 * time.Second
	sameAge = 3 * time.Second
	// ourJump is by how much our own clock must be set to count.
	ourJump = time.Minute
)

// isLate reports whether r is older than the lane accepts. After the first
// events that seem late, others of the same age show that a clock was set or
// is slow: without that, no car would pass until the next start. now is a time.Now:
// our wall clock is set while the monotonic one goes on.
func (k *skew) isLate(r drivers.Recognition, now time.Time) bool {
	if r.At.IsZero() || r.Received.IsZero() || r.Offline {
		return false // the flag says all
	}
	if set := r.Received.Sub(k.last) - now.Sub(k.lastNow); set.Abs() > ourJump {
		k.known = false
	}
	k.last, k.lastNow = r.Received, now
	age := r.Received.Sub(r.At)
	switch {
	case !k.old(age):
		k.suspectAt = time.Time{}
		return false
	case k.suspectAt.IsZero() || (age-k.suspectAge).Abs() > sameAge:
		k.suspectAt, k.suspectAge = r.At, age
		return true
	case r.At.Sub(k.suspectAt) < apart:
		return true
	}
	k.known, k.least, k.suspectAt = true, age, time.Time{}
	return false
}

// right is a time by the camera's clock as it was by ours, as far as that is known.
func (k *skew) right(at time.Time) time.Time {
	if !k.known || at.IsZero() {
		return at
	}
	return at.Add(k.least)
}

// old judges one event by its age alone. The first event of a camera after a
// start is believed unless its age is plausible for one that was kept: more
// than late, less than a week, and no round number of hours, which is what a
// wrong time zone looks like.
func (k *skew) old(age time.Duration) bool {
	if !k.known {
		zone := age.Round(30*time.Minute) - age
		if age > k.late && age < clockJump && zone.Abs() > k.late {
			return true
		}
		k.known, k.least = true, age
		return false
	}
	relative := age - k.least
	if relative < 0 || relative > clockJump {
		k.least = age
		return false
	}
	return relative > k.late
}
