package reply

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
)

// What follows are moments too short to be met from outside.

func TestAnOrderHandedToAPostThatIsLeavingIsTakenAlong(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		ev := &event{id: "A", ended: make(chan struct{})}
		s.rememberLocked(ev, keyA)
		c := s.joinLocked(ev)
		told, err := s.hand(t.Context(), "A", Raise)
		if err != nil || len(told) != 1 {
			t.Fatalf("hand = %d posts, %v; want 1", len(told), err)
		}
		a := s.leave(ev, c)
		if a.order != Raise {
			t.Fatalf("the post left with %v, want the order", a.order)
		}
		a.drop()
		if err := <-told[0]; !errors.Is(err, errGone) {
			t.Errorf("the asker was told %v, want errGone", err)
		}
	})
}

func TestAnOrderThatMeetsAHangUpIsNeverLeftWaiting(t *testing.T) {
	for range 100 {
		inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
			s.dealt = waitForEnd
			ctx, hangUp := context.WithCancel(t.Context())
			post := s.pushLater(ctx, carA(), keyA)
			hangUp()
			err := s.Gate().RaiseFor(t.Context(), s.seen[0].ID) // returns, or the bubble is deadlocked
			if got := <-post; (got.answer.Order == Raise) != (err == nil) {
				t.Fatalf("answer = %+v, RaiseFor = %v", got, err)
			}
		})
	}
}

func TestOnlyTheNewestPostOfAnEventTakesTheText(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		ev := &event{id: "A", ended: make(chan struct{})}
		first, second := s.joinLocked(ev), s.joinLocked(ev)
		s.carry(t, s.Tray(0, time.Minute), "a")
		if got := s.Desk.carry(ev, first, ask{order: Raise}); got.Frames != nil {
			t.Errorf("the first post carries %q, want nothing", laid(got))
		}
		if got := laid(s.Desk.carry(ev, second, ask{order: Raise})); !cmp.Equal(got, []string{"0 a"}) {
			t.Errorf("the second post carries %q, want the text", got)
		}
	})
}

func TestACameraThatHungUpIsSentNothingAndTheAskerIsSentOn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w, done := httptest.NewRecorder(), make(chan error, 1)
	if err := Send(w, httptest.NewRequestWithContext(ctx, "POST", "/", nil), "body", Answer{Order: Raise, done: []chan<- error{done}}); err != nil {
		t.Errorf("Send = %v", err)
	}
	if err := <-done; !errors.Is(err, errGone) || w.Body.Len() != 0 {
		t.Errorf("the asker was told %v, %d bytes were sent; want errGone, none", err, w.Body.Len())
	}
}

func TestAnAnswerThatCannotBeWrittenIsNoOpening(t *testing.T) {
	done := make(chan error, 1)
	err := Send(brokenWriter{httptest.NewRecorder()}, httptest.NewRequest("POST", "/", nil), "body", Answer{Order: Raise, done: []chan<- error{done}})
	if told := <-done; !errors.Is(err, drivers.ErrOffline) || !errors.Is(told, drivers.ErrOffline) {
		t.Errorf("Send = %v, the asker was told %v; want ErrOffline", err, told)
	}
}

// A brokenWriter is a connection that breaks under the answer.
type brokenWriter struct{ *httptest.ResponseRecorder }

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("connection reset") }
