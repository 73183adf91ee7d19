package hikvision_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera/hikvision"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/sim/hik"
)

func TestACameraThatOpensByItsOwnListIsAFault(t *testing.T) {
	for mode, want := range map[string]drivers.Fault{"0": drivers.FaultGateList, "1": drivers.FaultNone, "2": drivers.FaultGateList} {
		synctest.Test(t, func(t *testing.T) {
			g := newGate(t, &hik.Camera{CtrlMod: mode}, hikvision.GateOptions{})
			if s, err := g.State(t.Context()); err != nil || s.Fault != want {
				t.Errorf("ctrlMod %s: fault %d, %v; want %d", mode, s.Fault, err, want)
			}
		})
	}
}

func TestTheCameraIsSeldomAskedWhoOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := &hik.Camera{}
		g := newGate(t, device, hikvision.GateOptions{})
		for range 300 {
			if _, err := g.State(t.Context()); err != nil {
				t.Fatal(err)
			}
			pass(time.Second)
		}
		if n := strings.Count(strings.Join(device.Calls(), "\n"), "entranceParam"); n != 1 {
			t.Errorf("asked %d times in 5 minutes, want once", n)
		}
	})
}

// A reticent camera does not say who opens its barrier.
type reticent struct {
	*hik.Camera
	refuses bool // rather than to be silent
	asked   atomic.Int64
}

func (r *reticent) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if !strings.HasSuffix(req.URL.Path, "/entranceParam") {
		r.Camera.ServeHTTP(w, req)
		return
	}
	r.asked.Add(1)
	if !r.refuses {
		<-req.Context().Done()
		return
	}
	w.WriteHeader(http.StatusForbidden)
}

func TestAStateDoesNotWaitForACameraThatDoesNotSayWhoOpens(t *testing.T) {
	for _, refuses := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			device := &reticent{Camera: &hik.Camera{}, refuses: refuses}
			g, err := newCamera(t, hikvision.Config{BaseURL: "http://camera", Client: drivertest.NewWeb(t, device)}).Gate(hikvision.GateConfig{Device: "G1"})
			if err != nil {
				t.Fatal(err)
			}
			for i := range 50 {
				ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
				start := time.Now()
				s, err := g.State(ctx)
				cancel()
				if err != nil || s.Fault != drivers.FaultNone || i > 0 && time.Since(start) > 100*time.Millisecond {
					t.Fatalf("state %d = %+v, %v after %v", i, s, err, time.Since(start))
				}
				pass(time.Second)
			}
			pass(15 * time.Second)
			_, err = g.State(t.Context())
			synctest.Wait()
			if err != nil || device.asked.Load() != 2 {
				t.Errorf("refuses %v: asked %d times in a minute, want twice; %v", refuses, device.asked.Load(), err)
			}
		})
	}
}
