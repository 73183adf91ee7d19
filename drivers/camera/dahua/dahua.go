// Package dahua receives the plates of Dahua cameras, pushed by ITSAPI or read from one of their two event streams, asks them for pictures, and moves the barrier at their outputs.
//
// The ways to the plates, see Source:
//
//   - ITSAPI ("platform server"): the camera POSTs JSON with its pictures and
//     sends it again until the answer is {"Result": true}. Its digest header is
//     empty, so the agent checks the source address and the address's token
//     before it calls ServeHTTP.
//   - eventManager: the agent holds a stream of JSON parts open. It has no
//     pictures; one is asked for.
//   - snapManager: the agent holds a stream open of which each event is a part of
//     lines and a part of JPEGs. Where those do not come, a picture is asked for.
//
// Query brackets go out raw: these cameras do not read %5B. The streams exist
// once per camera, and calls use connections of their own, because a connection
// that is used again hangs on some firmware.
//
// TrafficStrobe.ControlType of the camera must be Order alone, or it also opens
// the barrier by its own list; Diagnose says whether it is.
package dahua

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/camera/dahua/traffic"
)

// Config describes one camera.
type Config struct {
	Device   string         // device code, for recognitions and errors
	BaseURL  string         // "http://192.168.1.108"; empty: the camera only pushes
	User     string         // login of its web side; empty: none is tried
	Password string         //
	Options  Options        // from ParseOptions
	Location *time.Location // zone of the camera's clock; nil: the box's own
	Log      *slog.Logger
	Now      func() time.Time // nil: time.Now
	Client   *http.Client     // how the camera is reached; nil: directly
}

// laneTime is how long a push is kept without an answer while the lane deals
// with it. The camera sends it again after an answer that is late.
const laneTime = 5 * time.Second

// A Camera is one Dahua camera. It is an http.Handler for what the camera pushes
// and meets lane.Camera; a Gate at it meets lane.Gate.
type Camera struct {
	cfg    Config
	client *camera.Client // nil without BaseURL
	inbox  camera.Inbox
	recent camera.Recent
	puller camera.Puller
	last   atomic.Pointer[seen]
	opened atomic.Pointer[time.Time] // when the camera last said that it opened the barrier by itself
	lane   laneNews
}

// laneNews is what was logged of the lanes that the camera's events are of.
type laneNews struct {
	mine   atomic.Bool // there was one of the lane that this device stands for
	warned atomic.Bool
}

// A seen is the last car before a camera.
type seen struct {
	plate string
	at    time.Time
}

// lastPlate returns the plate of a car that was seen just now, or nothing.
func (c *Camera) lastPlate() string {
	if s := c.last.Load(); s != nil && time.Since(s.at) < plateTime {
		return s.plate
	}
	return ""
}

// New returns the camera of cfg. It reaches for no network.
func New(cfg Config) (*Camera, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Location == nil {
		cfg.Location = time.Local
	}
	cfg.Options = cfg.Options.withDefaults()
	cfg.Log = cfg.Log.With("device", cfg.Device)
	c := &Camera{cfg: cfg}
	if cfg.BaseURL == "" {
		if cfg.Options.Source != SourcePush {
			return nil, fmt.Errorf("link of camera: events %q need one", cfg.Options.Source)
		}
		return c, nil
	}
	var err error
	c.client, err = camera.NewClient(camera.ClientConfig{
		BaseURL: cfg.BaseURL, User: cfg.User, Password: cfg.Password, Certificate: cfg.Options.Certificate,
		HTTP: cfg.Client, OneCall: true, Now: cfg.Now,
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Watch hands every plate of the camera to emit until ctx is done. A push that
// comes while nothing watches is answered with 503, after which the camera sends
// it again. A stream that ends is opened again until ctx is done, whatever it
// ended with: a password may be changed in the camera, too.
func (c *Camera) Watch(ctx context.Context, emit func(context.Context, drivers.Recognition)) error {
	pull := c.pull
	if c.cfg.Options.Source == SourcePush {
		pull = func(ctx context.Context) { <-ctx.Done() }
	}
	if err := c.inbox.WatchPulling(ctx, emit, pull); err != nil {
		return c.failed("watch", err)
	}
	return nil
}

// ServeHTTP takes one push. It answers 200 and {"Result": true} once the lane
// dealt with the event, at the latest after 5 seconds, and so also to one that
// comes again. It takes none while a stream is read: that tells of the same cars.
func (c *Camera) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := c.take(w, r); err != nil {
		camera.Refuse(w, r, err, c.cfg.Log)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"Result": true}`) // a camera that hung up sends again
}

func (c *Camera) take(w http.ResponseWriter, r *http.Request) error {
	body, err := c.inbox.ReadPush(w, r)
	if err != nil {
		return err
	}
	if c.cfg.Options.Source != SourcePush {
		return &camera.PushError{Status: http.StatusForbidden, Reason: "this camera's events are read from its stream"}
	}
	ev, err := traffic.Push(r.URL.Path, body, c.cfg.Location)
	if err != nil {
		return err
	}
	c.inbox.Hear()
	if ev == nil {
		return nil
	}
	ev.Rec.Received = c.cfg.Now().UTC()
	return c.deal(ev)
}

// deal hands an event to the lane, unless the lane has had it, and waits until it
// was dealt with.
func (c *Camera) deal(ev *traffic.Event) error {
	if !c.mine(ev) {
		return nil
	}
	rec := ev.Rec
	rec.Device = c.cfg.Device
	c.last.Store(&seen{plate: rec.Plate, at: time.Now()})
	var keys []string
	if ev.Key != "" {
		keys = []string{ev.Key}
	}
	return c.recent.Once(keys, nil, laneTime, func() (<-chan error, error) { return c.inbox.Deliver(rec, laneTime) })
}

// ownListTime is for how long after an opening of its own a camera is reported
// for it.
const ownListTime = time.Hour

// opensItself reports whether the camera said lately that it opened the barrier
// by itself.
func (c *Camera) opensItself() bool {
	at := c.opened.Load() // with the clock that does not jump
	return at != nil && time.Since(*at) < ownListTime
}

// mine reports whether an event is of the lane that this device stands for. Where
// none was yet, an event of another is told of: a lane that gets none looks as
// well as one that no car comes to.
func (c *Camera) mine(ev *traffic.Event) bool {
	if ev.Opened {
		if !c.opensItself() {
			c.cfg.Log.Warn("the camera opens the barrier by its own list", "event", ev.Rec.ID)
		}
		now := time.Now()
		c.opened.Store(&now)
	}
	want := c.cfg.Options.Lane
	if want == nil || ev.Lane == int64(*want) {
		c.lane.mine.Store(true)
		return true
	}
	level := slog.LevelDebug
	if !c.lane.mine.Load() && c.lane.warned.CompareAndSwap(false, true) {
		level = slog.LevelWarn
	}
	c.cfg.Log.Log(context.Background(), level, "event of another lane than the option lane names", "event", ev.Rec.ID, "lane", ev.Lane, "want", *want)
	return false
}

func (c *Camera) failed(op string, err error) error {
	return &drivers.DeviceError{Device: c.cfg.Device, Op: op, Err: err}
}
