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

// eachPeer runs a test with each of the boards that share no code with us.
func eachPeer(t *testing.T, test func(t *testing.T, b *drivertest.Peer)) {
	for name, script := range map[string]string{"pymodbus": "modbus_slave.py", "libmodbus": "modbus_slave.c", "modbus-serial": "modbus_slave.js"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of it is waiting for programs to start
			test(t, drivertest.NewPeer(t, filepath.Join("testdata", script)))
		})
	}
}

func TestRelayWorksIndependentModbusBoards(t *testing.T) { eachPeer(t, worksRelay) }

func worksRelay(t *testing.T, b *drivertest.Peer) {
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

func TestBarrierWorksIndependentModbusDevices(t *testing.T) { eachPeer(t, worksBarrier) }

func worksBarrier(t *testing.T, b *drivertest.Peer) {
	line, err := rs485.Open(b.Link, nil)
	if err != nil {
		t.Fatal(err)
	}
	background(t, line.Run)
	table := native()
	table["presence"] = map[string]any{"kind": "discrete", "address": int64(presenceInput)}
	table["stop"] = map[string]any{"kind": "coil", "address": int64(stopRelay), "pulse": "200ms"}
	opt, err := gate.ParseBarrierOptions(table)
	if err != nil {
		t.Fatal(err)
	}
	barrier, err := gate.NewBarrier(gate.BarrierConfig{Device: "G1", Bus: line, Options: opt})
	if err != nil {
		t.Fatal(err)
	}
	do := func(name string, call func(context.Context) error, want error, says ...string) {
		t.Helper()
		if err := call(timed(t)); !errors.Is(err, want) {
			t.Fatalf("%s = %v, want %v", name, err, want)
		}
		b.Expect(t, says...)
	}
	state := func(arm drivers.Arm, presence drivers.Presence, held bool) {
		t.Helper()
		s, err := barrier.State(timed(t))
		if err != nil || s.Arm != arm || s.Presence != presence || s.HoldOpen != held {
			t.Errorf("State = %v, %v, held %v, %v; want %v, %v, %v", s.Arm, s.Presence, s.HoldOpen, err, arm, presence, held)
		}
	}
	b.SetWord(t, stateRegister, 1)
	state(drivers.ArmDown, drivers.PresenceClear, false)
	do("Raise", barrier.Raise, nil, "register 10 1")
	b.SetWord(t, stateRegister, 2)
	b.SetInput(t, presenceInput, "on")
	state(drivers.ArmUp, drivers.PresenceOccupied, false)
	do("Lower on a car", barrier.Lower, drivers.ErrRefused)
	b.SetInput(t, presenceInput, "off")
	do("Lower", barrier.Lower, nil, "register 10 2")
	do("Stop", barrier.Stop, nil, "coil 3 on", "coil 3 off")
	do("Hold", barrier.Hold, nil, "register 10 4")
	b.SetWord(t, stateRegister+1, 4)
	state(drivers.ArmUp, drivers.PresenceClear, true)
	do("Lower while held", barrier.Lower, drivers.ErrRefused)
	do("Release", barrier.Release, nil, "register 10 5")
}

func TestIndependentBoardsRefuseWhatTheyDoNotHave(t *testing.T) { eachPeer(t, refusesRelay) }

func refusesRelay(t *testing.T, b *drivertest.Peer) {
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
		t.Errorf("Raise of relay 99 of 32 = %v, want drivers.ErrRefused", err)
	}
}
