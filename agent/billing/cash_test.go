package billing

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

func (r *rig) coins(t *testing.T, order string, inserted int64) CashReceipt {
	t.Helper()
	got, err := r.Cash(t.Context(), Coins{Order: order, Inserted: inserted, Kiosk: "K1"})
	if err != nil {
		t.Fatalf("Cash: %v", err)
	}
	return got
}

func TestCash(t *testing.T) {
	for _, tt := range []struct {
		name     string
		inserted int64
		before   func(t *testing.T, r *rig, s store.Session, o store.Order) // what happened since the order was made
		amount   int64                                                      // booked
		change   int64                                                      // owed
		rest     int64                                                      // still due
	}{
		{name: "just what is due", inserted: 900, amount: 900},
		{name: "more: the rest is change", inserted: 2000, amount: 900, change: 1100},
		{name: "less: the rest stays due", inserted: 500, amount: 500, rest: 400},
		{name: "a few fen less: they stay due", inserted: 850, amount: 850, rest: 50},
		{name: "nothing", rest: 900},
		{name: "the order keeps its price while it is valid", inserted: 1000, amount: 900, change: 100,
			before: func(t *testing.T, r *rig, s store.Session, _ store.Order) { r.after(2*hour + 5*minute) }},
		{name: "the order has expired and the price gone up", inserted: 1000, amount: 1000, rest: 100,
			before: func(t *testing.T, r *rig, s store.Session, _ store.Order) { r.after(2*hour + 6*minute) }},
		{name: "the stay was paid by another order: all of it is change", inserted: 1000, change: 1000,
			before: func(t *testing.T, r *rig, s store.Session, _ store.Order) {
				r.pay(t, Notice{Order: r.order(t, s.Plate).No, Amount: 900})
			}},
		{name: "a part was", inserted: 1000, amount: 400, change: 600,
			before: func(t *testing.T, r *rig, s store.Session, _ store.Order) {
				r.pay(t, Notice{Order: r.order(t, s.Plate).No, Amount: 500})
			}},
		{name: "the order's own code was paid by telephone at the same time", inserted: 1000, change: 1000,
			before: func(t *testing.T, r *rig, _ store.Session, o store.Order) {
				r.pay(t, Notice{Order: o.No, Amount: 900, PayType: 4, PayMethod: 4})
			}},
		{name: "the order's own code was paid in part", inserted: 1000, amount: 400, change: 600,
			before: func(t *testing.T, r *rig, _ store.Session, o store.Order) {
				r.pay(t, Notice{Order: o.No, Amount: 500, PayType: 4, PayMethod: 4})
			}},
		{name: "the car has left: all of it is change", inserted: 1000, change: 1000,
			before: func(t *testing.T, r *rig, s store.Session, _ store.Order) { r.exit(t, s.ID) }},
		{name: "the tariff is gone: the order's own figures hold", inserted: 1000, amount: 900, change: 100,
			before: func(t *testing.T, r *rig, s store.Session, _ store.Order) { r.cfg.Tariffs = nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			s := r.park(t, "粤B12345")
			r.after(2 * hour)
			o := r.order(t, "粤B12345")
			var before int64
			if tt.before != nil {
				tt.before(t, r, s, o)
				before = total(r.ledger(t, s.ID))
			}
			gone := !r.session(t, s.ID).State.Open()
			r.paid = nil
			got := r.coins(t, o.No, tt.inserted)
			if got.Rest != tt.rest || got.Over != 0 || got.Again || got.Change.Owed() != tt.change || (got.Change.No != "") != (tt.change > 0) {
				t.Errorf("receipt = %+v, want %d still due and %d of change", got, tt.rest, tt.change)
			}
			if booked := total(r.ledger(t, s.ID)) - before; booked != tt.amount {
				t.Errorf("booked = %d, want %d", booked, tt.amount)
			}
			if tt.change > 0 {
				want := store.Change{No: got.Order.No + "C", Order: got.Order.No, Session: s.ID, Kiosk: "K1", Due: tt.amount, Inserted: tt.inserted, PaidAt: r.now}
				kept, err := r.Change(t.Context(), want.No)
				if diff := cmp.Diff(want, kept); err != nil || diff != "" {
					t.Errorf("change order, %v (-want +got):\n%s", err, diff)
				}
			}
			if told := len(r.paid) == 1; told == gone {
				t.Errorf("told paid: %v", r.paid)
			}
			if paid, err := r.Status(t.Context(), o.No); err != nil || paid != (tt.rest == 0) && !gone {
				t.Errorf("paid = %v, %v with %d still due", paid, err, tt.rest)
			}
			r.now = r.now.Add(minute)
			again := r.coins(t, o.No, tt.inserted)
			if !again.Again || again.Change != got.Change || again.Stay != got.Stay || again.Rest != got.Rest {
				t.Errorf("again = %+v, want the first answer", again)
			}
			if _, err := r.Cash(t.Context(), Coins{Order: o.No, Inserted: tt.inserted + 100, Kiosk: "K1"}); !errors.Is(err, ErrOtherAmounts) {
				t.Errorf("another sum = %v, want ErrOtherAmounts", err)
			}
			if booked := total(r.ledger(t, s.ID)) - before; booked != tt.amount {
				t.Errorf("booked = %d in the end, want %d", booked, tt.amount)
			}
			if !gone {
				r.exit(t, s.ID)
			}
			r.books(t)
		})
	}
}

// total is the money in a ledger.
func total(ledger []store.Payment) (sum int64) {
	for _, p := range ledger {
		sum += p.Amount
	}
	return sum
}

func TestCashSaysWhereItWasPaid(t *testing.T) {
	for lane, terminal := range map[string]int{"": 3, "IN1": 3, "MID1": 3, "OUT1": 13} { // IN1: it may stand at its entry still; MID1: between two areas
		r := newRig(t)
		s := r.park(t, "粤B12345")
		if lane != "" {
			r.update(t, func(ctx context.Context, tx *store.Tx) error {
				s.EntryLane = "IN1"
				if lane == "OUT1" {
					s.ExitLane = lane
				}
				return errors.Join(tx.UpdateSession(ctx, s), tx.SetLaneCar(ctx, store.LaneCar{Lane: lane, Session: s.ID}))
			})
		}
		r.after(2 * hour)
		o := r.order(t, "粤B12345")
		r.coins(t, o.No, 1000)
		ledger := r.ledger(t, s.ID)
		want := []store.Payment{{ID: ledger[0].ID, Order: o.No, Session: s.ID, Amount: 900, Terminal: terminal, Client: "K1", PaidAt: r.now, Given: 1000}}
		if diff := cmp.Diff(want, ledger); diff != "" {
			t.Errorf("ledger (-want +got):\n%s", diff)
		}
		rows := facts[store.PaymentFact](t, r, store.KindPayment)
		if len(rows) != 1 || rows[0].Terminal != terminal || rows[0].Change != 100 || rows[0].Amount != 900 {
			t.Errorf("journal = %+v", rows)
		}
		f := r.exit(t, s.ID)
		if f.Before+f.AtExit != 900 || (f.AtExit == 900) != (terminal == 13) || f.PayMethod != 0 {
			t.Errorf("told of the stay: %+v", f)
		}
	}
}

func TestCoinsThatCannotBeAreRefused(t *testing.T) {
	r := newRig(t)
	if _, err := r.Cash(t.Context(), Coins{Order: "1", Inserted: 100}); !errors.Is(err, ErrNoOrder) {
		t.Errorf("for no order = %v, want ErrNoOrder", err)
	}
	r.park(t, "粤B12345")
	r.after(2 * hour)
	o := r.order(t, "粤B12345")
	for _, sum := range []int64{-1, 1 << 60} {
		if _, err := r.Cash(t.Context(), Coins{Order: o.No, Inserted: sum}); err == nil {
			t.Errorf("%d fen were taken", sum)
		}
	}
}

func TestMoneyForAnOrderThatWasPaidInCoinsIsOtherMoney(t *testing.T) {
	for _, tt := range []struct {
		name     string
		inserted int64
		over     int64
	}{
		{"in full: the platform's money is flagged", 900, 900},
		{"in part: it pays the rest first", 300, 300},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			s := r.park(t, "粤B12345")
			r.after(2 * hour)
			o := r.order(t, "粤B12345")
			r.coins(t, o.No, tt.inserted)
			for n := range 2 {
				got := r.pay(t, Notice{Order: o.No, Amount: 900, PayType: 4, PayMethod: 4})
				if got.Again != (n == 1) || got.Over != tt.over || got.Rest != 0 {
					t.Errorf("receipt %d = %+v, want %d flagged", n+1, got, tt.over)
				}
			}
			if _, err := r.Pay(t.Context(), Notice{Order: o.No, Amount: 800, PayType: 4, PayMethod: 4, Client: "mall"}); !errors.Is(err, ErrOtherAmounts) {
				t.Errorf("other amounts = %v, want ErrOtherAmounts", err)
			}
			if again := r.coins(t, o.No, tt.inserted); !again.Again {
				t.Errorf("the coins again = %+v", again)
			}
			if sum := total(r.ledger(t, s.ID)); sum != tt.inserted+900 {
				t.Errorf("booked = %d, want both", sum)
			}
			if paid, err := r.Status(t.Context(), o.No); err != nil || !paid {
				t.Errorf("paid = %v, %v", paid, err)
			}
			r.exit(t, s.ID)
			r.books(t)
		})
	}
}

func TestChangeIsGivenOnce(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	o := r.order(t, "粤B12345")
	owed := r.coins(t, o.No, 1000).Change
	if paid, err := r.Status(t.Context(), owed.No); err != nil || paid {
		t.Errorf("status while it is owed = %v, %v", paid, err)
	}
	r.after(3 * hour)
	want := owed
	want.SettledAt, want.Type, want.Account, want.Client = r.now, 1, "ali", "mall"
	for _, n := range []ChangeNotice{{owed.No, 1, "ali", "mall"}, {owed.No, 1, "ali", "mall"}, {owed.No, 0, "wx", "bank"}} {
		got, err := r.SettleChange(t.Context(), n)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("SettleChange(%+v), %v (-want +got):\n%s", n, err, diff)
		}
		r.now = r.now.Add(time.Second)
	}
	if kept, err := r.Change(t.Context(), owed.No); err != nil || kept != want {
		t.Errorf("Change = %+v, %v; want %+v", kept, err, want)
	}
	if paid, err := r.Status(t.Context(), owed.No); err != nil || !paid {
		t.Errorf("status once it is settled = %v, %v", paid, err)
	}
	row := store.ChangeFact{Change: owed.No, Order: o.No, Session: s.ID, Kiosk: "K1", Due: 900, Inserted: 1000}
	settled := row
	settled.Settled, settled.Type, settled.Client = true, 1, "mall"
	if diff := cmp.Diff([]store.ChangeFact{row, settled}, facts[store.ChangeFact](t, r, store.KindChange)); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
	_, err1 := r.Change(t.Context(), "1C")
	_, err2 := r.SettleChange(t.Context(), ChangeNotice{No: "1C"})
	_, err3 := r.Status(t.Context(), "1C")
	for what, err := range map[string]error{"Change": err1, "SettleChange": err2, "Status": err3} {
		if !errors.Is(err, ErrNoOrder) {
			t.Errorf("%s of no change order = %v, want ErrNoOrder", what, err)
		}
	}
	r.exit(t, s.ID)
	if b := r.books(t); b.Paid != 900 {
		t.Errorf("paid = %d, want 900: change is nobody's income", b.Paid)
	}
}
