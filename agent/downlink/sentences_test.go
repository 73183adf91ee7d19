package downlink_test

import (
	"os"
	"regexp"
	"testing"

	"parkagent/agent/downlink"
)

func TestNoSentenceIsLeftOutOfTheList(t *testing.T) {
	source, err := os.ReadFile("texts.go")
	if err != nil {
		t.Fatal(err)
	}
	// sayBadLogin is the protocol's.
	written := regexp.MustCompile(`(?m)^\tsay\w+ += sentence\{"[^"]*", "([^"]*)", "([^"]*)"\}$`).FindAllSubmatch(source, -1)
	listed := map[[2]string]bool{}
	for _, s := range downlink.Sentences() {
		if listed[s] {
			t.Errorf("listed twice: %q", s)
		}
		listed[s] = true
	}
	for _, m := range written {
		if s := [2]string{string(m[1]), string(m[2])}; !listed[s] {
			t.Errorf("not listed: %q", s)
		}
	}
	if len(written) != len(listed) {
		t.Errorf("%d sentences are listed and %d are written", len(listed), len(written))
	}
	if again := regexp.MustCompile(`sentence\{"`).FindAll(source, -1); len(again) != len(written)+1 {
		t.Errorf("of %d sentences only %d were understood, want all but sayBadLogin", len(again), len(written))
	}
}
