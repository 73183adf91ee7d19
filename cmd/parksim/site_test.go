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
	"parkagent/drivers/gate"
)

func TestSitePlaysTheDevicesThatAreHere(t *testing.T) {
	agent := newFakeAgent(t, nil, false)
	p, out, stop := startSite(t, func(o *siteOptions) { o.park = agent.url })
	for _, want := range []string{
		"G4  left out: 192.0.2.7:502 is no address of this machine",
		"G5  left out: a relay board has one barrier here, and unit 3 has one",
		"L2  left out: it is on serial port /dev/ttyS9",
		"C2  left out: ip 192.0.2.8 is no address of this machine",
		"C4  left out: driver acme is not supported",
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

func TestACameraMayOpenOnItsHeartbeat(t *testing.T) {
	driver, err := vzenith.New(vzenith.Config{Device: "C3", Options: vzenith.Options{Opens: vzenith.OpensHeartbeat}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(driver)
	defer server.Close()
	_, out, _ := startSite(t, func(o *siteOptions) {
		o.park = server.URL
		o.config = file(t, "park.toml", strings.Replace(siteConfig, `opens = "comet"`, `opens = "heartbeat"`, 1))
	})
	if err := driver.Gate().Raise(within(t)); err != nil {
		t.Fatal(err)
	}
	out.await(t, "G3  told to open (by camera C3)")
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
			for _, l := range p.opened {
				if err := l.Close(); !errors.Is(err, net.ErrClosed) {
					t.Errorf("%s is still open", l.Addr())
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
