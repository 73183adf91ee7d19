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
	switch {
	case dev.Kind == config.KindKiosk && d.running && d.books.knows(dev.Code):
		return d.books.device(dev.Code)
	case dev.Kind == config.KindKiosk:
		return []finding{{
			Finding: drivers.Finding{Topic: topicTrial},
			found:   text{"缴费机由它调用 agent，不检查", "a kiosk calls the agent and is not tried"},
		}}
	case d.running:
		return d.asked(ctx, dev)
	case d.onlyCalls(dev):
		return []finding{{
			Finding: drivers.Finding{Topic: topicTrial, Level: drivers.LevelOdd},
			found:   text{"它只主动联系 agent，而 agent 没有运行", "it only calls the agent, which does not run"},
		}}
	case !canDiagnose:
		return []finding{{Finding: drivers.Finding{Topic: topicTrial, Level: drivers.LevelOdd}}}
	}
	var list []finding
	for _, f := range diagnose.Diagnose(ctx) {
		if f.Topic == drivers.TopicHeard && f.Level != drivers.LevelFine {
			continue // nobody has listened here
		}
		list = append(list, explained(dev, f))
	}
	return list
}

// asked tells what the running agent says of a device: what it noted when it last
// used it, and what it found when it tried it for us. A doctor who tried it himself
// would be in the agent's way: many a device takes one connection at a time, on a
// serial line the answers to two masters cannot be told apart, and a second login
// may lock a camera.
func (d *doctor) asked(ctx context.Context, dev config.Device) []finding {
	told, err := agent.Ask(ctx, d.site, dev.Code)
	list := d.books.device(dev.Code)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		list = append(list, finding{
			Finding: drivers.Finding{Topic: topicAgent, Level: drivers.LevelOdd},
			found:   text{"运行中的 agent 没有及时试完它", "the running agent did not finish trying it in time"},
			advice:  text{"设备很慢或没有应答；可用 --timeout 20s 再试", "the device is slow, or silent; try again with --timeout 20s"},
		})
	case err != nil && !errors.Is(err, agent.ErrNotAsked):
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

// deviceLink reads a device's link if it is one of a port or of bytes over TCP.
// Its driver has judged it already.
func deviceLink(dev config.Device) (serialport.Link, bool) {
	link, err := serialport.ParseLink(dev.Link, linkParameters()...)
	return link, err == nil
}

// explained puts more exact words around a finding, where its error has them.
func explained(dev config.Device, f drivers.Finding) finding {
	out := finding{Finding: f}
	switch {
	case (f.Topic == drivers.TopicReach || f.Topic == drivers.TopicPort) && f.Value == "":
		out.Value = dev.Link
	case f.Topic == drivers.TopicHeard && f.Value == "" && f.Level == drivers.LevelFine:
		out.found = text{"所接的相机有联系", "the camera that it hangs on is heard"}
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
