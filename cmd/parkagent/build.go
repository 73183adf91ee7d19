package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"parkagent/agent"
	"parkagent/agent/config"
	"parkagent/agent/lane"
	"parkagent/drivers/camera/hikvision"
	"parkagent/drivers/camera/vzenith"
	"parkagent/drivers/display"
	"parkagent/drivers/gate"
	"parkagent/drivers/rs485"
	"parkagent/drivers/serialport"
)

// known tells the configuration which drivers there are, and lets them judge
// what it says of their devices.
func known() config.Known {
	return config.Known{
		Drivers: map[string][]string{
			config.KindGate:    {"modbus-relay", "vzenith"},
			config.KindDisplay: {"fangkong"},
			config.KindCamera:  {"hikvision", "vzenith"},
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
	parts  map[string]agent.Part // what must run while a device is used, by its code; two may share one
	relays map[string]relayGate  // the gates on relay boards, by device code
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
			},
			parts:  map[string]agent.Part{},
			relays: map[string]relayGate{},
		},
		openers: map[string]*opener{}, ports: map[string]port{}, coils: map[string]string{},
	}
	// Cameras first: some of them are gates too.
	for _, of := range []struct {
		kind string
		make func(config.Device)
	}{{config.KindCamera, b.camera}, {config.KindGate, b.gate}, {config.KindDisplay, b.display}} {
		for _, d := range list {
			if d.Kind == of.kind {
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
	openers  map[string]*opener // cameras that open a barrier, by device code
	ports    map[string]port    // by address
	coils    map[string]string  // which gate has a relay, by board and number
	problems []config.Problem
}

// A port is one serial port or network address that devices are spoken to by.
type port struct {
	address  string
	device   string // the first that uses it
	settings string // speed and the like
	line     *rs485.Line
	part     agent.Part
}

// An opener is a camera that opens a barrier, and the gate that uses it.
type opener struct {
	camera *vzenith.Camera
	gate   string
}

func (b *builder) camera(d config.Device) {
	switch d.Driver {
	case "hikvision":
		opt, err := hikvision.ParseOptions(d.Options)
		b.options(d, err)
		c, err := hikvision.New(hikvision.Config{
			Device: d.Code, BaseURL: d.Link, User: d.User, Password: d.Password.Reveal(),
			Options: opt, Location: b.cfg.zone, Now: b.cfg.now, Log: b.cfg.log,
		})
		if err != nil {
			b.add(d, "link", "相机的链接应为 http://地址（%v）", "%v", err)
			return
		}
		if u, err := url.Parse(d.Link); err == nil && d.Link != "" && !b.reachable(d, u.Host) {
			return
		}
		b.out.Cameras[d.Code], b.out.Pushes[d.Code] = c, c
	case "vzenith":
		b.unused(d, "link", "user", "password")
		opt, err := vzenith.ParseOptions(d.Options)
		b.options(d, err)
		c, err := vzenith.New(vzenith.Config{Device: d.Code, Options: opt, Now: b.cfg.now, Log: b.cfg.log})
		if err != nil {
			b.options(d, err)
			return
		}
		b.openers[d.Code] = &opener{camera: c}
		b.out.Cameras[d.Code], b.out.Pushes[d.Code] = c, c
	}
}

func (b *builder) gate(d config.Device) {
	switch d.Driver {
	case "modbus-relay":
		b.unused(d, "user", "password")
		opt, err := gate.ParseRelayOptions(d.Options)
		b.options(d, err)
		p, ok := b.modbus(d)
		if err != nil || !ok || !b.ownRelays(d, p.address, opt) {
			return
		}
		r := relayGate{line: p.line, cfg: gate.Config{Device: d.Code, Bus: p.line, Options: opt, Log: b.cfg.log}}
		relay, err := gate.NewRelay(r.cfg)
		if err != nil {
			b.options(d, err)
			return
		}
		b.out.Gates[d.Code], b.out.relays[d.Code], b.out.parts[d.Code] = relay, r, p.part
	case "vzenith":
		b.unused(d, "link", "user", "password")
		if o := b.opener(d); o != nil {
			b.out.Gates[d.Code] = o.camera.Gate()
		}
	}
}

func (b *builder) display(d config.Device) {
	switch d.Driver {
	case "fangkong":
		b.unused(d, "user", "password")
		opt, err := display.ParseFangkongOptions(d.Options)
		b.options(d, err)
		link, ok := b.link(d)
		if !ok {
			return
		}
		p := serialport.New(link, b.cfg.log)
		// Its driver opens the port; this closes it.
		part := agent.Part{Name: "port " + link.String(), Run: func(ctx context.Context) error { <-ctx.Done(); return p.Close() }}
		panel, err := display.New(display.Config{Device: d.Code, Port: p, Options: opt, Log: b.cfg.log})
		if err != nil {
			b.options(d, err)
			return
		}
		if !b.take(d, link, port{part: part}) {
			return
		}
		b.out.Displays[d.Code], b.out.parts[d.Code] = panel, part
	}
}

// linkParameters are what a Modbus link may have besides what every link has.
func linkParameters() []string { return []string{"framing", "quiet", "timeout", "echo"} }

// modbus returns the line that a gate is on. Gates on one port share it.
func (b *builder) modbus(d config.Device) (port, bool) {
	link, ok := b.link(d, linkParameters()...)
	if !ok {
		return port{}, false
	}
	line, err := rs485.Open(d.Link, b.cfg.log)
	if err != nil {
		b.wrongLink(d, err)
		return port{}, false
	}
	p := port{line: line, part: agent.Part{Name: "line " + link.String(), Run: line.Run}}
	if !b.take(d, link, p) {
		return port{}, false
	}
	return b.ports[link.Address], true
}

// link reads the link of a device. Besides the parameters of every link it may
// have those named.
func (b *builder) link(d config.Device, parameters ...string) (serialport.Link, bool) {
	if d.Link == "" {
		b.add(d, "link", "必须填写：设备接在哪里，例如 serial:///dev/ttyS1?baud=9600 或 tcp://192.168.1.20:4001",
			"must be given: where the device is connected, for example serial:///dev/ttyS1?baud=9600 or tcp://192.168.1.20:4001")
		return serialport.Link{}, false
	}
	link, err := serialport.ParseLink(d.Link, parameters...)
	if err != nil {
		b.wrongLink(d, err)
		return serialport.Link{}, false
	}
	if link.Kind == serialport.TCP && !b.reachable(d, link.Address) {
		return serialport.Link{}, false
	}
	return link, true
}

// reachable reports whether what a link names can be a host at all. A comma
// instead of a dot would only show on site, as a device that does not answer.
func (b *builder) reachable(d config.Device, address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.Trim(address, "[]") // no port
	}
	if config.IsHost(host) {
		return true
	}
	b.add(d, "link", "%q 不是 IP 地址或主机名", "%q is no address and no name of a host", host)
	return false
}

// wrongLink reports what a driver said about a device's link.
func (b *builder) wrongLink(d config.Device, err error) {
	b.problems = append(b.problems, d.Problem("link", "链接有误："+linkInChinese(err.Error(), d.Link), err.Error()))
}

// take gives a port to a device. Gates can share one, as long as they agree how
// it is set. A display cannot: a gate's board might take its frames for Modbus,
// and it would take another display's answers for its own.
func (b *builder) take(d config.Device, link serialport.Link, p port) bool {
	settings := link.String() + fmt.Sprint(link.Extra)
	first, taken := b.ports[link.Address]
	switch {
	case !taken:
		p.address, p.device, p.settings = link.Address, d.Code, settings
		b.ports[link.Address] = p
		b.out.Run = append(b.out.Run, p.part)
		return true
	case p.line == nil || first.line == nil:
		b.add(d, "link", "设备 %s 已使用 %s；显示屏不能与其他设备共用一条线路", "%[2]s belongs to device %[1]s already; a display shares its line with nothing", first.device, link.Address)
		return false
	case first.settings != settings:
		b.add(d, "link", "设备 %s 也在 %s 上，两处的链接必须完全相同", "device %s is on %s too; both must have the same link", first.device, link.Address)
		return false
	}
	return true
}

// ownRelays reports whether no other gate has the gate's relays. A gate that is
// a copy of another with its numbers left as they were opens the wrong lane.
func (b *builder) ownRelays(d config.Device, address string, opt gate.RelayOptions) bool {
	for _, coil := range []*uint16{&opt.Open, opt.Close, opt.HoldCoil} {
		if coil == nil {
			continue
		}
		key := fmt.Sprintf("%s unit %d relay %d", address, opt.Unit, *coil)
		if first, taken := b.coils[key]; taken {
			b.add(d, "options", "站号 %d 的继电器 %d 已属于道闸 %s", "relay %[2]d of unit %[1]d belongs to gate %[3]s already", opt.Unit, *coil, first)
			return false
		}
		b.coils[key] = d.Code
	}
	return true
}

// opener returns the camera that a gate names as the one that opens it.
func (b *builder) opener(d config.Device) *opener {
	for _, key := range slices.Sorted(maps.Keys(d.Options)) {
		if key != "camera" {
			b.options(d, fmt.Errorf("unknown option %q", key))
		}
	}
	name, _ := d.Options["camera"].(string)
	o := b.openers[name]
	switch {
	case name == "":
		b.add(d, "options", `必须写明由哪台相机开闸，例如 options = { camera = "C1" }`, `must name the camera that opens this gate, for example options = { camera = "C1" }`)
	case o != nil && o.gate != "":
		b.add(d, "options", "相机 %q 已控制道闸 %s", "camera %q opens gate %s already", name, o.gate)
	case o != nil:
		o.gate = d.Code
		return o
	default:
		b.add(d, "options", "没有编号为 %q、驱动为 vzenith 的相机", "there is no camera %q with driver vzenith", name)
	}
	return nil
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

// A relayGate is a gate on a relay board, for use without the agent.
type relayGate struct {
	line *rs485.Line
	cfg  gate.Config
}

// asFound returns the gate's driver such that it leaves a hold as it finds it.
// Only the agent knows whether a relay that is on was left on by mistake; so
// whoever just looks, or opens a gate that is held, must not switch it off.
func (r relayGate) asFound(ctx context.Context) (lane.Gate, error) {
	hold := r.cfg.Options.Open
	if r.cfg.Options.HoldCoil != nil {
		hold = *r.cfg.Options.HoldCoil
	}
	bits, err := r.line.Client(ctx, r.cfg.Options.Unit, rs485.Poll).ReadCoils(hold, 1)
	if err != nil {
		return nil, fmt.Errorf("read relay %d: %w", hold, err)
	}
	cfg := r.cfg
	cfg.Held = len(bits) > 0 && bits[0]&1 == 1
	return gate.NewRelay(cfg)
}
