package config

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// An Access is who may come in and go out where operators differ.
type Access struct {
	RefuseRepeat    bool // a temporary car whose plate is inside is kept out
	Passback        bool // cards are not passed back
	RefuseOverQuota bool // a car of a card whose spaces are taken is kept out
	ExactPlates     bool // a misread plate at an exit is not taken for a near one

	UnknownExit string // UnknownOperator, UnknownOpen or UnknownCharge
	UnknownFee  int64  // fen

	MaxFee  int64         // fen: a fee above it needs an operator; 0 is no limit
	MaxStay time.Duration // so does a longer stay; 0 is no limit

	CardAreas []CardArea
}

// The values of Access.UnknownExit.
const (
	UnknownOperator = "operator"
	UnknownOpen     = "open"
	UnknownCharge   = "charge"
)

// A CardArea says in which areas the cards of a type are good.
type CardArea struct {
	CarType int
	Areas   []int
	Refuse  bool // elsewhere; otherwise its cars are temporary ones there
}

// The values of Area.Charging. Empty means that the time there costs what it
// costs in the area around it.
const (
	ChargeInstead    = "instead"
	ChargeAdditional = "additional"
	ChargeNetted     = "netted"
)

// classes are as what cars come in: those of the package access.
var classes = []string{"temporary", "card", "counted", "stored", "booking"}

const longest = 10 * 366 * 24 * time.Hour

func (p *parser) access(raw rawAccess, cards []rawCardArea, areas []Area) Access {
	a := Access{UnknownExit: UnknownOperator, UnknownFee: raw.UnknownFee, MaxFee: raw.MaxFee}
	p.choice("access.repeat_entry", raw.RepeatEntry, "replace", "refuse")
	a.RefuseRepeat = raw.RepeatEntry == "refuse"
	p.choice("access.card_passback", raw.CardPassback, "off", "on")
	a.Passback = raw.CardPassback == "on"
	p.choice("access.over_quota", raw.OverQuota, "temporary", "refuse")
	a.RefuseOverQuota = raw.OverQuota == "refuse"
	a.ExactPlates = raw.NearPlates != nil && !*raw.NearPlates
	p.choice("access.unknown_exit", raw.UnknownExit, UnknownOperator, UnknownOpen, UnknownCharge)
	if raw.UnknownExit != "" {
		a.UnknownExit = raw.UnknownExit
	}
	switch charged := a.UnknownExit == UnknownCharge; {
	case raw.UnknownFee < 0:
		p.add("access.unknown_fee", "金额不能为负", "must not be negative")
	case charged && raw.UnknownFee == 0:
		p.add("access.unknown_fee", "unknown_exit 为 charge 时必须写明收多少（分）", "must say how much, in fen, since unknown_exit is charge")
	case !charged && raw.UnknownFee > 0:
		p.add("access.unknown_fee", `只在 unknown_exit = "charge" 时有用`, `is used with unknown_exit = "charge" only`)
	}
	if raw.MaxFee < 0 {
		p.add("access.max_fee", "金额不能为负", "must not be negative")
	}
	a.MaxStay = p.duration("access.max_stay", raw.MaxStay, 0, time.Hour, longest)
	seen := unique{}
	for i, r := range cards {
		a.CardAreas = append(a.CardAreas, p.cardArea(fmt.Sprintf("card_area[%d]", i), r, seen, areas))
	}
	return a
}

func (p *parser) cardArea(at string, r rawCardArea, seen unique, areas []Area) CardArea {
	carType, ok := p.number(at+".car_type", r.CarType, "应为固定车的类型：1 到 9，或 99", "must be the type of a card: 1 to 9, or 99",
		func(n int64) bool { return 1 <= n && n <= 9 || n == 99 })
	if ok {
		p.unique(seen, at+".car_type", fmt.Sprint(carType))
	}
	if len(r.Areas) == 0 {
		p.add(at+".areas", "至少写一个区域", "must name an area at least")
	}
	for i, code := range r.Areas {
		if !knownArea(areas, code) {
			p.addf(fmt.Sprintf("%s.areas[%d]", at, i), "没有编号为 %d 的 [[area]]", "there is no [[area]] with code %d", code)
		}
	}
	p.choice(at+".elsewhere", r.Elsewhere, "temporary", "refuse")
	return CardArea{CarType: int(carType), Areas: r.Areas, Refuse: r.Elsewhere == "refuse"}
}

// whoEnters reads who may come into an area that is full, and what is kept free
// in it for whom.
func (p *parser) whoEnters(at string, r rawArea, a *Area) {
	for i, c := range r.WhenFull {
		p.choice(fmt.Sprintf("%s.when_full[%d]", at, i), c, classes...)
	}
	a.WhenFull, a.Reserved = r.WhenFull, r.Reserved
	sum := 0
	for _, c := range slices.Sorted(maps.Keys(r.Reserved)) {
		key := at + ".reserved." + c
		p.choice(key, c, classes[1:]...)
		if r.Reserved[c] < 0 || r.Reserved[c] > r.Places {
			p.add(key, "必须在 0 和车位数之间", "must be between 0 and the places of the area")
			continue
		}
		sum += r.Reserved[c]
	}
	if sum > r.Places {
		p.add(at+".reserved", "保留的车位比车位数还多", "more places are reserved than there are")
	}
}

// nested checks how areas lie in each other and what that costs.
func (p *parser) nested(raw []rawArea, areas []Area) {
	for i, r := range raw {
		at := fmt.Sprintf("area[%d]", i)
		a := &areas[i]
		p.choice(at+".charging", r.Charging, ChargeInstead, ChargeAdditional, ChargeNetted)
		a.Inside, a.Charging = r.Inside, r.Charging
		a.PassThrough = p.duration(at+".pass_through", r.PassThrough, 0, 0, 24*time.Hour)
		if r.Inside == 0 {
			for _, key := range []string{"charging", "pass_through"} {
				if p.there(at + "." + key) {
					p.add(at+"."+key, "只用于内部区域：还要写 inside", "is for an inner area only: inside is missing")
				}
			}
			continue
		}
		if !knownArea(areas, r.Inside) {
			p.addf(at+".inside", "没有编号为 %d 的 [[area]]", "there is no [[area]] with code %d", r.Inside)
		} else if inItself(raw, r) {
			p.add(at+".inside", "区域不能在自己里面", "an area cannot lie in itself")
		}
		if r.PassThrough != "" && r.Charging == "" {
			p.add(at+".pass_through", "没有 charging 时没有作用", "does nothing without charging")
		}
	}
}

// inItself reports whether an area lies in itself, by way of whichever others.
func inItself(raw []rawArea, r rawArea) bool {
	code := r.Inside
	for range raw {
		if code == r.Code {
			return true
		}
		i := slices.IndexFunc(raw, func(o rawArea) bool { return o.Code == code })
		if i < 0 {
			return false
		}
		code = raw[i].Inside
	}
	return false
}

func knownArea(areas []Area, code int) bool {
	return slices.ContainsFunc(areas, func(a Area) bool { return a.Code == code })
}

// inner checks the direction of a lane between two areas: into the inner one is an
// entry, out of it an exit. Between areas that lie side by side either is right.
func (p *parser) inner(at string, r rawLane, areas []Area) {
	lies := func(in, out int) bool {
		return slices.ContainsFunc(areas, func(a Area) bool { return a.Code == in && a.Inside == out })
	}
	switch {
	case r.From == 0 || r.To == 0:
	case r.Direction == "exit" && lies(r.To, r.From):
		p.add(at+".direction", "通往内部区域的车道是入口 entry", "a lane into an inner area is an entry")
	case r.Direction == "entry" && lies(r.From, r.To):
		p.add(at+".direction", "离开内部区域的车道是出口 exit", "a lane out of an inner area is an exit")
	}
}
