package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"parkagent/agent/billing"
	"parkagent/store"
)

// A model is a car park as a bystander sees it: where the cars are and what
// money changed hands. The books must agree with it after each step.
type model struct {
	*rig
	inside  map[string]bool   // cars that a gate let in and none let out
	opened  map[string]string // by lane: the passage that could not be booked
	lost    map[string]bool   // cars inside whose gate's answer was lost
	held    map[string]bool   // lanes whose gate is held open
	free    map[string]bool   // sessions that a held gate let out
	orders  []store.Order
	money   int64 // taken, orphans included
	notices map[string]billing.Notice
	rights
}

var (
	plates  = []string{"粤B11111", "粤B22222", "京B22222", "沪C33333"}
	entries = []string{"IN1", "IN2"}
	exits   = []string{"OUT1", "OUT2"}
	numbers = []string{card1, card2} // of cars without a plate
)

// TestAnyDayKeepsTheBooks plays random days: cars that come and go, with and
// without plates, pay too much, too little, twice or for a car that has left,
// gates that fail, passages that cannot be booked, clocks that are set, and
// restarts; and cards, bookings and a blacklist that change meanwhile.
func TestAnyDayKeepsTheBooks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t, rapid.IntRange(1, 3).Draw(rt, "places"))
		defer func() { _ = r.db.Close() }() // they are many
		m := &model{rig: r, inside: map[string]bool{}, opened: map[string]string{}, held: map[string]bool{}, lost: map[string]bool{},
			free: map[string]bool{}, notices: map[string]billing.Notice{}, rights: newRights()}
		r.Rules.cfg.Products = []Product{{CarType: 6, Amount: 1, Unit: 4, Price: 100}}
		m.begin(rt)
		m.nest(rt)
		steps := map[string]func(*rapid.T){
			"arrive": m.arrive, "depart": m.depart, "order": m.order, "pay": m.pay, "pay again": m.payAgain, "restart": m.restart, "sweep": m.sweep, "drive": m.driveInside,
			"hold": func(t *rapid.T) {
				l := m.lane(t, slices.Concat(exits, entries))
				m.held[l] = !m.held[l]
			},
			"card": m.changeCards, "recharge": m.recharge, "book": m.book, "blacken": m.blacken,
			"wait": func(t *rapid.T) {
				m.now = m.now.Add(time.Duration(rapid.IntRange(-20, 400).Draw(t, "minutes")) * time.Minute)
			},
		}
		names := slices.Sorted(maps.Keys(steps))
		names = append(names, "arrive", "arrive", "arrive", "depart", "depart", "depart", "drive", "drive", "order", "pay", "wait") // more often
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			steps[rapid.SampledFrom(names).Draw(rt, "step")](rt)
			m.check(rt)
			m.checkRights(rt)
			m.checkAreas(rt)
		}
		_, err := m.db.VerifyChain(rt.Context())
		m.ok(rt, err)
	})
}

func (m *model) lane(t *rapid.T, of []string) string { return rapid.SampledFrom(of).Draw(t, "lane") }
func (m *model) plate(t *rapid.T) string             { return rapid.SampledFrom(plates).Draw(t, "plate") }

// car draws a car: its plate, or the number of one without.
func (m *model) car(t *rapid.T) string {
	return rapid.SampledFrom(slices.Concat(plates, numbers)).Draw(t, "car")
}

// approach is a car before a lane's gate; none if car is empty.
func (m *model) approach(lane, car string) Approach {
	a := Approach{Lane: lane, Gate: "G" + lane, Area: 1, Held: m.held[lane], Opened: m.opened[lane], Dedupe: 30 * time.Second}
	if slices.Contains(passes, lane) {
		b := between(lane, "")
		a.Area, a.From, a.To = b.Area, b.From, b.To
	}
	if slices.Contains(numbers, car) {
		a.CardNo = car
	} else {
		a.Plate, a.PlateRead = car, car
	}
	return a
}

// carOf returns the car of a session.
func carOf(s store.Session) string {
	if s.CardNo != "" {
		return s.CardNo
	}
	return s.Plate
}

func (m *model) arrive(t *rapid.T) {
	car, lane := m.car(t), m.lane(t, entries)
	if m.inside[car] && m.arriveAgain(t, car, lane) {
		return
	}
	if m.inside[car] {
		m.scanInside(t, car, lane)
		return
	}
	v := m.ask(t, lane, car, m.Enter)
	if v.Open && m.black[car] && !m.held[lane] {
		t.Fatalf("%s is on the blacklist and let in: %+v", car, v)
	}
	m.follow(t, lane, v, m.Entered)
}

func (m *model) depart(t *rapid.T) {
	car, lane := m.car(t), m.lane(t, exits)
	unknown := m.leavesElsewhere(t, lane, car) || m.lost[car] && m.forgotten(t, car)
	v := m.ask(t, lane, car, m.Leave)
	if m.inside[car] && v.Session == "" && !unknown {
		t.Fatalf("%s is inside and not known at %s: %+v", car, lane, v)
	}
	m.follow(t, lane, v, m.Gone)
}

// ask puts a car to the rules. A number that is refused moves no other car.
func (m *model) ask(t *rapid.T, lane, car string, decide func(context.Context, Approach) (Verdict, error)) Verdict {
	before, err := m.db.LaneCars(t.Context())
	m.ok(t, err)
	booked := m.opened[lane] != ""
	v, err := decide(t.Context(), m.approach(lane, car))
	m.ok(t, err)
	delete(m.opened, lane)
	if after, err := m.db.LaneCars(t.Context()); v.Session == "" && slices.Contains(numbers, car) && !booked {
		m.ok(t, err)
		if diff := cmp.Diff(before, after); diff != "" {
			t.Fatalf("%s was refused at %s (%s) and moved other cars (-before +after):\n%s", car, lane, v.Reason, diff)
		}
	}
	return v
}

// leavesElsewhere reports whether a number is being let out at another lane just
// now, and so is refused at this one.
func (m *model) leavesElsewhere(t *rapid.T, lane, car string) bool {
	cars, err := m.db.LaneCars(t.Context())
	m.ok(t, err)
	return slices.ContainsFunc(cars, func(c store.LaneCar) bool {
		s, err := m.db.Session(t.Context(), c.Session)
		m.ok(t, err)
		return s.CardNo != "" && s.CardNo == car && s.State == store.Leaving && c.Lane != lane && m.now.Sub(c.Since) < 30*time.Second
	})
}

// forgotten reports whether a car whose gate's answer was lost at its entry is
// not believed to be inside, should it have been given up.
func (m *model) forgotten(t *rapid.T, car string) bool {
	if slices.Contains(numbers, car) {
		return true
	}
	s, err := m.db.VoidSession(t.Context(), car)
	if errors.Is(err, store.ErrNotFound) {
		return false
	}
	m.ok(t, err)
	return m.now.Sub(s.LeftAt) > believeVoid
}

// follow lets the gate do what it likes about a verdict.
func (m *model) follow(t *rapid.T, lane string, v Verdict, book func(context.Context, string) error) {
	if !v.Open {
		return
	}
	m.authorised(t, lane, v)
	if v.Reason == ReasonHold {
		m.free[v.Session] = true
	}
	gate := rapid.SampledFrom([]string{"opens", "opens", "opens", "fails", "opens, and the books fail", "opens, and its answer is lost"}).Draw(t, "gate")
	if gate == "fails" {
		return
	}
	s, err := m.db.Session(t.Context(), v.Session)
	m.ok(t, err)
	car := carOf(s)
	m.inside[car] = slices.Contains(entries, lane)
	m.lost[car] = m.inside[car] && gate == "opens, and its answer is lost"
	switch gate {
	case "opens":
		m.ok(t, book(t.Context(), v.Session))
	case "opens, and the books fail":
		m.opened[lane] = v.Session
	}
}

// authorised checks that the reason to open is in the journal already.
func (m *model) authorised(t *rapid.T, lane string, v Verdict) {
	e, err := m.db.LastOf(t.Context(), store.KindCommand, "G"+lane)
	m.ok(t, err)
	var f store.CommandFact
	m.ok(t, json.Unmarshal(e.Body, &f))
	if f.Session != v.Session || f.Reason != string(v.Reason) || f.Command != "open" {
		t.Fatalf("open at %s: %+v, but the last command row says %+v", lane, v, f)
	}
}

func (m *model) order(t *rapid.T) {
	o, _, err := m.desk.Order(t.Context(), m.ref(t), "mall")
	if errors.Is(err, billing.ErrNoSession) {
		return
	}
	m.ok(t, err)
	m.orders = append(m.orders, o)
}

func (m *model) ref(t *rapid.T) billing.Ref {
	a := m.approach("", m.car(t))
	return billing.Ref{Plate: a.Plate, CardNo: a.CardNo}
}

func (m *model) pay(t *rapid.T) {
	if len(m.orders) == 0 {
		return
	}
	o := rapid.SampledFrom(m.orders).Draw(t, "order")
	if _, paid := m.notices[o.No]; paid {
		return
	}
	n := billing.Notice{Order: o.No, Amount: max(0, o.Payable+rapid.SampledFrom([]int64{0, 0, 0, -100, 300}).Draw(t, "more")), Client: "mall"}
	n.FreeMinutes = rapid.SampledFrom([]int64{0, 0, 0, 60, 1e15}).Draw(t, "free minutes")
	n.Discount = rapid.SampledFrom([]int64{0, 0, 0, 200}).Draw(t, "discount")
	m.notices[o.No] = n
	m.money += n.Amount
	r, err := m.desk.Pay(t.Context(), n)
	if errors.Is(err, billing.ErrGone) {
		return
	}
	m.ok(t, err)
	if n.Amount >= o.Payable && !m.now.After(o.ExpiresAt) && r.Rest > 0 {
		t.Fatalf("%d paid for an order of %d that is valid, and %d is still due", n.Amount, o.Payable, r.Rest)
	}
	m.tell(t, r)
}

// tell passes a payment on to the exits, as the agent does.
func (m *model) tell(t *rapid.T, r billing.Receipt) {
	for _, lane := range exits {
		if m.opened[lane] != "" {
			continue // the lane waits for no payment
		}
		v, err := m.Recheck(t.Context(), m.approach(lane, ""), r.Session.ID)
		m.ok(t, err)
		if v.Session != "" && !v.Open && !r.Again && r.Rest == 0 {
			t.Fatalf("paid in full at %s and not let out: %+v", lane, v)
		}
		m.follow(t, lane, v, m.Gone)
	}
}

func (m *model) payAgain(t *rapid.T) {
	if len(m.notices) == 0 {
		return
	}
	var told []billing.Notice
	for _, o := range m.orders {
		if n, ok := m.notices[o.No]; ok {
			told = append(told, n)
		}
	}
	n := rapid.SampledFrom(told).Draw(t, "notice")
	r, err := m.desk.Pay(t.Context(), n)
	if !errors.Is(err, billing.ErrGone) {
		m.ok(t, err)
		if !r.Again {
			t.Fatalf("%+v was booked a second time", n)
		}
	}
	n.Amount++
	if _, err := m.desk.Pay(t.Context(), n); !errors.Is(err, billing.ErrOtherAmounts) {
		t.Fatalf("other amounts: %v, want ErrOtherAmounts", err)
	}
}

// restart forgets all that is not in the books.
func (m *model) restart(t *rapid.T) {
	clear(m.opened)
	for _, lane := range slices.Concat(entries, exits, passes) {
		cars, err := m.db.LaneCars(t.Context())
		m.ok(t, err)
		v, err := m.Resume(t.Context(), m.approach(lane, ""))
		m.ok(t, err)
		for _, c := range cars { // an entry that was decided counts as one
			if s, err := m.db.Session(t.Context(), c.Session); c.Lane == lane && err == nil && s.State == store.Inside && s.EntryLane == lane {
				m.inside[carOf(s)] = true
			}
		}
		m.follow(t, lane, v, m.Gone)
	}
}

// sweep lets hours be counted. Cars whose gate failed then are taken to have left.
func (m *model) sweep(t *rapid.T) {
	before, err := m.db.SessionsInState(t.Context(), store.Leaving)
	m.ok(t, err)
	m.ok(t, m.Sweep(t.Context()))
	for _, s := range before {
		after := m.session(s.ID)
		if after.State == store.Leaving {
			continue
		}
		if m.now.Sub(s.LeftAt) <= goneAfter || after.State != store.Left {
			t.Fatalf("%s is in state %d, %v after its exit was decided", s.Plate, after.State, m.now.Sub(s.LeftAt))
		}
		m.inside[carOf(s)] = false
	}
}

// check compares the books with the car park.
func (m *model) check(t *rapid.T) {
	ctx := t.Context()
	open, err := m.db.OpenSessions(ctx, store.OpenFilter{})
	m.ok(t, err)
	count := map[string]int{}
	for _, s := range open {
		count[carOf(s)]++
	}
	for _, no := range slices.Concat(plates, numbers) {
		// One whose gate's answer was lost is found at its exit.
		if count[no] > 1 || m.inside[no] && count[no] != 1 && !m.lost[no] {
			t.Fatalf("%s has %d open sessions, inside %v", no, count[no], m.inside[no])
		}
	}
	b, err := m.db.Books(ctx)
	m.ok(t, err)
	if len(b.Mismatches) > 0 || b.Fee+b.Over != b.Credit+b.Unpaid+b.Paid+b.Waived {
		t.Fatalf("the books do not balance: %+v", b)
	}
	if taken := m.money + m.fromCards(t); b.Paid+b.Prepaid+b.Orphans != taken {
		t.Fatalf("%d was taken, the books say %+v", taken, b)
	}
	left, _, err := m.db.FinishedSessions(ctx, store.FinishedFilter{})
	m.ok(t, err)
	for _, s := range left {
		if s.Unpaid > 0 && !m.free[s.ID] {
			t.Fatalf("%s left without paying %d, through no held gate", s.Plate, s.Unpaid)
		}
	}
}

func (m *model) ok(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(fmt.Errorf("unexpected: %w", err))
	}
}
