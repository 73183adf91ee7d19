package led_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers/sim/led"
)

func bytesOf(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatalf("hex in test: %v", err)
	}
	return b
}

// Frames that were recorded from, or built for, real boards.
const (
	huaxiaText   = "AA 55 01 64 00 27 00 0C 01 00 01 00 CD A3 B3 B5 B2 E2 CA D4 B1 67 AF"
	huaxiaTenSec = "AA 55 01 64 00 27 00 0C 01 0A 01 00 D4 C1 42 31 32 33 34 35 EF 97 AF"
	huaxiaVoice  = "AA 55 1F 64 00 22 00 09 D4 C1 42 31 32 33 34 35 01 2A A6 AF"
	huaxiaCancel = "AA 55 01 64 00 21 00 01 0F F5 37 AF"
	onbonText    = "A5 A5 A5 A5 A5 A5 A5 A5 01 00 00 80 00 00 00 00 00 00 FE 02 2C 00 A3 06 02 00 00 00 01 23 00 00 00 00 00 00 80 00 20 00 00 00 00 02 00 00 00 00 02 02 03 00 04 05 08 00 00 00 D4 C1 42 31 32 33 34 35 D8 31 5A"
	speech       = "FD 00 0B 01 01 BB B6 D3 AD B9 E2 C1 D9 C6"
	count        = "3A 00 78 03 01 B6 0A"
)

func TestAnAA55CardShowsAndSpeaksRecordedFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := led.NewHuaxia(0x64, 4)
		board.Feed(bytesOf(t, huaxiaText))
		if diff := cmp.Diff([]string{"停车测试", "", "", ""}, board.Lines()); diff != "" {
			t.Errorf("panel differs (-want +got):\n%s", diff)
		}
		board.Feed(bytesOf(t, huaxiaTenSec)[:7]) // a camera passes frames on in pieces
		board.Feed(bytesOf(t, huaxiaTenSec)[7:])
		if got := board.Lines()[0]; got != "粤B12345" || board.Color(0) != "red" {
			t.Errorf("line 1 = %q in %s, want the plate in red", got, board.Color(0))
		}
		<-time.After(10 * time.Second)
		if got := board.Lines()[0]; got != "" {
			t.Errorf("line 1 = %q after ten seconds, want it gone", got)
		}
		board.Feed(append([]byte{0xAA, 0x55, 0xAA}, bytesOf(t, huaxiaVoice)...))
		if diff := cmp.Diff([]string{"粤B12345欢迎光临"}, board.Spoken()); diff != "" {
			t.Errorf("voice differs (-want +got):\n%s", diff)
		}
		board.Feed(bytesOf(t, huaxiaText))
		board.Feed(bytesOf(t, huaxiaCancel))
		if got := board.Lines()[0]; got != "" {
			t.Errorf("line 1 = %q after it was cancelled, want it gone", got)
		}
		broken := bytesOf(t, huaxiaText)
		broken[12] ^= 1
		board.Feed(broken)
		if sound, damaged := board.Frames(); sound != 5 || damaged != 1 {
			t.Errorf("%d sound and %d damaged frames, want 5 and 1", sound, damaged)
		}
	})
}

func TestOtherBoardsTakeTheFramesOfTheReference(t *testing.T) {
	onbon := led.NewOnbon(1, 128, 32, 1, 1)
	onbon.Feed(bytesOf(t, onbonText))
	if got := onbon.Lines()[0]; got != "粤B12345" {
		t.Errorf("Onbon card shows %q, want the plate", got)
	}
	chip := led.NewSpeech(true)
	chip.Feed(bytesOf(t, speech))
	if diff := cmp.Diff([]string{"欢迎光临"}, chip.Spoken()); diff != "" {
		t.Errorf("voice differs (-want +got):\n%s", diff)
	}
	counter := led.NewCount()
	counter.Feed(bytesOf(t, count))
	if n, color, ok := counter.Count(); n != 888 || color != "green" || !ok {
		t.Errorf("count = %d in %s, %v, want 888 in green", n, color, ok)
	}
}

func FuzzBoards(f *testing.F) {
	for _, seed := range []string{huaxiaText, huaxiaVoice, huaxiaCancel, onbonText, speech, count, "AA 55", "A5 5A", "FD 00", "FC FD 00 01"} {
		f.Add(bytesOf(f, seed))
	}
	f.Fuzz(func(t *testing.T, received []byte) {
		for _, board := range []*led.Board{led.NewHuaxia(0x64, 4), led.NewOnbon(1, 128, 32, 1, 1), led.NewSpeech(true), led.NewSpeech(false), led.NewCount()} {
			board.Feed(received)
			board.Feed(received)
		}
	})
}
