package serialport

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"go.bug.st/serial"
	"go.bug.st/serial/enumerator"
)

// An Info describes one serial port of this machine, for an installer who looks
// for the one to configure.
type Info struct {
	Name string // "/dev/ttyUSB0", "COM3": may change at the next start
	Link string // a link that stays the same: by-id on Linux, else by USB numbers, else by name

	USB          bool
	VID, PID     string // four hexadecimal digits; empty unless USB
	SerialNumber string
	Product      string
}

// List returns the serial ports of this machine, sorted by name.
func List() ([]Info, error) {
	details, err := usbPorts()
	if err != nil {
		return nil, err
	}
	stable := byID("/dev/serial/by-id")
	infos := make([]Info, 0, len(details))
	for _, d := range details {
		in := Info{Name: d.Name, USB: d.IsUSB, VID: d.VID, PID: d.PID, SerialNumber: d.SerialNumber, Product: d.Product}
		l := Link{Kind: Serial, Address: d.Name, Baud: 9600, DataBits: 8, StopBits: 1}
		if name, ok := stable[d.Name]; ok {
			l.Address = name
		} else if name := usbAddress(d); usbName.MatchString(name) {
			l.Address = name
		}
		in.Link, _, _ = strings.Cut(l.String(), "?")
		infos = append(infos, in)
	}
	slices.SortFunc(infos, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	return infos, nil
}

func usbAddress(d *enumerator.PortDetails) string {
	if !d.IsUSB {
		return ""
	}
	name := "usb:" + d.VID + ":" + d.PID
	if d.SerialNumber != "" {
		name += ":" + d.SerialNumber
	}
	return name
}

// byID maps device files to the links that udev made for them. Where there are
// none, as on other systems, it is empty.
func byID(dir string) map[string]string {
	links, _ := filepath.Glob(filepath.Join(dir, "*")) // the pattern is fixed
	names := make(map[string]string, len(links))
	for _, link := range links {
		if target, err := filepath.EvalSymlinks(link); err == nil {
			names[target] = link
		}
	}
	return names
}

func usbPorts() ([]*enumerator.PortDetails, error) {
	details, err := systemPorts()
	var pe *serial.PortError
	if errors.As(err, &pe) && pe.Code() == serial.FunctionNotImplemented {
		return nil, fmt.Errorf("list ports: %w", errors.ErrUnsupported)
	}
	if err != nil {
		return nil, fmt.Errorf("list ports: %w", err)
	}
	return details, nil
}

// portName finds what the system calls the port now. Only USB addresses need to
// be looked up; list is asked for them.
func portName(address string, list func() ([]*enumerator.PortDetails, error)) (string, error) {
	m := usbName.FindStringSubmatch(address)
	if m == nil {
		return address, nil
	}
	details, err := list()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	var found []string
	for _, d := range details {
		if d.IsUSB && strings.EqualFold(d.VID, m[1]) && strings.EqualFold(d.PID, m[2]) &&
			(m[3] == "" || strings.EqualFold(d.SerialNumber, m[3])) {
			found = append(found, d.Name)
		}
	}
	switch len(found) {
	case 0:
		return "", errGone("no such USB adapter is plugged in")
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%d adapters match (%s): add the serial number, or name the port by its place", len(found), strings.Join(found, ", "))
}
