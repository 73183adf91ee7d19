package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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

	stop func() // ends the agent and waits
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
	began     time.Time         // what time it is at first; zero means now
	tariff    string            // instead of flowTariff
}

// flowTariff: half an hour is free, the first hour costs 5 yuan, each half hour
// after it 2.
const flowTariff = `
[[tariff]]
name = "all"
free = "30m"
caps = [3000]
max_automatic = 50000
[[tariff.band]]
blocks = [{ until = "1h", price = 500 }, { unit = "30m", price = 200 }]
`

// Tokens of the pay machines: K1 in the lot, K2 at the exit, K3 at the entry.
const flowToken = "flow-kiosk-token-1"

// openPark runs a park until the test ends.
func openPark(t *testing.T, plan parkPlan) *wholePark {
	t.Helper()
	p := &wholePark{
		t: t, clock: wallclock.New(time.Time{}), zone: must(protocol.LoadZone("Asia/Shanghai"))(t), log: &logbook{},
		platforms: map[string]*otherSide{}, root: t.TempDir(), api: keepListener(t), console: keepListener(t),
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	if !plan.began.IsZero() {
		p.later(plan.began.Sub(p.clock.Now()))
	}
	plan.platforms = orDefault(plan.platforms, []string{"mall"})
	p.mall = platform.NewCarPark(&protocol.Client{
		URL: "http://" + p.api.address(), User: demoClientUser, Password: demoClientPassword, Cipher: must(protocol.NewCipher(demoClientKey))(t),
		Location: p.zone, Now: p.clock.Now, HTTP: &http.Client{Timeout: 10 * time.Second},
	}, "")
	for _, name := range plan.platforms {
		side := &otherSide{Platform: must(platform.New(platform.Config{
			User: "park-" + name, Password: "uplink-" + name, Key: platformKey(name), ParkCode: demoParkCode,
			Location: p.zone, Now: p.clock.Now, Nasty: plan.nasty,
		}))(t)}
		side.SetCarPark(p.mall)
		server := httptest.NewServer(side)
		t.Cleanup(server.Close)
		side.url = server.URL
		p.platforms[name] = side
	}
	gate := func(code string) sim.GatePlan {
		return sim.GatePlan{Code: code, Address: "127.0.0.1:0", Barrier: sim.BarrierConfig{
			Open: 0, Close: 1, Hold: sim.None, Presence: sim.None, LimitOpen: 1, LimitClose: 2,
			Travel: 20 * time.Millisecond, AutoClose: 50 * time.Millisecond,
		}}
	}
	camera := func(code string) sim.CameraPlan {
		return sim.CameraPlan{Code: code, Push: "http://" + p.api.address() + "/camera/" + code + "/park", Address: "127.0.0.1:0", User: "admin", Password: "demo-camera"}
	}
	p.site = must(sim.OpenSite(ctx, sim.SiteConfig{
		Gates:    []sim.GatePlan{gate("G1"), gate("G2")},
		Displays: []sim.DisplayPlan{{Code: "L1", Address: "127.0.0.1:0"}, {Code: "L2", Address: "127.0.0.1:0"}},
		Cameras:  []sim.CameraPlan{camera("C1"), camera("C2")},
	}))(t)
	running.Go(func() {
		if err := p.site.Run(ctx); err != nil {
			t.Errorf("site: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	p.whole = p.configuration(plan)
	if p.text = p.whole; plan.without != "" {
		p.text = withoutPlatform(p.whole, plan.without)
	}
	p.start()
	t.Cleanup(p.end)
	return p
}

func orDefault[T any](list, other []T) []T {
	if list == nil {
		return other
	}
	return list
}

// platformKey is the key of a platform, by its name.
func platformKey(name string) string { return (name + "-flow-key-0000000000000000")[:24] }

func (p *wholePark) configuration(plan parkPlan) string {
	var b strings.Builder
	fmt.Fprintf(&b, `
[park]
code = %q
name = "演示车场"
language = "zh-CN"
[store]
dir = "data"
[api]
listen = %q
public_url = "http://%s"
[console]
listen = %q
[[client]]
name = "mall"
user = %q
password = %q
key = %q
[[area]]
code = 1
name = "A地面"
places = 100
`, demoParkCode, p.api.address(), p.api.address(), p.console.address(), demoClientUser, demoClientPassword, demoClientKey)
	for _, name := range plan.platforms {
		fmt.Fprintf(&b, "[[platform]]\nname = %q\nurl = %q\nuser = %q\npassword = %q\nkey = %q\ntimeout = \"1s\"\n%s\n",
			name, p.platforms[name].url+"/park", "park-"+name, "uplink-"+name, platformKey(name), plan.settings[name])
	}
	for i, lane := range []string{"IN1", "OUT1"} {
		n := i + 1
		fmt.Fprintf(&b, `
[[device]]
code = "G%[1]d"
name = "G%[1]d"
kind = "gate"
driver = "modbus-relay"
link = "tcp://%[2]s"
options = { unit = 1, open = 0, close = 1, pulse = "100ms", limit_open = 1, limit_close = 2 }
[[device]]
code = "L%[1]d"
name = "L%[1]d"
kind = "display"
driver = "fangkong"
link = "tcp://%[3]s"
[[device]]
code = "C%[1]d"
name = "C%[1]d"
kind = "camera"
ip = "127.0.0.1"
driver = "hikvision"
link = "http://%[4]s"
user = "admin"
password = "demo-camera"
`, n, p.site.Address(fmt.Sprint("G", n)), p.site.Address(fmt.Sprint("L", n)), p.site.Address(fmt.Sprint("C", n)))
		name, direction, from, to, kiosk := "入口1", "entry", 0, 1, "K3"
		if lane == "OUT1" {
			name, direction, from, to, kiosk = "出口1", "exit", 1, 0, "K2"
		}
		fmt.Fprintf(&b, "[[lane]]\ncode = %q\nname = %q\ndirection = %q\nfrom = %d\nto = %d\ncamera = \"C%d\"\ngate = \"G%d\"\ndisplay = \"L%d\"\nkiosk = %q\n",
			lane, name, direction, from, to, n, n, n, kiosk)
	}
	for _, code := range []string{"K1", "K2", "K3"} {
		fmt.Fprintf(&b, "[[device]]\ncode = %q\nname = %q\nkind = \"kiosk\"\ndriver = \"kiosk\"\nip = \"127.0.0.1\"\noptions = { token = %q }\n", code, code, flowToken)
	}
	tariff := flowTariff
	if plan.tariff != "" {
		tariff = plan.tariff
	}
	return b.String() + plan.rest + tariff
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
	p.stop = func() {
		cancel()
		if err := <-done; err != nil {
			p.t.Errorf("agent: %v", err)
		}
	}
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
	view := p.view()
	books := must(view.Books(context.Background()))(p.t)
	if len(books.Mismatches) > 0 {
		p.t.Errorf("the books do not balance: %+v", books)
	}
	if _, err := view.VerifyChain(context.Background()); err != nil {
		p.t.Errorf("the journal: %v", err)
	}
	log := p.log.all()
	for _, secret := range []string{demoClientPassword, demoClientKey, flowToken, "uplink-", "-flow-key-", "demo-camera"} {
		if i := strings.Index(log, secret); i >= 0 {
			p.t.Errorf("the log shows a secret: …%s", log[max(0, i-200):i+len(secret)])
		}
	}
}

// view opens the books for looking until the test ends.
func (p *wholePark) view() *store.View {
	p.t.Helper()
	v := must(store.OpenView(context.Background(), filepath.Join(p.dir, "park.db")))(p.t)
	p.t.Cleanup(func() { _ = v.Close() }) // it only looked
	return v
}

// eventually asks again and again until it is so.
func (p *wholePark) eventually(what string, so func() bool) {
	p.t.Helper()
	p.within(20*time.Second, what, so)
}

// within is eventually with a patience of its own.
func (p *wholePark) within(patience time.Duration, what string, so func() bool) {
	p.t.Helper()
	for end := time.Now().Add(patience); !so(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(end) {
			lines := p.log.loud()
			p.t.Fatalf("it did not come true in time that %s; the log ends with\n%s", what, strings.Join(lines[max(0, len(lines)-20):], ""))
		}
	}
}

// drive puts a car before the camera of a lane: "IN1" or "OUT1".
func (p *wholePark) drive(lane, no string) {
	p.t.Helper()
	camera := map[string]string{"IN1": "C1", "OUT1": "C2"}[lane]
	p.eventually(no+" is seen at "+lane, func() bool {
		return p.site.Camera(camera).See(p.t.Context(), sim.SmallCar(no, p.clock.Now())) == nil
	})
}

// opened counts how often a lane's gate was told to open.
func (p *wholePark) opened(lane string) int {
	n := 0
	for _, e := range p.site.Board(map[string]string{"IN1": "G1", "OUT1": "G2"}[lane]).Events() {
		if e.Kind == sim.CoilOn && e.Number == 0 {
			n++
		}
	}
	return n
}

// enter lets a car in, which opens the gate once.
func (p *wholePark) enter(no string) {
	p.t.Helper()
	before := p.opened("IN1")
	p.drive("IN1", no)
	p.inside(no, true)
	if got := p.opened("IN1") - before; got != 1 {
		p.t.Errorf("%s entered: the gate was opened %d times, want once", no, got)
	}
}

// inside waits until a car is inside, or is not.
func (p *wholePark) inside(no string, want bool) {
	p.t.Helper()
	p.eventually(fmt.Sprintf("%s inside: %v", no, want), func() bool {
		cars, err := p.mall.Inside(p.t.Context(), no)
		return err == nil && (len(cars) == 1) == want
	})
}

// leaves waits until a car that stands at the exit is let out, once.
func (p *wholePark) leaves(no string, before int) {
	p.t.Helper()
	p.inside(no, false)
	if got := p.opened("OUT1") - before; got != 1 {
		p.t.Errorf("%s left: the gate was opened %d times, want once", no, got)
	}
}

// leave drives a car to the exit, which lets it out at once.
func (p *wholePark) leave(no string) {
	p.t.Helper()
	before := p.opened("OUT1")
	p.drive("OUT1", no)
	p.leaves(no, before)
}

// shows waits until the last line of a panel holds a text.
func (p *wholePark) shows(panel, text string) {
	p.t.Helper()
	p.eventually(fmt.Sprintf("%s shows %q", panel, text), func() bool {
		return strings.Contains(strings.Join(p.site.Display(panel).Lines(), "|"), text)
	})
}

// later moves the clock on.
func (p *wholePark) later(d time.Duration) { p.clock.Shift(d) }

// bill asks for the bill of a plate.
func (p *wholePark) bill(no string) protocol.Bill {
	p.t.Helper()
	return must(p.mall.Bill(p.t.Context(), no))(p.t)
}

// errRefusedCall is what a pay machine was answered with.
type errRefusedCall struct {
	status int
	msg    string
}

func (e *errRefusedCall) Error() string { return fmt.Sprintf("%d: %s", e.status, e.msg) }

// kiosk calls the agent as a pay machine does and reads its answer into answer.
func (p *wholePark) kiosk(code, call string, body map[string]any, answer any) error {
	p.t.Helper()
	if body == nil {
		body = map[string]any{}
	}
	text := must(json.Marshal(body))(p.t)
	req := must(http.NewRequestWithContext(p.t.Context(), http.MethodPost, "http://"+p.console.address()+"/kiosk/"+code+"/"+call, bytes.NewReader(text)))(p.t)
	req.Header.Set("Authorization", "Bearer "+flowToken)
	resp := must((&http.Client{Timeout: 15 * time.Second}).Do(req))(p.t)
	defer func() { _ = resp.Body.Close() }() // it was read
	var envelope struct {
		ResCode int             `json:"resCode"`
		ResMsg  string          `json:"resMsg"`
		Data    json.RawMessage `json:"data"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&envelope); err != nil {
		p.t.Fatalf("%s of %s: %v", call, code, err)
	}
	if resp.StatusCode != http.StatusOK || envelope.ResCode != 0 {
		return &errRefusedCall{resp.StatusCode, envelope.ResMsg}
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(envelope.Data, answer)
}

// reported waits until a platform was told n things of one kind, and returns
// them.
func reported[T any](p *wholePark, name string, n int) []T {
	p.t.Helper()
	var list []T
	p.eventually(fmt.Sprintf("%s was told %d of %T", name, n, *new(T)), func() bool {
		list = platform.Messages[T](p.platforms[name].Records())
		return len(list) >= n
	})
	if len(list) > n {
		p.t.Errorf("%s was told %d of %T, want %d: %+v", name, len(list), *new(T), n, list)
	}
	return list
}

// refused fails unless err is a refusal of the car park with that sentence.
func (p *wholePark) refused(err error, sentence string) {
	p.t.Helper()
	var no *protocol.RefusedError
	if !errors.As(err, &no) || !strings.Contains(no.Reply.Msg, sentence) {
		p.t.Errorf("answered %v, want a refusal with %q", err, sentence)
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

// withoutPlatform takes one [[platform]] out of a configuration.
func withoutPlatform(text, name string) string {
	head, rest, _ := strings.Cut(text, "[[platform]]\nname = \""+name+"\"")
	_, tail, _ := strings.Cut(rest, "[[")
	return head + "[[" + tail
}
