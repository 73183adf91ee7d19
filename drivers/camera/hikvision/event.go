package hikvision

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
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
	if len(text) > camera.MaxText {
		return event{}, camera.TooLarge("event text too large")
	}
	fields, err := flatten(camera.UTF8(bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF"))))
	if err != nil {
		return event{}, err
	}
	const root = "EventNotificationAlert"
	if _, ok := fields[root]; !ok {
		return event{}, camera.Malformed("not an EventNotificationAlert")
	}
	_, hasPlate := fields[root+"/ANPR/licensePlate"]
	return event{
		kind:       fields[root+"/eventType"],
		state:      fields[root+"/eventState"],
		hasPlate:   hasPlate,
		plate:      fields[root+"/ANPR/licensePlate"],
		confidence: fields[root+"/ANPR/confidenceLevel"],
		direction:  fields[root+"/ANPR/direction"],
		color:      fields[root+"/ANPR/plateColor"],
		plateType:  fields[root+"/ANPR/plateType"],
		at:         fields[root+"/dateTime"],
		id:         fields[root+"/UUID"],
		offline:    fields[root+"/isDataRetransmission"],
	}, nil
}

// What an event may hold at most; real ones have about 100 elements. Together
// these keep a hostile text from growing when it is read.
const (
	maxElements = 4096
	maxName     = 128 // bytes of an element's name
	keptLevels  = 3   // EventNotificationAlert/ANPR/licensePlate; nothing deeper is read
)

// flatten returns the text of every element under its path of local names,
// "EventNotificationAlert/ANPR/line". Of several with one path the first
// counts, and elements below keptLevels are left out.
func flatten(text []byte) (map[string]string, error) {
	dec := xml.NewDecoder(bytes.NewReader(text))
	// The text is UTF-8 by now, whatever its first line claims.
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	fields := make(map[string]string)
	var path []string
	var value strings.Builder
	elements := 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return fields, nil
		}
		if err != nil {
			return nil, camera.Malformed("broken XML")
		}
		switch token := token.(type) {
		case xml.StartElement:
			elements++
			switch {
			case len(path) == camera.MaxNesting:
				return nil, camera.Malformed("XML nested too deep")
			case elements > maxElements, len(token.Name.Local) > maxName:
				return nil, camera.Malformed("too much XML")
			}
			path = append(path, token.Name.Local)
			value.Reset()
		case xml.CharData:
			value.Write(token)
		case xml.EndElement:
			if len(path) <= keptLevels {
				key := strings.Join(path, "/")
				if _, have := fields[key]; !have {
					fields[key] = strings.TrimSpace(value.String())
				}
			}
			path = path[:len(path)-1]
			value.Reset()
		}
	}
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
		At:         eventTime(e.at, zone),
		Offline:    strings.EqualFold(e.offline, "true") || e.offline == "1",
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

// eventTime reads a dateTime. One without an offset is in the camera's zone,
// which is the car park's. One that cannot be read is zero: the event has no
// time of its own.
func eventTime(text string, zone *time.Location) time.Time {
	// In a query the plus of the offset arrives as a space.
	if n := len(text); n > 6 && text[n-6] == ' ' && text[n-3] == ':' {
		text = text[:n-6] + "+" + text[n-5:]
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
