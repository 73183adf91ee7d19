package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/protocol"
	"parkagent/protocol/platform"
	"parkagent/store"
)

// heldOf returns what mall holds back beside the configuration.
func heldOf(t *testing.T, config string) []store.Outcome {
	t.Helper()
	v := must(store.OpenView(t.Context(), filepath.Join(filepath.Dir(config), "data", "park.db")))(t)
	defer func() { _ = v.Close() }() // it only looked
	return must(v.Held(t.Context(), "mall"))(t)
}

func TestQueueRetryAndDropDecideWhatIsHeld(t *testing.T) {
	const behind = "behind 1"
	tests := []struct {
		name, line, said string
		want             []store.Outcome
	}{
		{
			"all that is dead, again", "retry mall", "mall: number 1 (entry 粤B…45) is sent again.\n",
			[]store.Outcome{{Seq: 1, Key: "粤B12345", Reason: "resCode 1: 车场不存在"}, {Seq: 2, Key: "粤B12345", Reason: behind}},
		},
		{
			"one that is dead, again", "retry mall 1", "mall: number 1 (entry 粤B…45) is sent again.\n",
			[]store.Outcome{{Seq: 1, Key: "粤B12345", Reason: "resCode 1: 车场不存在"}, {Seq: 2, Key: "粤B12345", Reason: behind}},
		},
		{
			"one that waits, at once", "retry mall 2", "mall: number 2 (entry 粤B…45) is sent again.\n",
			[]store.Outcome{{Seq: 1, Key: "粤B12345", Verdict: store.Reject, Attempts: 20, Reason: "resCode 1: 车场不存在"}, {Seq: 2, Key: "粤B12345", Reason: behind}},
		},
		{
			"one given up", "drop mall 1", "mall: number 1 (entry 粤B…45) is given up.\n",
			[]store.Outcome{{Seq: 2, Key: "粤B12345", Reason: behind}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := siteWith(t, twoPlatforms)
			later := heldBooks(t, config) // they are open, as under a running agent
			if tt.line != "retry mall 2" {
				tt.want[len(tt.want)-1].NotBefore = later
			}
			status, stdout, stderr := say(t, append([]string{"queue", "--config", config}, strings.Fields(tt.line)...)...)
			if status != 0 || stdout != tt.said || stderr != "" {
				t.Errorf("queue %s = %d: %s%s, want 0 and %q", tt.line, status, stdout, stderr, tt.said)
			}
			if diff := cmp.Diff(tt.want, heldOf(t, config)); diff != "" {
				t.Errorf("held (-want +got):\n%s", diff)
			}
		})
	}
}

func TestQueueRetryOfNothingIsDone(t *testing.T) {
	config := siteWith(t, twoPlatforms)
	heldBooks(t, config)
	if status, stdout, stderr := say(t, "queue", "retry", "city", "--config", config); status != 0 || stdout != "city: nothing is dead.\n" {
		t.Errorf("queue retry city = %d: %s%s", status, stdout, stderr)
	}
}

func TestQueueDecidesNothingByMistake(t *testing.T) {
	config := siteWith(t, twoPlatforms)
	heldBooks(t, config)
	before := heldOf(t, config)
	tests := []struct {
		line   string
		status int
		said   string
	}{
		{"", 2, "say list, retry or drop"},
		{"lose mall 1", 2, "say list, retry or drop"},
		{"retry", 2, "say which platform"},
		{"drop", 2, "say which platform and which number"},
		{"drop mall", 2, "say which platform and which number"},
		{"drop mall 1 2", 2, `"2" is one word too many`},
		{"drop mall all", 2, `"all" is no number of a report`},
		{"drop mall 0", 2, `"0" is no number of a report`},
		{"drop mall 99999999999999999999", 2, "is no number of a report"},
		{"retry mall 1 --json", 2, "--json goes with list only"},
		{"retry town", 2, `the configuration has no platform "town", only mall, city`},
		{"drop mall 3", 1, "mall holds back no number 3; see queue list"},
		{"drop city 1", 1, "city holds back no number 1; see queue list"},
		{"retry mall 3", 1, "mall holds back no number 3; see queue list"},
	}
	for _, tt := range tests {
		status, stdout, stderr := say(t, append([]string{"queue", "--config", config}, strings.Fields(tt.line)...)...)
		if status != tt.status || stdout != "" || !strings.Contains(stderr, tt.said) {
			t.Errorf("queue %s = %d: %s%s, want %d and %q", tt.line, status, stdout, stderr, tt.status, tt.said)
		}
	}
	if diff := cmp.Diff(before, heldOf(t, config)); diff != "" {
		t.Errorf("held (-before +after):\n%s", diff)
	}
}

func TestQueueDecidesOnNoBooks(t *testing.T) {
	config := siteWith(t, twoPlatforms)
	for _, line := range []string{"retry mall", "drop mall 1"} {
		status, stdout, stderr := say(t, append([]string{"queue", "--config", config}, strings.Fields(line)...)...)
		if status != 1 || stdout != "" || !strings.Contains(stderr, "the agent has not run with this configuration") {
			t.Errorf("queue %s without books = %d: %s%s", line, status, stdout, stderr)
		}
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(config), "data")); err == nil {
		t.Error("it made the data folder")
	}
}

// TestQueueRetryReachesARunningAgent sets the report of an entry aside as dead, as
// after many refusals, and lets a person retry it.
func TestQueueRetryReachesARunningAgent(t *testing.T) {
	if testing.Short() {
		t.Skip("waits 10 s until the agent looks at what is held")
	}
	t.Parallel()
	p := openPark(t, parkPlan{})
	p.enter("粤B12345")
	reported[protocol.CarIn](p, "mall", 1)
	seq := must(p.view().LatestSeq(t.Context(), store.KindEntry, "粤B12345"))(t)
	p.stop()
	db := must(store.Open(t.Context(), store.Options{Path: filepath.Join(p.dir, "park.db")}))(t)
	dead := []store.Outcome{{Seq: seq, Key: "粤B12345", Verdict: store.Reject, Attempts: 20, Reason: "resCode 1"}}
	if err := errors.Join(db.Settle(t.Context(), "mall", seq, dead), db.Close()); err != nil {
		t.Fatal(err)
	}
	p.start()
	path := filepath.Join(p.root, "flow.toml")
	if err := os.WriteFile(path, []byte(p.text), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, stdout, stderr := say(t, "queue", "retry", "mall", "--config", path); status != 0 || !strings.Contains(stdout, "is sent again") {
		t.Fatalf("queue retry mall = %d: %s%s", status, stdout, stderr)
	}
	p.within(time.Minute, "the report is sent again", func() bool {
		return slices.ContainsFunc(p.platforms["mall"].Records(), func(r platform.Record) bool {
			_, entered := r.Message.(protocol.CarIn)
			return entered && r.Duplicate
		})
	})
	books := p.view()
	held := func() []store.Outcome { return must(books.Held(t.Context(), "mall"))(t) }
	p.eventually("nothing is held", func() bool { return len(held()) == 0 })
}
