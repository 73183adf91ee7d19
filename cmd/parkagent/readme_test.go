package main

import (
	"context"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"parkagent/drivers/sim"
	"parkagent/protocol/platform"
)

// commandLines returns the lines of the README's shell blocks, without their
// comments.
func commandLines(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		for line := range strings.Lines(block[1]) {
			line, _, _ = strings.Cut(line, "#")
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// shellWords splits a command line as a shell does, as far as the README needs it.
func shellWords(line string) []string {
	var words []string
	for _, m := range regexp.MustCompile(`"([^"]*)"|(\S+)`).FindAllStringSubmatch(line, -1) {
		words = append(words, m[1]+m[2])
	}
	return words
}

// TestReadmeCommandsWork runs every command that the README tells people to
// run, in its order, in a folder with a configuration of simulated devices.
func TestReadmeCommandsWork(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	lines := commandLines(t)
	ctx, cancel := context.WithCancel(t.Context())
	api := freeAddress(t)
	site, err := sim.OpenSite(ctx, demoSite("http://"+api))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- site.Run(ctx) }() // until cancel
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("site: %v", err)
		}
	}()
	told, err := platform.New(platform.Config{User: demoPlatformUser, Password: demoPlatformPassword, Key: demoPlatformKey, ParkCode: demoParkCode})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(told)
	defer server.Close()
	t.Chdir(t.TempDir())
	text := demoConfig(api, server.Listener.Addr().String(), site.Address, english)
	if err := os.WriteFile("parkagent.toml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, line := range lines {
		args := shellWords(line)
		seen[args[0]]++
		switch args[0] {
		case "make":
			if !strings.Contains(string(makefile), "\n"+args[1]+":") {
				t.Errorf("%s: the Makefile has no such target", line)
			}
		case "parksim":
			// Another program, whose own test runs these lines.
			if args[1] != "platform" && args[1] != "site" || args[2] != "--help" {
				t.Errorf("%s: no test runs it", line)
			}
		case "parkagent":
			runReadmeLine(t, line, args[1:])
		default:
			t.Errorf("%s: no test knows how to run it", line)
		}
	}
	if seen["make"] < 2 || seen["parkagent"] < 10 || seen["parksim"] < 2 {
		t.Errorf("the README has %v commands: were they found?", seen)
	}
}

// runReadmeLine runs one line. What would change this machine is only asked
// for its help; the agent itself is stopped once it has started.
func runReadmeLine(t *testing.T, line string, args []string) {
	t.Helper()
	e, out, errs := testEnv()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	switch args[0] {
	case "service":
		if args[1] != "status" {
			args = append(args, "--help")
		}
	case "operator":
		e.stdin = strings.NewReader("a password of the README's\n")
	case "run":
		e.stderr = &startWatch{errs, stop} // a signal, to it
	}
	status := run(ctx, commands(), args, e)
	want := statusDone
	if args[0] == "service" && args[1] == "status" {
		want = statusFailed // nothing is installed here, and that is what it says
	}
	if args[0] == "run" && !strings.Contains(errs.String(), "agent started") {
		t.Errorf("%s did not start within a minute", line)
	}
	if status != want {
		t.Errorf("%s = %d, want %d\n%s%s", line, status, want, out.String(), errs.String())
	}
}
