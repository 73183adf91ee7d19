package access

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

// What is told to the exits after a change by which a car may leave.
func TestStaysThatMayCostLessAreTold(t *testing.T) {
	r := newRig(t, 9)
	var told []string
	r.cfg.Changed = func(session string) { told = append(told, session) }
	one := r.park("粤B11111").Session
	r.now = r.now.Add(time.Minute)
	two := r.park("粤B22222").Session
	var card, booking int64
	period := func() (from, to time.Time) { return morning.Add(-time.Hour), morning.AddDate(0, 1, 0) }
	from, to := period()
	later := to.AddDate(0, 1, 0)
	for _, tt := range []struct {
		name   string
		change func() error
		want   []string
	}{
		{"a card for it", func() (err error) {
			card, err = r.AddCard(t.Context(), store.Card{CarType: 2, Spaces: 2, From: from, To: to, Plates: plated("粤B11111")}, mall)
			return err
		}, []string{one}},
		{"a plate more on the card", func() error { return r.EditCard(t.Context(), card, CardEdit{Add: plated("粤B22222")}, mall) }, []string{one, two}},
		{"a longer card", func() error {
			return r.Recharge(t.Context(), Recharge{Card: card, Order: "1", From: from, To: later}, mall)
		}, []string{one, two}},
		{"a card of somebody else", func() error {
			_, err := r.AddCard(t.Context(), store.Card{CarType: 2, From: from, To: to, Plates: plated("京A00001")}, mall)
			return err
		}, nil},
		{"a change that is refused", func() error {
			if err := r.EditCard(t.Context(), card, CardEdit{Remove: plated("京A00001")}, mall); err == nil {
				t.Error("a plate that the card lacks was removed")
			}
			return nil
		}, nil},
		{"a platform will deduct", func() error { return r.MarkSeamless(t.Context(), "粤B11111", mall) }, []string{one}},
		{"and says so again", func() error { return r.MarkSeamless(t.Context(), "粤B11111", mall) }, []string{one}},
	} {
		told = nil
		if err := tt.change(); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, told); diff != "" {
			t.Errorf("%s: told (-want +got):\n%s", tt.name, diff)
		}
	}

	three := r.park("粤B33333").Session
	told = nil
	booking = r.reserve("粤B33333", store.BookMany, -time.Hour, time.Hour, true)
	r.did(r.EditBooking(t.Context(), booking, BookingEdit{To: &later}, mall))
	if diff := cmp.Diff([]string{three, three}, told); diff != "" {
		t.Errorf("a booking for it and a longer one: told (-want +got):\n%s", diff)
	}
}
