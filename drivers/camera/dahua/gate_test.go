package dahua_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera/dahua"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/sim"
	simdahua "parkagent/drivers/sim/dahua"
)

// newGate returns a gate at a simulated camera.
func newGate(t *testing.T, opt dahua.GateOptions, held bool) (*dahua.Gate, *simdahua.Camera) {
	t.Helper()
	device := &simdahua.Camera{User: "admin", Password: "right"}
	cam := newCamera(t, dahua.Config{BaseURL: "http://camera", User: "admin", Password: "right", Client: drivertest.NewWeb(t, device)})
	gate, err := dahua.NewGate(dahua.GateConfig{Device: "G1", Camera: cam, Options: opt, Held: held})
	if err != nil {
		t.Fatal(err)
	}
	return gate, device
}

var (
	strobe  = dahua.GateOptions{Presence: &dahua.Input{Number: 1}}
	between = dahua.GateOptions{Presence: &dahua.Input{Number: 1}, Passage: &dahua.Input{Number: 2}}
	outputs = dahua.GateOptions{Means: dahua.MeansOutput, Open: 1, Close: 2, Presence: &dahua.Input{Number: 2, ActiveLow: true}}
)

// faults break the web side in every way that is not about outputs.
func faults(device *simdahua.Camera) []drivertest.GateFault {
	var list []drivertest.GateFault
	for _, f := range []struct {
		name   string
		faults simdahua.Faults
		want   error
	}{
		{"silence", simdahua.Faults{Silent: true}, drivers.ErrOffline},
		{"connections that are cut", simdahua.Faults{Cut: true}, drivers.ErrOffline},
		{"refusal", simdahua.Faults{Refusing: true}, drivers.ErrRefused},
		{"noise", simdahua.Faults{Garbage: true}, drivers.ErrOffline},
		{"a busy camera", simdahua.Faults{Busy: true}, drivers.ErrOffline},
	} {
		list = append(list, drivertest.GateFault{Name: f.name, Want: f.want, Set: func(on bool) {
			if on {
				device.SetFaults(f.faults)
			} else {
				device.SetFaults(simdahua.Faults{})
			}
		}})
	}
	return list
}

func TestTheStrobeKeepsTheGateContract(t *testing.T) {
	drivertest.GateInBubble(t, func(t *testing.T) drivertest.GateRig {
		gate, device := newGate(t, between, false)
		return drivertest.GateRig{
			Gate:        gate,
			Raised:      func() int { raised, _ := device.Moves(); return raised },
			Lowered:     func() int { _, lowered := device.Moves(); return lowered },
			SetPresence: func(occupied bool) { device.SetInput(0, occupied) },
			SetPassage:  func(occupied bool) { device.SetInput(1, occupied) },
			Stale:       slowInputs(device),
			Faults:      faults(device),
		}
	})
}

// slowInputs makes what the inputs say half a second old and more.
func slowInputs(device *simdahua.Camera) func(bool) {
	return func(on bool) {
		if on {
			device.SetInputTime(600 * time.Millisecond)
		} else {
			device.SetInputTime(0)
		}
	}
}

func TestTheOutputsKeepTheGateContract(t *testing.T) {
	drivertest.GateInBubble(t, func(t *testing.T) drivertest.GateRig {
		gate, device := newGate(t, outputs, false)
		device.SetInput(1, true) // clear, as it is wired
		return drivertest.GateRig{
			Gate:        gate,
			Raised:      func() int { raised, _ := device.Moves(); return raised },
			Lowered:     func() int { _, lowered := device.Moves(); return lowered },
			HeldOpen:    func() bool { return device.Output(0) },
			SetPresence: func(occupied bool) { device.SetInput(1, !occupied) },
			Stale:       slowInputs(device),
			Faults: append(faults(device), drivertest.GateFault{Name: "answers that are lost", Set: func(on bool) {
				if on {
					device.SetFaults(simdahua.Faults{DeafOutputs: 1})
				} else {
					device.SetFaults(simdahua.Faults{})
				}
			}}),
		}
	})
}

func TestTheStrobeWithAHoldOutputKeepsTheGateContract(t *testing.T) {
	drivertest.GateInBubble(t, func(t *testing.T) drivertest.GateRig {
		opt := strobe
		opt.Hold = 2
		gate, device := newGate(t, opt, false)
		return drivertest.GateRig{
			Gate:        gate,
			Raised:      func() int { raised, _ := device.Moves(); return raised },
			HeldOpen:    func() bool { return device.Output(1) },
			SetPresence: func(occupied bool) { device.SetInput(0, occupied) },
			Faults:      faults(device),
		}
	})
}

// in runs test in a bubble with a command's time.
func in(t *testing.T, test func(t *testing.T, ctx context.Context)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		test(t, ctx)
	})
}

func TestAnOutputIsOnForItsTimeAndOffAgain(t *testing.T) {
	in(t, func(t *testing.T, ctx context.Context) {
		gate, device := newGate(t, outputs, false)
		start := time.Now()
		done := make(chan error, 1)
		go func() { done <- gate.Raise(ctx) }()
		<-time.After(499 * time.Millisecond)
		if !device.Output(0) {
			t.Error("output is off within its time")
		}
		if err := <-done; err != nil || time.Since(start) != 500*time.Millisecond || device.Output(0) {
			t.Errorf("Raise = %v after %v, output on %v; want it off after 500ms", err, time.Since(start), device.Output(0))
		}
	})
}

func TestAnOutputIsSwitchedOffWhateverHappens(t *testing.T) {
	t.Run("the caller has no time left", func(t *testing.T) {
		in(t, func(t *testing.T, _ context.Context) {
			gate, device := newGate(t, outputs, false)
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			if err := gate.Raise(ctx); !errors.Is(err, drivers.ErrOffline) {
				t.Errorf("Raise that is cut short = %v, want drivers.ErrOffline", err)
			}
			if device.Output(0) {
				t.Error("output stayed on")
			}
		})
	})
	t.Run("commands are lost", func(t *testing.T) {
		in(t, func(t *testing.T, ctx context.Context) {
			gate, device := newGate(t, outputs, false)
			done := make(chan error, 1)
			go func() { done <- gate.Raise(ctx) }()
			<-time.After(100 * time.Millisecond)
			device.SetFaults(simdahua.Faults{LostOutputs: 3})
			if err := <-done; err != nil || device.Output(0) {
				t.Errorf("Raise = %v, output on %v; want it off at the fourth try", err, device.Output(0))
			}
		})
	})
	t.Run("it could not be switched off then", func(t *testing.T) {
		in(t, func(t *testing.T, ctx context.Context) {
			gate, device := newGate(t, outputs, false)
			done := make(chan error, 1)
			go func() { done <- gate.Raise(ctx) }()
			<-time.After(100 * time.Millisecond)
			device.SetFaults(simdahua.Faults{LostOutputs: 100})
			if err := <-done; !errors.Is(err, drivers.ErrOffline) || errors.Is(err, drivers.ErrRefused) || !device.Output(0) {
				t.Errorf("Raise = %v, output on %v; want drivers.ErrOffline and it on", err, device.Output(0))
			}
			device.SetFaults(simdahua.Faults{})
			if s, err := gate.State(ctx); err != nil || s.HoldOpen || device.Output(0) {
				t.Errorf("State = %+v, %v, output on %v; want it off", s, err, device.Output(0))
			}
		})
	})
	t.Run("it was on at the start", func(t *testing.T) {
		in(t, func(t *testing.T, ctx context.Context) {
			gate, device := newGate(t, outputs, false)
			device.SetOutput(0, true)
			if s, err := gate.State(ctx); err != nil || s.HoldOpen || device.Output(0) {
				t.Errorf("State = %+v, %v, output on %v; want it off", s, err, device.Output(0))
			}
		})
	})
}

func TestACommandThatWasLostIsSentOnceMoreToOpenAndNeverToClose(t *testing.T) {
	in(t, func(t *testing.T, ctx context.Context) {
		gate, device := newGate(t, outputs, false)
		device.SetInput(1, true)
		device.SetFaults(simdahua.Faults{LostOutputs: 1})
		if err := gate.Raise(ctx); err != nil {
			t.Errorf("Raise whose first command is lost = %v, want nil", err)
		}
		if _, err := gate.State(ctx); err != nil {
			t.Fatal(err)
		}
		device.SetFaults(simdahua.Faults{LostOutputs: 1})
		if err := gate.Lower(ctx); !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("Lower whose command is lost = %v, want drivers.ErrOffline", err)
		}
		if raised, lowered := device.Moves(); raised != 1 || lowered != 0 {
			t.Errorf("%d commands to open, %d to close; want 1 and 0", raised, lowered)
		}
	})
}

func TestACommandToCloseWhoseAnswerWasLostIsSeenToHaveArrived(t *testing.T) {
	in(t, func(t *testing.T, ctx context.Context) {
		gate, device := newGate(t, outputs, false)
		device.SetInput(1, true)
		device.SetFaults(simdahua.Faults{DeafOutputs: 1})
		if err := gate.Lower(ctx); err != nil || device.Output(1) {
			t.Errorf("Lower = %v, output on %v; want nil and off", err, device.Output(1))
		}
		if _, lowered := device.Moves(); lowered != 1 {
			t.Errorf("%d commands to close, want 1", lowered)
		}
	})
}

func TestAHoldSurvivesARestart(t *testing.T) {
	in(t, func(t *testing.T, ctx context.Context) {
		gate, device := newGate(t, outputs, true)
		device.SetOutput(0, true)
		before, _ := device.Moves()
		s, err := gate.State(ctx)
		if err != nil || !s.HoldOpen || !device.Output(0) {
			t.Errorf("State = %+v, %v; want it held open still", s, err)
		}
		if err := gate.Lower(ctx); !errors.Is(err, drivers.ErrRefused) {
			t.Errorf("Lower = %v, want drivers.ErrRefused", err)
		}
		device.SetOutput(0, false) // the camera lost its power meanwhile
		if err := gate.Raise(ctx); err != nil || !device.Output(0) {
			t.Errorf("Raise of a held gate = %v, output on %v; want it on again", err, device.Output(0))
		}
		if raised, _ := device.Moves(); raised != before+1 {
			t.Errorf("%d commands to open, want 1", raised-before)
		}
	})
}

func TestWhoMayLower(t *testing.T) {
	two := &dahua.Input{Number: 2}
	tests := []struct {
		name  string
		opt   dahua.GateOptions
		input int // that is on; -1: none
		want  error
	}{
		{"nothing is wired", dahua.GateOptions{}, -1, drivers.ErrRefused},
		{"the barrier guards itself", dahua.GateOptions{SelfGuarded: true}, -1, nil},
		{"the barrier guards itself, and the input is occupied", dahua.GateOptions{SelfGuarded: true, Presence: &dahua.Input{Number: 1}}, 0, drivers.ErrRefused},
		{"the barrier guards itself, and a car drives through", dahua.GateOptions{SelfGuarded: true, Passage: two}, 1, drivers.ErrRefused},
		{"only a passage input is wired", dahua.GateOptions{Passage: two}, -1, drivers.ErrRefused},
		{"a car drives through", dahua.GateOptions{Presence: &dahua.Input{Number: 1}, Passage: two}, 1, drivers.ErrRefused},
		{"both inputs are clear", dahua.GateOptions{Presence: &dahua.Input{Number: 1}, Passage: two}, -1, nil},
		{"no output closes", dahua.GateOptions{Means: dahua.MeansOutput, SelfGuarded: true}, -1, drivers.ErrRefused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in(t, func(t *testing.T, ctx context.Context) {
				gate, device := newGate(t, tt.opt, false)
				if tt.input >= 0 {
					device.SetInput(tt.input, true)
				}
				err := gate.Lower(ctx)
				if !errors.Is(err, tt.want) {
					t.Errorf("Lower = %v, want %v", err, tt.want)
				}
				if _, lowered := device.Moves(); (lowered == 1) != (tt.want == nil) {
					t.Errorf("%d commands to close with error %v", lowered, err)
				}
			})
		})
	}
}

func TestAReadingThatTookTooLongLowersNothing(t *testing.T) {
	in(t, func(t *testing.T, ctx context.Context) {
		gate, device := newGate(t, strobe, false)
		device.SetInputTime(600 * time.Millisecond)
		start := time.Now()
		if err := gate.Lower(ctx); !errors.Is(err, drivers.ErrRefused) || !errors.Is(err, drivers.ErrOffline) || time.Since(start) != 500*time.Millisecond {
			t.Errorf("Lower by an old reading = %v after %v, want drivers.ErrRefused and drivers.ErrOffline after 500ms", err, time.Since(start))
		}
		if _, lowered := device.Moves(); lowered != 0 {
			t.Errorf("%d commands to close by an old reading", lowered)
		}
	})
}

func TestACarThatComesBetweenTheTwoReadingsIsSeen(t *testing.T) {
	in(t, func(t *testing.T, ctx context.Context) {
		gate, device := newGate(t, strobe, false)
		device.SetInputTime(100 * time.Millisecond)
		done := make(chan error, 1)
		go func() { done <- gate.Lower(ctx) }()
		<-time.After(50 * time.Millisecond) // the first answer is on its way
		device.SetInput(0, true)
		if err := <-done; !errors.Is(err, drivers.ErrRefused) {
			t.Errorf("Lower = %v, want drivers.ErrRefused", err)
		}
	})
}

func TestAHoldThatSomebodyElseMadeIsNotEndedByLower(t *testing.T) {
	in(t, func(t *testing.T, ctx context.Context) {
		opt := strobe
		opt.Hold = 2
		gate, device := newGate(t, opt, false)
		device.SetOutput(1, true)
		_, before := device.Moves()
		if err := gate.Lower(ctx); !errors.Is(err, drivers.ErrRefused) {
			t.Errorf("Lower = %v, want drivers.ErrRefused", err)
		}
		if _, lowered := device.Moves(); lowered != before || !device.Output(1) {
			t.Errorf("%d commands to close, hold output on %v", lowered-before, device.Output(1))
		}
	})
}

func TestTheStrobeHoldsNothing(t *testing.T) {
	in(t, func(t *testing.T, ctx context.Context) {
		gate, _ := newGate(t, strobe, false)
		for name, call := range map[string]func(context.Context) error{"Hold": gate.Hold, "Release": gate.Release} {
			if err := call(ctx); !errors.Is(err, drivers.ErrRefused) {
				t.Errorf("%s = %v, want drivers.ErrRefused", name, err)
			}
		}
	})
}

func TestAnOpeningTellsThePlateOfTheCarThatWasJustSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := watchStream(t, dahua.SourceSnap, simdahua.Faults{})
		gate, err := dahua.NewGate(dahua.GateConfig{Device: "G1", Camera: l.cam, Options: strobe})
		if err != nil {
			t.Fatal(err)
		}
		l.see(t, sim.Sighting{Plate: "粤B12345"})
		for _, want := range []string{"粤B12345", ""} {
			if err := gate.Raise(t.Context()); err != nil {
				t.Fatal(err)
			}
			call := l.device.LastOpening()
			if got := call.Get("info.plateNumber"); got != want || call.Get("info.openType") != "Normal" || call.Get("channel") != "1" {
				t.Errorf("opening = %v, want the plate %q", call, want)
			}
			<-time.After(time.Minute)
		}
	})
}
