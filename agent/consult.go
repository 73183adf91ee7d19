package agent

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"parkagent/agent/billing"
	"parkagent/agent/uplink"
	"parkagent/protocol"
	"parkagent/store"
)

// A consultation asks platforms about the stay of a car that waits at an exit:
// what it costs, where a platform prices, and whether the fee can be deducted,
// where one has promised to. Lanes move gates and must not wait for a network,
// so it happens beside them; each lane looks again when it is over.
//
// A driver may sign up, or be given a card or a booking, while the car stands
// there. So it is also told of each stay that may cost less than before, or whose
// fee a platform will deduct, and does nothing about those of cars elsewhere.
//
// That a deduction is asked for is committed before. When the agent dies in
// between, nobody knows what came of it: the driver pays here, and the platform
// is told to reverse it when the car has left (uplink 2.6).
type consultation struct {
	db    *store.DB
	desk  *billing.Desk
	asker asker
	done  func(session string) // told when the lane is to look again; never blocks
	now   func() time.Time
	log   *slog.Logger
	queue waiting
}

// An asker puts questions to platforms. [uplink.Questions] is one.
type asker interface {
	// Deductor returns whom to ask for a stay, if anybody.
	Deductor(s store.Session) (string, bool)
	// Deduct returns what the platform took. A *protocol.RefusedError is a
	// definite no, and so is uplink.ErrNotSent; after any other error nobody
	// knows.
	Deduct(ctx context.Context, platform string, s store.Session, amount int64, at time.Time) (int64, error)
}

// run asks about one stay after the other as they come, each on its own, until
// ctx is done.
func (c *consultation) run(ctx context.Context) error {
	var calls sync.WaitGroup // each ends with its questions' deadlines
	defer calls.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.queue.more:
		}
		for _, session := range c.queue.take() {
			calls.Go(func() { c.about(ctx, session) })
		}
	}
}

// about asks what there is to ask about one stay, if its car waits at an exit.
func (c *consultation) about(ctx context.Context, session string) {
	s, waits, err := c.atExit(ctx, session)
	if err == nil && !waits {
		return
	}
	defer c.done(session)
	if err != nil {
		c.log.Error("consult platforms", "session", session, "error", err)
		return
	}
	c.desk.AskPrice(ctx, s)
	if !s.Seamless {
		return
	}
	if err := c.deduct(ctx, s); err != nil && ctx.Err() == nil {
		c.log.Error("deduct a fee", "session", session, "error", err)
	}
}

// atExit returns a stay, and whether its car waits at an exit for all that the books
// know.
func (c *consultation) atExit(ctx context.Context, session string) (store.Session, bool, error) {
	s, err := c.db.Session(ctx, session)
	if err != nil || s.State != store.Inside {
		return s, false, err
	}
	cars, err := c.db.LaneCars(ctx)
	return s, slices.ContainsFunc(cars, func(at store.LaneCar) bool { return at.Session == s.ID && at.Lane == s.ExitLane }), err
}

// noteWithin bounds booking an answer, which also an agent that stops still does.
const noteWithin = 3 * time.Second

func (c *consultation) deduct(ctx context.Context, s store.Session) error {
	platform, ok := c.asker.Deductor(s)
	if !ok {
		return nil
	}
	d, s, ok, err := c.desk.BeginDeduction(ctx, s.ID, platform)
	if err != nil || !ok {
		return err
	}
	taken, err := c.asker.Deduct(ctx, platform, s, d.Asked, c.now())
	answer := billing.DeductionAnswer{Known: err == nil, Amount: taken}
	if err != nil {
		answer.Reason = err.Error()
		answer.Known = errors.As(err, new(*protocol.RefusedError)) || errors.Is(err, uplink.ErrNotSent)
	}
	note, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
	defer cancel()
	return c.desk.EndDeduction(note, d.ID, answer)
}
