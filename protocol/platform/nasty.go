package platform

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"parkagent/protocol"
)

// defaultSlow is how late a late answer is, and defaultDuplicate what a report is
// refused with that is here already, unless the configuration says otherwise.
const (
	defaultSlow      = 5 * time.Second
	defaultDuplicate = "记录已存在"
)

// A Nasty is how badly a platform behaves: which share of requests is treated how,
// 0 for none and 1 for all of them. What happens to each is drawn from Seed.
//
// Every interface draws for itself: the n-th request of an interface that is
// properly signed and filled in always has the same fate under the same Seed and
// shares, whatever comes on other interfaces and whatever the request says. Of
// requests of one interface that come at the same time it is open which is the
// n-th. Refusals of strangers and pages draw nothing.
type Nasty struct {
	Seed uint64
	Slow time.Duration // how late answers are; 0 means 5 s

	// One of these at most happens to a request, so they add up to 1 at most. A
	// request of LateBefore waits and is booked then, even when its caller has
	// given up; a server that is closed meanwhile waits for it.
	LateBefore float64 // is booked and answered after Slow
	LateAfter  float64 // is booked, and answered after Slow
	DropBefore float64 // is not booked; the connection is cut
	DropAfter  float64 // is booked; the connection is cut
	HTMLPage   float64 // is answered with an error page in HTML and status 200, booked or not
	BadGateway float64 // is answered with an error page in HTML and status 502, booked or not

	// Duplicates is the share of reports that are here already which is refused,
	// with Config.Duplicate or, if that is empty, "记录已存在".
	Duplicates float64

	// These spoil the form of answers. Each is drawn by itself, but of the three
	// for data one at most happens.
	CodeName   float64 // code and msg instead of resCode and resMsg
	CodeText   float64 // the code is a string
	DataObject float64 // data is the row itself
	DataText   float64 // data is a string with JSON in it
	DataNull   float64 // data is null
	WrongType  float64 // the content type is not that of JSON
}

// NewNasty returns a mixture of everything that platforms are known to do, with most
// requests answered in the end.
func NewNasty(seed uint64) *Nasty {
	return &Nasty{
		Seed:       seed,
		LateBefore: 0.03, LateAfter: 0.03, DropBefore: 0.05, DropAfter: 0.05, HTMLPage: 0.03, BadGateway: 0.03,
		Duplicates: 0.5,
		CodeName:   0.2, CodeText: 0.3, DataObject: 0.2, DataText: 0.2, DataNull: 0.05, WrongType: 0.3,
	}
}

// check returns an error when a share is none.
func (n *Nasty) check() error {
	troubles := n.LateBefore + n.LateAfter + n.DropBefore + n.DropAfter + n.HTMLPage + n.BadGateway
	data := n.DataObject + n.DataText + n.DataNull
	const most = 1 + 1e-9 // tenths do not add up to 1 exactly
	for _, share := range []float64{
		n.LateBefore, n.LateAfter, n.DropBefore, n.DropAfter, n.HTMLPage, n.BadGateway, n.Duplicates,
		n.CodeName, n.CodeText, n.DataObject, n.DataText, n.DataNull, n.WrongType,
	} {
		if !(share >= 0 && share <= most) {
			return fmt.Errorf("a share of %v is not between 0 and 1", share)
		}
	}
	switch {
	case troubles > most || data > most:
		return errors.New("the shares of what excludes each other add up to more than 1")
	case n.Slow < 0:
		return fmt.Errorf("answers cannot be late by %v", n.Slow)
	}
	return nil
}

// A trouble is what happens to a request as a whole.
type trouble uint8

const (
	fine trouble = iota
	lateBefore
	lateAfter
	dropBefore
	dropAfter
	htmlPage
	badGateway
)

// A shape is what becomes of data.
type shape uint8

const (
	asArray shape = iota
	asObject
	asText
	asNull
)

// A mood is the fate of one request. The zero value is a platform that behaves.
type mood struct {
	trouble   trouble
	booked    bool // of an error page
	duplicate bool // is refused, if it is one
	codeName  bool
	codeText  bool
	data      shape
	mediaType string // "" for that of JSON
}

// draw decides the fate of the next request of one interface. It always takes the
// same number of values, so that changing one share changes no other decision.
func (n *Nasty) draw(from *rand.Rand) mood {
	m := mood{
		trouble: trouble(pick(from, n.LateBefore, n.LateAfter, n.DropBefore, n.DropAfter, n.HTMLPage, n.BadGateway)),
		booked:  pick(from, 0.5) == 1, duplicate: pick(from, n.Duplicates) == 1,
		codeName: pick(from, n.CodeName) == 1, codeText: pick(from, n.CodeText) == 1,
		data: shape(pick(from, n.DataObject, n.DataText, n.DataNull)),
	}
	wrong, which := pick(from, n.WrongType) == 1, pick(from, 0.5)
	if wrong {
		m.mediaType = []string{"text/html; charset=utf-8", "application/octet-stream"}[which]
	}
	return m
}

// pick returns the number, from 1, of one of several shares, or 0 for none of them.
func pick(from *rand.Rand, shares ...float64) int {
	x := from.Float64()
	for i, share := range shares {
		if x < share {
			return i + 1
		}
		x -= share
	}
	return 0
}

// drawLocked returns the fate of a request that came now.
func (p *Platform) drawLocked(name string) mood {
	if p.config.Nasty == nil {
		return mood{duplicate: p.config.Duplicate != ""}
	}
	from, ok := p.fates[name]
	if !ok {
		hash := fnv.New64a()
		_, _ = io.WriteString(hash, name) // a hash takes everything
		from = rand.New(rand.NewPCG(p.config.Nasty.Seed, hash.Sum64()))
		p.fates[name] = from
	}
	return p.config.Nasty.draw(from)
}

// An outcome is what becomes of a request.
type outcome struct {
	status   int
	response protocol.Response
	cut      bool // the connection is cut without an answer
	mood     mood
}

// treat books a request and decides its answer, in the mood that was drawn for it.
func (p *Platform) treat(ctx context.Context, name string, r report) outcome {
	p.mu.Lock()
	m := p.drawLocked(name)
	p.mu.Unlock()
	page := m.trouble == htmlPage || m.trouble == badGateway
	switch {
	case m.trouble == lateBefore:
		p.dawdle(context.Background()) // it does not notice that nobody waits any more
	case m.trouble == dropBefore:
		return outcome{cut: true}
	case page && !m.booked:
		return outcome{mood: m}
	}
	o := p.take(name, r, m.duplicate)
	o.mood = m
	switch {
	case m.trouble == lateAfter:
		p.dawdle(ctx)
	case m.trouble == dropAfter:
		o.cut = true
	}
	return o
}

// dawdle lets the time of a late answer pass, or ctx.
func (p *Platform) dawdle(ctx context.Context) {
	t := time.NewTimer(cmp.Or(p.config.Nasty.Slow, defaultSlow))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// errorPage is what proxies and web servers say instead of an answer.
const errorPage = "<html>\r\n<head><title>Error</title></head>\r\n<body><center><h1>Error</h1></center><hr><center>nginx</center></body>\r\n</html>\r\n"

// answer writes the answer to a request, or cuts its connection.
func (p *Platform) answer(w http.ResponseWriter, o outcome) {
	var err error
	switch m := o.mood; {
	case o.cut:
		panic(http.ErrAbortHandler) // net/http's way to cut a connection
	case m.trouble == htmlPage || m.trouble == badGateway:
		w.Header().Set("Content-Type", "text/html")
		if m.trouble == badGateway {
			w.WriteHeader(http.StatusBadGateway)
		}
		_, err = io.WriteString(w, errorPage)
	case m.spoilt():
		var body []byte
		if body, err = m.form(o.response); err == nil {
			w.Header().Set("Content-Type", cmp.Or(m.mediaType, "application/json; charset=utf-8"))
			w.WriteHeader(o.status)
			_, err = w.Write(body)
		}
	default:
		err = protocol.WriteResponse(w, o.status, o.response)
	}
	if err != nil {
		p.config.Log.Warn("answer not written", "err", err)
	}
}

// spoilt reports whether answers have another form than the document's.
func (m mood) spoilt() bool {
	return m.codeName || m.codeText || m.data != asArray || m.mediaType != ""
}

// form writes an answer in the form that the mood gives it.
func (m mood) form(response protocol.Response) ([]byte, error) {
	codeName, msgName, code := "resCode", "resMsg", any(response.ResCode)
	if m.codeName {
		codeName, msgName = "code", "msg"
	}
	if m.codeText {
		code = strconv.Itoa(response.ResCode)
	}
	data := response.Data
	switch rows, _ := data.([]any); {
	case data == nil || m.data == asNull:
		data = nil
	case m.data == asObject && len(rows) == 1:
		data = rows[0]
	case m.data == asText:
		text, err := json.Marshal(data)
		if err != nil {
			return nil, fmt.Errorf("encode rows: %w", err)
		}
		data = string(text)
	}
	return json.Marshal(map[string]any{codeName: code, msgName: response.ResMsg, "data": data})
}
