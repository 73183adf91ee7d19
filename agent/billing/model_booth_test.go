package billing

import (
	"errors"

	"pgregory.net/rapid"

	"parkagent/agent/discount"
	"parkagent/store"
)

// The steps of the operators in the model.

// clerk is one of two operators, each in a shift of his own.
func clerk(t *rapid.T) By {
	who := rapid.IntRange(1, 2).Draw(t, "clerk")
	return By{Operator: []string{"李", "王"}[who-1], Role: "manager", Client: "BOOTH1", Shift: int64(who)}
}

// grantNamed grants a discount by name, as often as it likes.
func (m *model) grantNamed(t *rapid.T) {
	names := []string{"2h", "3 yuan", "half", "free", "until 3"}
	g := Grant{Ref: Ref{Plate: rapid.SampledFrom(plates).Draw(t, "plate")}, Discount: rapid.SampledFrom(names).Draw(t, "discount"), By: clerk(t)}
	before, known := m.dueOf(t, g.Ref)
	r, err := m.Grant(t.Context(), g)
	if several := new(AmbiguousError); errors.As(err, &several) || errors.Is(err, ErrNoSession) || errors.Is(err, ErrDecided) || errors.Is(err, ErrGrantedBefore) {
		return
	}
	m.ok(t, err)
	if r.Session.QuotedAt.Equal(m.now) {
		return // whoever set a price in the same millisecond counts as having known of it
	}
	if after, ok := m.dueOf(t, g.Ref); ok && known && (after > before || after != r.Rest) {
		t.Fatalf("%d was due, and after the discount %d; the receipt says %d", before, after, r.Rest)
	}
}

// dueOf is what is due of a car, if it is inside and its fee is known.
func (m *model) dueOf(t *rapid.T, ref Ref) (int64, bool) {
	s, err := Find(t.Context(), m.db.Reader, ref)
	if err != nil {
		return 0, false
	}
	b, err := m.Due(t.Context(), m.db.Reader, s, m.now)
	return b.Payable, err == nil
}

// row draws a row of some ledger, false if there is none.
func (m *model) row(t *rapid.T) (store.Payment, bool) {
	rows := m.ledgerOf(t)
	if len(rows) == 0 {
		return store.Payment{}, false
	}
	return rapid.SampledFrom(rows).Draw(t, "row").Payment, true
}

func (m *model) ledgerOf(t *rapid.T) []store.LedgerRow {
	rows, err := m.db.Ledger(t.Context(), store.LedgerFilter{}, store.Mark{}, 10_000)
	m.ok(t, err)
	return rows
}

func (m *model) recallAny(t *rapid.T) {
	p, ok := m.row(t)
	if !ok {
		return
	}
	err := m.Recall(t.Context(), Recall{Payment: p.ID, Reason: "错", By: clerk(t)})
	if errors.Is(err, ErrUsed) || errors.Is(err, ErrDecided) || errors.Is(err, ErrGone) || errors.Is(err, store.ErrNotFound) {
		return
	}
	m.ok(t, err)
	m.takenBack[p.Session] = m.now
	list, err := m.db.Payments(t.Context(), p.Session)
	m.ok(t, err)
	if !takenBack(list, p) {
		t.Fatalf("the discount %+v still counts", p)
	}
}

func (m *model) refundAny(t *rapid.T) {
	p, ok := m.row(t)
	if !ok {
		return
	}
	sum := rapid.SampledFrom([]int64{p.Over, p.Amount, p.Amount / 2, 100}).Draw(t, "sum")
	row, err := m.Refund(t.Context(), Refund{Payment: p.ID, Amount: sum, Reason: "多收", By: clerk(t)})
	if errors.Is(err, ErrTooMuch) || errors.Is(err, store.ErrNotFound) {
		return
	}
	m.ok(t, err)
	m.money += row.Amount
	m.takenBack[p.Session] = m.now
}

// takeCash gives an operator money for an order: the first time as it likes,
// later the same again.
func (m *model) takeCash(t *rapid.T) {
	o, ok := m.issued(t)
	if !ok {
		return
	}
	by := clerk(t)
	c := BoothCash{Order: o.No, PayMethod: rapid.SampledFrom([]int{0, 0, 4}).Draw(t, "method"), Operator: by.Operator, Shift: by.Shift, Booth: by.Client}
	how := payment{o.No, []string{"cash", "", "", "", "code"}[c.PayMethod]}
	var again bool
	if c.Given, again = m.coined[how]; !again {
		c.Given = rapid.Int64Range(1, 30).Draw(t, "given") * 100
	}
	r, err := m.TakeCash(t.Context(), c)
	switch {
	case errors.Is(err, ErrSettling):
		m.mustBeBusy(t, o.Session, again)
		return
	case !again && (errors.Is(err, ErrOutdated) || errors.Is(err, ErrGone)):
		return
	}
	m.ok(t, err)
	if r.Again != again || r.Back < 0 || r.Back > c.Given {
		t.Fatalf("receipt = %+v of %+v", r, c)
	}
	if again {
		return
	}
	m.mustBeFree(t, o.Session)
	m.coined[how] = c.Given
	m.money += c.Given - r.Back
	if r.Rest > 0 && r.Back > 0 {
		t.Fatalf("%d was given back and %d is still due", r.Back, r.Rest)
	}
}

func (m *model) setFeeOf(t *rapid.T) {
	s, ok := m.stay(t)
	if !ok {
		return
	}
	fee := rapid.Int64Range(0, 20).Draw(t, "fee") * 100
	b, err := m.SetFee(t.Context(), FeeSet{Session: s.ID, Fee: fee, Reason: "协商", By: clerk(t), Priced: true})
	if errors.Is(err, ErrNoSession) && !s.State.Open() || errors.Is(err, ErrDecided) && s.State == store.Leaving {
		return
	}
	m.ok(t, err)
	m.takenBack[s.ID] = m.now
	if now, ok := m.dueOf(t, Ref{Plate: s.Plate}); b.Total != fee || ok && now != b.Payable {
		t.Fatalf("bill = %+v of a fee of %d; %d is due", b, fee, now)
	}
}

// merge moves the money of a car that is inside, or was, to another one, and ends
// the stay of the first.
func (m *model) merge(t *rapid.T) {
	ghost, ok := m.stay(t)
	if !ok {
		return
	}
	real, _ := m.stay(t)
	if ghost.ID == real.ID {
		return
	}
	err := m.db.Update(t.Context(), func(tx *store.Tx) error {
		if _, err := m.Transfer(t.Context(), tx, ghost, real, "错车牌", clerk(t)); err != nil {
			return err
		}
		if !ghost.State.Open() {
			return nil
		}
		ghost.State, ghost.LeftAt = store.Abnormal, m.now
		return errors.Join(tx.UpdateSession(t.Context(), ghost), Correct(t.Context(), tx, ghost))
	})
	if errors.Is(err, ErrNoSession) || errors.Is(err, ErrDecided) || errors.Is(err, ErrGone) {
		return
	}
	m.ok(t, err)
	left, err := m.db.Payments(t.Context(), ghost.ID)
	m.ok(t, err)
	sum := addUp(left, ghost)
	if sum.paid+sum.waived != 0 || len(discount.Of(left).Percents) > 0 || discount.Of(left).Full || discount.Of(left).ShortensTime() {
		t.Fatalf("the ghost still has %+v", sum)
	}
}

func (m *model) assignAny(t *rapid.T) {
	p, ok := m.row(t)
	if !ok {
		return
	}
	to, _ := m.stay(t)
	_, err := m.Assign(t.Context(), Assignment{Payment: p.ID, Session: to.ID, Reason: "同一辆车", By: clerk(t)})
	if errors.Is(err, ErrNoSession) || errors.Is(err, ErrDecided) || errors.Is(err, ErrTooMuch) || errors.Is(err, store.ErrNotFound) {
		return
	}
	m.ok(t, err)
}

// checkTotals: the ledger adds up to what everybody remembers, and the shifts to
// their part of it, and everything else agrees with it.
func (m *model) checkTotals(t *rapid.T) {
	found, err := m.db.Reconcile(t.Context())
	m.ok(t, err)
	if len(found) > 0 {
		t.Fatalf("the books disagree with the ledger: %+v", found)
	}
	for shift := range int64(2) { // of the two clerks one will do
		sums, err := m.db.LedgerSums(t.Context(), store.LedgerFilter{Shift: shift})
		m.ok(t, err)
		var got, want int64
		for _, s := range sums {
			got += s.Taken - s.GivenBack
		}
		for _, row := range m.written {
			if shift == 0 || row.Shift == shift {
				want += row.Amount
			}
		}
		if got != want || shift == 0 && got != m.money {
			t.Fatalf("shift %d adds up to %d, its rows to %d, of %d that was taken", shift, got, want, m.money)
		}
	}
	for _, id := range m.stays {
		m.checkExplanation(t, id)
	}
}

// checkExplanation: the lines of every bill add up to what is payable.
func (m *model) checkExplanation(t *rapid.T, session string) {
	x, err := m.Explain(t.Context(), m.db.Reader, session, m.now)
	if errors.Is(err, ErrAboveLimit) {
		err = nil
	}
	m.ok(t, err)
	sum := x.Payable
	for _, l := range x.Lines {
		sum -= l.Amount
		if l.Note == NoteOver && l.Amount < 0 {
			t.Fatalf("less than nothing is beyond the fee: %+v", x)
		}
	}
	if sum != 0 {
		t.Fatalf("the lines miss %d of what is payable: %+v", sum, x)
	}
}

// unchanged: no row of the ledger is another than it was when it was written.
func (m *model) unchanged(t *rapid.T) {
	rows := m.ledgerOf(t)
	for i, row := range m.written {
		if i >= len(rows) || rows[i].Payment != row.Payment {
			t.Fatalf("row %d of the ledger was %+v", i, row)
		}
	}
	m.written = rows
}
