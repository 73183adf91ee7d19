package scanner_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"parkagent/drivers"
	"parkagent/drivers/scanner"
)

func TestKindsOfCodes(t *testing.T) {
	digits := func(begin string, n int) string { return begin + strings.Repeat("7", n-len(begin)) }
	for _, tt := range []struct {
		name, text string
		want       drivers.CodeKind
	}{
		{"WeChat's lowest prefix", digits("10", 18), drivers.CodeWeChat},
		{"WeChat's highest prefix", digits("15", 18), drivers.CodeWeChat},
		{"18 digits that begin with 16", digits("16", 18), drivers.CodeOther},
		{"WeChat's prefix and 17 digits", digits("13", 17), drivers.CodeOther},
		{"WeChat's prefix and 19 digits", digits("13", 19), drivers.CodeOther},
		{"Alipay's lowest prefix and least length", digits("25", 16), drivers.CodeAlipay},
		{"Alipay's highest prefix and greatest length", digits("30", 24), drivers.CodeAlipay},
		{"18 digits that begin with 28 are Alipay's", digits("28", 18), drivers.CodeAlipay},
		{"Alipay's prefix and 25 digits", digits("28", 25), drivers.CodeOther},
		{"Alipay's prefix and 15 digits", digits("28", 15), drivers.CodeOther},
		{"24 and 31 are nobody's", digits("31", 18), drivers.CodeOther},
		{"UnionPay", digits("62", 19), drivers.CodeUnionPay},
		{"UnionPay's prefix and 18 digits", digits("62", 18), drivers.CodeOther},
		{"UnionPay's prefix and 20 digits", digits("62", 20), drivers.CodeOther},
		{"a letter among the digits", "28777777777777777O", drivers.CodeOther},
		{"a digit of another script", "2877777777777777٧", drivers.CodeOther},
		{"nothing", "", drivers.CodeOther},
		{"a ticket number of ours", "902603021234567890", drivers.CodeOther},
		{"a link", "http://platform.example/park?parkCode=1", drivers.CodeOther},
	} {
		if got := scanner.KindOf(tt.text); got != tt.want {
			t.Errorf("%s: KindOf(%q) = %v, want %v", tt.name, tt.text, got, tt.want)
		}
	}
}

func TestFramerCutsCodes(t *testing.T) {
	long := strings.Repeat("9", 512)
	for _, tt := range []struct {
		name, received string
		want           []string
	}{
		{"CR", "A\rB\r", []string{"A", "B"}},
		{"LF", "A\nB\n", []string{"A", "B"}},
		{"CR LF is one end", "A\r\nB\r\n", []string{"A", "B"}},
		{"STX and ETX around a code, and a GS in it", "\x02A\x1dB\x03\r", []string{"AB"}},
		{"spaces at the ends", "  A B \r", []string{"A B"}},
		{"no reading", "%%NoRead\r\nA\r\n", []string{"A"}},
		{"the longest code", long + "\r", []string{long}},
		{"a longer one is dropped with all of it", long + "1\rA\r", []string{"A"}},
		{"a link in UTF-8", "http://车.example/\r", []string{"http://车.example/"}},
		{"a plate in GBK", "\xd4\xc1B12345\r", []string{"粤B12345"}},
		{"bytes of nothing", "\xff\xfe\xff\r", nil},
		{"no end yet", "A", nil},
	} {
		var f scanner.Framer
		if diff := cmp.Diff(tt.want, f.Add([]byte(tt.received))); diff != "" {
			t.Errorf("%s: codes differ (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestFramerEndsACodeAtAPause(t *testing.T) {
	var f scanner.Framer
	if f.Begun() || len(f.End()) > 0 {
		t.Error("a new framer has begun a code")
	}
	f.Add([]byte("134567"))
	if !f.Begun() || f.Lines() {
		t.Error("a code without a line end has not begun, or has ended")
	}
	if diff := cmp.Diff([]string{"134567"}, f.End()); diff != "" || f.Begun() {
		t.Errorf("codes differ (-want +got), begun %v:\n%s", f.Begun(), diff)
	}
	f.Add([]byte(strings.Repeat("9", 600)))
	if got := f.End(); len(got) > 0 {
		t.Errorf("600 bytes ended by a pause are %q, want nothing", got)
	}
	f.Add([]byte("\r"))
	if !f.Lines() {
		t.Error("a line end is not remembered")
	}
}

// However a line cuts the bytes into pieces, the codes are the same.
func TestFramerDoesNotCareHowBytesCome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.OneOf(
			rapid.SampledFrom([]byte("\r\n0123456789%NoRead\x02\x03")), rapid.Byte(),
		), 0, 1500).Draw(t, "bytes")
		var whole, pieces scanner.Framer
		want := append(whole.Add(all), whole.End()...)
		var got []string
		for rest := all; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			got = append(got, pieces.Add(rest[:n])...)
			rest = rest[n:]
		}
		got = append(got, pieces.End()...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("codes differ (-whole +pieces):\n%s", diff)
		}
	})
}

func FuzzFramer(f *testing.F) {
	for _, seed := range []string{"134567890123456789\r\n", "%%NoRead\r", "\x02A\x03\n", "\xd4\xc1B12345\r", strings.Repeat("9", 600) + "\rA\r"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, received []byte) {
		var framer scanner.Framer
		for _, text := range append(framer.Add(received), framer.End()...) {
			if text == "" || len([]rune(text)) > 512 || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("code %q of %q", text, received)
			}
			_ = scanner.KindOf(text)
		}
		if framer.Begun() {
			t.Error("a code has begun after the end")
		}
	})
}

func TestACodeIsNotLoggedInFull(t *testing.T) {
	const secret = "284567890123456789"
	c := drivers.Code{Kind: drivers.CodeAlipay, Text: secret}
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("read", "code", c)
	said := b.String() + fmt.Sprintf(" %v %s", c, c)
	if strings.Contains(said, secret[2:]) || strings.Contains(said, secret[:16]) || !strings.Contains(said, "28**************89") {
		t.Errorf("a code is logged as %q", said)
	}
	if got := (drivers.Code{Text: "12345678"}).String(); strings.ContainsAny(got, "12345678") {
		t.Errorf("a short code is shown as %q", got)
	}
}

func TestOptionsAreReadStrictly(t *testing.T) {
	got, err := scanner.ParseOptions(map[string]any{"gap": "60ms", "repeat": "5s", "wake": "54", "wake_every": "2s"})
	want := scanner.Options{Gap: 60 * time.Millisecond, Repeat: 5 * time.Second, Wake: []byte{0x54}, WakeEvery: 2 * time.Second}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("options differ (-want +got), %v:\n%s", err, diff)
	}
	for _, tt := range []struct {
		name  string
		table map[string]any
		want  string
	}{
		{"a pause too short", map[string]any{"gap": "10ms"}, `option "gap": 10ms is not from 50ms to 100ms`},
		{"a model that nobody knows", map[string]any{"model": "x"}, `option "model": "x" is not one of plain, zkb200, cipherlab`},
		{"bytes that are none", map[string]any{"wake": "5"}, `option "wake": "5" is not up to 64 bytes in hexadecimal such as "54"`},
		{"nothing to send", map[string]any{"wake_every": "2s"}, `option "wake_every": there is nothing to send: wake or model is missing`},
		{"a slip", map[string]any{"gapp": "60ms"}, `unknown option "gapp"`},
	} {
		if _, err := scanner.ParseOptions(tt.table); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: ParseOptions = %v, want %s", tt.name, err, tt.want)
		}
	}
}
