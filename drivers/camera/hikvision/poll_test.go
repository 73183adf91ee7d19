package hikvision_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera/hikvision"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/sim"
	"parkagent/drivers/sim/hik"
)

func TestACameraWithoutAStreamIsPolled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := ask(t, &hik.Camera{Lacks: []hik.Call{hik.Stream}}, hikvision.EventsStream)
		for i := range 3 {
			a.See(sim.Sighting{Plate: fmt.Sprintf("粤B0000%d", i)})
			pass(2 * time.Second)
			a.one(t)
		}
		pass(11 * time.Minute)
		if n := strings.Count(strings.Join(a.Calls(), "\n"), "alertStream"); n != 2 {
			t.Errorf("asked for a stream %d times in 11 minutes, want twice", n)
		}
		if n := strings.Count(a.log.String(), "no event stream"); n != 1 {
			t.Errorf("said %d times that there is no stream, want once:\n%s", n, a.log.String())
		}
	})
}

func TestAPollAfterAStreamTellsOfNothingAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// A camera that starts has its plates before its stream.
		device := &starting{Camera: &hik.Camera{}}
		device.streamless.Store(true)
		driver := newCamera(t, hikvision.Config{
			BaseURL: "http://camera", Client: drivertest.NewWeb(t, device), Options: hikvision.Options{Events: hikvision.EventsStream},
		})
		a := &asked{Camera: device.Camera, driver: driver, seen: watch(t, driver)}
		see := func(plate string) {
			t.Helper()
			a.See(sim.Sighting{Plate: plate})
			pass(2 * time.Second)
			if rec := a.one(t); rec.Plate != plate || rec.Offline {
				t.Errorf("saw %s, late %v; want %s in time", rec.Plate, rec.Offline, plate)
			}
		}
		pass(2 * time.Second)
		see("粤B00001") // by poll
		device.streamless.Store(false)
		pass(11 * time.Minute)
		for i := range 4 { // by the stream
			see(fmt.Sprintf("粤B1000%d", i))
			pass(5 * time.Minute)
		}
		device.streamless.Store(true)
		device.Restart()
		pass(time.Minute)
		a.none(t, "by poll, of those that the stream told of")
		see("粤B00002")
	})
}

// A starting camera has no stream for a while.
type starting struct {
	*hik.Camera
	streamless atomic.Bool
}

func (s *starting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.streamless.Load() && strings.HasSuffix(r.URL.Path, "/alertStream") {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	s.Camera.ServeHTTP(w, r)
}

func TestAPollTellsOfWhatIsNew(t *testing.T) {
	forms := map[string]*hik.Camera{
		"as it is first asked":       {},
		"asked by GET":               {AskPlates: "GET"},
		"asked with another time":    {PlateForm: time.RFC3339},
		"asked by GET with that":     {AskPlates: "GET", PlateForm: time.RFC3339},
		"with its clock far behind":  {Clock: -50 * 24 * time.Hour},
		"with its clock far ahead":   {Clock: 50 * 24 * time.Hour},
		"that does not tell its own": {Lacks: []hik.Call{hik.Time}},
	}
	for name, device := range forms {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				before := time.Now().Add(device.Clock)
				device.See(sim.Sighting{Plate: "粤B00000", At: before.Add(-10 * time.Minute)})
				device.See(sim.Sighting{Plate: "粤B00001", At: before})
				a := ask(t, device, hikvision.EventsPoll)
				a.none(t, "of what was there before")
				for i := range 3 {
					a.See(sim.Sighting{Plate: "粤B12345", Reverse: true})
					pass(2 * time.Second)
					rec := a.one(t)
					if rec.Plate != "粤B12345" || rec.Direction != drivers.DirectionReverse || rec.Offline || rec.At.IsZero() || rec.ID == "" || len(rec.Pictures) != 1 {
						t.Errorf("car %d: %+v", i, rec)
					}
					pass(time.Minute)
					a.none(t, "a minute later")
				}
				if err := a.driver.Check(t.Context()); err != nil {
					t.Errorf("Check = %v", err)
				}
			})
		})
	}
}

func TestAPollMarksWhatItMissedAsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := ask(t, &hik.Camera{}, hikvision.EventsPoll)
		a.SetFault(hik.Silence)
		a.See(sim.Sighting{Plate: "粤B12345"})
		pass(40 * time.Second)
		a.See(sim.Sighting{Plate: "粤B99999"})
		a.SetFault(hik.None)
		pass(40 * time.Second)
		late, second := <-a.seen, <-a.seen
		if late.Plate != "粤B12345" || !late.Offline || second.Plate != "粤B99999" {
			t.Errorf("saw %s, late %v, then %s", late.Plate, late.Offline, second.Plate)
		}
	})
}

func TestAPollSurvivesAClockThatIsSet(t *testing.T) {
	for name, by := range map[string]time.Duration{"back": -3 * time.Hour, "ahead": 3 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := ask(t, &hik.Camera{}, hikvision.EventsPoll)
				a.See(sim.Sighting{Plate: "粤B12345"})
				pass(2 * time.Second)
				a.one(t)
				a.SetClock(by)
				pass(15 * time.Second)
				a.See(sim.Sighting{Plate: "粤B99999"})
				pass(2 * time.Second)
				if rec := a.one(t); rec.Plate != "粤B99999" || rec.Offline {
					t.Errorf("saw %s, late %v; want 粤B99999 in time", rec.Plate, rec.Offline)
				}
			})
		})
	}
}

func TestAPollTellsOfNoPlateAgainAfterAClockWasSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Seldom, for hours pass.
		a := askBy(t, &hik.Camera{}, hikvision.Options{Events: hikvision.EventsPoll, Every: 8 * time.Second})
		for i := range 8 { // for longer than plates are remembered
			a.See(sim.Sighting{Plate: fmt.Sprintf("粤B0000%d", i)})
			pass(15 * time.Minute)
			a.one(t)
		}
		a.SetClock(-3 * time.Hour)
		for i := range 8 { // until the clock has gone past them again
			pass(15 * time.Minute)
			a.none(t, "of those before the clock was set")
			a.See(sim.Sighting{Plate: fmt.Sprintf("粤B1000%d", i)})
			pass(15 * time.Minute)
			if rec := a.one(t); rec.Plate != fmt.Sprintf("粤B1000%d", i) || rec.Offline {
				t.Errorf("saw %s, late %v; want 粤B1000%d in time", rec.Plate, rec.Offline, i)
			}
		}
	})
}

func TestAPollBelievesItsOwnClockNoMoreAfterThatWasSet(t *testing.T) {
	for name, by := range map[string]time.Duration{"back": -time.Hour, "ahead": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var set atomic.Int64
				device := &hik.Camera{Login: &sim.HikCamera{User: "admin", Password: "right"}}
				seen := watch(t, newCamera(t, hikvision.Config{
					BaseURL: "http://camera", User: "admin", Password: "right", Client: drivertest.NewWeb(t, device),
					Options: hikvision.Options{Events: hikvision.EventsPoll},
					Now:     func() time.Time { return time.Now().Add(time.Duration(set.Load())) },
				}))
				pass(2 * time.Second)
				set.Store(int64(by))
				device.See(sim.Sighting{Plate: "粤B12345"})
				pass(2 * time.Second)
				if len(seen) != 1 {
					t.Fatalf("%d recognitions, want 1", len(seen))
				}
				if rec := <-seen; rec.Offline {
					t.Error("a car just seen is late, for our clock was set")
				}
			})
		})
	}
}

func TestAPollBelievesNoClockThatWasJustSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := ask(t, &hik.Camera{}, hikvision.EventsPoll)
		a.SetClock(-30 * time.Second)
		a.See(sim.Sighting{Plate: "粤B12345"})
		pass(2 * time.Second)
		if rec := a.one(t); rec.Offline {
			t.Error("a car just seen is late, for the camera's clock was set back")
		}
	})
}

func TestAPollGoesOnAfterMorePlatesThanItCanRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := ask(t, &hik.Camera{}, hikvision.EventsPoll)
		pass(time.Second / 2) // no poll is under way
		a.SetFault(hik.Gone)
		for i := range 10000 {
			a.See(sim.Sighting{Plate: fmt.Sprintf("粤B%05d", i)})
		}
		pass(time.Hour)
		a.SetFault(hik.None)
		pass(2 * time.Minute)
		a.none(t, "of those before")
		a.See(sim.Sighting{Plate: "粤B12345"})
		pass(2 * time.Second)
		a.one(t)
	})
}

func TestAPollOfACameraWithoutATimeMarksWhatItMissedAsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := ask(t, &hik.Camera{Lacks: []hik.Call{hik.Time}}, hikvision.EventsPoll)
		pass(time.Second / 2) // no poll is under way
		a.SetFault(hik.Silence)
		a.See(sim.Sighting{Plate: "粤B12345"})
		pass(40 * time.Second)
		a.SetFault(hik.None)
		pass(40 * time.Second)
		if rec := a.one(t); !rec.Offline {
			t.Error("a car that was missed for a minute is in time")
		}
		a.See(sim.Sighting{Plate: "粤B99999"})
		pass(2 * time.Second)
		if rec := a.one(t); rec.Offline {
			t.Error("the next car is late")
		}
	})
}

// A timeless camera does not tell its time from some moment on.
type timeless struct {
	*hik.Camera
	breaks, refuses atomic.Bool
}

func (c *timeless) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case !strings.HasSuffix(r.URL.Path, "/System/time"):
		c.Camera.ServeHTTP(w, r)
	case c.breaks.Load():
		panic(http.ErrAbortHandler)
	case c.refuses.Load():
		w.WriteHeader(http.StatusForbidden)
	default:
		c.Camera.ServeHTTP(w, r)
	}
}

func TestAPollBelievesNoClockThatCannotBeReadNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := &timeless{Camera: &hik.Camera{}}
		a := &asked{Camera: device.Camera}
		a.driver = newCamera(t, hikvision.Config{
			BaseURL: "http://camera", Client: drivertest.NewWeb(t, device), Options: hikvision.Options{Events: hikvision.EventsPoll},
		})
		a.seen = watch(t, a.driver)
		pass(2500 * time.Millisecond) // no poll is under way
		device.breaks.Store(true)
		a.SetClock(-30 * time.Second) // so that the next car seems to be late
		a.See(sim.Sighting{Plate: "粤B12345"})
		pass(2 * time.Second)
		a.none(t, "before the clock was read")
		device.breaks.Store(false)
		pass(5 * time.Second)
		if rec := a.one(t); rec.Plate != "粤B12345" || rec.Offline {
			t.Errorf("saw %s, late %v; want 粤B12345 in time", rec.Plate, rec.Offline)
		}
		device.refuses.Store(true)
		a.SetClock(time.Hour)
		a.See(sim.Sighting{Plate: "粤B99999"}) // ahead of what the clock was
		pass(2 * time.Second)
		if rec := a.one(t); rec.Plate != "粤B99999" || rec.Offline {
			t.Errorf("saw %s, late %v; want 粤B99999 in time", rec.Plate, rec.Offline)
		}
	})
}
