package agent

import (
	"time"

	"parkagent/agent/config"
)

// clientDelays are how long a car may stay after it paid by a client, by the names
// of those that say it.
func clientDelays(clients []config.Client) map[string]time.Duration {
	by := map[string]time.Duration{}
	for _, c := range clients {
		by[c.Name] = c.Delay
	}
	return by
}

// kioskDelays are the same of pay machines, by device code.
func kioskDelays(devices []config.Device) map[string]time.Duration {
	by := map[string]time.Duration{}
	for _, d := range devices {
		by[d.Code] = d.Delay
	}
	return by
}
