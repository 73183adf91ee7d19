package hikvision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/gate/guard"
	"parkagent/drivers/options"
)

// Control is how a camera moves its barrier.
type Control string

// The ways of moving a barrier.
const (
	ControlAuto    Control = "auto"    // by the barrier command, or by the output on a model without it
	ControlBarrier Control = "barrier" // by the barrier command
	ControlOutput  Control = "output"  // by the output
)

// An Input is an alarm input of the camera.
type Input struct {
	Number    int  // from 1
	ActiveLow bool // what it reports holds while the input is inactive
}

// GateOptions say how a barrier is wired to a camera. A number that is 0 and an
// input that is nil are not wired.
type GateOptions struct {
	Control     Control // empty means ControlAuto
	Output      int     // that raises the arm, from 1
	CloseOutput int     // that lowers it
	Pulse       time.Duration

	Presence *Input // something stands where the arm comes down
	Passage  *Input // a car drives through, behind the arm

	// SelfGuarded is the installer's word that the barrier's own controller
	// keeps the arm from coming down on a car. It allows Lower without a
	// presence input; one that is wired must still read clear.
	SelfGuarded bool
}

// ParseGateOptions reads the option table of a gate that a camera moves; anything
// else is an error:
//
//	camera = "C1"               # the device that moves it; the agent handles it
//	control = "auto"            # "barrier": only by the camera's barrier command; "output": only by its relay
//	output = 1                  # relay that raises the arm, 1 to 8, for a model without barrier command; left out: none
//	close_output = 2            # relay that lowers it; left out: none
//	pulse = "500ms"             # 100ms to 5s: how long a relay is given
//	presence = 1                # input 1 to 8 under the arm; left out: none
//	presence_active_low = true  # the input rests active and reports a car while inactive
//	passage = 2                 # input behind the arm; passage_active_low likewise
//	self_guarded = false        # the barrier itself keeps its arm off cars
func ParseGateOptions(table map[string]any) (GateOptions, error) {
	o := options.Read(table, "camera")
	opt := GateOptions{
		Control:     Control(o.Choice("control", string(ControlAuto), string(ControlBarrier), string(ControlOutput))),
		Output:      int(o.Int("output", 0, 1, 8)),
		CloseOutput: int(o.Int("close_output", 0, 1, 8)),
		Pulse:       o.Duration("pulse", defaultPulse, 100*time.Millisecond, 5*time.Second),
		Presence:    input(o, "presence"),
		Passage:     input(o, "passage"),
		SelfGuarded: o.Bool("self_guarded", false),
	}
	if opt.Output == 0 && opt.Control == ControlOutput {
		o.Fail("output", "must be given")
	}
	if opt.Output != 0 && opt.Output == opt.CloseOutput {
		o.Fail("close_output", "relay %d is output already", opt.Output)
	}
	if opt.Presence != nil && opt.Passage != nil && opt.Presence.Number == opt.Passage.Number {
		o.Fail("passage", "input %d is presence already", opt.Passage.Number)
	}
	return opt, o.Err()
}

func input(o *options.Reader, key string) *Input {
	number := int(o.Int(key, 0, 1, 8))
	low := o.Bool(key+"_active_low", false)
	if number == 0 {
		if low {
			o.Fail(key+"_active_low", "there is no %s", key)
		}
		return nil
	}
	return &Input{Number: number, ActiveLow: low}
}

// A GateConfig describes the barrier of a camera.
type GateConfig struct {
	Device  string      // device code of the gate, for errors
	Options GateOptions // from ParseGateOptions

	// Held says that the gate was held open when the agent last ran, so that
	// first contact leaves the relay on that holds it.
	Held bool
}

// Gate returns the barrier that the camera moves. It meets lane.Gate. The camera
// must have a link. A camera has one barrier; two Gates would not know of each
// other's hold.
func (c *Camera) Gate(cfg GateConfig) (*Gate, error) {
	opt := cfg.Options
	switch {
	case cfg.Device == "":
		return nil, errors.New("gate: no device code")
	case c.client == nil:
		return nil, fmt.Errorf("camera %s has no link, so it cannot be told to move a barrier", c.cfg.Device)
	case opt.Control == ControlOutput && opt.Output == 0:
		return nil, errors.New("gate: no output is named")
	}
	opt.Control = cmp.Or(opt.Control, ControlAuto)
	opt.Pulse = cmp.Or(opt.Pulse, defaultPulse)
	c.moves.Store(true)
	return &Gate{
		cfg: cfg, camera: c, device: cfg.Device, opt: opt, held: cfg.Held, now: c.cfg.Now,
		log: c.cfg.Log.With(slog.String("gate", cfg.Device)), way: opt.Control,
		guard: guard.Guard{Presence: opt.Presence != nil, Passage: opt.Passage != nil, SelfGuarded: opt.SelfGuarded, Age: presenceAge},
	}, nil
}

// AsFound returns the gate for whoever looks at it, or opens it, beside the agent:
// only the agent knows whether a relay that is on was left on by mistake, so it is
// taken for a hold. Where the model does not tell of its relays it is left alone
// until the first command.
func (g *Gate) AsFound(ctx context.Context) (*Gate, error) {
	cfg := g.cfg
	cfg.Held = false
	found, err := g.camera.Gate(cfg)
	if err != nil || g.opt.Output == 0 {
		return found, err
	}
	_, err = found.arm(ctx) // a model that tells it has the barrier command, and needs no relay
	if err == nil && (found.mute || found.way == ControlOutput) {
		err = found.takeHold(ctx)
	}
	if err != nil {
		return nil, &drivers.DeviceError{Device: g.device, Op: "read relay", Err: err}
	}
	return found, nil
}

func (g *Gate) takeHold(ctx context.Context) error {
	g.resting = true
	fields, err := g.camera.fields(ctx, fmt.Sprintf("/ISAPI/System/IO/outputs/%d/status", g.opt.Output))
	if errors.Is(err, camera.ErrNoFunction) {
		return nil
	}
	if err == nil {
		g.held, _ = ioState(fields)
	}
	return err
}
