package store_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"parkagent/store"
)

func view(t *testing.T, path string) *store.View {
	t.Helper()
	v, err := store.OpenView(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return v
}

func TestAViewSeesWhatARunningAgentCommits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "park.db")
	db := openAt(t, path)
	v := view(t, path)
	for want := int64(1); want <= 3; want++ {
		update(t, db, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Append(ctx, store.KindSpaces, "", store.SpacesFact{})
			return err
		})
		if head, err := v.Head(t.Context()); err != nil || head != want {
			t.Errorf("Head = %d, %v, want %d", head, err, want)
		}
	}
}

func TestAViewWorksOnBooksThatNobodyHasOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "park.db")
	db := openAt(t, path)
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Append(ctx, store.KindSpaces, "", store.SpacesFact{})
		return err
	})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if head, err := view(t, path).Head(t.Context()); err != nil || head != 1 {
		t.Errorf("Head = %d, %v, want 1", head, err)
	}
	again := openAt(t, path) // whatever the view left behind must not be in the way
	if head, err := again.Head(t.Context()); err != nil || head != 1 {
		t.Errorf("Head after a view = %d, %v, want 1", head, err)
	}
}

func TestAViewMakesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "park.db")
	if _, err := store.OpenView(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("OpenView of nothing = %v, want fs.ErrNotExist", err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is there now: %v", err)
	}
}

func TestAViewLeavesBooksOfOtherVersionsAlone(t *testing.T) {
	for change, want := range map[string]error{
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`: store.ErrNewer,
		`DELETE FROM goose_db_version WHERE version_id > 0`:                      store.ErrOlder,
	} {
		path := filepath.Join(t.TempDir(), "park.db")
		if err := openAt(t, path).Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := raw(t, path).Exec(change); err != nil {
			t.Fatal(err)
		}
		if _, err := store.OpenView(t.Context(), path); !errors.Is(err, want) {
			t.Errorf("OpenView after %s = %v, want %v", change, err, want)
		}
	}
}
