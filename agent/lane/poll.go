package lane

import (
	"context"
	"errors"
	"time"

	"parkagent/drivers"
)

// pollEvery is how often the gate's inputs are read while nothing happens;
// a gate that is away is asked less often, because each question takes a
// time-out during which a car would wait.
const (
	pollEvery     = 2 * time.Second
	pollAwayEvery = 10 * time.Second
	pollTimeout   = 500 * time.Millisecond
)

// errHoldLost means that a gate that is to be held open is not any more, as
// after its controller lost power.
var errHoldLost = errors.New("the gate does not hold any more")

// poll reads the gate's inputs when it is time to. A gate whose hold is still
// to be latched is left alone: see resume.
func (l *Lane) poll(ctx context.Context) {
	if l.state.held && !l.state.latched {
		return
	}
	every := pollEvery
	switch {
	case l.dead():
		every = pollAwayEvery
	case l.watches():
		every = watchEvery
	case l.state.sense.fitted(), since(l.cfg.Now().UTC(), l.state.began.at, l.cfg.Dedupe):
		every = tickEvery
	}
	now := time.Now()
	// A beat comes early or late by a little, which must not cost a whole one.
	if now.Sub(l.polled) < max(every-l.beat()/2, 2*l.took) {
		return
	}
	l.polled = now
	glimpsed := l.glimpsed
	st, err := l.read(ctx, pollTimeout)
	l.took = time.Since(now)
	if err == nil {
		l.glimpsed = false
	}
	if ctx.Err() != nil {
		return
	}
	l.mu.Lock()
	l.view.Gate = st
	l.mu.Unlock()
	e := sensedOf(st)
	if e.failed = err != nil; glimpsed && !e.failed && e.passage == drivers.PresenceClear {
		under := e
		under.passage = drivers.PresenceOccupied
		_ = l.handle(ctx, under) // nobody waits for it
	}
	_ = l.handle(ctx, e) // nor for this
	l.report(ctx, l.cfg.GateCode, err)
	switch {
	case err != nil:
	case l.state.held && !st.HoldOpen:
		_ = l.handle(ctx, latched{err: errHoldLost}) // the next tick latches it again
	case !l.state.held && st.HoldOpen: // a hold that was to end, when an answer or the power was lost
		if !l.stray {
			l.cfg.Log.Warn("the gate is held open and should not be: it is released")
		}
		_ = l.gate(ctx, l.cfg.Gate.Release) // the next poll looks again
	}
	l.stray = err == nil && !l.state.held && st.HoldOpen
}

// darkTimeout bounds a reading of a gate that failed last time, so that the next
// car does not wait for a dead one, and taking back what it did not follow.
const darkTimeout = 300 * time.Millisecond

// see reads whether a car stands at the lane, and how the arm is. A gate that
// cannot be asked knows nothing, and stops no driver: it will say so itself when it
// is to open.
func (l *Lane) see(ctx context.Context) drivers.GateState {
	timeout := pollTimeout
	if l.dead() {
		timeout = darkTimeout
	}
	st, err := l.read(ctx, timeout)
	if ctx.Err() == nil {
		l.report(ctx, l.cfg.GateCode, err)
	}
	if err != nil {
		return drivers.GateState{}
	}
	return st
}

// read reads the gate's inputs. A passage that is seen on the way, while the lane asks
// for something else, is kept for the next poll: some gates tell of each only once.
func (l *Lane) read(ctx context.Context, within time.Duration) (drivers.GateState, error) {
	c, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	st, err := l.cfg.Gate.State(c)
	l.glimpsed = l.glimpsed || err == nil && st.Passage == drivers.PresenceOccupied
	return st, err
}

// sensedOf is what a gate's inputs say, as an event.
func sensedOf(st drivers.GateState) sensed {
	return sensed{presence: st.Presence, passage: st.Passage, arm: st.Arm, fault: st.Fault}
}
