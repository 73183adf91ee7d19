package config

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
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

	Options map[string]any // as in the file; DecodeOptions is the strict way to read them

	options map[string]Problem // where each option stands, "" for the device itself
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
		p.unique(codes, at+".code", r.Code)
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
		d.options = p.options(at, d.Options)
		list = append(list, d)
	}
	return list
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

// options notes where the device and each of its options stand.
func (p *parser) options(at string, options map[string]any) map[string]Problem {
	where := map[string]Problem{"": p.problem(at, "", "")}
	for _, name := range slices.Sorted(maps.Keys(options)) {
		where[name] = p.problem(at+".options."+name, "", "")
	}
	return where
}

// Problem makes a mistake of the device, for what only its driver can judge. The
// option is the name of one of Options, or empty for the device itself.
func (d Device) Problem(option, chinese, english string) Problem {
	problem, ok := d.options[option]
	if !ok {
		problem = d.options[""]
	}
	problem.Chinese, problem.English = chinese, english
	return problem
}

// DecodeOptions reads the options into a struct with toml tags. An option that
// the struct does not have, or one of another type, is a mistake; the error is
// Errors and names its line.
func (d Device) DecodeOptions(into any) error {
	text, err := toml.Marshal(d.Options)
	if err != nil {
		return Errors{d.Problem("", "options 无法读取："+err.Error(), "options cannot be read: "+err.Error())}
	}
	decoder := toml.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(into)
	var unknown *toml.StrictMissingError
	var wrong *toml.DecodeError
	switch {
	case errors.As(err, &unknown):
		var all Errors
		for _, e := range unknown.Errors {
			name := strings.Join(e.Key(), ".")
			all = append(all, d.Problem(e.Key()[0], fmt.Sprintf("驱动 %s 没有选项 %s", d.Driver, name), fmt.Sprintf("the driver %s has no option %s", d.Driver, name)))
		}
		return all
	case errors.As(err, &wrong):
		chinese, english := typeMessage(wrong.Error())
		option := ""
		if len(wrong.Key()) > 0 {
			option = wrong.Key()[0]
		}
		return Errors{d.Problem(option, chinese, english)}
	case err != nil:
		return Errors{d.Problem("", "options 无法读取："+err.Error(), "options cannot be read: "+err.Error())}
	}
	return nil
}
