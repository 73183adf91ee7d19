package access

import (
	"errors"
	"fmt"
)

// Errors that callers turn into sentences for people.
var (
	ErrNoCard    = errors.New("no such card")
	ErrNoBlack   = errors.New("no such entry of the blacklist")
	ErrNoBooking = errors.New("no such booking")
	// ErrLastPlate means that a card would be left without any plate.
	ErrLastPlate = errors.New("a card needs a plate")
	// ErrNoPlate means that a plate to remove or replace is not the card's,
	// or that none was given where one is needed.
	ErrNoPlate = errors.New("no such plate")
	// ErrCarType means that a card cannot be of a car type: temporary and
	// booked cars have none.
	ErrCarType = errors.New("no car type of a card")
	// ErrPeriod means that a period has no end, or ends before it begins.
	ErrPeriod = errors.New("the period ends before it begins")
	// ErrOtherRecharge means that the client used the order number before,
	// with other figures.
	ErrOtherRecharge = errors.New("order was recharged with other figures")
	// ErrNoProduct means that nothing is sold at that price.
	ErrNoProduct = errors.New("no product at this price")
	// ErrPlateInside means that another car inside has the plate.
	ErrPlateInside = errors.New("a car with this plate is inside")
	// ErrSameStay means that a stay was to be merged with itself.
	ErrSameStay = errors.New("both are the same stay")
	// ErrNoWalk means that a list of what was seen is empty, or does not say when.
	ErrNoWalk = errors.New("nothing was seen")
	ErrNoArea = errors.New("no such area")
	// ErrFreeRange means that an area cannot have that many free places.
	ErrFreeRange = errors.New("free places out of range")
)

// A PlateTakenError means that a plate belongs to another card.
type PlateTakenError struct {
	Plate string // or the number of an IC card
	Card  int64  // whose it is
}

// Error names the plate and the card.
func (e *PlateTakenError) Error() string {
	return fmt.Sprintf("%s belongs to card %d", e.Plate, e.Card)
}
