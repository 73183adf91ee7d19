package traffic

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parkagent/drivers"
)

// realTimes are those of an event seen on the wire of a camera at UTC+7: what it
// calls UTC is its own clock.
const realTimes = `"LocaleTime":"2024-01-30 14:34:55","RealUTC":1706600095,"TimeZone":12,"UTC":1706625295,"UTCMS":305`

func TestPartBecomesClaims(t *testing.T) {
	bangkok := time.FixedZone("", 7*3600)
	at := time.Date(2024, 1, 30, 7, 34, 55, 305e6, time.UTC)
	managed := func(data string) string { return "Code=TrafficJunction;action=Pulse;index=0;data={" + data + "}" }
	blue := drivers.Recognition{Plate: "粤B12345", Color: drivers.ColorBlue, Size: drivers.SizeSmall, At: at}
	with := func(edit func(*drivers.Recognition)) []drivers.Recognition {
		r := blue
		edit(&r)
		return []drivers.Recognition{r}
	}
	const plate = `"TrafficCar":{"PlateNumber":"粤B12345","PlateColor":"Blue"}`
	tests := []struct {
		name, text string
		want       []drivers.Recognition
	}{
		{"a heartbeat", "Heartbeat\r\n", nil},
		{"nothing", "\r\n", nil},
		{"an event of eventManager", managed(plate + "," + realTimes), []drivers.Recognition{blue}},
		{"its plate as that of the object", managed(`"Object":{"Text":"粤B12345","Confidence":160},"TrafficCar":{"PlateColor":"Blue"},` + realTimes), with(func(r *drivers.Recognition) { r.Confidence = 62 })},
		{"without the real time", managed(plate + `,"LocaleTime":"2024-01-30 14:34:55"`), with(func(r *drivers.Recognition) { r.At = r.At.Truncate(time.Second) })},
		{"with the time of its own clock only", managed(plate + `,"UTC":1706625295,"UTCMS":305`), []drivers.Recognition{blue}},
		{"without any time", managed(plate), with(func(r *drivers.Recognition) { r.At = time.Time{} })},
		{"the end of an event", "Code=TrafficJunction;action=Stop;index=0;data={" + plate + "}", nil},
		{"an event of another code", "Code=VideoMotion;action=Start;index=0;data={}", nil},
		{"an event without data", "Code=VideoMotion;action=Start;index=0", nil},
		{"an event of another channel", "Code=TrafficJunction;action=Pulse;index=1;data={" + plate + "}", nil},
		{"a bicycle", managed(`"CommInfo":{"SnapCategory":"NonMotor"},"TrafficCar":{"PlateNumber":""},` + realTimes), nil},
		{"a car without a plate", managed(`"CommInfo":{"SnapCategory":"Motor"},"TrafficCar":{"PlateNumber":""},` + realTimes), []drivers.Recognition{{At: at}}},
		{"an event of snapManager", "Events[0].EventBaseInfo.Code=TrafficJunction\r\nEvents[0].TrafficCar.PlateNumber=粤B12345\r\nEvents[0].TrafficCar.PlateColor=Blue\r\nEvents[0].RealUTC=1706600095\r\nEvents[0].UTCMS=305\r\n", []drivers.Recognition{blue}},
		{"two events, one of another code", "Events[0].Code=VideoMotion\nEvents[1].Code=TrafficJunction\nEvents[1].Object.Text=粤B12345\nEvents[1].TrafficCar.PlateColor=Blue\nEvents[1].RealUTC=1706600095\nEvents[1].UTCMS=305", []drivers.Recognition{blue}},
		{"events under the other name", "ReturnEvents[0].Code=TrafficJunction\nReturnEvents[0].TrafficCar.PlateNumber=粤B12345\nReturnEvents[0].TrafficCar.PlateColor=Blue\nReturnEvents[0].RealUTC=1706600095\nReturnEvents[0].UTCMS=305", []drivers.Recognition{blue}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			events, err := Part([]byte(tt.text), 1, bangkok)
			if err != nil {
				t.Fatal(err)
			}
			var got []drivers.Recognition
			for _, ev := range events {
				got = append(got, ev.Rec)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(drivers.Recognition{}, "ID")); diff != "" {
				t.Errorf("claims differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPicturesAreCutOutOfTheirPart(t *testing.T) {
	jpeg := func(n byte) []byte { return []byte{0xFF, 0xD8, 0xFF, 0xE0, 0, 3, n, 0xFF, 0xD9} }
	part := bytes.Join([][]byte{jpeg(1), jpeg(2), jpeg(3)}, nil) // 9 bytes each
	pic := func(kind drivers.PictureKind, jpeg []byte) drivers.Picture {
		return drivers.Picture{Kind: kind, JPEG: jpeg}
	}
	tests := []struct {
		name string
		cuts cuts
		want []drivers.Picture
	}{
		{"all three", cuts{scene: cut{0, 9}, plate: cut{9, 9}, vehicle: cut{18, 9}},
			[]drivers.Picture{pic(drivers.PictureScene, jpeg(1)), pic(drivers.PictureScene, jpeg(3)), pic(drivers.PicturePlate, jpeg(2))}},
		{"no cuts are told", cuts{}, []drivers.Picture{pic(drivers.PictureScene, jpeg(1))}},
		{"a cut beyond the part", cuts{scene: cut{0, 9}, plate: cut{20, 9}}, []drivers.Picture{pic(drivers.PictureScene, jpeg(1))}},
		{"a cut before the part", cuts{scene: cut{-9, 9}}, []drivers.Picture{pic(drivers.PictureScene, jpeg(1))}},
		{"a length that turns over", cuts{scene: cut{9, 1<<63 - 1}}, []drivers.Picture{pic(drivers.PictureScene, jpeg(1))}},
		{"a cut that is no picture", cuts{scene: cut{1, 9}, plate: cut{18, 9}},
			[]drivers.Picture{pic(drivers.PictureScene, jpeg(1)), pic(drivers.PicturePlate, jpeg(3))}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.cuts.from(part)); diff != "" {
				t.Errorf("pictures differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPartOfAnotherLengthIsAnotherEvents(t *testing.T) {
	told := cuts{scene: cut{0, 100}, plate: cut{100, 20}}
	tests := []struct {
		name   string
		cuts   cuts
		length int
		want   bool
	}{
		{"as long as told", told, 120, true},
		{"with its line break", told, 122, true},
		{"longer", told, 123, false},
		{"shorter", told, 119, false},
		{"nothing is told", cuts{}, 1, true},
		{"a length that turns over", cuts{scene: cut{1 << 62, 1 << 62}}, 120, false},
	}
	for _, tt := range tests {
		if got := (&Event{cuts: tt.cuts}).Fits(make([]byte, tt.length)); got != tt.want {
			t.Errorf("%s: Fits = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func FuzzPart(f *testing.F) {
	f.Add([]byte("Heartbeat"))
	f.Add([]byte(`Code=TrafficJunction;action=Pulse;index=0;data={"TrafficCar":{"PlateNumber":"粤B12345"},` + realTimes + `}`))
	f.Add([]byte("Events[0].Code=TrafficJunction\r\nEvents[0].TrafficCar.PlateNumber=粤B12345\r\nEvents[0].SceneImage.Offset=2\r\nEvents[0].SceneImage.Length=4\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		events, err := Part(text, 1, shanghai)
		if err != nil {
			blamesTheSender(t, err)
		}
		for _, ev := range events {
			ev.Rec.Pictures = ev.Cut([]byte{0xFF, 0xD8, 0xFF, 0xD8, 0xFF, 0xD9})
			plausible(t, ev)
		}
	})
}
