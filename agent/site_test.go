package agent

import (
	"testing"

	"parkagent/agent/config"
	"parkagent/protocol"
)

func TestDevicesAreCountedAsTheProtocolDoes(t *testing.T) {
	for kind, want := range map[string]protocol.DeviceType{
		config.KindGate: protocol.DeviceGate, config.KindDisplay: protocol.DeviceDisplay,
		config.KindCamera: protocol.DeviceCamera, config.KindKiosk: protocol.DeviceComputer,
	} {
		if got := deviceType(kind); got != int(want) {
			t.Errorf("deviceType(%s) = %d, want %d", kind, got, want)
		}
	}
}
