package dahua_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers/camera/dahua"
)

func TestGateOptionsAreChecked(t *testing.T) {
	got, err := dahua.ParseGateOptions(map[string]any{
		"camera": "C1", "means": "output", "close": int64(2), "pulse": "1s", "presence": int64(1), "presence_active_low": true, "passage": int64(2), "self_guarded": true,
	})
	want := dahua.GateOptions{Means: dahua.MeansOutput, Open: 1, Close: 2, Pulse: time.Second, SelfGuarded: true,
		Presence: &dahua.Input{Number: 1, ActiveLow: true}, Passage: &dahua.Input{Number: 2}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("options differ (-want +got):\n%s%v", diff, err)
	}
	tests := []struct {
		name  string
		table map[string]any
		want  string
	}{
		{"an unknown option", map[string]any{"opne": int64(1)}, `unknown option "opne"`},
		{"means that are none", map[string]any{"means": "relay"}, "strobe, output"},
		{"an output for the strobe", map[string]any{"open": int64(1)}, `"open"`},
		{"a polarity without an input", map[string]any{"presence_active_low": true}, "no presence input"},
		{"one output for two things", map[string]any{"means": "output", "open": int64(1), "close": int64(1)}, "relay 1 is open already"},
		{"one input for two things", map[string]any{"presence": int64(1), "passage": int64(1)}, "input 1 is presence already"},
		{"a pulse that holds", map[string]any{"means": "output", "pulse": "6s"}, "pulse"},
	}
	for _, tt := range tests {
		if _, err := dahua.ParseGateOptions(tt.table); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error = %v, want %s in it", tt.name, err, tt.want)
		}
	}
	if _, err := dahua.NewGate(dahua.GateConfig{Device: "G1", Camera: newCamera(t, dahua.Config{})}); err == nil {
		t.Error("a gate at a camera without a link was taken")
	}
}
