package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Device is a device as configured. Its driver reads Link and the options.
type Device struct {
	Code     string
	Name     string
	Kind     string
	IP       string // may be empty but for cameras
	Driver   string
	Link     string // "tcp://…", "serial://…" or whatever the driver takes
	User     string // for cameras that ask for one
	Password Secret

	// Token is options.token of a camera: then it pushes to a path that
	// nobody can guess. The options do not hold it any more.
	Token Secret

	Options map[string]any // as in the file; its driver reads them, strictly

	// where holds the places of the device's settings, by their keys below
	// the device; "" is the device itself.
	where map[string]Problem
}

// notBuilt are the kinds of devices of the format that this version does not
// know.
var notBuilt = []string{"scanner", "printer", "kiosk"}

// token is what can stand in a path and cannot be guessed.
var token = regexp.MustCompile(`^[A-Za-z0-9_-]{8,128}$`)

func (p *parser) devices(raw []rawDevice) []Device {
	codes, addresses := unique{}, map[string]string{}
	var list []Device
	for i, r := range raw {
		at := fmt.Sprintf("device[%d]", i)
		d := Device{Code: r.Code, Name: r.Name, Kind: r.Kind, IP: r.IP, Driver: r.Driver, Link: r.Link, User: r.User, Options: r.Options}
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
		if r.Kind == KindCamera {
			if r.IP == "" {
				p.add(at+".ip", "相机必须填写 IP：只接受来自该地址的推送", "a camera needs its address: pushes from others are refused")
			}
			d.Token = p.token(at+".options.token", d.Options)
		}
		d.where = map[string]Problem{}
		for _, key := range []string{"", "driver", "link", "user", "password", "options"} {
			d.where[key] = p.problem(strings.TrimSuffix(at+"."+key, "."), "", "")
		}
		list = append(list, d)
	}
	return list
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
	case slices.Contains(notBuilt, r.Kind):
		p.addf(at+".kind", "设备类型 %q 本版本不支持", "devices of kind %q are not supported by this version", r.Kind)
	case r.Kind != KindGate && r.Kind != KindDisplay && r.Kind != KindCamera:
		p.choice(at+".kind", r.Kind, KindGate, KindDisplay, KindCamera)
	case p.known.Drivers != nil:
		p.choice(at+".driver", r.Driver, p.known.Drivers[r.Kind]...)
	}
}

// token takes options.token out of a camera's options.
func (p *parser) token(key string, options map[string]any) Secret {
	value, ok := options["token"]
	if !ok {
		return Secret{}
	}
	text, isText := value.(string)
	if !isText || !token.MatchString(text) {
		p.add(key, "token 要用引号，至少 8 个字母、数字、- 或 _", "a token is text of at least 8 letters, digits, - or _")
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
