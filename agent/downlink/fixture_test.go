package downlink_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"parkagent/agent/billing"
	"parkagent/agent/config"
	"parkagent/agent/downlink"
	"parkagent/agent/lane"
	"parkagent/agent/tariff"
	"parkagent/protocol"
	"parkagent/store"
)

const (
	user     = "mall-user"
	password = "mall-password"
	key      = "0123456789abcdefGHIJKLMN"
)

// shanghai is the zone of the park.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// start is when the tests begin, 12:00:00 in the park.
var start = time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)

// A park is a car park without hardware, with its downlink on a loopback port.
type park struct {
	t      testing.TB
	db     *store.DB
	desk   *billing.Desk
	in     *worker // lane IN1, gate G1, display L1, camera C1
	out    *worker // lane OUT1, gate G2, camera C2
	server *downlink.Server
	url    string
	log    *logBuffer

	mu  sync.Mutex // guards the following field
	now time.Time
}

// A worker is a lane that remembers its commands and answers what it is told to.
type worker struct {
	mu       sync.Mutex // guards the following fields
	commands []lane.Command
	err      error
	hang     bool // until the caller gives up
}

func (w *worker) Do(ctx context.Context, c lane.Command) error {
	w.mu.Lock()
	w.commands = append(w.commands, c)
	err, hang := w.err, w.hang
	w.mu.Unlock()
	if hang {
		<-ctx.Done()
		return lane.ErrBusy
	}
	return err
}

func (w *worker) answer(err error, hang bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.commands, w.err, w.hang = nil, err, hang
}

func (w *worker) got() []lane.Command {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.commands
}

// A logBuffer is a log that several goroutines write.
type logBuffer struct {
	mu  sync.Mutex // guards the following field
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// mall is a client that may do everything from everywhere.
func mall() downlink.Client {
	return downlink.Client{Name: "mall", User: user, Password: config.NewSecret(password), Key: config.NewSecret(key), ParkCode: "1"}
}

// open starts a park. change may alter the configuration before.
func open(t testing.TB, change func(*downlink.Config)) *park {
	t.Helper()
	p := &park{t: t, now: start, in: &worker{}, out: &worker{}, log: &logBuffer{}}
	var err error
	p.db, err = store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "park.db"), Now: p.clock})
	if err != nil {
		t.Fatal(err)
	}
	p.desk, err = billing.New(billing.Config{
		DB: p.db, ParkCode: "1", Zone: shanghai, RoundingLimit: 99, Now: p.clock,
		Tariffs: []tariff.Tariff{{CarTypes: []int{0}, Blocks: []tariff.Block{{Unit: time.Hour, Price: 500}}}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := downlink.Config{
		Clients: []downlink.Client{mall()}, DB: p.db, Desk: p.desk, Location: shanghai, Now: p.clock,
		Lanes: []downlink.Lane{
			{Code: "IN1", Gate: "G1", Display: "L1", Devices: []string{"C1"}, Worker: p.in},
			{Code: "OUT1", Exit: true, Gate: "G2", Devices: []string{"C2"}, Worker: p.out},
		},
		ImageURL: func(path string) string { return "http://park.test/" + path },
		Log:      slog.New(slog.NewTextHandler(p.log, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	if p.server, err = downlink.New(cfg); err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewUnstartedServer(nil)
	listener.Config = downlink.NewHTTPServer(p.server, slog.New(slog.DiscardHandler))
	listener.Start()
	p.url = listener.URL
	t.Cleanup(func() {
		listener.Close()
		if err := p.db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	p.update(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.ReplaceDevices(ctx, []store.Device{
			{Code: "G1", IP: "192.0.2.1", Name: "入口道闸", Type: 4}, {Code: "L1", IP: "192.0.2.2", Name: "入口屏", Type: 3},
			{Code: "C1", IP: "192.0.2.9", Name: "入口相机", Type: 2}, {Code: "G2", IP: "192.0.2.3", Name: "出口道闸", Type: 4},
			{Code: "C2", IP: "192.0.2.9", Name: "出口相机", Type: 2}, {Code: "X9", IP: "192.0.2.10", Name: "无车道", Type: 4},
		})
		return err
	})
	return p
}

func (p *park) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// after moves the park's clock.
func (p *park) after(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(d)
}

func (p *park) update(fn func(context.Context, *store.Tx) error) {
	p.t.Helper()
	if err := p.db.Update(p.t.Context(), func(tx *store.Tx) error { return fn(p.t.Context(), tx) }); err != nil {
		p.t.Fatalf("Update: %v", err)
	}
}

// enter puts a car inside, now.
func (p *park) enter(plate string) store.Session {
	p.t.Helper()
	now := p.clock()
	s := store.Session{
		ID: store.NewID(now), Plate: plate, PlateRead: plate, State: store.Inside, Size: 2, EnteredAt: now,
		EntryLane: "IN1", EntryPlace: "入口1", EntryImage: "in/" + plate + ".jpg",
	}
	p.save(s)
	return s
}

// save inserts a session.
func (p *park) save(s store.Session) {
	p.t.Helper()
	p.update(func(ctx context.Context, tx *store.Tx) error { return tx.InsertSession(ctx, s) })
}

// leave lets a car go, now.
func (p *park) leave(s store.Session) {
	p.t.Helper()
	s.State, s.LeftAt, s.ExitLane, s.ExitPlace, s.ExitImage = store.Left, p.clock(), "OUT1", "出口1", "out/"+s.Plate+".jpg"
	p.update(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateSession(ctx, s) })
}

// stand puts a car before a lane.
func (p *park) stand(lane string, s store.Session) {
	p.t.Helper()
	p.update(func(ctx context.Context, tx *store.Tx) error {
		return tx.SetLaneCar(ctx, store.LaneCar{Lane: lane, Session: s.ID, Since: p.clock()})
	})
}

// today is the IV of now.
func (p *park) today() protocol.Day { return protocol.DayOf(p.clock(), shanghai) }

func cipherOf(t testing.TB, key string) *protocol.Cipher {
	t.Helper()
	c, err := protocol.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sealed is the body of a request with these parameters, today, in GBK.
func (p *park) sealed(params string) string {
	p.t.Helper()
	text := protocol.EncodeText(protocol.GBK, []byte(params))
	return `{"data":"` + cipherOf(p.t, key).Encrypt(p.today(), text) + `"}`
}

// paths of the interfaces, without /api/.
const (
	stays  = "ParkingInfo/GetCarInOutInfoByPlate"
	inside = "ParkingInfo/SearchParkingInfo"
	gate   = "ParkingManage/GateControl"
	led    = "ParkingManage/ShowLedMsg"
	bill   = "ParkingPay/GetParkingPaymentInfo"
	pay    = "ParkingPay/PayParkingFee"
	status = "ParkingPay/GetPaymentStatus"
)

// ask sends parameters to an interface as the client mall, and returns the
// body of the answer, whose HTTP status must be 200.
func (p *park) ask(path, params string) string {
	p.t.Helper()
	code, body := p.post(path, p.sealed(params), nil)
	if code != http.StatusOK {
		p.t.Errorf("%s: HTTP status = %d, want 200; %s", path, code, body)
	}
	return body
}

// post sends any body. headers replace the usual ones.
func (p *park) post(path, body string, headers http.Header) (int, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+"/api/"+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header = http.Header{"User": {user}, "Pwd": {password}, "Content-Type": {"application/json;charset=utf-8"}}
	if headers != nil {
		r.Header = headers
	}
	return p.do(r)
}

func (p *park) do(r *http.Request) (int, string) {
	p.t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if got := response.Header.Get("Content-Type"); got != "application/json; charset=utf-8" {
		p.t.Errorf("Content-Type = %q, want JSON", got)
	}
	return response.StatusCode, string(text)
}

// direct hands a request to the server without a connection, from any address.
func (p *park) direct(addr, path, body, user, password string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/api/"+path, strings.NewReader(body))
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(addr), 40000).String()
	r.Header.Set("user", user)
	r.Header.Set("pwd", password)
	w := httptest.NewRecorder()
	p.server.ServeHTTP(w, r)
	return w
}

// sentenceOf returns the resMsg of an answer, which must be a failure without data.
func sentenceOf(t testing.TB, body string) string {
	t.Helper()
	reply, err := protocol.DecodeReply([]byte(body))
	if err != nil {
		t.Fatalf("answer %q: %v", body, err)
	}
	if reply.Code != "1" || reply.Msg == "" || len(reply.Rows) != 0 {
		t.Errorf("answer = %s, want resCode 1 with a sentence and no data", body)
	}
	return reply.Msg
}

// rowOf returns the single row of a successful answer.
func rowOf[T any](t testing.TB, body string) T {
	t.Helper()
	reply, err := protocol.DecodeReply([]byte(body))
	if err != nil || !reply.OK() {
		t.Fatalf("answer = %s (%v), want success", body, err)
	}
	row, ok, err := protocol.FirstOf[T](reply)
	if !ok || err != nil {
		t.Fatalf("answer = %s (%v), want one row", body, err)
	}
	return row
}

// commands returns the commands in the journal.
func (p *park) commands() []store.CommandFact {
	p.t.Helper()
	return factsOf[store.CommandFact](p, store.KindCommand)
}
