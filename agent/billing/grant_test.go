package billing

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/discount"
	"parkagent/agent/tariff"
	"parkagent/store"
)

// offers are the discounts of the tests. The tariff takes 5 yuan for the first
// hour and 2 for each half hour after it.
func offers() []discount.Rule {
	return []discount.Rule{
		{Name: "2h", Kind: store.GrantMinutes, Value: 120},
		{Name: "90 min", Kind: store.GrantMinutes, Value: 90},
		{Name: "3 yuan", Kind: store.GrantMoney, Value: 300, Stackable: true},
		{Name: "half", Kind: store.GrantPercent, Value: 50},
		{Name: "free", Kind: store.GrantFull, Roles: []string{"manager"}},
		{Name: "until 3", Kind: store.GrantUntil, Value: 15 * 60},
		{Name: "shop", Kind: store.GrantMoney, Variable: true, Max: 1000, Stackable: true, Roles: []string{"manager"}},
	}
}

var manager = By{Operator: "李", Role: "manager", Client: "BOOTH1", Shift: 7, Address: "10.0.0.9"}

func (r *rig) grants(t *testing.T, no, name string) Receipt {
	t.Helper()
	got, err := r.Grant(t.Context(), Grant{Ref: Ref{Plate: no}, Discount: name, Remark: "购物", By: manager})
	if err != nil {
		t.Fatalf("Grant(%s): %v", name, err)
	}
	return got
}

func newBooth(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.cfg.Discounts = offers()
	return r
}

func TestGrantsAreWorkedOutAnewAsTheStayGoesOn(t *testing.T) {
	for _, tt := range []struct {
		name    string
		granted []string
		order   discount.Order
		two     int64 // payable after two hours, of 900
		five    int64 // and after five, of 2100
	}{
		{"nothing", nil, nil, 900, 2100},
		{"minutes", []string{"2h"}, nil, 0, 1300},
		{"money", []string{"3 yuan"}, nil, 600, 1800},
		{"money twice", []string{"3 yuan", "3 yuan"}, nil, 300, 1500},
		{"a percentage", []string{"half"}, nil, 450, 1050},
		{"a percentage, then money", []string{"3 yuan", "half"}, nil, 150, 750},
		{"money, then a percentage", []string{"3 yuan", "half"}, discount.Order{"money", "percent", "time", "full"}, 300, 900},
		{"minutes, then a percentage", []string{"half", "2h"}, nil, 0, 650},
		{"until three", []string{"until 3"}, nil, 0, 900},
		{"everything", []string{"free", "3 yuan"}, nil, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newBooth(t)
			if tt.order != nil {
				r.cfg.DiscountOrder = tt.order
			}
			s := r.park(t, "粤B12345")
			r.after(time.Minute)
			for _, name := range tt.granted {
				r.grants(t, s.Plate, name)
			}
			r.after(2 * hour)
			if b := r.due(t, s.ID); b.Payable != tt.two {
				t.Errorf("after two hours: %+v, want payable %d", b, tt.two)
			}
			r.after(5 * hour)
			if b := r.due(t, s.ID); b.Payable != tt.five {
				t.Errorf("after five hours: %+v, want payable %d", b, tt.five)
			}
			r.exitPaid(t, s)
			r.sound(t)
		})
	}
}

// exitPaid pays what is due, if anything is, and lets the car out.
func (r *rig) exitPaid(t *testing.T, s store.Session) {
	t.Helper()
	if o := r.order(t, s.Plate); o.Payable > 0 {
		r.pay(t, Notice{Order: o.No, Amount: o.Payable})
	}
	r.exit(t, s.ID)
	if got := r.session(t, s.ID); got.Unpaid != 0 {
		t.Errorf("session = %+v, want nothing unpaid", got)
	}
}

// sound says that everything agrees with the ledger.
func (r *rig) sound(t *testing.T) {
	t.Helper()
	r.books(t)
	if found, err := r.db.Reconcile(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("Reconcile = %+v, %v", found, err)
	}
}

func TestGrantSettlesWhatItCoversAndIsReported(t *testing.T) {
	r := newBooth(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	got := r.grants(t, s.Plate, "half")
	if got.Rest != 450 || !r.session(t, s.ID).PaidUntil.IsZero() {
		t.Errorf("receipt = %+v, want 450 to be due", got)
	}
	if got := r.grants(t, s.Plate, "free"); got.Rest != 0 || r.session(t, s.ID).PaidUntil != r.now.Add(15*minute) {
		t.Errorf("receipt = %+v, want the stay settled", got)
	}
	want := []store.Payment{
		{Grant: "half", GrantKind: store.GrantPercent, GrantValue: 50},
		{Grant: "free", GrantKind: store.GrantFull},
	}
	ledger := r.ledger(t, s.ID)
	for i := range want {
		w := &want[i]
		w.ID, w.Order, w.Session, w.PaidAt, w.FreeDetail = ledger[i].ID, ledger[i].Order, s.ID, r.now, "购物"
		w.Operator, w.Shift, w.Client, w.Terminal = "李", 7, "BOOTH1", 2
	}
	if diff := cmp.Diff(want, ledger); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
	told := facts[store.PaymentFact](t, r, store.KindPayment)
	if f := told[0]; len(told) != 2 || f.Grant != "half" || f.Operator != "李" || f.Address != "10.0.0.9" || f.Tickets != 1 {
		t.Errorf("journal = %+v", told)
	}
	r.exit(t, s.ID)
	if got := r.session(t, s.ID); got.Fee != 900 || got.Credit != 900 || got.Over+got.Unpaid != 0 {
		t.Errorf("session = %+v", got)
	}
	r.sound(t)
}

func TestGrantIsRefused(t *testing.T) {
	r := newBooth(t)
	s, other := r.park(t, "粤B12345"), r.park(t, "粤B22222")
	r.edit(t, other.ID, func(s *store.Session) { s.State = store.Leaving })
	r.after(hour)
	r.grants(t, s.Plate, "2h")
	clerk := By{Operator: "王", Role: "operator", Client: "BOOTH1"}
	for _, tt := range []struct {
		name string
		g    Grant
		want error
	}{
		{"an unknown discount", Grant{Discount: "x", By: clerk}, ErrNoDiscount},
		{"what only a manager may grant", Grant{Discount: "free", By: clerk}, ErrMayNotGrant},
		{"more than may be granted", Grant{Discount: "shop", Value: 1001, By: manager}, discount.ErrValue},
		{"no value at all", Grant{Discount: "shop", By: manager}, discount.ErrValue},
		{"what the stay has once", Grant{Discount: "2h", By: clerk}, ErrGrantedBefore},
		{"a car that is not inside", Grant{Discount: "half", Ref: Ref{Plate: "京A1"}, By: clerk}, ErrNoSession},
		{"a car that leaves", Grant{Discount: "half", Ref: Ref{Plate: other.Plate}, By: clerk}, ErrDecided},
	} {
		if tt.g.Ref == (Ref{}) {
			tt.g.Ref.Plate = s.Plate
		}
		if _, err := r.Grant(t.Context(), tt.g); !errors.Is(err, tt.want) {
			t.Errorf("%s = %v, want %v", tt.name, err, tt.want)
		}
	}
	if n := len(r.ledger(t, s.ID)) + len(r.ledger(t, other.ID)); n != 1 {
		t.Errorf("%d rows in the ledger, want that of the one grant", n)
	}
}

func TestGrantThatIsRepeatedIsGrantedOnce(t *testing.T) {
	r := newBooth(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	g := Grant{Ref: Ref{Plate: s.Plate}, Discount: "3 yuan", By: manager, Request: "1"}
	first, err := r.Grant(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	again, err := r.Grant(t.Context(), g)
	if err != nil || !again.Again || again.Order != first.Order || again.Rest != 600 {
		t.Errorf("again = %+v, %v, want %+v", again, err, first)
	}
	g.Request = "2"
	if third, err := r.Grant(t.Context(), g); err != nil || third.Rest != 300 {
		t.Errorf("another request = %+v, %v, want 300 to be due", third, err)
	}
	other := r.park(t, "粤B54321")
	g.Ref, g.By.Operator = Ref{Plate: other.Plate}, "王"
	if got, err := r.Grant(t.Context(), g); err != nil || got.Again || got.Session.ID != other.ID {
		t.Errorf("another operator who counts his requests alike = %+v, %v, want his own grant", got, err)
	}
}

func TestRecallTakesBackWhatNobodyHasPaidBy(t *testing.T) {
	r := newBooth(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	for _, name := range []string{"half", "3 yuan", "2h", "free", "until 3"} {
		before := r.due(t, s.ID)
		r.grants(t, s.Plate, name)
		row := r.last(t, s.ID)
		x := Recall{Payment: row.ID, By: manager}
		if err := r.Recall(t.Context(), x); !errors.Is(err, ErrNoReason) {
			t.Errorf("%s: without a reason = %v, want ErrNoReason", name, err)
		}
		x.Reason = "给错了车"
		for range 2 { // it may be said twice
			if err := r.Recall(t.Context(), x); err != nil {
				t.Errorf("%s: Recall = %v", name, err)
			}
		}
		if diff := cmp.Diff(before, r.due(t, s.ID)); diff != "" {
			t.Errorf("%s: bill before and after (-want +got):\n%s", name, diff)
		}
		if back := r.last(t, s.ID); back.Refers != row.ID || back.FreeDetail != "给错了车" || back.Operator != "李" {
			t.Errorf("%s: last row = %+v", name, back)
		}
	}
	r.grants(t, s.Plate, "2h") // it counts as never granted
	if n := len(r.ledger(t, s.ID)); n != 11 {
		t.Errorf("%d rows, want five pairs and one", n)
	}
	r.sound(t)
}

func (r *rig) last(t *testing.T, session string) store.Payment {
	t.Helper()
	list := r.ledger(t, session)
	return list[len(list)-1]
}

func TestRecallIsRefusedWhenTheDiscountIsUsed(t *testing.T) {
	r := newBooth(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	r.grants(t, s.Plate, "half")
	coupon := r.last(t, s.ID)
	o := r.order(t, s.Plate)
	r.pay(t, Notice{Order: o.No, Amount: 100})
	recall := func(id string) error {
		return r.Recall(t.Context(), Recall{Payment: id, Reason: "错", By: manager})
	}
	if err := recall(coupon.ID); !errors.Is(err, ErrUsed) {
		t.Errorf("after a part was paid = %v, want ErrUsed", err)
	}
	if err := recall(r.last(t, s.ID).ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of money = %v, want ErrNotFound", err)
	}
	if err := recall("nothing"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of nothing = %v, want ErrNotFound", err)
	}
	other := r.park(t, "粤B22222")
	r.grants(t, other.Plate, "free")
	coupon = r.last(t, other.ID)
	r.edit(t, other.ID, func(s *store.Session) { s.State = store.Leaving })
	if err := recall(coupon.ID); !errors.Is(err, ErrDecided) {
		t.Errorf("of a car that leaves = %v, want ErrDecided", err)
	}
	r.exit(t, other.ID)
	if err := recall(coupon.ID); !errors.Is(err, ErrGone) {
		t.Errorf("of a car that has left = %v, want ErrGone", err)
	}
	r.sound(t)
}

func TestDelayDependsOnWhereWasPaid(t *testing.T) {
	r := newBooth(t)
	r.cfg.ClientDelays, r.cfg.KioskDelays, r.cfg.BoothDelay = map[string]time.Duration{"mall": 20 * minute}, map[string]time.Duration{"K1": 30 * minute}, 5*minute
	for _, tt := range []struct {
		name string
		pay  func(store.Order)
		want time.Duration
	}{
		{"a client", func(o store.Order) { r.pay(t, Notice{Order: o.No, Amount: o.Payable}) }, 20 * minute},
		{"a machine", func(o store.Order) { r.coins(t, o.No, o.Payable) }, 30 * minute},
		{"a booth", func(o store.Order) { r.takes(t, o, o.Payable) }, 5 * minute},
	} {
		r.now = noon
		s := r.park(t, "粤B12345")
		r.after(2 * hour)
		tt.pay(r.order(t, s.Plate))
		if got := r.session(t, s.ID).PaidUntil.Sub(r.now); got != tt.want {
			t.Errorf("%s: %v to leave, want %v", tt.name, got, tt.want)
		}
		r.exit(t, s.ID)
	}
	if r.ClientDelay("mall") != 20*minute || r.ClientDelay("K1") != 15*minute || r.KioskDelay("K1") != 30*minute {
		t.Error("the delays that are told are others")
	}
}

func TestStayBeyondTheDelayIsChargedAsConfigured(t *testing.T) {
	for _, tt := range []struct {
		name          string
		restart       bool
		granted       []string
		order         discount.Order
		total, credit int64
		payable       int64
	}{
		// Two hours, 900, and then three and a half more, 1500.
		{"the whole stay, less what was paid", false, []string{"half"}, nil, 2300, 1150, 700},
		{"as a stay that began at the payment", true, []string{"half"}, nil, 900 + 1500, 450 + 750, 750},
		{"where the money of a coupon is used up", true, []string{"half", "3 yuan"}, discount.Order{"money", "percent", "time", "full"}, 900 + 1500, 300 + 750, 750},
		{"where minutes are used up", true, []string{"90 min"}, nil, 900 + 1500, 400, 1500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newBooth(t)
			r.cfg.RestartAfterDelay = tt.restart
			s := r.park(t, "粤B12345")
			r.after(2 * hour)
			if tt.order != nil {
				r.cfg.DiscountOrder = tt.order
			}
			for _, name := range tt.granted {
				r.grants(t, s.Plate, name)
			}
			o := r.order(t, s.Plate)
			r.pay(t, Notice{Order: o.No, Amount: o.Payable})
			r.after(2*hour + 15*minute)
			if b := r.due(t, s.ID); !b.Settled {
				t.Errorf("within the time to leave: %+v", b)
			}
			r.after(5*hour + 30*minute)
			if b := r.due(t, s.ID); b.Total != tt.total || b.Credit != tt.credit || b.Payable != tt.payable {
				t.Errorf("bill = %+v, want %+v", b, tt)
			}
			r.exitPaid(t, s)
			r.sound(t)
		})
	}
}

func TestExplanationAddsUpToWhatIsPayable(t *testing.T) {
	r := newBooth(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	r.grants(t, s.Plate, "3 yuan")
	r.grants(t, s.Plate, "half")
	type line struct {
		Note   tariff.Note
		Amount int64
	}
	explain := func(name string, payable int64, more ...line) {
		t.Helper()
		got, err := r.Explain(t.Context(), r.db.Reader, s.ID, r.now)
		if err != nil {
			t.Fatal(err)
		}
		want := append([]line{{tariff.NoteLump, 500}, {tariff.NoteUnits, 400}, {NotePercent, -450}, {NoteMoney, -300}}, more...)
		var lines []line
		for _, l := range got.Lines {
			lines = append(lines, line{l.Note, l.Amount})
			payable -= l.Amount
		}
		if diff := cmp.Diff(want, lines); diff != "" || payable != 0 {
			t.Errorf("%s: bill of %d, (-want +got):\n%s", name, got.Payable, diff)
		}
	}
	explain("what is due", 150)
	r.takes(t, r.order(t, s.Plate), 100)
	explain("a rest", 50, line{NotePaid, -100})
	o := r.order(t, s.Plate)
	r.pay(t, Notice{Order: o.No, Amount: 70})
	explain("settled", 0, line{NotePaid, -170}, line{NoteOver, 20})
	r.after(2*hour + 14*minute)
	explain("on the way out", 0, line{NotePaid, -170}, line{NoteOver, 20})
	r.exit(t, s.ID)
	r.after(9 * hour)
	explain("after the car has left", 0, line{NotePaid, -170}, line{NoteOver, 20})
	if _, err := r.Explain(t.Context(), r.db.Reader, "nobody", r.now); !errors.Is(err, ErrNoSession) {
		t.Errorf("of an unknown session = %v, want ErrNoSession", err)
	}
}
