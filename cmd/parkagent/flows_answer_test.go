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
	"parkagent/drivers/sim/huaxia"
	"parkagent/drivers/sim/led"
)

// answerLane is a park with one place, whose entry has nothing but a camera:
// barrier and display hang on it.
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

// An answered is what a simulated camera made of one answer.
type answered struct{ taken, opened bool }

// TestTheAnswerToAPlateIsBarrierAndDisplay has cars come to a lane where all that
// happens must be in one answer: the opening with the welcome, and the refusal
// with its reason.
func TestTheAnswerToAPlateIsBarrierAndDisplay(t *testing.T) {
	type board interface {
		Feed(frame []byte)
		Lines() []string
	}
	tests := []struct {
		driver, display string
		board           board
		// camera makes the simulated one: how it pushes a car.
		camera func(url string, onSerial func([]byte)) func(context.Context, sim.Sighting) (answered, error)
	}{
		{"vzenith", "fangkong", sim.NewLEDBoard(0, 2), func(url string, onSerial func([]byte)) func(context.Context, sim.Sighting) (answered, error) {
			c := &sim.VzCamera{URL: url, Serial: "s1", OnSerial: func(_ int, frame []byte) { onSerial(frame) }}
			return func(ctx context.Context, s sim.Sighting) (answered, error) {
				a, err := c.Push(ctx, s)
				return answered{a.Taken, a.Opened}, err
			}
		}},
		{"huaxia", "huaxia-led", led.NewHuaxia(0x64, 2), func(url string, onSerial func([]byte)) func(context.Context, sim.Sighting) (answered, error) {
			c := &huaxia.Camera{URL: url, ID: "100200041313", OnSerial: onSerial}
			return func(ctx context.Context, s sim.Sighting) (answered, error) {
				a, err := c.Push(ctx, s)
				return answered{a.Taken, a.Opened}, err
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.driver, func(t *testing.T) {
			push := tt.camera(answeringPark(t, tt.driver, tt.display), tt.board.Feed)
			first := pushed(t, push, sim.SmallCar("粤B00001", time.Now()))
			if !first.opened {
				t.Error("the first car was not let in")
			}
			if lines := tt.board.Lines(); lines[0] != "粤B00001" || lines[1] != "欢迎光临" {
				t.Errorf("the display shows %q, want the plate and a welcome", lines)
			}
			second := pushed(t, push, sim.SmallCar("粤B00002", time.Now()))
			if second.opened {
				t.Error("the second car was let in: the park is full")
			}
			if lines := strings.Join(tt.board.Lines(), ""); !strings.Contains(lines, "满") {
				t.Errorf("the display shows %q, want that the park is full", lines)
			}
		})
	}
}

// answeringPark runs an agent until the test ends and returns where its camera
// pushes.
func answeringPark(t *testing.T, driver, panel string) string {
	t.Helper()
	api := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	root, book := t.TempDir(), &logbook{}
	text := testPark + answerLane +
		deviceTable("C1", "camera", driver, `ip = "127.0.0.1"`) +
		deviceTable("G1", "gate", driver, `options = { camera = "C1" }`) +
		deviceTable("L1", "display", panel, "link = \"camera:C1?serial=0\"\noptions = { lines = 2 }")
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
	return "http://" + api.Addr().String() + "/camera/C1/plate"
}

// pushed pushes a car as soon as the lane watches.
func pushed(t *testing.T, push func(context.Context, sim.Sighting) (answered, error), car sim.Sighting) answered {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		if answer, err := push(t.Context(), car); err == nil && answer.taken {
			return answer
		}
		<-tick.C
	}
	t.Fatal("the camera's event was not taken")
	return answered{}
}
