// Package display shows text on LED panels and speaks through the voice modules beside them.
//
// Of every family of boards the frames are pure bytes, apart from the line that
// carries them: the same bytes go over a serial port, a serial server or a
// camera that passes them on. Text is GBK on the wire, its length is counted in
// bytes, and what a board cannot show is replaced on purpose, never by luck.
package display

import (
	"strings"
	"unicode"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// GBK encodes text for a panel, in at most limit bytes: cut between characters,
// never within one. A character that GBK lacks becomes a question mark, so the
// rest of the line is still shown. Line breaks and tabs become spaces; other
// control characters are left out, and so are backticks, which boards read as
// the start of a time code.
func GBK(text string, limit int) []byte {
	encoder := simplifiedchinese.GBK.NewEncoder()
	var out []byte
	for _, r := range text {
		switch {
		case r == '\n', r == '\t':
			r = ' '
		case r == '`', unicode.IsControl(r), unicode.Is(unicode.Cf, r): // Cf: marks that are not seen
			continue
		}
		char, err := encoder.String(string(r))
		if err != nil || char[0] == 0x80 || strings.HasSuffix(char, "`") {
			// The euro sign's single 80 is not in every card's font. And the
			// second byte of a rare character can be the backtick's: a card
			// that does not read by characters would take it for a time code.
			char = "?"
		}
		if len(out)+len(char) > limit {
			break
		}
		out = append(out, char...)
	}
	return out
}
