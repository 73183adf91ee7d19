package display

import (
	"strings"
	"testing"
)

func TestOptionsAreReadStrictly(t *testing.T) {
	tests := []struct {
		name  string
		table map[string]any
		want  FangkongOptions
		fault string // in the error; empty: none
	}{
		{"none", nil, FangkongOptions{Lines: 2, Voice: true}, ""},
		{"all", map[string]any{"lines": int64(4), "address": int64(9), "ack": true, "voice": false, "one_frame": true}, FangkongOptions{Lines: 4, Address: 9, Ack: true, OneFrame: true}, ""},
		{"an unknown one", map[string]any{"line": int64(2)}, FangkongOptions{}, `unknown option "line"`},
		{"too many lines", map[string]any{"lines": int64(9)}, FangkongOptions{}, `"lines": 9 is not from 1 to 8`},
		{"a number as text", map[string]any{"address": "1"}, FangkongOptions{}, `"address": want a whole number`},
		{"a word for yes", map[string]any{"ack": "yes"}, FangkongOptions{}, `"ack": want true or false`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseFangkongOptions(tt.table)
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) {
					t.Fatalf("error = %v, want one with %q", err, tt.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("options = %+v, want %+v", got, tt.want)
			}
		})
	}
}
