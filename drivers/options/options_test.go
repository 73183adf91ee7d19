package options

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMistakesAreToldTogether(t *testing.T) {
	o := Read(map[string]any{
		"token": "x", "channel": int64(99), "mode": "fast", "zeal": true, "name": 3, "wait": "soon", "far": "2h",
		"on": "yes", "list": []any{"a", 1}, "paths": map[string]any{"plate": 1, "odd": 2}, "flat": "x", "count": 1.5,
	}, "token")
	o.Int("channel", 1, 1, 64)
	o.Int("count", 1, 1, 64)
	o.Choice("mode", "slow", "steady")
	o.Text("name", "")
	o.Duration("wait", 0, 0, time.Hour)
	o.Duration("far", 0, 0, time.Hour)
	o.Bool("on", false)
	o.Texts("list")
	o.Table("flat")
	paths := o.Table("paths")
	paths.Text("plate", "")
	paths.Unknown()
	o.Fail("name", "the driver knows %d better", 1)
	var got []string
	if err := o.Err(); err != nil {
		got = strings.Split(err.Error(), "\n")
	}
	want := []string{
		`option "channel": 99 is not from 1 to 64`,
		`option "count": want a whole number from 1 to 64, have 1.5`,
		`option "mode": "fast" is not one of slow, steady`,
		`option "name": want text, have 3`,
		`option "wait": "soon" is not a time such as "500ms"`,
		`option "far": 2h0m0s is not from 0s to 1h0m0s`,
		`option "on": want true or false, have "yes"`,
		`option "list": want a list of texts, have [a 1]`,
		`option "flat": want a table in braces, have "x"`,
		`option "paths.plate": want text, have 1`,
		`unknown option "paths.odd": want one of plate`,
		`option "name": the driver knows 1 better`,
		`unknown option "zeal": want one of channel, count, far, flat, list, mode, name, on, paths, token, wait`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mistakes differ (-want +got):\n%s", diff)
	}
}

func TestOptionsHaveDefaults(t *testing.T) {
	o := Read(nil)
	got := []any{
		o.Int("channel", 1, 1, 64), o.Choice("mode", "slow", "steady"), o.Text("name", "n"), o.Bool("on", true),
		o.Duration("wait", time.Second, 0, time.Hour), o.Texts("list"), o.Table("paths").Text("plate", "p"), o.Given("channel"),
	}
	want := []any{int64(1), "slow", "n", true, time.Second, []string(nil), "p", false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults differ (-want +got):\n%s", diff)
	}
	if err := o.Err(); err != nil {
		t.Errorf("Err = %v, want nil", err)
	}
}

func TestOptionsAreRead(t *testing.T) {
	o := Read(map[string]any{
		"channel": 3, "mode": "steady", "on": false, "wait": "250ms", "list": []any{"a", "b"}, "paths": map[string]any{"plate": "x.y"},
	})
	got := []any{
		o.Int("channel", 1, 1, 64), o.Choice("mode", "slow", "steady"), o.Bool("on", true),
		o.Duration("wait", 0, 0, time.Hour), o.Texts("list"), o.Table("paths").Text("plate", ""), o.Given("channel"),
	}
	want := []any{int64(3), "steady", false, 250 * time.Millisecond, []string{"a", "b"}, "x.y", true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("options differ (-want +got):\n%s", diff)
	}
	if err := o.Err(); err != nil {
		t.Errorf("Err = %v, want nil", err)
	}
}

func TestAnOptionThatWasAskedForIsKnown(t *testing.T) {
	o := Read(map[string]any{"close": int64(1), "opne": int64(0)})
	if !o.Given("close") || o.Given("open") {
		t.Error("Given does not tell what is there")
	}
	if err := o.Err(); err == nil || err.Error() != `unknown option "opne": want one of close, open` {
		t.Errorf("Err = %v, want opne only", err)
	}
	if err := Read(map[string]any{"unit": int64(1)}).Err(); err == nil || err.Error() != `unknown option "unit"` {
		t.Errorf("Err of a device without options = %v", err)
	}
}
