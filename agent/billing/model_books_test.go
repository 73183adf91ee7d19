package billing

import (
	"encoding/json"

	"pgregory.net/rapid"

	"parkagent/store"
)

// check compares the books with what everybody remembers.
func (m *model) check(t *rapid.T) {
	b, err := m.db.Books(t.Context())
	m.ok(t, err)
	if len(b.Mismatches) > 0 || b.Fee+b.Over != b.Credit+b.Unpaid+b.Paid+b.Waived {
		t.Fatalf("the books do not balance: %+v", b)
	}
	if b.Paid+b.Prepaid+b.Orphans+b.Returned != m.money {
		t.Fatalf("%d was taken, the books say %+v", m.money, b)
	}
	owed, err := m.db.Changes(t.Context(), store.ChangeFilter{})
	m.ok(t, err)
	if len(owed) != len(m.changes)-len(m.settled) {
		t.Fatalf("%d change orders are owed, want %d of which %d were settled", len(owed), len(m.changes), len(m.settled))
	}
	m.checkCorrections(t)
	m.checkLedgers(t)
	m.unchanged(t)
	m.checkTotals(t)
}

// checkLedgers: no machine took more than was due, and what platforms took
// beside a settled stay counts for nothing.
func (m *model) checkLedgers(t *rapid.T) {
	var surplus, orphans int64
	for _, x := range m.asked {
		x, err := m.db.Deduction(t.Context(), x.ID)
		m.ok(t, err)
		if x.State == store.DeductionSurplus {
			surplus += x.Taken
		}
	}
	for _, id := range m.stays {
		ledger, err := m.db.Payments(t.Context(), id)
		m.ok(t, err)
		for _, p := range ledger {
			if p.Kind == store.PaymentOrphan && p.Client == "etc" {
				orphans += p.Amount
			}
			if p.Over > 0 && p.Kind == store.PaymentMoney && p.PayMethod == 0 && p.Client != "mall" && p.Client != "bank" && p.Client != "etc" {
				t.Fatalf("%s took more than was due: %+v", p.Client, p)
			}
		}
	}
	if surplus != orphans {
		t.Fatalf("%d was deducted beside settled stays, %d is kept as orphans", surplus, orphans)
	}
}

// checkCorrections: the platform reverses once what is unknown or too much, when
// the stay has ended, and nothing else.
func (m *model) checkCorrections(t *rapid.T) {
	rows, err := m.db.After(t.Context(), 0, 10_000)
	m.ok(t, err)
	told := map[string]int{}
	for _, e := range rows {
		var f store.CorrectFact
		if e.Kind == store.KindCorrect {
			m.ok(t, json.Unmarshal(e.Body, &f))
			told[f.Deduction]++
		}
	}
	for _, x := range m.asked {
		x, err := m.db.Deduction(t.Context(), x.ID)
		m.ok(t, err)
		s, err := m.db.Session(t.Context(), x.Session)
		m.ok(t, err)
		reverse := !s.State.Open() && (x.State == store.DeductionAsked || x.State == store.DeductionSurplus)
		if n := told[x.ID]; reverse && n != 1 || n > 1 || n == 1 && (s.State.Open() || x.State == store.DeductionTaken) {
			t.Fatalf("the reversal of %+v was told %d times, the stay is in state %d", x, n, s.State)
		}
	}
}
