package serialport

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Kind tells what stands at the near end of a link.
type Kind uint8

// The kinds of links.
const (
	Serial Kind = iota // a serial port named by the system, or found by its USB numbers
	TCP                // a TCP server that passes bytes on: a serial server, or a device with its own network port
)

// A Parity is the parity bit of a serial line. The zero value is none.
type Parity uint8

// The parities that devices use.
const (
	ParityNone Parity = iota
	ParityEven
	ParityOdd
)

var parityNames = []string{ParityNone: "none", ParityEven: "even", ParityOdd: "odd"}

// String returns the parity as it is written in a link.
func (p Parity) String() string {
	if int(p) < len(parityNames) {
		return parityNames[p]
	}
	return "Parity(" + strconv.Itoa(int(p)) + ")"
}

// A Link says where a device is connected, as an installer writes it:
//
//	serial:///dev/ttyS1?baud=9600&parity=none&data=8&stop=1
//	serial:///dev/serial/by-id/usb-1a86_USB_Serial-if00-port0
//	serial://COM3?baud=19200
//	usb:1A86:7523?baud=9600          the adapter with these USB vendor and product numbers
//	usb:1A86:7523:A10KZP45           the same, of several the one with this serial number
//	tcp://192.168.1.20:4001
//
// Everything after the question mark may be left out; it is 9600 8N1 then.
type Link struct {
	Kind Kind

	// Address is a device file, "COM3", "usb:VID:PID" with an optional
	// ":SERIAL", or "host:port".
	Address string

	Baud     int // bits per second; 0 for TCP
	DataBits int // 7 or 8; 0 for TCP
	StopBits int // 1 or 2; 0 for TCP
	Parity   Parity

	// Extra holds the parameters that ParseLink was told to let through.
	Extra map[string]string
}

var (
	comName = regexp.MustCompile(`^(?i)com[0-9]{1,3}$`)
	usbName = regexp.MustCompile(`^usb:([0-9A-Fa-f]{4}):([0-9A-Fa-f]{4})(?::([^:/?#\x00-\x20]+))?$`)
)

// ParseLink reads a link. A parameter that a link does not have is an error
// that names it, unless it is one of extra: those belong to the caller and are
// handed on in Link.Extra. A bare "/dev/ttyS1" or "COM3" is taken as serial.
func ParseLink(s string, extra ...string) (Link, error) {
	full := s
	if name, _, _ := strings.Cut(s, "?"); strings.HasPrefix(s, "/dev/") || comName.MatchString(name) {
		full = "serial://" + s
	}
	u, err := url.Parse(full)
	if err != nil {
		var detail *url.Error
		if errors.As(err, &detail) {
			err = detail.Err // the rest would repeat the link
		}
		return Link{}, fmt.Errorf("link %q: %w", s, err)
	}
	l, err := linkOf(u, extra)
	if err != nil {
		return Link{}, fmt.Errorf("link %q: %w", s, err)
	}
	return l, nil
}

func linkOf(u *url.URL, extra []string) (Link, error) {
	if u.User != nil || u.Fragment != "" {
		return Link{}, errors.New("a link has no user and no fragment")
	}
	var l Link
	var err error
	switch u.Scheme {
	case "serial":
		l, err = serialLink(u)
	case "usb":
		l, err = usbLink(u)
	case "tcp":
		l, err = tcpLink(u)
	default:
		return Link{}, fmt.Errorf("unknown kind %q: want serial://, usb: or tcp://", u.Scheme)
	}
	if err != nil {
		return Link{}, err
	}
	return l, l.setParameters(u.RawQuery, extra)
}

func serialLink(u *url.URL) (Link, error) {
	l := Link{Kind: Serial, Baud: 9600, DataBits: 8, StopBits: 1}
	switch {
	case strings.HasPrefix(u.Opaque, "usb:"):
		return usbLink(&url.URL{Opaque: strings.TrimPrefix(u.Opaque, "usb:")})
	case u.Opaque != "":
		return Link{}, errors.New("write serial:///dev/NAME or serial://COM3")
	case u.Host == "" && len(u.Path) > 1 && !strings.ContainsRune(u.Path, 0):
		l.Address = u.Path
	case comName.MatchString(u.Host) && (u.Path == "" || u.Path == "/"):
		l.Address = strings.ToUpper(u.Host)
	case u.Host != "":
		return Link{}, fmt.Errorf("%q is not a port: write serial:///dev/NAME with three slashes, or serial://COM3", u.Host)
	default:
		return Link{}, errors.New("names no port")
	}
	return l, nil
}

func usbLink(u *url.URL) (Link, error) {
	name := "usb:" + u.Opaque
	if !usbName.MatchString(name) {
		return Link{}, errors.New("want usb:VID:PID or usb:VID:PID:SERIAL with four hexadecimal digits each, as usb:1A86:7523")
	}
	return Link{Kind: Serial, Address: name, Baud: 9600, DataBits: 8, StopBits: 1}, nil
}

func tcpLink(u *url.URL) (Link, error) {
	if u.Path != "" && u.Path != "/" {
		return Link{}, fmt.Errorf("a tcp link has no path %q", u.Path)
	}
	host, port, err := net.SplitHostPort(u.Host)
	if err != nil || host == "" {
		return Link{}, errors.New("want tcp://HOST:PORT")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return Link{}, fmt.Errorf("port %q is not a number from 1 to 65535", port)
	}
	return Link{Kind: TCP, Address: u.Host}, nil
}

// setParameters reads what stands after the question mark.
func (l *Link) setParameters(raw string, extra []string) error {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return fmt.Errorf("parameters %q: %w", raw, err)
	}
	for name, values := range query {
		if len(values) != 1 {
			return fmt.Errorf("parameter %q is given %d times", name, len(values))
		}
		if slices.Contains(extra, name) {
			if l.Extra == nil {
				l.Extra = make(map[string]string)
			}
			l.Extra[name] = values[0]
			continue
		}
		if err := l.setParameter(name, values[0]); err != nil {
			return err
		}
	}
	return nil
}

func (l *Link) setParameter(name, value string) error {
	if l.Kind == TCP {
		return fmt.Errorf("a tcp link has no parameter %q", name)
	}
	number := func(into *int, low, high int) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < low || n > high {
			return fmt.Errorf("%s %q is not a number from %d to %d", name, value, low, high)
		}
		*into = n
		return nil
	}
	switch name {
	case "baud":
		return number(&l.Baud, 50, 4_000_000)
	case "data":
		return number(&l.DataBits, 7, 8)
	case "stop":
		return number(&l.StopBits, 1, 2)
	case "parity":
		i := slices.Index(parityNames, value)
		if i < 0 {
			return fmt.Errorf("parity %q is not none, even or odd", value)
		}
		l.Parity = Parity(i)
		return nil
	}
	return fmt.Errorf("unknown parameter %q", name)
}

// String returns the link without Extra, such that ParseLink reads the same
// again.
func (l Link) String() string {
	if l.Kind == TCP {
		return (&url.URL{Scheme: "tcp", Host: l.Address}).String()
	}
	name := l.Address
	if !strings.HasPrefix(name, "usb:") {
		u := url.URL{Scheme: "serial", Path: name}
		if !strings.HasPrefix(name, "/") {
			u = url.URL{Scheme: "serial", Host: name}
		}
		name = u.String()
		if strings.HasPrefix(l.Address, "/") && !strings.HasPrefix(name, "serial:///") {
			name = "serial://" + strings.TrimPrefix(name, "serial:")
		}
	}
	return fmt.Sprintf("%s?baud=%d&parity=%s&data=%d&stop=%d", name, l.Baud, l.Parity, l.DataBits, l.StopBits)
}
