// Package codes acts on what scanners at lanes read: a payment code charges the car that stands there, a ticket lets its car pass.
//
// A Reader belongs to one lane and deals with one code at a time; what is read
// meanwhile is dropped, since the driver who holds it there sees what is under way.
// The number of a ticket is known before anything else, as no grammar tells all of
// them from payment codes. A payment code is good where cars leave the park and one
// waits for its payment: it is handed to a platform once, and the money comes as that
// platform's payment, which opens the gate as any other does.
package codes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/agent/billing"
	"parkagent/agent/lane"
	"parkagent/drivers"
	"parkagent/store"
)

// A Scanner reads codes.
type Scanner interface {
	// Watch calls emit for each code, one after the other, until ctx is done, and
	// then returns nil. It opens its line again by itself. emit returns at once.
	Watch(ctx context.Context, emit func(context.Context, drivers.Code)) error
	// Check reports whether the scanner can be heard. It may be called while Watch
	// runs.
	Check(ctx context.Context) error
}

// A Lane is where a scanner stands. [lane.Lane] is one.
type Lane interface {
	// Scan lets the car of a ticket pass, or shows its driver why it may not. It
	// returns nil when the gate has acknowledged.
	Scan(ctx context.Context, s lane.Scan) error
	// Notice shows a driver what came of his code, unless it is about a stay and the
	// car of another stands there by now.
	Notice(ctx context.Context, session string, n lane.Notice) error
	Snapshot() lane.Snapshot
}

// A Config is what a Reader works with.
type Config struct {
	Lane    string // its code, for the log
	Pays    bool   // cars leave the park here, so that payment codes are taken
	Device  string // device code of the scanner
	Scanner Scanner
	Worker  Lane
	DB      *store.DB
	Desk    *billing.Desk
	Till    *Till // the park's

	Now func() time.Time // nil means time.Now
	Log *slog.Logger     // nil discards
}

// A Reader acts on the codes of one scanner.
type Reader struct {
	cfg  Config
	next chan drivers.Code // handed over: a code that waits is an old one
}

// New returns a reader, or an error that names what its configuration lacks. It touches
// no scanner.
func New(cfg Config) (*Reader, error) {
	if cfg.Scanner == nil || cfg.Worker == nil || cfg.DB == nil || cfg.Desk == nil || cfg.Till == nil {
		return nil, fmt.Errorf("scanner %s: no driver, lane, store, billing or till", cfg.Device)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Log = cfg.Log.With("lane", cfg.Lane, "scanner", cfg.Device)
	return &Reader{cfg: cfg, next: make(chan drivers.Code)}, nil
}

// actWithin bounds what is done about one code, all platforms' time-outs included.
const actWithin = 20 * time.Second

// Run reads codes and acts on them until ctx is done, and then returns nil. Any other
// return is a failure that a restart may mend.
func (r *Reader) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return r.cfg.Scanner.Watch(ctx, func(_ context.Context, c drivers.Code) {
			select {
			case r.next <- c:
			default:
				r.cfg.Log.Debug("code dropped: the one before is being dealt with", "code", c)
			}
		})
	})
	g.Go(func() error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case c := <-r.next:
				r.deal(ctx, c)
			}
		}
	})
	return g.Wait()
}

// deal acts on one code, and logs what nobody foresaw.
func (r *Reader) deal(ctx context.Context, c drivers.Code) {
	r.cfg.Log.Debug("code read", "code", c)
	ctx, cancel := context.WithTimeout(ctx, actWithin)
	defer cancel()
	err := r.act(ctx, c)
	if err != nil && !errors.Is(err, context.Canceled) {
		r.cfg.Log.Error("act on a code", "code", c, "error", err)
	}
}

func (r *Reader) act(ctx context.Context, c drivers.Code) error {
	card, found, err := r.ticket(ctx, c.Text)
	switch {
	case err != nil:
		return err
	case found:
		return r.pass(ctx, card)
	case c.Paying() && r.cfg.Pays:
		return r.pay(ctx, c)
	}
	return r.cfg.Worker.Notice(ctx, "", lane.NoticeCodeUnknown)
}

// ticket returns the number of the ticket that a text is or, as a link, names, if its
// car is inside.
func (r *Reader) ticket(ctx context.Context, text string) (card string, found bool, err error) {
	card = text
	if u, err := url.Parse(text); err == nil && u.Scheme != "" && u.Host != "" {
		if card = u.Query().Get("cardNo"); card == "" {
			return "", false, nil
		}
	}
	_, err = r.cfg.DB.OpenSessionByCard(ctx, card)
	if errors.Is(err, store.ErrNotFound) {
		return card, false, nil
	}
	return card, err == nil, err
}

// pass lets the car of a ticket pass. The lane shows what it decides, and logs what
// fails.
func (r *Reader) pass(ctx context.Context, card string) error {
	err := r.cfg.Worker.Scan(ctx, lane.Scan{CardNo: card, Client: r.cfg.Device})
	if err != nil {
		r.cfg.Log.Info("ticket does not open", "reason", err)
	}
	return nil
}

// pay charges the driver of the car that waits here for its payment.
func (r *Reader) pay(ctx context.Context, c drivers.Code) error {
	stands := r.cfg.Worker.Snapshot()
	switch {
	case !stands.Waiting && stands.Car.Reason != "":
		return nil // the lane has told its driver why it does not open, or opens
	case !stands.Waiting || stands.Car.Session == "":
		return r.cfg.Worker.Notice(ctx, "", lane.NoticeNothingDue)
	}
	session := stands.Car.Session
	tell := func(ctx context.Context, n lane.Notice) error { return r.cfg.Worker.Notice(ctx, session, n) }
	if _, read, err := r.cfg.Till.Before(c.Text, session); read {
		n, unforeseen := outcome(err)
		return errors.Join(unforeseen, tell(ctx, n))
	}
	o, _, err := r.cfg.Desk.Order(ctx, billing.Ref{Session: session}, r.cfg.Device)
	switch {
	case errors.Is(err, billing.ErrNoSession):
		return tell(ctx, lane.NoticeNothingDue)
	case errors.Is(err, billing.ErrAboveLimit), errors.Is(err, billing.ErrNoTariff):
		return tell(ctx, lane.NoticeOperator)
	case err != nil:
		return errors.Join(err, tell(ctx, lane.NoticePayRefused))
	case o.Payable == 0:
		return tell(ctx, lane.NoticeNothingDue)
	}
	// He sees that it is under way before the platform is asked; a display that fails
	// keeps nobody from paying.
	shown := tell(ctx, lane.NoticePaying)
	_, err = r.cfg.Till.Pay(ctx, Charge{Order: o.No, Session: session, Device: r.cfg.Device, Code: c.Text, At: r.cfg.Now()})
	if err == nil {
		return shown
	}
	// What came of it is shown also when the time is over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
	defer cancel()
	n, unforeseen := outcome(err)
	return errors.Join(unforeseen, tell(ctx, n))
}

// outcome is what a driver is told of how Pay has ended, and the error where it is for
// the log.
func outcome(err error) (n lane.Notice, unforeseen error) {
	no := new(UnpaidError)
	switch {
	case err == nil:
		return lane.NoticePaying, nil
	case errors.As(err, &no) && no.Known:
		return lane.NoticePayRefused, nil // who refused, and why, is in the log of the questions
	case errors.As(err, &no):
		return lane.NoticePayUnknown, no.Books
	case errors.Is(err, billing.ErrSettling):
		return lane.NoticePayUnknown, nil
	case errors.Is(err, billing.ErrAboveLimit), errors.Is(err, billing.ErrNoTariff):
		return lane.NoticeOperator, nil
	case errors.Is(err, billing.ErrGone):
		return lane.NoticeNothingDue, nil
	case errors.Is(err, ErrUsed):
		return lane.NoticePayRefused, nil
	case errors.Is(err, billing.ErrOutdated):
		return lane.NoticePayRefused, nil // what is due has just changed, so that the next try succeeds
	}
	return lane.NoticePayRefused, err
}
