package billing

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/tariff"
	"parkagent/store"
)

const hour, minute, day = time.Hour, time.Minute, 24 * time.Hour

// The tariff of the rig: nothing up to 15 minutes, 5 yuan for an hour, then 2
// for each half hour. So two hours cost 9 yuan, three 13, five 21.
func TestACardIsFreeInsideItsValidity(t *testing.T) {
	tests := []struct {
		name     string
		from, to time.Duration // of the card, after the entry; to is the end of its last second
		deleted  time.Duration // 0 never
		carType  int
		leaves   time.Duration
		total    int64
	}{
		{"the whole stay lies inside", -day, day, 0, 2, 5 * hour, 0},
		{"it ends in the middle: what lies after is charged", -day, 3 * hour, 0, 2, 5 * hour, 900},
		{"it ends in the middle, and the rest lies in the free time", -day, 2 * hour, 0, 2, 2*hour + 15*minute, 0},
		{"a minute beyond the free time", -day, 2 * hour, 0, 2, 2*hour + 16*minute, 500},
		{"it begins in the middle: what lies before is charged", 90 * minute, day, 0, 2, 5 * hour, 700},
		{"before and after are two stays, each with a first hour of its own", hour, 3 * hour, 0, 2, 5 * hour, 500 + 900},
		{"before and after are two stays, each with free time of its own", 15 * minute, 2 * hour, 0, 2, 2*hour + 15*minute, 0},
		{"the cap of a day is that of each part", 12 * hour, 13 * hour, 0, 2, 25 * hour, 2 * 3000},
		{"it is left at the very moment at which it ends", -day, 3 * hour, 0, 2, 3 * hour, 0},
		{"it was over before the car came", -2 * day, -day, 0, 2, 2 * hour, 900},
		{"it has not begun when the car leaves", day, 2 * day, 0, 2, 2 * hour, 900},
		{"deleted in the middle: what lies after is charged", -day, day, hour, 2, 3 * hour, 900},
		{"deleted before it began: the stay is one stay", 2 * hour, day, hour, 2, 3 * hour, 1300},
		{"deleted after it ended", -day, hour, 2 * hour, 2, 3 * hour, 900},
		{"a car of the staff is like a monthly one", -day, 3 * hour, 0, 8, 5 * hour, 900},
		{"a counted card inside its validity", -day, day, 0, 6, 5 * hour, 0},
		{"a counted card outside of it", -day, 3 * hour, 0, 6, 5 * hour, 900},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			s := r.park(t, "粤B12345")
			id := r.card(t, s, store.Card{CarType: tt.carType, From: noon.Add(tt.from), To: noon.Add(tt.to - time.Second), Balance: 5})
			if tt.deleted != 0 {
				r.update(t, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteCard(ctx, id, noon.Add(tt.deleted)) })
			}
			r.after(tt.leaves)
			want := Bill{At: r.now, Total: tt.total, Payable: tt.total}
			if diff := cmp.Diff(want, r.due(t, s.ID)); diff != "" {
				t.Errorf("Due (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRightsAreThoseOfTheMoment(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	id := r.card(t, s, store.Card{CarType: 2, To: noon.Add(hour - time.Second)})
	over := r.park(t, "粤B22222") // of the same card, but its places were taken
	r.after(3 * hour)
	if b := r.due(t, s.ID); b.Payable != 900 {
		t.Errorf("payable = %d with a card that has ended, want 900", b.Payable)
	}
	r.update(t, func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.Card(ctx, id)
		c.To = noon.Add(day)
		return errors.Join(err, tx.UpdateCard(ctx, c))
	})
	if b := r.due(t, s.ID); b.Total != 0 {
		t.Errorf("total = %d once it was renewed, want 0", b.Total)
	}
	if b := r.due(t, over.ID); b.Total != 1300 {
		t.Errorf("total = %d of a car beyond the card's places, want 1300", b.Total)
	}
}

func TestFreeMinutesAreTakenOffTheLastPartFirst(t *testing.T) {
	for _, tt := range []struct {
		name    string
		minutes int64
		credit  int64
	}{
		{"none", 0, 0},
		{"an hour off the last part", 60, 400},
		{"so much that the last part becomes free", 105, 900},
		{"all of the last part, and a little of the first", 120 + 30, 900},
		{"so much that the first becomes free as well", 120 + 45, 1400},
		{"beyond all measure", 1 << 40, 1400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			s := r.park(t, "粤B12345")
			r.card(t, s, store.Card{CarType: 2, From: noon.Add(hour), To: noon.Add(3*hour - time.Second)})
			r.after(minute)
			if _, err := r.Discount(t.Context(), Discount{Ref: Ref{Plate: "粤B12345"}, FreeMinutes: tt.minutes}); err != nil {
				t.Fatal(err)
			}
			r.after(5 * hour)
			if b := r.due(t, s.ID); b.Total != 1400 || b.Credit != tt.credit || b.Payable != 1400-tt.credit {
				t.Errorf("bill = %+v, want a credit of %d", b, tt.credit)
			}
		})
	}
}

func TestABookingIsFreeInsideItsPeriodAndItsMoneyIsCredit(t *testing.T) {
	for _, tt := range []struct {
		name                    string
		preMoney, preUsed       int64
		minutes                 int64
		total, credit, prepaid  int64
		payable, usedWhenItLeft int64
	}{
		{name: "nothing was paid beforehand", total: 900, payable: 900},
		{name: "a part was", preMoney: 500, total: 900, credit: 500, prepaid: 500, payable: 400, usedWhenItLeft: 500},
		{name: "more was than is due", preMoney: 2000, total: 900, credit: 900, prepaid: 900, usedWhenItLeft: 900},
		{name: "an earlier stay used some of it up", preMoney: 2000, preUsed: 1900, total: 900, credit: 100, prepaid: 100, payable: 800, usedWhenItLeft: 2000},
		{name: "free minutes come first", preMoney: 2000, minutes: 60, total: 900, credit: 900, prepaid: 500, usedWhenItLeft: 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			s := r.park(t, "粤B12345")
			id := r.announce(t, s, store.Booking{PreMoney: tt.preMoney, PreUsed: tt.preUsed, From: noon.Add(-hour), To: noon.Add(hour - time.Second)})
			if tt.minutes > 0 {
				if _, err := r.Discount(t.Context(), Discount{Ref: Ref{Plate: "粤B12345"}, FreeMinutes: tt.minutes}); err != nil {
					t.Fatal(err)
				}
				r.edit(t, s.ID, func(s *store.Session) { s.PaidUntil = time.Time{} })
			}
			r.after(3 * hour)
			b := r.due(t, s.ID)
			want := Bill{At: r.now, Total: tt.total, Credit: tt.credit, Prepaid: tt.prepaid, Payable: tt.payable}
			if diff := cmp.Diff(want, b); diff != "" {
				t.Errorf("Due (-want +got):\n%s", diff)
			}
			f := r.exit(t, s.ID)
			if f.Fee != tt.total || f.Credit != tt.credit || f.Unpaid != tt.payable || f.Over != 0 {
				t.Errorf("told of the stay: %+v", f)
			}
			x, err := r.db.Booking(t.Context(), id)
			if err != nil || x.PreUsed != tt.usedWhenItLeft {
				t.Errorf("used up = %d, %v; want %d", x.PreUsed, err, tt.usedWhenItLeft)
			}
			if rows := facts[store.BookingFact](t, r, store.KindBooking); (len(rows) == 1) != (tt.prepaid > 0) ||
				len(rows) == 1 && (rows[0].Act != "use" || rows[0].Session != s.ID || rows[0].PreUsed != x.PreUsed) {
				t.Errorf("journal = %+v", rows)
			}
			r.books(t)
		})
	}
}

// storedTariff is what cars with stored-value cards pay: 3 yuan an hour.
var storedTariff = tariff.Tariff{Name: "stored", CarTypes: []int{3}, Blocks: []tariff.Block{{Unit: time.Hour, Price: 300}}, MaxAutomatic: 5000}

func TestAStoredCardPaysTheWholeStayByItsTariff(t *testing.T) {
	for _, tt := range []struct {
		name          string
		balance       int64
		ended         bool
		deleted       bool
		leaves        time.Duration
		total, card   int64
		payable, left int64
	}{
		{name: "the balance is enough", balance: 2000, leaves: 3 * hour, total: 900, card: 900, left: 1100},
		{name: "it is just enough", balance: 900, leaves: 3 * hour, total: 900, card: 900},
		{name: "it pays as far as it goes", balance: 500, leaves: 3 * hour, total: 900, card: 500, payable: 400},
		{name: "it is empty", leaves: 3 * hour, total: 900, payable: 900},
		{name: "nothing is due", balance: 500, left: 500},
		{name: "the card has ended: the car came in on it", balance: 2000, ended: true, leaves: 3 * hour, total: 900, card: 900, left: 1100},
		{name: "a deleted card pays nothing", balance: 2000, deleted: true, leaves: 3 * hour, total: 900, payable: 900, left: 2000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.cfg.Tariffs = append([]tariff.Tariff{storedTariff}, r.cfg.Tariffs...)
			s := r.park(t, "粤B12345")
			card := store.Card{CarType: 3, Balance: tt.balance}
			if tt.ended {
				card.To = noon.Add(hour)
			}
			id := r.card(t, s, card)
			if tt.deleted {
				r.update(t, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteCard(ctx, id, noon.Add(hour)) })
			}
			r.after(tt.leaves)
			want := Bill{At: r.now, Total: tt.total, Card: tt.card, Payable: tt.payable}
			if diff := cmp.Diff(want, r.due(t, s.ID)); diff != "" {
				t.Errorf("Due (-want +got):\n%s", diff)
			}
			if o := r.order(t, "粤B12345"); o.Payable != tt.payable || (o.State == store.OrderPaid) != (tt.payable == 0) {
				t.Errorf("order = %+v, want %d payable", o, tt.payable)
			}
			f := r.exit(t, s.ID)
			if f.Fee != tt.total || f.AtExit != tt.card || f.Before != 0 || f.Unpaid != tt.payable || tt.card > 0 && f.PayMethod != 2 {
				t.Errorf("told of the stay: %+v", f)
			}
			if c, err := r.db.Card(t.Context(), id); err != nil || c.Balance != tt.left || !tt.deleted && len(c.Plates) != 1 {
				t.Errorf("card = %+v, %v; want a balance of %d", c, err, tt.left)
			}
			var uses []store.CardUseFact
			if tt.card > 0 {
				uses = []store.CardUseFact{{Card: id, Session: s.ID, Used: tt.card, Balance: tt.left}}
			}
			if diff := cmp.Diff(uses, facts[store.CardUseFact](t, r, store.KindCardUse)); diff != "" {
				t.Errorf("journal (-want +got):\n%s", diff)
			}
			if b := r.books(t); b.Paid != tt.card {
				t.Errorf("paid = %d, want %d", b.Paid, tt.card)
			}
		})
	}
}

func TestThePaymentOfACardIsAnOrderAtTheExit(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	r.card(t, s, store.Card{CarType: 3, Balance: 2000})
	r.after(2 * hour)
	r.exit(t, s.ID)
	ledger := r.ledger(t, s.ID)
	if len(ledger) != 1 {
		t.Fatalf("ledger = %+v", ledger)
	}
	p := ledger[0]
	want := store.Payment{ID: p.ID, Order: p.Order, Session: s.ID, Amount: 900, PayType: 2, PayMethod: 2, Terminal: 2, Client: "OUT1", PaidAt: r.now}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("payment (-want +got):\n%s", diff)
	}
	o, err := r.db.Order(t.Context(), p.Order)
	if err != nil || o.Kind != store.OrderCard || o.Lane != "OUT1" || o.State != store.OrderPaid || o.Payable != 900 || o.Total != 900 {
		t.Errorf("order = %+v, %v", o, err)
	}
	if rows := facts[store.PaymentFact](t, r, store.KindPayment); len(rows) != 1 || rows[0].Amount != 900 || rows[0].Terminal != 2 || rows[0].CarType != 3 {
		t.Errorf("journal = %+v", rows)
	}
	if len(r.paid) != 0 {
		t.Errorf("told paid: %v, want nobody: the car is leaving", r.paid)
	}
}

func TestWhatADriverPaidBesideHisCardOrBooking(t *testing.T) {
	for _, tt := range []struct {
		name   string
		amount int64         // paid after two hours, of 9 yuan, of which 5 were there already
		leaves time.Duration // after it
		over   int64
		used   int64 // of the 5 yuan
		unpaid int64
		left   int64 // over, of the stay
	}{
		{name: "the rest", amount: 400, leaves: 5 * minute, used: 500},
		{name: "the rest, and the car leaves too late", amount: 400, leaves: 31 * minute, used: 500, unpaid: 400},
		{name: "less", amount: 100, leaves: 5 * minute, used: 500, unpaid: 500},
		{name: "more: what is to be given back has paid for nothing", amount: 900, leaves: 5 * minute, over: 500, used: 500, left: 500},
	} {
		for _, by := range []string{"card", "booking"} {
			t.Run(tt.name+", "+by, func(t *testing.T) {
				r := newRig(t)
				s := r.park(t, "粤B12345")
				var id int64
				if by == "card" {
					id = r.card(t, s, store.Card{CarType: 3, Balance: 500})
				} else {
					id = r.announce(t, s, store.Booking{PreMoney: 500})
				}
				r.after(2 * hour)
				o := r.order(t, "粤B12345")
				if o.Payable != 400 {
					t.Fatalf("payable = %d, want 400", o.Payable)
				}
				if got := r.pay(t, Notice{Order: o.No, Amount: tt.amount}); got.Over != tt.over {
					t.Errorf("over = %d, want %d", got.Over, tt.over)
				}
				r.after(2*hour + tt.leaves)
				if b := r.due(t, s.ID); b.Payable != tt.unpaid || b.Settled != (tt.unpaid == 0) {
					t.Errorf("bill when it leaves = %+v, want %d payable", b, tt.unpaid)
				}
				f := r.exit(t, s.ID)
				if f.Unpaid != tt.unpaid || f.Over != tt.left {
					t.Errorf("unpaid %d, over %d; want %d, %d", f.Unpaid, f.Over, tt.unpaid, tt.left)
				}
				var used int64
				if by == "card" {
					c, err := r.db.Card(t.Context(), id)
					used = 500 - c.Balance
					if err != nil {
						t.Fatal(err)
					}
				} else {
					x, err := r.db.Booking(t.Context(), id)
					used = x.PreUsed
					if err != nil {
						t.Fatal(err)
					}
				}
				if used != tt.used {
					t.Errorf("used = %d, want %d", used, tt.used)
				}
				r.books(t)
			})
		}
	}
}

func TestABalanceThatIsGoneWhenTheCarLeavesIsDue(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	id := r.card(t, s, store.Card{CarType: 3, Balance: 500})
	r.after(2 * hour)
	r.pay(t, Notice{Order: r.order(t, "粤B12345").No, Amount: 400})
	r.update(t, func(ctx context.Context, tx *store.Tx) error { // another car of the card has left
		c, err := tx.Card(ctx, id)
		c.Balance = 200
		return errors.Join(err, tx.UpdateCard(ctx, c))
	})
	if b := r.due(t, s.ID); b.Card != 200 || b.Payable != 300 || b.Settled {
		t.Errorf("bill = %+v, want 200 from the card and 300 payable", b)
	}
}

func TestWhatIsCollectedIsLimitedAsWell(t *testing.T) {
	r := newRig(t)
	r.cfg.Tariffs = []tariff.Tariff{storedTariff}
	s := r.park(t, "粤B12345")
	r.card(t, s, store.Card{CarType: 3, Balance: 100_000})
	r.after(17 * hour)
	b, err := r.Due(t.Context(), r.db.Reader, r.session(t, s.ID), r.now)
	if !errors.Is(err, ErrAboveLimit) || b.Card != 0 || b.Payable != 5100 {
		t.Errorf("bill = %+v, %v; want ErrAboveLimit, and nothing to take from the card", b, err)
	}
}

func TestACarThatPaysNothingNeedsNoTariff(t *testing.T) {
	r := newRig(t)
	r.cfg.Tariffs[0].CarTypes = []int{1} // none for temporary cars
	s := r.park(t, "粤B12345")
	r.card(t, s, store.Card{CarType: 2, To: noon.Add(2 * hour)})
	r.after(hour)
	if b := r.due(t, s.ID); b.Total != 0 {
		t.Errorf("bill = %+v", b)
	}
	r.after(3 * hour)
	if _, err := r.Due(t.Context(), r.db.Reader, r.session(t, s.ID), r.now); !errors.Is(err, ErrNoTariff) {
		t.Errorf("after it has ended: %v, want ErrNoTariff", err)
	}
}

func TestWhatARightHasMadeFreeIsCovered(t *testing.T) {
	for _, tt := range []struct {
		name     string
		carType  int // 0: a booking
		from, to time.Duration
		covered  []span // of a stay that has lasted five hours; after noon
	}{
		{"a card that is valid: up to now", 2, -day, day, []span{{noon, noon.Add(5 * hour)}}},
		{"a card that has ended: up to its end", 2, -day, 3 * hour, []span{{noon, noon.Add(3 * hour)}}},
		{"a card that began meanwhile", 2, hour, day, []span{{noon.Add(hour), noon.Add(5 * hour)}}},
		{"a card that begins later", 2, 6 * hour, day, nil},
		{"a card that was over before", 2, -day, -hour, nil},
		{"a card with a balance", 3, -day, day, nil},
		{"a booking", 0, -hour, 3 * hour, []span{{noon, noon.Add(3 * hour)}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			s := r.park(t, "粤B12345")
			from, to := noon.Add(tt.from), noon.Add(tt.to-time.Second)
			if tt.carType == 0 {
				r.announce(t, s, store.Booking{From: from, To: to})
			} else {
				r.card(t, s, store.Card{CarType: tt.carType, From: from, To: to})
			}
			r.after(5 * hour)
			r.update(t, func(ctx context.Context, tx *store.Tx) error { return r.Cover(ctx, tx, r.session(t, s.ID), r.now) })
			got, err := r.db.Covers(t.Context(), s.ID)
			var want []store.Cover
			for _, p := range tt.covered {
				want = append(want, store.Cover{Session: s.ID, From: p.from, To: p.to})
			}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("covers, %v (-want +got):\n%s", err, diff)
			}
			r.edit(t, s.ID, func(s *store.Session) { s.Card, s.Booking, s.CarType = 0, 0, 0 })
			charged := 5 * hour
			for _, p := range tt.covered {
				charged -= p.to.Sub(p.from)
			}
			if b := r.due(t, s.ID); (b.Payable == 0) != (charged == 0) {
				t.Errorf("payable = %d without the right, with %v that were not covered", b.Payable, charged)
			}
		})
	}
}
