package config

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

func TestParseReadsWhatWindowsEditorsWrite(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(site)
	if err != nil {
		t.Fatal(err)
	}
	crlf := strings.ReplaceAll(site, "\n", "\r\n")
	for name, text := range map[string]string{
		"UTF-8 with a mark": bom + site,
		"CRLF":              crlf,
		"CRLF and a mark":   bom + crlf,
		"GBK":               gbk,
		"GBK and CRLF":      strings.ReplaceAll(gbk, "\n", "\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			c, errs := parse(t, text)
			if errs != nil {
				t.Fatal(errs)
			}
			if c.Park.Name != "测试车场" || c.Lanes[0].Name != "入口1" {
				t.Errorf("names = %q, %q", c.Park.Name, c.Lanes[0].Name)
			}
			_, errs = parse(t, strings.Replace(text, "place", "plaze", 1))
			if len(errs) != 1 || errs[0].Line != 27 || errs[0].Column != 1 || errs[0].Text != "plazes = 100" {
				t.Errorf("mistakes = %#v, want one on line 27", errs)
			}
		})
	}
}

func TestParseRefusesOtherEncodings(t *testing.T) {
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(site)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, text, want string
		line             int
	}{
		{"UTF-16 with a mark", utf16, "UTF-16", 1},
		{"UTF-16 without a mark", utf16[2:], "UTF-16", 1},
		{"neither UTF-8 nor GBK", strings.Replace(site, "mall", "\xff\xff", 1), "neither UTF-8 nor GBK", 11},
		{"too large", strings.Repeat("#", maxSize+1), "too large", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, errs := parse(t, tt.text)
			if len(errs) != 1 || errs[0].Line != tt.line || !strings.Contains(errs[0].In(English), tt.want) {
				t.Errorf("mistakes = %v, want one about %s on line %d", errs, tt.want, tt.line)
			}
		})
	}
}
