// Package camera holds what plate cameras of every make share: where their pushes meet the lane, what they may send, and how they write a plate.
//
// The folders below it each speak one make's bytes. Cameras push without any
// authentication worth the name, so nothing here believes a push: it is read
// within limits, turned into a claim (drivers.Recognition) and handed to the
// lane, which judges it.
package camera

import (
	"context"
	"errors"
	"sync"
	"time"

	"parkagent/drivers"
)

// ErrUnwatched means that no lane is watching the camera, so that nobody could
// deal with its push. The camera should be told to come again.
var ErrUnwatched = errors.New("nobody watches this camera")

// An Inbox is where the pushes of one camera meet the lane that watches it. It
// also remembers when the camera was last heard. Its zero value is ready.
type Inbox struct {
	mu      sync.Mutex // guards the following fields
	deliver func(rec drivers.Recognition, within time.Duration) <-chan error
	heard   time.Time // the last contact; before the first, when Watch began
	reading int       // pushes being read
}

// maxReading is how many pushes of one camera are read at once. A camera sends
// one after the other; more than a few mean that something else is sending, and
// each may hold MaxBody bytes of a small box's memory.
const maxReading = 4

// MaxPlate bounds a plate, in bytes, for it is written into the books and onto the
// display. The longest real ones have 9 characters, of which two may be Chinese.
const MaxPlate = 64

// Watch hands the camera's recognitions to emit until ctx is done and all calls
// of emit have returned. It returns nil then. Only one Watch may run at a time;
// a second one fails at once.
func (b *Inbox) Watch(ctx context.Context, emit func(context.Context, drivers.Recognition)) error {
	return b.WatchPulling(ctx, emit, func(ctx context.Context) { <-ctx.Done() })
}

// WatchPulling is Watch for a camera that is asked for its events: pull asks,
// hands them to Deliver and returns once ctx is done.
func (b *Inbox) WatchPulling(ctx context.Context, emit func(context.Context, drivers.Recognition), pull func(context.Context)) error {
	var calls sync.WaitGroup
	deliver := func(rec drivers.Recognition, within time.Duration) <-chan error {
		done := make(chan error, 1)
		calls.Go(func() {
			emitCtx, cancel := context.WithTimeout(ctx, within)
			defer cancel()
			emit(emitCtx, rec)
			done <- ctx.Err() // not emitCtx: a slow lane has the event, a stopped one may not
		})
		return done
	}

	b.mu.Lock()
	switch {
	case b.deliver != nil:
		b.mu.Unlock()
		return errors.New("camera is already watched")
	case ctx.Err() != nil:
		b.mu.Unlock()
		return nil
	}
	b.deliver = deliver
	if b.heard.IsZero() {
		b.heard = time.Now() // a camera is not silent before it had the time to be heard
	}
	b.mu.Unlock()

	pull(ctx)

	b.mu.Lock()
	b.deliver = nil
	b.mu.Unlock()
	calls.Wait()
	return nil
}

// Deliver starts the watcher's emit with rec, giving it within to deal with it.
// The channel then yields one value: nil, or an error when the watcher stopped
// meanwhile and may not have dealt with rec. It fails with ErrUnwatched when
// nobody watches, and with a PushError for a plate that can be none: it would be
// written into the books and onto the display.
//
// The event is not bound to the camera's request: a camera that hangs up has
// seen its car all the same.
func (b *Inbox) Deliver(rec drivers.Recognition, within time.Duration) (<-chan error, error) {
	if len(rec.Plate) > MaxPlate {
		return nil, Malformed("plate too long")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.deliver == nil {
		return nil, ErrUnwatched
	}
	return b.deliver(rec, within), nil
}

// Hear notes that the camera was heard just now.
func (b *Inbox) Hear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heard = time.Now()
}

// Silence returns how long ago the camera was last heard. A camera that was not
// heard yet is silent since it is watched, so that it gets its time after a
// start; before that Silence returns false.
func (b *Inbox) Silence() (time.Duration, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.heard.IsZero() {
		return 0, false
	}
	return time.Since(b.heard), true
}

// begin takes one of the few places for reading a push; end gives it back.
func (b *Inbox) begin() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.reading >= maxReading {
		return false
	}
	b.reading++
	return true
}

func (b *Inbox) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reading--
}
