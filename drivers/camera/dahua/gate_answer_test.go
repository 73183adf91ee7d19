package dahua_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera/dahua"
	"parkagent/drivers/drivertest"
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

func TestACommandToCloseThatIsLateIsNotDone(t *testing.T) {
	for name, opt := range map[string]dahua.GateOptions{"strobe": strobe, "outputs": outputs} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, ctx context.Context) {
				gate, device := newGate(t, opt, false)
				device.SetInput(1, true) // clear for the outputs, and none for the strobe
				if _, err := gate.State(ctx); err != nil {
					t.Fatal(err)
				}
				device.SetInputTime(300 * time.Millisecond)
				device.SetCommandTime(300 * time.Millisecond)
				if err := gate.Lower(ctx); !errors.Is(err, drivers.ErrOffline) {
					t.Errorf("Lower = %v, want drivers.ErrOffline", err)
				}
				if _, lowered := device.Moves(); lowered != 0 {
					t.Error("a command to close was done 600ms after the reading that allowed it")
				}
			})
		})
	}
}

func TestAHeldGateThatLostItsContactIsNotLowered(t *testing.T) {
	in(t, func(t *testing.T, ctx context.Context) {
		gate, device := newGate(t, outputs, false)
		device.SetInput(1, true) // clear
		if err := gate.Hold(ctx); err != nil {
			t.Fatal(err)
		}
		device.SetOutput(0, false)
		if err := gate.Lower(ctx); !errors.Is(err, drivers.ErrRefused) {
			t.Errorf("Lower = %v, want drivers.ErrRefused", err)
		}
		if _, lowered := device.Moves(); lowered != 0 {
			t.Error("a gate that is to be held was lowered")
		}
	})
}

func TestAnOutputThatMayNotBeSwitchedOffIsNoRefusal(t *testing.T) {
	in(t, func(t *testing.T, ctx context.Context) {
		gate, device := newGate(t, outputs, false)
		time.AfterFunc(100*time.Millisecond, func() { device.SetFaults(simdahua.Faults{Refusing: true}) })
		err := gate.Raise(ctx)
		if !errors.Is(err, drivers.ErrOffline) || errors.Is(err, drivers.ErrRefused) {
			t.Errorf("Raise = %v, want drivers.ErrOffline alone: the barrier did open", err)
		}
	})
}

func TestFirstContactWithAGateAtRestWritesNothing(t *testing.T) {
	in(t, func(t *testing.T, ctx context.Context) {
		gate, device := newGate(t, outputs, false)
		device.SetFaults(simdahua.Faults{LostOutputs: 1}) // would be noticed
		if _, err := gate.State(ctx); err != nil || device.Asked() != 4 {
			t.Errorf("State = %v after %d calls, want 4: a challenge, outputs, inputs, outputs", err, device.Asked())
		}
	})
}

func TestAnErrorWithTheStatusOfASuccessIsARefusal(t *testing.T) {
	in(t, func(t *testing.T, ctx context.Context) {
		cam := newCamera(t, dahua.Config{BaseURL: "http://camera", Client: drivertest.NewWeb(t, http.HandlerFunc(
			func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "Error\r\nBad Request!\r\n") }))})
		gate, err := dahua.NewGate(dahua.GateConfig{Device: "G1", Camera: cam, Options: strobe})
		if err != nil {
			t.Fatal(err)
		}
		if err := gate.Raise(ctx); !errors.Is(err, drivers.ErrRefused) || errors.Is(err, drivers.ErrOffline) {
			t.Errorf("Raise = %v, want drivers.ErrRefused", err)
		}
	})
}

func TestARefusedHoldIsNoneAndASecondWritesNothing(t *testing.T) {
	in(t, func(t *testing.T, ctx context.Context) {
		gate, device := newGate(t, outputs, false)
		device.SetInput(1, true) // clear
		if _, err := gate.State(ctx); err != nil {
			t.Fatal(err)
		}
		device.SetFaults(simdahua.Faults{Refusing: true})
		if err := gate.Hold(ctx); !errors.Is(err, drivers.ErrRefused) {
			t.Errorf("Hold = %v, want drivers.ErrRefused", err)
		}
		device.SetFaults(simdahua.Faults{})
		if err := gate.Lower(ctx); err != nil {
			t.Errorf("Lower after a hold that was refused = %v, want nil", err)
		}
		if err := gate.Hold(ctx); err != nil {
			t.Fatal(err)
		}
		before := device.Asked()
		if err := gate.Hold(ctx); err != nil || device.Asked() != before+1 {
			t.Errorf("a second Hold = %v with %d calls, want one that asks for the outputs", err, device.Asked()-before)
		}
	})
}

func TestWhoOnlyLooksLeavesTheOutputsAsTheyAre(t *testing.T) {
	in(t, func(t *testing.T, ctx context.Context) {
		_, device := newGate(t, outputs, false)
		device.SetInput(1, true)  // clear
		device.SetOutput(0, true) // the agent holds the gate open
		device.SetOutput(1, true)
		cam := newCamera(t, dahua.Config{BaseURL: "http://camera", User: "admin", Password: "right", Client: drivertest.NewWeb(t, device)})
		gate, err := dahua.NewGate(dahua.GateConfig{Device: "G1", Camera: cam, Options: outputs, AsFound: true})
		if err != nil {
			t.Fatal(err)
		}
		raised, lowered := device.Moves()
		if err := gate.Raise(ctx); err != nil {
			t.Errorf("Raise of a held gate = %v", err)
		}
		if s, err := gate.State(ctx); err != nil || !s.HoldOpen || s.Fault != drivers.FaultContact {
			t.Errorf("State = %+v, %v; want it held open, and a contact that should be off", s, err)
		}
		if err := gate.Lower(ctx); !errors.Is(err, drivers.ErrRefused) {
			t.Errorf("Lower of a held gate = %v, want drivers.ErrRefused", err)
		}
		if r, l := device.Moves(); r != raised || l != lowered || !device.Output(0) || !device.Output(1) {
			t.Errorf("outputs are %v and %v, want both on as before", device.Output(0), device.Output(1))
		}
		if err := gate.Release(ctx); err != nil || device.Output(0) {
			t.Errorf("Release = %v, output on %v; want it off", err, device.Output(0))
		}
	})
}
