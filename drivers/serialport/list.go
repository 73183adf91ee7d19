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
	Link string // a link that stays the same: by-id on Linux, else by USB numbers, else by place, else by name

	// Place is a link by where the adapter is plugged in. It stays the same
	// for whatever is plugged in there. Empty where the system has none.
	Place string

	USB          bool
	VID, PID     string // four hexadecimal digits; empty unless USB
	SerialNumber string
	Product      string
}

// List returns the serial ports of this machine, sorted by name. It opens none.
func List() ([]Info, error) {
	details, err := usbPorts()
	if err != nil {
		return nil, err
	}
	return describe(details, byLink("/dev/serial/by-id"), byLink("/dev/serial/by-path")), nil
}

// describe names each port. Both maps have the links that udev made, by port.
func describe(details []*enumerator.PortDetails, byID, byPath map[string]string) []Info {
	alike := map[string]int{} // ports by their USB numbers
	for _, d := range details {
		alike[usbAddress(d)]++
	}
	infos := make([]Info, 0, len(details))
	for _, d := range details {
		in := Info{Name: d.Name, USB: d.IsUSB, VID: d.VID, PID: d.PID, SerialNumber: d.SerialNumber, Product: d.Product}
		if place, ok := byPath[d.Name]; ok {
			in.Place = linkTo(place)
		}
		usb := usbAddress(d)
		switch {
		case d.SerialNumber == "" && alike[usb] > 1 && in.Place != "":
			in.Link = in.Place // the by-id name of such twins is now the one's, now the other's
		case byID[d.Name] != "":
			in.Link = linkTo(byID[d.Name])
		case usbName.MatchString(usb) && alike[usb] == 1:
			in.Link = linkTo(usb)
		case in.Place != "":
			in.Link = in.Place
		default:
			in.Link = linkTo(d.Name)
		}
		infos = append(infos, in)
	}
	slices.SortFunc(infos, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	return infos
}

// linkTo writes the link of a port's address, without the settings of the line.
func linkTo(address string) string {
	l := Link{Kind: Serial, Address: address}
	name, _, _ := strings.Cut(l.String(), "?")
	return name
}

// Names reports whether a link leads to this port now.
func (in Info) Names(l Link) bool {
	switch {
	case l.Kind != Serial:
		return false
	case usbName.MatchString(l.Address):
		m := usbName.FindStringSubmatch(l.Address)
		return in.USB && strings.EqualFold(in.VID, m[1]) && strings.EqualFold(in.PID, m[2]) &&
			(m[3] == "" || strings.EqualFold(in.SerialNumber, m[3]))
	case strings.EqualFold(l.Address, in.Name) && comName.MatchString(in.Name):
		return true
	}
	target, err := filepath.EvalSymlinks(l.Address)
	return err == nil && target == in.Name || l.Address == in.Name
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

// byLink maps device files to the links in dir, which udev makes for them.
// Where there are none, as on other systems, it is empty.
func byLink(dir string) map[string]string {
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
