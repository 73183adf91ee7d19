package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"parkagent/agent"
	"parkagent/agent/config"
	"parkagent/drivers/sim"
	"parkagent/protocol"
	"parkagent/protocol/platform"
	"parkagent/store"
)

// What hostileDevices adds to the demo's site: a client and a camera at other
// addresses than the test's, and a camera with a token that no lane watches.
const (
	hostileToken   = "hostile-test-token-1"
	hostileDevices = `
[[client]]
name = "far"
user = "far-user"
password = "far-password-9"
key = "far-client-key-000000024"
allow = ["192.0.2.0/24"]
[[device]]
code = "C4"
name = "C4"
kind = "camera"
ip = "192.0.2.4"
driver = "hikvision"
[[device]]
code = "C5"
name = "C5"
kind = "camera"
ip = "127.0.0.1"
driver = "vzenith"
options = { token = "` + hostileToken + `" }
`
)

// secrets are what no log may show.
func secrets() []string {
	return []string{
		demoPlatformPassword, demoPlatformKey, demoClientPassword, demoClientKey, "demo-camera",
		"far-password-9", "far-client-key-000000024", hostileToken, sim.VzPassword,
	}
}

// A logbook keeps a log, debug lines too.
type logbook struct {
	mu    sync.Mutex // guards the following field
	lines []string
}

// Write takes one line, as slog's text handler writes it.
func (b *logbook) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, string(line))
	return len(line), nil
}

// loud returns the lines that an operator sees: info and above. Devices that a
// busy test machine answers for too late are no business of these tests.
func (b *logbook) loud() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.lines), func(line string) bool {
		return strings.Contains(line, "level=DEBUG") || strings.Contains(line, `msg="device failed"`) || strings.Contains(line, `msg="device works again"`)
	})
}

// answers returns the loud lines without those of reports to a platform that a
// busy test machine answers for too late: what a stranger's request was worth.
func (b *logbook) answers() []string {
	return slices.DeleteFunc(b.loud(), func(line string) bool {
		return strings.Contains(line, `msg="reports wait"`) || strings.Contains(line, `msg="reports go again"`)
	})
}

func (b *logbook) all() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.lines, "")
}

// A runningAgent is a whole agent on loopback: the demo's devices and platform,
// its own books, and a log that can be read.
type runningAgent struct {
	t      *testing.T
	url    string
	dir    string // of the books and pictures
	site   *sim.Site
	phone  *platform.CarPark
	cipher *protocol.Cipher // the client's
	zone   *time.Location
	log    *logbook
	view   *store.View
}

// startAgent runs an agent until the test ends. barrier, if not nil, changes how
// the arms are built.
func startAgent(t *testing.T, barrier func(*sim.BarrierConfig)) *runningAgent {
	t.Helper()
	r := &runningAgent{t: t, log: &logbook{}, zone: must(protocol.LoadZone("Asia/Shanghai"))(t), cipher: must(protocol.NewCipher(demoClientKey))(t)}
	api := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	r.url = "http://" + api.Addr().String()
	told := must(platform.New(platform.Config{User: demoPlatformUser, Password: demoPlatformPassword, Key: demoPlatformKey, ParkCode: demoParkCode}))(t)
	server := httptest.NewServer(told)
	t.Cleanup(server.Close)
	plan := demoSite(r.url)
	for i := range plan.Gates {
		if barrier != nil {
			barrier(&plan.Gates[i].Barrier)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.site = must(sim.OpenSite(ctx, plan))(t)

	root := t.TempDir()
	text := demoConfig(api.Addr().String(), server.Listener.Addr().String(), r.site.Address, english) + hostileDevices
	c := must(config.Parse(filepath.Join(root, "hostile.toml"), []byte(text), root, known()))(t)
	r.dir = c.Store.Dir
	log := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	devices := must(buildDevices(c, log))(t)
	a := must(agent.New(agent.Config{Site: c, Devices: devices, Log: log, Listener: api}))(t)
	var running sync.WaitGroup
	running.Go(func() {
		if err := r.site.Run(ctx); err != nil {
			t.Errorf("site: %v", err)
		}
	})
	running.Go(func() {
		if err := a.Run(ctx); err != nil {
			t.Errorf("agent: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
		if t.Failed() {
			lines := r.log.loud()
			t.Logf("the agent's last log lines:\n%s", strings.Join(lines[max(0, len(lines)-40):], ""))
		}
	})

	r.phone = platform.NewCarPark(&protocol.Client{
		URL: r.url, User: demoClientUser, Password: demoClientPassword, Cipher: r.cipher, HTTP: &http.Client{Timeout: time.Minute},
	}, demoParkCode)
	// The first car is the sign that the lanes watch; the rows of a new day are
	// in the books then.
	r.enter("粤B00001")
	r.view = must(store.OpenView(t.Context(), agent.DatabasePath(c)))(t)
	t.Cleanup(func() {
		if err := r.view.Close(); err != nil {
			t.Errorf("close the view: %v", err)
		}
	})
	r.eventually("the day's rows are written", func() bool {
		seq, err := r.view.LatestSeq(t.Context(), store.KindAreas, "")
		return err == nil && seq > 0
	})
	return r
}

// must returns a value, or ends the test with its error.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// eventually asks again and again until it is so.
func (r *runningAgent) eventually(what string, so func() bool) {
	r.t.Helper()
	for end := time.Now().Add(time.Minute); !so(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("it did not come true in time that %s", what)
		}
	}
}

// enter lets a car in at IN1 and fails unless that opens the gate once.
func (r *runningAgent) enter(no string) {
	r.t.Helper()
	before := r.openings()
	r.eventually(no+" is taken", func() bool { return r.site.Camera("C1").See(r.t.Context(), sim.SmallCar(no, time.Now())) == nil })
	r.eventually(no+" is inside", func() bool {
		cars, err := r.phone.Inside(r.t.Context(), no)
		return err == nil && len(cars) == 1
	})
	if got := r.openings() - before; got != 1 {
		r.t.Errorf("%s entered: the gate was opened %d times, want once", no, got)
	}
}

// openings counts how often the open relay of IN1 went on.
func (r *runningAgent) openings() int {
	n := 0
	for _, e := range r.site.Board("G1").Events() {
		if e.Kind == sim.CoilOn && e.Number == 0 {
			n++
		}
	}
	return n
}

// What is kept of everything: the journal, the books, the pictures, and what the
// relays did. Device states come and go by themselves and do not count, nor does
// what is told again once a day, because the site's own minute may come meanwhile.
type kept struct {
	Rows     []string
	Books    store.Books
	Pictures int
	Relays   int
}

func (r *runningAgent) kept() kept {
	r.t.Helper()
	k := kept{Books: must(r.view.Books(r.t.Context()))(r.t), Relays: r.openings()}
	for _, e := range must(r.view.After(r.t.Context(), 0, 10_000))(r.t) {
		row := fmt.Sprintf("%s %s %s", e.Kind, e.Key, e.Body)
		switch e.Kind {
		case store.KindDeviceState:
			continue
		case store.KindPark, store.KindAreas, store.KindDevice:
			if slices.Contains(k.Rows, row) {
				continue
			}
		}
		k.Rows = append(k.Rows, row)
	}
	err := filepath.WalkDir(filepath.Join(r.dir, "images"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			k.Pictures++
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		r.t.Fatal(err)
	}
	return k
}

// sameAs fails unless nothing has changed.
func (r *runningAgent) sameAs(before kept, what string) {
	r.t.Helper()
	if diff := gocmp.Diff(before, r.kept()); diff != "" {
		r.t.Errorf("%s: it changed something (-before +after):\n%s", what, diff)
	}
}

// logged fails unless exactly one line was written after the first n of the log's
// answers, with want in it.
func (r *runningAgent) logged(n int, want, what string) {
	r.t.Helper()
	lines := r.log.answers()[n:]
	if len(lines) != 1 || !strings.Contains(lines[0], want) {
		r.t.Errorf("%s: %d log lines, want one with %q:\n%s", what, len(lines), want, strings.Join(lines, ""))
	}
}

// noSecrets fails if the log shows any secret, at whatever level.
func (r *runningAgent) noSecrets() {
	r.t.Helper()
	log := r.log.all()
	for _, secret := range secrets() {
		if i := strings.Index(log, secret); i >= 0 {
			r.t.Errorf("the log shows a secret: …%s", log[max(0, i-200):i+len(secret)])
		}
	}
}

// stillWorks lets another car in and checks the journal.
func (r *runningAgent) stillWorks(no string) {
	r.t.Helper()
	r.enter(no)
	if _, err := r.view.VerifyChain(r.t.Context()); err != nil {
		r.t.Errorf("the journal: %v", err)
	}
	r.noSecrets()
}

// An httpCall is one request that somebody sends.
type httpCall struct {
	method string // empty means POST
	path   string
	header http.Header
	body   io.Reader
}

// send returns what a call is answered with.
func (r *runningAgent) send(c httpCall) (status int, header http.Header, body string) {
	r.t.Helper()
	req := must(http.NewRequestWithContext(r.t.Context(), cmp.Or(c.method, http.MethodPost), r.url+c.path, c.body))(r.t)
	if c.header != nil {
		req.Header = c.header
	}
	resp := must((&http.Client{Timeout: time.Minute}).Do(req))(r.t)
	defer func() { _ = resp.Body.Close() }() // it was read
	return resp.StatusCode, resp.Header, string(must(io.ReadAll(resp.Body))(r.t))
}

// sendCut sends the head of a POST that promises more than its body holds, hangs
// up that way, and returns the answer.
func (r *runningAgent) sendCut(c httpCall, promised int) (status int, body string) {
	r.t.Helper()
	conn := must(new(net.Dialer).DialContext(r.t.Context(), "tcp", strings.TrimPrefix(r.url, "http://")))(r.t)
	defer func() { _ = conn.Close() }() // the answer is what counts
	var head bytes.Buffer
	fmt.Fprintf(&head, "POST %s HTTP/1.1\r\nHost: box\r\nConnection: close\r\nContent-Length: %d\r\n", c.path, promised)
	for name, values := range c.header {
		fmt.Fprintf(&head, "%s: %s\r\n", name, values[0])
	}
	head.WriteString("\r\n")
	if _, err := io.Copy(conn, io.MultiReader(&head, c.body)); err != nil {
		r.t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		r.t.Fatal(err)
	}
	answer := string(must(io.ReadAll(conn))(r.t))
	_, after, _ := strings.Cut(answer, " ")
	if _, err := fmt.Sscan(after, &status); err != nil {
		r.t.Fatalf("answered with %q: %v", answer, err)
	}
	_, body, _ = strings.Cut(answer, "\r\n\r\n")
	return status, body
}
