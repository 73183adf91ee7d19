package gate

import (
	"errors"
	"fmt"
	"time"

	"parkagent/drivers"
)

// A reading is what the inputs of one barrier said at one moment.
type reading struct {
	arm               drivers.Arm
	presence, passage drivers.Presence
}

// blindAfter is after how many cars that drove through unseen by the presence
// input its word is not taken any more. A person who walks through a light
// curtain is one as well.
const blindAfter = 3

// A guard keeps an arm from coming down on anybody. It is what all kinds of
// gates lower their arms by.
type guard struct {
	presence, passage bool          // whether these inputs are wired
	selfGuarded       bool          // the barrier guards itself
	age               time.Duration // how old a reading may be when the arm is told to come down

	passing bool // a car drives through
	since   int  // how many have driven through since presence last was occupied
}

// allowed refuses a barrier that nobody may lower from here, whatever its inputs
// say.
func (g *guard) allowed() error {
	if !g.presence && !g.selfGuarded {
		return refusal("no presence input is wired, and the barrier is not said to guard itself")
	}
	return nil
}

// observe takes note of what the inputs say.
func (g *guard) observe(r reading) {
	was := g.passing
	g.passing = r.passage == drivers.PresenceOccupied
	if was && !g.passing && g.presence {
		g.since++
	}
	if r.presence == drivers.PresenceOccupied {
		g.since = 0
	}
}

// blind reports that the presence input does not see the cars that drive
// through: its loop is broken, or its wire. The first of them is the one that it saw
// last.
func (g *guard) blind() bool { return g.since > blindAfter }

// clear refuses unless the inputs below and behind the arm, where they are
// wired, read clear twice in a row: the rear of a car that is seen behind the arm
// may be below it still. The second reading comes right before the command, which
// must go out before good, the zero time where nothing is wired: the reading is
// too old then. Its age counts from the question, since nobody knows when on its
// way the answer was true.
func (g *guard) clear(read func() (reading, error)) (good time.Time, err error) {
	if !g.presence && !g.passage {
		return time.Time{}, nil
	}
	for range 2 {
		good = time.Now().Add(g.age)
		r, err := read()
		if err != nil {
			return good, g.unknown(err)
		}
		g.observe(r)
		switch {
		case r.presence == drivers.PresenceOccupied:
			return good, refusal("presence is occupied")
		case r.passage == drivers.PresenceOccupied:
			return good, refusal("a car drives through")
		case g.presence && r.presence != drivers.PresenceClear:
			return good, refusal("presence is unknown")
		case g.blind():
			return good, refusal("the presence input did not see the last cars")
		}
	}
	return good, nil
}

// unknown is a refusal to lower because the gate does not say what stands under
// the arm. It is both: nothing was sent, and the gate cannot be reached.
func (g *guard) unknown(err error) error {
	if !g.presence && !g.passage {
		return err
	}
	if errors.Is(err, drivers.ErrRefused) {
		return fmt.Errorf("presence is unknown: %w", err)
	}
	return fmt.Errorf("%w: presence is unknown: %w", drivers.ErrRefused, err)
}

// armBetween says where an arm is by its limit inputs, of which one may not be
// wired.
func armBetween(seesUp, seesDown, isUp, isDown bool) drivers.Arm {
	switch {
	case isUp && isDown:
		return drivers.ArmFault
	case isUp:
		return drivers.ArmUp
	case isDown:
		return drivers.ArmDown
	case seesUp && seesDown:
		return drivers.ArmMoving
	}
	return drivers.ArmUnknown
}

// A motion watches by the limit inputs whether an arm moves as it is told. It
// keeps to the time that does not jump.
type motion struct {
	travel           time.Duration // 0: not watched
	seesUp, seesDown bool          // which ends of its way are wired

	at      time.Time // of the last reading
	between time.Time // since when the arm is at neither end; zero while it is at one
	owed    time.Time // when it was told to rise and was not seen to yet; zero where it was
	stopped bool      // it was told to stop where it is
}

// raised notes that the barrier took the command to open. Asking again is no
// more patience: the first time counts.
func (m *motion) raised(now time.Time) {
	if m.owed.IsZero() {
		m.owed = now
	}
	m.told(now)
}

// lowered notes that the barrier took the command to close.
func (m *motion) lowered(now time.Time) {
	m.owed = time.Time{}
	m.told(now)
}

func (m *motion) told(now time.Time) {
	m.stopped = false
	if !m.between.IsZero() {
		m.between = now // it may turn back, and has the whole way before it
	}
}

// halted notes that the barrier took the command to stop.
func (m *motion) halted() { m.owed, m.stopped = time.Time{}, true }

// judge returns where the arm is and what is wrong with it. Both limits at once
// are wrong at any time; the rest takes longer than the arm's way, and only holds
// if it was watched for all of that.
func (m *motion) judge(arm drivers.Arm, now time.Time) (drivers.Arm, drivers.Fault) {
	if arm == drivers.ArmFault {
		return arm, drivers.FaultLimits
	}
	if m.travel == 0 {
		return arm, drivers.FaultNone
	}
	if now.Sub(m.at) > m.travel && !m.at.IsZero() { // it may have come and gone
		m.between = time.Time{}
		if !m.owed.IsZero() && m.owed.Before(m.at) {
			m.owed = time.Time{}
		}
	}
	m.at = now
	if arm == drivers.ArmUp || m.seesDown && arm != drivers.ArmDown {
		m.owed = time.Time{}
	}
	switch {
	case arm != drivers.ArmMoving:
		m.between = time.Time{}
	case m.between.IsZero():
		m.between = now
	}
	if arm == drivers.ArmUp || arm == drivers.ArmDown {
		m.stopped = false
	}
	switch {
	case !m.between.IsZero() && !m.stopped && now.Sub(m.between) > m.travel:
		return drivers.ArmFault, drivers.FaultTravel
	case (m.seesUp || m.seesDown) && !m.owed.IsZero() && now.Sub(m.owed) > m.travel:
		return arm, drivers.FaultTravel
	}
	return arm, drivers.FaultNone
}
