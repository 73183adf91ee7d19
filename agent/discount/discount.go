// Package discount takes the discounts that a stay was granted off its fee, in a fixed order.
//
// It is pure: it reads no clock and counts money in whole fen. A Rule is a
// discount as a car park configures it; what it grants is a fact in the ledger,
// a kind and a value, so that a percentage or "free until six" is worked out
// anew as the stay goes on. Granted are all the facts of one stay, and an Order
// says what they take off.
package discount

import (
	"slices"
	"time"

	"parkagent/store"
)

// A Step is one sort of discounts, which are taken off together.
type Step string

// The steps, as configurations name them.
const (
	Time    Step = "time"    // minutes, and free until a moment
	Percent Step = "percent" // of what is left
	Money   Step = "money"   // sums, those of downlink 3.2 and 3.3 too
	Full    Step = "full"    // all that is left
)

// An Order is in which order the steps are taken. Each takes from what those
// before have left, and never more than that: what a coupon is worth beyond the
// fee is not change.
type Order []Step

// DefaultOrder returns the order that most notices describe: free time shortens
// the stay, a percentage is of the price of the rest, sums come off that.
func DefaultOrder() Order { return Order{Time, Percent, Money, Full} }

// Valid reports whether o names each step once.
func (o Order) Valid() bool {
	sorted, want := slices.Sorted(slices.Values(o)), slices.Sorted(slices.Values(DefaultOrder()))
	return slices.Equal(sorted, want)
}

// Granted are the discounts of one stay.
type Granted struct {
	Minutes  int64     // free, all together
	Until    time.Time // the stay up to here is free; zero without
	Percents []int64   // each 0 to 100, of what the ones before have left
	Money    int64     // fen, all together
	Full     bool
}

// And returns the discounts of both.
func (g Granted) And(more Granted) Granted {
	g.Minutes = min(g.Minutes+more.Minutes, mostMinutes)
	if more.Until.After(g.Until) {
		g.Until = more.Until
	}
	g.Percents = slices.Concat(g.Percents, more.Percents)
	g.Money += more.Money
	g.Full = g.Full || more.Full
	return g
}

// mostMinutes bounds free minutes to what an int holds on any machine: four
// thousand years.
const mostMinutes = 1<<31 - 1

// ShortensTime reports whether any of the discounts is time.
func (g Granted) ShortensTime() bool { return g.Minutes > 0 || !g.Until.IsZero() }

// Of returns what the rows of a ledger grant that count: those that were not
// taken back. Rows of orphans grant nothing.
func Of(ledger []store.Payment) (g Granted) {
	for _, p := range Standing(ledger) {
		one := Granted{Minutes: p.FreeMinutes, Money: p.FreeMoney + p.Discount}
		switch p.GrantKind {
		case store.GrantPercent:
			one.Percents = []int64{p.GrantValue}
		case store.GrantFull:
			one.Full = true
		case store.GrantUntil:
			one.Until = time.UnixMilli(p.GrantValue).UTC()
		}
		g = g.And(one)
	}
	return g
}

// Standing returns the rows of one session's ledger that count and were not
// taken back as a whole by a later row of it, without the rows that did.
func Standing(ledger []store.Payment) []store.Payment {
	here, gone := map[string]bool{}, map[string]bool{}
	for _, p := range ledger {
		here[p.ID] = true
	}
	for _, p := range ledger {
		if (p.Kind == store.PaymentRecall || p.Kind == store.PaymentTransfer) && here[p.Refers] {
			gone[p.ID], gone[p.Refers] = true, true
		}
	}
	var list []store.Payment
	for _, p := range ledger {
		if p.Kind.Counts() && !gone[p.ID] {
			list = append(list, p)
		}
	}
	return list
}

// A Cut is what each step has taken off, in fen.
type Cut struct{ Time, Percent, Money, Full int64 }

// Sum returns what all steps have taken off.
func (c Cut) Sum() int64 { return c.Time + c.Percent + c.Money + c.Full }

// Take returns what the discounts g take off a fee, neither less than zero. time
// is what the free time of g makes the stay cheaper by its tariff, which only the
// caller can work out. A part of a fen of a percentage is rounded half up.
func (o Order) Take(fee, time int64, g Granted) (c Cut) {
	rest := max(0, fee)
	take := func(into *int64, sum int64) {
		sum = min(max(0, sum), rest)
		*into += sum
		rest -= sum
	}
	for _, step := range o {
		switch step {
		case Time:
			take(&c.Time, time)
		case Percent:
			for _, p := range g.Percents {
				take(&c.Percent, (rest*p+50)/100)
			}
		case Money:
			take(&c.Money, g.Money)
		case Full:
			if g.Full {
				take(&c.Full, rest)
			}
		}
	}
	return c
}
