// Package gbk writes characters in GBK, for devices that show, speak or print them.
//
// What such a device gets is decided here for all of them: what is left out, what
// another character stands for, and what becomes a question mark.
package gbk

import (
	"unicode"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// alike is what people write and GBK lacks, and a character that it has and that
// looks the same. The yen sign is the one that keyboards other than Chinese ones have
// for the yuan.
func alike(r rune) rune {
	switch r {
	case '¥':
		return '￥'
	case '\u00A0', '\u2002', '\u2003', '\u2009', '\t': // spaces of other widths
		return ' '
	case '•', '・', '‧': // between the parts of a plate or a name
		return '·'
	case '〜':
		return '～'
	case '‑', '−':
		return '-'
	}
	return r
}

// Char encodes one character. It is nil for what cannot be seen and might be a
// command: control characters, line breaks among them, and marks of width 0. A tab
// is a space. What GBK lacks, and what nothing in it looks like, is a question mark.
func Char(r rune) []byte {
	r = alike(r)
	if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) {
		return nil
	}
	char, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(string(r)))
	if err != nil || len(char) == 1 && char[0] >= 0x80 { // the euro sign's single 80 is in few devices' font
		return []byte("?")
	}
	return char
}
