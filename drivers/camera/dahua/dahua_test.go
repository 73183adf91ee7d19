package dahua_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
	"parkagent/drivers/camera/dahua"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/sim"
	simdahua "parkagent/drivers/sim/dahua"
)

func newCamera(t *testing.T, cfg dahua.Config) *dahua.Camera {
	t.Helper()
	cfg.Device = "C1"
	cfg.Location = time.FixedZone("", 8*3600)
	c, err := dahua.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDahuaKeepsTheContract(t *testing.T) {
	blue := sim.Sighting{Plate: "粤B12345", Color: drivers.ColorBlue, At: time.Now()}
	pushed := func(c *simdahua.Camera, s sim.Sighting) drivertest.CameraPush {
		return drivertest.CameraPush{ContentType: "application/json;charset=UTF-8", Body: c.TollgateInfo(s)}
	}
	drivertest.Camera(t, func(t *testing.T) drivertest.CameraRig {
		fine := &simdahua.Camera{}
		return drivertest.CameraRig{
			Camera:    newCamera(t, dahua.Config{}),
			Device:    "C1",
			NeverKept: true,
			Car: func(plate string, _ bool) drivertest.CameraPush {
				return pushed(fine, sim.Sighting{Plate: plate, Color: drivers.ColorBlue})
			},
			SentAgain: func() (first, again drivertest.CameraPush) { return pushed(fine, blue), pushed(fine, blue) },
			Broken: map[string]drivertest.CameraPush{
				"JSON that ends in the middle": pushed(&simdahua.Camera{PushFaults: simdahua.PushFaults{BrokenJSON: true}}, blue),
				"an object of nothing":         {ContentType: "application/json", Body: []byte("{}")},
				"a picture without a car":      {ContentType: "image/jpeg", Body: sim.ScenePicture("", 0)},
				"JSON nested too deep":         {ContentType: "application/json", Body: []byte(strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40))},
				"a plate of a kilobyte":        pushed(fine, sim.Sighting{Plate: strings.Repeat("A", 1000)}),
			},
			Huge: func() map[string]drivertest.CameraPush {
				return map[string]drivertest.CameraPush{
					"a picture of 9 MB": pushed(&simdahua.Camera{PushFaults: simdahua.PushFaults{Oversize: true}}, blue),
					"too many values":   {ContentType: "application/json", Body: []byte(`{"a":[` + strings.Repeat("1,", 1<<20) + `1]}`)},
				}
			},
			Idle: map[string]drivertest.CameraPush{
				"a heartbeat": {ContentType: "application/json", Body: []byte(`{"Active":"keepAlive","DeviceID":"8M049B2PAJ00001"}`)},
			},
		}
	})
}

// watch watches cam until the test ends. It yields up to 16 events.
func watch(t *testing.T, cam *dahua.Camera) <-chan drivers.Recognition {
	t.Helper()
	seen := make(chan drivers.Recognition, 16)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- cam.Watch(ctx, func(_ context.Context, rec drivers.Recognition) { seen <- rec })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Watch: %v", err)
		}
	})
	return seen
}

func TestEveryFormOfPushTellsTheSameCar(t *testing.T) {
	at := time.Date(2026, 1, 5, 8, 0, 0, 250e6, time.FixedZone("", 8*3600))
	tests := []struct {
		name     string
		faults   simdahua.PushFaults
		pictures int
	}{
		{"as it should be", simdahua.PushFaults{}, 2},
		{"numbers as texts", simdahua.PushFaults{NumberTexts: true}, 2},
		{"two pictures in one", simdahua.PushFaults{TwoInVehicle: true}, 2},
		{"no pictures", simdahua.PushFaults{NoPictures: true}, 0},
		{"the zone by its place in the list", simdahua.PushFaults{ListedZone: true}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cam := newCamera(t, dahua.Config{})
			seen := watch(t, cam)
			server := httptest.NewServer(cam)
			defer server.Close()
			device := &simdahua.Camera{URL: server.URL + "/some/where", PushFaults: tt.faults}
			pushUntilWatched(t, device, sim.Sighting{Plate: "粤B12345", Color: drivers.ColorBlue, At: at, Reverse: true, Confidence: 88})
			rec := <-seen
			if rec.Plate != "粤B12345" || rec.Color != drivers.ColorBlue || rec.Confidence != 88 || rec.Direction != drivers.DirectionReverse || !rec.At.Equal(at) {
				t.Errorf("event = %q, colour %v, confidence %d, direction %v, at %v", rec.Plate, rec.Color, rec.Confidence, rec.Direction, rec.At)
			}
			if len(rec.Pictures) != tt.pictures {
				t.Fatalf("%d pictures, want %d", len(rec.Pictures), tt.pictures)
			}
			if tt.pictures > 0 && !bytes.Equal(rec.Scene(), sim.ScenePicture("粤B12345", drivers.ColorBlue)) {
				t.Error("the scene is not the picture of the scene")
			}
		})
	}
}

// pushUntilWatched pushes as the real camera does, again until it is told that
// the push was taken.
func pushUntilWatched(t *testing.T, device *simdahua.Camera, s sim.Sighting) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		status, answer, err := device.Push(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if status == 200 {
			if answer != `{"Result": true}` {
				t.Fatalf("answer = %q, with which the camera sends for ever", answer)
			}
			return
		}
	}
	t.Fatal("the push was not taken")
}

func TestAHeartbeatIsASignOfLifeForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cam := newCamera(t, dahua.Config{Options: dahua.Options{Silence: time.Minute}})
		device := &simdahua.Camera{URL: "http://agent", Client: drivertest.NewWeb(t, cam)}
		if status, answer, err := device.KeepAlive(t.Context()); status != 200 || answer != `{"Result": true}` || err != nil {
			t.Errorf("answer to a heartbeat = %d %q, %v", status, answer, err)
		}
		<-time.After(59 * time.Second) // of the bubble
		if err := cam.Check(t.Context()); err != nil {
			t.Errorf("Check after a heartbeat = %v, want nil", err)
		}
		<-time.After(2 * time.Second)
		if err := cam.Check(t.Context()); !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("Check after a minute of silence = %v, want drivers.ErrOffline", err)
		}
	})
}

func TestACameraThatOpensByItselfIsReportedForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		cam := newCamera(t, dahua.Config{Log: slog.New(slog.NewTextHandler(&log, nil)), Options: dahua.Options{Silence: 24 * time.Hour}})
		seen := watch(t, cam)
		synctest.Wait()
		device := &simdahua.Camera{URL: "http://agent", Client: drivertest.NewWeb(t, cam), PushFaults: simdahua.PushFaults{OwnList: true}}
		for _, plate := range []string{"粤B00001", "粤B00002"} {
			pushUntilWatched(t, device, sim.Sighting{Plate: plate})
			<-seen
		}
		if err := cam.Check(t.Context()); drivers.FaultOf(err) != drivers.FaultGateList {
			t.Errorf("Check = %v, want the fault of an own list", err)
		}
		if n := strings.Count(log.String(), "own list"); n != 1 {
			t.Errorf("%d lines in the log, want 1", n)
		}
		<-time.After(2 * time.Hour) // of the bubble
		if err := cam.Check(t.Context()); err != nil {
			t.Errorf("Check two hours later = %v, want nil", err)
		}
	})
}

func TestOnlyTheEventsOfItsLaneAreTaken(t *testing.T) {
	var log bytes.Buffer
	cam := newCamera(t, dahua.Config{Options: dahua.Options{Lane: new(2)}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	seen := watch(t, cam)
	server := httptest.NewServer(cam)
	defer server.Close()
	for _, plate := range []string{"粤B12345", "粤B12346"} {
		pushUntilWatched(t, &simdahua.Camera{URL: server.URL}, sim.Sighting{Plate: plate}) // of lane 1
	}
	if len(seen) != 0 {
		t.Error("an event of lane 1 reached the device of lane 2")
	}
	// Who gave the lane another number than the camera does must learn of it.
	if n := strings.Count(log.String(), "level=WARN"); n != 1 || !strings.Contains(log.String(), "lane=1 want=2") {
		t.Errorf("%d warnings, want one that tells both lanes:\n%s", n, log.String())
	}
	if strings.Contains(log.String(), "12345") {
		t.Errorf("log tells a plate: %s", log.String())
	}
}

func TestOptionsAreChecked(t *testing.T) {
	got, err := dahua.ParseOptions(map[string]any{"channel": int64(2), "silence": int64(60), "token": "abc", "events": "snap", "picture_wait": "1s", "lane": int64(3)})
	want := dahua.Options{Channel: 2, Silence: time.Minute, Source: dahua.SourceSnap, PictureWait: time.Second, Lane: new(3)}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("options differ (-want +got):\n%s%v", diff, err)
	}
	_, err = dahua.ParseOptions(map[string]any{"chanel": int64(2), "events": "poll", "picture_wait": "4s", "certificate": "ab"})
	for _, want := range []string{`unknown option "chanel"`, `"poll" is not one of push, events, snap`, "picture_wait", "certificate"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %s in it", err, want)
		}
	}
	for _, cfg := range []dahua.Config{
		{BaseURL: "192.168.1.108"},
		{BaseURL: "http://admin:hush@192.168.1.108"},
		{Options: dahua.Options{Source: dahua.SourceEvents}}, // a stream from nowhere
	} {
		if _, err := dahua.New(cfg); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("New(%q, %s) = %v, want an error without the password", cfg.BaseURL, cfg.Options.Source, err)
		}
	}
}
