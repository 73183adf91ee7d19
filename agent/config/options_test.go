package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestADriverCanComplainWhereItsSettingsStand(t *testing.T) {
	tests := []struct {
		name, options string
		key           string
		line          int
		want          string
	}{
		{"options in a line", "options = { unit = 1 }", "options", 35, "device[0].options"},
		{"options in a table of their own", "[device.options]\nunit = 1", "options", 35, "device[0].options"},
		{"no options", "", "options", 29, "device[0].options"},
		{"the link", "", "link", 34, "device[0].link"},
		{"the device itself", "", "", 29, "device[0]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, errs := parse(t, change(t, "options = { unit = 1, open = 0 }", tt.options))
			if errs != nil {
				t.Fatal(errs)
			}
			p := c.Devices[0].Problem(tt.key, "错", "wrong")
			if p.Line != tt.line || p.Key != tt.want || p.Language != English || p.Chinese != "错" || p.English != "wrong" || p.File != "park.toml" {
				t.Errorf("Problem = %+v, want %s on line %d", p, tt.want, tt.line)
			}
		})
	}
}

func TestWhatDriversFindIsReportedWithEverythingElse(t *testing.T) {
	judging := known
	judging.Judge = func(list []Device) (found []Problem) {
		for _, d := range list {
			found = append(found, d.Problem("link", "错", d.Code+" is judged"))
		}
		return found
	}
	tests := []struct {
		name, old, new string
		want           []string
	}{
		{"devices only", "", "", []string{"34 device[0].link: G1 is judged", "37 device[1].link: C1 is judged"}},
		{"a mistake elsewhere", `name = "测试车场"`, `name = ""`, []string{"3 park.name: must be given", "34 device[0].link: G1 is judged", "37 device[1].link: C1 is judged"}},
		{"a device that could not be read", `link = "tcp://127.0.0.1:1502"`, `link = 1`, []string{"34 device[0].link: has the wrong type; it must be text in quotes"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("park.toml", []byte(change(t, tt.old, tt.new)), t.TempDir(), judging)
			var all Errors
			errors.As(err, &all)
			var got []string
			for _, p := range all {
				got = append(got, fmt.Sprintf("%d %s: %s", p.Line, p.Key, p.English))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestASecretShowsItselfOnlyWhenAsked(t *testing.T) {
	s := NewSecret("top-secret")
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s, "client", Client{Password: s})
	js, err := json.Marshal(Client{Password: s, Key: s})
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%v %+v %#v %s %s %s %+v", s, s, s, s, log.String(), js, Client{Key: s})
	if strings.Contains(all, "top-secret") || !strings.Contains(all, hidden) {
		t.Errorf("a secret shows as %s", all)
	}
	if s.Reveal() != "top-secret" || !s.Set() || (Secret{}).Set() {
		t.Errorf("Reveal = %q, Set = %v", s.Reveal(), s.Set())
	}
}

func TestTheDefaultConfigurationIsValid(t *testing.T) {
	text, err := os.ReadFile("../../packaging/parkagent.toml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, value string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("parkagent.toml", string(text))
	path := filepath.Join(dir, "parkagent.toml")

	_, err = Load(path, known)
	var all Errors
	if !errors.As(err, &all) || len(all) != 5 {
		t.Fatalf("Load without secret files = %v, want a mistake for each of the five", err)
	}
	for _, p := range all {
		if !strings.HasSuffix(p.Key, "_file") {
			t.Errorf("Load without secret files: %v", p)
		}
	}

	write("secrets/mall.password", "a")
	write("secrets/mall.key", "abcdefghijklmnopqrstuvwx")
	write("secrets/platform.password", "b")
	write("secrets/platform.key", "ABCDEFGHIJKLMNOPQRSTUVWX")
	write("secrets/camera.password", "c")
	c, err := Load(path, known)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Lanes) != 2 || len(c.Devices) != 6 || len(c.Warnings) != 0 {
		t.Errorf("%d lanes, %d devices, warnings %v", len(c.Lanes), len(c.Devices), c.Warnings)
	}
}

// Whoever takes the mark from a line of the default configuration gets a setting
// that holds.
func TestEverySettingInACommentOfTheDefaultConfigurationIsRight(t *testing.T) {
	text, err := os.ReadFile("../../packaging/parkagent.toml")
	if err != nil {
		t.Fatal(err)
	}
	live := regexp.MustCompile(`(?m)^# (\[\[?[a-z_]|[a-z_]+ +?= )`).ReplaceAllString(string(text), "$1")
	live = regexp.MustCompile(`(?m)^tls_.*|_file = .*`).ReplaceAllStringFunc(live, func(line string) string {
		if strings.HasPrefix(line, "tls_") {
			return "" // there is no certificate here
		}
		return ` = "abcdefghijklmnopqrstuvwx"`
	})
	_, errs := parse(t, live)
	if len(errs) != 1 || errs[0].Key != "device[6].options.token" {
		t.Fatalf("mistakes = %v, want one: the kiosk's token is the installer's to make", errs)
	}
	c, errs := parse(t, strings.Replace(live, `token = ""`, `token = "hard-to-guess"`, 1))
	if errs != nil {
		t.Fatal(errs)
	}
	if len(c.Products) != 1 || len(c.Texts) != 5 || c.Lanes[1].Kiosk != "K1" || c.Lanes[1].Scanner != "S2" || c.Lanes[0].Printer != "P1" || len(c.Ticket) != 9 || len(c.Slip) != 8 || !c.Devices[6].Token.Set() || c.Platforms[0].MaxPerSecond != 20 || c.Platforms[0].TicketURL == c.Platforms[0].ChangeURL {
		t.Errorf("products %v, lanes %v, devices %v, platforms %v", c.Products, c.Lanes, c.Devices, c.Platforms)
	}
	var warned []string
	for _, w := range c.Warnings {
		warned = append(warned, w.Key)
	}
	if diff := cmp.Diff([]string{"api.test_mode", "device[6].ip"}, warned); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(site))
	f.Add([]byte(bom + "[park]\r\ncode = 1\r\n"))
	f.Add([]byte("[[device]]\noptions = { a = [1, { b = 2 }] }\n[device.options.c]\nd = 1979-05-27"))
	f.Add([]byte("park.code = 'x'\n[park]\n[[tariff.band]]\n[tariff]\nx."))
	f.Add([]byte("tariff = [{ band = [{ blocks = [{}] }] }]\nclient = [{ password = 1 }]"))
	f.Add([]byte("a = \"\"\"\n\xb3\xb5\xb3\xa1"))
	f.Add([]byte("[[lane]]\n[[lane]]\ncode=\"\"\n[console]\n"))
	f.Add([]byte("[console]\nlisten = \":8099\"\n[[device]]\nkind = \"kiosk\"\noptions = { token = 1, a.b = 2 }\n[[card_product]]\nunit = 9\nsent_amount = 1\n[[platform]]\nquestions = [\"AutonomousCalfee\"]"))
	f.Add([]byte("[[text]]\nevent = \"fee\"\nlines = [\"{plate\"]\nlanes = [\"x\"]\n[[text]]\nvoice = \"{a},\"\nseconds = -1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("f.toml", data, "/nonexistent", known)
		var all Errors
		if (err == nil) == (c == nil) || err != nil && !errors.As(err, &all) {
			t.Fatalf("Parse = %v, %v", c, err)
		}
		for _, p := range all {
			if p.Line < 1 || p.Column < 1 || p.Chinese == "" || p.English == "" || p.Language == "" {
				t.Errorf("mistake %+v lacks something", p)
			}
		}
	})
}
