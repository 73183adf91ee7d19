package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/config"
	"parkagent/agent/lane"
	"parkagent/drivers"
)

// A knownCamera finds what it was told to.
type knownCamera struct {
	lane.Camera
	found []drivers.Finding
}

func (c knownCamera) Diagnose(context.Context) []drivers.Finding { return c.found }

// A knownGate can be looked at beside its lane.
type knownGate struct{ lane.Gate }

func (knownGate) Diagnose(context.Context) []drivers.Finding {
	return []drivers.Finding{{Topic: drivers.TopicMode}}
}

// A darkPanel can be asked nothing.
type darkPanel struct{ lane.Display }

func TestAnAgentIsAskedAboutItsDevices(t *testing.T) {
	dir, err := os.MkdirTemp("", "ask") // a test's own is too long for the name of a socket on some systems
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	site := &config.Config{Store: config.Store{Dir: dir}}
	camera := knownCamera{found: []drivers.Finding{
		{Topic: drivers.TopicHeard, Value: "3s"},
		{Topic: drivers.TopicClock, Level: drivers.LevelOdd, Value: "+12.0s"},
		{Topic: drivers.TopicReach, Level: drivers.LevelWrong, Err: fmt.Errorf("%w: no route", drivers.ErrOffline)},
		{Topic: drivers.TopicPush, Level: drivers.LevelWrong, Err: errors.New("not told")},
		{Topic: drivers.TopicReach, Level: drivers.LevelWrong, Err: fmt.Errorf("%w: %w", drivers.ErrOffline, os.NewSyscallError("connect", syscall.ECONNREFUSED))},
	}}
	a := &Agent{log: slog.New(slog.DiscardHandler), cfg: Config{Site: site, Devices: Devices{
		Cameras: map[string]lane.Camera{"C1": camera}, Displays: map[string]lane.Display{"L1": darkPanel{}}, Gates: map[string]lane.Gate{"G1": knownGate{}},
	}}}
	if _, err := Ask(t.Context(), site, "C1"); !errors.Is(err, ErrNotAsked) {
		t.Errorf("asking nobody = %v, want ErrNotAsked", err)
	}
	for range 2 {
		// What is left over from a crash is in nobody's way.
		if err := os.WriteFile(filepath.Join(dir, socketName), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- a.inquiries(ctx) }() // until stop
		got, err := Ask(t.Context(), site, "C1")
		for errors.Is(err, ErrNotAsked) && ctx.Err() == nil { // it is not up yet
			got, err = Ask(t.Context(), site, "C1")
		}
		if err != nil || len(got) != 5 {
			t.Fatalf("Ask = %+v, %v", got, err)
		}
		for i, want := range []error{nil, nil, drivers.ErrOffline, nil, syscall.ECONNREFUSED} {
			if want != nil && !errors.Is(got[i].Err, want) || want == nil && errors.Is(got[i].Err, drivers.ErrOffline) {
				t.Errorf("error %d = %v, want one that wraps %v", i, got[i].Err, want)
			}
		}
		if info, err := os.Stat(filepath.Join(dir, socketName)); runtime.GOOS != "windows" && (err != nil || info.Mode().Perm() != 0o600) {
			t.Errorf("socket = %v, %v, want one for its owner only", info.Mode(), err)
		}
		sameWords := cmp.Comparer(func(a, b error) bool { return fmt.Sprint(a) == fmt.Sprint(b) })
		if diff := cmp.Diff(camera.found, got, sameWords); diff != "" {
			t.Errorf("findings (-driver +asked):\n%s", diff)
		}
		if got, err := Ask(t.Context(), site, "G1"); err != nil || len(got) != 1 || got[0].Topic != drivers.TopicMode {
			t.Errorf("Ask G1 = %v, %v, want what the gate's driver found", got, err)
		}
		for _, code := range []string{"L1", "C9", "", "../C1"} {
			if got, err := Ask(t.Context(), site, code); !errors.Is(err, ErrNotAsked) {
				t.Errorf("Ask %q = %v, %v, want ErrNotAsked", code, got, err)
			}
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("inquiries = %v", err)
		}
	}
}
