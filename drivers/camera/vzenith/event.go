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
	"parkagent/drivers/camera/reply"
)

// An event is a decoded JSON push.
type event struct {
	isPlate bool // an AlarmInfoPlate, rather than one of those below or serial data
	isCar   bool // and it tells of a car that wants through
	isBeat  bool // a heartbeat, which some firmware sends as JSON
	serial  string
	plateID int64 // the camera's number of the event; 0 where it gives none
	ownList bool  // the camera let the car in by its own list
	rec     drivers.Recognition

	input   *input // an input has changed
	picture []byte // a JPEG that was asked for
}

// An input is the state of one of the camera's inputs, counted from 0.
type input struct {
	number int
	on     bool
}

// inputs is how many inputs a camera has. Number 4 is a trigger over TCP, which
// is no contact.
const inputs = 4

// key is what the event is known by when it comes again. The number alone
// starts anew with the camera; an event without a number and a part of a second
// may be anybody's.
func (e event) key() reply.Key {
	if e.rec.At.IsZero() || e.plateID == 0 && e.rec.At.Nanosecond() == 0 {
		return reply.Key{}
	}
	return reply.KeyOf(e.serial, strconv.FormatInt(e.plateID, 10), strconv.FormatInt(e.rec.At.UnixMicro(), 10), e.rec.Plate)
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
		SerialNo string `json:"serialno"`
		Result   struct {
			PlateResult *plateResult `json:"PlateResult"`
		} `json:"result"`
	} `json:"AlarmInfoPlate"`
	// One document has the result in a level of its own, another has not.
	AlarmGioIn *struct {
		Result        triggerResults `json:"result"`
		TriggerResult *triggerResult `json:"TriggerResult"`
	} `json:"AlarmGioIn"`
	Heartbeat    json.RawMessage `json:"heartbeat"`
	TriggerImage json.RawMessage `json:"TriggerImage"` // a picture that somebody asked for
}

type triggerResults struct {
	TriggerResult *triggerResult `json:"TriggerResult"`
}

type triggerResult struct {
	Source number `json:"source"`
	Value  number `json:"value"`
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
	License           string          `json:"license"`
	ColorType         number          `json:"colorType"`
	Type              number          `json:"type"`
	Confidence        number          `json:"confidence"`
	Direction         number          `json:"direction"`
	TriggerType       number          `json:"triggerType"`
	PlateID           number          `json:"plateid"`
	IsOffline         number          `json:"isoffline"`
	IsFakePlate       number          `json:"is_fake_plate"`
	GioOuts           json.RawMessage `json:"gioouts"` // decoded apart: nothing that is wrong with it must lose the car
	ImageFile         string          `json:"imageFile"`
	ImageFragmentFile string          `json:"imageFragmentFile"`
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
		return msg.other()
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
		serial:  msg.AlarmInfoPlate.SerialNo,
		plateID: int64(result.PlateID),
		ownList: result.opened(ctrlOwnList),
		rec:     result.recognition(),
	}
	ev.rec.Pictures = pictures
	ev.rec.ID = eventID(msg.AlarmInfoPlate.SerialNo, ev.plateID)
	return ev, nil
}

// other is what a push tells that is no plate. Bytes that came in on a serial
// port (SerialData) are acknowledged and not used: nothing of ours hangs there
// that speaks.
func (m message) other() (event, error) {
	var ev event
	if m.AlarmGioIn != nil {
		result := m.AlarmGioIn.Result.TriggerResult
		if result == nil {
			result = m.AlarmGioIn.TriggerResult
		}
		if result != nil && result.Source >= 0 && result.Source < inputs {
			ev.input = &input{number: int(result.Source), on: result.Value != 0}
		}
	}
	if m.Heartbeat != nil {
		ev.isBeat = true
	}
	if m.TriggerImage != nil {
		var shot struct {
			ImageFile string `json:"imageFile"`
		}
		if err := json.Unmarshal(m.TriggerImage, &shot); err != nil {
			return event{}, camera.Malformed("broken picture")
		}
		var err error
		if ev.picture, err = decodeJPEG(shot.ImageFile); err != nil {
			return event{}, err
		}
	}
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

// ctrlOwnList is the reason for which a relay was switched that means the
// camera's own list of plates, while it had no server. 1 is the server's word.
const ctrlOwnList = 2

// opened reports whether the camera switched a relay for a reason.
func (p *plateResult) opened(reason number) bool {
	var outs []struct {
		CtrlType number `json:"ctrltype"`
	}
	if json.Unmarshal(p.GioOuts, &outs) != nil {
		return false // left out, or of another shape
	}
	for _, out := range outs {
		if out.CtrlType == reason {
			return true
		}
	}
	return false
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
		jpeg, err := decodeJPEG(pic.text)
		if err != nil {
			return nil, err
		}
		if jpeg != nil {
			pictures = append(pictures, drivers.Picture{Kind: pic.kind, JPEG: jpeg})
		}
	}
	return pictures, nil
}

// decodeJPEG decodes a picture. It returns nil for what is none.
func decodeJPEG(text string) ([]byte, error) {
	if base64.StdEncoding.DecodedLen(len(text)) > camera.MaxPicture+2 {
		return nil, camera.TooLarge("picture too large")
	}
	jpeg, err := base64.StdEncoding.DecodeString(text)
	if err != nil || !camera.IsJPEG(jpeg) {
		return nil, nil
	}
	if len(jpeg) > camera.MaxPicture {
		return nil, camera.TooLarge("picture too large")
	}
	return jpeg, nil
}
