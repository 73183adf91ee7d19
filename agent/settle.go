package agent

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"parkagent/agent/lane"
)

// waiting holds sessions on their way from whoever must not wait to whoever works
// on them.
type waiting struct {
	mu       sync.Mutex // guards the following field
	sessions []string

	more chan struct{} // has room for one; full while sessions is not empty
}

func newWaiting() waiting { return waiting{more: make(chan struct{}, 1)} }

// add queues a session. It never blocks.
func (w *waiting) add(session string) {
	w.mu.Lock()
	w.sessions = append(w.sessions, session)
	w.mu.Unlock()
	select {
	case w.more <- struct{}{}:
	default:
	}
}

func (w *waiting) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.sessions
	w.sessions = nil
	return taken
}

// settlements carries paid sessions from whoever booked a payment, who must
// answer fast, to the exit lanes, which move gates.
type settlements struct{ waiting }

func newSettlements() *settlements { return &settlements{newWaiting()} }

// tellWithin bounds how long a lane that is busy with another car is waited
// for. The session stays paid: the car is let out when it is recognised again.
const tellWithin = 10 * time.Second

// run tells every exit of each session that was paid for until ctx is done.
// Nothing waits for anything else, so that a lane with a broken gate delays no
// other, and no later payment either.
func (s *settlements) run(ctx context.Context, exits []*lane.Lane, log *slog.Logger) error {
	var calls sync.WaitGroup // each ends after tellWithin
	defer calls.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.more:
		}
		for _, session := range s.take() {
			for _, l := range exits {
				calls.Go(func() { tell(ctx, l, session, log) })
			}
		}
	}
}

func tell(ctx context.Context, l *lane.Lane, session string, log *slog.Logger) {
	c, cancel := context.WithTimeout(ctx, tellWithin)
	defer cancel()
	if err := l.Paid(c, session); err != nil && ctx.Err() == nil {
		log.Warn("lane not told of a payment", "lane", l.Code(), "session", session, "error", err)
	}
}
