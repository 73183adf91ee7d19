package billing

import (
	"context"
	"slices"
	"time"

	"parkagent/agent/discount"
	"parkagent/agent/plate"
	"parkagent/agent/tariff"
	"parkagent/store"
)

// A rate is by what the time of a stay is charged.
type rate struct {
	tariff tariff.Tariff
	// earlier are visits of the car, oldest first, as far as the tariff counts
	// several together.
	earlier []tariff.Visit
}

// tariffOf chooses the tariff of a stay that ends at a time, by the version and
// the kind of day that the calendar says.
func (d *Desk) tariffOf(s store.Session, carType, area int, at time.Time) (tariff.Tariff, bool) {
	v := tariff.Vehicle{CarType: carType, Size: s.Size, Color: s.Color, Area: area}
	return tariff.Select(d.cfg.Tariffs, d.cfg.Calendar.Dated(v, s.EnteredAt.In(d.cfg.Zone), at.In(d.cfg.Zone)))
}

// earlier returns the visits of the car of s that ended before it came, as far
// back as any tariff looks. Each counts by what it was charged; what a driver
// still owed when he was let out counts for nothing. Cars without a plate have
// no past.
func (d *Desk) earlier(ctx context.Context, r store.Reader, s store.Session) ([]tariff.Visit, error) {
	back := time.Duration(0)
	for i := range d.cfg.Tariffs {
		back = max(back, d.cfg.Tariffs[i].Lookback())
	}
	if back == 0 || plate.IsTemporary(s.Plate) {
		return nil, nil
	}
	list, err := r.Visits(ctx, s.Plate, s.EnteredAt.Add(-back), s.EnteredAt)
	if err != nil {
		return nil, err
	}
	var visits []tariff.Visit
	for _, v := range list {
		visits = append(visits, d.visit(span{v.EnteredAt, v.LeftAt}, max(0, v.Fee-v.Unpaid)))
	}
	// Only those one after the other up to s may be gone on with.
	within, came := d.rejoins(), s.EnteredAt
	for i := len(list) - 1; i >= 0 && within > 0 && came.Sub(list[i].LeftAt) <= within; i-- {
		if visits[i].Apart, err = apart(ctx, r, list[i]); err != nil {
			return nil, err
		}
		came = list[i].EnteredAt
	}
	return visits, nil
}

// rejoins is how soon after leaving a car may go on with its last stay by any tariff.
func (d *Desk) rejoins() (within time.Duration) {
	for i := range d.cfg.Tariffs {
		if t := &d.cfg.Tariffs[i]; t.Rejoin {
			within = max(within, t.Reentry)
		}
	}
	return within
}

// apart reports whether the fee of a stay that has ended was another than that of its
// whole time by one tariff.
func apart(ctx context.Context, r store.Reader, s store.Session) (bool, error) {
	x, err := rightsOf(ctx, r, s)
	set := !s.QuotedAt.IsZero() && s.Fee == s.QuoteFee
	return set || x.unknown || x.booking != nil || x.card != nil && !x.stored() || len(x.covers)+len(x.moves) > 0, err
}

func (d *Desk) visit(p span, fee int64) tariff.Visit {
	return tariff.Visit{Entered: p.from.In(d.cfg.Zone), Left: p.to.In(d.cfg.Zone), Fee: fee}
}

// after is the rate of a stay that begins anew where a part of it was settled
// for a fee.
func (d *Desk) after(x rate, settled span, fee int64) rate {
	x.tariff.Reentry = 0 // it did not come back: it was there
	x.earlier = append(slices.Clip(x.earlier), d.visit(settled, fee))
	return x
}

// bills are what the parts of a stay cost, each a stay of its own, less the free
// time of g. Its minutes are taken off the last part first, or the first one
// where they come off the beginning of a stay. What several visits share, the
// parts share too.
func (d *Desk) bills(x rate, parts []span, g discount.Granted) []tariff.Bill {
	stays := make([]tariff.Stay, len(parts))
	order := make([]int, len(parts))
	for i, p := range parts {
		stays[i] = tariff.Stay{Entered: p.from.In(d.cfg.Zone), Left: p.to.In(d.cfg.Zone), FreeUntil: g.Until}
		order[i] = len(parts) - 1 - i
	}
	if x.tariff.Minutes == tariff.MinutesStart {
		slices.Reverse(order)
	}
	for _, i := range order {
		stays[i].FreeMinutes = int(g.Minutes)
		used := x.tariff.Length(tariff.Stay{Entered: latest(parts[i].from, g.Until), Left: parts[i].to})
		g.Minutes = max(0, g.Minutes-int64(max(0, used+time.Minute-1)/time.Minute))
	}
	earlier := slices.Clip(x.earlier)
	bills := make([]tariff.Bill, len(parts))
	for i, s := range stays {
		s.Earlier = earlier
		bills[i] = x.tariff.Bill(s)
		earlier = append(earlier, d.visit(parts[i], bills[i].Total))
		x.tariff.Reentry = 0 // the car did not come back between two parts
	}
	return bills
}

// fee is what the bills of the parts come to.
func (d *Desk) fee(x rate, parts []span, g discount.Granted) (total int64) {
	for _, b := range d.bills(x, parts, g) {
		total += b.Total
	}
	return total
}
