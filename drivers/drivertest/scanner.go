package drivertest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
)

// A ScannerDriver is a driver of scanners under test.
type ScannerDriver interface {
	Watch(ctx context.Context, emit func(context.Context, drivers.Code)) error
	Check(ctx context.Context) error
}

// A ScannerRig is a driver and the scanner, real or simulated, at the other end of
// its line.
type ScannerRig struct {
	Scanner ScannerDriver
	Device  string             // device code that errors and codes name
	Send    func([]byte)       // lets the scanner send bytes as they are; what is sent into a closed line is lost
	Opened  func() bool        // the driver has opened the line
	Plug    func(plugged bool) // pulls the line and puts it back
}

// Scanner runs the contract of scanners' drivers. make returns a new rig for each
// part of it.
func Scanner(t *testing.T, make func(*testing.T) ScannerRig) {
	t.Helper()
	for _, part := range []struct {
		name string
		run  func(*testing.T, ScannerRig, *readings)
	}{
		{"codes come in their order, with their kinds", func(t *testing.T, rig ScannerRig, got *readings) {
			rig.Send([]byte("134567890123456789\r\n284567890123456789\r\n902603020000000001\r\n"))
			got.expect(t, rig, "WeChat 134567890123456789", "Alipay 284567890123456789", "other 902603020000000001")
		}},
		{"a code that comes byte by byte is one", func(t *testing.T, rig ScannerRig, got *readings) {
			rig.Send([]byte("first\r\n"))
			for _, b := range []byte("284567890123456789\r\n") {
				rig.Send([]byte{b})
			}
			got.expect(t, rig, "other first", "Alipay 284567890123456789")
		}},
		{"noise spoils no code after it", func(t *testing.T, rig ScannerRig, got *readings) {
			rig.Send([]byte("\x00\x02\x1b\r\n" + strings.Repeat("\x55", 4000) + "\r\n%%NoRead\r\n\x02134567890123456789\x03\r\n"))
			got.expect(t, rig, "WeChat 134567890123456789")
		}},
		{"silence is no fault", func(t *testing.T, rig ScannerRig, got *readings) {
			if err := rig.Scanner.Check(t.Context()); err != nil {
				t.Errorf("Check of a silent scanner = %v, want nil", err)
			}
			rig.Send([]byte("134567890123456789\r"))
			got.expect(t, rig, "WeChat 134567890123456789")
		}},
		{"the same code again at once is one showing", func(t *testing.T, rig ScannerRig, got *readings) {
			rig.Send([]byte("134567890123456789\r\n134567890123456789\r\nother\r\n134567890123456789\r\nlast\r\n"))
			got.expect(t, rig, "WeChat 134567890123456789", "other other", "other last")
		}},
		{"a scanner that was unplugged is back by itself", unpluggedScanner},
	} {
		t.Run(part.name, func(t *testing.T) {
			rig := make(t)
			got := watchCodes(t, rig)
			part.run(t, rig, got)
		})
	}
}

func unpluggedScanner(t *testing.T, rig ScannerRig, got *readings) {
	rig.Send([]byte("before\r\n"))
	got.expect(t, rig, "other before")
	rig.Plug(false)
	got.await(t, "Check says that the scanner is gone", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		err := rig.Scanner.Check(ctx)
		var device *drivers.DeviceError
		if err != nil && (!errors.As(err, &device) || device.Device != rig.Device || !errors.Is(err, drivers.ErrOffline)) {
			t.Fatalf("Check = %v, want a DeviceError of %s that wraps ErrOffline", err, rig.Device)
		}
		return err != nil
	})
	rig.Plug(true)
	// The line is not opened at the moment at which it is there again, and what is
	// sent before is lost, as it is with a real scanner.
	n := 0
	got.await(t, "codes come again", func() bool {
		if rig.Opened() {
			n++
			rig.Send([]byte("after " + strings.Repeat("x", n) + "\r\n"))
		}
		return got.count() > 1
	})
}

// readings are what a driver emitted.
type readings struct {
	mu    sync.Mutex // guards the following field
	codes []drivers.Code
}

func (r *readings) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.codes)
}

// watchCodes runs the driver until the test ends, and returns when it has opened the
// line.
func watchCodes(t *testing.T, rig ScannerRig) *readings {
	t.Helper()
	got := &readings{}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- rig.Scanner.Watch(ctx, func(_ context.Context, c drivers.Code) {
			got.mu.Lock()
			defer got.mu.Unlock()
			got.codes = append(got.codes, c)
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Watch = %v after its context ended, want nil", err)
		}
	})
	got.await(t, "the line is opened", rig.Opened)
	return got
}

func (r *readings) await(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); !so(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("it did not come true in time that %s", what)
		}
	}
}

// expect waits for so many codes and compares them, as kind and text.
func (r *readings) expect(t *testing.T, rig ScannerRig, want ...string) {
	t.Helper()
	r.await(t, "all codes are read", func() bool { return r.count() >= len(want) })
	r.mu.Lock()
	defer r.mu.Unlock()
	var got []string
	for _, c := range r.codes {
		got = append(got, c.Kind.String()+" "+c.Text)
		if c.Device != rig.Device || c.At.IsZero() || c.At.Location() != time.UTC {
			t.Errorf("code %q comes from %q at %v, want device %s and a time in UTC", c.Text, c.Device, c.At, rig.Device)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("codes differ (-want +got):\n%s", diff)
	}
}
