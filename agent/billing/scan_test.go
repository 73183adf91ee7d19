package billing

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

// scan hands a driver's code for an order to a platform.
func (r *rig) scan(t *testing.T, order string) store.Order {
	t.Helper()
	o, _, err := r.BeginScan(t.Context(), order, "K2")
	if err != nil {
		t.Fatalf("BeginScan: %v", err)
	}
	return o
}

func (r *rig) endScan(t *testing.T, order string, accepted, known bool) {
	t.Helper()
	if err := r.EndScan(t.Context(), order, accepted, known); err != nil {
		t.Fatal(err)
	}
}

// Each way to settle a stay is tried while, and after, another is under way.
func TestOneSettlementAtATime(t *testing.T) {
	asked := func(t *testing.T, r *rig, s store.Session, _ store.Order) { r.ask(t, s.ID) }
	askedSlow := func(takes time.Duration) func(*testing.T, *rig, store.Session, store.Order) {
		return func(t *testing.T, r *rig, s store.Session, _ store.Order) {
			r.cfg.QuestionTimeout = takes
			r.ask(t, s.ID)
		}
	}
	unknown := func(t *testing.T, r *rig, s store.Session, _ store.Order) {
		r.answer(t, r.ask(t, s.ID).ID, DeductionAnswer{})
	}
	refused := func(t *testing.T, r *rig, s store.Session, _ store.Order) {
		r.answer(t, r.ask(t, s.ID).ID, DeductionAnswer{Known: true})
	}
	scanned := func(t *testing.T, r *rig, _ store.Session, o store.Order) { r.scan(t, o.No) }
	ended := func(accepted, known bool) func(*testing.T, *rig, store.Session, store.Order) {
		return func(t *testing.T, r *rig, _ store.Session, o store.Order) {
			r.scan(t, o.No)
			r.endScan(t, o.No, accepted, known)
		}
	}
	paidInPart := func(t *testing.T, r *rig, _ store.Session, o store.Order) {
		r.scan(t, o.No)
		r.pay(t, Notice{Order: o.No, Amount: 500})
	}
	for _, tt := range []struct {
		name  string
		first func(*testing.T, *rig, store.Session, store.Order)
		after time.Duration
		busy  bool
		due   int64
	}{
		{"a platform is asked to deduct", asked, 10*time.Second - time.Millisecond, true, 900},
		{"it was asked ten seconds ago", asked, 10 * time.Second, false, 900},
		{"it was asked, and the clock was set back", asked, -5 * time.Second, true, 900},
		{"it was asked, and the clock was set back an hour", asked, -hour, false, 500},
		{"one that may take a minute is asked", askedSlow(time.Minute), 63*time.Second - time.Millisecond, true, 1100},
		{"it was asked a minute ago, and its answer would have been booked", askedSlow(time.Minute), 63 * time.Second, false, 1100},
		{"one that may take three seconds holds for ten as well", askedSlow(3 * time.Second), 10*time.Second - time.Millisecond, true, 900},
		{"it gave no usable answer", unknown, 5 * time.Second, true, 900},
		{"it refused", refused, 0, false, 900},
		{"a scan waits", scanned, time.Minute - time.Millisecond, true, 900},
		{"a scan was a minute ago", scanned, time.Minute, false, 1100}, // and another half hour has begun
		{"a scan was accepted, and the money has not come", ended(true, true), 30 * time.Second, true, 900},
		{"nobody knows what became of a scan", ended(false, false), 30 * time.Second, true, 900},
		{"a scan was refused", ended(false, true), 0, false, 900},
		{"a scan was paid in part", paidInPart, time.Second, false, 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, s := atExit(t)
			first := r.order(t, s.Plate)
			tt.first(t, r, s, first)
			r.after(2*hour + tt.after)
			want := error(nil)
			if tt.busy {
				want = ErrSettling
			}
			o := r.order(t, s.Plate)
			if o.Payable != tt.due {
				t.Fatalf("payable = %d, want %d", o.Payable, tt.due)
			}
			if _, _, err := r.MayCharge(t.Context(), o.No); !errors.Is(err, want) || want == nil && err != nil {
				t.Errorf("a code to show = %v, want %v", err, want)
			}
			if _, _, err := r.BeginScan(t.Context(), o.No, "K2"); !errors.Is(err, want) || want == nil && err != nil {
				t.Errorf("another scan = %v, want %v", err, want)
			} else if err == nil {
				r.endScan(t, o.No, false, true)
			}
			if _, err := r.Cash(t.Context(), Coins{Order: o.No, Inserted: 100, Kiosk: "K1"}); !errors.Is(err, want) || want == nil && err != nil {
				t.Errorf("coins = %v, want %v", err, want)
			}
			if _, _, ok, err := r.BeginDeduction(t.Context(), s.ID, "other"); err != nil || ok && tt.busy {
				t.Errorf("a deduction = %v, %v", ok, err)
			}
			late := r.order(t, s.Plate)
			if _, err := r.Pay(t.Context(), Notice{Order: late.No, Amount: late.Payable, Client: "bank"}); err != nil {
				t.Errorf("a notice of payment = %v, want it taken in any case", err)
			}
		})
	}
}

func TestAScanIsOfAnOrderThatIsRight(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, r *rig, s store.Session, o store.Order)
		want error
	}{
		{"nothing has changed", func(*testing.T, *rig, store.Session, store.Order) {}, nil},
		{"the order is out of date, but the price is the same", func(t *testing.T, r *rig, _ store.Session, _ store.Order) {
			r.cfg.OrderValid = time.Second
			r.after(2*hour + 59*time.Second)
		}, nil},
		{"the order was paid", func(t *testing.T, r *rig, _ store.Session, o store.Order) {
			r.pay(t, Notice{Order: o.No, Amount: 900})
		}, ErrOutdated},
		{"the order was paid in part", func(t *testing.T, r *rig, _ store.Session, o store.Order) {
			r.pay(t, Notice{Order: o.No, Amount: 100})
		}, ErrOutdated},
		{"the stay was paid by another order", func(t *testing.T, r *rig, s store.Session, _ store.Order) {
			r.pay(t, Notice{Order: r.order(t, s.Plate).No, Amount: 900})
		}, ErrOutdated},
		{"a part was paid by another order", func(t *testing.T, r *rig, s store.Session, _ store.Order) {
			r.pay(t, Notice{Order: r.order(t, s.Plate).No, Amount: 100})
		}, ErrOutdated},
		{"a part was waived", func(t *testing.T, r *rig, s store.Session, _ store.Order) {
			if _, err := r.Discount(t.Context(), Discount{Ref: Ref{Plate: s.Plate}, FreeMoney: 100}); err != nil {
				t.Fatal(err)
			}
		}, ErrOutdated},
		{"the order has expired and the price gone up", func(t *testing.T, r *rig, _ store.Session, _ store.Order) { r.after(3 * hour) }, ErrOutdated},
		{"the car has left", func(t *testing.T, r *rig, s store.Session, _ store.Order) { r.exit(t, s.ID) }, ErrGone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, s := atExit(t)
			o := r.order(t, s.Plate)
			tt.do(t, r, s, o)
			if _, _, err := r.MayCharge(t.Context(), o.No); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("MayCharge = %v, want %v", err, tt.want)
			}
			if _, _, err := r.BeginScan(t.Context(), o.No, "K2"); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("BeginScan = %v, want %v", err, tt.want)
			}
		})
	}
	r := newRig(t)
	if _, _, err := r.BeginScan(t.Context(), "1", "K2"); !errors.Is(err, ErrNoOrder) {
		t.Errorf("BeginScan of no order = %v", err)
	}
	if _, _, err := r.MayCharge(t.Context(), "1"); !errors.Is(err, ErrNoOrder) {
		t.Errorf("MayCharge of no order = %v", err)
	}
	if err := r.EndScan(t.Context(), "1", true, true); !errors.Is(err, ErrNoOrder) {
		t.Errorf("EndScan of no order = %v", err)
	}
}

func TestAScanIsKeptAndJournalled(t *testing.T) {
	r, s := atExit(t)
	o, _, err := r.Order(t.Context(), Ref{Plate: s.Plate}, "K1")
	if err != nil {
		t.Fatal(err)
	}
	got := r.scan(t, o.No)
	want := o
	want.ScannedAt, want.ScannedBy = r.now, "K2"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	r.endScan(t, o.No, false, false)
	if kept, err := r.db.Order(t.Context(), o.No); err != nil || kept != want {
		t.Errorf("order of which nothing is known = %+v, %v; want it kept", kept, err)
	}
	r.endScan(t, o.No, true, true)
	r.endScan(t, o.No, false, true)
	if freed, err := r.db.Order(t.Context(), o.No); err != nil || freed != o {
		t.Errorf("order after a refusal = %+v, %v; want it free", freed, err)
	}
	var rows []store.CodeFact
	for _, act := range []string{"scanned", "unknown", "accepted", "refused"} {
		rows = append(rows, store.CodeFact{Order: o.No, Session: s.ID, Kiosk: "K2", Act: act})
	}
	if diff := cmp.Diff(rows, facts[store.CodeFact](t, r, store.KindCode)); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
}

func TestASettlementHoldsAcrossARestart(t *testing.T) {
	r, s := atExit(t)
	o := r.order(t, s.Plate)
	r.ask(t, s.ID)
	r.restart(t)
	if _, err := r.Cash(t.Context(), Coins{Order: o.No, Inserted: 900}); !errors.Is(err, ErrSettling) {
		t.Errorf("coins while a platform is asked = %v, want ErrSettling", err)
	}
	r.after(2*hour + 10*time.Second)
	r.scan(t, o.No)
	r.restart(t)
	if _, err := r.Cash(t.Context(), Coins{Order: o.No, Inserted: 900}); !errors.Is(err, ErrSettling) {
		t.Errorf("coins while a scan waits = %v, want ErrSettling", err)
	}
}

func TestARefusalThatComesAfterTheMoneyUnpaysNothing(t *testing.T) {
	r, s := atExit(t)
	o := r.order(t, s.Plate)
	r.scan(t, o.No)
	r.pay(t, Notice{Order: o.No, Amount: 900})
	r.endScan(t, o.No, false, true)
	if paid, err := r.Status(t.Context(), o.No); err != nil || !paid {
		t.Errorf("paid = %v, %v", paid, err)
	}
	if b := r.due(t, s.ID); b.Payable != 0 {
		t.Errorf("bill = %+v", b)
	}
}
