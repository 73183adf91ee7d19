package hikvision

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"parkagent/drivers/camera"
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
				err := c.follow(ctx, well)
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
	deliver := func(p *push) {
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

	var a assembly
	late := time.NewTimer(pictureTime)
	defer late.Stop()
	for {
		select {
		case p, more := <-parts:
			if !more {
				deliver(a.flush())
				return
			}
			before, now, err := a.add(p)
			if err != nil {
				c.cfg.Log.Warn("camera's event is not readable", "err", err)
			}
			deliver(before)
			deliver(now)
			if a.begins() {
				late.Reset(pictureTime)
			}
		case <-late.C:
			deliver(a.flush())
		}
	}
}

// An assembly puts the parts of an event stream together. An event goes out as
// soon as the pictures that it announces are there, and at once if it announces
// none or says that it comes again with them. Whoever uses it flushes it after
// pictureTime: the gate does not wait for a picture that takes longer.
type assembly struct {
	pending *push
	wanted  int  // pictures of pending that are announced; 0: it does not say
	have    int  // that came
	fresh   bool // pending has just come
}

// begins reports whether the last part began to wait for pictures.
func (a *assembly) begins() bool {
	fresh := a.fresh
	a.fresh = false
	return fresh
}

// add takes a part. It returns the event before it, if that waits no longer, and
// the one that it makes complete. A part that cannot be read is one that is not
// there.
func (a *assembly) add(p camera.Part) (before, now *push, err error) {
	pt := part{names: partNames(p.Header), data: p.Body}
	if pt.role() == roleEvent {
		before = a.flush() // its pictures would have come before another event
		ev, err := decodeEvent(p.Body)
		if err != nil || !ev.isPlate() {
			return before, nil, err
		}
		a.begin(ev)
		if a.wanted < 0 {
			now = a.flush()
		}
		return before, now, nil
	}
	if a.pending == nil || !camera.IsJPEG(bytes.TrimLeft(p.Body, "\r\n")) {
		return nil, nil, nil // JSON of another kind of event, or a picture of nothing
	}
	if err := a.pending.add(pt); err != nil {
		return nil, nil, err
	}
	a.have++
	if a.have >= camera.MaxParts || a.have == a.wanted {
		now = a.flush()
	}
	return nil, now, nil
}

func (a *assembly) begin(ev event) {
	wanted, err := strconv.Atoi(ev.picNum)
	if ev.more || err == nil && wanted <= 0 {
		wanted = -1
	}
	*a = assembly{pending: &push{event: ev}, wanted: wanted, fresh: true}
}

// flush returns the event that waits for pictures, or nil.
func (a *assembly) flush() *push {
	p := a.pending
	*a = assembly{}
	return p
}
