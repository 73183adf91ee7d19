package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/agent/booth"
	"parkagent/agent/discount"
	"parkagent/agent/lane"
	"parkagent/agent/report"
	"parkagent/protocol"
	"parkagent/store"
)

// BoothPrefix is where the booths' calls begin.
const BoothPrefix = "/booth/"

// A BoothConfig says who works at the booths and who does the work.
type BoothConfig struct {
	Staff     *booth.Staff
	DB        *store.DB
	Desk      *billing.Desk
	Rules     *access.Rules
	Questions Links
	Press     Press // nil prints nothing
	Lanes     []BoothLane
	Discounts []discount.Rule // that Desk grants
	Language  string          // of the sentences and reports: "en", or else Chinese
	Location  *time.Location
	ImageURL  func(path string) string // nil leaves pictures out

	Now func() time.Time // nil means time.Now
	Log *slog.Logger     // nil discards
}

// A BoothLane is a lane as booths see it.
type BoothLane struct {
	Code, Name string
	Entry      bool
	Devices    []string // codes
	Worker     Worker
}

// A Worker works a lane. [lane.Lane] is one.
type Worker interface {
	Passage
	Snapshot() lane.Snapshot
	// Do returns when the gate has acknowledged a command.
	Do(ctx context.Context, c lane.Command) error
	// Photo takes a picture now and returns its path.
	Photo(ctx context.Context) (string, error)
	// LetThrough lets the car that stands there pass, whatever the rules say.
	LetThrough(ctx context.Context, r lane.Release) (access.Verdict, error)
	// Correct decides anew on the car that stands there, as one with another plate.
	Correct(ctx context.Context, c lane.Correction) (access.Verdict, error)
}

// Links are for people, printed as codes. [uplink.Questions] has them.
type Links interface {
	TicketLink() string             // 5.1, empty if there is none
	ChangeLink(order string) string // 5.2, empty if there is none
}

// Booths answers the computers of booths. Close ends what has no end by itself.
type Booths struct {
	cfg    BoothConfig
	lanes  map[string]BoothLane
	calls  map[string]boothCall
	origin *http.CrossOriginProtection

	streams chan struct{} // holds a value for each that runs
	closing chan struct{} // closed by Close
	once    sync.Once
}

// An act is a call on its way.
type act struct {
	booth.SignIn // of whoever calls; without an operator before he has signed in

	name    string
	token   string
	from    netip.Addr
	address string // as other rows of the journal have it, with the port
	media   string // type of the body
	body    []byte

	w http.ResponseWriter // for what is more than an answer: cookies and streams
	r *http.Request
}

// by is who acts, for the journal.
func (a act) by() access.By { return access.By{Client: a.Operator, Address: a.address} }

// streamed is what a call returns that has written its answer itself.
type streamed struct{}

// NewBooths returns a server, or an error that names what the configuration lacks.
func NewBooths(cfg BoothConfig) (*Booths, error) {
	if cfg.Staff == nil || cfg.DB == nil || cfg.Desk == nil || cfg.Rules == nil || cfg.Questions == nil {
		return nil, errors.New("console: no staff, no store, no billing, no rules or no links")
	}
	if cfg.Location == nil {
		cfg.Location = time.UTC
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	b := &Booths{cfg: cfg, lanes: map[string]BoothLane{}, origin: http.NewCrossOriginProtection(), streams: make(chan struct{}, mostStreams), closing: make(chan struct{})}
	for _, l := range cfg.Lanes {
		if l.Code == "" || l.Worker == nil {
			return nil, fmt.Errorf("console: lane %q: code and worker are needed", l.Code)
		}
		b.lanes[l.Code] = l
	}
	b.calls = b.table()
	return b, nil
}

// Close ends the streams, so that the server that carries them can stop. Other
// calls end by themselves. It may be called twice.
func (b *Booths) Close() { b.once.Do(func() { close(b.closing) }) }

// bodyWithin is how long a booth may take to send a call.
const bodyWithin = 10 * time.Second

// A boothCall is one call and who may make it.
type boothCall struct {
	do    func(context.Context, act) (any, error)
	roles []booth.Role // none: whoever has signed in
	open  bool         // nobody has to have signed in
	get   bool         // it is a GET that looks on
	body  int64        // most bytes; 0 means mostBody
}

// table is every call with who may make it. Money, plates and stays are no
// business of an installer's; what takes money back from the drawer, or a stay out
// of the books, is a manager's.
func (b *Booths) table() map[string]boothCall {
	staff, manager := []booth.Role{booth.RoleOperator, booth.RoleManager}, []booth.Role{booth.RoleManager}
	calls := map[string]boothCall{
		"login":    {do: b.login, open: true},
		"logout":   {do: b.logout},
		"me":       {do: b.me},
		"password": {do: b.password},

		"lanes":  {do: b.showLanes},
		"events": {do: b.events, get: true},

		"gate/open":    {do: b.command(lane.OpOpen)},
		"gate/close":   {do: b.command(lane.OpClose)},
		"gate/stop":    {do: b.command(lane.OpStop)},
		"gate/hold":    {do: b.command(lane.OpHold)},
		"gate/release": {do: b.command(lane.OpRelease)},

		"pass":       {do: b.letThrough, roles: staff},
		"lane/plate": {do: b.correctAtLane, roles: staff},

		"bill":      {do: b.bill, roles: staff},
		"cash":      {do: b.cash, roles: staff},
		"discounts": {do: b.showDiscounts, roles: staff},
		"discount":  {do: b.grant, roles: staff},
		"recall":    {do: b.recall, roles: staff},
		"refund":    {do: b.refund, roles: manager},
		"assign":    {do: b.assign, roles: manager},
		"fee":       {do: b.fee, roles: staff},
		"ticket":    {do: b.ticket, roles: staff},
		"receipt":   {do: b.receipt, roles: staff},

		"plate":   {do: b.correct, roles: staff},
		"merge":   {do: b.merge, roles: manager},
		"close":   {do: b.closeStay, roles: manager},
		"overdue": {do: b.overdue, roles: staff},
		"walk":    {do: b.walk, roles: manager, body: mostWalk},

		"shift/start":    {do: b.startShift, roles: staff},
		"shift/handover": {do: b.handOver, roles: staff},
		"shift/totals":   {do: b.shiftTotals, roles: staff},
		"shift/list":     {do: b.listShifts, roles: staff},
	}
	see := map[string][]booth.Role{"takings": staff, "inside": staff, "openings": {booth.RoleOperator, booth.RoleManager, booth.RoleInstaller}}
	for _, r := range report.All() {
		may, ok := see[r.Name]
		if !ok {
			may = manager
		}
		calls["report/"+r.Name] = boothCall{do: b.report(r), roles: may}
	}
	return calls
}

// ServeHTTP answers one call.
func (b *Booths) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	name, below := strings.CutPrefix(r.URL.Path, BoothPrefix)
	call, known := b.calls[name]
	if !below || !known {
		b.answer(w, r, http.StatusNotFound, act{}, nil, errNoCall)
		return
	}
	a, status, err := b.admit(w, r, name, call)
	if err != nil {
		b.answer(w, r, status, a, nil, err)
		return
	}
	// A handler that is called without a connection has no deadline to set. The
	// server's own, which is set again before the next request, would end a stream.
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Now().Add(bodyWithin))
	if a.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, max(call.body, mostBody))); err != nil {
		b.answer(w, r, http.StatusRequestEntityTooLarge, a, nil, protocol.ErrTooLarge)
		return
	}
	_ = c.SetReadDeadline(time.Time{})
	ctx := r.Context()
	if !call.get {
		// What moves money or a gate is not left half done because a page was closed.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), answerWithin)
		defer cancel()
	}
	data, err := call.do(ctx, a)
	b.answer(w, r, statusOf(err), a, data, err)
}

// admit finds out who calls and whether he may. A page of another site can make a
// browser send a form, but neither JSON nor a cookie that is SameSite.
func (b *Booths) admit(w http.ResponseWriter, r *http.Request, name string, call boothCall) (act, int, error) {
	a := act{name: name, address: r.RemoteAddr, w: w, r: r}
	if remote, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		a.from = remote.Addr().Unmap().WithZone("")
	}
	method := http.MethodPost
	if call.get {
		method = http.MethodGet
	}
	if r.Method != method {
		w.Header().Set("Allow", method)
		if call.get {
			return a, http.StatusMethodNotAllowed, errNotGet
		}
		return a, http.StatusMethodNotAllowed, errNotPost
	}
	a.media, _, _ = mime.ParseMediaType(r.Header.Get("Content-Type"))
	if !call.get && a.media != "application/json" && (a.media != "text/csv" || call.body == 0) {
		return a, http.StatusUnsupportedMediaType, errNotJSON
	}
	if err := b.origin.Check(r); err != nil {
		return a, http.StatusForbidden, errOrigin
	}
	if call.open {
		return a, 0, nil
	}
	a.token = tokenOf(r)
	who := b.cfg.Staff.Who
	if call.get {
		who = b.cfg.Staff.Watch
	}
	var err error
	if a.SignIn, err = who(r.Context(), a.token); err != nil {
		return a, statusOf(err), err
	}
	if len(call.roles) > 0 && !slices.Contains(call.roles, a.Role) {
		return a, http.StatusForbidden, b.forbidden(r.Context(), a)
	}
	return a, 0, nil
}

// forbidden journals that an operator tried what his role may not.
func (b *Booths) forbidden(ctx context.Context, a act) error {
	if err := b.cfg.Staff.Note(ctx, store.LoginFact{Operator: a.Operator, Act: "forbidden", Call: a.name, Address: a.from.String()}); err != nil {
		return err
	}
	return errRole
}

// cookieName is the cookie that a browser keeps the token in.
const cookieName = "parkagent_booth"

// tokenOf returns the token that comes with a request, "" without one. One in the
// header counts before the cookie.
func tokenOf(r *http.Request) string {
	if token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); isBearer {
		return token
	}
	if c, err := r.Cookie(cookieName); err == nil {
		return c.Value
	}
	return ""
}

// decode reads the body of a call into its fields; an empty one has none.
func decode[T any](a act) (T, error) {
	var q T
	if len(strings.TrimSpace(string(a.body))) == 0 {
		a.body = []byte("{}")
	}
	if err := protocol.DecodeFields(a.body, &q); err != nil {
		if !errors.As(err, new(*protocol.FieldError)) {
			err = protocol.ErrBody
		}
		return q, err
	}
	return q, nil
}

// statusOf is the HTTP status for an error of a call; business is 200.
func statusOf(err error) int {
	switch {
	case errors.Is(err, booth.ErrNoLogin), errors.Is(err, booth.ErrBadLogin):
		return http.StatusUnauthorized
	case errors.As(err, new(*booth.LockedError)):
		return http.StatusTooManyRequests
	case errors.Is(err, errRole):
		return http.StatusForbidden
	case errors.Is(err, errBusyStreams):
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// answer writes data, or the sentence for err. An error that nobody foresaw is our
// fault and is logged whole; the others are a line of the log.
func (b *Booths) answer(w http.ResponseWriter, r *http.Request, status int, a act, data any, err error) {
	if _, done := data.(streamed); done && err == nil {
		return
	}
	answer := protocol.Response{ResCode: protocol.Success, Data: data}
	if err != nil {
		answer = protocol.Response{ResCode: protocol.Failure, ResMsg: explainBooth(err, b.cfg.Language)}
		attrs := []any{"operator", a.Operator, "path", shown(r.URL.Path), "address", r.RemoteAddr}
		if answer.ResMsg == "" {
			status, answer.ResMsg = http.StatusInternalServerError, errFault.in(b.cfg.Language)
			b.cfg.Log.Error("booth call failed", append(attrs, "error", err)...)
		} else {
			b.cfg.Log.Info("booth call refused", append(attrs, "reason", reason(err))...)
		}
	}
	if locked := new(booth.LockedError); errors.As(err, &locked) {
		w.Header().Set("Retry-After", fmt.Sprint(int(locked.Wait/time.Second)+1))
	}
	if err := protocol.WriteResponse(w, status, answer); err != nil {
		b.cfg.Log.Debug("answer not delivered", "operator", a.Operator, "error", err)
	}
}

// lane returns the lane with a code.
func (b *Booths) lane(code string) (BoothLane, error) {
	l, ok := b.lanes[strings.TrimSpace(code)]
	if !ok {
		return l, errNoLane
	}
	return l, nil
}

func (b *Booths) image(path string) string {
	if path == "" || b.cfg.ImageURL == nil {
		return ""
	}
	return b.cfg.ImageURL(path)
}

// dash writes a time as the protocol does, "" for none.
func (b *Booths) dash(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return protocol.FormatDash(t, b.cfg.Location)
}

// bounds reads the times of a period, zero for one that is not given. Both are
// taken in with their whole second, and a day that ends it with its last.
func (b *Booths) bounds(first, last string) (from, to time.Time, err error) {
	if first != "" {
		if from, err = protocol.TimeField("from", first, b.cfg.Location); err != nil {
			return from, to, err
		}
	}
	if last != "" {
		if to, err = protocol.EndField("to", last, b.cfg.Location); err != nil {
			return from, to, err
		}
		to = to.Add(time.Second - time.Millisecond)
	}
	if !to.IsZero() && to.Before(from) {
		return from, to, errPeriod
	}
	return from, to, nil
}
