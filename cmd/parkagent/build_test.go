package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/config"
)

func TestMistakesInDevicesAreFoundTogether(t *testing.T) {
	relay := func(code, more string) string { return deviceTable(code, "gate", "modbus-relay", more) }
	panel := func(code, more string) string { return deviceTable(code, "display", "fangkong", more) }
	native := func(code, options string) string {
		return deviceTable(code, "gate", "modbus-barrier", "link = \"/dev/ttyS1\"\noptions = { "+options+" }")
	}
	opener := func(code, more string) string { return deviceTable(code, "gate", "vzenith", more) }
	camera := func(code, driver, more string) string {
		return deviceTable(code, "camera", driver, "ip = \"127.0.0.1\"\n"+more)
	}
	tests := []struct {
		name, tables string
		want         []string // "key: part of the message"
	}{
		{"two gates on one line", relay("G1", "link = \"/dev/ttyS1\"\noptions = { open = 0 }") + relay("G2", "link = \"serial:///dev/ttyS1?baud=9600\"\noptions = { unit = 2, open = 0 }"), nil},
		{"two gates on one board", relay("G1", "link = \"tcp://10.0.0.1:502\"\noptions = { open = 0 }") + relay("G2", "link = \"tcp://10.0.0.1:502\"\noptions = { open = 1 }"), nil},
		{"a gate and a display at one host on two ports", relay("G1", "link = \"tcp://10.0.0.1:502\"\noptions = { open = 0 }") + panel("L1", `link = "tcp://10.0.0.1:4001"`), nil},
		{"a gate opened by a camera", opener("G1", `options = { camera = "C1" }`) + camera("C1", "vzenith", ""), nil},
		{"every driver's options", camera("C1", "hikvision", "link = \"http://10.0.0.2\"\nuser = \"admin\"\npassword = \"x\"\noptions = { channel = 2 }") +
			camera("C2", "vzenith", "options = { opens = \"comet\" }") + panel("L1", "link = \"COM3\"\noptions = { lines = 4, address = 3, ack = true, voice = false }"), nil},

		{"one line at two speeds", relay("G1", "link = \"/dev/ttyS1\"\noptions = { open = 0 }") + relay("G2", "link = \"/dev/ttyS1?baud=19200\"\noptions = { open = 1 }"),
			[]string{"device[1].link: device G1 is on /dev/ttyS1 too; both must have the same link"}},
		{"one address in two framings", relay("G1", "link = \"tcp://10.0.0.1:502\"\noptions = { open = 0 }") + relay("G2", "link = \"tcp://10.0.0.1:502?framing=rtu\"\noptions = { open = 1 }"),
			[]string{"device[1].link: device G1 is on 10.0.0.1:502 too"}},
		{"two gates that are one", relay("G1", "link = \"/dev/ttyS1\"\noptions = { open = 0 }") + relay("G2", "link = \"/dev/ttyS1\"\noptions = { open = 2, close = 0 }"),
			[]string{"device[1].options: relay 0 of unit 1 belongs to gate G1 already"}},
		{"a gate that is lowered by what stands in another lane", relay("G1", "link = \"/dev/ttyS1\"\noptions = { open = 0, presence = 3 }") + relay("G2", "link = \"/dev/ttyS1\"\noptions = { open = 2, close = 1, presence = 3 }"),
			[]string{"device[1].options: input 3 of unit 1 belongs to gate G1 already"}},
		{"a limit that is another gate's", relay("G1", "link = \"/dev/ttyS1\"\noptions = { open = 0, limit_close = 3 }") + relay("G2", "link = \"/dev/ttyS1\"\noptions = { open = 2, limit_open = 3 }"),
			[]string{"device[1].options: input 3 of unit 1 belongs to gate G1 already"}},
		{"two arms in a row", relay("G1", "link = \"/dev/ttyS1\"\noptions = { open = 0, presence = 3, passage = 4 }") + relay("G2", "link = \"/dev/ttyS1\"\noptions = { open = 2, presence = 4 }"), nil},
		{"inputs of the same number on two boards", relay("G1", "link = \"/dev/ttyS1\"\noptions = { open = 0, presence = 3 }") + relay("G2", "link = \"/dev/ttyS1\"\noptions = { unit = 2, open = 0, presence = 3 }"), nil},
		{"two native barriers that are one", native("G1", `open = { kind = "holding", address = 1, value = 1 }`) + native("G2", `open = { kind = "holding", address = 1, value = 1 }`),
			[]string{"device[1].options: holding 1 of unit 1 belongs to gate G1 already"}},
		{"a native barrier with a relay's coil", relay("G1", "link = \"/dev/ttyS1\"\noptions = { open = 0 }") + native("G2", `open = { kind = "coil", address = 0 }`),
			[]string{"device[1].options: coil 0 of unit 1 belongs to gate G1 already"}},
		{"native barriers that share a register", native("G1", `open = { kind = "holding", address = 1, value = 1 }, presence = { kind = "input", address = 5, bit = 0 }`) +
			native("G2", `open = { kind = "holding", address = 1, value = 2 }, presence = { kind = "input", address = 5, bit = 1 }`), nil},
		{"native barriers with one loop", native("G1", `open = { kind = "holding", address = 1, value = 1 }, presence = { kind = "input", address = 5, bit = 0 }`) +
			native("G2", `open = { kind = "holding", address = 1, value = 2 }, presence = { kind = "input", address = 5, bit = 0 }`),
			[]string{"device[1].options: input 5 of unit 1 belongs to gate G1 already"}},
		{"a display on a gate's line", relay("G1", "link = \"/dev/ttyS1\"\noptions = { open = 0 }") + panel("L1", `link = "/dev/ttyS1"`),
			[]string{"device[1].link: /dev/ttyS1 belongs to device G1 already; only Modbus boards share a line"}},
		{"two displays on one line", panel("L1", `link = "COM3"`) + panel("L2", `link = "com3"`),
			[]string{"device[1].link: COM3 belongs to device L1 already"}},

		{"no links", relay("G1", "options = { open = 0 }") + panel("L1", ""), []string{"device[0].link: must be given", "device[1].link: must be given"}},
		{"links that are none", relay("G1", "link = \"http://10.0.0.1\"\noptions = { open = 0 }") + panel("L1", `link = "tcp://10.0.0.1:4001?baud=9600"`) + camera("C1", "hikvision", `link = "10.0.0.2"`),
			[]string{`device[0].link: link "http://10.0.0.1": unknown kind "http"`, `device[1].link: link "tcp://10.0.0.1:4001?baud=9600": a tcp link has no parameter "baud"`, "device[2].link: link of camera: want http://address"}},
		{"hosts that are none", relay("G1", "link = \"tcp://10,0,0,1:502\"\noptions = { open = 0 }") + panel("L1", `link = "tcp://10.0.0.1。5:4001"`) + camera("C1", "hikvision", `link = "http://10.0.0.256"`),
			[]string{`device[0].link: "10,0,0,1" is no address and no name of a host`, `device[1].link: "10.0.0.1。5" is no address`, `device[2].link: "10.0.0.256" is no address`}},
		{"hosts by name and by IPv6", relay("G1", "link = \"tcp://[fd00::1]:502\"\noptions = { open = 0 }") + panel("L1", `link = "tcp://moxa-1.lan:4001"`) + camera("C1", "hikvision", `link = "http://[fd00::2]"`), nil},
		{"a wait that is none", relay("G1", "link = \"tcp://10.0.0.1:502?timeout=fast\"\noptions = { open = 0 }"), []string{`device[0].link: link "tcp://10.0.0.1:502?timeout=fast": timeout "fast"`}},
		{"options of every driver", relay("G1", "link = \"COM1\"\noptions = { unit = 300, opn = 1 }") + panel("L1", "link = \"COM2\"\noptions = { lines = 9 }") +
			camera("C1", "hikvision", `options = { channel = "1" }`) + camera("C2", "vzenith", `options = { opens = "sesame" }`),
			[]string{"device[0].options: driver modbus-relay: option \"open\": is missing", "device[0].options: driver modbus-relay: option \"unit\": 300 is not from", "device[0].options: driver modbus-relay: unknown option \"opn\"",
				`device[1].options: driver fangkong: option "lines"`, `device[2].options: driver hikvision: option "channel"`, `device[3].options: driver vzenith: option "opens": "sesame"`}},
		{"settings that the driver does nothing with", relay("G1", "link = \"COM1\"\nuser = \"admin\"\noptions = { open = 0 }") + camera("C1", "vzenith", "link = \"http://10.0.0.1\"\npassword = \"x\""),
			[]string{"device[0].user: is not used by the driver modbus-relay for a gate; remove it", "device[1].link: is not used", "device[1].password: is not used by the driver vzenith for a camera"}},

		{"a camera's gate without its camera", opener("G1", ""), []string{"device[0].options: must name the camera"}},
		{"a camera's gate with another camera", opener("G1", `options = { camera = "C1" }`) + camera("C1", "hikvision", ""), []string{`device[0].options: there is no camera "C1" with driver vzenith`}},
		{"a camera's gate with other options", opener("G1", `options = { camera = "C1", unit = 1 }`) + camera("C1", "vzenith", ""), []string{`device[0].options: driver vzenith: unknown option "unit"`}},
		{"a kiosk", deviceTable("K1", "kiosk", "kiosk", "ip = \"127.0.0.1\"\noptions = { token = \"hard-to-guess\" }"), nil},
		{"a kiosk with another kind's driver", deviceTable("K1", "kiosk", "vzenith", "ip = \"127.0.0.1\"\noptions = { token = \"hard-to-guess\" }"), []string{`device[0].driver: "vzenith" is not possible; it can be: kiosk`}},
		{"a kiosk with a link", deviceTable("K1", "kiosk", "kiosk", "ip = \"127.0.0.1\"\nlink = \"http://127.0.0.1\"\noptions = { token = \"hard-to-guess\" }"), []string{"device[0].link: is not used for a kiosk"}},
		{"a display behind no camera", panel("L1", `link = "camera:C9"`), []string{`device[0].link: there is no camera "C9"`}},
		{"a display behind a camera that passes nothing on", panel("L1", `link = "camera:C1?serial=0"`) + camera("C1", "hikvision", ""),
			[]string{`device[0].link: camera "C1" with driver hikvision passes nothing on to displays`}},
		{"a display behind a camera with a mistake of its own", panel("L1", `link = "camera:C1"`) + camera("C1", "vzenith", `options = { opens = "sesame" }`), []string{`device[1].options: driver vzenith: option "opens"`}},
		{"a display behind a port that is none", panel("L1", `link = "camera:C1?serial=first"`) + panel("L2", `link = "camera:C1?port=0"`) + camera("C1", "vzenith", ""),
			[]string{`device[0].link: link "camera:C1?serial=first": want camera:CODE?serial=NUMBER`, `device[1].link: link "camera:C1?port=0": want camera:CODE`}},
		{"two displays behind one port of a camera", panel("L1", `link = "camera:C1"`) + panel("L2", `link = "camera:C1?serial=0"`) + panel("L3", `link = "camera:C1?serial=1"`) + camera("C1", "vzenith", ""),
			[]string{`device[1].link: serial port 0 of camera "C1" belongs to display L1 already`}},
		{"a display behind a port that a camera has not", panel("L1", `link = "camera:C1?serial=7"`) + camera("C1", "vzenith", ""), []string{`device[0].link: camera "C1" has no serial port 7`}},
		{"a scanner and a printer on one port", deviceTable("S1", "scanner", "serial", `link = "COM1"`) + deviceTable("P1", "printer", "escpos", `link = "COM1"`),
			[]string{"device[1].link: COM1 belongs to device S1 already; only Modbus boards share a line"}},
		{"a scanner and a printer with mistakes", deviceTable("S1", "scanner", "serial", "link = \"COM1\"\noptions = { gap = \"9s\" }") + deviceTable("P1", "printer", "escpos", "user = \"x\"\noptions = { paper = 60 }"),
			[]string{`device[0].options: driver serial: option "gap": 9s is not from`, "device[1].link: must be given", `device[1].options: driver escpos: option "paper": want 58 or 80`, "device[1].user: is not used by the driver escpos"}},
		{"two gates of one camera", opener("G1", `options = { camera = "C1" }`) + opener("G2", `options = { camera = "C1" }`) + camera("C1", "vzenith", ""), []string{`device[1].options: camera "C1" opens gate G1 already`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := config.Parse("park.toml", []byte(testPark+tt.tables), t.TempDir(), known())
			var all config.Errors
			if err != nil && !errors.As(err, &all) {
				t.Fatal(err)
			}
			var got []string
			for _, p := range all {
				got = append(got, p.Key+": "+p.English)
			}
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got, cmp.Comparer(func(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) })); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryKnownDriverIsBuilt(t *testing.T) {
	for kind, names := range driversOf() {
		for _, name := range names {
			all, problems := buildDrivers(sampleDevices(t, filepath.Join(samples, kind+"-"+name+".toml")), driverConfig{zone: time.UTC})
			if len(problems) > 0 {
				t.Fatalf("%s %s: %+v", kind, name, problems)
			}
			got := map[string]int{
				config.KindGate: len(all.Gates), config.KindDisplay: len(all.Displays), config.KindCamera: len(all.Cameras),
				config.KindScanner: len(all.Scanners), config.KindPrinter: len(all.Printers),
			}
			if got[kind] == 0 || len(all.Pushes) != len(all.Cameras) {
				t.Errorf("of %s %s, drivers were made %v, and %d take pushes", kind, name, got, len(all.Pushes))
			}
		}
	}
}

func TestWhatDriversNeedIsRun(t *testing.T) {
	tables := deviceTable("G1", "gate", "modbus-relay", "link = \"COM1\"\noptions = { open = 0 }") +
		deviceTable("G2", "gate", "vzenith", `options = { camera = "C1" }`) +
		deviceTable("C1", "camera", "vzenith", `ip = "127.0.0.2"`) +
		deviceTable("L1", "display", "fangkong", `link = "COM2"`) + deviceTable("L2", "display", "huaxia-led", `link = "camera:C1?serial=1"`) +
		deviceTable("S1", "scanner", "serial", `link = "COM3"`) + deviceTable("P1", "printer", "escpos", `link = "tcp://127.0.0.1:9100"`) +
		deviceTable("K1", "kiosk", "kiosk", "ip = \"127.0.0.3\"\noptions = { token = \"hard-to-guess\" }") // nothing is built for it
	site, err := config.Parse("park.toml", []byte(testPark+tables), t.TempDir(), known())
	if err != nil {
		t.Fatal(err)
	}
	all, err := equip(site, nil)
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, p := range all.Run {
		parts = append(parts, p.Name)
	}
	want := []string{
		"line serial://COM1?baud=9600&parity=none&data=8&stop=1", "port serial://COM2?baud=9600&parity=none&data=8&stop=1",
		"port serial://COM3?baud=9600&parity=none&data=8&stop=1", "port tcp://127.0.0.1:9100",
	}
	if diff := cmp.Diff(want, parts); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"G2": "C1", "L2": "C1"}, all.replying); diff != "" {
		t.Errorf("devices behind cameras (-want +got):\n%s", diff)
	}
	for _, d := range site.Devices {
		if (all.driver(d.Code) == nil) != (d.Kind == config.KindKiosk) {
			t.Errorf("driver of %s = %v", d.Code, all.driver(d.Code))
		}
	}
}

func TestGatesOnOneLineShareIt(t *testing.T) {
	tables := deviceTable("G1", "gate", "modbus-relay", "link = \"/dev/ttyS1\"\noptions = { open = 0 }") +
		deviceTable("G2", "gate", "modbus-relay", "link = \"serial:///dev/ttyS1?parity=none\"\noptions = { unit = 2, open = 0 }")
	site, err := config.Parse("park.toml", []byte(testPark+tables), t.TempDir(), known())
	if err != nil {
		t.Fatal(err)
	}
	all, problems := buildDrivers(site.Devices, driverConfig{zone: time.UTC})
	if len(problems) != 0 || len(all.Run) != 1 || len(all.lines) != 1 {
		t.Errorf("problems %v, %d parts, want one line for both gates", problems, len(all.Run))
	}
}

// A file as old Windows editors write it.
func TestCheckReadsGBK(t *testing.T) {
	path := siteWith(t, "")
	text := strings.ReplaceAll(testPark, "测试车场", "\xb2\xe2\xca\xd4\xb3\xb5\xb3\xa1")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "\n", "\r\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, stdout, stderr := say(t, "check", "--config", path); status != 0 || !strings.Contains(stdout, "is right") {
		t.Errorf("check = %d: %s%s", status, stdout, stderr)
	}
	if err := os.WriteFile(path, []byte(text+"\xb2\xe2 = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := say(t, "check", "--config", path); status != 2 || !strings.Contains(stderr, ":8:1: ") || !strings.Contains(stderr, "    测 = 1") {
		t.Errorf("check with a mistake on line 8 = %d: %s", status, stderr)
	}
}
