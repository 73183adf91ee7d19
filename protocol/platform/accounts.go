package platform

import (
	"cmp"
	"maps"
	"slices"

	"parkagent/protocol"
)

// SetSeamless says whether the platform will deduct the fee of a plate, which it
// answers when the car's entry is reported (2.1). For the deduction itself the
// plate needs an account as well.
func (p *Platform) SetSeamless(plate string, on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seamless[plate] = on
}

// SetAccount gives a plate an account with so many fen in it, from which 2.2
// deducts. A plate without an account is refused.
func (p *Platform) SetAccount(plate string, fen int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.accounts[plate] = fen
}

// Account returns what is in the account of a plate, and false if it has none.
func (p *Platform) Account(plate string) (fen int64, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fen, ok = p.accounts[plate]
	return fen, ok
}

// SetPricing lets the platform price stays (5.3). price returns what is still due
// for a stay in fen, and false to refuse. It is called from several goroutines at
// once. Without a price nothing is priced: every question is refused.
func (p *Platform) SetPricing(price func(protocol.PriceQuery) (fen int64, ok bool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pricing = price
}

// Cards returns every card as it was told last (3.1), by number.
func (p *Platform) Cards() []protocol.CarCard {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.SortedFunc(maps.Values(p.cards.values), func(a, b protocol.CarCard) int {
		return cmp.Or(cmp.Compare(len(a.CardID), len(b.CardID)), cmp.Compare(a.CardID, b.CardID))
	})
}

// An answer to a question is a row or a refusal.
type answer struct {
	row     any
	refusal string
}

// deductLocked answers 2.2. A stay is deducted for once: who asks again is told
// what was deducted, because the car park asks again when it got no answer. A
// question that arrives after its own correction deducts nothing.
func (p *Platform) deductLocked(m protocol.CarOut) answer {
	s := p.stayLocked(m.PlateNo, m.CardNo, m.EntryTime)
	balance, ok := p.accounts[m.PlateNo]
	switch {
	case s.Corrected:
		return answer{refusal: "该次停车已冲正"}
	case s.Deducted > 0:
		return answer{row: protocol.CarOutAnswer{DensityMoney: protocol.IntOf(s.Deducted)}}
	case !ok:
		return answer{refusal: "该车未开通免密支付"}
	}
	fen := max(0, min(balance, m.TotalMoney))
	if fen > 0 {
		p.accounts[m.PlateNo] -= fen
		s.Deducted = fen
		p.book.totals.Deductions++
		p.book.totals.Deducted += fen
	}
	return answer{row: protocol.CarOutAnswer{DensityMoney: protocol.IntOf(fen)}}
}

// correctLocked gives back what was deducted for a stay (2.6), once.
func (p *Platform) correctLocked(m protocol.CarCorrect) {
	s := p.stayLocked(m.PlateNo, "", m.EntryTime)
	s.Corrected = true
	fen := s.Deducted - s.Reversed
	if fen <= 0 {
		return
	}
	p.accounts[m.PlateNo] += fen
	s.Reversed += fen
	p.book.totals.Reversals++
	p.book.totals.Reversed += fen
}

// price answers 5.3. What prices is not ours, so no lock is held meanwhile.
func (p *Platform) price(m protocol.PriceQuery) answer {
	p.mu.Lock()
	pricing := p.pricing
	p.mu.Unlock()
	if pricing == nil {
		return answer{refusal: "平台不计费"}
	}
	fen, ok := pricing(m)
	if !ok || fen < 0 {
		return answer{refusal: "平台无法计费"}
	}
	return answer{row: protocol.Price{PayMoney: protocol.IntOf(fen)}}
}
