package led

import "time"

// speechChip is a voice chip.
type speechChip struct{ checked bool }

// NewSpeech returns a silent voice chip: a SYN6288, whose frames end in a check
// byte, or one without.
func NewSpeech(checked bool) *Board { return newBoard(speechChip{checked}, 0) }

// cut reads FD, length (high byte first), and so many bytes, of which the last is
// the exclusive or of all before it where the chip checks.
func (s speechChip) cut(received []byte) (frame, rest []byte, damaged int) {
	for len(received) >= 4 {
		size := 3 + int(received[1])*256 + int(received[2])
		least := 4 // with a command
		if s.checked {
			least = 5
		}
		if received[0] != 0xFD || size < least || size > 3+210 {
			received = received[1:]
			continue
		}
		if len(received) < size {
			return nil, received, damaged
		}
		var check byte
		for _, b := range received[:size] {
			check ^= b
		}
		if s.checked && check != 0 {
			damaged++
			received = received[1:]
			continue
		}
		frame = received[:size]
		if s.checked {
			frame = received[:size-1]
		}
		return frame, received[size:], damaged
	}
	return nil, received, damaged
}

func (s speechChip) obey(b *Board, frame []byte) bool {
	switch command, text := frame[3], frame[4:]; {
	case command == 0x21:
		return len(text) == 0
	case command == 0x02:
		b.talks = time.Time{}
		return len(text) == 0
	case command == 0x01 && len(text) > 1 && len(text) <= 201 && text[0] == 1:
		said, ok := textOf(text[1:])
		if ok {
			b.spoken = append(b.spoken, said)
			b.talks = time.Now().Add(time.Duration(len(text)) * 125 * time.Millisecond) // four characters a second
		}
		return ok
	}
	return false
}

func (s speechChip) answer(b *Board, frame []byte, understood bool) []byte {
	switch {
	case !understood:
		return []byte{0x45}
	case frame[3] == 0x21 && time.Now().Before(b.talks):
		return []byte{0x4E}
	case frame[3] == 0x21:
		return []byte{0x4F}
	}
	return []byte{0x41}
}

func (speechChip) garbage() []byte { return []byte{0x00, 0xFF, 0x00} }
