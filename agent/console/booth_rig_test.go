package console_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/agent/booth"
	"parkagent/agent/console"
	"parkagent/agent/discount"
	"parkagent/agent/lane"
	"parkagent/agent/tariff"
	"parkagent/drivers"
	"parkagent/store"
)

const password = "correct horse"

// A boothRig is the booths' calls on a loopback port over real books: an entry IN1
// and an exit OUT1, and one operator of each role.
type boothRig struct {
	*rig

	path   string // of the books
	booths *console.Booths
	staff  *booth.Staff
	rules  *access.Rules
	in     *worker
	out    *worker
	tokens map[booth.Role]string
}

func newBoothRig(t *testing.T, language string) *boothRig {
	t.Helper()
	r := &boothRig{
		rig:  &rig{t: t, now: noon, asks: &platforms{}, press: &press{}, log: &safeBuffer{}},
		path: filepath.Join(t.TempDir(), "park.db"),
		in:   &worker{photo: "in.jpg"}, out: &worker{photo: "out.jpg"}, tokens: map[booth.Role]string{},
	}
	var err error
	r.db, err = store.Open(t.Context(), store.Options{Path: r.path, Now: r.clock})
	r.did(err)
	t.Cleanup(func() { _ = r.db.Close() })
	zone := time.FixedZone("CST", 8*3600)
	discounts := []discount.Rule{{Name: "shop", Kind: store.GrantMinutes, Value: 60}, {Name: "boss", Kind: store.GrantFull, Roles: []string{"manager"}}}
	r.desk, err = billing.New(billing.Config{
		DB: r.db, ParkCode: "1", Zone: zone, Now: r.clock, Tariffs: []tariff.Tariff{{MaxAutomatic: 20000, Blocks: []tariff.Block{{Unit: time.Hour, Price: 500}}}},
		Discounts: discounts,
	}, nil)
	r.did(err)
	r.rules, err = access.New(access.Config{DB: r.db, Bills: r.desk, Now: r.clock})
	r.did(err)
	r.staff, err = booth.New(booth.Config{DB: r.db, Now: r.clock})
	r.did(err)
	r.booths, err = console.NewBooths(console.BoothConfig{
		Staff: r.staff, DB: r.db, Desk: r.desk, Rules: r.rules, Questions: r.asks, Press: r.press, Discounts: discounts, Language: language, Location: zone,
		Lanes: []console.BoothLane{
			{Code: "IN1", Name: "入口1", Entry: true, Devices: []string{"G1"}, Worker: r.in},
			{Code: "OUT1", Name: "出口1", Devices: []string{"G2"}, Worker: r.out},
		},
		ImageURL: func(path string) string { return "http://box/" + path }, Now: r.clock,
		Log: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	r.did(err)
	server := httptest.NewServer(r.booths)
	t.Cleanup(server.Close)
	t.Cleanup(r.booths.Close) // before the server, which waits for streams
	r.url = server.URL
	return r
}

// names are who has which role.
var names = map[booth.Role]string{booth.RoleOperator: "li", booth.RoleManager: "wang", booth.RoleInstaller: "zhang"}

// token returns that of the operator with a role, who is added and signed in when
// he is needed first: hashing passwords takes most of the time of these tests.
func (r *boothRig) token(role booth.Role) string {
	r.t.Helper()
	if role == "" || r.tokens[role] != "" {
		return r.tokens[role]
	}
	var err error
	r.did(r.staff.Add(r.t.Context(), booth.Applicant{Name: names[role], Password: password, Role: role, By: "command"}))
	r.tokens[role], _, err = r.staff.SignIn(r.t.Context(), names[role], password, r.local())
	r.did(err)
	return r.tokens[role]
}

// request makes a call of an operator with that role, as a program does.
func (r *boothRig) request(role booth.Role, call, body string) *http.Request {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url+"/booth/"+call, strings.NewReader(body))
	r.did(err)
	req.Header.Set("Content-Type", "application/json")
	if token := r.token(role); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return req
}

// try makes a call and returns whatever it is answered.
func (r *boothRig) try(role booth.Role, call string, fields map[string]any) answer {
	r.t.Helper()
	return r.send(r.request(role, call, body(fields)))
}

// does makes a call that has to succeed, and reads what it is answered with.
func does[T any](r *boothRig, role booth.Role, call string, fields map[string]any) T {
	r.t.Helper()
	resp, err := http.DefaultClient.Do(r.request(role, call, body(fields)))
	r.did(err)
	defer func() { _ = resp.Body.Close() }() // it is read whole
	text, err := io.ReadAll(resp.Body)
	r.did(err)
	var a struct {
		ResCode int
		ResMsg  string
		Data    T
	}
	if err := json.Unmarshal(text, &a); err != nil || resp.StatusCode != http.StatusOK || a.ResCode != 0 {
		r.t.Fatalf("%s is answered %d %s, %v", call, resp.StatusCode, text, err)
	}
	return a.Data
}

// refuses fails unless a call is refused as business is, with that sentence.
func (r *boothRig) refuses(role booth.Role, call string, fields map[string]any, want string) {
	r.t.Helper()
	if a := r.try(role, call, fields); a.status != http.StatusOK || a.code != 1 || a.msg != want {
		r.t.Errorf("%s is answered %+v, want %q", call, a, want)
	}
}

// facts returns the bodies of a kind of journal rows.
func facts[T any](r *boothRig, kind store.Kind) []T {
	r.t.Helper()
	rows, err := r.db.After(r.t.Context(), 0, 10_000)
	r.did(err)
	var list []T
	for _, e := range rows {
		if e.Kind != kind {
			continue
		}
		var f T
		r.did(json.Unmarshal(e.Body, &f))
		list = append(list, f)
	}
	return list
}

// A worker is a lane that remembers what it was told.
type worker struct {
	mu       sync.Mutex // guards the following fields
	snapshot lane.Snapshot
	verdict  access.Verdict
	err      error
	photo    string // empty: the camera fails
	commands []lane.Command
	releases []lane.Release
	fixes    []lane.Correction
	scans    []lane.Scan
	enter    *rig // where a scan lets a car in
}

// set changes what it answers.
func (w *worker) set(change func(*worker)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w)
}

func (w *worker) Snapshot() lane.Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.snapshot
}

func (w *worker) Do(_ context.Context, c lane.Command) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.commands = append(w.commands, c)
	return w.err
}

func (w *worker) Photo(context.Context) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.photo == "" {
		return "", errors.ErrUnsupported
	}
	return w.photo, nil
}

func (w *worker) LetThrough(_ context.Context, r lane.Release) (access.Verdict, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.releases = append(w.releases, r)
	return w.verdict, w.err
}

func (w *worker) Correct(_ context.Context, c lane.Correction) (access.Verdict, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fixes = append(w.fixes, c)
	return w.verdict, w.err
}

func (w *worker) Scan(_ context.Context, s lane.Scan) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.scans = append(w.scans, s)
	if w.enter != nil {
		w.enter.park(store.Session{Plate: "空" + s.CardNo[len(s.CardNo)-6:], CardNo: s.CardNo})
	}
	return w.err
}

// gateFails is what a gate says that does not answer.
var gateFails = &drivers.DeviceError{Device: "G1", Op: "raise", Err: drivers.ErrOffline}

// noticeOf is what a platform tells of a payment.
func noticeOf(order string, amount int64) billing.Notice {
	return billing.Notice{Order: order, Amount: amount, Client: "mall"}
}
