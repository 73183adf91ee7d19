package drivertest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// debianPython is where Debian's python3-pymodbus is found; another python on
// the path may not have it.
const debianPython = "/usr/bin/python3"

// A Peer is a Modbus relay board or barrier that other people's software plays, at
// the other end of a serial line of pseudo terminals that socat makes. It shares no
// code with us.
type Peer struct {
	Link string // of our end, serial://…

	said chan string // each line that the board prints
	tell io.Writer
}

// NewPeer starts a board as unit 1 and ends it with the test. script is the path
// of a modbus_slave in the test data of drivers/gate: the one in Python is played
// by pymodbus, in C by libmodbus, in JavaScript by modbus-serial of npm. The test is
// skipped on a machine that lacks one of the programs.
func NewPeer(t *testing.T, script string) *Peer {
	t.Helper()
	program := player(t, script)
	ours, theirs := SerialLine(t)
	p := &Peer{Link: "serial://" + ours + "?baud=9600&parity=none", said: make(chan string)}
	cmd := exec.CommandContext(t.Context(), program[0], append(program[1:], theirs, "1")...)
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

// player returns the command that plays a script, without its arguments.
func player(t *testing.T, script string) []string {
	t.Helper()
	has := func(name string, args ...string) bool {
		return exec.CommandContext(t.Context(), name, args...).Run() == nil
	}
	switch filepath.Ext(script) {
	case ".py":
		if !has(debianPython, "-c", "import pymodbus") {
			t.Skip("pymodbus is not installed for " + debianPython + ": it plays an independent Modbus board (apt install python3-pymodbus)")
		}
		return []string{debianPython, script}
	case ".js":
		if !has("node", "-e", `require("modbus-serial")`) {
			t.Skip("modbus-serial is not found by node: it plays an independent Modbus board (npm install --prefix DIR modbus-serial, and NODE_PATH=DIR/node_modules)")
		}
		return []string{"node", script}
	}
	flags, err := exec.CommandContext(t.Context(), "pkg-config", "--cflags", "--libs", "libmodbus").Output()
	if err != nil {
		t.Skip("libmodbus is not installed: it plays an independent Modbus board (apt install gcc pkg-config libmodbus-dev)")
	}
	program := filepath.Join(t.TempDir(), "modbus_slave")
	build := append([]string{script, "-o", program}, strings.Fields(string(flags))...)
	if out, err := exec.CommandContext(t.Context(), "cc", append(build, "-lpthread")...).CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	return []string{program}
}

// SerialLine returns the names of the two ends of a serial line that ends with the
// test. The test is skipped on a machine that lacks socat.
func SerialLine(t *testing.T) (ours, theirs string) {
	t.Helper()
	socat, err := exec.LookPath("socat")
	if err != nil {
		t.Skip("socat is not installed: it makes the serial line to an independent Modbus board (apt install socat)")
	}
	dir := t.TempDir()
	ours, theirs = filepath.Join(dir, "ours"), filepath.Join(dir, "theirs")
	runUntilEnd(t, exec.CommandContext(t.Context(), socat, "pty,raw,echo=0,link="+ours, "pty,raw,echo=0,link="+theirs))
	awaitFile(t, ours)
	awaitFile(t, theirs)
	return ours, theirs
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

// Expect reads what the board prints about its relays, inputs and registers: "coil 0
// on", "register 10 1".
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
	p.set(t, fmt.Sprintf("input %d %s", number, value))
}

// SetWord gives an input register of the board a value.
func (p *Peer) SetWord(t *testing.T, number int, value uint16) {
	t.Helper()
	p.set(t, fmt.Sprintf("word %d %d", number, value))
}

func (p *Peer) set(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(p.tell, line+"\n"); err != nil {
		t.Fatal(err)
	}
	p.Expect(t, line)
}
