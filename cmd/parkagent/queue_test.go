package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

const twoPlatforms = `
[[platform]]
name = "mall"
url = "http://127.0.0.1:1/park"
user = "park"
password = "p"
key = "0123456789abcdef"

[[platform]]
name = "city"
url = "http://127.0.0.1:2/park"
user = "park"
password = "p"
key = "0123456789abcdef"
`

// written is when the books of heldBooks were: 11:30 in Shanghai.
var written = time.Date(2026, 3, 1, 3, 30, 0, 0, time.UTC)

// heldBooks makes books beside the configuration: four rows, of which mall has
// dealt with three, one dead and one waiting. The books stay open, as under a
// running agent.
func heldBooks(t *testing.T, config string) time.Time {
	t.Helper()
	later := time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)
	db, err := store.Open(t.Context(), store.Options{Now: func() time.Time { return written }, Path: filepath.Join(filepath.Dir(config), "data", "park.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	err = db.Update(t.Context(), func(tx *store.Tx) error {
		for _, plate := range []string{"粤B12345", "粤B12345", "京A1", ""} {
			if _, err := tx.Append(context.Background(), store.KindEntry, plate, store.StayFact{Plate: plate}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Settle(t.Context(), "mall", 3, []store.Outcome{
		{Seq: 1, Key: "粤B12345", Verdict: store.Reject, Attempts: 20, Reason: "resCode 1: 车场不存在"},
		{Seq: 2, Key: "粤B12345", Verdict: store.Keep, NotBefore: later, Reason: "behind 1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return later
}

func TestQueueListShowsWhatIsHeld(t *testing.T) {
	config := siteWith(t, twoPlatforms)
	heldBooks(t, config)
	status, stdout, stderr := say(t, "queue", "list", "--config", config)
	want := `mall: told up to 3 of 4, behind 1, waiting 1, dead 1, the oldest of 2026-03-01 11:30:00
  seq  kind   key      state    refused  not before           reason
  1    entry  粤B…45  dead     20       -                    resCode 1: 车场不存在
  2    entry  粤B…45  waiting  0        2026-03-01 12:00:00  behind 1
city: never told anything; there are 4 rows, the oldest of 2026-03-01 11:30:00
`
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if diff := cmp.Diff(squeeze(want), squeeze(stdout)); status != 0 || diff != "" {
		t.Errorf("queue list = %d, %s (-want +got):\n%s", status, stderr, diff)
	}
	if strings.Contains(stdout, "12345") {
		t.Error("the list shows a whole plate")
	}
}

func TestQueueListForScripts(t *testing.T) {
	config := siteWith(t, twoPlatforms)
	later := heldBooks(t, config)
	status, stdout, stderr := say(t, "queue", "list", "--json", "--config", config)
	var got []queue
	if err := json.Unmarshal([]byte(stdout), &got); status != 0 || err != nil {
		t.Fatalf("queue list --json = %d, %v: %s%s", status, err, stdout, stderr)
	}
	want := []queue{
		{Platform: "mall", Met: true, Cursor: 3, Head: 4, Behind: 1, Oldest: &written, Waiting: 1, Dead: 1, Held: []heldEntry{
			{Seq: 1, Kind: "entry", Key: "粤B…45", Dead: true, Attempts: 20, Reason: "resCode 1: 车场不存在"},
			{Seq: 2, Kind: "entry", Key: "粤B…45", NotBefore: &later, Reason: "behind 1"},
		}},
		{Platform: "city", Head: 4, Behind: 4, Oldest: &written, Held: []heldEntry{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("queues (-want +got):\n%s", diff)
	}
}

func TestQueueListNeverMakesBooks(t *testing.T) {
	config := siteWith(t, twoPlatforms)
	status, stdout, stderr := say(t, "queue", "list", "--config", config)
	if status != 1 || stdout != "" || !strings.Contains(stderr, "the agent has not run with this configuration") {
		t.Errorf("queue list without books = %d: %s%s", status, stdout, stderr)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(config), "data")); err == nil {
		t.Error("queue list made the data folder")
	}
	if status, _, stderr := say(t, "queue", "--config", config); status != 2 || !strings.Contains(stderr, "say list") {
		t.Errorf("queue = %d: %s", status, stderr)
	}
	if status, _, stderr := say(t, "queue", "list", "all", "--config", config); status != 2 || !strings.Contains(stderr, "one word too many") {
		t.Errorf("queue list all = %d: %s", status, stderr)
	}
}
