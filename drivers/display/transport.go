package display

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/serialport"
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

// A Carrier is a camera that hands bytes on to the board behind it, in its
// answers to what the camera asks.
type Carrier interface {
	// Carry lays frames down for the camera's next question, in place of what
	// lay there, and returns at once. Its error wraps drivers.ErrOffline when
	// the camera was not heard for too long.
	Carry(ctx context.Context, frames [][]byte) error
	// Stand is Carry for frames that are right until others are laid down: they
	// lie there as long as it takes. What Carry lays down is dropped when it was
	// not asked for soon.
	Stand(ctx context.Context, frames [][]byte) error
}

// byteTime is how long a byte takes on the line behind port: a port takes frames
// at once, and they are still on the wire then. A serial server does not tell how
// fast its wire is; most are left at 9600 baud.
func byteTime(port Port) time.Duration {
	const bits = 11 // start, eight, parity, stop
	if p, ok := port.(interface{ Link() serialport.Link }); ok && p.Link().Baud > 0 {
		return bits * time.Second / time.Duration(p.Link().Baud)
	}
	return bits * time.Second / 9600
}

// A wire sends frames over a port: it keeps the board's time between them and
// listens for answers. Its methods are called by one goroutine at a time.
type wire struct {
	port Port
	log  *slog.Logger
	profile
	perByte time.Duration
	free    time.Time // when the board takes the next frame
	echoes  bool      // the last frame that was listened to came back
	told    bool      // the board has answered a question before
}

// send writes one frame as soon as the board takes it, and listens for the
// answer. Silence is an error only where the board must answer; otherwise it is
// listened to no longer than the board needs before the next frame.
func (w *wire) send(ctx context.Context, b board, frame []byte) error {
	must := w.must
	r, heard, err := w.exchange(ctx, b, frame, must)
	switch {
	case err != nil:
		return err
	case heard:
		return r.refused
	case must:
		return offline(fmt.Errorf("no answer: %w", os.ErrDeadlineExceeded))
	}
	return nil
}

// exchange writes one frame and returns the board's answer, if one came. With
// patience it waits for one as long as boards take.
func (w *wire) exchange(ctx context.Context, b board, frame []byte, patient bool) (reply, bool, error) {
	if err := w.await(ctx); err != nil {
		return reply{}, false, err
	}
	// Input first: an answer to an earlier frame must not answer this one. A
	// connection that the other side closed while it was idle shows here,
	// before anything was sent, so it is worth a second try.
	if err := w.port.ResetInput(ctx); err != nil {
		w.log.Debug("line was lost, opening it again", "err", err)
		if err := w.port.Connect(ctx); err != nil {
			return reply{}, false, offline(err)
		}
	}
	err := w.port.Write(ctx, frame)
	length := time.Duration(len(frame)) * w.perByte
	w.free = time.Now().Add(length + w.gap) // after a failure, too: a part of it may be on its way
	if err != nil {
		return reply{}, false, offline(err)
	}
	wait := w.gap
	switch {
	case w.reply == 0:
		return reply{}, false, nil
	case patient:
		wait = w.reply
	}
	listen, cancel := context.WithTimeout(ctx, length+wait)
	defer cancel()
	r, err := w.listen(listen, b, frame)
	switch {
	case err == nil:
		return r, true, nil
	case ctx.Err() != nil: // not the silence that was waited for
		return reply{}, false, offline(ctx.Err())
	case errors.Is(err, os.ErrDeadlineExceeded):
		return reply{}, false, nil
	}
	return reply{}, false, offline(err)
}

// await waits until the board takes another frame.
func (w *wire) await(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return offline(err)
	}
	wait := time.NewTimer(time.Until(w.free))
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return offline(ctx.Err())
	}
}

// mostNoise is more than any answer is long.
const mostNoise = 1024

func (w *wire) listen(ctx context.Context, b board, frame []byte) (reply, error) {
	var received []byte
	buf := make([]byte, 256)
	w.echoes = false
	for {
		n, err := w.port.Read(ctx, buf)
		if err != nil {
			return reply{}, err
		}
		received = append(received, buf[:n]...)
		w.echoes = w.echoes || bytes.Contains(received, frame)
		if r, ok := b.reply(received, frame); ok {
			return r, nil
		}
		received = received[max(0, len(received)-mostNoise):]
	}
}

// offline says that a board cannot be reached because of err. That a caller
// gave up is no fault of the board's.
func offline(err error) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("cut short: %w", err)
	}
	return fmt.Errorf("%w: %w", drivers.ErrOffline, err)
}
