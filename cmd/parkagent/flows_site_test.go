package main

import (
	"fmt"
	"strings"
)

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

// flowInner is an inner area with one place, three yuan an hour.
const flowInner = `
[[area]]
code = 2
name = "地库"
places = 1
inside = 1
charging = "instead"
pass_through = "20m"
[[tariff]]
name = "inner"
areas = [2]
[[tariff.band]]
blocks = [{ unit = "1h", price = 300 }]
`

// flowCounters are the scanner at the exit and the printers at both lanes.
const flowCounters = `
[[device]]
code = "S2"
name = "出口扫码器"
kind = "scanner"
driver = "serial"
link = "tcp://%s"
[[device]]
code = "P1"
name = "入口小票机"
kind = "printer"
driver = "escpos"
link = "tcp://%s"
[[device]]
code = "P2"
name = "出口小票机"
kind = "printer"
driver = "escpos"
link = "tcp://%s"
options = { paper = 58 }
`

// Tokens of the pay machines: K1 in the lot, K2 at the exit, K3 at the entry.
const flowToken = "flow-kiosk-token-1"

// platformKey is the key of a platform, by its name.
func platformKey(name string) string { return (name + "-flow-key-0000000000000000")[:24] }

// configuration writes what the agent is to know of the park.
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
	entry, exit := "kiosk = \"K3\"", "kiosk = \"K2\""
	if plan.counters {
		entry, exit = entry+"\nprinter = \"P1\"", exit+"\nprinter = \"P2\"\nscanner = \"S2\""
		fmt.Fprintf(&b, flowCounters, p.site.Address("S2"), p.site.Address("P1"), p.site.Address("P2"))
	}
	p.lane(&b, 1, "code = \"IN1\"\nname = \"入口1\"\ndirection = \"entry\"\nfrom = 0\nto = 1\n"+entry)
	p.lane(&b, 2, "code = \"OUT1\"\nname = \"出口1\"\ndirection = \"exit\"\nfrom = 1\nto = 0\n"+exit)
	if plan.nested {
		b.WriteString(flowInner)
		p.lane(&b, 3, "code = \"MIDIN\"\nname = \"地库入口\"\ndirection = \"entry\"\nfrom = 1\nto = 2")
		p.lane(&b, 4, "code = \"MIDOUT\"\nname = \"地库出口\"\ndirection = \"exit\"\nfrom = 2\nto = 1")
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

// lane writes the n-th lane, with what is said of it, and its devices.
func (p *wholePark) lane(b *strings.Builder, n int, said string) {
	fmt.Fprintf(b, `
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
	fmt.Fprintf(b, "[[lane]]\n%[2]s\ncamera = \"C%[1]d\"\ngate = \"G%[1]d\"\ndisplay = \"L%[1]d\"\n", n, said)
}

// withoutPlatform takes one [[platform]] out of a configuration.
func withoutPlatform(text, name string) string {
	head, rest, _ := strings.Cut(text, "[[platform]]\nname = \""+name+"\"")
	_, tail, _ := strings.Cut(rest, "[[")
	return head + "[[" + tail
}
