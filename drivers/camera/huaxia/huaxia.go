// Package huaxia speaks with Huaxia Zhixin (华夏智信) cameras, which push plates over HTTP in "mode 5" and open the barrier by the answer.
//
// The camera POSTs each plate as a form and waits. An answer with gpio_data
// switches its outputs: the answer is the opener, its time is the gate's time.
// Package reply keeps the push waiting while the lane decides. The answer also
// carries bytes for the camera's RS485, where the display hangs. Events of type
// offline were kept while the network was away: they are taken and never opened
// for.
//
// The layout is that of "HTTP POST mode 5" V1.12 (device reference, section
// 1.4). Where it is silent this package takes it that the camera acts on the
// answers to its heartbeats as on those to plates; the option opens says
// otherwise. A camera in which the encryption check of V1.8 is switched on is
// not understood.
package huaxia

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/camera/reply"
	"parkagent/drivers/options"
)

// Config describes one camera.
type Config struct {
	Device  string  // device code, for recognitions and errors
	Options Options // from ParseOptions
	Log     *slog.Logger
	Now     func() time.Time // nil: time.Now
}

// Options are a camera's settings.
type Options struct {
	Heartbeat time.Duration // a camera not heard for so long is offline; 0 means 60 s
	Reply     time.Duration // how long a plate waits for the lane; 0 means 2.5 s
	TextAge   time.Duration // how long bytes for a display may wait for an answer; 0 means 15 s
	Opens     Opens         // what may open the barrier besides the answer to a plate

	IO    int // output that opens; 0 means 1
	Close int // output that closes; 0: none
	Hold  int // output that keeps open while it is on; 0: none

	// SelfGuarded is the installer's word that the barrier's own controller
	// keeps the arm from coming down on a car; nothing is lowered without it.
	SelfGuarded bool

	Encoding Encoding
	Forward  string // the vdc_type of a car that comes towards the camera, "in" or "out"; empty: no direction is told
	AnyPlate bool   // a plate that the camera calls fake counts, too
}

// Opens tells which contact of the camera, besides a plate, carries an opening.
type Opens string

// The kinds of contact.
const (
	OpensHeartbeat Opens = "heartbeat" // the answer to a heartbeat
	OpensPlate     Opens = "plate"     // none: only the car's own plate opens
)

// Encoding is how bytes for the RS485 are written into an answer.
type Encoding string

// The encodings.
const (
	EncodingHex    Encoding = "hex"    // hex2string
	EncodingBase64 Encoding = "base64" // base64
)

// outputs is how many outputs a camera may have.
const outputs = 8

// ParseOptions reads the option table of a device; anything else in it than
// these and token, which the agent handles, is an error.
//
//	heartbeat = 60          # seconds of silence after which it is offline, 2 to 3600
//	opens = "heartbeat"     # or "plate", where the firmware does not act on answers to heartbeats
//	io = 1                  # output that opens, 1 to 8; set it to a pulse in the camera
//	close = 2               # output that closes, likewise; left out: none
//	hold = 3                # output that keeps open while it is on; set it to a level in the camera; left out: none
//	self_guarded = false    # the barrier keeps itself from coming down on a car; close needs it
//	encoding = "hex"        # or "base64": how bytes for a display are written
//	forward = "in"          # the vdc_type of cars that come towards the camera, or "out"; left out: no direction
//	any_plate = false       # count plates that the camera calls fake (plate_val false)
//	reply = "2500ms"        # how long a plate waits for the lane, 200ms to 30s; below the camera's own time-out
//	text_age = "15s"        # how long a text that speaks of a car may wait for an answer that carries it, 1s to 10m
func ParseOptions(table map[string]any) (Options, error) {
	o := options.Read(table, "token")
	opt := Options{
		Heartbeat:   time.Duration(o.Int("heartbeat", 60, 2, 3600)) * time.Second,
		Opens:       Opens(o.Choice("opens", string(OpensHeartbeat), string(OpensPlate))),
		IO:          int(o.Int("io", 1, 1, outputs)),
		Close:       int(o.Int("close", 0, 1, outputs)),
		Hold:        int(o.Int("hold", 0, 1, outputs)),
		SelfGuarded: o.Bool("self_guarded", false),
		Encoding:    Encoding(o.Choice("encoding", string(EncodingHex), string(EncodingBase64))),
		AnyPlate:    o.Bool("any_plate", false),
		Reply:       o.Duration("reply", 2500*time.Millisecond, 200*time.Millisecond, 30*time.Second),
		TextAge:     o.Duration("text_age", 15*time.Second, time.Second, 10*time.Minute),
	}
	if o.Given("forward") {
		opt.Forward = o.Choice("forward", "in", "out")
	}
	used := map[int]string{opt.IO: "io"}
	for _, other := range []struct {
		name   string
		output int
	}{{"close", opt.Close}, {"hold", opt.Hold}} {
		first := used[other.output]
		used[other.output] = other.name
		switch {
		case other.output == 0:
		case first != "":
			o.Fail(other.name, "relay %d is %s already", other.output, first)
		case opt.Opens != OpensHeartbeat:
			o.Fail(other.name, "needs opens = \"heartbeat\"")
		}
	}
	return opt, o.Err()
}

// A Camera is one Huaxia camera. It is an http.Handler for what the camera
// pushes and meets lane.Camera; its Gate meets lane.Gate and lane.EventGate.
type Camera struct {
	cfg   Config
	inbox camera.Inbox
	desk  *reply.Desk
	rs485 *Serial
}

// New returns the camera of cfg. It reaches for no network.
func New(cfg Config) (*Camera, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	opt := &cfg.Options
	opt.Heartbeat = cmp.Or(opt.Heartbeat, time.Minute)
	opt.Reply = cmp.Or(opt.Reply, 2500*time.Millisecond)
	opt.TextAge = cmp.Or(opt.TextAge, 15*time.Second)
	opt.Opens = cmp.Or(opt.Opens, OpensHeartbeat)
	opt.Encoding = cmp.Or(opt.Encoding, EncodingHex)
	opt.IO = cmp.Or(opt.IO, 1)
	if opt.Opens != OpensHeartbeat && opt.Opens != OpensPlate {
		return nil, fmt.Errorf("opens %q is not heartbeat or plate", opt.Opens)
	}
	if opt.Encoding != EncodingHex && opt.Encoding != EncodingBase64 {
		return nil, fmt.Errorf("encoding %q is not hex or base64", opt.Encoding)
	}
	cfg.Log = cfg.Log.With("device", cfg.Device)
	c := &Camera{cfg: cfg}
	beats := opt.Opens == OpensHeartbeat
	c.desk = reply.NewDesk(reply.Config{
		Device: cfg.Device, Inbox: &c.inbox, Reply: opt.Reply, Silence: opt.Heartbeat, Now: cfg.Now,
		Gate: reply.GateConfig{Polls: beats, Latches: beats && opt.Hold != 0, Lowers: beats && opt.Close != 0, SelfGuarded: opt.SelfGuarded},
	})
	c.rs485 = &Serial{c.desk.Tray(0, opt.TextAge)}
	return c, nil
}

// Gate returns the barrier that the camera's outputs move.
func (c *Camera) Gate() *reply.Gate { return c.desk.Gate() }

// A Serial is the RS485 of a camera, for a display that hangs there. Its Carry
// lays frames down for the camera's next answer; see reply.Tray.
type Serial struct{ *reply.Tray }

// Serial returns the RS485 of the camera.
func (c *Camera) Serial() *Serial { return c.rs485 }

// Watch hands every plate that the camera pushes to emit until ctx is done. A
// push that comes while nothing watches is answered with 503, after which the
// camera keeps the event and sends it later.
func (c *Camera) Watch(ctx context.Context, emit func(context.Context, drivers.Recognition)) error {
	if err := c.inbox.Watch(ctx, emit); err != nil {
		return c.failed("watch", err)
	}
	return nil
}

// Snapshot fails with errors.ErrUnsupported. The camera can be told to take a
// picture, but what it then pushes is a plate, which may open the barrier.
func (c *Camera) Snapshot(context.Context) (drivers.Picture, error) {
	return drivers.Picture{}, c.failed("snapshot", errors.ErrUnsupported)
}

// Check reports the camera offline when it was not heard, by plate or
// heartbeat, for longer than the heartbeat option says.
func (c *Camera) Check(context.Context) error {
	if err := c.desk.Heard(); err != nil {
		return c.failed("check", err)
	}
	return nil
}

// Diagnose tells what is known of the camera from what it sent; it cannot be
// asked.
func (c *Camera) Diagnose(ctx context.Context) []drivers.Finding { return c.desk.Diagnose(ctx) }

// ServeHTTP takes one contact of the camera: a plate, a heartbeat, or something
// that is acknowledged and not used, such as bytes from its RS485.
func (c *Camera) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := c.take(w, r); err != nil {
		camera.Refuse(w, r, err, c.cfg.Log)
	}
}

// take answers the contact, or fails before anything was answered.
func (c *Camera) take(w http.ResponseWriter, r *http.Request) error {
	body, err := c.inbox.ReadPush(w, r)
	if err != nil {
		return err
	}
	ev, err := c.cfg.Options.decode(body)
	if err != nil {
		return err
	}
	c.desk.Hear()
	var a reply.Answer
	switch ev.kind {
	case kindPlate:
		if ev.ownList && c.desk.Note(reply.Facts{OwnList: true}) {
			c.cfg.Log.Warn("the camera opens the barrier by its own list of plates, too")
		}
		c.desk.NoteEvent(ev.rec)
		if a, err = c.desk.Decide(r.Context(), ev.rec, ev.key()); err != nil {
			return err
		}
	case kindHeartbeat:
		if c.cfg.Options.Opens == OpensHeartbeat {
			a = c.desk.Poll(r.Context(), 0, reply.Acts{Orders: true, Frames: true})
		}
	case kindOther:
	}
	if err := reply.Send(w, r, c.cfg.Options.make(a), a); err != nil {
		c.cfg.Log.Debug("camera not answered", "err", err)
	}
	return nil
}

func (c *Camera) failed(op string, err error) error {
	return &drivers.DeviceError{Device: c.cfg.Device, Op: op, Err: err}
}
