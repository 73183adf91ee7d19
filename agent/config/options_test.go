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
)

func TestADriverCanComplainWhereItsOptionsStand(t *testing.T) {
	tests := []struct {
		name, options string
		line          int
		key           string
	}{
		{"options in a line", "options = { unit = 1 }", 35, "device[0].options"},
		{"options in a table of their own", "[device.options]\nunit = 1", 35, "device[0].options"},
		{"no options", "", 29, "device[0]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, errs := parse(t, change(t, "options = { unit = 1, open = 0 }", tt.options))
			if errs != nil {
				t.Fatal(errs)
			}
			p := c.Devices[0].Problem("错", "wrong")
			if p.Line != tt.line || p.Key != tt.key || p.Language != English || p.Chinese != "错" || p.English != "wrong" || p.File != "park.toml" {
				t.Errorf("Problem = %+v, want %s on line %d", p, tt.key, tt.line)
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
