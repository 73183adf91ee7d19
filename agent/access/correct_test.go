package access

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/billing"
	"parkagent/store"
)

var booth = By{Client: "王五", Address: "192.0.2.9"}

func (r *rig) correctTo(session, no string) store.Session {
	r.t.Helper()
	s, err := r.Correct(r.t.Context(), Correction{Session: session, Plate: no, Reason: "入口识别错误", By: booth})
	r.did(err)
	return s
}

func TestACorrectedStayIsKnownByItsRightPlate(t *testing.T) {
	r := newRig(t, 9)
	var told []string
	r.cfg.Changed = func(session string) { told = append(told, session) }
	in := r.park("粤B12345")
	got := r.correctTo(in.Session, " 粤b1234S ")
	if got.Plate != "粤B1234S" || got.PlateRead != "粤B12345" || !got.EnteredAt.Equal(morning) {
		t.Errorf("corrected = %+v, want the right plate, what was read and when it came", got)
	}
	r.correctTo(in.Session, "粤B1234S") // the answer was lost
	want := []store.AmendFact{{
		Act: store.AmendPlate, Session: in.Session, Plate: "粤B1234S", Was: "粤B12345", Reason: "入口识别错误", Client: "王五", Address: "192.0.2.9",
	}}
	if diff := cmp.Diff(want, r.amendments()); diff != "" {
		t.Errorf("amendments (-want +got):\n%s", diff)
	}
	entry := last[store.StayFact](r, store.KindEntry, "粤B1234S")
	if entry.Session != in.Session || entry.EnteredMs != store.Millis(morning) {
		t.Errorf("the entry that platforms are told = %+v", entry)
	}
	if diff := cmp.Diff([]string{in.Session, in.Session}, told); diff != "" {
		t.Errorf("told of (-want +got):\n%s", diff)
	}
	r.now = morning.Add(10 * time.Minute)
	if v := r.leave("OUT1", "粤B1234S", false); !v.Open || v.Session != in.Session {
		t.Errorf("exit with the right plate = %+v", v)
	}
	r.balanced()
}

func TestACorrectedStayHasTheRightsOfItsRightPlate(t *testing.T) {
	const wrong, right = "粤B11111", "粤B99999"
	tests := []struct {
		name    string
		before  func(r *rig)
		balance int64 // of card 1, afterwards; -1 where there is none
		carType int
		payable int64 // after two hours
	}{
		{"neither has any", func(*rig) {}, -1, 0, 1000},
		{"the right one has a card", func(r *rig) { r.give(2, 1, 0, right) }, 0, 2, 0},
		{"the wrong one has a card", func(r *rig) { r.give(2, 1, 0, wrong) }, 0, 0, 1000},
		{"the wrong one has a card of visits", func(r *rig) { r.give(6, 1, 5, wrong) }, 5, 0, 1000},
		{"the right one has a card of visits", func(r *rig) { r.give(6, 1, 5, right) }, 4, 6, 0},
		{"both are of one card of visits", func(r *rig) { r.give(6, 1, 5, wrong, right) }, 4, 6, 0},
		{"the card of the right one is full", func(r *rig) {
			r.give(2, 1, 0, right, "粤B77777")
			r.park("粤B77777")
		}, 0, 0, 1000},
		{"the right one has a booking", func(r *rig) { r.reserve(right, store.BookOnce, 0, 24*time.Hour, false) }, -1, 99, 0},
		{"the wrong one has a booking", func(r *rig) { r.reserve(wrong, store.BookOnce, 0, 24*time.Hour, false) }, -1, 0, 1000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 9)
			tt.before(r)
			in := r.park(wrong)
			r.now = morning.Add(2 * time.Hour)
			s := r.correctTo(in.Session, right)
			if tt.carType != 99 && s.CarType != tt.carType {
				t.Errorf("car type = %d, want %d", s.CarType, tt.carType)
			}
			if tt.balance >= 0 && r.card(1).Balance != tt.balance {
				t.Errorf("the card has %d, want %d", r.card(1).Balance, tt.balance)
			}
			b, err := r.desk.Due(t.Context(), r.db.Reader, s, r.now)
			if err != nil || b.Payable != tt.payable {
				t.Errorf("due = %d, %v; want %d", b.Payable, err, tt.payable)
			}
			if v := r.park(wrong); tt.name == "the wrong one has a booking" && v.Reason != ReasonBooking {
				t.Errorf("whose booking it is comes = %+v, want let in by it", v)
			}
			r.balanced()
		})
	}
}

func TestACorrectionForgetsWhatWasSaidOfTheWrongPlate(t *testing.T) {
	r := newRig(t, 9)
	in := r.park("粤B11111")
	r.did(r.MarkSeamless(t.Context(), "粤B11111", mall))
	r.did(r.desk.Quote(t.Context(), r.session(in.Session), 0, 777, "mall"))
	if s := r.correctTo(in.Session, "粤B99999"); s.Seamless || s.SeamlessBy != "" || s.QuoteFee != 0 || !s.QuotedAt.IsZero() {
		t.Errorf("corrected = %+v, want neither price nor promise", s)
	}
}

func TestACarThatTurnsOutToBeBlacklistedIsReported(t *testing.T) {
	r := newRig(t, 9)
	_, err := r.AddBlack(t.Context(), "粤B99999", "逃费", mall)
	r.did(err)
	in := r.park("粤B11111")
	r.correctTo(in.Session, "粤B99999")
	if f := last[store.BlackFact](r, store.KindBlackEntry, "粤B99999"); f.Act != "corrected" || f.Place != "入口" {
		t.Errorf("reported = %+v", f)
	}
	if s := r.session(in.Session); s.State != store.Inside {
		t.Errorf("state = %d, want Inside", s.State)
	}
}

func TestACarBeforeItsEntryIsReportedWhenItHasEntered(t *testing.T) {
	r := newRig(t, 9)
	id := r.give(6, 1, 5, "粤B99999")
	v := r.enter("IN1", "粤B11111")
	r.correctTo(v.Session, "粤B99999")
	r.did(r.Entered(t.Context(), v.Session))
	entries := 0
	for _, k := range r.kinds() {
		if k == string(store.KindEntry) {
			entries++
		}
	}
	if entries != 1 || r.card(id).Balance != 4 {
		t.Errorf("%d entries reported and %d visits left, want 1 and 4", entries, r.card(id).Balance)
	}
}

func TestCorrectionsThatAreRefused(t *testing.T) {
	r := newRig(t, 9)
	in := r.park("粤B11111")
	r.park("粤B22222")
	gone := r.park("粤B33333")
	r.leave("OUT1", "粤B33333", false)
	r.did(r.Gone(t.Context(), gone.Session))
	tests := []struct {
		name string
		c    Correction
		want error
	}{
		{"no reason", Correction{Session: in.Session, Plate: "粤B99999", Reason: " "}, billing.ErrNoReason},
		{"no plate", Correction{Session: in.Session, Plate: " - ", Reason: "x"}, ErrNoPlate},
		{"a plate that is inside", Correction{Session: in.Session, Plate: "粤B22222", Reason: "x"}, ErrPlateInside},
		{"a stay that is over", Correction{Session: gone.Session, Plate: "粤B99999", Reason: "x"}, billing.ErrNoSession},
		{"a stay that never was", Correction{Session: "nobody", Plate: "粤B99999", Reason: "x"}, billing.ErrNoSession},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := r.Correct(t.Context(), tt.c); !errors.Is(err, tt.want) {
				t.Errorf("Correct = %v, want %v", err, tt.want)
			}
		})
	}
	if n := len(r.amendments()); n != 0 {
		t.Errorf("%d amendments journalled, want none", n)
	}
}

func TestACarWhoseExitIsDecidedKeepsItsFee(t *testing.T) {
	r := newRig(t, 9)
	id := r.give(6, 1, 5, "粤B11111")
	in := r.park("粤B11111")
	r.leave("OUT1", "粤B11111", false)
	if s := r.correctTo(in.Session, "粤B99999"); s.State != store.Leaving || s.Card != id || r.card(id).Balance != 4 {
		t.Errorf("corrected = %+v with %d visits left, want its exit as it was decided", s, r.card(id).Balance)
	}
	r.did(r.Gone(t.Context(), in.Session))
	if f := last[store.StayFact](r, store.KindExit, "粤B99999"); f.Session != in.Session {
		t.Errorf("exit = %+v", f)
	}
	r.balanced()
}

func TestACarWithoutAPlateGetsItsPlate(t *testing.T) {
	r := newRig(t, 9)
	v, err := r.Enter(t.Context(), Approach{Lane: "IN1", Gate: "GIN1", Area: 1, CardNo: "2026030100000001", Color: -1})
	r.did(err)
	r.did(r.Entered(t.Context(), v.Session))
	r.correctTo(v.Session, "粤B99999")
	if got := r.leave("OUT1", "粤B99999", false); got.Session != v.Session {
		t.Errorf("exit = %+v, want its stay", got)
	}
	_, err = r.db.OpenSessionByCard(context.Background(), "2026030100000001")
	if err != nil {
		t.Errorf("by its ticket = %v, want found still", err)
	}
}
