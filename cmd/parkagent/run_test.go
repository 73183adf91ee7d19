package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"parkagent/agent"
	"parkagent/agent/config"
	"parkagent/store"
)

func TestRunSaysThatItsAddressIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	path := siteWith(t, "")
	text := strings.ReplaceAll(testPark, "127.0.0.1:0", l.Addr().String())
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := say(t, "run", "--config", path)
	want := "address " + l.Addr().String() + " is in use: by another parkagent or another program; stop it, or change listen in [api]"
	if status != 1 || stdout != "" || !strings.Contains(stderr, want) {
		t.Errorf("run = %d: %s%s, want 1 and %q", status, stdout, stderr, want)
	}
}

func TestRunFailuresAreExplained(t *testing.T) {
	site := &config.Config{API: config.API{Listen: "203.0.113.7:80"}, Console: config.Console{Listen: "203.0.113.7:81"}, Store: config.Store{Dir: "data"}}
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"an address in use, as Windows says it", fmt.Errorf("open api: %w", &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.Errno(10048))}), "address 203.0.113.7:80 is in use"},
		{"an address of another machine", fmt.Errorf("open api: %w", &net.OpError{Op: "listen", Err: errors.New("cannot assign")}), "cannot listen on 203.0.113.7:80; check listen in [api]"},
		{"an address in use, of the pay machines", &agent.ConsoleError{Err: &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}}, "address 203.0.113.7:81 is in use: by another parkagent or another program; stop it, or change listen in [console]"},
		{"an address of another machine, for the pay machines", &agent.ConsoleError{Err: &net.OpError{Op: "listen", Err: errors.New("cannot assign")}}, "cannot listen on 203.0.113.7:81; check listen in [console]"},
		{"a second agent on the same data", fmt.Errorf("lock the data folder: %w", agent.ErrInUse), "is in use by another parkagent"},
		{"newer data", fmt.Errorf("open store: %w", store.ErrNewer), "was written by a newer version of this program"},
		{"a folder of somebody else", fmt.Errorf("open store: %w", &fs.PathError{Op: "mkdir", Path: "data", Err: syscall.EACCES}), "the data folder data may not be written; use sudo"},
		{"a disk that went read-only", fmt.Errorf("open store: %w", &fs.PathError{Op: "open", Path: "data/park.db", Err: syscall.EROFS}), "is on a disk that is read-only"},
		{"a full disk", fmt.Errorf("open store: %w", &fs.PathError{Op: "open", Path: "data/park.db", Err: syscall.ENOSPC}), "the disk is full"},
		{"a file where the folder should be", fmt.Errorf("open store: %w", &fs.PathError{Op: "mkdir", Path: "data", Err: syscall.ENOTDIR}), "the data folder data cannot be used; check dir in [store]"},
		{"anything else", errors.New("disk full"), "the agent failed: disk full"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := explainRun(tt.err, site)
			if !errors.Is(err, tt.err) || !strings.Contains(messageOf(err, english), tt.want) {
				t.Errorf("explained as %v, want %q in it", err, tt.want)
			}
		})
	}
	if err := explainRun(nil, site); err != nil {
		t.Errorf("no failure is explained as %v", err)
	}
}

func TestDataThatIsNoneIsExplained(t *testing.T) {
	path := siteWith(t, "")
	dir := filepath.Join(filepath.Dir(path), "data")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "park.db"), bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"run"}, {"queue", "list"}} {
		status, stdout, stderr := say(t, append(args, "--config", path)...)
		if want := "park.db is damaged; restore the backup"; status != 1 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%v = %d: %s%s, want 1 and %q", args, status, stdout, stderr, want)
		}
	}
}

func TestEveryTroubleOfTheDatabaseHasItsWords(t *testing.T) {
	said := map[string]int{}
	for _, code := range []int{5, 10, 11, 13, 14, 26, 4874} { // 4874 is a kind of 10
		said[booksTrouble(code).with("park.db").zh]++
	}
	if len(said) != 4 {
		t.Errorf("said %v, want four sentences", said)
	}
}

func TestRunRefusesAWrongLogLevel(t *testing.T) {
	status, _, stderr := say(t, "run", "--log-level", "loud", "--config", siteWith(t, ""))
	if status != 2 || !strings.Contains(stderr, `--log-level cannot be "loud"`) {
		t.Errorf("run = %d: %s", status, stderr)
	}
}
