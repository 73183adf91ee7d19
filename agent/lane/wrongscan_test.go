package lane

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/agent/access"
	"parkagent/drivers"
	"parkagent/store"
)

// What a card number that is refused does to the car that stands before the gate.

var (
	errSilent = fmt.Errorf("%w: no answer", drivers.ErrOffline)
	wrong     = access.Verdict{Reason: access.ReasonNoSession}
)

// TestDecideWrongScan is what a card number that is refused does to the car
// that stands before the gate: nothing.
func TestDecideWrongScan(t *testing.T) {
	failed := errors.New("no answer")
	wrongly := func(at time.Duration, want string) []step {
		return []step{
			{at, scan(card), "look " + card},
			{at, looks(card, drivers.PresenceOccupied), "rule scan " + card},
			{at, says(card, wrong), want},
		}
	}
	join := func(parts ...[]step) (all []step) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	waits := []step{
		{0, see("粤B12345"), "rule 粤B12345"},
		{0, due("粤B12345", "s1", 500), "show 4"},
	}
	stuck := []step{
		{0, see("粤B12345"), "rule 粤B12345"},
		{0, open("粤B12345", "s1", access.ReasonPaid), "raise"},
		{0, raised{err: failed}, "show 10"},
	}
	tests := []script{
		{
			name: "a car that waits goes on waiting, and is shown again what it has to pay",
			steps: join(waits, wrongly(time.Minute, "answer refused: no session, show 5"), []step{
				{74 * time.Second, tick{}, ""},
				{75 * time.Second, tick{}, "show 4"},
				{2 * time.Minute, paid{session: "s1"}, "recheck s1"},
			}),
		},
		{
			name: "a gate that does not follow is asked again",
			steps: join(stuck, wrongly(500*time.Millisecond, "answer refused: no session, show 5"), []step{
				{time.Second, tick{}, "raise again"},
				{time.Second, raised{}, "confirm s1, show 1"},
			}),
		},
		{
			name: "money that is due for another car takes the place of no car that is being let out",
			steps: join(stuck, []step{
				{500 * time.Millisecond, looks(card, drivers.PresenceOccupied), "rule scan " + card},
				{500 * time.Millisecond, says(card, access.Verdict{Reason: access.ReasonDue, Plate: "空000001", Session: "s2", Payable: 500}), "answer refused: due, show 4"},
				{time.Second, tick{}, "raise again"},
			}),
		},
		{
			name: "a number that has just passed kills no retry either",
			steps: join(stuck, []step{
				{500 * time.Millisecond, looks(card, drivers.PresenceOccupied), "rule scan " + card},
				{500 * time.Millisecond, says(card, access.Verdict{Reason: access.ReasonCardInside, Repeat: true, Plate: "空000001", Session: "s2"}), "answer <nil>, show 1"},
				{time.Second, tick{}, "raise again"},
			}),
		},
		{
			name: "a paid car whose books fail is asked about again",
			steps: join(waits, []step{
				{time.Minute, paid{session: "s1"}, "recheck s1"},
				{time.Minute, ruled{of: recheck{session: "s1"}, err: failed}, "show 9"},
			}, wrongly(61*time.Second, "answer refused: no session, show 5"), []step{
				{65 * time.Second, tick{}, "recheck s1"},
			}),
		},
		{
			name: "books that fail for the number as well are said to whoever asked",
			steps: join(waits, []step{
				{time.Minute, paid{session: "s1"}, "recheck s1"},
				{time.Minute, ruled{of: recheck{session: "s1"}, err: failed}, "show 9"},
				{61 * time.Second, looks(card, drivers.PresenceOccupied), "rule scan " + card},
				{61 * time.Second, ruled{of: ruleScan{scan: Scan{CardNo: card}}, err: failed}, "answer no answer"},
				{66 * time.Second, tick{}, "recheck s1"},
				{67 * time.Second, scan(card), "look " + card},
			}),
		},
		{
			name: "a number that may pass takes the place of a car that waits",
			steps: join(waits, []step{
				{time.Minute, looks(card, drivers.PresenceOccupied), "rule scan " + card},
				{time.Minute, says(card, access.Verdict{Open: true, Reason: access.ReasonPaid, Plate: "空000001", Session: "s2"}), "raise"},
				{time.Minute, raised{}, "confirm s2, answer <nil>, show 1"},
				{time.Minute, confirmed{}, ""},
				{2 * time.Minute, paid{session: "s1"}, "stand s1"},
				{2 * time.Minute, stood{session: "s1"}, ""},
			}),
		},
	}
	for _, tt := range tests {
		tt.play(t)
	}
}

func TestAWrongCardNumberKeepsTheCarThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
		pass(time.Hour)
		s.arrive("粤B12345")
		if got := refused(s.scan(s.out)); got != "no session" {
			t.Fatalf("scan = %q, want it refused", got)
		}
		s.pay() // at the exit's machine
		if got := s.gateOut.did(); got != "raise" {
			t.Errorf("calls after the payment = %q, want the car let out", got)
		}
	})
}

func TestAWrongCardNumberStopsNoRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		s.must(s.db.Update(t.Context(), func(tx *store.Tx) error {
			return tx.ReplaceAreas(t.Context(), []store.Area{{Code: 1, Name: "A", Places: 9}})
		}))
		s.must(s.scan(s.in)) // this number is inside from now on
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
		pass(time.Hour)
		s.gateIn.breakWith(errSilent)
		s.see(t.Context(), drivers.Recognition{Plate: "粤B22222"})
		in := s.session("粤B22222")
		if got := refused(s.scan(s.in)); got != "card number inside" {
			t.Fatalf("scan at the entry = %q, want it refused", got)
		}
		s.arrive("粤B12345")
		s.gateOut.breakWith(errSilent)
		s.pay()
		if got := refused(s.out.Scan(t.Context(), Scan{CardNo: "mistyped"})); got != "no session" {
			t.Fatalf("scan at the exit = %q, want it refused", got)
		}
		synctest.Wait()
		s.gateIn.breakWith(nil)
		s.gateOut.breakWith(nil)
		s.gateIn.did()
		s.gateOut.did()
		pass(10 * time.Second)
		if a, b := s.gateIn.did(), s.gateOut.did(); a != "raise" || b != "raise" {
			t.Errorf("the gates work again and did %q and %q, want both cars let through", a, b)
		}
		if got, err := s.db.Session(t.Context(), in.ID); err != nil || got.State != store.Inside {
			t.Errorf("the car at the entry is in state %d, %v; want inside", got.State, err)
		}
	})
}
