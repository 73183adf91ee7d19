package huaxia_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
	"parkagent/drivers/camera/huaxia"
	"parkagent/drivers/camera/reply"
	"parkagent/drivers/display"
	"parkagent/drivers/sim/led"
)

func TestAPanelBehindTheCameraShowsWhatTheAnswerCarries(t *testing.T) {
	for _, encoding := range []huaxia.Encoding{huaxia.EncodingHex, huaxia.EncodingBase64} {
		synctest.Test(t, func(t *testing.T) {
			var panel *display.Panel
			l := newLane(t, huaxia.Config{Options: huaxia.Options{Encoding: encoding}}, func(ctx context.Context, _ *reply.Gate, rec drivers.Recognition) {
				if err := panel.Show(ctx, drivers.Screen{Lines: []drivers.Line{{Text: rec.Plate}, {Text: "请缴费"}}}); err != nil {
					t.Errorf("Show = %v", err)
				}
			})
			opt, err := display.ParseHuaxiaOptions(map[string]any{"lines": int64(2)})
			if err != nil {
				t.Fatal(err)
			}
			if panel, err = display.New(display.Config{Device: "L1", Carrier: l.camera.Serial(), Options: opt}); err != nil {
				t.Fatal(err)
			}
			board := led.NewHuaxia(0x64, 2)
			l.sim.OnSerial = board.Feed
			if answer := l.push(t, car); answer.Opened {
				t.Errorf("answer = %+v, want not opened", answer)
			}
			if diff := cmp.Diff([]string{car.Plate, "请缴费"}, board.Lines()); diff != "" {
				t.Errorf("%s: the panel shows (-want +got):\n%s", encoding, diff)
			}
		})
	}
}
