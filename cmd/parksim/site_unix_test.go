//go:build unix

package main

import (
	"strings"
	"testing"

	"parkagent/drivers"
)

func TestSerialDevicesGetVirtualPorts(t *testing.T) {
	agent := newFakeAgent(t, nil, false)
	_, out, stop := startSite(t, func(o *siteOptions) {
		o.park, o.pty = agent.url, true
		o.config = file(t, "park.toml", strings.Replace(siteConfig, `link = "tcp://192.0.2.7:502"`, `link = "serial:///dev/ttyS8"`, 1))
	})
	_, panelLink, _ := strings.Cut(out.await(t, "L2  at a virtual port"), "change its link to ")
	_, gateLink, _ := strings.Cut(out.await(t, "G4  at a virtual port"), "change its link to ")

	if err := panelAt(t, panelLink).Show(within(t), drivers.Screen{Lines: []drivers.Line{{Text: "欢迎光临"}}}); err != nil {
		t.Errorf("show on %s: %v", panelLink, err)
	}
	out.await(t, "欢迎光临")
	if err := relayOf(t, gateLink, map[string]any{"open": 0}).Raise(within(t)); err != nil {
		t.Errorf("raise on %s: %v", gateLink, err)
	}
	out.await(t, "G4  the arm is up")
	if status := stop(); status != done {
		t.Errorf("status %d after Ctrl-C", status)
	}
}
