package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type relayOptions struct {
	Unit  int    `toml:"unit"`
	Open  int    `toml:"open"`
	Close *int   `toml:"close"`
	Model string `toml:"model"`
}

func TestDecodeOptions(t *testing.T) {
	tests := []struct {
		name, options string
		want          relayOptions
		wrong         []string // "line key"
	}{
		{"all options of the driver", `{ unit = 2, open = 1, model = "x" }`, relayOptions{Unit: 2, Open: 1, Model: "x"}, nil},
		{"empty options", `{ }`, relayOptions{}, nil},
		{"options that the driver does not have", `{ unit = 2, opn = 1, cloze = 1 }`, relayOptions{}, []string{"35 device[0].options.cloze", "35 device[0].options.opn"}},
		{"an option of the wrong type", `{ unit = 2, open = "one" }`, relayOptions{}, []string{"35 device[0].options.open"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, errs := parse(t, change(t, `{ unit = 1, open = 0 }`, tt.options))
			if errs != nil {
				t.Fatal(errs)
			}
			var got relayOptions
			err := c.Devices[0].DecodeOptions(&got)
			var wrong []string
			var all Errors
			if errors.As(err, &all) {
				for _, p := range all {
					wrong = append(wrong, fmt.Sprintf("%d %s", p.Line, p.Key))
				}
			}
			if diff := cmp.Diff(tt.wrong, wrong); diff != "" || err != nil && all == nil {
				t.Errorf("mistakes differ (-want +got):\n%s\n%v", diff, err)
			}
			if diff := cmp.Diff(tt.want, got); err == nil && diff != "" {
				t.Errorf("options differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestADeviceMayHaveNoOptions(t *testing.T) {
	c, errs := parse(t, change(t, "options = { unit = 1, open = 0 }", ""))
	if errs != nil {
		t.Fatal(errs)
	}
	got := relayOptions{Unit: 7}
	if err := c.Devices[0].DecodeOptions(&got); err != nil || got.Unit != 7 {
		t.Errorf("DecodeOptions = %v, options %+v, want the defaults untouched", err, got)
	}
}

func TestOptionsMayBeATableOfTheirOwn(t *testing.T) {
	c, errs := parse(t, change(t, "options = { unit = 1, open = 0 }", "[device.options]\nunit = 3\nopn = 1"))
	if errs != nil {
		t.Fatal(errs)
	}
	var got relayOptions
	var all Errors
	if err := c.Devices[0].DecodeOptions(&got); !errors.As(err, &all) || len(all) != 1 || all[0].Line != 37 {
		t.Errorf("DecodeOptions = %v, want one mistake on line 37", err)
	}
	if p := c.Devices[0].Problem("", "错", "wrong"); p.Language != English || p.Line != 29 || p.Key != "device[0]" {
		t.Errorf("Problem = %+v, want the device on line 29", p)
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

func FuzzParse(f *testing.F) {
	f.Add([]byte(site))
	f.Add([]byte(bom + "[park]\r\ncode = 1\r\n"))
	f.Add([]byte("[[device]]\noptions = { a = [1, { b = 2 }] }\n[device.options.c]\nd = 1979-05-27"))
	f.Add([]byte("park.code = 'x'\n[park]\n[[tariff.band]]\n[tariff]\nx."))
	f.Add([]byte("tariff = [{ band = [{ blocks = [{}] }] }]\nclient = [{ password = 1 }]"))
	f.Add([]byte("a = \"\"\"\n\xb3\xb5\xb3\xa1"))
	f.Add([]byte("[[lane]]\n[[lane]]\ncode=\"\"\n[console]\n"))
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
