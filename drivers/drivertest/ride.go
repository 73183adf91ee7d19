package drivertest

import (
	"context"
	"fmt"
	"sync"

	"parkagent/drivers"
)

// A Ride is a camera that passes bytes on to a board behind it, as a display sees
// it: what lies there goes with the next answer, and what comes later replaces
// it.
type Ride struct {
	board func(p []byte)

	mu     sync.Mutex // guards the following fields
	frames [][]byte
	away   bool
}

// NewRide returns a camera before a board, which is called for each frame.
func NewRide(board func(p []byte)) *Ride { return &Ride{board: board} }

// Carry lays frames down for the next answer.
func (r *Ride) Carry(_ context.Context, frames [][]byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away {
		return fmt.Errorf("%w: camera C1 was not heard for a minute", drivers.ErrOffline)
	}
	r.frames = frames
	return nil
}

// Stand is Carry: what lies here is never dropped.
func (r *Ride) Stand(ctx context.Context, frames [][]byte) error { return r.Carry(ctx, frames) }

// Answer is the camera's next question: it passes on what lies there.
func (r *Ride) Answer() {
	r.mu.Lock()
	frames := r.frames
	r.frames = nil
	r.mu.Unlock()
	for _, f := range frames {
		r.board(f)
	}
}

// SetAway makes the camera silent, or lets it be heard again.
func (r *Ride) SetAway(away bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = away
}
