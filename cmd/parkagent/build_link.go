package main

import (
	"context"
	"fmt"
	"net"
	"strings"

	"parkagent/agent"
	"parkagent/agent/config"
	"parkagent/drivers/rs485"
	"parkagent/drivers/serialport"
)

// A port is one serial port or network address that devices are spoken to by.
type port struct {
	address  string
	device   string // the first that uses it
	settings string // speed and the like
	line     *modbusLine
	part     agent.Part
}

// A modbusLine is a line that several boards may share.
type modbusLine struct {
	*rs485.Line
	link  string
	units map[byte][]string // the devices of each unit
}

// linkParameters are what a Modbus link may have besides what every link has.
func linkParameters() []string { return []string{"framing", "quiet", "timeout", "echo"} }

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

// ownPort returns the port of a device that shares its line with nothing, and
// sees to it that it is closed in the end.
func (b *builder) ownPort(d config.Device) (*serialport.Port, bool) {
	link, ok := b.link(d)
	if !ok {
		return nil, false
	}
	p := serialport.New(link, b.cfg.log)
	// Its driver opens the port; this closes it.
	part := agent.Part{Name: "port " + link.String(), Run: func(ctx context.Context) error { <-ctx.Done(); return p.Close() }}
	if !b.take(d, link, port{part: part}) {
		return nil, false
	}
	b.out.parts[d.Code] = part
	return p, true
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

// take gives a port to a device. Modbus boards can share one, as long as they
// agree how it is set. Nothing else can: a board might take a display's frames
// for Modbus, and a display another's answers for its own.
func (b *builder) take(d config.Device, link serialport.Link, p port) bool {
	settings := link.String() + fmt.Sprint(link.Extra)
	first, taken := b.ports[link.Address]
	switch {
	case !taken:
		p.address, p.device, p.settings = link.Address, d.Code, settings
		b.ports[link.Address] = p
		b.out.Run = append(b.out.Run, p.part)
		if p.line != nil {
			b.out.lines = append(b.out.lines, p.line)
		}
		return true
	case p.line == nil || first.line == nil:
		b.add(d, "link", "设备 %s 已使用 %s；只有 Modbus 板可以共用一条线路", "%[2]s belongs to device %[1]s already; only Modbus boards share a line", first.device, link.Address)
		return false
	case first.settings != settings:
		b.add(d, "link", "设备 %s 也在 %s 上，两处的链接必须完全相同", "device %s is on %s too; both must have the same link", first.device, link.Address)
		return false
	}
	return true
}
