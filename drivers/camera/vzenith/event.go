package vzenith

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
)

// An event is a decoded JSON push.
type event struct {
	isPlate bool  // an AlarmInfoPlate, rather than a report of inputs or serial data
	isCar   bool  // and it tells of a car that wants through
	channel int64 // of the camera's video
	plateID int64 // the camera's number of the event; 0 where it gives none
	rec     drivers.Recognition
}

// A number is a JSON number or a string that holds one; firmware differs.
// Anything else is 0.
type number int64

// UnmarshalJSON never fails: a field of the wrong kind must not lose the car.
func (n *number) UnmarshalJSON(text []byte) error {
	f, err := strconv.ParseFloat(strings.Trim(string(text), `"`), 64)
	if err != nil || f != f || f > 1<<53 || f < -1<<53 {
		f = 0
	}
	*n = number(f)
	return nil
}

// message is the JSON of a push, as far as it is used. The nesting is the
// maker's.
type message struct {
	AlarmInfoPlate *struct {
		Channel  number `json:"channel"`
		SerialNo string `json:"serialno"`
		Result   struct {
			PlateResult *plateResult `json:"PlateResult"`
		} `json:"result"`
	} `json:"AlarmInfoPlate"`
	TriggerImage json.RawMessage `json:"TriggerImage"` // a picture that somebody asked for
}

// textSize returns how many bytes of a push are not its pictures.
func (m message) textSize(body []byte) int {
	n := len(body) - len(m.TriggerImage)
	if m.AlarmInfoPlate != nil && m.AlarmInfoPlate.Result.PlateResult != nil {
		p := m.AlarmInfoPlate.Result.PlateResult
		n -= len(p.ImageFile) + len(p.ImageFragmentFile)
	}
	return n
}

type plateResult struct {
	License           string `json:"license"`
	ColorType         number `json:"colorType"`
	Type              number `json:"type"`
	Confidence        number `json:"confidence"`
	Direction         number `json:"direction"`
	TriggerType       number `json:"triggerType"`
	PlateID           number `json:"plateid"`
	IsOffline         number `json:"isoffline"`
	IsFakePlate       number `json:"is_fake_plate"`
	ImageFile         string `json:"imageFile"`
	ImageFragmentFile string `json:"imageFragmentFile"`
	TimeStamp         struct {
		Timeval struct {
			Sec  number `json:"sec"`
			USec number `json:"usec"`
		} `json:"Timeval"`
	} `json:"timeStamp"`
}

// looksLikeJSON tells a JSON push from a heartbeat's form.
func looksLikeJSON(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")), " \t\r\n"), []byte("{"))
}

// decodeEvent decodes a JSON push.
func decodeEvent(body []byte) (event, error) {
	body = camera.UTF8(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")))
	if nesting(body) > camera.MaxNesting {
		return event{}, camera.Malformed("JSON nested too deep")
	}
	var msg message
	if err := json.Unmarshal(body, &msg); err != nil {
		return event{}, camera.Malformed("broken JSON")
	}
	if msg.textSize(body) > camera.MaxText {
		return event{}, camera.TooLarge("event text too large")
	}
	if msg.AlarmInfoPlate == nil {
		return event{}, nil // AlarmGioIn, SerialData, TriggerImage
	}
	result := msg.AlarmInfoPlate.Result.PlateResult
	if result == nil {
		return event{}, camera.Malformed("no PlateResult in it")
	}
	pictures, err := result.pictures()
	if err != nil {
		return event{}, err
	}
	ev := event{
		isPlate: true,
		isCar:   !result.isLoitering(),
		channel: int64(msg.AlarmInfoPlate.Channel),
		plateID: int64(result.PlateID),
		rec:     result.recognition(),
	}
	ev.rec.Pictures = pictures
	ev.rec.ID = eventID(msg.AlarmInfoPlate.SerialNo, ev.plateID)
	return ev, nil
}

// nesting returns how deep objects and arrays stand within each other. It runs
// before the real decoder, which would follow 10 000 levels.
func nesting(text []byte) int {
	depth, deepest := 0, 0
	inString, escaped := false, false
	for _, b := range text {
		switch {
		case escaped:
			escaped = false
		case inString && b == '\\':
			escaped = true
		case b == '"':
			inString = !inString
		case inString:
		case b == '{', b == '[':
			depth++
			deepest = max(deepest, depth)
		case b == '}', b == ']':
			depth--
		}
	}
	return deepest
}

// eventID joins the camera's serial number and the number it gave the event,
// which starts again when the camera is replaced.
func eventID(serial string, plateID int64) string {
	switch {
	case plateID == 0:
		return ""
	case serial == "":
		return strconv.FormatInt(plateID, 10)
	}
	return serial + "-" + strconv.FormatInt(plateID, 10)
}

// isLoitering reports the events 64, 65 and 66: a car stands too long, goes on,
// or has turned back. None of them is a car that wants through.
func (p *plateResult) isLoitering() bool {
	return p.TriggerType >= 64 && p.TriggerType <= 66
}

// typeFake is the plate type of a picture of a plate.
const typeFake = 29

func (p *plateResult) recognition() drivers.Recognition {
	plate, prefix := camera.Plate(p.License)
	if p.IsFakePlate == 1 || p.Type == typeFake {
		plate = "" // a photograph held up to the camera is nobody's plate
	}
	color := plateColor(p.ColorType, p.Type)
	if color == drivers.ColorUnknown {
		color = prefix
	}
	rec := drivers.Recognition{
		Plate:      plate,
		Color:      color,
		Size:       vehicleSize(p.Type, color),
		Confidence: int(min(max(p.Confidence, 0), 100)),
		Direction:  direction(p.Direction),
		Offline:    p.IsOffline != 0,
	}
	if sec := p.TimeStamp.Timeval.Sec; sec > 0 {
		rec.At = time.Unix(int64(sec), int64(p.TimeStamp.Timeval.USec)*1000).UTC()
	}
	return rec
}

// plateColor maps colorType, and where that is unknown the plate type.
func plateColor(color, plateType number) drivers.PlateColor {
	switch color {
	case 1:
		return drivers.ColorBlue
	case 2:
		return drivers.ColorYellow
	case 3:
		return drivers.ColorWhite
	case 4:
		return drivers.ColorBlack
	case 5:
		return drivers.ColorGreen
	case 6:
		return drivers.ColorYellowGreen
	}
	switch plateType {
	case 1:
		return drivers.ColorBlue
	case 3, 4:
		return drivers.ColorYellow
	case 19:
		return drivers.ColorGreen
	case 20:
		return drivers.ColorYellowGreen
	}
	return drivers.ColorUnknown
}

// vehicleSize maps the plate type, and where that says nothing the colour.
func vehicleSize(plateType number, color drivers.PlateColor) drivers.VehicleSize {
	switch plateType {
	case 1, 19: // blue; new energy
		return drivers.SizeSmall
	case 3, 4, 20: // yellow in one row and in two; large new energy
		return drivers.SizeLarge
	}
	return camera.SizeOf(color)
}

// direction maps the way a car moves in the picture. Down is towards the
// camera; left and right say nothing about coming or going.
func direction(d number) drivers.Direction {
	switch d {
	case 3:
		return drivers.DirectionReverse
	case 4:
		return drivers.DirectionForward
	}
	return drivers.DirectionUnknown
}

// pictures decodes both pictures. One that is no JPEG is left out: the plate
// counts without it.
func (p *plateResult) pictures() ([]drivers.Picture, error) {
	var pictures []drivers.Picture
	for _, pic := range []struct {
		kind drivers.PictureKind
		text string
	}{{drivers.PictureScene, p.ImageFile}, {drivers.PicturePlate, p.ImageFragmentFile}} {
		if base64.StdEncoding.DecodedLen(len(pic.text)) > camera.MaxPicture+2 {
			return nil, camera.TooLarge("picture too large")
		}
		jpeg, err := base64.StdEncoding.DecodeString(pic.text)
		if err != nil || !camera.IsJPEG(jpeg) {
			continue
		}
		if len(jpeg) > camera.MaxPicture {
			return nil, camera.TooLarge("picture too large")
		}
		pictures = append(pictures, drivers.Picture{Kind: pic.kind, JPEG: jpeg})
	}
	return pictures, nil
}
