package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/agent/config"
	"parkagent/drivers"
	"parkagent/drivers/sim"
	simprinter "parkagent/drivers/sim/printer"
	simscanner "parkagent/drivers/sim/scanner"
)

// serveSim runs a simulated device on a port of its own until the test is over,
// and returns the address.
func serveSim(t *testing.T, serve func(context.Context, net.Listener) error) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var g errgroup.Group
	g.Go(func() error { return serve(ctx, l) })
	t.Cleanup(func() {
		cancel()
		if err := g.Wait(); err != nil {
			t.Errorf("simulated device: %v", err)
		}
	})
	return l.Addr().String()
}

// relaySite is a configuration with a gate on a simulated board: G1, with
// presence and both limits.
func relaySite(t *testing.T) (path string, board *sim.Board, arm *sim.Barrier) {
	t.Helper()
	board = sim.NewBoard(sim.BoardConfig{Unit: 1})
	arm = sim.NewBarrier(board, sim.BarrierConfig{Open: 0, Close: 1, Hold: sim.None, Presence: 0, LimitOpen: 1, LimitClose: 2, Travel: time.Millisecond})
	address := serveSim(t, func(ctx context.Context, l net.Listener) error { return sim.ServeTCP(ctx, l, board) })
	return siteWith(t, deviceTable("G1", "gate", "modbus-relay", `link = "tcp://`+address+`?timeout=5s"
options = { open = 0, close = 1, pulse = "100ms", presence = 0, limit_open = 1, limit_close = 2 }`)), board, arm
}

// coils returns the changes of relays so far: "+0" on, "-0" off.
func coils(b *sim.Board) []string {
	var list []string
	for _, e := range b.Events() {
		switch e.Kind {
		case sim.CoilOn:
			list = append(list, "+"+string(rune('0'+e.Number)))
		case sim.CoilOff:
			list = append(list, "-"+string(rune('0'+e.Number)))
		}
	}
	return list
}

func TestDeviceMovesAGate(t *testing.T) {
	path, board, arm := relaySite(t)
	steps := []struct {
		line   string
		status int
		said   string
		coils  string // changed by this step
	}{
		{"state", 0, "Gate G1: arm down, presence clear, held open no.", ""},
		{"open", 0, "Gate G1 took the command to open.", "+0 -0"},
		{"state", 0, "Gate G1: arm up, presence clear, held open no.", ""},
		{"close", 0, "Gate G1 took the command to close.", "+1 -1"},
		{"hold", 0, "Gate G1 is held open until release.", "+0"},
		{"state", 0, "Gate G1: arm up, presence clear, held open yes.", ""}, // another process: it must leave the hold alone
		{"open", 0, "Gate G1 took the command to open.", ""},
		{"close", 1, "refused and did not happen. Check whether something stands on the loop, and whether the gate is held open", ""},
		{"stop", 1, "the command was refused and did not happen", ""}, // no stop contact is wired
		{"release", 0, "Gate G1 is not held open any more.", "-0"},
		{"state", 0, "held open no.", ""},
	}
	for _, s := range steps {
		before := len(coils(board))
		status, stdout, stderr := say(t, "device", "G1", s.line, "--config", path)
		if status != s.status || !strings.Contains(stdout+stderr, s.said) {
			t.Errorf("%s = %d: %s%swant %d and %q", s.line, status, stdout, stderr, s.status, s.said)
		}
		if got := strings.Join(coils(board)[before:], " "); got != s.coils {
			t.Errorf("%s changed relays %q, want %q", s.line, got, s.coils)
		}
	}
	arm.SetPresence(true)
	before := len(coils(board))
	if status, _, stderr := say(t, "device", "G1", "close", "--config", path); status != 1 || !strings.Contains(stderr, "presence is occupied") || len(coils(board)) != before {
		t.Errorf("close on a car = %d: %s, relays %q", status, stderr, coils(board)[before:])
	}
}

func TestDeviceStateForScripts(t *testing.T) {
	path, _, _ := relaySite(t)
	status, stdout, stderr := say(t, "device", "G1", "state", "--json", "--config", path)
	var got gateView
	if err := json.Unmarshal([]byte(stdout), &got); status != 0 || err != nil {
		t.Fatalf("state --json = %d, %v: %s%s", status, err, stdout, stderr)
	}
	if got.Device != "G1" || got.Arm != "down" || got.Presence != "clear" || got.Hold == nil || *got.Hold || got.Fault != 0 || time.Since(got.At) > time.Minute {
		t.Errorf("state --json = %+v", got)
	}
}

func TestDeviceTellsTheStateOfEveryKind(t *testing.T) {
	board := sim.NewLEDBoard(0, 2)
	path := siteWith(t, deviceTable("L1", "display", "fangkong", `link = "tcp://`+serveSim(t, board.Serve)+`"`)+
		deviceTable("C1", "camera", "vzenith", `ip = "127.0.0.1"`)+deviceTable("G1", "gate", "vzenith", `options = { camera = "C1" }`))
	for code, want := range map[string]string{
		"L1": "L1  answers: tcp://", "C1": "look   C1  it only calls the agent, which does not run", "G1": "look   G1  it only calls the agent",
	} {
		if status, stdout, stderr := say(t, "device", code, "state", "--config", path); status != 0 || !strings.Contains(stdout, want) {
			t.Errorf("state of %s = %d: %s%s", code, status, stdout, stderr)
		}
		status, stdout, stderr := say(t, "device", code, "state", "--json", "--config", path)
		var view reportView
		if err := json.Unmarshal([]byte(stdout), &view); status != 0 || err != nil || len(view.Findings) == 0 || view.Findings[0].Subject != code {
			t.Errorf("state --json of %s = %d, %v: %s%s", code, status, err, stdout, stderr)
		}
	}
	if got := strings.Join(board.Lines(), ""); got != "" {
		t.Errorf("asking wrote %q on the panel", got)
	}
}

func TestDeviceSaysWhatToCheck(t *testing.T) {
	path, board, _ := relaySite(t)
	tests := []struct {
		name  string
		fault sim.FaultKind
		line  string
		limit string // short only where it is to end
		said  []string
	}{
		{"a board that is silent", sim.FaultDeaf, "open", "1s", []string{"device G1 (tcp://", ", unit 1): no answer", "Check its power; the network cable; address and port in link; for a board behind a serial server, ?framing=rtu in link; the unit"}},
		{"a board that refuses", sim.FaultException, "state", "30s", []string{"device G1", "the command was refused and did not happen. Check the numbers of relays and inputs in the options"}},
		{"a board that hangs up", sim.FaultDisconnect, "hold", "30s", []string{"no answer"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			board.SetFault(sim.Fault{Kind: tt.fault})
			defer board.SetFault(sim.Fault{})
			status, stdout, stderr := say(t, "device", "G1", tt.line, "--timeout", tt.limit, "--config", path)
			if status != 1 || stdout != "" {
				t.Errorf("%s = %d: %s", tt.line, status, stdout)
			}
			for _, want := range tt.said {
				if !strings.Contains(stderr, want) {
					t.Errorf("stderr = %q, want %q in it", stderr, want)
				}
			}
		})
	}
	if got := coils(board); len(got) != 0 {
		t.Errorf("relays changed: %q", got)
	}
}

func TestDeviceAdmitsWhatItCannotKnow(t *testing.T) {
	const unknown = "it is not known whether it obeyed"
	for _, sent := range []bool{false, true} {
		j := job{code: "G1", op: "open", timeout: time.Second, sent: sent, all: &equipment{}, device: config.Device{Kind: config.KindGate, Link: "COM1"}}
		err := j.explain(&drivers.DeviceError{Device: "G1", Op: "raise", Err: drivers.ErrOffline})
		if said := messageOf(err, english); strings.Contains(said, unknown) != sent || !strings.Contains(said, "whether A and B are swapped") {
			t.Errorf("with the command sent: %t, it says %q", sent, said)
		}
	}
}

func TestDeviceSaysThatSomethingElseAnswers(t *testing.T) {
	link := "tcp://" + serveSim(t, func(ctx context.Context, l net.Listener) error {
		defer context.AfterFunc(ctx, func() { _ = l.Close() })()
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			return err
		}
		_, err = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
		return err
	})
	path := siteWith(t, deviceTable("G1", "gate", "modbus-relay", "link = \""+link+"\"\noptions = { open = 0 }"))
	status, _, stderr := say(t, "device", "G1", "state", "--config", path)
	if status != 1 || !strings.Contains(stderr, "something answers, but not in Modbus TCP") {
		t.Errorf("state of something else = %d: %s", status, stderr)
	}
}

func TestDeviceSaysThatANetworkIsNotReached(t *testing.T) {
	for _, number := range []syscall.Errno{syscall.EHOSTUNREACH, syscall.ENETUNREACH, 10065, 10051} {
		j := job{code: "G1", op: "open", timeout: time.Second, all: &equipment{}, device: config.Device{Kind: config.KindGate, Link: "tcp://10.0.0.1:502"}}
		err := j.explain(&drivers.DeviceError{Device: "G1", Op: "raise", Err: fmt.Errorf("%w: %w", drivers.ErrOffline, os.NewSyscallError("connect", number))})
		if said := messageOf(err, english); !strings.Contains(said, "the address cannot be reached") {
			t.Errorf("%d: it says %q", number, said)
		}
	}
}

func TestDeviceRemindsOfFramingBehindASerialServer(t *testing.T) {
	for link, want := range map[string]bool{"tcp://10.0.0.1:502": true, "tcp://10.0.0.1:502?framing=rtu": false, "COM1": false} {
		j := job{code: "G1", op: "open", timeout: time.Second, all: &equipment{}, device: config.Device{Kind: config.KindGate, Link: link}}
		err := j.explain(&drivers.DeviceError{Device: "G1", Op: "raise", Err: drivers.ErrOffline})
		said, hint := err.(*failure).text.en, "; for a board behind a serial server"
		if strings.Contains(said, hint) != want {
			t.Errorf("%s: it says %q, want the hint: %t", link, said, want)
		}
	}
}

func TestDeviceSaysWhatAPortLacks(t *testing.T) {
	path := siteWith(t, deviceTable("G1", "gate", "modbus-relay", "link = \"usb:FFFF:FFFF\"\noptions = { open = 0 }"))
	status, _, stderr := say(t, "device", "G1", "open", "--config", path)
	if status != 1 || !strings.Contains(stderr, "device G1 (usb:FFFF:FFFF, unit 1): there is no such port.") {
		t.Errorf("open = %d: %s", status, stderr)
	}
	path = siteWith(t, deviceTable("L1", "display", "fangkong", `link = "tcp://127.0.0.1:1"`)) // nobody takes this port
	if status, _, stderr := say(t, "device", "L1", "show", "x", "--config", path); status != 1 || !strings.Contains(stderr, "the address refuses the connection") {
		t.Errorf("show where nothing listens = %d: %s", status, stderr)
	}
}

func TestDeviceShowsText(t *testing.T) {
	board := sim.NewLEDBoard(2, 2)
	address := serveSim(t, board.Serve)
	path := siteWith(t, deviceTable("L1", "display", "fangkong", `link = "tcp://`+address+`"
options = { address = 2, ack = true }`))
	if status, stdout, stderr := say(t, "device", "L1", "show", "欢迎光临|空余 10", "--config", path); status != 0 || !strings.HasPrefix(stdout, "Sent to display L1.") {
		t.Errorf("show = %d: %s%s", status, stdout, stderr)
	}
	if got := board.Lines(); !slices.Equal(got, []string{"欢迎光临", "空余 10"}) {
		t.Errorf("the panel shows %q", got)
	}
	board.SetFault(sim.LEDRefuses)
	if status, _, stderr := say(t, "device", "L1", "show", "x", "--config", path); status != 1 || !strings.Contains(stderr, "Check the panel's lines and address") {
		t.Errorf("show on a panel that refuses = %d: %s", status, stderr)
	}
	board.SetFault(sim.LEDDead)
	if status, _, stderr := say(t, "device", "L1", "show", "x", "--timeout", "1s", "--config", path); status != 1 || !strings.Contains(stderr, "no answer") {
		t.Errorf("show on a dead panel = %d: %s", status, stderr)
	}
}

func TestDeviceTakesASnapshot(t *testing.T) {
	camera := &sim.HikCamera{User: "admin", Password: "right"}
	server := httptest.NewServer(camera)
	defer server.Close()
	site := func(password string) string {
		return siteWith(t, deviceTable("C1", "camera", "hikvision", `ip = "127.0.0.1"
link = "`+server.URL+`"
user = "admin"
password = "`+password+`"`))
	}
	t.Chdir(t.TempDir())
	named := filepath.Join(t.TempDir(), "picture.jpg")
	for file, line := range map[string][]string{"C1.jpg": nil, named: {named}} {
		args := append([]string{"device", "--config", site("right"), "C1", "snapshot"}, line...)
		if status, stdout, stderr := say(t, args...); status != 0 || !strings.Contains(stdout, "is in "+file) {
			t.Fatalf("snapshot %q = %d: %s%s", line, status, stdout, stderr)
		}
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, sim.ScenePicture("", drivers.ColorUnknown)) {
			t.Errorf("%s holds %d bytes, %v, want the camera's picture", file, len(got), err)
		}
	}
	if status, _, stderr := say(t, "device", "--config", site("wrong"), "C1", "snapshot"); status != 1 || !strings.Contains(stderr, "Check the camera's user and password") {
		t.Errorf("snapshot with a wrong password = %d: %s", status, stderr)
	}
	pushing := siteWith(t, deviceTable("C1", "camera", "vzenith", `ip = "127.0.0.1"`))
	if status, _, stderr := say(t, "device", "--config", pushing, "C1", "snapshot"); status != 1 || !strings.Contains(stderr, "takes no picture on command") {
		t.Errorf("snapshot of a camera that cannot = %d: %s", status, stderr)
	}
}

func TestDevicePrintsATestPage(t *testing.T) {
	printer := simprinter.New(48)
	path := siteWith(t, deviceTable("P1", "printer", "escpos", `link = "tcp://`+serveSim(t, printer.Serve)+`"`))
	if status, stdout, stderr := say(t, "device", "P1", "print", "--timeout", "20s", "--config", path); status != 0 || !strings.Contains(stdout, "Printer P1 has printed a test page") {
		t.Fatalf("print = %d: %s%s", status, stdout, stderr)
	}
	slips := printer.Slips()
	if len(slips) != 1 || !strings.Contains(fmt.Sprintf("%+v", slips[0]), "粤B12345") || !strings.Contains(fmt.Sprintf("%+v", slips[0]), "parkagent P1") {
		t.Errorf("printed %+v, want one page with a plate and a QR code", slips)
	}
	printer.SetFault(simprinter.Empty)
	if status, _, stderr := say(t, "device", "P1", "print", "--config", path); status != 1 || !strings.Contains(stderr, "Check paper, cover and cutter") {
		t.Errorf("print without paper = %d: %s", status, stderr)
	}
	if status, stdout, _ := say(t, "device", "P1", "state", "--config", path); status != 1 || !strings.Contains(stdout, "wrong  P1  no paper, or the cover is open") {
		t.Errorf("state without paper = %d: %s", status, stdout)
	}
}

// A payment code is money: nothing that is printed may be enough to use it.
func TestDeviceShowsWhatAScannerReads(t *testing.T) {
	const code = "134567890123456789"
	reader := new(simscanner.Scanner)
	path := siteWith(t, deviceTable("S1", "scanner", "serial", `link = "tcp://`+serveSim(t, reader.Serve)+`"`))
	ctx, stop := context.WithCancel(t.Context())
	shown := make(chan struct{})
	go func() { // until stop: a code that comes before somebody listens is lost
		defer close(shown)
		for again := time.NewTicker(time.Millisecond); ; {
			select {
			case <-again.C:
				_ = reader.Scan(code) // nobody may have opened the line yet
			case <-ctx.Done():
				return
			}
		}
	}()
	status, stdout, stderr := say(t, "device", "S1", "scan", "--config", path)
	stop()
	<-shown
	if status != 0 || !strings.Contains(stdout, "Scanner S1 read: payment code of WeChat, 18 characters, 13**************89.") || strings.Contains(stdout+stderr, code) {
		t.Errorf("scan = %d: %s%s", status, stdout, stderr)
	}
}

func TestDeviceRefusesWrongUse(t *testing.T) {
	path := siteWith(t, deviceTable("G1", "gate", "modbus-relay", "link = \"COM1\"\noptions = { open = 0 }")+
		deviceTable("G2", "gate", "vzenith", `options = { camera = "C1" }`)+deviceTable("C1", "camera", "vzenith", `ip = "127.0.0.1"`)+
		deviceTable("S1", "scanner", "serial", `link = "COM2"`)+deviceTable("L2", "display", "fangkong", `link = "camera:C1?serial=0"`)+
		deviceTable("K1", "kiosk", "kiosk", "ip = \"127.0.0.1\"\noptions = { token = \"hard-to-guess\" }"))
	tests := []struct {
		line   string
		status int
		said   string
	}{
		{"", 2, "say which device and what to do"},
		{"G1", 2, "say which device and what to do"},
		{"G1 opne", 2, `a device cannot "opne"`},
		{"G1 open now", 2, `"now" is one word too many`},
		{"G1 open --json", 2, "--json goes with state only"},
		{"G1 open --timeout 0s", 2, "--timeout must be more than 0"},
		{"L1 show", 2, "say what to show"},
		{"G9 open", 2, `the configuration has no device "G9", only G1, G2, C1, S1, L2, K1`},
		{"G1 show x", 2, "show is for a display, and device G1 is a gate"},
		{"K1 state", 2, "parkagent: K1 is a kiosk: it calls parkagent, and is no device that can be tried.\n"},
		{"K1 show x", 2, "K1 is a kiosk"},
		{"S1 print", 2, "print is for a printer, and device S1 is a scanner"},
		{"L2 show x", 1, "device L2 is worked in the answers to camera C1"},
		{"G2 open", 1, "device G2 is worked in the answers to camera C1, which only a running agent gives"},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			status, stdout, stderr := say(t, append([]string{"device", "--config", path}, strings.Fields(tt.line)...)...)
			if status != tt.status || stdout != "" || !strings.Contains(stderr, tt.said) {
				t.Errorf("device %s = %d: %s%s, want %d and %q", tt.line, status, stdout, stderr, tt.status, tt.said)
			}
		})
	}
}

// The agent may be giving an order to a barrier of its own just now.
func TestDeviceTakesNoOrderOfTheAgentsBack(t *testing.T) {
	board := sim.NewBoard(sim.BoardConfig{})
	board.SetCoil(3, true)
	path := siteWith(t, deviceTable("G1", "gate", "modbus-barrier", "link = \"tcp://"+
		serveSim(t, func(ctx context.Context, l net.Listener) error { return sim.ServeTCP(ctx, l, board) })+
		"\"\noptions = { open = { kind = \"coil\", address = 3, value = 1, pulse = \"500ms\", rest = 0 } }"))
	if status, stdout, stderr := say(t, "device", "G1", "state", "--config", path); status != 0 || !board.Coil(3) {
		t.Errorf("state = %d: %s%s, order still given: %t", status, stdout, stderr, board.Coil(3))
	}
}
