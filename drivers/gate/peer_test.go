package gate_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/gate"
	"parkagent/drivers/rs485"
)

// debianPython is where Debian's python3-pymodbus is found; another python on
// the path may not have it.
const debianPython = "/usr/bin/python3"

// An independentBoard is a relay board that pymodbus plays at the other end of a
// pair of pseudo terminals that socat makes.
type independentBoard struct {
	link  string      // of our end
	said  chan string // each line that the board prints
	tell  io.Writer
	board *exec.Cmd
}

func newIndependentBoard(t *testing.T) *independentBoard {
	t.Helper()
	socat, err := exec.LookPath("socat")
	if err != nil {
		t.Skip("socat is not installed: it makes the serial line to the independent Modbus board (apt install socat)")
	}
	if _, err := os.Stat(debianPython); err != nil {
		t.Skip("there is no " + debianPython + ", with which pymodbus plays the independent Modbus board")
	}
	dir := t.TempDir()
	ours, theirs := filepath.Join(dir, "ours"), filepath.Join(dir, "theirs")
	run(t, exec.Command(socat, "pty,raw,echo=0,link="+ours, "pty,raw,echo=0,link="+theirs))
	awaitFile(t, theirs)
	awaitFile(t, ours)

	b := &independentBoard{link: "serial://" + ours + "?baud=9600", said: make(chan string)}
	b.board = exec.Command(debianPython, filepath.Join("testdata", "modbus_slave.py"), theirs, "1")
	b.board.Stderr = os.Stderr
	stdin, err := b.board.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := b.board.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	b.tell = stdin
	if err := b.board.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(b.said)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			select {
			case b.said <- lines.Text():
			case <-done:
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(done)
		_ = b.board.Process.Kill()
		_ = b.board.Wait()
	})
	if line, ok := b.next(t); !ok {
		if err := b.board.Wait(); err != nil && b.board.ProcessState.ExitCode() == 3 {
			t.Skip("pymodbus is not installed for " + debianPython + ": it plays the independent Modbus board (apt install python3-pymodbus)")
		}
		t.Fatal("the independent board ended before it was ready")
	} else if line != "ready" {
		t.Fatalf("the independent board said %q, want ready", line)
	}
	return b
}

func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

func awaitFile(t *testing.T, name string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); <-tick.C {
		if _, err := os.Stat(name); err == nil {
			return
		}
	}
	t.Fatalf("%s did not appear", name)
}

func (b *independentBoard) next(t *testing.T) (string, bool) {
	t.Helper()
	select {
	case line, ok := <-b.said:
		return line, ok
	case <-time.After(15 * time.Second):
		t.Fatal("the independent board says nothing")
		return "", false
	}
}

func (b *independentBoard) expect(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		if got, _ := b.next(t); got != w {
			t.Errorf("the independent board says %q, want %q", got, w)
		}
	}
}

func (b *independentBoard) setInput(t *testing.T, command string) {
	t.Helper()
	if _, err := io.WriteString(b.tell, command+"\n"); err != nil {
		t.Fatal(err)
	}
	b.expect(t, command)
}

func TestRelayWorksAnIndependentModbusBoard(t *testing.T) {
	b := newIndependentBoard(t)
	line, err := rs485.Open(b.link, nil)
	if err != nil {
		t.Fatal(err)
	}
	background(t, line.Run)
	relay, err := gate.NewRelay(gate.Config{Device: "G1", Bus: line, Options: wired()})
	if err != nil {
		t.Fatal(err)
	}
	do := func(name string, call func(context.Context) error, want error) {
		t.Helper()
		if err := call(timed(t)); !errors.Is(err, want) {
			t.Fatalf("%s = %v, want %v", name, err, want)
		}
	}
	state := func(arm drivers.Arm, presence drivers.Presence, held bool) {
		t.Helper()
		s, err := relay.State(timed(t))
		if err != nil || s.Arm != arm || s.Presence != presence || s.HoldOpen != held {
			t.Errorf("State = %v, %v, held %v, %v; want %v, %v, %v", s.Arm, s.Presence, s.HoldOpen, err, arm, presence, held)
		}
	}

	b.setInput(t, "input 2 on")
	state(drivers.ArmDown, drivers.PresenceClear, false)
	do("Raise", relay.Raise, nil)
	b.expect(t, "coil 0 on", "coil 0 off")
	b.setInput(t, "input 2 off")
	b.setInput(t, "input 1 on")
	b.setInput(t, "input 0 on")
	state(drivers.ArmUp, drivers.PresenceOccupied, false)
	do("Lower on a car", relay.Lower, drivers.ErrRefused)
	b.setInput(t, "input 0 off")
	do("Lower", relay.Lower, nil)
	b.expect(t, "coil 1 on", "coil 1 off")
	do("Hold", relay.Hold, nil)
	b.expect(t, "coil 0 on")
	state(drivers.ArmUp, drivers.PresenceClear, true)
	do("Raise while held", relay.Raise, nil)
	do("Lower while held", relay.Lower, drivers.ErrRefused)
	do("Release", relay.Release, nil)
	b.expect(t, "coil 0 off")
	state(drivers.ArmUp, drivers.PresenceClear, false)
}

func TestIndependentBoardRefusesWhatItDoesNotHave(t *testing.T) {
	b := newIndependentBoard(t)
	line, err := rs485.Open(b.link, nil)
	if err != nil {
		t.Fatal(err)
	}
	background(t, line.Run)
	relay, err := gate.NewRelay(gate.Config{Device: "G1", Bus: line, Options: gate.RelayOptions{Open: 99}})
	if err != nil {
		t.Fatal(err)
	}
	if err := relay.Raise(timed(t)); !errors.Is(err, drivers.ErrRefused) {
		t.Errorf("Raise of relay 99 of 16 = %v, want drivers.ErrRefused", err)
	}
}
