package serialport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.bug.st/serial"
)

// A serialConn is one opened serial port. It exists to keep the library's sharp
// edges from everybody else: its read time-out is (0, nil), its write cannot be
// stopped, and its Close lets a running read go on with a file number that may
// already belong to another file.
type serialConn struct {
	port   serial.Port // sets the line's mode and empties its buffers
	io     stream
	closed atomic.Bool

	rd sync.Mutex // held by the reader
	wr sync.Mutex // held by the writer
}

// A stream reads and writes an opened port such that both can be ended, which
// each system does its own way.
type stream interface {
	// read waits for at least one byte. Silence is (0, nil).
	read(b []byte, wait time.Duration) (int, error)
	write(ctx context.Context, b []byte) error
	abort() // ends a running write and lets none begin
	close() error
}

func openSerial(l Link) (conn, error) {
	name, err := portName(l.Address, usbPorts)
	if err != nil {
		return nil, err
	}
	mode := &serial.Mode{BaudRate: l.Baud, DataBits: l.DataBits, Parity: serial.NoParity, StopBits: serial.OneStopBit}
	switch l.Parity {
	case ParityEven:
		mode.Parity = serial.EvenParity
	case ParityOdd:
		mode.Parity = serial.OddParity
	}
	if l.StopBits == 2 {
		mode.StopBits = serial.TwoStopBits
	}
	return openNamed(name, mode)
}

// openError makes every way of saying "no such port" match fs.ErrNotExist, "not
// yours" fs.ErrPermission and "in use" syscall.EBUSY.
func openError(err error) error {
	var pe *serial.PortError
	if errors.As(err, &pe) {
		switch pe.Code() {
		case serial.PortNotFound:
			return fmt.Errorf("%w (%w)", err, fs.ErrNotExist)
		case serial.PermissionDenied:
			return fmt.Errorf("%w (%w)", err, fs.ErrPermission)
		case serial.PortBusy:
			return fmt.Errorf("%w (%w)", err, syscall.EBUSY)
		}
	}
	return err
}

var errClosed = fmt.Errorf("port was closed: %w", os.ErrClosed)

func (c *serialConn) Read(ctx context.Context, b []byte) (int, error) {
	c.rd.Lock()
	defer c.rd.Unlock()
	for first := true; ; first = false {
		if c.closed.Load() {
			return 0, errClosed
		}
		wait := readSlice
		if deadline, ok := ctx.Deadline(); ok {
			wait = min(wait, time.Until(deadline))
		}
		// What is there already is read even when the time is over.
		if (ctx.Err() != nil || wait <= 0) && !first {
			return 0, contextError(ctx)
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return 0, ctx.Err()
		}
		n, err := c.io.read(b, max(wait, time.Millisecond))
		if n > 0 || err != nil {
			return n, err
		}
		if wait <= 0 {
			return 0, os.ErrDeadlineExceeded
		}
	}
}

func (c *serialConn) Write(ctx context.Context, b []byte) error {
	c.wr.Lock()
	defer c.wr.Unlock()
	if c.closed.Load() {
		return errClosed
	}
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	return c.io.write(ctx, b)
}

func (c *serialConn) ResetInput() error {
	c.rd.Lock()
	defer c.rd.Unlock()
	if c.closed.Load() {
		return errClosed
	}
	return c.port.ResetInputBuffer()
}

// Close waits for the reader, who leaves within readSlice, and for the writer,
// who is ended, and only then closes the file.
func (c *serialConn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	c.io.abort()
	c.rd.Lock()
	defer c.rd.Unlock()
	c.wr.Lock()
	defer c.wr.Unlock()
	// Without this, closing a real line waits for its unsent bytes.
	_ = c.port.ResetOutputBuffer()
	return errors.Join(c.io.close(), c.port.Close())
}
