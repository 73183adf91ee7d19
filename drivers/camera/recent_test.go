package camera

import (
	"errors"
	"strconv"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

func TestAnEventThatComesAgainIsDealtWithOnce(t *testing.T) {
	var r Recent
	calls := 0
	deal := func() error { calls++; return nil }
	for i, wantAgain := range []bool{false, true, true} {
		if again, err := r.Once("e1", deal); err != nil || again != wantAgain {
			t.Errorf("time %d: again = %v, %v, want %v", i, again, err, wantAgain)
		}
	}
	if again, _ := r.Once("e2", deal); again || calls != 2 {
		t.Errorf("another event: again = %v, %d calls, want a call of its own", again, calls)
	}
}

func TestAnEventThatFailedIsDealtWithWhenItComesAgain(t *testing.T) {
	var r Recent
	stopped := errors.New("lane stopped")
	if _, err := r.Once("e1", func() error { return stopped }); !errors.Is(err, stopped) {
		t.Errorf("error = %v, want that of the lane", err)
	}
	if again, err := r.Once("e1", func() error { return nil }); again || err != nil {
		t.Errorf("again = %v, %v, want it dealt with now", again, err)
	}
}

func TestAnEventThatComesWhileItIsDealtWithWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Recent
		release := make(chan error)
		stopped := errors.New("lane stopped")
		results := make(chan error, 2)
		go func() { _, err := r.Once("e1", func() error { return <-release }); results <- err }()
		synctest.Wait()
		go func() {
			again, err := r.Once("e1", func() error { t.Error("dealt with twice"); return nil })
			if !again {
				t.Error("the second one does not know that it came again")
			}
			results <- err
		}()
		synctest.Wait()
		if len(results) != 0 {
			t.Error("the second one did not wait for the first")
		}
		release <- stopped
		for range 2 {
			if err := <-results; !errors.Is(err, stopped) {
				t.Errorf("error = %v, want that of the lane", err)
			}
		}
	})
}

func TestRecentForgetsTheOldestAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r Recent
		var order []string // what it must remember, the oldest first
		for range rapid.IntRange(1, 2*recentEvents).Draw(t, "events") {
			key := strconv.Itoa(rapid.IntRange(0, 2*recentEvents).Draw(t, "key"))
			var fail error
			if rapid.IntRange(0, 9).Draw(t, "fails") == 0 {
				fail = errors.New("lane stopped")
			}
			want := false
			for _, k := range order {
				want = want || k == key
			}
			again, _ := r.Once(key, func() error { return fail })
			if again != want {
				t.Fatalf("again = %v, want %v", again, want)
			}
			if again {
				continue
			}
			if len(order) == recentEvents {
				order = order[1:] // even for one that fails
			}
			if fail == nil {
				order = append(order, key)
			}
		}
		if len(r.events) != len(order) || len(r.order) != len(order) {
			t.Fatalf("%d events and %d in order, want %d", len(r.events), len(r.order), len(order))
		}
	})
}
