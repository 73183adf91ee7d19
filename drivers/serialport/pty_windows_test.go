//go:build windows

package serialport

import "testing"

func serialPeer(t *testing.T) peer {
	t.Helper()
	t.Skip("Windows has no pseudo terminals that are serial ports")
	return peer{}
}
