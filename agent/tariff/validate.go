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
	v.when(t.Free < 0 || t.Free >= Period, "free", "免费时长必须在 0 到 24 小时之间", "the free time must be at least 0 and less than 24 hours")
	v.when(t.Free%time.Second != 0, "free", "免费时长必须是整秒", "the free time must be in whole seconds")
	for i, c := range t.Caps {
		v.when(c <= 0 || c > MaxPrice, fmt.Sprintf("caps[%d]", i), "封顶金额必须大于 0（单位：分）", "a cap must be more than 0 fen and at most a million yuan")
	}
	v.money("stay_cap", t.StayCap)
	v.money("per_visit", t.PerVisit)
	v.when(t.MaxAutomatic < 0, "max_automatic", "金额不能为负", "must not be negative")
	if t.PerVisit == 0 {
		v.when(len(t.Blocks) == 0, "band", "缺少计费阶梯：请写一个带 blocks 的 [[tariff.band]]，或写 per_visit", "no prices: write one [[tariff.band]] with blocks, or per_visit")
	}
	v.ladder(t)
	return v
}

type faults []Fault

func (v *faults) when(wrong bool, key, chinese, english string) {
	if wrong {
		*v = append(*v, Fault{key, chinese, english})
	}
}

func (v *faults) money(key string, fen int64) {
	v.when(fen < 0 || fen > MaxPrice, key, "金额不能为负，也不能超过一百万元（单位：分）", "an amount must not be negative nor more than a million yuan (in fen)")
}

func (v *faults) ladder(t Tariff) {
	var low time.Duration
	for i, b := range t.Blocks {
		at := fmt.Sprintf("band[0].blocks[%d]", i)
		last := i == len(t.Blocks)-1
		v.when(b.Until == 0 && !last, at, "只有最后一个时段可以不写 until", "only the last block may be without until")
		v.when(b.Until%time.Second != 0, at+".until", "必须是整秒", "must be in whole seconds")
		if b.Until != 0 {
			v.when(b.Until <= low, at+".until", "until 必须大于前一个时段的 until", "until must be later than that of the block before")
			low = b.Until
		}
		v.when(last && b.Until != 0 && (b.Until < Period || !t.Restart), at+".until",
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
