package platform

import (
	"io"
	"net/http"
	"strings"
)

// An Outage is a way of being down as a whole. The zero value is being up.
type Outage uint8

// The outages.
const (
	None        Outage = iota
	Unavailable        // answers every request with HTTP status 503
	Dropping           // cuts every connection without an answer
	Silent             // takes every request and never answers
)

// Down takes the platform down until [Platform.Up]. Nothing that comes meanwhile
// is kept.
func (p *Platform) Down(how Outage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outage = how
}

// Up ends an outage.
func (p *Platform) Up() { p.Down(None) }

func (p *Platform) takeOutage() Outage {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.outage
}

// keepSilent holds a request until its caller gives up, or the server closes.
// The body has to be read first: only then does the server notice that.
func (p *Platform) keepSilent(r *http.Request) {
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 2<<20)) // nobody will see it
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// A Fault is a way to treat a single report badly.
type Fault uint8

// The faults.
const (
	Refuse Fault = iota // answers resCode 1 and keeps nothing
	Drop                // cuts the connection and keeps nothing
	Lose                // keeps the report and cuts the connection: it will come again
)

// A fault waits for reports to happen to.
type fault struct {
	name string // of the interface, "" for any
	kind Fault
	left int
	msg  string
}

// Inject lets a fault happen to the next n reports of an interface, or of any if
// name is empty. msg is what Refuse answers. Faults of one interface happen in
// the order in which they were injected.
func (p *Platform) Inject(kind Fault, name string, n int, msg string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, fault{name: name, kind: kind, left: n, msg: msg})
}

// takeFaultLocked returns the fault that is to happen to a report now, if any.
func (p *Platform) takeFaultLocked(name string) (kind Fault, msg string, ok bool) {
	for i := range p.faults {
		f := &p.faults[i]
		if f.left > 0 && (f.name == "" || strings.EqualFold(f.name, name)) {
			f.left--
			return f.kind, f.msg, true
		}
	}
	return 0, "", false
}
