package display_test

import (
	"context"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/display"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/serialport"
	"parkagent/drivers/sim"
)

var ledFaults = map[drivertest.DisplayFault]sim.LEDFault{
	drivertest.DisplayFine:    sim.LEDFine,
	drivertest.DisplaySilent:  sim.LEDSilent,
	drivertest.DisplayNoise:   sim.LEDNoise,
	drivertest.DisplayCrumbs:  sim.LEDCrumbs,
	drivertest.DisplayEcho:    sim.LEDEcho,
	drivertest.DisplayRefuses: sim.LEDRefuses,
	drivertest.DisplayGone:    sim.LEDGone,
}

// networkBoard starts a panel behind a serial server and returns it with a port
// to it.
func networkBoard(t *testing.T, address byte, lines int) (*sim.LEDBoard, *serialport.Port) {
	t.Helper()
	board := sim.NewLEDBoard(address, lines)
	return board, networkPort(t, board)
}

// networkPort puts board behind a serial server and returns a port to it.
func networkPort(t *testing.T, board server) *serialport.Port {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, board, l)
	port, err := serialport.Open("tcp://"+l.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = port.Close() })
	return port
}

// boardInMemory starts a panel for a bubble and returns it with a port to it.
func boardInMemory(t *testing.T, address byte, lines int) (*sim.LEDBoard, display.Port) {
	t.Helper()
	board := sim.NewLEDBoard(address, lines)
	return board, memoryPort(t, board)
}

// memoryPort puts board on a wire for a bubble and returns a port to it.
func memoryPort(t *testing.T, board server) display.Port {
	t.Helper()
	port, l := drivertest.NewWire()
	serve(t, board, l)
	t.Cleanup(func() { _ = port.Close() })
	return port
}

// A server is a simulated board.
type server interface {
	Serve(ctx context.Context, l net.Listener) error
}

func serve(t *testing.T, board server, l net.Listener) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var served sync.WaitGroup
	served.Go(func() {
		if err := board.Serve(ctx, l); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); served.Wait() })
}

// patientPanelOn is a panel that waits long for answers, which a busy machine
// may give late.
func patientPanelOn(t *testing.T, port display.Port, opt display.Options) *display.Panel {
	t.Helper()
	panel := panelOn(t, port, opt)
	display.SetReplyTime(panel, 2*time.Second)
	return panel
}

func panelOn(t *testing.T, port display.Port, opt display.Options) *display.Panel {
	t.Helper()
	panel, err := display.New(display.Config{Device: "L1", Port: port, Options: opt})
	if err != nil {
		t.Fatal(err)
	}
	return panel
}

func rigOf(board *sim.LEDBoard, panel *display.Panel, ack bool) drivertest.DisplayRig {
	return drivertest.DisplayRig{
		Display: panel,
		Device:  "L1",
		Lines:   4,
		MustAck: ack,
		Shown:   board.Lines,
		Spoken:  board.Spoken,
		Fault:   func(f drivertest.DisplayFault) { board.SetFault(ledFaults[f]) },
	}
}

func TestFangkongKeepsTheContractOverTCP(t *testing.T) {
	t.Parallel()
	drivertest.Display(t, func(t *testing.T) drivertest.DisplayRig {
		board, port := networkBoard(t, 3, 4)
		return rigOf(board, patientPanelOn(t, port, display.FangkongOptions{Lines: 4, Address: 3, Ack: true, Voice: true}), true)
	})
}

func TestFangkongKeepsTheContractInTime(t *testing.T) {
	for name, opt := range map[string]display.FangkongOptions{
		"answers expected": {Ack: true},
		"answers optional": {},
		"one frame":        {OneFrame: true, Ack: true},
	} {
		t.Run(name, func(t *testing.T) {
			opt.Lines, opt.Address, opt.Voice = 4, 3, true
			drivertest.DisplayInBubble(t, func(t *testing.T) drivertest.DisplayRig {
				board, port := boardInMemory(t, 3, 4)
				rig := rigOf(board, panelOn(t, port, opt), opt.Ack)
				rig.Frames = board.Times
				return rig
			})
		})
	}
}

func TestFangkongKeepsTheContractBehindACamera(t *testing.T) {
	for name, one := range map[string]bool{"a frame per line": false, "one frame": true} {
		t.Run(name, func(t *testing.T) {
			drivertest.DisplayInBubble(t, func(t *testing.T) drivertest.DisplayRig {
				board := sim.NewLEDBoard(0, 4)
				ride := drivertest.NewRide(board.Feed)
				rig := rigOf(board, panelBehind(t, ride, display.FangkongOptions{Lines: 4, Voice: true, OneFrame: one}), false)
				rig.Frames, rig.Answer, rig.Deaf = board.Times, ride.Answer, true
				rig.Fault = func(f drivertest.DisplayFault) { ride.SetAway(f == drivertest.DisplayGone) }
				return rig
			})
		})
	}
}

func panelBehind(t *testing.T, camera display.Carrier, opt display.Options) *display.Panel {
	t.Helper()
	panel, err := display.New(display.Config{Device: "L1", Carrier: camera, Options: opt})
	if err != nil {
		t.Fatal(err)
	}
	return panel
}

func TestFangkongShowsColorsAndTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board, port := boardInMemory(t, 0, 2)
		panel := panelOn(t, port, display.FangkongOptions{Ack: true})
		err := panel.Show(t.Context(), drivers.Screen{
			Lines: []drivers.Line{{Text: "请通行", Color: drivers.Green}, {Text: "剩余1", Color: drivers.Yellow}},
			Voice: "请通行",
			For:   300 * time.Millisecond, // rounded up to a second
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := board.Color(0), [3]byte{0, 255, 0}; got != want {
			t.Errorf("colour of line 1 = %v, want %v", got, want)
		}
		if got, want := board.Color(1), [3]byte{255, 255, 0}; got != want {
			t.Errorf("colour of line 2 = %v, want %v", got, want)
		}
		if spoken := board.Spoken(); len(spoken) != 0 {
			t.Errorf("a panel without a voice spoke %q", spoken)
		}
		if lines := board.Lines(); lines[0] != "请通行" {
			t.Errorf("line 1 = %q just after Show, want it to stand", lines[0])
		}
		<-time.After(time.Second)
		if lines := board.Lines(); lines[0] != "" {
			t.Errorf("line 1 = %q a second after Show, want it gone", lines[0])
		}
	})
}

// TestFangkongLeavesTheCardTime measures at the board, where a frame that comes
// too early would be lost.
func TestFangkongLeavesTheCardTime(t *testing.T) {
	rec := &recordingPort{}
	panel := panelOn(t, rec, display.FangkongOptions{Lines: 3, Voice: true})
	err := panel.Show(t.Context(), drivers.Screen{Lines: []drivers.Line{{Text: "a"}, {Text: "b"}, {Text: "c"}}, Voice: "d"})
	if err != nil {
		t.Fatal(err)
	}
	if len(rec.written) != 4 {
		t.Fatalf("%d frames written, want 4", len(rec.written))
	}
	for i, at := range rec.written[1:] {
		if gap := at.Sub(rec.written[i]); gap < 50*time.Millisecond {
			t.Errorf("frame %d follows after %v, want at least 50ms", i+2, gap)
		}
	}
}

func TestAFrameOnASlowLineIsLetOutBeforeTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &slowPort{}
		panel := panelOn(t, rec, display.HuaxiaOptions{Lines: 2, Gap: 80 * time.Millisecond})
		if err := panel.Show(t.Context(), drivers.Screen{Lines: []drivers.Line{{Text: "粤B12345"}}}); err != nil {
			t.Fatal(err)
		}
		// 23 bytes of eleven bits at 1200 baud.
		if gap, want := rec.written[1].Sub(rec.written[0]), 80*time.Millisecond+23*(11*time.Second/1200); gap < want {
			t.Errorf("second frame follows after %v, want at least %v", gap, want)
		}
	})
}

// A slowPort is a recordingPort at 1200 baud.
type slowPort struct{ recordingPort }

func (*slowPort) Link() serialport.Link { return serialport.Link{Baud: 1200} }

func TestAFrameThatBrokeOffIsLetOutBeforeTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &breakingPort{}
		panel := panelOn(t, rec, display.FangkongOptions{Lines: 1})
		for range 2 {
			if err := panel.Show(t.Context(), drivers.Screen{Lines: []drivers.Line{{Text: "粤B12345"}}}); err == nil {
				t.Fatal("Show over a line that breaks = nil, want an error")
			}
		}
		if gap := rec.written[1].Sub(rec.written[0]); gap < 50*time.Millisecond {
			t.Errorf("the next frame follows after %v, want at least 50ms", gap)
		}
	})
}

// A breakingPort is a recordingPort that fails while it sends.
type breakingPort struct{ recordingPort }

func (p *breakingPort) Write(context.Context, []byte) error {
	p.written = append(p.written, time.Now())
	return os.ErrClosed
}

// A recordingPort is a line without a card at its end.
type recordingPort struct{ written []time.Time }

func (*recordingPort) Connect(context.Context) error    { return nil }
func (*recordingPort) ResetInput(context.Context) error { return nil }

func (p *recordingPort) Write(context.Context, []byte) error {
	p.written = append(p.written, time.Now())
	return nil
}

func (*recordingPort) Read(ctx context.Context, _ []byte) (int, error) {
	<-ctx.Done()
	return 0, os.ErrDeadlineExceeded
}

func TestFangkongSurvivesAServerThatClosesIdleLines(t *testing.T) {
	board, port := networkBoard(t, 0, 2)
	panel := patientPanelOn(t, port, display.FangkongOptions{Ack: true})
	for _, text := range []string{"欢迎光临", "一路平安", "再次光临"} {
		if err := panel.Show(t.Context(), drivers.Screen{Lines: []drivers.Line{{Text: text}}}); err != nil {
			t.Fatalf("Show(%s): %v", text, err)
		}
		if lines := board.Lines(); !slices.Contains(lines, text) {
			t.Errorf("panel shows %q, want %q", lines, text)
		}
		board.SetFault(sim.LEDGone)
		board.SetFault(sim.LEDFine)
	}
}
