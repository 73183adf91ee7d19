// Package agent is the car park's edge agent: it wires lanes, books, platforms and devices together and keeps them running.
//
// New checks and builds, Run lives until its context is done. The parts know
// each other only through what New hands them: lanes get their devices and the
// rules, the downlink gets the billing desk, the rules and the lanes, each uplink
// gets the journal. Which driver stands behind a device is decided outside, in
// cmd/parkagent.
//
// A part that fails is started again with growing pauses, and the others go
// on: a broken platform closes no gate, a broken camera stops no report. Only
// what makes the whole useless ends Run: the store and the listening addresses.
package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/agent/codes"
	"parkagent/agent/config"
	"parkagent/agent/console"
	"parkagent/agent/lane"
	"parkagent/agent/pictures"
	"parkagent/agent/slips"
	"parkagent/agent/wallclock"
	"parkagent/store"
)

// A Config is what an agent is made of.
type Config struct {
	Site    *config.Config
	Devices Devices
	Clock   *wallclock.Clock // nil means the machine's clock, believed always
	Log     *slog.Logger     // nil discards
	// Listener, when not nil, is where the API answers instead of the
	// configured address. The agent closes it.
	Listener net.Listener
	// ConsoleListener is the same for booths and pay machines. Nothing answers
	// there without a pay machine, unless the configuration gives an address.
	ConsoleListener net.Listener
}

// Devices are the drivers behind the configured devices, by device code.
type Devices struct {
	Gates    map[string]lane.Gate
	Displays map[string]lane.Display
	Cameras  map[string]lane.Camera
	// Pushes take what cameras post. The agent has checked the sender's
	// address and the path's token, and taken both off the path.
	Pushes   map[string]http.Handler
	Scanners map[string]codes.Scanner
	Printers map[string]slips.Printer
	// Run is what the drivers need running, such as shared lines.
	Run []Part
}

// A Part is something that runs until its context is done.
type Part struct {
	Name string // for the log
	Run  func(context.Context) error
}

// An Agent is a car park's agent. Build it with New; it runs once.
type Agent struct {
	cfg      Config
	log      *slog.Logger
	clock    *wallclock.Clock
	pictures *pictures.Store
	settled  *settlements
	silences map[string]*silence // by device code
	failures chan checked        // of devices of which the watch should know before it asks
}

// New builds an agent and checks that every device of every lane has a driver.
// It opens nothing.
func New(cfg Config) (*Agent, error) {
	if cfg.Site == nil {
		return nil, errors.New("agent: no configuration")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Clock == nil {
		cfg.Clock = wallclock.New(time.Time{})
	}
	for _, l := range cfg.Site.Lanes {
		if cfg.Devices.Gates[l.Gate] == nil {
			return nil, fmt.Errorf("lane %s: no driver for gate %q", l.Code, l.Gate)
		}
		if l.Display != "" && cfg.Devices.Displays[l.Display] == nil {
			return nil, fmt.Errorf("lane %s: no driver for display %q", l.Code, l.Display)
		}
		if l.Camera != "" && cfg.Devices.Cameras[l.Camera] == nil {
			return nil, fmt.Errorf("lane %s: no driver for camera %q", l.Code, l.Camera)
		}
		if l.Scanner != "" && cfg.Devices.Scanners[l.Scanner] == nil {
			return nil, fmt.Errorf("lane %s: no driver for scanner %q", l.Code, l.Scanner)
		}
		if l.Printer != "" && cfg.Devices.Printers[l.Printer] == nil {
			return nil, fmt.Errorf("lane %s: no driver for printer %q", l.Code, l.Printer)
		}
	}
	return &Agent{
		cfg: cfg, log: cfg.Log, clock: cfg.Clock,
		pictures: pictures.New(filepath.Join(cfg.Site.Store.Dir, "images"), cfg.Site.Park.Zone),
		settled:  newSettlements(),
		silences: silences(cfg.Site.Devices),
		failures: make(chan checked),
	}, nil
}

// ErrInUse means that another agent works on the same data folder, and would
// move the same gates.
var ErrInUse = errors.New("another agent works on the data folder")

// A ConsoleError is that the address for booths and pay machines could not be
// opened.
type ConsoleError struct{ Err error }

// Error says so.
func (e *ConsoleError) Error() string { return "open console: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *ConsoleError) Unwrap() error { return e.Err }

// DatabasePath returns where the books of a site are.
func DatabasePath(site *config.Config) string { return filepath.Join(site.Store.Dir, "park.db") }

// Run opens the books, starts every part and lives until ctx is done; then it
// stops within seconds and returns nil, also when it has not started yet.
func (a *Agent) Run(ctx context.Context) (err error) {
	if !a.clock.Trusted() {
		a.log.Warn("the clock is wrong: it is earlier than this program", "now", a.clock.Now())
	}
	// The addresses first: a second agent on the same site must fail before it
	// touches the books.
	listener, err := listen(ctx, a.cfg.Listener, a.cfg.Site.API.Listen)
	if err != nil {
		return unlessStopped(ctx, fmt.Errorf("open api: %w", err))
	}
	defer func() { err = errors.Join(err, closed(listener)) }()
	var console net.Listener
	if a.cfg.Site.Console.Booths || len(a.kiosks()) > 0 {
		if console, err = listen(ctx, a.cfg.ConsoleListener, a.cfg.Site.Console.Listen); err != nil {
			return unlessStopped(ctx, &ConsoleError{err})
		}
		defer func() { err = errors.Join(err, closed(console)) }()
	}
	lock, err := a.lock(ctx)
	if err != nil {
		return fmt.Errorf("lock the data folder: %w", err) // even when ctx is done: it would not have started
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	db, err := store.Open(ctx, store.Options{Path: DatabasePath(a.cfg.Site), Now: a.clock.Now, Log: a.log})
	if err != nil {
		return unlessStopped(ctx, fmt.Errorf("open store: %w", err))
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := a.syncSite(ctx, db); err != nil {
		return unlessStopped(ctx, fmt.Errorf("take over the configuration: %w", err))
	}
	all, err := a.assemble(db)
	if err != nil {
		return err
	}
	a.log.Info("agent started", "api", listener.Addr().String(), "lanes", len(a.cfg.Site.Lanes), "platforms", len(a.cfg.Site.Platforms))
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.serve(ctx, listener, all.api, func() {}) })
	if console != nil {
		g.Go(func() error { return a.serve(ctx, console, all.console, all.booths.Close) })
	}
	for _, p := range all.parts {
		g.Go(func() error { return supervise(ctx, p, a.log) })
	}
	err = g.Wait()
	a.log.Info("agent stopped")
	return err
}

// unlessStopped returns err, or nil when ctx is done: what a stop interrupts has
// not failed. What comes out of an interrupted opening is the database's own
// error more often than the context's, so its kind tells nothing.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// lockName is the file in the data folder that a running agent has locked.
const lockName = "agent.lock"

// A command that looks whether an agent is there has the lock for an instant, see
// Running. It must not keep an agent from starting.
const (
	lockTries = 5
	lockPause = 20 * time.Millisecond
)

// lock makes the data folder this agent's own until the file is closed.
// Commands that only look, or settle what platforms refused, need no lock.
func (a *Agent) lock(ctx context.Context) (*os.File, error) {
	dir := a.cfg.Site.Store.Dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		f, err := lockFile(filepath.Join(dir, lockName))
		if !errors.Is(err, ErrInUse) || try == lockTries {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(lockPause):
		}
	}
}

// listen returns l, or a listener on an address when l is nil.
func listen(ctx context.Context, l net.Listener, address string) (net.Listener, error) {
	if l != nil {
		return l, nil
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", address)
}

// closed closes l, which a server may have done already.
func closed(l net.Listener) error {
	if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// An assembly is what an agent runs: parts, and what answers on its addresses.
type assembly struct {
	parts   []Part
	api     http.Handler
	console http.Handler
	booths  *console.Booths // of the console
}

// assemble builds the parts on an open store.
func (a *Agent) assemble(db *store.DB) (assembly, error) {
	site := a.cfg.Site
	all := assembly{parts: slices.Clone(a.cfg.Devices.Run)}
	clients, err := a.clients()
	if err != nil {
		return all, err
	}
	questions, err := a.questions(clients)
	if err != nil {
		return all, err
	}
	desk, err := billing.New(billing.Config{
		DB: db, Tariffs: site.Tariffs, Calendar: site.Calendar, ParkCode: site.Park.Code, Zone: site.Park.Zone,
		OrderValid: site.Park.OrderValid, Delay: site.Park.Delay, RoundingLimit: site.Park.RoundingLimit,
		Zones: zones(site.Areas), CardGood: policy(site).CardGood, MaxFee: site.Access.MaxFee, MaxStay: site.Access.MaxStay,
		ClientDelays: clientDelays(site.Clients), KioskDelays: kioskDelays(site.Devices), BoothDelay: site.Park.BoothDelay,
		RestartAfterDelay: site.Park.RestartAfterDelay, Discounts: site.Discounts, DiscountOrder: site.Park.DiscountOrder,
		Earliest: a.clock.Floor(), Price: a.pricer(questions), QuestionTimeout: a.slowest(config.QuestionDeduct),
		Now: a.clock.Now, Log: a.log,
	}, a.settled.add)
	if err != nil {
		return all, err
	}
	consult := &consultation{
		db: db, desk: desk, asker: questions, done: a.settled.add, now: a.clock.Now, log: a.log, queue: newWaiting(),
	}
	rules, err := access.New(access.Config{
		DB: db, Bills: desk, Policy: policy(site), Products: products(site.Products), Priced: a.priced(), Changed: consult.queue.add, Now: a.clock.Now, Log: a.log,
	})
	if err != nil {
		return all, err
	}
	lanes, err := a.lanes(db, rules, consult.queue.add)
	if err != nil {
		return all, err
	}
	var exits []*lane.Lane
	for i, l := range lanes {
		all.parts = append(all.parts, Part{Name: "lane " + l.Code(), Run: l.Run})
		if !site.Lanes[i].Entry && site.Lanes[i].To == 0 { // nobody pays between two areas
			exits = append(exits, l)
		}
	}
	all.parts = append(all.parts,
		Part{Name: "inquiries", Run: a.inquiries},
		Part{Name: "unseen exits", Run: rules.Run},
		Part{Name: "consultation", Run: consult.run},
		Part{Name: "settlements", Run: func(ctx context.Context) error { return a.settled.run(ctx, exits, a.log) }})
	boards, err := a.placeBoards()
	if err != nil {
		return all, err
	}
	if checks := a.checks(); len(checks)+len(boards) > 0 {
		all.parts = append(all.parts, Part{Name: "devices of no lane", Run: func(ctx context.Context) error { return a.watch(ctx, db, checks, boards) }})
	}
	till := codes.NewTill(desk, questions)
	press, counters, err := a.counters(db, desk, till, lanes)
	if err != nil {
		return all, err
	}
	all.parts = append(all.parts, counters...)
	uplinks, err := a.uplinks(db, clients, consult.queue.add)
	if err != nil {
		return all, err
	}
	all.parts = append(all.parts, uplinks...)
	api, err := a.downlink(db, desk, rules, lanes)
	if err != nil {
		return all, err
	}
	all.api = a.routes(api)
	if all.booths, err = a.booths(db, desk, rules, questions, press, lanes); err != nil {
		return all, err
	}
	all.console, err = a.console(db, desk, questions, till, press, lanes, all.booths)
	return all, err
}

// lanes builds the lanes in the order of the configuration.
// ask is told of stays that platforms are to be asked about; it does not block.
func (a *Agent) lanes(db *store.DB, rules *access.Rules, ask func(session string)) ([]*lane.Lane, error) {
	site := a.cfg.Site
	var lanes []*lane.Lane
	within := a.askWithin()
	for _, c := range site.Lanes {
		lc := lane.Config{
			Code: c.Code, Name: c.Name, Direction: lane.Entry, Area: c.To,
			Gate: a.cfg.Devices.Gates[c.Gate], GateCode: c.Gate, DisplayCode: c.Display, CameraCode: c.Camera,
			Park: site.Park.Name, Language: site.Park.Language, Location: site.Park.Zone, Texts: site.Texts, Dedupe: c.Dedupe, Late: c.Late, BookOffline: c.BookOffline,
			Rules: rules, Ask: ask, AskWithin: within, DB: db, Now: a.clock.Now, Log: a.log,
		}
		if !c.Entry {
			lc.Direction, lc.Area = lane.Exit, c.From
		}
		if c.From != 0 && c.To != 0 {
			lc.From, lc.To = c.From, c.To
		}
		if c.Display != "" {
			lc.Display = a.cfg.Devices.Displays[c.Display]
		}
		if c.Camera != "" {
			lc.Camera = a.cfg.Devices.Cameras[c.Camera]
			ip := a.device(c.Camera).IP
			lc.SavePicture = func(jpeg []byte, at time.Time) (string, error) { return a.pictures.Save(jpeg, ip, at) }
		}
		l, err := lane.New(lc)
		if err != nil {
			return nil, err
		}
		lanes = append(lanes, l)
	}
	return lanes, nil
}

// device returns the configuration of a device, the zero value if there is
// none with that code.
func (a *Agent) device(code string) config.Device {
	for _, d := range a.cfg.Site.Devices {
		if d.Code == code {
			return d
		}
	}
	return config.Device{}
}

// pauseMax is the longest pause before a failed part is started again.
const pauseMax = 30 * time.Second

// supervise runs a part again and again until ctx is done, with growing pauses
// while it fails at once.
func supervise(ctx context.Context, p Part, log *slog.Logger) error {
	pause := time.Second
	for {
		started := time.Now()
		err := p.Run(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(started) > pauseMax {
			pause = time.Second
		}
		log.Error("part failed, starts again", "part", p.Name, "error", err, "pause", pause)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, pauseMax)
	}
}
