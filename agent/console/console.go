// Package console answers the booths and the pay machines of a site, in plain JSON on an address of its own.
//
// Every answer has the protocol's envelope with data as one object, and the HTTP
// status tells business (200) from the rest, as it does for platforms. Money is in
// fen, minutes are minutes, times are local as the protocol writes them.
//
// # Pay machines
//
// A machine posts to /kiosk/<device code>/<call> with its token as a bearer
// token, from the address that the configuration gives it. The calls, each with
// the fields that it reads and the ones that it answers:
//
//	bill    plateNo or cardNo, or neither at an exit   orderNo, plateNo, cardNo, entryTime, minutes, total, paid, payable, delay, image
//	code    orderNo                                    code, platform: what the driver is to scan
//	scan    orderNo, authCode                          platform: it was told to charge the driver's code
//	cash    orderNo, inserted                          rest, change: what is owed, the link to print, and whether it is printed
//	order   orderNo                                    settled
//	receipt orderNo, which was paid                    plateNo, entryTime, payTime, amount, printed
//	ticket  requestNo or nothing, at an entry          cardNo, plateNo, entryTime, link to print, printed
//	leave   cardNo, at an exit                         nothing: a car without a plate is let out
//
// A call whose answer was lost may be repeated; so may ticket if it had a
// requestNo, the machine's own number for the press of its button: the same
// number again within half a minute is the same car.
//
// A lane with a printer prints the ticket, the receipt, and the slip of change that a
// driver is to fetch by the link. Where printed is false, it is the machine's to print.
//
// After code and scan the money comes as a payment of the platform (downlink
// 3.2); the machine asks order until it is settled. The gate then opens by itself
// for a car that was recognised there; for one with a ticket the machine asks
// leave, which is refused while money is due.
//
// # Booths
//
// A booth posts JSON to /booth/<call>, with the token that login answered as a
// bearer token or in the cookie that login set. Who may make a call: o operators,
// m managers, i installers. A car is named by session, plateNo, cardNo or the lane
// (exit) at which it stands.
//
//	login           -    name, password                       token, operator, role, expires
//	logout, me      omi                                       who is signed in, and on which shift
//	password        omi  old, new                             every other sign-in of his ends
//	lanes           omi                                       lanes: arm, presence, held, faults, the car with what is due
//	events (GET)    omi                                       server-sent events "lanes", whenever something is different
//	gate/open       omi  lane, reason                         image that was taken; so gate/hold
//	gate/close      omi  lane                                 so gate/release
//	gate/stop       omi  lane, reason (may be left out)
//	pass            om   lane, reason                         the car there passes: open, reason, plateNo, session, payable, image
//	lane/plate      om   lane, plateNo, reason                the car there is decided on anew, as one with that plate
//	bill            om   a car                                as of a machine, with lines that add up to payable, and the ledger
//	cash            om   orderNo, given, payMethod            rest, back: change to give; needs a shift
//	discounts       om                                        those that he may grant: discount, kind, value, variable, max
//	discount        om   a car, discount, value, remark, requestNo   rest; value of kind until: Unix milliseconds
//	recall          om   payment, reason                      a discount that nobody has used is taken back
//	refund          m    payment, amount, reason, shift, requestNo   the row of the ledger; shift: whose drawer it leaves. No money is moved
//	assign          m    payment, session, reason             the money of an orphan belongs to that stay
//	fee             om   session, fee, reason                 total, payable; where the tariff prices the stay, m only
//	ticket          om   lane, requestNo; or lane, cardNo; or orderNo, lane; or nothing   cardNo, plateNo, entryTime, link to encode (5.1, or 5.2 of an order), printed: by the lane's printer
//	receipt         om   orderNo, which was paid; lane        as of a machine, printed by the lane's printer
//	plate           om   session, plateNo, reason             the stay under its right plate; the exit where it was refused decides anew
//	merge           m    ghost, real, reason                  two stays of one car: the real one goes on
//	close           m    session, reason                      a stay whose car is not inside any more
//	overdue         om   before, after, limit                 stays, next: who came in before that
//	walk            m    plates, before, apply, reason        missing, near, unknown, unread: the lot compared with the books
//	shift/start     om   booth, lanes, float                  the shift
//	shift/handover  om   counted, note, next, left            ended, totals, next; a manager also that of operator
//	shift/totals    om   shift                                his own that lasts; a manager sees any
//	shift/list      om   from, to, operator, booth, before    the latest first; a manager sees all
//	report/…        m    from, to, …, after, limit, format    rows, next, totals; with format "csv" a file
//
// A call whose answer was lost may be repeated as it was: cash with the same sum, fee,
// plate, merge, close, recall and shift/start do nothing more, nor within half a minute
// do shift/handover and, if they had a requestNo, discount, refund and ticket. gate/open and pass open
// the gate again, for whoever stands there by then.
//
// ticket with a cardNo lets nobody in: it prints the ticket of a car that is inside once
// more, at the lane given.
//
// walk takes a file of a spreadsheet as well (text/csv), with before, apply and
// reason in the address. Applied, it closes the stays of the missing cars.
//
// The reports are takings and inside (om), openings (omi), payments and discounts.
// An operator sees his own takings and openings only.
//
// Opening, holding and everything that changes a stay or the ledger needs a reason
// and is in the journal under the operator's name; so is a sign-in, its end, its
// refusal, and a call that the role may not make.
package console

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/agent/codes"
	"parkagent/agent/config"
	"parkagent/agent/downlink"
	"parkagent/agent/lane"
	"parkagent/agent/uplink"
	"parkagent/protocol"
	"parkagent/store"
)

// Prefix is where the machines' calls begin.
const Prefix = "/kiosk/"

// A Config says which machines there are and who does the work.
type Config struct {
	Kiosks    []Kiosk
	DB        *store.DB
	Desk      *billing.Desk
	Questions Questions
	Till      *codes.Till // that of the lanes' scanners as well
	Press     Press       // nil prints nothing
	Language  string      // of the sentences: "en", or else Chinese
	Location  *time.Location
	ImageURL  func(path string) string // nil leaves pictures out

	Now func() time.Time // nil means time.Now
	Log *slog.Logger     // nil discards
}

// A Kiosk is a pay machine.
type Kiosk struct {
	Code  string // device code
	IP    string // it calls from here only
	Token config.Secret
	Heard func() // told of each call, and must not block; nil for nobody

	Lane    string  // the lane that it stands at; empty in the lot
	Exit    bool    // cars leave by that lane; otherwise they enter
	Passage Passage // that lane; nil in the lot
}

// A Passage lets a car without a plate through. [lane.Lane] is one.
type Passage interface {
	// Scan returns nil when the gate has acknowledged.
	Scan(ctx context.Context, s lane.Scan) error
}

// Questions are put to platforms while the driver waits. [uplink.Questions] is one.
type Questions interface {
	// Code returns what a driver scans to pay an order (4.1).
	Code(ctx context.Context, o store.Order, s store.Session, device string, at time.Time) (uplink.Code, error)
	TicketLink() string             // 5.1, empty if there is none
	ChangeLink(order string) string // 5.2, empty if there is none
}

// A Server answers the machines.
type Server struct {
	cfg    Config
	kiosks map[string]Kiosk
	calls  map[string]func(context.Context, Kiosk, request) (any, error)
}

// New returns a server, or an error that names what the configuration lacks.
func New(cfg Config) (*Server, error) {
	if cfg.DB == nil || cfg.Desk == nil || cfg.Questions == nil || cfg.Till == nil {
		return nil, errors.New("console: no store, no billing, no till or nobody to ask")
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
	s := &Server{cfg: cfg, kiosks: map[string]Kiosk{}}
	for _, k := range cfg.Kiosks {
		if k.Code == "" || !k.Token.Set() || k.IP == "" {
			return nil, fmt.Errorf("console: kiosk %q: code, address and token are needed", k.Code)
		}
		s.kiosks[k.Code] = k
	}
	s.calls = map[string]func(context.Context, Kiosk, request) (any, error){
		"bill": s.bill, "code": s.code, "scan": s.scan, "cash": s.cash, "order": s.order, "receipt": s.receipt, "ticket": s.ticket, "leave": s.leave,
	}
	return s, nil
}

const (
	mostBody     = 4 << 10 // bytes of a call
	answerWithin = 8 * time.Second
	mostShown    = 64 // bytes of a caller's text in the log
)

// A request is what a call reads.
type request struct {
	PlateNo  string       `json:"plateNo"`
	CardNo   string       `json:"cardNo"`
	OrderNo  string       `json:"orderNo"`
	Inserted protocol.Int `json:"inserted" wire:"min=0"` // fen, in coins and notes, for this order
	AuthCode string       `json:"authCode"`

	RequestNo string `json:"requestNo"` // the machine's own, for a ticket

	address string
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	code, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Prefix), "/")
	k, known := s.kiosks[code]
	call := s.calls[name]
	if known && k.Heard != nil && s.may(r, k) {
		k.Heard() // whatever it wants
	}
	switch {
	case !strings.HasPrefix(r.URL.Path, Prefix), known && call == nil && s.may(r, k):
		s.answer(w, r, code, http.StatusNotFound, nil, errNoCall)
	case !known || !s.may(r, k):
		// One answer for a wrong name, address and token: whoever guesses learns nothing.
		s.cfg.Log.Warn("kiosk refused", "kiosk", shown(code), "address", r.RemoteAddr, "known", known)
		s.answer(w, r, code, http.StatusUnauthorized, nil, errBadLogin)
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		s.answer(w, r, code, http.StatusMethodNotAllowed, nil, errNotPost)
	default:
		s.carryOut(w, r, k, call)
	}
}

func (s *Server) carryOut(w http.ResponseWriter, r *http.Request, k Kiosk, call func(context.Context, Kiosk, request) (any, error)) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
	if err != nil {
		s.answer(w, r, k.Code, http.StatusRequestEntityTooLarge, nil, protocol.ErrTooLarge)
		return
	}
	q := request{address: r.RemoteAddr}
	if len(strings.TrimSpace(string(body))) > 0 {
		if err := protocol.DecodeFields(body, &q); err != nil {
			if !errors.As(err, new(*protocol.FieldError)) {
				err = protocol.ErrBody
			}
			s.answer(w, r, k.Code, http.StatusOK, nil, err)
			return
		}
	}
	// Money may be on its way: a machine that hangs up does not stop it half done.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), answerWithin)
	defer cancel()
	data, err := call(ctx, k, q)
	s.answer(w, r, k.Code, http.StatusOK, data, err)
}

// may reports whether a call comes from the machine's address with its token.
func (s *Server) may(r *http.Request, k Kiosk) bool {
	token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	right := subtle.ConstantTimeCompare([]byte(token), []byte(k.Token.Reveal())) == 1
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	want, wantErr := netip.ParseAddr(k.IP)
	return isBearer && right && err == nil && wantErr == nil && remote.Addr().Unmap().WithZone("") == want.Unmap().WithZone("")
}

// answer writes data, or the sentence for err. An error that nobody foresaw is
// our fault and is logged whole; the others are a line of the log.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, kiosk string, status int, data any, err error) {
	a := protocol.Response{ResCode: protocol.Success, Data: data}
	if err != nil {
		a = protocol.Response{ResCode: protocol.Failure, ResMsg: s.sentence(err)}
		if a.ResMsg == "" {
			status, a.ResMsg = http.StatusInternalServerError, errFault.in(s.cfg.Language)
			s.cfg.Log.Error("kiosk call failed", "kiosk", shown(kiosk), "path", shown(r.URL.Path), "error", err)
		} else if status == http.StatusOK {
			s.cfg.Log.Info("kiosk call refused", "kiosk", kiosk, "path", shown(r.URL.Path), "reason", reason(err))
		}
	}
	if err := protocol.WriteResponse(w, status, a); err != nil {
		s.cfg.Log.Debug("answer not delivered", "kiosk", shown(kiosk), "error", err)
	}
}

// sentence puts an error into words, "" for one that nobody foresaw.
func (s *Server) sentence(err error) string {
	if own := new(sentence); errors.As(err, &own) {
		return own.in(s.cfg.Language)
	}
	if errors.Is(err, billing.ErrOutdated) {
		return errOutdated.in(s.cfg.Language)
	}
	if text := protocol.Message(err, s.cfg.Language); text != "" {
		return text
	}
	return downlink.Explain(err, s.cfg.Language)
}

// reason names an error in the log without plates.
func reason(err error) string {
	if many := new(billing.AmbiguousError); errors.As(err, &many) {
		return "several cars match"
	}
	if errors.Is(err, access.ErrPlateInside) {
		return access.ErrPlateInside.Error()
	}
	return err.Error()
}

func shown(s string) string {
	if len(s) > mostShown {
		return strings.ToValidUTF8(s[:mostShown], "") + "…"
	}
	return s
}
