// Package guard slows down whoever guesses at passwords.
//
// Who mistypes one has some tries, and then waits seconds; who guesses soon waits
// a quarter of an hour for each guess. Nothing is kept: a restart forgives.
package guard

import (
	"cmp"
	"net/netip"
	"sync"
	"time"
)

// How failed attempts are punished.
const (
	freeTries   = 10               // failures that cost nothing
	firstLock   = 5 * time.Second  // after the next; doubled with each further one
	longestLock = 15 * time.Minute // at most
	forgetAfter = time.Hour        // without failures
	mostSources = 1024             // sources that are remembered
)

// A Guard limits guessing of credentials, for each source on its own. The zero
// value is ready. It counts real time, whatever the car park's clock is set to.
type Guard struct {
	Longest time.Duration // of a lock; 0 means 15 minutes

	mu      sync.Mutex // guards the following field, and is held while credentials are compared
	sources map[string]attempts
}

// attempts are the failures of one source.
type attempts struct {
	failed int // less one for each success since
	last   time.Time
	until  time.Time // locked until then
}

// Try lets one attempt from a source happen, unless it is locked: then it returns
// how long it still is. Right credentials do not end a lock, or guessing would go
// on behind it. A success makes up for one failure and no more, because it may be
// that of another who shares the source. Attempts come one after another, so that
// many at the same moment cannot slip by before the first has failed.
func (g *Guard) Try(source string, attempt func() bool) (ok bool, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	a := g.sources[source]
	if wait := a.until.Sub(now); wait > 0 {
		return false, wait
	}
	if attempt() {
		if a.failed--; a.failed > 0 {
			g.sources[source] = a
		} else {
			delete(g.sources, source)
		}
		return true, 0
	}
	if now.Sub(a.last) > forgetAfter {
		a = attempts{}
	}
	a.failed++
	a.last = now
	if over := a.failed - freeTries; over > 0 {
		a.until = now.Add(min(firstLock<<min(over-1, 16), cmp.Or(g.Longest, longestLock)))
	}
	g.keepLocked(source, a)
	return false, 0
}

// Locked returns how long a source is still locked, 0 if it is not.
func (g *Guard) Locked(source string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(0, time.Until(g.sources[source].until))
}

// keepLocked remembers a. When there are too many, the source that has been
// quiet for the longest time is forgotten.
func (g *Guard) keepLocked(source string, a attempts) {
	if g.sources == nil {
		g.sources = map[string]attempts{}
	}
	if _, known := g.sources[source]; !known && len(g.sources) >= mostSources {
		var oldest string
		var when time.Time
		for s, o := range g.sources {
			if when.IsZero() || o.last.Before(when) {
				oldest, when = s, o.last
			}
		}
		delete(g.sources, oldest)
	}
	g.sources[source] = a
}

// Source is what counts as one source of attempts from an address: an IPv4
// address, or the IPv6 network that one subscriber has, who could take another
// address in it for each guess. What is no address is one source.
func Source(addr netip.Addr) string {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}
