// Package downlink answers the platforms: it is the HTTP server of the interfaces that they call.
//
// A request passes the same checks in the same order, whatever it asks: is the
// path an interface, is it a POST, is it small enough, who asks, may they from
// there, can it be deciphered, is it for this car park. Only then the rules in
// billing and access and the lanes are asked. Everything is answered with the
// envelope of the protocol; the HTTP status tells business (200) from the rest:
//
//	401 wrong user or password      404 no such interface     413 body too large
//	403 address or permission       405 not a POST            429 too many attempts
//	500 our fault
//
// Whoever has a wrong user, password or key reads the same sentence.
//
// Guessing is slowed down for the address it comes from. Behind a port-forward
// all platforms may share one address with whoever guesses, so an address that is
// locked still lets in a request that only a client's key can have made.
//
// All 28 interfaces of the document are answered, grouped as it groups them: what
// happened (1.x, info.go), lanes and devices (2.x and GetPhoto, manage.go), bills and
// payments (3.1 to 3.4, pay.go), change (3.5 to 3.7, change.go), cards (4.1 to 4.7,
// cards.go), the blacklist (4.8 and 4.9, blacklist.go) and bookings (5.x,
// bookings.go). A request that comes again because its answer was lost is answered
// as the first time; which act that is, the rules know.
//
// Who called what and was refused why is one line of the log each, without
// plates, secrets and bodies. Refused commands to devices and pictures that were
// asked for are in the journal as well; commands that a lane took are journalled by
// the lane.
package downlink

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"time"

	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/agent/config"
	"parkagent/agent/guard"
	"parkagent/agent/lane"
	"parkagent/protocol"
	"parkagent/store"
)

// Clients give up after 3 s. Whatever takes longer than this is answered with
// an error.
const answerWithin = 2500 * time.Millisecond

// bodyWithin is how long a client may take to send its body.
const bodyWithin = 5 * time.Second

// A Config says who may call, and who does the work.
type Config struct {
	Clients  []Client
	Lanes    []Lane
	DB       *store.DB
	Desk     *billing.Desk
	Rules    *access.Rules
	Products []config.Product // by which cards are recharged, for 4.7
	Language string           // of the sentences in answers: "en", or else Chinese
	Location *time.Location   // the car park's zone; nil means Asia/Shanghai
	// ImageURL makes the link to a picture from its path below the image
	// folder. nil leaves image fields empty.
	ImageURL func(path string) string
	// MostRows bounds a page of 1.1 and 1.2, which is held in memory; 0 means 2000. A
	// client may ask for larger pages, which is how some say "all", but not get
	// more: it is told so, because it would take a page cut short for a whole one.
	MostRows int

	Now func() time.Time // nil means time.Now
	Log *slog.Logger     // nil discards
}

// A Lane is a lane as far as platforms can command it.
type Lane struct {
	Code    string
	Exit    bool     // cars leave by it, so one that stands there can be billed
	Gate    string   // device code; empty where the lane has none
	Display string   // device code; empty where the lane has none
	Devices []string // codes of the lane's other devices, by which it can be named as well
	Worker  Worker
}

// A Worker carries out commands. [lane.Lane] is one. Its methods are called from any
// goroutine, and return lane.ErrBusy when ctx is done first. It journals the commands
// and scans that it took, who gave them and what came of them; pictures are
// journalled here.
type Worker interface {
	// Do returns when the device has acknowledged the command, with the
	// device's error otherwise.
	Do(ctx context.Context, c lane.Command) error

	// Scan lets a car without a plate in or out, and returns when the gate has
	// acknowledged. Errors are *lane.RefusedError where the rules keep the gate
	// shut, lane.ErrNoCar where nobody stands there, and the gate's.
	Scan(ctx context.Context, s lane.Scan) error

	// Photo takes a picture now and returns its path below the image folder.
	// The error is errors.ErrUnsupported where no camera can.
	Photo(ctx context.Context) (path string, err error)
}

// A Server answers the platforms. It is an [http.Handler] for all paths: what
// is no interface gets a 404 in the protocol's envelope. It should be mounted
// at "/", because /API/… has to find it as well.
type Server struct {
	cfg       Config
	clients   []*client
	lanes     map[string]*Lane // by device code in lower case
	endpoints map[string]endpoint
	guard     guard.Guard
	searches  chan struct{} // holds a value for each search that runs
}

// A call is one request on its way.
type call struct {
	route  protocol.Route
	addr   netip.Addr
	client *client // nil before it is known
	json   []byte  // the parameters, deciphered
	digest string  // of the enciphered parameters, see protocol.Opened

	// Of a command to a device, for the journal.
	device string
	op     lane.Op
	taken  bool // the lane has it and journals it
}

// New returns a server, or all errors in the configuration. It starts nothing.
func New(cfg Config) (*Server, error) {
	if cfg.DB == nil || cfg.Desk == nil || cfg.Rules == nil {
		return nil, errors.New("downlink: no store, no billing or no rules")
	}
	if cfg.Location == nil {
		loc, err := protocol.LoadZone("")
		if err != nil {
			return nil, fmt.Errorf("downlink: %w", err)
		}
		cfg.Location = loc
	}
	cfg.MostRows = cmp.Or(cfg.MostRows, 2000)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	clients, err := newClients(cfg.Clients)
	for _, l := range cfg.Lanes {
		if l.Code == "" || l.Worker == nil {
			err = errors.Join(err, fmt.Errorf("lane %q: no code or no worker", l.Code))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("downlink: %w", err)
	}
	s := &Server{
		cfg: cfg, clients: clients, lanes: lanesByDevice(cfg.Lanes),
		// One processor stays free for the lanes, where there are several.
		searches: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1)),
	}
	s.endpoints = s.all()
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// A handler that is called without a connection has no deadline to set. The
	// HTTP server sets its own again before the next request.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyWithin))
	c := &call{addr: source(r)}
	rows, err := s.safely(w, r, c)
	if err == nil {
		s.write(w, r, http.StatusOK, protocol.Response{ResCode: protocol.Success, Data: rows})
		return
	}
	a := explain(err, s.cfg.Language)
	if c.client != nil && isCommand(c.route) && !c.taken {
		s.journalRefused(r.Context(), c, a.reason)
	}
	s.logRefused(r, c, a, err)
	drain(r)
	if a.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	if a.wait > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(a.wait/time.Second)+1))
	}
	s.write(w, r, a.status, protocol.Response{ResCode: protocol.Failure, ResMsg: a.message})
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, status int, answer protocol.Response) {
	if err := protocol.WriteResponse(w, status, answer); err != nil {
		s.cfg.Log.Debug("answer not delivered", "path", shorten(r.URL.Path), "error", err)
	}
}

// safely is answer, with a panic turned into an error: a bug in one interface
// must not look like a dead car park.
func (s *Server) safely(w http.ResponseWriter, r *http.Request, c *call) (rows any, err error) {
	defer func() {
		if p := recover(); p != nil {
			stack := make([]byte, 4<<10)
			stack = stack[:runtime.Stack(stack, false)]
			rows, err = nil, fmt.Errorf("panic: %v\n%s", p, stack)
		}
	}()
	return s.answer(w, r, c)
}

// answer checks a request and carries it out.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, c *call) (any, error) {
	var known bool
	if c.route, known = protocol.Match(r.URL.Path); !known {
		return nil, &refusal{status: http.StatusNotFound, say: sayNoInterface}
	}
	switch {
	case r.Method != http.MethodPost:
		return nil, &refusal{status: http.StatusMethodNotAllowed, say: sayNotPost}
	case r.ContentLength > protocol.MaxBody:
		return nil, protocol.ErrTooLarge
	}
	if err := s.admit(r, c); err != nil {
		return nil, err
	}
	if err := s.open(w, r, c); err != nil {
		return nil, err
	}
	endpoint, ctx := s.endpoints[c.route.Name], r.Context()
	if !endpoint.search {
		// What moves money or a gate is not left half done because the client
		// hung up.
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if endpoint.search {
		return s.search(ctx, c, endpoint)
	}
	return endpoint.do(ctx, c)
}

// admit finds out who asks and whether they may.
func (s *Server) admit(r *http.Request, c *call) error {
	login := func() *client { return authenticate(s.clients, r.Header.Get("user"), r.Header.Get("pwd")) }
	var found *client
	_, wait := s.guard.Try(guard.Source(c.addr), func() bool {
		found = login()
		return found != nil
	})
	if wait > 0 {
		found = s.proven(r, c.route, login)
	}
	switch {
	case found == nil && wait > 0:
		return &refusal{status: http.StatusTooManyRequests, say: sayTooMany, wait: wait}
	case found == nil:
		return &refusal{status: http.StatusUnauthorized, say: sayBadLogin}
	}
	c.client = found
	switch {
	case !found.allows(c.addr):
		return &refusal{status: http.StatusForbidden, say: sayBadAddress}
	case !found.may(c.route.Permission):
		return &refusal{status: http.StatusForbidden, say: sayNoPermission}
	}
	return nil
}

// mostProof bounds the body of a request that has to prove its sender, in bytes.
const mostProof = 32 << 10

// proven returns the client that sent a request, if the request is enciphered with
// its key, and nil otherwise. A password can be guessed, a key cannot: so
// somebody else's failures keep no client out, and guessing at passwords learns
// nothing. Strangers cause the same work, or its duration would tell. The body can
// be read again afterwards.
func (s *Server) proven(r *http.Request, route protocol.Route, login func() *client) *client {
	body, err := io.ReadAll(io.LimitReader(r.Body, mostProof+1))
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), r.Body))
	found := login()
	if err != nil || len(body) > mostProof || len(s.clients) == 0 {
		return nil
	}
	with := s.clients[0]
	if found != nil {
		with = found
	}
	opened, err := with.cipher.Open(body, protocol.OpenOptions{Now: s.cfg.Now(), Location: s.cfg.Location, Params: route.Params})
	if err != nil || !opened.Sealed {
		return nil
	}
	return found
}

// open receives the body and deciphers the parameters.
func (s *Server) open(w http.ResponseWriter, r *http.Request, c *call) error {
	opened, err := c.client.cipher.OpenRequest(r, protocol.OpenOptions{
		Now: s.cfg.Now(), Location: s.cfg.Location, Params: c.route.Params,
		Pin: c.client.charset, Last: c.client.lastCharset(),
	})
	// The body is here. While the answer is made, a silent client is not late.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(time.Minute))
	if err != nil {
		return err
	}
	c.json, c.digest = opened.JSON, opened.Digest
	if c.client.remember(opened) && opened.DayOffset != 0 {
		s.cfg.Log.Warn("a client's date is not ours", "client", c.client.name, "days", opened.DayOffset)
	}
	var park struct {
		ParkCode string `json:"parkCode"`
	}
	if err := protocol.DecodeFields(c.json, &park); err != nil {
		return err
	}
	if code := strings.TrimSpace(park.ParkCode); code != "" && code != c.client.parkCode {
		return &refusal{say: sayBadPark}
	}
	return nil
}

// logRefused writes the one line about a request that was refused. The path is
// the caller's text and is cut short.
func (s *Server) logRefused(r *http.Request, c *call, a answer, err error) {
	name := ""
	if c.client != nil {
		name = c.client.name
	}
	attrs := []slog.Attr{
		slog.String("method", shorten(r.Method)), slog.String("path", shorten(r.URL.Path)), slog.String("client", name),
		slog.String("address", c.addr.String()), slog.Int("status", a.status), slog.String("reason", a.reason),
	}
	if data := new(protocol.DataError); errors.As(err, &data) {
		attrs = append(attrs, slog.Any("data", data))
	}
	level := slog.LevelWarn
	switch a.status {
	case http.StatusOK:
		level = slog.LevelInfo
	case http.StatusInternalServerError:
		level = slog.LevelError
		attrs = append(attrs, slog.Any("error", err))
	}
	s.cfg.Log.LogAttrs(r.Context(), level, "request refused", attrs...)
}

// shorten bounds a text of the caller's for the log.
func shorten(s string) string {
	const most = 80
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// source returns the address that a request comes from. Headers that name
// another are not believed: anyone can send them.
func source(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}
