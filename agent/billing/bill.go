package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parkagent/agent/discount"
	"parkagent/store"
)

// A Bill is what a stay costs at one moment. Money in fen.
type Bill struct {
	At      time.Time
	Total   int64 // fee of the whole stay
	Credit  int64 // of it, taken off by free time, percentages, a full discount and money of a booking
	Paid    int64 // money in the ledger
	Waived  int64 // discounts, coupons and roundings in the ledger
	Payable int64 // still due

	// Card is what the balance of a stored-value card will pay when the car
	// leaves, Prepaid the part of Credit that money of a booking covers. Both
	// are taken by Collect.
	Card    int64
	Prepaid int64

	// Settled reports that the stay was paid in full and the car is within
	// its time to leave, so that Total is the fee of that settlement.
	Settled bool
	// Unknown reports that nobody saw the car come in, so that Total is what such
	// cars pay.
	Unknown bool
}

// rest is what of the bill is neither paid nor waived, whoever will pay it.
func (b Bill) rest() int64 { return max(0, b.Total-b.Credit-b.Paid-b.Waived-b.Card) }

// Due computes the bill of s at the time at, from the ledger, of which orphans
// do not count, and from the card or booking by which the car is inside, all as
// r has them. It changes nothing.
//
// Within the time to leave the bill is the one that was settled; after it the
// whole stay is charged again and what was paid is subtracted. Once an exit was
// decided its fee stands, however long the gate takes. A platform's price
// (Quote) stands in for tariff and rights as long as an order made with it would
// be valid.
//
// Errors: ErrNoTariff, ErrAboveLimit; the bill then says what was paid.
func (d *Desk) Due(ctx context.Context, r store.Reader, s store.Session, at time.Time) (Bill, error) {
	return d.due(ctx, r, s, at, discount.Granted{})
}

// due is Due with further discounts that are not in the ledger yet. What they
// are worth in fen is not taken off the bill, but what they make others worth is.
func (d *Desk) due(ctx context.Context, r store.Reader, s store.Session, at time.Time, more discount.Granted) (Bill, error) {
	return d.dueBy(ctx, r, s, at, more, new(how))
}

// dueBy is due, and notes how the bill was worked out.
func (d *Desk) dueBy(ctx context.Context, r store.Reader, s store.Session, at time.Time, more discount.Granted, h *how) (Bill, error) {
	ledger, err := r.Payments(ctx, s.ID)
	if err != nil {
		return Bill{}, err
	}
	sum := addUp(ledger, s)
	b := Bill{At: at, Paid: sum.paid, Waived: sum.waived}
	confirmed := s.FeeBy != "" && d.Quoted(s, at)
	settled := !s.PaidUntil.IsZero() && !at.After(s.PaidUntil)
	switch {
	case s.State == store.Leaving:
		b.Total, b.Credit = s.Fee, s.Credit
		b.Payable = b.rest()
		b.Settled = b.Payable == 0
		return b, nil
	case !settled && !confirmed && s.EnteredAt.Before(d.cfg.Earliest):
		return b, fmt.Errorf("%w: the clock was wrong when the car entered", ErrAboveLimit)
	}
	x, err := rightsOf(ctx, r, s)
	if err != nil {
		return b, err
	}
	b.Unknown = x.unknown
	if settled {
		b.Total, b.Credit = s.SettledFee, s.SettledCredit
		b.share(x, sum.over)
		b.Settled = b.Payable == 0
		return b, nil
	}
	if x.earlier, err = d.earlier(ctx, r, s); err != nil {
		return b, err
	}
	return b, d.price(&b, s, x, sum, more, h)
}

// price works out what the stay costs by a platform's or an operator's price, or
// else by the tariff and the rights x. more comes on top of what the ledger
// grants.
func (d *Desk) price(b *Bill, s store.Session, x rights, sum sums, more discount.Granted, h *how) error {
	granted := sum.early.And(sum.late).And(more)
	quoted := d.Quoted(s, b.At)
	byHand := quoted && s.FeeBy != ""
	var limits []charge
	switch {
	case x.unknown && !byHand:
		if d.unknownPays(s, x, b.At) {
			b.Total = x.fee
		}
		h.cut = d.cfg.DiscountOrder.Take(b.Total, 0, granted)
		b.Credit = credit(h.cut)
		b.share(x, sum.over)
		return nil
	case quoted:
		t, fits := d.tariffOf(s, x.carType(s), d.home(s, x), b.At)
		late, cheaper := sum.late.And(more), int64(0)
		if by, whole := (rate{t, x.earlier}), []span{{s.EnteredAt, b.At}}; fits && late.ShortensTime() {
			cheaper = d.fee(by, whole, sum.early) - d.fee(by, whole, sum.early.And(late))
		}
		b.Total = s.QuoteFee
		h.cut = d.cfg.DiscountOrder.Take(b.Total, cheaper, late)
		b.Credit = credit(h.cut)
		b.Payable = b.rest()
		if byHand { // a platform prices cars without a right only
			b.share(x, sum.over)
		}
		limits = []charge{{rate: rate{tariff: t}}}
	default:
		anew := d.cfg.RestartAfterDelay && !s.SettledAt.IsZero()
		if anew {
			granted = sum.unsettled.And(more)
		}
		var fee, with int64
		var err error
		if h.charges, fee, with, err = d.charged(s, x, b.At, anew, granted); err != nil {
			return err
		}
		if anew {
			b.Total, b.Credit, h.settled = s.SettledFee, s.SettledCredit, s.SettledFee
		}
		h.cut = d.cfg.DiscountOrder.Take(fee, fee-with, granted)
		b.Total += fee
		b.Credit += credit(h.cut)
		b.share(x, sum.over)
		limits = h.charges
	}
	if !byHand && d.aboveLimit(limits, s, *b) && b.Payable+b.Card+b.Prepaid > 0 {
		b.Credit, b.Prepaid, b.Card = b.Credit-b.Prepaid, 0, 0 // neither is drained without an operator
		b.Payable = b.rest()
		return ErrAboveLimit
	}
	return nil
}

// aboveLimit reports whether a stay costs more than may be taken without an
// operator, by the lowest limit of the tariffs that charge it, or lasts longer than
// can be.
func (d *Desk) aboveLimit(list []charge, s store.Session, b Bill) bool {
	limits := []int64{d.cfg.MaxFee}
	for _, c := range list {
		limits = append(limits, c.rate.tariff.MaxAutomatic)
	}
	for _, limit := range limits {
		if limit > 0 && b.Total > limit {
			return true
		}
	}
	return d.cfg.MaxStay > 0 && b.At.Sub(s.EnteredAt) > d.cfg.MaxStay
}

// credit is what of a cut is no sum in the ledger.
func credit(c discount.Cut) int64 { return c.Sum() - c.Money }

// Quoted reports whether a platform or an operator has priced s, and the price
// holds at a time: as long as an order would be valid, and an operator's until a
// driver who pays at once has also had his time to leave.
func (d *Desk) Quoted(s store.Session, at time.Time) bool {
	holds := d.cfg.OrderValid
	if s.FeeBy != "" {
		holds += d.cfg.Delay
	}
	since := at.Sub(s.QuotedAt)
	return !s.QuotedAt.IsZero() && since >= 0 && since <= holds
}

// share takes from the booking and the card what the ledger leaves to be paid.
// What is flagged to be given back to a driver (over) has paid for nothing.
func (b *Bill) share(x rights, over int64) {
	need := max(0, b.Total-b.Credit-b.Waived-(b.Paid-over))
	b.Prepaid = min(need, x.prepaid())
	b.Credit += b.Prepaid
	b.Card = min(need-b.Prepaid, x.balance())
	b.Payable = b.rest()
}

// sums are what a ledger adds up to, without what does not count.
type sums struct {
	paid, waived, over int64

	early discount.Granted // up to the price that somebody set for the stay
	late  discount.Granted // since then
	// unsettled is what is left for the time after the last settlement: free
	// minutes and money are used up by it, and the others go on.
	unsettled discount.Granted
}

func addUp(ledger []store.Payment, s store.Session) (sum sums) {
	for _, p := range ledger {
		if p.Kind.Counts() {
			sum.paid += p.Amount
			sum.waived += p.Discount + p.FreeMoney + p.Rounding
			sum.over += p.Over
		}
	}
	for _, p := range discount.Standing(ledger) {
		g := discount.Of([]store.Payment{p})
		if p.PaidAt.After(s.QuotedAt) {
			sum.late = sum.late.And(g)
		} else {
			sum.early = sum.early.And(g)
		}
		if !p.PaidAt.After(s.SettledAt) {
			g.Minutes, g.Money = 0, 0
		}
		sum.unsettled = sum.unsettled.And(g)
	}
	return sum
}

// billFor is the bill by which a payment for o that comes now is booked, and as
// of when it is. An order that has not expired is billed as of when it was
// issued, so that the driver pays what was shown, whatever else was paid since,
// and whoever set the clock back. more comes with the payment.
func (d *Desk) billFor(ctx context.Context, r store.Reader, s store.Session, o store.Order, more discount.Granted, now time.Time) (Bill, error) {
	at, valid := now, !now.After(o.ExpiresAt)
	if valid {
		at = o.CreatedAt
	}
	b, err := d.due(ctx, r, s, at, more)
	gone := errors.Is(err, ErrNoTariff) // configured away since
	if anew := valid && !s.QuotedAt.Before(o.CreatedAt); !gone && (!anew || s.State == store.Leaving || b.Settled) {
		return b, err
	}
	// The tariff, or a platform, may say something else by now; the order's own
	// figures hold.
	before, err := d.due(ctx, r, s, at, discount.Granted{})
	if err != nil && !errors.Is(err, ErrNoTariff) && !errors.Is(err, ErrAboveLimit) {
		return b, err
	}
	granted := max(0, b.Credit-before.Credit) // by what comes with it
	b.Total, b.Credit, b.Card, b.Prepaid = o.Total, o.Credit+granted, 0, 0
	b.Payable = max(0, o.Payable-granted-(b.Paid-o.Paid)-(b.Waived-o.Waived))
	return b, nil
}

// errOverlap means that money or a discount was booked while a platform was asked
// for its price. Nobody knows whether the price takes that off, even if it was the
// platform's own: taken for known, it would count for nothing, and else twice. Or it
// means that the price is that of another car: the plate was corrected meanwhile, or
// the car came onto a card or a booking.
var errOverlap = errors.New("something was booked while the price was asked for")

// Quote keeps what a platform that prices (uplink 5.3) says is due for an open
// session, from now on and as long as an order would be valid. by is the
// platform; asked is the session, and rows is how many the ledger had, when it was
// asked. It tells nobody that the session is priced.
//
// Errors: ErrNoSession when the car is not inside any more; errOverlap.
func (d *Desk) Quote(ctx context.Context, asked store.Session, rows int, due int64, by string) error {
	if due < 0 || due > mostAmount {
		return fmt.Errorf("quote: %d is no amount", due)
	}
	return d.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		s, err := tx.Session(ctx, asked.ID)
		if errors.Is(err, store.ErrNotFound) || err == nil && !s.State.Open() {
			return ErrNoSession
		}
		if err != nil || s.State == store.Leaving || s.FeeBy != "" && d.Quoted(s, d.now()) { // its fee stands
			return err
		}
		ledger, err := tx.Payments(ctx, s.ID)
		if err != nil {
			return err
		}
		if len(ledger) != rows || s.Plate != asked.Plate || s.Card != asked.Card || s.Booking != asked.Booking {
			return errOverlap
		}
		sum := addUp(ledger, s)
		s.QuoteFee, s.QuotedAt, s.FeeBy = sum.paid+sum.waived+due, d.now(), ""
		if err := tx.UpdateSession(ctx, s); err != nil {
			return err
		}
		_, err = tx.Append(ctx, store.KindQuote, s.Plate, store.QuoteFact{Session: s.ID, Platform: by, Due: due, Fee: s.QuoteFee})
		return err
	})
}
