package gate

import (
	"time"

	"parkagent/drivers"
	"parkagent/drivers/gate/guard"
)

// A reading is what the inputs of one barrier said at one moment.
type reading struct {
	guard.Reading
	arm drivers.Arm
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
