package frame

import "encoding/binary"

// The frames of voice chips that speak any text. A frame is
//
//	FD
//	length    2 bytes, high byte first, of all that follows
//	command   01 speak, 02 stop, 21 how are you
//	encoding  of command 01 only: 01 GBK
//	text      of command 01 only
//	check     of some chips: exclusive or of all bytes before it
//
// as in the makers' data sheets.
const (
	speechSpeak  = 0x01
	speechStop   = 0x02
	speechStatus = 0x21
)

// What a chip answers, in single bytes.
const (
	SpeechTaken   = 0x41
	SpeechRefused = 0x45
	SpeechBusy    = 0x4E
	SpeechIdle    = 0x4F
)

// A SpeechChip is what the models of voice chips differ in.
type SpeechChip struct {
	Checked bool // its frames end in a check byte
	Longest int  // bytes of text that one frame carries
}

// Speech returns the frame that lets a chip speak text, cut to the chip's Longest.
// It interrupts what the chip is saying. Square brackets are left out: chips take
// what stands in them for settings.
func Speech(c SpeechChip, text string) []byte {
	return speech(c, append([]byte{speechSpeak, 0x01}, encode(text, c.Longest, "`[]")...))
}

// SpeechStop returns the frame that silences a chip.
func SpeechStop(c SpeechChip) []byte { return speech(c, []byte{speechStop}) }

// SpeechStatus returns the frame that asks a chip whether it speaks: it answers
// SpeechBusy or SpeechIdle.
func SpeechStatus(c SpeechChip) []byte { return speech(c, []byte{speechStatus}) }

func speech(c SpeechChip, body []byte) []byte {
	size := len(body)
	if c.Checked {
		size++
	}
	frame := append(binary.BigEndian.AppendUint16([]byte{0xFD}, uint16(size)), body...)
	if c.Checked {
		var check byte
		for _, b := range frame {
			check ^= b
		}
		frame = append(frame, check)
	}
	return frame
}
