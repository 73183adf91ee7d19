package access

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/billing"
	"parkagent/agent/tariff"
	"parkagent/drivers"
	"parkagent/store"
)

var morning = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// A rig is rules over a real store, with a clock that is set by hand.
type rig struct {
	*Rules
	t    *testing.T
	db   *store.DB
	desk *billing.Desk
	now  time.Time
}

func newRig(t *testing.T, places int) *rig {
	t.Helper()
	r := &rig{t: t, now: morning}
	now := func() time.Time { return r.now }
	db, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "park.db"), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	desk, err := billing.New(billing.Config{DB: db, ParkCode: "1", Now: now, Tariffs: []tariff.Tariff{{
		Name: "all", CarTypes: []int{0, 3}, Free: 15 * time.Minute, FreeInclusive: true, FreeCounts: true, Blocks: []tariff.Block{{Unit: time.Hour, Price: 500}},
	}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.db, r.desk = db, desk
	if r.Rules, err = New(Config{DB: db, Bills: desk, Now: now}); err != nil {
		t.Fatal(err)
	}
	r.update(func(ctx context.Context, tx *store.Tx) error {
		return tx.ReplaceAreas(ctx, []store.Area{{Code: 1, Name: "A", Places: places}})
	})
	return r
}

func (r *rig) update(fn func(context.Context, *store.Tx) error) {
	r.t.Helper()
	ctx := r.t.Context()
	if err := r.db.Update(ctx, func(tx *store.Tx) error { return fn(ctx, tx) }); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) enter(lane, no string) Verdict {
	r.t.Helper()
	v, err := r.Enter(r.t.Context(), Approach{Lane: lane, Place: "入口", Gate: "G" + lane, Area: 1, Plate: no, PlateRead: no, Color: 0, Size: 2, Dedupe: 30 * time.Second})
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

func (r *rig) leave(lane, no string, held bool) Verdict {
	r.t.Helper()
	v, err := r.Leave(r.t.Context(), Approach{Lane: lane, Place: "出口", Gate: "G" + lane, Area: 1, Plate: no, PlateRead: no, Held: held})
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

func (r *rig) did(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// park brings a car in.
func (r *rig) park(no string) Verdict {
	r.t.Helper()
	v := r.enter("IN1", no)
	if !v.Open {
		r.t.Fatalf("%s may not enter: %s", no, v.Reason)
	}
	r.did(r.Entered(r.t.Context(), v.Session))
	return v
}

func (r *rig) session(id string) store.Session {
	r.t.Helper()
	s, err := r.db.Session(r.t.Context(), id)
	r.did(err)
	return s
}

func (r *rig) free() int {
	r.t.Helper()
	areas, err := r.db.Areas(r.t.Context())
	r.did(err)
	return areas[0].Free()
}

// kinds lists the kinds of the journal rows, oldest first.
func (r *rig) kinds() []string {
	r.t.Helper()
	rows, err := r.db.After(r.t.Context(), 0, 1000)
	r.did(err)
	var out []string
	for _, e := range rows {
		out = append(out, string(e.Kind))
	}
	return out
}

func TestAStayIsDecidedThenConfirmed(t *testing.T) {
	r := newRig(t, 10)
	v := r.enter("IN1", "粤B12345")
	if diff := cmp.Diff(Verdict{Open: true, Reason: ReasonTemporary, Session: v.Session, Plate: "粤B12345"}, v); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	if s := r.session(v.Session); s.State != store.Entering {
		t.Errorf("state before the gate opened = %d, want Entering", s.State)
	}
	r.did(r.Entered(t.Context(), v.Session))
	r.did(r.Entered(t.Context(), v.Session)) // told twice, booked once
	r.now = morning.Add(2 * time.Hour)
	if v := r.leave("OUT1", "粤B12345", false); v.Open || v.Reason != ReasonDue || v.Payable != 1000 || v.Stay != 2*time.Hour {
		t.Errorf("exit with money due = %+v", v)
	}
	o, s, err := r.desk.Order(t.Context(), billing.Ref{Lane: "OUT1"}, "mall")
	if err != nil || o.Payable != 1000 || o.Lane != "OUT1" || s.ID != v.Session {
		t.Fatalf("bill by exit lane = %+v, %v", o, err)
	}
	_, err = r.desk.Pay(t.Context(), billing.Notice{Order: o.No, Amount: 1000, PayType: 4, PayMethod: 5, Client: "mall"})
	r.did(err)
	out, err := r.Recheck(t.Context(), Approach{Lane: "OUT1", Gate: "GOUT1"}, v.Session)
	if err != nil || !out.Open || out.Reason != ReasonPaid {
		t.Fatalf("after the payment = %+v, %v", out, err)
	}
	r.did(r.Gone(t.Context(), v.Session))
	r.did(r.Gone(t.Context(), v.Session))
	want := []string{"command", "entry", "spaces", "order", "payment", "command", "exit", "spaces"}
	if diff := cmp.Diff(want, r.kinds()); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
	got := r.session(v.Session)
	if got.State != store.Left || got.Fee != 1000 || got.Unpaid != 0 || got.ExitLane != "OUT1" || got.ExitPlace != "出口" {
		t.Errorf("session = %+v", got)
	}
	r.balanced()
}

// balanced checks what must hold at any time.
func (r *rig) balanced() {
	r.t.Helper()
	b, err := r.db.Books(r.t.Context())
	r.did(err)
	if len(b.Mismatches) > 0 || b.Fee+b.Over != b.Credit+b.Unpaid+b.Paid+b.Waived {
		r.t.Errorf("books do not balance: %+v", b)
	}
	_, err = r.db.VerifyChain(r.t.Context())
	r.did(err)
}

func TestAFullCarParkRefusesUntilSomeoneLeaves(t *testing.T) {
	r := newRig(t, 1)
	first := r.park("粤B11111")
	if v := r.enter("IN1", "粤B22222"); v.Open || v.Reason != ReasonFull {
		t.Errorf("second car = %+v, want refused", v)
	}
	if v := r.enter("IN1", "粤B11111"); !v.Open || v.Session != first.Session {
		t.Errorf("the first car seen again at once = %+v, want the same stay", v)
	}
	r.now = r.now.Add(time.Minute)
	if v := r.enter("IN1", "粤B11111"); !v.Open || v.Session == first.Session {
		t.Errorf("a car that has a place already = %+v, want let in anew", v)
	}
	if s := r.session(first.Session); s.State != store.Abnormal || s.Note == "" {
		t.Errorf("its stale session = %+v, want kept as abnormal with a note", s)
	}
	v := r.leave("OUT1", "粤B22222", false)
	if v.Open || v.Reason != ReasonNoSession {
		t.Errorf("exit of a car that was refused = %+v, want unknown", v)
	}
}

func TestACarWhoseGateFailedKeepsItsSession(t *testing.T) {
	r := newRig(t, 1)
	v := r.enter("IN1", "粤B11111")
	if again := r.enter("IN1", "粤B11111"); again.Session != v.Session || !again.Open || again.Reason != ReasonPending {
		t.Errorf("again = %+v, want the same session", again)
	}
	other := r.enter("IN1", "粤B22222")
	if !other.Open {
		t.Errorf("the car behind = %+v, want let in: the first one never entered", other)
	}
	if s := r.session(v.Session); s.State != store.Void {
		t.Errorf("the first car's session = %d, want Void", s.State)
	}
}

func TestAWaitingCarThatIsMisreadGoesOnWaiting(t *testing.T) {
	r := newRig(t, 5)
	in := r.park("粤B11111")
	r.now = morning.Add(2 * time.Hour)
	r.leave("OUT1", "粤B11111", false)
	if v := r.leave("OUT1", "粤B1111I", false); v.Session != in.Session || v.Plate != "粤B11111" || v.Reason != ReasonDue {
		t.Errorf("read as another plate = %+v, want the car that stands there", v)
	}
	if v := r.leave("OUT2", "粤B1111I", false); v.Reason != ReasonNoSession {
		t.Errorf("the same reading at another exit = %+v, want unknown", v)
	}
	other := r.park("粤B1111L")
	r.now = r.now.Add(time.Hour)
	if v := r.leave("OUT1", "粤B1111L", false); v.Session != other.Session {
		t.Errorf("a car with a plate like it = %+v, want its own session", v)
	}
	if v := r.leave("OUT1", "京A99999", false); v.Reason != ReasonNoSession {
		t.Errorf("an unknown car = %+v, want unknown", v)
	}
	if _, _, err := r.desk.Order(t.Context(), billing.Ref{Lane: "OUT1"}, "mall"); err == nil {
		t.Error("a bill for the exit where an unknown car stands, want none")
	}
}

func TestAPaidCarWhoseExitGateFailed(t *testing.T) {
	r := newRig(t, 5)
	in := r.park("粤B11111")
	r.now = morning.Add(10 * time.Minute)
	if v := r.leave("OUT1", "粤B11111", false); !v.Open || v.Reason != ReasonFree {
		t.Fatalf("within the free time = %+v", v)
	}
	r.now = morning.Add(3 * time.Hour)
	if v := r.leave("OUT2", "粤B11111", false); !v.Open || v.Reason != ReasonPending || v.Payable != 0 {
		t.Errorf("at another exit, hours later = %+v, want let out without paying", v)
	}
	cars, err := r.db.LaneCars(t.Context())
	if err != nil || len(cars) != 1 || cars[0].Lane != "OUT2" {
		t.Errorf("cars at lanes = %+v, %v; want it at OUT2 only", cars, err)
	}
	if v := r.enter("IN1", "粤B11111"); !v.Open {
		t.Errorf("it comes back = %+v", v)
	}
	if s := r.session(in.Session); s.State != store.Left || s.Fee != 0 {
		t.Errorf("its first stay = %+v, want Left with the fee that was fixed", s)
	}
	r.balanced()
}

func TestAHeldGateLetsOutAndRemembersWhatIsOwed(t *testing.T) {
	r := newRig(t, 5)
	in := r.park("粤B11111")
	r.now = morning.Add(2 * time.Hour)
	v := r.leave("OUT1", "粤B11111", true)
	if !v.Open || v.Reason != ReasonHold {
		t.Fatalf("held = %+v", v)
	}
	r.did(r.Gone(t.Context(), v.Session))
	if s := r.session(in.Session); s.Fee != 1000 || s.Unpaid != 1000 {
		t.Errorf("fee %d, unpaid %d; want 1000 owed", s.Fee, s.Unpaid)
	}
	r.balanced()
}

// resume restarts an entry, which has nothing to do then.
func (r *rig) resume(lane string) {
	r.t.Helper()
	if v, err := r.Resume(r.t.Context(), Approach{Lane: lane, Gate: "G" + lane}); err != nil || v != (Verdict{}) {
		r.t.Errorf("Resume at %s = %+v, %v; want nothing to do", lane, v, err)
	}
}

func TestACarIsNotLetOutInPlaceOfAnother(t *testing.T) {
	r := newRig(t, 5)
	in := r.park("粤B11111")
	r.leave("OUT1", "粤B11111", false)
	r.leave("OUT1", "京A99999", false)
	if v, err := r.Recheck(t.Context(), Approach{Lane: "OUT1", Gate: "GOUT1"}, in.Session); err != nil || v != (Verdict{}) {
		t.Errorf("with another car at the lane = %+v, %v; want nothing", v, err)
	}
	if _, here, err := r.Standing(t.Context(), "OUT1", in.Session); err != nil || here {
		t.Errorf("Standing = %v, %v; want that it is not there", here, err)
	}
	for _, session := range []string{in.Session, ""} {
		if _, here, err := r.Standing(t.Context(), "OUT9", session); err != nil || here {
			t.Errorf("Standing(%q) at another lane = %v, %v; want that it is not there", session, here, err)
		}
	}
}

func TestResume(t *testing.T) {
	lane := Approach{Lane: "OUT1", Gate: "GOUT1"}
	t.Run("an entry that was decided counts as entered", func(t *testing.T) {
		r := newRig(t, 5)
		v := r.enter("IN1", "粤B11111")
		got, err := r.Resume(t.Context(), Approach{Lane: "IN1"})
		if err != nil || got != (Verdict{}) {
			t.Errorf("Resume = %+v, %v; want nothing to do", got, err)
		}
		if s := r.session(v.Session); s.State != store.Inside || r.free() != 4 {
			t.Errorf("state %d, free %d; want the car inside", s.State, r.free())
		}
	})
	t.Run("a car that stands at the entry still is the same car", func(t *testing.T) {
		for _, tt := range []struct {
			name  string
			after time.Duration // of the last restart, from when it was let in
			meet  func(r *rig)  // what happens at the entry then
			same  bool
		}{
			{"seen again", 9 * time.Minute, func(*rig) {}, true},
			{"after another restart", 9 * time.Minute, func(r *rig) { r.resume("IN1") }, true},
			{"too late to believe that it is not another visit", 11 * time.Minute, func(*rig) {}, false},
			{"after another car", time.Minute, func(r *rig) { r.enter("IN1", "京A00001") }, false},
			{"after a number that was refused", time.Minute, func(r *rig) { r.scan("IN1", card2, r.Enter) }, true},
			{"after its gate opened in the end", time.Minute, func(r *rig) {
				v := r.enter("IN1", "粤B11111")
				r.did(r.Entered(r.t.Context(), v.Session))
			}, false},
			{"after it was at an exit", time.Minute, func(r *rig) { r.leave("OUT1", "粤B11111", false) }, false},
			{"after the time in which it might have stood there", 9 * time.Minute, func(r *rig) {
				r.now = r.now.Add(2 * time.Minute)
				r.did(r.Sweep(r.t.Context()))
				r.now = r.now.Add(-2 * time.Minute)
			}, false},
		} {
			t.Run(tt.name, func(t *testing.T) {
				r := newRig(t, 5)
				visits := r.give(6, 9, 5, "粤B11111")
				number := r.scan("IN2", card2, r.Enter)
				r.did(r.Entered(t.Context(), number.Session))
				r.now = r.now.Add(time.Hour)
				in := r.enter("IN1", "粤B11111") // its gate does not follow
				r.now = r.now.Add(tt.after)
				r.resume("IN1")
				tt.meet(r)
				v := r.enter("IN1", "粤B11111")
				r.did(r.Entered(t.Context(), v.Session))
				want := int64(3)
				if tt.same {
					want = 4
				}
				if (v.Session == in.Session) != tt.same || !v.Open || r.card(visits).Balance != want {
					t.Errorf("seen again = %+v, %d visits left; want the same stay: %v, and %d left", v, r.card(visits).Balance, tt.same, want)
				}
			})
		}
	})
	t.Run("so is one without a plate, and one on a booking", func(t *testing.T) {
		r := newRig(t, 5)
		booking := r.reserve("粤B11111", store.BookOnce, -time.Hour, 5*time.Hour, false)
		booked, number := r.enter("IN1", "粤B11111"), r.scan("IN2", card1, r.Enter)
		r.now = r.now.Add(time.Minute)
		r.resume("IN1")
		r.resume("IN2")
		if v := r.enter("IN1", "粤B11111"); v.Session != booked.Session || r.session(v.Session).Booking != booking {
			t.Errorf("booked car = %+v, want the stay on its booking", v)
		}
		if v := r.scan("IN2", card1, r.Enter); !v.Open || v.Session != number.Session {
			t.Errorf("the number again = %+v, want it let in", v)
		}
		r.did(r.Entered(t.Context(), number.Session))
		if v := r.scan("IN2", card1, r.Enter); v.Open || v.Reason != ReasonCardInside {
			t.Errorf("the number once it is inside = %+v, want it refused", v)
		}
	})
	t.Run("but not if it was put on the blacklist meanwhile", func(t *testing.T) {
		r := newRig(t, 5)
		in := r.enter("IN1", "粤B11111")
		r.resume("IN1")
		r.blacken("粤B11111")
		if v := r.enter("IN1", "粤B11111"); v.Open || v.Reason != ReasonBlacklist {
			t.Errorf("seen again = %+v, want refused", v)
		}
		if s := r.session(in.Session); s.State != store.Abnormal || s.Note == "" || r.free() != 5 {
			t.Errorf("its stay = %+v, %d places free; want it abnormal with a note", s, r.free())
		}
	})
	t.Run("an exit that was decided opens the gate without paying again", func(t *testing.T) {
		r := newRig(t, 5)
		in := r.park("粤B11111")
		r.leave("OUT1", "粤B11111", false)
		r.now = r.now.Add(9 * time.Minute)
		got, err := r.Resume(t.Context(), lane)
		if err != nil || !got.Open || got.Session != in.Session || got.Reason != ReasonPending {
			t.Errorf("Resume = %+v, %v; want open", got, err)
		}
	})
	t.Run("but not for whoever stands there much later", func(t *testing.T) {
		r := newRig(t, 5)
		r.park("粤B11111")
		r.leave("OUT1", "粤B11111", false)
		r.now = r.now.Add(11 * time.Minute)
		got, err := r.Resume(t.Context(), lane)
		if err != nil || got != (Verdict{}) {
			t.Errorf("Resume = %+v, %v; want nothing", got, err)
		}
		if v := r.leave("OUT1", "粤B11111", false); !v.Open || v.Reason != ReasonPending {
			t.Errorf("recognised again = %+v, want let out", v)
		}
	})
	t.Run("unless it is seen", func(t *testing.T) {
		r := newRig(t, 5)
		in := r.park("粤B11111")
		r.leave("OUT1", "粤B11111", false)
		r.now = r.now.Add(5 * time.Hour)
		seen := lane
		seen.Presence = drivers.PresenceOccupied
		got, err := r.Resume(t.Context(), seen)
		if err != nil || !got.Open || got.Session != in.Session {
			t.Errorf("Resume = %+v, %v; want open", got, err)
		}
	})
	t.Run("a car that waits is not seen anew by a restart", func(t *testing.T) {
		r := newRig(t, 5)
		in := r.park("粤B11111")
		r.now = r.now.Add(time.Hour)
		r.leave("OUT1", "粤B11111", false)
		for range 3 {
			r.now = r.now.Add(time.Hour - time.Second)
			got, err := r.Resume(t.Context(), lane)
			if waits := got.Reason == ReasonDue; err != nil || waits != (r.now.Sub(morning) < 3*time.Hour) {
				t.Errorf("Resume after %v = %+v, %v; want it to wait for two hours", r.now.Sub(morning), got, err)
			}
		}
		if since, here, err := r.Standing(t.Context(), "OUT1", in.Session); err != nil || !here || !since.Equal(morning.Add(time.Hour)) {
			t.Errorf("Standing = %v, %v, %v; want the books to know still that it came", since, here, err)
		}
	})
	t.Run("a car with money due goes on waiting", func(t *testing.T) {
		r := newRig(t, 5)
		r.park("粤B11111")
		r.now = r.now.Add(time.Hour)
		r.leave("OUT1", "粤B11111", false)
		r.now = r.now.Add(29 * time.Minute)
		got, err := r.Resume(t.Context(), lane)
		if err != nil || got.Open || got.Reason != ReasonDue || got.Payable != 1000 {
			t.Errorf("Resume = %+v, %v; want due", got, err)
		}
	})
	t.Run("an empty lane", func(t *testing.T) {
		r := newRig(t, 5)
		if got, err := r.Resume(t.Context(), lane); err != nil || got != (Verdict{}) {
			t.Errorf("Resume = %+v, %v; want nothing", got, err)
		}
	})
}

func TestAPassageThatTheBooksMissedIsBookedWithTheNextCar(t *testing.T) {
	r := newRig(t, 5)
	ctx := t.Context()
	first := r.enter("IN1", "粤B11111") // its gate opened, but booking that failed
	next, err := r.Enter(ctx, Approach{Lane: "IN1", Gate: "GIN1", Area: 1, Plate: "粤B22222", Opened: first.Session})
	r.did(err)
	if s := r.session(first.Session); s.State != store.Inside || !next.Open {
		t.Errorf("state %d, next %+v; want the first car inside and the next one let in", s.State, next)
	}
	r.did(r.Entered(ctx, next.Session))
	out := r.leave("OUT1", "粤B11111", false)
	last, err := r.Leave(ctx, Approach{Lane: "OUT1", Gate: "GOUT1", Area: 1, Plate: "粤B22222", Opened: out.Session})
	r.did(err)
	if s := r.session(out.Session); s.State != store.Left || !last.Open {
		t.Errorf("state %d, next %+v; want the first car gone and the next one let out", s.State, last)
	}
	r.balanced()
}

func TestACarAtAnExitIsInsideWhateverTheEntryGateSaid(t *testing.T) {
	r := newRig(t, 5)
	in := r.enter("IN1", "粤B11111") // the gate opened, its answer was lost
	r.now = morning.Add(2 * time.Hour)
	if v := r.leave("OUT1", "粤B11111", false); v.Reason != ReasonDue || v.Session != in.Session || v.Payable != 1000 {
		t.Errorf("at the exit = %+v, want the fee since it was let in", v)
	}
	if v := r.enter("IN1", "粤B22222"); !v.Open || r.session(in.Session).State != store.Inside {
		t.Errorf("the next car = %+v, the first one's state %d; want it left alone", v, r.session(in.Session).State)
	}
	r.enter("IN1", "粤B33333") // the gate has no line, somebody opens by hand
	r.now = morning.Add(4 * time.Hour)
	if v := r.leave("OUT1", "粤B22222", false); v.Reason != ReasonDue || v.Payable != 1000 {
		t.Errorf("the car that was given up when the next one came = %+v, want the fee since it was let in", v)
	}
}

func TestAnEntryThatWasGivenUpLongAgoIsNoStay(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after time.Duration // since it was given up, an hour after it was decided
		want  Reason
	}{
		{"a day", 24 * time.Hour, ReasonDue},
		{"longer", 24*time.Hour + time.Second, ReasonNoSession},
		{"two months", 60 * 24 * time.Hour, ReasonNoSession},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 5)
			in := r.enter("IN1", "粤B11111") // whose gate does not open
			r.now = morning.Add(time.Hour)
			r.park("京A00001")
			r.now = r.now.Add(tt.after)
			if v := r.leave("OUT1", "粤B11111", false); v.Open || v.Reason != tt.want {
				t.Errorf("at the exit = %+v, want %q", v, tt.want)
			}
			if s := r.session(in.Session); (s.State == store.Void) != (tt.want == ReasonNoSession) {
				t.Errorf("its first stay = %+v", s)
			}
		})
	}
}

func TestTheLastPlaceIsFreeForTheCarThatHoldsIt(t *testing.T) {
	r := newRig(t, 1)
	r.enter("IN1", "粤B11111") // whose gate does not open
	if v := r.enter("IN2", "粤B11111"); !v.Open {
		t.Errorf("at another entry = %+v, want let in", v)
	}
}

func TestAPlateReadWithoutProvinceThatFitsTwoCarsNeedsAnOperator(t *testing.T) {
	r := newRig(t, 5)
	r.park("粤B11111")
	r.park("京B11111")
	if v := r.leave("OUT1", "B11111", false); v.Open || v.Reason != ReasonOperator || v.Session != "" {
		t.Errorf("verdict = %+v, want an operator", v)
	}
}

func TestABillAtAnExitIsForTheCarThatStandsThereNow(t *testing.T) {
	r := newRig(t, 5)
	r.park("粤B11111")
	r.park("粤B22222")
	r.now = morning.Add(2 * time.Hour)
	r.leave("OUT1", "粤B11111", false)
	r.update(func(ctx context.Context, tx *store.Tx) error { // no tariff fits this one
		s, err := tx.OpenSessionByPlate(ctx, "粤B22222")
		s.CarType = 9
		return errors.Join(err, tx.UpdateSession(ctx, s))
	})
	if v := r.leave("OUT1", "粤B22222", false); v.Reason != ReasonOperator {
		t.Fatalf("verdict = %+v, want an operator", v)
	}
	if _, s, err := r.desk.Order(t.Context(), billing.Ref{Lane: "OUT1"}, "mall"); !errors.Is(err, billing.ErrNoTariff) {
		t.Errorf("bill at the exit is for %s, %v; want ErrNoTariff, and not the bill of the car before", s.Plate, err)
	}
}

func TestALaneForgetsACarThatTheBooksDoNotKnow(t *testing.T) {
	r := newRig(t, 5)
	r.update(func(ctx context.Context, tx *store.Tx) error {
		return tx.SetLaneCar(ctx, store.LaneCar{Lane: "IN1", Session: "gone", Since: r.now})
	})
	if got, err := r.Resume(t.Context(), Approach{Lane: "IN1"}); err != nil || got != (Verdict{}) {
		t.Errorf("Resume = %+v, %v; want nothing", got, err)
	}
	r.update(func(ctx context.Context, tx *store.Tx) error {
		return tx.SetLaneCar(ctx, store.LaneCar{Lane: "IN1", Session: "gone", Since: r.now})
	})
	if v := r.enter("IN1", "粤B11111"); !v.Open {
		t.Errorf("the next car = %+v, want let in", v)
	}
}
