package huaxia

import (
	"strconv"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/camera/fields"
	"parkagent/drivers/camera/reply"
)

// A kind is what a push of the camera is.
type kind uint8

const (
	kindOther kind = iota // acknowledged and not used
	kindPlate
	kindHeartbeat
)

// An event is a decoded push.
type event struct {
	kind    kind
	camID   string // MAC or UID of the camera
	ownList bool   // the camera knows the plate from its own list
	rec     drivers.Recognition
}

// decode reads one push, the form of mode 5: type, mode, plate_num, plate_color,
// plate_val, confidence, vehicle_type, start_time, park_id, cam_id, cam_ip,
// vdc_type, is_whitelist, triger_type, picture, closeup_pic. Texts are UTF-8 or
// GBK, whatever the firmware likes.
func (o Options) decode(body []byte) (event, error) {
	form, err := fields.Form(body)
	if err != nil {
		return event{}, err
	}
	ev := event{camID: form.First("cam_id", "cam_ip")}
	// One firmware writes HeartBeat, another heartbeat.
	switch strings.ToLower(form.Text("type")) {
	case "online":
		ev.kind = kindPlate
	case "offline":
		ev.kind, ev.rec.Offline = kindPlate, true
	case "heartbeat":
		ev.kind = kindHeartbeat
		return ev, nil
	case "":
		return event{}, camera.Malformed("neither plate nor heartbeat")
	default:
		if ev.camID == "" {
			return event{}, camera.Malformed("neither plate nor heartbeat")
		}
		return ev, nil
	}
	if !form.Has("plate_num") {
		return event{}, camera.Malformed("no plate_num in it")
	}
	ev.ownList, _ = form.Bool("is_whitelist")
	o.fill(&ev.rec, form)
	ev.rec.ID = eventID(ev.camID, form.Text("start_time"))
	return ev, nil
}

// maxID bounds what a camera may write as its id and its time together.
const maxID = 96

// eventID joins the camera's id and the second in which it saw the car.
func eventID(camID, second string) string {
	switch {
	case second == "" || len(camID)+len(second) > maxID:
		return ""
	case camID == "":
		return second
	}
	return camID + "-" + second
}

// key is what the event is known by when it comes again. The protocol has no
// number for events: the same plate in the same second is the same car.
func (e event) key() reply.Key {
	if e.rec.At.IsZero() {
		return reply.Key{}
	}
	return reply.KeyOf(e.camID, strconv.FormatInt(e.rec.At.UnixMilli(), 10), e.rec.Plate)
}

// fill reads the car.
func (o Options) fill(rec *drivers.Recognition, form fields.Fields) {
	plate, prefix := camera.Plate(form.Text("plate_num"))
	if real, told := form.Bool("plate_val"); told && !real && !o.AnyPlate {
		plate = "" // a photograph held up to the camera is nobody's plate
	}
	rec.Plate = plate
	if rec.Color = plateColor(form.Text("plate_color")); rec.Color == drivers.ColorUnknown {
		rec.Color = prefix
	}
	rec.Size = vehicleSize(rec.Color, form.Text("vehicle_type"))
	confidence, _ := form.Int("confidence")
	rec.Confidence = int(min(max(confidence, 0), 100))
	rec.Direction = o.direction(form.Text("vdc_type"))
	rec.At = seen(form)
	for _, p := range []struct {
		name string
		kind drivers.PictureKind
	}{{"picture", drivers.PictureScene}, {"closeup_pic", drivers.PicturePlate}} {
		// One that is no picture is left out: the plate counts without it.
		if found := fields.Pictures(form.Text(p.name)); len(found) > 0 {
			rec.Pictures = append(rec.Pictures, drivers.Picture{Kind: p.kind, JPEG: found[0]})
		}
	}
}

// seen is when the camera saw the car: start_time in Unix seconds, in
// milliseconds where the number says so.
func seen(form fields.Fields) time.Time {
	const firstMilli = 100_000_000_000 // as seconds that is the year 5138
	n, _ := form.Int("start_time")
	switch {
	case n <= 0 || n > 1000*firstMilli:
		return time.Time{}
	case n >= firstMilli:
		return time.UnixMilli(n).UTC()
	}
	return time.Unix(n, 0).UTC()
}

// colors are the words for a plate's background, the longer ones first. New
// energy plates of small cars shade from white to green.
var colors = []struct {
	word  string
	color drivers.PlateColor
}{
	{"黄绿", drivers.ColorYellowGreen},
	{"蓝", drivers.ColorBlue},
	{"黄", drivers.ColorYellow},
	{"白", drivers.ColorWhite},
	{"黑", drivers.ColorBlack},
	{"绿", drivers.ColorGreen},
}

func plateColor(text string) drivers.PlateColor {
	for _, c := range colors {
		if strings.HasPrefix(strings.TrimPrefix(text, "渐变"), c.word) {
			return c.color
		}
	}
	return drivers.ColorUnknown
}

// vehicleSize is the size by the plate's colour, and where that says nothing by
// the kind of vehicle: 大型车, 大货车 and 客车 are large, 轿车, 小型车 and SUV small.
func vehicleSize(color drivers.PlateColor, kind string) drivers.VehicleSize {
	if size := camera.SizeOf(color); size != drivers.SizeUnknown {
		return size
	}
	switch {
	case strings.Contains(kind, "小"), strings.Contains(kind, "轿车"), strings.Contains(kind, "面包"),
		strings.EqualFold(kind, "SUV"), strings.EqualFold(kind, "MPV"):
		return drivers.SizeSmall
	case strings.Contains(kind, "大"), strings.Contains(kind, "中"), strings.Contains(kind, "货"), strings.Contains(kind, "客"):
		return drivers.SizeLarge
	}
	return drivers.SizeUnknown
}

// direction is the way of the car. vdc_type says what the camera is set up as,
// entry or exit; where the installer said which of them is towards the camera,
// the other one is away from it.
func (o Options) direction(vdc string) drivers.Direction {
	switch {
	case o.Forward == "" || vdc == "":
		return drivers.DirectionUnknown
	case strings.EqualFold(vdc, o.Forward):
		return drivers.DirectionForward
	}
	return drivers.DirectionReverse
}
