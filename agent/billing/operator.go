package billing

import (
	"context"
	"errors"
	"strings"

	"parkagent/agent/discount"
	"parkagent/protocol"
	"parkagent/store"
)

// By is the operator who did something, where, and in which shift; or the client
// who did, and nothing else.
type By struct {
	Operator string
	Role     string // what the operator is, as discounts name who may grant them
	Shift    int64  // 0 outside of a shift
	Client   string // name of a client, or of the booth
	Address  string
}

// ErrShiftOver means that the shift of whoever acts was handed over meanwhile.
var ErrShiftOver = errors.New("the shift is over")

// lasts returns ErrShiftOver for a shift that has ended: its drawer was counted. 0,
// and one that the books do not know, has not.
func lasts(ctx context.Context, r store.Reader, shift int64) error {
	if shift == 0 {
		return nil
	}
	s, err := r.Shift(ctx, shift)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err == nil && !s.To.IsZero():
		return ErrShiftOver
	}
	return err
}

// stamp writes into p who did it.
func (b By) stamp(p *posting) {
	p.Operator, p.Shift, p.Client, p.address = b.Operator, b.Shift, b.Client, b.Address
	p.Terminal = int(protocol.TerminalThirdSingle)
	if b.Operator != "" {
		p.Terminal = int(protocol.TerminalBooth)
	}
}

// because writes into p why it was done.
func (p *posting) because(reason string) error {
	p.FreeDetail, p.remark = reason, reason
	if strings.TrimSpace(reason) == "" {
		return ErrNoReason
	}
	return nil
}

// negative is the row that takes back p as a whole.
func negative(p store.Payment, kind store.PaymentKind) store.Payment {
	return store.Payment{
		Order: p.Order, Session: p.Session, Kind: kind, Refers: p.ID,
		Amount: -p.Amount, Discount: -p.Discount, FreeMoney: -p.FreeMoney, FreeMinutes: -p.FreeMinutes, Rounding: -p.Rounding, Over: -p.Over,
		PayType: p.PayType, PayMethod: p.PayMethod, Grant: p.Grant, GrantKind: p.GrantKind, GrantValue: p.GrantValue,
	}
}

// takenBack reports whether p, of that ledger, counts no more as a whole.
func takenBack(ledger []store.Payment, p store.Payment) bool {
	for _, q := range discount.Standing(ledger) {
		if q.ID == p.ID {
			return false
		}
	}
	return true
}
