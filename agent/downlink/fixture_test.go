package downlink_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/agent/config"
	"parkagent/agent/downlink"
	"parkagent/agent/lane"
	"parkagent/agent/tariff"
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
	rules  *access.Rules
	in     *worker // lane IN1, gate G1, display L1, camera C1
	out    *worker // lane OUT1, gate G2, camera C2
	server *downlink.Server
	url    string
	log    *logBuffer

	mu  sync.Mutex // guards the following field
	now time.Time
}

// A worker is a lane that remembers what it was asked and answers what it is told
// to.
type worker struct {
	mu       sync.Mutex // guards the following fields
	commands []lane.Command
	scans    []lane.Scan
	photos   int // how often a picture was asked for
	err      error
	hang     bool // until the caller gives up
}

func (w *worker) Do(ctx context.Context, c lane.Command) error {
	return w.asked(ctx, func() { w.commands = append(w.commands, c) })
}

func (w *worker) Scan(ctx context.Context, s lane.Scan) error {
	return w.asked(ctx, func() { w.scans = append(w.scans, s) })
}

func (w *worker) Photo(ctx context.Context) (string, error) {
	if err := w.asked(ctx, func() { w.photos++ }); err != nil {
		return "", err
	}
	return "now/" + strconv.Itoa(w.taken()) + ".jpg", nil
}

func (w *worker) asked(ctx context.Context, note func()) error {
	w.mu.Lock()
	note()
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
	w.commands, w.scans, w.photos, w.err, w.hang = nil, nil, 0, err, hang
}

func (w *worker) scanned() []lane.Scan {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.scans
}

func (w *worker) taken() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.photos
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

func (l *logBuffer) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Reset()
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
	guests := access.Policy{CardAreas: []access.CardArea{{CarType: 7, Areas: []int{2}}}}
	if p.rules, err = access.New(access.Config{DB: p.db, Bills: p.desk, Policy: guests, Now: p.clock}); err != nil {
		t.Fatal(err)
	}
	cfg := downlink.Config{
		Clients: []downlink.Client{mall()}, DB: p.db, Desk: p.desk, Rules: p.rules, Location: shanghai, Now: p.clock,
		Products: []config.Product{
			{Name: "月租", CarType: 2, Amount: 1, Unit: config.UnitMonth, Price: 30000, SentAmount: 2, SentUnit: config.UnitDay},
			{Name: "季租", CarType: 2, Amount: 3, Unit: config.UnitMonth, Price: 80000, SentUnit: config.UnitMonth},
			{Name: "充值", CarType: 3, Amount: 10000, Unit: config.UnitMoney, Price: 10000, SentAmount: 500, SentUnit: config.UnitMoney},
		},
		Lanes: []downlink.Lane{
			{Code: "IN1", Gate: "G1", Display: "L1", Devices: []string{"C1"}, Worker: p.in},
			{Code: "OUT1", Exit: true, Gate: "G2", Devices: []string{"C2", "K2"}, Worker: p.out},
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
			{Code: "K2", IP: "192.0.2.11", Name: "出口缴费机", Type: 1},
		})
		if err != nil {
			return err
		}
		return tx.ReplaceAreas(ctx, []store.Area{{Code: 1, Name: "地库", Places: 100}, {Code: 2, Name: "地面", Places: 50}})
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
