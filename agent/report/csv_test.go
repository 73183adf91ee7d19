package report

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestYuan(t *testing.T) {
	for v, want := range map[fen]string{
		0: "0.00", 5: "0.05", 50: "0.50", 100: "1.00", 123456: "1234.56", -5: "-0.05", -123: "-1.23",
		math.MaxInt64: "92233720368547758.07", math.MinInt64: "-92233720368547758.08",
	} {
		if got := yuan(v); got != want {
			t.Errorf("yuan(%d) = %s, want %s", v, got, want)
		}
	}
}

func TestTextsStayTexts(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "粤B12345": "粤B12345", "南门 1": "南门 1", "a=b": "a=b",
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1", "＝1": "'＝1", "\ufeff=1": "'=1",
		"0012": "\t0012", "2603021234567890": "\t2603021234567890", "1E5": "\t1E5", "1.5": "\t1.5", "3-4": "\t3-4", "1/2": "\t1/2", "12:30": "\t12:30", "50%": "\t50%",
	} {
		if got := asText(text); got != want {
			t.Errorf("asText(%q) = %q, want %q", text, got, want)
		}
	}
}

// Whatever somebody writes, no cell begins like a formula.
func TestNoTextBecomesAFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[\x{feff}\t\r =+\-@＝＋－＠]{1,4}.*`)).Draw(t, "text")
		got := asText(text)
		if got == "" {
			return
		}
		switch []rune(got)[0] {
		case '=', '+', '-', '@', '\r', '\n', '＝', '＋', '－', '＠', '\ufeff':
			t.Fatalf("asText(%q) = %q", text, got)
		}
	})
}
