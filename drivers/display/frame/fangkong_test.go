package frame

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"parkagent/drivers"
)

func frameOf(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatalf("hex in test: %v", err)
	}
	return b
}

// Frames marked real were recorded from cards in the field.
const (
	realVoice       = "00 64 FF FF 30 09 01 BB B6 D3 AD B9 E2 C1 D9 32 58"
	realVoicePlate  = "00 64 FF FF 30 12 01 D4 C1 42 31 32 33 34 35 2C BB B6 D3 AD B9 E2 C1 D9 6A 91"
	realText        = "00 64 FF FF 62 25 00 15 01 00 02 15 01 03 00 FF 00 00 00 00 00 00 00 12 00 BB B6 D3 AD B9 E2 C1 D9 C7 EB C8 EB B3 A1 CD A3 B3 B5 F4 F5"
	builtTextPlate  = "00 64 FF FF 62 1B 00 15 01 00 02 15 01 03 00 FF 00 00 00 00 00 00 00 08 00 D4 C1 42 31 32 33 34 35 83 7F"
	realReplyToText = "00 64 FF FF 62 01 00 97 6A"
	builtScreen     = "00 64 FF FF 6E 36 00 02 00 01 00 0A 01 00 FF 00 00 08 D4 C1 42 31 32 33 34 35 0D 01 01 00 0A 01 00 FF 00 00 09 C7 EB BD C9 B7 D1 35 D4 AA 00 0A 0A C7 EB BD C9 B7 D1 CE E5 D4 AA 00 BD 71"
)

func TestFramesAreTheRecordedOnes(t *testing.T) {
	tests := []struct {
		name string
		got  []byte
		want string
	}{
		{"a spoken welcome", FangkongVoice(0, "欢迎光临"), realVoice},
		{"a spoken plate and welcome", FangkongVoice(0, "粤B12345,欢迎光临"), realVoicePlate},
		{"a line of text", FangkongText(0, Line{Text: "欢迎光临请入场停车", Seconds: 2}), realText},
		{"a plate in red on the top line", FangkongText(0, Line{Text: "粤B12345", Color: drivers.Red, Seconds: 2}), builtTextPlate},
		{"two lines and a voice in one", FangkongScreen(0, []Line{
			{Row: 0, Text: "粤B12345", Color: drivers.Green, Seconds: 10},
			{Row: 1, Text: "请缴费5元", Color: drivers.Green, Seconds: 10},
		}, "请缴费五元"), builtScreen},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if want := frameOf(t, tt.want); !bytes.Equal(tt.got, want) {
				t.Errorf("frame = % X, want % X", tt.got, want)
			}
		})
	}
}

func TestTextFrameCarriesLineColorAndAddress(t *testing.T) {
	got := FangkongText(7, Line{Row: 1, Text: "A", Color: drivers.Yellow, Seconds: 255})
	want := frameOf(t, "07 64 FF FF 62 14 01 15 01 00 FF 15 01 03 00 FF FF 00 00 00 00 00 00 01 00 41")
	if !bytes.Equal(got[:len(got)-2], want) {
		t.Errorf("frame without checksum = % X, want % X", got[:len(got)-2], want)
	}
	green := FangkongText(0, Line{Text: "A", Color: drivers.Green})
	if color := green[15:19]; !bytes.Equal(color, []byte{0, 0xFF, 0, 0}) {
		t.Errorf("colour = % X, want 00 FF 00 00", color)
	}
}

func TestGBKShowsWhatItCanAndReplacesTheRest(t *testing.T) {
	tests := []struct {
		name, text string
		limit      int
		want       string // UTF-8 of the result
	}{
		{"plain text stays", "粤B12345", 100, "粤B12345"},
		{"a cut falls between characters", "粤粤粤", 5, "粤粤"},
		{"a cut falls behind a whole character", "粤粤粤", 4, "粤粤"},
		{"nothing fits", "粤", 1, ""},
		{"a character beyond GBK becomes a question mark", "停车😀5元", 100, "停车?5元"},
		{"broken UTF-8 becomes a question mark", "a\xFFb", 100, "a?b"},
		{"a time code is disarmed", "`H:`N:`S", 100, "H:N:S"},
		{"a line break is a space", "a\nb\tc", 100, "a b c"},
		{"control characters go", "a\x00\x1B\r\u200Bb", 100, "ab"},
		{"a character that ends like a backtick is replaced", "乣", 100, "?"},
		{"a lone byte 80 is replaced", "5€", 100, "5?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := simplifiedchinese.GBK.NewDecoder().String(string(GBK(tt.text, tt.limit)))
			if err != nil {
				t.Fatalf("result is no GBK: %v", err)
			}
			if got != tt.want {
				t.Errorf("GBK(%q, %d) = %q, want %q", tt.text, tt.limit, got, tt.want)
			}
		})
	}
}

func TestGBKIsAlwaysShortWholeAndHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		limit := rapid.IntRange(0, 300).Draw(t, "limit")
		got := GBK(text, limit)
		if len(got) > limit {
			t.Fatalf("%d bytes, limit %d", len(got), limit)
		}
		if bytes.ContainsAny(got, "`\x00\x1B\n") {
			t.Fatalf("% X holds a byte that a card acts on", got)
		}
		back, err := simplifiedchinese.GBK.NewDecoder().Bytes(got)
		if err != nil || bytes.ContainsRune(back, utf8.RuneError) {
			t.Fatalf("% X ends within a character", got)
		}
	})
}

func TestFramesNeverExceedTheirLengthByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringN(0, 400, -1), rapid.StringN(100, 400, -1)).Draw(t, "text")
		for _, frame := range [][]byte{
			FangkongText(0, Line{Text: text}), FangkongVoice(0, text),
			FangkongScreen(0, slices.Repeat([]Line{{Text: text}}, rapid.IntRange(1, 8).Draw(t, "lines")), text),
		} {
			reply, rest, ok := DecodeFangkongReply(frame)
			if !ok || len(rest) != 0 {
				t.Fatalf("frame % X is not one whole frame", frame)
			}
			if len(reply.Data) != len(frame)-8 {
				t.Fatalf("length byte says %d, frame has %d", len(reply.Data), len(frame)-8)
			}
		}
	})
}

func TestTextsThatDoNotFitIntoOneFrameAreCutToTheirShare(t *testing.T) {
	long := strings.Repeat("粤", 300)
	f := FangkongScreen(0, []Line{{Row: 0, Text: long}, {Row: 1, Text: long}}, long)
	const share = (255 - 5 - 2*11) / 3
	if got := f[6+2+9]; got != share {
		t.Errorf("first text has %d bytes, want %d", got, share)
	}
	if got := f[len(f)-3-share-1]; got != share {
		t.Errorf("voice has %d bytes, want %d", got, share)
	}
}

func TestReplyIsFoundAmongOtherBytes(t *testing.T) {
	reply := frameOf(t, realReplyToText)
	want := FangkongReply{Address: 0, Command: 0x62, Data: []byte{0}}
	broken := bytes.Clone(reply)
	broken[7] ^= 1
	tests := []struct {
		name     string
		received []byte
		rest     int
		ok       bool
	}{
		{"alone", reply, 0, true},
		{"behind noise", append([]byte{0x00, 0xFF, 0x00, 0x64, 0xFF}, reply...), 0, true},
		{"behind half a frame that promises 255 bytes", append([]byte{0x00, 0x64, 0xFF, 0xFF, 0x30, 0xFF}, reply...), 0, true},
		{"behind a frame with a wrong checksum", append(bytes.Clone(broken), reply...), 0, true},
		{"with another behind it", append(bytes.Clone(reply), reply...), len(reply), true},
		{"cut short", reply[:8], 8, false},
		{"with a wrong checksum", broken, len(broken), false},
		{"nothing", nil, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, rest, ok := DecodeFangkongReply(tt.received)
			if ok != tt.ok || len(rest) != tt.rest {
				t.Fatalf("ok = %v with %d bytes left, want %v with %d", ok, len(rest), tt.ok, tt.rest)
			}
			if tt.ok {
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("reply differs (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func FuzzFangkongReply(f *testing.F) {
	for _, seed := range []string{realReplyToText, realVoice, realText, "00 64 FF FF 62 FF", "64 FF FF"} {
		f.Add(frameOf(f, seed))
	}
	f.Fuzz(func(t *testing.T, received []byte) {
		reply, rest, ok := DecodeFangkongReply(received)
		if !ok {
			if !bytes.Equal(rest, received) {
				t.Fatalf("bytes were lost without a frame")
			}
			return
		}
		if !bytes.HasSuffix(received, rest) || len(rest) > len(received)-8 {
			t.Fatalf("%d of %d bytes left after a frame", len(rest), len(received))
		}
		again := fangkongFrame(reply.Address, reply.Command, reply.Data)
		if !bytes.HasSuffix(received[:len(received)-len(rest)], again) {
			t.Fatalf("frame % X is not in what was received", again)
		}
	})
}
