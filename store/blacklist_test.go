package store_test

import (
	"context"
	"testing"

	"parkagent/store"
)

// A plate that differs in two characters has one of three pairs unchanged, wherever
// they stand; seven characters have twenty-one places for two.
func TestAlikeEntriesOfTheBlacklistAreFound(t *testing.T) {
	db := open(t)
	const seen = "粤B12345"
	alike, others := map[string]bool{"B12346": true}, []string{"京C98760", "粤BD12345X"}
	runes := []rune(seen)
	for i := range runes {
		for j := range i {
			changed := append([]rune(nil), runes...)
			changed[i], changed[j] = 'X', 'Y'
			alike[string(changed)] = true
		}
	}
	const lifted = "粤B12344"
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for no := range alike {
			if _, err := tx.InsertBlack(ctx, store.Black{Plate: no, UpdatedAt: noon}); err != nil {
				return err
			}
		}
		for _, no := range append(others, lifted) {
			id, err := tx.InsertBlack(ctx, store.Black{Plate: no, UpdatedAt: noon})
			if err != nil {
				return err
			}
			if no == lifted {
				if err := tx.DeleteBlack(ctx, id, noon); err != nil {
					return err
				}
			}
		}
		return nil
	})
	list, err := db.BlacksAlike(t.Context(), seen)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, b := range list {
		found[b.Plate] = true
	}
	for no := range alike {
		if !found[no] {
			t.Errorf("%s is not found for %s", no, seen)
		}
	}
	for _, no := range append(others, lifted) {
		if found[no] {
			t.Errorf("%s is found for %s", no, seen)
		}
	}
}
