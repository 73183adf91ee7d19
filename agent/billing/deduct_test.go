package billing

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

// ask begins a deduction, which must be possible.
func (r *rig) ask(t *testing.T, session string) store.Deduction {
	t.Helper()
	x, _, ok, err := r.BeginDeduction(t.Context(), session, "etc")
	if err != nil || !ok {
		t.Fatalf("BeginDeduction = %v, %v; want it asked", ok, err)
	}
	return x
}

func (r *rig) answer(t *testing.T, id string, a DeductionAnswer) store.Deduction {
	t.Helper()
	if err := r.EndDeduction(t.Context(), id, a); err != nil {
		t.Fatal(err)
	}
	return r.deduction(t, id)
}

func (r *rig) deduction(t *testing.T, id string) store.Deduction {
	t.Helper()
	x, err := r.db.Deduction(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// atExit parks a car for two hours, which cost 9 yuan, and lets it stand at the exit.
func atExit(t *testing.T) (*rig, store.Session) {
	t.Helper()
	r := newRig(t)
	s := r.park(t, "粤B12345")
	s = r.edit(t, s.ID, func(s *store.Session) { s.ExitLane, s.ExitPlace, s.ExitImage = "OUT1", "出口1", "a/out.jpg" })
	r.update(t, func(ctx context.Context, tx *store.Tx) error {
		return tx.SetLaneCar(ctx, store.LaneCar{Lane: "OUT1", Session: s.ID, Since: noon})
	})
	r.after(2 * hour)
	return r, s
}

func TestADeductionIsBookedLikeAPayment(t *testing.T) {
	for _, tt := range []struct {
		name    string
		taken   int64
		late    time.Duration
		state   store.DeductionState
		payable int64 // right afterwards
		over    int64
		settled bool
	}{
		{name: "in full", taken: 900, state: store.DeductionTaken, settled: true},
		{name: "a part: the rest stays due", taken: 500, state: store.DeductionTaken, payable: 400},
		{name: "all but a few fen: they stay due", taken: 899, state: store.DeductionTaken, payable: 1},
		{name: "more: it is credited and flagged", taken: 1000, state: store.DeductionTaken, over: 100, settled: true},
		{name: "nothing: it is refused", taken: 0, state: store.DeductionRefused, payable: 900},
		{name: "in full, late: what was asked for was due then", taken: 900, late: 40 * minute, state: store.DeductionTaken, settled: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, s := atExit(t)
			x := r.ask(t, s.ID)
			r.after(2*hour + tt.late)
			got := r.answer(t, x.ID, DeductionAnswer{Known: true, Amount: tt.taken, Reason: "余额不足"})
			want := store.Deduction{ID: x.ID, Session: s.ID, Platform: "etc", AskedAt: noon.Add(2 * hour), Asked: 900, State: tt.state, Taken: tt.taken, AnsweredAt: r.now}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("deduction (-want +got):\n%s", diff)
			}
			if b := r.due(t, s.ID); b.Payable != tt.payable || b.Settled != tt.settled || b.Paid != tt.taken {
				t.Errorf("bill afterwards = %+v, want %d payable", b, tt.payable)
			}
			if diff := cmp.Diff([]string{s.ID}, r.paid); diff != "" {
				t.Errorf("told paid (-want +got):\n%s", diff)
			}
			r.answer(t, x.ID, DeductionAnswer{Known: true, Amount: tt.taken}) // told twice, booked once
			if len(r.paid) != 2 {
				t.Errorf("told paid: %v, want again", r.paid)
			}
			ledger := r.ledger(t, s.ID)
			if tt.taken == 0 {
				if len(ledger) != 0 {
					t.Errorf("ledger = %+v, want nothing", ledger)
				}
				return
			}
			if len(ledger) != 1 {
				t.Fatalf("ledger = %+v, want one row", ledger)
			}
			p := store.Payment{ID: ledger[0].ID, Order: ledger[0].Order, Session: s.ID, Amount: tt.taken, Over: tt.over, PayType: 6, PayMethod: 6, Terminal: 15, Client: "etc", PaidAt: noon.Add(2*hour + tt.late)}
			if diff := cmp.Diff(p, ledger[0]); diff != "" {
				t.Errorf("payment (-want +got):\n%s", diff)
			}
			o, err := r.db.Order(t.Context(), p.Order)
			if err != nil || o.Kind != store.OrderDeduction || o.Client != "etc" || o.Lane != "OUT1" || o.Total != 900 || o.Payable != 900 || (o.State == store.OrderPaid) != (tt.payable == 0) {
				t.Errorf("order = %+v, %v", o, err)
			}
		})
	}
}

func TestADeductionIsJournalledBeforeAndAfterIt(t *testing.T) {
	r, s := atExit(t)
	x := r.ask(t, s.ID)
	r.answer(t, x.ID, DeductionAnswer{Reason: "timeout"})
	r.answer(t, x.ID, DeductionAnswer{Known: true, Amount: 500})
	row := store.DeductionFact{Deduction: x.ID, Session: s.ID, Platform: "etc", Asked: 900}
	unknown, taken := row, row
	unknown.Reason = "timeout"
	taken.State, taken.Taken = int(store.DeductionTaken), 500
	if diff := cmp.Diff([]store.DeductionFact{row, unknown, taken}, facts[store.DeductionFact](t, r, store.KindDeduction)); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
}

func TestWhenAPlatformIsNotAsked(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, r *rig, s store.Session)
		want bool
	}{
		{"money is due: it is asked", func(*testing.T, *rig, store.Session) {}, true},
		{"nothing is due", func(t *testing.T, r *rig, s store.Session) {
			r.pay(t, Notice{Order: r.order(t, s.Plate).No, Amount: 900})
		}, false},
		{"a rest is due", func(t *testing.T, r *rig, s store.Session) {
			r.pay(t, Notice{Order: r.order(t, s.Plate).No, Amount: 100})
		}, true},
		{"an earlier one is unknown, long ago", func(t *testing.T, r *rig, s store.Session) {
			r.answer(t, r.ask(t, s.ID).ID, DeductionAnswer{})
			r.after(5 * hour)
		}, false},
		{"one was refused less than five minutes ago", func(t *testing.T, r *rig, s store.Session) {
			r.answer(t, r.ask(t, s.ID).ID, DeductionAnswer{Known: true})
			r.after(2*hour + 5*minute - time.Millisecond)
		}, false},
		{"one was refused five minutes ago", func(t *testing.T, r *rig, s store.Session) {
			r.answer(t, r.ask(t, s.ID).ID, DeductionAnswer{Known: true})
			r.after(2*hour + 5*minute)
		}, true},
		{"a part was taken five minutes ago", func(t *testing.T, r *rig, s store.Session) {
			r.answer(t, r.ask(t, s.ID).ID, DeductionAnswer{Known: true, Amount: 100})
			r.after(2*hour + 5*minute)
		}, true},
		{"a scan waits", func(t *testing.T, r *rig, s store.Session) { r.scan(t, r.order(t, s.Plate).No) }, false},
		{"the car is still before the entry", func(t *testing.T, r *rig, s store.Session) {
			r.edit(t, s.ID, func(s *store.Session) { s.State = store.Entering })
		}, false},
		{"the car has left", func(t *testing.T, r *rig, s store.Session) { r.exit(t, s.ID) }, false},
		{"no tariff fits", func(t *testing.T, r *rig, s store.Session) { r.cfg.Tariffs = nil }, false},
		{"the fee needs an operator", func(t *testing.T, r *rig, s store.Session) { r.cfg.Tariffs[0].MaxAutomatic = 1 }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, s := atExit(t)
			tt.do(t, r, s)
			before := len(facts[store.DeductionFact](t, r, store.KindDeduction))
			x, _, ok, err := r.BeginDeduction(t.Context(), s.ID, "etc")
			if err != nil || ok != tt.want || (x.ID != "") != tt.want {
				t.Errorf("BeginDeduction = %+v, %v, %v; want %v", x, ok, err, tt.want)
			}
			if rows := len(facts[store.DeductionFact](t, r, store.KindDeduction)) - before; (rows == 1) != tt.want {
				t.Errorf("%d rows were journalled", rows)
			}
		})
	}
	r := newRig(t)
	if _, _, ok, err := r.BeginDeduction(t.Context(), "nobody", "etc"); ok || err != ErrNoSession {
		t.Errorf("of no session = %v, %v; want ErrNoSession", ok, err)
	}
	if err := r.EndDeduction(t.Context(), "nothing", DeductionAnswer{}); err == nil {
		t.Error("the end of no deduction was taken")
	}
}

func TestWhatComesOfADeductionOfAStayThatWasPaidOtherwise(t *testing.T) {
	for _, tt := range []struct {
		name      string
		meanwhile func(t *testing.T, r *rig, s store.Session)
		answer    DeductionAnswer
		state     store.DeductionState
		orphan    int64 // kept, not counted
		over      int64 // counted, flagged
		corrected bool  // the platform is told to reverse
	}{
		{
			"the outcome is unknown: the driver is charged here, the platform reverses",
			func(t *testing.T, r *rig, s store.Session) {
				r.pay(t, Notice{Order: r.order(t, s.Plate).No, Amount: 900})
			},
			DeductionAnswer{}, store.DeductionAsked, 0, 0, true,
		},
		{
			"it is unknown, and nobody charged the driver either",
			func(*testing.T, *rig, store.Session) {},
			DeductionAnswer{}, store.DeductionAsked, 0, 0, true,
		},
		{
			"the answer is no amount",
			func(*testing.T, *rig, store.Session) {},
			DeductionAnswer{Known: true, Amount: -900}, store.DeductionAsked, 0, 0, true,
		},
		{
			"it was paid by telephone before the answer",
			func(t *testing.T, r *rig, s store.Session) {
				r.pay(t, Notice{Order: r.order(t, s.Plate).No, Amount: 900})
			},
			DeductionAnswer{Known: true, Amount: 900}, store.DeductionSurplus, 900, 0, true,
		},
		{
			"it was paid, and refused here",
			func(t *testing.T, r *rig, s store.Session) {
				r.pay(t, Notice{Order: r.order(t, s.Plate).No, Amount: 900})
			},
			DeductionAnswer{Known: true}, store.DeductionRefused, 0, 0, false,
		},
		{
			"a part was paid otherwise: what is due is credited, the rest flagged",
			func(t *testing.T, r *rig, s store.Session) {
				r.pay(t, Notice{Order: r.order(t, s.Plate).No, Amount: 500})
			},
			DeductionAnswer{Known: true, Amount: 900}, store.DeductionTaken, 0, 500, false,
		},
		{
			"the time to leave after the other payment is over when the answer comes",
			func(t *testing.T, r *rig, s store.Session) {
				r.pay(t, Notice{Order: r.order(t, s.Plate).No, Amount: 900})
				r.after(2*hour + 40*minute)
			},
			DeductionAnswer{Known: true, Amount: 900}, store.DeductionSurplus, 900, 0, true,
		},
		{
			"the exit was decided",
			func(t *testing.T, r *rig, s store.Session) {
				r.pay(t, Notice{Order: r.order(t, s.Plate).No, Amount: 900})
				r.update(t, func(ctx context.Context, tx *store.Tx) error { return r.decide(ctx, tx, s.ID) })
			},
			DeductionAnswer{Known: true, Amount: 900}, store.DeductionSurplus, 900, 0, true,
		},
		{
			"the car has left: the platform was told already",
			func(t *testing.T, r *rig, s store.Session) { r.exit(t, s.ID) },
			DeductionAnswer{Known: true, Amount: 900}, store.DeductionSurplus, 900, 0, true,
		},
		{
			"the car has left, and nothing was taken",
			func(t *testing.T, r *rig, s store.Session) { r.exit(t, s.ID) },
			DeductionAnswer{Known: true}, store.DeductionRefused, 0, 0, true,
		},
		{
			"the stay was ended by something that told nobody",
			func(t *testing.T, r *rig, s store.Session) {
				r.edit(t, s.ID, func(s *store.Session) { s.State, s.LeftAt = store.Abnormal, r.now })
			},
			DeductionAnswer{Known: true, Amount: 900}, store.DeductionSurplus, 900, 0, true,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, s := atExit(t)
			x := r.ask(t, s.ID)
			tt.meanwhile(t, r, s)
			got := r.answer(t, x.ID, tt.answer)
			if got.State != tt.state {
				t.Errorf("state = %d, want %d", got.State, tt.state)
			}
			if r.session(t, s.ID).State.Open() {
				if !got.CorrectedAt.IsZero() {
					t.Error("the platform is told to reverse while the car is inside")
				}
				if s := r.session(t, s.ID); s.State == store.Leaving {
					r.update(t, func(ctx context.Context, tx *store.Tx) error { _, err := r.leave(ctx, tx, s); return err })
				} else {
					r.exit(t, s.ID)
				}
			}
			s = r.session(t, s.ID)
			r.update(t, func(ctx context.Context, tx *store.Tx) error { return Correct(ctx, tx, s) }) // once is enough
			var orphan, over int64
			for _, p := range r.ledger(t, s.ID) {
				over += p.Over
				if p.Kind == store.PaymentOrphan {
					orphan += p.Amount
				}
			}
			if orphan != tt.orphan || over != tt.over {
				t.Errorf("orphan %d, over %d; want %d, %d", orphan, over, tt.orphan, tt.over)
			}
			var want []store.CorrectFact
			if tt.corrected {
				want = []store.CorrectFact{{
					Platform: "etc", Deduction: x.ID, Session: s.ID, Plate: "粤B12345", EnteredMs: noon.UnixMilli(), LeftMs: s.LeftAt.UnixMilli(),
					Total: 900, Place: "出口1", Image: s.ExitImage,
				}}
			}
			if diff := cmp.Diff(want, facts[store.CorrectFact](t, r, store.KindCorrect)); diff != "" {
				t.Errorf("corrections (-want +got):\n%s", diff)
			}
			if r.deduction(t, x.ID).CorrectedAt.IsZero() == tt.corrected {
				t.Errorf("CorrectedAt = %v", r.deduction(t, x.ID).CorrectedAt)
			}
			r.books(t)
		})
	}
}

func TestADeductionIsBookedForWhatWasAskedThoughThePriceIsAnother(t *testing.T) {
	for _, tt := range []struct {
		name  string
		anew  func(t *testing.T, r *rig, s store.Session)
		paid  int64 // otherwise, meanwhile
		state store.DeductionState
		over  int64
	}{
		{name: "the tariff is gone", anew: func(t *testing.T, r *rig, _ store.Session) { r.cfg.Tariffs = nil }, state: store.DeductionTaken},
		{name: "a platform says more by now", anew: func(t *testing.T, r *rig, s store.Session) { r.quote(t, s.ID, 5000) }, state: store.DeductionTaken},
		{name: "a platform says that nothing is due by now", anew: func(t *testing.T, r *rig, s store.Session) { r.quote(t, s.ID, 0) }, state: store.DeductionTaken},
		{name: "the tariff is gone, and a part was paid otherwise", paid: 400, over: 400, state: store.DeductionTaken,
			anew: func(t *testing.T, r *rig, _ store.Session) { r.cfg.Tariffs = nil }},
		{name: "the tariff is gone, and all was paid otherwise", paid: 900, state: store.DeductionSurplus,
			anew: func(t *testing.T, r *rig, _ store.Session) { r.cfg.Tariffs = nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, s := atExit(t)
			o := r.order(t, s.Plate)
			x := r.ask(t, s.ID)
			r.after(2*hour + time.Second)
			if tt.paid > 0 {
				r.pay(t, Notice{Order: o.No, Amount: tt.paid})
			}
			tt.anew(t, r, s)
			if got := r.answer(t, x.ID, DeductionAnswer{Known: true, Amount: 900}); got.State != tt.state {
				t.Errorf("state = %d, want %d", got.State, tt.state)
			}
			var over int64
			for _, p := range r.ledger(t, s.ID) {
				over += p.Over
			}
			if over != tt.over {
				t.Errorf("over = %d, want %d", over, tt.over)
			}
			if s := r.session(t, s.ID); s.SettledFee != 900 || s.PaidUntil.IsZero() {
				t.Errorf("session = %+v, want it settled", s)
			}
		})
	}
}
