package agent

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/config"
	"parkagent/agent/lane"
	"parkagent/agent/panel"
	"parkagent/agent/signs"
	"parkagent/drivers"
	"parkagent/store"
)

// numberBoard is a board of free places. It notes the text of the last line and the
// number.
type numberBoard struct {
	mu    sync.Mutex
	shown []string
	fail  error
}

func (b *numberBoard) Show(_ context.Context, s drivers.Screen) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shown = append(b.shown, strings.TrimSpace(fmt.Sprintf("%s %d %s", s.Lines[len(s.Lines)-1].Text, *s.Free, s.Voice)))
	return b.fail
}

func (b *numberBoard) took() []string {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	shown := b.shown
	b.shown = nil
	return shown
}

func TestBoardsOfNoLaneShowTheFreePlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := store.Open(t.Context(), store.Options{Path: t.TempDir() + "/park.db"})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		site := smallSite(t, t.TempDir())
		all, one := 0, 2
		site.Areas = append(site.Areas, config.Area{Code: 2, Name: "B", Places: 7})
		site.Devices = append(site.Devices, config.Device{Code: "L8", Kind: config.KindDisplay, Area: &all}, config.Device{Code: "L9", Kind: config.KindDisplay, Area: &one})
		road, down := &numberBoard{}, &numberBoard{}
		a, err := New(Config{Site: site, Devices: Devices{
			Gates: map[string]lane.Gate{"G1": stillGate{}}, Cameras: map[string]lane.Camera{"C1": deafCamera{}},
			Displays: map[string]lane.Display{"L8": road, "L9": down},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.syncSite(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		boards, err := a.placeBoards()
		if err != nil || len(boards) != 2 {
			t.Fatalf("%d boards, %v; want both", len(boards), err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := a.watch(ctx, db, a.checks(), boards); err != nil {
				t.Error(err)
			}
		})
		defer func() { cancel(); wg.Wait() }()
		expect := func(what string, got, want []string) {
			t.Helper()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		expect("at the start", road.took(), []string{"空余车位 12 12"})
		expect("of one area", down.took(), []string{"空余车位 7 7"})
		if err := db.Update(t.Context(), func(tx *store.Tx) error {
			if err := tx.ReplaceAreas(t.Context(), []store.Area{{Code: 1, Name: "A", Places: 4}, {Code: 2, Name: "B", Places: 7}}); err != nil {
				return err
			}
			_, err := tx.Append(t.Context(), store.KindSpaces, "", store.SpacesFact{})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		expect("when it changes", road.took(), []string{"空余车位 11 11"})
		expect("elsewhere", down.took(), nil)
		down.mu.Lock()
		down.fail = fmt.Errorf("%w: no answer", drivers.ErrOffline)
		down.mu.Unlock()
		<-time.After(panel.StandAgain + time.Second)
		expect("again, should it have lost its power", road.took(), []string{"空余车位 11 11"})
		for code, want := range map[string]string{"L8": "0", "L9": "1"} {
			if d, err := db.Device(t.Context(), code); err != nil || d.Status != want {
				t.Errorf("%s: status %q, %v; want %q", code, d.Status, err, want)
			}
		}
	})
}

func TestABoardOfFreePlacesSaysANumberOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := store.Open(t.Context(), store.Options{Path: t.TempDir() + "/park.db"})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		site := smallSite(t, t.TempDir())
		all, spoken := 0, "{free} free"
		site.Texts = []signs.Template{{Event: signs.Idle, Lines: []string{"{time}"}, Voice: &spoken}}
		site.Devices = append(site.Devices, config.Device{Code: "L8", Kind: config.KindDisplay, Area: &all})
		road := &numberBoard{}
		a, err := New(Config{Site: site, Devices: Devices{
			Gates: map[string]lane.Gate{"G1": stillGate{}}, Cameras: map[string]lane.Camera{"C1": deafCamera{}}, Displays: map[string]lane.Display{"L8": road},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.syncSite(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		boards, err := a.placeBoards()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := a.watch(ctx, db, a.checks(), boards); err != nil {
				t.Error(err)
			}
		})
		defer func() { cancel(); wg.Wait() }()
		<-time.After(3*placesAgain + time.Second)
		said, times := 0, map[string]bool{}
		shown := road.took()
		for _, s := range shown {
			times[s[:len("08:00")]] = true
			if strings.HasSuffix(s, " free") {
				said++
			}
		}
		if said != 1 || len(times) != 4 {
			t.Errorf("shown and said %q, want four times and the number said once", shown)
		}
	})
}
