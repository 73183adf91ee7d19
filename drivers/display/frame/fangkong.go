package frame

import (
	"bytes"
	"encoding/binary"

	"parkagent/drivers"
)

// The frames of the control card sold by Fangkong, OLM and Lyon. A frame is
//
//	DA  address                 1 byte, 00 unless set on the card
//	VR  version                 1 byte, 64
//	PN  packet number           2 bytes, FFFF: a single packet
//	CMD command                 1 byte
//	DL  length of DATA          1 byte
//	DATA
//	CRC CRC-16/MODBUS of all before it, low byte first
//
// as in the maker's table of commands; checked against frames recorded from
// real cards, see fangkong_test.go.
const (
	fangkongVersion = 0x64
	fangkongHead    = 6 // bytes before DATA
	fangkongTail    = 2 // bytes of CRC

	cmdConnect = 0x00
	cmdVoice   = 0x30
	cmdText    = 0x62
	cmdWhole   = 0x6E
)

// Longest texts that a frame has room for, in bytes of GBK.
const (
	MaxFangkongText  = 255 - 19
	MaxFangkongVoice = 255 - 1
)

// FangkongVoice returns the frame (command 30) that lets the card at address
// speak text, cut to MaxFangkongVoice bytes.
//
//	DATA  01, then the text
func FangkongVoice(address byte, text string) []byte {
	return fangkongFrame(address, cmdVoice, append([]byte{0x01}, GBK(text, MaxFangkongVoice)...))
}

// FangkongText returns the frame (command 62, temporary text) that shows l on
// the card at address, its text cut to MaxFangkongText bytes. Text that fits
// stands still, longer text runs; the card sees to that.
//
//	DATA  TWID  line
//	      ETM   15 way in         ETS  01 its speed
//	      DM    00 way of staying DT   seconds
//	      EXM   15 way out        EXS  01 its speed
//	      FINDEX 03 font          DRS  00 repetitions
//	      TC    4 bytes, colour of the text: red, green, blue, 00
//	      BC    4 bytes, colour behind it: 00 00 00 00
//	      TL    2 bytes, length of the text, LOW byte first, then the text
func FangkongText(address byte, l Line) []byte {
	text := GBK(l.Text, MaxFangkongText)
	color := fangkongColor(l.Color)
	data := []byte{l.Row, 0x15, 0x01, 0x00, l.Seconds, 0x15, 0x01, 0x03, 0x00}
	data = append(data, color[:]...)
	data = append(data, 0, 0, 0, 0)
	data = binary.LittleEndian.AppendUint16(data, uint16(len(text)))
	return fangkongFrame(address, cmdText, append(data, text...))
}

// FangkongScreen returns the frame (command 6E, lines and voice in one) that
// shows all lines on the card at address and speaks voice, which may be empty.
// The maker calls it deprecated in favour of 6F, whose layout is not public;
// cards in the field know it. Where the frame has no room for everything, each
// text is cut to its share.
//
//	DATA  SAVE  00 temporary     LINES number of lines
//	      of each line:
//	      LID   line             DM    01 way of staying
//	      DS    00 speed         DT    seconds
//	      DR    01 repetitions   TC    4 bytes, colour as in command 62
//	      TL    1 byte, length of the text, then the text
//	      0D between two lines, 00 behind the last
//	      0A    the voice follows
//	      VTL   1 byte, length of the voice, then the voice, then 00
func FangkongScreen(address byte, lines []Line, voice string) []byte {
	const perLine, fixed = 11, 5 // bytes beside the texts
	room := 255 - fixed - perLine*len(lines)
	texts := make([][]byte, 0, len(lines)+1)
	need := 0
	for _, l := range lines {
		texts = append(texts, GBK(l.Text, room))
	}
	texts = append(texts, GBK(voice, room))
	for _, t := range texts {
		need += len(t)
	}
	if need > room {
		share := room / len(texts)
		for i, l := range lines {
			texts[i] = GBK(l.Text, share)
		}
		texts[len(lines)] = GBK(voice, share)
	}
	data := []byte{0x00, byte(len(lines))}
	for i, l := range lines {
		color := fangkongColor(l.Color)
		data = append(data, l.Row, 0x01, 0x00, l.Seconds, 0x01)
		data = append(data, color[:]...)
		data = append(append(data, byte(len(texts[i]))), texts[i]...)
		if i < len(lines)-1 {
			data = append(data, 0x0D)
		} else {
			data = append(data, 0x00)
		}
	}
	spoken := texts[len(lines)]
	data = append(append(data, 0x0A, byte(len(spoken))), spoken...)
	return fangkongFrame(address, cmdWhole, append(data, 0x00))
}

func fangkongColor(c drivers.LineColor) [4]byte {
	switch c {
	case drivers.Green:
		return [4]byte{0, 0xFF, 0, 0}
	case drivers.Yellow:
		return [4]byte{0xFF, 0xFF, 0, 0}
	}
	return [4]byte{0xFF, 0, 0, 0}
}

// FangkongConnect returns the frame (command 00, without data) that the maker's
// table calls "connect": it shows nothing, and a card that answers anything
// answers it.
func FangkongConnect(address byte) []byte { return fangkongFrame(address, cmdConnect, nil) }

func fangkongFrame(address, command byte, data []byte) []byte {
	frame := []byte{address, fangkongVersion, 0xFF, 0xFF, command, byte(len(data))}
	frame = append(frame, data...)
	return binary.LittleEndian.AppendUint16(frame, crcModbus(frame))
}

// A FangkongReply is a card's answer to one frame.
type FangkongReply struct {
	Address byte
	Command byte   // of the frame it answers
	Data    []byte // one byte in recorded answers, 00 for a frame that was shown
}

// DecodeFangkongReply finds the first frame in received whose checksum holds,
// past any noise before it, and returns it with the bytes that follow. It
// returns false while there is none.
func DecodeFangkongReply(received []byte) (reply FangkongReply, rest []byte, ok bool) {
	for i := range received {
		b := received[i:]
		if len(b) < fangkongHead+fangkongTail {
			break
		}
		end := fangkongHead + int(b[5])
		if !bytes.Equal(b[1:4], []byte{fangkongVersion, 0xFF, 0xFF}) || len(b) < end+fangkongTail {
			continue // noise, or a length made of noise: a whole frame may stand further on
		}
		if binary.LittleEndian.Uint16(b[end:]) != crcModbus(b[:end]) {
			continue
		}
		reply = FangkongReply{Address: b[0], Command: b[4], Data: bytes.Clone(b[fangkongHead:end])}
		return reply, b[end+fangkongTail:], true
	}
	return FangkongReply{}, received, false
}
