// Package printer simulates an ESC/POS receipt printer at wire level, with faults on demand.
//
// It reads the bytes as a printer does and keeps what would be on the paper: lines of
// text, codes, images. It has its own reading of the commands, so that it can find
// faults in the driver's.
package printer

import (
	"context"
	"fmt"
	"image"
	"io"
	"net"
	"sync"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// A Fault is what a simulated printer does wrong.
type Fault uint8

// The faults of a printer.
const (
	Fine    Fault = iota
	Empty         // no paper
	Open          // the cover is open
	Stuck         // the cutter is stuck
	Silent        // prints, and answers nothing
	Dead          // neither prints nor answers
	Noise         // sends garbage and flow control before every answer
	Stale         // sends each answer twice
	Gone          // the line breaks at every byte, and at every try to connect
	RunsOut       // the paper ends within the next slip
	Last          // the paper ends with the next slip, and the printer says so
)

// A Slip is a piece of paper that was cut off.
type Slip struct {
	Lines    []string // of text, from the top, without empty ones
	QRs      []string // contents of QR codes that the printer made
	Barcodes []string // contents of bar codes
	Images   []*image.Gray
	Full     bool // cut off wholly
}

// A Printer is a printer at wire level.
type Printer struct {
	columns int

	mu      sync.Mutex // guards the following fields
	fault   Fault
	low     bool
	slips   []Slip
	now     Slip // what hangs out of it
	line    []byte
	large   bool
	unasked bool // it tells its status also when nobody has asked
	qr      string
	bad     []string // what it did not understand
	changed chan struct{}
	links   map[io.Closer]bool
}

// New returns a printer whose paper has so many columns: 32 or 48.
func New(columns int) *Printer {
	return &Printer{columns: columns, changed: make(chan struct{}), links: map[io.Closer]bool{}}
}

// SetFault sets what it does wrong from now on. Gone cuts the lines that are open.
func (p *Printer) SetFault(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
	if f == Gone {
		for line := range p.links {
			_ = line.Close() // whoever serves it takes it off the list
		}
	}
}

// SetLow sets whether there is little paper left.
func (p *Printer) SetLow(low bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.low = low
}

// Slips returns all slips that were cut off, oldest first.
func (p *Printer) Slips() []Slip {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Slip(nil), p.slips...)
}

// Misunderstood returns what came that is no command that it knows, or is wrong in
// itself: a line longer than the paper, half a character.
func (p *Printer) Misunderstood() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.bad...)
}

// Changed is closed when something is printed.
func (p *Printer) Changed() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

// Serve accepts connections, as a network printer or a serial server does, until ctx
// is done. It closes l and returns nil after ctx is done and all connections have
// ended.
func (p *Printer) Serve(ctx context.Context, l net.Listener) error {
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
		links.Go(func() { p.Attach(ctx, conn) })
	}
}

// Attach reads from the line until it breaks or ctx is done, and closes it.
func (p *Printer) Attach(ctx context.Context, line io.ReadWriteCloser) {
	stop := context.AfterFunc(ctx, func() { _ = line.Close() })
	defer stop()
	p.mu.Lock()
	gone := p.fault == Gone
	if !gone {
		p.links[line] = true
	}
	p.mu.Unlock()
	defer func() {
		_ = line.Close() // a cut line is no news to a printer
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.links, line)
	}()
	r := &reader{from: line}
	for !gone {
		if err := p.command(r, line); err != nil {
			return
		}
	}
}

// A reader reads the bytes of commands.
type reader struct {
	from   io.Reader
	buf    [256]byte
	unread []byte
}

func (r *reader) next() (byte, error) {
	for len(r.unread) == 0 {
		n, err := r.from.Read(r.buf[:])
		r.unread = r.buf[:n]
		if n == 0 && err != nil {
			return 0, err
		}
	}
	b := r.unread[0]
	r.unread = r.unread[1:]
	return b, nil
}

// take reads so many bytes.
func (r *reader) take(n int) ([]byte, error) {
	b := make([]byte, n)
	for i := range b {
		var err error
		if b[i], err = r.next(); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// command reads one command or character and does it.
func (p *Printer) command(r *reader, line io.Writer) error {
	b, err := r.next()
	if err != nil {
		return err
	}
	switch b {
	case 0x10:
		return p.realTime(r, line)
	case 0x1b:
		return p.escape(r)
	case 0x1c:
		if b, err = r.next(); err == nil && b != '&' { // GBK
			p.misunderstand("FS %c", b)
		}
		return err
	case 0x1d:
		return p.group(r, line)
	case '\n':
		p.endLine()
	case 0: // nothing
	default:
		p.mu.Lock()
		defer p.mu.Unlock()
		if b < ' ' {
			p.bad = append(p.bad, fmt.Sprintf("byte %02X", b))
		}
		p.line = append(p.line, b)
	}
	return nil
}

func (p *Printer) misunderstand(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bad = append(p.bad, fmt.Sprintf(format, args...))
}

// escape is a command that begins with ESC.
func (p *Printer) escape(r *reader) error {
	b, err := r.next()
	if err != nil {
		return err
	}
	switch b {
	case '@':
		p.mu.Lock()
		defer p.mu.Unlock()
		p.line, p.large, p.unasked = nil, false, true
	case 'a', 'd':
		_, err = r.next() // alignment, and lines fed, are not looked at
	default:
		p.misunderstand("ESC %c", b)
	}
	return err
}

// group is a command that begins with GS.
func (p *Printer) group(r *reader, line io.Writer) error {
	b, err := r.next()
	if err != nil {
		return err
	}
	switch b {
	case '!':
		n, err := r.next()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.large = n == 0x11
		return err
	case 'h', 'w', 'H':
		_, err = r.next()
		return err
	case 'a':
		n, err := r.next()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.unasked = n != 0
		return err
	case 'V':
		n, err := r.next()
		if err == nil {
			p.cut(n == 0 || n == '0')
		}
		return err
	case '(':
		return p.qrCode(r)
	case 'k':
		return p.barcode(r)
	case 'v':
		return p.raster(r)
	case 'r':
		return p.transmit(r, line)
	}
	p.misunderstand("GS %c", b)
	return nil
}

func (p *Printer) prints() bool {
	switch p.fault {
	case Dead, Gone, Empty, Open:
		return false
	}
	return true
}

// endLine prints a line of text.
func (p *Printer) endLine() {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := p.line
	p.line = nil
	if len(line) == 0 || !p.prints() {
		return
	}
	columns := len(line)
	if p.large {
		columns *= 2
	}
	if columns > p.columns {
		p.bad = append(p.bad, fmt.Sprintf("a line of %d columns on %d", columns, p.columns))
	}
	text, err := simplifiedchinese.GBK.NewDecoder().Bytes(line)
	if err != nil || len(text) == 0 {
		p.bad = append(p.bad, fmt.Sprintf("text % X", line))
	}
	p.now.Lines = append(p.now.Lines, string(text))
}

func (p *Printer) cut(full bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.prints() || p.fault == RunsOut {
		return
	}
	p.now.Full = full
	p.slips = append(p.slips, p.now)
	p.now = Slip{}
	close(p.changed)
	p.changed = make(chan struct{})
}
