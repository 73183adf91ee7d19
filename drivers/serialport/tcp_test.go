package serialport

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// The network goes on sending what it took, even after the connection was
// closed. A command to close a barrier must not arrive after its caller gave up.
func TestClosingThrowsAwayWhatIsStillOnItsWay(t *testing.T) {
	p := tcpPeer(t)
	if err := p.port.Write(within(t, 100*time.Millisecond), make([]byte, 32<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("Write that nobody takes = %v, want os.ErrDeadlineExceeded", err)
	}
	if n, err := io.Copy(io.Discard, p.far); err == nil {
		t.Errorf("the other side read %d bytes to their end: what was not sent yet was sent after the port was closed", n)
	}
}

// A slowConn is about to set a deadline when its Read returns.
type slowConn struct {
	net.Conn
	cancel context.CancelFunc
	began  chan struct{} // the past deadline is about to be set
	set    chan struct{} // closed when it may be
	done   chan struct{} // it was set
}

func (c *slowConn) SetReadDeadline(at time.Time) error {
	if at.IsZero() {
		return nil
	}
	close(c.began)
	<-c.set
	close(c.done)
	return nil
}

func (c *slowConn) Read(b []byte) (int, error) {
	c.cancel()
	<-c.began
	time.AfterFunc(10*time.Millisecond, func() { close(c.set) })
	return copy(b, "x"), nil
}

// Else it would end the next call, and that would take what it left unread for a
// reply.
func TestEndOfOneCallsContextNeverReachesTheNextCall(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := &slowConn{cancel: cancel, began: make(chan struct{}), set: make(chan struct{}), done: make(chan struct{})}
	if n, err := (&tcpConn{c}).Read(ctx, make([]byte, 8)); n != 1 || err != nil {
		t.Fatalf("Read = %d, %v, want 1 byte", n, err)
	}
	select {
	case <-c.done:
	default:
		t.Error("Read returned while its context's end was still being carried out")
		<-c.done
	}
}
