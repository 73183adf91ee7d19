package reply

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"slices"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
)

// A Key is what an event is known by when it is sent again. The zero Key is
// known by nothing.
type Key [16]byte

// KeyOf returns the Key of an event from what the camera says of it: its serial
// number, its number of the event, the time by its clock and the plate. The
// event's number alone will not do, because it starts again with the camera.
func KeyOf(parts ...string) Key {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return Key(sum[:len(Key{})])
}

const (
	// maxSeen is how many events are remembered. A camera keeps 9000 at most,
	// and sends each again until it is acknowledged.
	maxSeen = 10_000
	// maxWaiting is how many posts of plates wait at once. A camera has one car
	// before it and sends its event five times at most; more come from something
	// else, and each holds its pictures in a small box's memory.
	maxWaiting = 16
	// reopen is how long an event that the lane wants to open for waits for the
	// camera to send it again. The car still stands there: the camera got no answer.
	reopen = time.Minute
	// lostFor is how long after the answer that opens the event is answered so
	// once more, if no other came since. A camera that comes again so soon did not
	// get that answer, and its gate is shut before a car that the lane has let
	// pass. Later the car has gone, by whatever way.
	lostFor = 10 * time.Second
)

// An event is one car before the camera, however often it is sent.
type event struct {
	id    string    // ends in keptMark for a car that left long ago
	since time.Time // when it was first received

	// guarded by Desk.mu
	waiting []*contact    // in the order in which they came
	newest  *contact      // the one that the camera listens to, for all we know
	ended   chan struct{} // closed when the lane is done with it
	err     error         // why the lane may not have dealt with it; set before ended is closed
	wanted  bool          // the lane could not open for it
	raised  bool          // it could
	opened  time.Time     // when the answer to a post of it was written that opens; zero: none was
}

// A contact is one post of an event that waits for its answer.
type contact struct {
	asks chan ask // has room for one: it is handed over once at most
}

// Decide hands the event to the lane and waits, for Config.Reply at most, until
// the Gate is asked to open for it. The Answer is Nothing when the lane is done
// without that, when the time is over, or when ctx, the camera's request, is
// done. The lane gets the event under an ID that nobody can guess, which rec.ID
// begins.
//
// An event whose key was seen before does not reach the lane again. While the
// lane still decides, the new post waits with the old one, and both are
// answered the same; after that it is answered Nothing, unless the lane could
// not open for it and tries again, or the answer that opens was written so
// shortly before that it must have got lost.
//
// It fails as Inbox.Deliver does, with too many posts at once, and when the lane
// stopped meanwhile; the camera must then keep the event and send it again.
func (d *Desk) Decide(ctx context.Context, rec drivers.Recognition, key Key) (Answer, error) {
	d.mu.Lock()
	if d.waiting >= maxWaiting {
		d.mu.Unlock()
		return Answer{}, &camera.PushError{Status: http.StatusServiceUnavailable, Reason: "too many cars at once"}
	}
	d.waiting++
	defer d.answered()
	ev, again := d.seen[key]
	if !again {
		rec.ID = unique(rec.ID)
		rec.Device = d.cfg.Device
		rec.Received = d.cfg.Now().UTC()
		late := d.clock.late(rec, time.Now())
		if rec.Offline || late {
			rec.ID += keptMark
		}
		ev = &event{id: rec.ID, since: time.Now(), ended: make(chan struct{})}
		d.last = ev
		c := d.joinLocked(ev)
		d.rememberLocked(ev, key)
		d.mu.Unlock()
		return d.first(ctx, ev, c, key, rec)
	}
	lost := ev == d.last && !ev.opened.IsZero() && time.Since(ev.opened) < lostFor
	if lost || ev.isOver() && !(ev.wanted && time.Since(ev.since) < reopen) {
		answer := Answer{Frames: d.takeLocked()}
		if lost {
			answer.Order = d.gate.raising()
		}
		d.mu.Unlock()
		return answer, nil
	}
	c := d.joinLocked(ev)
	over := ev.isOver()
	d.mu.Unlock()
	return d.resent(ctx, ev, c, over)
}

func (d *Desk) answered() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting--
}

// first delivers the event and waits with it.
func (d *Desk) first(ctx context.Context, ev *event, c *contact, key Key, rec drivers.Recognition) (Answer, error) {
	done, err := d.cfg.Inbox.Deliver(rec, d.cfg.Reply)
	if err != nil {
		d.end(ev, key, err)
		return Answer{}, err
	}
	timer := time.NewTimer(d.cfg.Reply)
	defer timer.Stop()
	gone := ctx.Done()
	for {
		select {
		case a := <-c.asks:
			d.end(ev, key, nil)
			return d.carry(ev, c, a), nil
		case err := <-done:
			d.end(ev, key, err)
			a := d.leave(ev, c)
			if err != nil {
				a.drop()
				return Answer{}, err
			}
			return d.carry(ev, c, a), nil
		case <-timer.C:
			d.end(ev, key, nil)
			return d.carry(ev, c, d.leave(ev, c)), nil
		case <-gone:
			// Nobody can be told any more, but another post of the event may
			// wait for what the lane says to this one.
			gone = nil
			if a := d.leave(ev, c); a.order != Nothing {
				d.end(ev, key, nil)
				return d.carry(ev, c, a), nil
			}
		}
	}
}

// resent waits with an event that was sent again.
func (d *Desk) resent(ctx context.Context, ev *event, c *contact, over bool) (Answer, error) {
	timer := time.NewTimer(d.cfg.Reply)
	defer timer.Stop()
	ended := ev.ended
	if over {
		ended = nil // it waits for the lane to try again
	}
	for waits := true; waits; {
		select {
		case a := <-c.asks:
			return d.carry(ev, c, a), nil
		case <-ended:
			ended, waits = nil, d.isWanted(ev)
		case <-timer.C:
			waits = false
		case <-ctx.Done():
			waits = false
		}
	}
	a := d.leave(ev, c)
	if err := d.outcome(ev); err != nil {
		a.drop()
		return Answer{}, err
	}
	return d.carry(ev, c, a), nil
}

// isWanted reports whether the lane could not open for an event and tries again.
func (d *Desk) isWanted(ev *event) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return ev.wanted && ev.err == nil
}

// outcome returns why the lane may not have dealt with an event, if so.
func (d *Desk) outcome(ev *event) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return ev.err
}

// isOver reports whether the lane is done with the event.
func (ev *event) isOver() bool {
	select {
	case <-ev.ended:
		return true
	default:
		return false
	}
}

func (d *Desk) joinLocked(ev *event) *contact {
	c := &contact{asks: make(chan ask, 1)}
	ev.waiting = append(ev.waiting, c)
	ev.newest = c
	return c
}

// leave takes a contact from those that wait, and returns the order that was
// handed to it just before, if any.
func (d *Desk) leave(ev *event, c *contact) ask {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := slices.Index(ev.waiting, c); i >= 0 {
		ev.waiting = slices.Delete(ev.waiting, i, i+1)
	}
	select {
	case a := <-c.asks:
		return a
	default:
		return ask{}
	}
}

// carry makes the answer to a contact. The text for a display goes to the
// newest alone: two would show it twice.
func (d *Desk) carry(ev *event, c *contact, a ask) Answer {
	answer := Answer{Order: a.order}
	if a.done != nil {
		answer.done = append(answer.done, a.done)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if ev.newest == c {
		answer.Frames = d.takeLocked()
	}
	return answer
}

// end notes that the lane is done with an event; first calls it, once. One that it may not have dealt
// with is forgotten, so that it counts when it comes again.
func (d *Desk) end(ev *event, key Key, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ev.err = err
	close(ev.ended)
	if err != nil || key == (Key{}) {
		delete(d.events, ev.id)
		delete(d.seen, key)
		// A camera that nobody watches comes again and again, and must not use up
		// the places of events that were dealt with.
		if n := len(d.order); n > 0 && d.order[n-1] == key {
			d.order = d.order[:n-1]
		}
	}
}

func (d *Desk) rememberLocked(ev *event, key Key) {
	d.events[ev.id] = ev
	if key == (Key{}) {
		return
	}
	d.seen[key] = ev
	d.order = append(d.order, key)
	for len(d.order) > maxSeen {
		if old := d.seen[d.order[0]]; old != nil {
			delete(d.events, old.id)
			delete(d.seen, d.order[0])
		}
		d.order = d.order[1:]
	}
}

// hand gives an order to every post of an event that waits, and returns what
// will be told of each. No post means that nothing was handed over.
func (d *Desk) hand(ctx context.Context, id string, order Order) ([]<-chan error, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, unmet(err)
	}
	ev := d.events[id]
	if ev == nil {
		return nil, nil
	}
	told := make([]<-chan error, len(ev.waiting))
	for i, c := range ev.waiting {
		done := make(chan error, 1)
		c.asks <- ask{order: order, done: done}
		told[i] = done
	}
	ev.waiting = nil
	return told, nil
}

// note keeps whether the lane could open for an event, and whether it was in the
// answer to a post of it.
func (d *Desk) note(id string, carried, own bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ev := d.events[id]
	if ev == nil {
		return
	}
	ev.raised = ev.raised || carried
	ev.wanted = !ev.raised
	if carried && own {
		ev.opened = time.Now()
	}
}

// keptMark ends the ID of an event that the camera kept, or that is too old for
// anything to open. rand.Text, before it, never writes it.
const keptMark = "-kept"

// unique names an event. The camera's own number begins the name but is not
// enough: some firmware gives none or starts again, and a stranger can guess
// it, push under it, and have his answer taken for another car's.
func unique(id string) string {
	if id == "" {
		return rand.Text()
	}
	return id + "-" + rand.Text()
}
