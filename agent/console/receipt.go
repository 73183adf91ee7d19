package console

import (
	"context"
	"errors"
	"strings"
	"time"

	"parkagent/agent/billing"
	"parkagent/agent/slips"
	"parkagent/protocol"
	"parkagent/store"
)

// A receipt is what was paid for an order.
type receipt struct {
	PlateNo   string `json:"plateNo"`
	EntryTime string `json:"entryTime"`
	PayTime   string `json:"payTime"`
	Amount    int64  `json:"amount"`  // fen
	Printed   bool   `json:"printed"` // by the lane's printer
}

// receiptOf prints what was paid for an order at a lane, and returns it. Money that came
// too late, that belongs to another stay by now or was given back, in part or whole, has
// none.
func receiptOf(ctx context.Context, db *store.DB, press Press, lane, order string, zone *time.Location) (receipt, error) {
	order = strings.TrimSpace(order)
	if _, err := db.Order(ctx, order); errors.Is(err, store.ErrNotFound) {
		return receipt{}, billing.ErrNoOrder
	}
	p, err := db.PaymentOfOrder(ctx, order)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!p.Kind.Counts() || p.Amount <= 0) {
		return receipt{}, errUnpaid
	}
	if err != nil {
		return receipt{}, err
	}
	back, err := db.PaymentsReferring(ctx, p.ID)
	if err == nil && len(back) > 0 {
		err = errUnpaid
	}
	if err != nil {
		return receipt{}, err
	}
	s, err := db.Session(ctx, p.Session)
	if err != nil {
		return receipt{}, err
	}
	paid := slips.Paid{Order: order, Plate: s.Plate, Amount: p.Amount, Entered: s.EnteredAt, At: p.PaidAt}
	return receipt{
		PlateNo: s.Plate, EntryTime: protocol.FormatDash(s.EnteredAt, zone), PayTime: protocol.FormatDash(p.PaidAt, zone), Amount: p.Amount,
		Printed: printed(ctx, press, func(ctx context.Context, press Press) error { return press.PrintReceipt(ctx, lane, paid) }),
	}, nil
}

// receipt prints what was paid for an order where the machine's lane has a printer.
func (s *Server) receipt(ctx context.Context, k Kiosk, q request) (any, error) {
	return receiptOf(ctx, s.cfg.DB, s.cfg.Press, k.Lane, q.OrderNo, s.cfg.Location)
}

// receipt prints what was paid for an order at a lane.
func (b *Booths) receipt(ctx context.Context, a act) (any, error) {
	q, err := decode[struct {
		OrderNo string `json:"orderNo"`
		Lane    string `json:"lane"`
	}](a)
	if err != nil {
		return nil, err
	}
	return receiptOf(ctx, b.cfg.DB, b.cfg.Press, strings.TrimSpace(q.Lane), q.OrderNo, b.cfg.Location)
}
