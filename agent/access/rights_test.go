package access

import (
	"testing"
	"time"

	"parkagent/store"
)

func TestACarInsideComesOntoTheCardThatGetsItsPlate(t *testing.T) {
	later := store.Card{CarType: 2, Spaces: 1, From: morning.Add(3 * time.Hour), To: morning.AddDate(0, 1, 0)}
	of := func(change func(*store.Card)) store.Card { c := later; change(&c); return c }
	tests := []struct {
		name string
		card store.Card
		want bool
	}{
		{"valid now", of(func(c *store.Card) { c.From = morning }), true},
		{"valid later: what comes before stays chargeable", later, true},
		{"over", of(func(c *store.Card) { c.From, c.To = morning.AddDate(0, -2, 0), morning.Add(-time.Hour) }), false},
		{"a stored-value card serves whole stays, and is not valid yet", of(func(c *store.Card) { c.CarType = 3 }), false},
		{"a counted card without visits", of(func(c *store.Card) { c.CarType, c.From = 6, morning }), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 9)
			in := r.park("粤B11111")
			r.now = morning.Add(time.Hour)
			tt.card.Plates = plated("B11111")
			id, err := r.AddCard(t.Context(), tt.card, mall)
			r.did(err)
			if s := r.session(in.Session); (s.Card == id) != tt.want || (s.CarType == tt.card.CarType) != tt.want {
				t.Errorf("the car is on card %d, type %d; want it on card %d: %v", s.Card, s.CarType, id, tt.want)
			}
		})
	}
	t.Run("only as many as there are spaces", func(t *testing.T) {
		r := newRig(t, 9)
		a, b := r.park("粤B11111"), r.park("粤B22222")
		id := r.give(2, 1, 0, "粤B11111", "粤B22222")
		if x, y := r.session(a.Session), r.session(b.Session); x.Card != id || y.Card != 0 {
			t.Errorf("the cars are on cards %d and %d, want %d and none", x.Card, y.Card, id)
		}
		r.did(r.EditCard(t.Context(), id, CardEdit{Tel: new(string)}, mall))
		if y := r.session(b.Session); y.Card != 0 {
			t.Error("an edit of the card took in the second car")
		}
	})
	t.Run("by an edit or a replacement, with a visit of a counted card", func(t *testing.T) {
		r := newRig(t, 9)
		a, b := r.park("粤B11111"), r.park("粤B22222")
		id := r.give(6, 9, 2, "京A00001")
		r.did(r.EditCard(t.Context(), id, CardEdit{Add: plated("粤B11111")}, mall))
		r.did(r.ReplacePlate(t.Context(), id, store.CardPlate{Plate: "京A00001"}, store.CardPlate{Plate: "粤B22222"}, mall))
		if x, y := r.session(a.Session), r.session(b.Session); x.Card != id || y.Card != id || r.card(id).Balance != 0 {
			t.Errorf("the cars are on cards %d and %d with %d visits left, want both on %d and none left", x.Card, y.Card, r.card(id).Balance, id)
		}
	})
	t.Run("not from another card", func(t *testing.T) {
		r := newRig(t, 9)
		own := r.give(2, 1, 0, "粤B11111")
		in := r.park("粤B11111")
		r.give(2, 1, 0, "B11111")
		if s := r.session(in.Session); s.Card != own {
			t.Errorf("the car is on card %d, want %d", s.Card, own)
		}
	})
	t.Run("not a car whose own card has no space", func(t *testing.T) {
		r := newRig(t, 9)
		r.give(2, 1, 0, "粤B11111", "粤B22222")
		r.park("粤B11111")
		second := r.park("粤B22222")
		r.give(2, 1, 0, "B22222")
		if s := r.session(second.Session); s.Card != 0 {
			t.Errorf("the car is on card %d, want none: its plate is another card's", s.Card)
		}
	})
	t.Run("again, when the card was deleted and added anew", func(t *testing.T) {
		tests := []struct {
			name string
			from time.Time
			kind int
		}{
			{"covering the stay", morning.Add(-time.Hour), 1},
			{"beginning later", morning.Add(3 * time.Hour), 1},
			{"with a balance", morning.Add(-time.Hour), 3},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				r := newRig(t, 9)
				old := r.give(2, 1, 0, "粤B11111")
				in := r.park("粤B11111")
				r.now = morning.Add(2 * time.Hour)
				r.did(r.DeleteCard(t.Context(), old, mall))
				id, err := r.AddCard(t.Context(), store.Card{CarType: tt.kind, From: tt.from, To: morning.AddDate(0, 1, 0), Plates: plated("粤B11111")}, mall)
				r.did(err)
				if s := r.session(in.Session); s.Card != id || s.CarType != tt.kind {
					t.Errorf("the car is on card %d, type %d; want it on card %d", s.Card, s.CarType, id)
				}
			})
		}
	})
	t.Run("after its booking was cancelled", func(t *testing.T) {
		r := newRig(t, 9)
		b := store.Booking{Plate: "粤B11111", From: morning.Add(-time.Hour), To: morning.Add(9 * time.Hour), Type: store.BookOnce}
		booking, err := r.Book(t.Context(), b, false, mall)
		r.did(err)
		in := r.park("粤B11111")
		if s := r.session(in.Session); s.Booking != booking {
			t.Fatalf("the car is on booking %d, want %d", s.Booking, booking)
		}
		r.did(r.CancelBooking(t.Context(), booking, mall))
		anew, err := r.Book(t.Context(), b, true, mall)
		r.did(err)
		if s := r.session(in.Session); s.Booking != anew || anew == booking {
			t.Errorf("booked anew, the car is on booking %d, want %d", s.Booking, anew)
		}
		r.did(r.CancelBooking(t.Context(), anew, mall))
		card := r.give(2, 1, 0, "粤B11111")
		if s := r.session(in.Session); s.Card != card || s.Booking != 0 || s.CarType != 2 {
			t.Errorf("with a card, the car is on card %d and booking %d, type %d", s.Card, s.Booking, s.CarType)
		}
	})
	t.Run("when the card had ended and is renewed", func(t *testing.T) {
		r := newRig(t, 9)
		id := r.give(2, 1, 0, "粤B11111")
		r.now = morning.AddDate(0, 2, 0)
		in := r.park("粤B11111")
		to := r.now.AddDate(0, 1, 0)
		r.did(r.EditCard(t.Context(), id, CardEdit{To: &to}, mall))
		if s := r.session(in.Session); s.Card != id {
			t.Errorf("the car is on card %d, want %d", s.Card, id)
		}
	})
}

func TestAStayThatIsGivenUpAndTurnsOutToBeOneTakesNoTakenSpace(t *testing.T) {
	r := newRig(t, 9)
	id := r.give(2, 1, 0, "粤B11111", "粤B22222")
	lost := r.enter("IN1", "粤B11111") // the gate opens, its answer is lost
	r.park("京A00001")                 // so it is given up when the next car comes
	second := r.park("粤B22222")
	r.leave("OUT1", "粤B11111", false)
	if a, b := r.session(lost.Session), r.session(second.Session); a.State == store.Void || a.Card != 0 || b.Card != id {
		t.Errorf("the first car is on card %d in state %d, the second on %d; want the first one a temporary one", a.Card, a.State, b.Card)
	}
}
