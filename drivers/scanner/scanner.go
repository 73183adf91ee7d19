// Package scanner reads bar codes and QR codes from scanners on serial lines.
//
// A scanner at a lane reads drivers' payment codes and tickets. It sends the text of
// each, mostly with a line end, at 9600 baud without parity unless it was set up
// otherwise. It must be one with a serial port, or a USB one set to its serial mode
// (USB-COM): one that acts as a keyboard cannot be read by a service.
//
// Framer cuts the bytes into codes, KindOf knows the payment codes by their grammar,
// and Scanner reads a line until its context ends, over unplugging and all. What is
// to be done with a code is the agent's business.
package scanner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"parkagent/drivers"
)

// A Port is the line to a scanner, as drivers/serialport gives it. Only the scanner
// uses it.
type Port interface {
	// Connect opens the port if it is closed, waiting out the pause after a
	// failed try.
	Connect(ctx context.Context) error
	// ResetInput throws away what was received and not read.
	ResetInput(ctx context.Context) error
	// Write returns once the system took all of b.
	Write(ctx context.Context, b []byte) error
	// Read waits until at least one byte came. Silence until ctx's deadline
	// is an error wrapping os.ErrDeadlineExceeded, and any other one closes the
	// port.
	Read(ctx context.Context, b []byte) (int, error)
}

// Config describes one scanner.
type Config struct {
	Device  string // device code
	Port    Port
	Options Options
	Now     func() time.Time // nil means time.Now
	Log     *slog.Logger     // nil discards
}

// A Scanner reads one scanner.
type Scanner struct {
	cfg Config

	mu    sync.Mutex // guards the following field
	heard time.Time  // when a code came last
}

// New returns the scanner of cfg. It touches no port. Options that are zero are as
// ParseOptions has them without a table.
func New(cfg Config) (*Scanner, error) {
	if cfg.Port == nil {
		return nil, errors.New("scanner has no port")
	}
	plain, err := ParseOptions(nil)
	if err != nil {
		return nil, err
	}
	if cfg.Options.Gap == 0 {
		cfg.Options.Gap = plain.Gap
	}
	if cfg.Options.Repeat == 0 {
		cfg.Options.Repeat = plain.Repeat
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Log = cfg.Log.With("device", cfg.Device)
	return &Scanner{cfg: cfg}, nil
}

const (
	lineGap  = 500 * time.Millisecond // as Gap, of a scanner that is known to send line ends
	wakeTime = time.Second            // for sending what wakes a scanner
	idleTime = time.Minute            // a read that gets nothing is begun again after it
)

// Watch calls emit for each code, one after the other, until ctx is done, and then
// returns nil. It opens the line again whenever that is lost. emit must return soon:
// what is read meanwhile waits in the line and gets old.
//
// A code that is read twice is emitted once: the same text counts again after the time
// of the repeat option. So one that is held there for long is emitted now and then, and
// is not lost when it came at a bad moment.
func (s *Scanner) Watch(ctx context.Context, emit func(context.Context, drivers.Code)) error {
	guard := repeats{within: s.cfg.Options.Repeat}
	for ctx.Err() == nil {
		err := s.open(ctx)
		if err == nil {
			err = s.read(ctx, func(text string) {
				at := s.cfg.Now().UTC()
				s.mu.Lock()
				s.heard = at
				s.mu.Unlock()
				if !guard.again(text, time.Now()) {
					emit(ctx, drivers.Code{Device: s.cfg.Device, Kind: KindOf(text), Text: text, At: at})
				}
			})
		}
		if ctx.Err() == nil {
			s.cfg.Log.Debug("line of the scanner was lost, opens again", "error", err)
		}
	}
	return nil
}

// open opens the line and throws away what waits in it: a serial server may have
// kept codes of drivers who have long left.
func (s *Scanner) open(ctx context.Context) error {
	if err := s.cfg.Port.Connect(ctx); err != nil {
		return err
	}
	return s.cfg.Port.ResetInput(ctx)
}

// read emits codes until the line is lost or ctx is done.
func (s *Scanner) read(ctx context.Context, emit func(string)) error {
	var f Framer
	if err := s.wake(ctx); err != nil {
		return err
	}
	buf := make([]byte, 256)
	for {
		n, err := s.wait(ctx, &f, buf)
		codes := f.Add(buf[:n])
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil:
			codes = f.End()
			if err := s.wakeAgain(ctx, len(codes) == 0); err != nil {
				return err
			}
		case err != nil:
			return err
		}
		for _, text := range codes {
			emit(text)
		}
		if err := s.wakeAgain(ctx, len(codes) > 0); err != nil {
			return err
		}
	}
}

// wait reads for as long as the code that has begun may pause, or until the scanner
// is to be woken.
func (s *Scanner) wait(ctx context.Context, f *Framer, buf []byte) (int, error) {
	limit := idleTime
	switch {
	case f.Begun() && f.Lines():
		limit = max(lineGap, s.cfg.Options.Gap)
	case f.Begun():
		limit = s.cfg.Options.Gap
	case s.cfg.Options.WakeEvery > 0:
		limit = s.cfg.Options.WakeEvery
	}
	c, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return s.cfg.Port.Read(c, buf)
}

// wake makes a scanner read that waits to be told.
func (s *Scanner) wake(ctx context.Context) error {
	if len(s.cfg.Options.Wake) == 0 {
		return nil
	}
	c, cancel := context.WithTimeout(ctx, wakeTime)
	defer cancel()
	return s.cfg.Port.Write(c, s.cfg.Options.Wake)
}

// wakeAgain is wake for a scanner that reads once each time it is told to.
func (s *Scanner) wakeAgain(ctx context.Context, now bool) error {
	if !now || s.cfg.Options.WakeEvery == 0 {
		return nil
	}
	return s.wake(ctx)
}

// Check reports whether the line to the scanner is there. A scanner itself says
// nothing until it reads something. It may be called while Watch runs.
func (s *Scanner) Check(ctx context.Context) error {
	if err := s.cfg.Port.Connect(ctx); err != nil {
		return &drivers.DeviceError{Device: s.cfg.Device, Op: "open the line", Err: fmt.Errorf("%w: %w", drivers.ErrOffline, err)}
	}
	return nil
}

// Diagnose says whether the line is there and when a code was read last. It reads
// nothing, and makes the scanner read nothing.
func (s *Scanner) Diagnose(ctx context.Context) []drivers.Finding {
	if err := s.Check(ctx); err != nil {
		return []drivers.Finding{{Topic: drivers.TopicReach, Level: drivers.LevelWrong, Err: err}}
	}
	found := []drivers.Finding{{Topic: drivers.TopicPort}} // it says nothing until somebody shows it a code
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.heard.IsZero() {
		found = append(found, drivers.Finding{Topic: drivers.TopicHeard, Value: s.heard.Format(time.RFC3339)})
	}
	return found
}

// mostSeen is how many codes are compared with those that come. More in so short a time
// are noise, of which each line is different.
const mostSeen = 64

// repeats knows the codes that counted a moment ago.
type repeats struct {
	within time.Duration
	last   []seen
}

type seen struct {
	text string
	at   time.Time
}

// again reports whether text counted a moment ago, and notes that it counts now if not.
func (r *repeats) again(text string, now time.Time) bool {
	r.last = slices.DeleteFunc(r.last, func(s seen) bool { return now.Sub(s.at) >= r.within })
	if slices.ContainsFunc(r.last, func(s seen) bool { return s.text == text }) {
		return true
	}
	r.last = append(r.last[max(0, len(r.last)-mostSeen+1):], seen{text, now})
	return false
}
