package camera

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// delivered returns a deliver that counts its calls and ends with err at once.
func delivered(n *int, err error) func() (<-chan error, error) {
	return func() (<-chan error, error) {
		*n++
		done := make(chan error, 1)
		done <- err
		return done, nil
	}
}

func TestAnEventIsDeliveredOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Recent
		n := 0
		for _, keys := range [][]string{{"a", "b"}, {"b"}, {"a"}, {"c", "a"}} {
			if err := r.Once(keys, nil, time.Second, delivered(&n, nil)); err != nil {
				t.Fatal(err)
			}
		}
		if n != 1 {
			t.Errorf("delivered %d times, want once", n)
		}
		if err := r.Once([]string{"d"}, nil, time.Second, delivered(&n, nil)); err != nil || n != 2 {
			t.Errorf("another event: %v, delivered %d times, want 2", err, n)
		}
		if err := r.Once([]string{"e"}, []string{"d"}, time.Second, delivered(&n, nil)); err != nil || n != 2 {
			t.Errorf("what comes after one that is known: %v, delivered %d times, want 2", err, n)
		}
		if err := r.Once([]string{"f"}, []string{"e"}, time.Second, delivered(&n, nil)); err != nil || n != 3 {
			t.Errorf("what comes after one that was not delivered: %v, delivered %d times, want 3", err, n)
		}
		n = 2
		<-time.After(11 * time.Minute) // the bubble's clock
		if err := r.Once([]string{"a"}, nil, time.Second, delivered(&n, nil)); err != nil || n != 3 {
			t.Errorf("after a while: %v, delivered %d times, want 3", err, n)
		}
	})
}

func TestAnEventThatWasNotTakenIsDeliveredAgain(t *testing.T) {
	var r Recent
	n := 0
	for _, want := range []error{ErrUnwatched, errors.New("lane stopped"), nil, nil} {
		deliver := delivered(&n, want)
		if want == ErrUnwatched {
			deliver = func() (<-chan error, error) { n++; return nil, ErrUnwatched }
		}
		if err := r.Once([]string{"a"}, nil, time.Second, deliver); !errors.Is(err, want) {
			t.Errorf("Once = %v, want %v", err, want)
		}
	}
	if n != 3 {
		t.Errorf("tried %d times, want 3", n)
	}
}

func TestACopyWaitsForTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Recent
		result := make(chan error)
		errs := make(chan error, 2)
		for range 2 {
			go func() { // ends with the result
				errs <- r.Once([]string{"a"}, nil, time.Minute, func() (<-chan error, error) { return result, nil })
			}()
		}
		synctest.Wait()
		stopped := errors.New("lane stopped")
		result <- stopped
		for range 2 {
			if err := <-errs; !errors.Is(err, stopped) {
				t.Errorf("Once = %v, want what became of the event", err)
			}
		}
		start := time.Now()
		never := func() (<-chan error, error) { return make(chan error), nil }
		if err := r.Once([]string{"slow"}, nil, 5*time.Second, never); err != nil || time.Since(start) != 5*time.Second {
			t.Errorf("a slow lane: %v after %v, want nil after 5s", err, time.Since(start))
		}
	})
}

func TestMemoryOfEventsIsBounded(t *testing.T) {
	var r Recent
	n := 0
	for i := range 3 * recentMost {
		if err := r.Once([]string{fmt.Sprint(i)}, nil, time.Second, delivered(&n, nil)); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.events) != recentMost {
		t.Errorf("%d events remembered, want %d", len(r.events), recentMost)
	}
}
