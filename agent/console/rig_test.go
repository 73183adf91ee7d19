package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parkagent/agent/billing"
	"parkagent/agent/codes"
	"parkagent/agent/config"
	"parkagent/agent/console"
	"parkagent/agent/lane"
	"parkagent/agent/tariff"
	"parkagent/agent/uplink"
	"parkagent/store"
)

// token is that of every machine.
const token = "kiosk-token-of-the-tests"

// noon is when the tests begin, 12:00:00 in the park.
var noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

// A rig is a console on a loopback port over real books. K1 stands in the lot, K2
// at an exit, K3 at an entry; K4 calls from another machine.
type rig struct {
	t     *testing.T
	db    *store.DB
	desk  *billing.Desk
	till  *codes.Till
	asks  *platforms
	entry *entry
	press *press
	url   string
	log   *safeBuffer
	heard atomic.Int64 // calls of K1 and K4 that were told of

	mu  sync.Mutex // guards the following field
	now time.Time
}

// newRig charges 5 yuan for each hour that has begun.
func newRig(t *testing.T, language string) *rig {
	t.Helper()
	r := &rig{t: t, now: noon, asks: &platforms{}, press: &press{}, log: &safeBuffer{}}
	db, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "park.db")})
	r.did(err)
	t.Cleanup(func() { _ = db.Close() })
	r.db, r.entry = db, &entry{rig: r}
	zone := time.FixedZone("CST", 8*3600)
	r.desk, err = billing.New(billing.Config{
		DB: db, ParkCode: "1", Zone: zone, Now: r.clock, Tariffs: []tariff.Tariff{{Blocks: []tariff.Block{{Unit: time.Hour, Price: 500}}}},
	}, nil)
	r.did(err)
	r.till = codes.NewTill(r.desk, r.asks)
	kiosk := console.Kiosk{IP: "127.0.0.1", Token: config.NewSecret(token)}
	k1, k2, k3, k4 := kiosk, kiosk, kiosk, kiosk
	k1.Code, k1.Heard = "K1", func() { r.heard.Add(1) }
	k2.Code, k2.Lane, k2.Exit = "K2", "OUT1", true
	k3.Code, k3.Lane, k3.Passage = "K3", "IN1", r.entry
	k4.Code, k4.IP, k4.Heard = "K4", "192.0.2.7", k1.Heard
	s, err := console.New(console.Config{
		Kiosks: []console.Kiosk{k1, k2, k3, k4}, DB: db, Desk: r.desk, Questions: r.asks, Till: r.till, Press: r.press, Language: language, Location: zone,
		ImageURL: func(path string) string { return "http://box/" + path }, Now: r.clock,
		Log: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	r.did(err)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *rig) did(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// after sets the clock to that long after noon.
func (r *rig) after(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = noon.Add(d)
}

// park puts a car inside, as of now.
func (r *rig) park(s store.Session) store.Session {
	r.t.Helper()
	s.ID, s.EnteredAt, s.State = store.NewID(r.clock()), r.clock(), store.Inside
	r.did(r.db.Update(r.t.Context(), func(tx *store.Tx) error { return tx.InsertSession(r.t.Context(), s) }))
	return s
}

// An answer is what a machine is answered with.
type answer struct {
	status int
	code   int
	msg    string
	data   map[string]any
}

// post calls as a machine does: body as it is.
func (r *rig) post(kiosk, call, body string) answer {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url+"/kiosk/"+kiosk+"/"+call, strings.NewReader(body))
	r.did(err)
	req.Header.Set("Authorization", "Bearer "+token)
	return r.send(req)
}

func (r *rig) send(req *http.Request) answer {
	r.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	r.did(err)
	defer func() { _ = resp.Body.Close() }() // it is read whole
	text, err := io.ReadAll(resp.Body)
	r.did(err)
	var a struct {
		ResCode int            `json:"resCode"`
		ResMsg  string         `json:"resMsg"`
		Data    map[string]any `json:"data"`
	}
	if err := json.Unmarshal(text, &a); err != nil {
		r.t.Fatalf("%s is answered %q: %v", req.URL.Path, text, err)
	}
	return answer{resp.StatusCode, a.ResCode, a.ResMsg, a.Data}
}

// call is post with fields, and with success.
func (r *rig) call(kiosk, call string, fields map[string]any) map[string]any {
	r.t.Helper()
	a := r.post(kiosk, call, body(fields))
	if a.status != http.StatusOK || a.code != 0 || a.msg != "" {
		r.t.Fatalf("%s of %s is answered %+v", call, kiosk, a)
	}
	return a.data
}

// refused fails unless a call is refused as business is, with that sentence.
func (r *rig) refused(kiosk, call string, fields map[string]any, want string) {
	r.t.Helper()
	if a := r.post(kiosk, call, body(fields)); a.status != http.StatusOK || a.code != 1 || a.msg != want || a.data != nil {
		r.t.Errorf("%s of %s is answered %+v, want %q", call, kiosk, a, want)
	}
}

// body writes fields; of none, nothing.
func body(fields map[string]any) string {
	if fields == nil {
		return ""
	}
	text, _ := json.Marshal(fields) // of texts and numbers
	return string(text)
}

// bill makes an order for a plate at K1 and returns its number.
func (r *rig) bill(no string) string {
	r.t.Helper()
	return r.call("K1", "bill", map[string]any{"plateNo": no})["orderNo"].(string)
}

// pay pays an order as a platform does.
func (r *rig) pay(order string, amount int64) {
	r.t.Helper()
	_, err := r.desk.Pay(r.t.Context(), billing.Notice{Order: order, Amount: amount, Client: "mall"})
	r.did(err)
}

// Platforms answer what they are told to, and remember what they were asked.
type platforms struct {
	mu    sync.Mutex // guards the following fields
	err   error
	until chan struct{} // when it answers; nil is at once
	codes []string
	scans []string
	asked func() // is called before it answers; may be nil
}

func (p *platforms) ask(ctx context.Context, list *[]string, what string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	*list = append(*list, what)
	if p.asked != nil {
		p.asked()
	}
	if p.until == nil {
		return p.err
	}
	select {
	case <-p.until:
		return p.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *platforms) Code(ctx context.Context, o store.Order, _ store.Session, device string, _ time.Time) (uplink.Code, error) {
	return uplink.Code{Content: "https://p.example/1", Platform: "mall", PayType: 6}, p.ask(ctx, &p.codes, device+" "+o.No)
}

func (p *platforms) PayScanned(ctx context.Context, o store.Order, _ store.Session, device, authCode string, _ time.Time) (uplink.Scanned, error) {
	return uplink.Scanned{Platform: "mall", PayType: 7}, p.ask(ctx, &p.scans, device+" "+o.No+" "+authCode)
}

func (*platforms) TicketLink() string             { return "https://p.example/t" }
func (*platforms) ChangeLink(order string) string { return "https://p.example/c?" + order }

// An entry is a lane that lets in whoever is not inside yet, unless it is told not to.
type entry struct {
	rig   *rig
	mu    sync.Mutex // guards the following fields
	err   error
	lost  bool // it lets the car in and then says err
	scans []lane.Scan
}

func (e *entry) Scan(ctx context.Context, s lane.Scan) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.scans = append(e.scans, s)
	if e.err != nil && !e.lost {
		return e.err
	}
	if _, err := e.rig.db.OpenSessionByCard(ctx, s.CardNo); err != nil {
		e.rig.park(store.Session{Plate: "空" + s.CardNo[len(s.CardNo)-6:], CardNo: s.CardNo})
	}
	return e.err
}

// A safeBuffer is a log that several goroutines write.
type safeBuffer struct {
	mu sync.Mutex // guards the following field
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
