// Package hikvision drives a Hikvision camera: it takes the plates that the camera pushes, or asks for them, takes pictures, and moves the barrier that is wired to it.
//
// Events come in one of three ways. The camera POSTs them to the agent ("alarm
// server", httpHosts); a push carries no authentication, so the agent checks the
// source address and the address's token before it calls ServeHTTP. Or the agent
// keeps the camera's alertStream open, which needs no way back to the agent. Or,
// for models without a stream, it asks for the list of plates again and again.
//
// An event of any kind goes out once, whether it comes again, in two halves, or by
// two ways; it waits for its pictures 300 ms at most. What is asked of the camera
// is asked with HTTP digest authentication, and carefully: see camera.Client.
//
// Set the camera's entranceParam ctrlMod to 1 (platform), or it also opens the
// barrier by its own list; the Gate tells of it. Whether the camera sends plates
// into its stream at all is set in the camera, too (upload to centre).
package hikvision

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/camera/hikvision/anpr"
	"parkagent/drivers/options"
)

// Config describes one camera.
type Config struct {
	Device   string         // device code, for recognitions and errors
	BaseURL  string         // "http://192.168.1.64"; empty: the camera only pushes
	User     string         // ISAPI login; empty: none is tried
	Password string         // ISAPI password
	Options  Options        // from ParseOptions
	Location *time.Location // zone of event times that name none; nil: the box's own
	Log      *slog.Logger
	Now      func() time.Time // nil: time.Now
	Client   *http.Client     // how the camera is reached; nil: a client of its own
}

// Events is how a camera's events come to us.
type Events string

// The ways of events. Pushes are taken whatever is chosen.
const (
	EventsPush   Events = "push"   // the camera posts them
	EventsStream Events = "stream" // we keep its alertStream open, or poll where the model has none
	EventsPoll   Events = "poll"   // we ask for the plates that it has kept
)

// Options are a camera's settings beyond its address.
type Options struct {
	Channel int           // video channel of the picture; 0 means 1
	Silence time.Duration // a camera that can only be judged by its pushes is offline after so long; 0 means 1 h

	Events Events        // how its events come; empty means EventsPush
	Quiet  time.Duration // an event stream that brings nothing for so long, not even a heartbeat, is opened anew; 0 means 30 s
	Every  time.Duration // how often plates are asked for; 0 means 1 s

	Certificate string // of an https camera that signed its own; see camera.ParseFingerprint
}

// ParseOptions reads the option table of a device; anything else is an error:
//
//	channel = 1           # video channel, 1 to 64
//	events = "push"       # the camera posts them; "stream": it is asked for its alertStream; "poll": for its plates
//	quiet = "30s"         # 5s to 10m: a stream without even a heartbeat for so long is opened anew
//	every = "1s"          # 200ms to 1m: how often plates are asked for, by poll or where there is no stream
//	silence = 3600        # s: a camera without a login that pushes nothing for so long is offline
//	certificate = "9f86…" # SHA-256 fingerprint of the camera's own certificate, for https
//	token = "…"           # of its push address; the agent handles it
func ParseOptions(table map[string]any) (Options, error) {
	o := options.Read(table, "token")
	opt := Options{
		Channel: int(o.Int("channel", 1, 1, 64)),
		Silence: time.Duration(o.Int("silence", 3600, 10, 604800)) * time.Second,
		Events:  Events(o.Choice("events", string(EventsPush), string(EventsStream), string(EventsPoll))),
		Quiet:   o.Duration("quiet", 30*time.Second, 5*time.Second, 10*time.Minute),
		Every:   o.Duration("every", time.Second, 200*time.Millisecond, time.Minute),

		Certificate: o.Text("certificate", ""),
	}
	if _, err := camera.ParseFingerprint(opt.Certificate); err != nil {
		o.Fail("certificate", "%v", err)
	}
	return opt, o.Err()
}

// laneTime is how long a push is kept without an answer while the lane deals
// with it. The camera sends it again after an answer that is late or not 200.
const laneTime = 5 * time.Second

// A Camera is one Hikvision camera. It is an http.Handler for what the camera
// pushes and meets lane.Camera.
type Camera struct {
	cfg    Config
	inbox  camera.Inbox
	recent camera.Recent
	puller camera.Puller
	client *camera.Client // nil without BaseURL

	picturePath atomic.Int32 // which of the two works
	moves       atomic.Bool  // a barrier, for us
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
	opt := &cfg.Options
	opt.Channel = cmp.Or(opt.Channel, 1)
	opt.Silence = cmp.Or(opt.Silence, time.Hour)
	opt.Events = cmp.Or(opt.Events, EventsPush)
	opt.Quiet = cmp.Or(opt.Quiet, 30*time.Second)
	opt.Every = cmp.Or(opt.Every, time.Second)
	cfg.Log = cfg.Log.With("device", cfg.Device)
	c := &Camera{cfg: cfg}
	if cfg.BaseURL == "" {
		if opt.Events != EventsPush {
			return nil, fmt.Errorf("link of camera: events = %q asks the camera, so its link must be given", opt.Events)
		}
		return c, nil
	}
	client, err := camera.NewClient(camera.ClientConfig{
		BaseURL: cfg.BaseURL, User: cfg.User, Password: cfg.Password, Certificate: cfg.Options.Certificate, HTTP: cfg.Client,
	})
	if err != nil {
		return nil, err
	}
	c.client = client
	return c, nil
}

// Watch hands every plate that the camera tells of to emit until ctx is done. A
// push that comes while nothing watches is answered with 503, after which the
// camera sends it again. Where the camera is asked for its events, Watch asks
// again and again, whatever fails, and Check tells of it.
func (c *Camera) Watch(ctx context.Context, emit func(context.Context, drivers.Recognition)) error {
	pull := func(ctx context.Context) { <-ctx.Done() }
	if c.cfg.Options.Events != EventsPush {
		pull = c.pull
	}
	if err := c.inbox.WatchPulling(ctx, emit, pull); err != nil {
		return &drivers.DeviceError{Device: c.cfg.Device, Op: "watch", Err: err}
	}
	return nil
}

// ServeHTTP takes one push: a multipart body of XML and JPEG parts, the bare
// XML, or the event in the query with pictures in the body. It answers 200 once
// the lane dealt with the event, at the latest after 5 seconds.
func (c *Camera) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := c.take(w, r); err != nil {
		camera.Refuse(w, r, err, c.cfg.Log)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (c *Camera) take(w http.ResponseWriter, r *http.Request) error {
	body, err := c.inbox.ReadPush(w, r)
	if err != nil {
		return err
	}
	push, err := anpr.ReadPush(r.Header.Get("Content-Type"), r.URL.RawQuery, body)
	if err != nil {
		return err
	}
	c.inbox.Hear()
	if !push.IsPlate() {
		return nil // a heartbeat (videoloss, inactive) or an event of another kind
	}
	return c.deliver(push)
}

// deliver hands a plate to the lane and returns once that has dealt with it, at
// the latest after laneTime. A plate that comes again, as a copy or as the full
// event after the plate alone, is the same car: the lane gets it once, with the
// pictures that the first had.
func (c *Camera) deliver(p anpr.Push) error {
	rec := p.Recognition(c.cfg.Location)
	rec.Device = c.cfg.Device
	rec.Received = c.cfg.Now().UTC()
	keys, after := p.Keys(c.cfg.Location)
	return c.recent.Once(keys, after, laneTime, func() (<-chan error, error) { return c.inbox.Deliver(rec, laneTime) })
}
