package config

import (
	"fmt"
	"slices"

	"parkagent/agent/discount"
	"parkagent/store"
)

// Roles are what people at booths can be.
func Roles() []string { return []string{"operator", "manager", "installer"} }

// The kinds of discounts, as the file names them.
const (
	offMinutes = "minutes"
	offMoney   = "money"
	offPercent = "percent"
	offFull    = "full"
	offUntil   = "until"
)

// offKinds are the same kinds as the ledger counts them.
var offKinds = map[string]store.GrantKind{
	offMinutes: store.GrantMinutes, offMoney: store.GrantMoney, offPercent: store.GrantPercent, offFull: store.GrantFull, offUntil: store.GrantUntil,
}

func (p *parser) discounts(raw []rawDiscount) []discount.Rule {
	names := unique{}
	var list []discount.Rule
	for i, r := range raw {
		at := fmt.Sprintf("discount[%d]", i)
		p.required(at+".name", r.Name)
		p.unique(names, at+".name", r.Name)
		p.required(at+".kind", r.Kind)
		p.choice(at+".kind", r.Kind, offMinutes, offMoney, offPercent, offFull, offUntil)
		d := discount.Rule{
			Name: r.Name, Kind: offKinds[r.Kind], Variable: r.Variable, Max: r.Max, Stackable: r.Stackable, Roles: r.Roles,
		}
		if d.Kind != store.GrantNone {
			d.Value = p.worth(at, r)
		}
		for j, role := range r.Roles {
			p.oneOf(fmt.Sprintf("%s.roles[%d]", at, j), role, Roles())
		}
		if len(r.Roles) > 0 && !slices.Contains(r.Roles, "operator") && !slices.Contains(r.Roles, "manager") {
			p.warn(at+".name", "没有人能发放此优惠：请在 roles 中写 operator 或 manager",
				"nobody can grant this: name operator or manager in roles")
		}
		list = append(list, d)
	}
	return list
}

// worth checks what a discount takes off, and returns it. Whoever grants a
// variable one says it, so that the file has only its bound.
func (p *parser) worth(at string, r rawDiscount) int64 {
	most := int64(1_000_000_000)
	if r.Kind == offPercent {
		most = 100
	}
	hasValue, hasUntil := p.there(at+".value"), p.there(at+".until")
	if hasValue && (r.Variable || r.Kind == offFull || r.Kind == offUntil) {
		p.add(at+".value", "全免、可变和按时刻的优惠不写 value", "a full, a variable or an until discount has no value")
	}
	if hasUntil && (r.Variable || r.Kind != offUntil) {
		p.add(at+".until", `只有固定的 kind = "until" 才写 until`, `only a discount of kind = "until" that is not variable has it`)
	}
	if r.Max != 0 && (!r.Variable || r.Max < 0 || r.Max > most) {
		p.addf(at+".max", "只有可变优惠（variable = true）才写 max，且须为 1 到 %d；0 表示不限", "only a variable discount has it, and it must be 1 to %d, or 0 for no bound", most)
	}
	switch {
	case r.Variable && r.Kind == offFull:
		p.add(at+".variable", "全免没有数额可变", "a full discount has nothing that could vary")
	case r.Variable || r.Kind == offFull:
	case r.Kind == offUntil:
		return p.clockTime(at+".until", r.Until)
	case r.Value < 1 || r.Value > most:
		p.addf(at+".value", "必须填写，1 到 %d（分钟、分或百分之几）", "must be given, 1 to %d: minutes, fen or percent", most)
	}
	return r.Value
}

// clockTime reads a time of day as minutes after midnight.
func (p *parser) clockTime(key, value string) int64 {
	var h, m int64
	if n, err := fmt.Sscanf(value, "%d:%d", &h, &m); err != nil || n != 2 || value != fmt.Sprintf("%02d:%02d", h, m) || h < 0 || h > 23 || m < 0 || m > 59 {
		p.addf(key, "%q 不是时刻；请写成例如 18:00", "%q is no time of day; write for example 18:00", value)
		return 0
	}
	return h*60 + m
}

// discountOrder reads in which order discounts are taken off.
func (p *parser) discountOrder(key string, names []string) discount.Order {
	if !p.there(key) {
		return discount.DefaultOrder()
	}
	o := make(discount.Order, len(names))
	for i, name := range names {
		o[i] = discount.Step(name)
	}
	if !o.Valid() {
		p.add(key, "必须正好列出 time、percent、money、full 各一次", "must list time, percent, money and full, each once")
	}
	return o
}
