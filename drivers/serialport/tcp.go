package serialport

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// A tcpConn is a byte stream to a serial server or a device.
type tcpConn struct{ c net.Conn }

func dialTCP(ctx context.Context, address string) (conn, error) {
	d := net.Dialer{KeepAlive: 15 * time.Second}
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err // the address is said by the caller
		}
		return nil, err
	}
	return &tcpConn{c}, nil
}

func (t *tcpConn) Read(ctx context.Context, b []byte) (int, error) {
	if err := t.c.SetReadDeadline(time.Time{}); err != nil {
		return 0, err
	}
	defer atEnd(ctx, func() { _ = t.c.SetReadDeadline(time.Unix(1, 0)) })()
	n, err := t.c.Read(b)
	return n, streamError(ctx, err)
}

func (t *tcpConn) Write(ctx context.Context, b []byte) error {
	if err := t.c.SetWriteDeadline(time.Time{}); err != nil {
		return err
	}
	defer atEnd(ctx, func() { _ = t.c.SetWriteDeadline(time.Unix(1, 0)) })()
	_, err := t.c.Write(b)
	return streamError(ctx, err)
}

// ResetInput reads what is there and throws it away. The limit keeps a peer
// that never stops sending from holding us here.
func (t *tcpConn) ResetInput() error {
	var waste [4096]byte
	limit := 64 << 10
	for limit > 0 {
		if err := t.c.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
			return err
		}
		n, err := t.c.Read(waste[:])
		limit -= n
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return streamError(context.Background(), err)
		}
	}
	return nil
}

// Close throws away what was written and not yet taken, as closing a serial port
// does. The system would go on sending it for minutes, and a command would move
// a barrier long after its caller gave up.
func (t *tcpConn) Close() error {
	if c, ok := t.c.(*net.TCPConn); ok {
		_ = c.SetLinger(0) // a connection that is gone sends nothing anyhow
	}
	return t.c.Close()
}

// streamError takes the address out of err, which the caller says, and tells a
// context that was cancelled from one that ran out.
func streamError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if ctx.Err() != nil {
			return contextError(ctx)
		}
		return os.ErrDeadlineExceeded
	}
	if errors.Is(err, syscall.ETIMEDOUT) {
		// The connection died of unanswered packets. That is a failure, not
		// the end of the caller's time, although it says "time-out".
		return errors.New("connection lost: the other side stopped answering")
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
