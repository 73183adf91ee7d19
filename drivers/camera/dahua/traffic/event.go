// Package traffic reads what a Dahua camera tells of cars: the pushes of ITSAPI and the parts of its two event streams.
//
// It is pure. Both ways say much the same in JSON and in lines, so both become
// texts by path first and are then read by the same functions.
package traffic

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/camera/fields"
)

// An Event is one car as a camera told of it, by push or by stream.
type Event struct {
	Rec    drivers.Recognition // without Device and Received
	Key    string              // the same for an event that is sent again; empty: nothing shows that it is
	Lane   int64               // as the camera counts its lanes; 0 where it does not tell
	Opened bool                // the camera says that it opened the barrier for it
	cuts   cuts                // where its pictures lie in the part of a stream that follows it
}

// name gives the event its ID, which is made of what does not change when it is
// sent again: its time and the rest of what tells it from others. It does not
// tell the plate. Without a time nothing tells two visits of one car apart, so
// such an event has no key.
func (e *Event) name(when string, rest ...string) {
	if when == "" {
		e.Rec.ID = rand.Text()
		return
	}
	sum := sha256.Sum256([]byte(strings.Join(append(rest, when), "\x00")))
	e.Rec.ID = hex.EncodeToString(sum[:8])
	e.Key = e.Rec.ID
}

// plate takes apart what the camera wrote as the plate.
func plate(written, color string) (string, drivers.PlateColor) {
	if strings.EqualFold(strings.ReplaceAll(written, " ", ""), "noplate") {
		written = ""
	}
	no, prefix := camera.Plate(written)
	if c := plateColor(color); c != drivers.ColorUnknown {
		return no, c
	}
	return no, prefix
}

// plateColor maps the camera's colour names (HTTP API, plate colours). Colours
// that no mainland plate has are unknown.
func plateColor(name string) drivers.PlateColor {
	switch strings.ToLower(name) {
	case "blue", "bluebottomwhitetext":
		return drivers.ColorBlue
	case "yellow", "yellowbottomblacktext":
		return drivers.ColorYellow
	case "white":
		return drivers.ColorWhite
	case "black", "blackbottomwhitetext":
		return drivers.ColorBlack
	case "green", "shadowgreen": // small new energy: green that fades to white
		return drivers.ColorGreen
	case "yellowgreen":
		return drivers.ColorYellowGreen
	}
	return drivers.ColorUnknown
}

// confidence reads 0 to 100. Some firmware counts to 255 (204 and 160 were
// seen), which shows in a number above 100 only.
func confidence(f fields.Fields, path string) int {
	n, ok := f.Int(path)
	switch {
	case !ok || n < 0:
		return 0
	case n > 100:
		return int(min(n, 255) * 100 / 255)
	}
	return int(n)
}

// direction maps the words for the way of a car.
func direction(word string) drivers.Direction {
	switch strings.ToLower(word) {
	case "obverse", "approach", "forward":
		return drivers.DirectionForward
	case "reverse", "leave", "backward":
		return drivers.DirectionReverse
	}
	return drivers.DirectionUnknown
}

// ClockTime reads a time of the camera's clock, which names no zone, in zone; it
// is zero where the text is none.
func ClockTime(text string, zone *time.Location) time.Time {
	if strings.Count(text, ":") == 3 { // "2019-04-01 18:28:00:123"
		i := strings.LastIndex(text, ":")
		text = text[:i] + "." + text[i+1:]
	}
	for _, layout := range []string{time.DateTime, "2006-1-2 15:04:05", "2006-01-02T15:04:05", "2006/01/02 15:04:05", time.RFC3339} {
		// A fraction behind the seconds is read without being in the layout.
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t
		}
	}
	return time.Time{}
}

// inZone reads a time of the camera's clock. The zone that a push names is
// believed with care. TimeZone is hours in one firmware, the place in the list
// of the clock's settings in another (12 was seen for seven hours, 13 is eight),
// and 0 where nobody has set it. So the car park's own zone holds where either
// reading agrees with it, and where there is none.
func inZone(text, timeZone string, own *time.Location) time.Time {
	t := ClockTime(text, own)
	hours, err := strconv.ParseFloat(timeZone, 64)
	if t.IsZero() || err != nil || hours == 0 || hours < -12 || hours > 14 {
		return t.UTC()
	}
	offset := int(hours * 3600)
	_, ours := t.Zone()
	if offset == ours || listedZone(hours) == ours {
		return t.UTC()
	}
	return ClockTime(text, time.FixedZone("", offset)).UTC()
}

// listedZone returns the offset in seconds of a place in the list of zones that
// the camera's clock settings offer; 0 for one that is not there.
func listedZone(place float64) int {
	list := []float64{0, 1, 2, 3, 3.5, 4, 4.5, 5, 5.5, 5.75, 6, 6.5, 7, 8, 9} // 13 is eight hours
	if i := int(place); i >= 0 && i < len(list) && float64(i) == place {
		return int(list[i] * 3600)
	}
	return 0
}
