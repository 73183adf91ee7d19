package billing

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"parkagent/agent/tariff"
	"parkagent/store"
)

// A Bill is what a stay costs at one moment. Money in fen.
type Bill struct {
	At      time.Time
	Total   int64 // fee of the whole stay
	Credit  int64 // of it, taken off by free minutes and by money of a booking
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
	return d.due(ctx, r, s, at, 0)
}

// due is Due with further free minutes that are not in the ledger yet.
func (d *Desk) due(ctx context.Context, r store.Reader, s store.Session, at time.Time, minutes int64) (Bill, error) {
	ledger, err := r.Payments(ctx, s.ID)
	if err != nil {
		return Bill{}, err
	}
	sum := addUp(ledger, s.QuotedAt)
	b := Bill{At: at, Paid: sum.paid, Waived: sum.waived}
	settled := !s.PaidUntil.IsZero() && !at.After(s.PaidUntil)
	switch {
	case s.State == store.Leaving:
		b.Total, b.Credit = s.Fee, s.Credit
		b.Payable = b.rest()
		b.Settled = b.Payable == 0
		return b, nil
	case !settled && s.EnteredAt.Before(d.cfg.Earliest):
		return b, fmt.Errorf("%w: the clock was wrong when the car entered", ErrAboveLimit)
	}
	x, err := rightsOf(ctx, r, s)
	if err != nil {
		return b, err
	}
	if settled {
		b.Total, b.Credit = s.SettledFee, s.SettledCredit
		b.share(x, sum.over)
		b.Settled = b.Payable == 0
		return b, nil
	}
	return b, d.price(&b, s, x, sum, minutes)
}

// price works out what the stay costs by a platform's price, or else by the
// tariff and the rights x. minutes come on top of those in the ledger.
func (d *Desk) price(b *Bill, s store.Session, x rights, sum sums, minutes int64) error {
	t, fits := tariff.Select(d.cfg.Tariffs, tariff.Vehicle{CarType: x.carType(s), Size: s.Size, Color: s.Color, Area: s.Area})
	parts := x.charged(s, b.At)
	all := min(sum.minutes+minutes, mostMinutes)
	switch {
	case d.Quoted(s, b.At):
		b.Total = s.QuoteFee
		if late := min(sum.late+minutes, all); late > 0 && fits { // the platform did not know of these
			parts = []span{{s.EnteredAt, b.At}}
			b.Credit = min(b.Total, d.fee(t, parts, all-late)-d.fee(t, parts, all))
		}
		b.Payable = b.rest()
	case !fits && len(parts) > 0:
		return fmt.Errorf("%w: car type %d, size %d, colour %d, area %d", ErrNoTariff, x.carType(s), s.Size, s.Color, s.Area)
	default:
		b.Total = d.fee(t, parts, 0)
		b.Credit = b.Total - d.fee(t, parts, all)
		b.share(x, sum.over)
	}
	if t.MaxAutomatic > 0 && b.Total > t.MaxAutomatic && b.Payable+b.Card+b.Prepaid > 0 {
		b.Credit, b.Prepaid, b.Card = b.Credit-b.Prepaid, 0, 0 // neither is drained without an operator
		b.Payable = b.rest()
		return ErrAboveLimit
	}
	return nil
}

// Quoted reports whether a platform has priced s, and its price holds at a time.
func (d *Desk) Quoted(s store.Session, at time.Time) bool {
	since := at.Sub(s.QuotedAt)
	return !s.QuotedAt.IsZero() && since >= 0 && since <= d.cfg.OrderValid
}

// fee is what the parts of a stay cost, each a stay of its own, when free
// minutes are taken off: first off the last part, as they are off the end of a
// whole stay.
func (d *Desk) fee(t tariff.Tariff, parts []span, minutes int64) (total int64) {
	for i := len(parts) - 1; i >= 0; i-- {
		stay := tariff.Stay{Entered: parts[i].from.In(d.cfg.Zone), Left: parts[i].to.In(d.cfg.Zone), FreeMinutes: int(minutes)}
		total += t.Bill(stay).Total
		used := (t.Length(stay) + time.Minute - 1) / time.Minute
		minutes = max(0, minutes-int64(max(0, used)))
	}
	return total
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

// sums are what a ledger adds up to, without orphans.
type sums struct {
	paid, waived, over int64
	minutes            int64 // free
	late               int64 // of minutes, since a platform's price
}

func addUp(ledger []store.Payment, quoted time.Time) (s sums) {
	for _, p := range ledger {
		if p.Kind == store.PaymentOrphan {
			continue
		}
		s.paid += p.Amount
		s.waived += p.Discount + p.FreeMoney + p.Rounding
		s.over += p.Over
		s.minutes = min(s.minutes+p.FreeMinutes, mostMinutes)
		if p.PaidAt.After(quoted) {
			s.late = min(s.late+p.FreeMinutes, mostMinutes)
		}
	}
	return s
}

// mostMinutes bounds free minutes to what an int holds on any machine: four
// thousand years.
const mostMinutes = math.MaxInt32

// billFor is the bill by which a payment for o that comes now is booked, and as
// of when it is. An order that has not expired is billed as of when it was
// issued, so that the driver pays what was shown, whatever else was paid since,
// and whoever set the clock back. minutes come with the payment.
func (d *Desk) billFor(ctx context.Context, r store.Reader, s store.Session, o store.Order, minutes int64, now time.Time) (Bill, error) {
	at, valid := now, !now.After(o.ExpiresAt)
	if valid {
		at = o.CreatedAt
	}
	b, err := d.due(ctx, r, s, at, minutes)
	gone := errors.Is(err, ErrNoTariff) // configured away since
	if anew := valid && !s.QuotedAt.Before(o.CreatedAt); !gone && (!anew || s.State == store.Leaving || b.Settled) {
		return b, err
	}
	// The tariff, or a platform, may say something else by now; the order's own
	// figures hold.
	before, err := d.due(ctx, r, s, at, 0)
	if err != nil && !errors.Is(err, ErrNoTariff) && !errors.Is(err, ErrAboveLimit) {
		return b, err
	}
	granted := max(0, b.Credit-before.Credit) // by the minutes
	b.Total, b.Credit, b.Card, b.Prepaid = o.Total, o.Credit+granted, 0, 0
	b.Payable = max(0, o.Payable-granted-(b.Paid-o.Paid)-(b.Waived-o.Waived))
	return b, nil
}

// errOverlap means that money or a discount was booked while a platform was asked
// for its price. Nobody knows whether the price takes that off, even if it was the
// platform's own: taken for known, it would count for nothing, and else twice.
var errOverlap = errors.New("something was booked while the price was asked for")

// Quote keeps what a platform that prices (uplink 5.3) says is due for an open
// session, from now on and as long as an order would be valid. by is the
// platform, and rows is how many the ledger had when it was asked. It tells nobody
// that the session is priced.
//
// Errors: ErrNoSession when the car is not inside any more; errOverlap.
func (d *Desk) Quote(ctx context.Context, session string, rows int, due int64, by string) error {
	if due < 0 || due > mostAmount {
		return fmt.Errorf("quote: %d is no amount", due)
	}
	return d.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		s, err := tx.Session(ctx, session)
		if errors.Is(err, store.ErrNotFound) || err == nil && !s.State.Open() {
			return ErrNoSession
		}
		if err != nil || s.State == store.Leaving { // its fee stands
			return err
		}
		ledger, err := tx.Payments(ctx, s.ID)
		if err != nil {
			return err
		}
		if len(ledger) != rows {
			return errOverlap
		}
		sum := addUp(ledger, s.QuotedAt)
		s.QuoteFee, s.QuotedAt = sum.paid+sum.waived+due, d.now()
		if err := tx.UpdateSession(ctx, s); err != nil {
			return err
		}
		_, err = tx.Append(ctx, store.KindQuote, s.Plate, store.QuoteFact{Session: s.ID, Platform: by, Due: due, Fee: s.QuoteFee})
		return err
	})
}
