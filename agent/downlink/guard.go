package downlink

import (
	"net/netip"
	"sync"
	"time"
)

// How failed attempts are punished. A platform whose password was mistyped has
// some tries, and waits seconds; whoever guesses soon waits a quarter of an hour
// for each guess.
const (
	freeTries   = 10               // failures that cost nothing
	firstLock   = 5 * time.Second  // after the next; doubled with each further one
	longestLock = 15 * time.Minute // at most
	forgetAfter = time.Hour        // without failures
	mostSources = 1024             // addresses that are remembered
)

// A guard limits guessing of credentials, for each source address on its own.
// The zero value is ready. It counts real time, whatever the car park's clock
// is set to.
type guard struct {
	mu      sync.Mutex // guards the following field, and is held while credentials are compared
	sources map[netip.Prefix]attempts
}

// attempts are the failures of one source.
type attempts struct {
	failed int // less one for each success since
	last   time.Time
	until  time.Time // locked until then
}

// check lets one attempt from addr happen, unless the address is locked: then
// it returns how long it still is. Right credentials do not end a lock, or
// guessing would go on behind it. A success makes up for one failure and no more,
// because it may be that of another who shares the address. Attempts come one
// after another, so that many at the same moment cannot slip by before the first
// has failed.
func (g *guard) check(addr netip.Addr, attempt func() *client) (*client, time.Duration) {
	source := sourceOf(addr)
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	a := g.sources[source]
	if wait := a.until.Sub(now); wait > 0 {
		return nil, wait
	}
	if c := attempt(); c != nil {
		if a.failed--; a.failed > 0 {
			g.sources[source] = a
		} else {
			delete(g.sources, source)
		}
		return c, 0
	}
	if now.Sub(a.last) > forgetAfter {
		a = attempts{}
	}
	a.failed++
	a.last = now
	if over := a.failed - freeTries; over > 0 {
		a.until = now.Add(min(firstLock<<min(over-1, 16), longestLock))
	}
	g.keepLocked(source, a)
	return nil, 0
}

// keepLocked remembers a. When there are too many, the source that has been
// quiet for the longest time is forgotten.
func (g *guard) keepLocked(source netip.Prefix, a attempts) {
	if g.sources == nil {
		g.sources = map[netip.Prefix]attempts{}
	}
	if _, known := g.sources[source]; !known && len(g.sources) >= mostSources {
		var oldest netip.Prefix
		var when time.Time
		for p, o := range g.sources {
			if when.IsZero() || o.last.Before(when) {
				oldest, when = p, o.last
			}
		}
		delete(g.sources, oldest)
	}
	g.sources[source] = a
}

// sourceOf is what counts as one source: an IPv4 address, or the IPv6 network
// that one subscriber has, who could take another address in it for each guess.
func sourceOf(addr netip.Addr) netip.Prefix {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address: all of these are one source
	}
	return p
}
