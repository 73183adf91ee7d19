package slips

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"parkagent/drivers"
)

// A Printer prints documents. Its methods may be called from any goroutine.
type Printer interface {
	// Print returns nil when the document was printed, as far as the printer can
	// tell. An error that wraps drivers.ErrRefused means that nothing of it was;
	// after any other one nobody knows.
	Print(ctx context.Context, d drivers.Document) error
	// Check reports whether it would print now.
	Check(ctx context.Context) error
}

// A Config is what a Press prints by.
type Config struct {
	Lanes    []Lane // those that have a printer
	Park     string // its name
	Language string // "en", or else Chinese
	Zone     *time.Location
	Ticket   Template // nil means the program's own
	Change   Template // likewise
	Receipt  Template // likewise
	// Failed is told that a printer failed, from the goroutine that printed; nil
	// tells nobody. It must not block.
	Failed func(device string, err error)
	Log    *slog.Logger // nil discards
}

// A Lane is a lane and its printer.
type Lane struct {
	Code, Name string
	Device     string // device code of the printer
	Printer    Printer
}

// A Press prints slips at lanes. Its methods may be called from any goroutine; what
// they print is printed by Run.
type Press struct {
	cfg   Config
	lanes map[string]*work // by lane code
}

// A work is what is to be printed at one lane.
type work struct {
	Lane
	jobs chan job // handed over: nothing lies in a queue and comes out for somebody else

	mu   sync.Mutex // guards the following field
	done []string   // slips that came out lately, oldest first
}

// A job is one slip and who waits for it.
type job struct {
	name string // of the slip: printed once, it is not printed again; empty for one that always is
	doc  drivers.Document
	done chan<- error // has room for one
}

// printWithin bounds printing one slip: several seconds at 9600 baud, and as long for
// the printer itself.
const printWithin = 30 * time.Second

// endWithin is how long a slip that has begun is still printed when the agent stops: the
// rest of half a slip would come out in front of the next one.
const endWithin = 3 * time.Second

// mostDone is how many slips of a lane are known to have come out.
const mostDone = 32

// ErrNoPrinter means that the lane has no printer.
var ErrNoPrinter = errors.New("the lane has no printer")

// New returns a press. It touches no printer. A template with a mistake is an error.
func New(cfg Config) (*Press, error) {
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	if cfg.Ticket == nil {
		cfg.Ticket = Ticket.Of(cfg.Language)
	}
	if cfg.Change == nil {
		cfg.Change = Change.Of(cfg.Language)
	}
	if cfg.Receipt == nil {
		cfg.Receipt = Receipt.Of(cfg.Language)
	}
	if cfg.Failed == nil {
		cfg.Failed = func(string, error) {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if err := errors.Join(Ticket.Check(cfg.Ticket), Change.Check(cfg.Change), Receipt.Check(cfg.Receipt)); err != nil {
		return nil, fmt.Errorf("slips: %w", err)
	}
	p := &Press{cfg: cfg, lanes: map[string]*work{}}
	for _, l := range cfg.Lanes {
		if l.Printer == nil {
			return nil, fmt.Errorf("slips: no printer at lane %s", l.Code)
		}
		p.lanes[l.Code] = &work{Lane: l, jobs: make(chan job)}
	}
	return p, nil
}

// Run prints until ctx is done, and then returns nil when the slips that have begun
// are out, or cannot be soon. A printer that hangs holds up no other.
func (p *Press) Run(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	for _, w := range p.lanes {
		all.Go(func() { p.work(ctx, w) })
	}
	return nil
}

// work prints at one lane until ctx is done.
func (p *Press) work(ctx context.Context, w *work) {
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-w.jobs:
			j.done <- p.print(ctx, w, j)
		}
	}
}

func (p *Press) print(ctx context.Context, w *work, j job) error {
	if w.has(j.name) { // it was asked for twice at a time
		return nil
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), printWithin)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		select {
		case <-time.After(endWithin):
			cancel()
		case <-within.Done():
		}
	})()
	err := w.Printer.Print(within, j.doc)
	if err != nil {
		p.cfg.Log.Warn("slip not printed", "lane", w.Code, "printer", w.Device, "error", err)
		p.cfg.Failed(w.Device, err)
		return err
	}
	if j.name == "" {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = append(w.done[max(0, len(w.done)-mostDone+1):], j.name)
	return nil
}

// An Entry is a car without a plate that was let in.
type Entry struct {
	CardNo string // its ticket number
	Plate  string // the one that it was given
	At     time.Time
	Link   string // of uplink 5.1; empty if there is none
	Again  bool   // it was lost or came out torn: print it once more
}

// PrintTicket prints the entry ticket of a car at a lane and returns nil when it came
// out. The ticket of the same number is printed once, however often it is asked for;
// one that failed is tried again.
//
// Errors: ErrNoPrinter; the printer's; that of ctx, when the printer takes longer and
// the ticket may still come out.
func (p *Press) PrintTicket(ctx context.Context, lane string, e Entry) error {
	name := "ticket " + e.CardNo
	if e.Again {
		name = ""
	}
	return p.send(ctx, lane, name, p.cfg.Ticket, Values{
		"card": e.CardNo, "barcode": e.CardNo, "plate": e.Plate, "time": p.time(e.At), "link": e.Link, "qr": e.Link,
	})
}

// An Owed is change that a driver is to fetch with his phone.
type Owed struct {
	Order  string // of the change
	Plate  string
	Amount int64 // fen
	At     time.Time
	Link   string // of uplink 5.2
}

// PrintChange is PrintTicket for the slip of a change order. When more coins have come,
// there is another.
func (p *Press) PrintChange(ctx context.Context, lane string, o Owed) error {
	return p.send(ctx, lane, fmt.Sprint("change ", o.Order, " ", o.Amount), p.cfg.Change, Values{
		"order": o.Order, "barcode": o.Order, "plate": o.Plate, "amount": yuan(o.Amount), "time": p.time(o.At), "link": o.Link, "qr": o.Link,
	})
}

// A Paid is what was paid for an order.
type Paid struct {
	Order   string
	Plate   string
	Amount  int64 // fen
	Entered time.Time
	At      time.Time
}

// PrintReceipt is PrintTicket for the receipt of a payment.
func (p *Press) PrintReceipt(ctx context.Context, lane string, o Paid) error {
	return p.send(ctx, lane, "receipt "+o.Order, p.cfg.Receipt, Values{
		"order": o.Order, "barcode": o.Order, "plate": o.Plate, "amount": yuan(o.Amount), "entry": p.time(o.Entered), "time": p.time(o.At),
	})
}

// yuan is an amount as it is printed, empty for none.
func yuan(fen int64) string {
	if fen <= 0 {
		return ""
	}
	return fmt.Sprintf("%d.%02d", fen/100, fen%100)
}

func (p *Press) time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(p.cfg.Zone).Format(time.DateTime)
}

// send hands a slip to a lane's printer and waits for what comes of it.
func (p *Press) send(ctx context.Context, lane, name string, t Template, v Values) error {
	w := p.lanes[lane]
	if w == nil {
		return ErrNoPrinter
	}
	if w.has(name) {
		return nil
	}
	v["park"], v["lane"] = p.cfg.Park, w.Name
	done := make(chan error, 1)
	select {
	case w.jobs <- job{name: name, doc: t.Document(v), done: done}:
	case <-ctx.Done():
		return fmt.Errorf("printer %s is busy: %w", w.Device, ctx.Err())
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("printer %s: %w", w.Device, ctx.Err())
	}
}

// has reports whether a slip came out lately.
func (w *work) has(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return name != "" && slices.Contains(w.done, name)
}
