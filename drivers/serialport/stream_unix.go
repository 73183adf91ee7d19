//go:build unix

package serialport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"go.bug.st/serial"
)

// openNamed opens the port twice: once through the library, which sets the
// line's mode, and before that as a plain file that reads and writes. A call
// that blocks in the system is not ended by closing its file here, so it must
// never block there: the plain file does not block and has deadlines. Nor does
// it fail, as the library's reading does, in a program with 1024 open files.
// Before, because the library takes the port for itself.
func openNamed(name string, mode *serial.Mode) (conn, error) {
	f, err := os.OpenFile(name, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, bare(err)
	}
	if err := lock(f); err != nil {
		_ = f.Close()
		return nil, err
	}
	port, err := serial.Open(name, mode)
	if err != nil {
		_ = f.Close()
		return nil, openError(err)
	}
	return &serialConn{port: port, io: fileStream{f}}, nil
}

// lock takes the port until f is closed, or fails with syscall.EBUSY. The
// library's own lock does not stop root, and comes after it has set the line's
// mode, which whoever has the port would notice.
func lock(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var lockErr error
	err = raw.Control(func(fd uintptr) { lockErr = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) })
	if errors.Is(lockErr, syscall.EWOULDBLOCK) {
		return fmt.Errorf("in use by another program: %w", syscall.EBUSY)
	}
	return err // a system without such locks does without
}

type fileStream struct{ f *os.File }

func (t fileStream) read(b []byte, wait time.Duration) (int, error) {
	if err := t.f.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return 0, fmt.Errorf("read cannot be bounded: %w", err)
	}
	n, err := t.f.Read(b)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, nil
	case errors.Is(err, io.EOF):
		return n, errors.New("the port was unplugged")
	}
	return n, bare(err)
}

func (t fileStream) write(ctx context.Context, b []byte) error {
	if err := t.f.SetWriteDeadline(time.Time{}); err != nil {
		return fmt.Errorf("write cannot be bounded: %w", err)
	}
	defer atEnd(ctx, t.abort)()
	_, err := t.f.Write(b)
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil {
		return contextError(ctx)
	}
	return bare(err)
}

// bare takes the name out of err, which the caller says.
func bare(err error) error {
	var pathErr *os.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

func (t fileStream) abort() { _ = t.f.SetWriteDeadline(time.Unix(1, 0)) }

func (t fileStream) close() error { return t.f.Close() }
