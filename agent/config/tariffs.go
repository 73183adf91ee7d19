package config

import (
	"fmt"
	"slices"
	"time"

	"parkagent/agent/tariff"
)

// maxDuration bounds the durations of a tariff.
const maxDuration = 366 * 24 * time.Hour

func (p *parser) tariffs(raw []rawTariff, c *Config) []tariff.Tariff {
	var list []tariff.Tariff
	for i, r := range raw {
		at := fmt.Sprintf("tariff[%d]", i)
		t := tariff.Tariff{
			Name: r.Name, CarTypes: r.CarTypes, Sizes: r.Sizes, Colors: r.Colors, Areas: r.Areas,
			FreeInclusive: otherwise(r.FreeInclusive, true), FreeCounts: otherwise(r.FreeCounts, true), FreeAgain: r.FreeAgain,
			Caps: r.Caps, Restart: otherwise(r.Restart, true), StayCap: r.StayCap, VisitsCap: r.VisitsCap, Rejoin: r.Rejoin,
			PerVisit: r.PerVisit, MaxAutomatic: r.MaxAutomatic,
		}
		p.validity(at, r, &t)
		p.timing(at, r, &t)
		t.Adders = p.adders(at, r.Adders)
		t.Windows = p.windows(at, r.Windows)
		t.Percent = p.atLeastOne(at+".percent", r.Percent)
		t.RoundTotal = int64(p.atLeastOne(at+".round_total", r.RoundTotal))
		p.bands(at, r.Band, &t)
		if !p.wrongBelow(at + ".") {
			for _, f := range t.Validate() {
				p.add(at+"."+f.Key, f.Chinese, f.English)
			}
		}
		p.required(at+".name", r.Name)
		p.selectors(at, r, c.Areas)
		list = append(list, t)
	}
	p.choosable(raw, list, c)
	return list
}

// timing reads how time is counted.
func (p *parser) timing(at string, r rawTariff, t *tariff.Tariff) {
	t.Free = p.duration(at+".free", r.Free, 0, 0, maxDuration)
	t.FreeOnce = one(p, at+".free_once", r.FreeOnce, choices[tariff.Span]{{"visit", tariff.SpanVisit}, {"day", tariff.SpanDay}, {"24h", tariff.Span24h}})
	t.Seconds = one(p, at+".seconds", r.Seconds, choices[tariff.Seconds]{{"truncate", tariff.SecondsTruncate}, {"exact", tariff.SecondsExact}, {"up", tariff.SecondsUp}})
	t.First = one(p, at+".first", r.First, choices[tariff.First]{{"band", tariff.FirstEach}, {"period", tariff.FirstPeriod}, {"stay", tariff.FirstStay}})
	t.Daily = one(p, at+".period", r.Period, choices[bool]{{"24h", false}, {"day", true}})
	t.DayStarts, _ = p.clock(at+".day_starts", r.DayStarts)
	period := one(p, at+".visits_period", r.VisitsPeriod, choices[tariff.Span]{{"day", tariff.SpanDay}, {"24h", tariff.Span24h}})
	if r.VisitsCap != 0 {
		t.VisitsPeriod = period
	}
	t.Reentry = p.duration(at+".reentry", r.Reentry, 0, 0, maxDuration)
	t.Minutes = one(p, at+".minutes", r.Minutes, choices[tariff.MinutesOff]{{"end", tariff.MinutesEnd}, {"start", tariff.MinutesStart}})
}

// choosable warns of cars that no tariff is for, and reports tariffs that are for
// none.
func (p *parser) choosable(raw []rawTariff, list []tariff.Tariff, c *Config) {
	if len(raw) == 0 {
		if len(c.Lanes) > 0 {
			p.warn("tariff", "没有 [[tariff]]：所有车在出口都没有价格，不会放行；不收费的车场也要写一个，price = 0",
				"there is no [[tariff]]: no car has a price at the exit and none is let out; a park that is free needs one too, with price = 0")
		}
		return
	}
	for i := range list {
		at := fmt.Sprintf("tariff[%d]", i)
		if k, hidden := tariff.Unreachable(list, i); hidden && !p.wrongBelow(at+".") {
			p.addf(at, "永远不会用到：排在前面的 %q 适用于它的所有车辆；请把条件多的放在前面", "never applies, because %q before it fits all its cars; put the one with more conditions first", list[k].Name)
		}
	}
	last := fmt.Sprintf("tariff[%d]", len(raw)-1)
	// The unknown car of each kind of day, on the days on which a version begins
	// or after which one ends.
	dates := []tariff.Date{"9999-12-31"}
	for _, t := range list {
		if t.ValidFrom != "" {
			dates = append(dates, t.ValidFrom)
		}
		if end, err := time.Parse(time.DateOnly, string(t.ValidTo)); err == nil {
			dates = append(dates, tariff.DateOf(end.AddDate(0, 0, 1)))
		}
	}
	for _, date := range dates {
		for _, day := range []tariff.Day{tariff.Workday, tariff.Restday, tariff.Holiday} {
			if _, ok := tariff.Select(list, tariff.Vehicle{CarType: -1, Color: -1, Day: day, Date: date}); !ok {
				p.warn(last, "没有适用于所有车辆的收费标准：车型或颜色未识别的车（或某些日期的车）将没有价格；请在最后加一个不限条件的 [[tariff]]",
					"no tariff fits every car: a car of unknown size or colour, or on some days, has no price; end with a [[tariff]] without conditions")
				return
			}
		}
	}
}

func otherwise(b *bool, value bool) bool {
	if b != nil {
		return *b
	}
	return value
}

func (p *parser) selectors(at string, r rawTariff, areas []Area) {
	check := func(key string, values []int, chinese, english string, ok func(int) bool) {
		for i, v := range values {
			if !ok(v) {
				p.add(fmt.Sprintf("%s.%s[%d]", at, key, i), chinese, english)
			}
		}
	}
	check("car_types", r.CarTypes, "车辆类型不能为负", "a car type is not negative", func(v int) bool { return v >= 0 })
	check("sizes", r.Sizes, "只能是 1（大车）或 2（小车）", "must be 1 (large) or 2 (small)", func(v int) bool { return v == 1 || v == 2 })
	check("colors", r.Colors, "只能是 0 蓝、1 黄、2 白、3 黑、4 绿", "must be 0 blue, 1 yellow, 2 white, 3 black or 4 green", func(v int) bool { return v >= 0 && v <= 4 })
	check("areas", r.Areas, "没有这个编号的 [[area]]", "there is no [[area]] with this code", func(v int) bool {
		return slices.ContainsFunc(areas, func(a Area) bool { return a.Code == v })
	})
}
