package serialport

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func serialDefaults(address string) Link {
	return Link{Kind: Serial, Address: address, Baud: 9600, DataBits: 8, StopBits: 1}
}

func TestParseLinkReadsWhatInstallersWrite(t *testing.T) {
	odd := Link{Kind: Serial, Address: "COM12", Baud: 19200, DataBits: 7, StopBits: 2, Parity: ParityOdd}
	framed := Link{Kind: TCP, Address: "127.0.0.1:4001", Extra: map[string]string{"framing": "rtu"}}
	tests := []struct {
		link string
		want Link
	}{
		{"serial:///dev/ttyS1?baud=9600&parity=none&data=8&stop=1", serialDefaults("/dev/ttyS1")},
		{"serial:///dev/ttyS1", serialDefaults("/dev/ttyS1")},
		{"/dev/ttyUSB0", serialDefaults("/dev/ttyUSB0")},
		{"COM3", serialDefaults("COM3")},
		{"com3?baud=9600", serialDefaults("COM3")},
		{"serial://COM3?baud=9600", serialDefaults("COM3")},
		{"serial://COM12?baud=19200&parity=odd&data=7&stop=2", odd},
		{"serial:///dev/serial/by-id/usb-1a86_USB_Serial-if00-port0", serialDefaults("/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0")},
		{"serial:///dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0", serialDefaults("/dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0")},
		{"usb:1A86:7523", serialDefaults("usb:1A86:7523")},
		{"usb:1A86:7523:A10KZP45?baud=9600", serialDefaults("usb:1A86:7523:A10KZP45")},
		{"serial:usb:1a86:7523", serialDefaults("usb:1a86:7523")},
		{"tcp://127.0.0.1:1502", Link{Kind: TCP, Address: "127.0.0.1:1502"}},
		{"tcp://[::1]:502/", Link{Kind: TCP, Address: "[::1]:502"}},
		{"tcp://127.0.0.1:4001?framing=rtu", framed},
	}
	for _, tt := range tests {
		got, err := ParseLink(tt.link, "framing")
		if err != nil {
			t.Errorf("ParseLink(%q) failed: %v", tt.link, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("ParseLink(%q) (-want +got):\n%s", tt.link, diff)
		}
		again, err := ParseLink(got.String())
		got.Extra = nil
		if err != nil || !cmp.Equal(got, again) {
			t.Errorf("ParseLink(%q) = %+v, %v, want %+v", got.String(), again, err, got)
		}
	}
}

func TestParseLinkNamesWhatIsWrong(t *testing.T) {
	tests := []struct{ link, want string }{
		{"", "unknown kind"},
		{"ttyS1", "unknown kind"},
		{"http://127.0.0.1:80", `"http"`},
		{"serial://dev/ttyS1", "three slashes"},
		{"serial://", "names no port"},
		{"serial:ttyS1", "serial:///dev/NAME"},
		{"serial:///dev/ttyS1?baud=fast", `baud "fast"`},
		{"serial:///dev/ttyS1?bauds=9600", `unknown parameter "bauds"`},
		{"serial:///dev/ttyS1?parity=maybe", `parity "maybe"`},
		{"serial:///dev/ttyS1?stop=3", `stop "3"`},
		{"serial:///dev/ttyS1?data=9", `data "9"`},
		{"serial:///dev/ttyS1?baud=9600&baud=19200", "2 times"},
		{"serial:///dev/ttyS1#x", "no fragment"},
		{"usb:1A86", "usb:VID:PID"},
		{"tcp://127.0.0.1", "HOST:PORT"},
		{"tcp://:502", "HOST:PORT"},
		{"tcp://127.0.0.1:0", `port "0"`},
		{"tcp://127.0.0.1:modbus", "invalid port"},
		{"tcp://127.0.0.1:502?baud=9600", `no parameter "baud"`},
		{"tcp://127.0.0.1:502/unit1", "no path"},
		{"tcp://me@127.0.0.1:502", "no user"},
	}
	for _, tt := range tests {
		_, err := ParseLink(tt.link)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ParseLink(%q) = %v, want an error with %q", tt.link, err, tt.want)
		}
	}
}

func FuzzParseLink(f *testing.F) {
	for _, s := range []string{
		"serial:///dev/ttyS1?baud=9600&parity=even&data=7&stop=2", "serial://COM3", "usb:1A86:7523:X", "tcp://127.0.0.1:502?framing=rtu",
		"/dev/ttyS1?baud=1", "serial:usb:1a86:7523", "tcp://[fe80::1%25eth0]:502", "serial:////x", "serial:///a%3fb",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := ParseLink(s, "framing")
		if err != nil {
			return
		}
		again, err := ParseLink(l.String())
		l.Extra = nil
		if err != nil || !cmp.Equal(l, again) {
			t.Errorf("%q is %+v, but its own text %q is %+v, %v", s, l, l.String(), again, err)
		}
	})
}
