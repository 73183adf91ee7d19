package main

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers/sim"
	"parkagent/store"
)

// A serial server passes the bytes of every connection on to one line. A second
// master there would take the answers of the first. The agent tries its devices
// itself, on the connections that it has.
func TestDoctorLeavesTheLinesOfARunningAgentAlone(t *testing.T) {
	var calls, open atomic.Int32
	board := sim.NewBoard(sim.BoardConfig{})
	counted := serveSim(t, func(ctx context.Context, l net.Listener) error {
		defer context.AfterFunc(ctx, func() { _ = l.Close() })()
		var lines sync.WaitGroup
		defer lines.Wait()
		for {
			conn, err := l.Accept()
			if err != nil {
				return nil // at the end of the test
			}
			calls.Add(1)
			open.Add(1)
			lines.Go(func() {
				defer open.Add(-1)
				_ = sim.ServeRTU(ctx, conn, board) // until it is hung up
			})
		}
	})
	path := siteWith(t, deviceTable("G1", "gate", "modbus-relay", "link = \"tcp://"+counted+"?framing=rtu\"\noptions = { open = 0 }")+
		deviceTable("C1", "camera", "vzenith", `ip = "127.0.0.1"`)+deviceTable("C2", "camera", "vzenith", `ip = "127.0.0.2"`)+`
[[lane]]
code = "IN1"
name = "IN1"
direction = "entry"
camera = "C1"
gate = "G2"
`+deviceTable("G2", "gate", "vzenith", `options = { camera = "C1" }`))
	replaceIn(t, path, "127.0.0.1:0", freeAddress(t))
	_, _, before := sayDoctor(t, "G1", "C1", "--config", path)
	if got := levels(before); !slices.Contains(got, "G1 reach: ok") || !slices.Contains(got, "C1 trial: look") || calls.Load() == 0 {
		t.Errorf("without an agent, findings %q after %d calls", got, calls.Load())
	}
	running(t, path)
	calls.Store(0)
	_, stdout, view := sayDoctor(t, "--config", path)
	// The agent has asked neither G1 nor C2 yet, which are of no lane; G2 is the camera's.
	for _, want := range []string{"G1 agent: look", "G1 reach: ok", "G1 line: ok", "C2 agent: look", "C1 heard: ok"} { // which drivers in the agent say
		if !slices.Contains(levels(view), want) {
			t.Errorf("findings %q, want %s", levels(view), want)
		}
	}
	if calls.Load() != 1 || open.Load() != 1 || !strings.Contains(stdout, "ok     the agent runs and listens on: [api] ") {
		t.Errorf("%d connections to a line of the agent's, %d open, want its own; doctor says\n%s", calls.Load(), open.Load(), stdout)
	}
}

// replaceIn changes a configuration.
func replaceIn(t *testing.T, path, old, new string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), old, new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// running runs the agent of a configuration until the test is over.
func running(t *testing.T, path string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	started, ended := make(chan struct{}), make(chan int, 1)
	e, _, stderr := testEnv()
	e.stderr = &startWatch{stderr, sync.OnceFunc(func() { close(started) })}
	go func() { ended <- run(ctx, commands(), []string{"run", "--config", path}, e) }() // until stop
	t.Cleanup(func() {
		stop()
		if status := <-ended; status != 0 {
			t.Errorf("run = %d: %s", status, stderr)
		}
	})
	select {
	case <-started:
	case status := <-ended:
		ended <- status
		t.Fatalf("run ended with %d: %s", status, stderr)
	}
}

func TestDoctorOfAPlatform(t *testing.T) {
	away := httptest.NewServer(nil)
	away.Close()
	tests := []struct {
		name   string
		answer http.HandlerFunc
		tls    bool
		want   []string
	}{
		{"one that answers", func(http.ResponseWriter, *http.Request) {}, false, []string{"mall platform: ok", "mall its clock: ok"}},
		{"one that is broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }, false, []string{"mall platform: look", "mall its clock: ok"}},
		{"one whose clock is off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(5*time.Minute).UTC().Format(http.TimeFormat))
		}, false, []string{"mall platform: ok", "mall its clock: look"}},
		{"one in another year", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Unix(1, 0).UTC().Format(http.TimeFormat))
		}, false, []string{"mall platform: ok", "mall its clock: wrong"}},
		{"one that sends elsewhere is not followed", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, away.URL, http.StatusFound) }, false, []string{"mall platform: ok", "mall its clock: ok"}},
		{"one whose certificate nobody trusts", func(http.ResponseWriter, *http.Request) {}, true, []string{"mall its certificate: wrong"}},
		{"one that is away", nil, false, []string{"mall platform: wrong"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			url := away.URL
			if tt.answer != nil {
				server := httptest.NewUnstartedServer(tt.answer)
				server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the client that does not trust it
				if tt.tls {
					server.StartTLS()
				} else {
					server.Start()
				}
				defer server.Close()
				url = server.URL
			}
			path := siteWith(t, "[[platform]]\nname = \"mall\"\nurl = \""+url+"\"\nuser = \"park\"\npassword = \"p-one\"\nkey = \"abcdefghijklmnopqrstuvwx\"\n")
			_, _, view := sayDoctor(t, "--config", path)
			if diff := cmp.Diff(tt.want, levels(view)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// What the books hold of a device, as a doctor tells it while the agent runs.
func TestTheBooksTellHowADeviceIs(t *testing.T) {
	since := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	b := books{zone: time.UTC, devices: map[string]store.Device{
		"G1": {Code: "G1", Status: "0", Since: since},
		"G2": {Code: "G2", Status: "12", Remark: "arm does not arrive", Since: since},
		"G3": {Code: "G3"},
		"P1": {Code: "P1", Status: "31", Remark: "no paper", Since: since},
	}}
	for code, want := range map[string]string{
		"G1": "ok|well, says the running agent, since: 2026-03-02 01:00:00|",
		"G2": "wrong|the running agent says: arm does not arrive (12), 2026-03-02 01:00:00|check the wires of limits and loops",
		"G3": "look|the running agent does not know yet how it is|look again later",
		"G4": "look|the running agent does not know yet how it is|look again later",
		"P1": "wrong|the running agent says: no paper (31), 2026-03-02 01:00:00|put paper in",
	} {
		v := b.device(code)[0].view(code, english)
		if got := v.Level + "|" + v.Message + "|" + v.Advice; !strings.HasPrefix(got, want) {
			t.Errorf("%s: says %q, want %q", code, got, want)
		}
	}
	queues := books{queues: map[string]queue{
		"new": {}, "well": {Met: true}, "late": {Met: true, Behind: 3, Oldest: &since}, "stuck": {Met: true, Dead: 2},
	}}
	for platform, want := range map[string]string{"new": "", "other": "", "well": "ok", "late": "look", "stuck": "wrong"} {
		var got string
		for _, f := range queues.queue(platform) {
			got += levelName(f.Level)
		}
		if got != want {
			t.Errorf("queue of platform %s: %q, want %q", platform, got, want)
		}
	}
}
