package config

import "fmt"

// A Product is a way to recharge cards of one type: so much more of what such a
// card holds, for so much money (downlink 4.6 and 4.7).
type Product struct {
	Name       string
	CarType    int   // of the card, as in the protocol's appendix 1.1: 1 to 9 or 99
	Amount     int64 // how many units it adds, more than 0
	Unit       int   // UnitMoney and so on; always one that cards of this type hold
	Price      int64 // fen
	SentAmount int64 // how many units it adds for nothing
	SentUnit   int   // of SentAmount
}

// The units of what a product adds, as the protocol counts them (4.7).
const (
	UnitMoney = 0 // fen
	UnitMonth = 1
	UnitDay   = 2
	UnitHour  = 3
	UnitVisit = 4
)

// The types of cards that do not hold a time (appendix 1.1).
const (
	carStored  = 3 // holds money
	carCounted = 6 // holds visits
)

// mostUnits is how much of each unit a product can add: more is a slip, and would
// lead to dates that nothing can write.
var mostUnits = [...]int64{UnitMoney: 1_000_000_000, UnitMonth: 1200, UnitDay: 36_600, UnitHour: 24 * 36_600, UnitVisit: 1_000_000}

func (p *parser) products(raw []rawProduct) []Product {
	var list []Product
	for i, r := range raw {
		list = append(list, p.product(fmt.Sprintf("card_product[%d]", i), r))
	}
	return list
}

func (p *parser) product(at string, r rawProduct) Product {
	carType, isCard := p.number(at+".car_type", r.CarType, "应为固定车的类型：1 到 9，或 99", "must be the type of a card: 1 to 9, or 99",
		func(n int64) bool { return 1 <= n && n <= 9 || n == 99 })
	const unitChinese, unitEnglish = "只能是 0（钱，分）、1（月）、2（天）、3（小时）、4（次）", "must be 0 (money, in fen), 1 (month), 2 (day), 3 (hour) or 4 (times)"
	isUnit := func(n int64) bool { return UnitMoney <= n && n <= UnitVisit }
	unit, known := p.number(at+".unit", r.Unit, unitChinese, unitEnglish, isUnit)
	amount, _ := p.number(at+".amount", r.Amount, "必须大于 0，且不能太大", "must be more than 0, and no more than makes sense",
		func(n int64) bool { return n > 0 && (!known || n <= mostUnits[unit]) })
	price, _ := p.number(at+".price", r.Price, "不能小于 0（单位：分）", "must not be less than 0, in fen", func(n int64) bool { return n >= 0 })
	c := Product{Name: r.Name, CarType: int(carType), Amount: amount, Unit: int(unit), Price: price, SentAmount: r.SentAmount, SentUnit: int(unit)}
	p.required(at+".name", r.Name)
	if isCard && known {
		p.fits(at+".unit", c.CarType, c.Unit)
	}
	if r.SentUnit != nil {
		unit, known = p.number(at+".sent_unit", r.SentUnit, unitChinese, unitEnglish, isUnit)
		c.SentUnit = int(unit)
		if isCard && known && c.SentAmount != 0 { // whoever gives nothing may give it in any unit
			p.fits(at+".sent_unit", c.CarType, c.SentUnit)
		}
	}
	if c.SentAmount < 0 || known && c.SentAmount > mostUnits[unit] {
		p.add(at+".sent_amount", "不能小于 0，也不能太大", "must not be less than 0, nor more than makes sense")
	}
	return c
}

// number returns a whole number that must be given, and whether it is one that
// can stand there.
func (p *parser) number(key string, value *int64, chinese, english string, can func(int64) bool) (int64, bool) {
	switch {
	case value == nil:
		p.add(key, "必须填写", "must be given")
		return 0, false
	case !can(*value):
		p.add(key, chinese, english)
		return *value, false
	}
	return *value, true
}

// fits reports a unit that cards of a type do not hold: a recharge could not be
// booked.
func (p *parser) fits(key string, carType, unit int) {
	isTime := unit != UnitMoney && unit != UnitVisit
	switch {
	case carType == carStored && unit != UnitMoney:
		p.add(key, "充值车（车辆类型 3）的单位只能是 0（钱）", "a stored-value card, car type 3, holds money: the unit must be 0")
	case carType == carCounted && unit != UnitVisit:
		p.add(key, "计次车（车辆类型 6）的单位只能是 4（次）", "a counted card, car type 6, holds visits: the unit must be 4")
	case carType != carStored && carType != carCounted && !isTime:
		p.addf(key, "车辆类型 %d 按时间充值，单位只能是 1（月）、2（天）、3（小时）", "a card of car type %d holds a time: the unit must be 1 (month), 2 (day) or 3 (hour)", carType)
	}
}
