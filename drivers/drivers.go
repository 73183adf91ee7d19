// Package drivers is the vocabulary in which lane devices are spoken of: what a camera saw, how a gate stands, what a display shows, and how a device fails.
//
// It knows no brand and no wire. The packages below it each speak to one
// family of devices and return a concrete type that meets the interfaces
// written by their caller, the lane. This package imports the standard library
// only.
package drivers

import "time"

// A Recognition is one claim of a camera: this car stands, or stood, before me.
//
// It is a claim, not a fact: most cameras push without any authentication, send
// the same event again, and keep events while the network is away.
type Recognition struct {
	Device string // device code of the camera that saw it, as configured
	ID     string // of the event; the camera's own, or of the driver's making; may be empty

	// Plate is the plate as the camera read it, without the colour prefix
	// that some firmware puts before it. It is empty when the camera saw a
	// car without a plate or could not read it.
	Plate      string
	Color      PlateColor
	Size       VehicleSize
	Confidence int       // 0 to 100; 0 where the camera does not tell
	Direction  Direction // as the camera judged it

	At       time.Time // by the camera's clock, UTC; zero where it does not tell
	Received time.Time // by ours, UTC

	// Offline reports that the camera itself says it kept this event and
	// sends it later. Such an event never opens a gate.
	Offline bool

	Pictures []Picture
}

// A Picture is one JPEG that came with a recognition or was taken on request.
type Picture struct {
	Kind PictureKind
	JPEG []byte
}

// Scene returns the picture that shows most: the scene if there is one,
// otherwise the first, otherwise nil.
func (r Recognition) Scene() []byte {
	for _, p := range r.Pictures {
		if p.Kind == PictureScene && len(p.JPEG) > 0 {
			return p.JPEG
		}
	}
	for _, p := range r.Pictures {
		if len(p.JPEG) > 0 {
			return p.JPEG
		}
	}
	return nil
}

// A PictureKind tells what a Picture shows.
type PictureKind uint8

// The kinds of pictures.
const (
	PictureScene PictureKind = iota // the whole view
	PicturePlate                    // the plate, cut out
)

// A PlateColor is the background of a plate. The zero value is unknown.
type PlateColor uint8

// The plate colours that cameras tell apart.
const (
	ColorUnknown PlateColor = iota
	ColorBlue
	ColorYellow
	ColorWhite
	ColorBlack
	ColorGreen       // new energy, small
	ColorYellowGreen // new energy, large
)

// A VehicleSize is the charging class of a car. The zero value is unknown.
type VehicleSize uint8

// The sizes.
const (
	SizeUnknown VehicleSize = iota
	SizeLarge
	SizeSmall
)

// A Direction is a car's way as seen by the camera. The zero value is unknown.
type Direction uint8

// The directions.
const (
	DirectionUnknown Direction = iota
	DirectionForward           // towards the camera, as installed
	DirectionReverse
)

// A GateState is what a gate's inputs said at one moment.
type GateState struct {
	Arm      Arm
	Presence Presence
	// Passage is what an input behind the arm says, in the way of driving: a
	// loop, a light curtain, the barrier's own contact. It is occupied while a
	// car drives through, and clear again once that has passed.
	Passage  Presence
	HoldOpen bool      // the open contact is latched
	At       time.Time // when the inputs were read, UTC

	// Fault is what the gate's inputs and contacts show to be wrong although it
	// answers: FaultLimits, FaultTravel, FaultPresence, FaultContact, or what the
	// gate says of itself. FaultNone is well.
	Fault Fault
}

// An Arm is the position of a barrier's arm. The zero value is unknown, so a
// forgotten field never says that the arm is down.
type Arm uint8

// The positions of an arm. ArmFault means that it cannot be told: both limit
// inputs are active, or neither is for longer than the arm's way takes, or the
// gate says that it failed.
const (
	ArmUnknown Arm = iota
	ArmDown
	ArmUp
	ArmMoving
	ArmFault
)

// String names the position in English.
func (a Arm) String() string {
	switch a {
	case ArmDown:
		return "down"
	case ArmUp:
		return "up"
	case ArmMoving:
		return "moving"
	case ArmFault:
		return "fault"
	}
	return "unknown"
}

// A Presence tells whether something stands at one place of a lane, which is where
// the arm comes down unless said otherwise. The zero value is unknown; only
// PresenceClear allows an arm to be lowered.
type Presence uint8

// What an input says of its place. PresenceNotFitted means that no input is
// wired to us.
const (
	PresenceUnknown Presence = iota
	PresenceClear
	PresenceOccupied
	PresenceNotFitted
)

// String names the presence in English.
func (p Presence) String() string {
	switch p {
	case PresenceClear:
		return "clear"
	case PresenceOccupied:
		return "occupied"
	case PresenceNotFitted:
		return "not fitted"
	}
	return "unknown"
}

// A Screen is everything a display shows at one time.
type Screen struct {
	Lines []Line        // from the top; a display with fewer lines leaves out the last ones
	Voice string        // spoken once, where the device can; empty says nothing
	Free  *int          // free places, for boards that show only a number; nil leaves the number that stands there
	For   time.Duration // how long it stands before the device goes back to its own text; 0 means until replaced
}

// A Line is one line or segment of a Screen.
type Line struct {
	Text  string
	Color LineColor
}

// A LineColor is the colour of a line of text. The zero value is red, which
// every board can show.
type LineColor uint8

// The colours of text.
const (
	Red LineColor = iota
	Green
	Yellow
)
