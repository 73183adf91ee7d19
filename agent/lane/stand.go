package lane

import (
	"context"
	"time"

	"parkagent/agent/access"
	"parkagent/drivers"
)

// How long the car before the gate is the lane's concern. One that has paid is
// let out, however late that is; but a lane must not open for a car that has
// gone, because another may stand there by then.

// decidePaid lets out the car that was paid for, or sees first whether it stands
// there, when the lane has given it up.
func decidePaid(s state, e paid) (state, []command) {
	switch {
	case s.phase == idle:
		return s, []command{stand(e)}
	case (s.phase == waiting || s.phase == asking) && s.car.Session == e.session:
		return s, []command{recheck(e)}
	}
	return s, nil
}

// decideStood goes on with a car that was paid for late, or whose gate has been
// dead for long, if it stands there still. Otherwise the lane is done with it: the
// books still know, and the car will be recognised again.
func decideStood(s state, e stood, now time.Time, still time.Duration) (state, []command) {
	switch {
	case s.phase == idle && e.here && access.StandsRule(e.presence, now.Sub(e.since), still):
		return s, []command{recheck{session: e.session}}
	case s.phase != raising || s.car.Session != e.session:
		return s, nil
	case e.here && access.StandsRule(e.presence, now.Sub(s.since), still):
		return s, []command{raise{again: true}}
	}
	s.phase, s.car = idle, access.Verdict{}
	return s, nil
}

// passedUnseen is the lane before another car, when the one before was to be let
// through by an arm that is up: that one has passed, though the gate's answer was
// lost, or somebody lifted the arm by hand. It is booked with the next; otherwise
// it would be taken for one that never passed, for ever.
func passedUnseen(s state, up bool) state {
	if s.phase == raising && up {
		s.phase, s.tries = confirming, 0
	}
	return s
}

// decideArmed goes on with a car that came while another was to be let through.
func decideArmed(s state, e armed, now time.Time) (state, []command) {
	if !e.up || s.phase != raising || !s.sense.works(now) {
		return passedUnseen(s, e.up), []command{rule{rec: e.rec}}
	}
	s, cmds := decideRaised(s, raised{}, now) // it may stand there still
	s, more, _ := decideWhilePassing(s, e.rec, now)
	return s, append(cmds, more...)
}

// stillFor is how long a car is taken to stand at this lane where no presence
// input tells. One that has not paid to come in is not missed so long: it may turn
// round, and whoever comes next would get in as it.
func (l *Lane) stillFor() time.Duration {
	if l.cfg.Direction == Exit {
		return access.StillFor
	}
	return giveUpAt
}

// stand sees whether the car of a session stands at the lane. Most payments are
// for cars elsewhere: only where the books name the car is the gate asked.
func (l *Lane) stand(ctx context.Context, session string) event {
	since, here, err := l.cfg.Rules.Standing(ctx, l.cfg.Code, session)
	if err != nil {
		l.cfg.Log.Error("see whether a car stands there still", "session", session, "error", err)
		return nil // one before a dead gate is asked about again
	}
	e := stood{session: session, here: here, since: since}
	if here {
		e.presence = l.see(ctx).Presence
	}
	return e
}

// elsewhere reports whether the books know the car before the gate somewhere else
// by now: it went to another lane when this gate did not open. To go on opening for
// it would let in whoever comes.
func (l *Lane) elsewhere(ctx context.Context) bool {
	if l.state.car.Session == "" { // let out unknown: they know nothing of it anywhere
		return false
	}
	_, here, err := l.cfg.Rules.Standing(ctx, l.cfg.Code, l.state.car.Session)
	return err == nil && !here // books that fail keep nobody before a gate
}

// opened reports whether the arm is up for the car before the gate: not for one
// that the books know somewhere else by now.
func (l *Lane) opened(ctx context.Context, st drivers.GateState) bool {
	return st.Arm == drivers.ArmUp && l.state.phase == raising && !l.elsewhere(ctx)
}

// standing is what is shown when a text has stood long enough, and until when:
// what the car that waits has to pay, where another text was shown over that.
func standing(s state, now time.Time) (text, time.Time) {
	until := s.since.Add(payWithin)
	if s.phase != waiting || s.car.Reason != access.ReasonDue || !now.Before(until) {
		return text{say: sayIdle}, time.Time{}
	}
	return text{say: sayDue, plate: s.car.Plate, payable: s.car.Payable, stay: s.car.Stay}, until
}
