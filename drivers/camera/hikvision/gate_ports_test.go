package hikvision_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera/hikvision"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/sim/hik"
)

// webFunc puts something between a driver and a device.
type webFunc struct {
	device *hik.Camera
	before func(w http.ResponseWriter, r *http.Request, device *hik.Camera) (handled bool)
}

func (f *webFunc) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !f.before(w, r, f.device) {
		f.device.ServeHTTP(w, r)
	}
}

// gateBehind is newGate with something before the device.
func gateBehind(t *testing.T, web *webFunc, opt hikvision.GateOptions) *hikvision.Gate {
	t.Helper()
	cam := newCamera(t, hikvision.Config{BaseURL: "http://camera", Client: drivertest.NewWeb(t, web)})
	g, err := cam.Gate(hikvision.GateConfig{Device: "G1", Options: opt})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestPresenceMustReadClearTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		readings := 0
		web := &webFunc{device: &hik.Camera{}, before: func(_ http.ResponseWriter, r *http.Request, device *hik.Camera) bool {
			if strings.Contains(r.URL.Path, "/inputs/1/") {
				readings++
				device.SetInput(1, readings == 2) // the rear of a car, say
			}
			return false
		}}
		g := gateBehind(t, web, hikvision.GateOptions{Presence: &hikvision.Input{Number: 1}})
		if err := g.Lower(t.Context()); !errors.Is(err, drivers.ErrRefused) || web.device.Closed() != 0 {
			t.Errorf("Lower = %v, closed %d times; want a refusal", err, web.device.Closed())
		}
		if err := g.Lower(t.Context()); err != nil || web.device.Closed() != 1 || readings != 4 {
			t.Errorf("Lower = %v, closed %d times after %d readings; want once after 4", err, web.device.Closed(), readings)
		}
	})
}

func TestARelayIsSwitchedOffWhateverItTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fail := 0
		web := &webFunc{device: &hik.Camera{}, before: func(w http.ResponseWriter, r *http.Request, device *hik.Camera) bool {
			if !device.On(1) || fail == 0 {
				return false
			}
			fail--
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}}
		g := gateBehind(t, web, hikvision.GateOptions{Control: hikvision.ControlOutput, Output: 1})
		if err := g.Raise(t.Context()); err != nil {
			t.Fatal(err)
		}
		fail = 3
		if err := g.Raise(t.Context()); err != nil || web.device.On(1) {
			t.Errorf("Raise = %v, the relay is on %v; want it off at the fourth try", err, web.device.On(1))
		}
		fail = 4
		if err := g.Raise(t.Context()); !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("Raise whose relay stays on = %v, want ErrOffline", err)
		}
		if _, err := g.State(t.Context()); err != nil || web.device.On(1) {
			t.Errorf("State = %v, the relay is on %v; want it off with the next contact", err, web.device.On(1))
		}

		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond) // shorter than the pulse
		defer cancel()
		if err := g.Raise(ctx); !errors.Is(err, drivers.ErrOffline) || web.device.On(1) {
			t.Errorf("Raise cut short = %v, the relay is on %v; want ErrOffline, and off", err, web.device.On(1))
		}
	})
}

func TestARelayThatIsRefusedSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := &hik.Camera{Lacks: []hik.Call{hik.Barrier}, OutputShut: true}
		g := newGate(t, device, hikvision.GateOptions{Output: 1})
		err := g.Raise(t.Context())
		if !errors.Is(err, drivers.ErrRefused) || !strings.Contains(err.Error(), "ctrlMod 1") {
			t.Errorf("Raise = %v, want a refusal that names ctrlMod", err)
		}
	})
}

func TestTheWayToMoveTheArmIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := &hik.Camera{Lacks: []hik.Call{hik.Barrier, hik.ArmStatus, hik.Entrance}}
		g := newGate(t, device, hikvision.GateOptions{Output: 1})
		commands := func() int {
			t.Helper()
			device.Calls()
			if err := g.Raise(t.Context()); err != nil {
				t.Fatal(err)
			}
			return strings.Count(strings.Join(device.Calls(), "\n"), "barrierGate")
		}
		if n := commands(); n != 1 {
			t.Errorf("first Raise tried the command %d times, want once", n)
		}
		if n := commands(); n != 0 {
			t.Errorf("second Raise tried the command %d times, want never", n)
		}
		device.SetFault(hik.Gone)
		if _, err := g.State(t.Context()); !errors.Is(err, drivers.ErrOffline) {
			t.Fatalf("State = %v, want ErrOffline", err)
		}
		device.SetFault(hik.None)
		device.Restart()
		device.Lacks = nil // with new firmware
		if n := commands(); n != 1 || device.Opened() != 1 {
			t.Errorf("after a restart Raise tried the command %d times, opened %d times; want once", n, device.Opened())
		}
	})
}

func TestARelayThatWasLeftOnIsSwitchedOff(t *testing.T) {
	for _, held := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			device := &hik.Camera{Lacks: []hik.Call{hik.Barrier, hik.ArmStatus, hik.Entrance}}
			before := newGate(t, device, hikvision.GateOptions{Output: 1})
			if err := before.Hold(t.Context()); err != nil || !device.On(1) {
				t.Fatalf("Hold = %v, relay on %v", err, device.On(1))
			}
			cam := newCamera(t, hikvision.Config{BaseURL: "http://camera", User: "admin", Password: "right", Client: drivertest.NewWeb(t, device)})
			after, err := cam.Gate(hikvision.GateConfig{Device: "G1", Options: hikvision.GateOptions{Output: 1}, Held: held})
			if err != nil {
				t.Fatal(err)
			}
			s, err := after.State(t.Context())
			if err != nil || s.HoldOpen != held || device.On(1) != held {
				t.Errorf("after a start with held %v: State = %+v, %v, relay on %v", held, s, err, device.On(1))
			}
		})
	}
}

func TestWhoeverOpensBesideTheAgentEndsNoHold(t *testing.T) {
	for _, held := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			device := &hik.Camera{Lacks: []hik.Call{hik.Barrier, hik.ArmStatus, hik.Entrance}}
			agents := newGate(t, device, hikvision.GateOptions{Output: 1})
			if held {
				if err := agents.Hold(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			g, err := agents.AsFound(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if s, err := g.State(t.Context()); err != nil || s.HoldOpen != held {
				t.Errorf("State = %+v, %v; want held open %v", s, err, held)
			}
			if err := g.Raise(t.Context()); err != nil || device.On(1) != held {
				t.Errorf("Raise = %v, the relay is on %v afterwards, want %v", err, device.On(1), held)
			}
		})
	}
}
