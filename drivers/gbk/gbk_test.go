package gbk

import "testing"

func TestWhatDevicesGetOfACharacter(t *testing.T) {
	tests := []struct {
		name string
		r    rune
		want string
	}{
		{"a letter", 'A', "A"},
		{"a province", '粤', "\xD4\xC1"},
		{"a character beyond GB2312", '镕', "\xE9\x46"},
		{"the yuan sign of a Chinese keyboard", '￥', "\xA3\xA4"},
		{"that of others", '¥', "\xA3\xA4"},
		{"a space that breaks no line", '\u00A0', " "},
		{"a tab", '\t', " "},
		{"a dot in the middle", '·', "\xA1\xA4"},
		{"a bullet instead", '•', "\xA1\xA4"},
		{"a Japanese wave", '〜', "\xA1\xAB"},
		{"a hyphen that breaks no line", '‑', "-"},
		{"a line break", '\n', ""},
		{"an escape", '\x1B', ""},
		{"a mark of width 0", '\u200B', ""},
		{"a mark that asks for colour", '\uFE0F', ""},
		{"the euro sign", '€', "?"},
		{"a character that only GB18030 has", '𠮷', "?"},
		{"a smile", '😀', "?"},
		{"what is no character", '\uFFFD', "?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(Char(tt.r)); got != tt.want {
				t.Errorf("Char(%q) = % X, want % X", tt.r, got, tt.want)
			}
		})
	}
}
