package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

var errWanted = errors.New("wanted")

// together runs the functions as updates of one commit, in this order: the
// first keeps its turn until all others wait. It needs a synctest bubble.
func together(t *testing.T, db *store.DB, fns ...func(*store.Tx) error) []error {
	t.Helper()
	results := make([]error, len(fns))
	hold := make(chan struct{})
	var wg sync.WaitGroup
	for i, fn := range fns {
		wg.Go(func() { results[i] = db.Update(t.Context(), func(tx *store.Tx) error { <-hold; return fn(tx) }) })
		synctest.Wait()
	}
	close(hold)
	wg.Wait()
	return results
}

func TestUpdateUndoesOnlyTheOneThatFails(t *testing.T) {
	synctest.Test(t, updateUndoesOnlyTheOneThatFails)
}

func updateUndoesOnlyTheOneThatFails(t *testing.T) {
	db := open(t)
	add := func(plate string, err error) func(*store.Tx) error {
		return func(tx *store.Tx) error {
			if err := tx.InsertSession(t.Context(), car(plate)); err != nil {
				return err
			}
			if _, err := tx.Append(t.Context(), store.KindEntry, plate, store.StayFact{Plate: plate}); err != nil {
				return err
			}
			return err
		}
	}
	got := together(t, db, add("京A1", nil), add("京A2", errWanted), add("京A3", nil), add("京A3", nil), add("京A4", nil))
	for i, want := range []error{nil, errWanted, nil, store.ErrConflict, nil} {
		if !errors.Is(got[i], want) {
			t.Errorf("update %d = %v, want %v", i, got[i], want)
		}
	}
	list, err := db.OpenSessions(t.Context(), store.OpenFilter{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"京A1", "京A3", "京A4"}, sortedPlates(list)); diff != "" {
		t.Errorf("open sessions (-want +got):\n%s", diff)
	}
	entries, err := db.After(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for i, e := range entries {
		keys = append(keys, e.Key)
		if e.Seq != int64(i+1) {
			t.Errorf("entry %d has the number %d", i, e.Seq)
		}
	}
	if diff := cmp.Diff([]string{"京A1", "京A3", "京A4"}, keys); diff != "" {
		t.Errorf("journal keys (-want +got):\n%s", diff)
	}
	if n, err := db.VerifyChain(t.Context()); n != 3 || err != nil {
		t.Errorf("VerifyChain = %d, %v, want 3, nil", n, err)
	}
}

func TestUpdateLetsPanicsThroughAndGoesOn(t *testing.T) {
	db := open(t)
	func() {
		defer func() {
			if got := recover(); got != "ouch" {
				t.Errorf("recovered %v, want ouch", got)
			}
		}()
		_ = db.Update(t.Context(), func(tx *store.Tx) error {
			if err := tx.InsertSession(t.Context(), car("京A1")); err != nil {
				t.Error(err)
			}
			panic("ouch")
		})
	}()
	done := make(chan struct{})
	go func() { // a test that fails inside Update ends its goroutine so
		defer close(done)
		_ = db.Update(t.Context(), func(*store.Tx) error { runtime.Goexit(); return nil })
	}()
	<-done
	insert(t, db, car("京A2"))
	list, err := db.OpenSessions(t.Context(), store.OpenFilter{})
	if diff := cmp.Diff([]string{"京A2"}, sortedPlates(list)); err != nil || diff != "" {
		t.Errorf("open sessions, %v (-want +got):\n%s", err, diff)
	}
}

func TestUpdateDoesNotRunWhenItsContextIsDone(t *testing.T) {
	synctest.Test(t, updateDoesNotRunWhenItsContextIsDone)
}

func updateDoesNotRunWhenItsContextIsDone(t *testing.T) {
	db := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	ran := false
	var late error
	var wg sync.WaitGroup
	err := db.Update(t.Context(), func(*store.Tx) error {
		wg.Go(func() { late = db.Update(ctx, func(*store.Tx) error { ran = true; return nil }) })
		synctest.Wait()
		cancel()
		return nil
	})
	wg.Wait()
	if err != nil || !errors.Is(late, context.Canceled) || ran {
		t.Errorf("updates = %v, %v (ran: %v), want nil, context.Canceled, not run", err, late, ran)
	}
}

func TestUpdateStopsBetweenStatementsWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, updateStopsBetweenStatementsWhenItsContextEnds)
}

func updateStopsBetweenStatementsWhenItsContextEnds(t *testing.T) {
	db := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	got := together(t, db,
		func(tx *store.Tx) error { return tx.InsertSession(t.Context(), car("京A1")) },
		func(tx *store.Tx) error {
			if err := tx.InsertSession(ctx, car("京A2")); err != nil {
				return err
			}
			cancel()
			return tx.InsertSession(ctx, car("京A3"))
		})
	if got[0] != nil || !errors.Is(got[1], context.Canceled) {
		t.Errorf("updates = %v, want nil and context.Canceled", got)
	}
	list, err := db.OpenSessions(t.Context(), store.OpenFilter{})
	if diff := cmp.Diff([]string{"京A1"}, sortedPlates(list)); err != nil || diff != "" {
		t.Errorf("open sessions, %v (-want +got):\n%s", err, diff)
	}
}

func TestTransactionIsOverAfterUpdate(t *testing.T) {
	db := open(t)
	var kept *store.Tx
	update(t, db, func(_ context.Context, tx *store.Tx) error { kept = tx; return nil })
	if err := kept.InsertSession(t.Context(), car("京A1")); err == nil {
		t.Error("a transaction that is over took a session")
	}
	if _, err := kept.Head(t.Context()); err == nil {
		t.Error("a transaction that is over answered")
	}
}

func TestTransactionSeesItselfAndOthersDoNot(t *testing.T) {
	db := open(t)
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		s := car("京A1")
		if err := tx.InsertSession(ctx, s); err != nil {
			return err
		}
		if _, err := tx.Session(ctx, s.ID); err != nil {
			t.Errorf("Session in the transaction: %v", err)
		}
		if _, err := db.Session(ctx, s.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Session beside the transaction = %v, want ErrNotFound", err)
		}
		return nil
	})
}

func TestCommitFailureReachesEveryUpdateOfTheGroup(t *testing.T) {
	synctest.Test(t, commitFailureReachesEveryUpdateOfTheGroup)
}

func commitFailureReachesEveryUpdateOfTheGroup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "park.db")
	db := openAt(t, path)
	file := raw(t, path)
	if _, err := file.Exec(`CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)`); err != nil {
		t.Fatal(err)
	}
	got := together(t, db,
		func(tx *store.Tx) error { return tx.InsertSession(t.Context(), car("京A1")) },
		func(tx *store.Tx) error { return tx.Exec(t.Context(), `INSERT INTO child (id) VALUES (7)`) }, // found out by COMMIT
		func(*store.Tx) error { return errWanted })
	if got[0] == nil || got[1] == nil || !errors.Is(got[2], errWanted) {
		t.Errorf("updates = %v, want the commit's error twice and then %v", got, errWanted)
	}
	insert(t, db, car("京A2"))
	list, err := db.OpenSessions(t.Context(), store.OpenFilter{})
	if diff := cmp.Diff([]string{"京A2"}, sortedPlates(list)); err != nil || diff != "" {
		t.Errorf("open sessions, %v (-want +got):\n%s", err, diff)
	}
}

func TestLostTransactionIsAnErrorForAllInIt(t *testing.T) {
	synctest.Test(t, lostTransactionIsAnErrorForAllInIt)
}

func lostTransactionIsAnErrorForAllInIt(t *testing.T) {
	db := open(t)
	got := together(t, db,
		func(tx *store.Tx) error { return tx.InsertSession(t.Context(), car("京A1")) },
		func(tx *store.Tx) error { // what a full disk does
			if err := tx.Exec(t.Context(), `ROLLBACK`); err != nil {
				return err
			}
			return errWanted
		})
	if got[0] == nil || !errors.Is(got[1], errWanted) {
		t.Errorf("updates = %v, want an error and %v", got, errWanted)
	}
	insert(t, db, car("京A2"))
	list, err := db.OpenSessions(t.Context(), store.OpenFilter{})
	if diff := cmp.Diff([]string{"京A2"}, sortedPlates(list)); err != nil || diff != "" {
		t.Errorf("open sessions, %v (-want +got):\n%s", err, diff)
	}
}

func TestCloseWaitsForUpdatesAndRefusesLaterOnes(t *testing.T) {
	synctest.Test(t, closeWaitsForUpdatesAndRefusesLaterOnes)
}

func closeWaitsForUpdatesAndRefusesLaterOnes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "park.db")
	db := openAt(t, path)
	hold, held := make(chan struct{}), make(chan struct{})
	var results [3]error
	var wg sync.WaitGroup
	wg.Go(func() {
		results[0] = db.Update(t.Context(), func(tx *store.Tx) error {
			close(held)
			<-hold
			return tx.InsertSession(t.Context(), car("京A1"))
		})
	})
	<-held
	for i := 1; i < 3; i++ {
		wg.Go(func() {
			results[i] = db.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertSession(t.Context(), car(number(i))) })
		})
		synctest.Wait()
	}
	closed := make(chan error, 2)
	go func() { closed <- db.Close() }()
	go func() { closed <- db.Close() }()
	synctest.Wait()
	if err := db.Update(t.Context(), func(*store.Tx) error { return nil }); err == nil {
		t.Error("Update after Close succeeded")
	}
	close(hold)
	wg.Wait()
	for range 2 {
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if results != [3]error{} {
		t.Errorf("updates before Close = %v, want none to fail", results)
	}
	again := openAt(t, path)
	if list, err := again.OpenSessions(t.Context(), store.OpenFilter{}); err != nil || len(list) != 3 {
		t.Errorf("open sessions after Close = %v, %v, want 3", sortedPlates(list), err)
	}
}

func TestSubscribersHearOfAppendedRowsOnly(t *testing.T) {
	db := open(t)
	first, end := db.Subscribe()
	second, endSecond := db.Subscribe()
	defer endSecond()
	quiet := func(ch <-chan struct{}, why string) {
		t.Helper()
		select {
		case <-ch:
			t.Errorf("a value after %s", why)
		default:
		}
	}
	insert(t, db, car("京A1"))
	quiet(first, "a change without a row")
	if err := db.Update(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.Append(t.Context(), store.KindSpaces, "", store.SpacesFact{}); err != nil {
			return err
		}
		return errWanted
	}); !errors.Is(err, errWanted) {
		t.Fatal(err)
	}
	quiet(first, "an update that failed")
	for range 3 {
		update(t, db, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Append(ctx, store.KindSpaces, "", store.SpacesFact{})
			return err
		})
	}
	for _, ch := range []<-chan struct{}{first, second} {
		select {
		case <-ch:
		default:
			t.Error("no value after a row")
		}
		quiet(ch, "one value was taken")
	}
	end()
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Append(ctx, store.KindSpaces, "", store.SpacesFact{})
		return err
	})
	quiet(first, "the end of the subscription")
}

func TestLongReadDoesNotKeepUpdatesWaiting(t *testing.T) {
	db := open(t)
	insert(t, db, car("京A1"), car("京A2"))
	rows, err := db.Rows(t.Context(), `SELECT plate FROM sessions`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		t.Fatalf("no first row: %v", rows.Err())
	}
	insert(t, db, car("京A3"))
	if _, err := db.OpenSessionByPlate(t.Context(), "京A3"); err != nil {
		t.Errorf("read beside the long one: %v", err)
	}
	left := 0
	for rows.Next() {
		left++
	}
	if left != 1 || rows.Err() != nil {
		t.Errorf("the long read saw %d more rows, %v, want the 1 of its snapshot", left, rows.Err())
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	db := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		rows, err := db.Rows(ctx, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n`)
		if err == nil {
			err = rows.Close()
		}
		ended <- err
	}()
	insert(t, db, car("京A1"), car("京A2"))
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("endless read = %v, want context.Canceled", err)
	}
}

func TestReadersCannotWrite(t *testing.T) {
	db := open(t)
	if _, err := db.Pragma(t.Context(), "user_version = 7"); err == nil {
		t.Error("a reader wrote")
	}
}

func TestManyUpdatesAndReadsAtOnce(t *testing.T) {
	db := open(t)
	const callers, each = 8, 25
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				plate := fmt.Sprintf("京%c%05d", 'A'+c, i)
				err := db.Update(t.Context(), func(tx *store.Tx) error {
					if err := tx.InsertSession(t.Context(), car(plate)); err != nil {
						return err
					}
					if _, err := tx.Append(t.Context(), store.KindEntry, plate, store.StayFact{Plate: plate}); err != nil {
						return err
					}
					if i%5 == 4 {
						return errWanted
					}
					return nil
				})
				if want := i%5 == 4; errors.Is(err, errWanted) != want || !want && err != nil {
					t.Errorf("update of %s = %v", plate, err)
				}
			}
		})
	}
	for range 2 {
		wg.Go(func() {
			for range 40 {
				list, err := db.OpenSessions(t.Context(), store.OpenFilter{Plate: "A"})
				if err != nil || len(list) > each {
					t.Errorf("OpenSessions = %d, %v", len(list), err)
				}
				if _, _, err := db.FinishedSessions(t.Context(), store.FinishedFilter{Plate: "A00", Limit: 5}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	const want = callers * each * 4 / 5
	if n, err := db.VerifyChain(t.Context()); n != want || err != nil {
		t.Errorf("VerifyChain = %d, %v, want %d", n, err, want)
	}
	if list, err := db.OpenSessions(t.Context(), store.OpenFilter{}); err != nil || len(list) != want {
		t.Errorf("open sessions = %d, %v, want %d", len(list), err, want)
	}
}

func TestWriterWaitsForAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "park.db")
	db := openAt(t, path)
	other := openAt(t, path) // a command beside the running agent
	entry := func(db *store.DB) error {
		return db.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Append(t.Context(), store.KindSpaces, "", store.SpacesFact{})
			return err
		})
	}
	var wg sync.WaitGroup
	for _, db := range []*store.DB{db, other} {
		wg.Go(func() {
			for range 20 {
				if err := entry(db); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n, err := db.VerifyChain(t.Context()); n != 40 || err != nil {
		t.Errorf("VerifyChain = %d, %v, want 40", n, err)
	}
}

func BenchmarkUpdate(b *testing.B) {
	for _, callers := range []int{1, 8} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			db := open(b)
			next := make(chan int)
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() {
					for i := range next {
						s := car(fmt.Sprintf("京A%06d", i))
						err := db.Update(b.Context(), func(tx *store.Tx) error {
							if err := tx.InsertSession(b.Context(), s); err != nil {
								return err
							}
							_, err := tx.Append(b.Context(), store.KindEntry, s.Plate, store.NewStayFact(s))
							return err
						})
						if err != nil {
							b.Error(err)
						}
					}
				})
			}
			i := 0
			start := time.Now()
			for b.Loop() {
				next <- i
				i++
			}
			close(next)
			wg.Wait()
			b.ReportMetric(float64(i)/time.Since(start).Seconds(), "commits/s")
		})
	}
}

func TestFileURIKeepsWindowsPaths(t *testing.T) {
	for path, want := range map[string]string{
		"C:/停车 场/park#1.db":     "file:///C:/%E5%81%9C%E8%BD%A6%20%E5%9C%BA/park%231.db",
		"//server/share/a?b.db": "file:////server/share/a%3Fb.db",
		"/var/lib/park.db":      "file:///var/lib/park.db",
	} {
		if got := store.FileURI(path); got != want {
			t.Errorf("FileURI(%q) = %q, want %q", path, got, want)
		}
		if strings.Contains(store.FileURI(path), "?") {
			t.Errorf("FileURI(%q) holds a query", path)
		}
	}
}
