package platform

import (
	"context"

	"parkagent/protocol"
)

// Bill makes a bill for the car with the given plate (3.1).
func (c *CarPark) Bill(ctx context.Context, plate string) (protocol.Bill, error) {
	return c.bill(ctx, protocol.BillQuery{PlateNo: plate})
}

// BillOfCard makes a bill for the car with the given ticket or card (3.1).
func (c *CarPark) BillOfCard(ctx context.Context, card string) (protocol.Bill, error) {
	return c.bill(ctx, protocol.BillQuery{CardNo: card})
}

// BillAt makes a bill for the car that stands at an exit device (3.1).
func (c *CarPark) BillAt(ctx context.Context, device string) (protocol.Bill, error) {
	return c.bill(ctx, protocol.BillQuery{DeviceCode: device})
}

func (c *CarPark) bill(ctx context.Context, q protocol.BillQuery) (protocol.Bill, error) {
	q.ParkCode = c.parkCode
	return one[protocol.Bill](ctx, c, "GetParkingPaymentInfo", q)
}

// Pay tells that the driver has paid for an order (3.2). The car may leave from
// then on.
func (c *CarPark) Pay(ctx context.Context, payment protocol.Payment) (protocol.PaymentReceipt, error) {
	payment.ParkCode = c.parkCode
	return one[protocol.PaymentReceipt](ctx, c, "PayParkingFee", payment)
}

// PayBill pays what a bill says, by WeChat (3.2).
func (c *CarPark) PayBill(ctx context.Context, bill protocol.Bill) (protocol.PaymentReceipt, error) {
	return c.Pay(ctx, protocol.Payment{
		OrderNo: bill.OrderNo, Amount: bill.Payable,
		PayType: protocol.IntOf(protocol.CollectedByWeChat), PayMethod: protocol.IntOf(protocol.BoothWeChat),
	})
}

// Free waives money or time of a stay without an order (3.3). It is not safe to
// ask again for longer than half a minute: there is no number that tells a
// repeated discount from a second one.
func (c *CarPark) Free(ctx context.Context, discount protocol.Discount) (protocol.DiscountReceipt, error) {
	discount.ParkCode = c.parkCode
	return one[protocol.DiscountReceipt](ctx, c, "ParkingFree", discount)
}

// Paid reports whether an order is paid (3.4).
func (c *CarPark) Paid(ctx context.Context, orderNo string) (bool, error) {
	status, err := one[protocol.OrderStatus](ctx, c, "GetPaymentStatus", protocol.OrderQuery{ParkCode: c.parkCode, OrderNo: orderNo})
	return status.Status == protocol.OrderPaid, err
}

// Change tells what a kiosk owes for a change order (3.5).
func (c *CarPark) Change(ctx context.Context, orderNo string) (protocol.ChangeInfo, error) {
	return one[protocol.ChangeInfo](ctx, c, "GetPayChargeInfo", protocol.OrderQuery{ParkCode: c.parkCode, OrderNo: orderNo})
}

// ChangeGiven tells that the platform has given the change of a change order
// (3.6), which is safe to tell again.
func (c *CarPark) ChangeGiven(ctx context.Context, notice protocol.ChangeNotice) (protocol.ChangeReceipt, error) {
	notice.ParkCode = c.parkCode
	return one[protocol.ChangeReceipt](ctx, c, "PayChargeNotice", notice)
}

// Changes returns a page of the change orders of a period and of all that are
// still owed (3.7).
func (c *CarPark) Changes(ctx context.Context, q protocol.ChangesQuery) ([]protocol.ChangeRow, error) {
	q.ParkCode = c.parkCode
	return rows[protocol.ChangeRow](ctx, c, "PayChargeReport", q)
}
