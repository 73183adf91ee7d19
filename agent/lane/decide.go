package lane

import (
	"slices"
	"time"

	"parkagent/agent/access"
	"parkagent/agent/plate"
	"parkagent/drivers"
	"parkagent/store"
)

// A phase is how far the car before the gate has come.
type phase uint8

const (
	idle       phase = iota // nobody, or nobody who concerns the gate
	waiting                 // money is due
	raising                 // may pass; the gate has not acknowledged yet
	confirming              // it has passed, or turned back; the books have not taken it yet
	asking                  // platforms are asked before the driver is
	passing                 // the gate opened; an input is to tell that it has passed
)

// A state is all that a lane remembers between two events.
type state struct {
	phase   phase
	car     access.Verdict // of the car before the gate, from phase waiting on
	held    bool           // the gate is to be held open
	latched bool           // and has acknowledged it

	tries   int       // commands to the gate for this car that failed
	retryAt time.Time // when to try again
	since   time.Time // when this car's phase began

	// again is the question to the rules that failed, with the books, and is
	// put once more at againAt, until againUntil; nil when there is none.
	again               command
	againAt, againUntil time.Time

	askUntil time.Time // in phase asking: when to go on without an answer

	seen []sighting
	next []follower // cars that came while another passes, in their order

	// asked is the car that the rules were asked about last, for an operator who
	// corrects its plate or lets it pass; askedAt is when.
	asked   access.Approach
	askedAt time.Time
	refused access.Reason // what they said, if the gate stayed shut

	sense    senses
	pass     transit
	back     string    // in phase confirming: the car turned back, and why
	unseen   bool      // the car may have passed before a restart, so no passage is waited for
	passedAt time.Time // when a car last drove through
	ordered  time.Time // when the gate last opened for a car whose passage is not waited for; zero once all those passed
	expected int       // how many those are

	began began // the stay that began or ended here last

	// black is when a blacklisted car that was refused here was last seen, by its
	// plate or as something that has not moved since; zero once another was
	// recognised. blackPlate is its plate, should it be seen again.
	black      time.Time
	blackPlate string

	scans      []attempt // of drivers without a plate, lately
	scan       Scan      // the last of them that was put to the rules
	unanswered bool      // and whoever sent it waits to hear what came of it

	// idleAt is when the display goes back to its idle text; zero when it
	// shows it.
	idleAt time.Time
	free   int // free places of the lane's area, as last told; -1 before that
}

// A began is the car that the gate was opened for last, as far as another reading of
// the camera may be of it still.
type began struct {
	access.Reading
	at          time.Time
	there, gone bool // the presence input was seen to be occupied, and clear, since
}

// stays reports whether that car stands there still: nothing was seen to go since.
func (b began) stays(now time.Time, dedupe time.Duration) bool {
	return b.there && !b.gone && since(now, b.at, dedupe)
}

// A sighting is a recognition that has been dealt with.
type sighting struct {
	plate  string
	at     time.Time
	passed bool // the car was let through
}

// A follower is a car that came while another passes.
type follower struct {
	rec drivers.Recognition
	at  time.Time
}

// Events. What happens, and what came of commands.
type (
	event any

	recognised struct {
		rec  drivers.Recognition
		late bool // judged by the age of the event; the camera's own word counts as well
	}
	scanned struct{ scan Scan }
	looked  struct { // whether a car stands there
		scan     Scan
		presence drivers.Presence // unknown where the gate could not be asked
		up       bool             // the arm is, and the car before has not gone to another lane
	}
	armed struct { // how the arm stands that was to rise for the car before
		rec drivers.Recognition
		up  bool
	}
	ruled struct {
		of  command // the rule, ruleScan, recheck or letPass
		v   access.Verdict
		err error

		asked   access.Approach // what the rules were told of the car; empty if of is a recheck
		resumed bool            // it is about the car that stood there before a restart
		stands  bool            // and the presence input sees it, and that behind the arm does not yet
	}
	stood struct { // whether the car of a session stands there still
		session  string
		here     bool             // for all that the books know
		since    time.Time        // it was seen
		presence drivers.Presence // unknown where the gate could not be asked
	}
	unasked   struct{ session string } // there is no platform to ask
	raised    struct{ err error }
	confirmed struct{ err error }
	paid      struct{ session string }
	commanded struct{ cmd Command }
	checked   struct {
		device string
		err    error
	}
	sensed struct { // what the gate's inputs say now and then
		presence drivers.Presence
		passage  drivers.Presence
		arm      drivers.Arm
		fault    drivers.Fault // that the gate tells of itself
		failed   bool          // they could not be read
	}
	ordered struct{ pass letPass } // an operator's order about the car that stands there
	opened  struct{}               // the gate acknowledged an opening from outside
	spaces  struct{ free int }     // the free places of the lane's area
	latched struct{ err error }    // Hold after a restart
	held    struct{ on bool }      // a hold or release has been acknowledged
	tick    struct{}
)

// Commands. What is to be done, in the order given.
type (
	command any

	rule struct { // ask the rules about a recognised car → ruled
		rec  drivers.Recognition
		seen time.Time // if it had to wait for that; zero if not
	}
	lookArm  struct{ rec drivers.Recognition } // see whether the arm is up → armed
	look     struct{ scan Scan }               // see whether a car stands there → looked
	ruleScan struct{ scan Scan }               // ask the rules about a car without a plate → ruled
	answer   struct {                          // tell who sent a scan what came of it
		scan  Scan
		err   error
		again bool // it is a repetition, of which nothing came
	}
	recheck struct{ session string } // ask again after a payment, or without an answer → ruled
	stand   struct{ session string } // see whether its car stands there still → stood
	inquire struct{ session string } // have platforms asked → unasked, where there are none
	raise   struct {                 // → raised
		again bool   // it failed before, so the arm's position is unknown
		event string // the recognition that stands behind it right now, if one does
	}
	confirm  struct{ session string }         // → confirmed
	turnBack struct{ session, why string }    // → confirmed
	noteOdd  struct{ fact store.PassageFact } // a passage that nobody had decided on
	latch    struct{}                         // → latched
	show     struct{ text text }
	record   struct { // journal a recognition that leads to nothing
		rec    drivers.Recognition
		reason access.Reason
	}
	report struct { // a device's state
		device string
		err    error
	}
	letPass struct { // let the car pass, or decide anew on its plate → ruled
		release *access.Release // nil where a plate is corrected
		plate   string
		next    access.Approach // the car that came while another drove through
		remark  string
		by      access.By
		out     chan<- access.Verdict // has room for one
	}
	operate struct{ cmd Command } // a command from outside → held, where it holds or releases
)

// A text is what the display is to say, before it is put into words.
type text struct {
	say     saying
	plate   string
	payable int64
	stay    time.Duration

	carType int // 0: a temporary car
	days    int // for how many days its card is of use; less than 0: not to be said
	until   time.Time
}

type saying uint8

const (
	sayIdle saying = iota
	sayWelcome
	sayGoodbye
	sayFull
	sayDue
	sayUnknown
	sayNoPlate
	sayOperator
	sayGateFault
	sayFault
	sayPaid // paid, and the gate has not opened yet
	sayAsking
	sayBlacklist
	sayCardInside
	sayInside // the plate, or the card's car, is inside
	sayQuota
	sayNotHere
	sayPaying // the rest are notices
	sayPayRefused
	sayPayUnknown
	sayNothingDue
	sayCodeUnknown
)

// Times of the lane's patience.
const (
	standsFor = 15 * time.Second // how long a text about a car stands
	giveUpAt  = 10 * time.Minute // how long a car is taken to stand before a gate that does not open, without looking
	payWithin = access.PayWithin // and how long to stand there for its payment
	retryMax  = 5 * time.Second
	askFor    = time.Minute // how long the rules are asked about a car while the books fail
)

// A patience is for how long a lane takes, or waits for, what an installer may set.
type patience struct {
	dedupe time.Duration // how close together recognitions of a plate are one event
	ask    time.Duration // for a platform's answer
	still  time.Duration // that a car stands there which nothing but time tells of
}

// decide is the lane: what it does about an event at the time now. It reads no
// clock, no device and no file.
func decide(s state, e event, now time.Time, p patience) (state, []command) {
	switch e := e.(type) {
	case recognised:
		return decideRecognised(s, e, now, p.dedupe)
	case armed:
		return decideArmed(s, e, now)
	case scanned:
		return decideScanned(s, e, now)
	case looked:
		return decideLooked(s, e, now)
	case stood:
		return decideStood(s, e, now, p.still)
	case ruled:
		return decideRuled(s, e, now, p)
	case noticed:
		return decideNoticed(s, e, now)
	case unasked:
		if s.phase == asking && s.car.Session == e.session {
			return s, []command{recheck(e)}
		}
		return s, nil
	case raised:
		return decideRaised(s, e, now)
	case confirmed:
		return decideConfirmed(s, e, now, p.dedupe)
	case paid:
		return decidePaid(s, e)
	case commanded:
		return s, []command{operate(e)}
	case ordered:
		return decideOrdered(s, e, now)
	case held:
		s.held, s.latched = e.on, e.on
		return s, nil
	case latched:
		s.latched = e.err == nil
		return s, nil
	case checked:
		return s, []command{report(e)}
	case sensed:
		return decideSensed(s, e, now)
	case opened: // twice for one car, it is one still
		if !since(now, s.ordered, orderedFor) {
			s.expected = 0
		}
		s.ordered, s.expected = now, max(s.expected, 1)
		return s, nil
	case spaces:
		if s.free == e.free {
			return s, nil
		}
		s.free = e.free
		if s.idleAt.IsZero() {
			return s, []command{show{text{say: sayIdle}}}
		}
		return s, nil
	case tick:
		return decideTick(s, now)
	}
	return s, nil
}

func decideConfirmed(s state, e confirmed, now time.Time, dedupe time.Duration) (state, []command) {
	switch {
	case s.phase != confirming:
		return s, nil
	case e.err != nil:
		s.tries++
		s.retryAt = now.Add(backoff(s.tries))
		return s, nil
	}
	s.phase, s.car, s.back, s.asked = idle, access.Verdict{}, "", access.Approach{}
	return nextCar(s, now, dedupe)
}

func decideRecognised(s state, e recognised, now time.Time, dedupe time.Duration) (state, []command) {
	if e.late || e.rec.Offline {
		return s, []command{record{rec: e.rec, reason: access.ReasonLate}}
	}
	no := plate.Normal(e.rec.Plate)
	if no != "" && no == s.blackPlate {
		s.black = now // it stands there still, also when that is not asked about again
	}
	if after, cmds, ok := decideWhilePassing(s, e.rec, now); ok {
		return after, cmds
	}
	s.next = nil // this one stands there now
	i := slices.IndexFunc(s.seen, func(g sighting) bool { return g.plate == no })
	if i >= 0 && now.Sub(s.seen[i].at) < dedupe && !now.Before(s.seen[i].at) {
		if s.phase == raising && s.car.Plate == no {
			return s, []command{raise{again: true, event: e.rec.ID}}
		}
		if s.seen[i].passed { // a car that passed may stand in view for long; one that was refused is asked about again
			s.seen = slices.Clone(s.seen)
			s.seen[i].at = now
		}
		return s, nil
	}
	s.seen = remember(s.seen, sighting{plate: no, at: now}, dedupe)
	s.again = nil // this one stands there now
	if no == "" {
		s.idleAt = now.Add(standsFor)
		return s, []command{record{rec: e.rec, reason: access.ReasonNoPlate}, show{text{say: sayNoPlate}}}
	}
	if s.phase == raising && s.car.Plate != no {
		return s, []command{lookArm{rec: e.rec}}
	}
	return s, []command{rule{rec: e.rec}}
}

// remember puts g into a new list without what has grown older than keep.
func remember(seen []sighting, g sighting, keep time.Duration) []sighting {
	kept := make([]sighting, 0, len(seen)+1)
	for _, o := range seen {
		if o.plate != g.plate && g.at.Sub(o.at) < keep && !g.at.Before(o.at) {
			kept = append(kept, o)
		}
	}
	return append(kept, g)
}

// forgetCar takes a plate out of the sightings, so that its next recognition counts.
func forgetCar(seen []sighting, no string) []sighting {
	return slices.DeleteFunc(slices.Clone(seen), func(g sighting) bool { return g.plate == no })
}

// backoff is the pause after n failures: 1, 2, 4 and then every 5 s.
func backoff(n int) time.Duration {
	return min(time.Second<<min(n-1, 3), retryMax)
}

func decideTick(s state, now time.Time) (state, []command) {
	var cmds []command
	if s.held && !s.latched {
		cmds = append(cmds, latch{})
	}
	switch {
	case s.again == nil:
	case !now.Before(s.againUntil):
		s.again = nil
	case !now.Before(s.againAt):
		s.againAt = now.Add(retryMax)
		cmds = append(cmds, s.again)
	}
	switch {
	case s.phase == waiting && now.Sub(s.since) > payWithin:
		s.phase, s.car = idle, access.Verdict{} // the books still know: see decidePaid
	case s.phase == asking && !now.Before(s.askUntil):
		s.askUntil = now.Add(askFor) // should the books fail, they are asked again by what follows from that
		cmds = append(cmds, recheck{session: s.car.Session})
	case s.phase == raising && !now.Before(s.retryAt) && now.Sub(s.since) > giveUpAt:
		s.retryAt = now.Add(retryMax)
		cmds = append(cmds, stand{session: s.car.Session})
	case s.phase == raising && !now.Before(s.retryAt):
		cmds = append(cmds, raise{again: true})
	case s.phase == confirming && !now.Before(s.retryAt) && s.back != "":
		cmds = append(cmds, turnBack{session: s.car.Session, why: s.back})
	case s.phase == confirming && !now.Before(s.retryAt):
		cmds = append(cmds, confirm{session: s.car.Session})
	case s.phase == passing:
		var more []command
		s, more = decidePassing(s, now)
		cmds = append(cmds, more...)
	}
	if !s.idleAt.IsZero() && !now.Before(s.idleAt) {
		var t text
		t, s.idleAt = standing(s, now)
		cmds = append(cmds, show{t})
	}
	return s, cmds
}
