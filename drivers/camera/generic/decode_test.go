package generic

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
	"parkagent/drivers/camera"
)

var shanghai = time.FixedZone("", 8*3600)

// everything is a description that uses every path, under short names.
var everything = Options{
	Paths:   Paths{Plate: "p", Color: "c", Confidence: "s", Time: "t", ID: "i", Direction: "d", Offline: "o", Picture: "j", PlatePicture: "k"},
	Colors:  map[string]drivers.PlateColor{"1": drivers.ColorBlue},
	Forward: []string{"in", "1"}, Reverse: []string{"out"}, NoPlate: []string{"-"}, Ignore: map[string][]string{"x": {"beat", "lost"}},
}

func TestEventBecomesAClaim(t *testing.T) {
	at := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	smallest := []byte{0xFF, 0xD8, 0xFF, 0xD9}
	tests := []struct {
		name string
		opt  func(*Options)
		push push
		want drivers.Recognition
	}{
		{"a plate alone", nil, push{body: []byte(`{"p":"粤B12345"}`)}, drivers.Recognition{Plate: "粤B12345"}},
		{"everything", nil, push{body: []byte(`{"p":"粤B12345","c":"1","s":97,"t":1767571200,"i":7,"d":"IN","o":true,"j":"/9j/2Q==","k":"/9j/2Q=="}`)},
			drivers.Recognition{Plate: "粤B12345", Color: drivers.ColorBlue, Size: drivers.SizeSmall, Confidence: 97, At: at, Direction: drivers.DirectionForward, Offline: true,
				Pictures: []drivers.Picture{{Kind: drivers.PictureScene, JPEG: smallest}, {Kind: drivers.PicturePlate, JPEG: smallest}}}},
		{"a usual word for a colour", nil, push{body: []byte(`{"p":"粤AD12345","c":"绿色","d":"out"}`)},
			drivers.Recognition{Plate: "粤AD12345", Color: drivers.ColorGreen, Size: drivers.SizeSmall, Direction: drivers.DirectionReverse}},
		{"a colour before the plate", nil, push{body: []byte(`{"p":"黄粤B12345","c":"?"}`)},
			drivers.Recognition{Plate: "粤B12345", Color: drivers.ColorYellow, Size: drivers.SizeLarge}},
		{"a configured word for no plate", nil, push{body: []byte(`{"p":"-"}`)}, drivers.Recognition{}},
		{"a usual word for no plate", nil, push{body: []byte(`{"p":"无牌车"}`)}, drivers.Recognition{}},
		{"no plate", nil, push{body: []byte(`{"p":""}`)}, drivers.Recognition{}},
		{"an own word for a kept event", func(o *Options) { o.Offline = []string{"2"} }, push{body: []byte(`{"p":"粤B12345","o":2}`)}, drivers.Recognition{Plate: "粤B12345", Offline: true}},
		{"a fraction for confidence", func(o *Options) { o.ConfidenceScale = 1 }, push{body: []byte(`{"p":"粤B12345","s":0.946}`)}, drivers.Recognition{Plate: "粤B12345", Confidence: 95}},
		{"confidence in per cent", nil, push{body: []byte(`{"p":"粤B12345","s":"88%"}`)}, drivers.Recognition{Plate: "粤B12345", Confidence: 88}},
		{"confidence beyond its scale", nil, push{body: []byte(`{"p":"粤B12345","s":1e9}`)}, drivers.Recognition{Plate: "粤B12345", Confidence: 100}},
		{"confidence that is none", nil, push{body: []byte(`{"p":"粤B12345","s":"NaN"}`)}, drivers.Recognition{Plate: "粤B12345"}},
		{"a form", func(o *Options) { o.Format = FormatForm }, push{body: []byte("p=%D4%C1B12345&d=1&t=1767571200")}, drivers.Recognition{Plate: "粤B12345", Direction: drivers.DirectionForward, At: at}},
		{"a form in the address, a picture in the body", func(o *Options) { o.Format = FormatForm }, push{query: "p=%E7%B2%A4B12345", body: smallest}, drivers.Recognition{Plate: "粤B12345"}},
		{"a form of parts", func(o *Options) { o.Format = FormatForm; o.Paths.Picture = "shot" }, push{contentType: "multipart/form-data; boundary=x",
			body: []byte("--x\r\nContent-Disposition: form-data; name=\"p\"\r\n\r\n粤B12345\r\n--x\r\nContent-Disposition: form-data; name=\"shot\"; filename=\"1.jpg\"\r\n\r\n\xFF\xD8\xFF\xD9\r\n--x--\r\n")},
			drivers.Recognition{Plate: "粤B12345", Pictures: []drivers.Picture{{Kind: drivers.PictureScene, JPEG: smallest}}}},
		{"XML", func(o *Options) { o.Format = FormatXML }, push{body: []byte(`<r><p>粤B12345</p><t>2026-01-05T08:00:00</t></r>`)}, drivers.Recognition{Plate: "粤B12345", At: at}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opt := everything
			if tt.opt != nil {
				tt.opt(&opt)
			}
			opt = opt.withDefaults()
			ev, err := decode(tt.push, opt)
			if err != nil {
				t.Fatal(err)
			}
			rec, _, err := ev.recognition(opt, shanghai)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, rec); diff != "" {
				t.Errorf("claim differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTimesAreRead(t *testing.T) {
	at := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name, text, format string
		want               time.Time
	}{
		{"seconds", "1767571200", "unix", at},
		{"seconds with a fraction", "1767571200.25", "unix", at.Add(250 * time.Millisecond)},
		{"milliseconds", "1767571200250", "unix_ms", at.Add(250 * time.Millisecond)},
		{"seconds that are milliseconds", "1767571200250", "unix", time.Time{}},
		{"by its looks: seconds", "1767571200", "", at},
		{"by its looks: milliseconds", "1767571200000", "", at},
		{"by its looks: with a zone", "2026-01-05T01:00:00+01:00", "", at},
		{"by its looks: with a zone and no colon", "2026-01-05T01:00:00.000+0100", "", at},
		{"by its looks: without a zone", "2026-01-05 08:00:00", "", at},
		{"by its looks: with slashes", "2026/01/05 08:00:00", "", at},
		{"by its looks: digits alone", "20260105080000", "", at},
		{"by a layout", "05.01.2026 08:00:00", "02.01.2006 15:04:05", at},
		{"by a layout, with a fraction", "05.01.2026 08:00:00.500", "02.01.2006 15:04:05", at.Add(500 * time.Millisecond)},
		{"another layout", "2026-01-05 08:00:00", "02.01.2006 15:04:05", time.Time{}},
		{"nothing", "", "", time.Time{}},
		{"no time", "soon", "", time.Time{}},
		{"no number", "NaN", "unix", time.Time{}},
		{"0", "0", "unix", time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := parseTime(tt.text, tt.format, shanghai); !got.Equal(tt.want) || got.Location() != time.UTC {
				t.Errorf("parseTime(%q, %q) = %v, want %v", tt.text, tt.format, got, tt.want)
			}
		})
	}
}

func TestWhatIsIgnoredIsNoCar(t *testing.T) {
	for text, want := range map[string]bool{`{"x":"beat"}`: true, `{"x":"LOST"}`: true, `{"x":"new","p":"粤B12345"}`: false, `{"p":"beat"}`: false} {
		ev, err := decode(push{body: []byte(text)}, everything.withDefaults())
		if err != nil {
			t.Fatal(err)
		}
		if got := ev.ignored(everything); got != want {
			t.Errorf("%s is ignored: %v, want %v", text, got, want)
		}
	}
}

func TestWhatTellsEventsApart(t *testing.T) {
	key := func(text string) string {
		t.Helper()
		ev, err := decode(push{body: []byte(text)}, everything.withDefaults())
		if err != nil {
			t.Fatal(err)
		}
		_, key, err := ev.recognition(everything, shanghai)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(key, "|")
	}
	first := key(`{"p":"粤B12345","i":7,"t":1767571200,"s":90}`)
	if got := key(`{"p":"粤B12345","i":7,"t":1767571200,"s":91}`); got != first {
		t.Error("a confidence makes another event")
	}
	for _, text := range []string{`{"p":"粤B12346","i":7,"t":1767571200}`, `{"p":"粤B12345","i":8,"t":1767571200}`, `{"p":"粤B12345","i":7,"t":1767571201}`} {
		if key(text) == first {
			t.Errorf("%s is the same event", text)
		}
	}
	if got := key(`{"p":"粤B12345"}`); got != "" {
		t.Errorf("an event without id and time has the key %q: two visits would be one", got)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	got, err := ParseOptions(map[string]any{
		"format": "xml", "part": "e", "paths": map[string]any{"plate": "a.b[1].@c", "offline": "o", "picture": "shot 1"}, "time_format": "unix_ms", "confidence_scale": int64(255),
		"colors": map[string]any{"1": "yellow-green"}, "forward": []any{"in"}, "offline": []any{"2"}, "ignore": map[string]any{"t.x": "beat", "s": []any{"a", "b"}},
		"reply": "OK", "token": "abc", "silence": int64(60),
	})
	want := Options{
		Format: FormatXML, Part: "e", Paths: Paths{Plate: "a.b[1].@c", Offline: "o", Picture: "shot 1"}, TimeFormat: "unix_ms", ConfidenceScale: 255,
		Colors: map[string]drivers.PlateColor{"1": drivers.ColorYellowGreen}, Forward: []string{"in"}, Offline: []string{"2"},
		Ignore: map[string][]string{"t.x": {"beat"}, "s": {"a", "b"}}, Reply: "OK", Silence: time.Minute,
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("options differ (-want +got):\n%s%v", diff, err)
	}
	plate := map[string]any{"plate": "p"}
	tests := []struct {
		name  string
		table map[string]any
		want  string
	}{
		{"no plate", map[string]any{}, `option "paths.plate": is missing`},
		{"an unknown path", map[string]any{"paths": map[string]any{"plate": "p", "colour": "c"}}, `unknown option "paths.colour"`},
		{"a path that is none", map[string]any{"paths": map[string]any{"plate": "a..b"}}, `"a..b" is no path`},
		{"paths that are no table", map[string]any{"paths": "p"}, "want a table"},
		{"a format that is none", map[string]any{"paths": plate, "format": "yaml"}, "json, xml, form"},
		{"a layout that is none", map[string]any{"paths": plate, "time_format": "yyyy-MM-dd HH:mm:ss"}, "time_format"},
		{"a layout without a time", map[string]any{"paths": plate, "time_format": "2006-01-02"}, "time_format"},
		{"a colour that is none", map[string]any{"paths": plate, "colors": map[string]any{"1": "pink"}}, `option "colors.1": "pink" is not one of`},
		{"words that are no list", map[string]any{"paths": plate, "forward": "in"}, "forward"},
		{"a path to ignore that is none", map[string]any{"paths": plate, "ignore": map[string]any{"a b": "x"}}, `"a b" is no path`},
		{"words to ignore that are none", map[string]any{"paths": plate, "ignore": map[string]any{"a": int64(1)}}, "ignore.a"},
		{"words for kept events without a path", map[string]any{"paths": plate, "offline": []any{"1"}}, "paths.offline"},
		{"an address for pictures elsewhere", map[string]any{"paths": plate, "snapshot_url": "http://elsewhere/a.jpg"}, "snapshot_url"},
		{"an unknown option", map[string]any{"paths": plate, "channel": int64(1)}, `unknown option "channel"`},
	}
	for _, tt := range tests {
		if _, err := ParseOptions(tt.table); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error = %v, want %s in it", tt.name, err, tt.want)
		}
	}
	if _, err := New(Config{Options: Options{Paths: Paths{Plate: "p"}, SnapshotURL: "/a.jpg"}}); err == nil {
		t.Error("pictures of a camera without a link were taken for possible")
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a camera without a path of the plate was taken")
	}
}

func FuzzPush(f *testing.F) {
	f.Add("json", "application/json", "", []byte(`{"p":"粤B12345","c":"1","s":97,"t":1767571200,"i":7,"d":"in","o":true,"j":"/9j/2Q=="}`))
	f.Add("xml", "text/xml", "", []byte(`<r><p>粤B12345</p><t>2026-01-05T08:00:00</t></r>`))
	f.Add("form", "application/x-www-form-urlencoded", "p=x", []byte("p=%D4%C1B12345&d=1"))
	f.Add("form", "multipart/form-data; boundary=x", "", []byte("--x\r\nContent-Disposition: form-data; name=\"p\"\r\n\r\nA1\r\n--x\r\nContent-Disposition: form-data; name=\"j\"\r\n\r\n\xFF\xD8\xFF\xD9\r\n--x--\r\n"))
	f.Fuzz(func(t *testing.T, format, contentType, query string, body []byte) {
		opt := everything
		opt.Format = Format(format)
		opt = opt.withDefaults()
		ev, err := decode(push{contentType, query, body}, opt)
		if err == nil {
			var rec drivers.Recognition
			rec, _, err = ev.recognition(opt, shanghai)
			if rec.Confidence < 0 || rec.Confidence > 100 || !rec.At.IsZero() && rec.At.Location() != time.UTC {
				t.Fatalf("event = %+v", rec)
			}
			for _, pic := range rec.Pictures {
				if !camera.IsJPEG(pic.JPEG) {
					t.Fatal("a picture that is no JPEG")
				}
			}
		}
		var push *camera.PushError
		if err != nil && (!errors.As(err, &push) || push.Status < 400 || push.Status > 499 || push.Status == http.StatusUnauthorized) {
			t.Fatalf("error = %v, want a PushError that blames the sender", err)
		}
	})
}

func TestAnEventHasNoMorePicturesThanAnyOther(t *testing.T) {
	for pictures, want := range map[int]bool{camera.MaxParts: true, camera.MaxParts + 1: false} {
		text := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xFF, 0xD8, 0xFF, 0xD9}, pictures))
		opt := Options{Paths: Paths{Plate: "p", Picture: "pic"}}.withDefaults()
		ev, err := decode(push{body: []byte(`{"p":"粤B12345","pic":"` + text + `"}`)}, opt)
		if err != nil {
			t.Fatal(err)
		}
		rec, _, err := ev.recognition(opt, shanghai)
		if (err == nil) != want || want && len(rec.Pictures) != pictures {
			t.Errorf("%d pictures: %v, %d taken; want them taken: %v", pictures, err, len(rec.Pictures), want)
		}
	}
}
