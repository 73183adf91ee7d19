package display_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"parkagent/drivers"
	"parkagent/drivers/display"
	"parkagent/drivers/sim"
	"parkagent/drivers/sim/led"
)

// A feed is a camera that passes everything on at once.
type feed struct{ board interface{ Feed(p []byte) } }

func (f feed) Carry(_ context.Context, frames [][]byte) error {
	for _, p := range frames {
		f.board.Feed(p)
	}
	return nil
}

func (f feed) Stand(ctx context.Context, frames [][]byte) error { return f.Carry(ctx, frames) }

// TestEveryTextArrivesAsFarAsTheBoardCanShowIt sends any text through each
// encoder to a board with a reading of its own.
func TestEveryTextArrivesAsFarAsTheBoardCanShowIt(t *testing.T) {
	texts := rapid.OneOf(
		rapid.StringOfN(rapid.RuneFrom([]rune("粤B12345请缴费元欢迎光临 .,`\\[]\x00\n€¥乣镕喆😀A\u200B")), 0, 200, -1),
		rapid.String(),
	)
	colors := map[drivers.LineColor]string{drivers.Red: "red", drivers.Green: "green", drivers.Yellow: "yellow"}
	rapid.Check(t, func(t *rapid.T) {
		s := drivers.Screen{Voice: texts.Draw(t, "voice")}
		color := rapid.SampledFrom([]drivers.LineColor{drivers.Red, drivers.Green, drivers.Yellow}).Draw(t, "color")
		for range rapid.IntRange(1, 5).Draw(t, "lines") {
			s.Lines = append(s.Lines, drivers.Line{Text: "A" + texts.Draw(t, "text"), Color: color})
		}
		show := func(opt display.Options, board interface{ Feed(p []byte) }) {
			panel, err := display.New(display.Config{Device: "L1", Carrier: feed{board}, Options: opt})
			if err != nil {
				t.Fatal(err)
			}
			if err := panel.Show(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}

		for _, one := range []bool{false, true} {
			card := sim.NewLEDBoard(0, 4)
			show(display.FangkongOptions{Lines: 4, Voice: true, OneFrame: one}, card)
			mustArrive(t, "Fangkong", s, card.Lines(), "")
			mustBeHeard(t, "Fangkong", s.Voice, card.Spoken(), "")
		}

		aa55 := led.NewHuaxia(0x64, 4)
		show(display.HuaxiaOptions{}, aa55)
		mustArrive(t, "AA55", s, aa55.Lines(), "")
		if got := aa55.Color(0); got != colors[color] {
			t.Fatalf("AA55 shows %s, want %s", got, colors[color])
		}

		onbon := led.NewOnbon(1, 64, 64, 1, 4)
		show(display.OnbonOptions{Lines: 4, Colors: true, Voice: true}, onbon)
		mustArrive(t, "Onbon", s, onbon.Lines(), `\`)
		mustBeHeard(t, "Onbon", s.Voice, onbon.Spoken(), `\`)
		if got := onbon.Color(0); got != colors[color] {
			t.Fatalf("Onbon shows %s, want %s", got, colors[color])
		}

		for checked, chip := range map[bool]string{true: "syn6288", false: "xfs5152"} {
			board := led.NewSpeech(checked)
			show(display.SpeechOptions{Chip: chip}, board)
			mustBeHeard(t, "chip", s.Voice, board.Spoken(), "[]")
		}
	})
}

// mustArrive checks that each line shows the beginning of its text, without the
// characters of gone, in GBK with replacements.
func mustArrive(t *rapid.T, board string, s drivers.Screen, shown []string, gone string) {
	for i, got := range shown {
		want := ""
		if i < len(s.Lines) {
			want = expected(s.Lines[i].Text, gone)
		}
		mustBegin(t, fmt.Sprintf("%s line %d", board, i+1), strings.TrimSpace(got), strings.TrimSpace(want))
	}
}

func mustBeHeard(t *rapid.T, board, voice string, spoken []string, gone string) {
	want := expected(voice, gone)
	if len(spoken) > 1 || len(spoken) == 0 && want != "" {
		t.Fatalf("%s spoke %q, want %q", board, spoken, want)
	}
	if len(spoken) == 1 {
		mustBegin(t, board+" voice", spoken[0], want)
	}
}

// mustBegin checks that got is want, or, where that is long, its beginning. A
// character that was replaced by a question mark may be any.
func mustBegin(t *rapid.T, what, got, want string) {
	g, w := []rune(got), []rune(want)
	if len(g) > len(w) || len(g) < len(w) && len(g) < 10 {
		t.Fatalf("%s = %q, want %q", what, got, want)
	}
	for i := range g {
		if g[i] != w[i] && g[i] != '?' {
			t.Fatalf("%s = %q, want %q", what, got, want)
		}
	}
}

// alike is what GBK lacks and what is shown instead.
var alike = map[rune]rune{
	'¥': '￥', '\u00A0': ' ', '\u2002': ' ', '\u2003': ' ', '\u2009': ' ', '•': '·', '・': '·', '‧': '·', '〜': '～', '‑': '-', '−': '-',
}

// expected says what a board can show of text, by GB 18030's own rules rather
// than the encoder's.
func expected(text, gone string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case r == '\n', r == '\t':
			r = ' '
		case alike[r] != 0:
			r = alike[r]
		case unicode.Is(unicode.Variation_Selector, r):
			continue
		case strings.ContainsRune(gone+"`", r), unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			continue
		}
		if b, err := simplifiedchinese.GB18030.NewEncoder().String(string(r)); err != nil || len(b) > 2 {
			r = '?'
		}
		out.WriteRune(r)
	}
	return out.String()
}
