package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"golang.org/x/sync/errgroup"

	"parkagent/drivers"
	"parkagent/drivers/sim"
)

// topicsIn returns the topics that a Go file declares.
func topicsIn(t *testing.T, file string) []drivers.Topic {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var topics []drivers.Topic
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(strings.ToLower(spec.Names[0].Name), "topic") {
			return true
		}
		for _, value := range spec.Values {
			name, err := strconv.Unquote(value.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			topics = append(topics, drivers.Topic(name))
		}
		return true
	})
	return topics
}

func TestEveryFindingHasWordsInBothLanguages(t *testing.T) {
	topics := append(topicsIn(t, "../../drivers/finding.go"), topicsIn(t, "doctor_advice.go")...)
	if len(topics) < 20 {
		t.Fatalf("topics = %q: were all found?", topics)
	}
	han := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
	}
	for _, topic := range topics {
		for _, level := range []drivers.Level{drivers.LevelFine, drivers.LevelOdd, drivers.LevelWrong} {
			r := remarkOn(topic, level)
			words := []text{r.found}
			if level != drivers.LevelFine {
				words = append(words, r.advice)
			}
			for _, w := range words {
				if !han(w.zh) || w.en == "" || han(w.en) {
					t.Errorf("%s, level %s: says %q", topic, levelName(level), w)
				}
			}
		}
	}
	for topic := range remarks() {
		if !slices.Contains(topics, topic) {
			t.Errorf("there are words for topic %q, which nobody finds", topic)
		}
	}
}

// sayDoctor runs the command, and returns its findings as well.
func sayDoctor(t *testing.T, args ...string) (status int, stdout string, view reportView) {
	t.Helper()
	status, stdout, stderr := say(t, append([]string{"doctor"}, args...)...)
	if stderr != "" {
		t.Errorf("doctor %q complained: %s", args, stderr)
	}
	again, machine, stderr := say(t, append([]string{"doctor", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(machine), &view); err != nil || stderr != "" || again != status {
		t.Fatalf("doctor --json %q = %d, %v: %s%s, without --json %d", args, again, err, machine, stderr, status)
	}
	return status, stdout, view
}

// levels returns "subject topic: level" of each finding about a device.
func levels(view reportView) []string {
	var list []string
	for _, f := range view.Findings {
		if f.Subject != "" {
			list = append(list, fmt.Sprintf("%s %s: %s", f.Subject, f.Topic, f.Level))
		}
	}
	return list
}

func TestDoctorOfAHealthySite(t *testing.T) {
	board := sim.NewBoard(sim.BoardConfig{Unit: 1})
	sim.NewBarrier(board, sim.BarrierConfig{Open: 0, Close: 1, Hold: sim.None, Presence: 0, LimitOpen: 1, LimitClose: 2, Travel: time.Millisecond})
	gate := serveSim(t, func(ctx context.Context, l net.Listener) error { return sim.ServeTCP(ctx, l, board) })
	panel := sim.NewLEDBoard(0, 2)
	display := serveSim(t, panel.Serve)
	camera := httptest.NewServer(&sim.HikCamera{User: "admin", Password: "right"})
	defer camera.Close()
	platform := httptest.NewServer(http.NotFoundHandler())
	defer platform.Close()
	path := siteWith(t, `
[[platform]]
name = "mall"
url = "`+platform.URL+`/park"
user = "park"
password = "p-one"
key = "abcdefghijklmnopqrstuvwx"
`+deviceTable("G1", "gate", "modbus-relay", `link = "tcp://`+gate+`"
options = { open = 0, close = 1, presence = 0, limit_open = 1, limit_close = 2 }`)+
		deviceTable("L1", "display", "fangkong", `link = "tcp://`+display+`"`)+
		deviceTable("C1", "camera", "hikvision", "ip = \"127.0.0.1\"\nlink = \""+camera.URL+"\"\nuser = \"admin\"\npassword = \"right\"")+
		deviceTable("K1", "kiosk", "kiosk", "ip = \"127.0.0.1\"\noptions = { token = \"hard-to-guess\" }"))
	status, stdout, view := sayDoctor(t, "--config", path)
	if status != 0 || view.Wrong != 0 {
		t.Errorf("doctor = %d, %d wrong:\n%s", status, view.Wrong, stdout)
	}
	for _, want := range []string{
		"ok     the configuration is right: " + path, "ok     G1  answers: tcp://" + gate, "L1  ", "C1  ", "ok     K1  a kiosk calls the agent and is not tried",
		"ok     mall  the platform answers: " + platform.URL + "/park, HTTP 404", "ok     mall  the platform's clock, differing from ours by: ",
		"the agent does not run; the address to listen on is free: [api] 127.0.0.1:0", "time to write for good: ", "free on the disk of the data folder: ", " wrong.\n",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("doctor says\n%swant %q in it", stdout, want)
		}
	}
	if got := coils(board); len(got) != 0 {
		t.Errorf("doctor changed relays %q", got)
	}
	if got := strings.Join(panel.Lines(), ""); got != "" {
		t.Errorf("doctor wrote %q on the panel", got)
	}
}

// swallow takes connections and never says a word.
func swallow(ctx context.Context, l net.Listener) error {
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	var g errgroup.Group
	for {
		conn, err := l.Accept()
		if err != nil {
			return g.Wait()
		}
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		g.Go(func() error {
			defer stop()
			_, _ = io.Copy(io.Discard, conn) // until either side goes
			_ = conn.Close()                 // which the end of the test may have done
			return nil
		})
	}
}

// chatter answers whatever it hears as a web server does that understands none of it.
func chatter(ctx context.Context, l net.Listener) error {
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	for {
		conn, err := l.Accept()
		if err != nil {
			return nil // at the end of the test
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
		}
		_ = conn.Close()
	}
}

func TestDoctorSaysWhatIsWrong(t *testing.T) {
	var logins atomic.Int32
	camera := &sim.HikCamera{User: "admin", Password: "right"}
	counted := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			logins.Add(1)
		}
		camera.ServeHTTP(w, r)
	}))
	defer counted.Close()
	silent, talker := serveSim(t, swallow), serveSim(t, chatter)
	gate := func(address string) string {
		return deviceTable("X1", "gate", "modbus-relay", "link = \"tcp://"+address+"\"\noptions = { open = 0 }")
	}
	tests := []struct {
		name, table string
		said        []string
	}{
		{"a board that is silent", gate(silent), []string{"wrong  X1  no answer: ", "→ Check its power; the network cable"}},
		{"something else at the address", gate(talker), []string{"wrong  X1  no answer: ", "something answers, but not in Modbus TCP"}},
		{"an address where nothing listens", gate("127.0.0.1:1"), []string{"wrong  X1  no answer: ", "the address refuses the connection"}},
		{"a panel where nothing listens", deviceTable("X1", "display", "fangkong", `link = "tcp://127.0.0.1:1"`), []string{"wrong  X1  no answer: ", "the address refuses the connection"}},
		{"a port that is not there", deviceTable("X1", "display", "fangkong", `link = "usb:FFFF:FFFF"`), []string{"wrong  X1  no answer: usb:FFFF:FFFF", "there is no such port"}},
		{"a camera whose password is another", deviceTable("X1", "camera", "hikvision", "ip = \"127.0.0.1\"\nlink = \""+counted.URL+"\"\nuser = \"admin\"\npassword = \"wrong\""), []string{"wrong  X1  "}},
		{"a camera that is silent", deviceTable("X1", "camera", "hikvision", "ip = \"127.0.0.1\"\nlink = \"http://"+silent+"\"\nuser = \"admin\"\npassword = \"right\""), []string{"wrong  X1  "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := siteWith(t, tt.table)
			logins.Store(0)
			// What is silent is silent for ever: the limit decides when it ends.
			status, stdout, stderr := say(t, "doctor", "X1", "--timeout", "2s", "--config", path)
			if status != 1 || stderr != "" {
				t.Errorf("doctor = %d: %s", status, stderr)
			}
			for _, want := range tt.said {
				if !strings.Contains(stdout, want) {
					t.Errorf("doctor says\n%swant %q in it", stdout, want)
				}
			}
			if n := logins.Load(); n > 1 {
				t.Errorf("doctor tried the password %d times; five lock the camera", n)
			}
		})
	}
}

// Two boards on one line behind a serial server, of which the configuration
// knows one and one that is not there.
func TestDoctorFindsTheUnitsOnALine(t *testing.T) {
	board := func(unit byte) *sim.Board { return sim.NewBoard(sim.BoardConfig{Unit: unit}) }
	ours, strange := board(1), board(7)
	line := serveSim(t, func(ctx context.Context, l net.Listener) error {
		defer context.AfterFunc(ctx, func() { _ = l.Close() })()
		for {
			conn, err := l.Accept()
			if err != nil {
				return nil // at the end of the test
			}
			_ = sim.ServeRTU(ctx, conn, ours, strange) // until the other side hangs up
			_ = conn.Close()
		}
	})
	link := "link = \"tcp://" + line + "?framing=rtu\"\n"
	path := siteWith(t, deviceTable("G1", "gate", "modbus-relay", link+"options = { unit = 1, open = 0 }")+
		deviceTable("G2", "gate", "modbus-relay", link+"options = { unit = 2, open = 0 }"))
	status, stdout, stderr := say(t, "doctor", "--timeout", "20s", "--config", path)
	if status != 1 || !strings.Contains(stdout, "wrong  G2  no answer") || !strings.Contains(stdout, "look   "+line+"  units that answer and are not configured: 7\n") {
		t.Errorf("doctor = %d: %s%s", status, stdout, stderr)
	}
	for _, b := range []*sim.Board{ours, strange} {
		if got := coils(b); len(got) != 0 {
			t.Errorf("looking changed relays %q", got)
		}
	}
}

func TestChecksAreToldInTheirOrderAndThoseOfOneLineApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told bytes.Buffer
		var onLine atomic.Int32
		wait := func(name, apart string, d time.Duration) check {
			return check{subject: name, apart: apart, run: func(ctx context.Context) []finding {
				if apart != "" {
					if onLine.Add(1) != 1 {
						t.Errorf("%s ran together with another of its line", name)
					}
					defer onLine.Add(-1)
				}
				select {
				case <-time.After(d):
				case <-ctx.Done():
					return []finding{{Finding: drivers.Finding{Topic: drivers.TopicReach, Level: drivers.LevelWrong, Err: ctx.Err()}}}
				}
				return []finding{{Finding: drivers.Finding{Topic: drivers.TopicReach}}}
			}}
		}
		d := &doctor{timeout: 3 * time.Second}
		start := time.Now()
		list := []check{wait("a", "ttyS1", 2*time.Second), wait("b", "", time.Hour), wait("c", "ttyS1", 2*time.Second), wait("d", "", 0)}
		err := d.do(t.Context(), list, func(subject string, found []finding) error {
			fmt.Fprintf(&told, "%s %s at %v\n", subject, levelName(found[0].Level), time.Since(start))
			return nil
		})
		const want = "a ok at 2s\nb wrong at 3s\nc ok at 4s\nd ok at 4s\n"
		if told.String() != want || err != nil {
			t.Errorf("told %q, %v, want %q", told.String(), err, want)
		}
	})
}

func TestDoctorSpeaksTheLanguageOfThePark(t *testing.T) {
	for language, want := range map[string]string{"": "配置正确", `language = "en"`: "the configuration is right"} {
		path := siteWith(t, "")
		replaceIn(t, path, "[park]\n", "[park]\n"+language+"\n")
		e, stdout, stderr := testEnv()
		if status := run(t.Context(), commands(), []string{"doctor", "--config", path}, e); status != 0 || !strings.Contains(stdout.String(), want) {
			t.Errorf("doctor of a park with %q = %d: %s%s", language, status, stdout, stderr)
		}
	}
}

func TestDoctorRefusesWrongUse(t *testing.T) {
	path := siteWith(t, deviceTable("G1", "gate", "modbus-relay", "link = \"COM1\"\noptions = { open = 0 }"))
	for line, want := range map[string]string{
		"G9":           `the configuration has no device "G9", only G1.`,
		"--timeout 0s": "--timeout must be more than 0",
	} {
		status, stdout, stderr := say(t, append([]string{"doctor", "--config", path}, strings.Fields(line)...)...)
		if status != 2 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("doctor %s = %d: %s%s", line, status, stdout, stderr)
		}
	}
	wrong := siteWith(t, deviceTable("G1", "gate", "modbus-relay", "link = \"COM1\""))
	if status, _, stderr := say(t, "doctor", "--config", wrong); status != 2 || !strings.Contains(stderr, `option "open": is missing`) {
		t.Errorf("doctor with a wrong configuration = %d: %s", status, stderr)
	}
}

func TestWhatInputsSayIsReadInChinese(t *testing.T) {
	const value = "arm=down presence=occupied passage=not fitted"
	if got := inWords(drivers.TopicInputs, value, chinese); got != "闸杆=落下 地感=有车 过车=未接" {
		t.Errorf("inputs in Chinese: %q", got)
	}
	if got := inWords(drivers.TopicInputs, value, english); got != value {
		t.Errorf("inputs in English: %q", got)
	}
	if got := inWords(drivers.TopicModel, "up-2", chinese); got != "up-2" {
		t.Errorf("a model in Chinese: %q", got)
	}
}
