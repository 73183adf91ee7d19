// Package uplink tells platforms what happens in the car park, in order, through outages and restarts, and asks them what a driver waits for.
//
// # Reports
//
// An [Uplink] serves one platform. It reads the journal behind a cursor of its
// own, makes each row that the platform wants into a message at the moment of
// sending it, and moves the cursor over what the platform has taken. Rows about a
// card that a new platform is to know of, and corrections of a deduction, are for
// one platform and pass the others by.
//
// Two things go wrong with platforms, and they are kept apart. Without a usable
// answer nothing is known: the uplink stops, waits longer and longer, and goes on
// with the same row, for days if need be. A refusal is an answer: the row is
// held, later rows with its key (the vehicle, the device, the card) wait behind
// it, and everything else goes on; refused too often, the row is set aside as
// dead, for a person to requeue or drop. After a crash between an answer and its
// being noted the row is sent again: delivery is at least once.
//
// [Daily] appends the rows that are due once a day. [Meet] begins the cursor of a
// platform that is new where the journal ends, and appends what the platform is to
// know of what went before: a history as it happened would tell it of cars that
// are long gone.
//
// # Questions
//
// [Questions] asks platforms to price a stay, to deduct a fee, for a code to pay
// by, and to charge a code that was scanned. These are not in the journal: a
// question is asked at once and only once, and an answer that comes too late is
// none. Whoever asks writes down before that it is going to, and afterwards what
// came of it; when that is unknown after a deduction, a correction is reported.
package uplink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"parkagent/protocol"
	"parkagent/store"
)

// A Poster sends one message to a platform, as [protocol.Client] does: a
// refusal comes with a [*protocol.RefusedError]. Only the goroutine of Run calls
// it, with a deadline in ctx.
type Poster interface {
	Post(ctx context.Context, name string, message any) (protocol.Reply, error)
}

// A Config describes one platform.
type Config struct {
	Name   string // names the cursor in the store
	Client Poster
	DB     *store.DB

	Reports  []string // interfaces that the platform wants, by name; empty means all
	ParkCode string   // of this car park, at this platform
	Location *time.Location
	Timeout  time.Duration // of one message; 0 means 5 s

	Images    Images                            // empty means ImagesURL
	ImageURL  func(path string) string          // for ImagesURL; nil means no pictures
	ImageData func(path string) ([]byte, error) // for ImagesBase64

	Duplicates []string // parts of a refusal's text that mean "I have this already"

	// MaxPerSecond is how many reports the platform takes in a second; 0 means
	// that it takes what comes. Questions are not counted: a driver waits.
	MaxPerSecond int

	// Promised is told, and must not block, that the platform has promised to deduct
	// the fee of a stay whose car is inside: it may stand at an exit by then. nil
	// tells nobody.
	Promised func(session string)

	MaxRefusals int           // how many make a report dead; 0 means 10
	RetryMin    time.Duration // wait after the first refusal, doubled by each; 0 means 10 s
	RetryMax    time.Duration // and at most; 0 means 1 h
	BackoffMin  time.Duration // wait after the first missing answer, doubled by each; 0 means 1 s
	BackoffMax  time.Duration // and at most; 0 means 1 min

	Now func() time.Time // nil means time.Now
	Log *slog.Logger     // nil means no log
}

const (
	batchRows = 50                     // rows settled together at most
	batchTime = 200 * time.Millisecond // after which a batch is settled
	// stuckTries is how many times in a row one row may get an HTTP answer that
	// is no usable one before others are tried: some servers fail at a single
	// message, and that must not stop all others for ever.
	stuckTries = 10
	// heldPoll is how often held rows are looked at for what a person decided,
	// idlePoll how often the journal is when nothing is held: other processes
	// write to it without a word.
	heldPoll = 10 * time.Second
	idlePoll = 10 * time.Minute
)

// An Uplink reports to one platform.
type Uplink struct {
	cfg      Config
	log      *slog.Logger
	pictures pictures
	wanted   map[string]bool // nil means all

	// Owned by Run.
	loaded  time.Time // when the following three were last read, zero for never
	cursor  int64
	waiting []store.Outcome // by number
	dead    int
	pause   *backoff.ExponentialBackOff
	outage  outage
	stuck   struct {
		seq   int64
		tries int
	}
	answers int64           // usable answers so far
	passed  map[int64]int64 // rows that were passed by → answers then
	turn    time.Time       // when the next message may go

	mu     sync.Mutex // guards the following field
	status Status
}

// A Status says how a platform is doing.
type Status struct {
	Platform    string
	Connected   bool      // the last message was answered; false before the first
	Error       string    // why not; empty when nothing is wrong
	LastSuccess time.Time // when a report was last taken, zero for never since the start
	Cursor      int64     // number of the last row that was dealt with
	Head        int64     // number of the last row there was, at the last look
	Waiting     int       // rows that were refused, or stand behind one that was
	Dead        int       // rows set aside for a person
}

// New checks the configuration. It touches neither the store nor the network.
func New(cfg Config) (*Uplink, error) {
	if cfg.Name == "" || cfg.Client == nil || cfg.DB == nil || cfg.Location == nil || cfg.ParkCode == "" {
		return nil, errors.New("uplink: name, client, store, zone and park code are needed")
	}
	u := &Uplink{cfg: cfg, passed: map[int64]int64{}, status: Status{Platform: cfg.Name}}
	if cfg.MaxPerSecond < 0 {
		return nil, fmt.Errorf("uplink %s: %d messages per second", cfg.Name, cfg.MaxPerSecond)
	}
	for _, name := range cfg.Reports {
		up, ok := protocol.UplinkNamed(name)
		if !ok {
			return nil, fmt.Errorf("uplink %s: no interface %q", cfg.Name, name)
		}
		if u.wanted == nil {
			u.wanted = map[string]bool{}
		}
		u.wanted[up.Name] = true
	}
	u.defaults()
	u.log = u.cfg.Log.With("platform", cfg.Name)
	var err error
	if u.pictures, err = newPictures(cfg.Images, cfg.ImageURL, cfg.ImageData, u.log); err != nil {
		return nil, fmt.Errorf("uplink %s: %w", cfg.Name, err)
	}
	u.pause = &backoff.ExponentialBackOff{
		InitialInterval: u.cfg.BackoffMin, MaxInterval: u.cfg.BackoffMax, Multiplier: 2, RandomizationFactor: 0.5,
	}
	u.pause.Reset()
	return u, nil
}

func (u *Uplink) defaults() {
	duration := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	c := &u.cfg
	duration(&c.Timeout, 5*time.Second)
	duration(&c.RetryMin, 10*time.Second)
	duration(&c.RetryMax, time.Hour)
	duration(&c.BackoffMin, time.Second)
	duration(&c.BackoffMax, time.Minute)
	if c.MaxRefusals <= 0 {
		c.MaxRefusals = 10
	}
	if c.Promised == nil {
		c.Promised = func(string) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

// Status returns how the platform is doing. It may be called from any goroutine.
func (u *Uplink) Status() Status {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.status
}

// Run reports until ctx is done, and returns nil then. Troubles of platform and
// store are logged and waited for, they do not end it.
func (u *Uplink) Run(ctx context.Context) error {
	changed, end := u.cfg.DB.Subscribe()
	defer end()
	for {
		more, err := u.work(ctx)
		if ctx.Err() != nil {
			return nil
		}
		wake, wait := changed, u.untilDue()
		switch {
		case err != nil:
			wake, wait = nil, u.failed(err)
		case more:
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// work deals with one batch of new rows and with the held ones that are due.
// more means that new rows are left.
func (u *Uplink) work(ctx context.Context) (more bool, err error) {
	defer u.publish(ctx)
	if err := u.load(ctx, heldPoll); err != nil {
		return false, err
	}
	if more, err = u.fresh(ctx); err != nil {
		return false, err
	}
	return more, u.retry(ctx)
}

// load reads the cursor and what is held, unless that was done within age.
func (u *Uplink) load(ctx context.Context, age time.Duration) error {
	if !u.loaded.IsZero() && time.Since(u.loaded) < age {
		return nil
	}
	cursor, err := u.cfg.DB.Cursor(ctx, u.cfg.Name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	waiting, dead, err := u.cfg.DB.Waiting(ctx, u.cfg.Name)
	if err != nil {
		return err
	}
	u.cursor, u.waiting, u.dead, u.loaded = cursor, waiting, dead, time.Now()
	return nil
}

// publish updates Status.
func (u *Uplink) publish(ctx context.Context) {
	head, err := u.cfg.DB.Head(ctx)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.status.Cursor, u.status.Waiting, u.status.Dead = u.cursor, len(u.waiting), u.dead
	if err == nil { // otherwise the next look will tell
		u.status.Head = head
	}
}
