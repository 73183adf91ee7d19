package reply

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
)

// A site is a desk whose lane is watching, in a testing/synctest bubble.
type site struct {
	*Desk
	t *testing.T

	mu   sync.Mutex            // guards seen while the lane runs
	seen []drivers.Recognition // by the lane

	// dealt is what the lane does with an event before it is done with it; nil: nothing.
	dealt func(context.Context, drivers.Recognition)
	stop  func() // stops the lane
}

// inBubble runs test with a site in a bubble of its own.
func inBubble(t *testing.T, gate GateConfig, test func(t *testing.T, s *site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		inbox := new(camera.Inbox)
		s := &site{t: t, Desk: NewDesk(Config{
			Device: "C1", Inbox: inbox, Reply: 2 * time.Second, Silence: time.Minute, Now: time.Now, Gate: gate,
		})}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { // ends with stop
			ended <- inbox.Watch(ctx, func(ctx context.Context, rec drivers.Recognition) {
				s.mu.Lock()
				s.seen = append(s.seen, rec)
				s.mu.Unlock()
				if s.dealt != nil {
					s.dealt(ctx, rec)
				}
			})
		}()
		s.stop = func() {
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("Watch = %v", err)
			}
			s.stop = func() {}
		}
		defer func() { s.stop() }()
		synctest.Wait()
		s.Hear()
		test(t, s)
	})
}

// A told is how a contact ended.
type told struct {
	answer Answer
	err    error
	after  time.Duration
}

// push is one post of an event, whose answer is written at once. It returns when
// the lane knows of that.
func (s *site) push(ctx context.Context, rec drivers.Recognition, key Key) told {
	got := s.post(ctx, rec, key)
	synctest.Wait()
	return got
}

func (s *site) post(ctx context.Context, rec drivers.Recognition, key Key) told {
	start := time.Now()
	answer, err := s.Decide(ctx, rec, key)
	answer.Written(nil)
	return told{answer, err, time.Since(start)}
}

// pushLater is push while the test goes on. It returns once the post waits or
// was answered.
func (s *site) pushLater(ctx context.Context, rec drivers.Recognition, key Key) <-chan told {
	done := make(chan told, 1)
	go func() { done <- s.post(ctx, rec, key) }() // ends with the answer
	synctest.Wait()
	return done
}

// carA is what a camera says of a car; keyA is what it is known by.
func carA() drivers.Recognition {
	return drivers.Recognition{ID: "s1-1", Plate: "粤B0000A", At: time.Now()}
}

var (
	keyA = KeyOf("s1", "1")
	keyB = KeyOf("s1", "2")
)

// waitForEnd is a lane that does not get done by itself.
func waitForEnd(ctx context.Context, _ drivers.Recognition) { <-ctx.Done() }
