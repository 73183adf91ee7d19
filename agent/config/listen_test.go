package config

import (
	"strings"
	"testing"
)

// listens is a configuration whose servers listen there; "" leaves it out.
func listens(api, console string) string {
	text := strings.Replace(site, `listen = "127.0.0.1:8099"`, `listen = "`+api+`"`, 1)
	if console == "" {
		return text
	}
	return text + "[console]\nlisten = \"" + console + "\"\n"
}

func TestTheConsoleListensWhereTheFileSays(t *testing.T) {
	for setting, want := range map[string]string{
		"":                                  "127.0.0.1:8098",
		"[console]":                         "127.0.0.1:8098",
		"[console]\nlisten = \"\"":          "127.0.0.1:8098",
		"[console]\nlisten = \":8000\"":     ":8000",
		"[console]\nlisten = \"park:8000\"": "park:8000",
	} {
		c, errs := parse(t, site+setting)
		if errs != nil || c.Console.Listen != want || len(c.Warnings) > 0 {
			t.Errorf("%q: %+v, mistakes %v; want %s", setting, c, errs, want)
		}
	}
}

func TestTheConsoleNeedsAnAddressOfItsOwn(t *testing.T) {
	const none, taken = "is no address to listen on; write for example 0.0.0.0:8098", "is taken by listen of [api]"
	tests := []struct {
		name, api, console string
		want               string // in the one mistake; "" means none
	}{
		{"other ports", "0.0.0.0:8099", "0.0.0.0:8098", ""},
		{"other addresses", "192.168.1.5:8099", "127.0.0.1:8099", ""},
		{"other names", "park.example:8099", "booth.example:8099", ""},
		{"a name that may be any address", "park.example:8099", "192.168.1.5:8099", ""},
		{"ports that the system chooses", "127.0.0.1:0", "127.0.0.1:0", ""},
		{"no port", "127.0.0.1:8099", "127.0.0.1", none},
		{"a port that is none", "127.0.0.1:8099", "127.0.0.1:80980", none},
		{"a comma in the address", "127.0.0.1:8099", "127.0,0.1:8098", none},
		{"the same address", "127.0.0.1:8099", "127.0.0.1:8099", taken},
		{"the same port, written otherwise", "127.0.0.1:8099", "127.0.0.1:08099", taken},
		{"the same address in another form", "127.0.0.1:8099", "[::ffff:127.0.0.1]:8099", taken},
		{"this machine by name", "127.0.0.1:8099", "localhost:8099", taken},
		{"the same name", "Park.example:8099", "park.example:8099", taken},
		{"one of all addresses", "0.0.0.0:8099", "127.0.0.1:8099", taken},
		{"one of IPv6 among all addresses", "0.0.0.0:8099", "[::1]:8099", taken},
		{"all addresses, one of which is the API's", "127.0.0.1:8099", ":8099", taken},
		{"a name among all addresses", "[::]:8099", "park.example:8099", taken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, errs := parse(t, listens(tt.api, tt.console))
			switch {
			case tt.want == "" && errs != nil:
				t.Errorf("mistakes = %v, want none", errs)
			case tt.want == "":
			case len(errs) != 1 || errs[0].Key != "console.listen" || errs[0].Text != `listen = "`+tt.console+`"` || !strings.Contains(errs[0].English, tt.want):
				t.Errorf("mistakes = %v, want one at console.listen: %s", errs, tt.want)
			}
		})
	}
}

func TestAnAPIWhereTheConsoleListensByDefaultIsAMistake(t *testing.T) {
	_, errs := parse(t, listens("0.0.0.0:8098", ""))
	if len(errs) != 1 || errs[0].Key != "api.listen" || errs[0].Line != 7 || !strings.Contains(errs[0].English, `"0.0.0.0:8098" is taken by listen of [console], which is "127.0.0.1:8098" by default`) {
		t.Errorf("mistakes = %v, want one at api.listen", errs)
	}
	if _, errs := parse(t, listens("0.0.0.0:8098", "127.0.0.1:8097")); errs != nil {
		t.Errorf("with a console elsewhere: %v", errs)
	}
}

func TestAKioskThatCannotReachTheConsoleIsAWarning(t *testing.T) {
	tests := []struct {
		name, console, ip string
		warned            bool
	}{
		{"by default", "", "192.168.1.60", true},
		{"this machine by name", "localhost:8098", "192.168.1.60", true},
		{"this machine in IPv6", "[::1]:8098", "192.168.1.60", true},
		{"a kiosk on this machine", "", "127.0.0.1", false},
		{"a kiosk on this machine, in IPv6 form", "", "::ffff:127.0.0.1", false},
		{"all addresses", "0.0.0.0:8098", "192.168.1.60", false},
		{"all addresses, unsaid", ":8098", "192.168.1.60", false},
		{"one address of the network", "192.168.1.5:8098", "192.168.1.60", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, errs := parse(t, listens("127.0.0.1:8099", tt.console)+kiosk("ip = \""+tt.ip+"\"\noptions = { token = \"hard-to-guess\" }"))
			if errs != nil {
				t.Fatal(errs)
			}
			warned := len(c.Warnings) == 1 && c.Warnings[0].Key == "device[2].ip" && strings.Contains(c.Warnings[0].English, "this kiosk cannot call: listen of [console] is "+c.Console.Listen)
			if warned != tt.warned || len(c.Warnings) > 0 && !warned {
				t.Errorf("Warnings = %v, want one: %t", c.Warnings, tt.warned)
			}
		})
	}
}
