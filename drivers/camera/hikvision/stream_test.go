package hikvision_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/camera/hikvision"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/sim"
	"parkagent/drivers/sim/hik"
)

// An asked is a simulated camera in a bubble, and the driver that asks it.
type asked struct {
	*hik.Camera
	driver *hikvision.Camera
	seen   <-chan drivers.Recognition
	log    *bytes.Buffer
}

// ask watches the camera by events until the test ends.
func ask(t *testing.T, device *hik.Camera, events hikvision.Events) *asked {
	t.Helper()
	return askBy(t, device, hikvision.Options{Events: events})
}

func askBy(t *testing.T, device *hik.Camera, opt hikvision.Options) *asked {
	t.Helper()
	device.Login = &sim.HikCamera{User: "admin", Password: "right"}
	log := &bytes.Buffer{}
	driver := newCamera(t, hikvision.Config{
		BaseURL: "http://camera", User: "admin", Password: "right", Client: drivertest.NewWeb(t, device),
		Options: opt, Location: time.FixedZone("", 8*3600),
		Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	a := &asked{Camera: device, driver: driver, log: log, seen: watch(t, driver)}
	pass(2 * time.Second)
	synctest.Wait() // a question that goes out at this moment has its answer
	return a
}

// pass lets the bubble's time pass.
func pass(d time.Duration) { <-time.After(d) }

// one returns the one recognition that came, and when it came.
func (a *asked) one(t *testing.T) drivers.Recognition {
	t.Helper()
	synctest.Wait()
	if n := len(a.seen); n != 1 {
		t.Fatalf("%d recognitions, want 1", n)
	}
	return <-a.seen
}

// none checks that nothing came.
func (a *asked) none(t *testing.T, when string) {
	t.Helper()
	synctest.Wait()
	if n := len(a.seen); n != 0 {
		t.Fatalf("%d recognitions %s, want none", n, when)
	}
}

func TestAStreamTellsOfACarAtOnce(t *testing.T) {
	tests := []struct {
		name     string
		device   *hik.Camera
		took     time.Duration // from the event to the lane
		pictures int
	}{
		{"with its pictures behind it", &hik.Camera{Pictures: 100 * time.Millisecond}, 100 * time.Millisecond, 2},
		{"before pictures that take too long", &hik.Camera{Pictures: time.Second}, 300 * time.Millisecond, 0},
		{"without pictures that do not come", &hik.Camera{NoPictures: true}, 300 * time.Millisecond, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := ask(t, tt.device, hikvision.EventsStream)
				at := time.Now()
				a.See(sim.Sighting{Plate: "粤B12345", Color: drivers.ColorBlue, ID: "u-1"})
				rec := <-a.seen
				if took := time.Since(at); took != tt.took {
					t.Errorf("the lane waited %v, want %v", took, tt.took)
				}
				if rec.Plate != "粤B12345" || rec.ID != "u-1" || rec.Device != "C1" || rec.Offline || len(rec.Pictures) != tt.pictures {
					t.Errorf("recognition = %s %s of %s, offline %v, %d pictures", rec.Plate, rec.ID, rec.Device, rec.Offline, len(rec.Pictures))
				}
				pass(time.Minute)
				a.none(t, "later")
				if err := a.driver.Check(t.Context()); err != nil {
					t.Errorf("Check = %v", err)
				}
			})
		})
	}
}

func TestAStreamAndAPushOfOneEventAreOneCar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := ask(t, &hik.Camera{}, hikvision.EventsStream)
		car := sim.Sighting{Plate: "粤B12345", ID: "u-1", At: time.Now()}
		a.See(car)
		a.one(t)
		pusher := sim.HikCamera{URL: "http://agent/", Client: drivertest.NewWeb(t, a.driver)}
		if status, err := pusher.Push(t.Context(), car); err != nil || status != 200 {
			t.Errorf("push = %d, %v; want 200", status, err)
		}
		a.none(t, "by the push")
	})
}

func TestASilentStreamIsOpenedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := ask(t, &hik.Camera{}, hikvision.EventsStream)
		pass(10 * time.Minute)
		if n := strings.Count(strings.Join(a.Calls(), "\n"), "alertStream"); n != 1 {
			t.Errorf("the stream was opened %d times while it had heartbeats, want once", n)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		a := ask(t, &hik.Camera{Heartbeat: 24 * time.Hour}, hikvision.EventsStream)
		pass(40 * time.Second)
		if n := strings.Count(strings.Join(a.Calls(), "\n"), "alertStream"); n != 2 {
			t.Errorf("the stream was opened %d times while it was silent, want twice", n)
		}
		a.See(sim.Sighting{Plate: "粤B12345"})
		pass(time.Second)
		a.one(t)
	})
}

func TestACameraThatRestartsIsFoundAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := ask(t, &hik.Camera{}, hikvision.EventsStream)
		a.SetFault(hik.Gone)
		a.Restart()
		pass(20 * time.Second)
		if err := a.driver.Check(t.Context()); drivers.FaultOf(err) != drivers.FaultOffline {
			t.Errorf("Check = %v, want offline", err)
		}
		a.SetFault(hik.None)
		pass(31 * time.Second)
		if err := a.driver.Check(t.Context()); err != nil {
			t.Errorf("Check = %v", err)
		}
		a.See(sim.Sighting{Plate: "粤B12345"})
		pass(time.Second)
		a.one(t)
		if lines := a.log.String(); strings.Count(lines, "\n") != 2 {
			t.Errorf("log of an outage, want two lines:\n%s", lines)
		}
	})
}

func TestWrongPasswordsOfAStreamDoNotLockTheCamera(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := &hik.Camera{Login: &sim.HikCamera{User: "admin", Password: "right"}}
		driver := newCamera(t, hikvision.Config{
			BaseURL: "http://camera", User: "admin", Password: "wrong", Client: drivertest.NewWeb(t, device),
			Options: hikvision.Options{Events: hikvision.EventsStream},
		})
		watch(t, driver)
		pass(25 * time.Minute)
		if n := device.Login.Asked(); n != 2 || device.Login.Locked() {
			t.Errorf("asked %d times, locked %v; want one challenge and one try", n, device.Login.Locked())
		}
		if err := driver.Check(t.Context()); drivers.FaultOf(err) != drivers.FaultLogin {
			t.Errorf("Check = %v, want a refused login", err)
		}
	})
}

func TestWatchEndsWhileTheCameraIsSilent(t *testing.T) {
	for _, events := range []hikvision.Events{hikvision.EventsStream, hikvision.EventsPoll} {
		synctest.Test(t, func(t *testing.T) {
			device := &hik.Camera{}
			device.SetFault(hik.Silence)
			driver := newCamera(t, hikvision.Config{
				BaseURL: "http://camera", Client: drivertest.NewWeb(t, device), Options: hikvision.Options{Events: events},
			})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			start := time.Now()
			if err := driver.Watch(ctx, func(context.Context, drivers.Recognition) {}); err != nil || time.Since(start) != time.Second {
				t.Errorf("Watch = %v after %v, want nil after 1s", err, time.Since(start))
			}
		})
	}
}

// A slowWeb delays every answer of a device.
type slowWeb struct {
	device http.Handler
	by     atomic.Int64 // nanoseconds
}

func (s *slowWeb) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	pass(time.Duration(s.by.Load()))
	if r.Context().Err() == nil {
		s.device.ServeHTTP(w, r)
	}
}

func TestACameraThatIsAskedKeepsTheContract(t *testing.T) {
	for _, events := range []hikvision.Events{hikvision.EventsStream, hikvision.EventsPoll} {
		t.Run(string(events), func(t *testing.T) {
			drivertest.PullingCamera(t, func(t *testing.T) drivertest.PullRig {
				device := &hik.Camera{Login: &sim.HikCamera{User: "admin", Password: "right"}}
				fault := func(name string, f hik.Fault, want error) drivertest.CameraFault {
					return drivertest.CameraFault{Name: name, Want: want, Set: func(on bool) {
						device.SetFault(map[bool]hik.Fault{true: f, false: hik.None}[on])
						device.Restart() // which the open stream does not survive
					}}
				}
				return drivertest.PullRig{
					Device: "C1",
					Camera: newCamera(t, hikvision.Config{
						BaseURL: "http://camera", User: "admin", Password: "right", Client: drivertest.NewWeb(t, device),
						Options: hikvision.Options{Events: events},
					}),
					See: func(plate string) { device.See(sim.Sighting{Plate: plate}) },
					Faults: []drivertest.CameraFault{
						fault("silence", hik.Silence, drivers.ErrOffline),
						fault("crumbs", hik.Crumbs, nil),
						fault("noise", hik.Noise, drivers.ErrOffline),
						fault("refusal", hik.Refusal, drivers.ErrRefused),
						fault("unplugged", hik.Gone, drivers.ErrOffline),
					},
				}
			})
		})
	}
}

func TestAnEventWhosePicturesWereCutOffCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := ask(t, &hik.Camera{Pictures: time.Second}, hikvision.EventsStream)
		a.See(sim.Sighting{Plate: "粤B12345"})
		pass(100 * time.Millisecond)
		a.Restart()
		if rec := a.one(t); rec.Plate != "粤B12345" {
			t.Errorf("saw %q, want 粤B12345", rec.Plate)
		}
	})
}

func TestACameraThatTellsOfNoEventsIsNotWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := ask(t, &hik.Camera{Lacks: []hik.Call{hik.Stream, hik.Plates}}, hikvision.EventsStream)
		pass(time.Minute)
		if err := a.driver.Check(t.Context()); !errors.Is(err, camera.ErrNoFunction) {
			t.Errorf("Check = %v, want that the camera has no such function", err)
		}
	})
}
