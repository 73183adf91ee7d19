package scanner

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// longest is the most bytes of one code. The largest QR code that a phone shows has
// less; more is noise, or two scanners on one line.
const longest = 512

// A Framer cuts what a scanner sends into codes: at line ends, and where whoever
// reads the line says that nothing came for a while, since a scanner may be set up
// to send no line end. It knows no clock.
//
// The zero value is ready.
type Framer struct {
	begun  []byte
	spoilt bool // more than longest came: all up to the next end is thrown away
	lines  bool // a line end came
}

// Add takes what was received and returns the codes that are complete, in order.
func (f *Framer) Add(received []byte) []string {
	var codes []string
	for _, b := range received {
		switch {
		case b == '\r' || b == '\n':
			f.lines = true
			codes = append(codes, f.End()...)
		case f.spoilt:
		case len(f.begun) == longest:
			f.begun, f.spoilt = nil, true
		default:
			f.begun = append(f.begun, b)
		}
	}
	return codes
}

// Begun reports whether part of a code is there.
func (f *Framer) Begun() bool { return len(f.begun) > 0 || f.spoilt }

// Lines reports whether a line end ever came, so that a pause without one is most
// likely not the end of a code.
func (f *Framer) Lines() bool { return f.lines }

// End ends the code that has begun, as a pause does, and returns it; nothing when
// there is none, or nothing of use in it.
func (f *Framer) End() []string {
	text := clean(f.begun)
	f.begun, f.spoilt = nil, false
	if text == "" || text == noRead {
		return nil
	}
	return []string{text}
}

// noRead is what scanners send that were triggered and read nothing, when they are
// set up to say so (reference, scanners: the ZKB200).
const noRead = "%%NoRead"

// clean returns what was read as text without control characters, which scanners
// put around a code (STX and ETX) and within some (GS), and without spaces at its
// ends. Bytes that are no UTF-8 are read as GBK, which Chinese scanners send.
func clean(b []byte) string {
	if !utf8.Valid(b) {
		if decoded, err := simplifiedchinese.GBK.NewDecoder().Bytes(b); err == nil {
			b = decoded
		}
	}
	text := slices.DeleteFunc([]rune(string(b)), func(r rune) bool {
		return r < ' ' || r >= 0x7F && r < 0xA0 || r == utf8.RuneError
	})
	return strings.TrimSpace(string(text))
}
