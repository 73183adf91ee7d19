//go:build unix

package scanner_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"parkagent/drivers/drivertest"
	"parkagent/drivers/serialport"
	lines "parkagent/drivers/sim"
	sim "parkagent/drivers/sim/scanner"
)

func TestScannerKeepsTheContractOnASerialPort(t *testing.T) {
	drivertest.Scanner(t, func(t *testing.T) drivertest.ScannerRig {
		far := &sim.Scanner{}
		name := filepath.Join(t.TempDir(), "port")
		unplug := func() {}
		plug := func() {
			line, terminal, err := lines.OpenPTY()
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(terminal, name); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			var attached sync.WaitGroup
			attached.Go(func() { far.Attach(ctx, line) })
			unplug = func() {
				cancel()
				attached.Wait()
				if err := os.Remove(name); err != nil {
					t.Error(err)
				}
			}
		}
		plug()
		port, err := serialport.Open("serial://"+name, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = port.Close(); unplug() })
		return rig(t, port, far, func(plugged bool) {
			if plugged {
				plug()
			} else {
				unplug()
			}
		})
	})
}
