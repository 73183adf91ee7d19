package access

import (
	"testing"
	"time"

	"parkagent/store"
)

// TestWhatAStayWithARightCosts goes through whole stays: by what right a car came
// in decides what it pays.
func TestWhatAStayWithARightCosts(t *testing.T) {
	day := 24 * time.Hour
	tests := []struct {
		name    string
		begin   func(r *rig) // before the car comes, at morning
		during  func(r *rig) // after an hour inside
		payable int64        // after two hours
		why     Reason
	}{
		{"none", func(*rig) {}, nil, 1000, ReasonDue},
		{"a monthly card", func(r *rig) { r.give(2, 1, 0, "粤B11111") }, nil, 0, ReasonFree},
		{"a monthly card that is deleted", func(r *rig) { r.give(2, 1, 0, "粤B11111") }, func(r *rig) { r.did(r.DeleteCard(t.Context(), 1, mall)) }, 500, ReasonDue},
		{"a monthly card that it gets inside", func(*rig) {}, func(r *rig) { r.give(2, 1, 0, "粤B11111") }, 0, ReasonFree},
		{"a monthly card that begins while it is inside", func(*rig) {}, func(r *rig) {
			_, err := r.AddCard(t.Context(), store.Card{CarType: 2, From: r.now, To: r.now.Add(day), Plates: plated("粤B11111")}, mall)
			r.did(err)
		}, 500, ReasonDue},
		{"a counted card", func(r *rig) { r.give(6, 1, 1, "粤B11111") }, nil, 0, ReasonFree},
		{"a stored-value card with money", func(r *rig) { r.give(3, 1, 1500, "粤B11111") }, nil, 0, ReasonPaid},
		{"a stored-value card with too little", func(r *rig) { r.give(3, 1, 300, "粤B11111") }, nil, 700, ReasonDue},
		{"a booking", func(r *rig) { r.reserve("粤B11111", store.BookOnce, 0, day, false) }, nil, 0, ReasonFree},
		{"a booking that is cancelled, with money", func(r *rig) { r.reserve("粤B11111", store.BookOnce, 0, day, false) },
			func(r *rig) { r.did(r.CancelBooking(t.Context(), 1, mall)) }, 400, ReasonDue},
		{"a booking that it gets inside", func(*rig) {}, func(r *rig) { r.reserve("粤B11111", store.BookMany, -time.Hour, day, true) }, 0, ReasonFree},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 9)
			tt.begin(r)
			in := r.park("粤B11111")
			r.now = morning.Add(time.Hour)
			if tt.during != nil {
				tt.during(r)
			}
			r.now = morning.Add(2 * time.Hour)
			v := r.leave("OUT1", "粤B11111", false)
			if v.Payable != tt.payable || v.Reason != tt.why || v.Open != (tt.payable == 0) {
				t.Errorf("exit = %+v; want %d due, %q", v, tt.payable, tt.why)
			}
			if s := r.session(in.Session); v.CarType != s.CarType || v.ValidTo.IsZero() != (s.Card == 0 && s.Booking == 0) {
				t.Errorf("exit says type %d until %v, the stay %+v", v.CarType, v.ValidTo, s)
			}
			r.did(r.Gone(t.Context(), v.Session))
			r.balanced()
		})
	}
}
