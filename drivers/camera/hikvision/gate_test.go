package hikvision_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/camera/hikvision"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/sim"
	"parkagent/drivers/sim/hik"
)

var _ drivertest.GateDriver = (*hikvision.Gate)(nil)

// newGate returns the gate of a simulated camera in a bubble.
func newGate(t *testing.T, device *hik.Camera, opt hikvision.GateOptions) *hikvision.Gate {
	t.Helper()
	device.Login = &sim.HikCamera{User: "admin", Password: "right"}
	cam := newCamera(t, hikvision.Config{
		BaseURL: "http://camera", User: "admin", Password: "right", Client: drivertest.NewWeb(t, device),
	})
	g, err := cam.Gate(hikvision.GateConfig{Device: "G1", Options: opt})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// faults are how a camera breaks.
func faults(device *hik.Camera) []drivertest.GateFault {
	fault := func(name string, f hik.Fault, want error) drivertest.GateFault {
		return drivertest.GateFault{Name: name, Want: want, Set: func(on bool) {
			if on {
				device.SetFault(f)
			} else {
				device.SetFault(hik.None)
			}
		}}
	}
	return []drivertest.GateFault{
		fault("silence", hik.Silence, drivers.ErrOffline),
		fault("noise", hik.Noise, drivers.ErrOffline),
		fault("unplugged", hik.Gone, drivers.ErrOffline),
		fault("answers that are lost", hik.Deaf, drivers.ErrOffline),
		fault("refusal", hik.Refusal, drivers.ErrRefused),
	}
}

func TestAGateByItsCommandKeepsTheContract(t *testing.T) {
	drivertest.GateInBubble(t, func(t *testing.T) drivertest.GateRig {
		device := &hik.Camera{}
		return drivertest.GateRig{
			Gate:   newGate(t, device, hikvision.GateOptions{Presence: &hikvision.Input{Number: 2}, Passage: &hikvision.Input{Number: 3}}),
			Raised: device.Opened, Lowered: device.Closed, HeldOpen: device.Held,
			SetPresence: func(occupied bool) { device.SetInput(2, occupied) },
			SetPassage:  func(occupied bool) { device.SetInput(3, occupied) },
			Faults:      faults(device),
		}
	})
}

func TestAGateByARelayKeepsTheContract(t *testing.T) {
	drivertest.GateInBubble(t, func(t *testing.T) drivertest.GateRig {
		device := &hik.Camera{Lacks: []hik.Call{hik.Barrier, hik.ArmStatus, hik.Entrance}}
		device.SetInput(1, true)
		return drivertest.GateRig{
			Gate: newGate(t, device, hikvision.GateOptions{
				Output: 1, CloseOutput: 2, Presence: &hikvision.Input{Number: 1, ActiveLow: true},
			}),
			Raised:      func() int { return device.Pulses(1) },
			Lowered:     func() int { return device.Pulses(2) },
			HeldOpen:    func() bool { return device.On(1) },
			SetPresence: func(occupied bool) { device.SetInput(1, !occupied) },
			Faults:      faults(device),
		}
	})
}

func TestAGateCopesWithAnswersInCrumbs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := &hik.Camera{}
		g := newGate(t, device, hikvision.GateOptions{})
		device.SetFault(hik.Crumbs)
		if err := g.Raise(t.Context()); err != nil || device.Opened() != 1 {
			t.Errorf("Raise = %v, opened %d times", err, device.Opened())
		}
		if s, err := g.State(t.Context()); err != nil || s.Arm != drivers.ArmUp || s.Presence != drivers.PresenceNotFitted {
			t.Errorf("State = %+v, %v", s, err)
		}
	})
}

func TestTheArmIsAskedForBeforeACommandIsSentAgain(t *testing.T) {
	tests := []struct {
		name   string
		device *hik.Camera
		fault  hik.Fault
		opened int
	}{
		{"the answer was lost and the arm is up", &hik.Camera{}, hik.Deaf, 1},
		{"the command was lost", &hik.Camera{}, hik.Gone, 1},
		{"the command was lost in silence", &hik.Camera{}, hik.Silence, 1},
		{"the answer was lost and nobody knows of the arm", &hik.Camera{Lacks: []hik.Call{hik.ArmStatus}}, hik.Deaf, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate(t, tt.device, hikvision.GateOptions{})
				if _, err := g.State(t.Context()); err != nil { // which logs in
					t.Fatal(err)
				}
				tt.device.FailOnce(tt.fault)
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				if err := g.Raise(ctx); err != nil {
					t.Errorf("Raise = %v, want nil", err)
				}
				if n := tt.device.Opened(); n != tt.opened {
					t.Errorf("opened %d times, want %d", n, tt.opened)
				}
			})
		})
	}
}

func TestAnArmComesDownByOneCommandOnly(t *testing.T) {
	for _, fault := range []hik.Fault{hik.Deaf, hik.Silence} {
		synctest.Test(t, func(t *testing.T) {
			device := &hik.Camera{}
			g := newGate(t, device, hikvision.GateOptions{SelfGuarded: true})
			if err := g.Raise(t.Context()); err != nil {
				t.Fatal(err)
			}
			device.FailOnce(fault)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			if err := g.Lower(ctx); !errors.Is(err, drivers.ErrOffline) {
				t.Errorf("Lower = %v, want ErrOffline", err)
			}
			if n := strings.Count(strings.Join(device.Calls(), "\n"), "PUT"); n > 2 {
				t.Errorf("%d commands for one Raise and one Lower", n)
			}
		})
	}
}

func TestAReadingThatIsOldLowersNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := &hik.Camera{}
		slow := &slowWeb{device: device}
		device.Login = &sim.HikCamera{User: "admin", Password: "right"}
		cam := newCamera(t, hikvision.Config{BaseURL: "http://camera", User: "admin", Password: "right", Client: drivertest.NewWeb(t, slow)})
		g, err := cam.Gate(hikvision.GateConfig{Device: "G1", Options: hikvision.GateOptions{Presence: &hikvision.Input{Number: 1}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.State(t.Context()); err != nil {
			t.Fatal(err)
		}
		slow.by.Store(int64(600 * time.Millisecond))
		if err := g.Lower(t.Context()); !errors.Is(err, drivers.ErrOffline) || device.Closed() != 0 {
			t.Errorf("Lower by a reading of 600 ms = %v, closed %d times; want ErrOffline and never", err, device.Closed())
		}
		slow.by.Store(int64(100 * time.Millisecond))
		if err := g.Lower(t.Context()); err != nil || device.Closed() != 1 {
			t.Errorf("Lower = %v, closed %d times; want nil and once", err, device.Closed())
		}
	})
}

func TestGateOptionsAreChecked(t *testing.T) {
	got, err := hikvision.ParseGateOptions(map[string]any{
		"camera": "C1", "output": int64(1), "close_output": int64(3), "pulse": "1s", "presence": int64(2), "presence_active_low": true, "self_guarded": true,
	})
	want := hikvision.GateOptions{
		Control: hikvision.ControlAuto, Output: 1, CloseOutput: 3, Pulse: time.Second,
		Presence: &hikvision.Input{Number: 2, ActiveLow: true}, SelfGuarded: true,
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v; options differ (-want +got):\n%s", err, diff)
	}
	for option, table := range map[string]map[string]any{
		"output":              {"control": "output"},
		"close_output":        {"output": int64(1), "close_output": int64(1)},
		"passage":             {"presence": int64(1), "passage": int64(1)},
		"presence_active_low": {"presence_active_low": true},
		"presence":            {"presence": int64(0)},
		"opens":               {"opens": true},
	} {
		if _, err := hikvision.ParseGateOptions(table); err == nil || !strings.Contains(err.Error(), `option "`+option+`"`) {
			t.Errorf("%v: error = %v, want one about %s", table, err, option)
		}
	}
	if _, err := newCamera(t, hikvision.Config{}).Gate(hikvision.GateConfig{Device: "G1"}); err == nil {
		t.Error("a camera without a link moves a barrier")
	}
}

func TestWhatTheCameraSaysOfACommand(t *testing.T) {
	const status = `<ResponseStatus version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema"><statusCode>%s</statusCode><statusString>x</statusString><subStatusCode>%s</subStatusCode></ResponseStatus>`
	tests := []struct {
		name, answer string
		want         error // nil: it was done
	}{
		{"nothing", "", nil},
		{"done", fmt.Sprintf(status, "1", "ok"), nil},
		{"done, in words of its own", "<html>OK</html>", nil},
		{"busy", fmt.Sprintf(status, "2", "deviceBusy"), drivers.ErrOffline},
		{"broken", fmt.Sprintf(status, "3", "deviceError"), drivers.ErrOffline},
		{"not allowed, with a status of 200", fmt.Sprintf(status, "4", "lowPrivilege"), drivers.ErrRefused},
		{"no such function, with a status of 200", fmt.Sprintf(status, "4", "notSupport"), camera.ErrNoFunction},
		{"not understood", fmt.Sprintf(status, "6", "badXmlContent"), drivers.ErrRefused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				web := &webFunc{device: &hik.Camera{}, before: func(w http.ResponseWriter, r *http.Request, _ *hik.Camera) bool {
					if r.Method == http.MethodPut {
						_, _ = io.WriteString(w, tt.answer)
					}
					return r.Method == http.MethodPut
				}}
				err := gateBehind(t, web, hikvision.GateOptions{}).Raise(t.Context())
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
					t.Errorf("Raise = %v, want %v", err, tt.want)
				}
			})
		})
	}
}

func TestARelayThatWentOnIsNoRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		web := &webFunc{device: &hik.Camera{}, before: func(w http.ResponseWriter, _ *http.Request, device *hik.Camera) bool {
			if device.On(1) {
				w.WriteHeader(http.StatusForbidden)
			}
			return device.On(1)
		}}
		g := gateBehind(t, web, hikvision.GateOptions{Control: hikvision.ControlOutput, Output: 1})
		if err := g.Raise(t.Context()); !errors.Is(err, drivers.ErrOffline) || errors.Is(err, drivers.ErrRefused) {
			t.Errorf("Raise = %v, want ErrOffline and no refusal: the relay went on", err)
		}
	})
}

func TestAHoldThatIsRefusedIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := &hik.Camera{}
		g := newGate(t, device, hikvision.GateOptions{SelfGuarded: true})
		device.SetFault(hik.Refusal)
		if err := g.Hold(t.Context()); !errors.Is(err, drivers.ErrRefused) {
			t.Fatalf("Hold = %v, want ErrRefused", err)
		}
		device.SetFault(hik.None)
		if err := g.Lower(t.Context()); err != nil {
			t.Errorf("Lower after a hold that was refused = %v, want nil", err)
		}
	})
}

func TestACameraThatLostItsCommandForAMomentNeedsNoRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := &hik.Camera{}
		g := newGate(t, device, hikvision.GateOptions{Output: 1})
		if err := g.Raise(t.Context()); err != nil {
			t.Fatal(err)
		}
		device.Lacks = []hik.Call{hik.Barrier} // while it starts, say
		if err := g.Raise(t.Context()); !errors.Is(err, camera.ErrNoFunction) || device.Pulses(1) != 0 {
			t.Errorf("Raise = %v, relay given %d times; want a refusal and never", err, device.Pulses(1))
		}
		device.Lacks = nil
		if err := g.Raise(t.Context()); err != nil || device.Opened() != 2 {
			t.Errorf("Raise = %v, opened %d times; want twice", err, device.Opened())
		}
		device.Lacks = []hik.Call{hik.Barrier} // with other firmware
		for range 2 {
			_ = g.Raise(t.Context()) // refused once, and then by the relay
		}
		if device.Pulses(1) != 1 {
			t.Errorf("relay given %d times, want once", device.Pulses(1))
		}
	})
}
