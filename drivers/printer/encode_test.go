package printer_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"parkagent/drivers"
	"parkagent/drivers/printer"
)

func options(t *testing.T, table map[string]any) printer.Options {
	t.Helper()
	opt, err := printer.ParseOptions(table)
	if err != nil {
		t.Fatal(err)
	}
	return opt
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.NewReplacer(" ", "", "\n", "", "\t", "").Replace(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The QR commands are the worked ones of the reference, with its PARK-0042.
func TestEncodeQRCode(t *testing.T) {
	got, err := printer.Encode(drivers.Document{Parts: []drivers.Part{{QR: "PARK-0042"}}}, options(t, map[string]any{"feed": 0, "cut": "none"}))
	want := unhex(t, `1B 40 1D 61 00 1C 26 1B 61 01
		1D 28 6B 04 00 31 41 32 00
		1D 28 6B 03 00 31 43 06
		1D 28 6B 03 00 31 45 31
		1D 28 6B 0C 00 31 50 30 50 41 52 4B 2D 30 30 34 32
		1D 28 6B 03 00 31 51 30 0A
		1D 21 00 1B 61 00`)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("bytes differ (-want +got), %v:\n%s", err, diff)
	}
}

func TestEncodeTextAndCut(t *testing.T) {
	doc := drivers.Document{Parts: []drivers.Part{{Text: "粤B12345", Large: true, Centred: true}, {Text: "欢迎光临"}, {}}}
	got, err := printer.Encode(doc, options(t, nil))
	want := unhex(t, `1B 40 1D 61 00 1C 26
		1B 61 01 1D 21 11 D4 C1 42 31 32 33 34 35 0A
		1B 61 00 1D 21 00 BB B6 D3 AD B9 E2 C1 D9 0A
		1B 61 00 1D 21 00 0A
		1D 21 00 1B 61 00 1B 64 04 1D 56 01`)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("bytes differ (-want +got), %v:\n%s", err, diff)
	}
}

func TestEncodeBarcode(t *testing.T) {
	const frame = "1B 40 1D 61 00 1C 26 1B 61 01 1D 21 00 "
	const code = "1D 68 50 1D 77 02 1D 48 02 1D 6B 49 "
	for _, tt := range []struct {
		name, content, want string
		paper               int
	}{
		{"digits in pairs", "902603021234567890", frame + code + "0B 7B 43 5A 1A 03 02 0C 22 38 4E 5A 0A", 58},
		{"letters, and a brace is doubled", "A{1", frame + code + "06 7B 42 41 7B 7B 31 0A", 58},
		{"too wide for the paper, so its text", "oABCDEFGHIJKLMNOPQRS", frame + "6F 41 42 43 44 45 46 47 48 49 4A 4B 4C 4D 4E 4F 50 51 52 53 0A", 58},
		{"what is no ASCII, so its text", "粤", frame + "D4 C1 0A", 80},
	} {
		got, err := printer.Encode(drivers.Document{Parts: []drivers.Part{{Barcode: tt.content}}}, options(t, map[string]any{"feed": 0, "cut": "none", "paper": tt.paper}))
		want := unhex(t, tt.want+" 1D 21 00 1B 61 00")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: bytes differ (-want +got), %v:\n%s", tt.name, err, diff)
		}
	}
}

func TestEncodeRefusesWhatNoPrinterTakes(t *testing.T) {
	for _, tt := range []struct {
		name string
		part drivers.Part
		opt  map[string]any
	}{
		{"a QR code of more bytes than there are", drivers.Part{QR: strings.Repeat("x", 2332)}, nil},
		{"an image of more modules than the paper has dots", drivers.Part{QR: strings.Repeat("x", 2332)}, map[string]any{"qr": "image"}},
		{"a page of a book", drivers.Part{Text: strings.Repeat("x", 70000)}, nil},
	} {
		if _, err := printer.Encode(drivers.Document{Parts: []drivers.Part{tt.part}}, options(t, tt.opt)); !errors.Is(err, printer.ErrTooLong) {
			t.Errorf("%s: Encode = %v, want ErrTooLong", tt.name, err)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		columns    int
		want       []string
	}{
		{"nothing is an empty line", "", 8, []string{""}},
		{"it fits", "粤B12345", 8, []string{"粤B12345"}},
		{"a Chinese character is two columns", "粤B123456", 8, []string{"粤B12345", "6"}},
		{"no character is cut", "欢迎光临", 7, []string{"欢迎光", "临"}},
		{"between words", "good bye all", 9, []string{"good bye ", "all"}},
		{"a word that fills the line is cut", "abcdefgh", 4, []string{"abcd", "efgh"}},
		{"a plate stays whole where it can", "车牌 粤B12345", 12, []string{"车牌 ", "粤B12345"}},
		{"line breaks", "a\nb", 8, []string{"a", "b"}},
		{"commands are none", "a\x1b@b\x1dV\x00", 8, []string{"a@bV"}},
		{"marks that are not seen", "\u200ba\u202e", 8, []string{"a"}},
		{"what GBK lacks", "😀€é", 8, []string{"??é"}},
		{"a space at the cut", "abcd efg", 4, []string{"abcd", "efg"}},
	} {
		var got []string
		for _, line := range printer.Wrap(tt.text, tt.columns) {
			text, err := simplifiedchinese.GBK.NewDecoder().Bytes(line)
			if err != nil {
				t.Errorf("%s: % X is no GBK", tt.name, line)
			}
			got = append(got, string(text))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: lines differ (-want +got):\n%s", tt.name, diff)
		}
	}
}

// No line is longer than the paper, none is half a character, and nothing gets lost
// but spaces at cuts.
func TestWrapLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab 粤欢,1\n "))).Draw(t, "text")
		columns := rapid.IntRange(2, 20).Draw(t, "columns")
		var joined []byte
		for _, line := range printer.Wrap(text, columns) {
			if len(line) > columns {
				t.Fatalf("a line of %d columns on %d", len(line), columns)
			}
			joined = append(joined, line...)
		}
		got, err := simplifiedchinese.GBK.NewDecoder().Bytes(joined)
		plain := strings.NewReplacer(" ", "", "\n", "")
		if err != nil || plain.Replace(string(got)) != plain.Replace(text) {
			t.Fatalf("%q became %q, %v", text, got, err)
		}
	})
}

// The image is read by a program that we did not write.
func TestAQRCodeAsAnImageIsRead(t *testing.T) {
	zbarimg, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Skip("zbarimg is not installed: it reads QR codes that we draw (apt install zbar-tools)")
	}
	for _, content := range []string{"PARK-0042", "http://platform.example/park?parkCode=1&orderNo=0001202603021000001", "https://例子.example/停车?" + strings.Repeat("x", 200)} {
		for paper, columns := range map[int]int{58: 32, 80: 48} {
			far, p := networkPrinter(t, columns, options(t, map[string]any{"qr": "image", "paper": paper, "qr_size": 8}))
			if err := p.Print(t.Context(), drivers.Document{Parts: []drivers.Part{{QR: content}}}); err != nil {
				t.Fatal(err)
			}
			slips := far.Slips()
			if len(slips) != 1 || len(slips[0].Images) != 1 {
				t.Fatalf("%d slips came out: %+v", len(slips), slips)
			}
			got, err := exec.CommandContext(t.Context(), zbarimg, "--quiet", "--raw", "-Sbinary", file(t, slips[0].Images[0])).Output()
			if err != nil || string(got) != content {
				t.Errorf("on %d mm zbarimg reads %q, %v, want %q", paper, got, err, content)
			}
		}
	}
}

// file writes an image with some paper around it.
func file(t *testing.T, img *image.Gray) string {
	t.Helper()
	b := img.Bounds()
	paper := image.NewGray(image.Rect(0, 0, b.Dx()+80, b.Dy()+80))
	for i := range paper.Pix {
		paper.Pix[i] = 255
	}
	for y := range b.Dy() {
		for x := range b.Dx() {
			paper.SetGray(x+40, y+40, color.Gray{Y: img.GrayAt(x, y).Y})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, paper); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "qr.png")
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
