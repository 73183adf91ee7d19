package access

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/billing"
	"parkagent/store"
)

var mall = By{Client: "mall", Address: "192.0.2.1"}

// plated writes plates as a card has them.
func plated(list ...string) []store.CardPlate {
	var out []store.CardPlate
	for _, p := range list {
		out = append(out, store.CardPlate{Plate: p})
	}
	return out
}

// give adds a card that is valid for a month before and after morning.
func (r *rig) give(carType, spaces int, balance int64, plates ...string) int64 {
	r.t.Helper()
	id, err := r.AddCard(r.t.Context(), store.Card{
		Name: "月租", Owner: "张三", CarType: carType, Spaces: spaces, From: morning.AddDate(0, -1, 0), To: morning.AddDate(0, 1, 0), Plates: plated(plates...),
	}, mall)
	r.did(err)
	if balance != 0 {
		r.update(func(ctx context.Context, tx *store.Tx) error {
			c, err := tx.Card(ctx, id)
			c.Balance = balance
			return errors.Join(err, tx.UpdateCard(ctx, c))
		})
	}
	return id
}

func (r *rig) card(id int64) store.Card {
	r.t.Helper()
	c, err := r.db.Card(r.t.Context(), id)
	r.did(err)
	return c
}

// last decodes the newest row of a kind and key.
func last[T any](r *rig, kind store.Kind, key string) T {
	r.t.Helper()
	var f T
	e, err := r.db.LastOf(r.t.Context(), kind, key)
	r.did(err)
	r.did(json.Unmarshal(e.Body, &f))
	return f
}

func TestACardHolderEntersAFullCarPark(t *testing.T) {
	r := newRig(t, 1)
	id := r.give(2, 1, 0, "粤B11111", "粤B22222")
	r.park("京A00001")
	v := r.enter("IN1", "粤B11111")
	want := Verdict{Open: true, Reason: ReasonCard, Session: v.Session, Plate: "粤B11111", CarType: 2, ValidTo: morning.AddDate(0, 1, 0)}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	if s := r.session(v.Session); s.Card != id || s.CarType != 2 || s.Booking != 0 {
		t.Errorf("session on card %d of type %d, want %d of type 2", s.Card, s.CarType, id)
	}
	r.did(r.Entered(t.Context(), v.Session))
	if v := r.enter("IN2", "粤B22222"); v.Reason != ReasonFull {
		t.Errorf("the card's second car = %+v, want refused as a temporary one: its only space is taken", v)
	}
	if v := r.enter("IN1", "粤B11111"); v.Session == "" || !v.Open {
		t.Errorf("the first car again = %+v, want let in: the space is its own", v)
	}
	r.now = morning.AddDate(0, 2, 0)
	if v := r.enter("IN2", "粤B22222"); v.Reason != ReasonFull {
		t.Errorf("after the card expired = %+v, want refused as a temporary one", v)
	}
}

func TestACardsSecondCarIsATemporaryOne(t *testing.T) {
	r := newRig(t, 9)
	id := r.give(2, 1, 0, "粤B11111", "粤B22222")
	first, second := r.park("粤B11111"), r.park("粤B22222")
	if s := r.session(second.Session); second.Reason != ReasonTemporary || s.Card != 0 || s.CarType != 0 {
		t.Errorf("second car = %+v on card %d, want a temporary one", second, s.Card)
	}
	r.now = r.now.Add(time.Hour)
	if s := r.session(r.park("粤B11111").Session); s.Card != id {
		t.Errorf("the first car told again is on card %d, want %d: its stale stay takes no space", s.Card, id)
	}
	if s := r.session(first.Session); s.State != store.Abnormal {
		t.Errorf("its stale stay = %d, want closed as abnormal", s.State)
	}
}

func TestPlatesOfCardsWithAndWithoutProvince(t *testing.T) {
	tests := []struct {
		name  string
		cards []string // a card for each
		read  string
		want  int // which card, from 1; 0 none
	}{
		{"as it is", []string{"粤B11111", "京B11111"}, "京B11111", 2},
		{"the card lacks the province", []string{"B11111"}, "粤B11111", 1},
		{"the camera lacks the province", []string{"粤B11111"}, "B11111", 1},
		{"an exact card comes first", []string{"B11111", "粤B11111"}, "粤B11111", 2},
		{"also without the province", []string{"粤B11111", "B11111"}, "B11111", 2},
		{"two cards fit what the camera read", []string{"粤B11111", "京B11111"}, "B11111", 0},
		{"another province", []string{"粤B11111"}, "京B11111", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 9)
			ids := []int64{0}
			for _, p := range tt.cards {
				ids = append(ids, r.give(2, 1, 0, p))
			}
			if s := r.session(r.park(tt.read).Session); s.Card != ids[tt.want] {
				t.Errorf("on card %d of %v, want the %d. of them", s.Card, ids, tt.want)
			}
		})
	}
}

func TestACountedCardPaysWithVisits(t *testing.T) {
	r := newRig(t, 9)
	id := r.give(6, 2, 2, "粤B11111", "粤B22222", "粤B33333")
	r.enter("IN1", "粤B11111")
	if c := r.card(id); c.Balance != 2 {
		t.Errorf("%d visits left before the gate opened, want 2", c.Balance)
	}
	r.park("粤B11111")
	got := last[store.CardUseFact](r, store.KindCardUse, cardKey(id))
	if c := r.card(id); c.Balance != 1 || got.Used != 1 || got.Balance != 1 || got.Session == "" {
		t.Errorf("%d visits left, journal %+v; want one taken", c.Balance, got)
	}
	other := r.enter("IN2", "粤B22222")
	if other.Reason != ReasonCard {
		t.Errorf("the second car = %+v, want the last visit", other)
	}
	r.did(r.Entered(t.Context(), other.Session))
	if s := r.session(r.park("粤B33333").Session); s.Card != 0 || r.card(id).Balance != 0 {
		t.Errorf("a third car is on card %d with %d visits left, want a temporary one", s.Card, r.card(id).Balance)
	}
}

func TestAddCard(t *testing.T) {
	r := newRig(t, 9)
	ctx := t.Context()
	c := store.Card{Name: "月租", CarType: 2, From: morning, To: morning.AddDate(0, 1, 0), Balance: 500,
		Plates: []store.CardPlate{{Plate: "粤b·11111"}, {Plate: "粤B11111"}, {Plate: "粤B22222", Etc: " AJSD "}}}
	id, err := r.AddCard(ctx, c, mall)
	r.did(err)
	want := store.Card{ID: id, Name: "月租", CarType: 2, Spaces: 1, From: c.From, To: c.To, UpdatedAt: morning,
		Plates: []store.CardPlate{{Plate: "粤B11111"}, {Plate: "粤B22222"}, {Etc: "AJSD"}}}
	if diff := cmp.Diff(want, r.card(id)); diff != "" {
		t.Errorf("card (-want +got):\n%s", diff)
	}
	f := last[store.CardFact](r, store.KindCard, cardKey(id))
	if f.Act != "add" || f.Client != "mall" || f.Address != "192.0.2.1" || len(f.Plates) != 3 {
		t.Errorf("journal = %+v", f)
	}
	again := c
	again.Name, again.Plates = "another name", []store.CardPlate{{Etc: "AJSD"}, {Plate: "粤B22222"}, {Plate: "粤B11111"}}
	if got, err := r.AddCard(ctx, again, mall); got != id || err != nil || len(r.kinds()) != 1 {
		t.Errorf("the same plates, type and period again = %d, %v, journal %v; want card %d and nothing else", got, err, r.kinds(), id)
	}
	var taken *PlateTakenError
	again.CarType = 1
	if _, err := r.AddCard(ctx, again, mall); !errors.As(err, &taken) || taken.Plate != "AJSD" || taken.Card != id {
		t.Errorf("with another type: %v, want that AJSD is taken", err)
	}
	bad := []struct {
		name   string
		change func(*store.Card)
		want   error
	}{
		{"no plate", func(c *store.Card) { c.Plates = plated("-") }, ErrLastPlate},
		{"the end before the beginning", func(c *store.Card) { c.To = c.From.Add(-1) }, ErrPeriod},
		{"no end", func(c *store.Card) { c.To = time.Time{} }, ErrPeriod},
		{"a temporary car", func(c *store.Card) { c.CarType = 0 }, ErrCarType},
		{"a booked car", func(c *store.Card) { c.CarType = 100 }, ErrCarType},
	}
	for _, tt := range bad {
		c := c
		c.Plates = plated("京A00001")
		tt.change(&c)
		if _, err := r.AddCard(ctx, c, mall); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestEditCard(t *testing.T) {
	r := newRig(t, 9)
	ctx := t.Context()
	id, other := r.give(2, 1, 0, "粤B11111", "粤B22222"), r.give(2, 1, 0, "粤B33333")
	name, spaces, to := "新名", 3, morning.AddDate(1, 0, 0)
	r.did(r.EditCard(ctx, id, CardEdit{Name: &name, Spaces: &spaces, To: &to, Add: plated("粤B44444", "粤B11111"), Remove: plated("B22222")}, mall))
	got := r.card(id)
	if got.Name != name || got.Owner != "张三" || got.Spaces != 3 || !got.To.Equal(to) || !samePlates(got.Plates, plated("粤B11111", "粤B44444")) {
		t.Errorf("card = %+v", got)
	}
	if f := last[store.CardFact](r, store.KindCard, cardKey(id)); f.Act != "edit" || f.Name != name || f.Spaces != 3 {
		t.Errorf("journal = %+v", f)
	}
	past := morning.AddDate(-9, 0, 0)
	var taken *PlateTakenError
	for _, tt := range []struct {
		name string
		edit CardEdit
		want any // the error to match
	}{
		{"a plate that it does not have", CardEdit{Remove: plated("京A00001")}, ErrNoPlate},
		{"all its plates", CardEdit{Remove: plated("粤B11111", "粤B44444")}, ErrLastPlate},
		{"an end before the beginning", CardEdit{To: &past}, ErrPeriod},
		{"a plate of another card", CardEdit{Add: plated("粤B33333")}, &taken},
	} {
		err := r.EditCard(ctx, id, tt.edit, mall)
		if want, ok := tt.want.(error); ok && !errors.Is(err, want) || !ok && !errors.As(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if taken == nil || taken.Card != other {
		t.Errorf("the plate is said to belong to %+v, want card %d", taken, other)
	}
	if err := r.EditCard(ctx, 99, CardEdit{}, mall); !errors.Is(err, ErrNoCard) {
		t.Errorf("an unknown card: %v, want ErrNoCard", err)
	}
	if diff := cmp.Diff(got, r.card(id)); diff != "" {
		t.Errorf("refused edits changed the card (-want +got):\n%s", diff)
	}
}

func TestReplacePlate(t *testing.T) {
	r := newRig(t, 9)
	ctx := t.Context()
	id := r.give(2, 1, 0, "粤B11111", "粤B22222")
	from, to := store.CardPlate{Plate: "b11111"}, store.CardPlate{Plate: "粤B33333"}
	for range 2 { // the second is a client that got no answer
		r.did(r.ReplacePlate(ctx, id, from, to, mall))
		if diff := cmp.Diff(plated("粤B33333", "粤B22222"), r.card(id).Plates); diff != "" {
			t.Errorf("plates (-want +got):\n%s", diff)
		}
	}
	if n := len(r.kinds()); n != 2 {
		t.Errorf("%d rows in the journal, want the card added and changed once", n)
	}
	both := r.give(2, 1, 0, "京B66666", "沪B66666", "粤B77777")
	for _, to := range []string{"粤B77777", "粤B88888"} { // which of the two is meant, or was before, nobody knows
		var several *billing.AmbiguousError
		err := r.ReplacePlate(ctx, both, store.CardPlate{Plate: "B66666"}, store.CardPlate{Plate: to}, mall)
		if !errors.As(err, &several) || !slices.Equal(several.Plates, []string{"京B66666", "沪B66666"}) {
			t.Errorf("one of two plates for %s: %v, want that there are two", to, err)
		}
	}
	if err := r.ReplacePlate(ctx, id, from, store.CardPlate{Etc: "AJSD"}, mall); !errors.Is(err, ErrNoPlate) {
		t.Errorf("a plate that it does not have: %v, want ErrNoPlate", err)
	}
	r.give(2, 1, 0, "京A00001")
	var taken *PlateTakenError
	if err := r.ReplacePlate(ctx, id, to, store.CardPlate{Plate: "京A00001"}, mall); !errors.As(err, &taken) {
		t.Errorf("a plate of another card: %v, want that it is taken", err)
	}
	r.did(r.ReplacePlate(ctx, id, to, store.CardPlate{Plate: "粤B22222"}, mall))
	if diff := cmp.Diff(plated("粤B22222"), r.card(id).Plates); diff != "" {
		t.Errorf("replaced by a plate that it has (-want +got):\n%s", diff)
	}
}

func TestDeleteCard(t *testing.T) {
	r := newRig(t, 9)
	ctx := t.Context()
	id := r.give(2, 1, 0, "粤B11111")
	in := r.park("粤B11111")
	r.now = morning.Add(time.Hour)
	for range 2 {
		r.did(r.DeleteCard(ctx, id, mall))
	}
	r.did(r.DeleteCard(ctx, 99, mall))
	f := last[store.CardFact](r, store.KindCard, cardKey(id))
	if f.Act != "delete" || f.ToMs != store.Millis(r.now) || len(f.Plates) != 1 {
		t.Errorf("journal = %+v, want the deletion with the plates that it had", f)
	}
	if s := r.session(in.Session); s.Card != id {
		t.Errorf("its car is on card %d, want %d still: the time before is free", s.Card, id)
	}
	if err := r.EditCard(ctx, id, CardEdit{}, mall); !errors.Is(err, ErrNoCard) {
		t.Errorf("edit of a deleted card: %v, want ErrNoCard", err)
	}
	if list, err := r.Cards(ctx, "粤B11111", 0); err != nil || len(list) != 0 {
		t.Errorf("cards of its plate = %v, %v; want none", list, err)
	}
	if again := r.give(2, 1, 0, "粤B11111"); again == id {
		t.Errorf("a new card got the old number %d", id)
	}
}

func TestCards(t *testing.T) {
	r := newRig(t, 9)
	a, b, c := r.give(2, 1, 0, "粤B11111"), r.give(2, 1, 0, "京B11111", "闽B11111"), r.give(2, 1, 0, "沪C33333")
	bare := r.give(2, 1, 0, "B11111")
	tests := []struct {
		name  string
		plate string
		id    int64
		want  []int64
	}{
		{"all", "", 0, []int64{a, b, c, bare}},
		{"by number", "", b, []int64{b}},
		{"by plate, and one that lacks its province", "粤B11111", 0, []int64{a, bare}},
		{"by plate without its province", "C33333", 0, []int64{c}},
		{"several that differ by their province, each card once", "B11111", 0, []int64{a, b, bare}},
		{"by both", "沪C33333", c, []int64{c}},
		{"by both, which do not belong together", "沪C33333", a, nil},
		{"an unknown number", "", 99, nil},
		{"an unknown plate", "京A00001", 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, err := r.Cards(t.Context(), tt.plate, tt.id)
			r.did(err)
			var got []int64
			for _, c := range list {
				got = append(got, c.ID)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("cards (-want +got):\n%s", diff)
			}
		})
	}
}
