package hikvision

import (
	"context"
	"errors"
	"sync"
	"time"

	"parkagent/drivers/camera"
	"parkagent/drivers/camera/hikvision/anpr"
)

const (
	alertStream = "/ISAPI/Event/notification/alertStream"

	// pictureTime is how long the lane waits for a picture. It is what a
	// driver before the gate does not notice yet, and longer than a camera's
	// 200 kB take on its network.
	pictureTime = 300 * time.Millisecond

	// streamAgain is after what time a camera that had no stream is asked
	// for it again: one that just starts has none either.
	streamAgain = 10 * time.Minute

	atOnce = 4 // events that the lane deals with at the same time
)

// pull asks the camera for its events until ctx is done: by its stream, or, for
// a camera without one and where the options say so, by asking for its plates.
func (c *Camera) pull(ctx context.Context) {
	told := false
	plates := &poller{camera: c}
	c.puller.Run(ctx, c.cfg.Log, func(ctx context.Context, well func()) error {
		for {
			polling, cancel := ctx, context.CancelFunc(func() {})
			if c.cfg.Options.Events == EventsStream {
				err := c.follow(ctx, func() {
					well()
					plates = &poller{camera: c} // what was there when the stream ended, it has told of
				})
				if !errors.Is(err, camera.ErrNoFunction) {
					return err
				}
				if !told {
					told = true
					c.cfg.Log.Warn("camera has no event stream, so it is asked for its plates instead", "every", c.cfg.Options.Every)
				}
				polling, cancel = context.WithTimeout(ctx, streamAgain)
			}
			err := plates.run(polling, well)
			cancel()
			if err != nil || ctx.Err() != nil {
				return err
			}
		}
	})
}

// follow reads the event stream until it ends.
func (c *Camera) follow(ctx context.Context, well func()) error {
	parts := make(chan camera.Part)
	var assembling sync.WaitGroup
	assembling.Go(func() { c.assemble(ctx, parts) })
	err := c.client.Follow(ctx, alertStream, c.cfg.Options.Quiet, func(p camera.Part) {
		c.inbox.Hear()
		well()
		select {
		case parts <- p:
		case <-ctx.Done():
		}
	})
	close(parts)
	assembling.Wait()
	return err
}

// assemble puts events and their pictures together and delivers them, until
// parts is closed and the lane has what was in it.
func (c *Camera) assemble(ctx context.Context, parts <-chan camera.Part) {
	var lane sync.WaitGroup
	defer lane.Wait()
	places := make(chan struct{}, atOnce)
	deliver := func(p *anpr.Push) {
		if p == nil {
			return
		}
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return
		}
		lane.Go(func() {
			defer func() { <-places }()
			if err := c.deliver(*p); err != nil && ctx.Err() == nil {
				c.cfg.Log.Warn("camera's event was not taken", "err", err)
			}
		})
	}

	var a anpr.Assembly
	late := time.NewTimer(pictureTime)
	defer late.Stop()
	for {
		select {
		case p, more := <-parts:
			if !more {
				deliver(a.Flush())
				return
			}
			before, now, err := a.Add(p)
			if err != nil {
				c.cfg.Log.Warn("camera's event is not readable", "err", err)
			}
			deliver(before)
			deliver(now)
			if a.Begins() {
				late.Reset(pictureTime)
			}
		case <-late.C:
			deliver(a.Flush())
		}
	}
}
