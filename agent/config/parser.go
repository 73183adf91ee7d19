package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"parkagent/agent/slips"
)

// A parser turns one file into a Config and collects what is wrong with it.
type parser struct {
	file     string
	dir      string
	known    Known
	language string
	index    *index
	spoilt   map[string]bool // keys whose value could not be decoded: nothing more is said about them
	test     bool            // published credentials are allowed
	problems []Problem
	warnings []Problem
}

func (p *parser) parse(data []byte) *Config {
	if len(data) > maxSize {
		p.problems = append(p.problems, Problem{File: p.file, Line: 1, Column: 1, Chinese: "文件太大，不是配置文件", English: "the file is too large for a configuration"})
		return nil
	}
	doc, problem := plainText(data)
	if problem != nil {
		problem.File = p.file
		p.problems = append(p.problems, *problem)
		return nil
	}
	raw, ok := p.decode(doc)
	if strings.EqualFold(raw.Park.Language, English) {
		p.language = English
	}
	if !ok {
		return nil
	}
	c := &Config{}
	p.test = raw.API.TestMode
	c.Park = p.park(raw.Park)
	c.Store = p.store(raw.Store)
	c.API = p.api(raw.API)
	c.Console = p.console(raw.Console, c.API)
	c.Areas = p.areas(raw.Area)
	c.Access = p.access(raw.Access, raw.CardArea, c.Areas)
	c.Clients = p.clients(raw.Client, c.Park)
	c.Platforms = p.platforms(raw.Platform, c.Park)
	c.Devices = p.devices(raw.Device, c.Areas)
	p.judge(c.Devices)
	p.reachable(c)
	c.Lanes = p.lanes(raw.Lane, c)
	c.Products = p.products(raw.Product)
	c.Calendar = p.calendar(raw.Calendar)
	c.Tariffs = p.tariffs(raw.Tariff, c)
	c.Discounts = p.discounts(raw.Discount)
	c.Texts = p.texts(raw.Text, c.Lanes)
	c.Ticket, c.Slip, c.Receipt = p.slip(slips.Ticket, raw.Ticket), p.slip(slips.Change, raw.Slip), p.slip(slips.Receipt, raw.Receipt)
	return c
}

func (p *parser) errors() Errors { return sorted(p.problems, p.language) }

// problem makes a problem of the place where key stands, or would stand.
func (p *parser) problem(key, chinese, english string) Problem {
	line, column, text := position(p.index.doc, p.index.find(key))
	return Problem{File: p.file, Line: line, Column: column, Key: key, Text: shown(text), Chinese: chinese, English: english, Language: p.language}
}

// add reports a mistake, unless its cause was reported already.
func (p *parser) add(key, chinese, english string) {
	for k := key; k != ""; k = parent(k) {
		if p.spoilt[k] {
			return
		}
	}
	p.problems = append(p.problems, p.problem(key, chinese, english))
}

// addf is add with the same arguments for both languages.
func (p *parser) addf(key, chinese, english string, args ...any) {
	p.add(key, fmt.Sprintf(chinese, args...), fmt.Sprintf(english, args...))
}

// spoiltBelow reports whether a value could not be decoded in a table whose path
// begins so.
func (p *parser) spoiltBelow(path string) bool {
	for key := range p.spoilt {
		if strings.HasPrefix(key, path) {
			return true
		}
	}
	return false
}

// wrongBelow reports whether anything is wrong already in a table whose path
// begins so.
func (p *parser) wrongBelow(path string) bool {
	return p.spoiltBelow(path) || slices.ContainsFunc(p.problems, func(x Problem) bool { return strings.HasPrefix(x.Key, path) })
}

func (p *parser) warn(key, chinese, english string) {
	p.warnings = append(p.warnings, p.problem(key, chinese, english))
}

// there reports whether the file sets the key.
func (p *parser) there(key string) bool {
	_, ok := p.index.places[key]
	return ok
}

// required reports an empty text.
func (p *parser) required(key, value string) {
	if strings.TrimSpace(value) == "" {
		p.add(key, "必须填写", "must be given")
	}
}

// choice reports a text that is none of the allowed ones. An empty one is taken
// for "not given".
func (p *parser) choice(key, value string, allowed ...string) {
	if value == "" {
		return
	}
	for _, a := range allowed {
		if value == a {
			return
		}
	}
	p.addf(key, "%q 无效，只能是：%s", "%q is not possible; it can be: %s", value, strings.Join(allowed, ", "))
}

// duration reads a duration within bounds; an empty text gives the default.
func (p *parser) duration(key, value string, otherwise, low, high time.Duration) time.Duration {
	if value == "" {
		return otherwise
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		p.addf(key, "%q 不是时长；请写成例如 30s、15m、1h30m", "%q is no duration; write for example 30s, 15m, 1h30m", value)
		return otherwise
	}
	if d < low || d > high {
		p.addf(key, "时长 %s 超出范围 %s 至 %s", "the duration %s is not within %s and %s", value, brief(low), brief(high))
		return otherwise
	}
	return d
}

// brief writes a duration without the zero minutes and seconds that Go adds.
func brief(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// path makes a path of the file's relative to the file.
func (p *parser) path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(p.dir, name)
}

// unique reports the second of two equal names.
type unique map[string]string // value to the key that had it first

func (p *parser) unique(seen unique, key, value string) { p.uniqueAs(seen, key, value, value) }

// uniqueCode is unique for codes, which platforms write in any case.
func (p *parser) uniqueCode(seen unique, key, value string) {
	p.uniqueAs(seen, key, value, strings.ToLower(value))
}

// uniqueAs is unique for values that are compared as something else.
func (p *parser) uniqueAs(seen unique, key, value, as string) {
	if value == "" {
		return
	}
	if first, ok := seen[as]; ok {
		line, _, _ := position(p.index.doc, p.index.find(first))
		p.addf(key, "%q 重复，第 %d 行已使用", "%q is used twice; line %d has it already", value, line)
		return
	}
	seen[as] = key
}
