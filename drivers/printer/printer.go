// Package printer prints tickets and slips on ESC/POS receipt printers.
//
// Encode puts a document into bytes; text is GBK and broken where the paper ends. A
// Printer sends them over a serial port or to a network printer's port (9100 mostly),
// asks before whether there is paper, and behind the document whether it was printed.
// What a model lacks is an option: QR codes, a cutter, a way to answer.
package printer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"parkagent/drivers"
)

// A Port is the line to a printer, as drivers/serialport gives it. Only the printer
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
	// is an error wrapping os.ErrDeadlineExceeded.
	Read(ctx context.Context, b []byte) (int, error)
}

// Config describes one printer.
type Config struct {
	Device  string // device code
	Port    Port
	Options Options
	Log     *slog.Logger // nil discards
}

// Times of a printer.
const (
	answerTime = time.Second             // a status is answered within some milliseconds
	printTime  = 8 * time.Second         // for what is printed when all was sent
	sendTime   = 3 * time.Second         // for sending, besides byteTime
	byteTime   = 1200 * time.Microsecond // a byte at 9600 baud, with some air
)

// A Printer prints on one printer. Its methods may be called from any goroutine; one
// waits for the other.
type Printer struct {
	cfg  Config
	busy chan struct{} // full while the line is in use
	torn int           // bytes of a document that was not sent to its end; owned by who has the line

	answerTime, printTime time.Duration // the constants, but in tests
}

// New returns the printer of cfg. It touches no port. Options that are zero, but for
// Feed, are as ParseOptions has them without a table.
func New(cfg Config) (*Printer, error) {
	if cfg.Port == nil {
		return nil, errors.New("printer has no port")
	}
	plain, err := ParseOptions(nil)
	if err != nil {
		return nil, err
	}
	if cfg.Options == (Options{}) {
		cfg.Options = plain
	}
	opt := &cfg.Options
	if opt.Paper == 0 {
		opt.Paper = plain.Paper
	}
	if opt.QRSize == 0 {
		opt.QRSize = plain.QRSize
	}
	if opt.Cut == "" {
		opt.Cut = plain.Cut
	}
	if opt.Answers == "" {
		opt.Answers = plain.Answers
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Log = cfg.Log.With("device", cfg.Device)
	return &Printer{cfg: cfg, busy: make(chan struct{}, 1), answerTime: answerTime, printTime: printTime}, nil
}

// Print prints a document and returns nil when the printer says that it has, or, where
// it says no such thing, when it was sent.
//
// An error that wraps drivers.ErrRefused means that nothing is printed: there is no
// paper, which a *drivers.FaultError says, or the document cannot be printed. After
// any other error nobody knows what came out: it may be all, a part or nothing, and
// a part may come out when the paper has been changed.
func (p *Printer) Print(ctx context.Context, doc drivers.Document) error {
	job, err := Encode(doc, p.cfg.Options)
	if err != nil {
		return p.failed("print", fmt.Errorf("%w: %w", drivers.ErrRefused, err))
	}
	release, err := p.claim(ctx)
	if err != nil {
		return p.failed("print", err)
	}
	defer release()
	return p.failed("print", p.print(ctx, job))
}

func (p *Printer) print(ctx context.Context, job []byte) error {
	if err := p.open(ctx); err != nil {
		return err
	}
	if p.cfg.Options.Answers != AnswersNone {
		s, err := p.status(ctx)
		if err == nil {
			err = s.Err()
		}
		if err != nil {
			return err
		}
	}
	if p.cfg.Options.Answers == AnswersAll {
		job = append(job, printedRequest()...)
		if err := p.cfg.Port.ResetInput(ctx); err != nil {
			return offline(err)
		}
	}
	size := len(job)
	job = append(afterTorn(p.torn, p.cfg.Options), job...)
	send, cancel := context.WithTimeout(ctx, sendTime+time.Duration(len(job))*byteTime)
	defer cancel()
	if err := p.cfg.Port.Write(send, job); err != nil {
		p.torn = max(p.torn, size)
		return offline(err)
	}
	p.torn = 0
	switch p.cfg.Options.Answers {
	case AnswersAll:
		return p.printed(ctx, len(job))
	case AnswersStatus:
		return p.unharmed(ctx)
	}
	return nil
}

// printed waits for what a printer says when it has come to the end of a document of
// so many bytes. It never does when the paper ends before; it is asked why.
func (p *Printer) printed(ctx context.Context, size int) error {
	// A serial line may still be sending when Write returns.
	answer, err := p.answer(ctx, p.printTime+time.Duration(size)*byteTime, isPrinted)
	if err != nil {
		if cause := p.unharmed(ctx); cause != nil {
			return cause
		}
		return err
	}
	if answer&0x0c != 0 { // it ended with the document
		return p.unharmed(ctx)
	}
	return nil
}

// unharmed asks a printer that was sent a document how it is. Its paper may have ended
// within that, so nothing of it counts as refused.
func (p *Printer) unharmed(ctx context.Context) error {
	s, err := p.status(ctx)
	if err != nil {
		return err
	}
	var fault *drivers.FaultError
	if errors.As(s.Err(), &fault) {
		return &drivers.FaultError{Fault: fault.Fault, Err: fmt.Errorf("within a document: %s", fault)} // not wrapped: part of it may be out
	}
	return nil
}

// Status asks the printer how it is. Where it cannot be asked, the zero Status means
// that its line is there.
func (p *Printer) Status(ctx context.Context) (Status, error) {
	release, err := p.claim(ctx)
	if err != nil {
		return Status{}, p.failed("ask", err)
	}
	defer release()
	if err := p.open(ctx); err != nil {
		return Status{}, p.failed("ask", err)
	}
	if p.cfg.Options.Answers == AnswersNone {
		return Status{}, nil
	}
	s, err := p.status(ctx)
	return s, p.failed("ask", err)
}

// Check reports whether the printer would print now: a *drivers.FaultError says that
// there is no paper, that its cover is open or its cutter stuck.
func (p *Printer) Check(ctx context.Context) error {
	s, err := p.Status(ctx)
	if err != nil {
		return err
	}
	return p.failed("ask", s.Err())
}

// Diagnose asks the printer how it is. It prints nothing.
func (p *Printer) Diagnose(ctx context.Context) []drivers.Finding {
	s, err := p.Status(ctx)
	if err != nil {
		return []drivers.Finding{{Topic: drivers.TopicReach, Level: drivers.LevelWrong, Err: err}}
	}
	if p.cfg.Options.Answers == AnswersNone {
		return []drivers.Finding{{Topic: drivers.TopicPort}}
	}
	found := []drivers.Finding{{Topic: drivers.TopicReach}}
	paper := drivers.Finding{Topic: drivers.TopicPaper}
	switch err := s.Err(); {
	case err != nil:
		paper.Level, paper.Err = drivers.LevelWrong, err
	case s.Low:
		paper.Level, paper.Value = drivers.LevelOdd, "low"
	}
	return append(found, paper)
}

// claim waits for the line. What it returns gives it back.
func (p *Printer) claim(ctx context.Context) (release func(), err error) {
	select {
	case p.busy <- struct{}{}:
		return func() { <-p.busy }, nil
	case <-ctx.Done():
		return nil, offline(fmt.Errorf("another document is being printed: %w", ctx.Err()))
	}
}

// open makes sure of the line before anything counts on it. A network printer closes
// a connection on which nothing was said, which shows here; it is worth a second try.
func (p *Printer) open(ctx context.Context) error {
	err := p.cfg.Port.ResetInput(ctx)
	if err == nil {
		return nil
	}
	p.cfg.Log.Debug("line was lost, opening it again", "err", err)
	if err := p.cfg.Port.Connect(ctx); err != nil {
		return offline(err)
	}
	return nil
}

// status asks each of the real-time requests in turn.
func (p *Printer) status(ctx context.Context) (Status, error) {
	var s Status
	for _, n := range []byte{askPrinter, askOffline, askError, askPaper} {
		// A late answer to the request before must not answer this one.
		if err := p.cfg.Port.ResetInput(ctx); err != nil {
			return s, offline(err)
		}
		c, cancel := context.WithTimeout(ctx, p.answerTime)
		err := p.cfg.Port.Write(c, statusRequest(n))
		cancel()
		if err != nil {
			return s, offline(err)
		}
		answer, err := p.answer(ctx, p.answerTime, isStatus)
		if err != nil {
			return s, err
		}
		s.add(n, answer)
	}
	return s, nil
}

// answer reads until a byte is one that is waited for.
func (p *Printer) answer(ctx context.Context, within time.Duration, is func(byte) bool) (byte, error) {
	c, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	buf := make([]byte, 64)
	for {
		n, err := p.cfg.Port.Read(c, buf)
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				err = fmt.Errorf("no answer: %w", err)
			}
			return 0, offline(err)
		}
		for _, b := range buf[:n] {
			if is(b) {
				return b, nil
			}
		}
	}
}

// failed says which device failed; nil stays nil.
func (p *Printer) failed(op string, err error) error {
	if err == nil {
		return nil
	}
	return &drivers.DeviceError{Device: p.cfg.Device, Op: op, Err: err}
}

func offline(err error) error { return fmt.Errorf("%w: %w", drivers.ErrOffline, err) }
