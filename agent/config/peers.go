package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Permissions are what a client can be allowed.
func Permissions() []string { return []string{"query", "pay", "manage", "card", "book"} }

// reports are the interfaces by which a platform can be told something.
var reports = []string{
	"PostParkingInfo", "PostAreaInfo", "PostDeviceState", "PostParkingDevice", "PostCarInInfo", "PostPayDetail",
	"PostBlackInInfo", "PostFreeParkingSpace", "PostCarCorrect", "PostCarBillDetail", "PostCarCard",
}

// QuestionPrice is the question that replaces the park's own prices (uplink 5.3),
// which is why one platform at most is asked it, and only when it is named.
const QuestionPrice = "AutonomousCalfee"

// QuestionDeduct is the question whether a fee can be deducted (uplink 2.2).
const QuestionDeduct = "PostCarOutInfo"

// defaultQuestions are the interfaces by which a platform is asked something,
// unless the file says otherwise: to deduct, for a code to pay by, and to charge
// a code that was scanned (uplink 2.2, 4.1 and 4.2).
func defaultQuestions() []string { return []string{QuestionDeduct, "GetPayQRCode", "PayScanCode"} }

const (
	defaultTimeout     = 3 * time.Second
	defaultMaxRefusals = 20
)

func (p *parser) clients(raw []rawClient, park Park) []Client {
	names, users := unique{}, unique{}
	var list []Client
	for i, r := range raw {
		at := fmt.Sprintf("client[%d]", i)
		c := Client{Name: r.Name, User: r.User, ParkCode: r.ParkCode, Permissions: r.Permissions, Charset: r.Charset, ObjectData: r.ObjectData}
		p.required(at+".name", r.Name)
		p.unique(names, at+".name", r.Name)
		p.unique(users, at+".user", r.User)
		c.Password, c.Key = p.credentials(at, r.User, r.rawSecrets)
		if c.ParkCode == "" {
			c.ParkCode = park.Code
		}
		for j, a := range r.Allow {
			if prefix, ok := network(a); ok {
				c.Allow = append(c.Allow, prefix)
			} else {
				p.addf(fmt.Sprintf("%s.allow[%d]", at, j), "%q 不是 IP 地址或网段；请写成例如 192.168.1.0/24", "%q is no address or network; write for example 192.168.1.0/24", a)
			}
		}
		for j, name := range r.Permissions {
			p.oneOf(fmt.Sprintf("%s.permissions[%d]", at, j), name, Permissions())
		}
		p.choice(at+".charset", r.Charset, CharsetGBK, CharsetUTF8)
		c.Delay = p.payDelay(at+".delay", r.Delay)
		list = append(list, c)
	}
	return list
}

func (p *parser) platforms(raw []rawPlatform, park Park) []Platform {
	names := unique{}
	pricing := -1 // the first platform that prices
	var list []Platform
	for i, r := range raw {
		at := fmt.Sprintf("platform[%d]", i)
		f := Platform{
			Name: r.Name, User: r.User, ParkCode: r.ParkCode, Reports: r.Reports, Images: r.Images, Charset: r.Charset,
			Accepted: r.Accepted, Duplicates: r.Duplicates, MaxRefusals: defaultMaxRefusals, MaxPerSecond: r.MaxRate,
		}
		p.required(at+".name", r.Name)
		p.unique(names, at+".name", r.Name)
		if p.required(at+".url", r.URL); r.URL != "" {
			f.URL = p.webAddress(at+".url", r.URL)
		}
		f.Password, f.Key = p.credentials(at, r.User, r.rawSecrets)
		if f.ParkCode == "" {
			f.ParkCode = park.Code
		}
		for j, name := range r.Reports {
			p.oneOf(fmt.Sprintf("%s.reports[%d]", at, j), name, reports)
		}
		f.Questions = p.questions(at+".questions", r.Questions)
		if j := slices.Index(f.Questions, QuestionPrice); j >= 0 {
			if pricing < 0 {
				pricing = i
			} else {
				p.addf(fmt.Sprintf("%s.questions[%d]", at, j), "只能有一个平台计费，而 %q 和 %q 都写了 "+QuestionPrice, "only one platform can set the price, but %q and %q both name "+QuestionPrice, raw[pricing].Name, r.Name)
			}
		}
		f.TicketURL = p.linkBase(at+".ticket_url", r.TicketURL, f.URL)
		f.ChangeURL = p.linkBase(at+".change_url", r.ChangeURL, f.URL)
		for j, text := range r.Duplicates {
			p.required(fmt.Sprintf("%s.duplicates[%d]", at, j), text)
		}
		for j, code := range r.Accepted {
			p.required(fmt.Sprintf("%s.accepted[%d]", at, j), code)
		}
		if p.choice(at+".images", r.Images, ImagesURL, ImagesBase64, ImagesNone); f.Images == "" {
			f.Images = ImagesURL
		}
		if p.choice(at+".charset", r.Charset, CharsetGBK, CharsetUTF8); f.Charset == "" {
			f.Charset = CharsetGBK
		}
		f.Timeout = p.duration(at+".timeout", r.Timeout, defaultTimeout, 100*time.Millisecond, time.Minute)
		if r.MaxRefusals != nil {
			f.MaxRefusals = *r.MaxRefusals
		}
		if f.MaxRefusals < 1 {
			p.add(at+".max_refusals", "必须大于 0", "must be more than 0")
		}
		if r.MaxRate < 0 {
			p.add(at+".max_per_second", "不能小于 0（0 表示不限）", "must not be less than 0, which is no limit")
		}
		list = append(list, f)
	}
	return list
}

// questions returns what a platform is asked.
func (p *parser) questions(key string, names []string) []string {
	if !p.there(key) {
		return defaultQuestions()
	}
	for j, name := range names {
		p.oneOf(fmt.Sprintf("%s[%d]", key, j), name, append(defaultQuestions(), QuestionPrice))
	}
	return names
}

// oneOf is choice for an element of a list, which cannot be empty.
func (p *parser) oneOf(key, value string, allowed []string) {
	if value == "" {
		p.add(key, "列表中不能有空文字", "a list must not hold empty text")
		return
	}
	p.choice(key, value, allowed...)
}

// network reads an address or a network. An IPv4 one that is written in IPv6 form
// is meant as IPv4, because callers are compared by that.
func network(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	prefix, err := netip.ParsePrefix(s)
	if a := prefix.Addr(); a.Is4In6() && prefix.Bits() >= 96 {
		prefix = netip.PrefixFrom(a.Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked(), err == nil
}

// The credentials that protocol documents and public code have published.
// Whoever knows how to search knows them.
var (
	publishedUser      = "ktapi"
	publishedPasswords = []string{"0506E3", "050654", "0306A9"}
	publishedKeys      = []string{"693207DB8148FBC9D8410179", "693207DB8148FBC90D1DBDBB", "F7A0B971B199FD2A1017CEC5", "693207DB8148FBC9"}
)

// credentials checks the user, password and key of a client or platform.
func (p *parser) credentials(at, user string, raw rawSecrets) (password, key Secret) {
	p.required(at+".user", user)
	password = p.secret(at+".password", raw.Password, raw.PasswordFile)
	key = p.secret(at+".key", raw.Key, raw.KeyFile)
	if key.Set() && !cipherKey(key.value) {
		n := utf8.RuneCountInString(key.value)
		p.addf(p.source(at+".key"), "密钥必须是 24 个（或 16 个）英文字符，现在是 %d 个", "a key must have 24 (or 16) ASCII characters; this has %d characters", n)
	}
	if p.test {
		return password, key
	}
	const chinese, english = "这是公开过的密码或密钥，任何人都可能知道；请更换（测试时可在 [api] 中设 test_mode = true）",
		"this was published and anybody may know it; choose another (for tests, set test_mode = true in [api])"
	if user == publishedUser && listed(publishedPasswords, password.value) {
		p.add(p.source(at+".password"), chinese, english)
	}
	if listed(publishedKeys, key.value) {
		p.add(p.source(at+".key"), chinese, english)
	}
	return password, key
}

func listed(list []string, value string) bool {
	for _, v := range list {
		if strings.EqualFold(v, value) {
			return true
		}
	}
	return false
}

func cipherKey(key string) bool {
	for i := range len(key) {
		if key[i] < 0x20 || key[i] > 0x7E {
			return false
		}
	}
	return len(key) == 24 || len(key) == 16
}

// source returns which of a secret's two keys the file uses.
func (p *parser) source(key string) string {
	if p.there(key + "_file") {
		return key + "_file"
	}
	return key
}

// maxSecret bounds what is read as a secret, in bytes.
const maxSecret = 4096

// secret returns a required secret from the file itself or from the file it
// names.
func (p *parser) secret(key, inline, file string) Secret {
	named, there := p.there(key+"_file"), p.there(key)
	switch {
	case there && named:
		p.addf(key, "和 %s 只能写一个", "and %s cannot both be given", key+"_file")
	case named && file == "":
		p.required(key+"_file", file)
	case named:
		return p.secretFile(key+"_file", file)
	case inline == "":
		p.addf(key, "必须填写（或用 %s 指定文件）", "must be given, or in the file that %s names", key+"_file")
	}
	return Secret{value: inline, inline: true}
}

func (p *parser) secretFile(key, name string) Secret {
	path := p.path(name)
	info, err := os.Stat(path)
	if err == nil && (info.IsDir() || info.Size() > maxSecret) {
		p.addf(key, "%s 不是密码文件", "%s is no file with a secret", path)
		return Secret{}
	}
	data, readErr := os.ReadFile(path)
	switch err := cmp.Or(err, readErr); {
	case errors.Is(err, fs.ErrNotExist):
		p.addf(key, "没有文件 %s；请新建，里面只写密码或密钥", "there is no file %s; make one that holds the password or key and nothing else", path)
		return Secret{}
	case errors.Is(err, fs.ErrPermission):
		p.addf(key, "无权读取文件 %s；请用 sudo 或以服务用户运行", "the file %s may not be read; use sudo, or run as the service's user", path)
		return Secret{}
	case err != nil:
		p.addf(key, "无法读取文件 %s：%v", "cannot read the file %s: %v", path, err)
		return Secret{}
	}
	if worldReadable(info) {
		p.warn(key, fmt.Sprintf("本机所有用户都可以读取 %s", path), fmt.Sprintf("everyone on this machine may read %s", path))
	}
	value := strings.TrimSpace(strings.TrimPrefix(string(data), bom))
	if value == "" {
		p.addf(key, "文件 %s 是空的", "the file %s is empty", path)
	}
	return Secret{value: value}
}
