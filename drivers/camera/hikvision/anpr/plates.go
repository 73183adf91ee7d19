package anpr

import (
	"fmt"
	"time"

	"parkagent/drivers/camera"
)

// A Plate is one plate of the list that a camera keeps.
type Plate struct {
	Key  string    // what it is known again by
	At   time.Time // by the camera's clock; zero where it cannot be read
	Push Push
}

// ReadPlates reads the answer to the question for plates: Plates, with a Plate for
// each, of captureTime (20200424T161627+0800, or with four digits and no sign),
// plateNumber, picName, direction. A time without a zone is in zone.
func ReadPlates(text []byte, zone *time.Location) ([]Plate, error) {
	list, err := camera.ElementList(text, "Plate")
	if err != nil {
		return nil, fmt.Errorf("list of plates: %w", err)
	}
	records := make([]Plate, 0, len(list))
	for _, fields := range list {
		r := Plate{
			Key: fields["captureTime"] + " " + fields["picName"] + " " + fields["plateNumber"],
			At:  captureTime(fields["captureTime"], zone),
			Push: Push{event: event{
				kind: kindANPR, hasPlate: true, plate: fields["plateNumber"], direction: fields["direction"], id: fields["picName"],
			}},
		}
		if !r.At.IsZero() {
			r.Push.event.at = r.At.Format(time.RFC3339Nano)
		}
		records = append(records, r)
	}
	return records, nil
}

// captureTime reads a captureTime. An offset without a sign is east of Greenwich,
// one of three digits has an hour of one.
func captureTime(text string, zone *time.Location) time.Time {
	const stamp = len("20060102T150405")
	if len(text) > stamp && text[8] == 'T' {
		offset := text[stamp:]
		if offset[0] >= '0' && offset[0] <= '9' {
			offset = "+" + offset
		}
		if len(offset) == len("+800") {
			offset = offset[:1] + "0" + offset[1:]
		}
		text = text[:stamp] + offset
	}
	return Time(text, zone)
}
