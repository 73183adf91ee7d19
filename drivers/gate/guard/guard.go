// Package guard keeps the arm of a barrier from coming down on anybody: the rules by which every driver of a gate lowers it.
//
// The barrier's own controller is what protects people. These rules keep the box
// from telling it to close while a car is known to stand there, or while nobody
// knows: what is occupied, unknown, old, or said by an input that has shown to be
// blind does not close. What an input says is read twice right before the command.
package guard

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parkagent/drivers"
)

// A Reading is what the inputs of a barrier said at one moment.
type Reading struct {
	Presence drivers.Presence // where the arm comes down
	Passage  drivers.Presence // behind it, in the way of driving
}

// blindAfter is after how many cars that drove through unseen by the presence
// input its word is not taken any more. A person who walks through a light
// curtain is one as well.
const blindAfter = 3

// A Guard watches the inputs of one barrier. Its exported fields are set before
// it is used. It belongs to one goroutine.
type Guard struct {
	Presence, Passage bool          // whether these inputs are wired
	SelfGuarded       bool          // the installer's word that the barrier guards itself
	Age               time.Duration // how old a reading may be when the arm is told to come down

	passing bool // a car drives through
	since   int  // how many have driven through since presence last was occupied
}

// Sees reports whether an input tells what stands below or behind the arm.
func (g *Guard) Sees() bool { return g.Presence || g.Passage }

// Allowed refuses a barrier that nobody may lower from here, whatever its inputs
// say: one without a presence input that is not said to guard itself.
func (g *Guard) Allowed() error {
	if !g.Presence && !g.SelfGuarded {
		return refusal("no presence input is wired, and the barrier is not said to guard itself")
	}
	return nil
}

// Observe takes note of what the inputs say. A driver tells it of every reading.
func (g *Guard) Observe(r Reading) {
	was := g.passing
	g.passing = r.Passage == drivers.PresenceOccupied
	if was && r.Passage == drivers.PresenceClear && g.Presence {
		g.since++
	}
	if r.Presence == drivers.PresenceOccupied {
		g.since = 0
	}
}

// Blind reports that the presence input does not see the cars that drive through:
// its loop is broken, or its wire. The first of them is the one that it saw last.
// It is drivers.FaultPresence.
func (g *Guard) Blind() bool { return g.since > blindAfter }

// Judge observes a reading and refuses to lower by it unless the inputs that are
// wired are clear.
func (g *Guard) Judge(r Reading) error {
	g.Observe(r)
	switch {
	case r.Presence == drivers.PresenceOccupied:
		return refusal("presence is occupied")
	case r.Passage == drivers.PresenceOccupied:
		return refusal("a car drives through")
	case g.Presence && r.Presence != drivers.PresenceClear:
		return refusal("presence is unknown")
	case g.Passage && r.Passage != drivers.PresenceClear:
		return refusal("passage is unknown")
	case g.Blind():
		return refusal("the presence input did not see the last cars")
	}
	return nil
}

// Clear refuses unless the inputs that are wired read clear twice in a row: the
// rear of a car that is seen behind the arm may be below it still. The second
// reading comes right before the command, which must go out before good, the zero
// time where nothing is wired: the reading is too old then. Its age counts from
// the question, since nobody knows when on its way the answer was true. read is
// told when its answer would be too old.
//
// An error wraps drivers.ErrRefused: nothing was sent.
func (g *Guard) Clear(read func(good time.Time) (Reading, error)) (good time.Time, err error) {
	if !g.Sees() {
		return time.Time{}, nil
	}
	for range 2 {
		good = time.Now().Add(g.Age)
		r, err := read(good)
		if err != nil {
			return good, g.Unknown(err)
		}
		if err := g.Judge(r); err != nil {
			return good, err
		}
	}
	if !time.Now().Before(good) {
		return good, g.Unknown(fmt.Errorf("%w: it took too long to say what stands there", drivers.ErrOffline))
	}
	return good, nil
}

// Until returns ctx with what Clear returned as its deadline, in which the command
// must go out.
func Until(ctx context.Context, good time.Time) (context.Context, context.CancelFunc) {
	if good.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, good)
}

// Unknown is a refusal to lower because the gate does not say what stands under
// the arm. It is both: nothing was sent, and the gate cannot be reached. Where no
// input is wired it is err alone.
func (g *Guard) Unknown(err error) error {
	switch {
	case !g.Sees():
		return err
	case errors.Is(err, drivers.ErrRefused):
		return fmt.Errorf("presence is unknown: %w", err)
	}
	return fmt.Errorf("%w: presence is unknown: %w", drivers.ErrRefused, err)
}

func refusal(why string) error { return fmt.Errorf("%w: %s", drivers.ErrRefused, why) }
