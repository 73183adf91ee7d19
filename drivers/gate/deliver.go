package gate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/gate/guard"
)

// offRetries is how often taking back what was given for a moment is tried again. A
// contact that stays given keeps the arm up.
const offRetries = 3

// offGrace is how long after the caller's time is over that may still take. It is
// the one thing worth being late for.
const offGrace = time.Second

// A resend says whether a command that certainly did not happen is sent again, and
// until when it may be sent at all.
type resend struct {
	never bool
	until time.Time // zero: as long as the caller waits
}

func again() resend { return resend{} }

// once is for an arm that comes down: on one command only, and only while what
// allows it is fresh.
func once(until time.Time) resend { return resend{never: true, until: until} }

// deliver sends a command. When there is no reply it asks whether the command
// arrived, and sends it once more if it did not and rs allows. It asks after a
// refusal, too: a device that says that it failed may have failed half way.
func deliver(ctx context.Context, rs resend, send func(context.Context) error, arrived func(context.Context) (bool, error)) error {
	fresh, cancel := guard.Until(ctx, rs.until)
	defer cancel()
	err := send(fresh)
	if err == nil {
		return nil
	}
	there, readErr := arrived(ctx)
	switch {
	case readErr != nil:
		return err // which is the older news, and says the same
	case there:
		return nil
	case rs.never || errors.Is(err, drivers.ErrRefused):
		return err
	}
	return send(ctx)
}

// persist does what takes something back, with several tries if need be, and for a
// moment even after ctx is done.
func persist(ctx context.Context, do func(context.Context) error) error {
	deadline := time.Now().Add(offGrace)
	if d, ok := ctx.Deadline(); ok && d.After(deadline) {
		deadline = d
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	defer cancel()
	var err error
	for range 1 + offRetries {
		// A refusal is tried again too: a board may be busy just now.
		if err = do(ctx); err == nil || ctx.Err() != nil {
			break
		}
	}
	return err
}

// wait lets a contact be given for d.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: the contact was cut short: %w", drivers.ErrOffline, ctx.Err())
	}
}

func refusal(why string) error { return fmt.Errorf("%w: %s", drivers.ErrRefused, why) }
