package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAFullLogIsPutAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "parkagent.log")
	for range 2 { // the second time it is there already
		l, err := openLog(path, 12)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"one\n", "two\n", "three\n"} {
			if _, err := l.Write([]byte(line)); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{path: "two\nthree\n", path + ".1": "three\none\n"} {
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s = %q, %v, want %q", filepath.Base(name), got, err, want)
		}
	}
}

func TestRunLogsToAFile(t *testing.T) {
	path := siteWith(t, "")
	name := filepath.Join(t.TempDir(), "parkagent.log")
	ctx, stop := context.WithCancel(t.Context())
	e, _, errs := testEnv()
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, commands(), []string{"run", "--config", path, "--log-file", name}, e) }()
	stop() // the agent notices when it has started
	if status := <-ended; status != statusDone && status != statusFailed {
		t.Errorf("run = %d: %s", status, errs.String())
	}
	if _, err := os.Stat(name); err != nil {
		t.Errorf("run made no log: %v", err)
	}
	if strings.Contains(errs.String(), "level=") {
		t.Errorf("run logs to stderr as well: %s", errs.String())
	}
	dir := t.TempDir()
	status, _, stderr := say(t, "run", "--config", path, "--log-file", dir)
	if status != 1 || !strings.Contains(stderr, "the log file "+dir+" cannot be written") {
		t.Errorf("run with a folder for a log = %d: %s", status, stderr)
	}
}
