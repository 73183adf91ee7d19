package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"parkagent/agent"
	"parkagent/agent/config"
	"parkagent/drivers/sim"
	"parkagent/drivers/sim/hik"
	"parkagent/store"
)

// hikvisionAlone is a lane whose one device is a camera: it tells of cars when it
// is asked, and moves the barrier.
const hikvisionAlone = `
[park]
code = "1"
name = "park"
language = "en"
[store]
dir = "data"
[api]
listen = %q
public_url = "http://127.0.0.1:1"
[[area]]
code = 1
name = "A"
places = 10
[[device]]
code = "C1"
name = "C1"
kind = "camera"
ip = "127.0.0.1"
driver = "hikvision"
link = %q
user = "admin"
password = "right"
options = { events = "stream", every = "200ms" }
[[device]]
code = "G1"
name = "G1"
kind = "gate"
driver = "hikvision"
options = { camera = "C1", output = 1, presence = 1 }
[[lane]]
code = "IN1"
name = "IN1"
direction = "entry"
from = 0
to = 1
camera = "C1"
gate = "G1"
`

func TestALaneNeedsNoMoreThanAHikvisionCamera(t *testing.T) {
	models := []struct {
		name   string
		device *hik.Camera
		asked  string // for its events
		opened func(*hik.Camera) int
	}{
		{"with a stream and a barrier command", &hik.Camera{}, "alertStream", (*hik.Camera).Opened},
		{"with a list of plates and a relay", &hik.Camera{Lacks: []hik.Call{hik.Stream, hik.Barrier, hik.ArmStatus, hik.Entrance}},
			"vehicleDetect/plates", func(c *hik.Camera) int { return c.Pulses(1) }},
	}
	for _, m := range models {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			m.device.Login = &sim.HikCamera{User: "admin", Password: "right"}
			web := httptest.NewServer(m.device)
			defer web.Close()
			api := must(net.Listen("tcp", "127.0.0.1:0"))(t)
			root := t.TempDir()
			text := fmt.Sprintf(hikvisionAlone, api.Addr(), web.URL)
			c := must(config.Parse(filepath.Join(root, "park.toml"), []byte(text), root, known()))(t)
			book := &logbook{}
			log := slog.New(slog.NewTextHandler(book, nil))
			devices := must(buildDevices(c, log))(t)
			a := must(agent.New(agent.Config{Site: c, Devices: devices, Log: log, Listener: api}))(t)
			ctx, cancel := context.WithCancel(context.Background())
			var running sync.WaitGroup
			running.Go(func() {
				if err := a.Run(ctx); err != nil {
					t.Errorf("agent: %v", err)
				}
			})
			defer running.Wait()
			defer cancel()

			r := &runningAgent{t: t, log: book}
			r.eventually("the camera is asked for its events", func() bool {
				return strings.Contains(strings.Join(m.device.Calls(), "\n"), m.asked)
			})
			r.eventually("the gate opens for a car", func() bool {
				if m.opened(m.device) == 0 {
					m.device.See(sim.Sighting{Plate: "粤B12345"})
					<-time.After(200 * time.Millisecond) // it stands there, and is seen again
				}
				return m.opened(m.device) > 0
			})
			view := must(store.OpenView(t.Context(), agent.DatabasePath(c)))(t)
			defer func() { _ = view.Close() }()
			r.eventually("the car is in the books", func() bool {
				seq, err := view.LatestSeq(t.Context(), store.KindEntry, "粤B12345")
				return err == nil && seq > 0
			})
		})
	}
}
