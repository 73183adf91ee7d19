package main

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"parkagent/agent/config"
	"parkagent/drivers/display"
)

func (b *builder) display(d config.Device) {
	b.unused(d, "user", "password")
	opt, err := display.ParseOptions(d.Driver, d.Options)
	b.options(d, err)
	cfg := display.Config{Device: d.Code, Options: opt, Log: b.cfg.log}
	u, _ := url.Parse(d.Link) // one that cannot be read is no camera's
	if u != nil && u.Scheme == "camera" {
		if cfg.Carrier = b.carrier(d, u); cfg.Carrier == nil {
			return
		}
	} else {
		p, ok := b.ownPort(d)
		if !ok {
			return
		}
		cfg.Port = p
	}
	if err != nil {
		return // and told already
	}
	panel, err := display.New(cfg)
	if err != nil {
		b.options(d, err)
		return
	}
	b.out.Displays[d.Code] = panel
}

// carrier returns the serial port of a camera that a display hangs on, or nil
// after it has reported what is wrong with the link, as camera:C1?serial=0.
func (b *builder) carrier(d config.Device, u *url.URL) display.Carrier {
	port, err := cameraPort(u)
	if err != nil {
		b.wrongLink(d, fmt.Errorf("link %q: %w", d.Link, err))
		return nil
	}
	side := b.cameras[u.Opaque]
	switch {
	case side == nil:
		b.add(d, "link", "没有编号为 %q 的相机", "there is no camera %q", u.Opaque)
	case side.broken:
		// What is wrong with the camera is told at the camera.
	case side.serial == nil:
		b.add(d, "link", "相机 %q（驱动 %s）不能透传到显示屏", "camera %q with driver %s passes nothing on to displays", u.Opaque, side.driver)
	case side.displays[port] != "":
		b.add(d, "link", "相机 %q 的串口 %d 已属于显示屏 %s", "serial port %[2]d of camera %[1]q belongs to display %[3]s already", u.Opaque, port, side.displays[port])
	default:
		side.displays[port] = d.Code
		if c := side.serial(port); c != nil {
			b.out.replying[d.Code] = u.Opaque
			return c
		}
		b.add(d, "link", "相机 %q 没有串口 %d", "camera %q has no serial port %d", u.Opaque, port)
	}
	return nil
}

// cameraPort reads which serial port of a camera a link names: 0 without a word.
func cameraPort(u *url.URL) (int, error) {
	parameters, err := url.ParseQuery(u.RawQuery)
	if err != nil || u.Opaque == "" || u.Fragment != "" {
		return 0, errors.New("want camera:CODE?serial=NUMBER")
	}
	port := 0
	for name, values := range parameters {
		n, err := strconv.ParseUint(values[0], 10, 8)
		if name != "serial" || len(values) > 1 || err != nil {
			return 0, errors.New("want camera:CODE?serial=NUMBER")
		}
		port = int(n)
	}
	return port, nil
}
