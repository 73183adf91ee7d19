package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"parkagent/agent"
	"parkagent/agent/codes"
	"parkagent/agent/config"
	"parkagent/agent/lane"
	"parkagent/agent/slips"
	"parkagent/drivers/display"
)

// known tells the configuration which drivers there are, and lets them judge
// what it says of their devices.
func known() config.Known {
	return config.Known{
		Drivers: map[string][]string{
			config.KindGate:    gateDrivers(),
			config.KindDisplay: display.Drivers(),
			config.KindCamera:  cameraDrivers(),
			config.KindScanner: scannerDrivers(),
			config.KindPrinter: printerDrivers(),
			config.KindKiosk:   {"kiosk"}, // which is none: a kiosk calls the agent
		},
		Judge: func(list []config.Device) []config.Problem {
			_, problems := buildDrivers(list, driverConfig{zone: time.UTC})
			return problems
		},
	}
}

// A driverConfig is what drivers are given besides their device's settings.
type driverConfig struct {
	zone *time.Location   // of times that a camera tells without one
	now  func() time.Time // by which cameras' events are stamped; nil means time.Now
	log  *slog.Logger     // nil discards
}

// An equipment is the drivers of all devices. None has touched its device.
type equipment struct {
	agent.Devices
	parts map[string]agent.Part // what must run while a device is used, by its code; two may share one
	units map[string]byte       // of the gates on Modbus lines, by device code
	looks map[string]look       // gates as commands see them, by device code
	// replying are the gates and displays that are reached only in the answers
	// to a camera, by their codes, and the camera's code.
	replying map[string]string
	lines    []*modbusLine // the Modbus lines, in the order of the configuration
}

// A look is a gate for a command beside the agent: who just looks, or opens a gate
// that is held, must not end the hold.
type look struct {
	// asFound returns a driver that leaves alone what it finds until it is told
	// something. It may have to ask the device for that.
	asFound     func(ctx context.Context) (lane.Gate, error)
	holdUnknown bool // its state does not tell whether it is held open
}

// buildDevices makes the drivers of a checked configuration.
func buildDevices(site *config.Config, log *slog.Logger) (agent.Devices, error) {
	all, err := equip(site, log)
	if err != nil {
		return agent.Devices{}, err
	}
	return all.Devices, nil
}

// equip is buildDevices for whoever speaks to a device without the agent.
func equip(site *config.Config, log *slog.Logger) (*equipment, error) {
	all, problems := buildDrivers(site.Devices, driverConfig{zone: site.Park.Zone, log: log})
	if len(problems) > 0 {
		return nil, &configError{path: site.Path, problems: problems}
	}
	return all, nil
}

// buildDrivers makes the driver of every device. Problems are mistakes in links
// and options; with any, the equipment is of no use. A device whose driver is
// not known here was reported by the configuration's own checks. A kiosk has no
// driver, and the configuration itself checks it.
func buildDrivers(list []config.Device, cfg driverConfig) (*equipment, []config.Problem) {
	b := &builder{
		cfg: cfg, devices: list,
		out: &equipment{
			Devices: agent.Devices{
				Gates: map[string]lane.Gate{}, Displays: map[string]lane.Display{},
				Cameras: map[string]lane.Camera{}, Pushes: map[string]http.Handler{},
				Scanners: map[string]codes.Scanner{}, Printers: map[string]slips.Printer{},
			},
			parts:    map[string]agent.Part{},
			units:    map[string]byte{},
			replying: map[string]string{}, looks: map[string]look{},
		},
		cameras: map[string]*cameraSide{}, ports: map[string]port{}, wired: map[string]string{},
	}
	drivers := known().Drivers
	// Cameras first: some of them are gates too, and pass on what panels show.
	for _, of := range []struct {
		kind string
		make func(config.Device)
	}{
		{config.KindCamera, b.camera}, {config.KindGate, b.gate}, {config.KindDisplay, b.display},
		{config.KindScanner, b.scanner}, {config.KindPrinter, b.printer},
	} {
		for _, d := range list {
			if d.Kind == of.kind && slices.Contains(drivers[of.kind], d.Driver) {
				of.make(d)
			}
		}
	}
	return b.out, b.problems
}

// A builder makes drivers and collects what is wrong.
type builder struct {
	cfg      driverConfig
	devices  []config.Device
	out      *equipment
	cameras  map[string]*cameraSide // by device code
	ports    map[string]port        // by address
	wired    map[string]string      // which gate has a relay or an input, by board and number
	problems []config.Problem
}

// unused reports settings that a driver does nothing with. They would silently
// not hold.
func (b *builder) unused(d config.Device, keys ...string) {
	given := map[string]bool{"link": d.Link != "", "user": d.User != "", "password": d.Password.Set()}
	for _, key := range keys {
		if given[key] {
			b.add(d, key, "驱动 %s（%s）不使用此项，请删除", "is not used by the driver %s for a %s; remove it", d.Driver, d.Kind)
		}
	}
}

// options reports what a driver said about a device's options, one line for
// each mistake.
func (b *builder) options(d config.Device, err error) {
	if err == nil {
		return
	}
	for _, line := range strings.Split(err.Error(), "\n") {
		b.problems = append(b.problems, d.Problem("options", optionInChinese(line)+"（驱动 "+d.Driver+"）", "driver "+d.Driver+": "+line))
	}
}

// add reports a mistake at one of the device's keys.
func (b *builder) add(d config.Device, key, chinese, english string, args ...any) {
	b.problems = append(b.problems, d.Problem(key, fmt.Sprintf(chinese, args...), fmt.Sprintf(english, args...)))
}
