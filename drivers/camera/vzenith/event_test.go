package vzenith

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

var jpeg = []byte{0xFF, 0xD8, 0xFF, 0xE0, 'p', 'i', 'c'}

var minimal = `{"AlarmInfoPlate":{"channel":0,"deviceName":"IVS","ipaddr":"192.168.1.100","serialno":"fe71-57","result":{"PlateResult":{
 "license":"粤B12345","colorType":1,"type":1,"confidence":98,"direction":4,"triggerType":1,"plateid":123,"isoffline":0,
 "imageFile":"` + base64.StdEncoding.EncodeToString(jpeg) + `","imageFragmentFile":"","imagePath":"x.jpg","location":{"RECT":{}},
 "timeStamp":{"Timeval":{"sec":1767571200,"usec":250000}},"gioouts":[{"ionum":0,"ctrltype":1}]}}}}`

func minimalCar() drivers.Recognition {
	return drivers.Recognition{
		ID: "fe71-57-123", Plate: "粤B12345", Color: drivers.ColorBlue, Size: drivers.SizeSmall, Confidence: 98,
		Direction: drivers.DirectionForward, At: time.Unix(1767571200, 250000000).UTC(),
		Pictures: []drivers.Picture{{Kind: drivers.PictureScene, JPEG: jpeg}},
	}
}

func TestEventBecomesAClaim(t *testing.T) {
	edit := func(pairs ...string) string {
		for i := 0; i < len(pairs); i += 2 {
			if !strings.Contains(minimal, pairs[i]) {
				t.Fatalf("%q is not in the event", pairs[i])
			}
		}
		return strings.NewReplacer(pairs...).Replace(minimal)
	}
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(minimal)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		text string
		want func(*drivers.Recognition)
	}{
		{"as it stands", minimal, func(*drivers.Recognition) {}},
		{"in GBK", gbk, func(*drivers.Recognition) {}},
		{"behind a byte order mark", "\xEF\xBB\xBF" + minimal, func(*drivers.Recognition) {}},
		{"with numbers as texts", edit(`"plateid":123`, `"plateid":"123"`, `"confidence":98`, `"confidence":"98"`, `1767571200`, `"1767571200"`), func(*drivers.Recognition) {}},
		{"with a null for a number", edit(`"confidence":98`, `"confidence":null`), func(r *drivers.Recognition) { r.Confidence = 0 }},
		{"without a plate", edit("粤B12345", "_无_", `"type":1`, `"type":31`), func(r *drivers.Recognition) { r.Plate = "" }},
		{"a photograph of a plate", edit(`"type":1`, `"type":29`), func(r *drivers.Recognition) { r.Plate = "" }},
		{"a plate that the camera calls fake", edit(`"isoffline":0`, `"isoffline":0,"is_fake_plate":1`), func(r *drivers.Recognition) { r.Plate = "" }},
		{"kept while the network was away", edit(`"isoffline":0`, `"isoffline":1`), func(r *drivers.Recognition) { r.Offline = true }},
		{"moving away", edit(`"direction":4`, `"direction":3`), func(r *drivers.Recognition) { r.Direction = drivers.DirectionReverse }},
		{"moving sideways", edit(`"direction":4`, `"direction":1`), func(r *drivers.Recognition) { r.Direction = drivers.DirectionUnknown }},
		{"yellow by its type", edit(`"colorType":1`, `"colorType":0`, `"type":1`, `"type":3`), func(r *drivers.Recognition) {
			r.Color, r.Size = drivers.ColorYellow, drivers.SizeLarge
		}},
		{"large and electric", edit(`"colorType":1`, `"colorType":6`, `"type":1`, `"type":20`), func(r *drivers.Recognition) {
			r.Color, r.Size = drivers.ColorYellowGreen, drivers.SizeLarge
		}},
		{"small and electric", edit(`"colorType":1`, `"colorType":5`, `"type":1`, `"type":19`), func(r *drivers.Recognition) { r.Color = drivers.ColorGreen }},
		{"black, of no known size", edit(`"colorType":1`, `"colorType":4`, `"type":1`, `"type":2`), func(r *drivers.Recognition) {
			r.Color, r.Size = drivers.ColorBlack, drivers.SizeUnknown
		}},
		{"with relays of another shape", edit(`[{"ionum":0,"ctrltype":1}]`, `"none"`), func(*drivers.Recognition) {}},
		{"without a time", edit("1767571200", "0"), func(r *drivers.Recognition) { r.At = time.Time{} }},
		{"without a number", edit(`"plateid":123`, `"plateid":0`), func(r *drivers.Recognition) { r.ID = "" }},
		{"without a serial number", edit("fe71-57", ""), func(r *drivers.Recognition) { r.ID = "123" }},
		{"with a broken picture", edit(base64.StdEncoding.EncodeToString(jpeg), "%%%"), func(r *drivers.Recognition) { r.Pictures = nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev, err := decodeEvent([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if !ev.isCar {
				t.Fatal("the event is no car")
			}
			want := minimalCar()
			tt.want(&want)
			if diff := cmp.Diff(want, ev.rec); diff != "" {
				t.Errorf("claim differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsNoCarOpensNothing(t *testing.T) {
	tests := []struct {
		name, text string
		isPlate    bool
	}{
		{"a car that stands too long", strings.Replace(minimal, `"triggerType":1`, `"triggerType":64`, 1), true},
		{"a car that turned back", strings.Replace(minimal, `"triggerType":1`, `"triggerType":66`, 1), true},
		{"an input", `{"AlarmGioIn":{"result":{"TriggerResult":{"source":3,"value":1}}}}`, false},
		{"serial data", `{"SerialData":{"serialChannel":0,"data":"Y2g=","dataLen":2}}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev, err := decodeEvent([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if ev.isCar || ev.isPlate != tt.isPlate {
				t.Errorf("car %v, plate %v, want no car, plate %v", ev.isCar, ev.isPlate, tt.isPlate)
			}
		})
	}
}

func TestReportsOfTheCameraAreRead(t *testing.T) {
	tests := []struct {
		name, text string
		want       event
	}{
		{"an input that went on", `{"AlarmGioIn":{"deviceName":"IVS","result":{"TriggerResult":{"source":3,"value":1}}}}`, event{input: &input{3, true}}},
		{"one that went off", `{"AlarmGioIn":{"result":{"TriggerResult":{"source":0,"value":0}}}}`, event{input: &input{0, false}}},
		{"one without a level between", `{"AlarmGioIn":{"TriggerResult":{"source":"1","value":"1"}}}`, event{input: &input{1, true}}},
		{"a trigger over TCP", `{"AlarmGioIn":{"result":{"TriggerResult":{"source":4,"value":1}}}}`, event{}},
		{"an input of nothing", `{"AlarmGioIn":{}}`, event{}},
		{"bytes from a serial port", `{"SerialData":{"serialChannel":0,"data":"Y2guY29tFw==","dataLen":7}}`, event{}},
		{"a heartbeat", `{"heartbeat":{"serialno":"d85b","pass_wd":"secret"}}`, event{isBeat: true}},
		{"a picture", `{"ipaddr":"192.168.1.100","TriggerImage":{"imageFile":"` + base64.StdEncoding.EncodeToString(jpeg) + `","imageFileLen":7}}`, event{picture: jpeg}},
		{"a picture that is none", `{"TriggerImage":{"imageFile":"Y2guY29tFw=="}}`, event{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decodeEvent([]byte(tt.text))
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(event{}, input{})); err != nil || diff != "" {
				t.Errorf("error %v, event (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestTheCamerasOwnListIsNoticed(t *testing.T) {
	for ctrl, want := range map[string]bool{"0": false, "1": false, "2": true, `"2"`: true} {
		ev, err := decodeEvent([]byte(strings.Replace(minimal, `"ctrltype":1`, `"ctrltype":`+ctrl, 1)))
		if err != nil || ev.ownList != want {
			t.Errorf("ctrltype %s: own list %v, %v; want %v", ctrl, ev.ownList, err, want)
		}
	}
}

func TestAnEventIsKnownByNumberTimeAndPlate(t *testing.T) {
	key := func(pairs ...string) reply.Key {
		ev, err := decodeEvent([]byte(strings.NewReplacer(pairs...).Replace(minimal)))
		if err != nil {
			t.Fatal(err)
		}
		return ev.key()
	}
	same := key()
	if again := key(`"isoffline":0`, `"isoffline":1`); again != same || same == (reply.Key{}) {
		t.Error("an event that was kept is another one")
	}
	for name, pairs := range map[string][]string{
		"another number": {`"plateid":123`, `"plateid":124`}, "another second": {"1767571200", "1767571201"},
		"another part of a second": {`"usec":250000`, `"usec":250001`}, "another plate": {"粤B12345", "粤B12346"},
		"another camera": {"fe71-57", "fe71-58"},
	} {
		if key(pairs...) == same {
			t.Errorf("%s is the same event", name)
		}
	}
	for name, pairs := range map[string][]string{
		"no time": {"1767571200", "0"}, "neither number nor part of a second": {`"plateid":123`, `"plateid":0`, `"usec":250000`, `"usec":0`},
	} {
		if key(pairs...) != (reply.Key{}) {
			t.Errorf("an event with %s is known again: it may be another car", name)
		}
	}
}

func TestNestingCountsOutsideStrings(t *testing.T) {
	tests := []struct {
		text string
		want int
	}{
		{`{}`, 1},
		{`{"a":[{"b":1}]}`, 3},
		{`{"a":"[[[["}`, 1},
		{`{"a":"\"[[[["}`, 1},
		{strings.Repeat("[", 10000), 10000},
		{`]]]]`, 0},
	}
	for _, tt := range tests {
		if got := nesting([]byte(tt.text)); got != tt.want {
			t.Errorf("nesting(%.20q) = %d, want %d", tt.text, got, tt.want)
		}
	}
}

func TestHeartbeatFormIsReadWithoutItsPassword(t *testing.T) {
	const multipartForm = "--b\r\nContent-Disposition: form-data; name=\"device_name\"\r\n\r\nIVS\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\" pass_wd\"\r\n\r\nsecret\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"serialno\"\r\n\r\nd85b\r\n--b--\r\n"
	tests := []struct {
		name, contentType, query, body string
	}{
		{"multipart", "multipart/form-data; boundary=b", "", multipartForm},
		{"URL-encoded", "application/x-www-form-urlencoded", "", "device_name=IVS&pass_wd=secret&serialno=d85b"},
		{"URL-encoded without a type", "", "", "device_name=IVS&serialno=d85b\r\n"},
		{"in the query", "", "device_name=IVS&serialno=d85b", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decodeHeartbeat(tt.contentType, tt.query, []byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if want := (heartbeat{serial: "d85b", name: "IVS"}); got != want {
				t.Errorf("heartbeat = %+v, want %+v", got, want)
			}
		})
	}
}

func TestErrorsNeverQuoteAHeartbeat(t *testing.T) {
	for _, body := range []string{"pass_wd=secret&serialno=%zz", "pass_wd=secret;x", "pass_wd=secret"} {
		_, err := decodeHeartbeat("application/x-www-form-urlencoded", "", []byte(body))
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("error for %q = %v, want one that does not quote it", body, err)
		}
	}
}

// mustBlameSender fails unless err tells the sender that its push is bad.
func mustBlameSender(t *testing.T, err error) {
	t.Helper()
	var push *camera.PushError
	if !errors.As(err, &push) || push.Status < 400 || push.Status > 499 {
		t.Fatalf("error = %v, want a PushError that blames the sender", err)
	}
}

func FuzzEvent(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte(`{"AlarmInfoPlate":{"result":{}}}`))
	f.Add([]byte(`{"AlarmInfoPlate":{"result":{"PlateResult":{"plateid":1e99,"timeStamp":{"Timeval":{"sec":-1,"usec":"x"}}}}}}`))
	f.Add([]byte(strings.Repeat("[", 100)))
	f.Add([]byte(`{"AlarmGioIn":{"result":{"TriggerResult":{"source":3,"value":1}}}}`))
	f.Add([]byte(`{"TriggerImage":{"imageFile":"/9j/"}}`))
	f.Add([]byte(`{"heartbeat":{"serialno":"1"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		ev, err := decodeEvent(body)
		if err != nil {
			mustBlameSender(t, err)
			return
		}
		if ev.input != nil && (ev.input.number < 0 || ev.input.number >= inputs) {
			t.Fatalf("input %d", ev.input.number)
		}
		if ev.picture != nil && !camera.IsJPEG(ev.picture) {
			t.Fatal("a picture that is no JPEG")
		}
		if ev.rec.Confidence < 0 || ev.rec.Confidence > 100 {
			t.Fatalf("confidence = %d", ev.rec.Confidence)
		}
		for _, pic := range ev.rec.Pictures {
			if !camera.IsJPEG(pic.JPEG) {
				t.Fatal("a picture that is no JPEG")
			}
		}
		if reply := ev.acknowledge(); reply.Info == infoOpen {
			t.Fatal("a refusal that opens")
		}
	})
}

func FuzzHeartbeat(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", "", []byte("serialno=1&pass_wd=p"))
	f.Add("multipart/form-data; boundary=b", "", []byte("--b\r\nContent-Disposition: form-data; name=\"serialno\"\r\n\r\n1\r\n--b--"))
	f.Add("", "device_name=IVS", []byte(nil))
	f.Fuzz(func(t *testing.T, contentType, query string, body []byte) {
		beat, err := decodeHeartbeat(contentType, query, body)
		if err != nil {
			mustBlameSender(t, err)
			var esc *url.Error
			if errors.As(err, &esc) {
				t.Fatal("the cause quotes the form")
			}
			return
		}
		if len(beat.serial) > maxField || len(beat.name) > maxField {
			t.Fatalf("field of %d and %d bytes", len(beat.serial), len(beat.name))
		}
	})
}
