package downlink

import (
	"cmp"
	"context"
	"math"
	"strings"
	"time"

	"parkagent/agent/plate"
	"parkagent/protocol"
	"parkagent/store"
)

// staysByPlate answers 1.1: the stays that ended in the period, newest first, of
// the plates that have plateNo in them.
func (s *Server) staysByPlate(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.StaysQuery](c)
	if err != nil {
		return nil, err
	}
	f := store.FinishedFilter{Plate: platePart(q.PlateNo)}
	if f.From, f.To, err = s.period("startTime", q.StartTime, "endTime", q.EndTime); err != nil {
		return nil, err
	}
	return s.stays(ctx, f, q.PageIndex, q.PageCount)
}

// staysByPlace answers 1.2: as 1.1, of the lanes that have these in their names.
// A place that is not given is any place.
func (s *Server) staysByPlace(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.PlaceQuery](c)
	if err != nil {
		return nil, err
	}
	f := store.FinishedFilter{EntryPlace: strings.TrimSpace(q.EntryPlace), LeavePlace: strings.TrimSpace(q.LeavePlace)}
	if f.From, f.To, err = s.period("startTime", q.StartTime, "endTime", q.EndTime); err != nil {
		return nil, err
	}
	return s.stays(ctx, f, q.PageIndex, q.PageCount)
}

// page is the offset of the page with that number, from 1. One so far away that its
// offset does not fit is beyond all rows.
func page(number, rows int) int {
	if number-1 > math.MaxInt32/rows {
		return math.MaxInt32
	}
	return (number - 1) * rows
}

// stays returns one page of the finished stays that match.
//
// The document calls it the charge report of the exit desk. payable is the money
// that was taken for the stay, whoever took it and wherever, what was brought to it
// from another one of the same car included, less what was given back while the car
// was inside; cashUser is the client whose payment was the last, or the operator who
// brought it, cashTime when that was. A stay without a payment has nobody and the
// time it ended.
func (s *Server) stays(ctx context.Context, f store.FinishedFilter, number, rows int) (any, error) {
	f.Limit, f.Offset = min(rows, s.cfg.MostRows), page(number, rows)
	sessions, total, err := s.cfg.DB.FinishedSessions(ctx, f)
	if err != nil {
		return nil, err
	}
	if rows > s.cfg.MostRows && total-f.Offset > s.cfg.MostRows {
		return nil, &protocol.FieldError{Field: "pageCount", Problem: protocol.OutOfRange}
	}
	payments, err := s.cfg.DB.PaymentsOf(ctx, sessions)
	if err != nil {
		return nil, err
	}
	page := protocol.StaysPage{TotalNum: total}
	for _, session := range sessions {
		page.Detail = append(page.Detail, s.stay(session, payments[session.ID]))
	}
	return []protocol.StaysPage{page}, nil
}

func (s *Server) stay(session store.Session, ledger []store.Payment) protocol.Stay {
	row := protocol.Stay{
		ID: session.ID, PlateNo: session.Plate,
		EntryTime: protocol.FormatSlashBare(session.EnteredAt, s.cfg.Location), EntryPlace: session.EntryPlace,
		LeaveTime: protocol.FormatSlashBare(session.LeftAt, s.cfg.Location), LeavePlace: session.ExitPlace,
		ImgName: s.image(session.ExitImage),
	}
	charged := session.LeftAt
	for _, p := range ledger {
		if !p.Kind.Counts() {
			continue
		}
		row.Payable += p.Amount
		if p.Kind == store.PaymentMoney || p.Kind == store.PaymentTransfer && p.Amount > 0 {
			row.CashUser, charged = cmp.Or(p.Client, p.Operator), p.PaidAt
		}
	}
	row.CashTime = protocol.FormatSlashBare(charged, s.cfg.Location)
	return row
}

// carsInside answers 1.3: the cars inside, oldest first, all of them without a
// filter. plateNo is any part of a plate; cardNo is a whole number, because the
// document offers the fuzzy search for plates only. A car that is still before
// the entry gate is not inside.
func (s *Server) carsInside(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.InsideQuery](c)
	if err != nil {
		return nil, err
	}
	card := strings.TrimSpace(q.CardNo)
	sessions, err := s.cfg.DB.OpenSessions(ctx, store.OpenFilter{Plate: platePart(q.PlateNo), CardNo: card})
	if err != nil {
		return nil, err
	}
	rows := []protocol.InsideCar{}
	for _, session := range sessions {
		if session.State == store.Entering || card != "" && session.CardNo != card {
			continue
		}
		rows = append(rows, protocol.InsideCar{
			PlateNo: session.Plate, CardNo: session.CardNo,
			EntryTime: protocol.FormatDash(session.EnteredAt, s.cfg.Location), EntryPlace: session.EntryPlace,
			CarType: protocol.CarType(session.CarType), ImgName: s.image(session.EntryImage),
		})
	}
	return rows, nil
}

// platePart is a part of a plate as the books write plates. % and _ are plain
// characters, although people also write _ between the parts of a plate: no
// plate has them, so nothing matches.
func platePart(s string) string {
	normal := plate.Normal(s)
	if normal == "" || strings.ContainsAny(s, "%_") {
		return strings.TrimSpace(s)
	}
	return normal
}

// image returns the link to a picture, "" where there is none.
func (s *Server) image(path string) string {
	if path == "" || s.cfg.ImageURL == nil {
		return ""
	}
	return s.cfg.ImageURL(path)
}

// minutes counts a duration as the protocol's examples do: to the nearest
// minute.
func minutes(d time.Duration) int64 { return int64(d.Round(time.Minute) / time.Minute) }
