package downlink

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestSearchesWaitForAPlaceAndGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{searches: make(chan struct{}, 1)}
		ctx, cancel := context.WithTimeout(t.Context(), answerWithin)
		defer cancel()
		block, blocked := make(chan struct{}), make(chan error, 1)
		go func() {
			_, err := s.search(ctx, &call{}, endpoint{do: func(context.Context, *call) (any, error) { <-block; return 1, nil }})
			blocked <- err
		}()
		synctest.Wait()
		began := time.Now()
		_, err := s.search(ctx, &call{}, endpoint{})
		if r := new(refusal); !errors.As(err, &r) || r.say != saySearches || time.Since(began) != answerWithin {
			t.Errorf("a search without a place = %v after %v, want %q after %v", err, time.Since(began), saySearches.reason, answerWithin)
		}
		close(block)
		if err := <-blocked; err != nil {
			t.Errorf("the search that had the place: %v", err)
		}
	})
}

func TestASearchThatTakesTooLongSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{searches: make(chan struct{}, 1)}
		ctx, cancel := context.WithTimeout(t.Context(), answerWithin)
		defer cancel()
		for range 2 { // the place is free again
			_, err := s.search(ctx, &call{}, endpoint{do: func(ctx context.Context, _ *call) (any, error) {
				<-ctx.Done()
				return nil, errors.New("interrupted")
			}})
			if r := new(refusal); !errors.As(err, &r) || r.say != saySlow && r.say != saySearches {
				t.Errorf("search = %v, want %q", err, saySlow.reason)
			}
		}
	})
}
