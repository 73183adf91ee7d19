package store

import "time"

// A Card is a right to park that was given out: to whom, for which plates, for
// how many of them at a time, and for how long.
type Card struct {
	ID      int64 // given by InsertCard; never used again
	Name    string
	Owner   string
	Tel     string
	Room    string
	CarType int // appendix 1.1; never 0, which is a car without a card
	Spaces  int // how many of its cars may be inside on it at a time
	From    time.Time
	To      time.Time // the last moment included
	Balance int64     // fen on a stored-value card, visits on a counted one; else 0
	Plates  []CardPlate

	UpdatedAt time.Time
	DeletedAt time.Time // zero while it exists; a deleted card has no plates
}

// Ends returns the last moment at which the card is of use.
func (c Card) Ends() time.Time {
	if !c.DeletedAt.IsZero() && c.DeletedAt.Before(c.To) {
		return c.DeletedAt
	}
	return c.To
}

// Valid reports whether the card is of use at a time.
func (c Card) Valid(at time.Time) bool { return !at.Before(c.From) && !at.After(c.Ends()) }

// A CardPlate is what a card is for: a plate in normal form, or the number of an
// IC card; the other is empty.
type CardPlate struct {
	Plate string
	Etc   string
}

// A Cover is a part of a stay that a card or booking made free while it was in
// force, and that stays free although the right is another one by now. Rows are
// only added.
type Cover struct {
	Session string
	From    time.Time
	To      time.Time // without this moment
}

// A Recharge is money or time that was added to a card. Rows are only added.
type Recharge struct {
	ID     string // from NewID
	Card   int64
	Order  string // the payer's number; a client uses each once; empty if there is none
	Client string
	Amount int64     // fen that were paid
	Added  int64     // fen or visits that were added to the balance
	From   time.Time // the period that was asked for
	To     time.Time
	At     time.Time
}

// A Black is a plate that is not let in.
type Black struct {
	ID        int64  // given by InsertBlack; never used again
	Plate     string // normal form
	Remark    string // why
	UpdatedAt time.Time
	DeletedAt time.Time // zero while it is in force
}

// A Booking is a visit that was announced.
type Booking struct {
	ID        int64  // given by InsertBooking; never used again
	Plate     string // normal form
	PreMoney  int64  // paid beforehand, fen
	PreUsed   int64  // of it, used up by stays that have ended or are ending
	From      time.Time
	To        time.Time // the last moment included
	Type      int       // BookMany or BookOnce
	UsedBy    string    // the session that used up a BookOnce one; empty before
	Client    string
	CreatedAt time.Time
	DeletedAt time.Time // zero while it exists
}

// The types of bookings, as downlink 5.1 counts.
const (
	BookMany = 0 // any number of visits in the period
	BookOnce = 1
)

// Ends returns the last moment at which the booking is of use.
func (b Booking) Ends() time.Time {
	if !b.DeletedAt.IsZero() && b.DeletedAt.Before(b.To) {
		return b.DeletedAt
	}
	return b.To
}

// Valid reports whether the booking is of use at a time, to whoever comes.
func (b Booking) Valid(at time.Time) bool { return !at.Before(b.From) && !at.After(b.Ends()) }
