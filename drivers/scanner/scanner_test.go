package scanner_test

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/scanner"
	"parkagent/drivers/serialport"
	sim "parkagent/drivers/sim/scanner"
)

func newScanner(t *testing.T, port scanner.Port, opt scanner.Options) *scanner.Scanner {
	t.Helper()
	s, err := scanner.New(scanner.Config{Device: "S1", Port: port, Options: opt})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serve runs a scanner behind a serial server until the test ends.
func serve(t *testing.T, s *sim.Scanner, l net.Listener) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var served sync.WaitGroup
	served.Go(func() {
		if err := s.Serve(ctx, l); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); served.Wait() })
}

func TestScannerKeepsTheContractOverANetwork(t *testing.T) {
	drivertest.Scanner(t, func(t *testing.T) drivertest.ScannerRig {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		far := &sim.Scanner{}
		serve(t, far, l)
		port, err := serialport.Open("tcp://"+l.Addr().String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = port.Close() })
		return rig(t, port, far, func(plugged bool) { far.SetGone(!plugged) })
	})
}

// rig is a driver that tells the scanner each time it begins to read: what is sent
// before that is lost.
func rig(t *testing.T, port scanner.Port, far *sim.Scanner, plug func(bool)) drivertest.ScannerRig {
	t.Helper()
	heard := 0
	return drivertest.ScannerRig{
		Scanner: newScanner(t, port, scanner.Options{Wake: []byte("E")}), Device: "S1",
		Send:   func(b []byte) { _ = far.Send(b) }, // a closed line loses it
		Opened: func() bool { return len(far.Heard()) > heard },
		Plug: func(plugged bool) {
			plug(plugged)
			if !plugged {
				heard = len(far.Heard())
			}
		},
	}
}

// A bubble is a scanner in memory whose time is the test's.
func bubble(t *testing.T, opt scanner.Options, run func(t *testing.T, far *sim.Scanner, read func() []string)) {
	synctest.Test(t, func(t *testing.T) {
		port, l := drivertest.NewWire()
		far := &sim.Scanner{}
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { _ = far.Serve(ctx, l) })
		var mu sync.Mutex // guards texts
		var texts []string
		running.Go(func() {
			_ = newScanner(t, port, opt).Watch(ctx, func(_ context.Context, c drivers.Code) {
				mu.Lock()
				defer mu.Unlock()
				texts = append(texts, c.Text)
			})
		})
		synctest.Wait()
		run(t, far, func() []string {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(texts)
		})
		cancel()
		_ = port.Close()
		running.Wait()
	})
}

func send(t *testing.T, far *sim.Scanner, text string) {
	t.Helper()
	if err := far.Send([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func wait(d time.Duration) { <-time.After(d) }

func TestACodeWithoutALineEndEndsWithAPause(t *testing.T) {
	bubble(t, scanner.Options{Gap: 80 * time.Millisecond}, func(t *testing.T, far *sim.Scanner, read func() []string) {
		send(t, far, "13456789")
		wait(79 * time.Millisecond)
		send(t, far, "0123456789")
		wait(79 * time.Millisecond)
		if got := read(); len(got) > 0 {
			t.Errorf("read %q before the pause was over", got)
		}
		wait(2 * time.Millisecond)
		if diff := cmp.Diff([]string{"134567890123456789"}, read()); diff != "" {
			t.Errorf("codes differ (-want +got):\n%s", diff)
		}
	})
}

// A code cut in two by a slow adapter would be two wrong ones.
func TestAScannerThatSendsLineEndsMayPauseWithinACode(t *testing.T) {
	bubble(t, scanner.Options{}, func(t *testing.T, far *sim.Scanner, read func() []string) {
		send(t, far, "first\r\n13456789")
		wait(300 * time.Millisecond)
		send(t, far, "0123456789\r\n")
		if diff := cmp.Diff([]string{"first", "134567890123456789"}, read()); diff != "" {
			t.Errorf("codes differ (-want +got):\n%s", diff)
		}
	})
}

func TestTheSameCodeCountsAgainAfterAWhile(t *testing.T) {
	bubble(t, scanner.Options{Repeat: 4 * time.Second}, func(t *testing.T, far *sim.Scanner, read func() []string) {
		for range 8 { // a phone that is held there for four seconds
			send(t, far, "ticket\r\n")
			wait(500 * time.Millisecond)
		}
		if diff := cmp.Diff([]string{"ticket"}, read()); diff != "" {
			t.Errorf("codes differ (-want +got):\n%s", diff)
		}
		send(t, far, "ticket\r\n")
		if diff := cmp.Diff([]string{"ticket", "ticket"}, read()); diff != "" {
			t.Errorf("codes differ (-want +got):\n%s", diff)
		}
	})
}

func TestAScannerIsWokenAsItsModelWants(t *testing.T) {
	for _, tt := range []struct {
		name  string
		table map[string]any
		want  string // sent to it: at once, after a code, and 11 s later
	}{
		{"a plain one is told nothing", nil, ""},
		{"a ZKB200 is triggered at once, after each code, and again every 5 s", map[string]any{"model": "zkb200"}, "\x54\x54\x54\x54"},
		{"a CipherLab is enabled once", map[string]any{"model": "cipherlab"}, "E"},
		{"another one gets its own bytes", map[string]any{"wake": "16 54 0D"}, "\x16\x54\x0D"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opt, err := scanner.ParseOptions(tt.table)
			if err != nil {
				t.Fatal(err)
			}
			bubble(t, opt, func(t *testing.T, far *sim.Scanner, read func() []string) {
				send(t, far, "code\r\n")
				wait(11 * time.Second)
				if got := string(far.Heard()); len(read()) != 1 || got != tt.want {
					t.Errorf("the scanner was sent % X, want % X", got, tt.want)
				}
			})
		})
	}
}

func TestWhatWaitedInTheLineIsNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port, l := drivertest.NewWire()
		if err := port.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte("284567890123456789\r\n")); err != nil { // of a driver who has left
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		var texts []string
		running.Go(func() {
			_ = newScanner(t, port, scanner.Options{}).Watch(ctx, func(_ context.Context, c drivers.Code) { texts = append(texts, c.Text) })
		})
		synctest.Wait()
		if _, err := conn.Write([]byte("now\r\n")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		cancel()
		running.Wait()
		if diff := cmp.Diff([]string{"now"}, texts); diff != "" {
			t.Errorf("codes differ (-want +got):\n%s", diff)
		}
	})
}

func TestDiagnoseSaysWhetherTheLineIsThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port, err := serialport.Open("tcp://"+l.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = port.Close() })
	s := newScanner(t, port, scanner.Options{})
	if got := s.Diagnose(t.Context()); len(got) != 1 || got[0].Topic != drivers.TopicPort || got[0].Level != drivers.LevelFine {
		t.Errorf("Diagnose of a line that is there = %+v", got)
	}
	_ = l.Close()
	_ = port.Close()
	if got := s.Diagnose(t.Context()); len(got) != 1 || got[0].Level != drivers.LevelWrong || got[0].Err == nil {
		t.Errorf("Diagnose of a line that is gone = %+v", got)
	}
}
