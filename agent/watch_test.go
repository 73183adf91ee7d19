package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/config"
	"parkagent/agent/lane"
	"parkagent/agent/slips"
	"parkagent/drivers"
	"parkagent/store"
)

// spare is a display that no lane has and that can be asked how it is.
type spare struct {
	mu    sync.Mutex
	fail  error
	hangs bool
}

func (s *spare) Show(context.Context, drivers.Screen) error { return nil }

func (s *spare) Check(ctx context.Context) error {
	s.mu.Lock()
	hangs, fail := s.hangs, s.fail
	s.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return fail
}

func (s *spare) set(change func(*spare)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// paperless is a printer without paper.
type paperless struct{ slips.Printer }

func (paperless) Check(context.Context) error {
	return &drivers.FaultError{Fault: drivers.FaultPaper, Err: errors.New("no paper")}
}

// deadGate is a gate that does not answer.
type deadGate struct{ stillGate }

func (deadGate) State(context.Context) (drivers.GateState, error) {
	return drivers.GateState{}, fmt.Errorf("%w: no answer", drivers.ErrOffline)
}

func TestDevicesOfNoLaneAreWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := store.Open(t.Context(), store.Options{Path: t.TempDir() + "/park.db"})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		site := smallSite(t, t.TempDir())
		site.Devices = append(site.Devices,
			config.Device{Code: "K1", Kind: config.KindKiosk}, config.Device{Code: "K2", Kind: config.KindKiosk, Silence: 10 * time.Minute},
			config.Device{Code: "L8", Kind: config.KindDisplay}, config.Device{Code: "L9", Kind: config.KindDisplay}, config.Device{Code: "G9", Kind: config.KindGate},
			config.Device{Code: "P1", Kind: config.KindPrinter},
			config.Device{Code: "L7", Kind: config.KindDisplay, Area: new(int)}) // its board asks it
		site.Lanes[0].Printer = "P1"
		one, two := &spare{}, &spare{hangs: true}
		a, err := New(Config{Site: site, Devices: Devices{
			Gates: map[string]lane.Gate{"G1": stillGate{}, "G9": deadGate{}}, Cameras: map[string]lane.Camera{"C1": deafCamera{}},
			Displays: map[string]lane.Display{"L7": one, "L8": one, "L9": two}, Printers: map[string]slips.Printer{"P1": paperless{}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.syncSite(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		checks := a.checks()
		var codes []string
		for code := range checks {
			codes = append(codes, code)
		}
		slices.Sort(codes)
		if diff := cmp.Diff([]string{"G9", "K2", "L8", "L9", "P1"}, codes); diff != "" {
			t.Fatalf("watched (-want +got):\n%s", diff)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := a.watch(ctx, db, checks, nil); err != nil {
				t.Error(err)
			}
		})
		defer func() { cancel(); wg.Wait() }()
		expect := func(after time.Duration, what string, want map[string]string) {
			t.Helper()
			<-time.After(after)
			synctest.Wait()
			got := map[string]string{}
			for code := range want {
				d, err := db.Device(t.Context(), code)
				if err != nil {
					t.Fatal(err)
				}
				got[code] = d.Status
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		expect(5*time.Second, "one that hangs keeps nobody waiting", map[string]string{"L8": "0", "L9": "", "G9": "1", "K1": "", "K2": "0", "P1": "31"})
		expect(10*time.Second, "and is told when it has hung for long", map[string]string{"L8": "0", "L9": "1"})
		one.set(func(s *spare) { s.fail = &drivers.FaultError{Fault: drivers.FaultContact, Err: errors.New("bent")} })
		two.set(func(s *spare) { s.hangs = false })
		expect(time.Minute, "what changes is told", map[string]string{"L8": "14", "L9": "0"})
		one.set(func(s *spare) { s.fail = errors.ErrUnsupported })
		expect(9*time.Minute, "a pay machine that does not call, and a display that cannot be asked any more", map[string]string{"K1": "", "K2": "1", "L8": "14"})
		for _, err := range []error{drivers.ErrOffline, nil} { // of a call, after which there is none for long
			a.failures <- checked{code: "K1", err: err}
			<-time.After(time.Second)
		}
		expect(5*time.Second, "one that is well again is told though nobody looks", map[string]string{"K1": "0"})
		a.silences["K2"].heard()
		expect(time.Minute, "and one that calls again", map[string]string{"K2": "0"})
	})
}
