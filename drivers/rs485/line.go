// Package rs485 shares one Modbus line between the devices on it.
//
// A Line owns one port: a serial port or a serial server that passes RTU frames
// on, or a Modbus TCP server. Its goroutine, Run, sends one request at a time,
// commands before polls, and polls before what can wait. A request whose context
// is done while it waits is never sent: a barrier must not move because of a
// command from a minute ago. Reads that wait and are the same are sent once: all
// of them get an answer to a question that was asked after they were.
//
// RTU replies carry nothing that ties them to a request, so a late reply to one
// request looks like a fresh reply to the next, and a loop that a car stands on
// would read clear. Before each request the Line therefore leaves the wire
// quiet and throws away what was received; after a request without a reply it
// asks that unit nothing for at least as long as a reply may take.
//
// The framing is goburrow/modbus's. Client gives that library's client for one
// call; Raw sends the requests that it refuses to make.
package rs485

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goburrow/modbus"

	"parkagent/drivers"
	"parkagent/drivers/serialport"
)

// A Port is what a Line needs of a port. *serialport.Port meets it.
type Port interface {
	// Read waits for at least one byte until ctx is done, which is an error.
	Read(ctx context.Context, b []byte) (int, error)
	Write(ctx context.Context, b []byte) error
	// ResetInput throws away what was received and not read.
	ResetInput(ctx context.Context) error
	// Close closes the port; the next use opens it again.
	Close() error
}

// A Framing is how a request is packed for the wire.
type Framing uint8

// The framings.
const (
	RTU Framing = iota // unit, function, data, CRC: serial lines and transparent serial servers
	TCP                // Modbus TCP, with the MBAP header
)

// A Priority orders requests that wait for the same line.
type Priority uint8

// The priorities. A command goes before every poll that waits, and what is slow
// goes when neither waits.
const (
	Poll    Priority = iota // inputs that somebody waits for
	Command                 // what moves an arm, and what must be known just before
	Slow                    // what may take as long as it takes, such as looking for units
)

const (
	defaultQuiet       = 5 * time.Millisecond
	defaultRTUTimeout  = 300 * time.Millisecond
	defaultTCPTimeout  = time.Second
	lateMargin         = 100 * time.Millisecond // silence beyond one more reply time before the line counts as clean
	longestQuiet       = time.Second            // an upper bound for Config.Quiet
	longestReply       = 10 * time.Second       // an upper bound for Config.ReplyTimeout
	slowestWithoutRule = 19200                  // from this speed on the silent interval is fixed
)

// A Config describes a Line.
type Config struct {
	Port    Port
	Framing Framing

	// Baud is the speed of a serial line, from which the silent interval
	// between frames follows; 0 where it is not known.
	Baud int

	// Quiet is the least silence before a request; 0 means 5 ms. Some boards
	// need up to 60 ms. Modbus TCP needs none.
	Quiet time.Duration

	// ReplyTimeout is the longest wait for a reply; 0 means 300 ms on RTU
	// and 1 s on Modbus TCP. A request's own context may end it sooner.
	ReplyTimeout time.Duration

	// Echo says that the adapter sends back every byte it transmits. Without
	// it the Line finds out by itself from the first read request.
	Echo bool

	Log *slog.Logger // nil discards
}

// A Line is one Modbus line and the requests that wait for it. Its methods may
// be called from any goroutine.
type Line struct {
	wire     wire
	tcp      bool // it is Modbus TCP
	log      *slog.Logger
	packager func(unit byte) modbus.Packager

	commands, polls, slow chan *request // received from by Run
	done                  chan struct{} // closed when Run returns

	mu      sync.Mutex        // guards the following field
	waiting map[string]*share // reads that wait to be sent, by what they ask

	count   counters
	started atomic.Bool
	kept    sync.RWMutex // read-locked by each Keep; Run takes it before it ends
}

// A wire does one request at a time. Only Run calls it.
type wire interface {
	// settle waits until the wire may be used again.
	settle(ctx context.Context)
	// exchange sends one request and returns its verified reply. Where nobody
	// may be there to answer, silence is no reason to doubt the port.
	exchange(ctx context.Context, adu []byte, mayBeNobody bool) ([]byte, error)
	// holds returns until when a request must not be sent, because of one before
	// it; a time that is over lets it go.
	holds(adu []byte) time.Time
	// pause lets so much silence pass before each request to a unit.
	pause(unit byte, least time.Duration)
	close()
}

// A request waits in one of the channels until Run takes it.
type request struct {
	ctx         context.Context // of the caller; the request is a short-lived value
	priority    Priority
	adu         []byte
	mayBeNobody bool
	taken       func()     // called when it stops waiting
	reply       chan reply // has room for one: Run never waits for the caller
}

type reply struct {
	adu   []byte
	err   error
	ended bool // because the caller's time was over
}

// New checks the configuration. Run does the work.
func New(cfg Config) (*Line, error) {
	if cfg.Port == nil {
		return nil, errors.New("rs485: no port")
	}
	if cfg.Quiet < 0 || cfg.Quiet > longestQuiet {
		return nil, fmt.Errorf("rs485: quiet time %v is not between 0 and %v", cfg.Quiet, longestQuiet)
	}
	if cfg.ReplyTimeout < 0 || cfg.ReplyTimeout > longestReply {
		return nil, fmt.Errorf("rs485: reply timeout %v is not between 0 and %v", cfg.ReplyTimeout, longestReply)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	l := &Line{
		log:      cfg.Log,
		commands: make(chan *request),
		polls:    make(chan *request),
		slow:     make(chan *request),
		done:     make(chan struct{}),
		waiting:  make(map[string]*share),
	}
	switch cfg.Framing {
	case RTU:
		l.wire, l.packager = newRTU(cfg, &l.count), rtuPackager
	case TCP:
		l.tcp = true
		l.wire, l.packager = newMBAP(cfg, &l.count), tcpPackager
	default:
		return nil, fmt.Errorf("rs485: unknown framing %d", cfg.Framing)
	}
	return l, nil
}

// Open makes the Line of a link:
//
//	serial:///dev/ttyS1?baud=9600    RTU on a serial port; usb:1A86:7523 likewise
//	tcp://192.168.1.20:502           Modbus TCP
//	tcp://192.168.1.20:4001?framing=rtu   RTU through a transparent serial server
//
// A link may also set quiet=20ms, timeout=500ms and echo=on. Nothing is
// touched before Run gets its first request. log may be nil.
func Open(link string, log *slog.Logger) (*Line, error) {
	l, err := serialport.ParseLink(link, "framing", "quiet", "timeout", "echo")
	if err != nil {
		return nil, err
	}
	cfg := Config{Port: serialport.New(l, log), Baud: l.Baud, Log: log}
	if l.Kind == serialport.TCP {
		cfg.Framing = TCP
	}
	if err := cfg.set(l.Extra); err != nil {
		return nil, fmt.Errorf("link %q: %w", link, err)
	}
	if cfg.Framing == TCP && l.Kind != serialport.TCP {
		return nil, fmt.Errorf("link %q: framing tcp needs a tcp:// link", link)
	}
	return New(cfg)
}

func (cfg *Config) set(parameters map[string]string) error {
	for name, value := range parameters {
		var err error
		switch name {
		case "quiet":
			cfg.Quiet, err = time.ParseDuration(value)
		case "timeout":
			cfg.ReplyTimeout, err = time.ParseDuration(value)
		case "framing":
			switch value {
			case "rtu":
				cfg.Framing = RTU
			case "tcp":
				cfg.Framing = TCP
			default:
				err = errors.New("want rtu or tcp")
			}
		case "echo":
			cfg.Echo = value == "on"
			if value != "on" && value != "off" {
				err = errors.New("want on or off")
			}
		}
		if err != nil {
			return fmt.Errorf("%s %q: %w", name, value, err)
		}
	}
	return nil
}

// Pause lets at least so much silence pass before each request to a unit, for a
// board that needs more than the others. It is for RTU, and may be called at any
// time.
func (l *Line) Pause(unit byte, least time.Duration) { l.wire.pause(unit, least) }

// Keep lets Run go on after its context is done until release is called. It is
// for whoever switches something on and must switch it off again: when all stop
// at once, the line must not stop first.
func (l *Line) Keep() (release func()) {
	l.kept.RLock()
	return sync.OnceFunc(l.kept.RUnlock)
}

// Run owns the port until ctx is done and nobody keeps it, and then closes it.
// Requests wait while it does not run. It is called once and returns nil.
func (l *Line) Run(ctx context.Context) error {
	if l.started.Swap(true) {
		return errors.New("rs485: Run was called before")
	}
	defer close(l.done)
	defer l.wire.close()
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		l.kept.Lock() // waits for those who keep the line
		defer l.kept.Unlock()
		end()
	})
	return l.serve(serving)
}

// serve answers requests until ctx is done. A request that must not be sent yet
// steps aside, so that a board that does not answer costs the others its time-out
// and not the silence after it.
func (l *Line) serve(ctx context.Context) error {
	var aside []*request
	defer func() {
		for _, r := range aside {
			r.reply <- reply{err: offline(errors.New("line is closed, not sent"))}
		}
	}()
	for {
		l.wire.settle(ctx)
		r := l.next(ctx, &aside)
		switch {
		case ctx.Err() != nil:
			if r != nil {
				aside = append(aside, r)
			}
			return nil
		case r == nil: // one that stepped aside may go now
		case r.ctx.Err() == nil && time.Now().Before(l.wire.holds(r.adu)):
			aside = append(aside, r)
		default:
			r.reply <- l.do(ctx, r)
		}
	}
}

// next waits for a request, the most urgent if there are several; of those that
// are as urgent, one that stepped aside goes first. It returns nil when ctx is done
// or one that stepped aside may be sent.
func (l *Line) next(ctx context.Context, aside *[]*request) *request {
	if ctx.Err() != nil {
		return nil
	}
	for _, from := range []struct {
		priority Priority
		queue    chan *request
	}{{Command, l.commands}, {Poll, l.polls}, {Slow, l.slow}} {
		if r := l.ready(aside, from.priority); r != nil {
			return r
		}
		select {
		case r := <-from.queue:
			return r
		default:
		}
	}
	var over <-chan time.Time
	if len(*aside) > 0 {
		first := l.wire.holds((*aside)[0].adu)
		for _, r := range (*aside)[1:] {
			if at := l.wire.holds(r.adu); at.Before(first) {
				first = at
			}
		}
		timer := time.NewTimer(time.Until(first))
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-ctx.Done():
		return nil
	case <-over:
		return nil
	case r := <-l.commands:
		return r
	case r := <-l.polls:
		return r
	case r := <-l.slow:
		return r
	}
}

// ready takes the first request of a priority that stepped aside and may be sent.
func (l *Line) ready(aside *[]*request, p Priority) *request {
	for i, r := range *aside {
		if r.priority == p && !time.Now().Before(l.wire.holds(r.adu)) {
			*aside = slices.Delete(*aside, i, i+1)
			return r
		}
	}
	return nil
}

func (l *Line) do(run context.Context, r *request) reply {
	if r.taken != nil {
		r.taken()
	}
	if err := r.ctx.Err(); err != nil {
		return reply{err: offline(fmt.Errorf("not sent: %w", err))}
	}
	l.count.requests.Add(1)
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	stop := context.AfterFunc(run, cancel)
	defer stop()
	adu, err := l.wire.exchange(ctx, r.adu, r.mayBeNobody)
	if err != nil {
		l.log.Debug("modbus request failed", "request", fmt.Sprintf("% x", r.adu), "error", err)
		return reply{err: offline(err)}
	}
	return reply{adu: adu}
}

// send queues one request and waits for its reply or for its context.
func (l *Line) send(p Priority, r *request) ([]byte, error) {
	ctx := r.ctx
	r.priority = p
	queue := l.polls
	switch p {
	case Command:
		queue = l.commands
	case Slow:
		queue = l.slow
	}
	r.reply = make(chan reply, 1)
	select {
	case queue <- r:
	case <-ctx.Done():
		return nil, offline(fmt.Errorf("line busy, not sent: %w", ctx.Err()))
	case <-l.done:
		return nil, offline(errors.New("line is closed, not sent"))
	}
	select {
	case a := <-r.reply:
		return a.adu, a.err
	case <-ctx.Done():
		// Run sees the same context and lets go of the wire by itself.
		return nil, offline(fmt.Errorf("sent, outcome unknown: %w", ctx.Err()))
	}
}

func offline(err error) error { return fmt.Errorf("%w: %w", drivers.ErrOffline, err) }
