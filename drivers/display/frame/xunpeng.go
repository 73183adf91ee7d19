package frame

import (
	"encoding/binary"

	"parkagent/drivers"
)

// MaxCount is the largest number that a count board is sent.
const MaxCount = 9999

// XunpengCount returns the frame that shows count on a Xunpeng board of free
// places:
//
//	3A   colour, 00 green 01 yellow 02 red   count, 2 bytes, LOW byte first
//	info, 01 as seen   sum of all bytes before it   0A
//
// as other people's client code builds it.
func XunpengCount(count int, color drivers.LineColor) []byte {
	frame := []byte{0x3A, 0x02}
	switch color {
	case drivers.Green:
		frame[1] = 0x00
	case drivers.Yellow:
		frame[1] = 0x01
	}
	frame = binary.LittleEndian.AppendUint16(frame, uint16(min(max(count, 0), MaxCount)))
	frame = append(frame, 0x01)
	var sum byte
	for _, b := range frame {
		sum += b
	}
	return append(frame, sum, 0x0A)
}
