package platform

import (
	"context"

	"parkagent/protocol"
)

// AddCard adds a card and returns its number (4.1). The same card again has the
// same number.
func (c *CarPark) AddCard(ctx context.Context, card protocol.CardAdd) (int64, error) {
	card.ParkCode = c.parkCode
	id, err := one[protocol.CardID](ctx, c, "AddCarCardNo", card)
	return id.CardID, err
}

// EditCard changes what is given of a card (4.2).
func (c *CarPark) EditCard(ctx context.Context, edit protocol.CardEdit) error {
	edit.ParkCode = c.parkCode
	return c.do(ctx, "ModifyCarCardNo", edit)
}

// DeleteCard deletes a card (4.3).
func (c *CarPark) DeleteCard(ctx context.Context, id int64) error {
	return c.do(ctx, "DeleteCarCardNo", protocol.CardDelete{ParkCode: c.parkCode, CardID: id})
}

// EditPlate adds, changes or deletes a plate of a card (4.4).
func (c *CarPark) EditPlate(ctx context.Context, edit protocol.CardPlateEdit) error {
	edit.ParkCode = c.parkCode
	return c.do(ctx, "CarCardNoManage", edit)
}

// Cards returns the card of a plate or with a number, or all cards (4.5).
func (c *CarPark) Cards(ctx context.Context, q protocol.CardQuery) ([]protocol.CardInfo, error) {
	q.ParkCode = c.parkCode
	return rows[protocol.CardInfo](ctx, c, "GetCarCardInfo", q)
}

// PayCard extends a card's validity or adds to its balance (4.6). It is safe to
// ask again when the payment has an order number.
func (c *CarPark) PayCard(ctx context.Context, payment protocol.CardPayment) error {
	payment.ParkCode = c.parkCode
	return c.do(ctx, "PayCarCardFee", payment)
}

// Products returns what can be bought for cards of a type (4.7).
func (c *CarPark) Products(ctx context.Context, carType protocol.CarType) ([]protocol.Product, error) {
	return rows[protocol.Product](ctx, c, "GetCardProduct", protocol.ProductQuery{ParkCode: c.parkCode, CarType: protocol.IntOf(carType)})
}

// EditBlack adds, changes or deletes an entry of the blacklist and returns its
// number (4.8).
func (c *CarPark) EditBlack(ctx context.Context, edit protocol.BlackEdit) (int64, error) {
	edit.ParkCode = c.parkCode
	id, err := one[protocol.BlackID](ctx, c, "BlackListControl", edit)
	return id.BlackID, err
}

// Blacks returns the blacklist's entries of a plate, all if it is empty (4.9).
func (c *CarPark) Blacks(ctx context.Context, plate string) ([]protocol.BlackInfo, error) {
	return rows[protocol.BlackInfo](ctx, c, "GetBlackInfo", protocol.BlackQuery{ParkCode: c.parkCode, PlateNo: plate})
}

// Book adds a booking and returns its number (5.1).
func (c *CarPark) Book(ctx context.Context, booking protocol.BookingAdd) (int64, error) {
	booking.ParkCode = c.parkCode
	id, err := one[protocol.BookingID](ctx, c, "AddBookingCar", booking)
	return id.BookID, err
}

// EditBooking changes what is given of a booking, or cancels it (5.2).
func (c *CarPark) EditBooking(ctx context.Context, edit protocol.BookingEdit) error {
	edit.ParkCode = c.parkCode
	_, err := one[protocol.BookingID](ctx, c, "ModifyBookingCar", edit)
	return err
}

// Bookings returns a plate's bookings that are in effect or in use (5.3).
func (c *CarPark) Bookings(ctx context.Context, plate string) ([]protocol.BookingInfo, error) {
	return rows[protocol.BookingInfo](ctx, c, "GetBookingCar", protocol.BookingQuery{ParkCode: c.parkCode, PlateNo: plate})
}
