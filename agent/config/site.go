package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
)

const (
	defaultDedupe = 30 * time.Second
	defaultLate   = 5 * time.Minute
)

func (p *parser) areas(raw []rawArea) []Area {
	seen := unique{}
	var list []Area
	for i, r := range raw {
		at := fmt.Sprintf("area[%d]", i)
		if r.Code <= 0 {
			p.add(at+".code", "区域编号必须大于 0（0 表示场外）", "an area's code must be more than 0, which means outside")
		} else {
			p.unique(seen, at+".code", fmt.Sprint(r.Code))
		}
		p.required(at+".name", r.Name)
		if r.Type < 0 || r.Type > 2 {
			p.add(at+".type", "只能是 0（普通）、1 或 2（机械）", "must be 0 (ordinary), 1 or 2 (mechanical)")
		}
		if r.Places < 0 || r.Places > 1_000_000 {
			p.add(at+".places", "车位数不合理", "is no sensible number of places")
		}
		a := Area{Code: r.Code, Name: r.Name, Type: r.Type, Places: r.Places}
		p.whoEnters(at, r, &a)
		list = append(list, a)
	}
	p.nested(raw, list)
	return list
}

// code checks the code of a device or lane. It stands in addresses and commands.
func (p *parser) code(key, value string) {
	odd := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.", r)
	}
	switch {
	case value == "":
		p.required(key, value)
	case len(value) > 64 || strings.ContainsFunc(value, odd) || strings.Trim(value, ".") == "":
		p.addf(key, "%q 不能作编号；只用字母、数字和 - _ .", "%q cannot be a code; use letters, digits and - _ . only", value)
	}
}

func (p *parser) lanes(raw []rawLane, c *Config) []Lane {
	codes, used := unique{}, unique{}
	var list []Lane
	for i, r := range raw {
		at := fmt.Sprintf("lane[%d]", i)
		l := Lane{Code: r.Code, Name: r.Name, Entry: r.Direction == "entry", From: r.From, To: r.To, Camera: r.Camera, Gate: r.Gate, Display: r.Display, Kiosk: r.Kiosk, Scanner: r.Scanner, Printer: r.Printer}
		p.code(at+".code", r.Code)
		p.unique(codes, at+".code", r.Code)
		p.required(at+".name", r.Name)
		p.required(at+".direction", r.Direction)
		p.choice(at+".direction", r.Direction, "entry", "exit")
		p.ways(at, r, c.Areas)
		p.uses(used, at+".camera", r.Camera, KindCamera, c.Devices)
		p.uses(used, at+".gate", r.Gate, KindGate, c.Devices)
		for _, may := range []struct{ key, code, kind string }{
			{".display", r.Display, KindDisplay}, {".kiosk", r.Kiosk, KindKiosk},
			{".scanner", r.Scanner, KindScanner}, {".printer", r.Printer, KindPrinter},
		} {
			if may.code != "" {
				p.uses(used, at+may.key, may.code, may.kind, c.Devices)
			}
		}
		if r.Scanner != "" && l.Entry && r.From == 0 {
			p.warn(at+".scanner", "从场外进入的车道没有要扫的码：小票和付款码在出口扫", "nothing is scanned where cars come in from outside; tickets and payment codes are at an exit")
		}
		l.Dedupe = p.duration(at+".dedupe", r.Dedupe, defaultDedupe, time.Second, time.Hour)
		p.choice(at+".offline", r.Offline, "record", "book")
		l.BookOffline = r.Offline == "book"
		l.Late = p.duration(at+".late", r.Late, defaultLate, time.Second, 24*time.Hour)
		list = append(list, l)
	}
	if len(raw) == 0 {
		p.warn("lane", "没有 [[lane]]：没有车道，就不会有车进出", "there is no [[lane]]: without lanes no car comes in or goes out")
	}
	for i, d := range c.Devices {
		// A kiosk may stand in the middle of the park, and serve all lanes.
		_, ok := used[d.Code]
		if ok && d.Area != nil {
			p.add(fmt.Sprintf("device[%d].area", i), "这个显示屏属于车道，由车道决定显示什么", "this display belongs to a lane, which says what it shows")
		}
		if !ok && d.Code != "" && d.Kind != KindKiosk && d.Area == nil {
			p.warn(fmt.Sprintf("device[%d].code", i), "没有车道使用这个设备", "no lane uses this device")
		}
	}
	return list
}

// ways checks from which area to which a lane leads. A park without areas needs
// none.
func (p *parser) ways(at string, r rawLane, areas []Area) {
	known := func(code int) bool { return code == 0 || knownArea(areas, code) }
	if !known(r.From) {
		p.addf(at+".from", "没有编号为 %d 的 [[area]]", "there is no [[area]] with code %d", r.From)
	}
	if !known(r.To) {
		p.addf(at+".to", "没有编号为 %d 的 [[area]]", "there is no [[area]] with code %d", r.To)
	}
	if len(areas) == 0 {
		return
	}
	p.inner(at, r, areas)
	switch {
	case r.Direction == "entry" && r.To == 0:
		p.add(at+".to", "入口车道必须写明通往哪个区域", "an entry must lead to an area")
	case r.Direction == "exit" && r.From == 0:
		p.add(at+".from", "出口车道必须写明来自哪个区域", "an exit must lead from an area")
	case r.From == r.To:
		p.add(at+".to", "from 和 to 不能相同", "from and to must differ")
	}
}

// uses checks a lane's reference to a device: it must be there, be of the right
// kind, and belong to no other lane, because a device has one caller.
func (p *parser) uses(used unique, key, code, kind string, devices []Device) {
	if code == "" {
		p.required(key, code)
		return
	}
	i := slices.IndexFunc(devices, func(d Device) bool { return d.Code == code })
	if i < 0 {
		if p.spoiltBelow("device[") {
			return // it may well be the one whose code could not be read
		}
		p.addf(key, "没有编号为 %q 的 [[device]]", "there is no [[device]] with code %q", code)
		return
	}
	if !slices.Contains(kinds, devices[i].Kind) {
		return // that is reported where the device stands
	}
	if devices[i].Kind != kind {
		p.addf(key, "设备 %q 的 kind 是 %q，这里需要 %q", "the device %q is of kind %q; this must be of kind %q", code, devices[i].Kind, kind)
		return
	}
	if first, ok := used[code]; ok {
		line, _, _ := position(p.index.doc, p.index.find(first))
		p.addf(key, "设备 %q 已被第 %d 行的车道使用", "the device %q belongs to the lane on line %d already", code, line)
		return
	}
	used[code] = key
}

// address reads a device's address; an empty one is fine where the kind allows.
func (p *parser) address(key, value string) {
	if value == "" {
		return
	}
	if _, err := netip.ParseAddr(value); err != nil {
		p.addf(key, "%q 不是 IP 地址", "%q is no IP address", value)
	}
}
