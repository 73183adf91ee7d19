// Package frame turns texts and numbers into the frames of LED panels, voice modules and count boards.
//
// Its functions are pure and know no line: the same bytes go over a serial port,
// a serial server or a camera that passes them on. Each family is one file, named
// as its board in package display is. Three of them have checksums that are
// easily taken for each other, so their tests hold them to frames recorded from
// real boards.
package frame

import (
	"strings"

	"parkagent/drivers/gbk"
)

// GBK encodes text for a panel, in at most limit bytes: cut between characters,
// never within one. A character that GBK lacks becomes one that looks the same or a
// question mark, so the rest of the line is still shown. Line breaks and tabs become
// spaces; other control characters are left out, and so are backticks, which boards
// read as the start of a time code.
//
// Text is GBK on every wire, and its length is counted in bytes.
func GBK(text string, limit int) []byte { return encode(text, limit, "`") }

// encode is GBK for a board that acts on the bytes of special: those are left
// out, and a character that has one of them as its second byte is replaced,
// since a board that does not read by characters would act on that.
func encode(text string, limit int, special string) []byte {
	var out []byte
	for _, r := range text {
		if r == '\n' {
			r = ' '
		}
		char := gbk.Char(r)
		switch {
		case char == nil || strings.ContainsRune(special, r):
			continue
		case strings.IndexByte(special, char[len(char)-1]) >= 0:
			char = []byte("?")
		}
		if len(out)+len(char) > limit {
			break
		}
		out = append(out, char...)
	}
	return out
}
