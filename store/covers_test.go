package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

func TestCoversAreKeptOnceAndByStay(t *testing.T) {
	db := open(t)
	s, other := car("京A1"), car("京A2")
	insert(t, db, s, other)
	late := store.Cover{Session: s.ID, From: noon.Add(time.Hour), To: noon.Add(2 * time.Hour)}
	early := store.Cover{Session: s.ID, From: noon, To: noon.Add(time.Millisecond)}
	for _, c := range []store.Cover{late, early, late, {Session: other.ID, From: noon, To: noon.Add(time.Hour)}} {
		update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertCover(ctx, c) })
	}
	got, err := db.Covers(t.Context(), s.ID)
	if diff := cmp.Diff([]store.Cover{early, late}, got); err != nil || diff != "" {
		t.Errorf("Covers, %v (-want +got):\n%s", err, diff)
	}
	for name, c := range map[string]store.Cover{
		"nothing":                {Session: s.ID, From: noon, To: noon},
		"without a beginning":    {Session: s.ID, To: noon},
		"of a stay that is none": {Session: "nobody", From: noon, To: noon.Add(1)},
	} {
		if err := try(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertCover(ctx, c) }); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
