package reply

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"parkagent/drivers"
	"parkagent/drivers/camera"
)

// The moment is too short to be met from outside: a push is answered while its
// order is on the way to it.
func TestAnOrderIsHandedOverOrRefusedButNeverKept(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		var raised error
		s.dealt = func(ctx context.Context, rec drivers.Recognition) {
			ev := s.events[rec.ID]
			s.leave(ev, ev.waiting[0]) // as the answer does
			raised = s.Gate().RaiseFor(ctx, rec.ID)
		}
		if got := s.push(t.Context(), carA(), keyA); got.err != nil || got.answer.Order != Nothing {
			t.Errorf("answer = %+v, want nothing", got)
		}
		if !errors.Is(raised, drivers.ErrRefused) {
			t.Errorf("RaiseFor = %v, want ErrRefused", raised)
		}
	})
}

func TestASlowLaneIsAnsweredForInTime(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		s.dealt = waitForEnd
		if got := s.push(t.Context(), carA(), keyA); got.err != nil || got.answer.Order != Nothing || got.after != 2*time.Second {
			t.Errorf("answer = %+v, want nothing after 2s", got)
		}
	})
}

func TestAnEventSentAgainWaitsWithTheFirst(t *testing.T) {
	tests := []struct {
		name  string
		opens bool
	}{{"and opens with it", true}, {"and stays shut with it", false}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
				s.dealt = func(ctx context.Context, rec drivers.Recognition) {
					<-time.After(time.Second) // of the bubble, as below
					if tt.opens {
						if err := s.Gate().RaiseFor(ctx, rec.ID); err != nil {
							t.Errorf("RaiseFor = %v", err)
						}
					}
				}
				first := s.pushLater(t.Context(), carA(), keyA)
				<-time.After(500 * time.Millisecond)
				want := Nothing
				if tt.opens {
					want = Raise
				}
				again := carA()
				again.Offline = true // some firmware says so of every one that comes again
				second := s.push(t.Context(), again, keyA)
				if second.err != nil || second.answer.Order != want || second.after != 500*time.Millisecond {
					t.Errorf("second answer = %+v, want %v after 500ms", second, want)
				}
				if got := <-first; got.err != nil || got.answer.Order != want {
					t.Errorf("first answer = %+v, want %v", got, want)
				}
				if len(s.seen) != 1 {
					t.Errorf("the lane saw %d events, want 1", len(s.seen))
				}
			})
		})
	}
}

func TestAnEventSentAgainAfterTheCameraHungUpOpens(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		s.dealt = func(ctx context.Context, rec drivers.Recognition) {
			<-time.After(time.Second)
			if err := s.Gate().RaiseFor(ctx, rec.ID); err != nil {
				t.Errorf("RaiseFor = %v", err)
			}
		}
		ctx, hangUp := context.WithCancel(t.Context())
		first := s.pushLater(ctx, carA(), keyA)
		hangUp()
		synctest.Wait()
		if second := s.push(t.Context(), carA(), keyA); second.answer.Order != Raise {
			t.Errorf("second answer = %+v, want raise", second)
		}
		if got := <-first; got.answer.Order != Nothing {
			t.Errorf("first answer = %+v, want nothing: nobody reads it", got)
		}
	})
}

func TestAnEventSentAgainLaterStaysShut(t *testing.T) {
	tests := []struct {
		name string
		lane func(*Gate) func(context.Context, drivers.Recognition)
		sent func(*drivers.Recognition)
	}{
		{"when it was opened for", raises, func(*drivers.Recognition) {}},
		{"when it was refused", nil, func(*drivers.Recognition) {}},
		{"when it was kept", nil, func(rec *drivers.Recognition) { rec.Offline = true }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
				if tt.lane != nil {
					s.dealt = tt.lane(s.Gate())
				}
				rec := carA()
				tt.sent(&rec)
				s.push(t.Context(), rec, keyA)
				for i := range 4 {
					<-time.After(lostFor * time.Duration(1+5*i))
					if got := s.push(t.Context(), rec, keyA); got.err != nil || got.answer.Order != Nothing || got.after != 0 {
						t.Errorf("answer = %+v, want nothing at once", got)
					}
				}
				if len(s.seen) != 1 {
					t.Errorf("the lane saw %d events, want 1", len(s.seen))
				}
			})
		})
	}
}

// raises is a lane that opens for every car.
func raises(g *Gate) func(context.Context, drivers.Recognition) {
	return func(ctx context.Context, rec drivers.Recognition) { _ = g.RaiseFor(ctx, rec.ID) }
}

func TestAnEventSentAgainRightAfterItWasOpenedForOpens(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		s.dealt = raises(s.Gate())
		s.push(t.Context(), carA(), keyA)
		<-time.After(lostFor - time.Second)
		if got := s.push(t.Context(), carA(), keyA); got.answer.Order != Raise || got.after != 0 {
			t.Errorf("answer = %+v, want raise at once: the first was not heard", got)
		}
		s.dealt = nil
		s.push(t.Context(), carA(), keyB)
		if got := s.push(t.Context(), carA(), keyA); got.answer.Order != Nothing {
			t.Errorf("answer = %+v, want nothing: another car came", got)
		}
		if len(s.seen) != 2 {
			t.Errorf("the lane saw %d events, want 2", len(s.seen))
		}
	})
	inBubble(t, GateConfig{Polls: true}, func(t *testing.T, s *site) {
		s.push(t.Context(), carA(), keyA)
		poll := s.pollLater(t.Context(), nil)
		if err := s.Gate().RaiseFor(t.Context(), s.seen[0].ID); err != nil {
			t.Error(err)
		}
		if got := <-poll; got.Order != Raise {
			t.Errorf("the poll carried %v, want raise", got.Order)
		}
		synctest.Wait()
		if got := s.push(t.Context(), carA(), keyA); got.answer.Order != Nothing {
			t.Errorf("answer = %+v, want nothing: it was not this one that opened", got)
		}
	})
}

func TestAnEventSentAgainOpensWhenTheLaneTriesAgain(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		s.dealt = waitForEnd
		s.push(t.Context(), carA(), keyA)
		id := s.seen[0].ID
		if err := s.Gate().RaiseFor(t.Context(), id); !errors.Is(err, drivers.ErrRefused) {
			t.Fatalf("RaiseFor of an event that was answered = %v, want ErrRefused", err)
		}
		again := s.pushLater(t.Context(), carA(), keyA)
		<-time.After(time.Second)
		if err := s.Gate().RaiseFor(t.Context(), id); err != nil {
			t.Errorf("second RaiseFor = %v, want nil: the camera sent the event again", err)
		}
		if got := <-again; got.answer.Order != Raise {
			t.Errorf("answer = %+v, want raise", got)
		}
		<-time.After(lostFor)
		if got := s.push(t.Context(), carA(), keyA); got.answer.Order != Nothing || got.after != 0 {
			t.Errorf("answer = %+v, want nothing at once: it was opened for", got)
		}
	})
}

func TestAnEventSentAgainWaitsForTheLanesNextTry(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		s.dealt = func(ctx context.Context, rec drivers.Recognition) {
			<-time.After(500 * time.Millisecond)
			if err := s.Gate().RaiseFor(ctx, rec.ID); !errors.Is(err, drivers.ErrRefused) {
				t.Errorf("RaiseFor without a post that waits = %v, want ErrRefused", err)
			}
			<-time.After(300 * time.Millisecond)
		}
		ctx, hangUp := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer hangUp()
		first := s.pushLater(ctx, carA(), keyA)
		<-time.After(600 * time.Millisecond) // between the try and the end of the event
		again := s.pushLater(t.Context(), carA(), keyA)
		<-time.After(time.Second)
		if err := s.Gate().RaiseFor(t.Context(), s.seen[0].ID); err != nil {
			t.Errorf("second RaiseFor = %v, want nil", err)
		}
		if got := <-again; got.answer.Order != Raise || got.after != time.Second {
			t.Errorf("answer = %+v, want raise after 1s", got)
		}
		<-first
	})
}

func TestAnEventThatTheLaneMayNotHaveDealtWithCountsAgain(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		s.dealt = waitForEnd
		first := s.pushLater(t.Context(), carA(), keyA)
		second := s.pushLater(t.Context(), carA(), keyA)
		s.stop()
		for name, c := range map[string]<-chan told{"first": first, "second": second} {
			if got := <-c; !errors.Is(got.err, context.Canceled) {
				t.Errorf("%s answer = %+v, want context.Canceled", name, got)
			}
		}
		if got := s.push(t.Context(), carA(), keyA); got.err == nil {
			t.Error("an event that nobody watches for was acknowledged")
		}
		if n := len(s.events) + len(s.Desk.seen); n != 0 {
			t.Errorf("%d events are remembered, want none", n)
		}
	})
}

func TestNoAnswerOpensForAnotherEvent(t *testing.T) {
	inBubble(t, GateConfig{Polls: true}, func(t *testing.T, s *site) {
		s.dealt = waitForEnd
		a := s.pushLater(t.Context(), carA(), keyA)
		b := s.pushLater(t.Context(), carA(), keyB)
		if err := s.Gate().RaiseFor(t.Context(), s.seen[1].ID); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Gate().Raise(ctx); !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("Raise = %v, want ErrOffline: no poll came", err)
		}
		if got := <-a; got.answer.Order != Nothing {
			t.Errorf("answer of A = %+v, want nothing", got)
		}
		if got := <-b; got.answer.Order != Raise {
			t.Errorf("answer of B = %+v, want raise", got)
		}
	})
}

func TestOnlySoManyPostsWaitAtOnce(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		s.dealt = waitForEnd
		var waiting []<-chan told
		for range maxWaiting {
			waiting = append(waiting, s.pushLater(t.Context(), carA(), Key{}))
		}
		var push *camera.PushError
		if got := s.post(t.Context(), carA(), Key{}); !errors.As(got.err, &push) || push.Status != http.StatusServiceUnavailable {
			t.Errorf("one more = %+v, want it told to come again", got)
		}
		for _, w := range waiting {
			if got := <-w; got.err != nil {
				t.Error(got.err)
			}
		}
		if got := s.post(t.Context(), carA(), Key{}); got.err != nil {
			t.Errorf("the next = %+v, want it taken", got)
		}
	})
}

// Whatever is sent again, hung up on, decided or given up, and in whatever order:
// an answer opens for its own event alone, no event reaches the lane twice, and
// nobody waits longer than Config.Reply.
func TestNoOrderOfThingsOpensForTheWrongCar(t *testing.T) {
	type step struct {
		Pause  time.Duration
		Post   int           // which event is sent, again or for the first time
		HangUp time.Duration // when its camera hangs up
	}
	rapid.Check(t, func(rt *rapid.T) {
		opens := rapid.SliceOfN(rapid.Bool(), 3, 3).Draw(rt, "opens")
		takes := rapid.SliceOfN(rapid.IntRange(0, 2500), 3, 3).Draw(rt, "takes") // ms
		steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) step {
			ms := func(most int, name string) time.Duration {
				return time.Duration(rapid.IntRange(0, most).Draw(rt, name)) * time.Millisecond
			}
			return step{ms(1500, "pause"), rapid.IntRange(0, 2).Draw(rt, "post"), ms(4000, "hang up")}
		}), 1, 10).Draw(rt, "steps")
		var wrong []string
		inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
			s.dealt = func(ctx context.Context, rec drivers.Recognition) {
				n := int(rec.Plate[0] - '0')
				select {
				case <-time.After(time.Duration(takes[n]) * time.Millisecond):
				case <-ctx.Done():
				}
				if opens[n] {
					_ = s.Gate().RaiseFor(ctx, rec.ID)
				}
			}
			var posts sync.WaitGroup
			var mu sync.Mutex // guards wrong
			at := time.Now()
			for _, step := range steps {
				<-time.After(step.Pause)
				posts.Go(func() { // ends with the answer
					ctx, cancel := context.WithTimeout(t.Context(), step.HangUp)
					defer cancel()
					plate := strconv.Itoa(step.Post)
					got := s.post(ctx, drivers.Recognition{Plate: plate, At: at}, KeyOf(plate))
					mu.Lock()
					defer mu.Unlock()
					if got.answer.Order == Raise && !opens[step.Post] || got.after > s.cfg.Reply || got.err != nil {
						wrong = append(wrong, fmt.Sprintf("post of event %d: %+v", step.Post, got))
					}
				})
			}
			posts.Wait()
			synctest.Wait()
			seen := map[string]bool{}
			for _, rec := range s.seen {
				if seen[rec.Plate] {
					wrong = append(wrong, "the lane saw event "+rec.Plate+" twice")
				}
				seen[rec.Plate] = true
			}
			for _, ev := range s.events {
				if len(ev.waiting) != 0 || !ev.isOver() {
					wrong = append(wrong, "a post waits for ever")
				}
			}
		})
		if len(wrong) > 0 {
			rt.Fatal(wrong)
		}
	})
}

func TestAnEventSentAgainAMinuteLaterStaysShut(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		s.dealt = waitForEnd
		s.push(t.Context(), carA(), keyA)
		if err := s.Gate().RaiseFor(t.Context(), s.seen[0].ID); !errors.Is(err, drivers.ErrRefused) {
			t.Fatalf("RaiseFor of an event that was answered = %v, want ErrRefused", err)
		}
		<-time.After(reopen)
		if got := s.push(t.Context(), carA(), keyA); got.answer.Order != Nothing || got.after != 0 {
			t.Errorf("answer = %+v, want nothing at once: nobody knows who stands there now", got)
		}
	})
}

func TestWhatIsNotKnownAgainIsForgotten(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		s.push(t.Context(), carA(), keyA)
		for range 3 {
			s.push(t.Context(), carA(), Key{}) // an event that cannot be known again
		}
		s.stop()
		for range 3 {
			if got := s.push(t.Context(), carA(), keyB); got.err == nil {
				t.Error("an event that nobody watches for was acknowledged")
			}
		}
		if len(s.events) != 1 || len(s.Desk.seen) != 1 || len(s.order) != 1 {
			t.Errorf("%d, %d and %d are remembered, want 1", len(s.events), len(s.Desk.seen), len(s.order))
		}
	})
}

func TestOnlySoManyEventsAreRemembered(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		for i := range maxSeen + 10 {
			ev := &event{id: unique(""), ended: make(chan struct{})}
			s.rememberLocked(ev, KeyOf(unique(""), string(rune(i))))
		}
		if len(s.Desk.seen) != maxSeen || len(s.events) != maxSeen || len(s.order) != maxSeen {
			t.Errorf("%d, %d and %d are remembered, want %d", len(s.Desk.seen), len(s.events), len(s.order), maxSeen)
		}
	})
}

func TestAnEventThatIsOldByTheCamerasClockNeverOpens(t *testing.T) {
	start := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	type event struct {
		at, received time.Duration
		late         bool
	}
	tests := []struct {
		name   string
		events []event
	}{
		{"in order", []event{{0, 0, false}, {time.Minute, time.Minute, false}, {time.Hour, time.Hour, false}}},
		{"kept for hours and sent in a burst", []event{
			{0, 0, false}, {time.Minute, 2 * time.Hour, true}, {time.Hour, 2*time.Hour + time.Second, true},
			{2*time.Hour + 3*time.Second, 2*time.Hour + 3*time.Second, false},
		}},
		{"by a clock that is a day slow", []event{{-24 * time.Hour, 0, false}, {-24*time.Hour + time.Minute, time.Minute, false}}},
		{"after the camera's clock was set back an hour", []event{
			{0, 0, false}, {-time.Hour + time.Minute, time.Minute, true}, {-time.Hour + 2*time.Minute, 2 * time.Minute, false},
			{-time.Hour + 3*time.Minute, 3 * time.Minute, false},
		}},
		{"after it was set on an hour", []event{{0, 0, false}, {time.Hour, time.Minute, false}, {time.Hour + time.Minute, 2 * time.Minute, false}}},
		{"after it was set back a month", []event{{0, 0, false}, {-720 * time.Hour, time.Minute, false}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c clock
			for i, e := range tt.events {
				if got := c.late(drivers.Recognition{At: start.Add(e.at)}, start.Add(e.received)); got != e.late {
					t.Errorf("event %d: late = %v, want %v", i, got, e.late)
				}
			}
		})
	}
	inBubble(t, GateConfig{Polls: true}, func(t *testing.T, s *site) {
		var raised error
		s.dealt = func(ctx context.Context, rec drivers.Recognition) { raised = s.Gate().RaiseFor(ctx, rec.ID) }
		s.push(t.Context(), carA(), keyA)
		old := carA()
		old.At = old.At.Add(-time.Hour)
		if got := s.push(t.Context(), old, keyB); got.answer.Order != Nothing || !errors.Is(raised, drivers.ErrRefused) {
			t.Errorf("answer = %+v, RaiseFor = %v; want nothing, ErrRefused", got, raised)
		}
	})
}

func TestACarIsNoOlderForOurOwnClockThatWasSet(t *testing.T) {
	for _, by := range []time.Duration{-time.Hour, time.Hour} {
		inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
			s.dealt = func(ctx context.Context, rec drivers.Recognition) {
				if err := s.Gate().RaiseFor(ctx, rec.ID); err != nil {
					t.Errorf("our clock set by %v: RaiseFor = %v", by, err)
				}
			}
			s.push(t.Context(), carA(), keyA)
			s.cfg.Now = func() time.Time { return time.Now().Add(by) }
			if got := s.push(t.Context(), carA(), keyB); got.answer.Order != Raise {
				t.Errorf("our clock set by %v: answer = %+v, want raise", by, got)
			}
		})
	}
}
