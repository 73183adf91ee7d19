package billing

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

func (r *rig) quote(t *testing.T, session string, due int64) {
	t.Helper()
	if err := r.Quote(t.Context(), r.session(t, session), len(r.ledger(t, session)), due, "city"); err != nil {
		t.Fatal(err)
	}
}

func TestAPlatformsPriceStandsInForTheTariff(t *testing.T) {
	for _, tt := range []struct {
		name    string
		due     int64
		before  int64 // paid before the platform was asked
		after   time.Duration
		total   int64
		payable int64
	}{
		{name: "more than the tariff says", due: 5000, total: 5000, payable: 5000},
		{name: "less than the tariff says", due: 100, total: 100, payable: 100},
		{name: "nothing", due: 0},
		{name: "on top of what was paid before", due: 300, before: 500, total: 800, payable: 300},
		{name: "at the end of its time", due: 5000, after: 5 * minute, total: 5000, payable: 5000},
		{name: "after it the tariff decides again", due: 5000, after: 5*minute + time.Millisecond, total: 1100, payable: 1100},
		{name: "before it, as when the clock was set back, too", due: 5000, after: -minute, total: 900, payable: 900},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			s := r.park(t, "粤B12345")
			r.after(hour)
			if tt.before > 0 {
				r.pay(t, Notice{Order: r.order(t, "粤B12345").No, Amount: tt.before})
			}
			r.after(2 * hour)
			r.quote(t, s.ID, tt.due)
			r.after(2*hour + tt.after)
			want := Bill{At: r.now, Total: tt.total, Paid: tt.before, Payable: tt.payable}
			if diff := cmp.Diff(want, r.due(t, s.ID)); diff != "" {
				t.Errorf("Due (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPriceIsJournalledAndTellsNobody(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	r.after(hour)
	r.pay(t, Notice{Order: r.order(t, "粤B12345").No, Amount: 500})
	r.paid = nil
	r.after(3 * hour)
	r.quote(t, s.ID, 700)
	want := []store.QuoteFact{{Session: s.ID, Platform: "city", Due: 700, Fee: 1200}}
	if diff := cmp.Diff(want, facts[store.QuoteFact](t, r, store.KindQuote)); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
	if len(r.paid) != 0 {
		t.Errorf("told paid: %v", r.paid)
	}
	for name, err := range map[string]error{
		"a session that is none": r.Quote(t.Context(), store.Session{ID: "nobody"}, 0, 1, "city"),
		"a car that has left":    r.Quote(t.Context(), r.edit(t, r.park(t, "粤B22222").ID, func(s *store.Session) { s.State = store.Left }), 0, 1, "city"),
	} {
		if !errors.Is(err, ErrNoSession) {
			t.Errorf("%s: %v, want ErrNoSession", name, err)
		}
	}
	for _, due := range []int64{-1, 1 << 60} {
		if err := r.Quote(t.Context(), s, 1, due, "city"); err == nil {
			t.Errorf("a price of %d was taken", due)
		}
	}
	s = r.edit(t, s.ID, func(s *store.Session) { s.State, s.Fee = store.Leaving, 900 })
	r.quote(t, s.ID, 9000)
	if b := r.due(t, s.ID); b.Total != 900 {
		t.Errorf("total = %d of a car whose exit was decided, want the fee that was fixed", b.Total)
	}
}

func TestAPriceThatWasPaidHoldsForTheTimeToLeave(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	id := r.announce(t, s, store.Booking{PreMoney: 5000})
	r.after(2 * hour)
	r.quote(t, s.ID, 700)
	if got := r.pay(t, Notice{Order: r.order(t, "粤B12345").No, Amount: 700}); got.Rest != 0 || got.Over != 0 {
		t.Fatalf("receipt = %+v", got)
	}
	r.after(2*hour + 14*minute) // the price itself holds no more
	if b := r.due(t, s.ID); !b.Settled || b.Total != 700 || b.Prepaid != 0 {
		t.Errorf("bill = %+v, want what was settled, and nothing of the booking", b)
	}
	f := r.exit(t, s.ID)
	if f.Fee != 700 || f.Over != 0 || f.Unpaid != 0 {
		t.Errorf("told of the stay: %+v", f)
	}
	if x, err := r.db.Booking(t.Context(), id); err != nil || x.PreUsed != 0 {
		t.Errorf("used = %d, %v; the platform's price replaces the booking", x.PreUsed, err)
	}
	r.books(t)
}

func TestAPriceReplacesCardsAndBookings(t *testing.T) {
	r := newRig(t)
	month, stored := r.park(t, "粤B12345"), r.park(t, "粤B22222")
	r.card(t, month, store.Card{CarType: 2})
	r.card(t, stored, store.Card{CarType: 3, Balance: 5000})
	r.after(2 * hour)
	for _, s := range []store.Session{month, stored} {
		r.quote(t, s.ID, 700)
		if b := r.due(t, s.ID); b.Payable != 700 || b.Card != 0 {
			t.Errorf("bill = %+v, want 700 payable by the driver", b)
		}
	}
}

func TestThePriceOfAnOrderHoldsThoughAnotherIsAsked(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	r.quote(t, s.ID, 700)
	o := r.order(t, "粤B12345")
	r.after(2*hour + minute)
	r.quote(t, s.ID, 1000)
	r.after(2*hour + 2*minute)
	if got := r.pay(t, Notice{Order: o.No, Amount: 700}); got.Rest != 0 || got.Over != 0 || got.Session.SettledFee != 700 {
		t.Errorf("receipt = %+v, want the order settled", got)
	}
}

func TestAnOrderByTheTariffHoldsThoughAPriceComesAfterIt(t *testing.T) {
	for name, wait := range map[string]time.Duration{"later": minute, "in the same millisecond": 0} {
		r := newRig(t)
		s := r.park(t, "粤B12345")
		r.after(2 * hour)
		o := r.order(t, "粤B12345")
		r.after(2*hour + wait)
		r.quote(t, s.ID, 5000)
		if got := r.pay(t, Notice{Order: o.No, Amount: 500, FreeMinutes: 60}); got.Rest != 0 || got.Over != 0 {
			t.Errorf("%s: receipt = %+v, want 9 yuan paid by 5 and an hour", name, got)
		}
	}
}

func TestFreeMinutesAfterAPriceAreWorthWhatTheTariffSays(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	grant := func(minutes int64) {
		t.Helper()
		if _, err := r.Discount(t.Context(), Discount{Ref: Ref{Plate: "粤B12345"}, FreeMinutes: minutes}); err != nil {
			t.Fatal(err)
		}
	}
	r.after(hour + 45*minute)
	grant(30) // the platform is asked later, and may have thought of them
	r.after(2 * hour)
	r.quote(t, s.ID, 2000)
	if b := r.due(t, s.ID); b.Credit != 0 || b.Payable != 2000 {
		t.Errorf("bill = %+v, want 2000 payable", b)
	}
	r.after(2*hour + minute)
	grant(30)
	// By the tariff 121 minutes less 30 cost 9 yuan, less 60 they cost 7.
	if b := r.due(t, s.ID); b.Credit != 200 || b.Payable != 1800 {
		t.Errorf("bill = %+v, want 200 taken off", b)
	}
}

func TestTheLimitIsForWhatIsCharged(t *testing.T) {
	for _, tt := range []struct {
		name  string
		quote int64
		limit bool
	}{
		{"a price below the limit of a fee above it", 1000, false},
		{"a price above the limit", 2001, true},
		{"a price at the limit", 2000, false},
	} {
		r := newRig(t)
		r.cfg.Tariffs[0].MaxAutomatic = 2000
		s := r.park(t, "粤B12345")
		r.after(20 * hour)
		r.quote(t, s.ID, tt.quote)
		_, err := r.Due(t.Context(), r.db.Reader, r.session(t, s.ID), r.now)
		if errors.Is(err, ErrAboveLimit) != tt.limit || !tt.limit && err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	r := newRig(t)
	r.cfg.Tariffs = nil
	s := r.park(t, "粤B12345")
	r.after(20 * hour)
	r.quote(t, s.ID, 100_000)
	if b := r.due(t, s.ID); b.Payable != 100_000 {
		t.Errorf("bill = %+v, want the price, which needs no tariff", b)
	}
}

// The platform prices the stay at 15 yuan less what was booked before it is asked;
// by the tariff it costs 9. While it is asked, something is booked.
func TestWhatIsBookedWhileAPriceIsAskedForCounts(t *testing.T) {
	coupon := func(t *testing.T, r *rig, s store.Session, _ store.Order) {
		if _, err := r.Discount(t.Context(), Discount{Ref: Ref{Plate: s.Plate}, FreeMoney: 200, Client: "shop"}); err != nil {
			t.Fatal(err)
		}
	}
	paid := func(amount int64) func(*testing.T, *rig, store.Session, store.Order) {
		return func(t *testing.T, r *rig, _ store.Session, o store.Order) {
			r.pay(t, Notice{Order: o.No, Amount: amount})
		}
	}
	for _, tt := range []struct {
		name    string
		book    func(*testing.T, *rig, store.Session, store.Order)
		times   int // while so many questions are on their way
		asked   int
		payable int64
	}{
		{"nothing: the price holds", nil, 0, 1, 1500},
		{"a coupon: the platform is asked again", coupon, 1, 2, 1300},
		{"a part of the money", paid(500), 1, 2, 1000},
		{"coins", func(t *testing.T, r *rig, _ store.Session, o store.Order) { r.coins(t, o.No, 500) }, 1, 2, 1000},
		{"all of the money: there is nothing to ask any more", paid(900), 1, 1, 0},
		{"again and again: the tariff decides", coupon, 9, 2, 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			s := r.park(t, "粤B12345")
			r.after(2 * hour)
			o := r.order(t, s.Plate)
			asked := 0
			r.cfg.Price = func(context.Context, store.Session) (int64, string, error) {
				sum := addUp(r.ledger(t, s.ID), s)
				if asked++; asked <= tt.times {
					tt.book(t, r, s, o)
				}
				return 1500 - sum.paid - sum.waived, "city", nil
			}
			if got := r.order(t, s.Plate); got.Payable != tt.payable || asked != tt.asked {
				t.Errorf("payable = %d after %d questions, want %d after %d", got.Payable, asked, tt.payable, tt.asked)
			}
		})
	}
}

func TestAPriceOfAnotherCarIsNotTaken(t *testing.T) {
	for name, change := range map[string]func(*store.Session){
		"the plate was corrected":   func(s *store.Session) { s.Plate = "粤B99999" },
		"it came onto a card":       func(s *store.Session) { s.Card = 1 },
		"it was booked meanwhile":   func(s *store.Session) { s.Booking = 1 },
		"nothing of it was changed": nil,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			s := r.park(t, "粤B12345")
			asked, want := s, error(nil)
			if change != nil {
				change(&asked)
				want = errOverlap
			}
			if err := r.Quote(t.Context(), asked, 0, 700, "city"); !errors.Is(err, want) {
				t.Errorf("Quote = %v, want %v", err, want)
			}
			if quoted := !r.session(t, s.ID).QuotedAt.IsZero(); quoted != (want == nil) {
				t.Errorf("the price was kept: %v", quoted)
			}
		})
	}
}
