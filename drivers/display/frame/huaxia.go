package frame

import (
	"bytes"
	"encoding/binary"

	"parkagent/drivers"
)

// The frames of the control card that is sold with Huaxia cameras. A frame is, in
// hexadecimal,
//
//	AA 55
//	sequence number   1 byte
//	address           1 byte, 64 unless set on the card
//	business          1 byte, 00
//	command           1 byte
//	length of data    2 bytes, high byte first
//	data
//	CRC-16/MODBUS     of sequence number to data AND TWO ZERO BYTES, high byte first
//	AF
//
// with nothing escaped, as other people's client code builds it; checked against
// frames recorded from real cards, see huaxia_test.go.
const (
	cmdHuaxiaCancel = 0x21
	cmdHuaxiaVoice  = 0x22
	cmdHuaxiaText   = 0x27
)

// Longest texts that are sent to a card, in bytes. The length field has room for
// far more; no longer ones were seen.
const (
	MaxHuaxiaText  = 200
	MaxHuaxiaVoice = 100
)

// HuaxiaText returns the frame (command 27) that shows l, until its seconds are
// over or it is replaced.
//
//	data  line, 1 to 4   seconds, 0 for good   colour, 1 red 2 green 3 yellow   00   text
func HuaxiaText(seq, address byte, l Line) []byte {
	color := byte(1)
	switch l.Color {
	case drivers.Green:
		color = 2
	case drivers.Yellow:
		color = 3
	}
	data := []byte{l.Row + 1, l.Seconds, color, 0x00}
	return huaxiaFrame(seq, address, cmdHuaxiaText, append(data, GBK(l.Text, MaxHuaxiaText)...))
}

// HuaxiaCancel returns the frame (command 21) that takes temporary text off the
// first so many lines, which then show the card's own.
//
//	data  one bit per line, the lowest for the top
func HuaxiaCancel(seq, address byte, lines int) []byte {
	return huaxiaFrame(seq, address, cmdHuaxiaCancel, []byte{byte(1<<lines - 1)})
}

// HuaxiaVoice returns the frame (command 22) that speaks words, which Spell makes,
// in no more than MaxHuaxiaVoice bytes.
func HuaxiaVoice(seq, address byte, words []byte) []byte {
	return huaxiaFrame(seq, address, cmdHuaxiaVoice, words)
}

func huaxiaFrame(seq, address, command byte, data []byte) []byte {
	body := []byte{seq, address, 0x00, command}
	body = binary.BigEndian.AppendUint16(body, uint16(len(data)))
	body = append(body, data...)
	crc := crcModbus(append(bytes.Clone(body), 0, 0))
	frame := append([]byte{0xAA, 0x55}, body...)
	return append(binary.BigEndian.AppendUint16(frame, crc), 0xAF)
}
