package billing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parkagent/agent/discount"
	"parkagent/protocol"
	"parkagent/store"
)

// BeginDeduction commits that a platform is about to be asked to deduct what is
// due for a session (uplink 2.2), and returns the question with the session.
// It reports false, and nothing is to be asked, when the car is not inside or
// nothing that may be charged automatically is due, when the outcome of an
// earlier question is unknown, when one was asked within the last five minutes,
// or while another settlement is under way. Nobody else but platforms that have
// the money already settles the stay in the ten seconds after it, or as long as the
// platform may take to answer.
//
// Errors: ErrNoSession.
func (d *Desk) BeginDeduction(ctx context.Context, session, platform string) (store.Deduction, store.Session, bool, error) {
	var x store.Deduction
	var s store.Session
	var ask bool
	err := d.cfg.DB.Update(ctx, func(tx *store.Tx) (err error) {
		x, ask = store.Deduction{}, false
		s, err = tx.Session(ctx, session)
		if errors.Is(err, store.ErrNotFound) {
			return ErrNoSession
		}
		if err != nil || !s.State.Open() || s.State == store.Entering {
			return err
		}
		now := d.now()
		if busy, err := d.settling(ctx, tx.Reader, s.ID, now); busy || err != nil {
			return err
		}
		if again, err := d.Deducting(ctx, tx.Reader, s.ID, now); again || err != nil {
			return err
		}
		b, err := d.Due(ctx, tx.Reader, s, now)
		if errors.Is(err, ErrNoTariff) || errors.Is(err, ErrAboveLimit) || err == nil && b.Payable == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		x = store.Deduction{ID: store.NewID(now), Session: s.ID, Platform: platform, AskedAt: now, Asked: b.Payable}
		ask = true
		if err := tx.InsertDeduction(ctx, x); err != nil {
			return err
		}
		return journalDeduction(ctx, tx, s, x, "")
	})
	return x, s, ask && err == nil, err
}

// Deducting reports whether no platform is to be asked to deduct for a session
// now: the outcome of an earlier question is unknown, or one was asked within the
// last five minutes.
func (d *Desk) Deducting(ctx context.Context, r store.Reader, session string, now time.Time) (bool, error) {
	list, err := r.Deductions(ctx, session)
	for _, x := range list {
		if x.State == store.DeductionAsked || within(deductAgain, x.AskedAt, now) {
			return true, err
		}
	}
	return false, err
}

// A DeductionAnswer is what became of a question to deduct. Money in fen.
type DeductionAnswer struct {
	Known  bool   // the platform said something usable
	Amount int64  // that it took; 0 is a refusal
	Reason string // in words, where nothing was taken or nothing is known
}

// EndDeduction books the answer to a question that BeginDeduction began. What
// was taken is credited, whether it is all that was asked or not, and more than
// was due is flagged. Without a usable answer the outcome stays unknown, for
// ever if nothing comes later: the driver is charged here, and the platform is
// told to reverse when the car has left. So it is with a deduction of a stay
// that was paid otherwise meanwhile or has ended; it is kept as an orphan. An
// answer is booked once. The desk's paid function is told in any case.
func (d *Desk) EndDeduction(ctx context.Context, id string, a DeductionAnswer) error {
	if a.Known && check(id, a.Amount) != nil {
		a.Known, a.Reason = false, fmt.Sprintf("%d is no amount", a.Amount)
	}
	var session string
	err := d.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		x, err := tx.Deduction(ctx, id)
		if err != nil {
			return err
		}
		session = x.Session
		if x.State != store.DeductionAsked {
			return nil
		}
		s, err := tx.Session(ctx, x.Session)
		if err != nil {
			return err
		}
		if !a.Known {
			return journalDeduction(ctx, tx, s, x, a.Reason)
		}
		return d.endDeduction(ctx, tx, s, x, a)
	})
	if session != "" {
		d.paid(session)
	}
	return err
}

func (d *Desk) endDeduction(ctx context.Context, tx *store.Tx, s store.Session, x store.Deduction, a DeductionAnswer) error {
	x.State, x.Taken, x.AnsweredAt = store.DeductionRefused, a.Amount, d.now()
	if a.Amount > 0 {
		var err error
		if x.State, err = d.deducted(ctx, tx, s, x); err != nil {
			return err
		}
	}
	if err := tx.UpdateDeduction(ctx, x); err != nil {
		return err
	}
	if err := journalDeduction(ctx, tx, s, x, a.Reason); err != nil {
		return err
	}
	if x.State == store.DeductionSurplus && !s.State.Open() && x.CorrectedAt.IsZero() {
		return correct(ctx, tx, s, x, x.AnsweredAt)
	}
	return nil
}

// deducted books what a platform has taken by an order of its own.
func (d *Desk) deducted(ctx context.Context, tx *store.Tx, s store.Session, x store.Deduction) (store.DeductionState, error) {
	b, err := d.billOf(ctx, tx.Reader, s, x)
	if err != nil {
		return x.State, err
	}
	o := d.newOrder(s, b, x.AskedAt)
	o.Kind, o.Client, o.Lane, o.Payable = store.OrderDeduction, x.Platform, s.ExitLane, x.Asked
	if err := d.insert(ctx, tx, &o, s.Plate); err != nil {
		return x.State, err
	}
	p := posting{Payment: store.Payment{
		ID: store.NewID(x.AnsweredAt), Order: o.No, Session: s.ID, Amount: x.Taken, PayType: int(protocol.BoothThirdWeChat),
		PayMethod: int(protocol.BoothThirdWeChat), Terminal: int(protocol.TerminalThirdSingle), Client: x.Platform, PaidAt: x.AnsweredAt,
	}}
	r := Receipt{Order: o, Session: s}
	if !s.State.Open() || b.Payable == 0 {
		p.Kind = store.PaymentOrphan
		return store.DeductionSurplus, d.book(ctx, tx, p, r)
	}
	return store.DeductionTaken, d.credit(ctx, tx, p, b, &r)
}

// billOf is the bill by which a deduction is booked: as of when the platform was
// asked, however late it answers. Where the tariff or a platform says something
// else by now, what was asked for was due.
func (d *Desk) billOf(ctx context.Context, r store.Reader, s store.Session, x store.Deduction) (Bill, error) {
	b, err := d.due(ctx, r, s, x.AskedAt, discount.Granted{})
	gone := errors.Is(err, ErrNoTariff)
	if anew := !s.QuotedAt.Before(x.AskedAt); !gone && (!anew || s.State == store.Leaving || b.Settled) {
		if errors.Is(err, ErrAboveLimit) {
			err = nil
		}
		return b, err
	}
	ledger, err := r.Payments(ctx, s.ID)
	if err != nil {
		return b, err
	}
	before := addUp(slices.DeleteFunc(ledger, func(p store.Payment) bool { return p.PaidAt.After(x.AskedAt) }), s)
	b.Total, b.Credit, b.Card, b.Prepaid = before.paid+before.waived+x.Asked, 0, 0, 0
	b.Payable = b.rest()
	return b, nil
}

func journalDeduction(ctx context.Context, tx *store.Tx, s store.Session, x store.Deduction, reason string) error {
	_, err := tx.Append(ctx, store.KindDeduction, s.Plate, store.DeductionFact{
		Deduction: x.ID, Session: s.ID, Platform: x.Platform, Asked: x.Asked, State: int(x.State), Taken: x.Taken, Reason: reason,
	})
	return err
}

// Correct journals, for the platform of each deduction of s that is unknown or
// was surplus, that it is to reverse it (uplink 2.6), once. Whoever ends a stay
// calls it in that transaction, with s as it has ended. A question that is still
// under way counts as unknown.
func Correct(ctx context.Context, tx *store.Tx, s store.Session) error {
	list, err := tx.Deductions(ctx, s.ID)
	if err != nil {
		return err
	}
	for _, x := range list {
		if x.State != store.DeductionAsked && x.State != store.DeductionSurplus || !x.CorrectedAt.IsZero() {
			continue
		}
		if err := correct(ctx, tx, s, x, s.LeftAt); err != nil {
			return err
		}
	}
	return nil
}

func correct(ctx context.Context, tx *store.Tx, s store.Session, x store.Deduction, at time.Time) error {
	x.CorrectedAt = at
	if err := tx.UpdateDeduction(ctx, x); err != nil {
		return err
	}
	_, err := tx.Append(ctx, store.KindCorrect, s.Plate, store.CorrectFact{
		Platform: x.Platform, Deduction: x.ID, Session: s.ID, Plate: s.Plate, EnteredMs: store.Millis(s.EnteredAt), LeftMs: store.Millis(s.LeftAt),
		Total: x.Asked, Place: s.ExitPlace, Image: s.ExitImage,
	})
	return err
}
