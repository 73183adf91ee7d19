//go:build windows

package serialport

import (
	"context"
	"time"

	"go.bug.st/serial"
)

func openNamed(name string, mode *serial.Mode) (conn, error) {
	port, err := serial.Open(name, mode)
	if err != nil {
		return nil, openError(err)
	}
	return &serialConn{port: port, io: portStream{port}}, nil
}

// A portStream ends a blocked write by purging the output buffer, which on
// Windows aborts the writes that wait for it.
type portStream struct{ port serial.Port }

func (t portStream) read(b []byte, wait time.Duration) (int, error) {
	if err := t.port.SetReadTimeout(wait); err != nil {
		return 0, err
	}
	return t.port.Read(b)
}

func (t portStream) write(ctx context.Context, b []byte) error {
	wrote := make(chan struct{})
	defer atEnd(ctx, func() {
		for { // a purge ends only a write that has begun
			t.abort()
			select {
			case <-wrote:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	})()
	defer close(wrote)
	for len(b) > 0 {
		n, err := t.port.Write(b)
		if ctx.Err() != nil && n < len(b) {
			return contextError(ctx)
		}
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

func (t portStream) abort() { _ = t.port.ResetOutputBuffer() }

func (t portStream) close() error { return nil }
