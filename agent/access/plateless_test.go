package access

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/billing"
	"parkagent/agent/plate"
	"parkagent/store"
)

const (
	card1 = "oAbCdEf-00000001"
	card2 = "oAbCdEf-00000002"
)

// scan brings a car without a plate before a gate.
func (r *rig) scan(lane, cardNo string, decide func(context.Context, Approach) (Verdict, error)) Verdict {
	r.t.Helper()
	v, err := decide(r.t.Context(), Approach{Lane: lane, Place: lane, Gate: "G" + lane, Area: 1, CardNo: cardNo, Color: -1, Dedupe: 30 * time.Second})
	r.did(err)
	return v
}

func TestACarWithoutAPlate(t *testing.T) {
	r := newRig(t, 2)
	in := r.scan("IN1", card1, r.Enter)
	want := Verdict{Open: true, Reason: ReasonTemporary, Session: in.Session, Plate: in.Plate}
	if diff := cmp.Diff(want, in); diff != "" || !plate.Valid(in.Plate) || plate.Temporary(0)[:3] != in.Plate[:3] {
		t.Errorf("entry under %q (-want +got):\n%s", in.Plate, diff)
	}
	if again := r.scan("IN1", card1, r.Enter); !again.Open || again.Session != in.Session || again.Reason != ReasonPending {
		t.Errorf("again, as its gate did not follow = %+v, want the same stay", again)
	}
	r.did(r.Entered(t.Context(), in.Session))
	if again := r.scan("IN1", card1, r.Enter); again.Open || !again.Repeat || again.Session != in.Session {
		t.Errorf("again, just after its gate opened = %+v, want a repetition", again)
	}
	if v := r.scan("IN2", card1, r.Enter); v.Open || v.Repeat || v.Reason != ReasonCardInside {
		t.Errorf("the same number at another entry = %+v, want refused", v)
	}
	second := r.scan("IN2", card2, r.Enter)
	if !second.Open || second.Plate == in.Plate {
		t.Errorf("another number = %+v, want let in under another plate", second)
	}
	r.did(r.Entered(t.Context(), second.Session))
	if v := r.scan("IN1", "oAbCdEf-00000003", r.Enter); v.Open || v.Reason != ReasonFull {
		t.Errorf("a third car = %+v, want refused", v)
	}
	r.now = morning.Add(2 * time.Hour)
	if v := r.scan("OUT1", card1, r.Leave); v.Open || v.Reason != ReasonDue || v.Payable != 1000 || v.Session != in.Session || v.Plate != in.Plate {
		t.Errorf("exit = %+v, want 1000 due", v)
	}
	o, _, err := r.desk.Order(t.Context(), billing.Ref{CardNo: card1}, "mall")
	r.did(err)
	_, err = r.desk.Pay(t.Context(), billing.Notice{Order: o.No, Amount: o.Payable, Client: "mall"})
	r.did(err)
	if v := r.scan("OUT1", card1, r.Leave); !v.Open || v.Reason != ReasonPaid {
		t.Errorf("after the payment = %+v, want let out", v)
	}
	r.did(r.Gone(t.Context(), in.Session))
	if s := r.session(in.Session); s.State != store.Left || s.CardNo != card1 || s.PlateRead != "" {
		t.Errorf("stay = %+v", s)
	}
	if v := r.scan("OUT1", card1, r.Leave); v.Open || v.Reason != ReasonNoSession {
		t.Errorf("the number at the exit once more = %+v, want unknown", v)
	}
	if v := r.scan("IN1", card1, r.Enter); !v.Open || v.Session == in.Session {
		t.Errorf("the next visit = %+v, want let in", v)
	}
	r.balanced()
}

func TestACardNumberWhoseGateDidNotFollow(t *testing.T) {
	t.Run("goes to another entry", func(t *testing.T) {
		r := newRig(t, 1)
		first := r.scan("IN1", card1, r.Enter)
		r.now = morning.Add(30 * time.Second)
		if v := r.scan("IN2", card1, r.Enter); !v.Open || v.Session == first.Session {
			t.Errorf("at the other entry = %+v, want let in anew", v)
		}
		if s := r.session(first.Session); s.State != store.Void {
			t.Errorf("the first try = %d, want void", s.State)
		}
	})
	t.Run("is given up when another car comes", func(t *testing.T) {
		r := newRig(t, 1)
		first := r.scan("IN1", card1, r.Enter)
		if v := r.scan("IN1", card2, r.Enter); !v.Open {
			t.Errorf("the next car = %+v, want let in", v)
		}
		if s := r.session(first.Session); s.State != store.Void {
			t.Errorf("the first car = %d, want void", s.State)
		}
		if v := r.scan("OUT1", card1, r.Leave); v.Reason != ReasonNoSession {
			t.Errorf("its number at an exit = %+v, want unknown: nobody saw the car", v)
		}
	})
	t.Run("is inside when it stands at an exit", func(t *testing.T) {
		r := newRig(t, 1)
		in := r.scan("IN1", card1, r.Enter)
		if v := r.scan("OUT1", card1, r.Leave); !v.Open || v.Session != in.Session {
			t.Errorf("exit = %+v, want let out", v)
		}
	})
	t.Run("has left when it comes again after its exit was decided", func(t *testing.T) {
		r := newRig(t, 1)
		in := r.scan("IN1", card1, r.Enter)
		r.scan("OUT1", card1, r.Leave)
		r.now = morning.Add(time.Hour)
		if v := r.scan("IN1", card1, r.Enter); !v.Open {
			t.Errorf("it comes again = %+v, want let in", v)
		}
		if s := r.session(in.Session); s.State != store.Left {
			t.Errorf("its first stay = %d, want Left", s.State)
		}
	})
}

// A card number is sent from phones, and so from two lanes at once: the gates of
// both take a moment to open.
func TestACardNumberPassesOneLaneAtATime(t *testing.T) {
	r := newRig(t, 5)
	in := r.scan("IN1", card1, r.Enter)
	r.now = morning.Add(29 * time.Second)
	if v := r.scan("IN2", card1, r.Enter); v.Open || v.Reason != ReasonCardInside {
		t.Errorf("at another entry while it is let in = %+v, want refused", v)
	}
	if s := r.session(in.Session); s.State != store.Entering {
		t.Errorf("the car that is let in = %d, want entering still", s.State)
	}
	r.did(r.Entered(t.Context(), in.Session))
	if v := r.scan("OUT1", card1, r.Leave); !v.Open {
		t.Fatalf("exit = %+v, want let out: nothing is due", v)
	}
	r.now = r.now.Add(29 * time.Second)
	if v := r.scan("OUT2", card1, r.Leave); v.Open || v.Reason != ReasonNoSession {
		t.Errorf("at another exit while it is let out = %+v, want refused", v)
	}
	if v := r.scan("OUT1", card1, r.Leave); !v.Open || v.Reason != ReasonPending {
		t.Errorf("again where it is let out = %+v, want let out", v)
	}
	r.now = r.now.Add(30 * time.Second) // that gate does not follow
	if v := r.scan("OUT2", card1, r.Leave); !v.Open || v.Session != in.Session {
		t.Errorf("at another exit later = %+v, want let out", v)
	}
}

func TestAHeldGateLetsInACardNumberThatIsInside(t *testing.T) {
	r := newRig(t, 1)
	in := r.scan("IN1", card1, r.Enter)
	r.did(r.Entered(t.Context(), in.Session))
	r.now = morning.Add(time.Hour)
	v, err := r.Enter(t.Context(), Approach{Lane: "IN2", Gate: "GIN2", Area: 1, CardNo: card1, Held: true})
	if err != nil || !v.Open || v.Reason != ReasonHold {
		t.Errorf("held = %+v, %v; want let in", v, err)
	}
	if s := r.session(in.Session); s.State != store.Abnormal {
		t.Errorf("the stay before = %d, want abnormal", s.State)
	}
}

func TestTheNumberOfAnICCardIsACard(t *testing.T) {
	r := newRig(t, 1)
	id, err := r.AddCard(t.Context(), store.Card{CarType: 2, From: morning, To: morning.AddDate(0, 1, 0), Plates: []store.CardPlate{{Etc: card1}}}, mall)
	r.did(err)
	r.park("京A00001")
	in := r.scan("IN1", card1, r.Enter)
	if s := r.session(in.Session); in.Reason != ReasonCard || s.Card != id {
		t.Errorf("entry = %+v on card %d, want it on card %d", in, s.Card, id)
	}
}

func TestATemporaryPlateIsNoOtherCars(t *testing.T) {
	r := newRig(t, 0)
	r.update(func(ctx context.Context, tx *store.Tx) error {
		no, err := freePlate(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.OpenSessionByPlate(ctx, no); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v, want that no car has it", no, err)
		}
		return nil
	})
}

// A card number may come from anybody, anywhere, and be mistyped: refused, it
// says nothing of the car that stands at the lane.
func TestACardNumberThatIsRefusedMovesNoOtherCar(t *testing.T) {
	t.Run("a car that waits at the exit for its payment", func(t *testing.T) {
		r := newRig(t, 5)
		in := r.park("粤B11111")
		r.now = morning.Add(2 * time.Hour)
		r.leave("OUT1", "粤B11111", false)
		if v := r.scan("OUT1", card1, r.Leave); v.Open || v.Reason != ReasonNoSession {
			t.Fatalf("an unknown number = %+v, want refused", v)
		}
		if _, s, err := r.desk.Order(t.Context(), billing.Ref{Lane: "OUT1"}, "mall"); err != nil || s.ID != in.Session {
			t.Errorf("bill at the exit is for %q, %v; want the car that waits there", s.Plate, err)
		}
	})
	t.Run("a car that has paid and whose gate does not follow", func(t *testing.T) {
		r := newRig(t, 5)
		owes := r.scan("IN2", card1, r.Enter)
		r.did(r.Entered(t.Context(), owes.Session))
		r.now = morning.Add(2 * time.Hour)
		r.park("粤B11111")
		out := r.leave("OUT1", "粤B11111", false)
		a := Approach{Lane: "OUT1", Gate: "GOUT1", CardNo: card1, Raising: out.Session}
		if v, err := r.Leave(t.Context(), a); err != nil || v.Reason != ReasonDue || v.Session != owes.Session {
			t.Fatalf("a number with money due = %+v, %v; want it due", v, err)
		}
		if cars, err := r.db.LaneCars(t.Context()); err != nil || len(cars) != 1 || cars[0].Session != out.Session {
			t.Errorf("cars at lanes = %+v, %v; want the one that has paid", cars, err)
		}
		a.Raising = ""
		if _, err := r.Leave(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		if cars, err := r.db.LaneCars(t.Context()); err != nil || len(cars) != 1 || cars[0].Session != owes.Session {
			t.Errorf("cars at lanes = %+v, %v; want the one that has to pay, once the other is not waited for", cars, err)
		}
	})
	t.Run("a car whose entry gate does not follow", func(t *testing.T) {
		r := newRig(t, 2)
		inside := r.scan("IN2", card1, r.Enter)
		r.did(r.Entered(t.Context(), inside.Session))
		r.now = morning.Add(time.Hour)
		waits := r.enter("IN1", "粤B11111")
		if v := r.scan("IN1", card1, r.Enter); v.Open || v.Reason != ReasonCardInside {
			t.Fatalf("a number that is inside = %+v, want refused", v)
		}
		if v := r.enter("IN1", "粤B11111"); v.Session != waits.Session || v.Reason != ReasonPending {
			t.Errorf("the car that waits = %+v, want its session kept", v)
		}
		if v := r.scan("IN1", card2, r.Enter); !v.Open {
			t.Errorf("a number that may enter = %+v, want it in the place of the car before", v)
		}
		if s := r.session(waits.Session); s.State != store.Void {
			t.Errorf("the car before = %d, want void", s.State)
		}
	})
	t.Run("also where the only place, or the only space of its card, is that of the car before", func(t *testing.T) {
		r := newRig(t, 1)
		id, err := r.AddCard(t.Context(), store.Card{CarType: 3, From: morning, To: morning.AddDate(0, 1, 0), Plates: []store.CardPlate{{Plate: "粤B11111"}, {Etc: card1}}}, mall)
		r.did(err)
		r.enter("IN1", "粤B11111")
		v := r.scan("IN1", card1, r.Enter)
		if s := r.session(v.Session); !v.Open || v.Reason != ReasonCard || s.Card != id {
			t.Errorf("the next car = %+v on card %d, want let in on card %d", v, s.Card, id)
		}
	})
}
