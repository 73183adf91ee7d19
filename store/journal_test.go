package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

// write appends n rows in transactions of their own, for plates 京A00001 and on.
func write(t testing.TB, db *store.DB, n int) {
	t.Helper()
	for i := range n {
		update(t, db, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Append(ctx, store.KindEntry, number(i+1), store.StayFact{Plate: number(i + 1)})
			return err
		})
	}
}

func TestJournalRowsAreNumberedAndChained(t *testing.T) {
	db := open(t)
	if head, err := db.Head(t.Context()); head != 0 || err != nil {
		t.Errorf("Head of an empty journal = %d, %v", head, err)
	}
	var written []store.Entry
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, key := range []string{"京A1", "京A2"} {
			e, err := tx.Append(ctx, store.KindExit, key, store.StayFact{Plate: key, Fee: 100})
			if err != nil {
				return err
			}
			written = append(written, e)
		}
		if head, err := tx.Head(ctx); head != 2 || err != nil {
			t.Errorf("Head in the transaction = %d, %v, want 2", head, err)
		}
		return nil
	})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		e, err := tx.Append(ctx, store.KindSpaces, "", store.SpacesFact{Free: 3})
		written = append(written, e)
		return err
	})
	got, err := db.After(t.Context(), 0, 10)
	if diff := cmp.Diff(written, got); err != nil || diff != "" {
		t.Errorf("After, %v (-want +got):\n%s", err, diff)
	}
	prev := strings.Repeat("0", 64)
	for i, e := range got {
		if e.Seq != int64(i+1) || e.Prev != prev || len(e.Hash) != 64 || e.Box != db.Box() || !e.At.Equal(noon) {
			t.Errorf("row %d = %+v", i+1, e)
		}
		prev = e.Hash
	}
	var fact store.StayFact
	if err := json.Unmarshal(got[0].Body, &fact); err != nil || fact.Plate != "京A1" || fact.Fee != 100 {
		t.Errorf("body of row 1 = %+v, %v", fact, err)
	}
	if page, err := db.After(t.Context(), 1, 1); err != nil || len(page) != 1 || page[0].Seq != 2 {
		t.Errorf("After(1, 1) = %v, %v, want row 2", page, err)
	}
}

func TestJournalIsFoundByKindAndKey(t *testing.T) {
	db := open(t)
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, row := range []struct {
			kind store.Kind
			key  string
		}{{store.KindDevice, "G1"}, {store.KindDeviceState, "G1"}, {store.KindDeviceState, "G2"}, {store.KindDeviceState, "G1"}} {
			if _, err := tx.Append(ctx, row.kind, row.key, store.DeviceFact{Code: row.key}); err != nil {
				return err
			}
		}
		return nil
	})
	ctx := t.Context()
	for key, want := range map[string]int64{"G1": 4, "G2": 3, "G3": 0} {
		if seq, err := db.LatestSeq(ctx, store.KindDeviceState, key); seq != want || err != nil {
			t.Errorf("LatestSeq(%s) = %d, %v, want %d", key, seq, err, want)
		}
	}
	if e, err := db.LastOf(ctx, store.KindDeviceState, "G1"); e.Seq != 4 || err != nil {
		t.Errorf("LastOf = %d, %v, want 4", e.Seq, err)
	}
	if e, err := db.EntryAt(ctx, 3); e.Key != "G2" || err != nil {
		t.Errorf("EntryAt(3) = %q, %v, want G2", e.Key, err)
	}
	_, err := db.LastOf(ctx, store.KindPark, "")
	_, err2 := db.EntryAt(ctx, 5)
	if !errors.Is(err, store.ErrNotFound) || !errors.Is(err2, store.ErrNotFound) {
		t.Errorf("LastOf and EntryAt of none = %v, %v, want ErrNotFound", err, err2)
	}
}

func TestVerifyChainFindsWhatWasDoneToTheFile(t *testing.T) {
	for _, tt := range []struct {
		name, damage string
		rows         int64
		says         string
	}{
		{"nothing", ``, 1200, ""},
		{"a changed body", `UPDATE journal SET body = replace(body, '京', '沪') WHERE seq = 700`, 699, "row 700 was changed"},
		{"a changed time", `UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 2`, 1, "row 2 was changed"},
		{"a changed key", `UPDATE journal SET key = 'x' WHERE seq = 2`, 1, "row 2 was changed"},
		{"a changed kind", `UPDATE journal SET kind = 'exit' WHERE seq = 2`, 1, "row 2 was changed"},
		{"a changed box", `UPDATE journal SET box = 'x' WHERE seq = 2`, 1, "row 2 was changed"},
		{"a letter moved from key to kind", `UPDATE journal SET kind = kind || substr(key, 1, 1), key = substr(key, 2) WHERE seq = 2`, 1, "row 2 was changed"},
		{"a changed hash", `UPDATE journal SET hash = zeroblob(32) WHERE seq = 2`, 1, "row 2 was changed"},
		{"a changed link", `UPDATE journal SET prev = zeroblob(32) WHERE seq = 2`, 1, "row 2 was changed"},
		{"a missing row", `DELETE FROM journal WHERE seq = 5`, 4, "row 5 is missing"},
		{"a missing first row", `DELETE FROM journal WHERE seq = 1`, 0, "row 1 is missing"},
		{"a missing row closed up", `DELETE FROM journal WHERE seq = 5; UPDATE journal SET seq = seq - 1 WHERE seq > 5`, 4, "row 5 was changed"},
		{"swapped rows", `UPDATE journal SET seq = -1 WHERE seq = 5; UPDATE journal SET seq = 5 WHERE seq = 6; UPDATE journal SET seq = 6 WHERE seq = -1`, 4, "row 5 was changed"},
		{"rows cut off behind a reader", `DELETE FROM journal WHERE seq > 1150`, 1150, "row 1151 is missing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "park.db")
			db := openAt(t, path)
			update(t, db, func(ctx context.Context, tx *store.Tx) error {
				for i := range 1200 {
					if _, err := tx.Append(ctx, store.KindEntry, number(i), store.StayFact{Plate: number(i)}); err != nil {
						return err
					}
				}
				return nil
			})
			if err := db.Settle(t.Context(), "mall", 1200, nil); err != nil {
				t.Fatal(err)
			}
			if _, err := raw(t, path).Exec(tt.damage); err != nil {
				t.Fatal(err)
			}
			rows, err := db.VerifyChain(t.Context())
			if rows != tt.rows || (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("VerifyChain = %d, %v, want %d, %q", rows, err, tt.rows, tt.says)
			}
		})
	}
}

func TestSettleKeepsWhatStaysBehindTheCursor(t *testing.T) {
	db := open(t)
	write(t, db, 6)
	ctx := t.Context()
	if _, err := db.Cursor(ctx, "mall"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Cursor of an unknown platform = %v, want ErrNotFound", err)
	}
	waiting := store.Outcome{Seq: 2, Key: "京A00002", Attempts: 1, NotBefore: noon.Add(time.Minute), Reason: "resCode 1: 稍后"}
	dead := store.Outcome{Seq: 4, Key: "京A00004", Verdict: store.Reject, Attempts: 10, Reason: "unknown plate"}
	check := func(what string, cursor int64, held ...store.Outcome) {
		t.Helper()
		if got, err := db.Cursor(ctx, "mall"); got != cursor || err != nil {
			t.Errorf("%s: Cursor = %d, %v, want %d", what, got, err, cursor)
		}
		got, err := db.Held(ctx, "mall")
		if diff := cmp.Diff(held, got); err != nil || diff != "" {
			t.Errorf("%s: Held, %v (-want +got):\n%s", what, err, diff)
		}
		var waiting []store.Outcome
		for _, o := range held {
			if o.Verdict == store.Keep {
				waiting = append(waiting, o)
			}
		}
		list, dead, err := db.Waiting(ctx, "mall")
		if diff := cmp.Diff(waiting, list); err != nil || diff != "" || dead != len(held)-len(waiting) {
			t.Errorf("%s: Waiting with %d dead, %v (-want +got):\n%s", what, dead, err, diff)
		}
	}
	settle := func(cursor int64, outcomes ...store.Outcome) {
		t.Helper()
		if err := db.Settle(ctx, "mall", cursor, outcomes); err != nil {
			t.Fatal(err)
		}
	}

	settle(5, dead, store.Outcome{Seq: 3, Verdict: store.Accept}, waiting)
	check("after the first batch", 5, waiting, dead)
	settle(3)
	check("after a cursor that would move back", 5, waiting, dead)
	if err := db.Settle(ctx, "other", 1, nil); err != nil {
		t.Fatal(err)
	}
	check("after another platform", 5, waiting, dead)

	waiting.Attempts, waiting.NotBefore = 2, noon.Add(time.Hour)
	settle(5, waiting)
	check("after another refusal", 5, waiting, dead)
	if err := db.Requeue(ctx, "mall", 4); err != nil {
		t.Fatal(err)
	}
	dead.Verdict, dead.Attempts = store.Keep, 0
	check("after requeueing the dead one", 5, waiting, dead)
	settle(6, store.Outcome{Seq: 2, Verdict: store.Accept})
	check("after it was accepted", 6, dead)
	if err := db.Drop(ctx, "mall", 4); err != nil {
		t.Fatal(err)
	}
	check("after dropping it", 6)
	for name, err := range map[string]error{"Drop": db.Drop(ctx, "mall", 4), "Requeue": db.Requeue(ctx, "other", 4)} {
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s of what is not held = %v, want ErrNotFound", name, err)
		}
	}
	// What a person decided is journalled, settling is not.
	rows, err := db.After(ctx, 6, 9)
	var decided []string
	for _, e := range rows {
		decided = append(decided, fmt.Sprintf("%s %s %s", e.Kind, e.Key, e.Body))
	}
	want := []string{`queue platform:mall {"act":"retry","seq":4}`, `queue platform:mall {"act":"drop","seq":4}`}
	if diff := cmp.Diff(want, decided); err != nil || diff != "" {
		t.Errorf("rows after settling, %v (-want +got):\n%s", err, diff)
	}
}
