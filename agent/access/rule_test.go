package access

import (
	"testing"
	"time"

	"parkagent/drivers"
	"parkagent/store"
)

// TestEntryRule is the specification of the order of decisions at an entry.
func TestEntryRule(t *testing.T) {
	full := Vacancy{Limited: true}
	free := Vacancy{Limited: true, Free: 1}
	only := func(v Vacancy, classes ...Class) Vacancy { v.Area.WhenFull = append([]Class{}, classes...); return v }
	tests := []struct {
		name  string
		facts EntryFacts
		open  bool
		why   Reason
	}{
		{"a temporary car and a free place", EntryFacts{Vacancy: free}, true, ReasonTemporary},
		{"a temporary car and a lane into no counted area", EntryFacts{}, true, ReasonTemporary},
		{"a temporary car and no free place", EntryFacts{Vacancy: full}, false, ReasonFull},
		{"a gate that is held open lets in whoever comes", EntryFacts{Held: true, Black: true, Inside: true, Repeat: true, RefuseRepeat: true, Barred: ReasonArea, Vacancy: full}, true, ReasonHold},
		{"so does an operator", EntryFacts{Released: true, Black: true, Inside: true, Repeat: true, RefuseRepeat: true, Barred: ReasonArea, Vacancy: full}, true, ReasonReleased},
		{"the blacklist comes before every right", EntryFacts{Black: true, Card: ClassCard, Booked: true, Pending: true, Vacancy: free}, false, ReasonBlacklist},
		{"a car whose gate did not follow is let in though the last place is its own", EntryFacts{Pending: true, Vacancy: full}, true, ReasonPending},
		{"and though nobody is let in twice", EntryFacts{Pending: true, Repeat: true, RefuseRepeat: true, Vacancy: full}, true, ReasonPending},
		{"a card number that is inside is not let in again", EntryFacts{Inside: true, Vacancy: free}, false, ReasonCardInside},

		{"a card holder has a place in a full car park", EntryFacts{Card: ClassCard, Vacancy: full}, true, ReasonCard},
		{"so has one whose card holds visits", EntryFacts{Card: ClassCounted, Vacancy: full}, true, ReasonCard},
		{"a card comes before a booking", EntryFacts{Card: ClassCard, Booked: true, Vacancy: free}, true, ReasonCard},
		{"a stored-value card needs a free place", EntryFacts{Card: ClassStored, Vacancy: free}, true, ReasonCard},
		{"and is refused without one", EntryFacts{Card: ClassStored, Vacancy: full}, false, ReasonFull},
		{"unless the car is booked as well", EntryFacts{Card: ClassStored, Booked: true, Vacancy: full}, true, ReasonBooking},
		{"a booked car has a place in a full car park", EntryFacts{Booked: true, Vacancy: full}, true, ReasonBooking},
		{"where nobody has, a card holder is refused as well", EntryFacts{Card: ClassCard, Vacancy: only(full)}, false, ReasonFull},
		{"where only bookings have, so is he", EntryFacts{Card: ClassCard, Vacancy: only(full, ClassBooking)}, false, ReasonFull},
		{"but not if he is booked", EntryFacts{Card: ClassCard, Booked: true, Vacancy: only(full, ClassBooking)}, true, ReasonBooking},
		{"where temporary cars always have a place, a card makes nothing worse", EntryFacts{Card: ClassStored, Vacancy: only(full, ClassTemporary)}, true, ReasonCard},

		{"a card's car that may not come as a temporary one", EntryFacts{Barred: ReasonQuota, Vacancy: free}, false, ReasonQuota},
		{"is let in if it is booked", EntryFacts{Barred: ReasonArea, Booked: true, Vacancy: free}, true, ReasonBooking},
		{"a card for another area does not open a full one", EntryFacts{Vacancy: full}, false, ReasonFull},

		{"a temporary car whose plate is inside is let in", EntryFacts{Repeat: true, Vacancy: free}, true, ReasonTemporary},
		{"unless that is refused", EntryFacts{Repeat: true, RefuseRepeat: true, Vacancy: free}, false, ReasonInside},
		{"which holds for temporary cars only", EntryFacts{Repeat: true, RefuseRepeat: true, Card: ClassCard, Vacancy: free}, true, ReasonCard},
		{"and not for booked ones", EntryFacts{Repeat: true, RefuseRepeat: true, Booked: true, Vacancy: free}, true, ReasonBooking},
		{"a card is not passed back", EntryFacts{Repeat: true, Passback: true, Card: ClassCard, Booked: true, Vacancy: free}, false, ReasonPassback},
		{"a car without a card is none of that", EntryFacts{Repeat: true, Passback: true, Vacancy: free}, true, ReasonTemporary},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if open, why := EntryRule(tt.facts); open != tt.open || why != tt.why {
				t.Errorf("EntryRule = %v, %q; want %v, %q", open, why, tt.open, tt.why)
			}
		})
	}
}

func TestAPlaceThatIsReserved(t *testing.T) {
	reserved := Area{Reserved: map[Class]int{ClassCard: 20, ClassStored: 5}}
	tests := []struct {
		name   string
		free   int
		inside map[Class]int
		class  Class
		want   bool
	}{
		{"is none of a temporary car's", 25, nil, ClassTemporary, false},
		{"which has those above", 26, nil, ClassTemporary, true},
		{"one class has no other's", 20, nil, ClassStored, false},
		{"but its own", 21, nil, ClassStored, true},
		{"cars that stand there need no other", 9, map[Class]int{ClassCard: 12}, ClassStored, true},
		{"nor do they when they are more than were reserved", 1, map[Class]int{ClassCard: 30, ClassStored: 9}, ClassTemporary, true},
		{"a class that may come in when it is full may come", 0, nil, ClassCard, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := Vacancy{Limited: true, Free: tt.free, Inside: tt.inside, Area: reserved}
			if got := v.For(tt.class); got != tt.want {
				t.Errorf("For(%s) = %v, want %v", tt.class, got, tt.want)
			}
		})
	}
}

func TestWhereACardIsGood(t *testing.T) {
	p := Policy{CardAreas: []CardArea{{CarType: 2, Areas: []int{1, 3}, Refuse: true}, {CarType: 6}}}
	tests := []struct {
		name          string
		carType, area int
		want          bool
	}{
		{"in an area that is named", 2, 3, true},
		{"not in another", 2, 2, false},
		{"nowhere, if none is named", 6, 1, false},
		{"everywhere, if nothing is said of its type", 1, 2, true},
		{"where there are no areas", 2, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := p.CardGood(tt.carType, tt.area); got != tt.want {
				t.Errorf("CardGood(%d, %d) = %v, want %v", tt.carType, tt.area, got, tt.want)
			}
		})
	}
}

func TestCardRule(t *testing.T) {
	at := morning
	month := store.Card{CarType: 2, Spaces: 1, From: at.AddDate(0, 0, -1), To: at.AddDate(0, 0, 1)}
	with := func(change func(*store.Card)) store.Card { c := month; change(&c); return c }
	tests := []struct {
		name             string
		card             store.Card
		inside, entering int
		want             bool
	}{
		{"valid, with a free space", month, 0, 0, true},
		{"its only space is taken", month, 1, 0, false},
		{"the second of two spaces", with(func(c *store.Card) { c.Spaces = 2 }), 1, 0, true},
		{"not valid yet", with(func(c *store.Card) { c.From = at.Add(time.Second) }), 0, 0, false},
		{"its last moment", with(func(c *store.Card) { c.To = at }), 0, 0, true},
		{"expired", with(func(c *store.Card) { c.To = at.Add(-time.Second) }), 0, 0, false},
		{"a counted card with a visit left", with(func(c *store.Card) { c.CarType, c.Balance = 6, 1 }), 0, 0, true},
		{"a counted card without", with(func(c *store.Card) { c.CarType = 6 }), 0, 0, false},
		{"a counted card whose last visit another car at a gate will take", with(func(c *store.Card) { c.CarType, c.Balance, c.Spaces = 6, 1, 2 }), 1, 1, false},
		{"a stored-value card without money still is one", with(func(c *store.Card) { c.CarType = 3 }), 0, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := CardRule(tt.card, tt.inside, tt.entering, at); got != tt.want {
				t.Errorf("CardRule = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestBookingRule(t *testing.T) {
	at := morning
	many := store.Booking{From: at.Add(-time.Hour), To: at.Add(time.Hour)}
	once := many
	once.Type = store.BookOnce
	used := once
	used.UsedBy = "s1"
	tests := []struct {
		name    string
		booking store.Booking
		inside  int
		at      time.Time
		want    bool
	}{
		{"any number of visits", many, 1, at, true},
		{"too early", many, 0, at.Add(-2 * time.Hour), false},
		{"too late", many, 0, at.Add(2 * time.Hour), false},
		{"the one visit", once, 0, at, true},
		{"the one visit while another car is on it", once, 1, at, false},
		{"the one visit was made", used, 0, at, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := BookingRule(tt.booking, tt.inside, tt.at); got != tt.want {
				t.Errorf("BookingRule = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestStandsRule(t *testing.T) {
	tests := []struct {
		name     string
		presence drivers.Presence
		age      time.Duration
		want     bool
	}{
		{"it is seen", drivers.PresenceOccupied, 99 * time.Hour, true},
		{"it is not", drivers.PresenceClear, 0, false},
		{"nothing can tell, for some time", drivers.PresenceNotFitted, time.Hour, true},
		{"and not longer", drivers.PresenceNotFitted, time.Hour + 1, false},
		{"the gate did not say", drivers.PresenceUnknown, time.Hour, true},
		{"the clock was set back", drivers.PresenceUnknown, -time.Hour, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := StandsRule(tt.presence, tt.age, time.Hour); got != tt.want {
				t.Errorf("StandsRule = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAskRule(t *testing.T) {
	tests := []struct {
		name          string
		facts         AskFacts
		price, deduct bool
	}{
		{"nobody prices or deducts", AskFacts{Temporary: true, Reason: ReasonDue}, false, false},
		{"a platform prices a temporary car, whatever our tariff says", AskFacts{Priced: true, Temporary: true, Reason: ReasonFree}, true, false},
		{"also one that our tariff does not know", AskFacts{Priced: true, Temporary: true, Reason: ReasonOperator}, true, false},
		{"not again while its price is fresh", AskFacts{Priced: true, Temporary: true, Quoted: true, Reason: ReasonDue}, false, false},
		{"not for a card holder", AskFacts{Priced: true, Reason: ReasonFree}, false, false},
		{"not for a car that has paid in the car park", AskFacts{Priced: true, Temporary: true, Settled: true, Reason: ReasonPaid}, false, false},
		{"not where the gate is held open", AskFacts{Priced: true, Temporary: true, Held: true, Seamless: true, Reason: ReasonHold}, false, false},
		{"not once the exit was decided", AskFacts{Priced: true, Temporary: true, Decided: true, Reason: ReasonPending}, false, false},
		{"a platform deducts what is due", AskFacts{Seamless: true, Temporary: true, Reason: ReasonDue}, false, true},
		{"also what is due from a card holder", AskFacts{Seamless: true, Reason: ReasonDue}, false, true},
		{"but not where nothing is", AskFacts{Seamless: true, Temporary: true, Reason: ReasonFree}, false, false},
		{"nor while nobody knows whether it has", AskFacts{Seamless: true, Deducting: true, Temporary: true, Reason: ReasonDue}, false, false},
		{"both at once", AskFacts{Priced: true, Seamless: true, Temporary: true, Reason: ReasonDue}, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if price, deduct := AskRule(tt.facts); price != tt.price || deduct != tt.deduct {
				t.Errorf("AskRule = %v, %v; want %v, %v", price, deduct, tt.price, tt.deduct)
			}
		})
	}
}
