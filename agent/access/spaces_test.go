package access

import (
	"context"
	"errors"
	"testing"

	"parkagent/agent/billing"
	"parkagent/store"
)

func TestSetFree(t *testing.T) {
	r := newRig(t, 10)
	ctx := t.Context()
	r.update(func(ctx context.Context, tx *store.Tx) error {
		return tx.ReplaceAreas(ctx, []store.Area{{Code: 1, Name: "A", Places: 10}, {Code: 2, Name: "B", Places: 5}})
	})
	r.park("粤B11111")
	for _, want := range []int{0, 10, 4, 4} {
		r.did(r.SetFree(ctx, 0, want, mall))
		if r.free() != want {
			t.Errorf("free = %d, want %d", r.free(), want)
		}
	}
	if f := last[store.SpacesSetFact](r, store.KindSpacesSet, ""); f != (store.SpacesSetFact{Area: 1, Free: 4, Offset: -5, Client: "mall", Address: mall.Address}) {
		t.Errorf("journal = %+v", f)
	}
	if f := last[store.SpacesFact](r, store.KindSpaces, ""); f.Free != 9 || f.Total != 15 {
		t.Errorf("told = %+v, want 4 and 5 of 15", f)
	}
	r.park("粤B22222")
	if r.free() != 3 {
		t.Errorf("free after another car = %d, want 3", r.free())
	}
	r.did(r.SetFree(ctx, 2, 1, mall))
	if f := last[store.SpacesFact](r, store.KindSpaces, ""); f.Areas[1].Free != 1 {
		t.Errorf("told = %+v, want 1 in the second area", f)
	}
	for _, tt := range []struct {
		area, free int
		want       error
	}{{1, -1, ErrFreeRange}, {1, 11, ErrFreeRange}, {2, 6, ErrFreeRange}, {3, 1, ErrNoArea}} {
		if err := r.SetFree(ctx, tt.area, tt.free, mall); !errors.Is(err, tt.want) {
			t.Errorf("%d in area %d: %v, want %v", tt.free, tt.area, err, tt.want)
		}
	}
	r.update(func(ctx context.Context, tx *store.Tx) error { return tx.ReplaceAreas(ctx, nil) })
	if err := r.SetFree(ctx, 0, 1, mall); !errors.Is(err, ErrNoArea) {
		t.Errorf("without areas: %v, want ErrNoArea", err)
	}
}

func TestMarkSeamless(t *testing.T) {
	r := newRig(t, 9)
	ctx := t.Context()
	in := r.park("粤B11111")
	r.park("粤B22222")
	r.park("京B22222")
	for range 2 {
		r.did(r.MarkSeamless(ctx, "B11111", mall))
	}
	if s := r.session(in.Session); !s.Seamless || s.SeamlessBy != "mall" {
		t.Errorf("seamless %v by %q, want mall", s.Seamless, s.SeamlessBy)
	}
	rows := 0
	for _, k := range r.kinds() {
		if k == string(store.KindSeamless) {
			rows++
		}
	}
	if f := last[store.SeamlessFact](r, store.KindSeamless, "粤B11111"); rows != 1 || f.By != "mall" || f.Session != in.Session {
		t.Errorf("%d rows, the last %+v; want one", rows, f)
	}
	if err := r.MarkSeamless(ctx, "沪C33333", mall); !errors.Is(err, billing.ErrNoSession) {
		t.Errorf("a car that is not inside: %v, want ErrNoSession", err)
	}
	var many *billing.AmbiguousError
	if err := r.MarkSeamless(ctx, "B22222", mall); !errors.As(err, &many) {
		t.Errorf("two cars: %v, want *AmbiguousError", err)
	}
}
