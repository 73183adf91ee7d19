package drivertest

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
)

// NewWeb serves handler until the test is over and returns a client that reaches
// it by any http address, over connections in memory: in a testing/synctest
// bubble nothing but what the two wait for takes time.
func NewWeb(t testing.TB, handler http.Handler) *http.Client {
	t.Helper()
	l := &pipeListener{dialled: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: handler}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(l) }) // until it is closed
	transport := &http.Transport{DialContext: l.dial}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close() // of memory
		served.Wait()
	})
	return &http.Client{Transport: transport}
}

// A pipeListener is a listener whose connections are in memory.
type pipeListener struct {
	dialled chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.dialled <- far:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.dialled:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return memoryAddr }
