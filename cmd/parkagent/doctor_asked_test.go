package main

import (
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"parkagent/agent/config"
	"parkagent/drivers"
	simdahua "parkagent/drivers/sim/dahua"
)

// A device that hangs keeps the agent's answer away. That is told as what it is, and
// not as an agent that knows nothing.
func TestDoctorTellsOfAnAgentThatIsStillTrying(t *testing.T) {
	dir, err := os.MkdirTemp("", "ask") // a test's own is too long for the name of a socket on some systems
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	l, err := net.Listen("unix", filepath.Join(dir, "agent.sock")) // which nobody serves
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	d := &doctor{site: &config.Config{Store: config.Store{Dir: dir}}, running: true}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	list := d.asked(ctx, config.Device{Code: "G1", Kind: config.KindGate})
	if v := list[len(list)-1].view("G1", english); v.Level != "look" || !strings.Contains(v.Message, "did not finish trying it in time") || !strings.Contains(v.Advice, "--timeout") {
		t.Errorf("doctor says %+v", v)
	}
}

// Only a running agent hears what cameras push.
func TestDoctorMissesNoPushesWithoutAnAgent(t *testing.T) {
	server := httptest.NewServer(&simdahua.Camera{User: "admin", Password: "right"})
	defer server.Close()
	_, _, view := sayDoctor(t, "C1", "--config", cameraSite(t, "dahua", server.URL, "right", ""))
	got := levels(view)
	if !slices.Contains(got, "C1 login: ok") || slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "C1 heard") }) {
		t.Errorf("findings %q, want none of when it was heard", got)
	}
}

func TestDoctorSaysWhatDriversLeaveOpen(t *testing.T) {
	const tcp, rtu = "tcp://10.0.0.1:502", "tcp://10.0.0.1:502?framing=rtu"
	offline := fmt.Errorf("%w: no reply", drivers.ErrOffline)
	tests := []struct {
		name string
		dev  config.Device
		f    drivers.Finding
		said []string
	}{
		{"a panel behind a camera that is heard", config.Device{Kind: config.KindDisplay, Link: "camera:C1"},
			drivers.Finding{Topic: drivers.TopicHeard}, []string{"the camera that it hangs on is heard"}},
		{"a board that never answers", config.Device{Kind: config.KindDisplay, Link: tcp},
			drivers.Finding{Topic: drivers.TopicPort}, []string{"the port opens; the device answers no questions", tcp}},
		{"a gateway without the board", config.Device{Kind: config.KindGate, Link: tcp},
			drivers.Finding{Topic: drivers.TopicReach, Level: drivers.LevelWrong, Err: fmt.Errorf("%w: modbus: exception '11' (gateway target device failed to respond), function '1'", drivers.ErrOffline)},
			[]string{"the gateway answers, but no board with this unit behind it"}},
		{"RTU at a board with a port of its own", config.Device{Kind: config.KindGate, Link: rtu},
			drivers.Finding{Topic: drivers.TopicReach, Level: drivers.LevelWrong, Err: offline}, []string{"no ?framing=rtu in link", "speed and parity of the serial server"}},
		{"Modbus TCP at a serial server", config.Device{Kind: config.KindGate, Link: tcp},
			drivers.Finding{Topic: drivers.TopicReach, Level: drivers.LevelWrong, Err: offline}, []string{"; for a board behind a serial server, ?framing=rtu in link", "address and port in link"}},
	}
	for _, tt := range tests {
		v := explained(tt.dev, tt.f).view("X1", english)
		for _, want := range tt.said {
			if !strings.Contains(v.Message+v.Advice, want) {
				t.Errorf("%s: says %q, %q, want %q in it", tt.name, v.Message, v.Advice, want)
			}
		}
	}
}
