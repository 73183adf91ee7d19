package reply

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"parkagent/drivers"
	"parkagent/drivers/gate/guard"
)

// GateConfig tells what the barrier on a camera's relays can do.
type GateConfig struct {
	Polls   bool // the camera acts on answers to contacts that are no car, too
	Latches bool // a relay can be switched on and off for good, by such contacts
	Lowers  bool // a relay closes the barrier, by such contacts

	// SelfGuarded is the installer's word that the barrier's own controller
	// keeps the arm from coming down on a car. Nothing is lowered without it:
	// the camera reports its inputs, and a report can be late or lost.
	SelfGuarded bool

	Presence, Passage *Input // under the arm, and behind it; nil where none is wired
}

// An Input is one input of the camera, which it reports when it changes.
type Input struct {
	Number    int
	ActiveLow bool // a car stands there while the input is off
}

// A Gate is the barrier on the relays of a camera. It has no way to the camera
// of its own: an order goes out in the answer to a contact of the camera. It
// meets lane.Gate and lane.EventGate.
type Gate struct {
	desk *Desk
	cfg  GateConfig
	held atomic.Bool // the relay was latched by Hold

	mu       sync.Mutex // guards the following fields
	presence sense
	passage  sense
	guard    guard.Guard
	rest     rest
}

func newGate(d *Desk, cfg GateConfig) *Gate {
	return &Gate{desk: d, cfg: cfg, guard: guard.Guard{
		Presence: cfg.Presence != nil, Passage: cfg.Passage != nil, SelfGuarded: cfg.SelfGuarded,
	}}
}

// A rest is what is known of a relay that can be latched and is not held.
type rest uint8

const (
	unrested rest = iota // it may be on: the agent has just started, or an order got lost
	resting              // it is to be switched off with the next contact that acts, or just is
	rested               // it is off
)

// A sense is what the camera last reported of an input.
type sense struct {
	known, on bool
	passed    bool // it was active since State last told of it
}

// Sensed takes the camera's report that one of its inputs is on or off.
func (g *Gate) Sensed(input int, on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.presence.take(g.cfg.Presence, input, on)
	g.passage.take(g.cfg.Passage, input, on)
	g.guard.Observe(g.readingLocked())
}

// readingLocked is what the camera last reported of its inputs.
func (g *Gate) readingLocked() guard.Reading {
	return guard.Reading{Presence: g.presence.presence(g.cfg.Presence), Passage: g.passage.presence(g.cfg.Passage)}
}

func (s *sense) take(in *Input, input int, on bool) {
	if in == nil || in.Number != input {
		return
	}
	s.known, s.on = true, on != in.ActiveLow
	s.passed = s.passed || s.on
}

// forgetInputs makes both inputs unknown until the camera reports a change.
func (g *Gate) forgetInputs() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.presence, g.passage = sense{}, sense{}
	g.guard.Observe(g.readingLocked())
}

func (s *sense) presence(in *Input) drivers.Presence {
	switch {
	case in == nil:
		return drivers.PresenceNotFitted
	case !s.known:
		return drivers.PresenceUnknown
	case s.on:
		return drivers.PresenceOccupied
	}
	return drivers.PresenceClear
}

// RaiseFor opens the barrier in the answer to the push whose Recognition.ID is
// event, and returns once that answer was written. If that push does not wait
// any more, or its camera has hung up, it goes on as Raise does; no other car's
// push ever carries the order. A later post of the same event does, when
// RaiseFor is called again, or when it comes within seconds: the camera then did
// not get the answer.
//
// An event that the camera kept, or that is minutes old by the camera's own
// clock, never opens: it fails with drivers.ErrRefused.
func (g *Gate) RaiseFor(ctx context.Context, event string) error {
	if strings.HasSuffix(event, keptMark) {
		return g.desk.failed("raise", fmt.Errorf("%w: the camera kept this event; its car left long ago", drivers.ErrRefused))
	}
	told, err := g.desk.hand(ctx, event, g.raising())
	if err != nil {
		return g.desk.failed("raise", err)
	}
	err = errGone
	for _, done := range told {
		switch next := <-done; {
		case next == nil:
			err = nil
		case err != nil && !errors.Is(next, errGone):
			err = next
		}
	}
	if errors.Is(err, errGone) {
		err = g.Raise(ctx)
		g.desk.note(event, err == nil, false)
		return err
	}
	g.desk.note(event, err == nil, true)
	if err != nil {
		return g.desk.failed("raise", err)
	}
	return nil
}

// Raise opens the barrier in the answer to the camera's next contact that acts
// and is no car, and returns once that answer was written. With none until ctx
// is done it fails with drivers.ErrOffline.
//
// A camera that opens for plates only is never asked: Raise cannot tell whose
// plate comes next, so it fails at once with drivers.ErrRefused.
//
// While the barrier is held open Raise and RaiseFor latch the relay again
// rather than pulse it, for the end of the pulse would end the hold.
func (g *Gate) Raise(ctx context.Context) error {
	if !g.cfg.Polls {
		return g.desk.failed("raise", fmt.Errorf("%w: this camera opens only in its answer to the car's own plate", drivers.ErrRefused))
	}
	return g.ask(ctx, "raise", g.raising(), nil)
}

func (g *Gate) raising() Order {
	if g.held.Load() {
		return Hold
	}
	return Raise
}

// Lower closes the barrier in the answer to the camera's next contact that acts
// and is no car. It fails with drivers.ErrRefused unless a relay closes the
// barrier, the installer said that it guards itself, and no input that is wired
// says or may hide that a car stands there; that is looked at again at the very
// moment of the answer.
func (g *Gate) Lower(ctx context.Context) error {
	if err := g.mayLower(); err != nil {
		return g.desk.failed("lower", err)
	}
	return g.ask(ctx, "lower", Lower, g.mayLower)
}

func (g *Gate) mayLower() error {
	refuse := func(why string) error { return fmt.Errorf("%w: %s", drivers.ErrRefused, why) }
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !g.cfg.Lowers:
		return refuse("the camera's relay only opens")
	case g.held.Load():
		return refuse("the gate is held open")
	case !g.cfg.SelfGuarded:
		return refuse("the barrier is not said to guard itself, and the camera's reports of its inputs may be late")
	}
	return g.guard.Judge(g.readingLocked())
}

// Hold latches the relay by the camera's next contact that acts and is no car.
// It fails with drivers.ErrRefused where there is none: nothing would come to
// Release it.
func (g *Gate) Hold(ctx context.Context) error {
	if err := g.canLatch("hold"); err != nil {
		return err
	}
	before := g.held.Swap(true) // first, so that nothing lowers or pulses it meanwhile
	g.setRest(unrested)
	err := g.ask(ctx, "hold", Hold, nil)
	if errors.Is(err, errUnmet) { // otherwise the camera may have got it
		g.held.Store(before)
	}
	return err
}

// Release lets go of the relay by the camera's next contact. It fails with
// drivers.ErrRefused where Hold does; the gate is held still when no contact came.
func (g *Gate) Release(ctx context.Context) error {
	if err := g.canLatch("release"); err != nil {
		return err
	}
	before := g.held.Swap(false)
	err := g.ask(ctx, "release", Release, nil)
	switch {
	case err == nil:
		g.setRest(rested)
	case errors.Is(err, errUnmet):
		g.held.Store(before)
	default:
		g.setRest(unrested)
	}
	return err
}

func (g *Gate) setRest(r rest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rest = r
}

// mustRest reports whether a contact is to switch the relay off that nothing
// holds, and was not told so yet.
func (g *Gate) mustRest() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.rest != resting || g.held.Load() {
		return false
	}
	g.rest = unrested // until the answer was written
	return true
}

func (g *Gate) canLatch(op string) error {
	if !g.cfg.Latches {
		return g.desk.failed(op, fmt.Errorf("%w: this camera cannot hold its barrier", drivers.ErrRefused))
	}
	return nil
}

// State tells whether the relay was latched, and what the camera last reported
// of the inputs that are wired: unknown until it reported one, and after a
// silence. A passage that came and went since the last call is told once as
// occupied. Of the arm the camera knows nothing. For a day after the camera let a
// car in by a list of its own the state bears drivers.FaultGateList, and otherwise
// drivers.FaultPresence while the presence input misses the cars that drive
// through. State fails with drivers.ErrOffline when the camera was not heard for
// too long.
//
// A relay that can be latched and that nothing holds may be on from before a
// start. After the first State it is switched off by the next contact that acts;
// a gate that is to be held open must be told by Hold before.
func (g *Gate) State(context.Context) (drivers.GateState, error) {
	if err := g.desk.Heard(); err != nil {
		return drivers.GateState{}, g.desk.failed("state", err)
	}
	fault := g.desk.fault()
	g.mu.Lock()
	defer g.mu.Unlock()
	in := g.readingLocked()
	if g.passage.passed {
		in.Passage, g.passage.passed = drivers.PresenceOccupied, false
	}
	if fault == drivers.FaultNone && g.guard.Blind() {
		fault = drivers.FaultPresence
	}
	if g.cfg.Latches && g.rest == unrested {
		g.rest = resting
	}
	return drivers.GateState{
		Arm:      drivers.ArmUnknown,
		Presence: in.Presence,
		Passage:  in.Passage,
		HoldOpen: g.held.Load(),
		Fault:    fault,
		At:       g.desk.cfg.Now().UTC(),
	}, nil
}

// ask hands the order to the next contact and waits until its answer was
// written. One whose camera has hung up makes it wait for the one after.
func (g *Gate) ask(ctx context.Context, op string, order Order, check func() error) error {
	for {
		if err := ctx.Err(); err != nil { // select would pick either of two that are ready
			return g.desk.failed(op, unmet(err))
		}
		done := make(chan error, 1)
		select {
		case g.desk.polls <- ask{order: order, check: check, done: done}:
		case <-ctx.Done():
			return g.desk.failed(op, unmet(ctx.Err()))
		}
		switch err := <-done; {
		case err == nil:
			return nil
		case !errors.Is(err, errGone):
			return g.desk.failed(op, err)
		}
	}
}
