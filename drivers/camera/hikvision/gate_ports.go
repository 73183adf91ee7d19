package hikvision

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/gate/guard"
)

// trigger switches a relay of the camera.
func (g *Gate) trigger(ctx context.Context, output int, on bool) error {
	state := "low"
	if on {
		state = "high"
	}
	return g.camera.put(ctx, fmt.Sprintf("/ISAPI/System/IO/outputs/%d/trigger", output),
		`<?xml version="1.0" encoding="UTF-8"?><IOPortData version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema"><outputState>`+state+`</outputState></IOPortData>`)
}

// explain says what an installer can do about a relay that is refused.
func (g *Gate) explain(err error) error {
	if errors.Is(err, drivers.ErrRefused) && !errors.Is(err, camera.ErrNoFunction) && drivers.FaultOf(err) != drivers.FaultLogin {
		return fmt.Errorf("%w; a camera whose gate the platform opens (ctrlMod 1) lets nobody switch its relay: move the barrier by its command, or connect it to another relay", err)
	}
	return err
}

// pulse gives a relay for a moment. It is told to go on before fresh is done and
// switched off whatever happens then.
func (g *Gate) pulse(ctx, fresh context.Context, output int) error {
	if output == 0 {
		return refusal("no such relay is wired")
	}
	if err := g.rest(ctx); err != nil {
		return err
	}
	g.resting = false
	err := g.explain(g.trigger(fresh, output, true))
	if errors.Is(err, drivers.ErrRefused) {
		return err
	}
	if err == nil {
		err = wait(ctx, g.opt.Pulse)
	}
	off := g.rest(ctx)
	if errors.Is(off, drivers.ErrRefused) {
		// The relay went on, so this must not read as "nothing happened".
		off = fmt.Errorf("%w: %v", drivers.ErrOffline, off)
	}
	return errors.Join(err, off)
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: the contact was cut short: %w", drivers.ErrOffline, ctx.Err())
	}
}

// rest switches the relays off that nothing gives, several times if need be, and
// for a moment even after ctx is done. It does nothing while they are known to be
// off. A hold keeps its relay.
func (g *Gate) rest(ctx context.Context) error {
	if g.resting {
		return nil
	}
	deadline := time.Now().Add(offGrace)
	if d, ok := ctx.Deadline(); ok && d.After(deadline) {
		deadline = d
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	defer cancel()
	for _, output := range []int{g.opt.Output, g.opt.CloseOutput} {
		if output == 0 || output == g.opt.Output && g.held {
			continue
		}
		var err error
		for range 1 + offRetries {
			// A refusal is tried again too: a camera may be busy just now.
			if err = g.trigger(ctx, output, false); err == nil || ctx.Err() != nil {
				break
			}
		}
		if err != nil {
			return fmt.Errorf("switch output %d off: %w", output, g.explain(err))
		}
	}
	g.resting = true
	return nil
}

// arm asks where the arm is: 0 no signal, 1 closed, 2 open.
func (g *Gate) arm(ctx context.Context) (drivers.Arm, error) {
	if g.mute || g.way == ControlOutput {
		if g.opt.Presence == nil && g.opt.Passage == nil {
			return drivers.ArmUnknown, g.camera.alive(ctx) // nothing else is asked that would show it
		}
		return drivers.ArmUnknown, nil
	}
	fields, err := g.camera.fields(ctx, fmt.Sprintf("/ISAPI/Parking/channels/%d/barrierGate/barrierGateStatus", g.camera.cfg.Options.Channel))
	if errors.Is(err, camera.ErrNoFunction) {
		g.mute = true
		return g.arm(ctx)
	}
	if err != nil {
		return drivers.ArmUnknown, err
	}
	switch fields["barrierGateStatus"] {
	case "1":
		return drivers.ArmDown, nil
	case "2":
		return drivers.ArmUp, nil
	}
	return drivers.ArmUnknown, nil
}

// alive asks for what every camera can tell. That it cannot is an answer, too.
func (c *Camera) alive(ctx context.Context) error {
	_, err := c.ask(ctx, "/ISAPI/System/deviceInfo", camera.MaxText)
	if errors.Is(err, camera.ErrNoFunction) {
		return nil
	}
	return err
}

// inputs asks for the inputs that are wired, one after the other.
func (g *Gate) inputs(ctx context.Context) (r guard.Reading, err error) {
	if r.Presence, err = g.input(ctx, g.opt.Presence); err != nil {
		return guard.Reading{}, err
	}
	if r.Passage, err = g.input(ctx, g.opt.Passage); err != nil {
		return guard.Reading{}, err
	}
	return r, nil
}

// reading asks for the inputs, until the answer would be too old.
func (g *Gate) reading(ctx context.Context, good time.Time) (guard.Reading, error) {
	ctx, cancel := guard.Until(ctx, good)
	defer cancel()
	return g.inputs(ctx)
}

// input asks what an input says of its place; it is nil where none is wired.
func (g *Gate) input(ctx context.Context, in *Input) (drivers.Presence, error) {
	if in == nil {
		return drivers.PresenceNotFitted, nil
	}
	fields, err := g.camera.fields(ctx, fmt.Sprintf("/ISAPI/System/IO/inputs/%d/status", in.Number))
	if err != nil {
		return drivers.PresenceUnknown, fmt.Errorf("input %d: %w", in.Number, err)
	}
	active, known := ioState(fields)
	if !known {
		return drivers.PresenceUnknown, nil
	}
	if active != in.ActiveLow {
		return drivers.PresenceOccupied, nil
	}
	return drivers.PresenceClear, nil
}

// ioState reads the state of an input or output.
func ioState(fields map[string]string) (active, known bool) {
	switch strings.ToLower(fields["ioState"]) {
	case "active", "high":
		return true, true
	case "inactive", "low":
		return false, true
	}
	return false, false
}

// An ownList is what is known of who opens the barrier.
type ownList struct {
	asked  time.Time
	wrong  bool // the camera does, too
	untold bool // it did not say when it was asked last
}

const (
	listAgain = 10 * time.Minute // after which the camera is asked again who opens the barrier
	listSoon  = time.Minute      // the same, while somebody is mending it, or it did not say
)

// opensByItself reports whether the camera opens the barrier by its own list, as
// it last said. Where it does not tell, it has none.
func (g *Gate) opensByItself(ctx context.Context) bool {
	again := listAgain
	if g.own.wrong || g.own.untold {
		again = listSoon
	}
	if !g.own.asked.IsZero() && time.Since(g.own.asked) < again {
		return g.own.wrong
	}
	mode, err := g.camera.controlMode(ctx)
	if err != nil && !errors.Is(err, camera.ErrNoFunction) {
		g.own.asked, g.own.untold = time.Now(), true // not with every state: that would take as long again
		return g.own.wrong
	}
	wrong := mode != "" && mode != controlPlatform
	switch {
	case wrong && !g.own.wrong:
		g.log.Warn("the camera opens the barrier by its own list; set its control mode to platform", "ctrlMod", mode)
	case !wrong && g.own.wrong:
		g.log.Info("only the platform opens the barrier now")
	}
	g.own = ownList{asked: time.Now(), wrong: wrong}
	return wrong
}

// controlPlatform is the ctrlMod with which only the platform opens the barrier;
// 0 is the camera's own list, 2 both.
const controlPlatform = "1"

// controlMode asks who opens the barrier. It is empty where the camera does not
// tell.
func (c *Camera) controlMode(ctx context.Context) (string, error) {
	fields, err := c.fields(ctx, "/ISAPI/ITC/Entrance/entranceParam")
	if err != nil {
		return "", err
	}
	for path, text := range fields {
		if path == "ctrlMod" || strings.HasSuffix(path, "/ctrlMod") {
			return text, nil
		}
	}
	return "", nil
}
