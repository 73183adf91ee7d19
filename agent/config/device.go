package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Device is a device as configured. Its driver reads Link and the options.
type Device struct {
	Code     string
	Name     string
	Kind     string
	IP       string // may be empty but for cameras and kiosks
	Driver   string
	Link     string // "tcp://…", "serial://…" or whatever the driver takes
	User     string // for cameras that ask for one
	Password Secret

	// Token is options.token. A camera may have one: then it pushes to a path
	// that nobody can guess. A kiosk always has one, by which it is known. The
	// options do not hold it any more.
	Token Secret

	// Delay is how long a car may stay after it paid at the kiosk; 0 is as the
	// park says.
	Delay time.Duration
	// Silence is after how long without a call a kiosk counts as gone; 0 is never.
	Silence time.Duration

	// Area is the area whose free places a display of no lane shows, 0 for all of
	// them; nil of any other device.
	Area *int

	Options map[string]any // as in the file; its driver reads them, strictly

	// where holds the places of the device's settings, by their keys below
	// the device; "" is the device itself.
	where map[string]Problem
}

// token is what can stand in a path and cannot be guessed.
var token = regexp.MustCompile(`^[A-Za-z0-9_-]{8,128}$`)

// What a token is, and how to make one, on any system and on Windows.
const (
	tokenChinese = "token 要用引号，至少 8 个字母、数字、- 或 _；可用 openssl rand -hex 16 生成（Windows：在 PowerShell 中用 [guid]::NewGuid()）"
	tokenEnglish = "a token is text of at least 8 letters, digits, - or _; make one with openssl rand -hex 16, on Windows with [guid]::NewGuid() in PowerShell"
)

func (p *parser) devices(raw []rawDevice, areas []Area) []Device {
	codes, addresses := unique{}, map[string]string{}
	var list []Device
	for i, r := range raw {
		at := fmt.Sprintf("device[%d]", i)
		d := Device{Code: r.Code, Name: r.Name, Kind: r.Kind, IP: r.IP, Driver: r.Driver, Link: r.Link, User: r.User, Options: r.Options, Area: r.Area}
		p.code(at+".code", r.Code)
		p.uniqueCode(codes, at+".code", r.Code)
		p.required(at+".name", r.Name)
		p.driver(at, r)
		p.address(at+".ip", r.IP)
		if other, ok := addresses[r.Kind+" "+r.IP]; ok && r.IP != "" {
			p.warn(at+".ip", fmt.Sprintf("与设备 %s 的 IP 相同，平台按 IP 查找时会分不清", other), fmt.Sprintf("device %s has this address as well; a platform that looks up by address cannot tell them apart", other))
		}
		addresses[r.Kind+" "+r.IP] = r.Code
		if p.there(at+".password") || p.there(at+".password_file") {
			d.Password = p.secret(at+".password", r.Password, r.PasswordFile)
		}
		switch r.Kind {
		case KindCamera:
			if r.IP == "" {
				p.add(at+".ip", "相机必须填写 IP：只接受来自该地址的推送", "a camera needs its address: pushes from others are refused")
			}
			d.Token = p.token(at+".options.token", d.Options)
		case KindKiosk:
			d.Token = p.kiosk(at, d)
			d.Delay = p.payDelay(at+".delay", r.Delay)
			d.Silence = p.silence(at+".options.silence", d.Options)
		}
		if r.Kind != KindKiosk && p.there(at+".delay") {
			p.add(at+".delay", "只有缴费机（kiosk）才有", "only a kiosk has it")
		}
		p.boardArea(at+".area", r, areas)
		d.where = map[string]Problem{}
		for _, key := range []string{"", "driver", "link", "user", "password", "options"} {
			d.where[key] = p.problem(strings.TrimSuffix(at+"."+key, "."), "", "")
		}
		list = append(list, d)
	}
	return list
}

// boardArea checks the area whose free places a display shows.
func (p *parser) boardArea(key string, r rawDevice, areas []Area) {
	switch {
	case r.Area == nil:
	case r.Kind != KindDisplay:
		p.add(key, "只有显示屏（display）才有", "only a display has it")
	case *r.Area != 0 && !knownArea(areas, *r.Area):
		p.addf(key, "没有编号为 %d 的 [[area]]；0 表示全部", "there is no [[area]] with code %d; 0 means all of them", *r.Area)
	}
}

// judge reports what only the drivers can know to be wrong, if the devices
// could be read at all.
func (p *parser) judge(list []Device) {
	if p.known.Judge == nil || p.spoiltBelow("device[") {
		return
	}
	for _, problem := range p.known.Judge(list) {
		p.add(problem.Key, problem.Chinese, problem.English)
	}
}

func (p *parser) driver(at string, r rawDevice) {
	p.required(at+".kind", r.Kind)
	p.required(at+".driver", r.Driver)
	switch {
	case r.Kind == "":
	case !slices.Contains(kinds, r.Kind):
		p.choice(at+".kind", r.Kind, kinds...)
	case p.known.Drivers != nil:
		p.choice(at+".driver", r.Driver, p.known.Drivers[r.Kind]...)
	}
}

// kiosk checks what only a kiosk has, and returns its token. It calls the
// console, so that there is nothing by which it could be called.
func (p *parser) kiosk(at string, d Device) Secret {
	if d.IP == "" {
		p.add(at+".ip", "缴费机必须填写 IP：只接受来自该地址的调用", "a kiosk needs its address: calls from others are refused")
	}
	for key, given := range map[string]bool{"link": d.Link != "", "user": d.User != "", "password": d.Password.Set()} {
		if given {
			p.add(p.source(at+"."+key), "缴费机不使用此项，请删除", "is not used for a kiosk; remove it")
		}
	}
	if _, given := d.Options["token"]; !given {
		p.addUnseen(at+".options.token", "必须填写：缴费机凭它调用，"+tokenChinese, "must be given, a kiosk is known by it: "+tokenEnglish)
	}
	secret := p.token(at+".options.token", d.Options)
	for key := range d.Options {
		if key != "silence" {
			p.addUnseen(at+".options."+key, fmt.Sprintf("缴费机没有选项 %s，只有 token 和 silence", key), fmt.Sprintf("a kiosk has no option %s, only token and silence", key))
		}
	}
	return secret
}

// silence takes options.silence out of a kiosk's options: after how long without a
// call it counts as gone, 0 for never.
func (p *parser) silence(key string, options map[string]any) time.Duration {
	value, ok := options["silence"]
	if !ok {
		return 0
	}
	text, isText := value.(string)
	if !isText {
		p.add(key, `应为带引号的时长，例如 "10m"`, `must be a duration in quotes, for example "10m"`)
	}
	delete(options, "silence")
	return p.duration(key, text, 0, time.Minute, 24*time.Hour)
}

// addUnseen is add for what may be a mistyped secret: the message does not show
// what stands there.
func (p *parser) addUnseen(key, chinese, english string) {
	n := len(p.problems)
	p.add(key, chinese, english)
	for i := range p.problems[n:] {
		_, _, text := position(p.index.doc, p.index.find(key))
		p.problems[n+i].Text = shownKey(text)
	}
}

// token takes options.token out of a device's options.
func (p *parser) token(key string, options map[string]any) Secret {
	value, ok := options["token"]
	if !ok {
		return Secret{}
	}
	text, isText := value.(string)
	if !isText || !token.MatchString(text) {
		p.add(key, tokenChinese, tokenEnglish)
	}
	delete(options, "token")
	return Secret{value: text, inline: true}
}

// Problem makes a mistake of the device that only its driver can judge, at the
// place of one of its keys: "link", "options" and the like, or "" for the device
// as a whole.
func (d Device) Problem(key, chinese, english string) Problem {
	problem := d.where[key]
	problem.Chinese, problem.English = chinese, english
	return problem
}
