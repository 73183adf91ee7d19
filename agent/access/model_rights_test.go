package access

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"pgregory.net/rapid"

	"parkagent/agent/billing"
	"parkagent/store"
)

// rights is what a model knows of cards, bookings and the blacklist.
type rights struct {
	black  map[string]bool // plates
	cards  map[int64]*modelCard
	booked []int64
}

type modelCard struct {
	spaces int
	bought int64 // visits, or fen
}

func newRights() rights {
	return rights{black: map[string]bool{}, cards: map[int64]*modelCard{}}
}

// begin gives out what a day begins with: a card for three cars, charged.
func (m *model) begin(t *rapid.T) {
	if !rapid.Bool().Draw(t, "begin with a card") {
		return
	}
	c := store.Card{CarType: rapid.SampledFrom([]int{2, 3, 6, 6}).Draw(t, "type"), Spaces: rapid.IntRange(1, 2).Draw(t, "spaces"),
		From: m.now.Add(-time.Hour), To: m.now.Add(100 * time.Hour), Plates: plated(plates[:3]...)}
	id, err := m.AddCard(t.Context(), c, mall)
	m.ok(t, err)
	m.cards[id] = &modelCard{spaces: c.Spaces}
	m.buy(t, id)
}

// buy adds visits or money to a card, and asks for it twice.
func (m *model) buy(t *rapid.T, id int64) {
	n := rapid.Int64Range(1, 4).Draw(t, "bought")
	x := Recharge{Card: id, Amount: n * 100, Order: store.NewID(m.now), From: m.now, To: m.now.Add(1000 * time.Hour)}
	for range 2 {
		m.ok(t, m.Recharge(t.Context(), x, mall))
	}
	switch m.rig.card(id).CarType {
	case 3:
		m.cards[id].bought += x.Amount
	case 6:
		m.cards[id].bought += n
	}
}

// scanInside lets somebody ask at an entry with the number of a car that is
// inside. Plates are not asked about: one that is seen outside has left.
func (m *model) scanInside(t *rapid.T, car, lane string) {
	if !slices.Contains(numbers, car) || m.held[lane] || m.opened[lane] != "" {
		return
	}
	s, err := m.db.OpenSessionByCard(t.Context(), car)
	if errors.Is(err, store.ErrNotFound) {
		return
	}
	m.ok(t, err)
	if s.State != store.Inside { // for the books it stands at a gate
		return
	}
	v, err := m.Enter(t.Context(), m.approach(lane, car))
	m.ok(t, err)
	if v.Open {
		t.Fatalf("%s is inside and let in again: %+v", car, v)
	}
}

// arriveAgain lets a car show itself once more at the entry where a restart
// took it for inside, and reports whether it is such a car: it may stand there.
func (m *model) arriveAgain(t *rapid.T, car, lane string) bool {
	s, since, err := laneCar(t.Context(), m.db.Reader, lane)
	if errors.Is(err, store.ErrNotFound) {
		return false
	}
	m.ok(t, err)
	if s.State != store.Inside || carOf(s) != car || m.now.Sub(since) > resumeFor || m.opened[lane] != "" {
		return false
	}
	v := m.ask(t, lane, car, m.Enter)
	if m.black[car] && !m.held[lane] {
		if v.Open || m.session(s.ID).State != store.Abnormal {
			t.Fatalf("%s is on the blacklist, and stands at %s: %+v", car, lane, v)
		}
		m.inside[car] = false
		return true
	}
	if !v.Open || v.Session != s.ID {
		t.Fatalf("%s stands at %s since before a restart: %+v, want it let in as %s", car, lane, v, s.ID)
	}
	m.follow(t, lane, v, m.Entered)
	return true
}

// changeCards adds, changes or deletes a card.
func (m *model) changeCards(t *rapid.T) {
	ctx := t.Context()
	p := plated(rapid.SampledFrom(append(plates, "B22222", "C33333")).Draw(t, "plate"))
	if len(m.cards) == 0 || rapid.Bool().Draw(t, "new") {
		c := store.Card{CarType: rapid.SampledFrom([]int{2, 3, 6}).Draw(t, "type"), Spaces: rapid.IntRange(1, 2).Draw(t, "spaces"),
			From: m.now.Add(-time.Hour), To: m.now.Add(12 * time.Hour), Plates: p}
		id, err := m.AddCard(ctx, c, mall)
		if m.expected(t, err) {
			return
		}
		if again, err := m.AddCard(ctx, c, mall); again != id || err != nil {
			t.Fatalf("added again: %d, %v; want %d", again, err, id)
		}
		if m.cards[id] == nil {
			m.cards[id] = &modelCard{spaces: c.Spaces}
		}
		return
	}
	id := m.someCard(t)
	switch rapid.SampledFrom([]string{"add", "remove", "replace", "delete"}).Draw(t, "change") {
	case "add":
		m.expected(t, m.EditCard(ctx, id, CardEdit{Add: p}, mall))
	case "remove":
		m.expected(t, m.EditCard(ctx, id, CardEdit{Remove: p}, mall))
	case "replace":
		if c := m.rig.card(id); len(c.Plates) > 0 {
			m.expected(t, m.ReplacePlate(ctx, id, c.Plates[0], p[0], mall))
		}
	case "delete":
		m.ok(t, m.DeleteCard(ctx, id, mall))
	}
}

func (m *model) someCard(t *rapid.T) int64 {
	var ids []int64
	for id := range m.cards {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return rapid.SampledFrom(ids).Draw(t, "card")
}

// expected reports whether a change was refused, and fails for any other error
// than those that a client may meet.
func (m *model) expected(t *rapid.T, err error) bool {
	var taken *PlateTakenError
	var several *billing.AmbiguousError
	if err != nil && !errors.As(err, &taken) && !errors.As(err, &several) && !errors.Is(err, ErrNoPlate) && !errors.Is(err, ErrLastPlate) && !errors.Is(err, ErrNoCard) {
		t.Fatalf("unexpected: %v", err)
	}
	return err != nil
}

func (m *model) recharge(t *rapid.T) {
	if len(m.cards) == 0 {
		return
	}
	if id := m.someCard(t); m.rig.card(id).DeletedAt.IsZero() {
		m.buy(t, id)
	}
}

// book adds a booking or cancels one.
func (m *model) book(t *rapid.T) {
	if len(m.booked) > 0 && rapid.Bool().Draw(t, "cancel") {
		m.ok(t, m.CancelBooking(t.Context(), rapid.SampledFrom(m.booked).Draw(t, "booking"), mall))
		return
	}
	b := store.Booking{Plate: m.plate(t), PreMoney: rapid.SampledFrom([]int64{0, 300}).Draw(t, "before"), From: m.now.Add(-time.Hour), To: m.now.Add(6 * time.Hour), Type: rapid.IntRange(0, 1).Draw(t, "type")}
	id, err := m.Book(t.Context(), b, rapid.Bool().Draw(t, "promptly"), mall)
	m.ok(t, err)
	m.booked = append(m.booked, id)
}

// blacken puts a plate on the blacklist, or takes it off.
func (m *model) blacken(t *rapid.T) {
	no := m.plate(t)
	id, err := m.AddBlack(t.Context(), no, "", mall)
	m.ok(t, err)
	if m.black[no] {
		m.ok(t, m.DeleteBlack(t.Context(), id, mall))
	}
	m.black[no] = !m.black[no]
}

// checkRights compares what cars are inside on with what was given out.
func (m *model) checkRights(t *rapid.T) {
	ctx := t.Context()
	visits, sums := m.uses(t)
	for id, c := range m.cards {
		on, err := m.db.SessionsOnCard(ctx, id)
		m.ok(t, err)
		if len(on) > c.spaces {
			t.Fatalf("%d cars are inside on card %d, which has %d spaces", len(on), id, c.spaces)
		}
		got := m.rig.card(id)
		if got.Balance != c.bought-sums[id] || got.Balance < 0 {
			t.Fatalf("%d is left on card %d: %d was bought, %d taken", got.Balance, id, c.bought, sums[id])
		}
		for _, s := range on {
			if taken := slices.Contains(visits[id], s.ID); got.CarType == 6 && got.DeletedAt.IsZero() && taken != (s.State != store.Entering) {
				t.Fatalf("%s is on card %d in state %d; its visit was taken: %v", s.Plate, id, s.State, taken)
			}
		}
	}
	for _, id := range m.booked {
		b := m.rig.booking(id)
		on, err := m.db.SessionsOnBooking(ctx, id)
		m.ok(t, err)
		if b.Type == store.BookOnce && (len(on) > 1 || len(on) == 1 && on[0].State != store.Entering && b.UsedBy != on[0].ID) {
			t.Fatalf("booking %d is for one visit, used by %q; inside on it are %+v", id, b.UsedBy, on)
		}
	}
}

// uses returns by card, from the journal, the sessions that took a visit from it,
// and what was taken in all.
func (m *model) uses(t *rapid.T) (visits map[int64][]string, sums map[int64]int64) {
	rows, err := m.db.After(t.Context(), 0, 1000)
	m.ok(t, err)
	visits, sums = map[int64][]string{}, map[int64]int64{}
	for _, e := range rows {
		if e.Kind != store.KindCardUse {
			continue
		}
		var f store.CardUseFact
		m.ok(t, json.Unmarshal(e.Body, &f))
		sums[f.Card] += f.Used
		if m.rig.card(f.Card).CarType != 6 {
			continue
		}
		if slices.Contains(visits[f.Card], f.Session) {
			t.Fatalf("session %s took two visits from card %d", f.Session, f.Card)
		}
		visits[f.Card] = append(visits[f.Card], f.Session)
	}
	return visits, sums
}

// fromCards is what stays were paid with from stored-value cards.
func (m *model) fromCards(t *rapid.T) (fen int64) {
	_, sums := m.uses(t)
	for id, sum := range sums {
		if m.rig.card(id).CarType == 3 {
			fen += sum
		}
	}
	return fen
}
