package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"parkagent/agent/config"
	"parkagent/agent/lane"
	"parkagent/agent/wallclock"
	"parkagent/drivers"
	"parkagent/store"
)

// stillGate is a gate that is well and has nothing to do.
type stillGate struct{}

func (stillGate) Raise(context.Context) error   { return nil }
func (stillGate) Lower(context.Context) error   { return nil }
func (stillGate) Hold(context.Context) error    { return nil }
func (stillGate) Release(context.Context) error { return nil }
func (stillGate) State(context.Context) (drivers.GateState, error) {
	return drivers.GateState{Arm: drivers.ArmDown}, nil
}

// smallSite is a site of one lane with a gate, on a folder of its own. One client
// may do everything there.
func smallSite(t *testing.T, dir string) *config.Config {
	t.Helper()
	text := fmt.Sprintf(`
[park]
code = "1"
name = "P"
[store]
dir = %q
[api]
listen = "127.0.0.1:0"
public_url = "http://127.0.0.1:1"
[[area]]
code = 1
name = "A"
places = 5
[[device]]
code = "G1"
name = "G1"
kind = "gate"
driver = "any"
[[device]]
code = "C1"
name = "C1"
kind = "camera"
ip = "192.0.2.9"
driver = "any"
[[lane]]
code = "IN1"
name = "in"
direction = "entry"
from = 0
to = 1
gate = "G1"
camera = "C1"
[[client]]
name = "mall"
user = "mall-user"
password = "mall-password"
key = "0123456789abcdefGHIJKLMN"
park_code = "1"
[[card_product]]
name = "visits"
car_type = 6
amount = 10
unit = 4
price = 5000
sent_amount = 1
sent_unit = 4
[[tariff]]
name = "all"
per_visit = 500
`, filepath.ToSlash(dir))
	site, err := config.Parse("test.toml", []byte(text), dir, config.Known{})
	if err != nil {
		t.Fatal(err)
	}
	return site
}

// deafCamera sees no cars.
type deafCamera struct{}

func (deafCamera) Watch(ctx context.Context, _ func(context.Context, drivers.Recognition)) error {
	<-ctx.Done()
	return nil
}
func (deafCamera) Check(context.Context) error { return nil }
func (deafCamera) Snapshot(context.Context) (drivers.Picture, error) {
	return drivers.Picture{}, errors.ErrUnsupported
}

// toNoon brings a clock to this day's noon in the car park. The minute of the day at
// which smallSite's daily rows are due is in its evening, so that no test meets it.
var toNoon = func() time.Duration {
	shanghai := time.FixedZone("Shanghai", 8*60*60)
	year, month, day := time.Now().In(shanghai).Date()
	return time.Until(time.Date(year, month, day, 12, 0, 0, 0, shanghai))
}()

// noon returns a clock that goes on from there, the same in all agents of a test.
func noon() *wallclock.Clock {
	c := wallclock.New(time.Time{})
	c.Shift(toNoon)
	return c
}

// running starts an agent on dir and returns its address and what ends it.
func running(t *testing.T, dir string) (addr string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(Config{Site: smallSite(t, dir), Clock: noon(), Listener: l, Devices: Devices{
		Gates: map[string]lane.Gate{"G1": stillGate{}}, Cameras: map[string]lane.Camera{"C1": deafCamera{}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }() // until cancel
	return l.Addr().String(), func() error { cancel(); return <-ended }
}

// rowsOf counts the journal rows of a kind and key, waiting until there are n.
func rowsOf(t *testing.T, dir string, kind store.Kind, key string, n int) int {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		found := 0
		if v, err := store.OpenView(t.Context(), filepath.Join(dir, "park.db")); err == nil {
			rows, err := v.After(t.Context(), 0, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range rows {
				if e.Kind == kind && e.Key == key {
					found++
				}
			}
			if err := v.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if found >= n {
			return found
		}
		select {
		case <-deadline:
			return found
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func TestAnAgentStartsStopsAndStartsAgain(t *testing.T) {
	dir := t.TempDir()
	addr, stop := running(t, dir)
	if got := rowsOf(t, dir, store.KindDeviceState, "G1", 1); got != 1 {
		t.Errorf("%d states of the gate after a start, want one", got)
	}
	if got := rowsOf(t, dir, store.KindDevice, "G1", 1); got != 1 {
		t.Errorf("G1 was made known %d times, want once", got)
	}
	resp, err := http.Post("http://"+addr+"//api/ParkingPay/Nothing", "application/json", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusNotFound || len(body) == 0 {
		t.Errorf("an unknown path = %d %s, %v; want 404 with a body, no redirect", resp.StatusCode, body, err)
	}
	_ = resp.Body.Close() // read to the end
	began := time.Now()
	if err := stop(); err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("stop = %v after %v, want nil within 5 s", err, time.Since(began))
	}
	_, stop = running(t, dir)
	if got := rowsOf(t, dir, store.KindDeviceState, "G1", 2); got != 2 {
		t.Errorf("%d states of the gate after the second start, want it told again", got)
	}
	if got := rowsOf(t, dir, store.KindDevice, "G1", 1); got != 1 {
		t.Errorf("G1 was made known %d times after the second start, want once in all", got)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A stop comes at the n-th time that somebody looks whether it has come, or when
// the agent says that it has started.
type stop struct {
	context.Context
	cancel  context.CancelFunc
	left    atomic.Int64
	started atomic.Bool
}

func stopAt(ctx context.Context, n int64) *stop {
	s := &stop{}
	s.Context, s.cancel = context.WithCancel(ctx)
	s.left.Store(n)
	return s
}

func (s *stop) Done() <-chan struct{} {
	if s.left.Add(-1) == 0 {
		s.cancel()
	}
	return s.Context.Done()
}

// Write takes the agent's log.
func (s *stop) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("agent started")) {
		s.started.Store(true)
		s.cancel()
	}
	return len(line), nil
}

func TestAnAgentStoppedWhileItStartsHasNotFailed(t *testing.T) {
	devices := Devices{Gates: map[string]lane.Gate{"G1": stillGate{}}, Cameras: map[string]lane.Camera{"C1": deafCamera{}}}
	early := 0
	for n := int64(1); ; n += 2 + n {
		dir := t.TempDir()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx := stopAt(t.Context(), n)
		a, err := New(Config{Site: smallSite(t, dir), Listener: l, Devices: devices, Log: slog.New(slog.NewTextHandler(ctx, nil))})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Run(ctx); err != nil {
			t.Fatalf("stopped at look %d, Run = %v, want nil", n, err)
		}
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("stopped at look %d, it left its address open: %v", n, err)
		}
		// Nothing of it is left: the books open, and no other agent is in the way.
		_, again := running(t, dir)
		rowsOf(t, dir, store.KindDeviceState, "G1", 1)
		if err := again(); err != nil {
			t.Errorf("stopped at look %d, the next start = %v", n, err)
		}
		if ctx.started.Load() {
			break // it looked less often than that before it had started
		}
		early++
	}
	if early < 5 {
		t.Errorf("it was stopped %d times before it had started, want more often", early)
	}
}

func TestASecondAgentOnTheSameDataIsRefused(t *testing.T) {
	dir := t.TempDir()
	_, stop := running(t, dir)
	rowsOf(t, dir, store.KindDeviceState, "G1", 1) // it is up
	_, second := running(t, dir)
	if err := second(); !errors.Is(err, ErrInUse) {
		t.Errorf("second agent = %v, want ErrInUse", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	_, third := running(t, dir)
	rowsOf(t, dir, store.KindDeviceState, "G1", 2)
	if err := third(); err != nil {
		t.Errorf("after the first has ended: %v", err)
	}
}

func TestNewNamesADeviceWithoutADriver(t *testing.T) {
	_, err := New(Config{Site: smallSite(t, t.TempDir())})
	if err == nil || err.Error() != `lane IN1: no driver for gate "G1"` {
		t.Errorf("New = %v, want the gate named", err)
	}
}

func TestAPartThatFailsIsStartedAgain(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	starts := 0
	err := supervise(ctx, Part{Name: "part", Run: func(context.Context) error {
		if starts++; starts == 2 {
			cancel()
		}
		return errors.New("broken")
	}}, slog.New(slog.DiscardHandler))
	if err != nil || starts != 2 {
		t.Errorf("supervise = %v after %d starts, want nil after 2", err, starts)
	}
}
