//go:build unix

package serialport

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"go.bug.st/serial"
)

// openNamed opens the port twice: once through the library, which sets the
// line's mode and reads, and before that as a plain file that only writes. A
// write that blocks in the system is not ended by closing its file here, so it
// must never block there: the plain file does not block and has deadlines.
// Before, because the library takes the port for itself.
func openNamed(name string, mode *serial.Mode) (conn, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		var pathErr *os.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err // the name is said by the caller
		}
		return nil, err
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
	return &serialConn{port: port, tx: fileTransmitter{f}}, nil
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

type fileTransmitter struct{ f *os.File }

func (t fileTransmitter) write(ctx context.Context, b []byte) error {
	if err := t.f.SetWriteDeadline(time.Time{}); err != nil {
		return fmt.Errorf("write cannot be bounded: %w", err)
	}
	defer atEnd(ctx, t.abort)()
	_, err := t.f.Write(b)
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil {
		return contextError(ctx)
	}
	var pathErr *os.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

func (t fileTransmitter) abort() { _ = t.f.SetWriteDeadline(time.Unix(1, 0)) }

func (t fileTransmitter) close() error { return t.f.Close() }
