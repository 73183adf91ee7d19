package wallclock

import (
	"sync"
	"testing"
	"time"
)

func TestTrusted(t *testing.T) {
	floor := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		name string
		wall time.Time
		want bool
	}{
		{"a box that woke up in 1970 is not believed", time.Unix(0, 0), false},
		{"a second before the floor is not believed", floor.Add(-time.Second), false},
		{"the floor itself is believed", floor, true},
		{"later is believed", floor.Add(time.Hour), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := New(floor)
			c.now = func() time.Time { return tt.wall }
			if got := c.Trusted(); got != tt.want {
				t.Errorf("Trusted() = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestShiftMovesTheTimeButNotTheTrust(t *testing.T) {
	wall := time.Date(2020, 1, 1, 8, 0, 0, 0, time.FixedZone("east", 8*3600))
	c := New(wall.AddDate(1, 0, 0))
	c.now = func() time.Time { return wall }
	c.Shift(400 * 24 * time.Hour)
	c.Shift(time.Hour)
	want := wall.Add(400*24*time.Hour + time.Hour)
	if got := c.Now(); !got.Equal(want) || got.Location() != time.UTC {
		t.Errorf("Now() = %v, want %v in UTC", got, want)
	}
	if c.Trusted() {
		t.Error("Trusted() = true for a wall clock before the floor that was shifted past it")
	}
}

func TestManyGoroutinesMayShift(t *testing.T) {
	wall := time.Unix(1_800_000_000, 0)
	c := New(time.Time{})
	c.now = func() time.Time { return wall }
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			c.Shift(time.Second)
			c.Now()
		})
	}
	wg.Wait()
	if got := c.Now().Sub(wall); got != 50*time.Second {
		t.Errorf("shifted by %v, want 50s", got)
	}
}

func TestTheZeroClockTellsTheTime(t *testing.T) {
	var c Clock
	before := time.Now()
	got := c.Now()
	if got.Before(before) || got.After(time.Now()) {
		t.Errorf("Now() = %v, want about %v", got, before)
	}
	if !c.Trusted() {
		t.Error("Trusted() = false without a floor")
	}
}
