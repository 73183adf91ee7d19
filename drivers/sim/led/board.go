// Package led simulates LED panels, voice chips and count boards at wire level, with faults on demand.
//
// A Board reads frames from a line, or is fed what a camera passes on, checks
// them as a real one does, and keeps what would be seen and heard. It has its own
// reading of the frames, so that it can find faults in the drivers'. The panel
// with a Fangkong card is sim.LEDBoard.
package led

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// A Fault is what a simulated board does wrong.
type Fault uint8

// The faults of a board. A board of a family that never answers shows only Dead
// and Gone.
const (
	Fine    Fault = iota
	Silent        // obeys, but its answers are lost
	Dead          // neither obeys nor answers
	Refuses       // answers no and does nothing
	Noise         // sends garbage before every answer
	Crumbs        // sends its answers byte by byte
	Echo          // its adapter throws every frame back before the answer
	Gone          // the line breaks at every frame, and at every try to connect
)

// A family is how one kind of board reads its line.
type family interface {
	// cut takes the next frame with a right checksum off received. Without
	// one it returns nil and what must be kept; damaged counts the frames with
	// a wrong one that it passed.
	cut(received []byte) (frame, rest []byte, damaged int)
	// obey does what frame says, with the board's lock held, and reports
	// whether the board understood it.
	obey(b *Board, frame []byte) bool
	// answer returns what the board says to frame; nil: nothing.
	answer(b *Board, frame []byte, understood bool) []byte
	// garbage returns noise that is no answer.
	garbage() []byte
}

// A Board is one simulated board. Its methods may be called by any goroutine.
type Board struct {
	family family

	feeding  sync.Mutex // held by Feed; guards received
	received []byte

	mu      sync.Mutex // guards the following fields
	lines   []line
	spoken  []string
	talks   time.Time // until when the last voice lasts
	count   int
	counted bool
	times   []time.Time
	damaged int
	fault   Fault
	changed chan struct{} // closed and replaced at every frame
	links   map[io.Closer]bool
}

// A line is one line of a panel.
type line struct {
	text  string
	color string
	until time.Time // zero: until replaced
}

func newBoard(f family, lines int) *Board {
	return &Board{family: f, lines: make([]line, lines), changed: make(chan struct{}), links: make(map[io.Closer]bool)}
}

// Serve accepts connections, as a serial server before the board does, until ctx
// is done. It closes l and returns nil after ctx is done and all connections
// have ended.
func (b *Board) Serve(ctx context.Context, l net.Listener) error {
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
		links.Go(func() { _ = b.Attach(ctx, conn) }) // a lost line is no news to a board
	}
}

// Attach reads frames from the line until it breaks or ctx is done, and closes
// it.
func (b *Board) Attach(ctx context.Context, line io.ReadWriteCloser) error {
	stop := context.AfterFunc(ctx, func() { _ = line.Close() })
	defer stop()
	defer func() { _ = line.Close() }()
	if !b.connect(line) {
		return nil
	}
	defer b.disconnect(line)
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
			frame, rest, damaged := b.family.cut(received)
			came := received[:len(received)-len(rest)]
			received = rest
			b.hurt(damaged)
			if frame == nil {
				break
			}
			answer, fault := b.take(frame)
			if err := say(line, fault, came, answer, b.family.garbage()); err != nil {
				return err
			}
		}
	}
}

func (b *Board) connect(line io.Closer) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.links[line] = true
	return b.fault != Gone
}

func (b *Board) disconnect(line io.Closer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.links, line)
}

func (b *Board) hurt(damaged int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.damaged += damaged
}

// Feed gives the board bytes that a camera passes on. Answers are lost on that
// way.
func (b *Board) Feed(p []byte) {
	b.feeding.Lock()
	defer b.feeding.Unlock()
	b.received = append(b.received, p...)
	for {
		frame, rest, damaged := b.family.cut(b.received)
		b.received = rest
		b.hurt(damaged)
		if frame == nil {
			return
		}
		b.take(frame)
	}
}

// take obeys one frame as far as the present fault allows, and returns what the
// board answers.
func (b *Board) take(frame []byte) (answer []byte, fault Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.times = append(b.times, time.Now())
	understood := false
	if b.fault != Dead && b.fault != Gone && b.fault != Refuses {
		understood = b.family.obey(b, frame)
	}
	close(b.changed)
	b.changed = make(chan struct{})
	return b.family.answer(b, frame, understood), b.fault
}

// say answers as the fault has it.
func say(line io.WriteCloser, fault Fault, came, answer, garbage []byte) error {
	var chunks [][]byte
	switch fault {
	case Silent, Dead:
		return nil
	case Gone:
		return line.Close()
	case Noise:
		chunks = [][]byte{garbage, answer}
	case Echo:
		chunks = [][]byte{came, answer}
	case Crumbs:
		for i := range answer {
			chunks = append(chunks, answer[i:i+1])
		}
	default:
		chunks = [][]byte{answer}
	}
	for _, chunk := range chunks {
		if len(chunk) == 0 {
			continue
		}
		if _, err := line.Write(chunk); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
	}
	return nil
}

// Lines returns what the panel shows now, an empty text for a line that went
// back to the panel's own.
func (b *Board) Lines() []string {
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

// Color returns the colour of a line's text: "red", "green", "yellow", or nothing
// where none was asked for.
func (b *Board) Color(line int) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lines[line].color
}

// Spoken returns everything that the board has spoken, the oldest first.
func (b *Board) Spoken() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.spoken...)
}

// Count returns the number that a count board shows, and its colour. It is false
// before the first.
func (b *Board) Count() (count int, color string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.counted {
		return 0, "", false
	}
	return b.count, b.lines[0].color, true
}

// Frames returns how many frames with a right checksum and how many with a wrong
// one came.
func (b *Board) Frames() (sound, damaged int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.times), b.damaged
}

// Times returns when each frame with a right checksum came.
func (b *Board) Times() []time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]time.Time(nil), b.times...)
}

// Changed returns a channel that is closed when the next frame was dealt with.
func (b *Board) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

// SetFault makes the board go wrong from now on, or right again. Gone also
// breaks the lines that stand.
func (b *Board) SetFault(f Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = f
	if f == Gone {
		for line := range b.links {
			_ = line.Close() // its reader notices
		}
	}
}

// textOf decodes GBK, strictly: a board shows a broken character as dirt.
func textOf(gbk []byte) (string, bool) {
	text, err := simplifiedchinese.GBK.NewDecoder().String(string(gbk))
	if err != nil {
		return "", false
	}
	for _, r := range text {
		if r == '\uFFFD' || r < ' ' {
			return "", false
		}
	}
	return text, true
}

// remainder divides the message by x^16+x^15+x^2+1, lowest bit first, beginning
// with start.
func remainder(start uint16, message []byte) uint16 {
	sum := start
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

func secondsFromNow(n int) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Now().Add(time.Duration(n) * time.Second)
}
