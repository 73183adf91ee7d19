//go:build unix

package sim_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"parkagent/drivers/drivertest"
	"parkagent/drivers/sim"
)

// Our drivers are tested against our boards. Here somebody else's master tells
// whether those are boards at all.
func TestBoardServesAnIndependentMaster(t *testing.T) {
	mbpoll, err := exec.LookPath("mbpoll")
	if err != nil {
		t.Skip("mbpoll is not installed: it is the independent Modbus master (apt install mbpoll)")
	}
	ours, theirs := drivertest.SerialLine(t)
	line, err := os.OpenFile(ours, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	board := sim.NewBoard(sim.BoardConfig{Unit: 3})
	board.SetInput(1, true)
	board.SetRegister(10, 4711)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- sim.ServeRTU(ctx, line, board) }()
	t.Cleanup(func() { cancel(); <-served })

	tests := []struct {
		name  string
		args  string // tables of mbpoll: 0 coils, 1 inputs, 3 input registers, 4 holding registers
		value string // to write
		want  []string
	}{
		{"inputs", "-t 1 -r 0 -c 3", "", []string{"[0]: \t0", "[1]: \t1", "[2]: \t0"}},
		{"a relay on", "-t 0 -r 2", "1", []string{"Written 1 references"}},
		{"relays", "-t 0 -r 0 -c 4", "", []string{"[0]: \t0", "[2]: \t1", "[3]: \t0"}},
		{"a holding register", "-t 4 -r 10", "", []string{"[10]: \t4711"}},
		{"a holding register written", "-t 4 -r 10", "7", []string{"Written 1 references"}},
		{"a relay that is not there", "-t 0 -r 99", "", []string{"Illegal data address"}},
		{"a unit that is not there", "-a 4 -t 0 -r 0", "", []string{"Connection timed out"}},
	}
	for _, tt := range tests {
		args := strings.Fields("-m rtu -b 9600 -P none -0 -1 -q -o 2 -a 3 " + tt.args + " " + theirs + " " + tt.value)
		out, _ := exec.CommandContext(t.Context(), mbpoll, args...).CombinedOutput() // what it says tells more than its status
		for _, want := range tt.want {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s: mbpoll says\n%s\nwant %q", tt.name, out, want)
			}
		}
	}
	if !board.Coil(2) || board.Register(10) != 7 {
		t.Errorf("relay 2 is %v and register 10 is %d, want what was written", board.Coil(2), board.Register(10))
	}
}
