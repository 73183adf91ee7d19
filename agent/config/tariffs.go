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
	catchAll := false
	for i, r := range raw {
		at := fmt.Sprintf("tariff[%d]", i)
		t := tariff.Tariff{
			Name: r.Name, CarTypes: r.CarTypes, Sizes: r.Sizes, Colors: r.Colors, Areas: r.Areas,
			FreeInclusive: otherwise(r.FreeInclusive, true), FreeCounts: otherwise(r.FreeCounts, true), FreeAgain: r.FreeAgain,
			Caps: r.Caps, Restart: otherwise(r.Restart, true), StayCap: r.StayCap, PerVisit: r.PerVisit, MaxAutomatic: r.MaxAutomatic,
		}
		p.required(at+".name", r.Name)
		p.selectors(at, r, c.Areas)
		t.Free = p.duration(at+".free", r.Free, 0, 0, maxDuration)
		t.Seconds = p.seconds(at+".seconds", r.Seconds)
		if r.Period == "day" {
			p.add(at+".period", "本版本只支持 24h（从入场起算）", "only 24h, from entry, is supported by this version")
		} else {
			p.choice(at+".period", r.Period, "24h")
		}
		if len(r.Band) > 0 {
			t.Blocks = p.blocks(at+".band[0]", r.Band[0])
		}
		if len(r.Band) > 1 {
			p.add(at+".band[1]", "本版本每个 [[tariff]] 只支持一个 [[tariff.band]]（全天）", "this version supports one [[tariff.band]] for each [[tariff]], for the whole day")
		}
		if !p.spoiltBelow(at + ".") {
			for _, f := range t.Validate() {
				p.add(at+"."+f.Key, f.Chinese, f.English)
			}
		}
		catchAll = catchAll || len(r.CarTypes)+len(r.Sizes)+len(r.Colors)+len(r.Areas) == 0
		list = append(list, t)
	}
	if len(raw) == 0 && len(c.Lanes) > 0 {
		p.warn("tariff", "没有 [[tariff]]：所有车在出口都没有价格，不会放行；不收费的车场也要写一个，price = 0",
			"there is no [[tariff]]: no car has a price at the exit and none is let out; a park that is free needs one too, with price = 0")
	}
	if len(raw) > 0 && !catchAll {
		p.warn(fmt.Sprintf("tariff[%d]", len(raw)-1), "没有适用于所有车辆的收费标准：车型或颜色未识别的车将没有价格；请在最后加一个不限条件的 [[tariff]]",
			"no tariff fits every car: a car of unknown size or colour has no price; end with a [[tariff]] without conditions")
	}
	return list
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

func (p *parser) seconds(key, value string) tariff.Seconds {
	p.choice(key, value, "truncate", "exact", "up")
	switch value {
	case "exact":
		return tariff.SecondsExact
	case "up":
		return tariff.SecondsUp
	}
	return tariff.SecondsTruncate
}

func (p *parser) blocks(at string, band rawBand) []tariff.Block {
	var list []tariff.Block
	for i, r := range band.Blocks {
		key := fmt.Sprintf("%s.blocks[%d]", at, i)
		b := tariff.Block{
			Until: p.duration(key+".until", r.Until, 0, time.Second, maxDuration),
			Unit:  p.duration(key+".unit", r.Unit, 0, time.Minute, maxDuration),
			Tail:  p.duration(key+".tail", r.Tail, 0, 0, maxDuration),
		}
		if r.Price == nil {
			p.add(key+".price", "必须填写（单位：分）", "must be given, in fen")
		} else {
			b.Price = *r.Price
		}
		p.choice(key+".round", r.Round, "up", "down")
		switch {
		case r.Round == "down":
			b.Round = tariff.RoundDown
		case r.Tail != "" && r.Round == "":
			b.Round = tariff.RoundTail
		}
		list = append(list, b)
	}
	return list
}
