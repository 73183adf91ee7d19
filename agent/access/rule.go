package access

import (
	"time"

	"parkagent/drivers"
	"parkagent/protocol"
	"parkagent/store"
)

// EntryFacts are what the decision on a car at an entry rests on.
type EntryFacts struct {
	Released bool // an operator lets the car pass
	Held     bool // the gate is held open
	Black    bool // the plate is on the blacklist
	Pending  bool // the car was let in at this lane before, and its gate did not follow
	Inside   bool // the car has no plate, and its card number is inside
	Repeat   bool // its plate is inside

	Card   Class  // of its card that is of use here, see CardRule; empty without one
	Booked bool   // it has a booking that is of use, see BookingRule
	Barred Reason // why it may not be a temporary car here; empty if it may

	RefuseRepeat, Passback bool    // see Policy
	Vacancy                Vacancy // of the area that the lane leads into
}

// EntryRule decides on a car at an entry. One that nothing keeps out before is let
// in if there is a place for it.
func EntryRule(f EntryFacts) (bool, Reason) {
	switch {
	case f.Released:
		return true, ReasonReleased
	case f.Held:
		return true, ReasonHold
	case f.Black:
		return false, ReasonBlacklist
	case f.Pending:
		return true, ReasonPending
	case f.Inside:
		return false, ReasonCardInside
	case f.Repeat && f.Passback && f.Card != "":
		return false, ReasonPassback
	case f.Repeat && f.RefuseRepeat && f.Card == "" && !f.Booked:
		return false, ReasonInside
	}
	return placeRule(f.Card, f.Booked, f.Barred, f.Vacancy)
}

// placeRule decides whether there is a place for a car. Who has a right comes in by
// it if there is one for its class, see Policy. Otherwise the car is a temporary
// one, as one without a right is, unless that is barred.
func placeRule(card Class, booked bool, barred Reason, v Vacancy) (bool, Reason) {
	place := func(c Class) bool { return v.For(c) || v.For(ClassTemporary) } // a right makes nothing worse
	switch {
	case card != "" && place(card):
		return true, ReasonCard
	case booked && place(ClassBooking):
		return true, ReasonBooking
	case barred != "":
		return false, barred
	case !v.For(ClassTemporary):
		return false, ReasonFull
	}
	return true, ReasonTemporary
}

// CardRule reports whether a further car may be inside on c at a time: c is
// valid, a space of it is free, and a counted one has a visit left. inside is how
// many cars are inside on it, entering how many of those still have to take
// their visit.
func CardRule(c store.Card, inside, entering int, at time.Time) bool {
	return c.Valid(at) && inside < c.Spaces && (!counted(c) || c.Balance > int64(entering))
}

// BookingRule reports whether a car may be inside on b at a time. A booking of
// one visit serves one: not when it was used up, and not while another car is
// inside on it.
func BookingRule(b store.Booking, inside int, at time.Time) bool {
	return b.Valid(at) && (b.Type != store.BookOnce || b.UsedBy == "" && inside == 0)
}

// counted reports whether visits are taken from the card.
func counted(c store.Card) bool { return c.CarType == int(protocol.CarCounted) }

// stored reports whether the card pays by the stay, from its balance.
func stored(c store.Card) bool { return c.CarType == int(protocol.CarStored) }

// ExitRule decides on a car that is known to be inside. paid tells whether
// anything was ever paid or waived for the stay.
func ExitRule(held bool, state store.SessionState, payable int64, paid bool) (bool, Reason) {
	switch {
	case held:
		return true, ReasonHold
	case payable > 0: // also where a hold that has ended would have let it out
		return false, ReasonDue
	case state == store.Leaving:
		return true, ReasonPending
	case paid:
		return true, ReasonPaid
	}
	return true, ReasonFree
}

// StandsRule reports whether a car that is to be let out may be taken to stand
// at the exit still, age after it was last seen there, when the lane has given it
// up already: its driver paid late, or its gate was dead for long. It is asked only
// while the books name the car as the lane's, which they do until another one is
// recognised there. within is how long it is believed where no presence input tells.
//
// A car that has paid must get out, and no other in its place. Where a presence
// input is wired, it says whether anybody stands there. Where none is, a car
// that came after this one would have been recognised, and would be the lane's;
// so what is risked is to open for nobody, after a driver backed out, paid
// inside and has yet to come back. The longer ago, the more likely that is: nobody
// blocks an exit for two hours without an operator coming.
func StandsRule(p drivers.Presence, age, within time.Duration) bool {
	switch p {
	case drivers.PresenceOccupied:
		return true
	case drivers.PresenceClear:
		return false
	}
	return age <= within
}

// AskFacts are what decides whether platforms are asked about a car at an exit.
type AskFacts struct {
	Held      bool   // the gate is held open
	Decided   bool   // the exit was decided before
	Temporary bool   // the car has neither card nor booking
	Settled   bool   // it was paid for, and is within its time to leave
	Priced    bool   // a platform prices
	Quoted    bool   // and has, just now
	Reason    Reason // of the verdict without asking
	Seamless  bool   // a platform has promised to deduct the fee
	Deducting bool   // a platform was asked to, lately or without an answer
}

// AskRule decides whether platforms are asked before the driver is asked to
// pay: for the price of a temporary car, which nothing here knows then, or to
// deduct what is due.
func AskRule(f AskFacts) (price, deduct bool) {
	price = f.Priced && f.Temporary && !f.Held && !f.Decided && !f.Settled && !f.Quoted
	deduct = f.Seamless && f.Reason == ReasonDue && !f.Deducting
	return price, deduct
}
