//go:build unix

package display_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"parkagent/drivers/display"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/serialport"
	"parkagent/drivers/sim"
)

// A cable connects a board to a pseudo terminal under a name that stays while
// the terminal behind it changes, as udev's names of adapters do.
type cable struct {
	t      *testing.T
	board  *sim.LEDBoard
	name   string
	unplug func() // nil while unplugged
}

func (c *cable) plug() {
	c.t.Helper()
	line, terminal, err := sim.OpenPTY()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := os.Symlink(terminal, c.name); err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var attached sync.WaitGroup
	attached.Go(func() { _ = c.board.Attach(ctx, line) }) // a cut line is no news
	c.unplug = func() {
		cancel()
		attached.Wait()
		if err := os.Remove(c.name); err != nil {
			c.t.Error(err)
		}
		c.unplug = nil
	}
}

func TestFangkongKeepsTheContractOnASerialPort(t *testing.T) {
	t.Parallel()
	drivertest.Display(t, func(t *testing.T) drivertest.DisplayRig {
		line := &cable{t: t, board: sim.NewLEDBoard(0, 2), name: filepath.Join(t.TempDir(), "port")}
		line.plug()
		port, err := serialport.Open("serial://"+line.name, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = port.Close()
			if line.unplug != nil {
				line.unplug()
			}
		})
		return drivertest.DisplayRig{
			Display: patientPanelOn(t, port, display.FangkongOptions{Ack: true, Voice: true}),
			Device:  "L1",
			Lines:   2,
			MustAck: true,
			Shown:   line.board.Lines,
			Spoken:  line.board.Spoken,
			Fault: func(f drivertest.DisplayFault) {
				switch {
				case f == drivertest.DisplayGone && line.unplug != nil:
					line.unplug()
				case f != drivertest.DisplayGone && line.unplug == nil:
					line.plug()
				}
				if f != drivertest.DisplayGone {
					line.board.SetFault(ledFaults[f])
				}
			},
		}
	})
}
