package guard

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// outsider has the address of someone who guesses.
var outsider = netip.MustParseAddr("198.51.100.7")

func wrong() bool { return false }
func right() bool { return true }

// fail makes n wrong attempts from addr and returns the wait that the last met.
func fail(g *Guard, addr netip.Addr, n int) time.Duration {
	var wait time.Duration
	for range n {
		_, wait = g.Try(Source(addr), wrong)
	}
	return wait
}

func TestGuardLocksOnlyTheGuesser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Guard
		if wait := fail(&g, outsider, freeTries+1); wait != 0 {
			t.Errorf("wait of attempt %d = %v, want none", freeTries+1, wait)
		}
		if ok, wait := g.Try(Source(outsider), right); ok || wait != firstLock {
			t.Errorf("right credentials behind a lock = %v, %v, want false, %v", ok, wait, firstLock)
		}
		if ok, wait := g.Try(Source(netip.MustParseAddr("198.51.100.8")), right); !ok || wait != 0 {
			t.Errorf("another address = %v, %v, want it let in", ok, wait)
		}
	})
}

func TestGuardDoublesTheLockUpToItsLongest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Guard
		fail(&g, outsider, freeTries)
		want := firstLock
		for range 12 {
			fail(&g, outsider, 1)
			if _, wait := g.Try(Source(outsider), right); wait != want {
				t.Errorf("lock = %v, want %v", wait, want)
			}
			<-time.After(want)
			want = min(2*want, longestLock)
		}
	})
}

func TestGuardTakesASuccessForOneFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Guard
		fail(&g, outsider, freeTries+1)
		<-time.After(firstLock)
		if ok, _ := g.Try(Source(outsider), right); !ok {
			t.Fatal("right credentials after the lock were refused")
		}
		fail(&g, outsider, 1)
		if _, wait := g.Try(Source(outsider), right); wait != firstLock {
			t.Errorf("lock after a success and a failure = %v, want %v", wait, firstLock)
		}
		<-time.After(firstLock)
		for range freeTries + 1 {
			g.Try(Source(outsider), right)
		}
		if _, known := g.sources[Source(outsider)]; known {
			t.Error("a source that made up for its failures is remembered")
		}
	})
}

func TestGuardForgetsAfterAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Guard
		fail(&g, outsider, freeTries)
		<-time.After(forgetAfter + time.Second)
		if wait := fail(&g, outsider, freeTries+1); wait != 0 {
			t.Errorf("wait = %v, want none", wait)
		}
	})
}

func TestGuardTakesAnIPv6NetworkForOneSource(t *testing.T) {
	var g Guard
	fail(&g, netip.MustParseAddr("2001:db8::1"), freeTries+1)
	if _, wait := g.Try(Source(netip.MustParseAddr("2001:db8::2")), right); wait == 0 {
		t.Error("the neighbour is not locked")
	}
	if _, wait := g.Try(Source(netip.MustParseAddr("2001:db8:0:1::1")), right); wait != 0 {
		t.Errorf("another network waits %v", wait)
	}
}

func TestGuardForgetsTheQuietestWhenThereAreTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Guard
		first := netip.MustParseAddr("10.0.0.0")
		for addr := first; len(g.sources) < mostSources; addr = addr.Next() {
			fail(&g, addr, 1)
			<-time.After(time.Millisecond)
		}
		fail(&g, outsider, 1)
		if _, known := g.sources[Source(first)]; known || len(g.sources) != mostSources {
			t.Errorf("sources = %d, first known = %v; want %d, false", len(g.sources), known, mostSources)
		}
	})
}

func TestGuardLocksNoLongerThanItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := Guard{Longest: time.Minute}
		fail(&g, outsider, freeTries)
		for range 8 {
			fail(&g, outsider, 1)
			<-time.After(time.Minute)
		}
		fail(&g, outsider, 1)
		if _, wait := g.Try(Source(outsider), right); wait != time.Minute {
			t.Errorf("lock = %v, want %v", wait, time.Minute)
		}
	})
}
