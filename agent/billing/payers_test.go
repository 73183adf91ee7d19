package billing

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

// A payer pays the order of 9 yuan, as a client or with coins in a machine.
type payer struct {
	client, kiosk string
	amount        int64
}

func (p payer) pay(t *testing.T, r *rig, order string) (Receipt, error) {
	t.Helper()
	if p.kiosk != "" {
		got, err := r.Cash(t.Context(), Coins{Order: order, Inserted: p.amount, Kiosk: p.kiosk})
		return got.Receipt, err
	}
	return r.Pay(t.Context(), Notice{Order: order, Amount: p.amount, PayType: 4, PayMethod: 4, Client: p.client})
}

// Each payer pays in turn; then each tells the same again, and other amounts.
func TestPayersOfOneOrderAreToldApart(t *testing.T) {
	a, b, c := payer{client: "A", amount: 900}, payer{client: "B", amount: 900}, payer{client: "C", amount: 900}
	machine, other := payer{kiosk: "K1", amount: 900}, payer{kiosk: "K2", amount: 1000}
	part := payer{client: "A", amount: 500}
	for _, tt := range []struct {
		name   string
		payers []payer
		over   []int64 // flagged, of each
		sum    int64   // in the books
		change int64   // owed
	}{
		{"two platforms with equal amounts", []payer{a, b}, []int64{0, 900}, 1800, 0},
		{"two platforms, the first paid a part", []payer{part, b}, []int64{0, 500}, 1400, 0},
		{"three platforms", []payer{a, b, c}, []int64{0, 900, 900}, 2700, 0},
		{"a machine and two platforms", []payer{machine, a, b}, []int64{0, 900, 900}, 2700, 0},
		{"a platform with the name of a machine", []payer{machine, {client: "K1", amount: 900}}, []int64{0, 900}, 1800, 0},
		{"two machines: the second owes all of it", []payer{machine, other}, []int64{0, 0}, 900, 1000},
		{"two machines, the first with a part", []payer{{kiosk: "K1", amount: 500}, other}, []int64{0, 0}, 900, 600},
		{"two machines after a platform", []payer{a, machine, other}, []int64{0, 0, 0}, 900, 1900},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			s := r.park(t, "粤B12345")
			r.after(2 * hour)
			o := r.order(t, s.Plate)
			var first []Receipt
			for i, p := range tt.payers {
				r.now = r.now.Add(minute)
				got, err := p.pay(t, r, o.No)
				if err != nil || got.Again || got.Over != tt.over[i] {
					t.Errorf("payer %d = %+v, %v; want %d flagged", i+1, got, err, tt.over[i])
				}
				first = append(first, got)
			}
			for i, p := range tt.payers {
				got, err := p.pay(t, r, o.No)
				if err != nil || !got.Again || got.Over != tt.over[i] || got.Order.No != first[i].Order.No || got.Stay != first[i].Stay {
					t.Errorf("payer %d again = %+v, %v; want %+v", i+1, got, err, first[i])
				}
				p.amount++
				if _, err := p.pay(t, r, o.No); !errors.Is(err, ErrOtherAmounts) {
					t.Errorf("payer %d with another amount = %v, want ErrOtherAmounts", i+1, err)
				}
			}
			if sum := total(r.ledger(t, s.ID)); sum != tt.sum {
				t.Errorf("the books know of %d fen, want %d", sum, tt.sum)
			}
			owed, err := r.db.Changes(t.Context(), store.ChangeFilter{})
			var change int64
			for _, c := range owed {
				change += c.Owed()
			}
			if err != nil || change != tt.change {
				t.Errorf("change of %d is owed, %v; want %d", change, err, tt.change)
			}
			if paid, err := r.Status(t.Context(), o.No); err != nil || !paid {
				t.Errorf("paid = %v, %v", paid, err)
			}
			r.exit(t, s.ID)
			r.books(t)
		})
	}
}

func TestMoneyOfTwoPayersForACarThatHasLeftIsKept(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	r.after(2 * hour)
	o := r.order(t, s.Plate)
	r.exit(t, s.ID)
	for range 2 { // the platforms ask again
		for _, client := range []string{"A", "B"} {
			if _, err := (payer{client: client, amount: 900}).pay(t, r, o.No); !errors.Is(err, ErrGone) {
				t.Errorf("%s = %v, want ErrGone", client, err)
			}
		}
	}
	if b := r.books(t); b.Orphans != 1800 || b.Paid != 0 {
		t.Errorf("books = %+v, want two orphans of 900", b)
	}
}

// A platform learns the numbers of orders that it did not ask for, from reports.
func TestAnOrderThatTheCarParkPaidIsNoOtherPayers(t *testing.T) {
	r := newRig(t)
	s := r.park(t, "粤B12345")
	r.card(t, s, store.Card{CarType: 3, Balance: 2000})
	r.after(2 * hour)
	r.exit(t, s.ID)
	o := r.ledger(t, s.ID)[0].Order
	if _, err := (payer{client: "OUT1", amount: 900}).pay(t, r, o); !errors.Is(err, ErrGone) {
		t.Errorf("money for the order of a card = %v, want ErrGone", err)
	}
	if b := r.books(t); b.Orphans != 900 || b.Paid != 900 {
		t.Errorf("books = %+v, want the card's 900 and an orphan", b)
	}
}

// What reports of payments say was due adds up with what they say was paid and
// taken off. Two hours cost 9 yuan, three 13.
func TestAPaymentIsTheFactOfWhatWasDueByThen(t *testing.T) {
	pay := func(n Notice) func(*testing.T, *rig, store.Session) {
		return func(t *testing.T, r *rig, s store.Session) {
			n.Order = r.order(t, s.Plate).No
			r.pay(t, n)
		}
	}
	later := func(_ *testing.T, r *rig, _ store.Session) { r.after(3 * hour) }
	left := func(t *testing.T, r *rig, s store.Session) { r.exit(t, s.ID) }
	type steps []func(*testing.T, *rig, store.Session)
	for _, tt := range []struct {
		name string
		do   steps
		want []int64 // totals, of each row of the journal
	}{
		{"all of it", steps{pay(Notice{Amount: 900})}, []int64{900}},
		{"and what is added later", steps{pay(Notice{Amount: 900}), later, pay(Notice{Amount: 400})}, []int64{900, 400}},
		{"a part, and the rest", steps{pay(Notice{Amount: 500}), pay(Notice{Amount: 400})}, []int64{900, 400}},
		{"money, a campaign and a coupon", steps{pay(Notice{Amount: 300, Discount: 200, FreeMoney: 400})}, []int64{900}},
		{"an hour off: what is due after it", steps{pay(Notice{Amount: 500, FreeMinutes: 60})}, []int64{500}},
		{"more than was due", steps{pay(Notice{Amount: 1000})}, []int64{900}},
		{"a rest that is waived", steps{pay(Notice{Amount: 850})}, []int64{900, 50}},
		{"coins, with change", steps{func(t *testing.T, r *rig, s store.Session) { r.coins(t, r.order(t, s.Plate).No, 2000) }}, []int64{900}},
		{"a second payer of an order", steps{func(t *testing.T, r *rig, s store.Session) {
			o := r.order(t, s.Plate)
			r.coins(t, o.No, 900)
			r.pay(t, Notice{Order: o.No, Amount: 900})
		}}, []int64{900, 0}},
		{"a discount without an order", steps{func(t *testing.T, r *rig, s store.Session) {
			r.discount(t, Discount{Ref: Ref{Plate: s.Plate}, FreeMoney: 200})
		}, pay(Notice{Amount: 700})}, []int64{900, 700}},
		{"a deduction", steps{pay(Notice{Amount: 500}), func(t *testing.T, r *rig, s store.Session) {
			x := r.ask(t, s.ID)
			r.answer(t, x.ID, DeductionAnswer{Known: true, Amount: 400})
		}}, []int64{900, 400}},
		{"a card that pays a part, at a gate that is held open", steps{func(t *testing.T, r *rig, s store.Session) {
			r.card(t, s, store.Card{CarType: 3, Balance: 600})
		}, left}, []int64{900}},
		{"a car that has left owes nothing", steps{func(t *testing.T, r *rig, s store.Session) {
			o := r.order(t, s.Plate)
			r.exit(t, s.ID)
			if _, err := (payer{client: "mall", amount: 900}).pay(t, r, o.No); !errors.Is(err, ErrGone) {
				t.Errorf("paid = %v, want ErrGone", err)
			}
		}}, []int64{0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			s := r.park(t, "粤B12345")
			r.after(2 * hour)
			for _, do := range tt.do {
				do(t, r, s)
			}
			var got []int64
			for _, f := range facts[store.PaymentFact](t, r, store.KindPayment) {
				got = append(got, f.Total)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("totals (-want +got):\n%s", diff)
			}
		})
	}
}
