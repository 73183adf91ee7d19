package serialport

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.bug.st/serial/enumerator"
)

func TestPortsGetNamesThatStay(t *testing.T) {
	usb := func(name, serial string) *enumerator.PortDetails {
		return &enumerator.PortDetails{Name: name, IsUSB: true, VID: "1A86", PID: "7523", SerialNumber: serial}
	}
	tests := []struct {
		name    string
		details []*enumerator.PortDetails
		byID    map[string]string
		byPath  map[string]string
		want    []string // links, in the order of names
	}{
		{"a built-in port has its own", []*enumerator.PortDetails{{Name: "/dev/ttyS0"}}, nil, nil, []string{"serial:///dev/ttyS0"}},
		{"an adapter has udev's", []*enumerator.PortDetails{usb("/dev/ttyUSB0", "")}, map[string]string{"/dev/ttyUSB0": "/dev/serial/by-id/a"}, nil, []string{"serial:///dev/serial/by-id/a"}},
		{"without udev it has its numbers", []*enumerator.PortDetails{usb("/dev/ttyUSB0", "A1")}, nil, nil, []string{"usb:1A86:7523:A1"}},
		{"twins without a serial number have their places", []*enumerator.PortDetails{usb("/dev/ttyUSB1", ""), usb("/dev/ttyUSB0", "")},
			map[string]string{"/dev/ttyUSB1": "/dev/serial/by-id/a"}, map[string]string{"/dev/ttyUSB0": "/dev/serial/by-path/0", "/dev/ttyUSB1": "/dev/serial/by-path/1"},
			[]string{"serial:///dev/serial/by-path/0", "serial:///dev/serial/by-path/1"}},
		{"twins without anything have what the system calls them now", []*enumerator.PortDetails{usb("/dev/ttyUSB0", ""), usb("/dev/ttyUSB1", "")}, nil, nil,
			[]string{"serial:///dev/ttyUSB0", "serial:///dev/ttyUSB1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, in := range describe(tt.details, tt.byID, tt.byPath) {
				got = append(got, in.Link)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("links = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestALinkNamesItsPort(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	file, link := filepath.Join(dir, "ttyUSB7"), filepath.Join(dir, "by-id")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Skip(err) // not everybody may, on Windows
	}
	ports := []Info{{Name: file, USB: true, VID: "1A86", PID: "7523", SerialNumber: "A1"}, {Name: "COM3"}, {Name: "/dev/ttyS1"}}
	for address, want := range map[string]string{
		file: file, link: file, "usb:1a86:7523": file, "usb:1A86:7523:a1": file, "usb:1A86:7523:A2": "",
		"COM3": "COM3", "COM4": "", "/dev/ttyS1": "/dev/ttyS1", "/dev/ttyS2": "",
	} {
		var got string
		for _, in := range ports {
			if in.Names(Link{Kind: Serial, Address: address}) {
				got += in.Name
			}
		}
		if got != want {
			t.Errorf("%s names %q, want %q", address, got, want)
		}
	}
	if (Info{Name: "10.0.0.1:502"}).Names(Link{Kind: TCP, Address: "10.0.0.1:502"}) {
		t.Error("a network address names a port")
	}
}
