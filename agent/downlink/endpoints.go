package downlink

import "context"

// An endpoint is what answers one interface.
type endpoint struct {
	do func(context.Context, *call) (any, error) // returns the rows, or a refusal
	// search marks what only reads and may read much. It is bounded, and
	// ends when its client hangs up; nothing else does.
	search bool
}

// all returns what answers each interface, by its name.
func (s *Server) all() map[string]endpoint {
	return map[string]endpoint{
		"GetCarInOutInfoByPlate": {do: s.staysByPlate, search: true},
		"GetCarInOutInfoByPlace": {do: s.staysByPlace, search: true},
		"SearchParkingInfo":      {do: s.carsInside, search: true},

		"OnlineCarInOut":   {do: s.passCar},
		"ModifyFreeSpace":  {do: s.setFree},
		"GateControl":      {do: s.controlGate},
		"ShowLedMsg":       {do: s.showText},
		"RecordDensityPay": {do: s.markSeamless},
		"GetPhoto":         {do: s.takePhoto},

		"GetParkingPaymentInfo": {do: s.bill},
		"PayParkingFee":         {do: s.pay},
		"ParkingFree":           {do: s.discount},
		"GetPaymentStatus":      {do: s.orderStatus},
		"GetPayChargeInfo":      {do: s.changeInfo},
		"PayChargeNotice":       {do: s.settleChange},
		"PayChargeReport":       {do: s.changeReport, search: true},

		"AddCarCardNo":     {do: s.addCard},
		"ModifyCarCardNo":  {do: s.editCard},
		"DeleteCarCardNo":  {do: s.deleteCard},
		"CarCardNoManage":  {do: s.editCardPlate},
		"GetCarCardInfo":   {do: s.cards, search: true},
		"PayCarCardFee":    {do: s.rechargeCard},
		"GetCardProduct":   {do: s.products},
		"BlackListControl": {do: s.editBlacklist},
		"GetBlackInfo":     {do: s.blacklist, search: true},

		"AddBookingCar":    {do: s.addBooking},
		"ModifyBookingCar": {do: s.editBooking},
		"GetBookingCar":    {do: s.bookings},
	}
}

// search runs an endpoint that reads much, when one of the few places for that
// is free.
func (s *Server) search(ctx context.Context, c *call, e endpoint) (any, error) {
	select {
	case s.searches <- struct{}{}:
		defer func() { <-s.searches }()
	case <-ctx.Done():
		return nil, &refusal{say: saySearches}
	}
	rows, err := e.do(ctx, c)
	if err != nil && ctx.Err() != nil {
		return nil, &refusal{say: saySlow}
	}
	return rows, err
}
