package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

// month returns a card for March with those plates.
func month(plates ...string) store.Card {
	c := store.Card{
		Name: "月租A", Owner: "张喆", Tel: "13800000000", Room: "1-201", CarType: 2, Spaces: 2,
		From: noon, To: noon.Add(30*24*time.Hour - time.Second), Balance: 7, UpdatedAt: noon,
	}
	for _, p := range plates {
		c.Plates = append(c.Plates, store.CardPlate{Plate: p})
	}
	return c
}

// addCard keeps c and returns it with its number.
func addCard(t testing.TB, db *store.DB, c store.Card) store.Card {
	t.Helper()
	update(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		c.ID, err = tx.InsertCard(ctx, c)
		return err
	})
	return c
}

func TestACardComesBackAsItWas(t *testing.T) {
	db := open(t)
	want := month("粤B22222", "京A11111")
	want.Plates = append(want.Plates, store.CardPlate{Etc: "ETC0001"}, store.CardPlate{Plate: "沪C33333", Etc: "ETC0002"})
	want = addCard(t, db, want)
	if want.ID <= 0 {
		t.Fatalf("number = %d, want more than none", want.ID)
	}
	check := func(what string) {
		t.Helper()
		got, err := db.Card(t.Context(), want.ID)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s, %v (-want +got):\n%s", what, err, diff)
		}
	}
	check("after insert")
	want.Name, want.Owner, want.Tel, want.Room, want.Spaces, want.Balance = "月租B", "李四", "", "2-1", 1, 0
	want.From, want.To, want.UpdatedAt = noon.Add(time.Hour), noon.Add(2*time.Hour), noon.Add(time.Minute)
	want.Plates = []store.CardPlate{{Plate: "京A11111"}, {Plate: "闽D02000"}}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateCard(ctx, want) })
	check("after update")
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteCard(ctx, want.ID, noon.Add(time.Hour)) })
	want.DeletedAt, want.UpdatedAt, want.Plates = noon.Add(time.Hour), noon.Add(time.Hour), nil
	check("after deletion")
	next := addCard(t, db, month())
	if next.ID <= want.ID {
		t.Errorf("number of the next card = %d after %d", next.ID, want.ID)
	}
}

func TestCardsAreFoundByPlateTailAndNumber(t *testing.T) {
	db := open(t)
	a, b := month("京A11113", "沪A11113", "粤B22222"), month("津A11113")
	a.Plates = append(a.Plates, store.CardPlate{Etc: "E1"})
	a, b = addCard(t, db, a), addCard(t, db, b)
	gone := addCard(t, db, month("闽A11113"))
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteCard(ctx, gone.ID, noon) })
	ctx := t.Context()
	for name, tt := range map[string]struct {
		find func() (store.Card, error)
		want int64
	}{
		"one of several plates":       {func() (store.Card, error) { return db.CardByPlate(ctx, "粤B22222") }, a.ID},
		"the plate of another card":   {func() (store.Card, error) { return db.CardByPlate(ctx, "津A11113") }, b.ID},
		"the plate of a deleted card": {func() (store.Card, error) { return db.CardByPlate(ctx, "闽A11113") }, 0},
		"no plate":                    {func() (store.Card, error) { return db.CardByPlate(ctx, "") }, 0},
		"an IC card":                  {func() (store.Card, error) { return db.CardByEtc(ctx, "E1") }, a.ID},
		"no IC card":                  {func() (store.Card, error) { return db.CardByEtc(ctx, "") }, 0},
		"a number nobody has":         {func() (store.Card, error) { return db.Card(ctx, 99) }, 0},
	} {
		got, err := tt.find()
		if got.ID != tt.want || (tt.want == 0) != errors.Is(err, store.ErrNotFound) || tt.want != 0 && err != nil {
			t.Errorf("%s = card %d, %v; want %d", name, got.ID, err, tt.want)
		}
		if err == nil && len(got.Plates) == 0 {
			t.Errorf("%s: the card came without its plates", name)
		}
	}
	ids := func(list []store.Card, err error) (got []int64) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			got = append(got, c.ID)
		}
		return got
	}
	if diff := cmp.Diff([]int64{a.ID, b.ID}, ids(db.CardsByTail(ctx, "A11113"))); diff != "" {
		t.Errorf("CardsByTail, each once (-want +got):\n%s", diff)
	}
	if got := ids(db.CardsByTail(ctx, "")); len(got) != 0 {
		t.Errorf("CardsByTail of nothing = %v, want none: an IC card has no plate", got)
	}
	list, err := db.Cards(ctx)
	if diff := cmp.Diff([]store.Card{a, b}, list); err != nil || diff != "" {
		t.Errorf("Cards, %v (-want +got):\n%s", err, diff)
	}
}

func TestAPlateBelongsToOneCard(t *testing.T) {
	db := open(t)
	first := addCard(t, db, month("京A11111"))
	second := month("粤B22222")
	second.Plates = append(second.Plates, store.CardPlate{Etc: "E1"})
	second = addCard(t, db, second)
	with := func(c store.Card, plates ...store.CardPlate) store.Card { c.Plates = plates; return c }
	for name, fn := range map[string]func(context.Context, *store.Tx) error{
		"a card with another's plate": func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.InsertCard(ctx, month("闽D02000", "京A11111"))
			return err
		},
		"a card with another's IC card": func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.InsertCard(ctx, with(month(), store.CardPlate{Plate: "闽D02000", Etc: "E1"}))
			return err
		},
		"a card with a plate twice": func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.InsertCard(ctx, month("闽D02000", "闽D02000"))
			return err
		},
		"a change to another's plate": func(ctx context.Context, tx *store.Tx) error {
			return tx.UpdateCard(ctx, with(second, store.CardPlate{Plate: "京A11111"}))
		},
	} {
		if err := try(t, db, fn); !errors.Is(err, store.ErrConflict) {
			t.Errorf("%s = %v, want ErrConflict", name, err)
		}
	}
	for _, want := range []store.Card{first, second} { // nothing of what was refused is left
		got, err := db.Card(t.Context(), want.ID)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("card afterwards, %v (-want +got):\n%s", err, diff)
		}
	}
	if list, err := db.Cards(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("Cards = %d, %v; want 2", len(list), err)
	}
	// Its plates are free for others when a card is deleted, or gives them up.
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.DeleteCard(ctx, first.ID, noon), tx.UpdateCard(ctx, with(second, store.CardPlate{Plate: "京A11111"})))
	})
	addCard(t, db, month("粤B22222"))

	first.Plates = nil
	for name, fn := range map[string]func(context.Context, *store.Tx) error{
		"an update of a deleted card": func(ctx context.Context, tx *store.Tx) error { return tx.UpdateCard(ctx, first) },
		"an update of nothing": func(ctx context.Context, tx *store.Tx) error {
			return tx.UpdateCard(ctx, store.Card{ID: 99, Spaces: 1})
		},
		"a second deletion":             func(ctx context.Context, tx *store.Tx) error { return tx.DeleteCard(ctx, first.ID, noon) },
		"a deletion of what never was ": func(ctx context.Context, tx *store.Tx) error { return tx.DeleteCard(ctx, 99, noon) },
	} {
		if err := try(t, db, fn); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s = %v, want ErrNotFound", name, err)
		}
	}
	for name, c := range map[string]store.Card{
		"a negative balance": {Spaces: 1, Balance: -1}, "no space": {}, "a plate that is none": {Spaces: 1, Plates: []store.CardPlate{{}}},
	} {
		if err := try(t, db, func(ctx context.Context, tx *store.Tx) error { _, err := tx.InsertCard(ctx, c); return err }); err == nil {
			t.Errorf("a card with %s was taken", name)
		}
	}
}

func TestACardIsOfUseUntilItEndsOrIsDeleted(t *testing.T) {
	card := store.Card{From: noon, To: noon.Add(time.Hour)}
	deleted, late := card, card
	deleted.DeletedAt, late.DeletedAt = noon.Add(time.Minute), noon.Add(2*time.Hour)
	for _, tt := range []struct {
		name  string
		card  store.Card
		after time.Duration
		want  bool
	}{
		{"before it", card, -time.Millisecond, false},
		{"its first moment", card, 0, true},
		{"its last moment", card, time.Hour, true},
		{"after it", card, time.Hour + time.Millisecond, false},
		{"the moment of its deletion", deleted, time.Minute, true},
		{"after its deletion", deleted, 2 * time.Minute, false},
		{"after its end, deleted later", late, 90 * time.Minute, false},
	} {
		at := noon.Add(tt.after)
		if got := tt.card.Valid(at); got != tt.want {
			t.Errorf("%s: Valid = %v", tt.name, got)
		}
		b := store.Booking{From: tt.card.From, To: tt.card.To, DeletedAt: tt.card.DeletedAt}
		if got := b.Valid(at); got != tt.want {
			t.Errorf("%s: Valid of a booking = %v", tt.name, got)
		}
	}
}

func TestACardFactTellsTheCard(t *testing.T) {
	c := month("京A11111")
	c.ID, c.DeletedAt = 5, noon.Add(time.Hour)
	c.Plates = append(c.Plates, store.CardPlate{Etc: "E1"})
	want := store.CardFact{
		Card: 5, Name: c.Name, Owner: c.Owner, Tel: c.Tel, Room: c.Room, CarType: 2, Spaces: 2, FromMs: noon.UnixMilli(),
		ToMs: noon.Add(time.Hour).UnixMilli(), Balance: 7, Plates: []store.CardPlateFact{{Plate: "京A11111"}, {Etc: "E1"}},
	}
	if diff := cmp.Diff(want, store.NewCardFact(c)); diff != "" {
		t.Errorf("NewCardFact (-want +got):\n%s", diff)
	}
	if f := store.NewCardFact(store.Card{}); f.Plates == nil {
		t.Error("a card without plates has the list null, want an empty one")
	}
}

func TestARechargeIsKeptOncePerOrderOfAClient(t *testing.T) {
	db := open(t)
	card := addCard(t, db, month("京A11111"))
	want := store.Recharge{
		ID: store.NewID(noon), Card: card.ID, Order: "R1", Client: "mall", Amount: 30000, Added: 31000, From: noon, To: noon.Add(time.Hour), At: noon.Add(time.Second),
	}
	add := func(x store.Recharge) error {
		return try(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertRecharge(ctx, x) })
	}
	row := func(id, client, order string) store.Recharge {
		return store.Recharge{ID: id, Card: card.ID, Client: client, Order: order}
	}
	if err := add(want); err != nil {
		t.Fatal(err)
	}
	got, err := db.RechargeOf(t.Context(), "mall", "R1")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("RechargeOf, %v (-want +got):\n%s", err, diff)
	}
	for _, tt := range []struct {
		name string
		row  store.Recharge
		want error
	}{
		{"an order number that the client has used", row("X1", "mall", "R1"), store.ErrConflict},
		{"the same number of another client", row("X2", "bank", "R1"), nil},
		{"no number", row("X3", "mall", ""), nil},
		{"no number again", row("X4", "mall", ""), nil},
	} {
		if err := add(tt.row); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
			t.Errorf("%s = %v, want %v", tt.name, err, tt.want)
		}
	}
	if err := add(store.Recharge{ID: "X5", Card: 99}); err == nil {
		t.Error("a recharge of no card was taken")
	}
	for _, order := range []string{"", "R2"} {
		if _, err := db.RechargeOf(t.Context(), "mall", order); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("RechargeOf(%q) = %v, want ErrNotFound", order, err)
		}
	}
	list, err := db.Recharges(t.Context(), card.ID)
	if err != nil || len(list) != 4 || list[0] != want {
		t.Errorf("Recharges = %v, %v; want four, the oldest first", list, err)
	}
}
