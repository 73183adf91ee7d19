// Package vzenith speaks with VzEnith cameras (and their Alphadigi kin), which push plates over HTTP and open the barrier by the answer.
//
// The camera POSTs each plate as JSON and waits. An answer with info "ok"
// pulses its relay: the answer is the opener, its time is the gate's time.
// Package reply keeps the push waiting while the lane decides. The answer also
// carries bytes for the camera's serial ports, where the display often hangs.
// Events that the camera kept while the network was away are taken and
// acknowledged, and never answered "ok".
//
// Besides plates the camera sends heartbeats, and in its "comet" mode polls for
// commands without end. By the maker's document it acts on answers to plates
// and to comet polls only, not on answers to plain heartbeats, so without comet
// mode nothing opens the barrier but the plate of the car that may pass: not a
// command, and not a payment that comes after the plate was answered.
package vzenith

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/camera/reply"
	"parkagent/drivers/options"
)

// Config describes one camera.
type Config struct {
	Device   string        // device code, for recognitions and errors
	Options  Options       // from ParseOptions
	PollTime time.Duration // how long a comet poll waits for a command; 0 means 2 s
	Log      *slog.Logger
	Now      func() time.Time // nil: time.Now
}

// Options are a camera's settings.
type Options struct {
	Heartbeat time.Duration // a camera not heard for so long is offline; 0 means 60 s
	Reply     time.Duration // how long a plate waits for the lane; 0 means 2.5 s
	TextAge   time.Duration // how long bytes for a display may wait for an answer; 0 means 15 s
	Opens     Opens         // what may open the barrier besides the answer to a plate
	IO        int           // relay that opens, 0 to 3
	Pulse     time.Duration // also pulse relay IO for so long when opening; 0: info "ok" alone opens
	Close     *int          // relay that closes; nil: none

	// SelfGuarded is the installer's word that the barrier's own controller
	// keeps the arm from coming down on a car; nothing is lowered without it.
	SelfGuarded       bool
	Presence, Passage *reply.Input // inputs of the camera, 0 to 3; nil: none is wired
}

// lowerPulse is how long the relay that closes is on.
func (o Options) lowerPulse() time.Duration {
	if o.Pulse > 0 {
		return o.Pulse
	}
	return 500 * time.Millisecond
}

// Opens tells which contact of the camera, besides a plate, carries an opening.
type Opens string

// The kinds of contact.
const (
	OpensPlate     Opens = "plate"     // none: only the car's own plate opens
	OpensComet     Opens = "comet"     // the camera is in comet mode, and its polls carry commands
	OpensHeartbeat Opens = "heartbeat" // the firmware acts on the answer to a heartbeat: info "ok" opens
)

// ParseOptions reads the option table of a device; anything else in it than
// these and token, which the agent handles, is an error.
//
//	heartbeat = 60          # seconds of silence after which it is offline, 2 to 3600
//	opens = "plate"         # or "comet", "heartbeat": what else opens, see Opens
//	io = 0                  # relay that opens, 0 to 3
//	pulse = 500             # milliseconds that ivs_ioctrl pulses it, up to 600000; left out: info "ok" alone opens
//	close = 1               # relay that closes, comet only; left out: none
//	self_guarded = false    # the barrier keeps itself from coming down on a car; close needs it
//	presence = 0            # input under the arm, 0 to 3; left out: none
//	presence_active_low = false
//	passage = 1             # input behind the arm, likewise
//	passage_active_low = false
//	reply = "2500ms"        # how long a plate waits for the lane, 200ms to 30s; below the camera's own time-out
//	text_age = "15s"        # how long a text that speaks of a car may wait for an answer that carries it, 1s to 10m
func ParseOptions(table map[string]any) (Options, error) {
	o := options.Read(table, "token")
	opt := Options{
		Heartbeat:   time.Duration(o.Int("heartbeat", 60, 2, 3600)) * time.Second,
		Opens:       Opens(o.Choice("opens", string(OpensPlate), string(OpensComet), string(OpensHeartbeat))),
		IO:          int(o.Int("io", 0, 0, 3)),
		Pulse:       time.Duration(o.Int("pulse", 0, 0, 600000)) * time.Millisecond,
		SelfGuarded: o.Bool("self_guarded", false),
		Presence:    readInput(o, "presence"),
		Passage:     readInput(o, "passage"),
		Reply:       o.Duration("reply", 2500*time.Millisecond, 200*time.Millisecond, 30*time.Second),
		TextAge:     o.Duration("text_age", 15*time.Second, time.Second, 10*time.Minute),
	}
	if o.Given("close") {
		n := int(o.Int("close", 0, 0, 3))
		opt.Close = &n
		switch {
		case n == opt.IO:
			o.Fail("close", "relay %d opens already", n)
		case opt.Opens != OpensComet:
			o.Fail("close", "needs opens = \"comet\"")
		}
	}
	return opt, o.Err()
}

// readInput reads the number of an input and which way round it is wired.
func readInput(o *options.Reader, name string) *reply.Input {
	low := o.Bool(name+"_active_low", false)
	if !o.Given(name) {
		if low {
			o.Fail(name+"_active_low", "needs %s", name)
		}
		return nil
	}
	return &reply.Input{Number: int(o.Int(name, 0, 0, inputs-1)), ActiveLow: low}
}

// A Camera is one VzEnith camera. It is an http.Handler for what the camera
// pushes and meets lane.Camera; its Gate meets lane.Gate and lane.EventGate.
type Camera struct {
	cfg   Config
	inbox camera.Inbox
	desk  *reply.Desk
	ports [serialPorts]*Serial

	shooting sync.Mutex    // held by Snapshot
	mu       sync.Mutex    // guards the following field
	shot     chan<- []byte // where the picture goes that Snapshot waits for; nil: nowhere
}

// New returns the camera of cfg. It reaches for no network.
func New(cfg Config) (*Camera, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.PollTime == 0 {
		cfg.PollTime = 2 * time.Second
	}
	opt := &cfg.Options
	opt.Heartbeat = cmp.Or(opt.Heartbeat, time.Minute)
	opt.Reply = cmp.Or(opt.Reply, 2500*time.Millisecond)
	opt.TextAge = cmp.Or(opt.TextAge, 15*time.Second)
	opt.Opens = cmp.Or(opt.Opens, OpensPlate)
	switch opt.Opens {
	case OpensPlate, OpensComet, OpensHeartbeat:
	default:
		return nil, fmt.Errorf("opens %q is not plate, comet or heartbeat", opt.Opens)
	}
	cfg.Log = cfg.Log.With("device", cfg.Device)
	c := &Camera{cfg: cfg}
	c.desk = reply.NewDesk(reply.Config{
		Device: cfg.Device, Inbox: &c.inbox, Reply: opt.Reply, Silence: opt.Heartbeat, Now: cfg.Now,
		Gate: reply.GateConfig{
			Polls: opt.Opens != OpensPlate, Latches: opt.Opens == OpensComet, Lowers: opt.Close != nil && opt.Opens == OpensComet,
			SelfGuarded: opt.SelfGuarded, Presence: opt.Presence, Passage: opt.Passage,
		},
	})
	for port := range c.ports {
		c.ports[port] = &Serial{c.desk.Tray(port, opt.TextAge)}
	}
	return c, nil
}

// Gate returns the barrier that the camera's relay moves.
func (c *Camera) Gate() *reply.Gate { return c.desk.Gate() }

// serialPorts is how many serial ports a camera has: RS485 on port 0, and on
// port 1 RS485 or RS232, as a jumper says.
const serialPorts = 2

// A Serial is one serial port of a camera, for a display that hangs there. Its
// Carry lays frames down for the camera's next answer; see reply.Tray.
type Serial struct{ *reply.Tray }

// Serial returns a serial port of the camera, 0 or 1, and nil for another.
func (c *Camera) Serial(channel int) *Serial {
	if channel < 0 || channel >= serialPorts {
		return nil
	}
	return c.ports[channel]
}

// Watch hands every plate that the camera pushes to emit until ctx is done. A
// push that comes while nothing watches is answered with 503, after which the
// camera keeps the event and sends it later.
func (c *Camera) Watch(ctx context.Context, emit func(context.Context, drivers.Recognition)) error {
	if err := c.inbox.Watch(ctx, emit); err != nil {
		return c.failed("watch", err)
	}
	return nil
}

// Snapshot has the camera asked for a picture in the answer to its next poll and
// waits for it until ctx is done: then it fails with drivers.ErrOffline. Without
// comet mode it fails with errors.ErrUnsupported: such a camera sends pictures
// with its plates only.
func (c *Camera) Snapshot(ctx context.Context) (drivers.Picture, error) {
	if c.cfg.Options.Opens != OpensComet {
		return drivers.Picture{}, c.failed("snapshot", errors.ErrUnsupported)
	}
	c.shooting.Lock()
	defer c.shooting.Unlock()
	shot := make(chan []byte, 1)
	c.await(shot)
	defer c.await(nil)
	if err := c.desk.Shoot(ctx); err != nil {
		return drivers.Picture{}, c.failed("snapshot", err)
	}
	select {
	case jpeg := <-shot:
		return drivers.Picture{Kind: drivers.PictureScene, JPEG: jpeg}, nil
	case <-ctx.Done():
		return drivers.Picture{}, c.failed("snapshot", fmt.Errorf("%w: no picture came: %w", drivers.ErrOffline, ctx.Err()))
	}
}

func (c *Camera) await(shot chan<- []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shot = shot
}

// take the picture that was asked for; one that nobody waits for is thrown away.
func (c *Camera) takeShot(jpeg []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shot == nil {
		return
	}
	select {
	case c.shot <- jpeg:
	default: // one came already
	}
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

// ServeHTTP takes one contact of the camera: a plate, a heartbeat or comet
// poll, a picture that Snapshot asked for, or a report of its inputs or serial
// port.
//
// The body of a heartbeat holds the camera's password and is never logged.
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
	if !looksLikeJSON(body) {
		beat, err := decodeHeartbeat(r.Header.Get("Content-Type"), r.URL.RawQuery, body)
		if err != nil {
			return err
		}
		c.desk.Hear()
		c.desk.Note(reply.Facts{Model: beat.name})
		c.cfg.Log.Debug("heartbeat", "serial", beat.serial)
		c.serveHeartbeat(w, r)
		return nil
	}
	ev, err := decodeEvent(body)
	if err != nil {
		return err
	}
	c.desk.Hear()
	switch {
	case ev.isBeat:
		c.serveHeartbeat(w, r)
		return nil
	case ev.isPlate:
		return c.takePlate(w, r, ev)
	}
	if ev.input != nil {
		c.desk.Gate().Sensed(ev.input.number, ev.input.on)
	}
	if ev.picture != nil {
		c.takeShot(ev.picture)
	}
	c.send(w, r, struct{}{}, reply.Answer{})
	return nil
}

func (c *Camera) takePlate(w http.ResponseWriter, r *http.Request, ev event) error {
	if ev.ownList && c.desk.Note(reply.Facts{OwnList: true}) {
		c.cfg.Log.Warn("the camera opens the barrier by its own list of plates, too")
	}
	c.desk.NoteEvent(ev.rec)
	if !ev.isCar {
		c.answerPlate(w, r, ev.acknowledge(), reply.Answer{})
		return nil
	}
	return c.servePlate(w, r, ev)
}

func (c *Camera) failed(op string, err error) error {
	return &drivers.DeviceError{Device: c.cfg.Device, Op: op, Err: err}
}
