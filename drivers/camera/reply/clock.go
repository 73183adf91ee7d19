package reply

import (
	"time"

	"parkagent/drivers"
)

// A clock tells by the camera's own clock whether it saw a car long ago, without
// believing that clock: it goes on from the last event's time. Most cameras say
// that they kept an event; some firmware does not.
type clock struct {
	at, received time.Time // of the last event that was no old one; received with its monotonic reading

	suspectAt  time.Time // of the last one that was; zero without
	suspectAge time.Duration
}

const (
	// tooOld is the age from which no answer opens. The lane has a limit of its
	// own, which the installer sets; this one only stands behind it.
	tooOld = 5 * time.Minute
	// tooOldToKeep is an age that no camera keeps events for: its clock was set.
	tooOldToKeep = 7 * 24 * time.Hour
	// Old events that were apart when they happened and are of the same age now
	// were not kept, which come in a burst: the camera's clock was set back.
	apart   = 10 * time.Second
	sameAge = 3 * time.Second
)

// late reports whether the camera saw the car too long ago. now is a time.Now, not
// rec.Received: our own clock may be set, and the car before us is no older for it.
func (c *clock) late(rec drivers.Recognition, now time.Time) bool {
	if rec.At.IsZero() || rec.Offline {
		return false // the flag says all
	}
	age := c.at.Add(now.Sub(c.received)).Sub(rec.At)
	old := !c.at.IsZero() && age > tooOld && age < tooOldToKeep
	if old && (c.suspectAt.IsZero() || (age-c.suspectAge).Abs() > sameAge) {
		c.suspectAt, c.suspectAge = rec.At, age
		return true
	}
	if old && rec.At.Sub(c.suspectAt) < apart {
		return true
	}
	c.at, c.received, c.suspectAt = rec.At, now, time.Time{}
	return false
}
