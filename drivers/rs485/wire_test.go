package rs485_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers/drivertest"
	"parkagent/drivers/rs485"
	"parkagent/drivers/sim"
)

const (
	reply     = 100 * time.Millisecond // what a reply may take in a bubble
	realReply = time.Second            // and where a busy machine plays the board
)

// A wire connects boards to a line that ends with the test.
type wire func(*testing.T, ...*sim.Board) *rs485.Line

// overPTY is a line of RTU frames on a pseudo terminal.
func overPTY(t *testing.T, boards ...*sim.Board) *rs485.Line {
	t.Helper()
	end, tty, err := sim.OpenPTY()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("this system has no pseudo terminals")
	}
	if err != nil {
		t.Fatal(err)
	}
	background(t, func(ctx context.Context) error { return sim.ServeRTU(ctx, end, boards...) })
	return start(t, "serial://"+tty+"?timeout="+realReply.String())
}

func overTCP(t *testing.T, boards ...*sim.Board) *rs485.Line {
	t.Helper()
	ln := listen(t)
	background(t, func(ctx context.Context) error { return sim.ServeTCP(ctx, ln, boards...) })
	return start(t, "tcp://"+ln.Addr().String()+"?timeout="+realReply.String())
}

// rtuInMemory is a line of RTU frames for a bubble.
func rtuInMemory(t *testing.T, boards ...*sim.Board) *rs485.Line {
	t.Helper()
	return inMemory(t, func(ctx context.Context, device io.ReadWriteCloser) error {
		return sim.ServeRTU(ctx, device, boards...)
	})
}

// inMemory is a line of RTU frames for a bubble, to one device after the other
// whenever the port is opened.
func inMemory(t *testing.T, device func(context.Context, io.ReadWriteCloser) error) *rs485.Line {
	t.Helper()
	port, ln := drivertest.NewWire()
	background(t, func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
		defer stop()
		for {
			c, err := ln.Accept()
			if err != nil {
				return err
			}
			_ = device(ctx, c) // the next connection may be better
		}
	})
	return run(t, rs485.Config{Port: port, ReplyTimeout: reply})
}

func tcpInMemory(t *testing.T, boards ...*sim.Board) *rs485.Line {
	t.Helper()
	port, ln := drivertest.NewWire()
	background(t, func(ctx context.Context) error { return sim.ServeTCP(ctx, ln, boards...) })
	return run(t, rs485.Config{Port: port, Framing: rs485.TCP, ReplyTimeout: reply})
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln
}

func start(t *testing.T, link string) *rs485.Line {
	t.Helper()
	line, err := rs485.Open(link, nil)
	if err != nil {
		t.Fatal(err)
	}
	background(t, line.Run)
	return line
}

func run(t *testing.T, cfg rs485.Config) *rs485.Line {
	t.Helper()
	line, err := rs485.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	background(t, line.Run)
	return line
}

// eachWire runs a test in bubbles, where a time is exact, and on what the system
// has, where only what takes much less than realReply is certain.
func eachWire(t *testing.T, test func(t *testing.T, w wire, within time.Duration)) {
	t.Parallel() // most of it is waiting
	for name, w := range map[string]wire{"rtu in memory": rtuInMemory, "modbus tcp in memory": tcpInMemory} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, w, reply) })
		})
	}
	for name, w := range map[string]wire{"rtu": overPTY, "modbus tcp": overTCP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, w, realReply)
		})
	}
}

// A cuttableListener can close the connections that it accepted, as a server does
// that found them idle, and goes on listening.
type cuttableListener struct {
	net.Listener
	mu       sync.Mutex
	accepted []net.Conn
}

func (l *cuttableListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.accepted = append(l.accepted, c)
	}
	return c, err
}

// cut closes what was accepted and returns how much that was.
func (l *cuttableListener) cut() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.accepted {
		_ = c.Close() // closing twice is no news
	}
	return len(l.accepted)
}
