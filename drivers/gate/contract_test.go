package gate_test

import (
	"fmt"
	"testing"

	"parkagent/drivers/drivertest"
	"parkagent/drivers/gate"
)

var _ drivertest.GateDriver = (*gate.Relay)(nil)

func TestRelayKeepsTheContractOnEveryWire(t *testing.T) {
	wires := map[string]wire{"modbus tcp": modbusTCP, "serial server": serialServer, "serial line": serialLine}
	for name, w := range wires {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			drivertest.Gate(t, func(t *testing.T) drivertest.GateRig {
				opt := wired()
				return newSite(t, w, opt).rig(opt, false)
			})
		})
	}
}

func TestRelayKeepsTheContractWhateverIsLate(t *testing.T) {
	for name, w := range map[string]wire{"modbus tcp": tcpInMemory, "rtu": rtuInMemory} {
		t.Run(name, func(t *testing.T) {
			drivertest.GateInBubble(t, func(t *testing.T) drivertest.GateRig {
				opt := wired()
				return newSite(t, w, opt).rig(opt, true)
			})
		})
	}
}

func TestRelayKeepsTheContractInEveryPulseMode(t *testing.T) {
	for _, mode := range []gate.PulseMode{gate.PulseWaveshare, gate.PulseJYDAM} {
		t.Run(string(mode), func(t *testing.T) {
			drivertest.GateInBubble(t, func(t *testing.T) drivertest.GateRig {
				opt := wired()
				opt.PulseMode = mode
				opt.HoldCoil = number(holdRelay)
				opt.Stop = number(stopRelay)
				opt.Presence.ActiveLow = true
				return newSite(t, rtuInMemory, opt).rig(opt, true)
			})
		})
	}
}

// Contacts that the barrier wants opened, through the relays' other terminals.
func TestRelayKeepsTheContractWhereRelaysRestOn(t *testing.T) {
	for _, mode := range []gate.PulseMode{"", gate.PulseWaveshare, gate.PulseJYDAM} {
		for _, ownHold := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s own hold %v", mode, ownHold), func(t *testing.T) {
				drivertest.GateInBubble(t, func(t *testing.T) drivertest.GateRig {
					opt := wired()
					opt.PulseMode = mode
					opt.Stop = number(stopRelay)
					opt.OpenActiveLow, opt.CloseActiveLow, opt.StopActiveLow, opt.SelfGuarded = true, true, true, true
					if ownHold {
						opt.HoldCoil, opt.HoldActiveLow = number(holdRelay), true
					}
					return newSite(t, rtuInMemory, opt).rig(opt, true)
				})
			})
		}
	}
}
