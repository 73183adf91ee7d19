package vzenith

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
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

// errGone means that the contact was over before the order was written.
var errGone = errors.New("camera hung up or was answered")

// A push is a plate that waits for its answer. Its channels are unbuffered on
// purpose, as is that of the polls: an order is handed over only while the asker
// still waits, so one that was given up can never open later.
type push struct {
	asks chan ask
	gone chan struct{} // closed when it waits no more
}

// A ReplyGate is the barrier on the relay of a Camera. It has no way to the
// camera of its own: an order goes out in the answer to a contact of the
// camera. It meets lane.Gate and lane.EventGate.
//
// Which contact matters. The answer to a plate lets out the car that was seen,
// whoever was meant, so it carries nothing but RaiseFor of that very event. All
// else waits for a poll or a heartbeat that acts, where Options.Opens says that
// the camera sends such.
//
// The camera tells nothing about the arm or about what stands below it, so
// State knows neither and Lower is refused: the barrier must close by itself
// and guard itself.
type ReplyGate struct {
	camera *Camera
	polls  chan ask    // to the next poll or heartbeat; unbuffered, see push
	held   atomic.Bool // the relay was latched by Hold

	mu     sync.Mutex       // guards the following field
	pushes map[string]*push // those that wait, by Recognition.ID
}

func newReplyGate(c *Camera) *ReplyGate {
	return &ReplyGate{camera: c, polls: make(chan ask), pushes: make(map[string]*push)}
}

// expect makes the push of an event one that RaiseFor finds, until forget.
func (g *ReplyGate) expect(event string) *push {
	p := &push{asks: make(chan ask), gone: make(chan struct{})}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pushes[event] = p
	return p
}

// forget sends away who is about to hand an order to the push of an event.
func (g *ReplyGate) forget(event string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.pushes[event].gone)
	delete(g.pushes, event)
}

func (g *ReplyGate) waiting(event string) *push {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pushes[event]
}

// RaiseFor opens the barrier in the answer to the push whose Recognition.ID is
// event, and returns once that answer was written. If that push does not wait
// any more, or its camera has hung up, it goes on as Raise does; no other car's
// push ever carries the order.
//
// An event that the camera kept never opens: it fails with drivers.ErrRefused.
func (g *ReplyGate) RaiseFor(ctx context.Context, event string) error {
	if strings.HasSuffix(event, keptMark) {
		return g.camera.failed("raise", fmt.Errorf("%w: the camera kept this event; its car left long ago", drivers.ErrRefused))
	}
	if p := g.waiting(event); p != nil {
		err := hand(ctx, p.asks, p.gone, g.raising())
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, errGone):
			return g.camera.failed("raise", err)
		}
	}
	return g.Raise(ctx)
}

// Raise opens the barrier in the answer to the camera's next poll, or next
// heartbeat, as Options.Opens says, and returns once that answer was written.
// With none until ctx is done it fails with drivers.ErrOffline.
//
// A camera that opens for plates only is never asked: Raise cannot tell whose
// plate comes next, so it fails at once with drivers.ErrRefused.
//
// While the barrier is held open Raise and RaiseFor latch the relay again
// rather than pulse it, for the end of the pulse would end the hold.
func (g *ReplyGate) Raise(ctx context.Context) error {
	if g.camera.cfg.Options.Opens == OpensPlate {
		return g.camera.failed("raise", fmt.Errorf("%w: this camera opens only in its answer to the car's own plate", drivers.ErrRefused))
	}
	return g.ask(ctx, "raise", g.raising())
}

func (g *ReplyGate) raising() order {
	if g.held.Load() {
		return orderHold
	}
	return orderRaise
}

// Lower fails with drivers.ErrRefused.
func (g *ReplyGate) Lower(context.Context) error {
	return g.camera.failed("lower", fmt.Errorf("%w: the camera's relay only opens", drivers.ErrRefused))
}

// Hold latches the relay on the camera's next poll. It fails with
// drivers.ErrRefused unless the camera is in comet mode: otherwise no poll
// would come to Release it.
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

// Release lets go of the relay on the camera's next poll. It fails with
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
		Passage:  drivers.PresenceNotFitted,
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

// ask hands the order to the next poll and waits until its answer was written.
// A poll whose camera has hung up makes it wait for the one after.
func (g *ReplyGate) ask(ctx context.Context, op string, what order) error {
	for {
		err := hand(ctx, g.polls, nil, what)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, errGone):
			return g.camera.failed(op, err)
		}
	}
}

// hand gives the order to the contact that takes from asks and waits until its
// answer was written, which takes a moment at most. It fails with errGone when
// the contact is over before that.
func hand(ctx context.Context, asks chan<- ask, gone <-chan struct{}, what order) error {
	if ctx.Err() == nil { // select would pick either of two that are ready
		done := make(chan error, 1)
		select {
		case asks <- ask{order: what, done: done}:
			return <-done
		case <-gone:
			return errGone
		case <-ctx.Done():
		}
	}
	return fmt.Errorf("%w: no contact of the camera: %w", drivers.ErrOffline, ctx.Err())
}
