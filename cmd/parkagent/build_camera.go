package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"parkagent/agent/config"
	"parkagent/agent/lane"
	"parkagent/drivers/camera/dahua"
	"parkagent/drivers/camera/generic"
	"parkagent/drivers/camera/hikvision"
	"parkagent/drivers/camera/huaxia"
	"parkagent/drivers/camera/vzenith"
	"parkagent/drivers/display"
	"parkagent/drivers/options"
)

func cameraDrivers() []string { return []string{"hikvision", "dahua", "vzenith", "huaxia", "generic"} }

// A cameraSide is what other devices may use of a camera: its relay, and the
// serial ports behind it.
type cameraSide struct {
	driver string
	broken bool // it could not be made, and why is told already
	waits  bool // for its own calls: only its answers move the barrier

	// gate makes the barrier that the camera moves, by the options of the gate
	// without the camera's code. nil: it moves none.
	gate func(d config.Device, own map[string]any) (cameraGate, error)
	// serial returns what passes bytes on at a serial port of the camera, and
	// nil where it has none of that number. nil: it passes nothing on.
	serial func(port int) display.Carrier

	opens    string         // the gate that it moves
	displays map[int]string // the displays at its serial ports
}

// A cameraGate is a barrier that a camera moves. Without a look nobody but the
// agent can ask how it stands.
type cameraGate struct {
	lane.Gate
	look *look
}

// A builtCamera meets what the lanes want of a camera, and takes its pushes.
type builtCamera interface {
	lane.Camera
	http.Handler
}

func (b *builder) camera(d config.Device) {
	side := &cameraSide{driver: d.Driver, displays: map[int]string{}}
	var c builtCamera
	switch d.Driver {
	case "hikvision":
		c = b.hikvision(d, side)
	case "dahua":
		c = b.dahua(d, side)
	case "vzenith":
		c = b.vzenith(d, side)
	case "huaxia":
		c = b.huaxia(d, side)
	case "generic":
		c = b.generic(d)
	}
	b.cameras[d.Code] = side
	if side.broken = c == nil; !side.broken {
		b.out.Cameras[d.Code], b.out.Pushes[d.Code] = c, c
	}
}

// asked checks the link of a camera that can be asked for something. It may have
// none; it is told of otherwise.
func (b *builder) asked(d config.Device, err error) bool {
	if err != nil {
		why := strings.TrimPrefix(err.Error(), "link of camera: ")
		b.problems = append(b.problems, d.Problem("link", translate(why, cameraLinkSayings()), err.Error()))
		return false
	}
	u, err := url.Parse(d.Link)
	return err != nil || d.Link == "" || b.reachable(d, u.Host)
}

func (b *builder) hikvision(d config.Device, side *cameraSide) builtCamera {
	opt, wrong := hikvision.ParseOptions(d.Options)
	b.options(d, wrong)
	c, err := hikvision.New(hikvision.Config{
		Device: d.Code, BaseURL: d.Link, User: d.User, Password: d.Password.Reveal(),
		Options: opt, Location: b.cfg.zone, Now: b.cfg.now, Log: b.cfg.log,
	})
	if !b.asked(d, err) || wrong != nil {
		return nil
	}
	side.gate = func(d config.Device, own map[string]any) (cameraGate, error) {
		opt, err := hikvision.ParseGateOptions(own)
		if err != nil {
			return cameraGate{}, err
		}
		g, err := c.Gate(hikvision.GateConfig{Device: d.Code, Options: opt})
		if err != nil {
			return cameraGate{}, err
		}
		asFound := func(ctx context.Context) (lane.Gate, error) { return g.AsFound(ctx) }
		return cameraGate{g, &look{asFound: asFound, holdUnknown: true}}, nil
	}
	return c
}

func (b *builder) dahua(d config.Device, side *cameraSide) builtCamera {
	opt, wrong := dahua.ParseOptions(d.Options)
	b.options(d, wrong)
	c, err := dahua.New(dahua.Config{
		Device: d.Code, BaseURL: d.Link, User: d.User, Password: d.Password.Reveal(),
		Options: opt, Location: b.cfg.zone, Now: b.cfg.now, Log: b.cfg.log,
	})
	if !b.asked(d, err) || wrong != nil {
		return nil
	}
	side.gate = func(d config.Device, own map[string]any) (cameraGate, error) {
		opt, err := dahua.ParseGateOptions(own)
		if err != nil {
			return cameraGate{}, err
		}
		cfg := dahua.GateConfig{Device: d.Code, Camera: c, Options: opt, Now: b.cfg.now, Log: b.cfg.log}
		g, err := dahua.NewGate(cfg)
		if err != nil {
			return cameraGate{}, err
		}
		cfg.AsFound = true
		return cameraGate{g, &look{asFound: func(context.Context) (lane.Gate, error) { return dahua.NewGate(cfg) }}}, nil
	}
	return c
}

func (b *builder) vzenith(d config.Device, side *cameraSide) builtCamera {
	b.unused(d, "link", "user", "password")
	opt, err := vzenith.ParseOptions(d.Options)
	if err != nil {
		b.options(d, err)
		return nil
	}
	c, err := vzenith.New(vzenith.Config{Device: d.Code, Options: opt, Now: b.cfg.now, Log: b.cfg.log})
	if err != nil {
		b.options(d, err)
		return nil
	}
	side.waits = true
	side.serial = func(port int) display.Carrier {
		if s := c.Serial(port); s != nil {
			return s
		}
		return nil
	}
	side.gate = func(_ config.Device, own map[string]any) (cameraGate, error) {
		return cameraGate{Gate: c.Gate()}, options.Read(own).Err()
	}
	return c
}

func (b *builder) huaxia(d config.Device, side *cameraSide) builtCamera {
	b.unused(d, "link", "user", "password")
	opt, err := huaxia.ParseOptions(d.Options)
	if err != nil {
		b.options(d, err)
		return nil
	}
	c, err := huaxia.New(huaxia.Config{Device: d.Code, Options: opt, Now: b.cfg.now, Log: b.cfg.log})
	if err != nil {
		b.options(d, err)
		return nil
	}
	side.waits = true
	side.serial = func(port int) display.Carrier {
		if port != 0 {
			return nil // it has one
		}
		return c.Serial()
	}
	side.gate = func(_ config.Device, own map[string]any) (cameraGate, error) {
		return cameraGate{Gate: c.Gate()}, options.Read(own).Err()
	}
	return c
}

func (b *builder) generic(d config.Device) builtCamera {
	opt, err := generic.ParseOptions(d.Options)
	if err != nil {
		b.options(d, err)
		return nil
	}
	c, err := generic.New(generic.Config{
		Device: d.Code, BaseURL: d.Link, User: d.User, Password: d.Password.Reveal(),
		Options: opt, Location: b.cfg.zone, Now: b.cfg.now, Log: b.cfg.log,
	})
	if !b.asked(d, err) {
		return nil
	}
	return c
}
