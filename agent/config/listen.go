package config

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// listening splits an address to listen on, and reports whether it is one.
func listening(address string) (host string, port uint64, ok bool) {
	host, digits, err := net.SplitHostPort(address)
	port, portErr := strconv.ParseUint(digits, 10, 16)
	return host, port, err == nil && portErr == nil && (host == "" || IsHost(host))
}

// console reads the console's address. Both servers cannot listen in one place,
// and that would show only when the agent starts.
func (p *parser) console(raw rawConsole, api API) Console {
	c := Console{Listen: raw.Listen, Booths: raw.Listen != ""}
	if c.Listen == "" {
		c.Listen = defaultConsole
	}
	host, port, ok := listening(c.Listen)
	if !ok {
		p.addf("console.listen", "%q 不是监听地址；请写成例如 0.0.0.0:8098", "%q is no address to listen on; write for example 0.0.0.0:8098", c.Listen)
		return c
	}
	apiHost, apiPort, apiOK := listening(api.Listen)
	if !apiOK || port != apiPort || port == 0 || !overlap(host, apiHost) {
		return c // of port 0 the system makes two different ones
	}
	if p.there("console.listen") {
		p.addf("console.listen", "%q 与 [api] 的 listen %q 冲突，请换一个端口", "%q is taken by listen of [api], %q; choose another port", c.Listen, api.Listen)
	} else {
		p.addf("api.listen", "%[2]q 与 [console] 的 listen 冲突，其缺省值为 %[1]q；请换一个端口", "%[2]q is taken by listen of [console], which is %[1]q by default; choose another port", c.Listen, api.Listen)
	}
	return c
}

// overlap reports whether two hosts to listen on have an address in common, as
// far as their names tell.
func overlap(a, b string) bool {
	left, right := addressOf(a), addressOf(b)
	switch {
	case left.IsUnspecified() || right.IsUnspecified():
		return true // 0.0.0.0 takes the addresses of IPv6 as well
	case left.IsValid() && right.IsValid():
		return left == right
	}
	return strings.EqualFold(a, b)
}

// addressOf returns the address that a host to listen on stands for, which of
// most names is not known: then it is not valid.
func addressOf(host string) netip.Addr {
	switch {
	case host == "":
		return netip.IPv6Unspecified()
	case strings.EqualFold(host, "localhost"):
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}

// reachable warns of pay machines that cannot call the console, because it
// listens to this machine only.
func (p *parser) reachable(c *Config) {
	host, _, ok := listening(c.Console.Listen)
	if !ok || !addressOf(host).IsLoopback() {
		return
	}
	for i, d := range c.Devices {
		if ip, err := netip.ParseAddr(d.IP); d.Kind != KindKiosk || err != nil || ip.Unmap().IsLoopback() {
			continue
		}
		p.warn(fmt.Sprintf("device[%d].ip", i),
			fmt.Sprintf("缴费机连不上：[console] 的 listen 是 %s，只接受本机；请改为例如 0.0.0.0:8098", c.Console.Listen),
			fmt.Sprintf("this kiosk cannot call: listen of [console] is %s, which takes calls of this machine only; write for example 0.0.0.0:8098", c.Console.Listen))
	}
}
