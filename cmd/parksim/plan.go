package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"

	"parkagent/agent/config"
	"parkagent/drivers/camera/dahua"
	"parkagent/drivers/camera/hikvision"
	"parkagent/drivers/camera/huaxia"
	"parkagent/drivers/camera/vzenith"
	"parkagent/drivers/gate"
	"parkagent/drivers/printer"
	"parkagent/drivers/scanner"
	"parkagent/drivers/serialport"
	"parkagent/drivers/sim"
)

// A plan is what a device's settings say about how to play it.
type plan struct {
	link  serialport.Link   // of relay boards, and of whatever has a port of its own
	relay gate.RelayOptions // of relay boards
	panel func() board      // makes the board of a display
	paper int               // columns of a printer
	vz    vzenith.Options   // of VzEnith cameras
	hx    huaxia.Options    // of Huaxia cameras
	pulls bool              // a camera that is asked for its plates

	via  string // the camera that opens a gate without a board, or that a display hangs on
	port int    // the serial port of that camera
}

// errUnknown is the error of a device whose driver is not played here.
var errUnknown = errors.New("not played here")

// planOf reads a device's settings as its driver does. key is the one of them
// that an error is about.
func planOf(d config.Device) (p plan, key string, err error) {
	switch d.Kind {
	case config.KindGate:
		return planOfGate(d)
	case config.KindDisplay:
		if p.panel, err = boardOfDisplay(d); err != nil {
			return p, "options", err
		}
		return p.on(d)
	case config.KindCamera:
		return planOfCamera(d)
	case config.KindScanner:
		if _, err = scanner.ParseOptions(d.Options); err != nil {
			return p, "options", err
		}
		return p.on(d)
	case config.KindPrinter:
		opt, err := printer.ParseOptions(d.Options)
		if err != nil {
			return p, "options", err
		}
		p.paper = map[int]int{58: 32, 80: 48}[opt.Paper]
		return p.on(d)
	}
	return p, "driver", errUnknown
}

// on adds where a device's line ends: a port of its own, or a camera.
func (p plan) on(d config.Device) (plan, string, error) {
	if code, port, ok := behind(d.Link); ok {
		p.via, p.port = code, port
		return p, "", nil
	}
	var err error
	p.link, err = serialport.ParseLink(d.Link)
	return p, "link", err
}

// behind reads a link such as camera:C1?serial=0.
func behind(link string) (camera string, port int, ok bool) {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "camera" {
		return "", 0, false
	}
	port, _ = strconv.Atoi(u.Query().Get("serial")) // none is the first
	return u.Opaque, port, true
}

func planOfGate(d config.Device) (p plan, key string, err error) {
	switch d.Driver {
	case "modbus-relay":
		if p.relay, err = gate.ParseRelayOptions(d.Options); err != nil {
			return p, "options", err
		}
		p.link, err = serialport.ParseLink(d.Link, "framing", "quiet", "timeout", "echo")
		return p, "link", err
	case "vzenith", "huaxia", "hikvision", "dahua":
		p.via, _ = d.Options["camera"].(string)
		return p, "", nil
	}
	return p, "driver", errUnknown
}

func planOfCamera(d config.Device) (p plan, key string, err error) {
	events, _ := d.Options["events"].(string)
	p.pulls = events != "" && events != "push"
	switch d.Driver {
	case "hikvision":
		_, err = hikvision.ParseOptions(d.Options)
	case "dahua":
		_, err = dahua.ParseOptions(d.Options)
	case "vzenith":
		p.vz, err = vzenith.ParseOptions(d.Options)
	case "huaxia":
		p.hx, err = huaxia.ParseOptions(d.Options)
	default:
		return p, "driver", errUnknown
	}
	return p, "options", err
}

// judge finds the mistakes of devices, for the checks of the configuration.
func judge(list []config.Device) []config.Problem {
	var problems []config.Problem
	for _, d := range list {
		if _, key, err := planOf(d); err != nil && !errors.Is(err, errUnknown) {
			problems = append(problems, d.Problem(key, fmt.Sprintf("设置有误（%v）", err), err.Error()))
		}
	}
	return problems
}

// barrierOf wires an arm as the options of its driver say.
func barrierOf(o gate.RelayOptions, p pace) sim.BarrierConfig {
	relay := func(n *uint16) int {
		if n == nil {
			return sim.None
		}
		return int(*n)
	}
	limit := func(in *gate.Input) int {
		if in == nil || in.ActiveLow { // see barrierSim.limits
			return sim.None
		}
		return int(in.Number)
	}
	presence := sim.None
	if o.Presence != nil {
		presence = int(o.Presence.Number)
	}
	var passage *sim.PassageInput
	if o.Passage != nil {
		passage = &sim.PassageInput{Number: int(o.Passage.Number), ActiveLow: o.Passage.ActiveLow}
	}
	var restOn []int
	for _, c := range []struct {
		relay *uint16
		low   bool
	}{{&o.Open, o.OpenActiveLow}, {o.Close, o.CloseActiveLow}, {o.HoldCoil, o.HoldActiveLow}, {o.Stop, o.StopActiveLow}} {
		if c.relay != nil && c.low {
			restOn = append(restOn, int(*c.relay))
		}
	}
	var stop *int
	if o.Stop != nil {
		n := int(*o.Stop)
		stop = &n
	}
	return sim.BarrierConfig{
		RestOn: restOn, Stop: stop,
		Open: int(o.Open), Close: relay(o.Close), Hold: relay(o.HoldCoil),
		Presence: presence, LimitOpen: limit(o.LimitOpen), LimitClose: limit(o.LimitClose),
		PresenceActiveLow: o.Presence != nil && o.Presence.ActiveLow,
		Passage:           passage,
		Travel:            p.travel,
		// Most barriers close by themselves, and an agent without a presence
		// input relies on it.
		AutoClose: p.autoClose,
	}
}

// boardOf returns a board that has every contact of a barrier.
func boardOf(o gate.RelayOptions, onEvent func(sim.Event)) sim.BoardConfig {
	board := sim.BoardConfig{Unit: o.Unit, Coils: 8, Inputs: 8, OnEvent: onEvent}
	for _, n := range []*uint16{&o.Open, o.Close, o.HoldCoil, o.Stop} {
		if n != nil {
			board.Coils = max(board.Coils, int(*n)+1)
		}
	}
	for _, in := range []*gate.Input{o.Presence, o.Passage, o.LimitOpen, o.LimitClose} {
		if in != nil {
			board.Inputs = max(board.Inputs, int(in.Number)+1)
		}
	}
	return board
}

// ours reports whether a host is this machine.
func ours(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		return true
	}
	addresses, err := net.LookupIP(host)
	if err != nil {
		return false
	}
	// Whoever can listen at an address has it.
	return slices.ContainsFunc(addresses, func(ip net.IP) bool {
		l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: ip})
		return err == nil && l.Close() == nil
	})
}

// A pace is how fast things go at a site.
type pace struct {
	travel    time.Duration // of an arm, from one end to the other
	autoClose time.Duration // how long an arm stays up
	pass      time.Duration // how long a car is under the arm
	grace     time.Duration // how long a car waits before its driver pays
	patience  time.Duration // how long a car waits at a lane at most
	heartbeat time.Duration // between a camera's heartbeats
}

// normalPace is that of real barriers and drivers.
func normalPace() pace {
	return pace{
		travel: time.Second, autoClose: 5 * time.Second, pass: time.Second,
		grace: 500 * time.Millisecond, patience: 20 * time.Second, heartbeat: 15 * time.Second,
	}
}
