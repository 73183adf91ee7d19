package lane

import (
	"slices"
	"time"

	"parkagent/agent/access"
	"parkagent/drivers"
	"parkagent/protocol"
)

func decideRuled(s state, e ruled, now time.Time, p patience) (state, []command) {
	if e.err != nil {
		return decideFault(s, e, now)
	}
	if e.v.Reason == access.ReasonElsewhere { // it is the other lane's
		s.seen = forgetCar(s.seen, e.asked.Plate)
		return s, nil
	}
	after, cmds := decideVerdict(s, e, now, p)
	if _, scan := e.of.(ruleScan); !scan || !s.keepsCar(e.v) {
		return after, cmds
	}
	s.scans, s.unanswered, s.idleAt = after.scans, after.unanswered, now.Add(standsFor)
	if _, scan := s.again.(ruleScan); scan {
		s.again = nil
	}
	return s, cmds
}

// keepsCar reports whether the car before the gate, if there is one, stays what
// the lane is about although v is what came of a scan. A number says nothing
// about who stands there: anybody may send it, from anywhere, and mistype it. So
// one that is refused changes nothing, and one with money due takes the place of
// no car that is being let out.
func (s state) keepsCar(v access.Verdict) bool {
	switch {
	case v.Open:
		return false
	case v.Session == "" || v.Repeat:
		return true
	}
	return (s.phase == raising || s.phase == confirming) && s.car.Session != v.Session
}

// decideVerdict is what a lane does about a verdict on the car before its gate.
func decideVerdict(s state, e ruled, now time.Time, p patience) (state, []command) {
	s.idleAt = now.Add(standsFor)
	s.again = nil
	s.phase, s.car, s.tries, s.since = idle, access.Verdict{}, 0, now
	s.back, s.unseen = "", e.resumed && !e.stands
	if e.asked != (access.Approach{}) {
		s.asked, s.askedAt, s.refused = e.asked, now, e.v.Reason
	}
	t := text{plate: e.v.Plate, payable: e.v.Payable, stay: e.v.Stay, say: sayingOf(e.v.Reason)}
	s.scans = noteScan(s.scans, e)
	switch e.of.(type) {
	case rule, letPass:
		s.black = time.Time{}
		switch {
		case e.v.Reason == access.ReasonBlacklist:
			s.black, s.blackPlate = now, e.v.Plate
		case e.v.Plate == s.blackPlate: // not any more
			s.blackPlate = ""
		}
	}
	switch {
	case e.v.Open:
		s.phase, s.car, s.next = raising, e.v, without(s.next, e.v.Plate)
		s.began = began{Reading: access.Reading{Session: e.v.Session}, at: now}
		var event string
		if r, ok := e.of.(rule); ok {
			event, s.began.Confidence = r.rec.ID, r.rec.Confidence
		}
		// Before a restart the gate may have been told to open: another time might
		// let out whoever comes next.
		return s, []command{raise{event: event, again: e.resumed}}
	case e.v.Repeat:
		s.asked = access.Approach{} // it has been let in
		t = passage(e.v, now)
		s.scans = scanPassed(s.scans, e.v.Session, t, now)
		return s.reply(nil, show{t})
	case e.v.Ask:
		s.phase, s.car = asking, e.v
		s.askUntil = now.Add(p.ask)
		s.idleAt = s.askUntil.Add(standsFor)
		t.say = sayAsking
		return s.reply(refusal(e.v), show{t}, inquire{session: e.v.Session})
	case e.v.Reason == access.ReasonDue:
		s.phase, s.car = waiting, e.v
		s.idleAt = now.Add(payWithin)
	case e.v.Reason == access.ReasonOperator && e.v.Session != "": // its fee may still be paid
		s.phase, s.car = waiting, e.v
	case t.say == sayIdle: // nothing to say
		return s.reply(refusal(e.v))
	}
	return s.reply(refusal(e.v), show{t})
}

// sayingOf is what is said to a driver whom the gate stays shut for; sayIdle is
// nothing.
func sayingOf(why access.Reason) saying {
	switch why {
	case access.ReasonDue:
		return sayDue
	case access.ReasonFull:
		return sayFull
	case access.ReasonNoSession:
		return sayUnknown
	case access.ReasonOperator:
		return sayOperator
	case access.ReasonBlacklist:
		return sayBlacklist
	case access.ReasonCardInside:
		return sayCardInside
	case access.ReasonInside, access.ReasonPassback:
		return sayInside
	case access.ReasonQuota:
		return sayQuota
	case access.ReasonArea:
		return sayNotHere
	}
	return sayIdle
}

// decideFault is what a lane does while the rules cannot decide, as when the disk
// is full: it says so once, and asks again for some time.
func decideFault(s state, e ruled, now time.Time) (state, []command) {
	s.idleAt = now.Add(standsFor)
	s.seen = forgetCar(s.seen, e.v.Plate)
	s.againAt = now.Add(retryMax)
	if r, ok := e.of.(ruleScan); ok {
		s.scans = forgetScan(s.scans, r.scan.CardNo)
	}
	if s.again != nil {
		return s.reply(e.err) // shown already
	}
	s.again, s.againUntil = e.of, now.Add(askFor)
	return s.reply(e.err, show{text{say: sayFault, plate: e.v.Plate}})
}

// passage is what is said to a driver whom the gate opens for.
func passage(v access.Verdict, now time.Time) text {
	t := text{say: sayWelcome, plate: v.Plate, stay: v.Stay, carType: v.CarType, days: daysLeft(v, now)}
	if v.CarType != 0 && t.days >= 0 {
		t.until = v.ValidTo
	}
	if v.Stay > 0 || v.Reason == access.ReasonUnknown {
		t.say = sayGoodbye
	}
	return t
}

// daysLeft is for how many days after today a card is of use; -1 where that is
// not to be said: of a booking, and of a card that has ended meanwhile.
func daysLeft(v access.Verdict, now time.Time) int {
	if v.CarType == int(protocol.CarBooked) || v.ValidTo.Before(now) {
		return -1
	}
	return int(v.ValidTo.Sub(now) / (24 * time.Hour))
}

func decideRaised(s state, e raised, now time.Time) (state, []command) {
	if s.phase != raising {
		return s, nil
	}
	s.idleAt = now.Add(standsFor)
	if e.err != nil {
		s.tries++
		s.retryAt = now.Add(backoff(s.tries))
		if s.tries > 1 {
			return s, nil // said already
		}
		t := text{plate: s.car.Plate, stay: s.car.Stay, say: sayGateFault}
		if s.car.Reason == access.ReasonPaid { // the first thing such a driver asks
			t.say = sayPaid
		}
		s.scans = scanFailed(s.scans, s.car.Session, e.err)
		return s.reply(e.err, show{t})
	}
	s.tries = 0
	for i := range s.seen {
		if s.seen[i].plate == s.car.Plate {
			s.seen = slices.Clone(s.seen)
			s.seen[i].passed = true
			break
		}
	}
	t := passage(s.car, now)
	s.scans = scanPassed(s.scans, s.car.Session, t, now)
	s, cmds := s.reply(nil, show{t})
	// At a gate that is held open cars come faster than the inputs tell them apart:
	// there nobody backs out, and whoever had to wait for his turn would be missed.
	if s.sense.works(now) && !s.unseen && !s.held {
		s.phase = passing
		s.pass = transit{
			opened: now, alive: now, stood: s.sense.presence == drivers.PresenceOccupied, covered: s.sense.passage == drivers.PresenceOccupied,
		}
		return s, cmds
	}
	s = s.expect(now)
	s.phase = confirming
	return s, append([]command{confirm{session: s.car.Session}}, cmds...)
}
