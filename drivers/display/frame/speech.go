package frame

import "encoding/binary"

// The frames of voice chips that speak any text. A frame is
//
//	FD
//	length    2 bytes, high byte first, of all that follows
//	command   01 speak, 02 stop, 21 how are you
//	encoding  of command 01 only: 01 GBK
//	text      of command 01 only
//	check     SYN6288 only: exclusive or of all bytes before it
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

// MaxSpeech is the longest text that one frame carries, in bytes of GBK. It is
// SYN6288's limit, and more than anybody listens to.
const MaxSpeech = 200

// A SpeechChip is a model of voice chip. The zero value is SYN6288.
type SpeechChip uint8

// The chips.
const (
	SYN6288 SpeechChip = iota
	XFS5152
)

// checked reports whether the chip's frames end in a check byte.
func (c SpeechChip) checked() bool { return c == SYN6288 }

// Speech returns the frame that lets a chip speak text, cut to MaxSpeech bytes.
// It interrupts what the chip is saying. Square brackets are left out: chips take
// what stands in them for settings.
func Speech(c SpeechChip, text string) []byte {
	return speech(c, append([]byte{speechSpeak, 0x01}, encode(text, MaxSpeech, "`[]")...))
}

// SpeechStop returns the frame that silences a chip.
func SpeechStop(c SpeechChip) []byte { return speech(c, []byte{speechStop}) }

// SpeechStatus returns the frame that asks a chip whether it speaks: it answers
// SpeechBusy or SpeechIdle.
func SpeechStatus(c SpeechChip) []byte { return speech(c, []byte{speechStatus}) }

func speech(c SpeechChip, body []byte) []byte {
	size := len(body)
	if c.checked() {
		size++
	}
	frame := append(binary.BigEndian.AppendUint16([]byte{0xFD}, uint16(size)), body...)
	if c.checked() {
		var check byte
		for _, b := range frame {
			check ^= b
		}
		frame = append(frame, check)
	}
	return frame
}
