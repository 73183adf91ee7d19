package scanner

import (
	"strconv"
	"testing"
	"time"
)

// Noise is all different lines: they neither pile up nor make the last codes forgotten.
func TestNoiseDoesNotPileUp(t *testing.T) {
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	r := repeats{within: time.Second}
	for i := range 1000 {
		if r.again(strconv.Itoa(i), now) {
			t.Fatalf("line %d was there before", i)
		}
	}
	if len(r.last) != mostSeen || !r.again("999", now) || r.again("0", now) {
		t.Errorf("%d lines are kept, want the last %d", len(r.last), mostSeen)
	}
}
