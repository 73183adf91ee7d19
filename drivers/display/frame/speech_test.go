package frame

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"parkagent/drivers"
)

// The chips of the data sheets.
func syn6288() SpeechChip { return SpeechChip{Checked: true, Longest: 200} }
func xfs5152() SpeechChip { return SpeechChip{Longest: 200} }

func TestSpeechFramesAreThoseOfTheDataSheet(t *testing.T) {
	tests := []struct {
		name string
		got  []byte
		want string
	}{
		{"a spoken welcome", Speech(syn6288(), "欢迎光临"), "FD 00 0B 01 01 BB B6 D3 AD B9 E2 C1 D9 C6"},
		{"silence", SpeechStop(syn6288()), "FD 00 02 02 FD"},
		{"a question", SpeechStatus(syn6288()), "FD 00 02 21 DE"},
		{"a spoken welcome without a check byte", Speech(xfs5152(), "欢迎光临"), "FD 00 0A 01 01 BB B6 D3 AD B9 E2 C1 D9"},
		{"a question without a check byte", SpeechStatus(xfs5152()), "FD 00 01 21"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if want := frameOf(t, tt.want); !bytes.Equal(tt.got, want) {
				t.Errorf("frame = % X, want % X", tt.got, want)
			}
		})
	}
}

func TestSpokenTextNeverExceedsWhatAChipTakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chip := rapid.SampledFrom([]SpeechChip{syn6288(), xfs5152()}).Draw(t, "chip")
		f := Speech(chip, rapid.StringN(0, 400, -1).Draw(t, "text"))
		if int(f[1])<<8|int(f[2]) != len(f)-3 || len(f) > 3+2+chip.Longest+1 {
			t.Fatalf("frame = % X", f)
		}
		if bytes.ContainsAny(f[5:5+max(0, len(f)-6)], "[]") {
			t.Fatalf("frame = % X holds a setting", f)
		}
	})
}

func TestCountFramesAreTheRecordedOnes(t *testing.T) {
	tests := []struct {
		name  string
		count int
		color drivers.LineColor
		want  string
	}{
		{"888 in green", 888, drivers.Green, "3A 00 78 03 01 B6 0A"},
		{"three in yellow", 3, drivers.Yellow, "3A 01 03 00 01 3F 0A"},
		{"none in red", 0, drivers.Red, "3A 02 00 00 01 3D 0A"},
		{"fewer than none is none", -4, drivers.Red, "3A 02 00 00 01 3D 0A"},
		{"more than a board has figures for is the most", 123456, drivers.Green, "3A 00 0F 27 01 71 0A"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, want := XunpengCount(tt.count, tt.color), frameOf(t, tt.want); !bytes.Equal(got, want) {
				t.Errorf("frame = % X, want % X", got, want)
			}
		})
	}
}
