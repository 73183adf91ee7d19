package printer

import (
	"errors"
	"io"
)

// realTime is DLE EOT n, which is answered whatever else the printer does.
func (p *Printer) realTime(r *reader, line io.Writer) error {
	b, err := r.take(2)
	if err != nil {
		return err
	}
	if b[0] != 4 || b[1] < 1 || b[1] > 4 {
		p.misunderstand("DLE %X", b)
		return nil
	}
	p.mu.Lock()
	fault, low := p.fault, p.low
	p.mu.Unlock()
	answer := byte(0x12)
	switch {
	case b[1] == 1 && (fault == Empty || fault == Open || fault == Stuck):
		answer |= 1 << 3
	case b[1] == 2 && fault == Open:
		answer |= 1 << 2
	case b[1] == 2 && fault == Empty:
		answer |= 1 << 5
	case b[1] == 2 && fault == Stuck:
		answer |= 1 << 6
	case b[1] == 3 && fault == Stuck:
		answer |= 1 << 3
	case b[1] == 4 && fault == Empty:
		answer |= 3<<2 | 3<<5
	case b[1] == 4 && low:
		answer |= 3 << 2
	}
	return p.answer(line, fault, answer)
}

func (p *Printer) answer(line io.Writer, fault Fault, answer byte) error {
	var out []byte
	switch fault {
	case Silent, Dead:
		return nil
	case Gone:
		return errors.New("gone")
	case Noise:
		out = []byte{0x11, 0x13, 0xff, 0x93, 0x90, answer}
	case Stale:
		out = []byte{answer, answer}
	default:
		out = []byte{answer}
	}
	_, err := line.Write(out)
	return err
}

// transmit is GS r 1, which is answered when all before it was printed: never by a
// printer that cannot print.
func (p *Printer) transmit(r *reader, line io.Writer) error {
	if _, err := r.next(); err != nil {
		return err
	}
	p.mu.Lock()
	fault, unasked := p.fault, p.unasked
	if fault == RunsOut || fault == Last {
		p.fault = Empty
	}
	p.mu.Unlock()
	switch fault {
	case RunsOut:
		if !unasked {
			return nil
		}
		_, err := line.Write([]byte{0x18, 0x00, 0x00, 0x00})
		return err
	case Empty, Open, Stuck:
		return nil
	case Last:
		return p.answer(line, fault, 0x0f)
	}
	return p.answer(line, fault, 0)
}
