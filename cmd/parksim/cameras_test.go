package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"parkagent/drivers"
	"parkagent/drivers/camera/dahua"
	"parkagent/drivers/camera/hikvision"
	"parkagent/drivers/camera/huaxia"
	"parkagent/drivers/display"
	"parkagent/drivers/printer"
	"parkagent/drivers/serialport"
)

// cameraPark has what hangs on cameras: barriers that they move and a panel that
// they pass bytes on to; and what stands at a kiosk or a booth.
const cameraPark = `
[park]
code = "7"
name = "Test"
[api]
listen = "127.0.0.1:1"
[[device]]
code = "C1"
name = "C1"
kind = "camera"
ip = "127.0.0.1"
driver = "huaxia"
[[device]]
code = "G1"
name = "G1"
kind = "gate"
driver = "huaxia"
options = { camera = "C1" }
[[device]]
code = "L1"
name = "L1"
kind = "display"
driver = "huaxia-led"
link = "camera:C1?serial=0"
[[device]]
code = "C2"
name = "C2"
kind = "camera"
ip = "127.0.0.1"
driver = "dahua"
link = "http://127.0.0.1:1601"
user = "admin"
password = "camera-password-2"
[[device]]
code = "G2"
name = "G2"
kind = "gate"
driver = "dahua"
options = { camera = "C2" }
[[device]]
code = "C3"
name = "C3"
kind = "camera"
ip = "127.0.0.1"
driver = "hikvision"
link = "http://127.0.0.1:1602"
user = "admin"
password = "camera-password-3"
options = { events = "stream" }
[[device]]
code = "G3"
name = "G3"
kind = "gate"
driver = "hikvision"
options = { camera = "C3" }
[[device]]
code = "P1"
name = "P1"
kind = "printer"
driver = "escpos"
link = "tcp://127.0.0.1:1603"
[[device]]
code = "S1"
name = "S1"
kind = "scanner"
driver = "serial"
link = "tcp://127.0.0.1:1604"
[[device]]
code = "L2"
name = "L2"
kind = "display"
driver = "xunpeng"
link = "tcp://127.0.0.1:1605"
`

func TestSitePlaysWhatHangsOnCameras(t *testing.T) {
	hx, err := huaxia.New(huaxia.Config{Device: "C1"})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/camera/C1/", hx)
	agent := httptest.NewServer(mux)
	defer agent.Close()
	p, out, stop := startSite(t, func(o *siteOptions) { o.park, o.config = agent.URL, file(t, "park.toml", cameraPark) })
	for _, want := range []string{"L1  behind camera C1", "L2  at 127.0.0.1:", "S1  at 127.0.0.1:", "P1  at 127.0.0.1:", "C2  at 127.0.0.1:", "C3  at 127.0.0.1:"} {
		out.await(t, want)
	}

	panel, err := display.New(display.Config{Device: "L1", Carrier: hx.Serial(), Options: display.HuaxiaOptions{Address: 100, Lines: 4}})
	if err != nil {
		t.Fatal(err)
	}
	if err := hx.Gate().Raise(within(t)); err != nil { // in the answer to a heartbeat
		t.Fatal(err)
	}
	out.await(t, "G1  told to open (by camera C1)")
	if err := panel.Show(within(t), drivers.Screen{Lines: []drivers.Line{{Text: "欢迎光临"}}}); err != nil {
		t.Fatal(err)
	}
	out.await(t, `L1  shows ["欢迎光临"`)

	c2, err := dahua.New(dahua.Config{Device: "C2", BaseURL: "http://" + p.of("127.0.0.1:1601"), User: "admin", Password: "camera-password-2"})
	if err != nil {
		t.Fatal(err)
	}
	g2, err := dahua.NewGate(dahua.GateConfig{Device: "G2", Camera: c2})
	if err != nil {
		t.Fatal(err)
	}
	if err := g2.Raise(within(t)); err != nil {
		t.Fatal(err)
	}
	out.await(t, "G2  told to open (by camera C2)")

	c3, err := hikvision.New(hikvision.Config{Device: "C3", BaseURL: "http://" + p.of("127.0.0.1:1602"), User: "admin", Password: "camera-password-3"})
	if err != nil {
		t.Fatal(err)
	}
	g3, err := c3.Gate(hikvision.GateConfig{Device: "G3"})
	if err != nil {
		t.Fatal(err)
	}
	if err := g3.Raise(within(t)); err != nil {
		t.Fatal(err)
	}
	out.await(t, "G3  told to open (by camera C3)")

	at := func(address string) *serialport.Port {
		port, err := serialport.Open("tcp://"+p.of(address), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = port.Close() })
		return port
	}
	ticket, err := printer.New(printer.Config{Device: "P1", Port: at("127.0.0.1:1603")})
	if err != nil {
		t.Fatal(err)
	}
	if err := ticket.Print(within(t), drivers.Document{Parts: []drivers.Part{{Text: "入场小票"}, {QR: "http://x/t"}}}); err != nil {
		t.Fatal(err)
	}
	out.await(t, `P1  prints ["入场小票"], QR codes ["http://x/t"]`)
	places, err := display.New(display.Config{Device: "L2", Port: at("127.0.0.1:1605"), Options: display.CountOptions{}})
	if err != nil {
		t.Fatal(err)
	}
	free := 42
	if err := places.Show(within(t), drivers.Screen{Free: &free}); err != nil {
		t.Fatal(err)
	}
	out.await(t, `L2  shows ["42 (`)
	if status := stop(); status != done {
		t.Errorf("status %d after Ctrl-C", status)
	}
}
