package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"parkagent/agent/config"
	"parkagent/drivers/serialport"
)

// portsCommand lists the serial ports that list finds.
func portsCommand(list func() ([]serialport.Info, error)) command {
	return command{
		name:    "ports",
		summary: text{"列出本机的串口，以及哪个设备使用它", "list this machine's serial ports, and which device uses each"},
		details: text{
			"link 是写进配置的名称，重启和重新插拔后不变：有序列号的按 by-id，同型号无序列号的按插口 by-path。\n" +
				"place 按所插的 USB 口命名：换一个同样的转换器插在原处，名称不变。\n" +
				"没有配置文件也可使用；有配置时显示使用各串口的设备，以及配置中写了而本机没有的串口。不打开任何串口。",
			"link is the name to write into the configuration: it stays the same after a restart and after\n" +
				"replugging. place names the socket that the adapter is plugged into: it stays the same for\n" +
				"another adapter in that socket. The command works without a configuration; with one it shows\n" +
				"which devices use each port, and ports of the configuration that this machine has not.\n" +
				"It opens no port.",
		},
		setup: func(f *flags) runFunc {
			asJSON := f.Bool("json", false, f.say("以 JSON 输出", "print JSON"))
			return func(_ context.Context, e *env, words []string) error {
				if err := noWords(words); err != nil {
					return err
				}
				infos, err := list()
				if err != nil {
					return &failure{text{"无法列出串口", "the ports cannot be listed"}, err}
				}
				view := viewPorts(infos, e.configuredDevices())
				if *asJSON {
					return writeJSON(e.stdout, view)
				}
				return view.write(e.stdout, e.lang)
			}
		},
	}
}

// configuredDevices returns the devices of the configuration, as far as there is
// one that can be used. One that was named and cannot be is told of.
func (e *env) configuredDevices() []config.Device {
	site, err := loadSite(e)
	if err == nil {
		return site.Devices
	}
	if _, missing := os.Stat(e.config); errors.Is(missing, fs.ErrNotExist) && e.config == defaultConfig(e.getenv) {
		return nil // not installed yet
	}
	fmt.Fprintln(e.stderr, text{"警告：不显示设备：%s", "warning: devices are not shown: %s"}.with(messageOf(err, e.lang)).in(e.lang))
	return nil
}

// A portsView is what `ports --json` prints.
type portsView struct {
	Ports []portView `json:"ports"`
	// Missing are the serial ports of the configuration that are not here now.
	Missing []missingPort `json:"missing"`
}

// A portView is one port of this machine.
type portView struct {
	Name         string   `json:"name"`
	Link         string   `json:"link"`
	Place        string   `json:"place,omitempty"`
	VID          string   `json:"vid,omitempty"`
	PID          string   `json:"pid,omitempty"`
	SerialNumber string   `json:"serialNumber,omitempty"`
	Product      string   `json:"product,omitempty"`
	Devices      []string `json:"devices"` // codes of those that use it
}

// A missingPort is a device whose port is not here.
type missingPort struct {
	Device string `json:"device"`
	Link   string `json:"link"`
}

// viewPorts says which device uses which port.
func viewPorts(infos []serialport.Info, devices []config.Device) portsView {
	view := portsView{Ports: []portView{}, Missing: []missingPort{}}
	for _, in := range infos {
		view.Ports = append(view.Ports, portView{
			Name: in.Name, Link: in.Link, Place: in.Place, VID: in.VID, PID: in.PID,
			SerialNumber: in.SerialNumber, Product: in.Product, Devices: []string{},
		})
	}
	for _, d := range devices {
		link, ok := serialLink(d.Link)
		if !ok {
			continue
		}
		found := false
		for i, in := range infos {
			if in.Names(link) {
				view.Ports[i].Devices = append(view.Ports[i].Devices, d.Code)
				found = true
			}
		}
		if !found {
			view.Missing = append(view.Missing, missingPort{d.Code, d.Link})
		}
	}
	return view
}

// serialLink reads a device's link if it names a serial port. What stands behind
// the question mark is its driver's.
func serialLink(s string) (serialport.Link, bool) {
	name, _, _ := strings.Cut(s, "?")
	link, err := serialport.ParseLink(name)
	return link, err == nil && link.Kind == serialport.Serial
}

// write prints a paragraph for each port: columns would break at the long names
// of adapters.
func (v portsView) write(w io.Writer, l lang) error {
	var b bytes.Buffer
	if len(v.Ports) == 0 {
		fmt.Fprintln(&b, text{"本机没有串口。USB 转换器插好了吗？在 Windows 上装了驱动吗？",
			"This machine has no serial port. Is the USB adapter plugged in, and on Windows its driver installed?"}.in(l))
	}
	for _, p := range v.Ports {
		uses := text{"未使用", "not used"}
		if len(p.Devices) > 0 {
			uses = text{"设备 %s", "device %s"}.with(strings.Join(p.Devices, ", "))
		}
		fmt.Fprintf(&b, "%s  %s\n    link   %s\n", p.Name, uses.in(l), p.Link)
		if p.Place != "" && p.Place != p.Link {
			fmt.Fprintf(&b, "    place  %s\n", p.Place)
		}
		if p.VID != "" {
			fmt.Fprintf(&b, "    USB    %s\n", p.adapter(l))
		}
	}
	for _, m := range v.Missing {
		fmt.Fprintln(&b, text{"设备 %s 的串口不在本机：%s", "device %s is at a port that is not here: %s"}.with(m.Device, m.Link).in(l))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// adapter says what USB adapter the port belongs to.
func (p portView) adapter(l lang) string {
	said := p.VID + ":" + p.PID
	if p.Product != "" {
		said += "  " + p.Product
	}
	number := text{"无序列号", "no serial number"}
	if p.SerialNumber != "" {
		number = text{"序列号 %s", "serial number %s"}.with(p.SerialNumber)
	}
	return said + "  " + number.in(l)
}
