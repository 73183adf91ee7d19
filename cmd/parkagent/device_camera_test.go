package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"parkagent/drivers/sim"
	simdahua "parkagent/drivers/sim/dahua"
	simhik "parkagent/drivers/sim/hik"
)

// cameraSite is a camera of a make at a web side, and the gate that it moves.
func cameraSite(t *testing.T, driver, url, password, options string) string {
	t.Helper()
	return siteWith(t, deviceTable("C1", "camera", driver, "ip = \"127.0.0.1\"\nlink = \""+url+"\"\nuser = \"admin\"\npassword = \""+password+"\"")+
		deviceTable("G1", "gate", driver, "options = { camera = \"C1\""+options+" }"))
}

func TestDeviceMovesAGateAtACamera(t *testing.T) {
	hik := &simhik.Camera{Login: &sim.HikCamera{User: "admin", Password: "right"}, CtrlMod: "1"}
	bare := &simhik.Camera{Login: &sim.HikCamera{User: "admin", Password: "right"}, Lacks: []simhik.Call{simhik.Barrier, simhik.ArmStatus}}
	dahua := &simdahua.Camera{User: "admin", Password: "right"}
	tests := []struct {
		driver, options string
		web             http.Handler
		opened          func() int
		held            func() bool
		state           string
	}{
		{"hikvision", ", self_guarded = true", hik, hik.Opened, hik.Held, "held open unknown."},
		{"hikvision", ", output = 1", bare, func() int { return bare.Pulses(1) }, func() bool { return bare.On(1) }, "held open unknown."},
		{"dahua", ", means = \"output\", open = 1, presence = 1", dahua, func() int { raised, _ := dahua.Moves(); return raised },
			func() bool { return dahua.Output(0) }, "presence clear, held open yes."}, // by the output that opens
	}
	for _, tt := range tests {
		t.Run(tt.driver, func(t *testing.T) {
			server := httptest.NewServer(tt.web)
			defer server.Close()
			path := cameraSite(t, tt.driver, server.URL, "right", tt.options)
			device := func(op, want string) {
				t.Helper()
				if status, stdout, stderr := say(t, "device", "G1", op, "--timeout", "20s", "--config", path); status != 0 || !strings.Contains(stdout, want) {
					t.Errorf("%s = %d: %s%swant %q", op, status, stdout, stderr, want)
				}
			}
			if _, stdout, _ := say(t, "device", "G1", "state", "--config", path); strings.Contains(stdout, "Fault") {
				t.Errorf("looking at a gate that nobody holds = %s", stdout)
			}
			before := tt.opened()
			device("open", "Gate G1 took the command to open.")
			if tt.opened() == before {
				t.Error("the barrier did not open")
			}
			device("hold", "Gate G1 is held open until release.")
			// Another process, which must leave the hold alone.
			device("state", tt.state)
			device("open", "Gate G1 took the command to open.")
			if !tt.held() {
				t.Error("looking at the gate, or opening it, has ended its hold")
			}
			device("release", "Gate G1 is not held open any more.")
			if tt.held() {
				t.Error("the gate is still held")
			}
		})
	}
	server := httptest.NewServer(hik)
	defer server.Close()
	status, stdout, stderr := say(t, "device", "G1", "state", "--json", "--config", cameraSite(t, "hikvision", server.URL, "right", ""))
	var got gateView
	if err := json.Unmarshal([]byte(stdout), &got); status != 0 || err != nil || got.Hold != nil {
		t.Errorf("state --json = %d, %v: %s%s", status, err, stdout, stderr)
	}
}

// Only the agent knows whether an output that is on holds the gate open. A command
// from beside it must not take that for one that was left on.
func TestDeviceEndsNoHoldAtACamera(t *testing.T) {
	hik := &simhik.Camera{Login: &sim.HikCamera{User: "admin", Password: "right"}, CtrlMod: "1"}
	dahua := &simdahua.Camera{User: "admin", Password: "right"}
	tests := []struct {
		driver, options string
		web             http.Handler
		on              func() bool
	}{
		{"hikvision", `, control = "output", output = 1`, hik, func() bool { return hik.On(1) }},
		{"dahua", `, means = "output"`, dahua, func() bool { return dahua.Output(0) }},
	}
	for _, tt := range tests {
		t.Run(tt.driver, func(t *testing.T) {
			server := httptest.NewServer(tt.web)
			defer server.Close()
			path := cameraSite(t, tt.driver, server.URL, "right", tt.options)
			for _, step := range []struct {
				op     string
				status int
				on     bool
			}{{"hold", 0, true}, {"open", 0, true}, {"close", 1, true}, {"state", 0, true}, {"release", 0, false}, {"open", 0, false}} {
				status, stdout, stderr := say(t, "device", "G1", step.op, "--timeout", "20s", "--config", path)
				if status != step.status || tt.on() != step.on {
					t.Errorf("%s = %d, output on %v; want %d and %v: %s%s", step.op, status, tt.on(), step.status, step.on, stdout, stderr)
				}
			}
		})
	}
}

// A camera and the gate at it are two devices and one login: a wrong password
// must not be tried for each.
func TestDoctorTriesAPasswordOnce(t *testing.T) {
	for driver, web := range map[string]http.Handler{
		"hikvision": &simhik.Camera{Login: &sim.HikCamera{User: "admin", Password: "right"}},
		"dahua":     &simdahua.Camera{User: "admin", Password: "right"},
	} {
		t.Run(driver, func(t *testing.T) {
			var logins atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "" {
					logins.Add(1)
				}
				web.ServeHTTP(w, r)
			}))
			defer server.Close()
			status, stdout, stderr := say(t, "doctor", "C1", "G1", "--timeout", "20s", "--config", cameraSite(t, driver, server.URL, "wrong", ", presence = 1"))
			if status != 1 || stderr != "" || !strings.Contains(stdout, "wrong  C1  user or password are refused") || !strings.Contains(stdout, "→ correct user and password in the configuration and try once") {
				t.Errorf("doctor = %d: %s%s", status, stdout, stderr)
			}
			if n := logins.Load(); n != 1 {
				t.Errorf("the password was tried %d times, want once", n)
			}
		})
	}
}
