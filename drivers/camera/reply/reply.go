// Package reply serves cameras that open the barrier by the answer to what they push.
//
// Such a camera posts a plate and waits; what the answer says is done: a relay
// switched, bytes sent on its serial port. A Desk keeps the post waiting while
// the lane decides, and its Gate and Trays are where the lane leaves what the
// answer shall carry. The makes differ in bytes only, which stay in the packages
// that use this one: they decode a contact, ask the Desk what to answer, write
// that, and say how the writing went.
//
// An answer to a plate lets out the car that was seen, whoever was meant, so it
// carries nothing but an order for that very event. All else waits for a poll:
// a contact that is no car, on whose answer the camera acts, too.
package reply

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
)

// Config is what a Desk needs to know of its camera.
type Config struct {
	Device string // device code, for errors
	Inbox  *camera.Inbox

	// Reply is how long a push waits for the lane. The camera's own time-out
	// must be longer.
	Reply time.Duration
	// Silence is how long the camera may not be heard before it counts as offline.
	Silence time.Duration
	Now     func() time.Time

	Gate GateConfig
}

// A Desk is where the contacts of one camera meet what the lane wants of it.
// Its methods may be called from any goroutine.
type Desk struct {
	cfg   Config
	gate  *Gate
	polls chan ask          // orders for the next poll; unbuffered, so that one that was given up is never carried
	shots chan chan<- error // requests for a picture, likewise
	laid  chan struct{}     // has room for one: something was laid on a tray

	mu     sync.Mutex        // guards the following fields
	events map[string]*event // by Recognition.ID
	seen   map[Key]*event    // those that can be known again
	order  []Key             // of seen, oldest first
	last   *event            // of those that were no repetition
	trays  []*Tray

	waiting int // posts of plates
	clock   clock
	facts   facts
}

// NewDesk returns the desk of cfg, which must name a device and an inbox.
func NewDesk(cfg Config) *Desk {
	d := &Desk{
		cfg: cfg, polls: make(chan ask), shots: make(chan chan<- error), laid: make(chan struct{}, 1),
		events: make(map[string]*event), seen: make(map[Key]*event),
	}
	d.gate = newGate(d, cfg.Gate)
	return d
}

// Gate returns the barrier on the camera's relay.
func (d *Desk) Gate() *Gate { return d.gate }

// Heard fails with drivers.ErrOffline when the camera was not heard for longer
// than Config.Silence.
func (d *Desk) Heard() error {
	silence, known := d.cfg.Inbox.Silence()
	switch {
	case !known:
		return fmt.Errorf("%w: nothing heard yet", drivers.ErrOffline)
	case silence > d.cfg.Silence:
		return fmt.Errorf("%w: nothing heard for %v", drivers.ErrOffline, silence.Round(time.Second))
	}
	return nil
}

// Hear notes that the camera was heard just now. After a silence that was too
// long the inputs are unknown until they change: a change may have been missed.
func (d *Desk) Hear() {
	if d.Heard() != nil {
		d.gate.forgetInputs()
	}
	d.cfg.Inbox.Hear()
}

func (d *Desk) failed(op string, err error) error {
	return &drivers.DeviceError{Device: d.cfg.Device, Op: op, Err: err}
}

// An Order is what an answer makes the camera do with the barrier. The zero
// value is nothing.
type Order uint8

// The orders.
const (
	Nothing Order = iota
	Raise         // pulse the relay that opens
	Lower         // pulse the one that closes
	Hold          // latch the one that opens
	Release       // and let it go
)

// An ask is one order on its way to the camera. done takes one value: nil when
// the answer that carries the order was written.
type ask struct {
	order Order
	check func() error // whether it still may be carried; nil: always
	done  chan<- error
}

// drop sends who asked on to another contact, if anybody did.
func (a ask) drop() {
	if a.done != nil {
		a.done <- errGone
	}
}

// errGone means that the contact was over before the order was written.
var errGone = errors.New("camera hung up or was answered")

// An Answer is what a contact is answered with. Whoever got one writes it and
// then calls Written, once.
type Answer struct {
	Order  Order
	Shoot  bool     // take a picture now and push it
	Frames []Frames // for the camera's serial ports

	done  []chan<- error
	rests *Gate // whose relay it switches off though nobody asked; nil: none
}

// Frames are the bytes for one serial port of a camera, in the order in which
// they go out.
type Frames struct {
	Port   int
	Frames [][]byte
	count  int // of the tray, when they were laid down
	tray   *Tray
}

// Written tells the askers what became of the answer: err is nil when it was
// handed to the network. Bytes for a display that were not are laid back, if
// nothing newer lies there.
func (a Answer) Written(err error) {
	for _, done := range a.done {
		done <- err
	}
	if err == nil {
		if a.rests != nil {
			a.rests.setRest(rested)
		}
		return
	}
	for _, f := range a.Frames {
		f.tray.back(f)
	}
}

// Gone is Written for a camera that hung up before the answer was written. An
// order then looks for another contact.
func (a Answer) Gone() { a.Written(errGone) }

// Acts tells what the camera does on the answers to a kind of contact.
type Acts struct {
	Orders bool // what its relays are told
	Frames bool // what is to go out on its serial ports
	Shots  bool // the request for a picture
}

// Poll waits up to wait for something that the answer to a contact may carry
// which is no car's, and returns it: an Answer without any of it when there was
// nothing. It returns early when ctx, the contact's, is done.
func (d *Desk) Poll(ctx context.Context, wait time.Duration, acts Acts) Answer {
	var answer Answer
	timer := time.NewTimer(wait)
	defer timer.Stop()
	var orders chan ask
	var shots chan chan<- error
	var laid chan struct{}
	if acts.Orders {
		orders = d.polls
	}
	if acts.Shots {
		shots = d.shots
	}
	if acts.Frames {
		laid = d.laid
	}
	for over := false; ; {
		// All that stands ready goes out together: a text and the order that it
		// belongs to.
		answer.gather(orders, shots)
		if acts.Orders && answer.Order == Nothing && d.gate.mustRest() {
			answer.Order, answer.rests = Release, d.gate
		}
		if acts.Frames {
			answer.Frames = d.take()
		}
		if over || !answer.empty() {
			return answer
		}
		select {
		case a := <-orders:
			answer.accept(a)
		case done := <-shots:
			answer.shoot(done)
		case <-laid:
		case <-timer.C:
			over = true
		case <-ctx.Done():
			over = true
		}
	}
}

// gather takes what stands ready.
func (a *Answer) gather(orders <-chan ask, shots <-chan chan<- error) {
	for {
		if a.Order != Nothing {
			orders = nil
		}
		select {
		case next := <-orders:
			a.accept(next)
			continue
		default:
		}
		select {
		case done := <-shots:
			a.shoot(done)
			continue
		default:
			return
		}
	}
}

func (a *Answer) shoot(done chan<- error) { a.Shoot, a.done = true, append(a.done, done) }

func (a *Answer) empty() bool { return a.Order == Nothing && !a.Shoot && a.Frames == nil }

// accept takes an order that may still be carried.
func (a *Answer) accept(next ask) {
	if next.check != nil {
		if err := next.check(); err != nil {
			next.done <- err
			return
		}
	}
	a.Order, a.done = next.order, append(a.done, next.done)
}

// Shoot has the camera asked for a picture in the answer to its next poll, and
// returns once that was written.
func (d *Desk) Shoot(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return unmet(err)
	}
	for {
		done := make(chan error, 1)
		select {
		case d.shots <- done:
		case <-ctx.Done():
			return unmet(ctx.Err())
		}
		if err := <-done; !errors.Is(err, errGone) {
			return err
		}
	}
}

// errUnmet means that nothing carried what was asked, and nothing will.
var errUnmet = errors.New("no contact of the camera")

func unmet(cause error) error {
	return fmt.Errorf("%w: %w: %w", drivers.ErrOffline, errUnmet, cause)
}
