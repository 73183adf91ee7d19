package tariff

import (
	"fmt"
	"time"
)

// MaxPrice is the highest price or cap that is believed, in fen: a million
// yuan. It keeps every fee of a stay of centuries within an int64.
const MaxPrice = 100_000_000

// A Fault is one thing that is wrong with a Tariff, in the two languages that
// installers read. Key is where, in the words of the configuration, below the
// tariff: "free", "band[0].blocks[2].unit".
type Fault struct {
	Key     string
	Chinese string
	English string
}

// Error returns the English sentence with its key.
func (f Fault) Error() string { return f.Key + ": " + f.English }

// Validate returns all that is wrong with t, in the order of the fields; none
// means that it can be used.
func (t Tariff) Validate() []Fault {
	var v faults
	v.when(t.ValidFrom != "" && t.ValidTo != "" && t.ValidTo < t.ValidFrom, "valid_to", "valid_to 早于 valid_from", "valid_to is before valid_from")
	v.when(t.Free < 0 || t.Free >= Period, "free", "免费时长必须在 0 到 24 小时之间", "the free time must be at least 0 and less than 24 hours")
	v.whole("free", t.Free)
	v.when(t.DayStarts < 0 || t.DayStarts >= Period, "day_starts", "必须在 00:00 到 23:59 之间", "must be from 00:00 to 23:59")
	v.when(t.DayStarts != 0 && !t.Daily && t.VisitsPeriod != SpanDay && t.FreeOnce != SpanDay, "day_starts",
		"day_starts 只在 period、visits_period 或 free_once 为 \"day\" 时有意义", "day_starts has a meaning only where period, visits_period or free_once is \"day\"")
	for i, c := range t.Caps {
		v.when(c <= 0 || c > MaxPrice, fmt.Sprintf("caps[%d]", i), "封顶金额必须大于 0（单位：分）", "a cap must be more than 0 fen and at most a million yuan")
	}
	v.adders(t)
	v.money("stay_cap", t.StayCap)
	v.when(t.Percent < 0 || t.Percent > 1000, "percent", "必须在 1 到 1000 之间", "must be between 1 and 1000")
	v.when(t.RoundTotal < 0 || t.RoundTotal > 100_000, "round_total", "必须在 1 到 100000 分之间", "must be between 1 and 100000 fen")
	v.money("visits_cap", t.VisitsCap)
	v.when(t.VisitsCap > 0 && t.VisitsPeriod == SpanVisit, "visits_period", "有 visits_cap 时必须是 \"day\" 或 \"24h\"", "must be \"day\" or \"24h\" where there is a visits_cap")
	v.when(t.Reentry < 0 || t.Reentry >= Period, "reentry", "必须小于 24 小时", "must be less than 24 hours")
	v.when(t.Rejoin && t.Reentry == 0, "rejoin", "rejoin 只能与 reentry 一起使用", "rejoin needs reentry")
	v.money("per_visit", t.PerVisit)
	v.windows(t.Windows)
	v.when(t.MaxAutomatic < 0, "max_automatic", "金额不能为负", "must not be negative")
	switch {
	case t.PerVisit > 0:
		v.flat(t)
	case len(t.Bands) > 0:
		v.bands(t)
	default:
		v.when(len(t.Blocks) == 0, "band", "缺少计费阶梯：请写一个带 blocks 的 [[tariff.band]]，或写 per_visit", "no prices: write one [[tariff.band]] with blocks, or per_visit")
		v.ladder("band[0]", t.Blocks, t.reach(Band{}, true))
	}
	return v
}

// flat checks that nothing is set beside a price for each visit that it would
// silently set aside.
func (v *faults) flat(t Tariff) {
	for _, x := range []struct {
		set bool
		key string
	}{{len(t.Caps) > 0, "caps"}, {len(t.Adders) > 0, "adders"}, {t.StayCap > 0, "stay_cap"}, {len(t.Blocks)+len(t.Bands) > 0, "band"}} {
		v.when(x.set, x.key, "已按次收费（per_visit），这一项不起作用：请删去其中之一", "has no effect beside per_visit: leave out one of them")
	}
}

type faults []Fault

func (v *faults) when(wrong bool, key, chinese, english string) {
	if wrong {
		*v = append(*v, Fault{key, chinese, english})
	}
}

// whole reports a part of a second, which bills do not count.
func (v *faults) whole(key string, d time.Duration) {
	v.when(d%time.Second != 0, key, "必须是整秒", "must be in whole seconds")
}

func (v *faults) money(key string, fen int64) {
	v.when(fen < 0 || fen > MaxPrice, key, "金额不能为负，也不能超过一百万元（单位：分）", "an amount must not be negative nor more than a million yuan (in fen)")
}

// adders checks the surcharges for long stays.
func (v *faults) adders(t Tariff) {
	after := t.Free
	for i, a := range t.Adders {
		at := fmt.Sprintf("adders[%d]", i)
		v.when(a.After <= 0, at+".after", "必须大于 0", "must be more than 0")
		v.whole(at+".after", a.After)
		v.when(a.After > 0 && a.After <= after, at+".after", "必须大于免费时长，也大于前一项的 after", "must be more than the free time and the one before")
		v.when(a.Price <= 0 || a.Price > MaxPrice, at+".price", "金额必须大于 0（单位：分）", "must be more than 0 fen and at most a million yuan")
		after = max(after, a.After)
	}
}

// windows checks the flat tickets.
func (v *faults) windows(list []Window) {
	for i, x := range list {
		at := fmt.Sprintf("windows[%d]", i)
		v.clock(at+".in_from", x.InFrom)
		v.clock(at+".in_to", x.InTo)
		v.clock(at+".out_from", x.OutFrom)
		v.clock(at+".out_to", x.OutTo)
		v.money(at+".price", x.Price)
	}
}

// clock checks a time of the day.
func (v *faults) clock(key string, d time.Duration) {
	v.when(d < 0 || d > Period || d%time.Minute != 0, key, "时间必须在 00:00 到 24:00 之间", "a time must be from 00:00 to 24:00")
}

// ladder checks blocks whose band is used for a time of at most reach.
func (v *faults) ladder(band string, blocks []Block, reach time.Duration) {
	var low time.Duration
	for i, b := range blocks {
		at := fmt.Sprintf("%s.blocks[%d]", band, i)
		last := i == len(blocks)-1
		v.when(b.Until == 0 && !last, at, "只有最后一个时段可以不写 until", "only the last block may be without until")
		v.whole(at+".until", b.Until)
		v.when(low >= reach, at, "永远不会用到：它之前的时段已经覆盖了可能的最长时间", "is never reached: the blocks before it last longer than the ladder is ever climbed")
		if b.Until != 0 {
			v.when(b.Until <= low, at+".until", "until 必须大于前一个时段的 until", "until must be later than that of the block before")
			low = b.Until
		}
		v.when(last && b.Until != 0 && b.Until < reach, at+".until",
			"最后一个时段之后的时间没有价格：请去掉最后一个 until", "the time after the last block has no price: leave out the last until")
		v.money(at+".price", b.Price)
		v.unit(at, b)
	}
}

func (v *faults) unit(at string, b Block) {
	if b.Unit == 0 {
		v.when(b.Round != RoundUp || b.Tail != 0, at, "round 和 tail 只能与 unit 一起使用", "round and tail need a unit")
		return
	}
	v.when(b.Unit < time.Minute || b.Unit%time.Second != 0, at+".unit", "unit 至少一分钟，且必须是整秒", "a unit must be a minute or more, in whole seconds")
	switch b.Round {
	case RoundUp, RoundDown:
		v.when(b.Tail != 0, at+".tail", "tail 和 round 不能同时使用", "tail and round cannot be used together")
	case RoundTail:
		v.when(b.Tail <= 0 || b.Tail >= b.Unit, at+".tail", "tail 必须大于 0 且小于 unit", "tail must be more than 0 and less than the unit")
	default:
		v.when(true, at+".round", "round 只能是 up 或 down", "round must be up or down")
	}
}
