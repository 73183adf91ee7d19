package dahua_test

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parkagent/drivers"
	"parkagent/drivers/camera/dahua"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/sim"
	simdahua "parkagent/drivers/sim/dahua"
)

func TestWhatACameraIsFoundToBe(t *testing.T) {
	fine := func(topic drivers.Topic, value string) drivers.Finding {
		return drivers.Finding{Topic: topic, Value: value}
	}
	at := func(level drivers.Level, topic drivers.Topic, value string) drivers.Finding {
		return drivers.Finding{Topic: topic, Level: level, Value: value}
	}
	unheard := at(drivers.LevelOdd, drivers.TopicHeard, "")
	small := at(drivers.LevelOdd, drivers.TopicPicture, strconv.Itoa(len(sim.ScenePicture("", 0))))
	all := func(edit func(map[drivers.Topic]drivers.Finding)) []drivers.Finding {
		list := map[drivers.Topic]drivers.Finding{}
		var order []drivers.Topic
		for _, f := range []drivers.Finding{
			fine(drivers.TopicReach, "camera"), fine(drivers.TopicModel, "ITC413-PW4D-IZ1"), fine(drivers.TopicLogin, ""),
			fine(drivers.TopicClock, "+0.5s"), small, fine(drivers.TopicGateList, ""), unheard,
		} {
			list[f.Topic] = f
			order = append(order, f.Topic)
		}
		edit(list)
		var out []drivers.Finding
		for _, topic := range order {
			out = append(out, list[topic])
		}
		return out
	}
	tests := []struct {
		name     string
		device   *simdahua.Camera
		faults   simdahua.Faults
		control  []string
		password string
		clock    time.Duration // ours ahead of the camera's
		want     []drivers.Finding
	}{
		{name: "a camera that is well", want: all(func(map[drivers.Topic]drivers.Finding) {})},
		{name: "its own list opens", control: []string{"TrafficTrustList", "Order"}, want: all(func(l map[drivers.Topic]drivers.Finding) {
			l[drivers.TopicGateList] = at(drivers.LevelWrong, drivers.TopicGateList, "TrafficTrustList")
		})},
		{name: "its clock is slow", clock: 10 * time.Second, want: all(func(l map[drivers.Topic]drivers.Finding) {
			l[drivers.TopicClock] = at(drivers.LevelOdd, drivers.TopicClock, "-9.5s")
		})},
		{name: "its clock is wrong", clock: time.Hour, want: all(func(l map[drivers.Topic]drivers.Finding) {
			l[drivers.TopicClock] = at(drivers.LevelWrong, drivers.TopicClock, "-3599.5s")
		})},
		{name: "its picture is none", faults: simdahua.Faults{TinyShot: true}, want: all(func(l map[drivers.Topic]drivers.Finding) {
			l[drivers.TopicPicture] = at(drivers.LevelOdd, drivers.TopicPicture, "")
		})},
		{name: "it is silent", faults: simdahua.Faults{Silent: true}, want: []drivers.Finding{at(drivers.LevelWrong, drivers.TopicReach, "camera"), unheard}},
		{name: "its password is another", password: "wrong", want: []drivers.Finding{
			fine(drivers.TopicReach, "camera"), at(drivers.LevelWrong, drivers.TopicLogin, ""), unheard,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				device := &simdahua.Camera{User: "admin", Password: "right"}
				device.SetFaults(tt.faults)
				if tt.control != nil {
					device.SetControl(tt.control...)
				}
				if tt.password == "" {
					tt.password = "right"
				}
				cam := newCamera(t, dahua.Config{
					BaseURL: "http://camera", User: "admin", Password: tt.password, Client: drivertest.NewWeb(t, device),
					Now: func() time.Time { return time.Now().Add(tt.clock) },
				})
				got := cam.Diagnose(t.Context())
				if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(drivers.Finding{}, "Err")); diff != "" {
					t.Errorf("findings differ (-want +got):\n%s", diff)
				}
				if raised, lowered := device.Moves(); raised+lowered != 0 || device.Output(0) || device.Output(1) {
					t.Error("the barrier was moved")
				}
			})
		})
	}
}

func TestWhatAGateIsFoundToBe(t *testing.T) {
	in(t, func(t *testing.T, _ context.Context) {
		gate, device := newGate(t, outputs, false)
		device.SetOutput(1, true)
		want := []drivers.Finding{
			{Topic: drivers.TopicRelays, Level: drivers.LevelWrong, Value: "2"},
			{Topic: drivers.TopicInputs, Value: "presence occupied, passage not fitted"},
		}
		if diff := cmp.Diff(want, gate.Diagnose(t.Context())); diff != "" {
			t.Errorf("findings differ (-want +got):\n%s", diff)
		}
		if !device.Output(1) {
			t.Error("an output was switched off")
		}
		device.SetFaults(simdahua.Faults{Cut: true})
		for _, f := range gate.Diagnose(t.Context()) {
			if f.Level != drivers.LevelWrong || f.Err == nil {
				t.Errorf("finding of a camera that hangs up = %+v, want it wrong", f)
			}
		}
	})
}

func TestAStrobeWithoutInputsIsFoundByItsCamera(t *testing.T) {
	in(t, func(t *testing.T, _ context.Context) {
		gate, _ := newGate(t, dahua.GateOptions{}, false)
		want := []drivers.Finding{{Topic: drivers.TopicReach, Value: "camera"}}
		if diff := cmp.Diff(want, gate.Diagnose(t.Context())); diff != "" {
			t.Errorf("findings differ (-want +got):\n%s", diff)
		}
	})
}
