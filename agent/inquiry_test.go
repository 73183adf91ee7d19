package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
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
	}}
	a := &Agent{log: slog.New(slog.DiscardHandler), cfg: Config{Site: site, Devices: Devices{
		Cameras: map[string]lane.Camera{"C1": camera}, Displays: map[string]lane.Display{"L1": darkPanel{}},
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
		if err != nil || len(got) != 4 || !errors.Is(got[2].Err, drivers.ErrOffline) || errors.Is(got[3].Err, drivers.ErrOffline) {
			t.Fatalf("Ask = %+v, %v", got, err)
		}
		sameWords := cmp.Comparer(func(a, b error) bool { return fmt.Sprint(a) == fmt.Sprint(b) })
		if diff := cmp.Diff(camera.found, got, sameWords); diff != "" {
			t.Errorf("findings (-driver +asked):\n%s", diff)
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
