// Package lane is one lane of the car park: the camera, the gate and the display that belong together, and the car between them.
//
// One goroutine owns a lane. Everything that happens there reaches it as an
// event: a recognition, a payment, a command from outside, the clock. The pure
// function decide turns the lane's state and an event into the next state and a list of commands;
// act.go carries the commands out, and what comes of them are events again.
// The rules (package access) commit before the gate moves.
//
// A driver without a plate scans a code instead of being recognised; where a
// platform prices or deducts, it is asked before the driver is, and the lane waits
// for that as it waits for a payment.
//
// A gate that does not follow is asked again while the car stands there; a
// dark display or a lost picture never holds a car; the arm is never commanded
// down by the lane itself, barriers close by their own loop.
package lane

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/agent/access"
	"parkagent/agent/health"
	"parkagent/agent/panel"
	"parkagent/agent/signs"
	"parkagent/drivers"
	"parkagent/store"
)

// A Direction tells which way cars pass a lane.
type Direction uint8

// The directions.
const (
	Entry Direction = 1 + iota
	Exit
)

// A Config describes one lane and holds its devices. The lane becomes the only
// caller of Gate and Display, each from one goroutine.
type Config struct {
	Code, Name string
	Direction  Direction
	Area       int // the area an entry leads to, or an exit from; 0 none
	From, To   int // of a lane between two areas of the car park, which it leads out of and into; 0 of any other

	Gate    Gate
	Display Display // nil: the lane has none
	Camera  Camera  // nil: the lane has none

	// Device codes, for the journal and the reports of their state.
	GateCode, DisplayCode, CameraCode string

	Park     string           // the car park's name, shown while no car stands there
	Language string           // "zh-CN" or "en"
	Location *time.Location   // of times that are shown; nil means UTC
	Texts    []signs.Template // the car park's own, for any lane; nil: those of the program

	Dedupe time.Duration // recognitions of a plate this close together are one event; 0 means 30 s
	// Twice is how shortly after a decision at another lane the same plate is a
	// car that two cameras see, which is then left to that lane; 0 means 5 s.
	Twice time.Duration
	Late  time.Duration // a recognition older than this by the camera's clock opens nothing; 0 means 5 minutes
	// BookOffline books what a camera tells late of, and says so itself, as a
	// passage: it opens the barrier by itself while nobody hears it.
	BookOffline bool
	// CommandTimeout bounds each command to the gate; 0 means 2 s.
	CommandTimeout time.Duration

	// Ask is told, and must not block, that platforms are to be asked about a
	// stay whose car stands at this exit, before its driver is asked to pay; nil
	// means that there are none. The lane goes on when Paid is called for the
	// session, or after AskWithin; 0 means 5 s.
	Ask       func(session string)
	AskWithin time.Duration

	Rules *access.Rules
	DB    *store.DB
	// SavePicture keeps a picture and returns its path; nil keeps none. Calls
	// may overlap.
	SavePicture func(jpeg []byte, at time.Time) (string, error)

	Now func() time.Time // nil means time.Now
	Log *slog.Logger     // nil discards
}

// A Lane runs one lane.
type Lane struct {
	cfg   Config
	signs *signs.Signs
	inbox chan message
	panel *panel.Panel           // nil: the lane has no display
	photo chan struct{}          // full while Photo takes one
	odd   chan store.PassageFact // of which a picture is to be taken

	state    state            // owned by loop
	done     chan<- error     // of the event that is being dealt with; owned by loop
	health   *health.Reporter // owned by loop
	before   text             // what was shown before the gate was told to open; owned by loop
	idle     []signs.Page     // the idle text that was shown last, nil since another was; owned by loop
	mono     func() time.Time // time.Now, with its monotonic reading; Config.Now has none
	skew     skew             // owned by loop
	polled   time.Time        // when the gate was last asked; owned by loop
	took     time.Duration    // how long its answer took then; owned by loop
	glimpsed bool             // a car behind the arm was seen since; owned by loop
	stray    bool             // it was held open then and should not have been; owned by loop

	mu   sync.Mutex // guards the following field
	view Snapshot
}

// A message is an event on its way to the loop, and who waits for it.
type message struct {
	event event
	done  chan<- error // has room for one
}

// A Snapshot is what a lane looks like from outside.
type Snapshot struct {
	Gate    drivers.GateState
	Held    bool
	Plate   string // of the car that stands before the gate; empty when none does
	Waiting bool   // it waits for its payment, or for what a platform says to it
	Passing bool   // the gate is open for it, and it has not passed

	Car Car // the one that stands there as an operator sees it, refused ones too
}

// A Car is what an operator is shown of the car at a lane. Fields are empty where
// nothing is known.
type Car struct {
	Plate   string
	CardNo  string
	Session string
	Reason  access.Reason // of the last decision on it
	Payable int64         // due, fen
	Image   string        // path of its picture
}

// ErrBusy means that the lane did not take an event in time.
var ErrBusy = errors.New("lane is busy")

// New returns a lane, or an error that names what its configuration lacks. It
// touches no device.
func New(cfg Config) (*Lane, error) {
	switch {
	case cfg.Code == "":
		return nil, errors.New("lane: no code")
	case cfg.Gate == nil:
		return nil, fmt.Errorf("lane %s: no gate", cfg.Code)
	case cfg.Rules == nil || cfg.DB == nil:
		return nil, fmt.Errorf("lane %s: no rules or no store", cfg.Code)
	case cfg.Direction != Entry && cfg.Direction != Exit:
		return nil, fmt.Errorf("lane %s: no direction", cfg.Code)
	}
	if cfg.Dedupe == 0 {
		cfg.Dedupe = 30 * time.Second
	}
	if cfg.Twice == 0 {
		cfg.Twice = 5 * time.Second
	}
	if cfg.Late == 0 {
		cfg.Late = 5 * time.Minute
	}
	if cfg.CommandTimeout == 0 {
		cfg.CommandTimeout = 2 * time.Second
	}
	if cfg.AskWithin == 0 {
		cfg.AskWithin = 5 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Log = cfg.Log.With("lane", cfg.Code)
	words, err := signs.New(signs.Config{
		Language: cfg.Language, Park: cfg.Park, Lane: cfg.Code, Name: cfg.Name, Location: cfg.Location, Texts: cfg.Texts,
	})
	if err != nil {
		return nil, fmt.Errorf("lane %s: %w", cfg.Code, err)
	}
	l := &Lane{
		cfg: cfg, mono: time.Now, signs: words, inbox: make(chan message), photo: make(chan struct{}, 1), odd: make(chan store.PassageFact, 1),
		health: health.New(health.Config{DB: cfg.DB, Language: cfg.Language, Now: cfg.Now, Log: cfg.Log}), skew: skew{late: cfg.Late}, state: state{free: -1},
	}
	if cfg.Display != nil {
		l.panel = panel.New(cfg.Display)
	}
	return l, nil
}

// Code returns the lane's code.
func (l *Lane) Code() string { return l.cfg.Code }

// Run works the lane until ctx is done and then returns nil. Any other return
// is a failure that a restart of the lane may mend.
func (l *Lane) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return l.loop(ctx) })
	if l.panel != nil {
		g.Go(func() error { return l.panel.Run(ctx) })
	}
	if l.cfg.Camera != nil {
		g.Go(func() error { return l.watch(ctx) })
		g.Go(func() error { return l.pictureOdd(ctx) })
		g.Go(func() error { return l.checkCamera(ctx) })
	}
	return g.Wait()
}

// watchAgain is the pause before a camera is watched again whose driver gave
// up. The lane works without it meanwhile.
const watchAgain = 10 * time.Second

// watch passes the camera's recognitions to the loop, one at a time per call,
// until ctx is done.
func (l *Lane) watch(ctx context.Context) error {
	for {
		err := l.cfg.Camera.Watch(ctx, func(ctx context.Context, r drivers.Recognition) {
			if err := l.send(ctx, recognised{rec: r}); err != nil {
				l.cfg.Log.Warn("recognition not taken in time", "camera", l.cfg.CameraCode, "error", err)
			}
		})
		if ctx.Err() != nil {
			return nil
		}
		l.cfg.Log.Error("watching the camera ended, starts again", "camera", l.cfg.CameraCode, "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watchAgain):
		}
	}
}

// checkEvery is how often a camera is asked whether it lives, checkFirst how
// long after a start: a camera that is only heard needs time to be.
const (
	checkEvery = 30 * time.Second
	checkFirst = 3 * time.Second
)

// checkCamera asks the camera now and then whether it lives, until ctx is
// done.
func (l *Lane) checkCamera(ctx context.Context) error {
	t := time.NewTimer(checkFirst)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		t.Reset(checkEvery)
		c, cancel := context.WithTimeout(ctx, checkEvery/3)
		err := l.cfg.Camera.Check(c)
		cancel()
		if ctx.Err() != nil {
			return nil
		}
		if err := l.send(ctx, checked{device: l.cfg.CameraCode, err: err}); err != nil && ctx.Err() == nil {
			l.cfg.Log.Debug("camera state not taken", "error", err)
		}
	}
}

// tickEvery is the beat of retries, of polling the gate and of the display;
// watchEvery that of the gate's inputs while a car passes: one under the arm is seen
// within that. A reading takes some 25 ms of a line at 9600 baud, which other gates
// share: a lane leaves at least as much time to the others as its last one took, so
// that gates on a full line are read less often, and a command waits for one reading.
const (
	tickEvery  = time.Second
	watchEvery = 50 * time.Millisecond
)

// watches reports whether the gate's inputs are read often now.
func (l *Lane) watches() bool { return l.state.watches(l.cfg.Now().UTC()) }

// beat is how often the lane does what only time sets off.
func (l *Lane) beat() time.Duration {
	if l.watches() {
		return watchEvery
	}
	return tickEvery
}

// loop is the lane's goroutine. It ends when ctx is done.
func (l *Lane) loop(ctx context.Context) error {
	if err := l.resume(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("resume lane %s: %w", l.cfg.Code, err)
	}
	changed, unsubscribe := l.cfg.DB.Subscribe()
	defer unsubscribe()
	beat := tickEvery
	t := time.NewTicker(beat)
	defer t.Stop()
	for {
		if b := l.beat(); b != beat {
			beat = b
			t.Reset(beat)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			l.countSpaces(ctx)
		case err := <-l.shown():
			l.report(ctx, l.cfg.DisplayCode, err) // a dark panel holds no car
		case m := <-l.inbox:
			l.done = m.done
			l.finish(l.handle(ctx, m.event))
		case <-t.C:
			_ = l.handle(ctx, tick{}) // a tick has no one to tell
			l.poll(ctx)
			l.refresh(ctx)
			l.health.Settle(ctx)
		}
	}
}

// finish tells whoever sent the event that is being dealt with how it ended,
// unless that was told already.
func (l *Lane) finish(err error) {
	if l.done != nil {
		l.done <- err
		l.done = nil
	}
}

// send hands an event to the loop and waits until it has been dealt with. The
// error is the event's own result, or ErrBusy when ctx is done first.
func (l *Lane) send(ctx context.Context, e event) error {
	done := make(chan error, 1)
	select {
	case l.inbox <- message{event: e, done: done}:
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
	}
}

// Paid tells the lane that money was booked for a session, or that a platform was
// asked about it and has answered. If its car waits there, it is let out, or
// shown what is due. Every lane may be told; it returns when the lane has acted
// or ctx is done.
func (l *Lane) Paid(ctx context.Context, session string) error {
	return l.send(ctx, paid{session: session})
}

// Do carries out a command from outside and returns when the gate has
// acknowledged it, with the gate's error otherwise; a text to show when the lane
// has taken it. It changes no session. The command and what came of it are in the
// journal.
func (l *Lane) Do(ctx context.Context, c Command) error {
	return l.send(ctx, commanded{cmd: c})
}

// Snapshot returns how the lane looked after its last event.
func (l *Lane) Snapshot() Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.view
}
