//go:build unix

package printer_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"parkagent/drivers/drivertest"
	"parkagent/drivers/printer"
	"parkagent/drivers/serialport"
	lines "parkagent/drivers/sim"
	sim "parkagent/drivers/sim/printer"
)

func TestPrinterKeepsTheContractOnASerialPort(t *testing.T) {
	drivertest.Printer(t, func(t *testing.T) drivertest.PrinterRig {
		far := sim.New(32)
		name := filepath.Join(t.TempDir(), "port")
		var unplug func() // nil while unplugged
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
				unplug = nil
			}
		}
		plug()
		port, err := serialport.Open("serial://"+name, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = port.Close()
			if unplug != nil {
				unplug()
			}
		})
		return rig(far, newPrinter(t, port, printer.Options{Paper: 58}), func(f drivertest.PrinterFault) {
			switch {
			case f == drivertest.PrinterGone && unplug != nil:
				unplug()
			case f != drivertest.PrinterGone && unplug == nil:
				plug()
			}
			if f != drivertest.PrinterGone {
				far.SetFault(faults[f])
			}
		})
	})
}
