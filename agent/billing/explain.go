package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parkagent/agent/discount"
	"parkagent/agent/tariff"
	"parkagent/store"
)

// The notes of the lines of an Explanation that are not of the tariff. They are
// for programs; whoever shows them to people translates them.
const (
	NoteFee      tariff.Note = "fee"              // one price: a platform's, an operator's, or one that was settled or fixed
	NoteNetted   tariff.Note = "netted"           // what the outer area charges for the time in an inner one
	NoteSettled  tariff.Note = "settled"          // the time up to the last payment, where that begins a stay anew
	NoteTimeOff  tariff.Note = "time discount"    // free minutes, and free until a moment
	NotePercent  tariff.Note = "percent discount" // percentages
	NoteFull     tariff.Note = "full discount"
	NoteCredit   tariff.Note = "discount"       // of any of these sorts, as it was fixed
	NoteMoney    tariff.Note = "money discount" // coupons and campaigns
	NoteRounding tariff.Note = "rounding"
	NotePrepaid  tariff.Note = "booking"
	NoteCard     tariff.Note = "card"
	NotePaid     tariff.Note = "paid"
	NoteOver     tariff.Note = "beyond the fee" // what was paid or waived and more than the fee
)

// An Explanation says how a bill comes about, for a receipt or a dispute. The sum
// of the lines' amounts is what is payable.
type Explanation struct {
	Bill
	Lines []tariff.Line
}

// Explain explains the bill of a session at a time. It changes nothing.
//
// Errors: ErrNoSession when there is no such session; ErrNoTariff, ErrAboveLimit
// as Due has them, and then the lines explain the bill that needs an operator.
func (d *Desk) Explain(ctx context.Context, r store.Reader, session string, at time.Time) (Explanation, error) {
	s, err := r.Session(ctx, session)
	if err != nil {
		return Explanation{}, fmt.Errorf("%w: %w", ErrNoSession, err)
	}
	ledger, err := r.Payments(ctx, session)
	if err != nil {
		return Explanation{}, err
	}
	if !s.State.Open() {
		s.State = store.Leaving // its figures stand as they were fixed
	}
	var h how
	b, err := d.dueBy(ctx, r, s, at, discount.Granted{}, &h)
	if err == nil && (s.State == store.Leaving || b.Settled) {
		if h, err = d.fixed(ctx, r, s, b); err != nil {
			return Explanation{}, err
		}
	}
	return Explanation{Bill: b, Lines: d.lines(s, b, h, ledger)}, err
}

// fixed is by what the fee in b was worked out when it was settled or the exit
// was decided; nothing, if the tariff or the rights of the car say something else
// by now.
func (d *Desk) fixed(ctx context.Context, r store.Reader, s store.Session, b Bill) (how, error) {
	at := s.LeftAt
	if !s.SettledAt.IsZero() && s.SettledFee == b.Total {
		at = s.SettledAt
	}
	s.State, s.PaidUntil, s.SettledAt = store.Inside, time.Time{}, time.Time{}
	var h how
	then, err := d.dueBy(ctx, r, s, at, discount.Granted{}, &h)
	if errors.Is(err, ErrNoTariff) || errors.Is(err, ErrAboveLimit) {
		err = nil
	}
	if then.Total != b.Total || credit(h.cut) != b.Credit-b.Prepaid {
		return how{}, err
	}
	return h, err
}

// how is by what a bill was worked out, beside its sums.
type how struct {
	charges []charge // none of a price that somebody has set
	settled int64    // fee of the time before them
	cut     discount.Cut
}

// lines lists what makes up the bill b of s.
func (d *Desk) lines(s store.Session, b Bill, h how, ledger []store.Payment) (list []tariff.Line) {
	sum := int64(0)
	add := func(l tariff.Line) {
		if l.Amount != 0 || l.Note == tariff.NoteFree {
			list, sum = append(list, l), sum+l.Amount
		}
	}
	one := func(note tariff.Note, amount int64) {
		add(tariff.Line{From: s.EnteredAt, To: b.At, Units: 1, Price: amount, Amount: amount, Note: note})
	}
	one(NoteSettled, h.settled)
	for _, c := range h.charges {
		for _, l := range d.chargeLines(c, h.charges[0].rate) {
			add(l)
		}
	}
	one(NoteFee, b.Total-sum)
	one(NoteTimeOff, -h.cut.Time)
	one(NotePercent, -h.cut.Percent)
	one(NoteFull, -h.cut.Full)
	one(NoteCredit, -(b.Credit - b.Prepaid - credit(h.cut)))
	rounding := int64(0)
	for _, p := range ledger {
		if p.Kind.Counts() {
			rounding += p.Rounding
		}
	}
	one(NoteMoney, -(b.Waived - rounding))
	one(NoteRounding, -rounding)
	one(NotePrepaid, -b.Prepaid)
	one(NotePaid, -b.Paid)
	one(NoteCard, -b.Card)
	one(NoteOver, b.Payable-sum)
	return list
}

// chargeLines lists what makes up a charge, of which the rate around it takes off
// what it charges itself where that is netted.
func (d *Desk) chargeLines(c charge, around rate) (list []tariff.Line) {
	for _, part := range d.bills(c.rate, c.parts, discount.Granted{}) {
		list = append(list, part.Lines...)
	}
	if c.charging != ChargeNetted || len(c.parts) == 0 {
		return list
	}
	off := -min(d.fee(c.rate, c.parts, discount.Granted{}), d.fee(around, c.parts, discount.Granted{}))
	return append(list, tariff.Line{From: c.parts[0].from, To: c.parts[len(c.parts)-1].to, Units: 1, Price: off, Amount: off, Note: NoteNetted})
}
