package vzenith

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"parkagent/drivers"
)

// An order is what the gate wants carried to the camera.
type order uint8

const (
	orderRaise order = iota
	orderHold
	orderRelease
)

// An ask is one order on its way to the camera. done takes one value: nil when
// the answer that carries the order was written.
type ask struct {
	order order
	done  chan<- error
}

// errHungUp means that the camera had gone before the order was written.
var errHungUp = errors.New("camera hung up")

// A ReplyGate is the barrier on the relay of a Camera. It has no way to the
// camera of its own: an order goes out in the answer to the camera's next
// contact, at best to the plate that waits for its answer right now. It meets
// lane.Gate.
//
// The camera tells nothing about the arm or about what stands below it, so
// State knows neither and Lower is refused: the barrier must close by itself
// and guard itself.
type ReplyGate struct {
	camera *Camera
	// asks is unbuffered on purpose: an order is handed over only while the
	// asker still waits, so one that was given up can never open later.
	asks chan ask
	held atomic.Bool // the relay was latched by Hold
}

func newReplyGate(c *Camera) *ReplyGate {
	return &ReplyGate{camera: c, asks: make(chan ask)}
}

// Raise opens the barrier through the push that waits for its answer, and
// returns once that answer was written. With none waiting it waits for the next
// until ctx is done, then fails with drivers.ErrOffline.
//
// While the barrier is held open it latches the relay again rather than pulsing
// it, for the end of the pulse would end the hold.
func (g *ReplyGate) Raise(ctx context.Context) error {
	what := orderRaise
	if g.held.Load() {
		what = orderHold
	}
	return g.ask(ctx, "raise", what)
}

// Lower fails with drivers.ErrRefused.
func (g *ReplyGate) Lower(context.Context) error {
	return g.camera.failed("lower", fmt.Errorf("%w: the camera's relay only opens", drivers.ErrRefused))
}

// Hold latches the relay on the camera's next contact. It fails with
// drivers.ErrRefused unless the camera is in comet mode: otherwise no contact
// might come to Release it.
func (g *ReplyGate) Hold(ctx context.Context) error {
	if err := g.canLatch("hold"); err != nil {
		return err
	}
	if err := g.ask(ctx, "hold", orderHold); err != nil {
		return err
	}
	g.held.Store(true)
	return nil
}

// Release lets go of the relay on the camera's next contact. It fails with
// drivers.ErrRefused where Hold does.
func (g *ReplyGate) Release(ctx context.Context) error {
	if err := g.canLatch("release"); err != nil {
		return err
	}
	g.held.Store(false) // also if this fails: nothing may latch the relay again
	return g.ask(ctx, "release", orderRelease)
}

// State tells only whether the relay was latched. It fails with
// drivers.ErrOffline when the camera was not heard for too long.
func (g *ReplyGate) State(context.Context) (drivers.GateState, error) {
	if err := g.camera.heard(); err != nil {
		return drivers.GateState{}, g.camera.failed("state", err)
	}
	return drivers.GateState{
		Arm:      drivers.ArmUnknown,
		Presence: drivers.PresenceNotFitted,
		HoldOpen: g.held.Load(),
		At:       g.camera.cfg.Now().UTC(),
	}, nil
}

func (g *ReplyGate) canLatch(op string) error {
	if g.camera.cfg.Options.Opens != OpensComet {
		return g.camera.failed(op, fmt.Errorf("%w: only a camera in comet mode can hold its barrier", drivers.ErrRefused))
	}
	return nil
}

// ask hands the order to the next contact and waits until its answer was
// written, which takes a moment at most.
func (g *ReplyGate) ask(ctx context.Context, op string, what order) error {
	for {
		if ctx.Err() != nil {
			return g.camera.failed(op, fmt.Errorf("%w: no contact of the camera: %w", drivers.ErrOffline, ctx.Err()))
		}
		done := make(chan error, 1)
		select {
		case g.asks <- ask{order: what, done: done}:
		case <-ctx.Done():
			continue
		}
		err := <-done
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errHungUp):
			continue
		}
		return g.camera.failed(op, err)
	}
}
