package serialport

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.bug.st/serial/enumerator"
)

func TestPortsAreFoundWithoutOpeningThem(t *testing.T) {
	root := t.TempDir()
	for name, content := range map[string]string{
		"class/tty/ttyS0/type":                         "4\n",
		"class/tty/ttyS1/type":                         "0\n", // a driver's spare
		"class/tty/tty1/active":                        "1\n", // a screen
		"class/tty/ttyUSB0/dev":                        "188:0\n",
		"devices/usb1/1-1/idVendor":                    "1a86\n",
		"devices/usb1/1-1/idProduct":                   "7523\n",
		"devices/usb1/1-1/product":                     "USB Serial\n",
		"devices/usb1/1-1/1-1:1.0/ttyUSB0/port_number": "0\n",
		"class/tty/ttyACM0/dev":                        "166:0\n",
		"devices/usb1/1-2/idVendor":                    "0483\n",
		"devices/usb1/1-2/idProduct":                   "5740\n",
		"devices/usb1/1-2/serial":                      "A1\n",
		"devices/usb1/1-2/1-2:1.0/bInterfaceNumber":    "00\n",
		"class/tty/ttyS9/type":                         "4\n", // of the host, not in this container
		"dev/ttyS0":                                    "", "dev/ttyS1": "", "dev/tty1": "", "dev/ttyUSB0": "", "dev/ttyACM0": "",
	} {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for port, device := range map[string]string{"ttyUSB0": "usb1/1-1/1-1:1.0/ttyUSB0", "ttyACM0": "usb1/1-2/1-2:1.0"} {
		if err := os.Symlink(filepath.Join(root, "devices", device), filepath.Join(root, "class/tty", port, "device")); err != nil {
			t.Fatal(err)
		}
	}
	dev := filepath.Join(root, "dev")
	got, err := portsIn(filepath.Join(root, "class/tty"), dev)
	if err != nil {
		t.Fatal(err)
	}
	want := []*enumerator.PortDetails{
		{Name: filepath.Join(dev, "ttyACM0"), IsUSB: true, VID: "0483", PID: "5740", SerialNumber: "A1"},
		{Name: filepath.Join(dev, "ttyS0")},
		{Name: filepath.Join(dev, "ttyUSB0"), IsUSB: true, VID: "1A86", PID: "7523", Product: "USB Serial"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ports (-want +got):\n%s", diff)
	}
	if _, err := portsIn(filepath.Join(root, "nowhere"), dev); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("ports of a missing list = %v, want an error that names it", err)
	}
}
