package main

import (
	"context"
	"fmt"
	"maps"

	"parkagent/agent"
	"parkagent/agent/config"
	"parkagent/agent/lane"
	"parkagent/drivers/gate"
	"parkagent/drivers/rs485"
)

func gateDrivers() []string {
	return []string{"modbus-relay", "modbus-barrier", "hikvision", "dahua", "vzenith", "huaxia"}
}

func (b *builder) gate(d config.Device) {
	switch d.Driver {
	case "modbus-relay":
		b.relay(d)
	case "modbus-barrier":
		b.barrier(d)
	default:
		b.cameraGate(d)
	}
}

func (b *builder) relay(d config.Device) {
	b.unused(d, "user", "password")
	opt, err := gate.ParseRelayOptions(d.Options)
	b.options(d, err)
	p, ok := b.modbus(d)
	if err != nil || !ok || !b.ownRelays(d, p.address, opt) {
		return
	}
	cfg := gate.Config{Device: d.Code, Bus: p.line.Line, Options: opt, Log: b.cfg.log}
	relay, err := gate.NewRelay(cfg)
	if err != nil {
		b.options(d, err)
		return
	}
	cfg.AsFound = true
	b.onLine(d, p, opt.Unit, relay, func(ctx context.Context) (lane.Gate, error) {
		found, err := gate.NewRelay(cfg)
		if err == nil {
			_, err = found.State(ctx) // which shows whether it is held
		}
		return found, err
	})
}

// onLine keeps a gate on a Modbus line, and how a command sees it.
func (b *builder) onLine(d config.Device, p port, unit byte, g lane.Gate, asFound func(context.Context) (lane.Gate, error)) {
	p.line.units[unit] = append(p.line.units[unit], d.Code)
	b.out.Gates[d.Code], b.out.parts[d.Code], b.out.units[d.Code] = g, p.part, unit
	b.out.looks[d.Code] = look{asFound: asFound}
}

func (b *builder) barrier(d config.Device) {
	b.unused(d, "user", "password")
	opt, err := gate.ParseBarrierOptions(d.Options)
	b.options(d, err)
	p, ok := b.modbus(d)
	if err != nil || !ok {
		return
	}
	cfg := gate.BarrierConfig{Device: d.Code, Bus: p.line.Line, Options: opt, Log: b.cfg.log}
	barrier, err := gate.NewBarrier(cfg)
	if err != nil {
		b.options(d, err)
		return
	}
	cfg.AsFound = true
	b.onLine(d, p, opt.Unit, barrier, func(context.Context) (lane.Gate, error) { return gate.NewBarrier(cfg) })
}

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
	p := port{line: &modbusLine{Line: line, link: d.Link, units: map[byte][]string{}}, part: agent.Part{Name: "line " + link.String(), Run: line.Run}}
	if !b.take(d, link, p) {
		return port{}, false
	}
	return b.ports[link.Address], true
}

// ownRelays reports whether no other gate has the gate's relays. A gate that is
// a copy of another with its numbers left as they were opens the wrong lane.
func (b *builder) ownRelays(d config.Device, address string, opt gate.RelayOptions) bool {
	for _, coil := range []*uint16{&opt.Open, opt.Close, opt.HoldCoil, opt.Stop} {
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

// cameraGate makes the gate that a camera of the same driver moves.
func (b *builder) cameraGate(d config.Device) {
	b.unused(d, "link", "user", "password")
	own := maps.Clone(d.Options)
	delete(own, "camera")
	name, _ := d.Options["camera"].(string)
	side := b.cameras[name]
	switch {
	case name == "":
		b.add(d, "options", `必须写明由哪台相机开闸，例如 options = { camera = "C1" }`, `must name the camera that opens this gate, for example options = { camera = "C1" }`)
	case side == nil || side.driver != d.Driver:
		b.add(d, "options", "没有编号为 %q、驱动为 %s 的相机", "there is no camera %q with driver %s", name, d.Driver)
	case side.opens != "":
		b.add(d, "options", "相机 %q 已控制道闸 %s", "camera %q opens gate %s already", name, side.opens)
	case !side.broken: // what is wrong with the camera is told at the camera
		side.opens = d.Code
		g, err := side.gate(d, own)
		b.options(d, err)
		if err == nil {
			b.out.Gates[d.Code] = g.Gate
			if g.look != nil {
				b.out.looks[d.Code] = *g.look
			}
			if side.waits {
				b.out.replying[d.Code] = name
			}
		}
	}
}
