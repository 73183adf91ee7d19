package gate_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"parkagent/drivers"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/gate"
	"parkagent/drivers/rs485"
)

// newPeer starts the board that shares no code with us.
func newPeer(t *testing.T) *drivertest.Peer {
	t.Helper()
	return drivertest.NewPeer(t, filepath.Join("testdata", "modbus_slave.py"))
}

func TestRelayWorksAnIndependentModbusBoard(t *testing.T) {
	b := newPeer(t)
	line, err := rs485.Open(b.Link, nil)
	if err != nil {
		t.Fatal(err)
	}
	background(t, line.Run)
	relay, err := gate.NewRelay(gate.Config{Device: "G1", Bus: line, Options: wired()})
	if err != nil {
		t.Fatal(err)
	}
	do := func(name string, call func(context.Context) error, want error) {
		t.Helper()
		if err := call(timed(t)); !errors.Is(err, want) {
			t.Fatalf("%s = %v, want %v", name, err, want)
		}
	}
	state := func(arm drivers.Arm, presence drivers.Presence, held bool) {
		t.Helper()
		s, err := relay.State(timed(t))
		if err != nil || s.Arm != arm || s.Presence != presence || s.HoldOpen != held {
			t.Errorf("State = %v, %v, held %v, %v; want %v, %v, %v", s.Arm, s.Presence, s.HoldOpen, err, arm, presence, held)
		}
	}

	b.SetInput(t, 2, "on")
	state(drivers.ArmDown, drivers.PresenceClear, false)
	do("Raise", relay.Raise, nil)
	b.Expect(t, "coil 0 on", "coil 0 off")
	b.SetInput(t, 2, "off")
	b.SetInput(t, 1, "on")
	b.SetInput(t, 0, "on")
	state(drivers.ArmUp, drivers.PresenceOccupied, false)
	do("Lower on a car", relay.Lower, drivers.ErrRefused)
	b.SetInput(t, 0, "off")
	do("Lower", relay.Lower, nil)
	b.Expect(t, "coil 1 on", "coil 1 off")
	do("Hold", relay.Hold, nil)
	b.Expect(t, "coil 0 on")
	state(drivers.ArmUp, drivers.PresenceClear, true)
	do("Raise while held", relay.Raise, nil)
	do("Lower while held", relay.Lower, drivers.ErrRefused)
	do("Release", relay.Release, nil)
	b.Expect(t, "coil 0 off")
	state(drivers.ArmUp, drivers.PresenceClear, false)
}

func TestIndependentBoardRefusesWhatItDoesNotHave(t *testing.T) {
	b := newPeer(t)
	line, err := rs485.Open(b.Link, nil)
	if err != nil {
		t.Fatal(err)
	}
	background(t, line.Run)
	relay, err := gate.NewRelay(gate.Config{Device: "G1", Bus: line, Options: gate.RelayOptions{Open: 99}})
	if err != nil {
		t.Fatal(err)
	}
	if err := relay.Raise(timed(t)); !errors.Is(err, drivers.ErrRefused) {
		t.Errorf("Raise of relay 99 of 16 = %v, want drivers.ErrRefused", err)
	}
}
