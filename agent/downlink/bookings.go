package downlink

import (
	"context"

	"parkagent/agent/access"
	"parkagent/protocol"
	"parkagent/store"
)

// addBooking answers 5.1.
func (s *Server) addBooking(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.BookingAdd](c)
	if err != nil {
		return nil, err
	}
	b := store.Booking{PreMoney: q.PreMoney, Type: int(q.BookType.Or(protocol.BookMany)), Client: c.client.name}
	if b.Plate, err = plateField("plateNo", q.PlateNo); err != nil {
		return nil, err
	}
	if b.From, b.To, err = s.period("validFrom", q.ValidFrom, "validTo", q.ValidTo); err != nil {
		return nil, err
	}
	id, err := s.cfg.Rules.Book(ctx, b, isPromptly(q.Promptly), c.by())
	if err != nil {
		return nil, err
	}
	return []protocol.BookingID{{BookID: id}}, nil
}

// editBooking answers 5.2: a booking is changed or cancelled.
func (s *Server) editBooking(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.BookingEdit](c)
	if err != nil {
		return nil, err
	}
	if q.ModifyType.N == protocol.BookingCancel {
		err = s.cfg.Rules.CancelBooking(ctx, q.BookID, c.by())
	} else {
		err = s.changeBooking(ctx, q, c.by())
	}
	if err != nil {
		return nil, err
	}
	return []protocol.BookingID{{BookID: q.BookID}}, nil
}

func (s *Server) changeBooking(ctx context.Context, q protocol.BookingEdit, by access.By) error {
	e := access.BookingEdit{Promptly: isPromptly(q.Promptly)}
	var err error
	if e.From, e.To, err = s.validity(q.ValidFrom, q.ValidTo); err != nil {
		return err
	}
	if q.BookType.Set {
		kind := int(q.BookType.N)
		e.Type = &kind
	}
	return s.cfg.Rules.EditBooking(ctx, q.BookID, e, by)
}

// isPromptly reads the promptly of 5.1 and 5.2. A car that is inside changes only
// when that was asked for.
func isPromptly(promptly protocol.Int) bool {
	return promptly.Or(protocol.PromptlyNo) == protocol.PromptlyYes
}

// bookings answers 5.3: the bookings of a plate that are in effect or in use.
func (s *Server) bookings(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.BookingQuery](c)
	if err != nil {
		return nil, err
	}
	no, err := plateField("plateNo", q.PlateNo)
	if err != nil {
		return nil, err
	}
	list, err := s.cfg.Rules.Bookings(ctx, no)
	if err != nil {
		return nil, err
	}
	rows := []protocol.BookingInfo{}
	for _, b := range list {
		row := protocol.BookingInfo{
			BookID: b.ID, PlateNo: b.Plate, PreMoney: b.PreMoney, BookType: b.Type,
			ValidFrom: protocol.FormatDash(b.From, s.cfg.Location), ValidTo: protocol.FormatDash(b.To, s.cfg.Location),
		}
		if b.In {
			row.IsCarIn = 1
		}
		rows = append(rows, row)
	}
	return rows, nil
}
