package main

import (
	"fmt"
	"time"

	"parkagent/drivers/sim"
)

// Credentials of the demo. They open nothing but a process on loopback that
// ends with the demo.
const (
	demoParkCode = "1"

	demoPlatformUser     = "demo-park"
	demoPlatformPassword = "demo-uplink"
	demoPlatformKey      = "demo-platform-key-000024"

	demoClientUser     = "demo-mall"
	demoClientPassword = "demo-downlink"
	demoClientKey      = "demo-client-key-00000024"
)

// demoSite is an entry and an exit with relay gates and Hikvision cameras, and
// an exit whose VzEnith camera opens its own barrier.
func demoSite(api string) sim.SiteConfig {
	gate := func(code string) sim.GatePlan {
		return sim.GatePlan{Code: code, Address: "127.0.0.1:0", Barrier: sim.BarrierConfig{
			Open: 0, Close: 1, Hold: sim.None, Presence: 0, LimitOpen: 1, LimitClose: 2,
			Travel: 50 * time.Millisecond, AutoClose: 100 * time.Millisecond,
		}}
	}
	return sim.SiteConfig{
		Gates:    []sim.GatePlan{gate("G1"), gate("G2")},
		Displays: []sim.DisplayPlan{{Code: "L1", Address: "127.0.0.1:0"}, {Code: "L2", Address: "127.0.0.1:0"}, {Code: "L3", Address: "127.0.0.1:0"}},
		Cameras: []sim.CameraPlan{
			{Code: "C1", Push: api + "/camera/C1/park", Address: "127.0.0.1:0", User: "admin", Password: "demo-camera"},
			{Code: "C2", Push: api + "/camera/C2/park", Address: "127.0.0.1:0", User: "admin", Password: "demo-camera"},
			{Code: "C3", Push: api + "/camera/C3/devicemanagement/php/plateresult.php", VzEnith: true},
		},
	}
}

// demoConfig is the configuration that an installer would write for demoSite.
// address tells where a device listens.
func demoConfig(api, platform string, address func(string) string, l lang) string {
	name := text{"演示车场", "Demo car park"}.in(l)
	head := fmt.Sprintf(`
[park]
code = %q
name = %q
time_zone = "Asia/Shanghai"
language = %q
[store]
dir = "data"
[api]
listen = %q
public_url = "http://%s"
[[client]]
name = "mall"
user = %q
password = %q
key = %q
allow = ["127.0.0.1"]
[[platform]]
name = "mall"
url = "http://%s/park"
user = %q
password = %q
key = %q
[[area]]
code = 1
name = "A"
places = 40
`, demoParkCode, name, string(l), api, api, demoClientUser, demoClientPassword, demoClientKey,
		platform, demoPlatformUser, demoPlatformPassword, demoPlatformKey)
	for _, code := range []string{"G1", "G2"} {
		head += fmt.Sprintf(`
[[device]]
code = %q
name = %q
kind = "gate"
driver = "modbus-relay"
link = "tcp://%s"
options = { unit = 1, open = 0, close = 1, pulse = "100ms", presence = 0, limit_open = 1, limit_close = 2 }
`, code, code, address(code))
	}
	for _, code := range []string{"L1", "L2", "L3"} {
		head += fmt.Sprintf(`
[[device]]
code = %q
name = %q
kind = "display"
driver = "fangkong"
link = "tcp://%s"
`, code, code, address(code))
	}
	for _, code := range []string{"C1", "C2"} {
		head += fmt.Sprintf(`
[[device]]
code = %q
name = %q
kind = "camera"
ip = "127.0.0.1"
driver = "hikvision"
link = "http://%s"
user = "admin"
password = "demo-camera"
`, code, code, address(code))
	}
	return head + demoRest
}

// demoRest is what needs no address. The first hour costs 4.50, so that a
// client that drops the fen leaves a rest to be rounded.
const demoRest = `
[[device]]
code = "C3"
name = "C3"
kind = "camera"
ip = "127.0.0.1"
driver = "vzenith"
options = { opens = "comet" }
[[device]]
code = "G3"
name = "G3"
kind = "gate"
driver = "vzenith"
options = { camera = "C3" }
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
camera = "C2"
gate = "G2"
display = "L2"
[[lane]]
code = "OUT2"
name = "OUT2"
direction = "exit"
from = 1
to = 0
camera = "C3"
gate = "G3"
display = "L3"
[[tariff]]
name = "all"
free = "30m"
caps = [3000]
[[tariff.band]]
blocks = [{ until = "1h", price = 450 }, { unit = "30m", price = 200 }]
`
