package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

func TestTheBlacklistHasEachPlateOnce(t *testing.T) {
	db := open(t)
	add := func(b store.Black) (id int64, err error) {
		err = try(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			id, err = tx.InsertBlack(ctx, b)
			return err
		})
		return id, err
	}
	must := func(b store.Black) store.Black {
		t.Helper()
		id, err := add(b)
		if err != nil {
			t.Fatal(err)
		}
		b.ID = id
		return b
	}
	a := must(store.Black{Plate: "京A11113", Remark: "欠费", UpdatedAt: noon})
	b := must(store.Black{Plate: "沪A11113", UpdatedAt: noon})
	if _, err := add(store.Black{Plate: "京A11113"}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a plate a second time = %v, want ErrConflict", err)
	}
	if _, err := add(store.Black{}); err == nil {
		t.Error("no plate was taken")
	}
	ctx := t.Context()
	check := func(what string, want ...store.Black) {
		t.Helper()
		list, err := db.Blacklist(ctx)
		if diff := cmp.Diff(want, list); err != nil || diff != "" {
			t.Errorf("%s: Blacklist, %v (-want +got):\n%s", what, err, diff)
		}
	}
	check("two plates", a, b)
	if got, err := db.BlackByPlate(ctx, "沪A11113"); err != nil || got != b {
		t.Errorf("BlackByPlate = %+v, %v", got, err)
	}
	list, err := db.BlacksByTail(ctx, "A11113")
	if diff := cmp.Diff([]store.Black{a, b}, list); err != nil || diff != "" {
		t.Errorf("BlacksByTail, %v (-want +got):\n%s", err, diff)
	}

	a.Plate, a.Remark, a.UpdatedAt = "京A22222", "", noon.Add(time.Minute)
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateBlack(ctx, a) })
	check("one changed", a, b)
	a.Plate = b.Plate
	if err := try(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateBlack(ctx, a) }); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a change to the plate of another = %v, want ErrConflict", err)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteBlack(ctx, b.ID, noon.Add(time.Hour)) })
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateBlack(ctx, a) })
	check("one deleted, the other has its plate", a)
	b.DeletedAt, b.UpdatedAt = noon.Add(time.Hour), noon.Add(time.Hour)
	if got, err := db.Black(ctx, b.ID); err != nil || got != b {
		t.Errorf("Black that is deleted = %+v, %v; want %+v", got, err, b)
	}
	for name, fn := range map[string]func(context.Context, *store.Tx) error{
		"a change of a deleted one": func(ctx context.Context, tx *store.Tx) error { return tx.UpdateBlack(ctx, b) },
		"a second deletion":         func(ctx context.Context, tx *store.Tx) error { return tx.DeleteBlack(ctx, b.ID, noon) },
		"Black of no number":        func(ctx context.Context, tx *store.Tx) error { _, err := tx.Black(ctx, 99); return err },
		"BlackByPlate of another":   func(ctx context.Context, tx *store.Tx) error { _, err := tx.BlackByPlate(ctx, "京A11113"); return err },
	} {
		if err := try(t, db, fn); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s = %v, want ErrNotFound", name, err)
		}
	}
	if again := must(store.Black{Plate: "粤B00001"}); again.ID <= b.ID {
		t.Errorf("number = %d after %d, want one never used", again.ID, b.ID)
	}
}

func TestABookingComesBackAsItWas(t *testing.T) {
	db := open(t)
	s := car("京A11113")
	insert(t, db, s)
	add := func(b store.Booking) store.Booking {
		t.Helper()
		update(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			b.ID, err = tx.InsertBooking(ctx, b)
			return err
		})
		return b
	}
	a := add(store.Booking{
		Plate: "京A11113", PreMoney: 1000, PreUsed: 1, From: noon, To: noon.Add(time.Hour), Type: store.BookOnce, UsedBy: s.ID, Client: "mall", CreatedAt: noon,
	})
	b := add(store.Booking{Plate: "京A11113", From: noon, To: noon.Add(time.Hour), Client: "mall", CreatedAt: noon})
	c := add(store.Booking{Plate: "沪A11113"})
	ctx := t.Context()
	check := func(what string, find func() ([]store.Booking, error), want ...store.Booking) {
		t.Helper()
		list, err := find()
		if diff := cmp.Diff(want, list); err != nil || diff != "" {
			t.Errorf("%s, %v (-want +got):\n%s", what, err, diff)
		}
	}
	byPlate := func() ([]store.Booking, error) { return db.BookingsByPlate(ctx, "京A11113") }
	byTail := func() ([]store.Booking, error) { return db.BookingsByTail(ctx, "A11113") }
	check("by plate", byPlate, a, b)
	check("by tail", byTail, a, b, c)

	a.Plate, a.PreMoney, a.PreUsed, a.From, a.To, a.Type, a.UsedBy = "京A11113", 2000, 2000, noon.Add(time.Minute), noon.Add(2*time.Hour), store.BookMany, ""
	b.DeletedAt = noon.Add(time.Minute)
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.UpdateBooking(ctx, a), tx.UpdateBooking(ctx, b))
	})
	check("by plate, one changed and one deleted", byPlate, a)
	check("by tail, one changed and one deleted", byTail, a, c)
	if got, err := db.Booking(ctx, b.ID); err != nil || got != b {
		t.Errorf("Booking that is deleted = %+v, %v; want %+v", got, err, b)
	}
	if _, err := db.Booking(ctx, 99); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Booking of no number = %v, want ErrNotFound", err)
	}
	if err := try(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.UpdateBooking(ctx, store.Booking{ID: 99, Plate: "x"})
	}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an update of nothing = %v, want ErrNotFound", err)
	}
	for name, bad := range map[string]store.Booking{
		"more used than there was": {Plate: "京A1", PreMoney: 1, PreUsed: 2}, "a negative sum": {Plate: "京A1", PreMoney: -1},
		"no plate": {}, "an unknown type": {Plate: "京A1", Type: 2}, "a session that is none": {Plate: "京A1", UsedBy: "nobody"},
	} {
		if err := try(t, db, func(ctx context.Context, tx *store.Tx) error { _, err := tx.InsertBooking(ctx, bad); return err }); err == nil {
			t.Errorf("a booking with %s was taken", name)
		}
	}
}

func TestOpenSessionsAreFoundByTheirRight(t *testing.T) {
	db := open(t)
	card := addCard(t, db, month("京A1"))
	var booking int64
	update(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		booking, err = tx.InsertBooking(ctx, store.Booking{Plate: "京A3"})
		return err
	})
	later, first, booked, left := car("京A1"), car("京A2"), car("京A3"), gone("京A4", noon)
	later.EnteredAt = noon.Add(time.Minute)
	later.Card, first.Card, left.Card, booked.Booking = card.ID, card.ID, card.ID, booking
	later.SeamlessBy, later.QuoteFee, later.QuotedAt = "mall", 1200, noon.Add(time.Minute)
	insert(t, db, later, first, booked, left, car("京A5"))
	list, err := db.SessionsOnCard(t.Context(), card.ID)
	if diff := cmp.Diff([]store.Session{first, later}, list); err != nil || diff != "" {
		t.Errorf("SessionsOnCard, %v (-want +got):\n%s", err, diff)
	}
	list, err = db.SessionsOnBooking(t.Context(), booking)
	if diff := cmp.Diff([]store.Session{booked}, list); err != nil || diff != "" {
		t.Errorf("SessionsOnBooking, %v (-want +got):\n%s", err, diff)
	}
	later.Card, later.SeamlessBy, later.QuoteFee, later.QuotedAt = 0, "", 0, time.Time{}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateSession(ctx, later) })
	if got, err := db.Session(t.Context(), later.ID); err != nil || got != later {
		t.Errorf("without its right = %+v, %v", got, err)
	}
	for name, s := range map[string]store.Session{"card": {ID: "x", Plate: "京A6", State: store.Inside, Card: 99}, "booking": {ID: "x", Plate: "京A6", State: store.Inside, Booking: 99}} {
		if err := try(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertSession(ctx, s) }); err == nil {
			t.Errorf("a session on a %s that is none was taken", name)
		}
	}
}
