package billing

import (
	"errors"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

func (r *rig) discount(t *testing.T, x Discount) store.Order {
	t.Helper()
	x.Client = "shop"
	o, err := r.Discount(t.Context(), x)
	if err != nil {
		t.Fatalf("Discount: %v", err)
	}
	return o
}

func TestADiscountAppliesLikeAPaymentOfNothing(t *testing.T) {
	for _, tt := range []struct {
		name    string
		x       Discount
		payable int64
		settled bool
	}{
		{"money", Discount{FreeMoney: 500}, 400, false},
		{"money for all of it", Discount{FreeMoney: 900}, 0, true},
		{"more money than is due", Discount{FreeMoney: 5000}, 0, true},
		{"all but a few fen: they stay due", Discount{FreeMoney: 899}, 1, false},
		{"minutes", Discount{FreeMinutes: 60}, 500, false},
		{"minutes back into the free time", Discount{FreeMinutes: 105}, 0, true},
		{"both", Discount{FreeMoney: 100, FreeMinutes: 60}, 400, false},
		{"nothing", Discount{}, 900, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			s := r.park(t, "粤B12345")
			r.after(2 * hour)
			tt.x.Ref, tt.x.PayType, tt.x.PayMethod, tt.x.Remark = Ref{Plate: "B12345"}, 4, 5, "购物满百元"
			o := r.discount(t, tt.x)
			if b := r.due(t, s.ID); b.Payable != tt.payable || b.Settled != tt.settled || b.Paid != 0 {
				t.Errorf("bill = %+v, want %d payable", b, tt.payable)
			}
			ledger := r.ledger(t, s.ID)
			want := []store.Payment{{
				ID: ledger[0].ID, Order: o.No, Session: s.ID, FreeMoney: tt.x.FreeMoney, FreeMinutes: tt.x.FreeMinutes,
				PayType: 4, PayMethod: 5, Terminal: 15, Client: "shop", FreeDetail: "购物满百元", PaidAt: r.now,
			}}
			if diff := cmp.Diff(want, ledger); diff != "" {
				t.Errorf("ledger (-want +got):\n%s", diff)
			}
			if o.Kind != store.OrderDiscount || o.Client != "shop" || o.Payable != 0 || o.Session != s.ID {
				t.Errorf("order = %+v", o)
			}
			if paid, err := r.Status(t.Context(), o.No); err != nil || !paid {
				t.Errorf("status = %v, %v; want paid", paid, err)
			}
			if diff := cmp.Diff([]string{s.ID}, r.paid); diff != "" {
				t.Errorf("told paid (-want +got):\n%s", diff)
			}
			if rows := facts[store.PaymentFact](t, r, store.KindPayment); len(rows) != 1 || rows[0].FreeMoney != tt.x.FreeMoney {
				t.Errorf("journal = %+v", rows)
			}
			r.exit(t, s.ID)
			r.books(t)
		})
	}
}

func TestADiscountBeforeAnythingIsDueCountsLater(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	r.after(minute)
	r.discount(t, Discount{Ref: Ref{Plate: "粤B12345"}, FreeMoney: 300, FreeMinutes: 60})
	r.after(2 * hour)
	if b := r.due(t, s.ID); b.Total != 900 || b.Credit != 400 || b.Waived != 300 || b.Payable != 200 {
		t.Errorf("bill = %+v, want 200 payable", b)
	}
}

func TestADiscountWhereNobodyKnowsTheFeeWaits(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	tariffs := r.cfg.Tariffs
	r.cfg.Tariffs = nil
	r.discount(t, Discount{Ref: Ref{Plate: "粤B12345"}, FreeMoney: 300})
	if s := r.session(t, s.ID); !s.PaidUntil.IsZero() {
		t.Errorf("session = %+v, want it not settled", s)
	}
	r.cfg.Tariffs = tariffs
	if b := r.due(t, s.ID); b.Payable != 600 {
		t.Errorf("payable = %d, want 600", b.Payable)
	}
}

func TestTheNumberOfADiscountIsAJSONNumber(t *testing.T) {
	r := newRig(t)
	r.park(t, "粤B12345")
	r.park(t, "粤B22222")
	seen := map[string]bool{}
	form := regexp.MustCompile(`^[1-9][0-9]{14}$`)
	for _, at := range []time.Time{noon, noon, noon.Add(time.Millisecond), time.Date(2005, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)} {
		r.now = at
		for _, no := range []string{"粤B12345", "粤B22222"} {
			o := r.discount(t, Discount{Ref: Ref{Plate: no}, FreeMoney: 1})
			n, err := strconv.ParseInt(o.No, 10, 64)
			if err != nil || !form.MatchString(o.No) || int64(float64(n)) != n || seen[o.No] {
				t.Errorf("number = %q, want 15 digits, each number once", o.No)
			}
			seen[o.No] = true
		}
	}
	if !seen["260302120000000"] {
		t.Errorf("numbers = %v, want the first of noon by the park's time among them", seen)
	}
}

func TestTheSameRequestIsOneDiscount(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	x := Discount{Ref: Ref{Plate: "粤B12345"}, FreeMoney: 100, Request: "digest"}
	first := r.discount(t, x)
	for _, tt := range []struct {
		name  string
		after time.Duration
		x     Discount
		by    string
		same  bool
	}{
		{"at once", 0, x, "shop", true},
		{"at the end of the time", 30 * time.Second, x, "shop", true},
		{"the clock was set back by some seconds", -20 * time.Second, x, "shop", true},
		{"another client", 0, x, "cinema", false},
		{"another request", 0, Discount{Ref: x.Ref, FreeMoney: 100, Request: "other"}, "shop", false},
		{"a request without a digest", 0, Discount{Ref: x.Ref, FreeMoney: 100}, "shop", false},
		{"the clock was set back by more", -30*time.Second - time.Millisecond, x, "shop", false},
		{"after it", 30*time.Second + time.Millisecond, x, "shop", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.after(2*hour + tt.after)
			before := len(r.ledger(t, s.ID))
			r.paid = nil
			tt.x.Client = tt.by
			o, err := r.Discount(t.Context(), tt.x)
			if err != nil {
				t.Fatal(err)
			}
			if rows := len(r.ledger(t, s.ID)) - before; (rows == 0) != tt.same || (o == first) != tt.same {
				t.Errorf("order %s and %d rows, want the first again: %v", o.No, rows, tt.same)
			}
			if len(r.paid) != 1 {
				t.Errorf("told paid: %v, want it in any case", r.paid)
			}
		})
	}
}

func TestTheSameRequestIsOneDiscountThoughTheCarHasLeft(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	x := Discount{Ref: Ref{Plate: "粤B12345"}, FreeMoney: 900, Request: "digest"}
	first := r.discount(t, x)
	r.exit(t, s.ID)
	if again := r.discount(t, x); again != first {
		t.Errorf("again = %+v, want the first", again)
	}
}

func TestTheSameRequestIsOneDiscountAcrossARestart(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	x := Discount{Ref: Ref{Plate: "粤B12345"}, FreeMoney: 100, Request: "digest"}
	first := r.discount(t, x)
	r.restart(t)
	r.after(2*hour + 20*time.Second)
	if again := r.discount(t, x); again != first || len(r.ledger(t, s.ID)) != 1 {
		t.Errorf("again = %+v, want the first", again)
	}
}

func TestADiscountThatFitsNobodyIsRefused(t *testing.T) {
	r := newRig(t)
	r.park(t, "京A88888")
	r.park(t, "沪A88888")
	var several *AmbiguousError
	if _, err := r.Discount(t.Context(), Discount{Ref: Ref{Plate: "A88888"}, FreeMoney: 1}); !errors.As(err, &several) {
		t.Errorf("two cars = %v, want an AmbiguousError", err)
	}
	x := Discount{Ref: Ref{Plate: "粤B12345"}, FreeMoney: 1, Request: "digest", Client: "shop"}
	if _, err := r.Discount(t.Context(), x); !errors.Is(err, ErrNoSession) {
		t.Errorf("no car = %v, want ErrNoSession", err)
	}
	r.park(t, "粤B12345")
	if _, err := r.Discount(t.Context(), x); err != nil {
		t.Errorf("the same request once the car is inside = %v: a refusal is no answer to keep", err)
	}
	for _, bad := range []Discount{{FreeMoney: -1}, {FreeMinutes: -1}, {FreeMoney: 1 << 60}} {
		bad.Ref = Ref{Plate: "粤B12345"}
		if _, err := r.Discount(t.Context(), bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

func TestADiscountIsFoundByCardNumber(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "空123456")
	r.edit(t, s.ID, func(s *store.Session) { s.CardNo = "2026030212000001" })
	if o := r.discount(t, Discount{Ref: Ref{CardNo: "2026030212000001"}, FreeMoney: 1}); o.Session != s.ID {
		t.Errorf("order = %+v", o)
	}
}
