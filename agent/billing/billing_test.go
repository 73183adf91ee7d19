package billing

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"parkagent/store"
)

func TestOrder(t *testing.T) {
	r := newRig(t)
	r.park(t, "粤B12345")
	tests := []struct {
		name    string
		after   time.Duration
		payable int64
		state   store.OrderState
	}{
		{"within the free time nothing is due and the order counts as paid", 15 * time.Minute, 0, store.OrderPaid},
		{"the first hour", 16 * time.Minute, 500, store.OrderUnpaid},
		{"an hour and a half begun", 61 * time.Minute, 700, store.OrderUnpaid},
		{"the cap", 20 * time.Hour, 3000, store.OrderUnpaid},
		{"the second day begins again", 25 * time.Hour, 3500, store.OrderUnpaid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r.now = noon.Add(tt.after)
			o := r.order(t, "粤B12345")
			if o.Payable != tt.payable || o.State != tt.state {
				t.Errorf("payable = %d, state %d; want %d, state %d", o.Payable, o.State, tt.payable, tt.state)
			}
			if want := r.now.Add(5 * time.Minute); !o.ExpiresAt.Equal(want) {
				t.Errorf("ExpiresAt = %v, want %v", o.ExpiresAt, want)
			}
		})
	}
	r.now = noon.Add(time.Hour)
	a, b := r.order(t, "粤B12345"), r.order(t, "粤B12345")
	if a.No != "120260302130000000B12345" || a.No == b.No {
		t.Errorf("order numbers %s and %s, want the park code, the local time and the plate without its province, each once", a.No, b.No)
	}
}

func TestFind(t *testing.T) {
	r := newRig(t)
	r.park(t, "粤B12345")
	r.park(t, "京A88888")
	r.now = r.now.Add(time.Second) // they are named in the order of entry
	r.park(t, "沪A88888")
	r.park(t, "C77777") // its province was not read
	r.park(t, "D02000") // nor this one's
	r.now = r.now.Add(time.Second)
	r.park(t, "闽D02000")
	r.update(t, func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertSession(ctx, store.Session{ID: "e", Plate: "粤B00001", State: store.Entering, EnteredAt: noon})
	})
	var ambiguous *AmbiguousError
	if _, err := Find(t.Context(), r.db.Reader, Ref{Plate: "A88888"}); !errors.As(err, &ambiguous) || !slices.Equal(ambiguous.Plates, []string{"京A88888", "沪A88888"}) {
		t.Errorf("two cars that differ in the province: error %v, want both named", err)
	}
	if _, err := Find(t.Context(), r.db.Reader, Ref{Plate: "D02000"}); !errors.As(err, &ambiguous) || len(ambiguous.Plates) != 2 {
		t.Errorf("a car without a province beside one with: error %v, want both named", err)
	}
	tests := []struct{ name, ask, want string }{
		{"the whole plate", "粤B12345", "粤B12345"},
		{"a plate whose province the camera did not read", "粤C77777", "C77777"},
		{"the whole plate beside one without a province", "闽D02000", "闽D02000"},
		{"as people type it", "粤b·12345", "粤B12345"},
		{"without the province", "b12345", "粤B12345"},
		{"a whole plate out of two that differ in the province", "沪A88888", "沪A88888"},
		{"another province is another car", "京B12345", ""},
		{"a part of a plate is not a plate", "12345", ""},
		{"nothing", "", ""},
		{"a car that is still before the entry", "粤B00001", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Find(t.Context(), r.db.Reader, Ref{Plate: tt.ask})
			if tt.want == "" {
				if !errors.Is(err, ErrNoSession) {
					t.Errorf("Find(%q) = %q, %v; want ErrNoSession", tt.ask, got.Plate, err)
				}
				return
			}
			if err != nil || got.Plate != tt.want {
				t.Errorf("Find(%q) = %q, %v; want %q", tt.ask, got.Plate, err, tt.want)
			}
		})
	}
}

func TestPayTwiceIsBookedOnce(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	r.now = noon.Add(2 * time.Hour)
	o := r.order(t, "粤B12345")
	first := r.pay(t, Notice{Order: o.No, Amount: 900, PayType: 4, PayMethod: 4})
	if first.Rest != 0 || first.Over != 0 || first.Again || first.Stay != 2*time.Hour {
		t.Errorf("first receipt = %+v", first)
	}
	r.now = r.now.Add(time.Minute)
	again := r.pay(t, Notice{Order: o.No, Amount: 900, PayType: 4, PayMethod: 4})
	if !again.Again || again.Stay != first.Stay {
		t.Errorf("second receipt = %+v, want the first one again", again)
	}
	if _, err := r.Pay(t.Context(), Notice{Order: o.No, Amount: 800, Client: "mall"}); !errors.Is(err, ErrOtherAmounts) {
		t.Errorf("other amounts: error %v, want ErrOtherAmounts", err)
	}
	if _, err := r.Pay(t.Context(), Notice{Order: "1x", Amount: 800}); !errors.Is(err, ErrNoOrder) {
		t.Errorf("unknown order: error %v, want ErrNoOrder", err)
	}
	ledger, err := r.db.Payments(t.Context(), s.ID)
	if err != nil || len(ledger) != 1 {
		t.Errorf("ledger = %v, %v; want one row", ledger, err)
	}
	if !slices.Equal(r.paid, []string{s.ID, s.ID}) {
		t.Errorf("told paid: %v, want the session with each notice: the lane may have missed the first", r.paid)
	}
}

func TestPay(t *testing.T) {
	tests := []struct {
		name     string
		notice   Notice        // for an order of 9 yuan, issued after two hours
		late     time.Duration // how long after the order it is paid
		rest     int64
		over     int64
		rounding int64
		after    int64 // payable right afterwards
	}{
		{name: "in full", notice: Notice{Amount: 900}},
		{name: "less: it is credited and the rest stays due", notice: Notice{Amount: 500}, rest: 400, after: 400},
		{name: "more: it is credited and flagged", notice: Notice{Amount: 1000}, over: 100},
		{name: "a client that drops the fen: the rest is rounding", notice: Notice{Amount: 801}, rounding: 99},
		{name: "one fen more is not", notice: Notice{Amount: 800}, rest: 100, after: 100},
		{name: "with discount and coupon", notice: Notice{Amount: 300, Discount: 200, FreeMoney: 400}},
		{name: "with free minutes that make it cheaper", notice: Notice{Amount: 500, FreeMinutes: 60}},
		{name: "with free minutes only", notice: Notice{FreeMinutes: 105}},
		{name: "a coupon larger than the fee is not money to return", notice: Notice{FreeMoney: 5000}},
		{name: "an expired order is still credited; the price has gone up", notice: Notice{Amount: 900}, late: 31 * time.Minute, rest: 400, after: 400},
		{name: "an order keeps its price while it is valid", notice: Notice{Amount: 900}, late: 5 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			s := r.park(t, "粤B12345")
			r.now = noon.Add(2 * time.Hour)
			o := r.order(t, "粤B12345")
			if o.Payable != 900 {
				t.Fatalf("payable = %d, want 900", o.Payable)
			}
			r.now = r.now.Add(tt.late)
			tt.notice.Order = o.No
			got := r.pay(t, tt.notice)
			if got.Rest != tt.rest || got.Over != tt.over {
				t.Errorf("rest = %d, over = %d; want %d, %d", got.Rest, got.Over, tt.rest, tt.over)
			}
			ledger, err := r.db.Payments(t.Context(), s.ID)
			if err != nil {
				t.Fatal(err)
			}
			var rounding int64
			for _, p := range ledger {
				rounding += p.Rounding
			}
			if rounding != tt.rounding {
				t.Errorf("rounding = %d, want %d", rounding, tt.rounding)
			}
			if !slices.Equal(r.paid, []string{s.ID}) {
				t.Errorf("told paid: %v, want the session once", r.paid)
			}
			if again := r.pay(t, tt.notice); !again.Again || again.Rest != tt.rest || again.Over != tt.over {
				t.Errorf("again = %+v, want the same receipt", again)
			}
			if next := r.order(t, "粤B12345"); next.Payable != tt.after {
				t.Errorf("payable afterwards = %d, want %d", next.Payable, tt.after)
			}
			paid, err := r.Status(t.Context(), o.No)
			if err != nil || paid != (tt.rest == 0) {
				t.Errorf("paid = %v, %v with a rest of %d", paid, err, tt.rest)
			}
		})
	}
}

func TestTimeToLeave(t *testing.T) {
	r := newRig(t)
	r.park(t, "粤B12345")
	r.now = noon.Add(2 * time.Hour)
	r.pay(t, Notice{Order: r.order(t, "粤B12345").No, Amount: 900})
	for _, tt := range []struct {
		name    string
		after   time.Duration
		payable int64
	}{
		{"within it nothing is due", 15 * time.Minute, 0},
		{"after it the stay is charged again and what was paid is subtracted", 16 * time.Minute, 200},
		{"much later", 3 * time.Hour, 1200},
	} {
		r.now = noon.Add(2*time.Hour + tt.after)
		if o := r.order(t, "粤B12345"); o.Payable != tt.payable || o.Payable > 0 && o.Paid != 900 {
			t.Errorf("%s: payable = %d, paid %d; want %d", tt.name, o.Payable, o.Paid, tt.payable)
		}
	}
}

func TestNothingDueBuysNoTime(t *testing.T) {
	r := newRig(t)
	r.park(t, "粤B12345")
	r.now = noon.Add(14 * time.Minute)
	r.pay(t, Notice{Order: r.order(t, "粤B12345").No})
	r.now = noon.Add(20 * time.Minute)
	if o := r.order(t, "粤B12345"); o.Payable != 500 {
		t.Errorf("payable = %d after a payment of nothing within the free time, want 500", o.Payable)
	}
}

func TestTwoPlatformsPayTheSameStay(t *testing.T) {
	r := newRig(t)
	r.park(t, "粤B12345")
	r.now = noon.Add(2 * time.Hour)
	a, b := r.order(t, "粤B12345"), r.order(t, "粤B12345")
	r.pay(t, Notice{Order: a.No, Amount: 900})
	if got := r.pay(t, Notice{Order: b.No, Amount: 900}); got.Over != 900 || got.Rest != 0 {
		t.Errorf("second payment: rest %d, over %d; want all of it flagged", got.Rest, got.Over)
	}
}

func TestMoneyForACarThatHasLeftIsKept(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	r.now = noon.Add(2 * time.Hour)
	o := r.order(t, "粤B12345")
	s.State, s.LeftAt, s.Fee, s.Unpaid = store.Left, r.now, 900, 900
	r.update(t, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateSession(ctx, s) })
	for range 2 { // the platform asks again
		if _, err := r.Pay(t.Context(), Notice{Order: o.No, Amount: 900}); !errors.Is(err, ErrGone) {
			t.Errorf("Pay = %v, want ErrGone", err)
		}
	}
	b, err := r.db.Books(t.Context())
	if err != nil || b.Orphans != 900 || b.Paid != 0 || len(b.Mismatches) != 0 {
		t.Errorf("books = %+v, %v; want one orphan of 900 and nothing else paid", b, err)
	}
}

func TestFeeAboveTheLimitNeedsAnOperator(t *testing.T) {
	r := newRig(t)
	r.cfg.Tariffs[0].MaxAutomatic = 2000
	r.park(t, "粤B12345")
	r.now = noon.Add(20 * time.Hour)
	if _, _, err := r.Order(t.Context(), Ref{Plate: "粤B12345"}, "mall"); !errors.Is(err, ErrAboveLimit) {
		t.Errorf("Order = %v, want ErrAboveLimit", err)
	}
	r.cfg.Tariffs[0].CarTypes = []int{1}
	if _, _, err := r.Order(t.Context(), Ref{Plate: "粤B12345"}, "mall"); !errors.Is(err, ErrNoTariff) {
		t.Errorf("Order = %v, want ErrNoTariff", err)
	}
}
