// Package vzenith speaks with VzEnith cameras (and their Alphadigi kin), which push plates over HTTP and open the barrier by the answer.
//
// The camera POSTs each plate as JSON and waits. An answer with info "ok"
// pulses its relay: the answer is the opener, its time is the gate's time. So a
// Camera keeps a push waiting while the lane decides, and its Gate opens through
// the push of the car that was decided on, never through another's: that would
// let another car out. Events that the camera kept while the network was away
// are taken and acknowledged, and never answered "ok".
//
// Besides plates the camera sends heartbeats, and in its "comet" mode polls for
// commands without end. By the maker's document it acts on answers to plates
// and to comet polls only, not on answers to plain heartbeats, so without comet
// mode nothing opens the barrier but the plate of the car that may pass: not a
// command, and not a payment that comes after the plate was answered.
package vzenith

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/options"
)

// Config describes one camera.
type Config struct {
	Device    string        // device code, for recognitions and errors
	Options   Options       // from ParseOptions
	ReplyTime time.Duration // how long a push waits for the lane; 0 means 2.5 s
	PollTime  time.Duration // how long a comet poll waits for a command; 0 means 2 s
	Log       *slog.Logger
	Now       func() time.Time // nil: time.Now
}

// Options are a camera's settings.
type Options struct {
	Heartbeat time.Duration // a camera not heard for so long is offline; 0 means 60 s
	Opens     Opens         // what may open the barrier besides the answer to a plate
	IO        int           // relay for Hold, and for Pulse; 0 to 3
	Pulse     time.Duration // also pulse relay IO for so long when opening; 0: info "ok" alone opens
}

// Opens tells which contact of the camera, besides a plate, carries an opening.
type Opens string

// The kinds of contact.
const (
	OpensPlate     Opens = "plate"     // none: only the car's own plate opens
	OpensComet     Opens = "comet"     // the camera is in comet mode, and its polls carry commands
	OpensHeartbeat Opens = "heartbeat" // the firmware opens on info "ok" in the answer to a heartbeat
)

// ParseOptions reads the option table of a device: heartbeat (seconds, 2 to
// 3600), opens ("plate", "comet" or "heartbeat"), io (0 to 3), pulse
// (milliseconds, 0 to 600000) and token, which the agent handles. Anything else
// is an error.
func ParseOptions(table map[string]any) (Options, error) {
	o := options.Read(table, "token")
	opt := Options{
		Heartbeat: time.Duration(o.Int("heartbeat", 60, 2, 3600)) * time.Second,
		Opens:     Opens(o.Choice("opens", string(OpensPlate), string(OpensComet), string(OpensHeartbeat))),
		IO:        int(o.Int("io", 0, 0, 3)),
		Pulse:     time.Duration(o.Int("pulse", 0, 0, 600000)) * time.Millisecond,
	}
	return opt, o.Err()
}

// A Camera is one VzEnith camera. It is an http.Handler for what the camera
// pushes and meets lane.Camera; its Gate meets lane.Gate.
type Camera struct {
	cfg   Config
	inbox camera.Inbox
	gate  *ReplyGate
}

// New returns the camera of cfg. It reaches for no network.
func New(cfg Config) (*Camera, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.ReplyTime == 0 {
		cfg.ReplyTime = 2500 * time.Millisecond
	}
	if cfg.PollTime == 0 {
		cfg.PollTime = 2 * time.Second
	}
	if cfg.Options.Heartbeat == 0 {
		cfg.Options.Heartbeat = time.Minute
	}
	switch cfg.Options.Opens {
	case "":
		cfg.Options.Opens = OpensPlate
	case OpensPlate, OpensComet, OpensHeartbeat:
	default:
		return nil, fmt.Errorf("opens %q is not plate, comet or heartbeat", cfg.Options.Opens)
	}
	cfg.Log = cfg.Log.With("device", cfg.Device)
	c := &Camera{cfg: cfg}
	c.gate = newReplyGate(c)
	return c, nil
}

// Gate returns the barrier that the camera's relay moves.
func (c *Camera) Gate() *ReplyGate { return c.gate }

// Watch hands every plate that the camera pushes to emit until ctx is done. A
// push that comes while nothing watches is answered with 503, after which the
// camera keeps the event and sends it later.
func (c *Camera) Watch(ctx context.Context, emit func(context.Context, drivers.Recognition)) error {
	if err := c.inbox.Watch(ctx, emit); err != nil {
		return c.failed("watch", err)
	}
	return nil
}

// Snapshot fails with errors.ErrUnsupported: the camera sends pictures with its
// plates only.
func (c *Camera) Snapshot(context.Context) (drivers.Picture, error) {
	return drivers.Picture{}, c.failed("snapshot", errors.ErrUnsupported)
}

// Check reports the camera offline when it was not heard, by plate or
// heartbeat, for longer than the heartbeat option says.
func (c *Camera) Check(context.Context) error {
	if err := c.heard(); err != nil {
		return c.failed("check", err)
	}
	return nil
}

func (c *Camera) heard() error {
	silence, known := c.inbox.Silence()
	switch {
	case !known:
		return fmt.Errorf("%w: nothing heard yet", drivers.ErrOffline)
	case silence > c.cfg.Options.Heartbeat:
		return fmt.Errorf("%w: nothing heard for %v", drivers.ErrOffline, silence.Round(time.Second))
	}
	return nil
}

// ServeHTTP takes one contact of the camera: a plate, a heartbeat or comet
// poll, or a report of its inputs or serial port, which is acknowledged and not
// used.
//
// The body of a heartbeat holds the camera's password and is never logged.
func (c *Camera) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := c.take(w, r); err != nil {
		status, reason := camera.Status(err)
		c.cfg.Log.Warn("camera push refused", "err", err, "status", status, "from", r.RemoteAddr)
		http.Error(w, reason, status)
	}
}

// take answers the contact, or fails before anything was answered.
func (c *Camera) take(w http.ResponseWriter, r *http.Request) error {
	body, err := c.inbox.ReadPush(w, r)
	if err != nil {
		return err
	}
	if !looksLikeJSON(body) {
		beat, err := decodeHeartbeat(r.Header.Get("Content-Type"), r.URL.RawQuery, body)
		if err != nil {
			return err
		}
		c.inbox.Hear()
		c.cfg.Log.Debug("heartbeat", "serial", beat.serial)
		c.serveHeartbeat(w, r)
		return nil
	}
	ev, err := decodeEvent(body)
	if err != nil {
		return err
	}
	c.inbox.Hear()
	if !ev.isCar {
		return c.answer(w, ev.refusal())
	}
	return c.servePlate(w, r, ev)
}

func (c *Camera) failed(op string, err error) error {
	return &drivers.DeviceError{Device: c.cfg.Device, Op: op, Err: err}
}
