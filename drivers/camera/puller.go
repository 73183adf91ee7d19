package camera

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"parkagent/drivers"
)

// Between two attempts to get at a camera's events. A pause is longer or shorter
// by a fifth, as chance has it, so the longest is one of 30 s.
const (
	shortestPause = time.Second
	longestPause  = 25 * time.Second
	pauseSpread   = 0.2
)

// A Puller keeps up the connection by which a camera is asked for its events. It
// tells of an outage when it begins and when it ends. Its zero value is ready.
type Puller struct {
	mu  sync.Mutex // guards the following field
	err error      // why no events come now
}

// Run calls attempt again and again until ctx is done, with pauses that grow to
// 30 s while it fails. An attempt lasts as long as events come; it calls well
// once they do, and returns what ended that, or nil when ctx is done.
func (p *Puller) Run(ctx context.Context, log *slog.Logger, attempt func(ctx context.Context, well func()) error) {
	defer p.set(nil)
	pauses := &backoff.ExponentialBackOff{
		InitialInterval: shortestPause, Multiplier: 2, MaxInterval: longestPause, RandomizationFactor: pauseSpread,
	}
	pauses.Reset()
	var began time.Time
	attempts := 0
	well := func() {
		pauses.Reset()
		if p.Err() != nil {
			log.Info("camera's events come again", "attempts", attempts, "after", time.Since(began).Round(time.Second))
		}
		p.set(nil)
		attempts = 0
	}
	for {
		err := attempt(ctx, well)
		if ctx.Err() != nil {
			return
		}
		was := p.Err()
		if was == nil {
			began = time.Now()
		}
		attempts++
		level := slog.LevelDebug
		if drivers.FaultOf(err) != drivers.FaultOf(was) {
			level = slog.LevelWarn
		}
		log.Log(ctx, level, "camera's events do not come", "err", err)
		p.set(err)

		pause := time.NewTimer(pauses.NextBackOff())
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return
		}
	}
}

// Err returns why no events come now, or nil.
func (p *Puller) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *Puller) set(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}
