package lane

import (
	"context"
	"reflect"
	"time"

	"parkagent/agent/signs"
)

// rideWithin bounds how long the gate waits for the text that is to go in one
// answer with its opening. Such a display only lays its bytes down.
const rideWithin = 300 * time.Millisecond

// show puts a text on the lane's display, if it has one, without waiting for it.
// One that rides in a camera's answer is waited for: the answer goes out when the
// event that it belongs to has been dealt with.
func (l *Lane) show(ctx context.Context, pages ...signs.Page) {
	if l.panel == nil {
		return
	}
	tried := l.panel.Put(pages...)
	if !l.panel.Rides() {
		return
	}
	t := time.NewTimer(rideWithin)
	defer t.Stop()
	select {
	case <-tried:
	case <-t.C:
	case <-ctx.Done():
	}
}

// shown is the channel of what came of the display's calls, nil without a display.
func (l *Lane) shown() <-chan error {
	if l.panel == nil {
		return nil
	}
	return l.panel.Reports()
}

// say puts a text about a car, or the idle one, on the display.
func (l *Lane) say(ctx context.Context, t text) {
	before := l.before
	l.before = text{}
	if t.say != sayIdle && t == before {
		return // it went with the opening
	}
	pages := l.pages(t)
	l.idle = nil
	if t.say == sayIdle {
		l.idle = pages
	}
	l.show(ctx, pages...)
}

// refresh puts the idle text up again when it is another one by now, because it names
// the time; without its voice, which spoke of what it named before.
func (l *Lane) refresh(ctx context.Context) {
	if l.panel == nil || l.idle == nil {
		return
	}
	pages := l.pages(text{say: sayIdle})
	if reflect.DeepEqual(pages, l.idle) {
		return
	}
	l.idle = pages
	l.show(ctx, signs.Silent(pages)...)
}

// showBefore lays down what is said to the driver whom the gate is about to open
// for, where display and gate are reached by one answer of a camera. Should the
// gate not follow, what is said then replaces it.
func (l *Lane) showBefore(ctx context.Context, c raise) {
	if l.panel == nil || !l.panel.Rides() || c.again {
		return
	}
	t := passage(l.state.car, l.cfg.Now().UTC())
	l.say(ctx, t)
	l.before = t
}
