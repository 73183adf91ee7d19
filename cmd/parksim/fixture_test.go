package main

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera/hikvision"
	"parkagent/drivers/camera/vzenith"
	"parkagent/drivers/display"
	"parkagent/drivers/gate"
	"parkagent/drivers/rs485"
	"parkagent/drivers/serialport"
	"parkagent/protocol"
)

// siteConfig is an entry with every device played here, an exit that a camera
// opens, and devices that are elsewhere. Nothing listens at its ports: ports
// does.
const siteConfig = `
[park]
code = "7"
name = "Test"
[api]
listen = "127.0.0.1:1"
[[client]]
name = "mall"
user = "malluser"
password = "mall-password-1"
key = "abcdefghijklmnopqrstuvwx"
[[platform]]
name = "mall"
url = "http://platform.example/park"
user = "parkuser"
password = "park-password-1"
key = "abcdefghijklmnopqrstuvwx"
[[area]]
code = 1
name = "A"
places = 100
[[device]]
code = "G1"
name = "G1"
kind = "gate"
driver = "modbus-relay"
link = "tcp://127.0.0.1:1502"
options = { unit = 3, open = 9, close = 1, pulse = "100ms", presence = 0, limit_open = 1, limit_open_active_low = true, limit_close = 2 }
[[device]]
code = "G2"
name = "G2"
kind = "gate"
driver = "modbus-relay"
link = "tcp://127.0.0.1:1503?framing=rtu"
options = { open = 0 }
[[device]]
code = "G3"
name = "G3"
kind = "gate"
driver = "vzenith"
options = { camera = "C3" }
[[device]]
code = "G4"
name = "G4"
kind = "gate"
driver = "modbus-relay"
link = "tcp://192.0.2.7:502"
options = { open = 0 }
[[device]]
code = "G5"
name = "G5"
kind = "gate"
driver = "modbus-relay"
link = "tcp://127.0.0.1:1502"
options = { unit = 3, open = 4 }
[[device]]
code = "L1"
name = "L1"
kind = "display"
driver = "fangkong"
link = "tcp://127.0.0.1:1504"
[[device]]
code = "L2"
name = "L2"
kind = "display"
driver = "fangkong"
link = "serial:///dev/ttyS9"
[[device]]
code = "C1"
name = "C1"
kind = "camera"
ip = "127.0.0.1"
driver = "hikvision"
link = "http://127.0.0.1:1505"
user = "admin"
password = "camera-password-1"
options = { token = "a-secret-token" }
[[device]]
code = "C2"
name = "C2"
kind = "camera"
ip = "192.0.2.8"
driver = "hikvision"
[[device]]
code = "C3"
name = "C3"
kind = "camera"
ip = "127.0.0.1"
driver = "vzenith"
options = { opens = "comet" }
[[device]]
code = "C4"
name = "C4"
kind = "camera"
ip = "127.0.0.1"
driver = "acme"
[[lane]]
code = "IN1"
name = "IN1"
direction = "entry"
from = 0
to = 1
camera = "C1"
gate = "G1"
display = "L1"
[[lane]]
code = "OUT1"
name = "OUT1"
direction = "exit"
from = 1
to = 0
camera = "C3"
gate = "G3"
[[tariff]]
name = "all"
[[tariff.band]]
blocks = [{ unit = "30m", price = 450 }]
`

// ports gives every address a free port instead of its own.
type ports struct {
	mu     sync.Mutex // guards the following fields
	real   map[string]string
	opened []net.Listener
}

func (p *ports) listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := listenTCP(ctx, "127.0.0.1:0")
	if err == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.real[address] = l.Addr().String()
		p.opened = append(p.opened, l)
	}
	return l, err
}

func (p *ports) of(address string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.real[address]
}

// A fakeAgent is the cameras of siteConfig and just enough of an agent.
type fakeAgent struct {
	url  string
	paid chan string // takes the order of a payment
}

// newFakeAgent starts one that calls enter for every car at the entry. If
// drivers pay, it opens the exit for every car that has paid.
func newFakeAgent(t *testing.T, enter func(ctx context.Context, plate string) error, pays bool) *fakeAgent {
	t.Helper()
	a := &fakeAgent{paid: make(chan string, 1)}
	in, err := hikvision.New(hikvision.Config{Device: "C1"})
	if err != nil {
		t.Fatal(err)
	}
	out, err := vzenith.New(vzenith.Config{Device: "C3", PollTime: 10 * time.Millisecond, Options: vzenith.Options{Opens: vzenith.OpensComet}})
	if err != nil {
		t.Fatal(err)
	}
	watch := func(watch func(context.Context, func(context.Context, drivers.Recognition)) error, emit func(context.Context, drivers.Recognition)) {
		backgroundWork(t, func(ctx context.Context) int { _ = watch(ctx, emit); return 0 })
	}
	watch(in.Watch, func(ctx context.Context, r drivers.Recognition) {
		if err := enter(ctx, r.Plate); err != nil {
			t.Errorf("entry of %s: %v", r.Plate, err)
		}
	})
	watch(out.Watch, func(ctx context.Context, r drivers.Recognition) {
		if !pays {
			return
		}
		backgroundWork(t, func(ctx context.Context) int {
			select {
			case <-a.paid:
			case <-ctx.Done():
				return failed
			}
			if err := out.Gate().Raise(ctx); err != nil {
				t.Errorf("exit of %s: %v", r.Plate, err)
			}
			return done
		})
	})
	mux := http.NewServeMux()
	mux.Handle("/camera/C1/a-secret-token/park", sentAgain(in))
	mux.Handle("/camera/C3/devicemanagement/php/plateresult.php", sentAgain(out))
	mux.Handle("/", downlink(t, map[string]answer{
		"GetParkingPaymentInfo": {row: protocol.Bill{OrderNo: "O1", PlateNo: "粤B1", Payable: 450, DelayTime: 15}},
		"PayParkingFee":         {row: protocol.PaymentReceipt{}, heard: func() { a.paid <- "O1" }},
	}))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

// sentAgain does what cameras do with a push that nobody watches for yet: they send
// it again.
func sentAgain(driver http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the caller has gone
		}
		answer := httptest.NewRecorder()
		for answer.Code = http.StatusServiceUnavailable; answer.Code == http.StatusServiceUnavailable && r.Context().Err() == nil; runtime.Gosched() {
			answer = httptest.NewRecorder()
			r.Body = io.NopCloser(bytes.NewReader(body))
			driver.ServeHTTP(answer, r)
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()) // the caller may have gone
	})
}

// startSite runs the devices of siteConfig, fast, against an agent.
func startSite(t *testing.T, change func(*siteOptions)) (p *ports, out *transcript, stop func() int) {
	t.Helper()
	p, out = &ports{real: map[string]string{}}, newTranscript()
	o := siteOptions{
		config: file(t, "park.toml", siteConfig), listen: p.listen, idle: true,
		pace: pace{
			travel: 20 * time.Millisecond, autoClose: 50 * time.Millisecond, pass: 30 * time.Millisecond,
			grace: time.Millisecond, patience: time.Minute, heartbeat: 20 * time.Millisecond,
		},
	}
	change(&o)
	e := &env{stdout: out, stderr: out, getenv: func(string) string { return "" }, lang: english}
	return p, out, backgroundWork(t, func(ctx context.Context) int {
		if err := runSite(ctx, e, o); err != nil {
			e.complain(err)
			return failed
		}
		return done
	})
}

// relayOf returns the driver of a relay board at a link.
func relayOf(t *testing.T, link string, options map[string]any) *gate.Relay {
	t.Helper()
	before := "?"
	if strings.Contains(link, "?") {
		before = "&"
	}
	line, err := rs485.Open(link+before+"timeout=10s", nil) // it is there, and may be slow
	if err != nil {
		t.Fatal(err)
	}
	backgroundWork(t, func(ctx context.Context) int { _ = line.Run(ctx); return 0 })
	opt, err := gate.ParseRelayOptions(options)
	if err != nil {
		t.Fatal(err)
	}
	relay, err := gate.NewRelay(gate.Config{Device: "G", Bus: line, Options: opt})
	if err != nil {
		t.Fatal(err)
	}
	return relay
}

func g1Options() map[string]any {
	return map[string]any{
		"unit": 3, "open": 9, "close": 1, "pulse": "100ms", "presence": 0,
		"limit_open": 1, "limit_open_active_low": true, "limit_close": 2,
	}
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// panelAt returns the driver of a panel at a link.
func panelAt(t *testing.T, at string) *display.Panel {
	t.Helper()
	link, err := serialport.ParseLink(at)
	if err != nil {
		t.Fatal(err)
	}
	port := serialport.New(link, nil)
	t.Cleanup(func() { _ = port.Close() })
	panel, err := display.New(display.Config{Device: "L1", Port: port, Options: display.FangkongOptions{Lines: 2, Voice: true, Ack: true}})
	if err != nil {
		t.Fatal(err)
	}
	return panel
}
