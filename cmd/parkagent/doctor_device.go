package main

import (
	"context"
	"errors"
	"slices"

	"parkagent/agent"
	"parkagent/agent/config"
	"parkagent/drivers"
	"parkagent/drivers/serialport"
)

// A diagnoser is a driver that can try its device. It asks and moves nothing.
type diagnoser interface {
	Diagnose(ctx context.Context) []drivers.Finding
}

// A checker is a driver that can tell whether its device is alive.
type checker interface {
	Check(ctx context.Context) error
}

// driver returns what speaks to a device, nil where nothing does.
func (q *equipment) driver(code string) any {
	if g, ok := q.Gates[code]; ok {
		return g
	}
	if p, ok := q.Displays[code]; ok {
		return p
	}
	if c, ok := q.Cameras[code]; ok {
		return c
	}
	if s, ok := q.Scanners[code]; ok {
		return s
	}
	if p, ok := q.Printers[code]; ok {
		return p
	}
	return nil
}

func (d *doctor) kiosks() bool {
	return slices.ContainsFunc(d.site.Devices, func(dev config.Device) bool { return dev.Kind == config.KindKiosk })
}

func (d *doctor) deviceCheck(dev config.Device) check {
	c := check{subject: dev.Code, run: func(ctx context.Context) []finding { return d.device(ctx, dev) }}
	if link, ok := deviceLink(dev); ok {
		c.apart = link.Address
	}
	return c
}

// device tries one device, or tells why not.
func (d *doctor) device(ctx context.Context, dev config.Device) []finding {
	driver := d.all.driver(dev.Code)
	diagnose, canDiagnose := driver.(diagnoser)
	alive, canCheck := driver.(checker)
	switch {
	case dev.Kind == config.KindKiosk && d.running && d.books.knows(dev.Code):
		return d.books.device(dev.Code)
	case dev.Kind == config.KindKiosk:
		return []finding{{
			Finding: drivers.Finding{Topic: topicTrial},
			found:   text{"缴费机由它调用 agent，不检查", "a kiosk calls the agent and is not tried"},
		}}
	case d.running && (d.agentHas(dev) || d.onlyCalls(dev) || atCamera(dev)):
		return d.asked(ctx, dev)
	case d.onlyCalls(dev):
		return []finding{{
			Finding: drivers.Finding{Topic: topicTrial, Level: drivers.LevelOdd},
			found:   text{"它只主动联系 agent，而 agent 没有运行", "it only calls the agent, which does not run"},
		}}
	case canDiagnose:
		var list []finding
		for _, f := range diagnose.Diagnose(ctx) {
			if f.Topic == drivers.TopicHeard && f.Level != drivers.LevelFine {
				continue // nobody has listened here
			}
			list = append(list, explained(dev, f))
		}
		return list
	case canCheck:
		return []finding{explained(dev, reached(dev, alive.Check(ctx)))}
	}
	return d.knock(ctx, dev)
}

// atCamera reports whether a device is a camera, or a gate that is moved through
// one. A running agent is logged in there, and knows whether it is locked out.
func atCamera(dev config.Device) bool {
	_, named := dev.Options["camera"]
	return dev.Kind == config.KindCamera || dev.Kind == config.KindGate && named
}

// asked tells what the running agent says of a device: that it tried it for us,
// and what it noted when it last used it.
func (d *doctor) asked(ctx context.Context, dev config.Device) []finding {
	told, err := agent.Ask(ctx, d.site, dev.Code)
	list := d.books.device(dev.Code)
	if err != nil && !errors.Is(err, agent.ErrNotAsked) {
		list = append(list, finding{Finding: drivers.Finding{Topic: topicAgent, Level: drivers.LevelOdd, Err: err}})
	}
	for _, f := range told {
		list = append(list, explained(dev, f))
	}
	return list
}

// onlyCalls reports whether a device can be asked nothing: it calls the agent,
// as a camera without a link does, and the gate that it opens by its answers.
func (d *doctor) onlyCalls(dev config.Device) bool {
	switch dev.Kind {
	case config.KindCamera:
		return dev.Link == ""
	case config.KindGate, config.KindDisplay:
		_, replying := d.all.replying[dev.Code]
		return replying
	}
	return false
}

// agentHas reports whether a running agent must be alone with a device: on a
// serial line, and behind a server that passes bytes on, the answers to two
// masters could not be told apart. Modbus TCP and HTTP keep them apart.
func (d *doctor) agentHas(dev config.Device) bool {
	link, ok := deviceLink(dev)
	return ok && (link.Kind == serialport.Serial || dev.Kind != config.KindGate || link.Extra["framing"] == "rtu")
}

// deviceLink reads a device's link if it is one of a port or of bytes over TCP.
// Its driver has judged it already.
func deviceLink(dev config.Device) (serialport.Link, bool) {
	link, err := serialport.ParseLink(dev.Link, linkParameters()...)
	return link, err == nil
}

// knock opens the way to a device that cannot be asked anything.
func (d *doctor) knock(ctx context.Context, dev config.Device) []finding {
	link, ok := deviceLink(dev)
	if !ok {
		return []finding{{Finding: drivers.Finding{Topic: topicTrial, Level: drivers.LevelOdd}}}
	}
	port := serialport.New(link, nil)
	err := port.Connect(ctx)
	err = errors.Join(err, port.Close())
	f := reached(dev, err)
	if err == nil {
		f.Topic = drivers.TopicPort
	}
	return []finding{explained(dev, f)}
}

// reached is whether a device answered.
func reached(dev config.Device, err error) drivers.Finding {
	f := drivers.Finding{Topic: drivers.TopicReach, Value: dev.Link, Err: err}
	if err != nil {
		f.Level = drivers.LevelWrong
	}
	return f
}

// explained puts more exact words around a finding, where its error has them.
func explained(dev config.Device, f drivers.Finding) finding {
	out := finding{Finding: f}
	if f.Topic == drivers.TopicReach && f.Value == "" {
		out.Value = dev.Link
	}
	if f.Level == drivers.LevelFine {
		return out
	}
	if cause, ok := causeOf(f.Err); ok {
		out.advice = cause
	} else if f.Topic == drivers.TopicReach && errors.Is(f.Err, drivers.ErrOffline) {
		look := lookAt(dev)
		out.advice = text{"请检查：" + look.zh, "Check " + look.en}
	}
	return out
}
