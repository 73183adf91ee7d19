package frame

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const (
	realPing     = "A5 A5 A5 A5 A5 A5 A5 A5 01 00 00 80 00 00 00 00 00 00 FE 02 05 00 A2 00 01 00 00 68 F8 5A"
	builtOnbon   = "A5 A5 A5 A5 A5 A5 A5 A5 01 00 00 80 00 00 00 00 00 00 FE 02 2C 00 A3 06 02 00 00 00 01 23 00 00 00 00 00 00 80 00 20 00 00 00 00 02 00 00 00 00 02 02 03 00 04 05 08 00 00 00 D4 C1 42 31 32 33 34 35 D8 31 5A"
	emptyOnbonAt = 22 // where data begins in a frame without escapes
)

func TestOnbonFramesAreTheRecordedOnes(t *testing.T) {
	tests := []struct {
		name string
		got  []byte
		want string
	}{
		{"a ping (recorded)", OnbonPing(1), realPing},
		{"a plate that runs over 128 × 32 points (built)", OnbonText(1, OnbonArea{W: 128, H: 32, Text: OnbonGBK("粤B12345"), Running: true}, false), builtOnbon},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if want := frameOf(t, tt.want); !bytes.Equal(tt.got, want) {
				t.Errorf("frame = % X, want % X", tt.got, want)
			}
		})
	}
}

func TestOnbonAreaCarriesPlaceTimeAndVoice(t *testing.T) {
	f := OnbonText(0x0203, OnbonArea{ID: 3, X: 8, Y: 16, W: 64, H: 16, Text: []byte("A"), Seconds: 300, Speak: []byte("BC"), Volume: 7}, true)
	if got, want := f[8:12], frameOf(t, "03 02 00 80"); !bytes.Equal(got, want) {
		t.Errorf("addresses = % X, want % X", got, want)
	}
	want := frameOf(t, "A3 06 01 00 00 00 01 25 00 00 08 00 10 00 40 00 10 00 03 00 02 2C 01 02 00 07 05 02 00 00 00 42 43 00 00 02 02 01 00 04 05 01 00 00 00 41")
	if got := f[emptyOnbonAt : len(f)-3]; !bytes.Equal(got, want) {
		t.Errorf("data = % X, want % X", got, want)
	}
}

func TestOnbonEscapesWhatWouldEndAFrame(t *testing.T) {
	f := onbonFrame(0xA55A, []byte{0xA6, 0x5B, 0x01})
	inner := f[8 : len(f)-1]
	if bytes.IndexByte(inner, 0xA5) >= 0 || bytes.IndexByte(inner, 0x5A) >= 0 {
		t.Errorf("frame = % X, want no A5 and no 5A inside", f)
	}
	if want := frameOf(t, "5B 02 A6 02 00 80"); !bytes.HasPrefix(inner, want) {
		t.Errorf("inside = % X, want it to begin with % X", inner, want)
	}
	if !bytes.Contains(inner, frameOf(t, "A6 01 5B 01 01")) {
		t.Errorf("inside = % X, want the data escaped", inner)
	}
}

func TestABackslashStartsNoColorOfAnOnbonCard(t *testing.T) {
	if got := string(OnbonGBK(`a\C2b` + "`")); got != "aC2b" {
		t.Errorf("text = %q, want the backslash and the backtick left out", got)
	}
}

func TestOnbonFrameIsFoundAmongOtherBytes(t *testing.T) {
	ping := frameOf(t, realPing)
	broken := bytes.Clone(ping)
	broken[25] ^= 1
	data := frameOf(t, "A2 00 01 00 00")
	tests := []struct {
		name     string
		received []byte
		rest     int
		ok       bool
	}{
		{"alone", ping, 0, true},
		{"behind noise", append([]byte{0x00, 0x5A, 0xA6, 0xFF}, ping...), 0, true},
		{"with one A5 before it", ping[7:], 0, true},
		{"behind one that was cut off", append(bytes.Clone(ping[:15]), ping...), 0, true},
		{"behind one with a wrong sum", append(bytes.Clone(broken), ping...), 0, true},
		{"with another behind it", append(bytes.Clone(ping), ping...), len(ping), true},
		{"without its end", ping[:len(ping)-1], len(ping) - 1, false},
		{"with a wrong sum", broken, len(broken), false},
		{"with an escape that is none", frameOf(t, "A5 A6 07 5A"), 4, false},
		{"empty", frameOf(t, "A5 5A"), 2, false},
		{"nothing", nil, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, rest, ok := DecodeOnbon(tt.received)
			if ok != tt.ok || len(rest) != tt.rest {
				t.Fatalf("ok = %v with %d bytes left, want %v with %d", ok, len(rest), tt.ok, tt.rest)
			}
			if tt.ok && !bytes.Equal(got, data) {
				t.Errorf("data = % X, want % X", got, data)
			}
		})
	}
}

func TestOnbonFramesAreReadBackWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.SampledFrom([]byte{0xA5, 0xA6, 0x5A, 0x5B, 1, 2, 0x41}), 0, 60).Draw(t, "data")
		f := onbonFrame(rapid.Uint16().Draw(t, "address"), data)
		got, rest, ok := DecodeOnbon(f)
		if !ok || len(rest) != 0 || !bytes.Equal(got, data) {
			t.Fatalf("data = % X, %d left, %v, want % X", got, len(rest), ok, data)
		}
	})
}

func FuzzOnbon(f *testing.F) {
	for _, seed := range []string{realPing, builtOnbon, "A5 5A", "A5 A6 5A", strings.Repeat("A5", 40)} {
		f.Add(frameOf(f, seed))
	}
	f.Fuzz(func(t *testing.T, received []byte) {
		data, rest, ok := DecodeOnbon(received)
		if !ok {
			if !bytes.Equal(rest, received) {
				t.Fatalf("bytes were lost without a frame")
			}
			return
		}
		if !bytes.HasSuffix(received, rest) || len(rest)+len(data)+onbonHead+4 > len(received) {
			t.Fatalf("%d bytes of data and %d left of %d", len(data), len(rest), len(received))
		}
	})
}
