package dahua_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"parkagent/drivers"
	simdahua "parkagent/drivers/sim/dahua"
)

func TestTheStrobeIsToldOnceMoreToOpenAndNeverToClose(t *testing.T) {
	tests := []struct {
		name   string
		faults simdahua.Faults
		raised int
	}{
		{"the command is lost", simdahua.Faults{LostOutputs: 1}, 1},
		{"the answer is lost", simdahua.Faults{DeafOutputs: 1}, 2},
		{"the camera says nothing", simdahua.Faults{Silent: true}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in(t, func(t *testing.T, ctx context.Context) {
				gate, device := newGate(t, strobe, false)
				device.SetFaults(tt.faults)
				time.AfterFunc(500*time.Millisecond, func() { device.SetFaults(simdahua.Faults{}) })
				if err := gate.Raise(ctx); err != nil {
					t.Errorf("Raise = %v, want nil", err)
				}
				if raised, _ := device.Moves(); raised != tt.raised {
					t.Errorf("%d commands to open, want %d", raised, tt.raised)
				}
			})
		})
	}
	in(t, func(t *testing.T, ctx context.Context) {
		gate, device := newGate(t, strobe, false)
		device.SetFaults(simdahua.Faults{DeafOutputs: 1})
		if err := gate.Lower(ctx); !errors.Is(err, drivers.ErrOffline) || errors.Is(err, drivers.ErrRefused) {
			t.Errorf("Lower whose answer is lost = %v, want drivers.ErrOffline", err)
		}
		if _, lowered := device.Moves(); lowered != 1 {
			t.Errorf("%d commands to close, want 1", lowered)
		}
	})
	in(t, func(t *testing.T, ctx context.Context) {
		gate, device := newGate(t, strobe, false)
		device.SetFaults(simdahua.Faults{Refusing: true})
		before := device.Asked()
		if err := gate.Raise(ctx); !errors.Is(err, drivers.ErrRefused) || device.Asked()-before > 2 { // one of them logs in
			t.Errorf("Raise that is refused = %v after %d calls, want drivers.ErrRefused after one", err, device.Asked()-before)
		}
	})
}

func TestAStateIsAsOldAsItsQuestion(t *testing.T) {
	in(t, func(t *testing.T, ctx context.Context) {
		gate, device := newGate(t, strobe, false)
		device.SetInputTime(200 * time.Millisecond)
		start := time.Now()
		if s, err := gate.State(ctx); err != nil || !s.At.Equal(start) || s.At.Location() != time.UTC {
			t.Errorf("State = %+v, %v; want it of %v", s, err, start)
		}
	})
}

func TestAnOutputThatIsNotAsItShouldBeIsAFault(t *testing.T) {
	in(t, func(t *testing.T, ctx context.Context) {
		gate, device := newGate(t, outputs, false)
		state := func(want drivers.Fault) {
			t.Helper()
			if s, err := gate.State(ctx); err != nil || s.Fault != want {
				t.Errorf("State = %+v, %v; want fault %d", s, err, want)
			}
		}
		state(drivers.FaultNone)
		device.SetOutput(1, true) // which closes
		state(drivers.FaultContact)
		state(drivers.FaultNone)
		if device.Output(1) {
			t.Error("the output that closes stayed on")
		}
		if err := gate.Hold(ctx); err != nil {
			t.Fatal(err)
		}
		state(drivers.FaultNone)
		device.SetOutput(0, false) // the camera lost its power meanwhile
		state(drivers.FaultContact)
		state(drivers.FaultNone)
	})
}
