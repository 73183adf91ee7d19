package led

import (
	"bytes"
	"strings"
)

// onbonCard is an Onbon card with areas as lines.
type onbonCard struct {
	address       int
	width, height int // of the panel, in points
	unit          int // points in one step of an area's width
}

// NewOnbon returns a dark panel of so many points and lines with an Onbon card,
// whose areas are as wide as so many points are a multiple of unit.
func NewOnbon(address, width, height, unit, lines int) *Board {
	return newBoard(onbonCard{address, width, height, unit}, lines)
}

// cut returns a frame without its ends and escapes: header, data and sum.
func (onbonCard) cut(received []byte) (frame, rest []byte, damaged int) {
	for {
		end := bytes.IndexByte(received, 0x5A)
		if end < 0 {
			return nil, received[max(0, len(received)-4096):], damaged
		}
		whole := received[:end]
		received = received[end+1:]
		begin := bytes.LastIndexByte(whole, 0xA5)
		if begin < 0 {
			continue
		}
		inner := plain(whole[begin+1:])
		if len(inner) < 16 || remainder(0, inner) != 0 || int(inner[12])+int(inner[13])*256 != len(inner)-16 {
			damaged++
			continue
		}
		return inner, received, damaged
	}
}

func (c onbonCard) obey(b *Board, frame []byte) bool {
	data := frame[14 : len(frame)-2]
	if int(frame[0])+int(frame[1])*256 != c.address || len(data) < 5 {
		return false
	}
	switch {
	case data[0] == 0xA2 && data[1] == 0x00: // is anybody there
		return true
	case data[0] == 0xA3 && data[1] == 0x06:
		return c.area(b, data[5:])
	}
	return false
}

// area shows one area: deleted 0, shown 1, length, then what it is.
func (c onbonCard) area(b *Board, data []byte) bool {
	r := reader{data: data}
	if r.number(1) != 0 || r.number(1) != 1 || r.number(2) != len(r.data) {
		return false
	}
	kind, x, y, w, h := r.number(1), r.number(2)*c.unit, r.number(2), r.number(2)*c.unit, r.number(2)
	id, _, mode, timeout := r.number(1), r.number(1), r.number(1), r.number(2)
	if kind != 0 || id >= len(b.lines) || x+w > c.width || y+h > c.height || y != id*c.height/len(b.lines) || mode != 0 && mode != 2 {
		return false
	}
	var voice []byte
	switch r.number(1) {
	case 0:
	case 2:
		r.number(3)
		voice = r.bytes(r.number(4))
	default:
		return false
	}
	r.number(4) // extras, alignment, lines, line breaks
	if way := r.number(1); way != 1 && way != 3 {
		return false
	}
	r.number(3)
	text := r.bytes(r.number(4))
	if r.short || len(r.data) != 0 {
		return false
	}
	shown := line{}
	if mode == 2 {
		shown.until = secondsFromNow(timeout)
	}
	for escape, color := range map[string]string{`\C1`: "red", `\C2`: "green", `\C3`: "yellow"} {
		if bytes.HasPrefix(text, []byte(escape)) {
			text, shown.color = text[len(escape):], color
			break
		}
	}
	said, ok := textOf(voice)
	if !ok {
		return false
	}
	if shown.text, ok = textOf(text); !ok || strings.Contains(shown.text, `\`) {
		return false
	}
	if shown.text != "" { // without characters, the old ones stand
		b.lines[id] = shown
	}
	if said != "" {
		b.spoken = append(b.spoken, said)
	}
	return true
}

// answer is A0, 00 for yes or 01 for no, a code and two zeros, where the frame
// asks for one.
func (c onbonCard) answer(_ *Board, frame []byte, understood bool) []byte {
	if len(frame) < 14+5 || frame[14+2] != 1 {
		return nil
	}
	body := []byte{0x00, 0x80, frame[0], frame[1], 0, 0, 0, 0, 0, 0, 0xFE, 0x02, 5, 0, 0xA0, 0, 0, 0, 0}
	if !understood {
		body[15], body[16] = 1, 3
	}
	sum := remainder(0, body)
	body = append(body, byte(sum), byte(sum>>8))
	whole := []byte{0xA5, 0xA5, 0xA5, 0xA5, 0xA5, 0xA5, 0xA5, 0xA5}
	for _, v := range body {
		switch v {
		case 0xA5, 0xA6:
			whole = append(whole, 0xA6, 0xA7-v)
		case 0x5A, 0x5B:
			whole = append(whole, 0x5B, 0x5C-v)
		default:
			whole = append(whole, v)
		}
	}
	return append(whole, 0x5A)
}

func (onbonCard) garbage() []byte { return []byte{0xA5, 0xA6, 0x07, 0x5A, 0xA5, 0x01} }

// plain takes the escapes out of the inside of a frame.
func plain(inner []byte) []byte {
	var out []byte
	for i := 0; i < len(inner); i++ {
		v := inner[i]
		if (v == 0xA6 || v == 0x5B) && i+1 < len(inner) {
			i++
			v -= inner[i] - 1
		}
		out = append(out, v)
	}
	return out
}

// A reader takes numbers, low byte first, and bytes off data.
type reader struct {
	data  []byte
	short bool // there was less than was wanted
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.data) {
		r.short, n = true, len(r.data)
	}
	taken := r.data[:n]
	r.data = r.data[n:]
	return taken
}

func (r *reader) number(size int) int {
	n := 0
	for i, b := range r.bytes(size) {
		n |= int(b) << (8 * i)
	}
	return n
}
