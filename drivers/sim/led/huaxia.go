package led

import (
	"strings"
)

// huaxiaCard is an AA55 card. It never answers.
type huaxiaCard struct{ address byte }

// NewHuaxia returns a dark panel of so many lines with an AA55 card.
func NewHuaxia(address byte, lines int) *Board { return newBoard(huaxiaCard{address}, lines) }

// cut reads AA 55, number, address, 00, command, length (high byte first), data,
// sum (high byte first), AF. The sum is over number to data and two zero bytes.
func (huaxiaCard) cut(received []byte) (frame, rest []byte, damaged int) {
	for len(received) >= 11 {
		if received[0] != 0xAA || received[1] != 0x55 || received[4] != 0 {
			received = received[1:]
			continue
		}
		size := 8 + int(received[6])*256 + int(received[7]) + 3
		if size > 1024 {
			received = received[1:]
			continue
		}
		if len(received) < size {
			return nil, received, damaged
		}
		f := received[:size]
		summed := append(append([]byte(nil), f[2:size-3]...), 0, 0)
		sum := remainder(0xFFFF, summed)
		if f[size-1] != 0xAF || f[size-3] != byte(sum>>8) || f[size-2] != byte(sum) {
			damaged++
			received = received[1:]
			continue
		}
		return f, received[size:], damaged
	}
	return nil, received, damaged
}

func (c huaxiaCard) obey(b *Board, frame []byte) bool {
	if frame[3] != c.address {
		return false
	}
	data := frame[8 : len(frame)-3]
	switch frame[5] {
	case 0x21: // bits of lines that go back to their own text
		if len(data) != 1 || int(data[0])>>len(b.lines) != 0 {
			return false
		}
		for i := range b.lines {
			if data[0]>>i&1 == 1 {
				b.lines[i] = line{}
			}
		}
		return true
	case 0x22:
		words, ok := huaxiaWords(data)
		if ok {
			b.spoken = append(b.spoken, words)
		}
		return ok
	case 0x27: // line, seconds, colour, 00, text
		colors := []string{1: "red", 2: "green", 3: "yellow"}
		if len(data) < 4 || data[0] < 1 || int(data[0]) > len(b.lines) || data[2] < 1 || data[2] > 3 || data[3] != 0 {
			return false
		}
		text, ok := textOf(data[4:])
		if ok && text != "" { // without characters, the old ones stand
			b.lines[data[0]-1] = line{text: text, color: colors[data[2]], until: secondsFromNow(int(data[1]))}
		}
		return ok
	}
	return false
}

// huaxiaWords says what the card would: recorded words by their numbers, and the
// characters of a plate, which begins with one of two bytes.
func huaxiaWords(data []byte) (string, bool) {
	recorded := map[byte]string{
		0x01: "欢迎光临", 0x03: "谢谢", 0x0B: "请缴费", 0x14: "请入场停车", 0x16: "本次", 0x2D: "元",
		0x45: "缴费成功", 0x5F: "一路平安", 0x62: "再次光临", 0x6A: "停车费",
	}
	var said strings.Builder
	plate := 0 // characters of a plate that may still come
	for i := 0; i < len(data); i++ {
		c := data[i]
		switch {
		case c >= 0x81:
			if i+1 == len(data) {
				return "", false
			}
			char, ok := textOf(data[i : i+2])
			if !ok {
				return "", false
			}
			said.WriteString(char)
			plate = 7
			i++
			continue
		case plate > 0 && (c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'), c >= '0' && c <= '9':
			said.WriteByte(c)
			plate--
			continue
		}
		word, ok := recorded[c]
		if !ok {
			return "", false
		}
		said.WriteString(word)
		plate = 0
	}
	return said.String(), true
}

func (huaxiaCard) answer(*Board, []byte, bool) []byte { return nil }

func (huaxiaCard) garbage() []byte { return []byte{0xAA, 0x00, 0xFF} }
