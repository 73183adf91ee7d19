// Package display shows text on LED panels, speaks through the voice modules beside them, and tells free places to boards that count.
//
// It has three parts that know nothing of each other. Package frame turns a text
// into the bytes of one family of boards. A board, in the sense of this package,
// puts a screen into such frames, reads the answers, and has the numbers of one
// model. A Panel puts a board behind a line: a port of its own, serial or TCP,
// or a camera that passes bytes on in its answers. So a new family is one file
// here and one in package frame, whatever line it will hang on.
//
// What a board cannot show is replaced on purpose, never by luck. The latest
// text wins: a Show that is cut short stops between two frames, nothing is
// queued, and nothing is sent later than it was asked for. Every Show sends
// everything again, since a board may have lost its power meanwhile.
package display

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"parkagent/drivers"
)

// Config describes one panel. It has either a Port or a Carrier.
type Config struct {
	Device  string  // device code, for errors
	Port    Port    // a line of its own
	Carrier Carrier // a camera that passes bytes on
	Options Options // of its board
	Log     *slog.Logger
}

// Options are the settings of a board of one family: FangkongOptions,
// HuaxiaOptions, OnbonOptions, SpeechOptions or CountOptions.
type Options interface {
	// board returns the board, or what is wrong with the settings.
	board() (board, error)
}

// showTime bounds one call, unless its context ends sooner.
const showTime = 5 * time.Second

// A Panel is one display. It meets lane.Display.
type Panel struct {
	device  string
	board   board
	carrier Carrier // nil: it has a line of its own
	turn    chan struct{}
	wire    wire // owned by who has the turn
}

// New returns the panel of cfg. It touches no port.
func New(cfg Config) (*Panel, error) {
	switch {
	case cfg.Port == nil && cfg.Carrier == nil:
		return nil, errors.New("display has no port")
	case cfg.Port != nil && cfg.Carrier != nil:
		return nil, errors.New("display has both a port and a camera before it")
	case cfg.Options == nil:
		return nil, errors.New("display has no options that say what board it is")
	}
	b, err := cfg.Options.board()
	if err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	p := &Panel{device: cfg.Device, board: b, carrier: cfg.Carrier, turn: make(chan struct{}, 1)}
	p.wire = wire{port: cfg.Port, log: cfg.Log.With("device", cfg.Device), profile: b.profile(), perByte: byteTime(cfg.Port)}
	return p, nil
}

// Rides reports whether the panel's frames go with a camera's answers. Such a
// panel is to be shown a text before the camera is answered that opens the gate:
// both then go in one answer.
func (p *Panel) Rides() bool { return p.carrier != nil }

// Show puts s up: its lines, its voice and its number, each where the board has
// such a thing. Lines that s does not have are emptied; lines that the board
// does not have are left out. Any goroutine may call it; calls wait for each
// other.
//
// Success means sent. It means shown only where the board must answer, by its
// options; a panel that rides never knows, and its Show returns at once. A board
// that answers no fails with drivers.ErrRefused; one that must answer and does
// not, and one that cannot be reached, fails with drivers.ErrOffline. A Show
// whose context is cancelled stops before the next frame and fails with
// context.Canceled, which is no fault of the board's.
func (p *Panel) Show(ctx context.Context, s drivers.Screen) error {
	return p.do(ctx, "show", func(ctx context.Context) error {
		messages := p.board.compose(s)
		switch {
		case p.Rides():
			return p.carry(ctx, s, messages)
		case len(messages) == 0: // and success means that the panel can be reached
			return p.open(ctx)
		}
		for _, m := range messages {
			if err := p.wire.send(ctx, p.board, m.frame); err != nil {
				return fmt.Errorf("%s: %w", m.what, err)
			}
		}
		return nil
	})
}

// carry lays the messages of s down for the camera. It may ask for them late where they
// are right for good, or are of a screen that stands and says nothing: a welcome that
// comes when the car has gone greets the next one.
func (p *Panel) carry(ctx context.Context, s drivers.Screen, messages []message) error {
	lasts := p.wire.lasts
	if len(messages) == 0 && lasts != spoken { // what lies there is right still
		return p.camera(ctx)
	}
	var frames [][]byte
	for _, m := range messages {
		frames = append(frames, m.frame)
	}
	if lasts == forGood || lasts == asScreen && s.Voice == "" && s.For <= 0 {
		return p.carrier.Stand(ctx, frames)
	}
	return p.carrier.Carry(ctx, frames)
}

// do calls f when no other call is under way, with a bounded context.
func (p *Panel) do(ctx context.Context, op string, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, showTime)
	defer cancel()
	err := func() error {
		if err := ctx.Err(); err != nil {
			return offline(err)
		}
		select {
		case p.turn <- struct{}{}:
		case <-ctx.Done():
			return offline(ctx.Err())
		}
		defer func() { <-p.turn }()
		return f(ctx)
	}()
	if err != nil {
		return &drivers.DeviceError{Device: p.device, Op: op, Err: err}
	}
	return nil
}
