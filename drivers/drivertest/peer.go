package drivertest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// debianPython is where Debian's python3-pymodbus is found; another python on
// the path may not have it.
const debianPython = "/usr/bin/python3"

// A Peer is a Modbus relay board that pymodbus plays, at the other end of a
// serial line of pseudo terminals that socat makes. It shares no code with us.
type Peer struct {
	Link string // of our end, serial://…

	said chan string // each line that the board prints
	tell io.Writer
}

// NewPeer starts a board as unit 1 and ends it with the test. script is the path
// of modbus_slave.py in the test data of drivers/gate. The test is skipped on a
// machine that lacks socat or pymodbus.
func NewPeer(t *testing.T, script string) *Peer {
	t.Helper()
	socat, err := exec.LookPath("socat")
	if err != nil {
		t.Skip("socat is not installed: it makes the serial line to the independent Modbus board (apt install socat)")
	}
	if err := exec.CommandContext(t.Context(), debianPython, "-c", "import pymodbus").Run(); err != nil {
		t.Skip("pymodbus is not installed for " + debianPython + ": it plays the independent Modbus board (apt install python3-pymodbus)")
	}
	dir := t.TempDir()
	ours, theirs := filepath.Join(dir, "ours"), filepath.Join(dir, "theirs")
	runUntilEnd(t, exec.CommandContext(t.Context(), socat, "pty,raw,echo=0,link="+ours, "pty,raw,echo=0,link="+theirs))
	awaitFile(t, ours)
	awaitFile(t, theirs)

	p := &Peer{Link: "serial://" + ours + "?baud=9600&parity=none", said: make(chan string)}
	cmd := exec.CommandContext(t.Context(), debianPython, script, theirs, "1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.tell = stdin
	runUntilEnd(t, cmd)
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	go func() { // ends when the board or the test does
		defer close(p.said)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			select {
			case p.said <- lines.Text():
			case <-done:
				return
			}
		}
	}()
	p.Expect(t, "ready")
	return p
}

// runUntilEnd starts a program and ends it with the test.
func runUntilEnd(t *testing.T, cmd *exec.Cmd) {
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

// Expect reads what the board prints about its relays and inputs: "coil 0 on".
func (p *Peer) Expect(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		select {
		case line, ok := <-p.said:
			if !ok || line != w {
				t.Fatalf("the independent board says %q, want %q", line, w)
			}
		case <-time.After(15 * time.Second):
			t.Fatalf("the independent board says nothing, want %q", w)
		}
	}
}

// SetInput switches an input of the board, "on" or "off".
func (p *Peer) SetInput(t *testing.T, number int, value string) {
	t.Helper()
	line := fmt.Sprintf("input %d %s", number, value)
	if _, err := io.WriteString(p.tell, line+"\n"); err != nil {
		t.Fatal(err)
	}
	p.Expect(t, line)
}
