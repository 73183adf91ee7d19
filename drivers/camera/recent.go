package camera

import "sync"

// recentEvents is how many events of one camera are remembered: those of an
// hour at a busy lane. A camera sends an event again within seconds.
const recentEvents = 256

// A Recent remembers the last events of one camera, so that one which it sends
// again, because our answer was late or lost, is dealt with once. Its zero value
// is ready, and it may be used by several goroutines.
type Recent struct {
	mu     sync.Mutex // guards the following fields
	events map[string]*dealing
	order  []string // of events, the oldest first
}

// A dealing is an event that is being dealt with, or was.
type dealing struct {
	done chan struct{} // closed when err is set
	err  error
}

// Once calls deal with the event that has this key, unless that was done. An
// event whose deal failed was not dealt with; it is when it comes again. While
// deal runs for an event, the same one coming again waits for it. Once returns
// what deal returned, and whether it came again.
func (r *Recent) Once(key string, deal func() error) (again bool, err error) {
	r.mu.Lock()
	if d := r.events[key]; d != nil {
		r.mu.Unlock()
		<-d.done
		return true, d.err
	}
	d := &dealing{done: make(chan struct{})}
	if r.events == nil {
		r.events = map[string]*dealing{}
	}
	r.events[key] = d
	r.order = append(r.order, key)
	if len(r.order) > recentEvents {
		delete(r.events, r.order[0])
		r.order = r.order[1:]
	}
	r.mu.Unlock()

	d.err = deal()
	if d.err != nil {
		r.forget(key, d)
	}
	close(d.done)
	return false, d.err
}

// forget makes an event one that was not seen.
func (r *Recent) forget(key string, d *dealing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.events[key] != d {
		return // pushed out by others already
	}
	delete(r.events, key)
	for i, k := range r.order {
		if k == key {
			r.order = append(r.order[:i:i], r.order[i+1:]...)
			return
		}
	}
}
