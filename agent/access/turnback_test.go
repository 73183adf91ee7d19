package access

import (
	"testing"
	"time"

	"parkagent/agent/billing"
	"parkagent/store"
)

func TestACarThatTurnsBack(t *testing.T) {
	const no = "粤B12345"
	tests := []struct {
		name  string
		bring func(*rig) string // returns the session
		lane  string
		want  store.SessionState
		free  int
	}{
		{"at an entry leaves no stay", func(r *rig) string { return r.enter("IN1", no).Session }, "IN1", store.Void, 2},
		{"at an entry that it had passed before stays inside", func(r *rig) string { return r.park(no).Session }, "IN1", store.Inside, 1},
		{"at an exit stays inside", func(r *rig) string { r.park(no); return r.leave("OUT1", no, true).Session }, "OUT1", store.Inside, 1},
		{"at an exit that another has taken over from", func(r *rig) string {
			r.park(no)
			r.leave("OUT1", no, true)
			return r.leave("OUT2", no, true).Session
		}, "OUT1", store.Leaving, 1},
		{"after it has left all the same", func(r *rig) string {
			r.park(no)
			v := r.leave("OUT1", no, true)
			r.did(r.Gone(r.t.Context(), v.Session))
			return v.Session
		}, "OUT1", store.Left, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 2)
			session := tt.bring(r)
			before := len(r.kinds())
			r.did(r.TurnedBack(t.Context(), tt.lane, session, "it backed out"))
			changed := tt.want != store.Leaving && tt.want != store.Left && tt.name != "at an entry that it had passed before stays inside"
			if got := r.session(session); got.State != tt.want || r.free() != tt.free || (len(r.kinds()) > before) != changed {
				t.Errorf("state %d, %d places free, journal %v; want %d, %d", got.State, r.free(), r.kinds()[before:], tt.want, tt.free)
			}
		})
	}
}

func TestACarThatTurnsBackAtAnExitPaysOnlyWhatComesAfterItsTimeToLeave(t *testing.T) {
	const no = "粤B12345"
	for after, want := range map[time.Duration]Reason{10 * time.Minute: ReasonPaid, 2 * time.Hour: ReasonDue} {
		r := newRig(t, 2)
		r.park(no)
		r.now = r.now.Add(time.Hour)
		r.leave("OUT1", no, false)
		o, _, err := r.desk.Order(t.Context(), billing.Ref{Plate: no}, "mall")
		r.did(err)
		_, err = r.desk.Pay(t.Context(), billing.Notice{Order: o.No, Amount: o.Payable})
		r.did(err)
		r.now = r.now.Add(time.Minute)
		v := r.leave("OUT1", no, false)
		r.did(r.TurnedBack(t.Context(), "OUT1", v.Session, "it backed out"))
		r.now = r.now.Add(after)
		if v := r.leave("OUT1", no, false); v.Reason != want || want == ReasonDue && v.Payable != 1500 {
			t.Errorf("%v later: %+v, want %q", after, v, want)
		}
	}
}

func TestMoneyOfABookingPaysAgainForACarThatTurnsBack(t *testing.T) {
	const no = "粤B12345"
	tests := []struct {
		name     string
		preMoney int64
		pay      int64
		again    time.Duration // after it has turned back
		want     Reason
		payable  int64
		preUsed  int64
	}{
		{"it covered the whole fee, and does", 800, 0, 0, ReasonPaid, 0, 500},
		{"it covered a part, and the driver the rest", 400, 100, 0, ReasonPaid, 0, 400},
		{"so it does within the time to leave", 400, 100, 10 * time.Minute, ReasonPaid, 0, 400},
		{"after that it pays for the longer stay", 800, 0, 30 * time.Minute, ReasonDue, 200, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 2)
			id, err := r.Book(t.Context(), store.Booking{Plate: no, PreMoney: tt.preMoney, From: r.now, To: r.now}, false, By{})
			r.did(err)
			session := r.park(no).Session
			r.now = r.now.Add(40 * time.Minute)
			if tt.pay > 0 {
				o, _, err := r.desk.Order(t.Context(), billing.Ref{Plate: no}, "mall")
				r.did(err)
				_, err = r.desk.Pay(t.Context(), billing.Notice{Order: o.No, Amount: tt.pay})
				r.did(err)
			}
			if v := r.leave("OUT1", no, false); !v.Open {
				t.Fatalf("at first %+v", v)
			}
			r.did(r.TurnedBack(t.Context(), "OUT1", session, "it backed out"))
			if b := r.booking(id); b.PreUsed != 0 {
				t.Errorf("%d of the booking's money are used by a car that is inside", b.PreUsed)
			}
			r.now = r.now.Add(tt.again)
			if v := r.leave("OUT1", no, false); v.Payable != tt.payable || v.Reason != tt.want {
				t.Errorf("then %+v, want %q and %d to pay", v, tt.want, tt.payable)
			}
			if b := r.booking(id); b.PreUsed != tt.preUsed {
				t.Errorf("%d of the booking's money are used, want %d", b.PreUsed, tt.preUsed)
			}
		})
	}
}

func TestAnOperatorSaysThatAnotherCarStandsAtTheExit(t *testing.T) {
	r := newRig(t, 9)
	wrong, right := r.park("粤B11111"), r.park("粤B22222")
	r.now = morning.Add(10 * time.Minute)
	if v := r.leave("OUT1", "粤B11111", false); v.Session != wrong.Session || !v.Open {
		t.Fatalf("misread = %+v", v)
	}
	v, err := r.Leave(t.Context(), Approach{Lane: "OUT1", Gate: "GOUT1", Area: 1, Plate: "粤B22222", PlateRead: "粤B11111", Told: true})
	if err != nil || !v.Open || v.Session != right.Session {
		t.Fatalf("corrected = %+v, %v", v, err)
	}
	r.did(r.Gone(t.Context(), v.Session))
	r.now = morning.Add(7 * time.Hour)
	r.did(r.Sweep(t.Context()))
	if s := r.session(wrong.Session); s.State != store.Inside || s.Fee != 0 || s.ExitLane != "" {
		t.Errorf("the stay that was taken for it = %+v, want it inside", s)
	}
	if v := r.leave("OUT1", "粤B11111", false); v.Open || v.Payable != 3500 {
		t.Errorf("its car at the exit = %+v, want 7 hours due", v)
	}
	r.balanced()
}

func TestACarThatDrivesBackIntoAnInnerAreaHasNotLeft(t *testing.T) {
	r := newNested(t, 5)
	in := r.park("粤B12345")
	if v := r.leave("OUT1", "粤B12345", false); !v.Open {
		t.Fatalf("exit = %+v", v)
	}
	r.drive("MIDIN", "粤B12345") // its gate did not open
	r.now = r.now.Add(7 * time.Hour)
	r.did(r.Sweep(t.Context()))
	if s := r.session(in.Session); s.State != store.Inside || s.Area != 2 {
		t.Errorf("hours later its stay = %+v, want it inside", s)
	}
}
