package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kardianos/service"
)

// A fakeManager stands for the machine's service manager. What it does not
// have here, `parkagent service` must not use.
type fakeManager struct {
	service.Service
	status    service.Status
	statusErr error
	failure   error // of everything but Status
	calls     []string
	config    *service.Config // of the last opening
}

func (m *fakeManager) Status() (service.Status, error) { return m.status, m.statusErr }
func (m *fakeManager) Install() error                  { return m.call("install") }
func (m *fakeManager) Uninstall() error                { return m.call("uninstall") }
func (m *fakeManager) Start() error                    { return m.call("start") }
func (m *fakeManager) Stop() error                     { return m.call("stop") }

func (m *fakeManager) call(name string) error {
	m.calls = append(m.calls, name)
	return m.failure
}

// with returns the services of a machine that has this manager, where
// everything is allowed and user bob exists.
func with(m *fakeManager) services {
	return services{
		manager:    func(c *service.Config) (service.Service, error) { m.config = c; return m, nil },
		platform:   func() string { return "linux-systemd" },
		privileged: func() bool { return true },
		giveTo: func(user, dir string) error {
			m.calls = append(m.calls, "give "+filepath.Base(dir)+" to "+user)
			return nil
		},
		hasGroup: func(name string) bool { return name == "dialout" },
	}
}

func TestServiceActions(t *testing.T) {
	var (
		absent  = fakeManager{statusErr: service.ErrNotInstalled}
		running = fakeManager{status: service.StatusRunning}
		stopped = fakeManager{status: service.StatusStopped}
		failed  = fakeManager{statusErr: errors.New("service in failed state")}
	)
	tests := []struct {
		name, line string
		manager    fakeManager
		status     int
		said       string
		calls      []string
	}{
		{"install", "install --user bob", absent, 0, "is installed with configuration", []string{"give data to bob", "install"}},
		{"install twice", "install", running, 1, "installed already", nil},
		{"install over a failed one", "install", failed, 1, "installed already", nil},
		{"uninstall stops a running service first", "uninstall", running, 0, "is uninstalled", []string{"stop", "uninstall"}},
		{"uninstall a failed service", "uninstall", failed, 0, "is uninstalled", []string{"uninstall"}},
		{"uninstall nothing", "uninstall", absent, 1, "is not installed", nil},
		{"start", "start", stopped, 0, "is started", []string{"start"}},
		{"start a failed service", "start", failed, 0, "is started", []string{"start"}},
		{"start a running service", "start", running, 0, "is running already", nil},
		{"start nothing", "start", absent, 1, "is not installed", nil},
		{"stop", "stop", running, 0, "is stopped", []string{"stop"}},
		{"stop nothing", "stop", absent, 1, "is not installed", nil},
		{"status of a running service", "status", running, 0, "Service parkagent is running.", nil},
		{"status of a stopped service", "status", stopped, 1, "Service parkagent is stopped.", nil},
		{"status of nothing", "status", absent, 1, "Service parkagent is not installed.", nil},
		{"status of a failed service", "status", failed, 1, "has a fault: service in failed state", nil},
		{"an action that is none", "restart", stopped, 2, `cannot "restart"`, nil},
		{"no action", "", stopped, 2, "say install", nil},
		{"two actions", "stop start", stopped, 2, "one word too many", nil},
		{"a user where none belongs", "start --user bob", stopped, 2, "--user goes with install only", nil},
	}
	config := filepath.Join(t.TempDir(), "parkagent.toml")
	if err := os.WriteFile(config, []byte(testPark), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := tt.manager
			e, stdout, stderr := testEnv()
			args := append([]string{"service", "--lang", "en", "--config", config}, strings.Fields(tt.line)...)
			if got := run(t.Context(), []command{serviceCommand(with(&m))}, args, e); got != tt.status {
				t.Errorf("exit status = %d, want %d", got, tt.status)
			}
			if said := stdout.String() + stderr.String(); !strings.Contains(said, tt.said) {
				t.Errorf("said %q, want %q in it", said, tt.said)
			}
			if diff := cmp.Diff(tt.calls, m.calls); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
		})
	}
}

func TestServiceSaysWhyItCannot(t *testing.T) {
	config := filepath.Join(t.TempDir(), "parkagent.toml")
	write := func(s string) func(*services) {
		return func(*services) {
			if err := os.WriteFile(config, []byte(s), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name, action string
		change       func(*services)
		status       int
		said         string
	}{
		{"without a configuration", "install", func(*services) {}, 2, "there is no configuration"},
		{"with a broken configuration", "install", write("[store"), 2, config + ":1:"},
		{"without rights", "install", func(s *services) { s.privileged = func() bool { return false } }, 1, "needs root or administrator rights"},
		{"without a service manager", "start", func(s *services) { s.platform = func() string { return "unix-systemv" } }, 1, "no systemd and no Windows service manager"},
		{"when the data folder cannot be made", "install", func(s *services) {
			write(testPark)(s)
			s.giveTo = func(string, string) error { return errors.New("disk full") }
		}, 1, "prepare the data folder: disk full"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := &fakeManager{statusErr: service.ErrNotInstalled}
			s := with(m)
			tt.change(&s)
			e, _, stderr := testEnv()
			args := []string{"service", tt.action, "--lang", "en", "--config", config}
			if got := run(t.Context(), []command{serviceCommand(s)}, args, e); got != tt.status {
				t.Errorf("exit status = %d, want %d", got, tt.status)
			}
			if !strings.Contains(stderr.String(), tt.said) {
				t.Errorf("stderr = %q, want %q in it", stderr, tt.said)
			}
			if slices.Contains(m.calls, "install") {
				t.Error("installed all the same")
			}
		})
	}
}

func TestFailingServiceManagerIsReported(t *testing.T) {
	for action, said := range map[string]string{"start": "start the service: no bus", "stop": "stop the service: no bus", "uninstall": "uninstall the service: no bus"} {
		m := &fakeManager{status: service.StatusStopped, failure: errors.New("no bus")}
		e, _, stderr := testEnv()
		if got := run(t.Context(), []command{serviceCommand(with(m))}, []string{"service", action, "--lang", "en"}, e); got != 1 {
			t.Errorf("%s: exit status = %d, want 1", action, got)
		}
		if !strings.Contains(stderr.String(), said) {
			t.Errorf("%s: stderr = %q, want %q in it", action, stderr, said)
		}
	}
}

func TestServiceDescription(t *testing.T) {
	c, err := with(&fakeManager{}).describe("/etc/parkagent/parkagent.toml", "/var/lib/parkagent", "bob")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"run", "--config", "/etc/parkagent/parkagent.toml", "--log-file", "/var/lib/parkagent/parkagent.log"}, c.Arguments); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	if c.Name != "parkagent" || c.UserName != "bob" {
		t.Errorf("name, user = %q, %q, want parkagent, bob", c.Name, c.UserName)
	}
	for _, want := range []struct {
		key   string
		value any
	}{
		{"StartType", "automatic"},
		{"DelayedAutoStart", true},
		{"OnFailure", "restart"},
		{"OnFailureDelayDuration", "2s"},
		{"OnFailureResetPeriod", 86400},
	} {
		if got := c.Option[want.key]; got != want.value {
			t.Errorf("option %s = %v, want %v", want.key, got, want.value)
		}
	}
	script, _ := c.Option["SystemdScript"].(string)
	for _, want := range []string{"User=bob\n", "SupplementaryGroups=dialout\n", "ReadWritePaths=-/var/lib/parkagent\n"} {
		if !strings.Contains(script, want) {
			t.Errorf("the unit has no line %q", want)
		}
	}
	for _, path := range []string{"/a\nExecStartPre=/bin/evil", "/{{Path}}"} {
		if _, err := with(&fakeManager{}).describe(path, "/data", ""); err == nil {
			t.Errorf("describe(%q) succeeded, want it refused", path)
		}
	}
}

func TestUnitText(t *testing.T) {
	tests := []struct {
		name, golden string
		unit         unit
	}{
		{"the packages' unit is the one that install writes", "../../packaging/parkagent.service", unit{
			program: "/usr/bin/parkagent",
			config:  "/etc/parkagent/parkagent.toml",
			data:    "/var/lib/parkagent",
			user:    "parkagent",
			groups:  []string{"dialout"},
		}},
		{"awkward paths are quoted and nothing in them is expanded", "testdata/awkward.service", unit{
			program: "/opt/park agent/parkagent",
			config:  `/etc/100% "$HOME"\x/parkagent.toml`,
			data:    "/srv/数据 1",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want, err := os.ReadFile(tt.golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), tt.unit.String()); diff != "" {
				t.Errorf("unit (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSystemdAcceptsTheUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("this machine has no systemd-analyze, which checks the unit's text")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "with 空格")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	u := unit{program: exe, config: filepath.Join(dir, "50%.toml"), data: dir, user: "root", groups: []string{"root"}}
	path := filepath.Join(dir, "parkagent.service")
	if err := os.WriteFile(path, []byte(u.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", path).CombinedOutput()
	if err != nil {
		t.Fatalf("systemd-analyze verify: %v\n%s", err, out)
	}
	// It accepts unknown keys with a warning that names the file.
	if strings.Contains(string(out), "parkagent.service") {
		t.Errorf("systemd-analyze verify warns:\n%s", out)
	}
}
