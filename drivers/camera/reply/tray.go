package reply

import (
	"context"
	"fmt"
	"time"

	"parkagent/drivers"
)

// What one Carry may lay down at most. A screen of four lines with voice is
// five frames of less than 300 bytes.
const (
	maxFrames = 16
	maxFrame  = 1 << 10
)

// A Tray holds what shall go out on one serial port of the camera, for the next
// answer on which it acts: bytes for a display that hangs there.
type Tray struct {
	desk *Desk
	port int
	keep time.Duration // how long a text may lie
	op   string

	// guarded by desk.mu
	frames [][]byte
	until  time.Time // zero: as long as it takes
	count  int       // how often something was laid down
}

// Tray returns a new tray for a serial port of the camera. What lies there for
// longer than keep is dropped: a welcome that comes when the car has gone
// greets the next one.
func (d *Desk) Tray(port int, keep time.Duration) *Tray {
	t := &Tray{desk: d, port: port, keep: keep, op: fmt.Sprintf("carry to serial port %d", port)}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.trays = append(d.trays, t)
	return t
}

// Carry lays frames down for the next answer, in place of whatever lies there,
// and returns at once: nobody knows yet whether they will be carried or shown.
// With no frames it only takes away what lies there.
//
// It fails with drivers.ErrOffline when the camera was not heard for too long,
// which says that nothing would be carried soon, and with drivers.ErrRefused
// for more than 16 frames, an empty one, or one of more than 1024 bytes.
func (t *Tray) Carry(ctx context.Context, frames [][]byte) error {
	return t.lay(ctx, frames, time.Now().Add(t.keep))
}

// Stand is Carry for frames that are right for as long as nothing else is laid down,
// such as the text of a lane where nobody stands: they wait for the next answer
// however long that takes. A camera that carries bytes in the answer to a plate only
// may not ask for an hour.
func (t *Tray) Stand(ctx context.Context, frames [][]byte) error {
	return t.lay(ctx, frames, time.Time{})
}

func (t *Tray) lay(ctx context.Context, frames [][]byte, until time.Time) error {
	if err := ctx.Err(); err != nil {
		return t.desk.failed(t.op, unmet(err))
	}
	if len(frames) > maxFrames {
		return t.desk.failed(t.op, fmt.Errorf("%w: %d frames are too many", drivers.ErrRefused, len(frames)))
	}
	mine := make([][]byte, len(frames))
	for i, f := range frames {
		if len(f) == 0 || len(f) > maxFrame {
			return t.desk.failed(t.op, fmt.Errorf("%w: a frame of %d bytes", drivers.ErrRefused, len(f)))
		}
		mine[i] = append([]byte(nil), f...)
	}
	err := t.desk.Heard()
	t.desk.mu.Lock()
	if t.frames = mine; err != nil {
		t.frames = nil // an older text is not wanted any more, either
	}
	t.until = until
	t.count++
	t.desk.mu.Unlock()
	if err != nil {
		return t.desk.failed(t.op, err)
	}
	select {
	case t.desk.laid <- struct{}{}:
	default: // it was told already
	}
	return nil
}

// Check fails as Carry does when the camera was not heard for too long. It lays
// nothing down.
func (t *Tray) Check(context.Context) error {
	if err := t.desk.Heard(); err != nil {
		return t.desk.failed(t.op, err)
	}
	return nil
}

// take empties all trays and returns what may still be shown.
func (d *Desk) take() []Frames {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.takeLocked()
}

func (d *Desk) takeLocked() []Frames {
	var all []Frames
	for _, t := range d.trays {
		if len(t.frames) > 0 && (t.until.IsZero() || time.Now().Before(t.until)) {
			all = append(all, Frames{Port: t.port, Frames: t.frames, count: t.count, tray: t})
		}
		t.frames = nil
	}
	return all
}

// back lays down again what was taken and not written, unless something newer
// was laid down since.
func (t *Tray) back(f Frames) {
	t.desk.mu.Lock()
	defer t.desk.mu.Unlock()
	if f.count == t.count {
		t.frames = f.Frames
	}
}
