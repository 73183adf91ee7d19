package dahua_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera/dahua"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/sim"
	simdahua "parkagent/drivers/sim/dahua"
)

// A lane is a camera whose stream is watched, and the simulated one behind it, in
// a bubble.
type lane struct {
	cam    *dahua.Camera
	device *simdahua.Camera
	seen   chan drivers.Recognition
}

// watchStream watches a simulated camera's stream until the test ends.
func watchStream(t *testing.T, source dahua.Source, faults simdahua.Faults) *lane {
	t.Helper()
	l := &lane{device: &simdahua.Camera{User: "admin", Password: "right"}, seen: make(chan drivers.Recognition, 16)}
	l.device.SetFaults(faults)
	l.cam = newCamera(t, dahua.Config{
		BaseURL: "http://camera", User: "admin", Password: "right", Client: drivertest.NewWeb(t, l.device),
		Options: dahua.Options{Source: source},
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.cam.Watch(ctx, func(_ context.Context, rec drivers.Recognition) { l.seen <- rec }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Watch: %v", err)
		}
	})
	synctest.Wait()
	return l
}

func TestTheStreamsKeepTheContract(t *testing.T) {
	for _, source := range []dahua.Source{dahua.SourceEvents, dahua.SourceSnap} {
		t.Run(string(source), func(t *testing.T) {
			drivertest.PullingCamera(t, func(t *testing.T) drivertest.PullRig {
				device := &simdahua.Camera{User: "admin", Password: "right"}
				fault := func(name string, f simdahua.Faults, want error) drivertest.CameraFault {
					return drivertest.CameraFault{Name: name, Want: want, Set: func(on bool) {
						if !on {
							device.SetFaults(simdahua.Faults{})
							return
						}
						device.SetFaults(f)
						if want != nil {
							device.EndStreams()
						}
					}}
				}
				return drivertest.PullRig{
					Camera: newCamera(t, dahua.Config{
						BaseURL: "http://camera", User: "admin", Password: "right", Client: drivertest.NewWeb(t, device),
						Options: dahua.Options{Source: source},
					}),
					Device: "C1",
					See:    func(plate string) { device.See(sim.Sighting{Plate: plate, Color: drivers.ColorBlue}) },
					Faults: []drivertest.CameraFault{
						fault("silence", simdahua.Faults{Silent: true}, drivers.ErrOffline),
						fault("unplugging", simdahua.Faults{Cut: true}, drivers.ErrOffline),
						fault("refusal", simdahua.Faults{Refusing: true}, drivers.ErrRefused),
						fault("noise", simdahua.Faults{Garbage: true}, drivers.ErrOffline),
						fault("a busy camera", simdahua.Faults{Busy: true}, drivers.ErrOffline),
						fault("crumbs", simdahua.Faults{Crumbs: true}, nil),
						fault("parts without lengths", simdahua.Faults{NoLengths: true}, nil),
						fault("nonsense between the parts", simdahua.Faults{Babble: true}, nil),
						fault("no pictures", simdahua.Faults{NoImage: true, TinyShot: true}, nil),
					},
				}
			})
		})
	}
}

// see puts a car before the camera and returns what the lane was told of it and
// how long that took.
func (l *lane) see(t *testing.T, s sim.Sighting) (drivers.Recognition, time.Duration) {
	t.Helper()
	start := time.Now()
	l.device.See(s)
	select {
	case rec := <-l.seen:
		return rec, time.Since(start)
	case <-time.After(time.Minute):
		t.Fatal("the car was not told")
		return drivers.Recognition{}, 0
	}
}

func car(plate string) sim.Sighting {
	return sim.Sighting{Plate: plate, Color: drivers.ColorBlue, Confidence: 88, Reverse: true, At: time.Now().Add(-time.Second)}
}

func TestBothStreamsTellOfACarAtOnce(t *testing.T) {
	tests := []struct {
		name     string
		source   dahua.Source
		faults   simdahua.Faults
		pictures int
		within   time.Duration
	}{
		{"eventManager, and a picture that is asked for", dahua.SourceEvents, simdahua.Faults{}, 1, 0},
		{"snapManager with its pictures", dahua.SourceSnap, simdahua.Faults{}, 3, 0},
		{"snapManager with a heartbeat before the pictures", dahua.SourceSnap, simdahua.Faults{ImageAfter: true}, 3, 0},
		{"snapManager without lengths", dahua.SourceSnap, simdahua.Faults{NoLengths: true}, 3, 0},
		{"snapManager with the other name of its list", dahua.SourceSnap, simdahua.Faults{ReturnEvents: true}, 3, 0},
		{"snapManager without pictures, of which one is asked for", dahua.SourceSnap, simdahua.Faults{NoImage: true}, 1, 300 * time.Millisecond},
		{"snapManager without any picture", dahua.SourceSnap, simdahua.Faults{NoImage: true, TinyShot: true}, 0, 300 * time.Millisecond},
		{"eventManager, and a picture that is none", dahua.SourceEvents, simdahua.Faults{TinyShot: true}, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := watchStream(t, tt.source, tt.faults)
				s := car("粤B12345")
				rec, took := l.see(t, s)
				if took != tt.within {
					t.Errorf("told after %v, want %v", took, tt.within)
				}
				if rec.Plate != "粤B12345" || rec.Color != drivers.ColorBlue || rec.Size != drivers.SizeSmall || rec.Confidence != 88 || rec.Direction != drivers.DirectionReverse {
					t.Errorf("event = %+v", rec)
				}
				if rec.Device != "C1" || rec.ID == "" || !rec.Received.Equal(time.Now().Add(-took)) || rec.Received.Location() != time.UTC {
					t.Errorf("event %q of %q, received %v", rec.ID, rec.Device, rec.Received)
				}
				if want := s.At.Truncate(time.Millisecond); !rec.At.Equal(want) || rec.At.Location() != time.UTC {
					t.Errorf("seen at %v, want %v", rec.At, want)
				}
				if len(rec.Pictures) != tt.pictures {
					t.Fatalf("%d pictures, want %d", len(rec.Pictures), tt.pictures)
				}
				if tt.pictures > 0 && !bytes.Equal(rec.Scene(), sim.ScenePicture("粤B12345", drivers.ColorBlue)) {
					t.Error("the scene is not the picture of the scene")
				}
				if tt.pictures == 3 && (rec.Pictures[2].Kind != drivers.PicturePlate || !bytes.Equal(rec.Pictures[2].JPEG, sim.PlatePicture("粤B12345", drivers.ColorBlue))) {
					t.Error("the plate is not the picture of the plate")
				}
				if n := l.device.KeptAlive(); n != 0 {
					t.Errorf("%d requests let their connection be used again", n)
				}
			})
		})
	}
}

func TestAPictureThatComesLateIsNotTheNextCars(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := watchStream(t, dahua.SourceSnap, simdahua.Faults{})
		l.device.SetFaults(simdahua.Faults{TinyShot: true}) // only the stream has pictures
		late := l.device.SeeFirst(sim.Sighting{Plate: "粤B00001", Color: drivers.ColorBlue})
		if rec := <-l.seen; rec.Plate != "粤B00001" || len(rec.Pictures) != 0 {
			t.Errorf("car %s with %d pictures, want 粤B00001 with none in time", rec.Plate, len(rec.Pictures))
		}
		next := l.device.SeeFirst(sim.Sighting{Plate: "粤BD12345", Color: drivers.ColorGreen})
		late()
		next()
		if rec := <-l.seen; rec.Plate != "粤BD12345" || !hasScene(rec, drivers.ColorGreen) {
			t.Errorf("car %s has not its own picture", rec.Plate)
		}
	})
}

func TestAMissingPictureCostsNoOtherCarItsOwn(t *testing.T) {
	for _, faults := range []simdahua.Faults{{TinyShot: true}, {TinyShot: true, NoCuts: true}} {
		synctest.Test(t, func(t *testing.T) {
			l := watchStream(t, dahua.SourceSnap, simdahua.Faults{})
			l.device.SetFaults(faults)
			l.device.SeeFirst(sim.Sighting{Plate: "粤B00001", Color: drivers.ColorBlue})
			<-l.seen
			for _, plate := range []string{"粤B00002", "粤B00003"} {
				if rec, _ := l.see(t, sim.Sighting{Plate: plate, Color: drivers.ColorBlue}); !hasScene(rec, drivers.ColorBlue) {
					t.Errorf("car %s has not its own picture, with lengths told %v", rec.Plate, !faults.NoCuts)
				}
			}
		})
	}
}

// hasScene reports whether a car came with a picture that the simulated camera
// made of it: of the view, or of the car, which it writes with an x.
func hasScene(rec drivers.Recognition, color drivers.PlateColor) bool {
	scene := rec.Scene()
	return bytes.Equal(scene, sim.ScenePicture(rec.Plate, color)) || bytes.Equal(scene, sim.ScenePicture(rec.Plate+"x", color))
}

func TestASlowPictureHoldsNoCar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := watchStream(t, dahua.SourceEvents, simdahua.Faults{})
		l.device.SetFaults(simdahua.Faults{Silent: true}) // the stream goes on
		rec, took := l.see(t, car("粤B12345"))
		if took != 300*time.Millisecond || len(rec.Pictures) != 0 {
			t.Errorf("told after %v with %d pictures, want after 300ms with none", took, len(rec.Pictures))
		}
	})
}

func TestCarsBehindEachOtherAreAllTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := watchStream(t, dahua.SourceSnap, simdahua.Faults{NoImage: true})
		start := time.Now()
		l.device.See(car("粤B00001"))
		l.device.See(car("粤B00002"))
		if rec := <-l.seen; rec.Plate != "粤B00001" || time.Since(start) != 0 {
			t.Errorf("first %s after %v, want 粤B00001 as soon as the next one comes", rec.Plate, time.Since(start))
		}
		if rec := <-l.seen; rec.Plate != "粤B00002" {
			t.Errorf("second %s, want 粤B00002", rec.Plate)
		}
		l.device.See(car("粤B00001")) // a second visit
		if rec := <-l.seen; rec.Plate != "粤B00001" {
			t.Errorf("third %s, want 粤B00001 again", rec.Plate)
		}
	})
}

func TestAnEventThatTheCameraRepeatsIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := watchStream(t, dahua.SourceEvents, simdahua.Faults{})
		const event = `Code=TrafficJunction;action=Pulse;index=0;data={"GroupID":7,"EventID":9,"RealUTC":1706600095,"TrafficCar":{"PlateNumber":"粤B12345"}}`
		for range 3 {
			l.device.Say(event)
		}
		<-time.After(time.Minute) // of the bubble
		if n := len(l.seen); n != 1 {
			t.Errorf("%d events, want 1", n)
		}
	})
}

func TestAStreamThatEndsOrFallsSilentIsOpenedAgain(t *testing.T) {
	tests := []struct {
		name   string
		broken simdahua.Faults
		end    bool // end the open stream, too
	}{
		{"ended by the camera", simdahua.Faults{}, true},
		{"silent without a heartbeat", simdahua.Faults{NoHeartbeat: true}, false},
		{"ended and refused", simdahua.Faults{Refusing: true}, true},
		{"ended and never answered", simdahua.Faults{Silent: true}, true},
		{"ended and cut", simdahua.Faults{Cut: true}, true},
		{"ended and nonsense", simdahua.Faults{Garbage: true}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := watchStream(t, dahua.SourceSnap, simdahua.Faults{})
				<-time.After(20 * time.Second) // heartbeats keep it
				if _, ever, _ := l.device.Streams(); ever != 1 {
					t.Fatalf("%d streams within 20 s, want 1", ever)
				}
				if err := l.cam.Check(t.Context()); err != nil {
					t.Errorf("Check of a stream with heartbeats = %v, want nil", err)
				}
				l.device.SetFaults(tt.broken)
				if tt.end {
					l.device.EndStreams()
				}
				if tt.broken != (simdahua.Faults{}) {
					<-time.After(25 * time.Second)
					if err := l.cam.Check(t.Context()); tt.end && err == nil {
						t.Error("Check without a stream = nil, want an error")
					}
					l.device.SetFaults(simdahua.Faults{})
				}
				<-time.After(37 * time.Second) // the longest pause, and a little
				rec, _ := l.see(t, car("粤B12345"))
				if rec.Plate != "粤B12345" {
					t.Errorf("car = %s", rec.Plate)
				}
				open, _, most := l.device.Streams()
				if open != 1 || most != 1 {
					t.Errorf("%d streams open, %d at one time, want 1 and 1", open, most)
				}
				if err := l.cam.Check(t.Context()); err != nil {
					t.Errorf("Check after it is back = %v, want nil", err)
				}
			})
		})
	}
}

func TestAStreamIsBackSoonAfterTheCameraRestarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := watchStream(t, dahua.SourceSnap, simdahua.Faults{})
		<-time.After(7 * time.Second)
		l.device.EndStreams()
		<-time.After(1300 * time.Millisecond)
		if open, _, _ := l.device.Streams(); open != 1 {
			t.Errorf("%d streams open 1.3 s after the end of one, want 1", open)
		}
	})
}

func TestASilentStreamIsGivenUpAfterThreeHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := watchStream(t, dahua.SourceEvents, simdahua.Faults{})
		l.device.SetFaults(simdahua.Faults{NoHeartbeat: true})
		<-time.After(16 * time.Second)
		if _, ever, _ := l.device.Streams(); ever != 1 {
			t.Errorf("%d streams after 16 s of silence, want the first still", ever)
		}
		<-time.After(3 * time.Second)
		if open, ever, most := l.device.Streams(); ever != 2 || open != 1 || most != 1 {
			t.Errorf("%d streams after 19 s of silence, %d open, %d at one time, want 2, 1 and 1", ever, open, most)
		}
	})
}

func TestALongOutageIsOverSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := watchStream(t, dahua.SourceSnap, simdahua.Faults{})
		l.device.SetFaults(simdahua.Faults{Cut: true})
		l.device.EndStreams()
		before := l.device.Asked()
		<-time.After(time.Hour)
		if n := l.device.Asked() - before; n > 160 {
			t.Errorf("camera was asked %d times in an hour, want about every 30 s", n)
		}
		l.device.SetFaults(simdahua.Faults{})
		<-time.After(37 * time.Second)
		if open, _, _ := l.device.Streams(); open != 1 {
			t.Errorf("%d streams open 37 s after an hour without the camera, want 1", open)
		}
	})
}

func TestABadLoginOfAStreamIsNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := &simdahua.Camera{User: "admin", Password: "right"}
		cam := newCamera(t, dahua.Config{
			BaseURL: "http://camera", User: "admin", Password: "wrong", Client: drivertest.NewWeb(t, device),
			Options: dahua.Options{Source: dahua.SourceEvents},
		})
		watch(t, cam)
		<-time.After(29 * time.Minute)
		if n := device.Asked(); n != 2 {
			t.Errorf("camera was asked %d times, want one challenge and one try", n)
		}
		err := cam.Check(t.Context())
		if !errors.Is(err, drivers.ErrRefused) || drivers.FaultOf(err) != drivers.FaultLogin {
			t.Errorf("Check = %v, want a refused login", err)
		}
	})
}

func TestOneWatcherOfAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := watchStream(t, dahua.SourceSnap, simdahua.Faults{})
		if err := l.cam.Watch(t.Context(), func(context.Context, drivers.Recognition) {}); err == nil {
			t.Error("a second Watch = nil, want an error")
		}
		if _, ever, _ := l.device.Streams(); ever != 1 {
			t.Errorf("%d streams, want 1", ever)
		}
	})
}

func TestPushesAreRefusedWhileAStreamIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := watchStream(t, dahua.SourceSnap, simdahua.Faults{})
		l.device.URL, l.device.Client = "http://agent", drivertest.NewWeb(t, l.cam)
		status, _, err := l.device.Push(t.Context(), car("粤B12345"))
		if status != 403 || err != nil || len(l.seen) != 0 {
			t.Errorf("push = %d, %v with %d events, want 403 and none", status, err, len(l.seen))
		}
	})
}
