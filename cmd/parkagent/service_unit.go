package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kardianos/service"
)

// describe returns the service as both service managers are told of it; each
// reads only its own options.
func (s services) describe(config, data, user string) (*service.Config, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	for _, path := range []string{exe, config, data, user} {
		// Double braces would be the library's template marks.
		if strings.ContainsAny(path, "\n\r\x00") || strings.Contains(path, "{{") {
			return nil, usageError{text{"%q 中有服务不能用的字符。", "%q has characters that no service can have."}.with(path)}
		}
	}
	u := unit{program: exe, config: config, data: data, user: user}
	if s.hasGroup(serialGroup) {
		u.groups = []string{serialGroup}
	}
	return &service.Config{
		Name:        serviceName,
		DisplayName: "Parkagent 停车场现场端",
		Description: "Runs the lanes of a car park: cameras, gates, displays, payments.",
		UserName:    user,
		// For Windows; the unit below has its own, and systemd keeps the log.
		Arguments: []string{"run", "--config", config, "--log-file", filepath.Join(data, "parkagent.log")},
		Option: service.KeyValue{
			// The library's own unit waits two minutes before a restart and
			// gives up after a few.
			"SystemdScript": u.String(),

			// Windows. Without OnFailure a dead agent would stay dead, whatever
			// the library's documentation says. The last action is repeated
			// for ever; the count of failures starts again after a day.
			"StartType":              "automatic",
			"DelayedAutoStart":       true, // after the network and the USB serial ports
			"OnFailure":              "restart",
			"OnFailureDelayDuration": "2s",
			"OnFailureResetPeriod":   24 * 60 * 60,
		},
	}, nil
}

// serialGroup owns the serial ports on Debian and its kin.
const serialGroup = "dialout"

// A unit is what varies in our systemd unit.
type unit struct {
	program string // absolute
	config  string // absolute
	data    string // the one folder the agent writes to
	user    string // empty: root
	groups  []string
}

// String renders the unit. The agent may do nothing on the box but read,
// write its folder, and talk to networks and serial ports. There is no
// SystemCallArchitectures=native: it kills a 32-bit agent on a 64-bit system,
// and installers do mix them.
func (u unit) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, `[Unit]
Description=Parkagent, the car park's agent on site
# Not after time-sync.target: the lanes must work without a network, and the
# agent itself judges whether the clock can be believed.
After=network.target
# Try for ever: nobody may be on site to start it by hand.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=%s run --config %s
Restart=always
RestartSec=2
TimeoutStopSec=10
`, unitWord(u.program), unitWord(strings.ReplaceAll(u.config, "$", "$$"))) // arguments expand variables
	if u.user != "" {
		// Below 1024 lies port 80, on which some installers want the platform calls.
		fmt.Fprintf(&b, "User=%s\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n", u.user)
	}
	if len(u.groups) > 0 {
		fmt.Fprintf(&b, "SupplementaryGroups=%s\n", strings.Join(u.groups, " "))
	}
	fmt.Fprintf(&b, `StandardOutput=journal
StandardError=journal
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_NET_BIND_SERVICE CAP_DAC_OVERRIDE
ProtectSystem=strict
ReadWritePaths=%s
ProtectHome=read-only
PrivateTmp=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes

[Install]
WantedBy=multi-user.target
`, unitWord("-"+u.data)) // "-": a folder that is gone is the agent's error to report, in words
	return b.String()
}

// unitWord quotes a word that systemd would split, and its specifiers.
func unitWord(s string) string {
	s = strings.ReplaceAll(s, "%", "%%")
	if !strings.ContainsAny(s, " \t\"'\\;") {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
