package lane

import (
	"errors"
	"slices"
	"time"

	"parkagent/agent/health"
	"parkagent/agent/plate"
	"parkagent/drivers"
	"parkagent/store"
)

// Where an input behind the arm tells that a car drives through, a stay begins or
// ends with that, and not with the gate's answer. Between the two a car may back
// out, a second one may follow it, and the next may come: this file is about them.

// Times of a passage.
const (
	// passWithin is how long a car may take to drive through an open gate where
	// nothing tells that it stands there still; giveUpAt where something does.
	passWithin = time.Minute
	// backWithin is how long after it left the presence input a car that does not
	// show behind the arm has backed out.
	backWithin = 10 * time.Second
	// nextWithin is the same from when another car was recognised before the gate,
	// unless something has stood at the presence input without a break: then the first
	// car waits for the street, and the other one behind it.
	nextWithin = 30 * time.Second
	// throughFor is how long a car stands behind the arm until it has passed all
	// the same: the street is full, or the input is stuck.
	throughFor = time.Minute
	// stuckAfter is how long the input behind the arm is active without a break
	// until it is not believed any more.
	stuckAfter = 2 * time.Minute
	// missedMost is how many openings in a row without a passage it is believed for.
	missedMost = 3
	// armWithin is how long an arm takes to leave its lower end.
	armWithin = 5 * time.Second
	// tailFor is how long after a passage a further one is of a car that followed.
	tailFor = 10 * time.Second
	// sameCar is the longest gap that the input shows under one car, as between a
	// lorry and its trailer.
	sameCar = time.Second
	// orderedFor is how long a gate is open for a car whose passage is not waited
	// for: from outside, for one that nobody recognised, or held open.
	orderedFor = time.Minute
	// mostNext is how many cars wait for their decision while another passes.
	mostNext = 3
)

// A senses is what the gate's inputs said when they were read last.
type senses struct {
	presence drivers.Presence
	passage  drivers.Presence
	arm      drivers.Arm
	said     drivers.Fault // by the gate itself

	since   time.Time // the passage input has been active since
	cleared time.Time // when it last became clear
	missed  int       // openings in a row that no passage followed
	stuck   bool      // the arm did not leave its lower end when it was told to
}

// A transit is how far the car is that the gate has opened for, in phase passing.
type transit struct {
	opened  time.Time // when the gate acknowledged
	alive   time.Time // when something last told that the car stands there still
	through time.Time // when the input behind the arm became active for it; zero before
	stood   bool      // it was seen at the presence input since
	left    time.Time // when it left that; zero while it stands there
	rose    bool      // the arm was seen to leave its lower end
	gap     bool      // and the presence input was clear since it was seen there
	covered bool      // the input behind the arm is active for a car ahead, and cannot tell of this one
	blind   bool      // the inputs could not be read all the time
	nextAt  time.Time // when another car was recognised; zero without one
}

// Errors of a gate's inputs, for the state of the gate.
var (
	errArmFault  = &drivers.FaultError{Fault: drivers.FaultLimits, Err: errors.New("both limit inputs of the arm are active")}
	errArmStuck  = &drivers.FaultError{Fault: drivers.FaultTravel, Err: errors.New("the arm does not leave its lower end")}
	errNoPassage = &drivers.FaultError{Fault: drivers.FaultPresence, Err: errors.New("the passage input does not follow the cars")}
)

// fitted reports whether there is a passage input, as far as is known.
func (x senses) fitted() bool {
	return x.passage == drivers.PresenceClear || x.passage == drivers.PresenceOccupied
}

// works reports whether the passage input is fitted and believed. One that misses
// car after car, or sees one for ever, would keep stays from beginning and ending.
func (x senses) works(now time.Time) bool {
	return x.fitted() && x.missed < missedMost && !(x.passage == drivers.PresenceOccupied && now.Sub(x.since) > stuckAfter)
}

// fault is what is wrong with the gate's inputs, nil if nothing is. What the gate
// itself tells comes first.
func (x senses) fault(now time.Time) error {
	switch {
	case x.said != drivers.FaultNone:
		return health.Of(x.said)
	case x.arm == drivers.ArmFault:
		return errArmFault
	case x.stuck:
		return errArmStuck
	case x.fitted() && !x.works(now):
		return errNoPassage
	}
	return nil
}

// decideSensed is what a lane does about its inputs.
func decideSensed(s state, e sensed, now time.Time) (state, []command) {
	if e.failed {
		s.pass.blind, s.began.gone = true, true
		return decidePassing(s, now)
	}
	if e.presence == drivers.PresenceOccupied && since(now, s.black, blackScan) {
		s.black = now // nobody else has come to stand there
	}
	s.began.there = s.began.there || e.presence == drivers.PresenceOccupied
	s.began.gone = s.began.gone || e.presence == drivers.PresenceClear
	was := s.sense
	s.sense.presence, s.sense.passage, s.sense.arm, s.sense.said = e.presence, e.passage, e.arm, e.fault
	if e.arm != drivers.ArmDown {
		s.pass.rose, s.sense.stuck = true, false
	}
	switch {
	case was.passage == drivers.PresenceOccupied && e.passage == drivers.PresenceClear:
		s.sense.cleared = now
		if s.phase == passing && (!s.pass.through.IsZero() || s.pass.covered && s.pass.stood && e.presence == drivers.PresenceClear) {
			return passed(s, now)
		}
		s.pass.blind = s.pass.blind || s.pass.covered && e.presence != drivers.PresenceOccupied
		s.pass.covered = false
	case was.passage != drivers.PresenceOccupied && e.passage == drivers.PresenceOccupied:
		s.sense.since, s.sense.missed = now, 0
		if was.passage == drivers.PresenceClear {
			return drivesThrough(s, now)
		}
	}
	return decidePassing(s, now)
}

// drivesThrough is what a lane does when a car appears behind the arm.
func drivesThrough(s state, now time.Time) (state, []command) {
	switch {
	case s.phase == passing:
		s.pass.through = now
		return s, nil
	case s.phase == raising && s.sense.arm != drivers.ArmDown && s.sense.arm != drivers.ArmFault:
		// The gate did open, and its answer was lost.
		s, cmds := decideRaised(s, raised{}, now)
		if s.phase == passing {
			s.pass.through = now
		}
		return s, cmds
	case since(now, s.sense.cleared, sameCar): // the rear of the car before
		return s, nil
	case since(now, s.ordered, orderedFor):
		s.passedAt = now
		if s.expected--; s.expected <= 0 {
			s.ordered = time.Time{}
		}
		return s, nil
	}
	f := store.PassageFact{Event: store.PassageUnopened, Session: s.car.Session, Plate: s.car.Plate}
	if f.Plate == "" {
		f.Plate = s.stands(now).Plate
	}
	switch {
	case s.held:
		f.Event = store.PassageHeld
	case since(now, s.passedAt, tailFor):
		f.Event = store.PassageTailgate
	}
	s.passedAt = now
	return s, []command{noteOdd{fact: f}}
}

// expect notes that the gate opened for a further car whose passage is not waited
// for: it is no odd one when it drives through.
func (s state) expect(now time.Time) state {
	if !since(now, s.ordered, orderedFor) {
		s.expected = 0
	}
	s.ordered, s.expected = now, s.expected+1
	return s
}

// decidePassing goes on with the car that the gate has opened for.
func decidePassing(s state, now time.Time) (state, []command) {
	if s.phase != passing {
		return s, nil
	}
	if now.Before(s.pass.opened) || now.Before(s.pass.alive) { // our clock was set
		s.pass.opened, s.pass.alive, s.since = now, now, now
	}
	p := &s.pass
	switch s.sense.presence {
	case drivers.PresenceOccupied:
		p.stood, p.left, p.alive = true, time.Time{}, now
	case drivers.PresenceClear:
		if p.stood && p.left.IsZero() {
			p.left, p.gap = now, true
		}
	}
	switch {
	case !p.through.IsZero():
		if !since(now, p.through, throughFor) {
			return passed(s, now)
		}
		return s, nil
	case s.sense.arm == drivers.ArmDown && now.Sub(p.opened) >= armWithin && s.mayReopen(now):
		return reopen(s, now)
	case !p.left.IsZero() && now.Sub(p.left) >= backWithin:
		return turnedBack(s, now, "it backed out")
	case now.Sub(p.alive) >= passWithin, now.Sub(s.since) >= giveUpAt,
		!p.nextAt.IsZero() && now.Sub(p.nextAt) >= nextWithin && (p.gap || s.sense.presence != drivers.PresenceOccupied):
		return turnedBack(s, now, "nothing was seen to drive through")
	}
	return s, nil
}

// mayReopen reports whether an arm that is down is to be raised once more for the
// car: it never left its lower end, or came down before the car drove, which
// stands there still.
func (s state) mayReopen(now time.Time) bool {
	return s.sense.presence == drivers.PresenceOccupied || !s.pass.rose && s.sense.presence != drivers.PresenceClear && now.Sub(s.since) < giveUpAt
}

// reopen raises the arm once more for the car that the gate had opened for.
func reopen(s state, now time.Time) (state, []command) {
	s.phase, s.retryAt = raising, now.Add(retryMax)
	cmds := []command{raise{again: true}}
	if !s.pass.rose && !s.sense.stuck {
		s.sense.stuck = true
		s.idleAt = now.Add(standsFor)
		cmds = append(cmds, show{text{say: sayGateFault, plate: s.car.Plate, stay: s.car.Stay}})
	}
	return s, cmds
}

// passed books the passage of the car that the gate had opened for.
func passed(s state, now time.Time) (state, []command) {
	s.phase, s.tries, s.passedAt, s.pass, s.began = confirming, 0, now, transit{}, began{}
	return s, []command{confirm{session: s.car.Session}}
}

// turnedBack takes back the passage of a car that did not drive through. While
// the inputs could not be read it may have, or bumper to bumper behind one that stood
// at the input behind the arm, and then a stay must not be lost.
func turnedBack(s state, now time.Time, why string) (state, []command) {
	if s.pass.covered {
		return passed(s, now)
	}
	s.sense.missed++
	if s.pass.blind {
		return passed(s, now)
	}
	s.phase, s.tries, s.back, s.idleAt, s.pass = confirming, 0, why, now, transit{}
	s.seen = forgetCar(forgetCar(s.seen, s.car.Plate), s.asked.Plate)
	s.scans = slices.DeleteFunc(slices.Clone(s.scans), func(a attempt) bool { return a.session == s.car.Session })
	return s, []command{turnBack{session: s.car.Session, why: why}}
}

// decideWhilePassing is what a lane does about a recognition while the gate is open
// for a car. One of that car tells that it stands there still. Another is decided on
// when the first has passed, in the order in which they came: the gate must not be
// told to open for the second, and take the first for it. Once the front of the first
// is behind the arm, only what every camera takes for its plate is that one: another
// like it is of a fleet. ok is false where that is no reason to wait.
func decideWhilePassing(s state, rec drivers.Recognition, now time.Time) (after state, cmds []command, ok bool) {
	no := plate.Normal(rec.Plate)
	switch {
	case s.phase != passing && (s.phase != confirming || len(s.next) == 0):
		return s, nil, false
	case s.phase == passing && (no == "" || s.isOf(no)):
		s.pass.alive = now
		if s.sense.arm == drivers.ArmDown && s.pass.through.IsZero() && now.Sub(s.pass.opened) >= armWithin {
			s, cmds = reopen(s, now)
		}
		return s, cmds, true
	case no == "" || len(s.next) >= mostNext:
		return s, nil, true // its next recognition counts
	case slices.ContainsFunc(s.next, func(f follower) bool { return plate.Normal(f.rec.Plate) == no }):
		return s, nil, true
	}
	if s.pass.nextAt.IsZero() {
		s.pass.nextAt = now
	}
	s.next = append(slices.Clone(s.next), follower{rec: rec, at: now})
	return s, nil, true
}

// isOf reports whether a plate is a reading of the car that the gate has opened for.
func (s state) isOf(no string) bool {
	return no == s.car.Plate || no == s.asked.Plate || plate.Confusable(no, s.car.Plate) || s.pass.through.IsZero() && plate.Alike(no, s.car.Plate)
}

// nextCar turns to the car that came while another one passed.
func nextCar(s state, now time.Time, dedupe time.Duration) (state, []command) {
	for len(s.next) > 0 {
		f := s.next[0]
		s.next = s.next[1:]
		if since(now, f.at, giveUpAt) { // or it has most likely gone
			s.seen = remember(s.seen, sighting{plate: plate.Normal(f.rec.Plate), at: now}, dedupe)
			return s, []command{rule{rec: f.rec, seen: f.at}}
		}
	}
	return s, nil
}

// without is next without the car of a plate, which is being let through: an operator
// said that it stands there in place of the one before, behind which it was seen.
func without(next []follower, no string) []follower {
	return slices.DeleteFunc(slices.Clone(next), func(f follower) bool { return plate.Normal(f.rec.Plate) == no })
}

// watches reports whether the inputs are to be read often: a car drives through, or
// another may follow it.
func (s state) watches(now time.Time) bool {
	return s.sense.fitted() && (s.phase == passing || since(now, s.passedAt, tailFor) || since(now, s.ordered, orderedFor) ||
		s.sense.passage == drivers.PresenceOccupied && s.sense.works(now))
}
