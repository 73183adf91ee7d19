package platform

import (
	"context"

	"parkagent/protocol"
)

// Stays returns a page of finished stays by plate (1.1).
func (c *CarPark) Stays(ctx context.Context, q protocol.StaysQuery) (protocol.StaysPage, error) {
	q.ParkCode = c.parkCode
	return one[protocol.StaysPage](ctx, c, "GetCarInOutInfoByPlate", q)
}

// StaysAt returns a page of finished stays by entry or exit (1.2).
func (c *CarPark) StaysAt(ctx context.Context, q protocol.PlaceQuery) (protocol.StaysPage, error) {
	q.ParkCode = c.parkCode
	return one[protocol.StaysPage](ctx, c, "GetCarInOutInfoByPlace", q)
}

// Inside lists the cars inside whose plate contains the given text, all if it is
// empty (1.3).
func (c *CarPark) Inside(ctx context.Context, plate string) ([]protocol.InsideCar, error) {
	return c.inside(ctx, protocol.InsideQuery{PlateNo: plate})
}

// InsideWithCard lists the car inside with the given ticket or card (1.3).
func (c *CarPark) InsideWithCard(ctx context.Context, card string) ([]protocol.InsideCar, error) {
	return c.inside(ctx, protocol.InsideQuery{CardNo: card})
}

func (c *CarPark) inside(ctx context.Context, q protocol.InsideQuery) ([]protocol.InsideCar, error) {
	q.ParkCode = c.parkCode
	return rows[protocol.InsideCar](ctx, c, "SearchParkingInfo", q)
}

// Pass lets a car without a plate enter or leave at the device with the given code
// (2.1). card stands for the driver and has more than 12 characters.
func (c *CarPark) Pass(ctx context.Context, device, card string) error {
	return c.do(ctx, "OnlineCarInOut", protocol.PassCommand{ParkCode: c.parkCode, DeviceCode: device, CardNo: card})
}

// SetFree sets how many places of an area are free (2.2).
func (c *CarPark) SetFree(ctx context.Context, command protocol.SpaceCommand) error {
	command.ParkCode = c.parkCode
	return c.do(ctx, "ModifyFreeSpace", command)
}

// Gate moves the gate with the given device code (2.3). It succeeds only when the
// gate's controller has acknowledged.
func (c *CarPark) Gate(ctx context.Context, device string, action protocol.GateAction) error {
	return c.do(ctx, "GateControl", protocol.GateCommand{ParkCode: c.parkCode, DeviceCode: device, ControlType: action})
}

// Show puts a text on the display with the given device code (2.4); | begins a
// new line.
func (c *CarPark) Show(ctx context.Context, device, text string) error {
	return c.do(ctx, "ShowLedMsg", protocol.ShowCommand{ParkCode: c.parkCode, DeviceCode: device, ShowInfo: text})
}

// MarkSeamless tells that the platform wants to deduct the fee of a car inside
// (2.5).
func (c *CarPark) MarkSeamless(ctx context.Context, plate string) error {
	return c.do(ctx, "RecordDensityPay", protocol.SeamlessMark{ParkCode: c.parkCode, PlateNo: plate})
}

// Photo lets the camera with the given device code, or of its lane, take a picture
// and returns the picture's URL (GetPhoto).
func (c *CarPark) Photo(ctx context.Context, device string) (string, error) {
	photo, err := one[protocol.Photo](ctx, c, "GetPhoto", protocol.PhotoCommand{ParkCode: c.parkCode, DeviceCode: device})
	return photo.ImageURL, err
}
