package led

// countBoard shows a number of free places. It never answers.
type countBoard struct{}

// NewCount returns a dark count board.
func NewCount() *Board { return newBoard(countBoard{}, 1) }

// cut reads 3A, colour, count (low byte first), information, sum, 0A.
func (countBoard) cut(received []byte) (frame, rest []byte, damaged int) {
	for len(received) >= 7 {
		f := received[:7]
		if f[0] != 0x3A || f[6] != 0x0A {
			received = received[1:]
			continue
		}
		if f[0]+f[1]+f[2]+f[3]+f[4] != f[5] {
			damaged++
			received = received[1:]
			continue
		}
		return f, received[7:], damaged
	}
	return nil, received, damaged
}

func (countBoard) obey(b *Board, frame []byte) bool {
	if frame[1] > 2 {
		return false
	}
	b.count, b.counted = int(frame[2])+int(frame[3])*256, true
	b.lines[0].color = []string{"green", "yellow", "red"}[frame[1]]
	return true
}

func (countBoard) answer(*Board, []byte, bool) []byte { return nil }

func (countBoard) garbage() []byte { return []byte{0x00, 0xFF} }
