package dahua

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"parkagent/drivers"
)

// A resend says whether a command that certainly did not happen is sent again.
type resend bool

const (
	again resend = true
	once  resend = false // the reading that allowed it is old by then
)

// outputOn is the mode of an alarm output that is on until it is told otherwise;
// outputOff that of one that is off, whatever the camera's own rules say.
const (
	outputOn  = "1"
	outputOff = "2"
)

// outputs asks which outputs are on, by their number from 1.
//
// It reads the mode, which is what is set, and not getOutState, whose answer for
// cameras with more than one output is nowhere described.
func (g *Gate) outputs(ctx context.Context) (map[int]bool, error) {
	f, err := g.camera.table(ctx, "configManager.cgi?action=getConfig&name=AlarmOut")
	if err != nil {
		return nil, err
	}
	on := map[int]bool{}
	for _, n := range g.opt.used() {
		mode := f.Text(modePath("table.", n))
		if mode == "" {
			return nil, fmt.Errorf("%w: the camera has no output %d", drivers.ErrRefused, n)
		}
		on[n] = mode == outputOn
	}
	return on, nil
}

// modePath is where the mode of an output stands in the camera's settings.
func modePath(table string, n int) string {
	return table + "AlarmOut[" + strconv.Itoa(n-1) + "].Mode"
}

// set switches an output.
func (g *Gate) set(ctx context.Context, n int, mode string) error {
	return g.camera.command(ctx, "configManager.cgi?action=setConfig&"+modePath("", n)+"="+mode)
}

// prepare makes first contact after a start or a failure: it switches the
// outputs off that are given for a moment only, and the hold output as the lane
// wants it. It does nothing while that is known.
func (g *Gate) prepare(ctx context.Context) error {
	if g.clean || len(g.opt.used()) == 0 {
		return nil
	}
	on, err := g.outputs(ctx)
	if err != nil {
		return err
	}
	if g.cfg.AsFound {
		if g.hold == holdUnknown && on[g.opt.holdOutput()] {
			g.hold = holdOn
		}
		g.clean = true
		return nil
	}
	for _, n := range g.momentary() {
		if !on[n] {
			continue
		}
		g.cfg.Log.Warn("output found on, switching it off", "output", n)
		if err := g.switchOff(ctx, n); err != nil {
			return err
		}
	}
	if n := g.opt.holdOutput(); g.hold == holdOn && !on[n] {
		if err := g.set(ctx, n, outputOn); err != nil {
			return err
		}
	}
	g.clean = true
	return nil
}

// momentary returns the outputs that must be off between commands.
func (g *Gate) momentary() []int {
	var list []int
	held := g.opt.holdOutput()
	for _, n := range g.opt.used() {
		ownHold := n == held && n != g.opt.Open // it may be on until Release
		if n == held && g.hold == holdOn || ownHold && g.hold == holdUnknown {
			continue
		}
		list = append(list, n)
	}
	return list
}

// contradicts reports whether an output is on that nothing gives, or the hold
// output off that should be on.
func (g *Gate) contradicts(on map[int]bool) bool {
	return g.hold == holdOn && !on[g.opt.holdOutput()] ||
		slices.ContainsFunc(g.momentary(), func(n int) bool { return on[n] })
}

// latch switches the hold output on and makes sure of it.
func (g *Gate) latch(ctx context.Context) error {
	if err := g.prepare(ctx); err != nil {
		return err
	}
	on, err := g.outputs(ctx)
	if err != nil || on[g.opt.holdOutput()] {
		return err
	}
	return g.start(ctx, g.opt.holdOutput(), ctx, again)
}

// pulse switches an output on, waits and switches it off. It switches off
// whatever happened before, unless the camera said that it did nothing. sending
// is the time for the command to go out.
func (g *Gate) pulse(ctx context.Context, n int, sending context.Context, rs resend) error {
	err := g.start(ctx, n, sending, rs)
	if errors.Is(err, drivers.ErrRefused) {
		return err
	}
	if err == nil {
		err = wait(ctx, g.opt.Pulse)
	}
	off := g.switchOff(ctx, n)
	if errors.Is(off, drivers.ErrRefused) {
		// The output went on, so this must not read as "nothing happened".
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

// start switches an output on. When there is no answer it asks for the output: on
// means that the command arrived; off that it did not, and then it is sent once
// more if rs allows.
func (g *Gate) start(ctx context.Context, n int, sending context.Context, rs resend) error {
	err := g.set(sending, n, outputOn)
	if err == nil || errors.Is(err, drivers.ErrRefused) {
		return err
	}
	on, readErr := g.outputs(ctx)
	switch {
	case readErr != nil:
		return err // which is the older news, and says the same
	case on[n]:
		return nil
	case rs == once:
		return err
	}
	return g.set(ctx, n, outputOn)
}

// switchOff switches an output off, several times if need be, and for a moment
// even after ctx is done.
func (g *Gate) switchOff(ctx context.Context, n int) error {
	deadline := time.Now().Add(offGrace)
	if d, ok := ctx.Deadline(); ok && d.After(deadline) {
		deadline = d
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	defer cancel()
	var err error
	for range 1 + offRetries {
		// A refusal is tried again too: a camera may be busy just now.
		if err = g.set(ctx, n, outputOff); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("switch output %d off: %w", n, err)
	}
	return nil
}

// inputs asks for the inputs: bit 0 is that of input 1.
func (c *Camera) inputs(ctx context.Context) (uint64, error) {
	text, err := c.result(ctx, "alarm.cgi?action=getInState", "result")
	if err != nil {
		return 0, err
	}
	mask, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%w: inputs that are no number", drivers.ErrOffline)
	}
	return mask, nil
}
