package access

import (
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parkagent/agent/billing"
	"parkagent/agent/tariff"
	"parkagent/store"
)

// at sets the clock to so many hours after morning.
func (r *rig) at(hours int) time.Time {
	r.now = morning.Add(time.Duration(hours) * time.Hour)
	return r.now
}

// until is the end of a card whose last second is before that hour after morning.
func until(hours int) time.Time { return morning.Add(time.Duration(hours)*time.Hour - time.Second) }

// month gives the car a monthly card for those hours after morning.
func (r *rig) month(from, to int) int64 {
	r.t.Helper()
	id, err := r.AddCard(r.t.Context(), store.Card{CarType: 2, From: morning.Add(time.Duration(from) * time.Hour), To: until(to), Plates: plated("粤B11111")}, mall)
	r.did(err)
	return id
}

// renew recharges a card for a period from now.
func (r *rig) renew(card int64, to int) {
	r.t.Helper()
	r.did(r.Recharge(r.t.Context(), Recharge{Card: card, Amount: 30000, From: r.now, To: until(to)}, mall))
}

// The car comes at 0, an hour costs 5 yuan, a part of a stay is one of its own.
func TestARightThatIsReplacedKeepsWhatItMadeFree(t *testing.T) {
	car := plated("粤B11111")
	tests := []struct {
		name string
		days func(r *rig, park func()) // what happens in 20 hours
		due  int64                     // then
	}{
		{"a card that is renewed late: the time between is charged", func(r *rig, park func()) {
			id := r.month(-9, 3)
			park()
			r.at(5)
			r.renew(id, 99)
		}, 1000},
		{"twice: both times between are", func(r *rig, park func()) {
			id := r.month(-9, 3)
			park()
			r.at(5)
			r.renew(id, 8)
			r.at(9)
			r.renew(id, 99)
		}, 1500},
		{"the time before the first card is as well", func(r *rig, park func()) {
			park()
			id := r.month(2, 3)
			r.at(5)
			r.renew(id, 99)
		}, 2000},
		{"by an edit of its period", func(r *rig, park func()) {
			id := r.month(-9, 3)
			park()
			from, to := r.at(5), until(99)
			r.did(r.EditCard(r.t.Context(), id, CardEdit{From: &from, To: &to}, mall))
		}, 1000},
		{"an edit that ends it earlier ends it now", func(r *rig, park func()) {
			id := r.month(-9, 99)
			park()
			r.at(17)
			to := until(1)
			r.did(r.EditCard(r.t.Context(), id, CardEdit{To: &to}, mall))
		}, 1500},
		{"an edit that lets it begin earlier makes that free", func(r *rig, park func()) {
			park()
			id := r.month(6, 99)
			from := r.at(8).Add(-4 * time.Hour)
			r.did(r.EditCard(r.t.Context(), id, CardEdit{From: &from}, mall))
		}, 2000},
		{"a card that was deleted and is added anew", func(r *rig, park func()) {
			id := r.month(-9, 99)
			park()
			r.at(4)
			r.did(r.DeleteCard(r.t.Context(), id, mall))
			r.at(5)
			r.month(5, 99)
		}, 500},
		{"the same, with one that begins later", func(r *rig, park func()) {
			id := r.month(-9, 99)
			park()
			r.at(4)
			r.did(r.DeleteCard(r.t.Context(), id, mall))
			r.at(5)
			r.month(7, 99)
		}, 1500},
		{"a card that was deleted and replaced by one with a balance: that pays the rest", func(r *rig, park func()) {
			id := r.month(-9, 99)
			park()
			r.at(18)
			r.did(r.DeleteCard(r.t.Context(), id, mall))
			r.give(3, 1, 300, "粤B11111")
		}, 700},
		{"the plate moved to another card, and the old one is deleted", func(r *rig, park func()) {
			id, err := r.AddCard(r.t.Context(), store.Card{CarType: 2, From: morning, To: until(99), Plates: plated("粤B11111", "粤B99999")}, mall)
			r.did(err)
			park()
			r.did(r.EditCard(r.t.Context(), id, CardEdit{Remove: car}, mall))
			r.month(2, 99)
			r.at(5)
			r.did(r.DeleteCard(r.t.Context(), id, mall))
		}, 0},
		{"the plate moves to another card after the old one has ended", func(r *rig, park func()) {
			id, err := r.AddCard(r.t.Context(), store.Card{CarType: 2, From: morning, To: until(3), Plates: plated("粤B11111", "粤B99999")}, mall)
			r.did(err)
			park()
			r.at(5)
			r.did(r.EditCard(r.t.Context(), id, CardEdit{Remove: car}, mall))
			r.month(5, 99)
		}, 1000},
		{"a booking that is changed to begin later", func(r *rig, park func()) {
			id := r.reserve("粤B11111", store.BookMany, 0, 99*time.Hour, false)
			park()
			r.at(4)
			from, to := morning.Add(6*time.Hour), until(99)
			r.did(r.EditBooking(r.t.Context(), id, BookingEdit{From: &from, To: &to}, mall))
		}, 900}, // of which 1 yuan was paid before
		{"a card that was deleted, and promptly a booking for less", func(r *rig, park func()) {
			id := r.month(-9, 99)
			park()
			r.at(18)
			r.did(r.DeleteCard(r.t.Context(), id, mall))
			r.reserve("粤B11111", store.BookMany, -time.Hour, time.Hour, true)
		}, 900},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 9)
			var in Verdict
			tt.days(r, func() { in = r.park("粤B11111") })
			b, err := r.desk.Due(t.Context(), r.db.Reader, r.session(in.Session), r.at(20))
			r.did(err)
			if b.Payable != tt.due {
				t.Errorf("bill = %+v, want %d payable", b, tt.due)
			}
		})
	}
}

// TestAChangeOfCardsChargesNothingThatHasPassed changes the cards of a car inside
// at random, by a tariff of 1 fen a minute: no change makes the stay so far cost
// more, and a new card that begins now, or later, does not make it cost less.
func TestAChangeOfCardsChargesNothingThatHasPassed(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newMinutes(t)
		defer func() { _ = r.db.Close() }() // they are many
		ctx := rt.Context()
		in := r.park("粤B11111")
		total := func() int64 {
			b, err := r.desk.Due(ctx, r.db.Reader, r.session(in.Session), r.now)
			r.did(err)
			return b.Total
		}
		var cards []int64
		for range rapid.IntRange(1, 12).Draw(rt, "changes") {
			r.now = r.now.Add(time.Duration(rapid.IntRange(1, 90).Draw(rt, "minutes")) * time.Minute)
			from := r.now.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 30, -30, -200}).Draw(rt, "from")) * time.Minute)
			to := from.Add(time.Duration(rapid.IntRange(1, 300).Draw(rt, "long"))*time.Minute - time.Second)
			before := total()
			change := rapid.SampledFrom([]string{"add", "renew", "edit", "remove", "delete"}).Draw(rt, "change")
			if len(cards) == 0 {
				change = "add"
			}
			switch change {
			case "add":
				kind := rapid.SampledFrom([]int{2, 2, 2, 3}).Draw(rt, "type")
				id, err := r.AddCard(ctx, store.Card{CarType: kind, From: from, To: to, Plates: plated("粤B11111")}, mall)
				if err == nil { // otherwise the plate is another's
					cards = append(cards, id)
				}
			case "renew":
				_ = r.Recharge(ctx, Recharge{Card: rapid.SampledFrom(cards).Draw(rt, "card"), From: from, To: to}, mall) // unless it is deleted
			case "edit":
				_ = r.EditCard(ctx, rapid.SampledFrom(cards).Draw(rt, "card"), CardEdit{From: &from, To: &to}, mall)
			case "remove":
				_ = r.EditCard(ctx, rapid.SampledFrom(cards).Draw(rt, "card"), CardEdit{Add: plated("粤B99999"), Remove: plated("粤B11111")}, mall)
			case "delete":
				r.did(r.DeleteCard(ctx, rapid.SampledFrom(cards).Draw(rt, "card"), mall))
			}
			if after := total(); after > before || after < before && change == "add" && !from.Before(r.now) {
				rt.Fatalf("%s from %v: the stay so far cost %d, and %d afterwards", change, from.Sub(r.now), before, after)
			}
		}
	})
}

// newMinutes is newRig with a tariff of 1 fen for each minute.
func newMinutes(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, now: morning}
	db, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "park.db")})
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return r.now }
	desk, err := billing.New(billing.Config{DB: db, ParkCode: "1", Now: now, Tariffs: []tariff.Tariff{{Blocks: []tariff.Block{{Unit: time.Minute, Price: 1}}}}}, nil)
	r.did(err)
	r.db, r.desk = db, desk
	r.Rules, err = New(Config{DB: db, Bills: desk, Now: now})
	r.did(err)
	return r
}
