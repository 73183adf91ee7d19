//go:build !windows

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"parkagent/drivers/drivertest"
)

// TestDeviceWorksAnIndependentBoard runs the program itself, a process for each
// command, against other people's Modbus over a serial line.
func TestDeviceWorksAnIndependentBoard(t *testing.T) {
	b := drivertest.NewPeer(t, filepath.Join("..", "..", "drivers", "gate", "testdata", "modbus_slave.py"))
	config := siteWith(t, deviceTable("G1", "gate", "modbus-relay", `link = "`+b.Link+`"
options = { unit = 1, open = 0, close = 1, pulse = "200ms", presence = 0, limit_open = 1, limit_close = 2 }`))
	do := func(op string, want string, relays ...string) {
		t.Helper()
		said := make(chan string, 1)
		go func() {
			out, err := exec.CommandContext(t.Context(), "parkagent", "--lang", "en", "device", "G1", op, "--config", config).CombinedOutput()
			said <- fmt.Sprintf("%s(%v)", out, err)
		}()
		b.Expect(t, relays...)
		if got := <-said; !strings.Contains(got, want) {
			t.Fatalf("device G1 %s says %s, want %q", op, got, want)
		}
	}

	b.SetInput(t, 2, "on")
	do("state", "Gate G1: arm down, presence clear, held open no.\n(<nil>)")
	do("open", "took the command to open.\n(<nil>)", "coil 0 on", "coil 0 off")
	b.SetInput(t, 2, "off")
	b.SetInput(t, 1, "on")
	b.SetInput(t, 0, "on")
	do("state", "Gate G1: arm up, presence occupied, held open no.\n(<nil>)")
	do("close", "presence is occupied\n(exit status 1)")
	b.SetInput(t, 0, "off")
	do("close", "took the command to close.\n(<nil>)", "coil 1 on", "coil 1 off")
	do("hold", "is held open until release.\n(<nil>)", "coil 0 on")
	do("state", "Gate G1: arm up, presence clear, held open yes.\n(<nil>)")
	do("close", "the gate is held open\n(exit status 1)")
	do("release", "is not held open any more.\n(<nil>)", "coil 0 off")
	do("state", "held open no.\n(<nil>)")
}
