package downlink

import (
	"context"
	"errors"

	"parkagent/protocol"
	"parkagent/store"
)

// editBlacklist answers 4.8.
func (s *Server) editBlacklist(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.BlackEdit](c)
	if err != nil {
		return nil, err
	}
	no, err := plateField("plateNo", q.PlateNo)
	if err != nil {
		return nil, err
	}
	remark, err := textField("remark", q.Remark)
	if err != nil {
		return nil, err
	}
	id := q.BlackID.N
	switch q.ControlType.N {
	case protocol.EditAdd:
		id, err = s.cfg.Rules.AddBlack(ctx, no, remark, c.by())
	case protocol.EditChange:
		err = s.cfg.Rules.EditBlack(ctx, id, unlessEmpty(no), unlessEmpty(remark), c.by())
	default:
		err = s.cfg.Rules.DeleteBlack(ctx, id, c.by())
	}
	if errors.Is(err, store.ErrConflict) {
		return nil, &refusal{say: sayBlackTwice}
	}
	if err != nil {
		return nil, err
	}
	return []protocol.BlackID{{BlackID: id}}, nil
}

// blacklist answers 4.9.
func (s *Server) blacklist(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.BlackQuery](c)
	if err != nil {
		return nil, err
	}
	no, err := plateField("plateNo", q.PlateNo)
	if err != nil {
		return nil, err
	}
	list, err := s.cfg.Rules.Blacks(ctx, no)
	if err != nil {
		return nil, err
	}
	rows := []protocol.BlackInfo{}
	for _, b := range list {
		rows = append(rows, protocol.BlackInfo{BlackID: b.ID, PlateNo: b.Plate, Remark: b.Remark})
	}
	return rows, nil
}
