package lane

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/drivers"
	"parkagent/store"
)

// What a lane with a passage input does over real rules and books, and what its
// operator may do.

// shows sets what the inputs of a gate say.
func (g *fakeGate) shows(p, behind drivers.Presence, arm drivers.Arm) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.presence, g.passage, g.arm = p, behind, arm
}

const (
	clear    = drivers.PresenceClear
	occupied = drivers.PresenceOccupied
)

// arrives lets a car drive up to a gate that has both inputs.
func (s *site) arrives(g *fakeGate, no string) {
	s.t.Helper()
	g.shows(clear, clear, drivers.ArmDown)
	pass(5 * time.Second)
	g.shows(occupied, clear, drivers.ArmDown)
	pass(5 * time.Second)
	if g == s.gateIn {
		s.see(s.t.Context(), drivers.Recognition{Plate: no})
	} else {
		s.arrive(no)
	}
	pass(100 * time.Millisecond)
}

// drives lets the car before a gate drive through.
func (g *fakeGate) drives() {
	g.shows(occupied, occupied, drivers.ArmUp)
	pass(time.Second)
	g.shows(clear, occupied, drivers.ArmUp)
	pass(time.Second)
	g.shows(clear, clear, drivers.ArmUp)
	pass(time.Second)
	g.shows(clear, clear, drivers.ArmDown)
	pass(5 * time.Second)
}

// backs lets it back out.
func (g *fakeGate) backs() {
	g.shows(occupied, clear, drivers.ArmUp)
	pass(2 * time.Second)
	g.shows(clear, clear, drivers.ArmUp)
	pass(backWithin + time.Second)
	g.shows(clear, clear, drivers.ArmDown)
	pass(5 * time.Second)
}

// odd lists what the journal says of passages, oldest first.
func (s *site) odd() []string {
	s.t.Helper()
	rows, err := s.db.After(s.t.Context(), 0, 1000)
	s.must(err)
	var out []string
	for _, e := range rows {
		if e.Kind == store.KindPassage {
			f := decode[store.PassageFact](s, e)
			out = append(out, fmt.Sprintf("%s %s %s %s", f.Lane, f.Event, f.Plate, f.Image))
		}
	}
	return out
}

func (s *site) free() int {
	s.t.Helper()
	areas, err := s.db.Areas(s.t.Context())
	s.must(err)
	return areas[0].Free()
}

func TestAStayBeginsWhenTheCarHasPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		s.arrives(s.gateIn, "粤B12345")
		if got := s.session("粤B12345").State; s.gateIn.did() != "raise" || got != store.Entering || !s.in.Snapshot().Passing {
			t.Errorf("the gate is open and the stay in state %d, want Entering", got)
		}
		s.gateIn.drives()
		if got := s.session("粤B12345").State; got != store.Inside || s.in.Snapshot().Passing {
			t.Errorf("the car has passed and its stay is in state %d, want Inside", got)
		}
		if got := s.odd(); len(got) != 0 {
			t.Errorf("odd passages: %v", got)
		}
	})
}

func TestACarThatBacksOutOfAnEntryLeavesNoStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		s.arrives(s.gateIn, "粤B12345")
		if s.free() != 1 {
			t.Errorf("%d places are free while it drives in, want 1", s.free())
		}
		s.gateIn.backs()
		if _, err := s.db.OpenSessionByPlate(t.Context(), "粤B12345"); !errors.Is(err, store.ErrNotFound) || s.free() != 2 {
			t.Errorf("open stay: %v, %d places free; want none and 2", err, s.free())
		}
		if diff := cmp.Diff([]string{"IN1 none 粤B12345 "}, s.odd()); diff != "" {
			t.Errorf("journal (-want +got):\n%s", diff)
		}
		// It was inside all the same: its exit finds the stay.
		pass(time.Hour)
		s.arrives(s.gateOut, "粤B12345")
		if got := s.ledOut.last(); got != "粤B12345 1时0分|请缴费5.00元" {
			t.Errorf("exit shows %q, want its stay known", got)
		}
	})
}

func TestACarThatBacksOutOfAnExitStaysInsideAndDoesNotPayTwice(t *testing.T) {
	for _, restart := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			defer func() { s.close() }()
			s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
			pass(time.Hour)
			s.arrives(s.gateOut, "粤B12345")
			s.pay()
			paid := s.session("粤B12345")
			s.gateOut.backs()
			got := s.session("粤B12345")
			if got.State != store.Inside || !got.PaidUntil.Equal(paid.PaidUntil) || got.Fee != 0 || got.ExitLane != "" {
				t.Errorf("the stay is %+v, want it Inside with its time to leave", got)
			}
			s.nobodyAtExit()
			if restart {
				s.stop()
				s.start()
			}
			s.gateOut.did()
			pass(5 * time.Minute)
			s.arrives(s.gateOut, "粤B12345")
			if s.gateOut.did() != "raise" {
				t.Fatalf("exit shows %q, want the gate opened without another payment", s.ledOut.last())
			}
			s.gateOut.drives()
			if b, err := s.db.Books(t.Context()); err != nil || b.Paid != 500 || b.Fee != 500 || b.Sessions[store.Left] != 1 || len(b.Mismatches) != 0 {
				t.Errorf("books = %+v, %v; want one stay that has left, and was paid once", b, err)
			}
			if diff := cmp.Diff([]string{"OUT1 none 粤B12345 "}, s.odd()); diff != "" {
				t.Errorf("journal (-want +got):\n%s", diff)
			}
		})
	}
}

func TestARestartWhileACarPassesLosesNoStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.arrives(s.gateIn, "粤B12345")
		s.stop()
		s.start()
		s.gateIn.drives()
		in := s.session("粤B12345")
		if in.State != store.Inside || len(s.odd()) != 0 {
			t.Errorf("after the restart the stay is in state %d, odd passages %v; want it Inside and none", in.State, s.odd())
		}
		pass(time.Hour)
		s.arrives(s.gateOut, "粤B12345")
		s.pay()
		s.stop()
		s.start()
		defer s.close()
		s.gateOut.drives()
		if got, err := s.db.Session(t.Context(), in.ID); err != nil || got.State != store.Left {
			t.Errorf("after the second the stay is in state %d, %v; want Left", got.State, err)
		}
		if b, err := s.db.Books(t.Context()); err != nil || b.Paid != 500 || len(b.Mismatches) != 0 {
			t.Errorf("books = %+v, %v", b, err)
		}
	})
}

func TestARestartWhileACarIsBelowTheArmLosesNoPassage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
		in := s.session("粤B12345")
		pass(time.Hour)
		s.arrives(s.gateOut, "粤B12345")
		s.pay()
		s.stop()
		s.gateOut.shows(occupied, occupied, drivers.ArmUp)
		s.start()
		defer s.close()
		s.gateOut.drives()
		if got, err := s.db.Session(t.Context(), in.ID); err != nil || got.State != store.Left || len(s.odd()) != 0 {
			t.Errorf("the stay is in state %d, %v, odd passages %v; want Left and none", got.State, err, s.odd())
		}
	})
}

func TestWhatACameraKeptIsBookedWhereItOpensByItself(t *testing.T) {
	for _, book := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			s.stop()
			s.book = book
			s.start()
			defer s.close()
			at := time.Now().Add(-time.Hour)
			s.see(t.Context(), drivers.Recognition{Plate: "粤B12345", At: at, Received: time.Now(), Offline: true})
			in, err := s.db.OpenSessionByPlate(t.Context(), "粤B12345")
			if booked := err == nil && in.State == store.Inside && in.EnteredAt.Equal(at.UTC().Truncate(time.Millisecond)); booked != book || s.gateIn.did() != "" {
				t.Errorf("stay %+v, %v, want it booked: %v, and no gate opened", in, err, book)
			}
		})
	}
}

func TestTwoCarsInQuickSuccession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		s.arrives(s.gateIn, "粤B11111")
		s.see(t.Context(), drivers.Recognition{Plate: "京A22222"})
		if got := s.gateIn.did(); got != "raise" {
			t.Errorf("calls = %q, want the gate opened for the first only", got)
		}
		s.gateIn.shows(clear, occupied, drivers.ArmUp)
		pass(time.Second)
		s.gateIn.shows(occupied, clear, drivers.ArmUp)
		pass(time.Second)
		if one, two := s.session("粤B11111").State, s.session("京A22222").State; one != store.Inside || two != store.Entering || s.gateIn.did() != "raise" {
			t.Errorf("the stays are in states %d and %d, want Inside and Entering, and the gate opened for the second", one, two)
		}
		s.gateIn.drives()
		if two := s.session("京A22222").State; two != store.Inside {
			t.Errorf("the second stay is in state %d, want Inside", two)
		}
	})
}

func TestACarThatDidNotWaitForItsTurnKeepsTheStayThatItGotElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		s.arrives(s.gateIn, "粤B11111")
		s.see(t.Context(), drivers.Recognition{Plate: "京A22222"})
		pass(time.Second)
		v, err := s.rules.Enter(t.Context(), access.Approach{Lane: "IN2", Plate: "京A22222", PlateRead: "京A22222", Area: 1, Color: -1})
		s.must(err)
		s.must(s.rules.Entered(t.Context(), v.Session))
		s.gateIn.shows(occupied, clear, drivers.ArmUp)
		pass(8 * time.Second)
		s.gateIn.did()
		s.gateIn.drives()
		if got := s.session("京A22222"); got.ID != v.Session || s.gateIn.did() != "" {
			t.Errorf("stay %+v, want the one of the other entry, and no gate opened", got)
		}
	})
}

// TestACarThatWaitedForItsTurnAndGotInOtherwiseKeepsItsStay is what random days found, in a few steps each.
func TestACarThatWaitedForItsTurnAndGotInOtherwiseKeepsItsStay(t *testing.T) {
	const no = "京A22222"
	for _, tt := range []struct {
		name  string
		getIn func(s *site) (session string) // the first car has been let in and backs out, this one is behind it
		want  string                         // calls of the gate from then on
	}{
		{"here, when an operator says that it stands there now", func(s *site) string {
			v, err := s.in.Correct(s.t.Context(), Correction{Plate: no, Reason: "前车已倒出", Client: "王"})
			s.must(err)
			s.gateIn.did()
			s.gateIn.drives()
			return v.Session
		}, ""},
		{"by another entry, where it was decided on before it came here", func(s *site) string {
			id := s.session(no).ID
			s.gateIn.backs()
			return id
		}, "raise"},
		{"by another entry, which saw it drive through since", func(s *site) string {
			id := s.session(no).ID
			s.must(s.rules.Entered(s.t.Context(), id))
			s.gateIn.backs()
			return id
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				defer s.close()
				s.arrives(s.gateIn, "粤B11111")
				s.gateIn.shows(occupied, clear, drivers.ArmUp)
				if tt.name[:4] != "here" {
					v, err := s.rules.Enter(t.Context(), access.Approach{Lane: "IN2", Plate: no, PlateRead: no, Area: 1, Color: -1})
					s.must(err)
					if tt.want != "" { // its gate tells of no passage: the answer is one
						s.must(s.rules.Entered(t.Context(), v.Session))
					}
					pass(30 * time.Second)
				}
				s.see(t.Context(), drivers.Recognition{Plate: no})
				pass(2 * time.Second)
				s.gateIn.did()
				session := tt.getIn(s)
				pass(5 * time.Minute)
				if got := s.session(no); got.ID != session || got.State != store.Inside {
					t.Errorf("the stay = %+v, want %s inside", got, session)
				}
				if got := s.gateIn.did(); got != tt.want {
					t.Errorf("calls = %q, want %q", got, tt.want)
				}
			})
		})
	}
}

func TestACarThatFollowsAnotherIsReportedWithAPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		s.camera.snap = func(ctx context.Context) (drivers.Picture, error) {
			return drivers.Picture{JPEG: []byte("who follows")}, nil
		}
		s.arrives(s.gateIn, "粤B11111")
		s.gateIn.shows(clear, occupied, drivers.ArmUp)
		pass(time.Second)
		s.gateIn.shows(clear, clear, drivers.ArmUp)
		pass(2 * time.Second)
		s.gateIn.shows(clear, occupied, drivers.ArmUp)
		pass(time.Second)
		s.gateIn.shows(clear, clear, drivers.ArmDown)
		pass(time.Second)
		if diff := cmp.Diff([]string{"IN1 tailgate  1.jpg"}, s.odd()); diff != "" {
			t.Errorf("journal (-want +got):\n%s", diff)
		}
		pass(time.Hour)
		s.camera.snap = nil
		s.gateIn.shows(clear, occupied, drivers.ArmDown)
		pass(2 * time.Second)
		s.gateIn.shows(clear, clear, drivers.ArmDown)
		pass(2 * time.Second)
		if diff := cmp.Diff([]string{"IN1 tailgate  1.jpg", "IN1 unopened  "}, s.odd()); diff != "" {
			t.Errorf("journal (-want +got):\n%s", diff)
		}
	})
}

func TestAGateWhoseInputsContradictEachOtherIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		for _, tt := range []struct {
			arm  drivers.Arm
			want string
		}{{drivers.ArmDown, "0"}, {drivers.ArmFault, "11"}, {drivers.ArmUp, "0"}} {
			s.gateIn.shows(clear, clear, tt.arm)
			pass(5 * time.Second)
			s.must(s.in.Do(t.Context(), Command{Op: OpOpen})) // which it acknowledges all the same
			if d, err := s.db.Device(t.Context(), "G1"); err != nil || d.Status != tt.want {
				t.Errorf("arm %v: status %q, %v; want %q", tt.arm, d.Status, err, tt.want)
			}
		}
	})
}

func TestWhatAGateSaysOfItselfIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		for _, tt := range []struct {
			fault drivers.Fault
			want  string
		}{{drivers.FaultNone, "0 "}, {drivers.FaultContact, "14 继电器状态与命令不符"}, {drivers.FaultTravel, "12 闸杆未在规定时间内到位"}, {drivers.FaultNone, "0 "}} {
			s.gateIn.mu.Lock()
			s.gateIn.fault = tt.fault
			s.gateIn.mu.Unlock()
			pass(6 * time.Second)
			s.must(s.in.Do(t.Context(), Command{Op: OpOpen})) // which it acknowledges all the same
			if d := s.device("G1"); d.Status+" "+d.Remark != tt.want {
				t.Errorf("fault %d: told as %q %q, want %q", tt.fault, d.Status, d.Remark, tt.want)
			}
		}
	})
}

// A gate that tells of a passage once may be asked by something else than the poll.
func TestAPassageThatIsSeenOnTheWayCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer func() { s.must(s.db.Close()) }()
		s.arrives(s.gateIn, "粤B12345")
		s.stop() // the test is the loop now
		s.gateIn.presence, s.gateIn.arm, s.gateIn.passes = clear, drivers.ArmUp, true
		s.in.see(t.Context())
		pass(time.Second)
		s.in.poll(t.Context())
		if got := s.session("粤B12345").State; got != store.Inside {
			t.Errorf("the stay is in state %d, want Inside: it was seen to drive through", got)
		}
	})
}

func TestTheSameCarAtTwoLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		other := func(enter bool, no string) access.Verdict {
			a := access.Approach{Lane: "X", Gate: "GX", Plate: no, PlateRead: no, Area: 1, Color: -1, Twice: 5 * time.Second}
			decide := s.rules.Leave
			if enter {
				decide = s.rules.Enter
			}
			v, err := decide(t.Context(), a)
			s.must(err)
			return v
		}
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
		first := s.session("粤B12345")
		if v := other(true, "粤B12345"); v.Open || v.Reason != access.ReasonElsewhere || s.session("粤B12345").ID != first.ID {
			t.Errorf("another entry sees the car that has just come in: %+v, want it left to the first", v)
		}
		pass(time.Hour)
		s.arrive("粤B12345")
		if v := other(false, "粤B12345"); v.Open || v.Reason != access.ReasonElsewhere {
			t.Errorf("another exit sees the car that waits for its payment: %+v, want it left to the first", v)
		}
		if v := other(true, "粤B12345"); v.Open || v.Reason != access.ReasonElsewhere {
			t.Errorf("an entry sees the car that waits for its payment: %+v, want its stay to go on", v)
		}
		s.pay() // the exit knows it still
		if s.gateOut.did() != "raise" {
			t.Error("the car that has paid is not let out")
		}
		if v := other(true, "粤B12345"); v.Open || v.Reason != access.ReasonElsewhere {
			t.Errorf("an entry sees the rear of the car that has just left: %+v, want no stay begun", v)
		}
		pass(time.Minute)
		if v := other(true, "粤B12345"); !v.Open {
			t.Errorf("a minute later it comes again: %+v, want it let in", v)
		}
	})
}

func TestAnOperatorLetsACarPass(t *testing.T) {
	by := Release{Reason: "客户投诉", Picture: "p.jpg", Client: "王", Address: "192.0.2.9"}
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		for _, no := range []string{"粤B11111", "京A22222"} { // the park is full
			s.see(t.Context(), drivers.Recognition{Plate: no})
			pass(time.Minute)
		}
		s.see(t.Context(), drivers.Recognition{Plate: "沪C33333", Color: drivers.ColorGreen})
		s.gateIn.did()
		if c := s.in.Snapshot().Car; c.Plate != "沪C33333" || c.Reason != access.ReasonFull {
			t.Errorf("the operator sees %+v", c)
		}
		v, err := s.in.LetThrough(t.Context(), by)
		if s.must(err); !v.Open || v.Plate != "沪C33333" || s.gateIn.did() != "raise" || s.session("沪C33333").State != store.Inside {
			t.Errorf("verdict %+v, want the car let in and its stay begun", v)
		}
		s.released("沪C33333", s.session("沪C33333").ID)
		pass(time.Minute)
		v, err = s.in.LetThrough(t.Context(), by) // a car that no camera saw
		s.must(err)
		in, err := s.db.Session(t.Context(), v.Session)
		if s.must(err); in.State != store.Inside || in.CardNo != "" {
			t.Errorf("stay %+v, want one under a temporary plate", in)
		}

		pass(time.Hour)
		s.arrive("沪C33333")
		v, err = s.out.LetThrough(t.Context(), by)
		if s.must(err); !v.Open || s.gateOut.did() != "raise" {
			t.Errorf("verdict %+v, want the car let out", v)
		}
		out, err := s.db.Session(t.Context(), v.Session)
		if s.must(err); out.State != store.Left || out.Unpaid != 500 {
			t.Errorf("stay %+v, want it left with 5 yuan unpaid", out)
		}
		s.released("沪C33333", out.ID)
		pass(time.Minute)
		s.arrive("苏D44444")
		v, err = s.out.LetThrough(t.Context(), by)
		if s.must(err); !v.Open || v.Session != "" || s.gateOut.did() != "raise" {
			t.Errorf("verdict %+v on an unknown car, want it let out", v)
		}
		s.released("苏D44444", "")

		s.gateOut.breakWith(errSilent)
		s.arrive("粤B11111")
		if _, err = s.out.LetThrough(t.Context(), by); !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("with a dead gate: %v, want its failure", err)
		}
		s.gateOut.breakWith(nil)
		pass(10 * time.Second)
		if _, err := s.db.OpenSessionByPlate(t.Context(), "粤B11111"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("when the gate came back: %v, want the car let out", err)
		}
	})
}

// released checks that the last opening is in the journal with who ordered it.
func (s *site) released(plate, session string) {
	s.t.Helper()
	rows, err := s.db.After(s.t.Context(), 0, 1000)
	s.must(err)
	var last store.CommandFact
	for _, e := range rows {
		if f := decode[store.CommandFact](s, e); e.Kind == store.KindCommand && f.Reason == string(access.ReasonReleased) {
			last = f
		}
	}
	want := store.CommandFact{
		Device: last.Device, Lane: last.Lane, Command: "open", Reason: "released", Session: session, Plate: plate,
		Client: "王", Address: "192.0.2.9", Remark: "客户投诉", Image: "p.jpg", Result: "decided",
	}
	if diff := cmp.Diff(want, last); diff != "" {
		s.t.Errorf("journal (-want +got):\n%s", diff)
	}
}

func TestAnOperatorCorrectsThePlateAtTheLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
		pass(time.Hour)
		s.arrive("粤X99999")
		c := Correction{Plate: "粤b·12345", Reason: "车牌污损", Client: "王"}
		v, err := s.out.Correct(t.Context(), c)
		if s.must(err); v.Reason != access.ReasonDue || s.ledOut.last() != "粤B12345 1时0分|请缴费5.00元" {
			t.Errorf("verdict %+v, exit shows %q; want the right car asked to pay", v, s.ledOut.last())
		}
		if _, err := s.out.Correct(t.Context(), Correction{Plate: " "}); refused(err) != string(access.ReasonNoPlate) {
			t.Errorf("without a plate: %v, want it refused", err)
		}
		_, _, err = s.desk.Order(t.Context(), billing.Ref{Lane: "OUT1"}, "mall")
		s.must(err)
		e, err := s.db.LastOf(t.Context(), store.KindCommand, "G2")
		s.must(err)
		want := store.CommandFact{Device: "G2", Lane: "OUT1", Command: "correct", Reason: "remote", Plate: "粤B12345", Client: "王", Remark: "车牌污损", Result: "read as 粤X99999"}
		if diff := cmp.Diff(want, decode[store.CommandFact](s, e)); diff != "" {
			t.Errorf("journal (-want +got):\n%s", diff)
		}
		s.pay()
		if s.gateOut.did() != "raise" {
			t.Error("the car that has paid is not let out")
		}
		// At an entry the right car comes in.
		pass(time.Minute)
		_, err = s.rules.AddBlack(t.Context(), "京A22222", "", access.By{})
		s.must(err)
		s.see(t.Context(), drivers.Recognition{Plate: "京A22222"})
		s.gateIn.did()
		v, err = s.in.Correct(t.Context(), Correction{Plate: "京A22223", Client: "王"})
		if s.must(err); !v.Open || s.gateIn.did() != "raise" || s.session("京A22223").PlateRead != "京A22222" {
			t.Errorf("verdict %+v, want the car let in under its own plate", v)
		}
	})
}

func TestACarLetOutUnknownIsTriedAgainWhenItsGateDoesNotFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		s.arrive("粤B12345") // of which the books know nothing
		s.gateOut.breakWith(fmt.Errorf("%w: no answer", drivers.ErrOffline))
		if _, err := s.out.LetThrough(t.Context(), Release{Reason: "访客"}); !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("LetThrough = %v, want the gate's failure", err)
		}
		s.gateOut.did()
		s.gateOut.breakWith(nil)
		pass(5 * time.Second)
		if got := s.gateOut.did(); got != "raise" {
			t.Errorf("calls after the gate came back = %q, want it opened", got)
		}
	})
}

func TestACarThatIsReadTwiceAtAnEntryWithoutAPassageInput(t *testing.T) {
	tests := []struct {
		name   string
		inputs func(*fakeGate) // between the two readings
		stays  []string
		calls  string
	}{
		{"it stands there still", func(*fakeGate) {}, []string{"粤B12345"}, ""},
		{"something was seen to go", func(g *fakeGate) {
			g.shows(clear, drivers.PresenceNotFitted, drivers.ArmUp)
			pass(2 * time.Second)
			g.shows(occupied, drivers.PresenceNotFitted, drivers.ArmUp)
		}, []string{"粤BL2345", "粤B12345"}, "raise"},
		{"nothing tells", func(g *fakeGate) { g.shows(drivers.PresenceNotFitted, drivers.PresenceNotFitted, drivers.ArmUp) }, []string{"粤BL2345", "粤B12345"}, "raise"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				defer s.close()
				s.gateIn.shows(occupied, drivers.PresenceNotFitted, drivers.ArmDown)
				pass(5 * time.Second)
				s.see(t.Context(), drivers.Recognition{Plate: "粤BL2345", Confidence: 80})
				if s.session("粤BL2345").State != store.Inside || s.gateIn.did() != "raise" {
					t.Fatal("the gate's answer does not begin the stay")
				}
				pass(3 * time.Second)
				tt.inputs(s.gateIn)
				pass(time.Second)
				s.see(t.Context(), drivers.Recognition{Plate: "粤B12345", Confidence: 97})
				open, err := s.db.OpenSessions(t.Context(), store.OpenFilter{})
				s.must(err)
				var stays []string
				for _, o := range open {
					stays = append(stays, o.Plate)
				}
				if diff := cmp.Diff(tt.stays, stays); diff != "" || s.gateIn.did() != tt.calls {
					t.Errorf("open stays (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestACarThatIsLetThroughTwiceHasOneStay(t *testing.T) {
	for name, no := range map[string]string{"a car that was refused": "粤B12345", "a car that nobody recognised": ""} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				defer s.close()
				if no != "" {
					_, err := s.rules.AddBlack(t.Context(), no, "欠费", access.By{})
					s.must(err)
					s.see(t.Context(), drivers.Recognition{Plate: no})
				}
				first, err := s.in.LetThrough(t.Context(), Release{Reason: "消防"})
				s.must(err)
				pass(2 * time.Second)
				again, err := s.in.LetThrough(t.Context(), Release{Reason: "消防"})
				s.must(err)
				if first.Session != again.Session || s.free() != 1 || s.gateIn.did() != "raise raise" {
					t.Errorf("let through as %+v, again as %+v, %d places free; want one stay, and the gate opened twice", first, again, s.free())
				}
				pass(10 * time.Second)
				next, err := s.in.LetThrough(t.Context(), Release{Reason: "消防"})
				s.must(err)
				if next.Session == first.Session || s.free() != 0 {
					t.Errorf("the next car is let through as %+v, %d places free; want a stay of its own", next, s.free())
				}
			})
		})
	}
}
