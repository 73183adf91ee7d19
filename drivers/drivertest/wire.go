package drivertest

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
)

// NewWire returns the two ends of a line in memory: the port of a driver, and a
// listener to which each opening of the port is a connection. A connection takes
// no time and goes through no system, so in a testing/synctest bubble a test of
// what is silent or late is exact, however busy the machine is.
func NewWire() (*WirePort, net.Listener) {
	l := &wireListener{opened: make(chan *wireEnd, 1), closed: make(chan struct{})}
	return &WirePort{far: l}, l
}

// A WirePort is the driver's end of a line in memory. It keeps to what a
// serialport.Port promises, but for the pause before it is opened again.
type WirePort struct {
	far *wireListener

	mu  sync.Mutex // guards end
	end *wireEnd   // nil while closed
}

// Connect opens the port if it is closed.
func (p *WirePort) Connect(ctx context.Context) error {
	_, err := p.open(ctx)
	return err
}

// Read waits for at least one byte until ctx is done.
func (p *WirePort) Read(ctx context.Context, b []byte) (int, error) {
	end, err := p.open(ctx)
	if err != nil {
		return 0, err
	}
	n, err := end.in.take(ctx.Done(), b)
	switch {
	case errors.Is(err, errDone):
		err = contextError(ctx)
	case err != nil:
		p.drop(end)
	}
	return n, err
}

// Write hands b to the other side.
func (p *WirePort) Write(ctx context.Context, b []byte) error {
	end, err := p.open(ctx)
	if err != nil {
		return err
	}
	if err = contextError(ctx); err == nil {
		_, err = end.Write(b)
	}
	if err != nil {
		p.drop(end)
	}
	return err
}

// ResetInput throws away what came and was not read.
func (p *WirePort) ResetInput(ctx context.Context) error {
	end, err := p.open(ctx)
	if err != nil {
		return err
	}
	if err := end.in.empty(); err != nil {
		p.drop(end)
		return err
	}
	return nil
}

// Close closes the port and throws away what the other side has not read yet.
// The next use opens it again.
func (p *WirePort) Close() error {
	p.mu.Lock()
	end := p.end
	p.mu.Unlock()
	if end != nil {
		_ = end.out.empty() // fails only where there is nothing to throw away
		p.drop(end)
	}
	return nil
}

func (p *WirePort) open(ctx context.Context) (*wireEnd, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.end != nil {
		return p.end, nil
	}
	if err := contextError(ctx); err != nil {
		return nil, err
	}
	to, from := newStream(), newStream()
	select {
	case p.far.opened <- &wireEnd{in: to, out: from}:
	case <-p.far.closed:
		return nil, errors.New("nobody listens at the other end")
	case <-ctx.Done():
		return nil, contextError(ctx)
	}
	p.end = &wireEnd{in: from, out: to}
	return p.end, nil
}

func (p *WirePort) drop(end *wireEnd) {
	_ = end.Close() // of memory
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.end == end {
		p.end = nil
	}
}

// contextError says that ctx is done as a serialport.Port does.
func contextError(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return os.ErrDeadlineExceeded
	}
	return ctx.Err()
}

// A wireListener is the board's end. Its port waits in opened until it is
// accepted, as a connection does that the system took.
type wireListener struct {
	opened chan *wireEnd
	closed chan struct{}
	once   sync.Once
}

func (l *wireListener) Accept() (net.Conn, error) {
	select {
	case <-l.closed:
		return nil, net.ErrClosed
	default:
	}
	select {
	case end := <-l.opened:
		return end, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *wireListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *wireListener) Addr() net.Addr { return memoryAddr }

var memoryAddr = &net.UnixAddr{Name: "memory", Net: "memory"}

// A wireEnd is one end of an opened line. Of a net.Conn it has what simulated
// boards use.
type wireEnd struct {
	net.Conn // nil
	in, out  *stream
}

func (e *wireEnd) Read(b []byte) (int, error)  { return e.in.take(nil, b) }
func (e *wireEnd) Write(b []byte) (int, error) { return e.out.put(b) }

func (e *wireEnd) Close() error {
	e.in.close()
	e.out.close()
	return nil
}

// errDone says that a take was given up.
var errDone = errors.New("given up")

// A stream is one direction of an opened line.
type stream struct {
	mu     sync.Mutex // guards the following fields
	bytes  []byte
	closed bool
	change chan struct{} // closed, and made anew, at a change of the others
}

func newStream() *stream { return &stream{change: make(chan struct{})} }

func (s *stream) changedLocked() {
	close(s.change)
	s.change = make(chan struct{})
}

func (s *stream) put(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, io.ErrClosedPipe
	}
	s.bytes = append(s.bytes, b...)
	s.changedLocked()
	return len(b), nil
}

// take waits for at least one byte until done, then errDone, or the end, io.EOF.
func (s *stream) take(done <-chan struct{}, b []byte) (int, error) {
	for {
		s.mu.Lock()
		n, closed, change := copy(b, s.bytes), s.closed, s.change
		s.bytes = s.bytes[n:]
		s.mu.Unlock()
		if n > 0 {
			return n, nil
		}
		if closed {
			return 0, io.EOF
		}
		select {
		case <-change:
		case <-done:
			return 0, errDone
		}
	}
}

func (s *stream) empty() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes = nil
	if s.closed {
		return io.EOF
	}
	return nil
}

func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		s.changedLocked()
	}
}
