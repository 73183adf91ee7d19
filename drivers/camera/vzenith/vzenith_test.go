package vzenith_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
	"parkagent/drivers/camera/reply"
	"parkagent/drivers/camera/vzenith"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/sim"
)

func newCamera(t *testing.T, cfg vzenith.Config) *vzenith.Camera {
	t.Helper()
	cfg.Device = "C1"
	c, err := vzenith.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestVzEnithKeepsTheContract(t *testing.T) {
	drivertest.Camera(t, func(t *testing.T) drivertest.CameraRig {
		blue := sim.Sighting{Plate: "粤B12345", Color: drivers.ColorBlue}
		event := func(f sim.VzFaults, s sim.Sighting) drivertest.CameraPush {
			c := sim.VzCamera{Serial: "fe71e106-57263272", Faults: f}
			return drivertest.CameraPush{ContentType: "application/json", Body: c.Event(7, s)}
		}
		text := func(s string) drivertest.CameraPush {
			return drivertest.CameraPush{ContentType: "application/json", Body: []byte(s)}
		}
		return drivertest.CameraRig{
			Camera: newCamera(t, vzenith.Config{}),
			Device: "C1",
			Car: func(plate string, kept bool) drivertest.CameraPush {
				return event(sim.VzFaults{TextNumbers: kept}, sim.Sighting{Plate: plate, Color: drivers.ColorBlue, Kept: kept})
			},
			SentAgain: func() (first, again drivertest.CameraPush) {
				seen := blue
				seen.At = time.Now()
				first = event(sim.VzFaults{}, seen)
				seen.Kept = true
				return first, event(sim.VzFaults{}, seen)
			},
			Broken: map[string]drivertest.CameraPush{
				"JSON that ends in the middle": event(sim.VzFaults{BrokenJSON: true}, blue),
				"a plate without its result":   text(`{"AlarmInfoPlate":{}}`),
				"a list for a plate":           text(`{"AlarmInfoPlate":[1,2]}`),
				"JSON nested too deep":         text(`{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}"),
				"a plate that can be none":     event(sim.VzFaults{}, sim.Sighting{Plate: strings.Repeat("A", 1000)}),
				"a form that is no heartbeat":  {ContentType: "application/x-www-form-urlencoded", Body: []byte("a=b")},
			},
			Huge: func() map[string]drivertest.CameraPush {
				return map[string]drivertest.CameraPush{
					"a picture of 9 MB":    event(sim.VzFaults{Oversize: true}, blue),
					"1 MB beside pictures": text(`{"AlarmInfoPlate":{"result":{"PlateResult":{"license":"粤B12345"}}},"x":"` + strings.Repeat("x", 1<<20) + `"}`),
					"a form of 100 kB":     {ContentType: "application/x-www-form-urlencoded", Body: []byte("serialno=1&x=" + strings.Repeat("x", 100<<10))},
				}
			},
			Idle: map[string]drivertest.CameraPush{
				"a heartbeat":                  {ContentType: "application/x-www-form-urlencoded", Body: []byte("serialno=1&device_name=IVS")},
				"an input":                     text(`{"AlarmGioIn":{"result":{"TriggerResult":{"source":0,"value":1}}}}`),
				"a picture that was asked for": text(`{"TriggerImage":{"imageFile":"` + strings.Repeat("A", 2<<20) + `"}}`),
				"a car that stands around":     text(`{"AlarmInfoPlate":{"result":{"PlateResult":{"license":"粤B12345","triggerType":64,"plateid":3}}}}`),
			},
		}
	})
}

// A lane is a watched camera with a simulated one that pushes to it.
type lane struct {
	camera *vzenith.Camera
	sim    *sim.VzCamera
	seen   chan drivers.Recognition
	closed chan struct{} // a value when a request is over, or its camera has hung up
}

// A decider is what a lane does with a car.
type decider func(context.Context, *reply.Gate, drivers.Recognition)

// newLane starts one. decide, which may be nil, is called within emit, as the
// lane does it.
func newLane(t *testing.T, cfg vzenith.Config, decide decider) *lane {
	t.Helper()
	l := unwatchedLane(t, cfg)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		context.AfterFunc(r.Context(), func() { // ends at once
			select {
			case l.closed <- struct{}{}:
			default: // nobody looks
			}
		})
		l.camera.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	l.sim.URL = server.URL + pushPath
	l.watch(t, decide)
	return l
}

// newLaneInBubble starts one for a testing/synctest bubble.
func newLaneInBubble(t *testing.T, cfg vzenith.Config, decide decider) *lane {
	t.Helper()
	l := unwatchedLane(t, cfg)
	l.sim.URL, l.sim.Client = "http://box.example"+pushPath, drivertest.NewWeb(t, l.camera)
	l.watch(t, decide)
	return l
}

const pushPath = "/devicemanagement/php/plateresult.php"

func unwatchedLane(t *testing.T, cfg vzenith.Config) *lane {
	t.Helper()
	return &lane{
		camera: newCamera(t, cfg), sim: &sim.VzCamera{Serial: "s1"},
		seen: make(chan drivers.Recognition, 16), closed: make(chan struct{}, 1),
	}
}

// watch has the camera watched until the test is over.
func (l *lane) watch(t *testing.T, decide decider) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- l.camera.Watch(ctx, func(ctx context.Context, rec drivers.Recognition) {
			if decide != nil {
				decide(ctx, l.camera.Gate(), rec)
			}
			l.seen <- rec
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Watch: %v", err)
		}
	})
	// A push before Watch began is kept by the camera; wait until one is taken.
	for deadline := time.Now().Add(10 * time.Second); ; {
		probe, stop := context.WithCancel(context.Background())
		stop()
		if err := l.camera.Watch(probe, nil); err != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("Watch did not begin")
		}
	}
}

func (l *lane) push(t *testing.T, s sim.Sighting) sim.VzAnswer {
	t.Helper()
	answer, err := l.sim.Push(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

var car = sim.Sighting{Plate: "粤B12345", Color: drivers.ColorBlue}

// raiseFor lets every car pass, and wants that to end with an error.
func raiseFor(t *testing.T, want error) decider {
	return func(ctx context.Context, g *reply.Gate, rec drivers.Recognition) {
		if err := g.RaiseFor(ctx, rec.ID); !errors.Is(err, want) {
			t.Errorf("RaiseFor = %v, want %v", err, want)
		}
	}
}

func TestTheAnswerToThePlateOpens(t *testing.T) {
	l := newLane(t, vzenith.Config{}, raiseFor(t, nil))
	answer := l.push(t, car)
	if !answer.Opened || !answer.Taken {
		t.Errorf("answer = %+v, want opened and taken", answer)
	}
	if rec := <-l.seen; !strings.HasPrefix(rec.ID, "s1-1-") {
		t.Errorf("id = %q, want the camera's own, s1-1, at its begin", rec.ID)
	}
}

func TestACarThatIsNotLetInIsTakenAndNothingOpens(t *testing.T) {
	l := newLane(t, vzenith.Config{}, nil)
	if answer := l.push(t, car); answer.Opened || !answer.Taken {
		t.Errorf("answer = %+v, want taken and not opened", answer)
	}
}

func TestALaneThatTakesTooLongDoesNotHoldTheAnswer(t *testing.T) {
	l := newLane(t, vzenith.Config{Options: vzenith.Options{Reply: 50 * time.Millisecond}}, func(ctx context.Context, _ *reply.Gate, _ drivers.Recognition) {
		<-ctx.Done()
	})
	if answer := l.push(t, car); answer.Opened || !answer.Taken {
		t.Errorf("answer = %+v, want taken and not opened", answer)
	}
}

func TestEventsKeptWhileNobodyWatchedArriveLaterAndOpenNothing(t *testing.T) {
	cam := newCamera(t, vzenith.Config{})
	server := httptest.NewServer(cam)
	defer server.Close()
	vz := &sim.VzCamera{URL: server.URL, Serial: "s1"}
	for range 3 {
		if answer, err := vz.Push(t.Context(), car); err != nil || answer.Taken {
			t.Fatalf("push = %+v, %v; want it not taken", answer, err)
		}
	}
	seen := make(chan drivers.Recognition, 3)
	ctx, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() {
		_ = cam.Watch(ctx, func(_ context.Context, rec drivers.Recognition) { seen <- rec }) // ends with cancel
	})
	defer watching.Wait()
	defer cancel()
	for vz.Kept() > 0 {
		if _, err := vz.Resend(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		rec := <-seen
		if want := fmt.Sprintf("s1-%d-", i+1); !strings.HasPrefix(rec.ID, want) || !rec.Offline {
			t.Errorf("event %d = %s, offline %v; want %s…, offline", i, rec.ID, rec.Offline, want)
		}
	}
	if vz.Opened() != 0 {
		t.Error("a kept event opened the barrier")
	}
}

func TestTheAnswerIsTheDocumentedOne(t *testing.T) {
	tests := []struct {
		name   string
		cfg    vzenith.Config
		decide decider
		kept   bool
		want   string
	}{
		{"open", vzenith.Config{}, raiseFor(t, nil), false,
			`{"Response_AlarmInfoPlate":{"info":"ok","channelNum":0,"content":"retransfer_stop","plateid":123}}`},
		{"open with a pulse on another relay", vzenith.Config{Options: vzenith.Options{IO: 1, Pulse: 500 * time.Millisecond}}, raiseFor(t, nil), false,
			`{"Response_AlarmInfoPlate":{"info":"ok","channelNum":1,"content":"retransfer_stop","plateid":123,"ivs_ioctrl":{"delay":500,"io":1,"value":2}}}`},
		{"stay", vzenith.Config{}, nil, false,
			`{"Response_AlarmInfoPlate":{"info":"no","channelNum":0,"content":"retransfer_stop","plateid":123}}`},
		{"kept", vzenith.Config{}, nil, true,
			`{"Response_AlarmInfoPlate":{"info":"no","channelNum":0,"content":"retransfer_stop","plateid":123,"ContinuePushOffline":{"plateid":123,"continue":1}}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLane(t, tt.cfg, tt.decide)
			s := car
			s.Kept = tt.kept
			if got := post(t, l.sim.URL, l.sim.Event(123, s)); got != tt.want {
				t.Errorf("answer = %s\nwant     %s", got, tt.want)
			}
		})
	}
}

func post(t *testing.T, url string, body []byte) string {
	t.Helper()
	resp, err := http.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(text) {
		t.Fatalf("answer %q is no JSON", text)
	}
	return string(text)
}

func TestThePasswordInAHeartbeatIsNeverLogged(t *testing.T) {
	var log bytes.Buffer
	cam := newCamera(t, vzenith.Config{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	server := httptest.NewServer(cam)
	vz := &sim.VzCamera{URL: server.URL, Serial: "s1"}
	if _, err := vz.Heartbeat(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, broken := range []string{"pass_wd=" + sim.VzPassword, "pass_wd=" + sim.VzPassword + "&serialno=%zz"} {
		resp, err := http.Post(server.URL, "application/x-www-form-urlencoded", strings.NewReader(broken))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	server.Close() // all is logged now
	if !strings.Contains(log.String(), "heartbeat") || strings.Contains(log.String(), sim.VzPassword) {
		t.Errorf("log = %q, want the heartbeats without their password", log.String())
	}
}

func TestASilentCameraIsOffline(t *testing.T) {
	cam := newCamera(t, vzenith.Config{Options: vzenith.Options{Heartbeat: time.Nanosecond}})
	server := httptest.NewServer(cam)
	defer server.Close()
	if _, err := (&sim.VzCamera{URL: server.URL, Serial: "s1"}).Heartbeat(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := cam.Check(t.Context()); !errors.Is(err, drivers.ErrOffline) {
		t.Errorf("Check = %v, want ErrOffline", err)
	}
}

func TestOptionsAreReadStrictly(t *testing.T) {
	one := 1
	tests := []struct {
		name  string
		table map[string]any
		want  vzenith.Options
	}{
		{"none", nil, vzenith.Options{
			Heartbeat: time.Minute, Reply: 2500 * time.Millisecond, TextAge: 15 * time.Second, Opens: vzenith.OpensPlate,
		}},
		{"all", map[string]any{
			"heartbeat": int64(20), "opens": "comet", "io": int64(0), "pulse": int64(500), "close": int64(1), "self_guarded": true,
			"presence": int64(2), "presence_active_low": true, "passage": int64(3), "reply": "4s", "text_age": "5s", "token": "t",
		}, vzenith.Options{
			Heartbeat: 20 * time.Second, Reply: 4 * time.Second, TextAge: 5 * time.Second, Opens: vzenith.OpensComet,
			Pulse: 500 * time.Millisecond, Close: &one, SelfGuarded: true,
			Presence: &reply.Input{Number: 2, ActiveLow: true}, Passage: &reply.Input{Number: 3},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := vzenith.ParseOptions(tt.table)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("options differ (-want +got):\n%s", diff)
			}
		})
	}
	for _, bad := range []map[string]any{
		{"opens": "always"}, {"io": int64(4)}, {"puls": int64(1)}, {"heartbeat": "20"}, {"close": int64(1)},
		{"opens": "comet", "close": int64(0)}, {"presence": int64(4)}, {"passage_active_low": true}, {"reply": "1ms"},
	} {
		if _, err := vzenith.ParseOptions(bad); err == nil {
			t.Errorf("options %v were taken", bad)
		}
	}
	if _, err := vzenith.New(vzenith.Config{Options: vzenith.Options{Opens: "always"}}); err == nil {
		t.Error("opens = always was taken")
	}
}
