package vzenith_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
	"parkagent/drivers/camera/reply"
	"parkagent/drivers/camera/vzenith"
	"parkagent/drivers/display"
	"parkagent/drivers/sim"
)

func TestAPanelBehindTheCameraShowsWhatTheAnswerCarries(t *testing.T) {
	var panel *display.Panel
	l := newLane(t, vzenith.Config{}, func(ctx context.Context, g *reply.Gate, rec drivers.Recognition) {
		text := drivers.Screen{Lines: []drivers.Line{{Text: rec.Plate}, {Text: "请入场停车", Color: drivers.Green}}, Voice: "欢迎光临"}
		if err := panel.Show(ctx, text); err != nil {
			t.Errorf("Show = %v", err)
		}
		if err := g.RaiseFor(ctx, rec.ID); err != nil {
			t.Errorf("RaiseFor = %v", err)
		}
	})
	opt, err := display.ParseFangkongOptions(map[string]any{"lines": int64(2)})
	if err != nil {
		t.Fatal(err)
	}
	if panel, err = display.New(display.Config{Device: "L1", Carrier: l.camera.Serial(1), Options: opt}); err != nil {
		t.Fatal(err)
	}
	board := sim.NewLEDBoard(0, 2)
	l.sim.OnSerial = func(port int, frame []byte) {
		if port == 1 {
			board.Feed(frame)
		}
	}
	if answer := l.push(t, car); !answer.Opened {
		t.Errorf("answer = %+v, want opened", answer)
	}
	if diff := cmp.Diff([]string{car.Plate, "请入场停车"}, board.Lines()); diff != "" {
		t.Errorf("the panel shows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"欢迎光临"}, board.Spoken()); diff != "" {
		t.Errorf("the panel said (-want +got):\n%s", diff)
	}
}
