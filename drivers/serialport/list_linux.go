package serialport

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.bug.st/serial/enumerator"
)

// portFile tells serial ports from the other terminals; the names are those of
// the library's list.
var portFile = regexp.MustCompile(`^(ttyS|ttyHS|ttyUSB|ttyACM|ttyAMA|rfcomm|ttyO|ttymxc)[0-9]{1,3}$`)

// systemPorts asks the kernel's own list. The library opens each built-in port
// to see whether it is one, and sets it to 9600 8N1; for root that works on a
// port in use, whose line is lost then.
func systemPorts() ([]*enumerator.PortDetails, error) { return portsIn("/sys/class/tty", "/dev") }

func portsIn(dir, dev string) ([]*enumerator.PortDetails, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []*enumerator.PortDetails
	for _, e := range entries {
		entry := filepath.Join(dir, e.Name())
		// A driver makes more built-in ports than there are; those that are
		// not have the type 0.
		if !portFile.MatchString(e.Name()) || attribute(entry, "type") == "0" {
			continue
		}
		d := &enumerator.PortDetails{Name: filepath.Join(dev, e.Name())}
		if _, err := os.Stat(d.Name); err != nil {
			continue // the kernel has it, this container has not
		}
		if err := addUSB(d, filepath.Join(entry, "device")); err != nil {
			return nil, fmt.Errorf("port %s: %w", e.Name(), err)
		}
		all = append(all, d)
	}
	return all, nil
}

// addUSB adds what the USB device says that the port belongs to. It stands one
// to three folders above the port's own, as the driver has it.
func addUSB(d *enumerator.PortDetails, device string) error {
	dir, err := filepath.EvalSymlinks(device)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // no hardware behind it, or unplugged just now
	}
	if err != nil {
		return err
	}
	for range 3 {
		if vid := attribute(dir, "idVendor"); vid != "" {
			d.IsUSB, d.VID, d.PID = true, strings.ToUpper(vid), strings.ToUpper(attribute(dir, "idProduct"))
			d.SerialNumber, d.Product = attribute(dir, "serial"), attribute(dir, "product")
			return nil
		}
		dir = filepath.Dir(dir)
	}
	return nil
}

// attribute returns what the kernel says under a name, empty where it says
// nothing.
func attribute(dir, name string) string {
	b, _ := os.ReadFile(filepath.Join(dir, name)) // a port that goes while it is looked at says nothing either
	return strings.TrimSpace(string(b))
}
