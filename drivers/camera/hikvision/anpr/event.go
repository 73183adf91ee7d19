// Package anpr reads the plates in what a Hikvision camera sends: as pushes, in its event stream, and in the list of plates that it keeps.
//
// It is pure, and knows what firmware writes: four namespaces, three places for
// the event, colours before plates, times in six forms. The camera's driver uses
// it, and does the calling and waiting.
package anpr

import (
	"cmp"
	"math"
	"strconv"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
)

// kindANPR is the eventType of a recognised plate.
const kindANPR = "ANPR"

// An event is what we read from an EventNotificationAlert, as written.
type event struct {
	kind       string // eventType
	state      string // eventState
	hasPlate   bool   // there is an ANPR block
	plate      string
	confidence string
	direction  string
	color      string // plateColor
	plateType  string
	at         string // dateTime
	id         string // UUID
	offline    string // isDataRetransmission
	channel    string // channelID, or dynChannelID
	more       bool   // hasMoreData: the same event comes again, with its pictures
	picNum     string // how many pictures follow
}

// isPlate reports whether the event tells of a car, rather than being the
// heartbeat (videoloss, inactive) or an event of another kind.
func (e event) isPlate() bool {
	return e.hasPlate && !strings.EqualFold(e.state, "inactive")
}

// decodeEvent reads an EventNotificationAlert. Namespaces and prefixes are
// ignored: four namespaces are in the field, and a recorder that forwards an
// event puts "ns1:" before every name.
func decodeEvent(text []byte) (event, error) {
	fields, err := camera.Elements(text, keptLevels)
	if err != nil {
		return event{}, err
	}
	const root = "EventNotificationAlert"
	if _, ok := fields[root]; !ok {
		return event{}, camera.Malformed("not an EventNotificationAlert")
	}
	plate, hasPlate := fields[root+"/ANPR/licensePlate"]
	if read, _ := camera.Plate(plate); read == "" && fields[root+"/ANPR/originalLicensePlate"] != "" {
		// What the camera read before it corrected the plate to none.
		plate, hasPlate = fields[root+"/ANPR/originalLicensePlate"], true
	}
	channel := fields[root+"/channelID"]
	if channel == "" {
		channel = fields[root+"/dynChannelID"]
	}
	return event{
		kind:       fields[root+"/eventType"],
		state:      fields[root+"/eventState"],
		hasPlate:   hasPlate,
		plate:      plate,
		confidence: fields[root+"/ANPR/confidenceLevel"],
		direction:  fields[root+"/ANPR/direction"],
		color:      fields[root+"/ANPR/plateColor"],
		plateType:  fields[root+"/ANPR/plateType"],
		at:         fields[root+"/dateTime"],
		id:         fields[root+"/UUID"],
		offline:    fields[root+"/isDataRetransmission"],
		channel:    channel,
		more:       yes(fields[root+"/hasMoreData"]) || yes(fields[root+"/ANPR/hasMoreData"]),
		picNum:     fields[root+"/picNum"],
	}, nil
}

// keptLevels is how deep an element is read: EventNotificationAlert/ANPR/
// licensePlate.
const keptLevels = 3

func yes(text string) bool { return strings.EqualFold(text, "true") || text == "1" }

// keys are what the event is known again by: its UUID and its time together, for
// a UUID alone may be the device's; its place, time and plate, for it may come
// without a UUID. The second half of an event with more data is known by after:
// it has the UUID in common with the first, and maybe no more.
func (e event) keys(zone *time.Location) (keys, after []string) {
	at := e.at
	if t := Time(e.at, zone); !t.IsZero() {
		at = t.Format(time.RFC3339Nano)
	}
	plate, _ := camera.Plate(e.plate)
	if e.id != "" {
		keys = append(keys, "id "+e.id+" at "+at)
		if at == "" {
			keys[0] += " of " + plate
		}
	}
	if at != "" {
		keys = append(keys, "channel "+cmp.Or(e.channel, "1")+" at "+at+" of "+plate)
	}
	switch {
	case e.id == "":
	case e.more:
		keys = append(keys, "first half "+e.id)
	default:
		after = append(after, "first half "+e.id)
	}
	return keys, after
}

// recognition returns the event as the lane's claim, without its pictures.
func (e event) recognition(zone *time.Location) drivers.Recognition {
	plate, prefix := camera.Plate(e.plate)
	color := plateColor(e.color)
	if color == drivers.ColorUnknown {
		color = prefix
	}
	size := camera.SizeOf(color)
	switch e.plateType {
	case "yellowTwoLine", "trailer": // trucks and what they pull
		size = drivers.SizeLarge
		if color == drivers.ColorUnknown {
			color = drivers.ColorYellow
		}
	}
	return drivers.Recognition{
		ID:         e.id,
		Plate:      plate,
		Color:      color,
		Size:       size,
		Confidence: confidence(e.confidence),
		Direction:  direction(e.direction),
		At:         Time(e.at, zone),
		Offline:    yes(e.offline),
	}
}

// plateColor maps the camera's colour names. Colours that no mainland plate has
// are unknown.
func plateColor(name string) drivers.PlateColor {
	switch strings.ToLower(name) {
	case "blue":
		return drivers.ColorBlue
	case "yellow":
		return drivers.ColorYellow
	case "white":
		return drivers.ColorWhite
	case "black", "civilaviationblack":
		return drivers.ColorBlack
	case "green", "newenergygreen", "civilaviationgreen":
		return drivers.ColorGreen
	case "newenergyyellowgreen":
		return drivers.ColorYellowGreen
	}
	return drivers.ColorUnknown
}

func direction(name string) drivers.Direction {
	switch strings.ToLower(name) {
	case "forward":
		return drivers.DirectionForward
	case "reverse":
		return drivers.DirectionReverse
	}
	return drivers.DirectionUnknown
}

// confidence reads 0 to 100; some firmware writes a fraction.
func confidence(text string) int {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) {
		return 0
	}
	return int(math.Round(min(max(f, 0), 100)))
}

// Time reads a time as the camera writes it. One without an offset is in the
// camera's zone, which is the car park's. One that cannot be read is zero: the
// event has no time of its own.
func Time(text string, zone *time.Location) time.Time {
	// In a query the plus of the offset arrives as a space.
	if n := len(text); n > 6 && text[n-6] == ' ' && text[n-3] == ':' {
		text = text[:n-6] + "+" + text[n-5:]
	}
	for _, layout := range []string{
		time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "20060102T150405Z0700", "20060102T150405",
	} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
