package access

import (
	"context"
	"slices"

	"parkagent/protocol"
	"parkagent/store"
)

// A Class is as what a car comes in. Classes are words in the configuration.
type Class string

// The classes.
const (
	ClassTemporary Class = "temporary"
	ClassCard      Class = "card"    // a card that holds a time
	ClassCounted   Class = "counted" // a card that holds visits
	ClassStored    Class = "stored"  // a card that holds money, and pays by the stay
	ClassBooking   Class = "booking"
)

// classOf returns the class of a car type, as appendix 1.1 counts them.
func classOf(carType int) Class {
	switch protocol.CarType(carType) {
	case protocol.CarTemporary:
		return ClassTemporary
	case protocol.CarStored:
		return ClassStored
	case protocol.CarCounted:
		return ClassCounted
	case protocol.CarBooked:
		return ClassBooking
	}
	return ClassCard
}

// A Policy is what operators of car parks decide differently. The zero value
// is what the protocol's own car park does.
type Policy struct {
	Areas     []Area     // those that have rules of their own
	CardAreas []CardArea // by car type; a type that has none is good everywhere

	// RefuseRepeat keeps a temporary car out whose plate is inside. Otherwise the
	// old stay is closed as abnormal, and it is let in.
	RefuseRepeat bool
	// Passback keeps cards from being passed back: with a card, no car comes in
	// whose plate is inside, and none leaves that never came in. Both need an
	// operator, who closes the old stay or lets the car through.
	Passback bool
	// RefuseOverQuota keeps out a further car of a card whose spaces are all
	// taken. Otherwise it comes in as a temporary car.
	RefuseOverQuota bool

	// ExactPlates keeps a misread plate at an exit from being taken for a near one
	// that is inside; an operator decides then.
	ExactPlates bool

	Unknown    UnknownExit
	UnknownFee int64 // fen, for ChargeUnknown
}

// An UnknownExit is what is done with a car at an exit of which the books know no
// entry. The zero value leaves it to the operator.
type UnknownExit uint8

// What can be done with it.
const (
	AskOperator   UnknownExit = iota
	OpenUnknown               // it is let out, and kept as an abnormal exit
	ChargeUnknown             // it leaves when it has paid UnknownFee; one with a card or booking is let out
)

// An Area is what holds for one area of the car park besides its places.
type Area struct {
	Code int
	// Outer is the area in which this one lies; 0 if it lies in none. The places
	// of both are counted apart: a car that passes into this one frees a place of
	// the outer one.
	Outer int
	// WhenFull are the classes that may come in although no place is free; nil
	// means those that have a place by their right: card, counted and booking.
	WhenFull []Class
	// Reserved is how many places are kept for a class. Cars of other classes
	// find the area full when only those that its cars do not stand on are free.
	// The free places that are shown and reported are all, reserved ones too.
	Reserved map[Class]int
}

// A CardArea says in which areas the cards of one type are good.
type CardArea struct {
	CarType int
	Areas   []int
	Refuse  bool // elsewhere its cars are refused; otherwise they are temporary ones there
}

// area returns what holds for the area with that code.
func (p Policy) area(code int) Area {
	i := slices.IndexFunc(p.Areas, func(a Area) bool { return a.Code == code })
	if i < 0 {
		return Area{Code: code}
	}
	return p.Areas[i]
}

// CardGood reports whether cards of a type are good in an area. Area 0, which a
// park without areas has, is every card's.
func (p Policy) CardGood(carType, area int) bool {
	return area == 0 || !slices.ContainsFunc(p.CardAreas, func(c CardArea) bool {
		return c.CarType == carType && !slices.Contains(c.Areas, area)
	})
}

// refuses reports whether cars of cards of a type are refused where those are not
// good.
func (p Policy) refuses(carType int) bool {
	return slices.ContainsFunc(p.CardAreas, func(c CardArea) bool { return c.CarType == carType && c.Refuse })
}

// A Vacancy is which places of an area are free, and for whom.
type Vacancy struct {
	Limited bool // the area is configured; no other is ever full
	Free    int
	Inside  map[Class]int // cars there
	Area    Area
}

// For reports whether a further car of a class has a place.
func (v Vacancy) For(c Class) bool {
	if !v.Limited {
		return true
	}
	full := v.Area.WhenFull
	if full == nil {
		full = []Class{ClassCard, ClassCounted, ClassBooking}
	}
	if slices.Contains(full, c) {
		return true
	}
	free := v.Free
	for class, n := range v.Area.Reserved {
		if class != c {
			free -= max(0, n-v.Inside[class])
		}
	}
	return free > 0
}

// CardGood reports whether cards of a type are good in an area.
func (r *Rules) CardGood(carType, area int) bool { return r.cfg.Policy.CardGood(carType, area) }

// vacancy counts the places of an area, without the car of the session gone if
// there is one.
func (r *Rules) vacancy(ctx context.Context, tx *store.Tx, code int, gone store.Session) (Vacancy, error) {
	v := Vacancy{Inside: map[Class]int{}, Area: r.cfg.Policy.area(code)}
	areas, err := tx.Areas(ctx)
	if err != nil {
		return v, err
	}
	i := slices.IndexFunc(areas, func(a store.Area) bool { return a.Code == code })
	if i < 0 {
		return v, nil
	}
	a := areas[i]
	if len(v.Area.Reserved) > 0 {
		counts, err := tx.InsideByType(ctx, code)
		if err != nil {
			return v, err
		}
		for carType, n := range counts {
			v.Inside[classOf(carType)] += n
		}
	}
	if gone.ID != "" && gone.Area == code {
		a.Inside--
		v.Inside[classOf(gone.CarType)]--
	}
	v.Limited, v.Free = true, a.Free()
	return v, nil
}
