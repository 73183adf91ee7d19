package printer

import (
	"unicode"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// Wrap cuts text into lines of at most so many columns, in GBK: a Chinese character
// is two columns wide, and so are its bytes. Lines are cut between characters, and
// between words where a word would be cut. A line break is one; other control
// characters are left out, since they could be commands. What GBK lacks becomes a
// question mark.
func Wrap(text string, columns int) [][]byte {
	columns = max(columns, 2)
	lines := [][]byte{nil}
	space := -1 // in the last line, behind its last space; -1 without one
	for _, r := range text {
		if r == '\n' {
			lines, space = append(lines, nil), -1
			continue
		}
		char := gbk(r)
		if char == nil {
			continue
		}
		last := lines[len(lines)-1]
		if len(last)+len(char) > columns {
			var carried []byte
			if space > 0 && len(char) == 1 && char[0] != ' ' {
				carried = append(carried, last[space:]...)
				lines[len(lines)-1] = last[:space]
			}
			lines, space = append(lines, carried), -1
			last = carried
			if len(char) == 1 && char[0] == ' ' && len(last) == 0 {
				continue // a space at a cut is the cut
			}
		}
		lines[len(lines)-1] = append(last, char...)
		if len(char) == 1 && char[0] == ' ' {
			space = len(lines[len(lines)-1])
		}
	}
	return lines
}

// gbk encodes one character, nil for what is not printed.
func gbk(r rune) []byte {
	switch {
	case r == '\t':
		r = ' '
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r): // Cf: marks that are not seen
		return nil
	}
	char, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(string(r)))
	if err != nil || len(char) == 1 && char[0] >= 0x80 { // the euro sign's single 80 is in no printer's font
		return []byte("?")
	}
	return char
}
