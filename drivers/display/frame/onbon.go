package frame

import (
	"bytes"
	"encoding/binary"
)

// The frames of Onbon's BX-5K and BX-6K cards, which have fonts of their own. A
// frame is
//
//	A5 × 8
//	header   destination 2 bytes, source 2 (8000, us), reserved 3, bar code 1,
//	         check mode 1, display mode 1, device type 1 (FE, any), version 1
//	         (02), length of data 2; all LOW byte first
//	data
//	CRC-16/ARC of header and data, low byte first
//	5A
//
// where A5, A6, 5A and 5B in header, data and CRC are written as two bytes,
// after the sum was made. As in the maker's protocol; checked against a frame
// recorded from a real card, see onbon_test.go.
const (
	onbonHead = 14
	onbonUs   = 0x8000

	onbonAreaGroup, onbonAreaCommand = 0xA3, 0x06
	onbonPingGroup, onbonPingCommand = 0xA2, 0x00
)

// What an Onbon card answers begins with: OnbonAnswer, then OnbonTaken when it
// took the frame or anything else when it did not, then an error code.
const (
	OnbonAnswer = 0xA0
	OnbonTaken  = 0x00
)

// OnbonPing returns the frame that asks the card at address whether it is there.
func OnbonPing(address uint16) []byte {
	return onbonFrame(address, []byte{onbonPingGroup, onbonPingCommand, 0x01, 0x00, 0x00})
}

// OnbonGBK is GBK for an Onbon card, which reads a backslash as the beginning of a
// colour or a font, too.
func OnbonGBK(text string) []byte { return encode(text, MaxOnbonText, "`\\") }

// MaxOnbonText is the longest text of an area or a voice that is sent, in bytes.
const MaxOnbonText = 200

// An OnbonArea is a rectangle of the panel with a text of its own, which the
// card keeps in memory only: the maker's "dynamic area".
type OnbonArea struct {
	ID      byte
	X, Y    uint16 // of the upper left corner; X in the unit of the model
	W, H    uint16 // W in the unit of the model
	Text    []byte // GBK with the card's own escapes
	Running bool   // runs from right to left, else stands
	Seconds uint16 // how long the text stands; 0: until it is replaced
	Speak   []byte // GBK; spoken once. Empty: nothing
	Volume  byte   // of what is spoken, 0 to 10
}

// OnbonText returns the frame (command A3 06) that shows one area on the card at
// address. With ack the card is asked to answer.
//
//	data  A3 06   answer, 1 yes 2 no   00 00   areas deleted 00   areas shown 01
//	      length of the rest, 2 bytes
//	      type 00   X 2   Y 2   W 2   H 2   area number   line space 00
//	      run mode, 0 for good, 2 until the time is over   time in s 2
//	      voice, 0 none, 2 as follows: person and repetitions 1, volume 1,
//	        speed 1, length 4, text
//	      length of extras 00   alignment 00
//	      lines, 1 one 2 several   line breaks, 1 as written 2 by the card
//	      way in, 1 stands 3 runs to the left   way out 00   speed   stay in 0.5 s
//	      length of text 4   text
func OnbonText(address uint16, a OnbonArea, ack bool) []byte {
	runMode, timeout := byte(0), uint16(2)
	if a.Seconds > 0 {
		runMode, timeout = 2, a.Seconds
	}
	area := []byte{0x00}
	for _, v := range []uint16{a.X, a.Y, a.W, a.H} {
		area = binary.LittleEndian.AppendUint16(area, v)
	}
	area = append(area, a.ID, 0x00, runMode)
	area = binary.LittleEndian.AppendUint16(area, timeout)
	if len(a.Speak) == 0 {
		area = append(area, 0x00)
	} else {
		area = append(area, 0x02, 0x00, a.Volume, 0x05)
		area = binary.LittleEndian.AppendUint32(area, uint32(len(a.Speak)))
		area = append(area, a.Speak...)
	}
	way := byte(1)
	if a.Running {
		way = 3
	}
	area = append(area, 0x00, 0x00, 0x02, 0x02, way, 0x00, 0x04, 0x05)
	area = binary.LittleEndian.AppendUint32(area, uint32(len(a.Text)))
	area = append(area, a.Text...)

	answer := byte(2)
	if ack {
		answer = 1
	}
	data := []byte{onbonAreaGroup, onbonAreaCommand, answer, 0x00, 0x00, 0x00, 0x01}
	data = binary.LittleEndian.AppendUint16(data, uint16(len(area)))
	return onbonFrame(address, append(data, area...))
}

func onbonFrame(address uint16, data []byte) []byte {
	var body []byte
	body = binary.LittleEndian.AppendUint16(body, address)
	body = binary.LittleEndian.AppendUint16(body, onbonUs)
	body = append(body, 0, 0, 0, 0, 0, 0, 0xFE, 0x02)
	body = binary.LittleEndian.AppendUint16(body, uint16(len(data)))
	body = append(body, data...)
	body = binary.LittleEndian.AppendUint16(body, crcARC(body))

	frame := bytes.Repeat([]byte{0xA5}, 8)
	for _, b := range body {
		switch b {
		case 0xA5:
			frame = append(frame, 0xA6, 0x02)
		case 0xA6:
			frame = append(frame, 0xA6, 0x01)
		case 0x5A:
			frame = append(frame, 0x5B, 0x02)
		case 0x5B:
			frame = append(frame, 0x5B, 0x01)
		default:
			frame = append(frame, b)
		}
	}
	return append(frame, 0x5A)
}

// DecodeOnbon finds the first frame in received whose length and checksum hold,
// past any noise before it, and returns its data with the bytes that follow. It
// returns false while there is none.
func DecodeOnbon(received []byte) (data, rest []byte, ok bool) {
	for start := 0; ; {
		i := bytes.IndexByte(received[start:], 0xA5)
		if i < 0 {
			return nil, received, false
		}
		begin := start + i
		for begin < len(received) && received[begin] == 0xA5 {
			begin++
		}
		length := bytes.IndexByte(received[begin:], 0x5A)
		if length < 0 {
			return nil, received, false
		}
		// A frame that was cut off is followed by the A5 of the next one.
		if next := bytes.IndexByte(received[begin:begin+length], 0xA5); next >= 0 {
			start = begin + next
			continue
		}
		end := begin + length + 1
		if body, sound := onbonUnescape(received[begin : end-1]); sound && onbonSound(body) {
			return body[onbonHead : len(body)-2], received[end:], true
		}
		start = end
	}
}

// onbonSound reports whether a frame without its escapes is what its length and
// checksum say.
func onbonSound(body []byte) bool {
	if len(body) < onbonHead+2 || int(binary.LittleEndian.Uint16(body[onbonHead-2:])) != len(body)-onbonHead-2 {
		return false
	}
	sum := len(body) - 2
	return binary.LittleEndian.Uint16(body[sum:]) == crcARC(body[:sum])
}

func onbonUnescape(b []byte) ([]byte, bool) {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != 0xA6 && b[i] != 0x5B {
			out = append(out, b[i])
			continue
		}
		i++
		if i == len(b) || b[i] != 1 && b[i] != 2 {
			return nil, false
		}
		out = append(out, b[i-1]-(b[i]-1)) // A6 02 is A5, A6 01 is A6; likewise 5B
	}
	return out, true
}
