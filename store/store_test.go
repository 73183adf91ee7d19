package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

var noon = time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)

// open returns books in a new folder, closed when the test ends.
func open(t testing.TB) *store.DB {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "park.db"))
}

func openAt(t testing.TB, path string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Path: path, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return db
}

// raw opens the file past the store, as a repair tool or a vandal would.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file://"+filepath.ToSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func update(t testing.TB, db *store.DB, fn func(context.Context, *store.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), func(tx *store.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

// car returns an open session of a plate.
func car(plate string) store.Session {
	return store.Session{
		ID: store.NewID(noon), Plate: plate, Color: -1, State: store.Inside,
		EnteredAt: noon, EntryLane: "IN1", EntryPlace: "入口1",
	}
}

func insert(t testing.TB, db *store.DB, sessions ...store.Session) {
	t.Helper()
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, s := range sessions {
			if err := tx.InsertSession(ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestOpenCreatesPrivateFilesUnderAnyPath(t *testing.T) {
	names := []string{"with space", "a#b", "50%", "a&b=c;d", "停车场 数据", "plus+plus"}
	if runtime.GOOS != "windows" {
		names = append(names, "what?mode=memory", `back\slash`, "new\nline")
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name, name+".db")
			db := openAt(t, path)
			insert(t, db, car("京A11113"))
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode().Perm(); runtime.GOOS != "windows" && got != 0o600 {
				t.Errorf("mode of the file = %o, want 600", got)
			}
			if info, err = os.Stat(filepath.Dir(path)); err != nil {
				t.Fatal(err)
			}
			if got := info.Mode().Perm(); runtime.GOOS != "windows" && got != 0o700 {
				t.Errorf("mode of the folder = %o, want 700", got)
			}
			if _, err := db.OpenSessionByPlate(t.Context(), "京A11113"); err != nil {
				t.Errorf("read back: %v", err)
			}
		})
	}
}

func TestOpenSetsThePragmas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "park.db")
	db := openAt(t, path)
	file := raw(t, path)
	for pragma, want := range map[string]string{"page_size": "2048", "journal_mode": "wal"} {
		var got string
		if err := file.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %q, %v, want %q", pragma, got, err, want)
		}
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for pragma, want := range map[string]string{"synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
			if got, err := tx.Pragma(ctx, pragma); err != nil || got != want {
				t.Errorf("%s of the writer = %q, %v, want %q", pragma, got, err, want)
			}
		}
		return nil
	})
	if got, err := db.Pragma(t.Context(), "query_only"); err != nil || got != "1" {
		t.Errorf("query_only of a reader = %q, %v, want 1", got, err)
	}
}

func TestOpenAgainFindsTheSameBooks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "park.db")
	db := openAt(t, path)
	want := car("京A11113")
	insert(t, db, want)
	box := db.Box()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(path + "-*"); len(left) != 0 {
		t.Errorf("side files after Close: %v", left)
	}

	db = openAt(t, path)
	if db.Box() != box || len(box) != 26 {
		t.Errorf("box = %q, want %q", db.Box(), box)
	}
	got, err := db.Session(t.Context(), want.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
}

func TestOpenRefusesBooksOfANewerProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "park.db")
	if err := openAt(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	file := raw(t, path)
	if _, err := file.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), store.Options{Path: path}); !errors.Is(err, store.ErrNewer) {
		t.Errorf("Open = %v, want ErrNewer", err)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Error("the file of the newer program was changed")
	}
}

func TestOpenSaysWhatIsWrongWithTheFile(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte("this is not a database, it is a longer piece of text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"a text": text, "a folder": dir, "a path below a file": filepath.Join(text, "park.db"), "no path": ""} {
		if db, err := store.Open(t.Context(), store.Options{Path: path}); err == nil {
			db.Close()
			t.Errorf("Open of %s succeeded", name)
		}
	}
}

func TestNewIDsSortByTimeAndDiffer(t *testing.T) {
	seen := map[string]bool{}
	last := ""
	for i := range 1000 {
		id := store.NewID(noon.Add(time.Duration(i) * time.Millisecond))
		if len(id) != 26 || id <= last {
			t.Fatalf("id %d = %q after %q", i, id, last)
		}
		last = id
		if id = store.NewID(noon); seen[id] {
			t.Fatalf("%q came twice", id)
		}
		seen[id] = true
	}
	if id, want := store.NewID(time.Unix(0, 0)), "0000000000"; id[:10] != want {
		t.Errorf("NewID(1970) starts with %q, want %q", id[:10], want)
	}
	if id, want := store.NewID(time.UnixMilli(1469918176385)), "01ARYZ6S41"; id[:10] != want { // the ULID specification's example
		t.Errorf("NewID(2016) starts with %q, want %q", id[:10], want)
	}
}

func plates(list []store.Session) []string {
	got := []string{}
	for _, s := range list {
		got = append(got, s.Plate)
	}
	return got
}

func sortedPlates(list []store.Session) []string { return slices.Sorted(slices.Values(plates(list))) }

func number(n int) string { return fmt.Sprintf("京A%05d", n) }
