package agent

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"parkagent/agent/config"
)

func TestRunningTellsWhoWorksOnTheData(t *testing.T) {
	dir := t.TempDir()
	site := &config.Config{Store: config.Store{Dir: filepath.Join(dir, "data")}}
	ask := func(want bool) {
		t.Helper()
		if got, err := Running(site); got != want || err != nil {
			t.Errorf("Running = %t, %v, want %t", got, err, want)
		}
	}
	ask(false)
	if _, err := os.Stat(site.Store.Dir); err == nil {
		t.Error("asking made the data folder")
	}
	if err := os.Mkdir(site.Store.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	lock, err := lockFile(filepath.Join(site.Store.Dir, lockName))
	if err != nil {
		t.Fatal(err)
	}
	ask(true)
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	ask(false)
	if lock, err = lockFile(filepath.Join(site.Store.Dir, lockName)); errors.Is(err, ErrInUse) {
		t.Error("asking kept the lock")
	}
	if err := lock.Close(); err != nil {
		t.Error(err)
	}
}

// doctor may look just when the service starts.
func TestAnAgentStartsWhileSomebodyLooksWhetherItIsThere(t *testing.T) {
	site := &config.Config{Store: config.Store{Dir: t.TempDir()}}
	a := &Agent{cfg: Config{Site: site}}
	looking, err := lockFile(filepath.Join(site.Store.Dir, lockName))
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(lockPause, func() { _ = looking.Close() })
	lock, err := a.lock(t.Context())
	if err != nil {
		t.Fatalf("lock = %v, want it when the other is done", err)
	}
	if _, err := a.lock(t.Context()); !errors.Is(err, ErrInUse) {
		t.Errorf("a second lock = %v, want ErrInUse", err)
	}
	if err := lock.Close(); err != nil {
		t.Error(err)
	}
}
