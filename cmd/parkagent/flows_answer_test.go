package main

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"parkagent/agent"
	"parkagent/agent/config"
	"parkagent/drivers/sim"
)

// answerLane is a park with one place, whose entry has nothing but a VzEnith
// camera: barrier and display hang on it.
const answerLane = `
[store]
dir = "data"
[[area]]
code = 1
name = "A"
type = 0
places = 1
[[lane]]
code = "IN1"
name = "IN1"
direction = "entry"
from = 0
to = 1
camera = "C1"
gate = "G1"
display = "L1"
`

// TestTheAnswerToAPlateIsBarrierAndDisplay has cars come to a lane where all that
// happens must be in one answer: the opening with the welcome, and the refusal
// with its reason.
func TestTheAnswerToAPlateIsBarrierAndDisplay(t *testing.T) {
	api := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	root, book := t.TempDir(), &logbook{}
	text := testPark + answerLane +
		deviceTable("C1", "camera", "vzenith", `ip = "127.0.0.1"`) +
		deviceTable("G1", "gate", "vzenith", `options = { camera = "C1" }`) +
		deviceTable("L1", "display", "fangkong", "link = \"camera:C1?serial=0\"\noptions = { lines = 2 }")
	c := must(config.Parse(filepath.Join(root, "answer.toml"), []byte(text), root, known()))(t)
	log := slog.New(slog.NewTextHandler(book, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a := must(agent.New(agent.Config{Site: c, Devices: must(buildDevices(c, log))(t), Log: log, Listener: api}))(t)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { // ends with cancel
		if err := a.Run(ctx); err != nil {
			t.Errorf("agent: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
		if t.Failed() {
			t.Logf("the agent's log:\n%s", strings.Join(book.loud(), ""))
		}
	})

	board := sim.NewLEDBoard(0, 2)
	camera := &sim.VzCamera{
		URL: "http://" + api.Addr().String() + "/camera/C1/plate", Serial: "s1",
		OnSerial: func(_ int, frame []byte) { board.Feed(frame) },
	}
	first := push(t, camera, sim.SmallCar("粤B00001", time.Now()))
	if !first.Opened || camera.Opened() != 1 {
		t.Errorf("the first car was answered %+v, want opened", first)
	}
	if lines := board.Lines(); lines[0] != "粤B00001" || lines[1] != "欢迎光临" {
		t.Errorf("the display shows %q, want the plate and a welcome", lines)
	}
	second := push(t, camera, sim.SmallCar("粤B00002", time.Now()))
	if second.Opened || !second.Taken {
		t.Errorf("the second car was answered %+v, want taken and not opened: the park is full", second)
	}
	if lines := strings.Join(board.Lines(), ""); !strings.Contains(lines, "满") {
		t.Errorf("the display shows %q, want that the park is full", lines)
	}
}

// push pushes a car as soon as the lane watches.
func push(t *testing.T, camera *sim.VzCamera, car sim.Sighting) sim.VzAnswer {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		answer, err := camera.Push(t.Context(), car)
		if err == nil && answer.Taken {
			return answer
		}
		<-tick.C
	}
	t.Fatal("the camera's event was not taken")
	return sim.VzAnswer{}
}
