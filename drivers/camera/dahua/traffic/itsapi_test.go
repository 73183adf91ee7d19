package traffic

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parkagent/drivers"
	"parkagent/drivers/camera"
)

var shanghai = time.FixedZone("", 8*3600)

// golden is a push of ITSAPI V1.19: the keys were seen on the wire, the values
// are for illustration.
const golden = `{"Picture":{"Plate":{"PlateNumber":"粤B12345","PlateColor":"Blue","PlateType":"","Confidence":97,"BoundingBox":[0,0,0,0],"IsExist":true,"Channel":0,"UploadNum":1},
 "SnapInfo":{"SnapTime":"2026-02-06 13:48:24","AccurateTime":"2026-02-06 13:48:24.123","LanNo":1,"Direction":"Obverse","DeviceID":"D1","OpenStrobe":false,"AllowUser":false,"BlockUser":false,"TriggerSource":"Video","TimeZone":8},
 "Vehicle":{"VehicleColor":"White","VehicleType":"SaloonCar","VehicleSign":"","VehicleSeries":"","Speed":0},
 "NormalPic":{"PicName":"a.jpg","Content":"/9j/2Q=="},"CutoutPic":{},"VehiclePic":{}}}`

// smallest is what golden's picture says: a JPEG of nothing.
var smallest = []byte{0xFF, 0xD8, 0xFF, 0xD9}

func goldenCar() drivers.Recognition {
	return drivers.Recognition{
		Plate: "粤B12345", Color: drivers.ColorBlue, Size: drivers.SizeSmall, Confidence: 97, Direction: drivers.DirectionForward,
		At:       time.Date(2026, 2, 6, 5, 48, 24, 123e6, time.UTC),
		Pictures: []drivers.Picture{{Kind: drivers.PictureScene, JPEG: smallest}},
	}
}

func TestPushBecomesAClaim(t *testing.T) {
	edit := func(pairs ...string) string {
		out := golden
		for i := 0; i < len(pairs); i += 2 {
			if !strings.Contains(out, pairs[i]) {
				t.Fatalf("%q is not in the push", pairs[i])
			}
			out = strings.Replace(out, pairs[i], pairs[i+1], 1)
		}
		return out
	}
	two := base64.StdEncoding.EncodeToString(append(append([]byte{}, smallest...), smallest...))
	scene := func(n int) (pics []drivers.Picture) {
		for range n {
			pics = append(pics, drivers.Picture{Kind: drivers.PictureScene, JPEG: smallest})
		}
		return pics
	}
	tests := []struct {
		name string
		body string
		want func(*drivers.Recognition)
	}{
		{"as it stands", golden, func(*drivers.Recognition) {}},
		{"without the exact time", edit(`"AccurateTime":"2026-02-06 13:48:24.123",`, ""), func(r *drivers.Recognition) { r.At = r.At.Truncate(time.Second) }},
		{"with an exact time that is none", edit(`"2026-02-06 13:48:24.123"`, `"0"`), func(r *drivers.Recognition) { r.At = r.At.Truncate(time.Second) }},
		{"milliseconds behind a colon", edit("24.123", "24:123"), func(*drivers.Recognition) {}},
		{"in the zone that it names", edit(`"TimeZone":8`, `"TimeZone":9`), func(r *drivers.Recognition) { r.At = r.At.Add(-time.Hour) }},
		{"in the zone by its place in the list", edit(`"TimeZone":8`, `"TimeZone":13`), func(*drivers.Recognition) {}},
		{"in a zone that nobody set", edit(`"TimeZone":8`, `"TimeZone":0`), func(*drivers.Recognition) {}},
		{"without a zone", edit(`,"TimeZone":8`, ""), func(*drivers.Recognition) {}},
		{"without any time", edit(`"SnapTime":"2026-02-06 13:48:24","AccurateTime":"2026-02-06 13:48:24.123",`, ""), func(r *drivers.Recognition) { r.At = time.Time{} }},
		{"a car without a plate", edit("粤B12345", "", `"Confidence":97`, `"Confidence":0`, `"IsExist":true`, `"IsExist":false`), func(r *drivers.Recognition) { r.Plate, r.Confidence = "", 0 }},
		{"a plate that is said not to be there", edit(`"IsExist":true`, `"IsExist":false`), func(r *drivers.Recognition) { r.Plate = "" }},
		{"a word for no plate", edit("粤B12345", "No Plate"), func(r *drivers.Recognition) { r.Plate = "" }},
		{"without IsExist", edit(`"IsExist":true,`, ""), func(*drivers.Recognition) {}},
		{"numbers and yes as texts", edit(`"Confidence":97`, `"Confidence":"97"`, `"IsExist":true`, `"IsExist":"true"`, `"TimeZone":8`, `"TimeZone":"8"`), func(*drivers.Recognition) {}},
		{"confidence up to 255", edit(`"Confidence":97`, `"Confidence":204`), func(r *drivers.Recognition) { r.Confidence = 80 }},
		{"confidence of nonsense", edit(`"Confidence":97`, `"Confidence":-1`), func(r *drivers.Recognition) { r.Confidence = 0 }},
		{"small new energy", edit(`"PlateColor":"Blue"`, `"PlateColor":"ShadowGreen"`), func(r *drivers.Recognition) { r.Color = drivers.ColorGreen }},
		{"large new energy", edit(`"PlateColor":"Blue"`, `"PlateColor":"YellowGreen"`), func(r *drivers.Recognition) { r.Color, r.Size = drivers.ColorYellowGreen, drivers.SizeLarge }},
		{"a yellow plate by the colour of its text", edit(`"PlateColor":"Blue"`, `"PlateColor":"YellowbottomBlackText"`), func(r *drivers.Recognition) { r.Color, r.Size = drivers.ColorYellow, drivers.SizeLarge }},
		{"a colour that no plate has", edit(`"PlateColor":"Blue"`, `"PlateColor":"Other"`), func(r *drivers.Recognition) { r.Color, r.Size = drivers.ColorUnknown, drivers.SizeUnknown }},
		{"the colour before the plate", edit(`"PlateColor":"Blue"`, `"PlateColor":""`, "粤B12345", "蓝粤B12345"), func(*drivers.Recognition) {}},
		{"away from the camera", edit("Obverse", "Reverse"), func(r *drivers.Recognition) { r.Direction = drivers.DirectionReverse }},
		{"two pictures in one", edit(`"/9j/2Q=="`, `""`, `"VehiclePic":{}`, `"VehiclePic":{"PicName":"v.jpg","Content":"`+two+`"}`), func(r *drivers.Recognition) { r.Pictures = scene(2) }},
		{"a picture of the plate", edit(`"CutoutPic":{}`, `"CutoutPic":{"Content":"/9j/2Q=="}`), func(r *drivers.Recognition) {
			r.Pictures = append(r.Pictures, drivers.Picture{Kind: drivers.PicturePlate, JPEG: smallest})
		}},
		{"a picture that is none", edit(`"/9j/2Q=="`, `"Qk1K"`), func(r *drivers.Recognition) { r.Pictures = nil }},
		{"pictures that are null", edit(`{"PicName":"a.jpg","Content":"/9j/2Q=="}`, "null"), func(r *drivers.Recognition) { r.Pictures = nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev, err := Push("/NotificationInfo/TollgateInfo", []byte(tt.body), shanghai)
			if err != nil || ev == nil {
				t.Fatalf("Push = %v, %v, want a car", ev, err)
			}
			want := goldenCar()
			tt.want(&want)
			if diff := cmp.Diff(want, ev.Rec, cmpopts.IgnoreFields(drivers.Recognition{}, "ID")); diff != "" {
				t.Errorf("claim differs (-want +got):\n%s", diff)
			}
			if ev.Rec.ID == "" {
				t.Error("event has no id")
			}
		})
	}
}

func TestWhatAPushIsAbout(t *testing.T) {
	tests := []struct {
		name, path, body string
		car, fails       bool
	}{
		{"a car at another address", "/push", golden, true, false},
		{"a heartbeat", "/NotificationInfo/KeepAlive", `{"Active":"keepAlive","DeviceID":"D1"}`, false, false},
		{"a heartbeat of nothing", "/NotificationInfo/KeepAlive", "", false, false},
		{"a heartbeat at another address", "/push", `{"Active":"keepAlive","DeviceID":"D1"}`, false, false},
		{"what the camera says of itself", "/NotificationInfo/DeviceInfo", `{"DeviceID":"D1","DeviceModel":"ITC413"}`, false, false},
		{"no car at the address of cars", "/NotificationInfo/TollgateInfo", `{"Active":"keepAlive"}`, false, true},
		{"nothing at the address of cars", "/NotificationInfo/TollgateInfo", "", false, true},
		{"something else", "/push", `{"hello":1}`, false, true},
		{"no JSON", "/NotificationInfo/TollgateInfo", `<a/>`, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev, err := Push(tt.path, []byte(tt.body), shanghai)
			if (ev != nil) != tt.car || (err != nil) != tt.fails {
				t.Errorf("Push = %v, %v, want a car: %v, an error: %v", ev, err, tt.car, tt.fails)
			}
		})
	}
}

func TestTheIDStaysTheSameForOneEventOnly(t *testing.T) {
	decode := func(old, new string) *Event {
		t.Helper()
		ev, err := Push("", []byte(strings.Replace(golden, old, new, 1)), shanghai)
		if err != nil {
			t.Fatal(err)
		}
		return ev
	}
	first := decode("", "")
	for name, edit := range map[string][2]string{
		"the number of the upload": {`"UploadNum":1`, `"UploadNum":2`},
		"the name of a picture":    {`"a.jpg"`, `"b.jpg"`},
	} {
		if got := decode(edit[0], edit[1]); got.Key != first.Key || got.Rec.ID != first.Rec.ID {
			t.Errorf("%s makes another event", name)
		}
	}
	for name, edit := range map[string][2]string{
		"a millisecond": {"24.123", "24.124"}, "a plate": {"粤B12345", "粤B12346"}, "a lane": {`"LanNo":1`, `"LanNo":2`},
	} {
		if got := decode(edit[0], edit[1]); got.Key == first.Key {
			t.Errorf("%s makes no other event", name)
		}
	}
	const times = `"SnapTime":"2026-02-06 13:48:24","AccurateTime":"2026-02-06 13:48:24.123",`
	if a, b := decode(times, ""), decode(times, ""); a.Key != "" || b.Key != "" || a.Rec.ID == b.Rec.ID {
		t.Error("two visits of one car without a time are one event")
	}
	if strings.Contains(first.Rec.ID, "12345") {
		t.Errorf("id %q tells the plate", first.Rec.ID)
	}
}

func FuzzPush(f *testing.F) {
	f.Add("/NotificationInfo/TollgateInfo", []byte(golden))
	f.Add("/NotificationInfo/KeepAlive", []byte(`{"Active":"keepAlive","DeviceID":"D1"}`))
	f.Add("/NotificationInfo/DeviceInfo", []byte(`{}`))
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		ev, err := Push(path, body, shanghai)
		if err != nil {
			blamesTheSender(t, err)
			return
		}
		if ev != nil {
			plausible(t, ev)
		}
	})
}

func blamesTheSender(t *testing.T, err error) {
	t.Helper()
	var push *camera.PushError
	if !errors.As(err, &push) || push.Status < 400 || push.Status > 499 || push.Status == http.StatusUnauthorized {
		t.Fatalf("error = %v, want a PushError that blames the sender", err)
	}
}

func plausible(t *testing.T, ev *Event) {
	t.Helper()
	rec := ev.Rec
	if rec.Confidence < 0 || rec.Confidence > 100 || rec.ID == "" || !rec.At.IsZero() && rec.At.Location() != time.UTC {
		t.Fatalf("event = %+v", rec)
	}
	for _, pic := range rec.Pictures {
		if !camera.IsJPEG(pic.JPEG) {
			t.Fatal("a picture that is no JPEG")
		}
	}
}
