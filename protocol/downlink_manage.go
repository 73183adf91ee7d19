package protocol

import "unicode/utf8"

// The messages of downlink 2.x and GetPhoto, which act on lanes and devices.

// A PassCommand is the request of downlink 2.1 OnlineCarInOut: a car without a plate
// enters or leaves at a device, whose lane tells which of the two. The answer has
// no rows.
type PassCommand struct {
	ParkCode   string `json:"parkCode,omitempty"`
	DeviceCode string `json:"deviceCode" wire:"required,alias=deviceId"` // code or IP, see DeviceType
	DeviceType int    `json:"deviceType" wire:"oneof=0|1"`               // ByCode or ByIP
	// CardNo stands for the driver, such as an openId: more than 12 characters,
	// the same when the car leaves as when it came.
	CardNo string `json:"cardNo" wire:"required"`
}

// minCardNo is the shortest cardNo of downlink 2.1, in characters.
const minCardNo = 13

// Check returns an error when the card number is too short to be unique.
func (c PassCommand) Check() error {
	if utf8.RuneCountInString(c.CardNo) < minCardNo {
		return &FieldError{Field: "cardNo", Problem: OutOfRange}
	}
	return nil
}

// A SpaceCommand is the request of downlink 2.2 ModifyFreeSpace: how many places of
// an area are free now. The answer has no rows.
type SpaceCommand struct {
	ParkCode     string `json:"parkCode,omitempty"`
	AreaCode     Int    `json:"areaCode,omitzero"` // absent means the first area
	FreeSpaceNum Int    `json:"freeSpaceNum" wire:"required,min=0"`
}

// A GateCommand is the request of downlink 2.3 GateControl. It moves a gate and
// touches no stay. The answer has no rows.
type GateCommand struct {
	ParkCode    string     `json:"parkCode,omitempty"`
	DeviceCode  string     `json:"deviceCode" wire:"required,alias=deviceId"` // code or IP, see DeviceType
	DeviceType  int        `json:"deviceType" wire:"oneof=0|1"`               // ByCode or ByIP
	ControlType GateAction `json:"controlType" wire:"required,oneof=1|2|11|12"`
}

// A ShowCommand is the request of downlink 2.4 ShowLedMsg. The answer has no rows.
type ShowCommand struct {
	ParkCode   string `json:"parkCode,omitempty"`
	DeviceCode string `json:"deviceCode" wire:"required,alias=deviceId"` // code or IP, see DeviceType
	DeviceType int    `json:"deviceType" wire:"oneof=0|1"`               // ByCode or ByIP
	ShowInfo   string `json:"showInfo" wire:"required"`                  // lines, with | between them
}

// A SeamlessMark is the request of downlink 2.5 RecordDensityPay: the driver of a
// car inside has signed up, so the platform wants to deduct the fee of this stay
// (uplink 2.2). The answer has no rows.
type SeamlessMark struct {
	ParkCode string `json:"parkCode,omitempty"`
	PlateNo  string `json:"plateNo" wire:"required,alias=plateNum|carNo"`
}

// A PhotoCommand is the request of downlink GetPhoto, which has no number: take a
// picture now. It touches no stay.
type PhotoCommand struct {
	ParkCode   string `json:"parkCode,omitempty"`
	DeviceCode string `json:"deviceCode" wire:"required,alias=deviceId"` // code or IP, see DeviceType
	DeviceType int    `json:"deviceType" wire:"oneof=0|1"`               // ByCode or ByIP
}

// A Photo is the row that downlink GetPhoto answers.
type Photo struct {
	ImageURL string `json:"imageUrl"`
}
