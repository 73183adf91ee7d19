package tariff

import (
	"fmt"
	"time"
)

// reach is how far up its ladder a band can get at most.
func (t *Tariff) reach(b Band, alone bool) time.Duration {
	switch {
	case !alone && b.Ladder == LadderRestart && b.Crossing == CrossSplit:
		return b.length()
	case t.Restart && (alone || b.Ladder == LadderThrough || b.Crossing != CrossSplit):
		return Period
	case t.Restart:
		return b.length()
	}
	return forever
}

// bands checks that the bands divide the day, and each of them.
func (v *faults) bands(t Tariff) {
	alone := len(t.Bands) == 1
	priced := false
	for i, b := range t.Bands {
		at := fmt.Sprintf("band[%d]", i)
		priced = priced || len(b.Blocks) > 0
		v.clock(at+".from", b.From)
		v.clock(at+".to", b.To)
		v.when(b.allDay() && !alone, at+".to", "from 和 to 相同：有多个时段时，每个都要写起止时间", "from and to are the same: one of several bands must say when it begins and ends")
		v.money(at+".cap", b.Cap)
		v.when(b.Cap > 0 && len(b.Blocks) == 0, at+".cap", "免费时段不需要封顶", "a band without prices needs no cap")
		v.when(b.Uncapped && len(t.Caps) == 0, at+".capped", "没有 caps，capped 不起作用", "has no effect without caps")
		v.ladder(at, b.Blocks, t.reach(b, alone))
	}
	v.when(!priced, "band", "所有时段都没有 blocks：免费车场请写 blocks = [{ unit = \"24h\", price = 0 }]", "no band has blocks: a park that is free writes blocks = [{ unit = \"24h\", price = 0 }]")
	if len(*v) == 0 {
		v.cover(t.Bands)
	}
}

// cover reports where bands overlap, and what of the day none holds.
func (v *faults) cover(bands []Band) {
	const minutes = int(Period / time.Minute)
	var holder [minutes]int // index of the band from 1
	for i, b := range bands {
		overlaps := 0
		for m := range int(b.length() / time.Minute) {
			at := &holder[(int(b.From/time.Minute)+m)%minutes]
			if *at != 0 && *at != overlaps {
				overlaps = *at
				other := bands[overlaps-1].name()
				v.when(true, fmt.Sprintf("band[%d].from", i), "与时段 "+other+" 重叠", "overlaps the band "+other)
			}
			*at = i + 1
		}
	}
	for m := 0; m < minutes; m++ {
		if holder[m] != 0 {
			continue
		}
		gap := Band{From: time.Duration(m) * time.Minute}
		for m < minutes && holder[m] == 0 {
			m++
		}
		gap.To = time.Duration(m) * time.Minute
		v.when(true, "band", "没有时段包括 "+gap.name()+"：免费的时间也要写一个 [[tariff.band]]，可以不写 blocks",
			"no band holds "+gap.name()+": time that is free needs a [[tariff.band]] too, which may be without blocks")
	}
}

// Unreachable returns which tariff before the one at index i of a list always
// applies instead of it, if one does.
func Unreachable(tariffs []Tariff, i int) (earlier int, hidden bool) {
	t := tariffs[i]
	for k, e := range tariffs[:i] {
		if covers(e.CarTypes, t.CarTypes) && covers(e.Sizes, t.Sizes) && covers(e.Colors, t.Colors) && covers(e.Areas, t.Areas) &&
			covers(e.Days, t.Days) && (e.ValidFrom == "" || e.ValidFrom <= t.ValidFrom) &&
			(e.ValidTo == "" || t.ValidTo != "" && t.ValidTo <= e.ValidTo) {
			return k, true
		}
	}
	return 0, false
}

// covers reports whether a list of a tariff fits every car that another fits.
func covers[T comparable](list, other []T) bool {
	if len(list) == 0 {
		return true
	}
	for _, x := range other {
		if !fits(list, x) {
			return false
		}
	}
	return len(other) > 0
}
