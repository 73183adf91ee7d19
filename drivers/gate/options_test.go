package gate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers/gate"
)

func TestParseRelayOptionsReadsWhatAFileSays(t *testing.T) {
	tests := []struct {
		name    string
		options map[string]any
		want    gate.RelayOptions
	}{
		{"the shortest", map[string]any{"open": int64(0)}, gate.RelayOptions{Unit: 1}},
		{"two contacts", map[string]any{"unit": int64(3), "open": int64(0), "close": int64(1)}, gate.RelayOptions{Unit: 3, Close: number(1)}},
		{"everything", map[string]any{
			"unit": int64(254), "open": int64(4), "close": int64(5), "hold": int64(6), "pulse": "700ms", "pulse_mode": "waveshare",
			"presence": int64(0), "presence_active_low": true, "limit_open": int64(1), "limit_close": int64(2), "limit_close_active_low": true,
			"self_guarded": true, "passage": int64(3), "passage_active_low": true,
		}, gate.RelayOptions{
			Unit: 254, Open: 4, Close: number(5), HoldCoil: number(6), Pulse: 700 * time.Millisecond, PulseMode: gate.PulseWaveshare,
			Presence: &gate.Input{Number: 0, ActiveLow: true}, LimitOpen: &gate.Input{Number: 1}, LimitClose: &gate.Input{Number: 2, ActiveLow: true},
			SelfGuarded: true, Passage: &gate.Input{Number: 3, ActiveLow: true},
		}},
	}
	for _, tt := range tests {
		got, err := gate.ParseRelayOptions(tt.options)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestParseRelayOptionsNamesWhatIsWrong(t *testing.T) {
	tests := []struct {
		option string
		value  any
		want   string
	}{
		{"open", "0", `option open: "0" is not a whole number`},
		{"open", int64(-1), "option open: -1"},
		{"open", 1.5, "option open: 1.5"},
		{"unit", int64(0), "option unit: 0 means every board"},
		{"unit", int64(256), "option unit: 256"},
		{"close", int64(0), "relay 0 is close already"},
		{"pulse", int64(500), `option pulse: 500 is not a time such as "500ms"`},
		{"pulse", "550ms", "option pulse: 550ms"},
		{"pulse", "1m", "option pulse: 1m0s"},
		{"pulse_mode", "toggle", `unknown mode "toggle"`},
		{"pulse_mode", int64(1), "option pulse_mode: 1 is not a text"},
		{"self_guarded", "yes", `option self_guarded: "yes" is neither true nor false`},
		{"presence_active_low", true, "there is no presence input"},
		{"passage", int64(1), "input 1 is limit_open already"},
		{"passage_active_low", true, "there is no passage input"},
		{"limit_close", int64(1), "input 1 is limit_close already"},
		{"presense", int64(0), "option presense: is unknown"},
		{"hold", int64(5000), "more than 2000 apart"},
	}
	for _, tt := range tests {
		options := map[string]any{"open": int64(0), "limit_open": int64(1)}
		options[tt.option] = tt.value
		_, err := gate.ParseRelayOptions(options)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s = %v: error %v, want one with %q", tt.option, tt.value, err, tt.want)
		}
	}
	if _, err := gate.ParseRelayOptions(nil); err == nil || !strings.Contains(err.Error(), "option open: is missing") {
		t.Errorf("no options: error %v, want open to be missing", err)
	}
}
