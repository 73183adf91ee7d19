package billing

import (
	"fmt"
	"slices"
	"time"

	"parkagent/agent/discount"
	"parkagent/agent/tariff"
	"parkagent/store"
)

// A Charging is how the time in an area that lies in another is charged. The zero
// value charges it as time around it.
type Charging uint8

// The ways of charging.
const (
	ChargeAround     Charging = iota
	ChargeInstead             // by the inner area's tariff; the clock of the outer one pauses
	ChargeAdditional          // by the inner area's tariff, on top of the outer one's
	ChargeNetted              // by both, less what the outer one charges for that time
)

// A Zone is an area that lies in another one. What it is charged instead of, on top
// of or less is the tariff of the outermost area around it.
type Zone struct {
	Area     int // code
	Outer    int // the area around it
	Charging Charging
	// PassThrough is up to how long a time around it, on the way to it or from it, is
	// free. One that is longer is charged in full.
	PassThrough time.Duration
}

// A charge is what a stay is charged for by one rate: the time in the outermost area,
// or the visits of an inner one.
type charge struct {
	rate     rate
	parts    []span // each a stay of its own
	zone     int    // area code; 0 of the outermost one
	charging Charging
}

// A stretch is the time that a stay spent in one area.
type stretch struct {
	span
	area int
}

// way returns in which areas the stay s was up to a time, one after the other.
func (x rights) way(s store.Session, at time.Time) []stretch {
	list := []stretch{{span{s.EnteredAt, at}, s.Area}}
	if len(x.moves) > 0 {
		list[0].area = x.moves[0].From
	}
	for _, m := range x.moves {
		if m.At.After(at) {
			break
		}
		now := &list[len(list)-1]
		now.to = latest(now.from, m.At) // a clock may have been set back
		list = append(list, stretch{span{now.to, at}, m.To})
	}
	return list
}

// zone returns how the time in an area is charged: by the nearest area around it,
// or itself, that is charged apart. It reports false where none is.
func (d *Desk) zone(area int) (Zone, bool) {
	for range d.cfg.Zones {
		i := slices.IndexFunc(d.cfg.Zones, func(z Zone) bool { return z.Area == area })
		if i < 0 {
			break
		}
		if d.cfg.Zones[i].Charging != ChargeAround {
			return d.cfg.Zones[i], true
		}
		area = d.cfg.Zones[i].Outer
	}
	return Zone{}, false
}

// home returns the outermost area around the one into which the car of s came.
func (d *Desk) home(s store.Session, x rights) int {
	area := s.Area
	if len(x.moves) > 0 {
		area = x.moves[0].From
	}
	for range d.cfg.Zones {
		i := slices.IndexFunc(d.cfg.Zones, func(z Zone) bool { return z.Area == area })
		if i < 0 {
			break
		}
		area = d.cfg.Zones[i].Outer
	}
	return area
}

// A visit is a time that is charged in one way.
type visit struct {
	span
	zone Zone
	own  bool // it is charged by the tariff of zone
}

// visits joins the stretches of a way that are charged in the same way.
func (d *Desk) visits(way []stretch) (list []visit) {
	for _, p := range way {
		z, own := d.zone(p.area)
		if n := len(list) - 1; n >= 0 && list[n].own == own && list[n].zone == z {
			list[n].to = p.to
			continue
		}
		list = append(list, visit{p.span, z, own})
	}
	return list
}

// passing reports whether the i-th visit is a time in the outermost area that is
// free because it is short, and on the way to an inner one or from it.
func passing(list []visit, i int) bool {
	long := list[i].to.Sub(list[i].from)
	to := func(j int) bool { return j >= 0 && j < len(list) && list[j].own && long <= list[j].zone.PassThrough }
	return !list[i].own && (to(i-1) || to(i+1))
}

// charged returns what the stay s is charged for up to a time, what that costs, and
// what it costs with the free time of g taken off. Anew leaves out what was settled.
//
// Errors: ErrNoTariff.
func (d *Desk) charged(s store.Session, x rights, at time.Time, anew bool, g discount.Granted) (list []charge, fee, with int64, err error) {
	var since time.Time
	if anew {
		since = s.SettledAt
	}
	if list, err = d.charges(s, x, at, since); err != nil {
		return nil, 0, 0, err
	}
	off := list
	if len(list) > 1 { // the outer clock may pause: what is free until a moment is taken off before it does
		if off, err = d.charges(s, x, at, latest(since, g.Until)); err != nil {
			return nil, 0, 0, err
		}
		g.Until = time.Time{}
	}
	if anew {
		before := span{s.EnteredAt, s.SettledAt}
		list[0].rate = d.after(list[0].rate, before, s.SettledFee)
		off[0].rate = list[0].rate
	}
	fee = d.cost(list, discount.Granted{})
	return list, fee, min(fee, d.cost(off, g)), nil
}

// charges returns what the stay s is charged for up to a time, without what lies
// before since: first the time in the outermost area, then that in each inner one,
// of which each visit is a stay of its own. Where the outer clock pauses, the time
// around the pauses is one stay that begins when the first of it does, so that it
// has one free time and one first hour; with prices that differ by the hour, the
// hours are those that follow.
//
// Errors: ErrNoTariff.
func (d *Desk) charges(s store.Session, x rights, at, since time.Time) ([]charge, error) {
	way, home := x.way(s, at), d.home(s, x)
	inside := func(area int) bool { return d.cardGood(x, area) }
	// In an inner area that is charged on top, the outer price is free for whom
	// it is outside.
	around := func(area int) bool {
		if _, own := d.zone(area); own {
			area = home
		}
		return d.cardGood(x, area)
	}
	visits := d.visits(way)
	list := make([]charge, 1)
	var pauses []span
	for i, v := range visits {
		if v.own {
			parts := withoutAll([]span{v.span}, x.freed(s, way, since, inside))
			list = addVisit(list, v.zone, parts)
		}
		if v.own && v.zone.Charging == ChargeInstead || passing(visits, i) {
			pauses = append(pauses, v.span)
		}
	}
	// What is free in a pause does not part what lies before it from what lies after.
	free := withoutAll(x.freed(s, way, since, around), pauses)
	list[0].parts = paused(withoutAll([]span{{s.EnteredAt, at}}, free), pauses)
	for i, c := range list {
		area := c.zone
		if i == 0 {
			area, list[0].rate.earlier = home, x.earlier // inner areas charge each stay by itself
		}
		t, fits := d.tariffOf(s, x.carType(s), area, at)
		if !fits && len(c.parts) > 0 {
			return nil, fmt.Errorf("%w: car type %d, size %d, colour %d, area %d", ErrNoTariff, x.carType(s), s.Size, s.Color, area)
		}
		list[i].rate.tariff = t
	}
	return list, nil
}

// addVisit adds the parts of a visit to the charge of its zone.
func addVisit(list []charge, z Zone, parts []span) []charge {
	for i := range list[1:] {
		if c := &list[i+1]; c.zone == z.Area {
			c.parts = append(c.parts, parts...)
			return list
		}
	}
	return append(list, charge{parts: parts, zone: z.Area, charging: z.Charging})
}

// paused returns the parts of a stay without the pauses that lie in them, each as one
// that goes on after a pause where it stopped before.
func paused(parts, pauses []span) (list []span) {
	for _, p := range parts {
		rest := withoutAll([]span{p}, pauses)
		if len(rest) == 0 {
			continue
		}
		p = span{rest[0].from, rest[0].from}
		for _, q := range rest {
			p.to = p.to.Add(q.to.Sub(q.from))
		}
		list = append(list, p)
	}
	return list
}

// unknownPays reports whether a stay of unknown entry is to be paid for: no card or
// booking covers it.
func (d *Desk) unknownPays(s store.Session, x rights, at time.Time) bool {
	good := func(area int) bool { return d.cardGood(x, area) }
	return len(withoutAll([]span{{s.EnteredAt, at}}, x.freed(s, x.way(s, at), time.Time{}, good))) > 0
}

// cardGood reports whether the card of a stay is good in an area.
func (d *Desk) cardGood(x rights, area int) bool {
	return x.card == nil || d.cfg.CardGood == nil || d.cfg.CardGood(x.card.CarType, area)
}

// cost is what the charges of a stay come to when the free time of g is taken off.
// Its minutes come off the time in inner areas first, off the last one before the
// others, and what is left of them off the time around. A minute that is charged
// twice, inside and around, is free twice.
func (d *Desk) cost(list []charge, g discount.Granted) (total int64) {
	once, twice := g, g
	for i := len(list) - 1; i >= 0; i-- {
		switch c := list[i]; c.charging {
		case ChargeAdditional, ChargeNetted:
			fee := d.fee(c.rate, c.parts, twice)
			if c.charging == ChargeNetted {
				fee = max(0, fee-d.fee(list[0].rate, c.parts, twice))
			}
			total, twice.Minutes = total+fee, c.left(twice.Minutes)
		default:
			total, once.Minutes = total+d.fee(c.rate, c.parts, once), c.left(once.Minutes)
		}
	}
	return total
}

// left is how many of so many free minutes are left when c has used them.
func (c charge) left(minutes int64) int64 {
	for _, p := range c.parts {
		used := c.rate.tariff.Length(tariff.Stay{Entered: p.from, Left: p.to})
		minutes -= int64(max(0, used+time.Minute-1) / time.Minute)
	}
	return max(0, minutes)
}
