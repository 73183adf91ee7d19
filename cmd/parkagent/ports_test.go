package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers/serialport"
)

// plugged is a machine with a built-in port and two adapters.
func plugged() ([]serialport.Info, error) {
	return []serialport.Info{
		{Name: "/dev/ttyS1", Link: "serial:///dev/ttyS1"},
		{Name: "/dev/ttyUSB0", Link: "serial:///dev/serial/by-id/usb-FTDI_A1-if00", Place: "serial:///dev/serial/by-path/pci-1:1.0",
			USB: true, VID: "0403", PID: "6001", SerialNumber: "A1", Product: "FT232R"},
		{Name: "/dev/ttyUSB1", Link: "usb:1A86:7523", USB: true, VID: "1A86", PID: "7523"},
	}, nil
}

// sayPorts runs the command with another list of ports.
func sayPorts(t *testing.T, l lang, list func() ([]serialport.Info, error), args ...string) (status int, stdout, stderr string) {
	t.Helper()
	e, out, errs := testEnv()
	status = run(t.Context(), []command{portsCommand(list)}, append([]string{"--lang", string(l), "ports"}, args...), e)
	return status, out.String(), errs.String()
}

// portsSite has two gates on one adapter, a display at a built-in port, and one
// at a port that is not plugged in.
func portsSite(t *testing.T) string {
	return siteWith(t, deviceTable("G1", "gate", "modbus-relay", "link = \"usb:0403:6001:a1?baud=9600&quiet=20ms\"\noptions = { open = 0 }")+
		deviceTable("G2", "gate", "modbus-relay", "link = \"usb:0403:6001:a1?baud=9600&quiet=20ms\"\noptions = { unit = 2, open = 0 }")+
		deviceTable("G3", "gate", "modbus-relay", "link = \"tcp://127.0.0.1:502\"\noptions = { open = 0 }")+
		deviceTable("L1", "display", "fangkong", `link = "/dev/ttyS1?baud=19200"`)+
		deviceTable("L2", "display", "fangkong", `link = "COM7"`))
}

func TestPortsTellsWhichDeviceUsesWhat(t *testing.T) {
	path := portsSite(t)
	tests := []struct {
		l    lang
		want string
	}{
		{english, `/dev/ttyS1  device L1
    link   serial:///dev/ttyS1
/dev/ttyUSB0  device G1, G2
    link   serial:///dev/serial/by-id/usb-FTDI_A1-if00
    place  serial:///dev/serial/by-path/pci-1:1.0
    USB    0403:6001  FT232R  serial number A1
/dev/ttyUSB1  not used
    link   usb:1A86:7523
    USB    1A86:7523  no serial number
device L2 is at a port that is not here: COM7
`},
		{chinese, `/dev/ttyS1  设备 L1
    link   serial:///dev/ttyS1
/dev/ttyUSB0  设备 G1, G2
    link   serial:///dev/serial/by-id/usb-FTDI_A1-if00
    place  serial:///dev/serial/by-path/pci-1:1.0
    USB    0403:6001  FT232R  序列号 A1
/dev/ttyUSB1  未使用
    link   usb:1A86:7523
    USB    1A86:7523  无序列号
设备 L2 的串口不在本机：COM7
`},
	}
	for _, tt := range tests {
		status, stdout, stderr := sayPorts(t, tt.l, plugged, "--config", path)
		if diff := cmp.Diff(tt.want, stdout); diff != "" || status != 0 || stderr != "" {
			t.Errorf("ports in %s = %d: %s\n(-want +got):\n%s", tt.l, status, stderr, diff)
		}
	}
}

func TestPortsForScripts(t *testing.T) {
	status, stdout, stderr := sayPorts(t, english, plugged, "--json", "--config", portsSite(t))
	var got portsView
	if err := json.Unmarshal([]byte(stdout), &got); status != 0 || err != nil {
		t.Fatalf("ports --json = %d, %v: %s%s", status, err, stdout, stderr)
	}
	want := portsView{
		Ports: []portView{
			{Name: "/dev/ttyS1", Link: "serial:///dev/ttyS1", Devices: []string{"L1"}},
			{Name: "/dev/ttyUSB0", Link: "serial:///dev/serial/by-id/usb-FTDI_A1-if00", Place: "serial:///dev/serial/by-path/pci-1:1.0",
				VID: "0403", PID: "6001", SerialNumber: "A1", Product: "FT232R", Devices: []string{"G1", "G2"}},
			{Name: "/dev/ttyUSB1", Link: "usb:1A86:7523", VID: "1A86", PID: "7523", Devices: []string{}},
		},
		Missing: []missingPort{{"L2", "COM7"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ports --json (-want +got):\n%s", diff)
	}
}

func TestPortsNeedsNoConfiguration(t *testing.T) {
	none := func() ([]serialport.Info, error) { return nil, nil }
	if status, stdout, stderr := sayPorts(t, english, none); status != 0 || !strings.HasPrefix(stdout, "This machine has no serial port.") || stderr != "" {
		t.Errorf("ports of a bare machine = %d: %s%s", status, stdout, stderr)
	}
	wrong := filepath.Join(t.TempDir(), "wrong.toml")
	if err := os.WriteFile(wrong, []byte("[park]\nnane = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/nowhere/park.toml": "there is no configuration", wrong: "unknown key; is it name?"} {
		status, stdout, stderr := sayPorts(t, english, plugged, "--config", path)
		if status != 0 || !strings.Contains(stdout, "/dev/ttyS1  not used") || !strings.Contains(stderr, "warning: devices are not shown: ") || !strings.Contains(stderr, want) {
			t.Errorf("ports with %s = %d: %s%s", path, status, stdout, stderr)
		}
	}
}

func TestPortsThatCannotBeListed(t *testing.T) {
	broken := func() ([]serialport.Info, error) { return nil, errors.New("no such list") }
	if status, stdout, stderr := sayPorts(t, english, broken); status != 1 || stdout != "" || !strings.Contains(stderr, "the ports cannot be listed: no such list") {
		t.Errorf("ports = %d: %s%s", status, stdout, stderr)
	}
	if status, _, stderr := sayPorts(t, english, plugged, "all"); status != 2 || !strings.Contains(stderr, "one word too many") {
		t.Errorf("ports all = %d: %s", status, stderr)
	}
}
