package codes

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"parkagent/agent/billing"
	"parkagent/agent/lane"
	"parkagent/agent/uplink"
	"parkagent/protocol"
)

func TestWhatADriverIsToldOfEveryEnd(t *testing.T) {
	broken := errors.New("disk full")
	for _, tt := range []struct {
		name string
		err  error
		want lane.Notice
		logs bool // it is for the log too
		had  bool // a platform may have the code
	}{
		{"the platform charges", nil, lane.NoticePaying, false, true},
		{"it refused", &UnpaidError{Err: fmt.Errorf("ask: %w", &protocol.RefusedError{}), Known: true}, lane.NoticePayRefused, false, true},
		{"it was not reached", &UnpaidError{Err: uplink.ErrNotSent, Known: true}, lane.NoticePayRefused, false, false},
		{"there is none", &UnpaidError{Err: uplink.ErrNobody, Known: true}, lane.NoticePayRefused, false, false},
		{"it said nothing", &UnpaidError{Err: context.DeadlineExceeded}, lane.NoticePayUnknown, false, true},
		{"what it said could not be booked", &UnpaidError{Err: errors.Join(&protocol.RefusedError{}, broken), Books: broken}, lane.NoticePayUnknown, true, true},
		{"the code was read for another stay", ErrUsed, lane.NoticePayRefused, false, false},
		{"another payment is under way", billing.ErrSettling, lane.NoticePayUnknown, false, false},
		{"what is due has just changed", billing.ErrOutdated, lane.NoticePayRefused, false, false},
		{"the fee needs an operator", billing.ErrAboveLimit, lane.NoticeOperator, false, false},
		{"no tariff fits", billing.ErrNoTariff, lane.NoticeOperator, false, false},
		{"the car has just left", billing.ErrGone, lane.NoticeNothingDue, false, false},
		{"the books fail", broken, lane.NoticePayRefused, true, false},
	} {
		got, unforeseen := outcome(tt.err)
		if got != tt.want || (unforeseen != nil) != tt.logs || had(tt.err) != tt.had {
			t.Errorf("%s: told %d, logged %v, had %v; want %d, %v, %v", tt.name, got, unforeseen, had(tt.err), tt.want, tt.logs, tt.had)
		}
	}
}

// A till forgets the oldest codes, not the latest.
func TestATillRemembersSoManyCodes(t *testing.T) {
	till := NewTill(nil, nil)
	code := func(i int) [32]byte { return [32]byte{byte(i), byte(i >> 8)} }
	for i := range mostUsed + 10 {
		if _, read := till.claim(code(i), "s"); read {
			t.Fatalf("code %d was read before", i)
		}
	}
	if len(till.used) != mostUsed || till.find(code(9)) >= 0 || till.find(code(10)) != 0 {
		t.Errorf("%d codes are kept, want the last %d", len(till.used), mostUsed)
	}
}

func TestAReaderNeedsAllItsParts(t *testing.T) {
	if _, err := New(Config{Device: "S1"}); err == nil {
		t.Error("New without parts = nil, want an error")
	}
}
