package config

import (
	"crypto/tls"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The defaults of what a file need not say.
const (
	defaultZone          = "Asia/Shanghai"
	defaultDir           = "data"
	defaultListen        = "0.0.0.0:8099"
	defaultConsole       = "127.0.0.1:8098"
	defaultRoundingLimit = 99 // fen
	defaultOrderValid    = 5 * time.Minute
	defaultDelay         = 15 * time.Minute
)

func (p *parser) park(raw rawPark) Park {
	park := Park{Code: raw.Code, Name: raw.Name, Language: Chinese, RoundingLimit: defaultRoundingLimit}
	p.required("park.code", raw.Code)
	p.required("park.name", raw.Name)
	p.choice("park.language", raw.Language, Chinese, English)
	if raw.Language != "" {
		park.Language = raw.Language
	}
	name := raw.TimeZone
	if name == "" {
		name = defaultZone
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		// The zone must not depend on the machine.
		p.addf("park.time_zone", "%q 不是时区；请写成例如 Asia/Shanghai", "%q is no time zone; write for example Asia/Shanghai", name)
		zone = time.UTC
	}
	park.Zone = zone
	if raw.RoundingLimit != nil {
		park.RoundingLimit = *raw.RoundingLimit
	}
	if park.RoundingLimit < 0 || park.RoundingLimit > 1000 {
		p.add("park.rounding_limit", "必须在 0 到 1000 分之间", "must be between 0 and 1000 fen")
	}
	park.OrderValid = p.duration("park.order_valid", raw.OrderValid, defaultOrderValid, 10*time.Second, 24*time.Hour)
	park.Delay = p.duration("park.delay", raw.Delay, defaultDelay, time.Minute, 24*time.Hour)
	park.BoothDelay = p.payDelay("park.booth_delay", raw.BoothDelay)
	p.choice("park.after_delay", raw.AfterDelay, "total", "restart")
	park.RestartAfterDelay = raw.AfterDelay == "restart"
	park.DiscountOrder = p.discountOrder("park.discount_order", raw.DiscountOrder)
	return park
}

// payDelay reads how long a car may stay after it paid at one place; 0 is as at
// any other.
func (p *parser) payDelay(key, value string) time.Duration {
	return p.duration(key, value, 0, time.Minute, 24*time.Hour)
}

func (p *parser) store(raw rawStore) Store {
	if raw.Dir == "" {
		raw.Dir = defaultDir
	}
	return Store{Dir: p.path(raw.Dir)}
}

func (p *parser) api(raw rawAPI) API {
	a := API{Listen: raw.Listen, PublicURL: raw.PublicURL, TestMode: raw.TestMode}
	if a.Listen == "" {
		a.Listen = defaultListen
	}
	host, port, ok := listening(a.Listen)
	if !ok {
		p.addf("api.listen", "%q 不是监听地址；请写成例如 0.0.0.0:8099", "%q is no address to listen on; write for example 0.0.0.0:8099", a.Listen)
	}
	a.TLSCert, a.TLSKey = p.certificate("api.tls_cert", raw.TLSCert), p.certificate("api.tls_key", raw.TLSKey)
	p.pair(a.TLSCert, a.TLSKey)
	switch ip := net.ParseIP(host); {
	case a.PublicURL != "":
		a.PublicURL = p.webAddress("api.public_url", a.PublicURL)
	case host == "" || ip != nil && ip.IsUnspecified():
		p.add("api.public_url", "必须填写：平台用它取图片，例如 http://203.0.113.7:8099", "must be given, platforms fetch pictures from it; for example http://203.0.113.7:8099")
	default:
		scheme := "http"
		if a.TLSCert != "" {
			scheme = "https"
		}
		a.PublicURL = scheme + "://" + net.JoinHostPort(host, strconv.FormatUint(port, 10))
	}
	if a.TestMode {
		p.warn("api.test_mode", "测试模式已打开：允许使用公开的密码，正式运行前请关闭", "test mode is on: published credentials are allowed; turn it off before real use")
	}
	return a
}

// IsHost reports whether a text can be an address or a name of a host. Numbers
// and dots that are no address are no name either: they are a mistyped one.
func IsHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	odd := func(r rune) bool {
		return !unicode.IsLetter(r) && !('0' <= r && r <= '9') && !strings.ContainsRune("-_.", r)
	}
	return s != "" && !strings.ContainsFunc(s, odd) && strings.ContainsFunc(s, unicode.IsLetter)
}

// certificate returns the path of a file that must be there.
func (p *parser) certificate(key, name string) string {
	if name == "" {
		return ""
	}
	path := p.path(name)
	if _, err := os.Stat(path); err != nil {
		p.addf(key, "找不到文件 %s", "there is no file %s", path)
	}
	return path
}

// pair checks that a certificate and its key are there together and belong
// together. Files that are not there were reported already.
func (p *parser) pair(cert, key string) {
	if (cert == "") != (key == "") {
		p.add("api", "tls_cert 和 tls_key 必须同时填写", "tls_cert and tls_key are needed together")
	}
	if cert == "" || key == "" {
		return
	}
	if _, err := tls.LoadX509KeyPair(cert, key); err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.addf("api.tls_cert", "证书和密钥不能用：%v", "the certificate and its key cannot be used: %v", err)
	}
}

// webAddress checks an http address and returns it without a slash at the end.
func (p *parser) webAddress(key, value string) string {
	u, err := url.Parse(value)
	if err != nil || !isWeb(u) || u.RawQuery != "" {
		p.addf(key, "%q 不是网址；请写成例如 http://203.0.113.7:8099", "%q is no web address; write for example http://203.0.113.7:8099", value)
		return ""
	}
	return strings.TrimRight(value, "/")
}

// linkBase checks the http address that links are made of by adding to its
// query, and returns it as it stands; an empty one gives the default.
func (p *parser) linkBase(key, value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	u, err := url.Parse(value)
	if err != nil || !isWeb(u) {
		p.addf(key, "%q 不是网址；请写成例如 http://203.0.113.7/ticket?from=qr（不能有 #）", "%q is no web address; write for example http://203.0.113.7/ticket?from=qr, without #", value)
		return ""
	}
	return value
}

// isWeb reports whether an address is one of the web, without a user or a place
// within the page.
func isWeb(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && IsHost(u.Hostname()) && u.Fragment == "" && u.User == nil
}
