package serialport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.bug.st/serial/enumerator"
)

// patience is for what happens at once unless the machine is busy.
const patience = 20 * time.Second

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// peer is the far end of an open port.
type peer struct {
	port *Port
	far  io.ReadWriteCloser
	// replug breaks the line and makes a new one under the same name.
	replug func() io.ReadWriteCloser
	unplug func()
}

func eachKind(t *testing.T, test func(t *testing.T, p peer)) {
	t.Run("serial", func(t *testing.T) { test(t, serialPeer(t)) })
	t.Run("tcp", func(t *testing.T) { test(t, tcpPeer(t)) })
}

func tcpPeer(t *testing.T) peer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port, err := Open("tcp://"+ln.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	// Unplugged, it is led to a port that nobody takes: one that was released
	// might be another program's by the time that it is to be listened on again.
	const nobody = "127.0.0.1:1"
	var at atomic.Pointer[string]
	leadTo := func(address string) { at.Store(&address) }
	leadTo(ln.Addr().String())
	port.open = func(ctx context.Context) (conn, error) { return dialTCP(ctx, *at.Load()) }
	accept := func() net.Conn {
		t.Helper()
		if err := port.Connect(within(t, patience)); err != nil {
			t.Fatal(err)
		}
		c, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	p := peer{port: port}
	far := accept()
	p.far = far
	p.unplug = func() { leadTo(nobody); _ = far.Close() }
	p.replug = func() io.ReadWriteCloser {
		leadTo(ln.Addr().String())
		far = accept()
		return far
	}
	t.Cleanup(func() { _ = port.Close(); _ = far.Close(); _ = ln.Close() })
	return p
}

func TestReadReturnsWhatTheOtherSideSent(t *testing.T) {
	eachKind(t, func(t *testing.T, p peer) {
		if _, err := p.far.Write([]byte{0x11, 0x0a, 0x0d, 0x00, 0xff}); err != nil {
			t.Fatal(err)
		}
		var got []byte
		buf := make([]byte, 16)
		for len(got) < 5 {
			n, err := p.port.Read(within(t, patience), buf)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, buf[:n]...)
		}
		if want := "110a0d00ff"; fmt.Sprintf("%x", got) != want {
			t.Errorf("read %x, want %s: the line is not raw", got, want)
		}
	})
}

func TestSilenceIsATimeOutAndKeepsThePortOpen(t *testing.T) {
	eachKind(t, func(t *testing.T, p peer) {
		n, err := p.port.Read(within(t, 20*time.Millisecond), make([]byte, 8))
		if n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("Read = %d, %v, want 0 and os.ErrDeadlineExceeded", n, err)
		}
		if _, err := p.far.Write([]byte{7}); err != nil {
			t.Fatal(err)
		}
		if n, err := p.port.Read(within(t, patience), make([]byte, 8)); n != 1 || err != nil {
			t.Errorf("Read after silence = %d, %v, want 1 byte", n, err)
		}
	})
}

func TestReadEndsWhenItsContextIsCancelled(t *testing.T) {
	eachKind(t, func(t *testing.T, p peer) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Millisecond, cancel)
		if _, err := p.port.Read(ctx, make([]byte, 8)); !errors.Is(err, context.Canceled) {
			t.Errorf("Read = %v, want context.Canceled", err)
		}
	})
}

func TestResetInputThrowsAwayStaleBytes(t *testing.T) {
	eachKind(t, func(t *testing.T, p peer) {
		buf := make([]byte, 1)
		if _, err := p.far.Write([]byte("stale")); err != nil {
			t.Fatal(err)
		}
		// One byte read proves that the rest has arrived too.
		if _, err := p.port.Read(within(t, patience), buf); err != nil {
			t.Fatal(err)
		}
		if err := p.port.ResetInput(within(t, patience)); err != nil {
			t.Fatal(err)
		}
		if n, err := p.port.Read(within(t, 20*time.Millisecond), buf); err == nil {
			t.Errorf("Read after ResetInput gave %q, want silence", buf[:n])
		}
	})
}

func TestLongWriteArrivesWhole(t *testing.T) {
	eachKind(t, func(t *testing.T, p peer) {
		sent := []byte(strings.Repeat("0123456789abcdef", 2048)) // more than a pty holds at once
		got := make(chan string, 1)
		go func() {
			b := make([]byte, len(sent))
			_, _ = io.ReadFull(p.far, b)
			got <- string(b)
		}()
		if err := p.port.Write(within(t, patience), sent); err != nil {
			t.Fatal(err)
		}
		if s := <-got; s != string(sent) {
			t.Errorf("the other side read %d bytes that differ from the %d sent", len(s), len(sent))
		}
	})
}

func TestWriteThatNobodyTakesEndsWithItsContext(t *testing.T) {
	eachKind(t, func(t *testing.T, p peer) {
		start := time.Now()
		err := p.port.Write(within(t, 100*time.Millisecond), make([]byte, 32<<20))
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Write = %v, want os.ErrDeadlineExceeded", err)
		}
		if took := time.Since(start); took > patience {
			t.Errorf("Write took %v, want about 100ms", took)
		}
	})
}

func TestCloseEndsARunningRead(t *testing.T) {
	eachKind(t, func(t *testing.T, p peer) {
		time.AfterFunc(10*time.Millisecond, func() { _ = p.port.Close() })
		if _, err := p.port.Read(within(t, patience), make([]byte, 8)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Read = %v, want the error of a closed port at once", err)
		}
	})
}

func TestPortComesBackAfterUnplugging(t *testing.T) {
	eachKind(t, func(t *testing.T, p peer) {
		p.unplug()
		buf := make([]byte, 8)
		if _, err := p.port.Read(within(t, patience), buf); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("Read of an unplugged port = %v, want an error that is no time-out", err)
		}
		if err := p.port.Write(within(t, patience), []byte{1}); err == nil {
			t.Fatal("Write to an unplugged port succeeded")
		}
		far := p.replug()
		if err := p.port.Connect(within(t, patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := far.Write([]byte("ok")); err != nil {
			t.Fatal(err)
		}
		if n, err := p.port.Read(within(t, patience), buf); err != nil || n == 0 {
			t.Errorf("Read after replugging = %d, %v, want bytes", n, err)
		}
	})
}

func TestMissingDeviceIsNotExistAndIsNotTriedInATightLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		p := New(serialDefaults("/dev/no-such-port"), nil)
		open := p.open
		p.open = func(ctx context.Context) (conn, error) { tries++; return open(ctx) }
		for range 100 {
			if _, err := p.Read(t.Context(), make([]byte, 1)); !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("Read = %v, want fs.ErrNotExist", err)
			}
		}
		if tries != 1 {
			t.Errorf("100 reads tried to open %d times, want the pause to hold back all but the first", tries)
		}
		if err := p.Connect(within(t, patience)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Connect = %v, want fs.ErrNotExist", err)
		}
		if tries != 2 {
			t.Errorf("Connect left it at %d tries, want it to wait out the pause and try again", tries)
		}
	})
}

func TestUSBAdapterIsFoundByItsNumbers(t *testing.T) {
	plugged := []*enumerator.PortDetails{
		{Name: "/dev/ttyS0"},
		{Name: "/dev/ttyUSB0", IsUSB: true, VID: "1A86", PID: "7523", SerialNumber: "A1"},
		{Name: "/dev/ttyUSB1", IsUSB: true, VID: "1a86", PID: "7523", SerialNumber: "A2"},
		{Name: "/dev/ttyUSB2", IsUSB: true, VID: "0403", PID: "6001"},
	}
	tests := []struct {
		address, want, problem string
	}{
		{"/dev/ttyS0", "/dev/ttyS0", ""},
		{"usb:0403:6001", "/dev/ttyUSB2", ""},
		{"usb:1a86:7523:a2", "/dev/ttyUSB1", ""},
		{"usb:1A86:7523", "", "2 adapters match"},
		{"usb:1A86:7523:A3", "", "no such USB adapter"},
	}
	for _, tt := range tests {
		got, err := portName(tt.address, func() ([]*enumerator.PortDetails, error) { return plugged, nil })
		if got != tt.want || (tt.problem == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.problem) {
			t.Errorf("portName(%q) = %q, %v, want %q, %q", tt.address, got, err, tt.want, tt.problem)
		}
	}
}

func TestListNamesPortsSoThatTheyCanBeOpened(t *testing.T) {
	infos, err := List()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("this system cannot list its ports")
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range infos {
		if l, err := ParseLink(in.Link); err != nil || l.Kind != Serial {
			t.Errorf("ParseLink(%q) = %+v, %v, want a serial link", in.Link, l, err)
		}
	}
}
