package anpr

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"parkagent/drivers"
	"parkagent/drivers/camera"
)

var shanghai = time.FixedZone("", 8*3600)

// minimal is an event as the makers' field list has it.
const minimal = `<?xml version="1.0" encoding="UTF-8"?>
<EventNotificationAlert version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">
 <ipAddress>192.168.1.64</ipAddress><channelID>1</channelID><dateTime>2026-01-05T08:00:00+08:00</dateTime>
 <activePostCount>1</activePostCount><eventType>ANPR</eventType><eventState>active</eventState>
 <ANPR><country>59</country><licensePlate>蓝粤B12345</licensePlate><line>1</line><direction>forward</direction>
  <confidenceLevel>97</confidenceLevel><plateType>92TypeCivil</plateType><plateColor>blue</plateColor></ANPR>
 <UUID>7c4a8d09</UUID></EventNotificationAlert>`

func minimalCar() drivers.Recognition {
	return drivers.Recognition{
		ID: "7c4a8d09", Plate: "粤B12345", Color: drivers.ColorBlue, Size: drivers.SizeSmall, Confidence: 97,
		Direction: drivers.DirectionForward, At: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC),
	}
}

func TestEventBecomesAClaim(t *testing.T) {
	edit := func(old, new string) string {
		if !strings.Contains(minimal, old) {
			t.Fatalf("%q is not in the event", old)
		}
		return strings.ReplaceAll(minimal, old, new)
	}
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(edit(`encoding="UTF-8"`, `encoding="GB2312"`))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		text string
		want func(*drivers.Recognition)
	}{
		{"as it stands", minimal, func(*drivers.Recognition) {}},
		{"in another namespace", edit("www.hikvision.com/ver20", "www.std-cgi.com/ver10"), func(*drivers.Recognition) {}},
		{"in GBK, as it says", gbk, func(*drivers.Recognition) {}},
		{"in GBK, though it says UTF-8", strings.Replace(gbk, "GB2312", "UTF-8", 1), func(*drivers.Recognition) {}},
		{"behind a byte order mark", "\xEF\xBB\xBF" + minimal, func(*drivers.Recognition) {}},
		{"without a plate", edit("蓝粤B12345", "noPlate"), func(r *drivers.Recognition) { r.Plate = "" }},
		{"unread", edit("蓝粤B12345", "unknown"), func(r *drivers.Recognition) { r.Plate = "" }},
		{"with a fraction of confidence", edit(">97<", ">96.6<"), func(*drivers.Recognition) {}},
		{"with nonsense as confidence", edit(">97<", ">NaN<"), func(r *drivers.Recognition) { r.Confidence = 0 }},
		{"with too much confidence", edit(">97<", ">1e9<"), func(r *drivers.Recognition) { r.Confidence = 100 }},
		{"leaving", edit("forward", "reverse"), func(r *drivers.Recognition) { r.Direction = drivers.DirectionReverse }},
		{"of unknown direction", edit("forward", "unknown"), func(r *drivers.Recognition) { r.Direction = drivers.DirectionUnknown }},
		{"large and electric", edit(">blue<", ">newEnergyYellowGreen<"), func(r *drivers.Recognition) {
			r.Color, r.Size = drivers.ColorYellowGreen, drivers.SizeLarge
		}},
		{"small and electric", edit(">blue<", ">newEnergyGreen<"), func(r *drivers.Recognition) { r.Color = drivers.ColorGreen }},
		{"with the colour only before the plate", edit(">blue<", ">unknown<"), func(*drivers.Recognition) {}},
		{"of a truck by its plate type", edit("92TypeCivil", "yellowTwoLine"), func(r *drivers.Recognition) { r.Size = drivers.SizeLarge }},
		{"sent again", edit("</UUID>", "</UUID><isDataRetransmission>true</isDataRetransmission>"), func(r *drivers.Recognition) { r.Offline = true }},
		{"with milliseconds", edit("08:00:00+08:00", "08:00:00.250+08:00"), func(r *drivers.Recognition) {
			r.At = r.At.Add(250 * time.Millisecond)
		}},
		{"with a short offset", edit("08:00:00+08:00", "08:00:00+0800"), func(*drivers.Recognition) {}},
		{"without an offset", edit("08:00:00+08:00", "08:00:00"), func(*drivers.Recognition) {}},
		{"without a time", edit("2026-01-05T08:00:00+08:00", "now"), func(r *drivers.Recognition) { r.At = time.Time{} }},
		{"with a plate that the camera corrected to none", edit("<licensePlate>蓝粤B12345", "<originalLicensePlate>蓝粤B12345</originalLicensePlate><licensePlate>unknown"), func(*drivers.Recognition) {}},
		{"with a plate that the camera corrected", edit("<licensePlate>", "<originalLicensePlate>粤B1234S</originalLicensePlate><licensePlate>"), func(*drivers.Recognition) {}},
		{"with a compact time", edit("2026-01-05T08:00:00+08:00", "20260105T080000+0800"), func(*drivers.Recognition) {}},
		{"in UTC", edit("2026-01-05T08:00:00+08:00", "2026-01-05T00:00:00Z"), func(*drivers.Recognition) {}},
		{"with a plate of a second car behind", edit("<line>1</line>", "<licensePlate>粤B99999</licensePlate>"), func(*drivers.Recognition) {}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ReadPush("application/xml", "", []byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if !p.event.isPlate() {
				t.Fatal("the event is no plate")
			}
			want := minimalCar()
			tt.want(&want)
			if diff := cmp.Diff(want, p.Recognition(shanghai)); diff != "" {
				t.Errorf("claim differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryColourOfThePlateIsKnown(t *testing.T) {
	tests := map[drivers.PlateColor]string{
		drivers.ColorBlue: "blue", drivers.ColorYellow: "yellow", drivers.ColorWhite: "white",
		drivers.ColorBlack: "black civilAviationBlack", drivers.ColorGreen: "green newEnergyGreen civilAviationGreen",
		drivers.ColorYellowGreen: "newEnergyYellowGreen",
		drivers.ColorUnknown:     "golden orange red unknown other mixedColor brown purple",
	}
	for want, names := range tests {
		for _, name := range strings.Fields(names) {
			if got := plateColor(name); got != want {
				t.Errorf("plateColor(%q) = %v, want %v", name, got, want)
			}
		}
	}
}

func TestAnEventIsKnownAgain(t *testing.T) {
	first := event{id: "u1", channel: "1", at: "2026-01-05T08:00:00+08:00", plate: "蓝粤B12345"}
	tests := []struct {
		name   string
		before func(*event) // what the first is besides
		second event
		same   bool
	}{
		{"as a copy", nil, first, true},
		{"by its UUID and time, though the plate was corrected", nil, event{id: "u1", at: first.at, plate: "粤B12346"}, true},
		{"without its UUID, in another form", nil, event{at: "2026-01-05T00:00:00Z", plate: "粤B12345"}, true},
		{"not by a UUID that is the device's", nil, event{id: "u1", channel: "1", at: "2026-01-05T08:00:30+08:00", plate: "粤B99999"}, false},
		{"not with another plate at the same time", nil, event{id: "u2", channel: "1", at: first.at, plate: "粤B99999"}, false},
		{"not on another channel", nil, event{id: "u2", channel: "2", at: first.at, plate: "粤B12345"}, false},
		{"not some seconds later", nil, event{id: "u2", channel: "1", at: "2026-01-05T08:00:05+08:00", plate: "粤B12345"}, false},
		{"as the full event after the plate", func(e *event) { e.more = true }, event{id: "u1", at: "2026-01-05T08:00:01+08:00", plate: "粤B12346"}, true},
		{"not without anything to know it by", func(e *event) { *e = event{plate: "粤B12345"} }, event{plate: "粤B12345"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var recent camera.Recent
			one := first
			if tt.before != nil {
				tt.before(&one)
			}
			n := 0
			for _, e := range []event{one, tt.second} {
				keys, after := e.keys(shanghai)
				err := recent.Once(keys, after, time.Second, func() (<-chan error, error) {
					n++
					done := make(chan error, 1)
					done <- nil
					return done, nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			if (n == 1) != tt.same {
				t.Errorf("delivered %d times, want the same event: %v", n, tt.same)
			}
		})
	}
}

var jpeg = []byte{0xFF, 0xD8, 0xFF, 0xE0, 'p', 'i', 'c'}

func multi(parts ...string) (contentType string, body []byte) {
	var b bytes.Buffer
	for _, p := range parts {
		head, data, _ := strings.Cut(p, "|")
		if head != "" {
			head += "\r\n"
		}
		fmt.Fprintf(&b, "--boundary\r\n%s\r\n%s\r\n", head, data)
	}
	b.WriteString("--boundary--\r\n")
	return "multipart/form-data; boundary=boundary", b.Bytes()
}

func TestPartsAreToldByNameThenByContent(t *testing.T) {
	pic := string(jpeg)
	scene := drivers.Picture{Kind: drivers.PictureScene, JPEG: jpeg}
	plate := drivers.Picture{Kind: drivers.PicturePlate, JPEG: jpeg}
	tests := []struct {
		name  string
		parts []string
		want  []drivers.Picture
	}{
		{"by file name", []string{
			`Content-Disposition: form-data; filename="licensePlatePicture.jpg"|` + pic,
			`Content-Disposition: form-data; filename="anpr.xml"|` + minimal,
			`Content-Disposition: form-data; filename="detectionPicture.jpg"|` + pic,
		}, []drivers.Picture{scene, plate}},
		{"by form name", []string{
			`Content-Disposition: form-data; name="anpr.xml"|` + minimal,
			`Content-Disposition: form-data; name="licensePlatePicture.jpg"|` + pic,
		}, []drivers.Picture{plate}},
		{"the file name counts more than the form name", []string{
			`Content-Disposition: form-data; name="detectionPicture"; filename="licensePlatePicture.jpg"|` + pic,
			`Content-Disposition: form-data; name="file"; filename="anpr.xml"|` + minimal,
		}, []drivers.Picture{plate}},
		{"by content", []string{"|" + pic, "|" + minimal}, []drivers.Picture{scene}},
		{"an empty picture", []string{
			"Content-Type: image/pjpeg\r\nContent-ID: licensePlatePicture\r\nContent-Length: 0|",
			`Content-Disposition: form-data; name="anpr.xml"; filename="anpr.xml"|` + minimal,
		}, nil},
		{"a picture that is none", []string{
			`Content-Disposition: form-data; filename="detectionPicture.jpg"|GIF89a`,
			"|" + minimal,
		}, nil},
		{"the vehicle stands in for a missing scene", []string{
			"|" + minimal,
			`Content-Disposition: form-data; filename="licensePlatePicture.jpg"|` + pic,
			`Content-Disposition: form-data; filename="vehiclePicture.jpg"|` + pic,
		}, []drivers.Picture{scene, plate}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			contentType, body := multi(tt.parts...)
			p, err := ReadPush(contentType, "", body)
			if err != nil {
				t.Fatal(err)
			}
			want := minimalCar()
			want.Pictures = tt.want
			if diff := cmp.Diff(want, p.Recognition(shanghai)); diff != "" {
				t.Errorf("claim differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEventInTheAddress(t *testing.T) {
	query := "channelID=1&dateTime=2026-01-05T08:00:00+08:00&eventType=ANPR&country=59&licensePlate=%E7%B2%A4B12345&lane=1&direction=forward&confidenceLevel=97&macAddress=44:19:b6:00:00:01"
	p, err := ReadPush("image/jpeg", query, jpeg)
	if err != nil {
		t.Fatal(err)
	}
	want := drivers.Recognition{
		Plate: "粤B12345", Confidence: 97, Direction: drivers.DirectionForward,
		At:       time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), // its plus came as a space
		Pictures: []drivers.Picture{{Kind: drivers.PictureScene, JPEG: jpeg}},
	}
	if diff := cmp.Diff(want, p.Recognition(shanghai)); diff != "" {
		t.Errorf("claim differs (-want +got):\n%s", diff)
	}
}

func FuzzPush(f *testing.F) {
	contentType, body := multi(`Content-Disposition: form-data; filename="anpr.xml"|`+minimal, "|"+string(jpeg))
	f.Add(contentType, "", body)
	f.Add("multipart/form-data; boundary=-----7e1", "", []byte("-------7e1\r\n\r\n<a/>\r\n-------7e1--"))
	f.Add("application/xml", "", []byte(minimal))
	f.Add("image/jpeg", "licensePlate=%D4%C1B12345&dateTime=2026-01-05T08:00:00 08:00&eventType=ANPR", jpeg)
	f.Fuzz(func(t *testing.T, contentType, query string, body []byte) {
		p, err := ReadPush(contentType, query, body)
		if err != nil {
			var push *camera.PushError
			if !errors.As(err, &push) || push.Status < 400 || push.Status > 499 || push.Status == http.StatusUnauthorized {
				t.Fatalf("error = %v, want a PushError that blames the sender", err)
			}
			return
		}
		rec := p.Recognition(shanghai)
		if rec.Confidence < 0 || rec.Confidence > 100 {
			t.Fatalf("confidence = %d", rec.Confidence)
		}
		for _, pic := range rec.Pictures {
			if !camera.IsJPEG(pic.JPEG) {
				t.Fatal("a picture that is no JPEG")
			}
		}
	})
}

func TestACaptureTimeIsReadInAllItsForms(t *testing.T) {
	want := time.Date(2020, 4, 24, 16, 16, 27, 0, time.UTC)
	for _, text := range []string{
		"20200424T1616270000", "20200424T161627+0000", "20200424T161627Z", "20200425T001627+0800", "20200425T0016270800",
		"20200424T111627-500", "20200425T001627+800", "20200425T001627", "2020-04-24T16:16:27Z", "2020-04-25T00:16:27+08:00",
	} {
		if got := captureTime(text, shanghai); !got.Equal(want) {
			t.Errorf("captureTime(%q) = %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"", "0", "20200424T", "20200424T16162", "tomorrow"} {
		if got := captureTime(text, shanghai); !got.IsZero() {
			t.Errorf("captureTime(%q) = %v, want none", text, got)
		}
	}
}
