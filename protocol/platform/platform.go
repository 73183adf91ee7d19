// Package platform is the other side of the protocol, runnable: a third-party platform that a car park reports to and that can bill and pay there.
//
// It serves all 17 interfaces of the uplink. It keeps the reports and adds them
// up; it answers the questions from accounts, prices and orders that it is given,
// takes money once and gives it back when it has to; it has the pages for tickets
// and change slips. [Platform.Books] tells what it took from whom, so that a test
// can see that nothing was lost and nothing taken twice. It can be told to fail in
// the ways in which platforms fail: as a whole ([Platform.Down]), with a certain
// request ([Platform.Inject]), or now and then ([Nasty]).
//
// [CarPark] calls the 28 interfaces of the car park's downlink. Tests, the
// simulator and the demo use it, and an integrator may read it as an example:
// everything it needs from the protocol is in the package above.
package platform

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"path"
	"sync"
	"time"

	"parkagent/protocol"
)

// A Config is what a Platform is made from.
type Config struct {
	User, Password string // what the car park must send
	Key            string // 24 or 16 characters
	ParkCode       string // the one car park that reports here

	Location *time.Location   // the car park's zone; nil means Asia/Shanghai
	Now      func() time.Time // nil means time.Now
	Log      *slog.Logger     // nil means no log

	// CarPark is whom the platform tells of payments and asks about bills. Nil
	// until SetCarPark: then drivers cannot pay, and what 4.2 charges waits.
	CarPark *CarPark
	// PageURL is where drivers reach the platform's pages, for the codes of 4.1.
	// Empty means a place that is nowhere: such codes are for ScanCode only.
	PageURL string

	// Duplicate, if set, is the sentence with which a report is refused that is
	// here already. Empty means that it is accepted again, as most platforms do.
	Duplicate string
	// Nasty lets the platform behave badly, as some do. Nil means that it behaves.
	Nasty *Nasty
	// Keep is how many records, stays and orders are remembered, 0 meaning 10000.
	// Totals count the forgotten ones too.
	Keep int
}

// A Platform is an [http.Handler] for the uplink and for the pages that 5.1 and
// 5.2 link to. Its methods may be called at any time, from any goroutine.
type Platform struct {
	config Config // CarPark is guarded by mu
	cipher *protocol.Cipher

	mu        sync.Mutex // guards the following fields
	charset   protocol.Charset
	outage    Outage
	faults    []fault
	seamless  map[string]bool  // by plate
	accounts  map[string]int64 // fen by plate
	pricing   func(protocol.PriceQuery) (int64, bool)
	cards     shelf[string, protocol.CarCard] // by number
	stays     shelf[stayKey, *Stay]
	orders    shelf[string, *order]            // by the car park's number
	codes     shelf[string, *order]            // by what the code says
	auths     shelf[[sha256.Size]byte, *order] // by the digest of the auth code that was charged
	waiting   []*order                         // taken, oldest first
	lastOrder int
	changes   shelf[string, *change] // given, by order number
	fates     map[string]*rand.Rand  // by interface
	book      book
	changed   chan struct{} // closed and replaced at every change
}

// New checks the configuration and makes a Platform that is up.
func New(config Config) (*Platform, error) {
	cipher, err := protocol.NewCipher(config.Key)
	if err != nil {
		return nil, fmt.Errorf("platform: %w", err)
	}
	if config.ParkCode == "" {
		return nil, errors.New("platform: no park code")
	}
	if config.Nasty != nil {
		if err := config.Nasty.check(); err != nil {
			return nil, fmt.Errorf("platform: %w", err)
		}
	}
	if config.Location == nil {
		if config.Location, err = protocol.LoadZone(""); err != nil {
			return nil, fmt.Errorf("platform: %w", err)
		}
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Keep <= 0 {
		config.Keep = 10_000
	}
	return &Platform{
		config: config, cipher: cipher,
		seamless: map[string]bool{}, accounts: map[string]int64{},
		cards: newShelf[string, protocol.CarCard](config.Keep), stays: newShelf[stayKey, *Stay](config.Keep),
		orders: newShelf[string, *order](config.Keep), codes: newShelf[string, *order](config.Keep),
		auths: newShelf[[sha256.Size]byte, *order](config.Keep), changes: newShelf[string, *change](config.Keep),
		fates: map[string]*rand.Rand{}, book: book{seen: map[string]bool{}}, changed: make(chan struct{}),
	}, nil
}

// ServeHTTP takes one report or question, or serves a page. The last part of the
// path names the interface, so the platform can be mounted anywhere; a path that
// names none, with a parkCode or code in its query, is a page.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	switch p.takeOutage() {
	case Unavailable:
		p.answer(w, refuse(http.StatusServiceUnavailable, "系统维护"))
		return
	case Dropping:
		p.answer(w, outcome{cut: true})
	case Silent:
		p.keepSilent(r)
	}
	if isPage(name, r) {
		p.servePage(w, r)
		return
	}
	p.answer(w, p.serve(name, r))
}

// refuse is an answer that books nothing.
func refuse(status int, msg string) outcome {
	return outcome{status: status, response: protocol.Response{ResCode: protocol.Failure, ResMsg: msg}}
}

// serve decides what becomes of one request.
func (p *Platform) serve(name string, r *http.Request) outcome {
	if r.Method != http.MethodPost {
		return refuse(http.StatusMethodNotAllowed, "只接受 POST")
	}
	up, ok := protocol.UplinkNamed(name)
	if !ok || decoders[up.Name] == nil {
		return refuse(http.StatusNotFound, "没有接口 "+name)
	}
	if !p.authorised(r) {
		return refuse(http.StatusUnauthorized, "用户名或密码错误")
	}
	report, err := p.open(up, r)
	if err != nil {
		p.logRefused(up.Name, err)
		if errors.Is(err, protocol.ErrTooLarge) {
			return refuse(http.StatusRequestEntityTooLarge, protocol.Message(err, "zh-CN"))
		}
		return refuse(http.StatusOK, protocol.Message(err, "zh-CN"))
	}
	if report.parkCode != p.config.ParkCode {
		return refuse(http.StatusOK, "停车场编号不存在")
	}
	return p.treat(r.Context(), up.Name, report)
}

// authorised compares in constant time, so that a guess cannot be measured.
func (p *Platform) authorised(r *http.Request) bool {
	user := subtle.ConstantTimeCompare([]byte(r.Header.Get("user")), []byte(p.config.User))
	password := subtle.ConstantTimeCompare([]byte(r.Header.Get("pwd")), []byte(p.config.Password))
	return user&password == 1
}

// open decrypts and decodes a report and checks its times.
func (p *Platform) open(up protocol.Uplink, r *http.Request) (report, error) {
	p.mu.Lock()
	last := p.charset
	p.mu.Unlock()
	opened, err := p.cipher.OpenRequest(r, protocol.OpenOptions{
		Now: p.config.Now(), Location: p.config.Location, Params: up.Params, Last: last,
	})
	if err != nil {
		return report{}, err
	}
	p.mu.Lock()
	p.charset = opened.Charset
	p.mu.Unlock()
	decoded, err := decoders[up.Name](opened.JSON)
	if err != nil {
		return report{}, err
	}
	for field, value := range decoded.times {
		if _, err := protocol.TimeField(field, value, p.config.Location); err != nil {
			return report{}, err
		}
	}
	return decoded, nil
}

// logRefused logs an error of opening; a DataError tells more to a log than in
// its text.
func (p *Platform) logRefused(name string, err error) {
	var data *protocol.DataError
	if errors.As(err, &data) {
		p.config.Log.Warn("report refused", "interface", name, "err", data)
		return
	}
	p.config.Log.Warn("report refused", "interface", name, "err", err)
}

// take books a report or question and decides its answer, as one step: two equal
// reports at once must not both be new. refuses says whether a report that is here
// already is refused.
func (p *Platform) take(name string, r report, refuses bool) outcome {
	var priced answer
	if question, ok := r.message.(protocol.PriceQuery); ok {
		priced = p.price(question)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	kind, msg, ok := p.takeFaultLocked(name)
	switch {
	case ok && kind == Refuse:
		p.book.totals.Refused++
		p.notifyLocked()
		return refuse(http.StatusOK, msg)
	case ok && kind == Drop:
		return outcome{cut: true}
	}
	lost := ok // the fault left is Lose
	record := p.book.add(Record{At: p.config.Now(), Interface: name, Message: masked(r.message)}, r.key, p.config.Keep)
	defer p.notifyLocked()
	p.config.Log.Debug("report taken", "interface", name, "seq", record.Seq, "duplicate", record.Duplicate)
	if !record.Duplicate {
		p.heardLocked(r.message)
	} else if refuses {
		o := refuse(http.StatusOK, cmp.Or(p.config.Duplicate, defaultDuplicate))
		o.cut = lost
		return o
	}
	given := p.answerLocked(r.message, priced)
	record.Answer, record.Refusal = given.row, given.refusal
	o := outcome{status: http.StatusOK, cut: lost}
	switch {
	case given.refusal != "":
		o.response = protocol.Response{ResCode: protocol.Failure, ResMsg: given.refusal}
	case given.row != nil:
		o.response.Data = []any{given.row}
	}
	return o
}

// answerLocked returns what is answered to a message besides success.
func (p *Platform) answerLocked(message any, priced answer) answer {
	switch m := message.(type) {
	case protocol.CarIn:
		row := protocol.CarInAnswer{}
		if p.seamless[m.PlateNo] {
			row.IsDensityPay = 1
		}
		return answer{row: row}
	case protocol.CarOut:
		return p.deductLocked(m)
	case protocol.CodeQuery:
		return p.codeLocked(m)
	case protocol.ScanPay:
		return p.scanLocked(m)
	case protocol.PriceQuery:
		if priced.row != nil {
			p.book.totals.Prices++
		}
		return priced
	}
	return answer{}
}

// masked returns a message as it may be kept: an auth code is worth money.
func masked(message any) any {
	if scan, ok := message.(protocol.ScanPay); ok {
		scan.AuthCode = "***"
		return scan
	}
	return message
}
