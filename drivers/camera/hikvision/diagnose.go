package hikvision

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
)

// From when on what a camera says is worth a look, and is wrong.
const (
	oddClock     = 5 * time.Second
	wrongClock   = time.Minute
	smallPicture = 20 << 10  // bytes
	largePicture = 800 << 10 // bytes
)

// Diagnose asks the camera what it is, what its clock says, who opens its gate,
// where it pushes its events, and for a picture. It changes nothing in it, and
// tries the login once. A camera without a link is told of by when it was heard.
func (c *Camera) Diagnose(ctx context.Context) []drivers.Finding {
	if c.client == nil {
		return []drivers.Finding{c.findHeard()}
	}
	found, reached := c.findModel(ctx)
	if !reached {
		return found
	}
	found = append(found, c.findClock(ctx))
	if f, ok := c.findGateList(ctx); ok {
		found = append(found, f)
	}
	if c.cfg.Options.Events == EventsPush {
		found = append(found, c.findPush(ctx)...)
	}
	return append(found, c.findPicture(ctx))
}

func (c *Camera) findHeard() drivers.Finding {
	silence, known := c.inbox.Silence()
	switch {
	case !known:
		return drivers.Finding{Topic: drivers.TopicHeard, Level: drivers.LevelWrong}
	case silence > c.cfg.Options.Silence:
		return drivers.Finding{Topic: drivers.TopicHeard, Level: drivers.LevelOdd, Value: silence.Round(time.Second).String()}
	}
	return drivers.Finding{Topic: drivers.TopicHeard, Value: silence.Round(time.Second).String()}
}

// findModel tells whether the camera answers, takes the login, and what it is. It
// reports whether it can be asked for more.
func (c *Camera) findModel(ctx context.Context) ([]drivers.Finding, bool) {
	reach := drivers.Finding{Topic: drivers.TopicReach, Value: c.client.Address()}
	login := drivers.Finding{Topic: drivers.TopicLogin, Value: c.cfg.User}
	model := drivers.Finding{Topic: drivers.TopicModel}
	info, err := c.fields(ctx, "/ISAPI/System/deviceInfo")
	switch {
	case errors.Is(err, drivers.ErrOffline):
		reach.Level, reach.Err = drivers.LevelWrong, err
		return []drivers.Finding{reach}, false
	case errors.Is(err, camera.ErrLocked):
		login.Level, login.Err = drivers.LevelOdd, err
		return []drivers.Finding{reach, login}, false
	case drivers.FaultOf(err) == drivers.FaultLogin:
		login.Level, login.Err = drivers.LevelWrong, err
		return []drivers.Finding{reach, login}, false
	case err != nil:
		model.Level, model.Err = drivers.LevelWrong, err
		return []drivers.Finding{reach, login, model}, false
	}
	model.Value = strings.TrimSpace(info["model"] + " " + info["firmwareVersion"])
	if model.Value == "" {
		model.Level = drivers.LevelOdd
	}
	return []drivers.Finding{reach, login, model}, true
}

func (c *Camera) findClock(ctx context.Context) drivers.Finding {
	f := drivers.Finding{Topic: drivers.TopicClock}
	ahead, err := c.clockAhead(ctx)
	switch {
	case err != nil:
		f.Level, f.Err = drivers.LevelOdd, err
		return f
	case ahead.Abs() > wrongClock:
		f.Level = drivers.LevelWrong
	case ahead.Abs() > oddClock:
		f.Level = drivers.LevelOdd
	}
	f.Value = fmt.Sprintf("%+.1fs", ahead.Seconds())
	return f
}

// findGateList tells who opens the barrier. That the camera does is wrong where it
// moves one for us; another may have none wired to it, which nobody here knows. A
// model without a gate has nothing to tell.
func (c *Camera) findGateList(ctx context.Context) (drivers.Finding, bool) {
	f := drivers.Finding{Topic: drivers.TopicGateList}
	mode, err := c.controlMode(ctx)
	switch {
	case errors.Is(err, camera.ErrNoFunction), err == nil && mode == "":
		return f, false
	case err != nil:
		f.Level, f.Err = drivers.LevelOdd, err
		return f, true
	case mode != controlPlatform && c.moves.Load():
		f.Level = drivers.LevelWrong
	case mode != controlPlatform:
		f.Level = drivers.LevelOdd
	}
	f.Value = "ctrlMod " + mode
	return f, true
}

// findPush tells where the camera pushes its events. What follows the device code
// in the address is left out: it may be the token that nobody else should know.
func (c *Camera) findPush(ctx context.Context) []drivers.Finding {
	f := drivers.Finding{Topic: drivers.TopicPush, Level: drivers.LevelWrong}
	body, err := c.ask(ctx, "/ISAPI/Event/notification/httpHosts", camera.MaxText)
	var hosts []map[string]string
	if err == nil {
		hosts, err = camera.ElementList(body, "HttpHostNotification")
	}
	if err != nil {
		f.Level, f.Err = drivers.LevelOdd, err
		return []drivers.Finding{f}
	}
	for _, host := range hosts {
		address := host["ipAddress"]
		if address == "" || address == "0.0.0.0" {
			address = host["hostName"]
		}
		if address == "" || address == "0.0.0.0" {
			continue
		}
		ours := "/camera/" + c.cfg.Device
		path, _, isOurs := strings.Cut(host["url"]+"/", ours+"/")
		f.Level, f.Value = drivers.LevelOdd, address+":"+host["portNo"]
		if isOurs {
			f.Level, f.Value = drivers.LevelFine, f.Value+path+ours+"/…"
			break
		}
	}
	found := []drivers.Finding{f}
	format, err := c.fields(ctx, "/ISAPI/Traffic/ANPR/alarmHttpPushProtocol")
	if err == nil && strings.EqualFold(format["baseLineProtocolEnabled"], "false") {
		found = append(found, drivers.Finding{
			Topic: drivers.TopicPush, Level: drivers.LevelOdd, Value: "baseLineProtocolEnabled false",
			Err: errors.New("the camera pushes in an older form, which is not understood: set baseLineProtocolEnabled to true"),
		})
	}
	return found
}

func (c *Camera) findPicture(ctx context.Context) drivers.Finding {
	f := drivers.Finding{Topic: drivers.TopicPicture}
	jpeg, err := c.picture(ctx)
	switch {
	case err != nil:
		f.Level, f.Err = drivers.LevelWrong, err
		return f
	case len(jpeg) < smallPicture, len(jpeg) > largePicture:
		f.Level = drivers.LevelOdd
	}
	f.Value = fmt.Sprint(len(jpeg))
	return f
}

// Diagnose asks the camera where the arm is and what the inputs say. It moves
// nothing, and switches no relay. Any goroutine may call it while the lane works
// with the gate: what it finds out it keeps to itself.
func (g *Gate) Diagnose(ctx context.Context) []drivers.Finding {
	g = &Gate{camera: g.camera, opt: g.opt, way: g.opt.Control}
	reach := drivers.Finding{Topic: drivers.TopicReach, Value: g.camera.client.Address()}
	arm, err := g.arm(ctx)
	if err != nil {
		reach.Level, reach.Err = drivers.LevelWrong, err
		if drivers.FaultOf(err) == drivers.FaultLogin {
			reach.Topic, reach.Value = drivers.TopicLogin, ""
		}
		return []drivers.Finding{reach}
	}
	inputs := drivers.Finding{Topic: drivers.TopicInputs}
	in, err := g.inputs(ctx)
	switch {
	case err != nil:
		inputs.Level, inputs.Err = drivers.LevelWrong, err
	case in.Presence == drivers.PresenceUnknown, in.Passage == drivers.PresenceUnknown:
		inputs.Level = drivers.LevelOdd
	}
	inputs.Value = fmt.Sprintf("arm %v, presence %v, passage %v", arm, in.Presence, in.Passage)
	return []drivers.Finding{reach, inputs}
}
