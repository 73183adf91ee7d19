package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
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
driver = "dahua"
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
	mu   sync.Mutex // guards the following field
	real map[string]string
}

func (p *ports) listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := listenTCP(ctx, "127.0.0.1:0")
	if err == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.real[address] = l.Addr().String()
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
	mux.Handle("/camera/C1/a-secret-token/park", in)
	mux.Handle("/camera/C3/devicemanagement/php/plateresult.php", out)
	mux.Handle("/", downlink(t, map[string]answer{
		"GetParkingPaymentInfo": {row: protocol.Bill{OrderNo: "O1", PlateNo: "粤B1", Payable: 450, DelayTime: 15}},
		"PayParkingFee":         {row: protocol.PaymentReceipt{}, heard: func() { a.paid <- "O1" }},
	}))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

// startSite runs the devices of siteConfig, fast, against an agent.
func startSite(t *testing.T, change func(*siteOptions)) (p *ports, out *transcript, stop func() int) {
	t.Helper()
	p, out = &ports{real: map[string]string{}}, newTranscript()
	o := siteOptions{
		config: file(t, "park.toml", siteConfig), listen: p.listen, idle: true,
		pace: pace{
			travel: 20 * time.Millisecond, autoClose: 50 * time.Millisecond, pass: 30 * time.Millisecond,
			grace: time.Millisecond, patience: 10 * time.Second, heartbeat: 20 * time.Millisecond,
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
	line, err := rs485.Open(link, nil)
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
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestSitePlaysTheDevicesThatAreHere(t *testing.T) {
	agent := newFakeAgent(t, nil, false)
	p, out, stop := startSite(t, func(o *siteOptions) { o.park = agent.url })
	for _, want := range []string{
		"G4  left out: 192.0.2.7:502 is no address of this machine",
		"G5  left out: a relay board has one barrier here, and unit 3 has one",
		"L2  left out: it is on serial port /dev/ttyS9",
		"C2  left out: ip 192.0.2.8 is no address of this machine",
		"C4  left out: driver dahua is not supported",
		"G2  at 127.0.0.1:",
	} {
		out.await(t, want)
	}

	g1 := relayOf(t, "tcp://"+p.of("127.0.0.1:1502"), g1Options())
	before, err := g1.State(within(t))
	if err != nil || before.Arm != drivers.ArmDown {
		t.Fatalf("state of G1 = %+v, %v, want down", before, err)
	}
	if err := g1.Raise(within(t)); err != nil {
		t.Fatal(err)
	}
	out.await(t, "G1  told to open (relay 9)")
	out.await(t, "G1  the arm is up")
	out.await(t, "G1  the arm is down")

	g2 := relayOf(t, "tcp://"+p.of("127.0.0.1:1503")+"?framing=rtu", map[string]any{"open": 0})
	if err := g2.Raise(within(t)); err != nil {
		t.Fatal(err)
	}
	out.await(t, "G2  the arm is up")

	panel := panelAt(t, "tcp://"+p.of("127.0.0.1:1504"))
	if err := panel.Show(within(t), drivers.Screen{Lines: []drivers.Line{{Text: "欢迎光临"}}, Voice: "请进"}); err != nil {
		t.Fatal(err)
	}
	out.await(t, "欢迎光临")
	out.await(t, `says "请进"`)

	camera, err := hikvision.New(hikvision.Config{Device: "C1", BaseURL: "http://" + p.of("127.0.0.1:1505"), User: "admin", Password: "camera-password-1"})
	if err != nil {
		t.Fatal(err)
	}
	if picture, err := camera.Snapshot(within(t)); err != nil || len(picture.JPEG) == 0 {
		t.Errorf("picture of %d bytes, %v", len(picture.JPEG), err)
	}
	if status := stop(); status != done {
		t.Errorf("status %d after Ctrl-C", status)
	}
}

// panelAt returns the driver of a panel at a link.
func panelAt(t *testing.T, at string) *display.Fangkong {
	t.Helper()
	link, err := serialport.ParseLink(at)
	if err != nil {
		t.Fatal(err)
	}
	port := serialport.New(link, nil)
	t.Cleanup(func() { _ = port.Close() })
	panel, err := display.NewFangkong(display.Config{Device: "L1", Port: port, Options: display.FangkongOptions{Lines: 2, Voice: true, Ack: true}})
	if err != nil {
		t.Fatal(err)
	}
	return panel
}

func TestCarsComePayAndLeave(t *testing.T) {
	var p *ports
	opened := make(chan string, 3)
	ready := make(chan struct{})
	var relay func() *gate.Relay
	agent := newFakeAgent(t, func(ctx context.Context, plate string) error {
		<-ready
		opened <- plate
		return relay().Raise(ctx)
	}, true)
	p, out, stop := startSite(t, func(o *siteOptions) {
		o.park, o.idle, o.cars, o.every, o.stay, o.pay = agent.url, false, 3, time.Millisecond, time.Millisecond, true
	})
	out.await(t, "G1  at ") // every port is open by now but G2's
	relay = sync.OnceValue(func() *gate.Relay { return relayOf(t, "tcp://"+p.of("127.0.0.1:1502"), g1Options()) })
	close(ready)
	out.await(t, "3 cars entered, 3 left, 0 were not let through")
	if status := stop(); status != done {
		t.Errorf("status %d", status)
	}
	seen := map[string]bool{}
	close(opened)
	for plate := range opened {
		seen[plate] = true
	}
	if len(seen) != 3 {
		t.Errorf("plates %v entered, want three different ones", seen)
	}
	for want, times := range map[string]int{"IN1  ": 3, "paid 4.50; 15 minutes to leave": 3, "G3  told to open (by camera C3)": 3} {
		if got := strings.Count(out.String(), want); got != times {
			t.Errorf("%q is said %d times, want %d, in:\n%s", want, got, times, out)
		}
	}
}

func TestACarBeforeAShutGateIsAFailure(t *testing.T) {
	agent := newFakeAgent(t, func(context.Context, string) error { return nil }, false)
	_, out, stop := startSite(t, func(o *siteOptions) {
		o.park, o.idle, o.cars, o.pace.patience = agent.url, false, 1, 50*time.Millisecond
	})
	out.await(t, "was not let through: the gate stayed shut")
	out.await(t, "parksim: cars that were not let through: 1.")
	if status := stop(); status != failed {
		t.Errorf("status %d, want 1", status)
	}
}

func TestAnAgentThatRefusesTheCameraIsTold(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, out, _ := startSite(t, func(o *siteOptions) { o.park = server.URL })
	out.await(t, "C1  parkagent refused the heartbeat with status 404")
	_, out, _ = startSite(t, func(o *siteOptions) { o.park, o.idle, o.cars = server.URL, false, 1 })
	out.await(t, "the push of C1 was not taken")
}

func TestAGateFailsOnDemand(t *testing.T) {
	agent := newFakeAgent(t, nil, false)
	p, out, _ := startSite(t, func(o *siteOptions) {
		o.park, o.faults = agent.url, []fault{{device: "G1", kind: "refuse"}}
	})
	out.await(t, "G1  -- fault: refuse --")
	g1 := relayOf(t, "tcp://"+p.of("127.0.0.1:1502"), g1Options())
	if err := g1.Raise(within(t)); !errors.Is(err, drivers.ErrRefused) {
		t.Errorf("raise of G1 = %v, want refused", err)
	}
}

func TestAFaultEndsInItsTime(t *testing.T) {
	agent := newFakeAgent(t, nil, false)
	p, out, _ := startSite(t, func(o *siteOptions) {
		o.park, o.faults = agent.url, []fault{{device: "L1", kind: "refuse", after: time.Millisecond, lasts: time.Millisecond}}
	})
	out.await(t, "L1  -- fault: refuse --")
	out.await(t, "L1  -- the fault ends --")
	panel := panelAt(t, "tcp://"+p.of("127.0.0.1:1504"))
	if err := panel.Show(within(t), drivers.Screen{Lines: []drivers.Line{{Text: "好"}}}); err != nil {
		t.Errorf("show on L1 after the fault: %v", err)
	}
}

func TestSiteRefusesWhatCannotBePlayed(t *testing.T) {
	tests := []struct {
		name, config, want string
		fault              fault
	}{
		{"a fault of a device that is not there", siteConfig, `no relay board or panel "G4"`, fault{device: "G4", kind: "mute"}},
		{"a fault that a panel cannot have", siteConfig, `can fail by late`, fault{device: "L1", kind: "late"}},
		{"no camera at an entry", strings.ReplaceAll(siteConfig, `camera = "C1"`, `camera = "C2"`), "no entry lane has a camera here", fault{}},
		{"nothing here at all", strings.ReplaceAll(siteConfig, "127.0.0.1", "192.0.2.9"), "no device of the configuration", fault{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &ports{real: map[string]string{}}
			o := siteOptions{config: file(t, "park.toml", tt.config), listen: p.listen, pace: normalPace(), cars: 1}
			if tt.fault.device != "" {
				o.faults = []fault{tt.fault}
			}
			out := newTranscript()
			err := runSite(within(t), &env{stdout: out, stderr: out, lang: english}, o)
			var c *complaint
			if !errors.As(err, &c) || !c.use || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want wrong use with %q", err, tt.want)
			}
			for _, address := range p.real {
				if conn, err := net.Dial("tcp", address); err == nil {
					_ = conn.Close()
					t.Errorf("%s is still open", address)
				}
			}
		})
	}
}

func TestParseFault(t *testing.T) {
	tests := []struct {
		text string
		want fault
		ok   bool
	}{
		{"G1=silence", fault{device: "G1", kind: "silence"}, true},
		{"G1=mute@10s", fault{device: "G1", kind: "mute", after: 10 * time.Second}, true},
		{"G1=gone+5s", fault{device: "G1", kind: "gone", lasts: 5 * time.Second}, true},
		{"G1=late@1m+500ms", fault{device: "G1", kind: "late", after: time.Minute, lasts: 500 * time.Millisecond}, true},
		{"G1", fault{}, false},
		{"=mute", fault{}, false},
		{"G1=", fault{}, false},
		{"G1=tired", fault{}, false},
		{"G1=mute@soon", fault{}, false},
		{"G1=mute+ever", fault{}, false},
	}
	for _, tt := range tests {
		got, err := parseFault(tt.text)
		if (err == nil) != tt.ok || tt.ok && got != tt.want {
			t.Errorf("parseFault(%q) = %+v, %v, want %+v, %v", tt.text, got, err, tt.want, tt.ok)
		}
	}
}
