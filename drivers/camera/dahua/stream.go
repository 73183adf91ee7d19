package dahua

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/camera/dahua/traffic"
)

const (
	heartbeat   = 5 * time.Second // that the camera is asked for on a stream
	streamQuiet = 3*heartbeat + 2*time.Second

	atOnce = 4 // events of a stream that are dealt with at the same time
)

// streamCall returns the call that opens the stream. Its brackets are raw.
func (o Options) streamCall() string {
	beat := strconv.Itoa(int(heartbeat / time.Second))
	if o.Source == SourceEvents {
		return "/cgi-bin/eventManager.cgi?action=attach&codes=[" + traffic.Junction + "]&heartbeat=" + beat
	}
	return "/cgi-bin/snapManager.cgi?action=attachFileProc&channel=" + strconv.Itoa(o.Channel) +
		"&heartbeat=" + beat + "&Flags[0]=Event&Events=[" + traffic.Junction + "]"
}

// pull keeps the camera's stream open until ctx is done and all of its events are
// dealt with.
func (c *Camera) pull(ctx context.Context) {
	var dealing sync.WaitGroup
	defer dealing.Wait()
	places := make(chan struct{}, atOnce)
	take := func(ev *traffic.Event) {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return
		}
		dealing.Go(func() { // ends soon after ctx is done
			defer func() { <-places }()
			if len(ev.Rec.Pictures) == 0 {
				c.addPicture(ctx, ev)
			}
			if err := c.deal(ev); err != nil && ctx.Err() == nil {
				c.cfg.Log.Warn("event of the camera's stream lost", "event", ev.Rec.ID, "err", err)
			}
		})
	}
	c.puller.Run(ctx, c.cfg.Log, func(ctx context.Context, well func()) error {
		return c.follow(ctx, well, take)
	})
}

// follow reads the stream once, until it ends or is silent for longer than three
// heartbeats, and hands its events to take.
func (c *Camera) follow(ctx context.Context, well func(), take func(*traffic.Event)) error {
	parts := make(chan camera.Part)
	var assembling sync.WaitGroup
	assembling.Go(func() { c.assemble(parts, take) }) // ends with parts
	err := c.client.Follow(ctx, c.cfg.Options.streamCall(), streamQuiet, func(p camera.Part) {
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

// assemble puts events and their pictures together and hands them to take, until
// parts is closed.
//
// An event waits for its picture as long as the options say and no longer, for the
// gate must not wait for pictures. The lane has no use for one that comes later,
// least of all with the next car.
func (c *Camera) assemble(parts <-chan camera.Part, take func(*traffic.Event)) {
	var waiting []*traffic.Event // for the picture that follows them
	owed := false                // the picture of the events before them did not come
	flush := func() {
		for _, ev := range waiting {
			take(ev)
			owed = true
		}
		waiting = nil
	}
	defer flush()
	late := time.NewTimer(time.Hour)
	defer late.Stop()
	for {
		select {
		case <-late.C:
			flush()
		case part, ok := <-parts:
			if !ok {
				return
			}
			if camera.IsJPEG(part.Body) {
				if owed && slices.ContainsFunc(waiting, func(ev *traffic.Event) bool { return !ev.Fits(part.Body) }) {
					continue // of those before
				}
				for _, ev := range waiting {
					ev.Rec.Pictures = ev.Cut(part.Body)
				}
				flush()
				owed = false
				continue
			}
			events := c.events(part.Body)
			if len(events) == 0 {
				continue // a heartbeat may come between an event and its pictures
			}
			flush() // these had none
			waiting = events
			if c.cfg.Options.Source == SourceEvents {
				flush() // there are none on this stream
			}
			late.Reset(c.cfg.Options.PictureWait)
		}
	}
}

// events returns the events of a text part. What makes no sense is logged and
// left out: the next part may be fine.
func (c *Camera) events(text []byte) []*traffic.Event {
	events, err := traffic.Part(text, c.cfg.Options.Channel, c.cfg.Location)
	if err != nil {
		c.cfg.Log.Warn("part of the camera's stream left out", "err", err)
	}
	for _, ev := range events {
		ev.Rec.Received = c.cfg.Now().UTC()
	}
	return events
}

// addPicture asks for a picture for an event that has none, for as long as an
// event may wait. Without one it goes on: the car stands at a closed gate.
func (c *Camera) addPicture(ctx context.Context, ev *traffic.Event) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Options.PictureWait)
	defer cancel()
	jpeg, err := c.snapshot(ctx)
	if err != nil {
		c.cfg.Log.Debug("no picture for an event", "event", ev.Rec.ID, "err", err)
		return
	}
	ev.Rec.Pictures = []drivers.Picture{{Kind: drivers.PictureScene, JPEG: jpeg}}
}
