package billing

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/tariff"
	"parkagent/store"
)

// takes lets an operator take cash for an order.
func (r *rig) takes(t *testing.T, o store.Order, given int64) CashReceipt {
	t.Helper()
	got, err := r.TakeCash(t.Context(), BoothCash{Order: o.No, Given: given, Operator: "李", Booth: "BOOTH1", Shift: 7})
	if err != nil {
		t.Fatalf("TakeCash: %v", err)
	}
	return got
}

func TestBoothTakesWhatIsDueAndGivesTheRestBack(t *testing.T) {
	for _, tt := range []struct {
		name         string
		method       int
		given        int64
		amount, back int64
		rest, over   int64
	}{
		{"what is due", 0, 900, 900, 0, 0, 0},
		{"a note", 0, 5000, 900, 4100, 0, 0},
		{"a part", 0, 500, 500, 0, 400, 0},
		{"the operator's own code", 4, 900, 900, 0, 0, 0},
		{"too much by the operator's own code", 4, 1000, 1000, 0, 0, 100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newBooth(t)
			s := r.park(t, "粤B12345")
			r.after(2 * hour)
			o := r.order(t, s.Plate)
			c := BoothCash{Order: o.No, Given: tt.given, PayMethod: tt.method, Operator: "李", Booth: "BOOTH1", Shift: 7, Address: "10.0.0.9"}
			got, err := r.TakeCash(t.Context(), c)
			if err != nil || got.Back != tt.back || got.Rest != tt.rest || got.Over != tt.over || got.Again {
				t.Fatalf("TakeCash = %+v, %v, want %+v", got, err, tt)
			}
			want := []store.Payment{{
				Order: o.No, Session: s.ID, Amount: tt.amount, Given: tt.given, Over: tt.over, PayType: tt.method, PayMethod: tt.method,
				Terminal: 2, Client: "BOOTH1", Operator: "李", Shift: 7, PaidAt: r.now,
			}}
			ledger := r.ledger(t, s.ID)
			want[0].ID = ledger[0].ID
			if diff := cmp.Diff(want, ledger); diff != "" {
				t.Errorf("ledger (-want +got):\n%s", diff)
			}
			again, err := r.TakeCash(t.Context(), c)
			if err != nil || !again.Again || again.Back != tt.back || again.Rest != tt.rest {
				t.Errorf("the same again = %+v, %v", again, err)
			}
			c.Given++
			if _, err := r.TakeCash(t.Context(), c); !errors.Is(err, ErrOtherAmounts) {
				t.Errorf("another sum = %v, want ErrOtherAmounts", err)
			}
			if changes, err := r.db.Changes(t.Context(), store.ChangeFilter{}); err != nil || len(changes) > 0 {
				t.Errorf("change orders = %v, %v; the operator gives it by hand", changes, err)
			}
			r.exitPaid(t, s)
			r.sound(t)
		})
	}
}

func TestBoothTakesNothingThatIsNotDue(t *testing.T) {
	r := newBooth(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	first, second := r.order(t, s.Plate), r.order(t, s.Plate)
	take := func(o string) error {
		_, err := r.TakeCash(t.Context(), BoothCash{Order: o, Given: 900, Operator: "李", Booth: "BOOTH1"})
		return err
	}
	if _, err := r.TakeCash(t.Context(), BoothCash{Order: first.No, Operator: "李", Booth: "BOOTH1"}); err == nil || len(r.ledger(t, s.ID)) > 0 {
		t.Errorf("nothing was taken as money: %v", err)
	}
	if err := take("nothing"); !errors.Is(err, ErrNoOrder) {
		t.Errorf("for an unknown order = %v, want ErrNoOrder", err)
	}
	if _, _, err := r.BeginScan(t.Context(), first.No, "K1"); err != nil {
		t.Fatal(err)
	}
	if err := take(first.No); !errors.Is(err, ErrSettling) {
		t.Errorf("while a code is read = %v, want ErrSettling", err)
	}
	r.pay(t, Notice{Order: first.No, Amount: 900})
	for _, o := range []store.Order{first, second} {
		if err := take(o.No); !errors.Is(err, ErrOutdated) {
			t.Errorf("for what was paid by phone = %v, want ErrOutdated", err)
		}
	}
	r.exit(t, s.ID)
	if err := take(second.No); !errors.Is(err, ErrGone) {
		t.Errorf("of a car that has left = %v, want ErrGone", err)
	}
	if n := len(r.ledger(t, s.ID)); n != 1 {
		t.Errorf("%d rows in the ledger, want that of the phone", n)
	}
}

// TestOperatorSetsTheFee of a stay that costs more than may be charged without
// one, or that began before any time that is believed.
func TestOperatorSetsTheFee(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*rig)
	}{
		{"above the limit", func(r *rig) { r.cfg.Tariffs[0].MaxAutomatic = 600 }},
		{"with a wrong clock", func(r *rig) { r.cfg.Earliest = noon.Add(minute) }},
		{"without a tariff", func(r *rig) { r.cfg.Tariffs = []tariff.Tariff{} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newBooth(t)
			s := r.park(t, "粤B12345")
			r.after(2 * hour)
			o := r.order(t, s.Plate)
			r.pay(t, Notice{Order: o.No, Amount: 100})
			tt.edit(r)
			if _, _, err := r.Order(t.Context(), Ref{Plate: s.Plate}, "K1"); err == nil {
				t.Fatal("a machine got an order")
			}
			x := FeeSet{Session: s.ID, Fee: 800, By: manager}
			if _, err := r.SetFee(t.Context(), x); !errors.Is(err, ErrNoReason) {
				t.Errorf("without a reason = %v, want ErrNoReason", err)
			}
			x.Reason = "进场时间有误"
			b, err := r.SetFee(t.Context(), x)
			if err != nil || b.Total != 800 || b.Payable != 700 {
				t.Fatalf("SetFee = %+v, %v, want 700 of 800 to be due", b, err)
			}
			told := facts[store.FeeFact](t, r, store.KindFee)
			if len(told) != 1 || told[0].Fee != 800 || told[0].Operator != "李" || told[0].Reason != "进场时间有误" {
				t.Errorf("journal = %+v", told)
			}
			r.grants(t, s.Plate, "3 yuan")
			r.after(2*hour + 19*minute)
			got := r.takes(t, r.order(t, s.Plate), 400)
			if got.Rest != 0 {
				t.Errorf("receipt = %+v, want the stay settled", got)
			}
			r.exit(t, s.ID)
			if got := r.session(t, s.ID); got.Fee != 800 || got.Unpaid+got.Over != 0 {
				t.Errorf("session = %+v", got)
			}
			r.sound(t)
		})
	}
}

// TestNothingIsTakenInAShiftThatWasHandedOver: its drawer was counted, and its
// totals were told.
func TestNothingIsTakenInAShiftThatWasHandedOver(t *testing.T) {
	r := newBooth(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	o := r.order(t, s.Plate)
	shift := store.Shift{Operator: "李", Booth: "BOOTH1", From: noon}
	r.update(t, func(ctx context.Context, tx *store.Tx) (err error) {
		shift.ID, err = tx.InsertShift(ctx, shift)
		return err
	})
	c := BoothCash{Order: o.No, Given: 500, Operator: "李", Booth: "BOOTH1", Shift: shift.ID}
	if _, err := r.TakeCash(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	shift.To = r.now
	r.update(t, func(ctx context.Context, tx *store.Tx) error { return tx.EndShift(ctx, shift) })
	if got, err := r.TakeCash(t.Context(), c); err != nil || !got.Again {
		t.Errorf("the same again = %+v, %v", got, err)
	}
	c.Order = r.order(t, s.Plate).No
	if _, err := r.TakeCash(t.Context(), c); !errors.Is(err, ErrShiftOver) || len(r.ledger(t, s.ID)) != 1 {
		t.Errorf("the rest = %v, want ErrShiftOver and no row", err)
	}
	x := Grant{Ref: Ref{Session: s.ID}, Discount: "3 yuan", By: By{Operator: "李", Role: "manager", Shift: shift.ID}}
	if _, err := r.Grant(t.Context(), x); !errors.Is(err, ErrShiftOver) {
		t.Errorf("a discount = %v, want ErrShiftOver", err)
	}
	r.sound(t)
}

// TestOnlyWhoMaySetsTheFeeOfAStayThatTheTariffPrices: whoever takes ten yuan and
// says that nothing was due would keep them.
func TestOnlyWhoMaySetsTheFeeOfAStayThatTheTariffPrices(t *testing.T) {
	r := newBooth(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	x := FeeSet{Session: s.ID, Fee: 0, Reason: "免费", By: By{Operator: "李", Role: "operator"}}
	if _, err := r.SetFee(t.Context(), x); !errors.Is(err, ErrPriced) {
		t.Errorf("SetFee = %v, want ErrPriced", err)
	}
	if b := r.due(t, s.ID); b.Payable != 900 || len(facts[store.FeeFact](t, r, store.KindFee)) > 0 {
		t.Errorf("after that = %+v, want it unchanged", b)
	}
	x.Priced = true
	if b, err := r.SetFee(t.Context(), x); err != nil || !b.Settled {
		t.Errorf("SetFee of who may = %+v, %v", b, err)
	}
	r.sound(t)
}

// TestAFeeThatIsSetTwice, because the answer was lost, is set once, also one that
// settles the stay.
func TestAFeeThatIsSetTwice(t *testing.T) {
	for _, fee := range []int64{0, 700} {
		r := newBooth(t)
		r.cfg.Tariffs[0].MaxAutomatic = 600
		s := r.park(t, "粤B12345")
		r.after(2 * hour)
		x := FeeSet{Session: s.ID, Fee: fee, Reason: "协商", By: manager}
		first, err := r.SetFee(t.Context(), x)
		if err != nil {
			t.Fatal(err)
		}
		set := r.session(t, s.ID)
		r.after(2*hour + minute)
		again, err := r.SetFee(t.Context(), x)
		if err != nil || again.Payable != first.Payable || again.Settled != first.Settled || len(facts[store.FeeFact](t, r, store.KindFee)) != 1 {
			t.Errorf("%d again = %+v, %v, want %+v and no row of the journal", fee, again, err, first)
		}
		if diff := cmp.Diff(set, r.session(t, s.ID)); diff != "" {
			t.Errorf("stay (-once +twice):\n%s", diff)
		}
	}
}

// TestAnOperatorMendsTheFeeThatHeSet: he mistyped it.
func TestAnOperatorMendsTheFeeThatHeSet(t *testing.T) {
	r := newBooth(t)
	r.cfg.Tariffs[0].MaxAutomatic = 600
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	for _, fee := range []int64{7000, 700} {
		if b, err := r.SetFee(t.Context(), FeeSet{Session: s.ID, Fee: fee, Reason: "协商", By: manager}); err != nil || b.Payable != fee {
			t.Fatalf("SetFee = %+v, %v", b, err)
		}
	}
	for _, f := range facts[store.FeeFact](t, r, store.KindFee) {
		if f.Tariff != 900 {
			t.Errorf("journal = %+v, want the 900 of the tariff beside it", f)
		}
	}
	r.sound(t)
}

func TestFeeThatAnOperatorSetEnds(t *testing.T) {
	r := newBooth(t)
	r.cfg.Tariffs[0].MaxAutomatic = 600
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	if b, err := r.SetFee(t.Context(), FeeSet{Session: s.ID, Fee: 700, Reason: "协商", By: manager}); err != nil || b.Payable != 700 {
		t.Fatalf("SetFee = %+v, %v", b, err)
	}
	if err := r.Quote(t.Context(), s, 0, 100, "city"); err != nil { // asked before, and answered too late
		t.Error(err)
	}
	r.after(2*hour + 20*minute)
	if b := r.due(t, s.ID); b.Payable != 700 {
		t.Errorf("as long as it holds: %+v", b)
	}
	r.after(2*hour + 21*minute)
	if _, err := r.Due(t.Context(), r.db.Reader, r.session(t, s.ID), r.now); !errors.Is(err, ErrAboveLimit) {
		t.Errorf("after that = %v, want ErrAboveLimit", err)
	}
	b, err := r.SetFee(t.Context(), FeeSet{Session: s.ID, Fee: 0, Reason: "免费", By: manager})
	if err != nil || !b.Settled || r.session(t, s.ID).PaidUntil != r.now.Add(15*minute) {
		t.Errorf("nothing to pay = %+v, %v, want it settled", b, err)
	}
	r.exit(t, s.ID)
	if _, err := r.SetFee(t.Context(), FeeSet{Session: s.ID, Fee: 1, Reason: "x", By: manager}); !errors.Is(err, ErrNoSession) {
		t.Errorf("of a car that has left = %v, want ErrNoSession", err)
	}
	r.sound(t)
}

func TestMoneyForAFeeThatNobodyKnowsAnyMoreIsNotTooMuch(t *testing.T) {
	r := newBooth(t)
	r.cfg.Earliest = noon.Add(minute) // the clock was wrong when the car came
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	x := FeeSet{Session: s.ID, Fee: 700, Reason: "协商", By: manager}
	if _, err := r.SetFee(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	o := r.order(t, s.Plate)
	r.after(2*hour + 30*minute) // neither the order nor the fee holds
	if got := r.pay(t, Notice{Order: o.No, Amount: 700}); got.Over != 0 || !got.Session.PaidUntil.IsZero() {
		t.Errorf("receipt = %+v, want it neither flagged nor settled", got)
	}
	if paid, err := r.Status(t.Context(), o.No); err != nil || !paid {
		t.Errorf("the order is paid: %v, %v", paid, err)
	}
	if b, err := r.SetFee(t.Context(), x); err != nil || b.Paid != 700 || !b.Settled {
		t.Errorf("the fee is confirmed: %+v, %v, want it settled", b, err)
	}
	if rows := r.ledger(t, s.ID); len(rows) != 1 || rows[0].Over != 0 {
		t.Errorf("ledger = %+v, want nothing to give back", rows)
	}
	r.exit(t, s.ID)
	r.sound(t)
}

func TestABookingAndACardPayAFeeThatAnOperatorHasSet(t *testing.T) {
	for _, tt := range []struct {
		name    string
		right   func(*testing.T, *rig, store.Session)
		payable int64
	}{
		{"a booking a part of it", func(t *testing.T, r *rig, s store.Session) {
			r.announce(t, s, store.Booking{PreMoney: 500, From: noon, To: noon})
		}, 200},
		{"a booking all of it", func(t *testing.T, r *rig, s store.Session) {
			r.announce(t, s, store.Booking{PreMoney: 5000, From: noon, To: noon})
		}, 0},
		{"a card a part of it", func(t *testing.T, r *rig, s store.Session) {
			r.card(t, s, store.Card{CarType: 3, Balance: 500})
		}, 200},
		{"a card all of it", func(t *testing.T, r *rig, s store.Session) {
			r.card(t, s, store.Card{CarType: 3, Balance: 5000})
		}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newBooth(t)
			r.cfg.MaxFee = 600
			s := r.park(t, "粤B12345")
			tt.right(t, r, s)
			r.after(2 * hour)
			b, err := r.SetFee(t.Context(), FeeSet{Session: s.ID, Fee: 700, Reason: "协商", By: manager})
			if err != nil || b.Payable != tt.payable || b.Prepaid+b.Card != 700-tt.payable {
				t.Errorf("SetFee = %+v, %v, want %d to be due", b, err, tt.payable)
			}
			if tt.payable > 0 {
				r.takes(t, r.order(t, s.Plate), tt.payable)
			}
			r.after(2*hour + 10*minute)
			r.exit(t, s.ID)
			if got := r.session(t, s.ID); got.Fee != 700 || got.Unpaid+got.Over != 0 {
				t.Errorf("session = %+v, want all of it paid", got)
			}
			r.sound(t)
		})
	}
}

func TestBoothTakesNothingByAnOrderFromBeforeTheFeeWasSet(t *testing.T) {
	r := newBooth(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	old := r.order(t, s.Plate)
	r.after(2*hour + minute)
	if _, err := r.SetFee(t.Context(), FeeSet{Session: s.ID, Fee: 300, Reason: "协商", By: manager, Priced: true}); err != nil {
		t.Fatal(err)
	}
	c := BoothCash{Order: old.No, Given: 1000, Operator: "李", Booth: "BOOTH1"}
	if got, err := r.TakeCash(t.Context(), c); !errors.Is(err, ErrOutdated) {
		t.Errorf("by the order of 900 = %+v, %v, want ErrOutdated", got, err)
	}
	if got := r.takes(t, r.order(t, s.Plate), 1000); got.Back != 700 {
		t.Errorf("by another one %d are given back, want 700", got.Back)
	}
}
