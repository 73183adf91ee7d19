package downlink

import (
	"context"
	"math"
	"strings"

	"parkagent/agent/billing"
	"parkagent/protocol"
	"parkagent/store"
)

// changeInfo answers 3.5: what a pay machine owes to whom.
func (s *Server) changeInfo(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.OrderQuery](c)
	if err != nil {
		return nil, err
	}
	owed, err := s.cfg.Desk.Change(ctx, strings.TrimSpace(q.OrderNo))
	if err != nil {
		return nil, err
	}
	session, err := s.cfg.DB.Session(ctx, owed.Session)
	if err != nil {
		return nil, err
	}
	return []protocol.ChangeInfo{{
		OrderNo: owed.No, PlateNo: session.Plate, CardNo: session.CardNo, ComeTime: s.knownTime(session.EnteredAt),
		PayMoney: owed.Due, PaidAmount: owed.Inserted, IfCharge: given(owed),
	}}, nil
}

// settleChange answers 3.6: the platform has given the change.
func (s *Server) settleChange(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.ChangeNotice](c)
	if err != nil {
		return nil, err
	}
	account, err := textField("UserAccount", q.UserAccount)
	if err != nil {
		return nil, err
	}
	settled, err := s.cfg.Desk.SettleChange(ctx, billing.ChangeNotice{
		No: strings.TrimSpace(q.OrderNo), Type: q.Wallet(), Account: account, Client: c.client.name,
	})
	if err != nil {
		return nil, err
	}
	return []protocol.ChangeReceipt{{OrderNo: settled.No}}, nil
}

// changeReport answers 3.7: the change orders made in the period and all that are
// still owed, oldest first. The answer has no total, so a page is as long as it was
// asked for: a client takes a shorter one for the last.
func (s *Server) changeReport(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.ChangesQuery](c)
	if err != nil {
		return nil, err
	}
	f := store.ChangeFilter{Limit: min(q.PageCount, math.MaxInt32)}
	f.Offset = page(q.PageIndex, f.Limit)
	if f.From, f.To, err = s.period("startTime", q.StartTime, "endTime", q.EndTime); err != nil {
		return nil, err
	}
	orders, err := s.cfg.DB.Changes(ctx, f)
	if err != nil {
		return nil, err
	}
	rows := []protocol.ChangeRow{}
	for _, owed := range orders {
		session, err := s.cfg.DB.Session(ctx, owed.Session)
		if err != nil {
			return nil, err
		}
		row := protocol.ChangeRow{
			OrderNo: owed.No, PlateNo: session.Plate, CardNo: session.CardNo, EntryTime: s.knownTime(session.EnteredAt),
			PayMoney: owed.Due, PaidAmount: owed.Inserted, IfCharge: given(owed), ChargeType: owed.Type, UserAccount: owed.Account,
			PaidTime: protocol.FormatDash(owed.PaidAt, s.cfg.Location),
		}
		if row.IfCharge == protocol.ChangeGiven {
			row.ChargeTime = protocol.FormatDash(owed.SettledAt, s.cfg.Location)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// given is the ifCharge of a change order.
func given(owed store.Change) int {
	if owed.SettledAt.IsZero() {
		return protocol.ChangeOwed
	}
	return protocol.ChangeGiven
}
