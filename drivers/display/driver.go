package display

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"parkagent/drivers"
)

// A Port is the line to a board, as drivers/serialport gives it. Only the
// display uses it; another device on the same pair of wires would take its
// frames for its own.
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

// Config describes one panel with a Fangkong card.
type Config struct {
	Device  string // device code, for errors
	Port    Port
	Options FangkongOptions
	Log     *slog.Logger
}

// Times between frames.
const (
	frameGap  = 50 * time.Millisecond  // a card needs it to put a line up
	byteTime  = time.Millisecond       // a byte at 9600 baud, behind a serial server that takes frames at once
	replyTime = 400 * time.Millisecond // a card that answers does so within 100 ms
	showTime  = 5 * time.Second        // for a whole screen, unless ctx ends sooner
)

// A Fangkong is one panel with a Fangkong card. It meets lane.Display.
type Fangkong struct {
	cfg       Config
	replyTime time.Duration // the constant, but in tests
}

// NewFangkong returns the panel of cfg. It touches no port.
func NewFangkong(cfg Config) (*Fangkong, error) {
	if cfg.Port == nil {
		return nil, errors.New("display has no port")
	}
	if cfg.Options.Lines == 0 {
		cfg.Options.Lines = 2
	}
	if cfg.Options.Lines < 0 || cfg.Options.Lines > 8 {
		return nil, fmt.Errorf("a panel has 1 to 8 lines, not %d", cfg.Options.Lines)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Log = cfg.Log.With("device", cfg.Device)
	return &Fangkong{cfg: cfg, replyTime: replyTime}, nil
}

// Show puts s on the panel, line by line, and speaks its voice. Lines that s
// does not have are emptied; lines that the panel does not have are left out.
//
// Without the Ack option, success means sent, not shown: over a pass-through
// boards mostly do not answer. A card that answers no fails with
// drivers.ErrRefused either way; one that must answer and does not fails with
// drivers.ErrOffline.
func (f *Fangkong) Show(ctx context.Context, s drivers.Screen) error {
	ctx, cancel := context.WithTimeout(ctx, showTime)
	defer cancel()
	if err := f.show(ctx, s); err != nil {
		return &drivers.DeviceError{Device: f.cfg.Device, Op: "show", Err: err}
	}
	return nil
}

func (f *Fangkong) show(ctx context.Context, s drivers.Screen) error {
	seconds := standSeconds(s.For)
	for i := range f.cfg.Options.Lines {
		line := drivers.Line{Text: " "} // a text without characters might leave the old one
		if i < len(s.Lines) && s.Lines[i].Text != "" {
			line = s.Lines[i]
		}
		frame := FangkongText(f.cfg.Options.Address, FangkongLine{
			Line: byte(i), Text: line.Text, Color: line.Color, Seconds: seconds,
		})
		if err := f.send(ctx, frame); err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	if s.Voice == "" || !f.cfg.Options.Voice {
		return nil
	}
	if err := f.send(ctx, FangkongVoice(f.cfg.Options.Address, s.Voice)); err != nil {
		return fmt.Errorf("voice: %w", err)
	}
	return nil
}

// standSeconds returns d in whole seconds, rounded up, as a card counts them: 0
// stands until it is replaced, 255 is the most.
func standSeconds(d time.Duration) byte {
	if d <= 0 {
		return 0
	}
	if d > 255*time.Second {
		return 255
	}
	return byte((d + time.Second - 1) / time.Second)
}

// send writes one frame, listens for its answer, and keeps the gap before the
// next.
func (f *Fangkong) send(ctx context.Context, frame []byte) error {
	// Input first: an answer to an earlier frame must not answer this one. A
	// connection that the other side closed while it was idle shows here,
	// before anything was sent, so it is worth a second try.
	if err := f.cfg.Port.ResetInput(ctx); err != nil {
		f.cfg.Log.Debug("line was lost, opening it again", "err", err)
		if err := f.cfg.Port.Connect(ctx); err != nil {
			return offline(err)
		}
	}
	if err := f.cfg.Port.Write(ctx, frame); err != nil {
		return offline(err)
	}
	gap := time.NewTimer(frameGap + time.Duration(len(frame))*byteTime)
	defer gap.Stop()
	if err := f.answer(ctx, frame); err != nil {
		return err
	}
	select {
	case <-gap.C:
		return nil
	case <-ctx.Done():
		return offline(ctx.Err())
	}
}

// answer reads the card's answer to frame. Silence is an error only where the
// card must answer; otherwise it is listened for no longer than the gap lasts.
func (f *Fangkong) answer(ctx context.Context, frame []byte) error {
	wait := frameGap
	if f.cfg.Options.Ack {
		wait = f.replyTime
	}
	listen, cancel := context.WithTimeout(ctx, wait+time.Duration(len(frame))*byteTime)
	defer cancel()
	var received []byte
	buf := make([]byte, 256)
	for {
		n, err := f.cfg.Port.Read(listen, buf)
		if err != nil {
			if silent(err) && !f.cfg.Options.Ack && ctx.Err() == nil {
				return nil
			}
			return offline(fmt.Errorf("no answer: %w", err))
		}
		received = append(received, buf[:n]...)
		code, found := replyCode(&received, frame)
		switch {
		case found && code != 0:
			return fmt.Errorf("%w: command %02X answered with code %02X", drivers.ErrRefused, frame[4], code)
		case found:
			return nil
		}
		received = received[max(0, len(received)-512):] // noise; no answer is that long
	}
}

// replyCode takes frames out of received until one answers frame, and returns
// its code. Answers carry one byte, 00 from a card that took the frame. What
// has the right command and more bytes is our own frame, thrown back by an
// adapter that echoes.
func replyCode(received *[]byte, frame []byte) (code byte, found bool) {
	for {
		reply, rest, ok := DecodeFangkongReply(*received)
		if !ok {
			return 0, false
		}
		*received = rest
		if reply.Address == frame[0] && reply.Command == frame[4] && len(reply.Data) == 1 {
			return reply.Data[0], true
		}
	}
}

// silent reports whether err says that nothing came until the deadline.
func silent(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded)
}

func offline(err error) error {
	return fmt.Errorf("%w: %w", drivers.ErrOffline, err)
}
