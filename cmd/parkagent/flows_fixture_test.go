package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parkagent/agent"
	"parkagent/agent/config"
	"parkagent/agent/wallclock"
	"parkagent/drivers/sim"
	"parkagent/protocol"
	"parkagent/protocol/platform"
	"parkagent/store"
)

// A wholePark is a car park for the flows: simulated devices, platforms, pay
// machines, all real sockets on loopback, and an agent that can be stopped and
// started again on the same books. Its clock can be moved on, so that hours of
// parking take no time.
type wholePark struct {
	t         *testing.T
	clock     *wallclock.Clock
	zone      *time.Location
	site      *sim.Site
	platforms map[string]*otherSide
	mall      *platform.CarPark // the downlink, as the client "mall" calls it
	log       *logbook

	api, console keptListener
	text, whole  string // the configuration as it is, and with every platform
	root, dir    string

	stop func() // ends the agent and waits; it may be called again
}

// A keptListener stays open when an agent closes it, so that the next one finds
// the address free. Who connects in between waits.
type keptListener struct{ *net.TCPListener }

func keepListener(t *testing.T) keptListener {
	t.Helper()
	l := keptListener{must(net.Listen("tcp", "127.0.0.1:0"))(t).(*net.TCPListener)}
	t.Cleanup(func() { _ = l.TCPListener.Close() })
	return l
}

// Close ends waiting in Accept.
func (l keptListener) Close() error { return l.SetDeadline(time.Unix(1, 0)) }

// reopened lets Accept wait again.
func (l keptListener) reopened(t *testing.T) net.Listener {
	t.Helper()
	if err := l.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l keptListener) address() string { return l.Addr().String() }

// An otherSide is a platform with its server.
type otherSide struct {
	*platform.Platform
	url string
	// meddle, when set, may answer a request in the platform's stead.
	meddle atomic.Pointer[func(name string, w http.ResponseWriter, r *http.Request) bool]
}

// intercept lets fn answer the next requests; nil ends that. fn returns false
// for what the platform is to answer itself.
func (o *otherSide) intercept(fn func(name string, w http.ResponseWriter, r *http.Request) bool) {
	if fn == nil {
		o.meddle.Store(nil)
		return
	}
	o.meddle.Store(&fn)
}

// ServeHTTP answers one request.
func (o *otherSide) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Only when the body was read does the server notice that a caller has gone.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if fn := o.meddle.Load(); fn != nil && (*fn)(path.Base(r.URL.Path), w, r) {
		return
	}
	o.Platform.ServeHTTP(w, r)
}

// A parkPlan says what is special about a wholePark.
type parkPlan struct {
	platforms []string          // names; nil means one, "mall"
	settings  map[string]string // further lines of a [[platform]], by name
	without   string            // the platform that is not configured at first
	nasty     *platform.Nasty   // of every platform
	rest      string            // further configuration
	began     time.Time         // what time it is at first; zero means ten o'clock, see openPark
	tariff    string            // instead of flowTariff
	nested    bool              // area 1 holds an area 2, between the lanes MIDIN and MIDOUT
	counters  bool              // there are printers P1 at IN1 and P2 at OUT1, and a scanner S2 at OUT1
}

// openPark runs a park until the test ends.
func openPark(t *testing.T, plan parkPlan) *wholePark {
	t.Helper()
	p := &wholePark{
		t: t, clock: wallclock.New(time.Time{}), zone: must(protocol.LoadZone("Asia/Shanghai"))(t), log: &logbook{},
		platforms: map[string]*otherSide{}, root: t.TempDir(), api: keepListener(t), console: keepListener(t),
	}
	if plan.began.IsZero() { // no flow is to depend on when it is played
		plan.began = time.Date(2026, time.March, 2, 10, 0, 0, 0, p.zone)
	}
	p.later(plan.began.Sub(p.clock.Now()))
	plan.platforms = orDefault(plan.platforms, []string{"mall"})
	p.mall = platform.NewCarPark(&protocol.Client{
		URL: "http://" + p.api.address(), User: demoClientUser, Password: demoClientPassword, Cipher: must(protocol.NewCipher(demoClientKey))(t),
		Location: p.zone, Now: p.clock.Now, HTTP: &http.Client{Timeout: 10 * time.Second},
	}, "")
	for _, name := range plan.platforms {
		p.openPlatform(name, plan.nasty)
	}
	p.openSite(plan)
	p.whole = p.configuration(plan)
	if p.text = p.whole; plan.without != "" {
		p.text = withoutPlatform(p.whole, plan.without)
	}
	p.stop = func() {}
	t.Cleanup(p.end)
	p.start()
	return p
}

// openPlatform serves a platform until the test ends.
func (p *wholePark) openPlatform(name string, nasty *platform.Nasty) {
	p.t.Helper()
	side := &otherSide{Platform: must(platform.New(platform.Config{
		User: "park-" + name, Password: "uplink-" + name, Key: platformKey(name), ParkCode: demoParkCode,
		Location: p.zone, Now: p.clock.Now, Nasty: nasty,
	}))(p.t)}
	side.SetCarPark(p.mall)
	server := httptest.NewServer(side)
	p.t.Cleanup(server.Close)
	side.url = server.URL
	p.platforms[name] = side
}

// openSite runs the devices until the test ends.
func (p *wholePark) openSite(plan parkPlan) {
	p.t.Helper()
	gate := func(code string) sim.GatePlan {
		return sim.GatePlan{Code: code, Address: "127.0.0.1:0", Barrier: sim.BarrierConfig{
			Open: 0, Close: 1, Hold: sim.None, Presence: sim.None, LimitOpen: 1, LimitClose: 2,
			Travel: 20 * time.Millisecond, // the arm stays up until the next car, see drive
		}}
	}
	camera := func(code string) sim.CameraPlan {
		return sim.CameraPlan{Code: code, Push: "http://" + p.api.address() + "/camera/" + code + "/park", Address: "127.0.0.1:0", User: "admin", Password: "demo-camera"}
	}
	ctx, cancel := context.WithCancel(context.Background())
	lanes := 2
	if plan.nested {
		lanes = 4
	}
	var devices sim.SiteConfig
	for n := 1; n <= lanes; n++ {
		devices.Gates = append(devices.Gates, gate(fmt.Sprint("G", n)))
		devices.Displays = append(devices.Displays, sim.DisplayPlan{Code: fmt.Sprint("L", n), Address: "127.0.0.1:0"})
		devices.Cameras = append(devices.Cameras, camera(fmt.Sprint("C", n)))
	}
	if plan.counters {
		devices.Scanners = []sim.ScannerPlan{{Code: "S2", Address: "127.0.0.1:0"}}
		devices.Printers = []sim.PrinterPlan{{Code: "P1", Address: "127.0.0.1:0"}, {Code: "P2", Address: "127.0.0.1:0", Columns: 32}}
	}
	p.site = must(sim.OpenSite(ctx, devices))(p.t)
	var running sync.WaitGroup
	running.Go(func() {
		if err := p.site.Run(ctx); err != nil {
			p.t.Errorf("site: %v", err)
		}
	})
	p.t.Cleanup(func() {
		cancel()
		running.Wait()
	})
}

func orDefault[T any](list, other []T) []T {
	if list == nil {
		return other
	}
	return list
}

// start runs an agent on the books.
func (p *wholePark) start() {
	p.t.Helper()
	c := must(config.Parse(filepath.Join(p.root, "flow.toml"), []byte(p.text), p.root, known()))(p.t)
	p.dir = c.Store.Dir
	log := slog.New(slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	drivers, problems := buildDrivers(c.Devices, driverConfig{zone: p.zone, now: p.clock.Now, log: log})
	if len(problems) > 0 {
		p.t.Fatal(problems)
	}
	a := must(agent.New(agent.Config{
		Site: c, Devices: drivers.Devices, Clock: p.clock, Log: log,
		Listener: p.api.reopened(p.t), ConsoleListener: p.console.reopened(p.t),
	}))(p.t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	p.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			p.t.Errorf("agent: %v", err)
		}
	})
	p.eventually("the agent answers", func() bool {
		_, err := p.mall.Inside(p.t.Context(), "")
		return err == nil
	})
}

// restart stops the agent, and starts another on what it left.
func (p *wholePark) restart() {
	p.t.Helper()
	p.stop()
	p.start()
}

// end stops the agent and looks at what it leaves behind: a chain without gaps,
// books that balance, and a log without secrets.
func (p *wholePark) end() {
	p.t.Helper()
	p.stop()
	if p.t.Failed() {
		lines := p.log.loud()
		p.t.Logf("the agent's last log lines:\n%s", strings.Join(lines[max(0, len(lines)-60):], ""))
		return
	}
	p.look(func(v *store.View) {
		if books := must(v.Books(context.Background()))(p.t); len(books.Mismatches) > 0 {
			p.t.Errorf("the books do not balance: %+v", books)
		}
		if _, err := v.VerifyChain(context.Background()); err != nil {
			p.t.Errorf("the journal: %v", err)
		}
	})
	log := p.log.all()
	for _, secret := range []string{demoClientPassword, demoClientKey, flowToken, "uplink-", "-flow-key-", "demo-camera"} {
		if i := strings.Index(log, secret); i >= 0 {
			p.t.Errorf("the log shows a secret: …%s", log[max(0, i-200):i+len(secret)])
		}
	}
}

// flow plays a flow twice: straight through, and with the agent stopped and
// started again after each of its steps, which must change nothing.
func flow(t *testing.T, plan parkPlan, play func(t *testing.T, p *wholePark, step func())) {
	t.Parallel()
	t.Run("straight through", func(t *testing.T) {
		t.Parallel()
		play(t, openPark(t, plan), func() {})
	})
	t.Run("with a restart after each step", func(t *testing.T) {
		t.Parallel()
		p := openPark(t, plan)
		play(t, p, p.restart)
	})
}
