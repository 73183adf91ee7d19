package printer

import "parkagent/drivers/gbk"

// Wrap cuts text into lines of at most so many columns, in GBK: a Chinese character
// is two columns wide, and so are its bytes. Lines are cut between characters, and
// between words where a word would be cut. A line break is one; other control
// characters are left out, since they could be commands. What GBK lacks becomes a
// character that looks the same, or a question mark.
func Wrap(text string, columns int) [][]byte {
	columns = max(columns, 2)
	lines := [][]byte{nil}
	space := -1 // in the last line, behind its last space; -1 without one
	for _, r := range text {
		if r == '\n' {
			lines, space = append(lines, nil), -1
			continue
		}
		char := gbk.Char(r)
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
