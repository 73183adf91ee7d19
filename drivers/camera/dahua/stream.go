package dahua

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"sync"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
)

const (
	heartbeat   = 5 * time.Second // that the camera is asked for on a stream
	streamQuiet = 3*heartbeat + 2*time.Second
	firstPause  = time.Second // before a stream is opened again
	longPause   = 30 * time.Second
	emitTime    = 5 * time.Second // that the lane has for an event
)

var errWatched = errors.New("camera is already watched")

// A stream is what is known of a camera's event stream.
type stream struct {
	mu      sync.Mutex // guards the following fields
	watched bool
	heard   time.Time // the last part, or when watching began
	err     error     // why there is none now
}

// begin makes its caller the one who reads the stream, until end.
func (s *stream) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watched {
		return false
	}
	s.watched, s.heard, s.err = true, time.Now(), nil
	return true
}

func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched = false
}

// hear notes that a part came just now, and returns what was wrong before.
func (s *stream) hear() (before error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, s.err, s.heard = s.err, nil, time.Now()
	return before
}

// fail notes why there is no stream, and returns what was wrong before.
func (s *stream) fail(err error) (before error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, s.err = s.err, err
	return before
}

func (c *Camera) checkStream() error {
	s := &c.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	switch silence := time.Since(s.heard); {
	case !s.watched:
		return fmt.Errorf("%w: its stream is not being read", drivers.ErrOffline)
	case s.err != nil:
		return s.err
	case silence > streamQuiet:
		return fmt.Errorf("%w: nothing on its stream for %v", drivers.ErrOffline, silence.Round(time.Second))
	}
	return nil
}

// watchStream reads the camera's stream, and opens it again, until ctx is done
// and all calls of emit have returned.
func (c *Camera) watchStream(ctx context.Context, emit func(context.Context, drivers.Recognition)) error {
	if !c.stream.begin() {
		return errWatched
	}
	defer c.stream.end()
	var calls sync.WaitGroup
	defer calls.Wait()
	take := func(ev *event) {
		calls.Go(func() { // ends with emit, which ends with its context
			if c.cfg.Options.Source == SourceEvents {
				c.addPicture(ctx, ev)
			}
			ctx, cancel := context.WithTimeout(ctx, emitTime)
			defer cancel()
			emit(ctx, ev.rec)
		})
	}
	pause := firstPause
	for {
		heard, err := c.readStream(ctx, func(ev *event) {
			if c.wanted(ev) {
				take(ev)
			}
		})
		if ctx.Err() != nil {
			return nil
		}
		if heard {
			pause = firstPause
		}
		if before := c.stream.fail(err); before == nil {
			c.cfg.Log.Warn("camera stream lost", "err", err)
		}
		c.cfg.Log.Debug("camera stream is opened again", "err", err, "in", pause)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
		pause = min(2*pause, longPause)
	}
}

// wanted completes an event of a stream and reports whether the lane gets it.
func (c *Camera) wanted(ev *event) bool {
	if len(ev.rec.Plate) > camera.MaxPlate {
		c.cfg.Log.Warn("event with a plate that can be none", "length", len(ev.rec.Plate))
		return false
	}
	if !c.mine(ev) {
		return false
	}
	ev.rec.Device = c.cfg.Device
	ev.rec.Received = c.cfg.Now().UTC()
	fresh := false
	_ = c.recent.Once(ev.keys(), nil, laneTime, func() (<-chan error, error) { // which cannot fail
		fresh = true
		done := make(chan error, 1)
		done <- nil
		return done, nil
	})
	return fresh
}

// addPicture asks for a picture for an event that has none, for as long as an
// event may wait. Without one it goes on: the car stands at a closed gate.
func (c *Camera) addPicture(ctx context.Context, ev *event) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Options.PictureWait)
	defer cancel()
	jpeg, err := c.snapshot(ctx)
	if err != nil {
		c.cfg.Log.Debug("no picture for an event", "event", ev.rec.ID, "err", err)
		return
	}
	ev.rec.Pictures = []drivers.Picture{{Kind: drivers.PictureScene, JPEG: jpeg}}
}

// streamCall returns the call that opens the stream. Its brackets are raw.
func (o Options) streamCall() string {
	beat := strconv.Itoa(int(heartbeat / time.Second))
	if o.Source == SourceEvents {
		return "/cgi-bin/eventManager.cgi?action=attach&codes=[" + junction + "]&heartbeat=" + beat
	}
	return "/cgi-bin/snapManager.cgi?action=attachFileProc&channel=" + strconv.Itoa(o.Channel) +
		"&heartbeat=" + beat + "&Flags[0]=Event&Events=[" + junction + "]"
}

// readStream opens the stream once and hands its events to take until it ends,
// is silent for longer than three heartbeats, or ctx is done. It returns why,
// and whether anything was heard.
//
// An event waits for its picture as long as the options say and no longer: the
// gate must not wait for pictures, and the lane has no use for one that comes
// later.
func (c *Camera) readStream(ctx context.Context, take func(*event)) (heard bool, err error) {
	resp, err := c.client.Open(ctx, http.MethodGet, c.cfg.Options.streamCall())
	if err != nil {
		return false, err
	}
	parts, stop := readParts(resp)
	defer stop()
	var waiting []*event // for the picture that follows them
	flush := func() {
		for _, ev := range waiting {
			take(ev)
		}
		waiting = nil
	}
	defer flush()
	late := time.NewTimer(time.Hour)
	defer late.Stop()
	quiet := time.NewTimer(streamQuiet)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return heard, ctx.Err()
		case <-quiet.C:
			return heard, fmt.Errorf("%w: nothing on its stream for %v", drivers.ErrOffline, streamQuiet)
		case <-late.C:
			flush()
		case got := <-parts:
			if got.err != nil {
				return heard, fmt.Errorf("%w: stream ended: %w", drivers.ErrOffline, got.err)
			}
			quiet.Reset(streamQuiet)
			heard = true
			if before := c.stream.hear(); before != nil {
				c.cfg.Log.Info("camera stream is back")
			}
			if camera.IsJPEG(got.part.Body) {
				for _, ev := range waiting {
					ev.rec.Pictures = ev.cuts.from(got.part.Body)
				}
				flush()
				continue
			}
			events := c.events(got.part.Body)
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
func (c *Camera) events(text []byte) []*event {
	events, err := decodePart(text, c.cfg.Options.Channel, c.cfg.Location)
	if err != nil {
		c.cfg.Log.Warn("part of the camera's stream left out", "err", err)
	}
	return events
}

// A gotPart is a part of a stream, or why there is none.
type gotPart struct {
	part camera.Part
	err  error
}

// readParts reads the parts of an answer until it ends or stop is called, which
// waits for the reading to end.
func readParts(resp *http.Response) (parts <-chan gotPart, stop func()) {
	out, stopped := make(chan gotPart), make(chan struct{})
	var reading sync.WaitGroup
	reading.Go(func() {
		s := camera.NewStream(resp.Body, boundaryOf(resp.Header))
		for {
			part, err := s.Next()
			select {
			case out <- gotPart{part, err}:
			case <-stopped:
				return
			}
			if err != nil {
				return
			}
		}
	})
	return out, func() {
		close(stopped)
		_ = resp.Body.Close() // ends the reading; nothing is left to be said
		reading.Wait()
	}
}

// boundaryOf returns the boundary that an answer names. These cameras call it
// myboundary, and some firmware leaves it out.
func boundaryOf(h http.Header) string {
	if _, params, err := mime.ParseMediaType(h.Get("Content-Type")); err == nil && params["boundary"] != "" {
		return params["boundary"]
	}
	return "myboundary"
}
