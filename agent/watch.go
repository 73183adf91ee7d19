package agent

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/agent/config"
	"parkagent/agent/health"
	"parkagent/agent/lane"
	"parkagent/agent/panel"
	"parkagent/drivers"
	"parkagent/store"
)

// Times of watching a device that no lane has.
const (
	watchFirst  = 3 * time.Second
	watchEvery  = 30 * time.Second
	watchWithin = 10 * time.Second
)

// checks are the devices that can be asked how they are and whom no lane asks, by
// code: those that belong to none, and scanners and printers, which stand at a lane and
// are called by others.
func (a *Agent) checks() map[string]panel.Checker {
	all := map[string]panel.Checker{}
	put := func(code string, driver any) {
		if a.ofLane(code) {
			return
		}
		switch d := driver.(type) {
		case panel.Checker:
			all[code] = d
		case lane.Gate:
			all[code] = gateCheck{d}
		}
	}
	for code, d := range a.cfg.Devices.Gates {
		put(code, d)
	}
	for code, d := range a.cfg.Devices.Displays {
		if a.device(code).Area == nil { // else its board asks it
			put(code, d)
		}
	}
	for code, d := range a.cfg.Devices.Cameras {
		put(code, d)
	}
	for code, d := range a.cfg.Devices.Scanners {
		put(code, d)
	}
	for code, d := range a.cfg.Devices.Printers {
		put(code, d)
	}
	for code, d := range a.silences {
		put(code, d)
	}
	return all
}

// A gateCheck asks a gate how it stands.
type gateCheck struct{ gate lane.Gate }

// Check reads the gate's inputs.
func (g gateCheck) Check(ctx context.Context) error {
	_, err := g.gate.State(ctx)
	return err
}

// A silence is a device that calls, and is missed when it has not for too long. A pay
// machine calls when somebody pays, which may be seldom; only an installer knows
// whether it calls without that, and how often.
type silence struct {
	most time.Duration

	mu   sync.Mutex // guards the following field
	last time.Time
}

// silences are the pay machines that have a longest silence, by code.
func silences(devices []config.Device) map[string]*silence {
	all := map[string]*silence{}
	for _, d := range devices {
		if d.Kind == config.KindKiosk && d.Silence > 0 {
			all[d.Code] = &silence{most: d.Silence, last: time.Now()}
		}
	}
	return all
}

// heard notes that a device called.
func (s *silence) heard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
}

// Check fails when the device has not called for too long.
func (s *silence) Check(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if quiet := time.Since(s.last); quiet > s.most {
		return fmt.Errorf("%w: it has not called for %v", drivers.ErrOffline, quiet.Round(time.Second))
	}
	return nil
}

// A checked is what came of a check.
type checked struct {
	code string
	err  error
}

// watch asks devices now and then how they are, and keeps the boards of free places
// right, until ctx is done. Each is dealt with apart from the others, so that one that
// hangs hides none.
func (a *Agent) watch(ctx context.Context, db *store.DB, checks map[string]panel.Checker, boards []*placeBoard) error {
	reporter := health.New(health.Config{DB: db, Language: a.cfg.Site.Park.Language, Now: a.clock.Now, Log: a.log})
	results := make(chan checked)
	g, ctx := errgroup.WithContext(ctx)
	for code, c := range checks {
		g.Go(func() error { return ask(ctx, code, c, results) })
	}
	for _, b := range boards {
		g.Go(func() error { return b.run(ctx, a, db, results) })
	}
	g.Go(func() error {
		t := time.NewTicker(health.SteadyFor)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case r := <-results:
				reporter.Report(ctx, r.code, r.err)
			case r := <-a.failures:
				reporter.Report(ctx, r.code, r.err)
			case <-t.C:
				reporter.Settle(ctx)
			}
		}
	})
	return g.Wait()
}

// ask asks one device again and again. A check that the device cannot do tells nothing.
func ask(ctx context.Context, code string, c panel.Checker, results chan<- checked) error {
	t := time.NewTimer(watchFirst)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		within, cancel := context.WithTimeout(ctx, watchWithin)
		err := c.Check(within)
		cancel()
		t.Reset(watchEvery)
		if errors.Is(err, errors.ErrUnsupported) {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case results <- checked{code: code, err: err}:
		}
	}
}
