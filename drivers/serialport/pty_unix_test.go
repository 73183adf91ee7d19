//go:build unix

package serialport

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/creack/pty"
)

// serialPeer opens a pseudo terminal under a name that stays while the
// terminal behind it changes, as udev's names do.
func serialPeer(t *testing.T) peer {
	t.Helper()
	name := filepath.Join(t.TempDir(), "port")
	var far *os.File
	plug := func() {
		t.Helper()
		master, slave, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		far = master
		if err := os.Symlink(slave.Name(), name); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = slave.Close(); _ = master.Close() })
	}
	plug()
	port, err := Open("serial://"+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := port.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = port.Close() })
	return peer{
		port: port,
		far:  far,
		unplug: func() {
			if err := errors.Join(far.Close(), os.Remove(name)); err != nil {
				t.Fatal(err)
			}
		},
		replug: func() io.ReadWriteCloser { plug(); return far },
	}
}

// Root passes by the lock that the system puts on a terminal, and an installer
// who tries a device is root. Two programs on one line read each other's
// replies.
func TestPortThatIsInUseIsBusyEvenForRoot(t *testing.T) {
	p := serialPeer(t)
	other := New(p.port.Link(), nil)
	if err := other.Connect(within(t, patience)); !errors.Is(err, syscall.EBUSY) {
		t.Fatalf("Connect of a port in use = %v, want syscall.EBUSY", err)
	}
	if err := p.port.Close(); err != nil {
		t.Fatal(err)
	}
	if err := other.Connect(within(t, patience)); err != nil {
		t.Errorf("Connect of a port that was closed = %v", err)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
}

// Whoever can reach the agent's network ports can make it hold as many files as
// he likes; select(2), with which the library reads, knows 1024.
func TestPortIsReadWhileTheProgramHasManyFiles(t *testing.T) {
	for range 1100 {
		f, err := os.Open(os.DevNull)
		if errors.Is(err, syscall.EMFILE) {
			t.Skip("this system allows too few open files")
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
	}
	p := serialPeer(t)
	if _, err := p.far.Write([]byte{7}); err != nil {
		t.Fatal(err)
	}
	if n, err := p.port.Read(within(t, patience), make([]byte, 8)); n != 1 || err != nil {
		t.Errorf("Read = %d, %v, want 1 byte", n, err)
	}
}
