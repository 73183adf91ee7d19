// Package serialport opens serial ports and byte streams over TCP by stable names, turns silence into errors, and opens them again after unplugging.
//
// A Port is made from a Link and touches nothing until its first use. Every
// call is bounded by its context: a read that gets nothing until the context's
// deadline fails with an error wrapping os.ErrDeadlineExceeded, never with zero
// bytes and no error. After any other failure the port is closed, and the next
// use opens it again, no sooner than a growing pause after the last try. So a
// USB adapter that is pulled and put back, or a serial server that is
// restarted, costs failed calls but never a restart of the program.
package serialport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// The pauses between two tries to open a port that is not there. The longest
// is short, because a driver who waits at a barrier waits as long.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 2 * time.Second
)

// dialTimeout bounds the opening of a connection when the caller's context
// leaves more time. On a local network a connection that takes longer is lost.
const dialTimeout = 3 * time.Second

// readSlice is how long one read of a serial port blocks before it looks at
// its context again.
const readSlice = 50 * time.Millisecond

// A conn is one opened port.
type conn interface {
	// Read blocks until at least one byte came. At ctx's end it fails with
	// an error wrapping os.ErrDeadlineExceeded or context.Canceled.
	Read(ctx context.Context, b []byte) (int, error)
	// Write returns once the system took all of b.
	Write(ctx context.Context, b []byte) error
	// ResetInput throws away what was received and not read.
	ResetInput() error
	// Close ends running calls and returns after them.
	Close() error
}

// A Port is one end of a line to a device. One goroutine may read while another
// writes, and any may close.
type Port struct {
	link Link
	log  *slog.Logger
	open func(context.Context) (conn, error)

	mu        sync.Mutex // guards the following fields
	conn      conn       // nil while closed
	opened    time.Time  // when conn was opened
	pauses    *backoff.ExponentialBackOff
	notBefore time.Time // no try to open before
	failure   error     // why the last try to open failed; nil after a success
}

// Open reads the link and returns its port. It touches no device: the first use
// does. log may be nil.
func Open(link string, log *slog.Logger) (*Port, error) {
	l, err := ParseLink(link)
	if err != nil {
		return nil, err
	}
	return New(l, log), nil
}

// New returns the port of a link that ParseLink gave. It touches no device: the
// first use does. log may be nil.
func New(l Link, log *slog.Logger) *Port {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	p := &Port{link: l, log: log, pauses: &backoff.ExponentialBackOff{
		InitialInterval:     firstPause,
		MaxInterval:         longestPause,
		Multiplier:          2,
		RandomizationFactor: 0, // nobody else opens the same port
	}}
	p.pauses.Reset()
	if l.Kind == TCP {
		p.open = func(ctx context.Context) (conn, error) { return dialTCP(ctx, l.Address) }
	} else {
		p.open = func(context.Context) (conn, error) { return openSerial(l) }
	}
	return p
}

// Link returns what the port was made from.
func (p *Port) Link() Link { return p.link }

// Connect opens the port if it is closed. Unlike the other calls it waits out
// the pause after a failed try, so a loop that reads for ever calls it first
// and never spins. The error of a port that is not there wraps fs.ErrNotExist.
func (p *Port) Connect(ctx context.Context) error {
	p.mu.Lock()
	wait := time.Until(p.notBefore)
	if p.conn != nil {
		wait = 0
	}
	p.mu.Unlock()
	if wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return p.fail("open", contextError(ctx))
		}
	}
	_, err := p.use(ctx)
	return err
}

// Read waits until at least one byte came and returns what is there. Silence
// until ctx's deadline is an error wrapping os.ErrDeadlineExceeded and leaves
// the port open.
func (p *Port) Read(ctx context.Context, b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	c, err := p.use(ctx)
	if err != nil {
		return 0, err
	}
	n, err := c.Read(ctx, b)
	if n > 0 {
		return n, nil // a lasting failure comes again
	}
	if err != nil && !ended(err) {
		p.drop(c, err)
	}
	if err != nil {
		return 0, p.fail("read", err)
	}
	return 0, p.fail("read", os.ErrDeadlineExceeded)
}

// Write returns once the system took all of b. When ctx ends before, part of b
// may be on the line; the port is then closed, since nothing sensible can
// follow half a frame.
func (p *Port) Write(ctx context.Context, b []byte) error {
	c, err := p.use(ctx)
	if err != nil {
		return err
	}
	if err := c.Write(ctx, b); err != nil {
		p.drop(c, err)
		return p.fail("write", err)
	}
	return nil
}

// ResetInput throws away what was received and not yet read.
func (p *Port) ResetInput(ctx context.Context) error {
	c, err := p.use(ctx)
	if err != nil {
		return err
	}
	if err := c.ResetInput(); err != nil {
		p.drop(c, err)
		return p.fail("discard input", err)
	}
	return nil
}

// Close closes the port, ends the calls that use it and throws away what was
// written and is still on its way. It is not final: the next use opens the port
// again. Closing a closed port does nothing.
func (p *Port) Close() error {
	p.mu.Lock()
	c := p.conn
	p.conn = nil
	p.mu.Unlock()
	if c == nil {
		return nil
	}
	if err := c.Close(); err != nil {
		return p.fail("close", err)
	}
	return nil
}

// use returns the open conn, opening it if the pause is over. It holds the lock
// while it opens, so that one port is never opened twice.
func (p *Port) use(ctx context.Context) (conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn != nil {
		return p.conn, nil
	}
	if ctx.Err() != nil {
		return nil, p.fail("open", contextError(ctx))
	}
	if p.failure != nil && time.Now().Before(p.notBefore) {
		return nil, p.fail("open", p.failure)
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	c, err := p.open(ctx)
	if err != nil {
		p.failure = err
		p.notBefore = time.Now().Add(p.pauses.NextBackOff())
		return nil, p.fail("open", err)
	}
	p.conn, p.opened, p.failure = c, time.Now(), nil
	p.pauses.Reset()
	p.log.Debug("port opened", "link", p.link.String())
	return c, nil
}

// drop closes c after an I/O failure. A port that opened only just now is left
// alone for a moment, lest it be opened in a tight loop. One that was open for
// long may be opened again at once: often it is a connection that the other
// side closed because nothing was said.
func (p *Port) drop(c conn, cause error) {
	p.mu.Lock()
	mine := p.conn == c
	if mine {
		p.conn = nil
		if time.Since(p.opened) < longestPause {
			p.failure = cause
			p.notBefore = time.Now().Add(firstPause)
		}
	}
	p.mu.Unlock()
	if mine {
		_ = c.Close() // the cause is reported; what closing says adds nothing
		p.log.Debug("port closed after a failure", "link", p.link.String(), "error", cause)
	}
}

func (p *Port) fail(op string, err error) error {
	return fmt.Errorf("%s %s: %w", op, p.link.Address, err)
}

// ended reports whether err only says that the call's time was over.
func ended(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.Canceled)
}

// contextError says why ctx is done: os.ErrDeadlineExceeded after its deadline,
// as with other files and connections, else context.Canceled. A deadline that has
// passed may not have ended ctx yet. It may do so at any moment, so ctx is asked
// once: asked twice it gave an error that nobody takes for the end of his time, and
// the port was closed in the middle of its work.
func contextError(ctx context.Context) error {
	if err := ctx.Err(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return os.ErrDeadlineExceeded
}

// atEnd calls f when ctx is done, unless release was called before. Release
// waits for an f that has begun: late, it would end the next call instead.
func atEnd(ctx context.Context, f func()) (release func()) {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		f()
	})
	return func() {
		if !stop() {
			<-done
		}
	}
}

// errGone is what a port says that is not there.
func errGone(what string) error {
	return fmt.Errorf("%s: %w", what, fs.ErrNotExist)
}
