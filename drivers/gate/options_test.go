package gate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers/gate"
)

func TestParseRelayOptionsReadsWhatAFileSays(t *testing.T) {
	coils := gate.RelayOptions{Model: "coils", Unit: 1, Pulse: 500 * time.Millisecond, PulseMode: gate.PulseCoil, PresenceAge: 500 * time.Millisecond}
	tests := []struct {
		name    string
		options map[string]any
		want    func(o *gate.RelayOptions)
	}{
		{"the shortest", map[string]any{"open": int64(0)}, func(*gate.RelayOptions) {}},
		{"two contacts", map[string]any{"unit": int64(3), "open": int64(0), "close": int64(1)}, func(o *gate.RelayOptions) { o.Unit, o.Close = 3, number(1) }},
		{"everything", map[string]any{
			"unit": int64(254), "open": int64(4), "close": int64(5), "hold": int64(6), "stop": int64(7), "pulse": "700ms", "pulse_mode": "waveshare",
			"open_active_low": true, "close_active_low": true, "hold_active_low": true, "stop_active_low": true,
			"presence": int64(0), "presence_active_low": true, "limit_open": int64(1), "limit_close": int64(2), "limit_close_active_low": true,
			"self_guarded": true, "passage": int64(3), "passage_active_low": true,
			"quiet": "20ms", "inputs": int64(8), "travel": "6s", "presence_age": "200ms",
		}, func(o *gate.RelayOptions) {
			*o = gate.RelayOptions{
				Model: "coils", Unit: 254, Open: 4, Close: number(5), HoldCoil: number(6), Stop: number(7), Pulse: 700 * time.Millisecond, PulseMode: gate.PulseWaveshare,
				OpenActiveLow: true, CloseActiveLow: true, HoldActiveLow: true, StopActiveLow: true,
				Presence: &gate.Input{Number: 0, ActiveLow: true}, LimitOpen: &gate.Input{Number: 1}, LimitClose: &gate.Input{Number: 2, ActiveLow: true},
				SelfGuarded: true, Passage: &gate.Input{Number: 3, ActiveLow: true},
				Quiet: 20 * time.Millisecond, Inputs: 8, Travel: 6 * time.Second, PresenceAge: 200 * time.Millisecond,
			}
		}},
		{"a model brings its address and its pulse", map[string]any{"model": "jydam", "open": int64(0)}, func(o *gate.RelayOptions) { o.Model, o.Unit, o.PulseMode = "jydam", 0xfe, gate.PulseJYDAM }},
		{"what is given goes before the model", map[string]any{"model": "waveshare", "unit": int64(7), "pulse_mode": "coil", "open": int64(0)}, func(o *gate.RelayOptions) { o.Model, o.Unit = "waveshare", 7 }},
	}
	for _, tt := range tests {
		got, err := gate.ParseRelayOptions(tt.options)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		want := coils
		tt.want(&want)
		if diff := cmp.Diff(want, got); diff != "" {
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
		{"open", "0", `option "open": want a whole number from 0 to 65535, have "0"`},
		{"open", int64(-1), `option "open": -1`},
		{"open", 1.5, `option "open": want a whole number`},
		{"unit", int64(0), `option "unit": 0 means every board`},
		{"unit", int64(256), `option "unit": 256`},
		{"close", int64(0), "relay 0 is close already"},
		{"stop", int64(0), `option "stop": relay 0 is open already`},
		{"pulse", int64(500), `option "pulse": 500 is not a time such as "500ms"`},
		{"pulse", "550ms", `option "pulse": 550ms`},
		{"pulse", "1m", `option "pulse": 1m0s`},
		{"pulse_mode", "toggle", `unknown mode "toggle"`},
		{"pulse_mode", int64(1), `option "pulse_mode": want text, have 1`},
		{"model", "acme", `option "model": "acme" is not one of coils, waveshare, `},
		{"self_guarded", "yes", `option "self_guarded": want true or false, have "yes"`},
		{"presence_active_low", true, "there is no presence input"},
		{"stop_active_low", true, "there is no stop relay"},
		{"close_active_low", true, "there is no close relay"},
		{"passage", int64(1), "input 1 is limit_open already"},
		{"passage_active_low", true, "there is no passage input"},
		{"limit_close", int64(1), "input 1 is limit_close already"},
		{"inputs", int64(1), `option "limit_open": input 1 is not from 0 to 0`},
		{"presense", int64(0), `unknown option "presense"`},
		{"hold", int64(5000), "more than 2000 apart"},
		{"travel", "1ms", `option "travel": 1ms is not from 1s to 2m0s`},
		{"presence_age", "1m", `option "presence_age": 1m0s is not from 50ms to 5s`},
		{"quiet", "2s", `option "quiet": 2s is not from 0s to 1s`},
	}
	for _, tt := range tests {
		options := map[string]any{"open": int64(0), "limit_open": int64(1)}
		options[tt.option] = tt.value
		_, err := gate.ParseRelayOptions(options)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s = %v: error %v, want one with %q", tt.option, tt.value, err, tt.want)
		}
	}
	if _, err := gate.ParseRelayOptions(nil); err == nil || !strings.Contains(err.Error(), `option "open": is missing`) {
		t.Errorf("no options: error %v, want open to be missing", err)
	}
	bare := map[string]any{"open": int64(0), "close": int64(1), "close_active_low": true, "presence": int64(0)}
	if _, err := gate.ParseRelayOptions(bare); err == nil || !strings.Contains(err.Error(), "a board without power would close the arm") {
		t.Errorf("a close relay that rests on: error %v", err)
	}
	if _, err := gate.ParseRelayOptions(map[string]any{"model": "waveshare", "open": int64(32)}); err == nil || !strings.Contains(err.Error(), "relay 32 is not from 0 to 31") {
		t.Errorf("a relay that the model does not have: error %v", err)
	}
}

// What any model in the table gets without a line of code of its own.
func TestEveryModelIsParsedByItsNameAlone(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range gate.Models() {
		o, err := gate.ParseRelayOptions(map[string]any{"model": m.Name, "open": int64(0)})
		if err != nil || o.Unit != m.Unit || o.PulseMode != m.Pulse || o.Quiet != m.Quiet || o.Inputs != m.Inputs || m.Unit == 0 {
			t.Errorf("model %s: options %+v, %v, want what its entry says: %+v", m.Name, o, err, m)
		}
		if m.Name == "" || seen[m.Name] {
			t.Errorf("model %q: a name must be there, and once", m.Name)
		}
		seen[m.Name] = true
		if m.Relays > 0 {
			if _, err := gate.ParseRelayOptions(map[string]any{"model": m.Name, "open": int64(m.Relays)}); err == nil {
				t.Errorf("model %s: relay %d of %d was taken", m.Name, m.Relays, m.Relays)
			}
		}
	}
}
