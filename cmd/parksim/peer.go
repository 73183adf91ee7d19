package main

import (
	"cmp"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"flag"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"

	"parkagent/agent/config"
	"parkagent/protocol"
	"parkagent/protocol/platform"
)

// exchangeTimeout bounds every exchange with the agent. It is longer than a
// camera's push may wait for its lane.
const exchangeTimeout = 10 * time.Second

// An identity is who one side of the protocol is, as flags or an agent's
// configuration say. Flags win.
type identity struct {
	config string // file
	name   string // of the entry in it, empty: the first

	user, password, key, parkCode string

	zone    *time.Location // nil: Asia/Shanghai
	charset protocol.Charset
}

func (id *identity) flags(f *flag.FlagSet) {
	f.StringVar(&id.config, "config", "", "")
	f.StringVar(&id.name, "name", "", "")
	f.StringVar(&id.user, "user", "", "")
	f.StringVar(&id.password, "password", "", "")
	f.StringVar(&id.key, "key", "", "")
	f.StringVar(&id.parkCode, "park-code", "", "")
}

// identityHelp explains identity's flags.
var identityHelp = text{`
  --config FILE      parkagent 的配置文件，从中取用户名、密码、密钥和车场编号
  --name NAME        配置中的哪一个（默认第一个）
  --user --password --key --park-code
                     不用配置文件时直接给出（车场编号默认 1）；与 --config 同时给出时以此为准`, `
  --config FILE      parkagent's configuration, to take user, password, key and park code from
  --name NAME        which entry of it (default: the first)
  --user --password --key --park-code
                     instead of a configuration (park code: 1 by default), or to differ from it`}

// fill takes from an entry of the configuration what no flag gave.
func (id *identity) fill(user string, password, key config.Secret, parkCode, charset string, zone *time.Location) {
	id.user = cmp.Or(id.user, user)
	id.password = cmp.Or(id.password, password.Reveal())
	id.key = cmp.Or(id.key, key.Reveal())
	id.parkCode = cmp.Or(id.parkCode, parkCode)
	id.charset, id.zone = protocol.Charset(charset), zone
}

// check reports what neither flags nor configuration gave.
func (id *identity) check() error {
	for _, one := range []struct{ value, flag string }{{id.user, "--user"}, {id.password, "--password"}, {id.key, "--key"}} {
		if one.value == "" {
			return wrongUse(text{"请给出 --config，或给出 %s。", "give --config, or %s."}, one.flag)
		}
	}
	id.parkCode = cmp.Or(id.parkCode, "1")
	return nil
}

// load reads an agent's configuration. It is checked as far as this program
// knows its devices. From then on times are printed in its zone.
func (e *env) load(file string) (*config.Config, error) {
	c, err := config.Load(file, config.Known{Judge: judge})
	if err != nil {
		return nil, &complaint{text: text{"配置文件不可用", "the configuration cannot be used"}, cause: err, use: true}
	}
	e.zone = c.Park.Zone
	return c, nil
}

// entry returns the entry with the given name, the first if it is empty.
func entry[T any](list []T, nameOf func(T) string, kind, name string) (one T, err error) {
	for _, one := range list {
		if name == "" || nameOf(one) == name {
			return one, nil
		}
	}
	return one, wrongUse(text{"配置中没有名为 %[2]q 的 [[%[1]s]]。", "the configuration has no [[%s]] named %q."}, kind, name)
}

// A reach is how the agent's API is reached.
type reach struct {
	park    string // as --park says; empty: where the configuration listens
	api     config.API
	certDER []byte // the API's certificate, nil without TLS
}

func newReach(park string, api config.API) (reach, error) {
	r := reach{park: park, api: api}
	if api.TLSCert == "" {
		return r, nil
	}
	file, err := os.ReadFile(api.TLSCert)
	if err != nil {
		return r, failure(err, text{"读不到证书", "the certificate cannot be read"})
	}
	block, _ := pem.Decode(file)
	if block == nil {
		return r, wrongUse(text{"%s 不是 PEM 证书。", "%s is no PEM certificate."}, api.TLSCert)
	}
	r.certDER = block.Bytes
	return r, nil
}

// url returns the agent's address as seen from an address of this machine.
func (r reach) url(from netip.Addr) string {
	if r.park != "" {
		return r.park
	}
	scheme := "http://"
	if r.certDER != nil {
		scheme = "https://"
	}
	host, port, _ := net.SplitHostPort(r.api.Listen) // the configuration's checks saw to it
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = from.String()
	}
	return scheme + net.JoinHostPort(host, port)
}

// client returns an HTTP client that calls from the given address of this
// machine: an agent takes a camera's push from the camera's address only.
func (r reach) client(from netip.Addr) *http.Client {
	dialer := &net.Dialer{Timeout: exchangeTimeout}
	if from.IsValid() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
	}
	transport := &http.Transport{DialContext: dialer.DialContext}
	if r.certDER != nil {
		// The name in the certificate is rarely the address that is called
		// here, so the certificate itself is what must be met.
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true, VerifyConnection: r.verify}
	}
	return &http.Client{Transport: transport, Timeout: exchangeTimeout}
}

func (r reach) verify(s tls.ConnectionState) error {
	if len(s.PeerCertificates) == 0 || string(s.PeerCertificates[0].Raw) != string(r.certDER) {
		return errors.New("not the certificate that the configuration names")
	}
	return nil
}

// carPark returns the agent's downlink as the client id sees it.
func (r reach) carPark(id identity) (*platform.CarPark, error) {
	if err := id.check(); err != nil {
		return nil, err
	}
	cipher, err := protocol.NewCipher(id.key)
	if err != nil {
		return nil, wrongUse(text{"密钥不可用（%v）。", "the key cannot be used: %v."}, err)
	}
	return platform.NewCarPark(&protocol.Client{
		HTTP: r.client(netip.Addr{}), URL: r.url(loopback), User: id.user, Password: id.password,
		Cipher: cipher, Location: id.zone, Charset: id.charset,
	}, id.parkCode), nil
}

// asClient fills in id from a [[client]] of the configuration and returns the
// agent's downlink.
func asClient(id identity, park string, c *config.Config) (*platform.CarPark, error) {
	var api config.API
	if c != nil {
		api = c.API
		one, err := entry(c.Clients, func(x config.Client) string { return x.Name }, "client", id.name)
		if err != nil {
			return nil, err
		}
		id.fill(one.User, one.Password, one.Key, one.ParkCode, one.Charset, c.Park.Zone)
	} else if park == "" {
		return nil, wrongUse(text{"请给出 --config 或 --park。", "give --config or --park."})
	}
	r, err := newReach(park, api)
	if err != nil {
		return nil, err
	}
	return r.carPark(id)
}
