package lane

import (
	"context"
	"sync"
	"time"

	"parkagent/drivers"
)

// A panel is the lane's display together with the goroutine that alone calls it.
// The loop hands it a text and goes on: a display that is dark, slow or hangs
// delays no decision, no gate and no car. The latest text wins; one that is being
// put up while a newer comes is broken off.
type panel struct {
	display Display
	rides   bool // see Rider
	reports chan error
	wake    chan struct{} // has room for one

	mu   sync.Mutex         // guards the following fields
	next *job               // what is to be shown next; nil when it has been taken
	stop context.CancelFunc // breaks off the call under way; nil when there is none
}

// A job is a text on its way to a display: pages that take turns, mostly one.
type job struct {
	pages []page
	tried chan struct{} // closed when the first page was shown or could not be
}

// A page is one screen of a job and for how long it stands before the next.
type page struct {
	screen drivers.Screen
	stands time.Duration
}

const (
	// showWithin bounds one call of a display, which may put up several frames with
	// pauses between them.
	showWithin = 5 * time.Second
	// showAgain is how long after a failure the same text is tried again.
	showAgain = 10 * time.Second
	// rideWithin bounds how long the gate waits for the text that is to go in one
	// answer with its opening. Such a display only lays its bytes down.
	rideWithin = 300 * time.Millisecond
)

func newPanel(d Display) *panel {
	p := &panel{display: d, reports: make(chan error, 1), wake: make(chan struct{}, 1)}
	if r, ok := d.(Rider); ok {
		p.rides = r.Rides()
	}
	return p
}

// put hands over what is to be shown instead of whatever was. The channel is
// closed when the display was called for it; of a job that a newer one replaces
// before that, never. Only the loop calls put.
func (p *panel) put(pages ...page) <-chan struct{} {
	j := &job{pages: pages, tried: make(chan struct{})}
	p.mu.Lock()
	p.next = j
	if p.stop != nil {
		p.stop()
	}
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
	return j.tried
}

// run shows what it is handed until ctx is done. Between texts it turns pages, tries
// again what failed, and asks a display that can be asked whether it lives.
func (p *panel) run(ctx context.Context) error {
	var now standingJob
	t := time.NewTimer(checkFirst)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.wake:
			j := p.take()
			if j == nil {
				continue
			}
			now = standingJob{pages: j.pages}
			t.Reset(p.up(ctx, &now, true))
			close(j.tried)
		case <-t.C:
			t.Reset(p.later(ctx, &now))
		}
	}
}

// A standingJob is what is on the display.
type standingJob struct {
	pages  []page
	at     int  // the page that is up
	failed bool // it could not be put up, or the display is dead by now
}

// up puts up the page that it is the turn of, and returns when to look again. What
// is put up later than at once says nothing: it was said, or it is too late for that.
func (p *panel) up(ctx context.Context, now *standingJob, fresh bool) time.Duration {
	if len(now.pages) == 0 {
		return checkEvery
	}
	s := now.pages[now.at].screen
	if !fresh {
		s.Voice = ""
	}
	now.failed = p.call(ctx, func(ctx context.Context) error { return p.display.Show(ctx, s) })
	switch {
	case now.failed:
		return showAgain
	case len(now.pages) > 1:
		return now.pages[now.at].stands
	}
	return checkEvery
}

// later goes on with what is on the display, and returns when to look again. One
// that failed has most likely lost what it showed.
func (p *panel) later(ctx context.Context, now *standingJob) time.Duration {
	c, can := p.display.(Checker)
	if can && (now.failed || len(now.pages) < 2) && p.call(ctx, c.Check) {
		now.failed = true
		return showAgain
	}
	switch {
	case now.failed:
		return p.up(ctx, now, false)
	case len(now.pages) > 1:
		now.at = (now.at + 1) % len(now.pages)
		return p.up(ctx, now, false)
	}
	return checkEvery
}

// take returns the job that is to be shown, nil if it was taken already.
func (p *panel) take() *job {
	p.mu.Lock()
	defer p.mu.Unlock()
	j := p.next
	p.next = nil
	return j
}

// call calls the display with a deadline and reports whether that failed. What comes
// of it goes to the loop, unless a newer text or the lane's end broke it off: then it
// has not failed.
func (p *panel) call(ctx context.Context, do func(context.Context) error) (failed bool) {
	c, cancel := context.WithTimeout(ctx, showWithin)
	defer cancel()
	p.mu.Lock()
	if p.next != nil {
		p.mu.Unlock()
		return false // it came just now
	}
	p.stop = cancel
	p.mu.Unlock()
	err := do(c)
	p.mu.Lock()
	p.stop = nil
	p.mu.Unlock()
	if c.Err() == context.Canceled {
		return false
	}
	select { // the latest result is the one that counts
	case <-p.reports:
	default:
	}
	p.reports <- err
	return err != nil
}

// show puts a text on the lane's display, if it has one, without waiting for it.
// One that rides in a camera's answer is waited for: the answer goes out when the
// event that it belongs to has been dealt with.
func (l *Lane) show(ctx context.Context, pages ...page) {
	if l.panel == nil {
		return
	}
	tried := l.panel.put(pages...)
	if !l.panel.rides {
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
	return l.panel.reports
}
