//go:build !windows

package main

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

// A peerBoard is a relay board that pymodbus plays, at the other end of a serial
// line of pseudo terminals that socat makes. It shares no code with us.
type peerBoard struct {
	link string // of our end
	said chan string
	tell io.Writer
}

func newPeerBoard(t *testing.T) *peerBoard {
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

	b := &peerBoard{link: "serial://" + ours + "?baud=9600&parity=none", said: make(chan string)}
	cmd := exec.CommandContext(t.Context(), debianPython, filepath.Join("..", "..", "drivers", "gate", "testdata", "modbus_slave.py"), theirs, "1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	b.tell = stdin
	runUntilEnd(t, cmd)
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	go func() { // ends when the board does
		defer close(b.said)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			select {
			case b.said <- lines.Text():
			case <-done:
				return
			}
		}
	}()
	b.expect(t, "ready")
	return b
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

// expect reads what the board prints about its relays and inputs.
func (b *peerBoard) expect(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		select {
		case line, ok := <-b.said:
			if !ok || line != w {
				t.Fatalf("the board says %q, want %q", line, w)
			}
		case <-time.After(15 * time.Second):
			t.Fatalf("the board says nothing, want %q", w)
		}
	}
}

func (b *peerBoard) input(t *testing.T, number int, value string) {
	t.Helper()
	line := fmt.Sprintf("input %d %s", number, value)
	if _, err := io.WriteString(b.tell, line+"\n"); err != nil {
		t.Fatal(err)
	}
	b.expect(t, line)
}

// TestDeviceWorksAnIndependentBoard runs the program itself, a process for each
// command, against other people's Modbus over a serial line.
func TestDeviceWorksAnIndependentBoard(t *testing.T) {
	b := newPeerBoard(t)
	config := siteWith(t, deviceTable("G1", "gate", "modbus-relay", `link = "`+b.link+`"
options = { unit = 1, open = 0, close = 1, pulse = "200ms", presence = 0, limit_open = 1, limit_close = 2 }`))
	do := func(op string, want string, relays ...string) {
		t.Helper()
		said := make(chan string, 1)
		go func() {
			out, err := exec.CommandContext(t.Context(), "parkagent", "--lang", "en", "device", "G1", op, "--config", config).CombinedOutput()
			said <- fmt.Sprintf("%s(%v)", out, err)
		}()
		b.expect(t, relays...)
		if got := <-said; !strings.Contains(got, want) {
			t.Fatalf("device G1 %s says %s, want %q", op, got, want)
		}
	}

	b.input(t, 2, "on")
	do("state", "Gate G1: arm down, presence clear, held open no.\n(<nil>)")
	do("open", "took the command to open.\n(<nil>)", "coil 0 on", "coil 0 off")
	b.input(t, 2, "off")
	b.input(t, 1, "on")
	b.input(t, 0, "on")
	do("state", "Gate G1: arm up, presence occupied, held open no.\n(<nil>)")
	do("close", "presence is occupied\n(exit status 1)")
	b.input(t, 0, "off")
	do("close", "took the command to close.\n(<nil>)", "coil 1 on", "coil 1 off")
	do("hold", "is held open until release.\n(<nil>)", "coil 0 on")
	do("state", "Gate G1: arm up, presence clear, held open yes.\n(<nil>)")
	do("close", "the gate is held open\n(exit status 1)")
	do("release", "is not held open any more.\n(<nil>)", "coil 0 off")
	do("state", "held open no.\n(<nil>)")
}
