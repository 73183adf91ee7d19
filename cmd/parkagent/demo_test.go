package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// TestDemoPlaysADayAndItsBooksAgree is the main job end to end: every device,
// the platform and the agent are real sockets, and the day fails unless each
// car's gate opened once and the platform's sums equal the store's.
func TestDemoPlaysADayAndItsBooksAgree(t *testing.T) {
	if testing.Short() {
		t.Skip("plays for about 20 s")
	}
	t.Parallel()
	var out, log bytes.Buffer
	err := runDemo(t.Context(), demoOptions{out: &out, lang: english, log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatalf("runDemo = %v\n%s\n%s", err, out.String(), log.String())
	}
	n := len(visits())
	for _, want := range []struct {
		text  string
		times int
	}{
		{" enters at IN1", n}, {" leaves at OUT1", n / 2}, {" leaves at OUT2", n / 2},
		{"the platform goes away", 1}, {"the platform is back", 1}, {"recorded, nothing opens", 1}, {"The books agree.", 1},
	} {
		if got := strings.Count(out.String(), want.text); got != want.times {
			t.Errorf("%q stands %d times in the output, want %d", want.text, got, want.times)
		}
	}
	if n < 20 {
		t.Errorf("the day has %d cars, want at least 20", n)
	}
	if !strings.Contains(log.String(), "reports wait") {
		t.Error("the log does not tell of the platform's absence: the outage was none")
	}
	for _, secret := range []string{demoPlatformPassword, demoPlatformKey, demoClientPassword, demoClientKey, "demo-camera"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log shows the secret %q", secret)
		}
	}
}
