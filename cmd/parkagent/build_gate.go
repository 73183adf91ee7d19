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
	if err != nil || !ok || !b.own(d, p.address, opt.Unit, wiringOfRelay(opt)) {
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
	if err != nil || !ok || !b.own(d, p.address, opt.Unit, wiringOfBarrier(opt)) {
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

// A wiring is something at a Modbus device that belongs to one gate alone.
type wiring struct{ key, chinese, english string }

// own reports whether no other gate has what the gate is wired to. A gate that is a
// copy of another with its numbers left as they were opens the wrong lane, or lowers
// its arm by what stands in the other.
func (b *builder) own(d config.Device, address string, unit byte, all []wiring) bool {
	for _, w := range all {
		key := fmt.Sprintf("%s unit %d %s", address, unit, w.key)
		if first, taken := b.wired[key]; taken && first != d.Code {
			b.add(d, "options", "站号 %[1]d 的%[2]s已属于道闸 %[4]s", "%[3]s of unit %[1]d belongs to gate %[4]s already", unit, w.chinese, w.english, first)
			return false
		}
		b.wired[key] = d.Code
	}
	return true
}

// wiringOfRelay is the relays, and the inputs that tell of this arm alone. What is
// behind one arm may be below another.
func wiringOfRelay(o gate.RelayOptions) []wiring {
	var all []wiring
	for _, coil := range []*uint16{&o.Open, o.Close, o.HoldCoil, o.Stop} {
		if coil != nil {
			all = append(all, wiring{fmt.Sprintf("coil %d", *coil), fmt.Sprintf("继电器 %d ", *coil), fmt.Sprintf("relay %d", *coil)})
		}
	}
	for _, in := range []struct {
		as    string
		input *gate.Input
	}{{"presence", o.Presence}, {"limit", o.LimitOpen}, {"limit", o.LimitClose}} {
		if in.input != nil {
			n := in.input.Number
			all = append(all, wiring{fmt.Sprintf("%s discrete %d", in.as, n), fmt.Sprintf("输入 %d ", n), fmt.Sprintf("input %d", n)})
		}
	}
	return all
}

// wiringOfBarrier is what a barrier is told by, and the signs that tell of its arm
// alone.
func wiringOfBarrier(o gate.BarrierOptions) []wiring {
	var all []wiring
	add := func(as string, p gate.Place, bits string) {
		place := fmt.Sprintf("%s %d", p.Table, p.Address)
		all = append(all, wiring{as + place + bits, " " + place + " ", place})
	}
	for _, order := range []*gate.Order{&o.Open, o.Close, o.Stop, o.Hold, o.Release} {
		switch {
		case order == nil:
		case order.Table == gate.TableCoil:
			add("", order.Place, "")
		default: // one register may take the orders of several barriers
			add("", order.Place, fmt.Sprintf(" = %d", order.Value))
		}
	}
	for _, in := range []struct {
		as   string
		sign *gate.Sign
	}{{"presence ", o.Presence}, {"limit ", o.LimitOpen}, {"limit ", o.LimitClose}} {
		switch {
		case in.sign == nil:
		case in.sign.Mask == 0: // a bit
			add(in.as, in.sign.Place, "")
		default: // others may have the other bits or values
			add(in.as, in.sign.Place, fmt.Sprintf(" %x %x", in.sign.Mask, in.sign.Value))
		}
	}
	return all
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
