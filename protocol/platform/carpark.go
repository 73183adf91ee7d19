package platform

import (
	"context"
	"errors"
	"fmt"

	"parkagent/protocol"
)

// A CarPark is a car park as a platform calls it: the downlink, one method per
// interface.
//
// An error that is a [*protocol.RefusedError] is the car park's answer and may be
// shown to the driver. A [*protocol.NoAnswerError] means that nobody knows: ask
// again. That is safe for Pay too, because an order that is paid with the same
// amounts twice counts once.
type CarPark struct {
	client   *protocol.Client
	parkCode string
}

// errNoRow means that a successful answer lacks the row it promises.
var errNoRow = errors.New("answered without a row")

// NewCarPark makes a CarPark from a client whose URL is the car park's address
// without a path. An empty park code means the one that belongs to the client's
// user.
func NewCarPark(client *protocol.Client, parkCode string) *CarPark {
	return &CarPark{client: client, parkCode: parkCode}
}

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
	return one[protocol.Bill](ctx, c.client, "GetParkingPaymentInfo", q)
}

// Pay tells that the driver has paid for an order (3.2). The park code is filled
// in. The car may leave from then on.
func (c *CarPark) Pay(ctx context.Context, payment protocol.Payment) (protocol.PaymentReceipt, error) {
	payment.ParkCode = c.parkCode
	return one[protocol.PaymentReceipt](ctx, c.client, "PayParkingFee", payment)
}

// PayBill pays what a bill says, by WeChat (3.2).
func (c *CarPark) PayBill(ctx context.Context, bill protocol.Bill) (protocol.PaymentReceipt, error) {
	return c.Pay(ctx, protocol.Payment{
		OrderNo: bill.OrderNo, Amount: bill.Payable,
		PayType: protocol.IntOf(protocol.CollectedByWeChat), PayMethod: protocol.IntOf(protocol.BoothWeChat),
	})
}

// Paid reports whether an order is paid (3.4).
func (c *CarPark) Paid(ctx context.Context, orderNo string) (bool, error) {
	status, err := one[protocol.OrderStatus](ctx, c.client, "GetPaymentStatus", protocol.OrderQuery{ParkCode: c.parkCode, OrderNo: orderNo})
	return status.Status == protocol.OrderPaid, err
}

// Inside lists the cars inside whose plate contains the given text, all if it is
// empty (1.3).
func (c *CarPark) Inside(ctx context.Context, plate string) ([]protocol.InsideCar, error) {
	return rows[protocol.InsideCar](ctx, c.client, "SearchParkingInfo", protocol.InsideQuery{ParkCode: c.parkCode, PlateNo: plate})
}

// Stays returns a page of finished stays (1.1). The park code is filled in.
func (c *CarPark) Stays(ctx context.Context, q protocol.StaysQuery) (protocol.StaysPage, error) {
	q.ParkCode = c.parkCode
	return one[protocol.StaysPage](ctx, c.client, "GetCarInOutInfoByPlate", q)
}

// Gate moves the gate with the given device code (2.3). It succeeds only when the
// gate's controller has acknowledged.
func (c *CarPark) Gate(ctx context.Context, device string, action protocol.GateAction) error {
	_, err := post(ctx, c.client, "GateControl", protocol.GateCommand{ParkCode: c.parkCode, DeviceCode: device, ControlType: action})
	return err
}

// Show puts a text on the display with the given device code (2.4); | begins a
// new line.
func (c *CarPark) Show(ctx context.Context, device, text string) error {
	_, err := post(ctx, c.client, "ShowLedMsg", protocol.ShowCommand{ParkCode: c.parkCode, DeviceCode: device, ShowInfo: text})
	return err
}

// post calls a downlink interface by its name.
func post(ctx context.Context, client *protocol.Client, name string, message any) (protocol.Reply, error) {
	route, ok := protocol.RouteNamed(name)
	if !ok {
		return protocol.Reply{}, fmt.Errorf("no interface %s", name)
	}
	return client.Post(ctx, route.Path(), message)
}

// rows calls an interface that answers any number of rows.
func rows[T any](ctx context.Context, client *protocol.Client, name string, message any) ([]T, error) {
	reply, err := post(ctx, client, name, message)
	if err != nil {
		return nil, err
	}
	list, err := protocol.RowsOf[T](reply)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return list, nil
}

// one calls an interface that answers one row.
func one[T any](ctx context.Context, client *protocol.Client, name string, message any) (row T, err error) {
	reply, err := post(ctx, client, name, message)
	if err != nil {
		return row, err
	}
	row, ok, err := protocol.FirstOf[T](reply)
	if err == nil && !ok {
		err = errNoRow
	}
	if err != nil {
		return row, fmt.Errorf("%s: %w", name, err)
	}
	return row, nil
}
