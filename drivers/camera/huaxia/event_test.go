package huaxia

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/camera/reply"
)

// jpeg holds the bytes that standard base64 writes with + and / and with padding.
var jpeg = []byte{0xFF, 0xD8, 0xFF, 0xE0, 0xFB, 0xEF, 0xFF, 0xFF, 0xD9, 0x00}[:9]

// online is a car as the camera sends it. The fields and their order are those
// of the device reference, section 1.4.
var online = [][2]string{
	{"type", "online"}, {"mode", "5"}, {"plate_num", "粤B12345"}, {"plate_color", "蓝色"}, {"plate_val", "true"},
	{"confidence", "96"}, {"car_logo", "未知"}, {"car_color", "未知"}, {"vehicle_type", "轿车"}, {"start_time", "1767571200"},
	{"park_id", "5"}, {"cam_id", "100200041313"}, {"cam_ip", "192.168.10.100"}, {"vdc_type", "in"}, {"is_whitelist", "false"},
	{"triger_type", "video"}, {"picture", strings.NewReplacer("+", "-", "/", "_", "=", ".").Replace(base64.StdEncoding.EncodeToString(jpeg))},
	{"closeup_pic", ""},
}

// form writes the car with other values for some fields.
func form(edit map[string]string, write func(string) string) []byte {
	var pairs []string
	for _, f := range online {
		value := f[1]
		if other, ok := edit[f[0]]; ok {
			value = other
		}
		pairs = append(pairs, f[0]+"="+write(value))
	}
	return []byte(strings.Join(pairs, "&"))
}

func raw(s string) string { return s }

func gbk(s string) string {
	text, err := simplifiedchinese.GBK.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return text
}

func onlineCar() drivers.Recognition {
	return drivers.Recognition{
		ID: "100200041313-1767571200", Plate: "粤B12345", Color: drivers.ColorBlue, Size: drivers.SizeSmall, Confidence: 96,
		At: time.Unix(1767571200, 0).UTC(), Pictures: []drivers.Picture{{Kind: drivers.PictureScene, JPEG: jpeg}},
	}
}

func TestAFormBecomesAClaim(t *testing.T) {
	standard := base64.StdEncoding.EncodeToString(jpeg)
	tests := []struct {
		name string
		body []byte
		opt  Options
		want func(*drivers.Recognition)
	}{
		{"as it stands", form(nil, url.QueryEscape), Options{}, func(*drivers.Recognition) {}},
		{"without percent signs", form(nil, raw), Options{}, func(*drivers.Recognition) {}},
		{"in GBK", form(nil, func(s string) string { return url.QueryEscape(gbk(s)) }), Options{}, func(*drivers.Recognition) {}},
		{"in GBK without percent signs", form(nil, gbk), Options{}, func(*drivers.Recognition) {}},
		{"with capitals", form(map[string]string{"type": "OnLine"}, raw), Options{}, func(*drivers.Recognition) {}},
		{"kept", form(map[string]string{"type": "OffLine"}, raw), Options{}, func(r *drivers.Recognition) { r.Offline = true }},
		{"with standard base64", form(map[string]string{"picture": standard}, url.QueryEscape), Options{}, func(*drivers.Recognition) {}},
		{"with standard base64 without percent signs", form(map[string]string{"picture": standard}, raw), Options{}, func(*drivers.Recognition) {}},
		{"with a broken picture", form(map[string]string{"picture": "%%%"}, url.QueryEscape), Options{}, func(r *drivers.Recognition) { r.Pictures = nil }},
		{"without a plate", form(map[string]string{"plate_num": "无牌车", "plate_color": "未知"}, url.QueryEscape), Options{}, func(r *drivers.Recognition) {
			r.Plate, r.Color = "", drivers.ColorUnknown
		}},
		{"with a colour before the plate", form(map[string]string{"plate_num": "黄粤B12345", "plate_color": ""}, url.QueryEscape), Options{}, func(r *drivers.Recognition) {
			r.Color, r.Size = drivers.ColorYellow, drivers.SizeLarge
		}},
		{"a photograph of a plate", form(map[string]string{"plate_val": "false"}, raw), Options{}, func(r *drivers.Recognition) { r.Plate = "" }},
		{"one that counts all the same", form(map[string]string{"plate_val": "false"}, raw), Options{AnyPlate: true}, func(*drivers.Recognition) {}},
		{"yellow and green", form(map[string]string{"plate_color": "黄绿色"}, raw), Options{}, func(r *drivers.Recognition) {
			r.Color, r.Size = drivers.ColorYellowGreen, drivers.SizeLarge
		}},
		{"green that shades", form(map[string]string{"plate_color": "渐变绿色"}, raw), Options{}, func(r *drivers.Recognition) { r.Color = drivers.ColorGreen }},
		{"a large vehicle with a white plate", form(map[string]string{"plate_color": "白色", "vehicle_type": "大型客车"}, raw), Options{}, func(r *drivers.Recognition) {
			r.Color, r.Size = drivers.ColorWhite, drivers.SizeLarge
		}},
		{"towards the camera", form(nil, raw), Options{Forward: "in"}, func(r *drivers.Recognition) { r.Direction = drivers.DirectionForward }},
		{"away from it", form(map[string]string{"vdc_type": "OUT"}, raw), Options{Forward: "in"}, func(r *drivers.Recognition) { r.Direction = drivers.DirectionReverse }},
		{"with milliseconds", form(map[string]string{"start_time": "1767571200250"}, raw), Options{}, func(r *drivers.Recognition) {
			r.ID, r.At = "100200041313-1767571200250", time.UnixMilli(1767571200250).UTC()
		}},
		{"without a time", form(map[string]string{"start_time": ""}, raw), Options{}, func(r *drivers.Recognition) { r.ID, r.At = "", time.Time{} }},
		{"with a confidence that is none", form(map[string]string{"confidence": "high"}, raw), Options{}, func(r *drivers.Recognition) { r.Confidence = 0 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev, err := tt.opt.decode(tt.body)
			if err != nil {
				t.Fatal(err)
			}
			want := onlineCar()
			tt.want(&want)
			if diff := cmp.Diff(want, ev.rec); diff != "" || ev.kind != kindPlate {
				t.Errorf("kind %v, claim differs (-want +got):\n%s", ev.kind, diff)
			}
		})
	}
}

// The answer of the device reference, section 1.4, and the frames of its board
// AA 55, section 3 B: the voice 请缴费, recorded from a real board.
func TestTheAnswerIsTheDocumentedOne(t *testing.T) {
	pay := []byte{0xAA, 0x55, 0x01, 0x64, 0x00, 0x22, 0x00, 0x01, 0x0B, 0x07, 0x76, 0xAF}
	opt := Options{IO: 1, Close: 2, Hold: 3}
	tests := []struct {
		name   string
		opt    Options
		answer reply.Answer
		want   answer
	}{
		{"stay", opt, reply.Answer{}, answer{ErrorStr: "noerror"}},
		{"open", opt, reply.Answer{Order: reply.Raise}, answer{ErrorStr: "noerror", GPIO: []gpio{{"io1", "on"}}}},
		{"close", opt, reply.Answer{Order: reply.Lower}, answer{ErrorStr: "noerror", GPIO: []gpio{{"io2", "on"}}}},
		{"hold", opt, reply.Answer{Order: reply.Hold}, answer{ErrorStr: "noerror", GPIO: []gpio{{"io3", "on"}}}},
		{"release", opt, reply.Answer{Order: reply.Release}, answer{ErrorStr: "noerror", GPIO: []gpio{{"io3", "off"}}}},
		{"text", opt, reply.Answer{Frames: []reply.Frames{{Frames: [][]byte{pay, {0x0A}}}}}, answer{
			ErrorStr: "noerror", RS485: []serialData{{"hex2string", "AA55016400220001" + "0B0776AF"}, {"hex2string", "0A"}},
		}},
		{"text in base64", Options{IO: 1, Encoding: EncodingBase64}, reply.Answer{Frames: []reply.Frames{{Frames: [][]byte{pay}}}}, answer{
			ErrorStr: "noerror", RS485: []serialData{{"base64", "qlUBZAAiAAELB3av"}},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.opt.make(tt.answer)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnEventIsKnownByCameraTimeAndPlate(t *testing.T) {
	key := func(edit map[string]string) reply.Key {
		ev, err := Options{}.decode(form(edit, raw))
		if err != nil {
			t.Fatal(err)
		}
		return ev.key()
	}
	same := key(nil)
	if again := key(map[string]string{"type": "offline"}); again != same || same == (reply.Key{}) {
		t.Error("an event that was kept is another one")
	}
	for name, edit := range map[string]map[string]string{
		"another second": {"start_time": "1767571201"}, "another plate": {"plate_num": "粤B12346"}, "another camera": {"cam_id": "1"},
	} {
		if key(edit) == same {
			t.Errorf("%s is the same event", name)
		}
	}
	if key(map[string]string{"start_time": ""}) != (reply.Key{}) {
		t.Error("an event without a time is known again: the same car may come tomorrow")
	}
}

func TestAnIDOfAnyLengthIsNoEventsID(t *testing.T) {
	ev, err := Options{}.decode(form(map[string]string{"cam_id": strings.Repeat("1", 1000)}, raw))
	if err != nil || ev.rec.ID != "" || ev.rec.Plate != onlineCar().Plate {
		t.Errorf("id of %d bytes, plate %q, %v; want none, the plate", len(ev.rec.ID), ev.rec.Plate, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(form(nil, url.QueryEscape))
	f.Add(form(nil, gbk))
	f.Add([]byte("type=heartbeat&cam_id=1"))
	f.Add([]byte("type=online&plate_num=%E7%B2%A4&start_time=1e300&picture=_9j_"))
	f.Fuzz(func(t *testing.T, body []byte) {
		ev, err := Options{Forward: "in"}.decode(body)
		if err != nil {
			var push *camera.PushError
			if !errors.As(err, &push) || push.Status < 400 || push.Status > 499 {
				t.Fatalf("error = %v, want one that blames the sender", err)
			}
			return
		}
		if ev.rec.Confidence < 0 || ev.rec.Confidence > 100 || len(ev.rec.ID) > maxID+1 {
			t.Fatalf("confidence %d, id of %d bytes", ev.rec.Confidence, len(ev.rec.ID))
		}
		for _, pic := range ev.rec.Pictures {
			if !camera.IsJPEG(pic.JPEG) {
				t.Fatal("a picture that is no JPEG")
			}
		}
		if ev.rec.Offline && ev.kind != kindPlate {
			t.Fatal("a kept event that is no plate")
		}
	})
}
