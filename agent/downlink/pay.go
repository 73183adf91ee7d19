package downlink

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"parkagent/agent/billing"
	"parkagent/protocol"
)

// bill answers 3.1: an order for the car with the plate, else the card, else the
// one that stands at the exit of the device.
func (s *Server) bill(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.BillQuery](c)
	if err != nil {
		return nil, err
	}
	ref := billing.Ref{Plate: q.PlateNo}
	switch {
	case q.PlateNo != "":
	case q.CardNo != "":
		ref.CardNo = strings.TrimSpace(q.CardNo)
	default:
		if ref.Lane, err = s.exitOf(ctx, q.DeviceCode); err != nil {
			return nil, err
		}
	}
	order, session, err := s.cfg.Desk.Order(ctx, ref, c.client.name)
	if ref.Lane != "" && refusalOf(err) != nil && refusalOf(err).say == sayNoSession {
		return nil, &refusal{say: sayNobody}
	}
	if err != nil {
		return nil, err
	}
	now := protocol.FormatDash(order.CreatedAt, s.cfg.Location)
	return []protocol.Bill{{
		OrderNo: order.No, PlateNo: session.Plate, CardNo: session.CardNo,
		EntryTime: protocol.FormatDash(session.EnteredAt, s.cfg.Location), PayTime: now, OutTime: now,
		ElapsedTime: minutes(order.CreatedAt.Sub(session.EnteredAt)), ImgName: s.image(session.EntryImage),
		Payable: order.Payable, DelayTime: int64(s.cfg.Desk.ClientDelay(c.client.name) / time.Minute),
		TotalFee: order.Total, PayedFee: order.Paid,
	}}, nil
}

// mostFree bounds the minutes that a payment takes off, a hundred years: more
// would not fit into the numbers of a small box, and frees no more of a stay.
const mostFree = 100 * 366 * 24 * 60

// pay answers 3.2: a platform has taken money. What the platform may leave out,
// and what that means, is with protocol.Payment.
func (s *Server) pay(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.Payment](c)
	if err != nil {
		return nil, err
	}
	payType, payMethod := q.Channel()
	freeMinutes := min(q.FreeTime, mostFree)
	receipt, err := s.cfg.Desk.Pay(ctx, billing.Notice{
		Order: strings.TrimSpace(q.OrderNo), Amount: q.Amount, Discount: q.Discount, FreeMoney: q.FreeMoney, FreeMinutes: freeMinutes,
		PayType: int(payType), PayMethod: int(payMethod),
		FreeDetail: q.FreeDetail.Text, Tickets: len(q.FreeDetail.Items), Client: c.client.name,
	})
	if err != nil {
		return nil, err
	}
	return protocol.Row(protocol.PaymentReceipt{ParkingTime: minutes(receipt.Stay)}, c.client.objectData), nil
}

// discount answers 3.3: money or time off for a car inside, without an order. It
// counts freeTime in seconds; what is left over of a minute is a whole one, for the
// driver. A discount that takes nothing off is refused: the field that says what was
// meant to be taken off must have another name.
func (s *Server) discount(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.Discount](c)
	if err != nil {
		return nil, err
	}
	if q.FreeMoney == 0 && q.FreeTime == 0 {
		return nil, &protocol.FieldError{Field: "freeMoney", Problem: protocol.Missing}
	}
	ref := billing.Ref{Plate: q.PlateNo}
	if q.PlateNo == "" {
		ref.CardNo = strings.TrimSpace(q.CardNo)
	}
	payType, payMethod := q.Channel()
	order, err := s.cfg.Desk.Discount(ctx, billing.Discount{
		Ref: ref, FreeMoney: q.FreeMoney, FreeMinutes: min((q.FreeTime+59)/60, mostFree),
		PayType: int(payType), PayMethod: int(payMethod), Remark: q.Remark, Client: c.client.name, Request: c.digest,
	})
	if err != nil {
		return nil, err
	}
	no, err := strconv.ParseInt(order.No, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("number of a discount: %w", err)
	}
	return []protocol.DiscountReceipt{{OrderNo: no}}, nil
}

// orderStatus answers 3.4, for orders of every kind and for change orders. An order
// that was paid in part is not paid.
func (s *Server) orderStatus(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.OrderQuery](c)
	if err != nil {
		return nil, err
	}
	paid, err := s.cfg.Desk.Status(ctx, strings.TrimSpace(q.OrderNo))
	if err != nil {
		return nil, err
	}
	status := protocol.OrderStatus{Status: protocol.OrderUnpaid}
	if paid {
		status.Status = protocol.OrderPaid
	}
	return protocol.Row(status, c.client.objectData), nil
}
