package billing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parkagent/agent/discount"
	"parkagent/agent/tariff"
	"parkagent/store"
)

// A model is what platforms, pay machines and drivers remember of a day. The
// books must agree with all of them after each step.
type model struct {
	*rig
	money    int64              // that anybody said was taken, and that was not given back as change
	stays    []string           // sessions
	orders   []store.Order      // issued
	told     map[payment]Notice // what platforms told of orders
	coined   map[payment]int64  // what was put in for orders
	changes  map[string]int64   // owed, by number
	settled  map[string]store.Change
	asked    []store.Deduction
	answered map[string]DeductionAnswer // that the desk was told and could use
	requests map[string]store.Order     // first answers to discounts
	busy     map[string]time.Time       // by session, until when a settlement that is under way holds

	takenBack map[string]time.Time // by session, when an operator last took something back, or set the fee
	written   []store.LedgerRow    // the ledger after the step before
}

// A payment is one of an order by a client, or in a machine.
type payment struct{ order, by string }

var plates = []string{"粤B11111", "粤B22222", "京B22222", "沪C33333"}

// TestAnyDayKeepsTheMoney plays random days of payments over every channel, at
// the right time and the wrong one, once, twice and late.
func TestAnyDayKeepsTheMoney(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t)
		defer func() { _ = r.db.Close() }() // they are many
		r.cfg.Tariffs = append([]tariff.Tariff{storedTariff}, r.cfg.Tariffs...)
		m := &model{rig: r, told: map[payment]Notice{}, coined: map[payment]int64{}, changes: map[string]int64{}, settled: map[string]store.Change{},
			answered: map[string]DeductionAnswer{}, requests: map[string]store.Order{}, busy: map[string]time.Time{}, takenBack: map[string]time.Time{}}
		r.cfg.MaxFee = rapid.SampledFrom([]int64{0, 0, 1000}).Draw(rt, "limit")
		r.cfg.Discounts, r.cfg.RestartAfterDelay = offers(), rapid.Bool().Draw(rt, "restart")
		r.cfg.DiscountOrder = rapid.Permutation(discount.DefaultOrder()).Draw(rt, "order of discounts")
		steps := map[string]func(*rapid.T){
			"arrive": m.arrive, "order": m.makeOrder, "pay": m.payOrder, "discount": m.grant, "coins": m.insert, "give change": m.giveChange,
			"begin deduction": m.beginDeduction, "end deduction": m.endDeduction, "begin scan": m.beginScan, "end scan": m.finishScan,
			"price": m.price, "decide": m.decideExit, "leave": m.drive, "end": m.end,
			"grant": m.grantNamed, "recall": m.recallAny, "refund": m.refundAny, "cash": m.takeCash, "fee": m.setFeeOf, "merge": m.merge, "assign": m.assignAny,
			"wait": func(t *rapid.T) {
				m.now = m.now.Add(rapid.SampledFrom([]time.Duration{time.Second, 8 * time.Second, 45 * time.Second, 4 * minute, 20 * minute, 2 * hour}).Draw(t, "time"))
			},
		}
		names := slices.Sorted(maps.Keys(steps))
		names = append(names, "arrive", "arrive", "wait", "wait", "order", "pay", "coins", "cash", "grant", "grant", "recall", "refund", "begin deduction", "end deduction", "leave")
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			steps[rapid.SampledFrom(names).Draw(rt, "step")](rt)
			m.check(rt)
		}
		_, err := m.db.VerifyChain(rt.Context())
		m.ok(rt, err)
	})
}

func (m *model) ok(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(fmt.Errorf("unexpected: %w", err))
	}
}

func (m *model) do(t *rapid.T, fn func(context.Context, *store.Tx) error) {
	t.Helper()
	m.ok(t, m.db.Update(t.Context(), func(tx *store.Tx) error { return fn(t.Context(), tx) }))
}

// stay draws a session, false if there is none yet.
func (m *model) stay(t *rapid.T) (store.Session, bool) {
	if len(m.stays) == 0 {
		return store.Session{}, false
	}
	s, err := m.db.Session(t.Context(), rapid.SampledFrom(m.stays).Draw(t, "stay"))
	m.ok(t, err)
	return s, true
}

// issued draws an order, false if there is none yet.
func (m *model) issued(t *rapid.T) (store.Order, bool) {
	if len(m.orders) == 0 {
		return store.Order{}, false
	}
	o, err := m.db.Order(t.Context(), rapid.SampledFrom(m.orders).Draw(t, "order").No)
	m.ok(t, err)
	return o, true
}

// arrive lets a car in, on a card, a booking or neither.
func (m *model) arrive(t *rapid.T) {
	no := rapid.SampledFrom(plates).Draw(t, "plate")
	if _, err := m.db.OpenSessionByPlate(t.Context(), no); err == nil {
		return
	}
	s := store.Session{ID: store.NewID(m.now), Plate: no, Size: 2, State: store.Inside, EnteredAt: m.now}
	m.do(t, func(ctx context.Context, tx *store.Tx) (err error) {
		ends := m.now.Add(rapid.SampledFrom([]time.Duration{hour, 30 * day}).Draw(t, "ends"))
		switch rapid.SampledFrom([]string{"none", "none", "month", "stored", "booking"}).Draw(t, "right") {
		case "month":
			s.Card, err = tx.InsertCard(ctx, store.Card{CarType: 2, Spaces: 1, From: m.now, To: ends})
		case "stored":
			s.Card, err = tx.InsertCard(ctx, store.Card{CarType: 3, Spaces: 1, From: m.now, To: ends, Balance: rapid.Int64Range(0, 2000).Draw(t, "balance")})
		case "booking":
			s.Booking, err = tx.InsertBooking(ctx, store.Booking{Plate: no, From: m.now, To: ends, PreMoney: rapid.Int64Range(0, 2000).Draw(t, "prepaid")})
		}
		return errors.Join(err, tx.InsertSession(ctx, s))
	})
	m.stays = append(m.stays, s.ID)
}

func (m *model) makeOrder(t *rapid.T) {
	o, _, err := m.Order(t.Context(), Ref{Plate: rapid.SampledFrom(plates).Draw(t, "plate")}, "K1")
	if errors.Is(err, ErrNoSession) || errors.Is(err, ErrAboveLimit) {
		return
	}
	m.ok(t, err)
	m.orders = append(m.orders, o)
}

// payOrder tells of a payment: the first time as it likes, later the same again.
func (m *model) payOrder(t *rapid.T) {
	o, ok := m.issued(t)
	if !ok {
		return
	}
	by := payment{o.No, rapid.SampledFrom([]string{"mall", "bank"}).Draw(t, "client")}
	n, again := m.told[by]
	if !again {
		n = Notice{Order: o.No, Amount: max(0, o.Payable+rapid.SampledFrom([]int64{0, 0, 0, -50, -300, 300}).Draw(t, "more")), PayType: 4, PayMethod: 4, Client: by.by}
		n.FreeMinutes = rapid.SampledFrom([]int64{0, 0, 0, 60}).Draw(t, "minutes")
		m.told[by] = n
		m.money += n.Amount
		m.paidScan(o)
	}
	r, err := m.Pay(t.Context(), n)
	if s, _ := m.db.Session(t.Context(), o.Session); errors.Is(err, ErrGone) && !s.State.Open() {
		return
	}
	m.ok(t, err)
	if r.Again != again {
		t.Fatalf("receipt = %+v of a notice that was told before: %v", r, again)
	}
	if back := m.takenBack[o.Session]; !again && n.Amount >= o.Payable && !m.now.After(o.ExpiresAt) && o.CreatedAt.After(back) && r.Rest > 0 {
		t.Fatalf("%d paid for an order of %d that is valid, and %d is still due", n.Amount, o.Payable, r.Rest)
	}
	n.Amount++
	if _, err := m.Pay(t.Context(), n); !errors.Is(err, ErrOtherAmounts) {
		t.Fatalf("other amounts: %v, want ErrOtherAmounts", err)
	}
}

func (m *model) grant(t *rapid.T) {
	x := Discount{Ref: Ref{Plate: rapid.SampledFrom(plates).Draw(t, "plate")}, FreeMoney: rapid.Int64Range(0, 1000).Draw(t, "money"), Client: "shop"}
	x.FreeMinutes = rapid.Int64Range(0, 90).Draw(t, "minutes")
	o, err := m.Discount(t.Context(), x)
	var several *AmbiguousError
	if errors.Is(err, ErrNoSession) || errors.As(err, &several) {
		return
	}
	m.ok(t, err)
	x.Request = o.No
	first, err := m.Discount(t.Context(), x)
	m.ok(t, err)
	m.requests[o.No] = first
	for no, first := range m.requests {
		if m.now.Sub(first.CreatedAt) > sameRequest {
			continue
		}
		again, err := m.Discount(t.Context(), Discount{Ref: x.Ref, FreeMoney: 1, Client: "shop", Request: no})
		m.ok(t, err)
		if again.No != first.No {
			t.Fatalf("request %s got order %s, and before that %s", no, again.No, first.No)
		}
	}
}

// insert puts coins in for an order: the first time as it likes, later the same again.
func (m *model) insert(t *rapid.T) {
	o, ok := m.issued(t)
	if !ok {
		return
	}
	by := payment{o.No, rapid.SampledFrom([]string{"K1", "K2"}).Draw(t, "machine")}
	sum, again := m.coined[by]
	if !again {
		sum = rapid.Int64Range(0, 30).Draw(t, "coins") * 100
	}
	r, err := m.Cash(t.Context(), Coins{Order: o.No, Inserted: sum, Kiosk: by.by})
	if errors.Is(err, ErrSettling) {
		m.mustBeBusy(t, o.Session, again)
		return
	}
	m.ok(t, err)
	if r.Again != again {
		t.Fatalf("receipt = %+v of coins that were told of before: %v", r, again)
	}
	if again {
		if r.Change.Owed() != m.changes[r.Change.No] {
			t.Fatalf("change = %+v, first it was %d", r.Change, m.changes[r.Change.No])
		}
		return
	}
	m.mustBeFree(t, o.Session)
	m.coined[by] = sum
	m.money += sum - r.Change.Owed()
	if r.Change.No != "" {
		m.changes[r.Change.No] = r.Change.Owed()
	}
	if _, err := m.Cash(t.Context(), Coins{Order: o.No, Inserted: sum + 1, Kiosk: by.by}); !errors.Is(err, ErrOtherAmounts) {
		t.Fatalf("another sum: %v, want ErrOtherAmounts", err)
	}
}

func (m *model) giveChange(t *rapid.T) {
	if len(m.changes) == 0 {
		return
	}
	no := rapid.SampledFrom(slices.Sorted(maps.Keys(m.changes))).Draw(t, "change")
	c, err := m.SettleChange(t.Context(), ChangeNotice{No: no, Type: rapid.IntRange(0, 1).Draw(t, "type"), Client: "mall"})
	m.ok(t, err)
	if first, again := m.settled[no]; again && first != c {
		t.Fatalf("settled as %+v, first as %+v", c, first)
	}
	m.settled[no] = c
}

func (m *model) mustBeBusy(t *rapid.T, session string, again bool) {
	if again || !m.now.Before(m.busy[session]) {
		t.Fatalf("ErrSettling although no settlement is under way, or for what was booked before: %v", again)
	}
}

func (m *model) mustBeFree(t *rapid.T, session string) {
	if m.now.Before(m.busy[session]) {
		t.Fatalf("a second settlement of %s", session)
	}
}

func (m *model) beginDeduction(t *rapid.T) {
	s, ok := m.stay(t)
	if !ok {
		return
	}
	x, _, ask, err := m.BeginDeduction(t.Context(), s.ID, "etc")
	m.ok(t, err)
	if !ask {
		return
	}
	m.mustBeFree(t, s.ID)
	m.asked = append(m.asked, x)
	m.busy[s.ID] = m.now.Add(deductionHolds)
}

func (m *model) endDeduction(t *rapid.T) {
	if len(m.asked) == 0 {
		return
	}
	x := rapid.SampledFrom(m.asked).Draw(t, "deduction")
	a := DeductionAnswer{Known: rapid.Bool().Draw(t, "known")}
	if a.Known {
		a.Amount = max(0, rapid.SampledFrom([]int64{x.Asked, x.Asked, 0, x.Asked - 100, x.Asked + 100}).Draw(t, "taken"))
	}
	m.ok(t, m.EndDeduction(t.Context(), x.ID, a))
	if _, before := m.answered[x.ID]; a.Known && !before {
		m.answered[x.ID] = a
		m.money += a.Amount
		delete(m.busy, x.Session)
	}
	kept, err := m.db.Deduction(t.Context(), x.ID)
	m.ok(t, err)
	if first, known := m.answered[x.ID]; known != (kept.State != store.DeductionAsked) || kept.Taken != first.Amount {
		t.Fatalf("deduction = %+v, told %+v", kept, first)
	}
}

func (m *model) beginScan(t *rapid.T) {
	o, ok := m.issued(t)
	if !ok {
		return
	}
	_, _, err := m.BeginScan(t.Context(), o.No, "K1")
	switch {
	case errors.Is(err, ErrSettling):
		m.mustBeBusy(t, o.Session, false)
		return
	case errors.Is(err, ErrOutdated), errors.Is(err, ErrGone), errors.Is(err, ErrAboveLimit):
		return
	}
	m.ok(t, err)
	m.mustBeFree(t, o.Session)
	m.ok(t, m.EndScan(t.Context(), o.No, false, true)) // refused at once
	_, _, err = m.BeginScan(t.Context(), o.No, "K1")   // and tried again
	m.ok(t, err)
	m.busy[o.Session] = m.now.Add(scanHolds)
}

// finishScan ends a scan without a refusal; the money comes, or does not.
func (m *model) finishScan(t *rapid.T) {
	o, ok := m.issued(t)
	if !ok || o.ScannedAt.IsZero() {
		return
	}
	known := rapid.Bool().Draw(t, "known")
	m.ok(t, m.EndScan(t.Context(), o.No, known, known))
	by := payment{o.No, "mall"}
	if _, before := m.told[by]; known && !before {
		n := Notice{Order: o.No, Amount: o.Payable, PayType: 4, PayMethod: 4, Client: "mall"}
		m.told[by] = n
		m.money += n.Amount
		if _, err := m.Pay(t.Context(), n); !errors.Is(err, ErrGone) {
			m.ok(t, err)
		}
		m.paidScan(o)
	}
}

// paidScan: the money for a code that was scanned has come, so that nobody waits
// for it any more.
func (m *model) paidScan(o store.Order) {
	if !o.ScannedAt.IsZero() && m.now.Sub(o.ScannedAt) < scanHolds {
		delete(m.busy, o.Session)
	}
}

func (m *model) price(t *rapid.T) {
	s, ok := m.stay(t)
	if !ok {
		return
	}
	ledger, err := m.db.Payments(t.Context(), s.ID)
	m.ok(t, err)
	more := rapid.SampledFrom([]int{0, 0, 1}).Draw(t, "booked meanwhile")
	want := error(nil)
	switch {
	case !s.State.Open():
		want = ErrNoSession
	case s.FeeBy != "" && m.Quoted(s, m.now): // an operator's price holds
	case s.State != store.Leaving && more > 0:
		want = errOverlap
	}
	err = m.Quote(t.Context(), s, len(ledger)-more, rapid.Int64Range(0, 20).Draw(t, "price")*100, "city")
	if !errors.Is(err, want) {
		t.Fatalf("Quote = %v in state %d, want %v", err, s.State, want)
	}
}

func (m *model) decideExit(t *rapid.T) {
	s, ok := m.stay(t)
	if !ok || s.State != store.Inside {
		return
	}
	before := m.fromCards(t)
	err := m.db.Update(t.Context(), func(tx *store.Tx) error { return m.decide(t.Context(), tx, s.ID) })
	if !errors.Is(err, ErrAboveLimit) {
		m.ok(t, err)
	}
	m.money += before - m.fromCards(t)
	m.do(t, func(ctx context.Context, tx *store.Tx) error { // nothing is left to collect
		s, err := tx.Session(ctx, s.ID)
		b, due := m.Due(ctx, tx.Reader, s, m.now)
		if s.State == store.Leaving && b.Card+b.Prepaid != 0 {
			t.Fatalf("bill of a leaving car = %+v", b)
		}
		if errors.Is(due, ErrAboveLimit) {
			due = nil
		}
		return errors.Join(err, due)
	})
}

// fromCards is the sum of all balances.
func (m *model) fromCards(t *rapid.T) (sum int64) {
	list, err := m.db.Cards(t.Context())
	m.ok(t, err)
	for _, c := range list {
		sum += c.Balance
	}
	return sum
}

func (m *model) drive(t *rapid.T) {
	m.decideExit(t)
	if s, ok := m.stay(t); ok && s.State == store.Leaving {
		m.do(t, func(ctx context.Context, tx *store.Tx) error { _, err := m.leave(ctx, tx, s); return err })
	}
}

func (m *model) end(t *rapid.T) {
	if s, ok := m.stay(t); ok && s.State == store.Inside {
		s.State, s.LeftAt = store.Abnormal, m.now
		m.do(t, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.UpdateSession(ctx, s), Correct(ctx, tx, s))
		})
	}
}
