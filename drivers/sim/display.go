package sim

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// An LEDFault is what a simulated panel does wrong.
type LEDFault uint8

// The faults of a panel.
const (
	LEDFine    LEDFault = iota
	LEDSilent           // shows, but its answers are lost
	LEDDead             // neither shows nor answers
	LEDRefuses          // answers with an error code and shows nothing
	LEDNoise            // sends garbage before every answer
	LEDCrumbs           // sends its answers byte by byte
	LEDEcho             // its adapter throws every frame back before the answer
	LEDGone             // the line breaks at every frame, and at every try to connect
)

// An LEDBoard is a panel with a Fangkong control card, at wire level: it reads
// frames from a line, checks them as the card does and keeps what would be seen
// and heard. It has its own reading of the frames, so that it can find faults
// in ours.
type LEDBoard struct {
	address byte

	mu      sync.Mutex // guards the following fields
	lines   []ledLine
	spoken  []string
	times   []time.Time // when each whole frame with a right checksum came
	damaged int         // frames with a wrong one
	fault   LEDFault
	changed chan struct{} // closed and replaced at every frame
	links   map[io.Closer]bool
}

type ledLine struct {
	text  string
	color [4]byte
	until time.Time // zero: until replaced
}

// NewLEDBoard returns a dark panel with so many lines.
func NewLEDBoard(address byte, lines int) *LEDBoard {
	return &LEDBoard{
		address: address,
		lines:   make([]ledLine, lines),
		changed: make(chan struct{}),
		links:   make(map[io.Closer]bool),
	}
}

// Serve accepts connections, as a serial server before the panel does, until
// ctx is done. It closes l and returns nil after ctx is done and all
// connections have ended.
func (b *LEDBoard) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	var links sync.WaitGroup
	defer links.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("accept: %w", err)
		}
		links.Go(func() { _ = b.Attach(ctx, conn) }) // a lost line is no news to a panel
	}
}

// Attach reads frames from the line until it breaks or ctx is done, and closes
// it.
func (b *LEDBoard) Attach(ctx context.Context, line io.ReadWriteCloser) error {
	stop := context.AfterFunc(ctx, func() { _ = line.Close() })
	defer stop()
	defer func() { _ = line.Close() }()
	b.mu.Lock()
	gone := b.fault == LEDGone
	b.links[line] = true
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.links, line)
	}()
	if gone {
		return nil
	}
	var received []byte
	buf := make([]byte, 512)
	for {
		n, err := line.Read(buf)
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("read line: %w", err)
		}
		received = append(received, buf[:n]...)
		for {
			frame, rest := b.cut(received)
			received = rest
			if frame == nil {
				break
			}
			if err := b.take(line, frame); err != nil {
				return err
			}
		}
	}
}

// cut takes the next sound frame off received: address, 64 FF FF, command,
// length, data and a checksum, low byte first. It returns nil while there is
// none, and what must be kept for it.
func (b *LEDBoard) cut(received []byte) (frame, rest []byte) {
	for len(received) >= 8 {
		if received[0] != b.address || received[1] != 0x64 || received[2] != 0xFF || received[3] != 0xFF {
			received = received[1:]
			continue
		}
		size := 6 + int(received[5]) + 2
		if len(received) < size {
			return nil, received
		}
		// A sum over a frame and its own checksum is zero.
		if ledChecksum(received[:size]) != 0 {
			b.mu.Lock()
			b.damaged++
			b.mu.Unlock()
			received = received[1:]
			continue
		}
		return received[:size], received[size:]
	}
	return nil, received
}

// take obeys one frame and answers it, as far as the present fault allows.
func (b *LEDBoard) take(line io.WriteCloser, frame []byte) error {
	b.mu.Lock()
	fault := b.fault
	b.times = append(b.times, time.Now())
	code := byte(0)
	switch fault {
	case LEDDead, LEDGone:
	case LEDRefuses:
		code = 1
	default:
		if !b.obeyLocked(frame[4], frame[6:len(frame)-2]) {
			code = 1
		}
	}
	close(b.changed)
	b.changed = make(chan struct{})
	b.mu.Unlock()

	answer := []byte{b.address, 0x64, 0xFF, 0xFF, frame[4], 1, code}
	answer = binary.LittleEndian.AppendUint16(answer, ledChecksum(answer))
	var chunks [][]byte
	switch fault {
	case LEDSilent, LEDDead:
		return nil
	case LEDGone:
		return line.Close()
	case LEDNoise:
		chunks = [][]byte{{0x00, 0xFF, 0x00, 0x64, 0xFF, 0xFF, 0x62, 0xC8}, answer}
	case LEDEcho:
		chunks = [][]byte{frame, answer}
	case LEDCrumbs:
		for i := range answer {
			chunks = append(chunks, answer[i:i+1])
		}
	default:
		chunks = [][]byte{answer}
	}
	for _, chunk := range chunks {
		if _, err := line.Write(chunk); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
	}
	return nil
}

// obeyLocked shows or speaks what the command says. It reports whether the
// card would have understood it.
func (b *LEDBoard) obeyLocked(command byte, data []byte) bool {
	switch command {
	case 0x00: // is anybody there
		return len(data) == 0
	case 0x6E:
		return b.obeyScreenLocked(data)
	case 0x30: // voice: 01, text
		if len(data) < 1 || data[0] != 1 {
			return false
		}
		text, ok := ledText(data[1:])
		if ok {
			b.spoken = append(b.spoken, text)
		}
		return ok
	case 0x62: // text: line, 3 of entry, seconds, 4 of exit and font, colours, length, text
		if len(data) < 19 || int(data[0]) >= len(b.lines) {
			return false
		}
		size := int(data[17]) | int(data[18])<<8
		if len(data) != 19+size {
			return false
		}
		text, ok := ledText(data[19:])
		if !ok {
			return false
		}
		shown := ledLine{text: text, color: [4]byte(data[9:13])}
		if seconds := data[4]; seconds > 0 {
			shown.until = time.Now().Add(time.Duration(seconds) * time.Second)
		}
		if text != "" { // without characters, the old ones stand
			b.lines[data[0]] = shown
		}
		return true
	}
	return false
}

// obeyScreenLocked shows and speaks the lines and the voice of one frame: kept or
// not, count, then per line its number, way, speed, seconds, repetitions, colour,
// length and text with 0D behind it, 00 behind the last; then 0A, length, voice
// and 00. Nothing of it happens unless all of it is understood.
func (b *LEDBoard) obeyScreenLocked(data []byte) bool {
	if len(data) < 2 || data[0] > 1 || int(data[1]) > len(b.lines) {
		return false
	}
	count := int(data[1])
	data = data[2:]
	lines := append([]ledLine(nil), b.lines...)
	for i := range count {
		if len(data) < 11 || int(data[0]) >= len(lines) || len(data) < 11+int(data[9]) {
			return false
		}
		size := 10 + int(data[9])
		text, ok := ledText(data[10:size])
		last := byte(0x0D)
		if i == count-1 {
			last = 0
		}
		if !ok || data[size] != last {
			return false
		}
		shown := ledLine{text: text, color: [4]byte(data[5:9])}
		if seconds := data[3]; seconds > 0 {
			shown.until = time.Now().Add(time.Duration(seconds) * time.Second)
		}
		if text != "" { // without characters, the old ones stand
			lines[data[0]] = shown
		}
		data = data[size+1:]
	}
	if len(data) < 3 || data[0] != 0x0A || len(data) != 3+int(data[1]) || data[len(data)-1] != 0 {
		return false
	}
	voice, ok := ledText(data[2 : len(data)-1])
	if !ok {
		return false
	}
	copy(b.lines, lines)
	if voice != "" {
		b.spoken = append(b.spoken, voice)
	}
	return true
}

// ledText decodes GBK, strictly: a card shows a broken character as dirt.
func ledText(gbk []byte) (string, bool) {
	text, err := simplifiedchinese.GBK.NewDecoder().String(string(gbk))
	if err != nil {
		return "", false
	}
	for _, r := range text {
		if r == '\uFFFD' || r < ' ' || r == '`' {
			return "", false
		}
	}
	return text, true
}

// ledChecksum is CRC-16/MODBUS, bit by bit over the message as one number.
func ledChecksum(message []byte) uint16 {
	sum := uint16(0xFFFF)
	for i := range len(message) * 8 {
		bit := uint16(message[i/8]>>(i%8)) & 1
		carry := (sum ^ bit) & 1
		sum >>= 1
		if carry == 1 {
			sum ^= 0xA001
		}
	}
	return sum
}

// Lines returns what the panel shows now, an empty text for a line that went
// back to the panel's own.
func (b *LEDBoard) Lines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	shown := make([]string, len(b.lines))
	for i, l := range b.lines {
		if l.until.IsZero() || time.Now().Before(l.until) {
			shown[i] = l.text
		}
	}
	return shown
}

// Color returns the red, green and blue of a line's text.
func (b *LEDBoard) Color(line int) [3]byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return [3]byte(b.lines[line].color[:3])
}

// Spoken returns everything the panel has spoken, the oldest first.
func (b *LEDBoard) Spoken() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.spoken...)
}

// Frames returns how many sound and how many damaged frames came.
func (b *LEDBoard) Frames() (sound, damaged int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.times), b.damaged
}

// Times returns when each sound frame came.
func (b *LEDBoard) Times() []time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]time.Time(nil), b.times...)
}

// Feed gives the panel bytes that a camera passes on, whole frames at a time.
// Answers are lost on that way.
func (b *LEDBoard) Feed(p []byte) {
	for {
		frame, rest := b.cut(p)
		if frame == nil {
			return
		}
		_ = b.take(nowhere{}, frame) // nothing is lost that a camera would hear
		p = rest
	}
}

// nowhere is where answers go that nobody passes on.
type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) Close() error                { return nil }

// Changed returns a channel that is closed when the next frame was dealt with.
func (b *LEDBoard) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

// SetFault makes the panel go wrong from now on, or right again. LEDGone also
// breaks the lines that stand.
func (b *LEDBoard) SetFault(f LEDFault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = f
	if f == LEDGone {
		for line := range b.links {
			_ = line.Close() // its reader notices
		}
	}
}
