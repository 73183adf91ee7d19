package dahua

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/camera/dahua/traffic"
)

const (
	oddClock   = 5 * time.Second // that a camera's clock may be wrong by before it is worth a look
	wrongClock = time.Minute     // by which its events look kept, or out of order

	// A picture of a readable plate has more than oddPicture bytes, and one of
	// more than largePicture is slow on its way and fills the disk.
	oddPicture   = 20 << 10
	largePicture = 2 << 20
)

// Diagnose asks the camera for its type, its clock, a picture, and whether its
// own list opens the barrier. It moves nothing. A camera without a link is judged
// by what it pushed.
func (c *Camera) Diagnose(ctx context.Context) []drivers.Finding {
	heard := c.findHeard()
	if c.client == nil {
		return []drivers.Finding{heard}
	}
	model, err := c.deviceType(ctx)
	switch {
	case drivers.FaultOf(err) == drivers.FaultLogin:
		return []drivers.Finding{
			{Topic: drivers.TopicReach, Value: c.client.Address()},
			loginFailed(err), heard,
		}
	case errors.Is(err, drivers.ErrOffline):
		return []drivers.Finding{{Topic: drivers.TopicReach, Level: drivers.LevelWrong, Value: c.client.Address(), Err: err}, heard}
	}
	found := []drivers.Finding{{Topic: drivers.TopicReach, Value: c.client.Address()}, findModel(model, err)}
	if err == nil && c.cfg.User != "" {
		found = append(found, drivers.Finding{Topic: drivers.TopicLogin})
	}
	return append(found, c.findClock(ctx), c.findPicture(ctx), c.findGateList(ctx), heard)
}

// loginFailed tells of a login that did not work: it was refused, or the camera
// takes none now.
func loginFailed(err error) drivers.Finding {
	f := drivers.Finding{Topic: drivers.TopicLogin, Level: drivers.LevelWrong, Err: err}
	if errors.Is(err, camera.ErrLocked) {
		f.Level = drivers.LevelOdd
	}
	return f
}

// findModel tells of the type. Traffic cameras are called ITC or have ITC in
// their OEM's name for them; others may know plates as well.
func findModel(model string, err error) drivers.Finding {
	f := drivers.Finding{Topic: drivers.TopicModel, Value: model, Err: err}
	switch {
	case err != nil:
		f.Level = drivers.LevelWrong
	case !strings.Contains(strings.ToUpper(model), "ITC"):
		f.Level = drivers.LevelOdd
	}
	return f
}

func (c *Camera) findClock(ctx context.Context) drivers.Finding {
	f := drivers.Finding{Topic: drivers.TopicClock}
	asked := c.cfg.Now()
	text, err := c.result(ctx, "global.cgi?action=getCurrentTime", "result")
	answered := c.cfg.Now()
	if err != nil {
		f.Level, f.Err = drivers.LevelOdd, err
		return f
	}
	theirs := traffic.ClockTime(text, c.cfg.Location)
	if theirs.IsZero() {
		f.Level, f.Err = drivers.LevelOdd, fmt.Errorf("the camera's time %.32q makes no sense", text)
		return f
	}
	// It was true somewhere between question and answer, and has no fraction.
	off := theirs.Add(500 * time.Millisecond).Sub(asked.Add(answered.Sub(asked) / 2))
	f.Value = fmt.Sprintf("%+.1fs", off.Seconds())
	switch {
	case off.Abs() > wrongClock:
		f.Level = drivers.LevelWrong
	case off.Abs() > oddClock:
		f.Level = drivers.LevelOdd
	}
	return f
}

func (c *Camera) findPicture(ctx context.Context) drivers.Finding {
	f := drivers.Finding{Topic: drivers.TopicPicture}
	jpeg, err := c.snapshot(ctx)
	switch size := len(jpeg); {
	case err != nil:
		f.Level, f.Err = drivers.LevelOdd, err
	case size < oddPicture, size > largePicture:
		f.Level, f.Value = drivers.LevelOdd, strconv.Itoa(size)
	default:
		f.Value = strconv.Itoa(size)
	}
	return f
}

// findGateList tells who opens the barrier: the ControlType of TrafficStrobe. It
// must be Order alone; any other word in it is a rule of the camera's own
// (TrafficTrustList, AllSnapCar, SpecialCar, NewEnergyCar). A camera without
// this setting has no strobe.
func (c *Camera) findGateList(ctx context.Context) drivers.Finding {
	f := drivers.Finding{Topic: drivers.TopicGateList}
	if c.opensItself() {
		f.Level, f.Value = drivers.LevelWrong, "OpenStrobe"
		return f
	}
	table, err := c.table(ctx, "configManager.cgi?action=getConfig&name=TrafficStrobe")
	if errors.Is(err, camera.ErrNoFunction) {
		return f
	}
	if err != nil {
		f.Level, f.Err = drivers.LevelOdd, err
		return f
	}
	const strobe = "table.TrafficStrobe[0]."
	enabled, told := table.Bool(strobe + "Enable")
	if told && !enabled {
		return f
	}
	var rules []string
	for i := range 8 {
		if kind := table.Text(strobe + "ControlType[" + strconv.Itoa(i) + "]"); kind != "" && kind != "Order" {
			rules = append(rules, kind)
		}
	}
	if always, _ := table.Bool(strobe + "StationaryOpen.Enable"); always {
		rules = append(rules, "StationaryOpen")
	}
	if len(rules) > 0 {
		f.Level, f.Value = drivers.LevelWrong, strings.Join(rules, ", ")
	}
	return f
}

func (c *Camera) findHeard() drivers.Finding {
	f := drivers.Finding{Topic: drivers.TopicHeard}
	silence, known := c.inbox.Silence()
	if err := c.puller.Err(); err != nil {
		f.Level, f.Err = drivers.LevelWrong, err
		return f
	}
	if !known {
		// The doctor may run beside an agent that hears it.
		f.Level = drivers.LevelOdd
		return f
	}
	f.Value = silence.Round(time.Second).String()
	if c.cfg.Options.Source == SourcePush && silence > c.cfg.Options.Silence {
		f.Level = drivers.LevelWrong
	}
	return f
}

// Diagnose asks for the outputs and inputs that are wired. It moves nothing. Any
// goroutine may call it while the lane works with the gate.
func (g *Gate) Diagnose(ctx context.Context) []drivers.Finding {
	var found []drivers.Finding
	if len(g.opt.used()) > 0 {
		found = append(found, g.findOutputs(ctx))
	}
	if g.guard.Sees() {
		f := drivers.Finding{Topic: drivers.TopicInputs}
		s, err := g.inputs(ctx)
		if err != nil {
			f.Level, f.Err = drivers.LevelWrong, err
		} else {
			f.Value = fmt.Sprintf("presence %v, passage %v", s.Presence, s.Passage)
		}
		found = append(found, f)
	}
	if len(found) > 0 {
		return found
	}
	f := drivers.Finding{Topic: drivers.TopicReach, Value: g.camera.client.Address()}
	_, err := g.camera.deviceType(ctx)
	switch {
	case drivers.FaultOf(err) == drivers.FaultLogin:
		f = loginFailed(err)
	case err != nil:
		f.Level, f.Err = drivers.LevelWrong, err
	}
	return []drivers.Finding{f}
}

// findOutputs tells which outputs are on. Between commands none is but that of a
// hold.
func (g *Gate) findOutputs(ctx context.Context) drivers.Finding {
	f := drivers.Finding{Topic: drivers.TopicRelays}
	on, err := g.outputs(ctx)
	if err != nil {
		f.Level, f.Err = drivers.LevelWrong, err
		return f
	}
	var list []string
	for _, n := range g.opt.used() {
		if !on[n] {
			continue
		}
		list = append(list, strconv.Itoa(n))
		if n != g.opt.holdOutput() {
			f.Level = drivers.LevelWrong
		} else if f.Level == drivers.LevelFine {
			f.Level = drivers.LevelOdd
		}
	}
	f.Value = strings.Join(list, ", ")
	return f
}
