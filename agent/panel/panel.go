// Package panel puts texts on one display, from a goroutine of its own.
//
// Whoever has something to say hands it over and goes on: a display that is dark,
// slow or hangs delays nobody. The latest text wins; one that is being put up while
// a newer comes is broken off. What failed is tried again, pages take turns, a
// display that can be asked is asked between texts whether it lives, and what stands
// is put up again now and then, without its voice: many a board, and every one behind a
// camera, cannot tell that it lost its power and its text.
package panel

import (
	"context"
	"sync"
	"time"

	"parkagent/agent/signs"
	"parkagent/drivers"
)

// A Display shows one Screen at a time. Show replaces what was there, and returns
// soon after ctx is done, which it is when a newer Screen is to be shown: what was
// not put up by then need not be. The Panel calls it from one goroutine. An error
// means a dark display.
type Display interface {
	Show(ctx context.Context, s drivers.Screen) error
}

// A Rider is a Display whose bytes go out in a camera's next answer. Show then
// only lays them down.
type Rider interface {
	Rides() bool
}

// A Checker can tell whether it is alive, by being asked or by how long ago it was
// heard.
type Checker interface {
	Check(ctx context.Context) error
}

// A Panel is a display and what it shows.
type Panel struct {
	display Display
	rides   bool
	reports chan error
	wake    chan struct{} // has room for one

	mu   sync.Mutex         // guards the following fields
	next *job               // what is to be shown next; nil when it has been taken
	stop context.CancelFunc // breaks off the call under way; nil when there is none
}

// A job is a text on its way to a display: pages that take turns, mostly one.
type job struct {
	pages []signs.Page
	tried chan struct{} // closed when the first page was shown or could not be
}

const (
	// showWithin bounds one call of a display, which may put up several frames with
	// pauses between them.
	showWithin = 5 * time.Second
	// ShowAgain is how long after a failure the same text is tried again.
	ShowAgain = 10 * time.Second
	// CheckFirst is how long after its start a display is first asked whether it
	// lives.
	CheckFirst = 3 * time.Second
	// CheckEvery is how long after a text, or after the last question, it is asked
	// again.
	CheckEvery = 30 * time.Second
	// StandAgain is how often a text that stands is put up again.
	StandAgain = time.Minute
)

// New returns the panel of d. It touches nothing.
func New(d Display) *Panel {
	p := &Panel{display: d, reports: make(chan error, 1), wake: make(chan struct{}, 1)}
	if r, ok := d.(Rider); ok {
		p.rides = r.Rides()
	}
	return p
}

// Rides reports whether the display is one whose bytes go out in a camera's answer.
func (p *Panel) Rides() bool { return p.rides }

// Reports is where what came of the display's calls can be read, nil if it is well:
// the latest only, if nobody reads. What a newer text broke off is no result.
func (p *Panel) Reports() <-chan error { return p.reports }

// Put hands over what is to be shown instead of whatever was: one page, or several that
// take turns. It returns at once. The channel is closed when the display was called for
// it, which of a text that a newer one replaces before that is never. Calls must not
// overlap.
func (p *Panel) Put(pages ...signs.Page) <-chan struct{} {
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

// Run shows what it is handed until ctx is done, and then returns nil.
func (p *Panel) Run(ctx context.Context) error {
	var now standingJob
	t := time.NewTimer(CheckFirst)
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
			now = standingJob{pages: j.pages, since: time.Now()}
			t.Reset(p.up(ctx, &now, true))
			close(j.tried)
		case <-t.C:
			t.Reset(p.later(ctx, &now))
		}
	}
}

// A standingJob is what is on the display.
type standingJob struct {
	pages  []signs.Page
	since  time.Time // when it was to be put up
	at     int       // the page that is up
	upAt   time.Time // when it was put up last
	failed bool      // it could not be put up, or the display is dead by now
}

// screen is what is to be put up now, if there is anything. What is put up later than
// at once says nothing: it was said, or it is too late for that. A text whose time is
// counted stands for the rest of it.
func (j standingJob) screen(fresh bool) (s drivers.Screen, anything bool) {
	if len(j.pages) == 0 {
		return drivers.Screen{}, false
	}
	s = j.pages[j.at].Screen
	if fresh {
		return s, true
	}
	s.Voice = ""
	if s.For > 0 {
		s.For -= time.Since(j.since)
		return s, s.For > 0
	}
	return s, true
}

// up puts up the page that it is the turn of, and returns when to look again.
func (p *Panel) up(ctx context.Context, now *standingJob, fresh bool) time.Duration {
	s, anything := now.screen(fresh)
	if !anything {
		return CheckEvery
	}
	now.failed = p.call(ctx, func(ctx context.Context) error { return p.display.Show(ctx, s) })
	now.upAt = time.Now()
	switch {
	case now.failed:
		return ShowAgain
	case len(now.pages) > 1:
		return now.pages[now.at].Stands
	}
	return CheckEvery
}

// later goes on with what is on the display, and returns when to look again. One
// that failed has most likely lost what it showed.
func (p *Panel) later(ctx context.Context, now *standingJob) time.Duration {
	c, can := p.display.(Checker)
	if can && (now.failed || len(now.pages) < 2) && p.call(ctx, c.Check) {
		now.failed = true
		return ShowAgain
	}
	switch {
	case now.failed:
		return p.up(ctx, now, false)
	case len(now.pages) > 1:
		now.at = (now.at + 1) % len(now.pages)
		return p.up(ctx, now, false)
	case time.Since(now.upAt) >= StandAgain:
		return p.up(ctx, now, false)
	}
	return CheckEvery
}

// take returns the job that is to be shown, nil if it was taken already.
func (p *Panel) take() *job {
	p.mu.Lock()
	defer p.mu.Unlock()
	j := p.next
	p.next = nil
	return j
}

// call calls the display with a deadline and reports whether that failed. What comes
// of it is reported, unless a newer text or the end of ctx broke it off: then it has not
// failed.
func (p *Panel) call(ctx context.Context, do func(context.Context) error) (failed bool) {
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
