package traffic

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/camera/fields"
)

// Junction is the code of the event of a car at the line, which is the one that
// is asked for.
const Junction = "TrafficJunction"

// mostEvents is how many events of one part are read; cameras send one.
const mostEvents = 8

// Part decodes a text part of a stream: of eventManager
// "Code=TrafficJunction;action=Pulse;index=0;data={JSON}", of snapManager lines
// of "Events[0].TrafficCar.PlateNumber=…", of both "Heartbeat". channel is that
// of the camera, which eventManager counts from 0, and zone that of its clock.
// Errors are PushErrors.
func Part(text []byte, channel int, zone *time.Location) ([]*Event, error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || bytes.EqualFold(text, []byte("Heartbeat")) {
		return nil, nil
	}
	if len(text) > camera.MaxText {
		return nil, camera.TooLarge("event text too large")
	}
	if head, data, ok := bytes.Cut(text, []byte(";data=")); ok && bytes.HasPrefix(head, []byte("Code=")) {
		return decodeManaged(string(head), data, channel, zone)
	}
	f, err := fields.Lines(text)
	if err != nil {
		return nil, err
	}
	var events []*Event
	for i := range mostEvents {
		for _, list := range []string{"Events", "ReturnEvents"} {
			at := list + "[" + strconv.Itoa(i) + "]."
			code := f.First(at+"Code", at+"EventBaseInfo.Code")
			action := f.First(at+"Action", at+"EventBaseInfo.Action")
			if code != Junction || strings.EqualFold(action, "Stop") {
				continue
			}
			if ev := junctionEvent(f, at, zone); ev != nil {
				events = append(events, ev)
			}
		}
	}
	return events, nil
}

// decodeManaged decodes a part of eventManager, by what stands before its JSON
// and the JSON.
func decodeManaged(head string, data []byte, channel int, zone *time.Location) ([]*Event, error) {
	said := map[string]string{}
	for pair := range strings.SplitSeq(head, ";") {
		key, value, _ := strings.Cut(pair, "=")
		said[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	if said["Code"] != Junction || strings.EqualFold(said["action"], "Stop") {
		return nil, nil
	}
	if index, err := strconv.Atoi(said["index"]); err == nil && index != channel-1 {
		return nil, nil // another camera of a recorder
	}
	f, err := fields.JSON(data)
	if err != nil {
		return nil, err
	}
	if ev := junctionEvent(f, "", zone); ev != nil {
		return []*Event{ev}, nil
	}
	return nil, nil
}

// junctionEvent reads the event that stands below a path, or returns nil for a
// bicycle without a plate.
//
// EventID and GroupID begin again when the camera starts, so the key holds the
// time as well. Nothing in it tells whether the car comes in or goes out;
// DrivingDirection, where there is one, begins with Approach or Leave.
func junctionEvent(f fields.Fields, at string, zone *time.Location) *Event {
	written := f.First(at+"TrafficCar.PlateNumber", at+"Object.Text")
	if written == "" && strings.EqualFold(f.Text(at+"CommInfo.SnapCategory"), "NonMotor") {
		return nil
	}
	no, color := plate(written, f.First(at+"TrafficCar.PlateColor", at+"Object.PlateColor"))
	rec := drivers.Recognition{
		Plate:      no,
		Color:      color,
		Size:       camera.SizeOf(color),
		Confidence: confidence(f, at+"Object.Confidence"),
		Direction:  direction(f.Text(at + "TrafficCar.DrivingDirection")),
		At:         junctionTime(f, at, zone),
	}
	lane, _ := strconv.ParseInt(f.First(at+"Lane", at+"TrafficCar.Lane"), 10, 64)
	ev := &Event{Rec: rec, Lane: lane, cuts: cutsOf(f, at)}
	when := f.First(at+"RealUTC", at+"UTC", at+"LocaleTime", at+"TrafficCar.UTC")
	ev.name(when, f.Text(at+"UTCMS"), f.Text(at+"GroupID"), f.Text(at+"EventID"), f.Text(at+"IndexInGroup"), written)
	return ev
}

// junctionTime returns when an event happened. RealUTC is a Unix time. UTC is
// none, whatever it is called: it counts the seconds of the camera's own clock,
// zone and all (25 200 s more than RealUTC were seen at UTC+7).
func junctionTime(f fields.Fields, at string, zone *time.Location) time.Time {
	ms, _ := f.Int(at + "UTCMS")
	if ms < 0 || ms > 999 {
		ms = 0
	}
	const latest = 1 << 33 // the year 2242
	if s, ok := f.Int(at + "RealUTC"); ok && s > 0 && s < latest {
		return time.Unix(s, ms*int64(time.Millisecond)).UTC()
	}
	if t := ClockTime(f.Text(at+"LocaleTime"), zone); !t.IsZero() {
		return t.UTC()
	}
	for _, path := range []string{at + "UTC", at + "TrafficCar.UTC"} {
		if s, ok := f.Int(path); ok && s > 0 && s < latest {
			local := time.Unix(s, ms*int64(time.Millisecond)).UTC()
			return time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), zone).UTC()
		}
	}
	return time.Time{}
}

// Cut returns the pictures of the event in the part of a stream that follows it,
// which begins like a JPEG. The scene comes first.
func (e *Event) Cut(part []byte) []drivers.Picture { return e.cuts.from(part) }

// Fits reports whether a part of pictures may be that of the event: whether it is
// as long as the event said that it would be, where it said anything.
func (e *Event) Fits(part []byte) bool {
	told, end := false, int64(0)
	for _, c := range []cut{e.cuts.scene, e.cuts.plate, e.cuts.vehicle} {
		if c.length > 0 {
			told, end = true, max(end, c.offset+c.length)
		}
	}
	const lineBreak = 2 // which some firmware counts into the part
	rest := int64(len(part)) - end
	return !told || end > 0 && rest >= 0 && rest <= lineBreak
}

// cuts say where in the part of pictures each of them lies.
type cuts struct {
	scene, plate, vehicle cut
}

// A cut is a piece of a part of pictures; one without a length is not there.
type cut struct {
	offset, length int64
}

func cutsOf(f fields.Fields, at string) cuts {
	read := func(path string) cut {
		offset, _ := f.Int(path + ".Offset")
		length, _ := f.Int(path + ".Length")
		return cut{offset, length}
	}
	return cuts{scene: read(at + "SceneImage"), plate: read(at + "Object.Image"), vehicle: read(at + "Vehicle.Image")}
}

// of returns the piece of data, or nil where there is no such JPEG.
func (c cut) of(data []byte) []byte {
	size := int64(len(data))
	if c.length <= 0 || c.offset < 0 || c.offset > size || c.length > size-c.offset {
		return nil
	}
	piece := data[c.offset : c.offset+c.length : c.offset+c.length]
	if !camera.IsJPEG(piece) {
		return nil
	}
	return piece
}

// from returns the pictures in a part, the scene first. Where the lines told of
// no scene that is there, the largest JPEG of the part is it.
func (c cuts) from(part []byte) []drivers.Picture {
	scene := c.scene.of(part)
	if scene == nil {
		for _, jpeg := range fields.SplitJPEG(part) {
			if len(jpeg) > len(scene) {
				scene = jpeg
			}
		}
	}
	pictures := []drivers.Picture{{Kind: drivers.PictureScene, JPEG: scene}}
	if vehicle := c.vehicle.of(part); vehicle != nil {
		pictures = append(pictures, drivers.Picture{Kind: drivers.PictureScene, JPEG: vehicle})
	}
	if plate := c.plate.of(part); plate != nil {
		pictures = append(pictures, drivers.Picture{Kind: drivers.PicturePlate, JPEG: plate})
	}
	return pictures
}
