package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/serialport"
)

// What is looked for on a line besides the units of the configuration: boards
// are mostly numbered from 1, and some come with 254 or 255.
const (
	firstUnits = 8
	scanTime   = 8 * time.Second // besides the time of any check
)

// lineChecks find out what else is on the lines of the devices. A line that the
// agent has is left to it. Over Modbus TCP there is nothing to look for: there
// boards answer to any unit.
func (d *doctor) lineChecks() []check {
	if !d.whole || d.running {
		return nil
	}
	var list []check
	for _, l := range d.all.lines {
		link, err := serialport.ParseLink(l.link, linkParameters()...)
		if err != nil || link.Kind == serialport.TCP && link.Extra["framing"] != "rtu" {
			continue
		}
		list = append(list, check{
			subject: link.Address, apart: link.Address, within: d.timeout + scanTime,
			run: func(ctx context.Context) []finding { return scan(ctx, l) },
		})
	}
	return list
}

// scan asks which units answer on a line. Of a port that cannot be used it says
// nothing: every device on the line did.
func scan(ctx context.Context, l *modbusLine) []finding {
	units := scanned(l)
	found, err := l.Scan(ctx, units)
	if _, known := causeOf(err); known && len(found) == 0 {
		return nil
	}
	f := finding{Finding: drivers.Finding{Topic: topicUnits, Value: numbers(found), Err: err}}
	var strange []byte
	for _, u := range found {
		if len(l.units[u]) == 0 {
			strange = append(strange, u)
		}
	}
	switch {
	case err != nil && len(found) == 0:
		f.Topic, f.Level = drivers.TopicLine, drivers.LevelWrong
	case len(found) == 0:
		f.Level, f.Value = drivers.LevelWrong, numbers(units)
		f.found = text{"线路上没有站号应答，试过", "no unit answers on the line; tried"}
	case len(strange) > 0:
		f.Level, f.Value = drivers.LevelOdd, numbers(strange)
	case err != nil:
		f.Level = drivers.LevelOdd
	}
	return []finding{f}
}

// scanned returns the units to look for: those of the configuration first.
func scanned(l *modbusLine) []byte {
	var units []byte
	for u := range l.units {
		units = append(units, u)
	}
	slices.Sort(units)
	for u := byte(1); u <= firstUnits; u++ {
		if len(l.units[u]) == 0 {
			units = append(units, u)
		}
	}
	for _, u := range []byte{254, 255} {
		if len(l.units[u]) == 0 {
			units = append(units, u)
		}
	}
	return units
}

func numbers(units []byte) string {
	var list []string
	for _, u := range units {
		list = append(list, fmt.Sprint(u))
	}
	return strings.Join(list, ", ")
}
