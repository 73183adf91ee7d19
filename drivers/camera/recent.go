package camera

import (
	"slices"
	"sync"
	"time"
)

const (
	recentTime = 10 * time.Minute // for which an event is known again
	recentMost = 256              // events of one camera that are remembered
)

// A Recent knows the events of one camera that were delivered in the last ten
// minutes, so that one that comes again, by the same way or another, is delivered
// once. Its zero value is ready. It may be used by several goroutines.
type Recent struct {
	mu     sync.Mutex // guards the following field
	events []*recentEvent
}

type recentEvent struct {
	keys []string
	at   time.Time
	done chan struct{} // closed when err is known
	err  error
}

// Once delivers an event, unless one that shares a key with it, or has one of
// those in after, was delivered already or is on its way: then it says what
// became of that. It waits for within at most, after which it returns nil: the
// lane has the event, and a second copy would not speed it up. An event that was
// not taken is forgotten, so that it is delivered when it comes again.
func (r *Recent) Once(keys, after []string, within time.Duration, deliver func() (<-chan error, error)) error {
	e, known := r.find(keys, after)
	if known {
		return e.wait(within)
	}
	result, err := deliver()
	if err != nil {
		r.settle(e, err)
		return err
	}
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case err = <-result:
	case <-timer.C:
	}
	r.settle(e, err)
	return err
}

// wait waits for what becomes of an event that another call delivers.
func (e *recentEvent) wait(within time.Duration) error {
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-e.done:
		return e.err
	case <-timer.C:
		return nil
	}
}

// find returns the event that shares a key, or remembers a new one.
func (r *Recent) find(keys, after []string) (e *recentEvent, known bool) {
	isKey := func(key string) bool { return slices.Contains(keys, key) || slices.Contains(after, key) }
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = slices.DeleteFunc(r.events, func(e *recentEvent) bool { return now.Sub(e.at) > recentTime })
	for _, e := range r.events {
		if slices.ContainsFunc(e.keys, isKey) {
			return e, true
		}
	}
	if len(r.events) == recentMost {
		r.events = slices.Delete(r.events, 0, 1)
	}
	e = &recentEvent{keys: keys, at: now, done: make(chan struct{})}
	r.events = append(r.events, e)
	return e, false
}

// settle notes what became of an event.
func (r *Recent) settle(e *recentEvent, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.err = err
	close(e.done)
	if err != nil {
		r.events = slices.DeleteFunc(r.events, func(other *recentEvent) bool { return other == e })
	}
}
