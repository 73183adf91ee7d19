package main

import (
	"bytes"
	"context"
	"flag"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A transcript is everything that a command has printed, and wakes who waits
// for more.
type transcript struct {
	mu      sync.Mutex
	text    strings.Builder
	read    int           // how much of it await has passed
	changed chan struct{} // closed and replaced at every write
}

func newTranscript() *transcript { return &transcript{changed: make(chan struct{})} }

// Write is called by the command.
func (s *transcript) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
	return s.text.Write(b)
}

// await returns the next line that contains part.
func (s *transcript) await(t *testing.T, part string) string {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		rest, changed := s.text.String()[s.read:], s.changed
		if i := strings.Index(rest, part); i >= 0 {
			begin := strings.LastIndex(rest[:i], "\n") + 1
			if end := strings.Index(rest[i:], "\n"); end >= 0 {
				s.read += i + end + 1
				s.mu.Unlock()
				return rest[begin : i+end]
			}
		}
		s.mu.Unlock()
		select {
		case <-changed:
		case <-deadline.C:
			t.Fatalf("nobody said %q after all of:\n%s", part, s)
		}
	}
}

// String returns everything.
func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// background runs a command line until stop, which returns its exit status.
func background(t *testing.T, args ...string) (out *transcript, stop func() int) {
	t.Helper()
	out = newTranscript()
	return out, backgroundWork(t, func(ctx context.Context) int {
		return run(ctx, append([]string{"--lang", "en"}, args...), &env{stdout: out, stderr: out, getenv: func(string) string { return "" }})
	})
}

// backgroundWork runs work until stop, which returns what it returned.
func backgroundWork(t *testing.T, work func(ctx context.Context) int) (stop func() int) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() { ended <- work(ctx) }()
	stop = sync.OnceValue(func() int {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { stop() })
	return stop
}

// once runs a command line to its end.
func once(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	status = run(ctx, args, &env{stdout: &out, stderr: &err, getenv: func(string) string { return "" }})
	return status, out.String(), err.String()
}

// file writes a file that only this user may read, and returns its path.
func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestHelpExplainsEveryFlagInBothLanguages(t *testing.T) {
	for _, c := range commands() {
		for _, lang := range []string{"zh-CN", "en"} {
			status, asked, _ := once(t, "help", c.name, "--lang", lang)
			if _, flagged, _ := once(t, "--lang="+lang, c.name, "--help"); status != done || asked != flagged {
				t.Errorf("%s in %s: status %d, and `help` says\n%s\nbut --help\n%s", c.name, lang, status, asked, flagged)
			}
			f := flag.NewFlagSet(c.name, flag.ContinueOnError)
			c.setup(f)
			f.VisitAll(func(one *flag.Flag) {
				if !strings.Contains(asked, "--"+one.Name+" ") && !strings.Contains(asked, "--"+one.Name+"\n") {
					t.Errorf("the help of %s in %s lacks --%s", c.name, lang, one.Name)
				}
			})
		}
	}
}

func TestOverviewListsEveryCommand(t *testing.T) {
	for lang, want := range map[string]string{"zh-CN": "退出状态：0 完成", "en": "Exit status: 0 done"} {
		status, out, stderr := once(t, "help", "--lang", lang)
		if status != done || stderr != "" || !strings.Contains(out, want) {
			t.Errorf("%s: status %d, stdout %q, stderr %q", lang, status, out, stderr)
		}
		for _, c := range commands() {
			if !strings.Contains(out, "  "+c.name+" ") {
				t.Errorf("the overview in %s lacks %s", lang, c.name)
			}
		}
	}
}

func TestWrongUseIsSaidAndHasStatus2(t *testing.T) {
	tests := []struct {
		name, line, want string
	}{
		{"no command", "", "请给出命令"},
		{"an unknown command", "--lang en plattform", `no command "plattform"`},
		{"an unknown flag", "--lang=en platform --lisen x", "flag provided but not defined: -lisen"},
		{"an unknown flag in Chinese", "platform --lisen x", "选项有误"},
		{"an unknown language", "platform --lang xx", "--lang"},
		{"a language without a value", "platform --lang", "-lang"},
		{"a platform without credentials", "platform --lang en", "--user"},
		{"a platform without a key", "platform --lang en --user u --password p", "--key"},
		{"a platform with half a key", "platform --lang en --user u --password p --key short", "key"},
		{"a word too many", "platform --lang en now", `"now"`},
		{"a duration that is none", "platform --lang en --down-for soon", "soon"},
		{"an account without money", "platform --lang en --account 粤B12345", "want PLATE=FEN"},
		{"an account of less than nothing", "platform --lang en --account 粤B12345=-1", "want PLATE=FEN"},
		{"a price in words", "platform --lang en --price cheap", "want a number of fen"},
		{"a seed for a platform that behaves", "platform --lang en --seed 3", "go with --nasty"},
		{"a platform that is late beforehand", "platform --lang en --nasty --slow -1s", "--slow"},
		{"a site without a configuration", "site --lang en", "--config"},
		{"a configuration that is not there", "site --lang en --config nowhere.toml", "nowhere.toml"},
		{"a fault that is none", "site --lang en --config x --fault G1=sleepy", "want DEVICE=KIND"},
		{"nobody to pay for", "pay --lang en --config x", "number of words"},
		{"no car park to ask", "inside --lang en", "--park"},
		{"a gate that dances", "gate --lang en --park http://127.0.0.1 --user u --password p --key abcdefghijklmnopqrstuvwx G1 dance", `"dance"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := once(t, strings.Fields(tt.line)...)
			if status != wrong || stdout != "" || !strings.Contains(stderr, tt.want) {
				t.Errorf("status %d, stdout %q, stderr %q; want 2 and %q", status, stdout, stderr, tt.want)
			}
		})
	}
}

func TestLanguageComesFromTheEnvironmentToo(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		want lang
	}{
		{"nothing is said", nil, chinese},
		{"LANG is English", map[string]string{"LANG": "en_US.UTF-8"}, english},
		{"LC_ALL counts more", map[string]string{"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN"}, chinese},
		{"LC_ALL names no language of ours", map[string]string{"LANG": "en_US.UTF-8", "LC_ALL": "C"}, english},
	}
	for _, tt := range tests {
		e := &env{getenv: func(name string) string { return tt.env[name] }}
		if _, err := e.takeLang(nil); err != nil || e.lang != tt.want {
			t.Errorf("%s: language %d, %v, want %d", tt.name, e.lang, err, tt.want)
		}
	}
}

func TestMistakesInTheConfigurationAreListed(t *testing.T) {
	path := file(t, "bad.toml", siteConfig+"\n[[device]]\ncode = \"G9\"\nname = \"G9\"\nkind = \"gate\"\ndriver = \"modbus-relay\"\nlink = \"tcp://127.0.0.1:1509\"\noptions = { open = 0, opne = 1 }\n")
	status, _, stderr := once(t, "site", "--config", path, "--lang", "en")
	if status != wrong || !strings.Contains(stderr, "bad.toml:") || !strings.Contains(stderr, "unknown option \"opne\"") {
		t.Errorf("status %d, stderr %q; want 2, the line and the option", status, stderr)
	}
}

func TestAnAgentThatDoesNotRunIsSaidSo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	address := l.Addr().String()
	status, _, stderr := once(t, strings.Fields("platform --lang en --user u --password p --key abcdefghijklmnopqrstuvwx --listen "+address)...)
	if status != failed || !strings.Contains(stderr, "another program has this address") {
		t.Errorf("an address that is taken: status %d, stderr %q", status, stderr)
	}
	for lang, want := range map[string]string{"en": "nothing answers there; see whether parkagent runs", "zh-CN": "请检查 parkagent 是否在运行"} {
		status, _, stderr := once(t, strings.Fields("inside --user u --password p --key abcdefghijklmnopqrstuvwx --park http://127.0.0.1:1 --lang "+lang)...)
		if status != failed || !strings.Contains(stderr, want) {
			t.Errorf("nobody answers: status %d, stderr %q, want %q", status, stderr, want)
		}
	}
}
