package access

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

func day(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }

// TestExtend is the specification of how the one period of a card grows.
func TestExtend(t *testing.T) {
	end := func(n int) time.Time { return day(n + 1).Add(-time.Second) } // as people write the end of a day
	tests := []struct {
		name       string
		now        time.Time
		from, to   time.Time // asked for; the card is valid from the 10th to the 20th
		begin, end time.Time // the card's then
		err        error
	}{
		{"the next period follows", day(15), day(21), end(30), day(10), end(30), nil},
		{"an overlapping one", day(15), day(12), end(30), day(10), end(30), nil},
		{"one that begins before", day(15), day(5), end(12), day(5), end(20), nil},
		{"one within changes nothing", day(15), day(12), end(14), day(10), end(20), nil},
		{"one that follows the day after it ended", day(21).Add(time.Hour), day(21), end(30), day(10), end(30), nil},
		{"a later one replaces a period that has ended", day(25), day(25), end(30), day(25), end(30), nil},
		{"a later one while the card is valid is joined, with the gap", day(15), day(25), end(30), day(10), end(30), nil},
		{"an earlier one is joined, with the gap", day(15), day(1), end(2), day(1), end(20), nil},
		{"without a beginning it follows", day(15), time.Time{}, end(30), day(10), end(30), nil},
		{"without a beginning, of a card that has ended, it begins now", day(25), time.Time{}, end(30), day(25), end(30), nil},
		{"the end before the beginning", day(15), day(25), day(24), day(10), end(20), ErrPeriod},
		{"without an end", day(15), day(25), time.Time{}, day(10), end(20), ErrPeriod},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := extend(store.Card{From: day(10), To: end(20)}, tt.from, tt.to, tt.now)
			if !errors.Is(err, tt.err) || !got.From.Equal(tt.begin) || !got.To.Equal(tt.end) {
				t.Errorf("extend = %v to %v, %v; want %v to %v, %v", got.From, got.To, err, tt.begin, tt.end, tt.err)
			}
		})
	}
}

func TestRechargeByCarType(t *testing.T) {
	products := []Product{
		{CarType: 3, Amount: 10000, Price: 10000, SentAmount: 1000},
		{CarType: 3, Amount: 50000, Price: 45000, SentAmount: 500},
		{CarType: 3, Amount: 70000, Price: 70000, SentAmount: 7, SentUnit: 2},
		{CarType: 6, Amount: 10, Unit: 4, Price: 5000, SentAmount: 1, SentUnit: 4},
		{CarType: 6, Amount: 30, Unit: 4, Price: 10000, SentAmount: 100},
		{CarType: 6, Amount: 1, Unit: 1, Price: 300},
	}
	tests := []struct {
		name    string
		carType int
		amount  int64
		added   int64
		err     error
	}{
		{"money with the gift of its price", 3, 10000, 11000, nil},
		{"the price of a product counts before the amount", 3, 45000, 45500, nil},
		{"the amount of a product", 3, 50000, 50500, nil},
		{"money without a product", 3, 123, 123, nil},
		{"a gift that is no money", 3, 70000, 70000, nil},
		{"visits with their gift", 6, 5000, 11, nil},
		{"several times a price", 6, 15000, 33, nil},
		{"the higher price counts", 6, 20000, 60, nil},
		{"no product at this price", 6, 5100, 0, ErrNoProduct},
		{"months are no visits", 6, 300, 0, ErrNoProduct},
		{"nothing buys nothing", 6, 0, 0, ErrNoProduct},
		{"time is not counted", 2, 30000, 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 9)
			r.Rules.cfg.Products = products
			id := r.give(tt.carType, 1, 0, "粤B11111")
			before := r.card(id)
			x := Recharge{Card: id, Order: "A1", Amount: tt.amount, From: day(3), To: morning.AddDate(0, 2, 0)}
			err := r.Recharge(t.Context(), x, mall)
			got := r.card(id)
			if !errors.Is(err, tt.err) || got.Balance != tt.added {
				t.Fatalf("recharge: %v, balance %d; want %v and %d", err, got.Balance, tt.err, tt.added)
			}
			rows, err := r.db.Recharges(t.Context(), id)
			r.did(err)
			if tt.err != nil {
				if diff := cmp.Diff(before, got); diff != "" || len(rows) != 0 {
					t.Errorf("a refused recharge left %v and (-want +got):\n%s", rows, diff)
				}
				return
			}
			want := []store.Recharge{{ID: rows[0].ID, Card: id, Order: "A1", Client: "mall", Amount: tt.amount, Added: tt.added, From: x.From, To: x.To, At: morning}}
			if diff := cmp.Diff(want, rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if longer := got.To.Equal(x.To); longer != (tt.carType == 2) {
				t.Errorf("valid to %v; want it extended: %v", got.To, tt.carType == 2)
			}
			f := last[store.RechargeFact](r, store.KindRecharge, cardKey(id))
			if c := last[store.CardFact](r, store.KindCard, cardKey(id)); f.Added != tt.added || f.Client != "mall" || c.Act != "recharge" || c.Balance != tt.added {
				t.Errorf("journal = %+v and %+v", f, c)
			}
		})
	}
}

func TestARechargeIsAppliedOnce(t *testing.T) {
	r := newRig(t, 9)
	ctx := t.Context()
	id := r.give(3, 1, 0, "粤B11111")
	recharge := func(x Recharge, by By) error { x.Card = id; return r.Recharge(ctx, x, by) }
	balance := func(what string, want int64) {
		t.Helper()
		if got := r.card(id).Balance; got != want {
			t.Errorf("%s: balance %d, want %d", what, got, want)
		}
	}
	r.did(recharge(Recharge{Order: "A1", Amount: 100}, mall))
	r.now = r.now.AddDate(0, 0, 1)
	r.did(recharge(Recharge{Order: "A1", Amount: 100}, mall))
	balance("the same order a day later", 100)
	for _, x := range []Recharge{{Order: "A1", Amount: 200}, {Order: "A1", Amount: 100, To: r.now}} {
		if err := recharge(x, mall); !errors.Is(err, ErrOtherRecharge) {
			t.Errorf("the same order with other figures: %v, want ErrOtherRecharge", err)
		}
	}
	r.did(recharge(Recharge{Order: "A1", Amount: 100}, By{Client: "bank"}))
	balance("another client's order of that number", 200)
	for range 2 {
		r.did(recharge(Recharge{Amount: 100, Request: "d1"}, mall))
	}
	balance("the same request without an order", 300)
	r.did(recharge(Recharge{Amount: 100, Request: "d2"}, mall))
	r.did(recharge(Recharge{Amount: 100, Request: "d1"}, By{Client: "bank"}))
	balance("another request, and another client's", 500)
	r.now = r.now.Add(31 * time.Second)
	r.did(recharge(Recharge{Amount: 100, Request: "d1"}, mall))
	balance("the same request half a minute later", 600)
	r.now = r.now.Add(-time.Hour)
	r.did(recharge(Recharge{Amount: 100, Request: "d1"}, mall))
	balance("the same request after the clock was set back", 700)
	for range 2 {
		r.did(recharge(Recharge{Amount: 100}, mall))
	}
	balance("neither order nor request", 900)
	r.did(r.DeleteCard(ctx, id, mall))
	if err := recharge(Recharge{Order: "A2", Amount: 100}, mall); !errors.Is(err, ErrNoCard) {
		t.Errorf("a deleted card: %v, want ErrNoCard", err)
	}
	if err := recharge(Recharge{Order: "A1", Amount: 100}, mall); err != nil {
		t.Errorf("the first order again after the deletion: %v, want its first answer", err)
	}
	if err := recharge(Recharge{Amount: -1}, mall); err == nil {
		t.Error("a negative amount was taken")
	}
}

func TestARenewedCardTakesInItsCars(t *testing.T) {
	r := newRig(t, 9)
	id := r.give(2, 1, 0, "粤B11111")
	r.now = morning.AddDate(0, 2, 0)
	in := r.park("粤B11111")
	r.did(r.Recharge(t.Context(), Recharge{Card: id, Amount: 30000, From: r.now.Add(-time.Hour), To: r.now.AddDate(0, 1, 0)}, mall))
	if s, c := r.session(in.Session), r.card(id); s.Card != id || !c.From.Equal(r.now.Add(-time.Hour)) {
		t.Errorf("the car is on card %d, valid from %v; want it on %d", s.Card, c.From, id)
	}
}
