package hikvision_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera/hikvision"
	"parkagent/drivers/sim/hik"
)

func TestWhoMayLower(t *testing.T) {
	under, behind := &hikvision.Input{Number: 1}, &hikvision.Input{Number: 2}
	tests := []struct {
		name  string
		opt   hikvision.GateOptions
		input int // that is active; 0: none
		want  error
	}{
		{"nothing is wired", hikvision.GateOptions{}, 0, drivers.ErrRefused},
		{"only a passage input is wired", hikvision.GateOptions{Passage: behind}, 0, drivers.ErrRefused},
		{"the barrier guards itself", hikvision.GateOptions{SelfGuarded: true}, 0, nil},
		{"the barrier guards itself, and a car stands there", hikvision.GateOptions{SelfGuarded: true, Presence: under}, 1, drivers.ErrRefused},
		{"the barrier guards itself, and a car drives through", hikvision.GateOptions{SelfGuarded: true, Passage: behind}, 2, drivers.ErrRefused},
		{"a car drives through", hikvision.GateOptions{Presence: under, Passage: behind}, 2, drivers.ErrRefused},
		{"both inputs are clear", hikvision.GateOptions{Presence: under, Passage: behind}, 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				device := &hik.Camera{}
				g := newGate(t, device, tt.opt)
				if tt.input > 0 {
					device.SetInput(tt.input, true)
				}
				err := g.Lower(t.Context())
				if !errors.Is(err, tt.want) || (device.Closed() == 1) != (tt.want == nil) {
					t.Errorf("Lower = %v, closed %d times; want %v", err, device.Closed(), tt.want)
				}
			})
		})
	}
}

func TestAnInputWhoseStateIsNotKnownLowersNothing(t *testing.T) {
	for _, path := range []string{"/inputs/1/", "/inputs/2/"} {
		synctest.Test(t, func(t *testing.T) {
			web := &webFunc{device: &hik.Camera{}, before: func(w http.ResponseWriter, r *http.Request, _ *hik.Camera) bool {
				if !strings.Contains(r.URL.Path, path) {
					return false
				}
				_, _ = io.WriteString(w, "<IOPortStatus><ioPortID>1</ioPortID><ioState>pulse</ioState></IOPortStatus>")
				return true
			}}
			g := gateBehind(t, web, hikvision.GateOptions{Presence: &hikvision.Input{Number: 1}, Passage: &hikvision.Input{Number: 2}})
			if err := g.Lower(t.Context()); !errors.Is(err, drivers.ErrRefused) || web.device.Closed() != 0 {
				t.Errorf("Lower with %s unknown = %v, closed %d times; want a refusal", path, err, web.device.Closed())
			}
		})
	}
}

// slowly lets answers about inputs take their time, and commands as long to
// arrive. One whose sender hangs up before does not.
func slowly(by time.Duration) func(http.ResponseWriter, *http.Request, *hik.Camera) bool {
	return func(_ http.ResponseWriter, r *http.Request, _ *hik.Camera) bool {
		command := r.Method == http.MethodPut && !strings.Contains(r.URL.Path, "/outputs/1/")
		if !command && !strings.Contains(r.URL.Path, "/inputs/") {
			return false
		}
		body, _ := io.ReadAll(r.Body) // until then a hang-up goes unseen
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		select {
		case <-time.After(by):
			return false
		case <-r.Context().Done():
			return true
		}
	}
}

func TestACommandToCloseThatIsLateIsNotDone(t *testing.T) {
	under := &hikvision.Input{Number: 1}
	for name, opt := range map[string]hikvision.GateOptions{
		"command": {Presence: under},
		"relay":   {Presence: under, Control: hikvision.ControlOutput, Output: 1, CloseOutput: 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				web := &webFunc{device: &hik.Camera{}, before: slowly(0)}
				g := gateBehind(t, web, opt)
				if _, err := g.State(t.Context()); err != nil {
					t.Fatal(err)
				}
				web.before = slowly(300 * time.Millisecond)
				if err := g.Lower(t.Context()); !errors.Is(err, drivers.ErrOffline) {
					t.Errorf("Lower = %v, want ErrOffline", err)
				}
				if web.device.Closed() != 0 || web.device.Pulses(2) != 0 {
					t.Error("a command to close was done 600ms after the reading that allowed it")
				}
			})
		})
	}
}

func TestAReadingIsWaitedForWhileItIsOfUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		web := &webFunc{device: &hik.Camera{}, before: slowly(time.Second)}
		g := gateBehind(t, web, hikvision.GateOptions{Presence: &hikvision.Input{Number: 1}})
		start := time.Now()
		err := g.Lower(t.Context())
		if !errors.Is(err, drivers.ErrOffline) || !errors.Is(err, drivers.ErrRefused) || time.Since(start) != 500*time.Millisecond {
			t.Errorf("Lower = %v after %v, want both errors after 500ms", err, time.Since(start))
		}
	})
}
