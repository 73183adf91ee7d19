package access

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"parkagent/agent/billing"
	"parkagent/store"
)

// TestAmendmentsKeepTheBooks lets cars come, pay and leave while operators correct,
// merge and close their stays, whichever they hit. After each step the money, the
// visits of the card, the booking and the places are what the stays say.
func TestAmendmentsKeepTheBooks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t, 9)
		defer func() { _ = r.db.Close() }() // they are many
		const visits = 20
		card := r.give(6, 2, visits, "粤B11111", "粤BL1111", "京B22222")
		booking := r.reserve("京B33333", store.BookOnce, 0, 240*time.Hour, false)
		m := &amending{rig: r, card: card, booking: booking, visits: visits}
		steps := map[string]func(*rapid.T){"come": m.come, "pay": m.payOne, "go": m.leaveOne, "correct": m.correctOne, "merge": m.mergeTwo, "close": m.closeOne}
		names := []string{"come", "come", "come", "pay", "go", "correct", "correct", "merge", "merge", "close"}
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			r.now = r.now.Add(time.Duration(rapid.IntRange(1, 90).Draw(rt, "minutes")) * time.Minute)
			steps[rapid.SampledFrom(names).Draw(rt, "step")](rt)
			m.check(rt)
		}
	})
}

// amending is a car park with a card of visits and a booking of one.
type amending struct {
	*rig
	card, booking int64
	visits        int64
	all           []string // sessions
	paid          int64    // fen
}

var amended = []string{"粤B11111", "粤BL1111", "京B22222", "京B33333", "沪C44444"}

// bear fails the test unless an error is one of those that it may be.
func bear(t *rapid.T, err error, may ...error) {
	for _, e := range may {
		if errors.Is(err, e) {
			return
		}
	}
	if err != nil && !errors.As(err, new(*billing.AmbiguousError)) {
		t.Fatal(err)
	}
}

func (m *amending) come(t *rapid.T) {
	v, err := m.Enter(t.Context(), Approach{Lane: "IN1", Gate: "GIN1", Area: 1, Plate: rapid.SampledFrom(amended).Draw(t, "plate"), Color: -1})
	bear(t, err)
	if !v.Open {
		return
	}
	if !slices.Contains(m.all, v.Session) {
		m.all = append(m.all, v.Session)
	}
	if rapid.IntRange(0, 4).Draw(t, "passes") > 0 {
		bear(t, m.Entered(t.Context(), v.Session))
	}
}

// one draws a session; none if there is none.
func (m *amending) one(t *rapid.T, name string) string {
	if len(m.all) == 0 {
		return "none"
	}
	return rapid.SampledFrom(m.all).Draw(t, name)
}

func (m *amending) payOne(t *rapid.T) {
	o, _, err := m.desk.Order(t.Context(), billing.Ref{Plate: rapid.SampledFrom(amended).Draw(t, "plate")}, "mall")
	bear(t, err, billing.ErrNoSession)
	if err != nil || o.Payable == 0 {
		return
	}
	_, err = m.desk.Pay(t.Context(), billing.Notice{Order: o.No, Amount: o.Payable, PayType: 4, PayMethod: 4, Client: "mall"})
	bear(t, err)
	m.paid += o.Payable
}

func (m *amending) leaveOne(t *rapid.T) {
	v, err := m.Leave(t.Context(), Approach{Lane: "OUT1", Gate: "GOUT1", Area: 1, Plate: rapid.SampledFrom(amended).Draw(t, "plate"), Color: -1})
	bear(t, err)
	if v.Open && rapid.Bool().Draw(t, "passes") {
		bear(t, m.Gone(t.Context(), v.Session))
	}
}

func (m *amending) correctOne(t *rapid.T) {
	_, err := m.Correct(t.Context(), Correction{Session: m.one(t, "session"), Plate: rapid.SampledFrom(amended).Draw(t, "plate"), Reason: "x", By: booth})
	bear(t, err, billing.ErrNoSession, ErrPlateInside)
}

func (m *amending) mergeTwo(t *rapid.T) {
	_, err := m.Merge(t.Context(), Merging{Ghost: m.one(t, "ghost"), Real: m.one(t, "real"), Reason: "x", By: booth})
	bear(t, err, billing.ErrNoSession, ErrSameStay, billing.ErrDecided)
}

func (m *amending) closeOne(t *rapid.T) {
	bear(t, m.CloseStay(t.Context(), Closing{Session: m.one(t, "session"), Reason: "x", By: booth}), billing.ErrNoSession)
}

func (m *amending) check(t *rapid.T) {
	ctx := context.Background()
	var visits, paid int64
	used, open := "", 0
	for _, id := range m.all {
		s, err := m.db.Session(ctx, id)
		bear(t, err)
		if s.State.Open() {
			open++
		}
		if s.State != store.Entering && s.State != store.Void && s.Card == m.card {
			visits++
		}
		if s.State != store.Entering && s.State != store.Void && s.Booking == m.booking {
			used += s.ID
		}
		ledger, err := m.db.Payments(ctx, id)
		bear(t, err)
		for _, p := range ledger {
			if p.Kind.Counts() {
				paid += p.Amount
			}
		}
	}
	c, err := m.db.Card(ctx, m.card)
	bear(t, err)
	b, err := m.db.Booking(ctx, m.booking)
	bear(t, err)
	areas, err := m.db.Areas(ctx)
	bear(t, err)
	books, err := m.db.Books(ctx)
	bear(t, err)
	type figures struct {
		Balance, Paid int64
		UsedBy        string
		Free          int
	}
	want := figures{m.visits - visits, m.paid, used, 9 - open}
	if diff := cmp.Diff(want, figures{c.Balance, paid, b.UsedBy, areas[0].Free()}); diff != "" || len(books.Mismatches) > 0 {
		t.Fatalf("books, with mismatches %+v (-want by the stays +got):\n%s", books.Mismatches, diff)
	}
	_, err = m.db.VerifyChain(ctx)
	bear(t, err)
}
