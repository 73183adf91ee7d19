package lane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/agent/signs"
	"parkagent/agent/tariff"
	"parkagent/drivers"
	"parkagent/store"
)

// fakeGate is a gate that notes its calls, fails when told to, and looks at
// the books the moment it is opened.
type fakeGate struct {
	mu       sync.Mutex
	calls    []string
	fail     error
	arm      drivers.Arm
	presence drivers.Presence
	passage  drivers.Presence
	held     bool
	fault    drivers.Fault
	passes   bool   // the next State tells of a passage, once
	opened   func() // called by Raise before anything else
}

func (g *fakeGate) call(name string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls = append(g.calls, name)
	return g.fail
}

func (g *fakeGate) Raise(context.Context) error {
	if g.opened != nil {
		g.opened()
	}
	return g.call("raise")
}
func (g *fakeGate) Lower(context.Context) error   { return g.call("lower") }
func (g *fakeGate) Hold(context.Context) error    { return g.latch("hold", true) }
func (g *fakeGate) Release(context.Context) error { return g.latch("release", false) }

func (g *fakeGate) latch(name string, on bool) error {
	err := g.call(name)
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		g.held = on
	}
	return err
}

func (g *fakeGate) State(context.Context) (drivers.GateState, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	st := drivers.GateState{Arm: g.arm, Presence: g.presence, Passage: g.passage, HoldOpen: g.held, Fault: g.fault}
	if g.passes {
		st.Passage, g.passes = drivers.PresenceOccupied, false
	}
	return st, g.fail
}

// did returns the calls so far and forgets them.
func (g *fakeGate) did() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	calls := strings.Join(g.calls, " ")
	g.calls = nil
	return calls
}

func (g *fakeGate) breakWith(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fail = err
}

// fakeDisplay keeps what it showed.
type fakeDisplay struct {
	mu    sync.Mutex
	shown []string
	slow  time.Duration
}

func (d *fakeDisplay) Show(_ context.Context, s drivers.Screen) error {
	<-time.After(d.slow)
	d.mu.Lock()
	defer d.mu.Unlock()
	var lines []string
	for _, l := range s.Lines {
		lines = append(lines, l.Text)
	}
	d.shown = append(d.shown, strings.Join(lines, "|"))
	return nil
}

// last is what it shows when all that is under way has been done.
func (d *fakeDisplay) last() string {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.shown) == 0 {
		return ""
	}
	return d.shown[len(d.shown)-1]
}

// fakeCamera hands on what the test sees.
type fakeCamera struct {
	emit chan func(context.Context, drivers.Recognition)
	err  error // of Check
	snap func(context.Context) (drivers.Picture, error)
}

func (c *fakeCamera) Watch(ctx context.Context, emit func(context.Context, drivers.Recognition)) error {
	select {
	case c.emit <- emit:
	case <-ctx.Done():
	}
	<-ctx.Done()
	return nil
}
func (c *fakeCamera) Snapshot(ctx context.Context) (drivers.Picture, error) {
	if c.snap == nil {
		return drivers.Picture{}, errors.ErrUnsupported
	}
	return c.snap(ctx)
}
func (c *fakeCamera) Check(context.Context) error { return c.err }

// pass lets d pass on the bubble's clock, and what is due at its end be done.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// A site is one entry and one exit over a real store, inside a synctest bubble.
type site struct {
	t             *testing.T
	db            *store.DB
	desk          *billing.Desk
	rules         *access.Rules
	in, out       *Lane
	gateIn        *fakeGate
	gateOut       *fakeGate
	ledIn, ledOut *fakeDisplay
	camera        *fakeCamera
	see           func(context.Context, drivers.Recognition)
	stop          func()
	ask           func(session string) // of the exit; set before start
	kept          [][]byte             // pictures of the entry
	entryDisplay  Display              // nil: ledIn; set before start
	entryGate     Gate                 // nil: gateIn; set before start
	texts         []signs.Template     // set before start
	book          bool                 // what its camera kept is booked; set before start
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, gateIn: &fakeGate{}, gateOut: &fakeGate{}, ledIn: &fakeDisplay{}, ledOut: &fakeDisplay{},
		camera: &fakeCamera{emit: make(chan func(context.Context, drivers.Recognition))}}
	var err error
	s.db, err = store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "park.db")})
	s.must(err)
	s.desk, err = billing.New(billing.Config{DB: s.db, ParkCode: "1", Tariffs: []tariff.Tariff{{
		Name: "all", Free: 15 * time.Minute, FreeInclusive: true, Blocks: []tariff.Block{{Unit: time.Hour, Price: 500}},
	}}}, nil)
	s.must(err)
	s.rules, err = access.New(access.Config{DB: s.db, Bills: s.desk})
	s.must(err)
	s.must(s.db.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.ReplaceAreas(t.Context(), []store.Area{{Code: 1, Name: "A", Places: 2}}); err != nil {
			return err
		}
		_, err := tx.ReplaceDevices(t.Context(), []store.Device{{Code: "G1"}, {Code: "G2"}, {Code: "L1"}, {Code: "L2"}, {Code: "C1"}})
		return err
	}))
	s.start()
	return s
}

// start builds the lanes and runs them; a second call is a restart.
func (s *site) start() {
	s.t.Helper()
	var err error
	if s.entryDisplay == nil {
		s.entryDisplay = s.ledIn
	}
	if s.entryGate == nil {
		s.entryGate = s.gateIn
	}
	s.in, err = New(Config{Code: "IN1", Name: "入口1", Direction: Entry, Area: 1, Gate: s.entryGate, Display: s.entryDisplay, Camera: s.camera,
		GateCode: "G1", DisplayCode: "L1", CameraCode: "C1", Park: "测试车场", Texts: s.texts, Rules: s.rules, DB: s.db, BookOffline: s.book,
		SavePicture: func(jpeg []byte, _ time.Time) (string, error) {
			s.kept = append(s.kept, jpeg)
			return fmt.Sprintf("%d.jpg", len(s.kept)), nil
		}})
	s.must(err)
	s.out, err = New(Config{Code: "OUT1", Name: "出口1", Direction: Exit, Area: 1, Gate: s.gateOut, Display: s.ledOut,
		GateCode: "G2", DisplayCode: "L2", Park: "测试车场", Rules: s.rules, DB: s.db, Ask: s.ask})
	s.must(err)
	ctx, cancel := context.WithCancel(s.t.Context())
	var wg sync.WaitGroup
	for _, l := range []*Lane{s.in, s.out} {
		wg.Go(func() {
			if err := l.Run(ctx); err != nil {
				s.t.Errorf("lane %s: %v", l.Code(), err)
			}
		})
	}
	s.see = <-s.camera.emit
	s.stop = func() { cancel(); wg.Wait() }
}

func (s *site) close() {
	s.stop()
	s.must(s.db.Close())
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// arrive lets a car be seen at the exit, whose camera the test plays itself.
func (s *site) arrive(no string) {
	s.t.Helper()
	s.must(s.out.send(s.t.Context(), recognised{rec: drivers.Recognition{Plate: no}}))
}

func (s *site) session(no string) store.Session {
	s.t.Helper()
	got, err := s.db.OpenSessionByPlate(s.t.Context(), no)
	s.must(err)
	return got
}

func (s *site) device(code string) store.Device {
	s.t.Helper()
	d, err := s.db.Device(s.t.Context(), code)
	s.must(err)
	return d
}

// pay pays what is due for the car before the exit, and tells the lane.
func (s *site) pay() {
	s.t.Helper()
	o, _, err := s.desk.Order(s.t.Context(), billing.Ref{Lane: "OUT1"}, "mall")
	s.must(err)
	r, err := s.desk.Pay(s.t.Context(), billing.Notice{Order: o.No, Amount: o.Payable, PayType: 4, PayMethod: 4})
	s.must(err)
	s.must(s.out.Paid(s.t.Context(), r.Session.ID))
}

func TestOneCar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		var before store.SessionState
		s.gateIn.opened = func() { before = s.session("粤B12345").State }
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345", Color: drivers.ColorBlue})
		if s.gateIn.did() != "raise" || before != store.Entering {
			t.Errorf("the gate was opened with the session in state %d, want committed as Entering before", before)
		}
		if got := s.session("粤B12345"); got.State != store.Inside || got.Color != 0 || got.Size != 2 || got.EntryPlace != "入口1" {
			t.Errorf("session = %+v", got)
		}
		if got := s.ledIn.last(); got != "粤B12345|欢迎光临" {
			t.Errorf("entry shows %q", got)
		}
		pass(90 * time.Minute)
		if got := s.ledIn.last(); got != "测试车场|空余车位 1" {
			t.Errorf("idle entry shows %q", got)
		}
		s.arrive("粤B12345")
		if got := s.ledOut.last(); got != "粤B12345 1时30分|请缴费10.00元" || s.gateOut.did() != "" {
			t.Errorf("exit shows %q, want the amount and a shut gate", got)
		}
		if v := s.out.Snapshot(); !v.Waiting || v.Plate != "粤B12345" {
			t.Errorf("snapshot = %+v, want the car waiting", v)
		}
		var reason string
		s.gateOut.opened = func() { reason = s.lastCommand() }
		s.pay()
		if s.gateOut.did() != "raise" || reason != "paid" {
			t.Errorf("after the payment the journal says %q, want the gate opened because it was paid", reason)
		}
		if _, err := s.db.OpenSessionByPlate(t.Context(), "粤B12345"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("open session after leaving: %v, want none", err)
		}
		if got := s.ledOut.last(); got != "粤B12345|一路平安" {
			t.Errorf("exit shows %q", got)
		}
		s.nobodyAtExit()
	})
}

// nobodyAtExit checks that no car stands at the exit any more.
func (s *site) nobodyAtExit() {
	s.t.Helper()
	if _, _, err := s.desk.Order(s.t.Context(), billing.Ref{Lane: "OUT1"}, "mall"); !errors.Is(err, billing.ErrNoSession) {
		s.t.Errorf("bill at the empty exit: %v, want ErrNoSession", err)
	}
}

// lastCommand returns the reason of the newest command row.
func (s *site) lastCommand() string {
	rows, err := s.db.After(s.t.Context(), 0, 1000)
	s.must(err)
	for i := len(rows) - 1; i >= 0; i-- {
		if rows[i].Kind == store.KindCommand {
			_, after, _ := strings.Cut(string(rows[i].Body), `"reason":"`)
			reason, _, _ := strings.Cut(after, `"`)
			return reason
		}
	}
	return ""
}

// decode reads the body of a journal row.
func decode[T any](s *site, e store.Entry) T {
	s.t.Helper()
	var f T
	s.must(json.Unmarshal(e.Body, &f))
	return f
}

func TestAGateThatComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		s.gateIn.breakWith(fmt.Errorf("%w: no answer", drivers.ErrOffline))
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
		if got := s.ledIn.last(); got != "粤B12345|道闸故障 请稍候" {
			t.Errorf("shows %q", got)
		}
		d, err := s.db.Device(t.Context(), "G1")
		if err != nil || d.Status != "1" || d.Remark != "无应答" {
			t.Errorf("device state = %+v, %v; want offline", d, err)
		}
		s.gateIn.breakWith(nil)
		pass(3 * time.Second)
		if got := s.session("粤B12345").State; got != store.Inside {
			t.Errorf("state = %d after the gate came back, want Inside", got)
		}
		if d, err := s.db.Device(t.Context(), "G1"); err != nil || d.Status != "0" {
			t.Errorf("device state = %+v, %v; want well again", d, err)
		}
	})
}

func TestAnArmThatIsUpIsNotCommandedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		s.gateIn.breakWith(fmt.Errorf("%w: no answer", drivers.ErrOffline))
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
		s.gateIn.did()
		s.gateIn.mu.Lock()
		s.gateIn.fail, s.gateIn.arm = nil, drivers.ArmUp // the answer was lost, the arm was not
		s.gateIn.mu.Unlock()
		pass(3 * time.Second)
		if got := s.gateIn.did(); got != "" {
			t.Errorf("calls = %q, want none: it is open", got)
		}
		if got := s.session("粤B12345").State; got != store.Inside {
			t.Errorf("state = %d, want Inside", got)
		}
	})
}

func TestRestartWithAPaidCarBeforeADeadGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
		pass(time.Hour)
		s.arrive("粤B12345")
		s.gateOut.breakWith(fmt.Errorf("%w: no answer", drivers.ErrOffline))
		s.pay()
		if got := s.session("粤B12345").State; got != store.Leaving {
			t.Fatalf("state = %d, want Leaving", got)
		}
		s.stop()
		s.gateOut.breakWith(nil)
		s.gateOut.did()
		s.start()
		defer s.close()
		pass(2 * time.Second)
		if got := s.gateOut.did(); got != "raise" {
			t.Errorf("calls after the restart = %q, want the paid car let out", got)
		}
		b, err := s.db.Books(t.Context())
		if err != nil || b.Fee != 500 || b.Paid != 500 || len(b.Mismatches) != 0 {
			t.Errorf("books = %+v, %v", b, err)
		}
	})
}

func TestCommandsFromOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		do := func(op Op) error {
			return s.in.Do(t.Context(), Command{Op: op, Client: "mall", Address: "192.0.2.1", Lines: []string{"ABC", "DEF"}})
		}
		s.must(do(OpOpen))
		s.must(do(OpHold))
		if got := s.gateIn.did(); got != "raise hold" || !s.in.Snapshot().Held {
			t.Errorf("calls = %q, held %v", got, s.in.Snapshot().Held)
		}
		s.gateIn.breakWith(fmt.Errorf("%w: something stands under the arm", drivers.ErrRefused))
		if err := do(OpClose); !errors.Is(err, drivers.ErrRefused) {
			t.Errorf("close = %v, want the gate's refusal", err)
		}
		s.gateIn.breakWith(nil)
		s.gateIn.did()
		s.must(do(OpShow))
		synctest.Wait()
		if got := s.ledIn.last(); got != "ABC|DEF" {
			t.Errorf("shows %q", got)
		}
		s.stop()
		s.start()
		pass(2 * time.Second)
		if got := s.gateIn.did(); got != "hold" {
			t.Errorf("calls after a restart = %q, want the hold latched again", got)
		}
		s.gateIn.mu.Lock()
		s.gateIn.held = false // the controller lost power
		s.gateIn.mu.Unlock()
		pass(5 * time.Second)
		if got := s.gateIn.did(); got != "hold" {
			t.Errorf("calls after the gate forgot the hold = %q, want it latched again", got)
		}
		s.must(do(OpRelease))
		if s.in.Snapshot().Held {
			t.Error("still held after the release")
		}
		s.stop()
		s.start()
		defer s.close()
		pass(2 * time.Second)
		if got := s.gateIn.did(); got != "release" {
			t.Errorf("calls = %q, want no hold after the release", got)
		}
		var results []string
		rows, err := s.db.After(t.Context(), 0, 1000)
		s.must(err)
		for _, r := range rows {
			if r.Kind == store.KindCommand && strings.Contains(string(r.Body), `"client":"mall","address":"192.0.2.1"`) {
				_, after, _ := strings.Cut(string(r.Body), `"command":"`)
				op, _, _ := strings.Cut(after, `"`)
				_, after, _ = strings.Cut(string(r.Body), `"result":"`)
				result, _, _ := strings.Cut(after, `"`)
				results = append(results, op+" "+result)
			}
		}
		want := []string{"open decided", "open ok", "hold decided", "hold ok", "close decided",
			"close device refused: something stands under the arm", "show sent", "release decided", "release ok"}
		if diff := cmp.Diff(want, results); diff != "" {
			t.Errorf("journal of commands (-want +got):\n%s", diff)
		}
	})
}

func TestAHoldThatTheGateDidNotTakeIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		s.gateIn.breakWith(fmt.Errorf("%w: no answer", drivers.ErrOffline))
		if err := s.in.Do(t.Context(), Command{Op: OpHold}); !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("hold = %v, want the gate's failure", err)
		}
		if got := s.gateIn.did(); got != "hold release" {
			t.Errorf("calls = %q, want the hold taken back: a driver goes on trying", got)
		}
		s.gateIn.breakWith(nil)
		pass(20 * time.Second)
		if holds, err := s.db.Holds(t.Context()); err != nil || len(holds) != 0 || s.gateIn.did() != "" {
			t.Errorf("holds = %v, %v; want none, and no call: the caller was told that it failed", holds, err)
		}
	})
}

func TestABusyLaneSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.stop() // nobody takes events any more
		defer func() { s.must(s.db.Close()) }()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.in.Do(ctx, Command{Op: OpOpen}); !errors.Is(err, ErrBusy) {
			t.Errorf("Do = %v, want ErrBusy", err)
		}
	})
}
