package guard_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/gate/guard"
)

const (
	clear    = drivers.PresenceClear
	occupied = drivers.PresenceOccupied
	unknown  = drivers.PresenceUnknown
	unfitted = drivers.PresenceNotFitted
)

func TestOnlyInputsThatReadClearTwiceLower(t *testing.T) {
	both := guard.Guard{Presence: true, Passage: true, Age: 500 * time.Millisecond}
	presence := guard.Guard{Presence: true, Age: 500 * time.Millisecond}
	passage := guard.Guard{Passage: true, SelfGuarded: true, Age: 500 * time.Millisecond}
	tests := []struct {
		name     string
		guard    guard.Guard
		readings []guard.Reading
		why      string // empty: it may be lowered
	}{
		{"both are clear", both, []guard.Reading{{clear, clear}, {clear, clear}}, ""},
		{"presence alone is clear", presence, []guard.Reading{{clear, unfitted}, {clear, unfitted}}, ""},
		{"a car stands there", both, []guard.Reading{{occupied, clear}}, "presence is occupied"},
		{"a car drives through", both, []guard.Reading{{clear, occupied}}, "drives through"},
		{"a car comes between the readings", both, []guard.Reading{{clear, clear}, {occupied, clear}}, "presence is occupied"},
		{"nobody knows what stands there", both, []guard.Reading{{unknown, clear}}, "presence is unknown"},
		{"an input that is wired reads as if it were not", presence, []guard.Reading{{unfitted, unfitted}}, "presence is unknown"},
		{"nobody knows what drives through", both, []guard.Reading{{clear, unknown}}, "passage is unknown"},
		{"a barrier that guards itself, and a car drives through", passage, []guard.Reading{{unfitted, occupied}}, "drives through"},
		{"a barrier that guards itself, and nothing drives through", passage, []guard.Reading{{unfitted, clear}, {unfitted, clear}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				start := time.Now()
				good, err := tt.guard.Clear(func(until time.Time) (guard.Reading, error) {
					if want := time.Now().Add(500 * time.Millisecond); !until.Equal(want) {
						t.Errorf("reading %d is good until %v, want %v", n+1, until, want)
					}
					<-time.After(100 * time.Millisecond) // of the bubble
					n++
					return tt.readings[n-1], nil
				})
				if n != len(tt.readings) {
					t.Errorf("%d readings, want %d", n, len(tt.readings))
				}
				if tt.why != "" {
					if !errors.Is(err, drivers.ErrRefused) || errors.Is(err, drivers.ErrOffline) || !strings.Contains(err.Error(), tt.why) {
						t.Errorf("error = %v, want a refusal: %s", err, tt.why)
					}
					return
				}
				if want := start.Add(600 * time.Millisecond); err != nil || !good.Equal(want) {
					t.Errorf("good until %v, %v; want half a second after the second question, %v", good.Sub(start), err, want.Sub(start))
				}
			})
		})
	}
}

func TestAReadingThatTookTooLongLowersNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := guard.Guard{Presence: true, Age: 500 * time.Millisecond}
		for took, want := range map[time.Duration]bool{499 * time.Millisecond: true, 500 * time.Millisecond: false} {
			_, err := g.Clear(func(time.Time) (guard.Reading, error) {
				<-time.After(took)
				return guard.Reading{Presence: clear, Passage: unfitted}, nil
			})
			if want != (err == nil) || err != nil && !(errors.Is(err, drivers.ErrRefused) && errors.Is(err, drivers.ErrOffline)) {
				t.Errorf("after %v: %v, want it to be lowered: %v", took, err, want)
			}
		}
	})
}

func TestAReadingThatFailedIsARefusal(t *testing.T) {
	wired, blank := guard.Guard{Presence: true, Age: time.Second}, guard.Guard{SelfGuarded: true}
	for _, cause := range []error{drivers.ErrOffline, drivers.ErrRefused} {
		cause = fmt.Errorf("read inputs: %w", cause)
		_, err := wired.Clear(func(time.Time) (guard.Reading, error) { return guard.Reading{}, cause })
		if !errors.Is(err, drivers.ErrRefused) || !errors.Is(err, cause) {
			t.Errorf("error = %v, want a refusal that wraps %v", err, cause)
		}
		if err := blank.Unknown(cause); !errors.Is(err, cause) || errors.Is(err, drivers.ErrRefused) != errors.Is(cause, drivers.ErrRefused) {
			t.Errorf("error without an input = %v, want %v", err, cause)
		}
	}
	if good, err := blank.Clear(nil); err != nil || !good.IsZero() {
		t.Errorf("without an input: good until %v, %v; want no bound", good, err)
	}
}

func TestWhoMayBeLowered(t *testing.T) {
	tests := []struct {
		guard guard.Guard
		want  error
	}{
		{guard.Guard{}, drivers.ErrRefused},
		{guard.Guard{Passage: true}, drivers.ErrRefused},
		{guard.Guard{Presence: true}, nil},
		{guard.Guard{SelfGuarded: true}, nil},
	}
	for _, tt := range tests {
		if err := tt.guard.Allowed(); !errors.Is(err, tt.want) {
			t.Errorf("Allowed of %+v = %v, want %v", tt.guard, err, tt.want)
		}
	}
}

func TestAPresenceInputThatMissesCarAfterCarIsBlind(t *testing.T) {
	through := []guard.Reading{{clear, occupied}, {clear, occupied}, {clear, clear}}
	seen := []guard.Reading{{occupied, clear}, {occupied, occupied}, {clear, occupied}, {clear, clear}}
	tests := []struct {
		name   string
		passes [][]guard.Reading
		blind  bool
	}{
		{"three are missed", [][]guard.Reading{through, through, through}, false},
		{"four are missed", [][]guard.Reading{through, through, through, through}, true},
		{"every second is seen", [][]guard.Reading{through, seen, through, seen, through, seen, through, seen}, false},
		{"one is seen and two are missed", [][]guard.Reading{seen, through, through}, false},
		{"the fourth leaves while it is judged", [][]guard.Reading{through, through, through, {{clear, occupied}}}, true},
		{"it sees again", [][]guard.Reading{through, through, through, through, seen}, false},
		{"what went into the dark drove nowhere", [][]guard.Reading{{{clear, occupied}, {unknown, unknown}}, {{clear, occupied}, {unknown, unknown}},
			{{clear, occupied}, {unknown, unknown}}, {{clear, occupied}, {unknown, unknown}}}, false},
	}
	for _, tt := range tests {
		g := guard.Guard{Presence: true, Passage: true, Age: time.Second}
		for _, pass := range tt.passes {
			for _, r := range pass {
				g.Observe(r)
			}
		}
		err := g.Judge(guard.Reading{Presence: clear, Passage: clear})
		if g.Blind() != tt.blind || (err != nil) != tt.blind || err != nil && !errors.Is(err, drivers.ErrRefused) {
			t.Errorf("%s: blind %v, %v; want %v", tt.name, g.Blind(), err, tt.blind)
		}
	}
	g := guard.Guard{Passage: true, SelfGuarded: true}
	for range 9 {
		for _, r := range through {
			g.Observe(r)
		}
	}
	if g.Blind() {
		t.Error("an input that is not wired is blind")
	}
}

func TestACommandMayGoOutWhileTheReadingIsGood(t *testing.T) {
	good := time.Now().Add(time.Hour)
	ctx, cancel := guard.Until(t.Context(), good)
	defer cancel()
	if until, ok := ctx.Deadline(); !ok || !until.Equal(good) {
		t.Errorf("deadline %v, want %v", until, good)
	}
	ctx, cancel = guard.Until(t.Context(), time.Time{})
	defer cancel()
	if until, ok := ctx.Deadline(); ok {
		t.Errorf("deadline %v without an input, want none", until)
	}
}
