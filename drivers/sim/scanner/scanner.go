// Package scanner simulates a bar code scanner on a serial line, with faults on demand.
//
// It sends what real ones send and obeys nothing; what is sent to it is kept. It
// shares no code with the driver.
package scanner

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
)

// A Scanner is a scanner at wire level. The zero value sends codes with CR LF behind
// them.
type Scanner struct {
	mu     sync.Mutex // guards the following fields
	suffix *string
	crumbs bool
	gone   bool
	heard  []byte
	links  map[io.ReadWriteCloser]bool
}

// SetSuffix sets what follows each code: "\r", "\n", "\r\n" or nothing.
func (s *Scanner) SetSuffix(suffix string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.suffix = &suffix
}

// SetCrumbs sets whether codes are sent byte by byte.
func (s *Scanner) SetCrumbs(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.crumbs = on
}

// SetGone cuts the line, and every one that is opened after it, or ends that.
func (s *Scanner) SetGone(gone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = gone
	if gone {
		for line := range s.links {
			_ = line.Close() // Attach takes it off the list
		}
	}
}

// Heard returns all bytes that were sent to the scanner.
func (s *Scanner) Heard() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]byte(nil), s.heard...)
}

// ErrNoLine means that nothing is connected to the scanner.
var ErrNoLine = errors.New("nobody has opened the line to the scanner")

// Scan sends a code as if it was held before the scanner.
func (s *Scanner) Scan(text string) error {
	s.mu.Lock()
	suffix := "\r\n"
	if s.suffix != nil {
		suffix = *s.suffix
	}
	s.mu.Unlock()
	return s.Send([]byte(text + suffix))
}

// Send sends bytes as they are.
func (s *Scanner) Send(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.links) == 0 {
		return ErrNoLine
	}
	chunks := [][]byte{b}
	if s.crumbs {
		chunks = nil
		for i := range b {
			chunks = append(chunks, b[i:i+1])
		}
	}
	for line := range s.links {
		for _, chunk := range chunks {
			if _, err := line.Write(chunk); err != nil {
				return err
			}
		}
	}
	return nil
}

// Open reports whether anybody has opened the line.
func (s *Scanner) Open() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.links) > 0
}

// Serve accepts connections, as a serial server before the scanner does, until ctx is
// done. It closes l and returns nil after ctx is done and all connections have ended.
func (s *Scanner) Serve(ctx context.Context, l net.Listener) error {
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
			return err
		}
		links.Go(func() { s.Attach(ctx, conn) })
	}
}

// Attach connects the scanner to a line until that breaks or ctx is done, and closes
// it.
func (s *Scanner) Attach(ctx context.Context, line io.ReadWriteCloser) {
	stop := context.AfterFunc(ctx, func() { _ = line.Close() })
	defer stop()
	s.mu.Lock()
	gone := s.gone
	if s.links == nil {
		s.links = map[io.ReadWriteCloser]bool{}
	}
	if !gone {
		s.links[line] = true
	}
	s.mu.Unlock()
	defer func() {
		_ = line.Close() // a cut line is no news to a scanner
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.links, line)
	}()
	buf := make([]byte, 64)
	for !gone {
		n, err := line.Read(buf)
		s.mu.Lock()
		s.heard = append(s.heard, buf[:n]...)
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// WeChat makes a payment code as that wallet shows it; n tells it from others.
func WeChat(n int) string { return code("13", n, 18) }

// Alipay makes a payment code as that wallet shows it.
func Alipay(n int) string { return code("28", n, 18) }

// UnionPay makes a payment code as that wallet shows it.
func UnionPay(n int) string { return code("62", n, 19) }

func code(prefix string, n, length int) string {
	b := []byte(prefix)
	for len(b) < length {
		b = append(b, '0')
	}
	for i := length - 1; n > 0 && i >= len(prefix); i-- {
		b[i], n = byte('0'+n%10), n/10
	}
	return string(b)
}
