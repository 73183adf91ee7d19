package config

import (
	"fmt"
	"strings"
	"time"

	"parkagent/agent/tariff"
)

// choices are the words that a setting may have, and what they mean; the first
// is the default.
type choices[T any] []struct {
	word  string
	value T
}

// one returns what the word of a setting means.
func one[T any](p *parser, key, word string, list choices[T]) T {
	var words []string
	for _, c := range list {
		if c.word == word {
			return c.value
		}
		words = append(words, c.word)
	}
	p.choice(key, word, words...)
	return list[0].value
}

// atLeastOne returns the whole number of a setting, or 0 if there is none. A 0
// in the file is a mistake.
func (p *parser) atLeastOne(key string, value *int) int {
	if value == nil {
		return 0
	}
	if *value < 1 {
		p.add(key, "必须大于 0", "must be more than 0")
	}
	return *value
}

// clock reads a time of the day, "07:30"; 24:00 is the end of the day. An empty
// text is midnight, and not there.
func (p *parser) clock(key, value string) (since time.Duration, there bool) {
	if value == "" {
		return 0, false
	}
	var h, m int
	ok := len(value) == 5 && value[2] == ':' && strings.Trim(value[:2]+value[3:], "0123456789") == ""
	if ok {
		_, err := fmt.Sscanf(value, "%d:%d", &h, &m)
		ok = err == nil && m < 60 && (h < 24 || h == 24 && m == 0)
	}
	if !ok {
		p.addf(key, "%q 不是时间；请写成例如 07:30，一天的结束写 24:00", "%q is no time of the day; write for example 07:30, and 24:00 for the end of the day", value)
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute, ok
}

// date reads a day, "2026-01-31".
func (p *parser) date(key, value string) (tariff.Date, bool) {
	if value == "" {
		return "", false
	}
	if _, err := time.Parse(time.DateOnly, value); err != nil {
		p.addf(key, "%q 不是日期；请写成例如 2026-01-31", "%q is no date; write for example 2026-01-31", value)
		return "", false
	}
	return tariff.Date(value), true
}

// calendar reads the days that are not what their weekday says.
func (p *parser) calendar(raw rawCalendar) tariff.Calendar {
	c := tariff.Calendar{ByExit: one(p, "calendar.tariff_by", raw.TariffBy, choices[bool]{{"entry", false}, {"exit", true}})}
	seen := unique{}
	read := func(name string, values []string) (list []tariff.Date) {
		for i, value := range values {
			key := fmt.Sprintf("calendar.%s[%d]", name, i)
			if value == "" {
				p.add(key, "列表中不能有空的文字", "a list must not hold empty text")
			}
			if d, ok := p.date(key, value); ok {
				p.unique(seen, key, value)
				list = append(list, d)
			}
		}
		return list
	}
	c.Holidays = read("holidays", raw.Holidays)
	c.Workdays = read("workdays", raw.Workdays)
	return c
}

// validity reads on which days a tariff holds.
func (p *parser) validity(at string, r rawTariff, t *tariff.Tariff) {
	kinds := choices[tariff.Day]{{"workday", tariff.Workday}, {"restday", tariff.Restday}, {"holiday", tariff.Holiday}}
	for i, word := range r.Days {
		key := fmt.Sprintf("%s.days[%d]", at, i)
		if word == "" {
			p.add(key, "列表中不能有空的文字", "a list must not hold empty text")
		}
		t.Days = append(t.Days, one(p, key, word, kinds))
	}
	t.ValidFrom, _ = p.date(at+".valid_from", r.ValidFrom)
	t.ValidTo, _ = p.date(at+".valid_to", r.ValidTo)
}

func (p *parser) adders(at string, raw []rawAdder) (list []tariff.Adder) {
	for i, r := range raw {
		key := fmt.Sprintf("%s.adders[%d]", at, i)
		list = append(list, tariff.Adder{After: p.duration(key+".after", r.After, 0, 0, maxDuration), Price: p.price(key, r.Price)})
	}
	return list
}

func (p *parser) windows(at string, raw []rawWindow) (list []tariff.Window) {
	for i, r := range raw {
		key := fmt.Sprintf("%s.windows[%d]", at, i)
		clock := func(name, value string) time.Duration {
			p.required(key+"."+name, value)
			d, _ := p.clock(key+"."+name, value)
			return d
		}
		list = append(list, tariff.Window{
			InFrom: clock("in_from", r.InFrom), InTo: clock("in_to", r.InTo),
			OutFrom: clock("out_from", r.OutFrom), OutTo: clock("out_to", r.OutTo), Price: p.price(key, r.Price),
		})
	}
	return list
}

// price returns the price of an element, which it must have.
func (p *parser) price(at string, value *int64) int64 {
	if value == nil {
		p.add(at+".price", "必须填写（单位：分）", "must be given, in fen")
		return 0
	}
	return *value
}

// bands reads the parts of the day. One band for the whole day, without a cap of
// its own, is no more than its ladder.
func (p *parser) bands(at string, raw []rawBand, t *tariff.Tariff) {
	for i, r := range raw {
		key := fmt.Sprintf("%s.band[%d]", at, i)
		b := tariff.Band{
			Cap: r.Cap, Uncapped: !otherwise(r.Capped, true), Blocks: p.blocks(key, r),
			Crossing: one(p, key+".crossing", r.Crossing, choices[tariff.Crossing]{{"split", tariff.CrossSplit}, {"start", tariff.CrossStart}, {"majority", tariff.CrossMajority}}),
			Ladder:   one(p, key+".ladder", r.Ladder, choices[tariff.Ladder]{{"continue", tariff.LadderContinue}, {"restart", tariff.LadderRestart}, {"through", tariff.LadderThrough}}),
		}
		var from, to bool
		b.From, from = p.clock(key+".from", r.From)
		b.To, to = p.clock(key+".to", r.To)
		if (r.From == "") != (r.To == "") {
			p.add(key, "from 和 to 必须同时填写", "from and to are needed together")
		}
		if from && to && b.From == b.To && len(raw) > 1 {
			p.add(key+".to", "与 from 相同", "is the same as from")
		}
		if b.To == 24*time.Hour {
			b.To = 0
		}
		t.Bands = append(t.Bands, b)
	}
	if len(raw) == 1 && len(t.Bands[0].Blocks) > 0 && t.Bands[0].From == 0 && t.Bands[0].To == 0 && t.Bands[0].Cap == 0 && !t.Bands[0].Uncapped {
		t.Blocks, t.Bands = t.Bands[0].Blocks, nil
	}
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
		b.Price = p.price(key, r.Price)
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
