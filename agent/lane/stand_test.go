package lane

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/drivers"
	"parkagent/store"
)

// Which car the lane is about, and for how long: one that has paid must not be
// forgotten, and no other must leave in its place.

// here is a car that the books know to stand at the lane, ago after it was seen.
func here(session string, seen time.Duration, p drivers.Presence) stood {
	return stood{session: session, here: true, since: t0.Add(seen), presence: p}
}

// TestDecideStood is how long a car that has paid is let out.
func TestDecideStood(t *testing.T) {
	failed := errors.New("no answer")
	late := func(e stood, want string) []step { // paid at 31 minutes
		return []step{
			{0, see("粤B12345"), "rule 粤B12345"},
			{0, due("粤B12345", "s1", 1200), "show 4"},
			{31 * time.Minute, tick{}, "show 0"},
			{31 * time.Minute, paid{session: "s1"}, "stand s1"},
			{31 * time.Minute, e, want},
		}
	}
	dead := func(at time.Duration, e stood, want string, then ...step) []step { // a gate that does not open until at
		return append([]step{
			{0, see("粤B12345"), "rule 粤B12345"},
			{0, open("粤B12345", "s1", access.ReasonPaid), "raise"},
			{0, raised{err: failed}, "show 10"},
			{at, tick{}, "stand s1, show 0"},
			{at, e, want},
		}, then...)
	}
	tests := []script{
		{name: "paid late, by a car that the presence input sees", steps: late(here("s1", 0, drivers.PresenceOccupied), "recheck s1")},
		{name: "however late", steps: late(here("s1", -9*time.Hour, drivers.PresenceOccupied), "recheck s1")},
		{name: "paid late, and nobody stands there", steps: late(here("s1", 0, drivers.PresenceClear), "")},
		{name: "paid late, and no other car was recognised there since", steps: late(here("s1", 0, drivers.PresenceNotFitted), "recheck s1")},
		{name: "but not for ever", steps: late(here("s1", -90*time.Minute, drivers.PresenceNotFitted), "")},
		{name: "a gate that cannot be asked may have a car before it", steps: late(here("s1", 0, drivers.PresenceUnknown), "recheck s1")},
		{name: "paid late, and another stands there", steps: late(stood{session: "s1", presence: drivers.PresenceOccupied}, "")},
		{
			name: "by the time that is seen another car is let out",
			steps: append(late(here("s1", 0, drivers.PresenceOccupied), "recheck s1"),
				step{31 * time.Minute, open("粤B22222", "s2", access.ReasonFree), "raise"},
				step{31 * time.Minute, here("s1", 0, drivers.PresenceOccupied), ""}),
		},
		{
			name: "a gate that was dead for long, and the car stands there still",
			steps: dead(11*time.Minute, here("s1", 0, drivers.PresenceOccupied), "raise again",
				step{11 * time.Minute, raised{err: failed}, ""},
				step{5 * time.Hour, tick{}, "stand s1, show 0"},
				step{5 * time.Hour, here("s1", 0, drivers.PresenceOccupied), "raise again"},
				step{5 * time.Hour, raised{}, "confirm s1, show 1"}),
		},
		{
			name: "the books that could not be asked are asked again",
			steps: dead(11*time.Minute, here("other", 0, drivers.PresenceOccupied), "",
				step{11*time.Minute + time.Second, tick{}, ""},
				step{11*time.Minute + retryMax, tick{}, "stand s1"}),
		},
		{
			name: "the car has gone",
			steps: dead(11*time.Minute, here("s1", 0, drivers.PresenceClear), "",
				step{12 * time.Minute, tick{}, ""}),
		},
		{
			name:  "without a presence input it is believed for some time",
			steps: dead(2*time.Hour, here("s1", 0, drivers.PresenceNotFitted), "raise again"),
		},
		{
			name: "and then no more",
			steps: dead(2*time.Hour+time.Second, here("s1", 0, drivers.PresenceNotFitted), "",
				step{3 * time.Hour, tick{}, ""}),
		},
		{
			name:  "nor if another was recognised there",
			steps: dead(11*time.Minute, stood{session: "s1"}, "", step{12 * time.Minute, tick{}, ""}),
		},
		{
			name: "at an entry it is taken for gone, since the next would get in as it", still: giveUpAt,
			steps: dead(11*time.Minute, here("s1", 0, drivers.PresenceNotFitted), ""),
		},
		{
			name: "unless it is seen", still: giveUpAt,
			steps: dead(11*time.Minute, here("s1", 0, drivers.PresenceOccupied), "raise again"),
		},
	}
	for _, tt := range tests {
		tt.play(t)
	}
}

// payFor pays what is due for a car, wherever it stands, and tells the exit.
func (s *site) payFor(no string) {
	s.t.Helper()
	o, _, err := s.desk.Order(s.t.Context(), billing.Ref{Plate: no}, "mall")
	s.must(err)
	r, err := s.desk.Pay(s.t.Context(), billing.Notice{Order: o.No, Amount: o.Payable})
	s.must(err)
	s.must(s.out.Paid(s.t.Context(), r.Session.ID))
}

// stands sets what the exit's presence input says.
func (g *fakeGate) stands(p drivers.Presence) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.presence = p
}

func TestACarThatPaysLateIsLetOutIfItIsThere(t *testing.T) {
	tests := []struct {
		name     string
		presence drivers.Presence
		after    time.Duration // from its arrival to its payment
		between  string        // the plate of a car that comes meanwhile
		restart  bool          // the agent is restarted just before it pays
		want     string
	}{
		{"no presence input", drivers.PresenceNotFitted, 31 * time.Minute, "", false, "raise"},
		{"no presence input, three hours later", drivers.PresenceNotFitted, 3 * time.Hour, "", false, ""},
		{"seen, three hours later", drivers.PresenceOccupied, 3 * time.Hour, "", false, "raise"},
		{"not seen", drivers.PresenceClear, 31 * time.Minute, "", false, ""},
		{"another car stands there", drivers.PresenceOccupied, 31 * time.Minute, "京A99999", false, ""},
		{"after a restart", drivers.PresenceNotFitted, 11 * time.Minute, "", true, "raise"},
		{"after a restart, not seen yet", drivers.PresenceClear, 11 * time.Minute, "", true, "raise"},
		{"after a late restart", drivers.PresenceNotFitted, time.Hour, "", true, "raise"},
		{"after a restart, three hours later", drivers.PresenceNotFitted, 3 * time.Hour, "", true, ""},
		{"after a restart, seen, three hours later", drivers.PresenceOccupied, 3 * time.Hour, "", true, "raise"},
		{"after a restart, another car stands there", drivers.PresenceOccupied, 11 * time.Minute, "京A99999", true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				defer func() { s.close() }()
				s.gateOut.stands(tt.presence)
				s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
				pass(time.Hour)
				s.arrive("粤B12345")
				pass(tt.after)
				if tt.between != "" {
					s.arrive(tt.between)
				}
				if tt.restart {
					s.stop()
					s.start()
				}
				s.payFor("粤B12345")
				pass(3 * time.Second)
				if got := s.gateOut.did(); got != tt.want {
					t.Errorf("calls after the payment = %q, want %q", got, tt.want)
				}
			})
		})
	}
}

func TestAPaymentWhileTheAgentWasOffLetsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
		pass(time.Hour)
		s.arrive("粤B12345")
		pass(40 * time.Minute)
		s.stop()
		o, _, err := s.desk.Order(t.Context(), billing.Ref{Lane: "OUT1"}, "mall")
		s.must(err)
		_, err = s.desk.Pay(t.Context(), billing.Notice{Order: o.No, Amount: o.Payable})
		s.must(err) // and the lane was not told any more
		s.start()
		defer s.close()
		pass(time.Second)
		if got := s.gateOut.did(); got != "raise" {
			t.Errorf("calls = %q, want the car let out", got)
		}
	})
}

func TestAGateThatIsDeadForLongLetsOutTheCarThatHasPaid(t *testing.T) {
	tests := []struct {
		name     string
		presence drivers.Presence
		dead     time.Duration
		restart  bool // while it is dead; it can be asked by then
		want     string
	}{
		{"no presence input", drivers.PresenceNotFitted, 11 * time.Minute, false, "raise"},
		{"no presence input, three hours", drivers.PresenceNotFitted, 3 * time.Hour, false, ""},
		{"not seen", drivers.PresenceClear, 11 * time.Minute, false, ""},
		{"seen after a restart", drivers.PresenceOccupied, 3 * time.Hour, true, "raise"},
		{"not seen after a restart", drivers.PresenceClear, 3 * time.Hour, true, ""},
		{"no presence input, after a restart", drivers.PresenceNotFitted, 11 * time.Minute, true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				defer func() { s.close() }()
				s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
				pass(time.Hour)
				s.arrive("粤B12345")
				s.gateOut.stands(tt.presence)
				s.gateOut.breakWith(errSilent)
				s.pay()
				pass(tt.dead)
				if tt.restart {
					s.stop()
				}
				s.gateOut.breakWith(nil)
				s.gateOut.did()
				if tt.restart {
					s.start()
				}
				pass(10 * time.Second)
				if got := s.gateOut.did(); got != tt.want {
					t.Errorf("the gate works again and did %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// TestDecideLostAnswer is what becomes of a car that passed, though its gate
// did not say so, when the next one comes.
func TestDecideLostAnswer(t *testing.T) {
	failed := errors.New("no answer")
	lost := func(rest ...step) []step {
		return append([]step{
			{0, see("粤B11111"), "rule 粤B11111"},
			{0, open("粤B11111", "s1", access.ReasonPaid), "raise"},
			{0, raised{err: failed}, "show 10"},
		}, rest...)
	}
	next := func(up bool) []step {
		return []step{
			{500 * time.Millisecond, see("粤B22222"), "look at the arm for 粤B22222"},
			{500 * time.Millisecond, armed{rec: see("粤B22222").rec, up: up}, "rule 粤B22222"},
		}
	}
	tests := []script{
		{name: "it is booked with the next car", steps: lost(append(next(true), step{500 * time.Millisecond, due("粤B22222", "s2", 500), "show 4"}, step{time.Second, tick{}, ""})...)},
		{
			name: "or alone, when the books fail for the next",
			steps: lost(append(next(true), step{500 * time.Millisecond, ruled{of: rule{rec: see("粤B22222").rec}, v: access.Verdict{Plate: "粤B22222"}, err: failed}, "show 9"},
				step{time.Second, tick{}, "confirm s1"}, step{time.Second, confirmed{}, ""}, step{6 * time.Second, tick{}, "rule 粤B22222"})...),
		},
		{name: "an arm that is not up has let nobody pass", steps: lost(append(next(false), step{500 * time.Millisecond, due("粤B22222", "s2", 500), "show 4"}, step{time.Second, tick{}, ""})...)},
		{
			name: "the next one has no plate",
			steps: lost(step{500 * time.Millisecond, looked{scan: Scan{CardNo: card}, up: true}, "rule scan " + card},
				step{500 * time.Millisecond, says(card, wrong), "answer refused: no session, show 5"},
				step{time.Second, tick{}, "confirm s1"}),
		},
		{
			name: "a car without a plate that asks again is not the next one",
			steps: []step{
				{0, looks(card, drivers.PresenceOccupied), "rule scan " + card},
				{0, says(card, mayPass), "raise"},
				{0, raised{err: failed}, "answer no answer, show 8"},
				{10 * time.Second, looked{scan: Scan{CardNo: card}, up: true}, "rule scan " + card},
				{10 * time.Second, tick{}, "raise again"},
			},
		},
		{
			name:  "the same car seen again after long is not the next one",
			steps: lost(step{31 * time.Second, see("粤B11111"), "rule 粤B11111"}),
		},
		{
			name: "the arm tells nothing once the lane is done with the car before",
			steps: lost(append(next(true)[:1], step{500 * time.Millisecond, open("粤B33333", "s3", access.ReasonPaid), "raise"},
				step{500 * time.Millisecond, raised{}, "confirm s3, show 1"}, step{500 * time.Millisecond, confirmed{}, ""},
				step{500 * time.Millisecond, armed{rec: see("粤B22222").rec, up: true}, "rule 粤B22222"}, step{time.Second, tick{}, ""})...),
		},
	}
	for _, tt := range tests {
		tt.play(t)
	}
}

func TestACarWhoseGateDidNotSayThatItOpened(t *testing.T) {
	answerLost := func(g *fakeGate) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.fail, g.arm = errSilent, drivers.ArmUp
	}
	t.Run("has left when the next one comes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			defer s.close()
			s.see(t.Context(), drivers.Recognition{Plate: "粤B11111"})
			s.see(t.Context(), drivers.Recognition{Plate: "粤B22222"})
			first := s.session("粤B11111")
			pass(time.Hour)
			s.arrive("粤B11111")
			d, _, ok, err := s.desk.BeginDeduction(t.Context(), first.ID, "etc")
			if err != nil || !ok {
				t.Fatalf("BeginDeduction = %v, %v", ok, err)
			}
			s.must(s.desk.EndDeduction(t.Context(), d.ID, billing.DeductionAnswer{}))
			pass(11 * time.Second)
			answerLost(s.gateOut)
			s.pay()
			s.gateOut.breakWith(nil)
			s.arrive("粤B22222")
			if got, err := s.db.Session(t.Context(), first.ID); err != nil || got.State != store.Left {
				t.Errorf("the first car is in state %d, %v; want Left", got.State, err)
			}
			if d, err = s.db.Deduction(t.Context(), d.ID); err != nil || d.CorrectedAt.IsZero() {
				t.Errorf("its deduction = %+v, %v; want it reversed", d, err)
			}
			s.pay()
			if _, err := s.db.OpenSessionByPlate(t.Context(), "粤B22222"); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("the next car, which has paid: %v, want it gone", err)
			}
		})
	})
	t.Run("stands at another exit when the next one comes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			defer s.close()
			s.see(t.Context(), drivers.Recognition{Plate: "粤B11111"})
			first := s.session("粤B11111")
			answerLost(s.gateOut) // by somebody's hand, for another car
			s.arrive("粤B11111")
			_, err := s.rules.Leave(t.Context(), access.Approach{Lane: "OUT2", Gate: "G3", Plate: "粤B11111", Area: 1})
			s.must(err)
			s.gateOut.breakWith(nil)
			s.arrive("粤B22222")
			if got, err := s.db.Session(t.Context(), first.ID); err != nil || got.State != store.Leaving {
				t.Errorf("the first car is in state %d, %v; want Leaving still", got.State, err)
			}
		})
	})
	t.Run("is inside when the next one comes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			defer s.close()
			answerLost(s.gateIn)
			s.see(t.Context(), drivers.Recognition{Plate: "粤B11111"})
			s.gateIn.breakWith(nil)
			s.must(s.scan(s.in))
			if got := s.session("粤B11111").State; got != store.Inside {
				t.Errorf("the first car is in state %d, want Inside", got)
			}
		})
	})
}
