package display

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOptionsAreReadStrictly(t *testing.T) {
	const gap = 50 * time.Millisecond
	tests := []struct {
		name, driver string
		table        map[string]any
		want         Options
		faults       []string // in the error; none: no error
	}{
		{"a Fangkong card's defaults", "fangkong", nil, FangkongOptions{Lines: 2, Voice: true, Gap: gap}, nil},
		{"all of a Fangkong card", "fangkong",
			map[string]any{"lines": int64(4), "address": int64(9), "ack": true, "voice": false, "one_frame": true, "gap": "120ms"},
			FangkongOptions{Lines: 4, Address: 9, Ack: true, OneFrame: true, Gap: 120 * time.Millisecond}, nil},
		{"a Fangkong card's mistakes", "fangkong", map[string]any{"line": int64(2), "lines": int64(9), "address": "1", "ack": "yes"}, nil,
			[]string{`unknown option "line"`, `"lines": 9 is not from 1 to 8`, `"address": want a whole number`, `"ack": want true or false`}},
		{"an AA55 card's defaults", "huaxia-led", nil, HuaxiaOptions{Lines: 4, Address: 0x64, Voice: true, Gap: gap}, nil},
		{"all of an AA55 card", "huaxia-led",
			map[string]any{"lines": int64(2), "address": int64(7), "voice": false, "gap": "1s", "phrases": map[string]any{"请稍候": int64(12), "谢谢": int64(0)}},
			HuaxiaOptions{Lines: 2, Address: 7, Phrases: map[string]byte{"请稍候": 12, "谢谢": 0}, Gap: time.Second}, nil},
		{"an AA55 card's mistakes", "huaxia-led", map[string]any{"lines": int64(5), "address": int64(0), "ack": true, "phrases": map[string]any{"请稍候": int64(300)}}, nil,
			[]string{`"lines": 5 is not from 1 to 4`, `"address": 0 is not from 1 to 255`, `unknown option "ack"`, `"phrases.请稍候": 300 is not from 0 to 255`}},
		{"phrases that are no table", "huaxia-led", map[string]any{"phrases": "请稍候"}, nil, []string{`"phrases": want a table`}},
		{"an Onbon card's defaults", "onbon", nil, OnbonOptions{Model: "bx-6k", Width: 64, Height: 32, Lines: 2, Address: 1, Colors: true, Volume: 5, Gap: gap}, nil},
		{"all of an Onbon card", "onbon",
			map[string]any{"model": "bx-5k", "width": int64(128), "height": int64(64), "lines": int64(3), "address": int64(258), "ack": true, "colors": false, "voice": true, "volume": int64(10)},
			OnbonOptions{Model: "bx-5k", Width: 128, Height: 64, Lines: 3, Address: 258, Ack: true, Voice: true, Volume: 10, Gap: gap}, nil},
		{"an Onbon card's height goes with its lines", "onbon", map[string]any{"lines": int64(4)},
			OnbonOptions{Model: "bx-6k", Width: 64, Height: 64, Lines: 4, Address: 1, Colors: true, Volume: 5, Gap: gap}, nil},
		{"eight lines and a slow card", "fangkong", map[string]any{"lines": int64(8), "gap": "600ms"}, nil,
			[]string{`"gap": 600ms between 9 frames takes longer than a screen may; 500ms is the most`}},
		{"eight lines in one frame", "fangkong", map[string]any{"lines": int64(8), "gap": "1s", "one_frame": true}, FangkongOptions{Lines: 8, Voice: true, OneFrame: true, Gap: time.Second}, nil},
		{"eight lines and a slow Onbon card", "onbon", map[string]any{"lines": int64(8), "gap": "1s"}, nil,
			[]string{`"gap": 1s between 8 frames takes longer than a screen may; 570ms is the most`}},
		{"an Onbon panel that is too low", "onbon", map[string]any{"lines": int64(2), "height": int64(15)}, nil, []string{`"height": 15 points are too few for 2 lines of 8`}},
		{"an Onbon card's mistakes", "onbon", map[string]any{"model": "bx-9", "width": int64(65), "volume": int64(11), "gap": "10ms"}, nil,
			[]string{`"gap": 10ms is not from 50ms to 1s`, `"model": "bx-9" is not one of bx-6k, bx-5k`, `"width": 65 is not a multiple of 8`, `"volume": 11 is not from 0 to 10`}},
		{"a voice chip's defaults", "syn6288", nil, SpeechOptions{Chip: "syn6288"}, nil},
		{"all of a voice chip", "syn6288", map[string]any{"chip": "xfs5152", "ack": true}, SpeechOptions{Chip: "xfs5152", Ack: true}, nil},
		{"a voice chip's mistakes", "syn6288", map[string]any{"chip": "syn7", "voice": true}, nil, []string{`"chip": "syn7" is not one of`, `unknown option "voice"`}},
		{"a count board's defaults", "xunpeng", nil, CountOptions{}, nil},
		{"all of a count board", "xunpeng", map[string]any{"few": int64(10)}, CountOptions{Few: 10}, nil},
		{"a count board's mistakes", "xunpeng", map[string]any{"few": int64(-1), "lines": int64(1)}, nil, []string{`"few": -1 is not from 0 to 9999`, `unknown option "lines"`}},
		{"a driver that is none", "neon", nil, nil, []string{`no display driver "neon"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseOptions(tt.driver, tt.table)
			for _, fault := range tt.faults {
				if err == nil || !strings.Contains(err.Error(), fault) {
					t.Errorf("error = %v, want one with %q", err, fault)
				}
			}
			if len(tt.faults) > 0 {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("options differ (-want +got):\n%s", diff)
			}
			if _, err := got.board(); err != nil {
				t.Errorf("board of these options: %v", err)
			}
		})
	}
}

func TestAPanelNeedsOneLineAndASensibleBoard(t *testing.T) {
	port, camera := struct{ Port }{}, struct{ Carrier }{}
	tests := []struct {
		name, fault string
		cfg         Config
	}{
		{"no line", "no port", Config{Options: CountOptions{}}},
		{"two lines", "both a port and a camera", Config{Port: port, Carrier: camera, Options: CountOptions{}}},
		{"no board", "no options", Config{Port: port}},
		{"too many lines", "1 to 8 lines, not 9", Config{Port: port, Options: FangkongOptions{Lines: 9}}},
		{"fewer lines than none", "1 to 4 lines, not -1", Config{Port: port, Options: HuaxiaOptions{Lines: -1}}},
		{"an odd width", "wide in steps of 8, not 12", Config{Port: port, Options: OnbonOptions{Width: 12}}},
		{"lines that do not fit", "4 lines do not fit", Config{Port: port, Options: OnbonOptions{Lines: 4, Height: 16}}},
		{"a card that is none", "no Onbon model", Config{Port: port, Options: OnbonOptions{Model: "bx-9"}}},
		{"a chip that is none", "no voice chip", Config{Port: port, Options: SpeechOptions{Chip: "parrot"}}},
		{"fewer than none are few", "less than none", Config{Port: port, Options: CountOptions{Few: -1}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := New(tt.cfg); err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("New = %v, want an error with %q", err, tt.fault)
			}
		})
	}
	for _, opt := range []Options{FangkongOptions{}, HuaxiaOptions{}, OnbonOptions{}, SpeechOptions{}, CountOptions{}} {
		if _, err := New(Config{Port: port, Options: opt}); err != nil {
			t.Errorf("New with the zero %T = %v, want a panel", opt, err)
		}
	}
}

func FuzzReplies(f *testing.F) {
	boards := map[string]board{
		"fangkong": fangkong{FangkongOptions{Lines: 2}},
		"onbon":    onbon{OnbonOptions{Width: 64, Height: 32, Lines: 2, Address: 1, Ack: true}, onbonModels()[0]},
		"syn6288":  speech{chip: speechModels()[0].chip},
	}
	for _, b := range boards {
		f.Add(b.probe(), byte(1))
	}
	f.Add([]byte{0x00, 0x64, 0xFF, 0xFF, 0x62, 0x01, 0x00, 0x97, 0x6A}, byte(2))
	f.Add([]byte{0xFD, 0x41, 0x45}, byte(0))
	f.Fuzz(func(t *testing.T, received []byte, cut byte) {
		for name, b := range boards {
			sent := b.probe()
			r, ok := b.reply(received, sent)
			if ok && r.refused != nil && name == "fangkong" {
				t.Fatalf("a Fangkong card refused to be asked")
			}
			// What comes in two pieces is read like what comes in one.
			half := received[:min(int(cut), len(received))]
			if early, soon := b.reply(half, sent); soon && name != "syn6288" && (!ok || (early.refused == nil) != (r.refused == nil)) {
				t.Fatalf("%s answers %v to half of it and %v, %v to all", name, early, r, ok)
			}
		}
	})
}
