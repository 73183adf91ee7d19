package uplink_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/agent/uplink"
	"parkagent/protocol"
	"parkagent/store"
)

var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// entered is 2026-03-02 08:20:19 at the car park.
var entered = time.Date(2026, 3, 2, 0, 20, 19, 0, time.UTC)

func open(t testing.TB) *store.DB { return openAt(t, filepath.Join(t.TempDir(), "park.db")) }

func openAt(t testing.TB, path string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // one test closes it before
	return db
}

// row is a journal row to be.
type row struct {
	kind store.Kind
	key  string
	fact any
}

func appendRows(t testing.TB, db *store.DB, rows ...row) {
	t.Helper()
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		for _, r := range rows {
			if _, err := tx.Append(t.Context(), r.kind, r.key, r.fact); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func entry(plate string) row {
	return row{store.KindEntry, plate, store.StayFact{Session: "s" + plate, Plate: plate, EnteredMs: store.Millis(entered), EntryPlace: "入口1"}}
}

func exit(plate string) row {
	return row{store.KindExit, plate, store.StayFact{
		Session: "s" + plate, Plate: plate, EnteredMs: store.Millis(entered), LeftMs: store.Millis(entered.Add(time.Hour)), PayMethod: -1,
	}}
}

func spaces(free int) row { return row{store.KindSpaces, "", store.SpacesFact{Free: free, Total: 100}} }

func card(id int64, platform string) row {
	return row{store.KindCard, fmt.Sprintf("card:%d", id), store.CardFact{Card: id, Platform: platform}}
}

func correct(plate, platform string) row {
	return row{store.KindCorrect, plate, store.CorrectFact{Platform: platform, Plate: plate}}
}

func state(code, status string) row {
	return row{store.KindDeviceState, code, store.DeviceFact{Code: code, Status: status}}
}

// A platform is the other side. It answers what answer says, or success, and
// remembers what it was told: one line for each message, with " refused" or
// " unanswered" when it did not take it.
type platform struct {
	answer func(line string) error // nil means success

	mu   sync.Mutex
	told []string
}

// Post implements uplink.Poster without a network.
func (p *platform) Post(ctx context.Context, name string, message any) (protocol.Reply, error) {
	text, err := json.Marshal(message)
	if err != nil {
		return protocol.Reply{}, err
	}
	line := lineOf(name, text)
	if p.answer != nil {
		err = p.answer(line)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch refusal := err.(type) {
	case nil:
		p.told = append(p.told, line)
		return protocol.Reply{Code: "0"}, nil
	case *protocol.RefusedError:
		p.told = append(p.told, line+" refused")
		return refusal.Reply, fmt.Errorf("post: %w", err)
	}
	p.told = append(p.told, line+" unanswered")
	return protocol.Reply{}, fmt.Errorf("post: %w", err)
}

func (p *platform) lines() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.told)
}

// taken returns the lines of what the platform took.
func (p *platform) taken() []string {
	return slices.DeleteFunc(p.lines(), func(line string) bool {
		return strings.Contains(line, "refused") || strings.Contains(line, "unanswered")
	})
}

// lineOf tells a message in a few words: its interface without "Post", and
// what it is about.
func lineOf(name string, text []byte) string {
	var m struct{ PlateNo, DeviceCode, FreeSpaceNum, CardID string }
	var status struct{ Status json.RawMessage }
	_ = json.Unmarshal(text, &m)      // a message without these fields is told by its name
	_ = json.Unmarshal(text, &status) // likewise
	return strings.Join(strings.Fields(strings.TrimPrefix(name, "Post")+" "+m.PlateNo+" "+m.DeviceCode+" "+m.FreeSpaceNum+" "+m.CardID+" "+string(status.Status)), " ")
}

func refusal(text string) error {
	return &protocol.RefusedError{Reply: protocol.Reply{Code: "1", Msg: text}}
}

func unavailable(status int) error { return &protocol.NoAnswerError{Status: status} }

// config is that of an uplink to client with short waits.
func config(db *store.DB, client uplink.Poster) uplink.Config {
	return uplink.Config{
		Name: "mall", Client: client, DB: db, ParkCode: "7", Location: shanghai,
		RetryMin: time.Millisecond, RetryMax: time.Millisecond, BackoffMin: time.Millisecond, BackoffMax: time.Millisecond,
	}
}

// start runs an uplink until the returned function is called or the test ends.
func start(t testing.TB, cfg uplink.Config) (u *uplink.Uplink, stop func()) {
	t.Helper()
	u, err := uplink.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- u.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
	})
	t.Cleanup(stop)
	return u, stop
}

// elapse lets the time of a synctest bubble go on, and what it causes happen.
func elapse(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// until waits for a status. Real time has no event for it.
func until(t testing.TB, u *uplink.Uplink, what string, done func(uplink.Status) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for !done(u.Status()) {
		select {
		case <-look.C:
		case <-ctx.Done():
			t.Fatalf("no %s: %+v", what, u.Status())
		}
	}
}

// settled waits until everything was dealt with.
func settled(t testing.TB, u *uplink.Uplink, head int64) {
	t.Helper()
	until(t, u, "end of the journal", func(s uplink.Status) bool { return s.Cursor == head && s.Waiting == 0 })
}

const testKey = "F7A0B971B199FD2A1017CEC5"

// A site is a platform behind HTTP. handle may be nil for success.
type site struct {
	handle func(w http.ResponseWriter, line string) (done bool)
	client *protocol.Client

	mu       sync.Mutex
	messages []message
}

type message struct {
	Name string
	JSON map[string]any
}

func listen(t testing.TB, handle func(w http.ResponseWriter, line string) bool) *site {
	t.Helper()
	cipher, err := protocol.NewCipher(testKey)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{handle: handle}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/park/")
		up, _ := protocol.UplinkNamed(name)
		opened, err := cipher.OpenRequest(r, protocol.OpenOptions{Now: time.Now(), Location: shanghai, Params: up.Params})
		if err != nil || r.Header.Get("user") != "park" || r.Header.Get("pwd") != "secret" {
			t.Errorf("%s: %v, user %q", name, err, r.Header.Get("user"))
		}
		s.take(name, opened.JSON)
		if s.handle == nil || !s.handle(w, lineOf(name, opened.JSON)) {
			_, _ = io.WriteString(w, `{"resCode":0,"resMsg":"","data":null}`)
		}
	}))
	t.Cleanup(server.Close)
	s.client = &protocol.Client{URL: server.URL + "/park", User: "park", Password: "secret", Cipher: cipher, Location: shanghai}
	return s
}

func (s *site) take(name string, text []byte) {
	m := message{Name: name}
	_ = json.Unmarshal(text, &m.JSON) // damage shows as a missing field
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, m)
}

func (s *site) got() []message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// A logbook is a slog.Handler that keeps what is said, from Info up.
type logbook struct {
	mu    sync.Mutex
	lines []string
}

func (l *logbook) logger() *slog.Logger { return slog.New(l) }

func (l *logbook) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }
func (l *logbook) WithAttrs([]slog.Attr) slog.Handler               { return l }
func (l *logbook) WithGroup(string) slog.Handler                    { return l }

func (l *logbook) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "tries" {
			line += " tries=" + a.Value.String()
		}
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	return nil
}

func (l *logbook) said() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

// fact returns what a journal row tells.
func fact[T any](t testing.TB, e store.Entry) T {
	t.Helper()
	var f T
	if err := json.Unmarshal(e.Body, &f); err != nil {
		t.Fatal(err)
	}
	return f
}
