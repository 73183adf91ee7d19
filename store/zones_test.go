package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

func TestMovesAreKeptInTheOrderInWhichTheyWereSeen(t *testing.T) {
	db := open(t)
	s, other := car("京A1"), car("京A2")
	insert(t, db, s, other)
	in := store.Move{Session: s.ID, At: noon.Add(time.Hour), Lane: "MIDIN", From: 1, To: 2}
	out := store.Move{Session: s.ID, At: noon, Lane: "MIDOUT", From: 2, To: 1} // the clock was set back
	for _, m := range []store.Move{in, {Session: other.ID, At: noon, Lane: "MIDIN", From: 1, To: 2}, out} {
		update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertMove(ctx, m) })
	}
	got, err := db.Moves(t.Context(), s.ID)
	if diff := cmp.Diff([]store.Move{in, out}, got); err != nil || diff != "" {
		t.Errorf("Moves, %v (-want +got):\n%s", err, diff)
	}
	for name, m := range map[string]store.Move{
		"to where it was":        {Session: s.ID, At: noon, From: 1, To: 1},
		"at no time":             {Session: s.ID, From: 1, To: 2},
		"of a stay that is none": {Session: "nobody", At: noon, From: 1, To: 2},
	} {
		if err := try(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertMove(ctx, m) }); err == nil {
			t.Errorf("a move %s was taken", name)
		}
	}
}

func TestCarsInsideAreCountedByTypeAndArea(t *testing.T) {
	db := open(t)
	list := []store.Session{car("京A1"), car("京A2"), car("京A3"), car("京A4")}
	for i, of := range []struct {
		area, carType int
		state         store.SessionState
	}{{1, 0, store.Entering}, {1, 2, store.Inside}, {1, 0, store.Left}, {2, 0, store.Inside}} {
		list[i].Area, list[i].CarType, list[i].State = of.area, of.carType, of.state
	}
	insert(t, db, list...)
	got, err := db.InsideByType(t.Context(), 1)
	if diff := cmp.Diff(map[int]int{0: 1, 2: 1}, got); err != nil || diff != "" {
		t.Errorf("InsideByType, %v (-want +got):\n%s", err, diff)
	}
}

func TestAnUnknownEntryIsNotedOnce(t *testing.T) {
	db := open(t)
	s, other := car("京A1"), car("京A2")
	insert(t, db, s, other)
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUnknownEntry(ctx, s.ID, 1500) })
	if fee, unknown, err := db.UnknownEntry(t.Context(), s.ID); fee != 1500 || !unknown || err != nil {
		t.Errorf("UnknownEntry = %d, %v, %v", fee, unknown, err)
	}
	if fee, unknown, err := db.UnknownEntry(t.Context(), other.ID); fee != 0 || unknown || err != nil {
		t.Errorf("UnknownEntry of another = %d, %v, %v", fee, unknown, err)
	}
	err := try(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUnknownEntry(ctx, s.ID, 0) })
	if !errors.Is(err, store.ErrConflict) {
		t.Errorf("a second time = %v, want ErrConflict", err)
	}
}
