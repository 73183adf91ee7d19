package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/agent/config"
	simprinter "parkagent/drivers/sim/printer"
	simscanner "parkagent/drivers/sim/scanner"
)

func siteCommand() command {
	return command{
		name:    "site",
		summary: text{"代替现场：道闸、显示屏、相机，并让车辆进出", "be the site: gates, panels and cameras, and let cars come and go"},
		help: text{`在配置的 link 地址上模拟道闸板、显示屏、打印机和扫码器，相机向 parkagent 推送或应答它的询问。地址必须属于本机：
设备写 link = "tcp://127.0.0.1:1502"，相机写 ip = "127.0.0.1"（Linux 上也可以是 127.0.0.2 等）。
不属于本机的设备不模拟，也就可以与真实设备混用。

选项：
  --config FILE      parkagent 的配置文件
  --park URL         parkagent 的地址（默认取配置中的 api.listen）
  --cars N           共来多少辆车（默认 10）；全部离场后结束
  --every D          每隔多久来一辆（默认 2s）
  --stay D           每辆停多久（默认 10s）
  --pay              在出口缴费，用第一个 [[client]] 的身份
  --client NAME      用这个 [[client]] 的身份缴费
  --idle             不来车，只模拟设备
  --pty              串口设备用虚拟串口模拟，显示其名称（Windows 上没有）` + faultHelp[chinese],
			`Relay boards, panels, printers and scanners answer at the link of each device; cameras push to parkagent, or
answer what it asks. The addresses must be
this machine's: devices have link = "tcp://127.0.0.1:1502", cameras ip = "127.0.0.1" (on Linux 127.0.0.2 and
so on as well). Devices at other addresses are left out, so real ones can be mixed in.

Flags:
  --config FILE      parkagent's configuration
  --park URL         where parkagent listens (default: api.listen of the configuration)
  --cars N           how many cars come (default 10); the command ends when all have left
  --every D          one comes each D (default 2s)
  --stay D           how long each stays (default 10s)
  --pay              drivers pay at the exit, through the first [[client]]
  --client NAME      they pay through this [[client]]
  --idle             no cars, only devices
  --pty              serial devices at virtual ports, whose names are shown (not on Windows)` + faultHelp[english]},
		setup: func(f *flag.FlagSet) work {
			o := siteOptions{pace: normalPace(), listen: listenTCP}
			f.StringVar(&o.config, "config", "", "")
			f.StringVar(&o.park, "park", "", "")
			f.IntVar(&o.cars, "cars", 10, "")
			f.DurationVar(&o.every, "every", 2*time.Second, "")
			f.DurationVar(&o.stay, "stay", 10*time.Second, "")
			f.BoolVar(&o.pay, "pay", false, "")
			f.StringVar(&o.client, "client", "", "")
			f.BoolVar(&o.idle, "idle", false, "")
			f.BoolVar(&o.pty, "pty", false, "")
			f.Func("fault", "", func(s string) error {
				one, err := parseFault(s)
				o.faults = append(o.faults, one)
				return err
			})
			return func(ctx context.Context, e *env, words []string) error {
				switch {
				case len(words) > 0:
					return wrongUse(text{"多余的参数 %q。", "%q is one word too many."}, words[0])
				case o.config == "":
					return wrongUse(text{"请给出 --config。", "give --config."})
				}
				return runSite(ctx, e, o)
			}
		},
	}
}

type siteOptions struct {
	config, park, client string
	cars                 int
	every, stay          time.Duration
	pay, idle, pty       bool
	faults               []fault

	pace   pace
	listen func(ctx context.Context, address string) (net.Listener, error)
}

func listenTCP(ctx context.Context, address string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, "tcp", address)
}

// A site is the devices of a configuration that are played here.
type site struct {
	e      *env
	opt    siteOptions
	config *config.Config
	reach  reach

	gates   map[string]*barrierSim
	panels  map[string]*panelSim
	cameras map[string]*cameraSim
	lines   map[string]*boards // by address
	behind  map[string]board   // behind a camera, by its code and the port

	serve []func(ctx context.Context) error
	open  []io.Closer
}

func runSite(ctx context.Context, e *env, o siteOptions) error {
	c, err := e.load(o.config)
	if err != nil {
		return err
	}
	s := &site{
		e: e, opt: o, config: c, gates: map[string]*barrierSim{}, panels: map[string]*panelSim{},
		cameras: map[string]*cameraSim{}, lines: map[string]*boards{}, behind: map[string]board{},
	}
	if s.reach, err = newReach(o.park, c.API); err != nil {
		return err
	}
	traffic, err := s.build(ctx)
	if err != nil {
		for _, one := range s.open {
			_ = one.Close() // nothing was served there yet
		}
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	for _, serve := range s.serve {
		g.Go(func() error { return serve(ctx) })
	}
	for _, f := range o.faults {
		g.Go(func() error { s.happen(ctx, f); return nil })
	}
	if traffic != nil {
		g.Go(func() error {
			defer cancel()
			return traffic.run(ctx)
		})
	}
	return g.Wait()
}

// build opens every address, and prepares the cars. With --idle there are none.
func (s *site) build(ctx context.Context) (*traffic, error) {
	s.e.say(text{"parkagent 的地址：%s", "parkagent is at %s"}, s.reach.url(loopback))
	for _, kind := range []string{config.KindGate, config.KindDisplay, config.KindScanner, config.KindPrinter, config.KindCamera} { // cameras open gates
		for _, d := range s.config.Devices {
			if d.Kind != kind {
				continue
			}
			if err := s.device(ctx, d); err != nil {
				return nil, failure(err, text{"不能模拟设备 %s", "device %s cannot be played"}, d.Code)
			}
		}
	}
	for _, address := range slices.Sorted(maps.Keys(s.lines)) {
		if err := s.boards(ctx, s.lines[address]); err != nil {
			return nil, failure(err, text{"不能模拟 %s", "%s cannot be played"}, address)
		}
	}
	if len(s.serve) == 0 {
		return nil, wrongUse(text{"配置中没有一个设备在本机的地址上。", "no device of the configuration is at an address of this machine."})
	}
	if err := s.checkFaults(s.opt.faults); err != nil || s.opt.idle {
		return nil, err
	}
	return newTraffic(s)
}

func (s *site) device(ctx context.Context, d config.Device) error {
	p, _, err := planOf(d)
	switch {
	case errors.Is(err, errUnknown):
		s.leaveOut(d, text{"不支持驱动 %s", "driver %s is not supported"}, d.Driver)
		return nil
	case err != nil:
		return err // the configuration's checks know it already
	}
	switch d.Kind {
	case config.KindCamera:
		return s.camera(ctx, d, p)
	case config.KindDisplay:
		return s.panel(ctx, d, p)
	case config.KindScanner:
		return s.scanner(ctx, d, p)
	case config.KindPrinter:
		return s.printer(ctx, d, p)
	}
	if p.via != "" {
		s.gates[d.Code] = newBarrier(s.e, d.Code)
		return nil
	}
	if !s.here(d, p.link) {
		return nil
	}
	line := s.lines[p.link.Address]
	if line == nil {
		line = &boards{link: p.link}
		s.lines[p.link.Address] = line
	}
	if slices.Contains(line.units, p.relay.Unit) {
		s.leaveOut(d, text{"这里每块继电器板只能接一个道闸（站号 %d 已使用）", "a relay board has one barrier here, and unit %d has one"}, p.relay.Unit)
		return nil
	}
	g := newBarrier(s.e, d.Code)
	g.wire(p.relay, s.opt.pace)
	s.gates[d.Code] = g
	line.codes, line.units, line.list = append(line.codes, d.Code), append(line.units, p.relay.Unit), append(line.list, g.board)
	s.serve = append(s.serve, func(ctx context.Context) error { g.run(ctx); return nil })
	return nil
}

// leaveOut tells that a device is not played, and why.
func (s *site) leaveOut(d config.Device, why text, args ...any) {
	s.e.say(text{"%s  不模拟：%s", "%s  left out: %s"}, d.Code, s.e.in(why, args...))
}

// A player is what can be played at the end of a line.
type player interface {
	Serve(ctx context.Context, l net.Listener) error
	Attach(ctx context.Context, line io.ReadWriteCloser) error
}

// play lets something answer where a link leads, and reports whether that is here.
func (s *site) play(ctx context.Context, d config.Device, p plan, one player) (bool, error) {
	if !s.here(d, p.link) {
		return false, nil
	}
	l, line, err := s.port(ctx, p.link, d.Code)
	if err != nil {
		return false, err
	}
	s.serve = append(s.serve, func(ctx context.Context) error {
		if line != nil {
			return s.unplugged(ctx, d.Code, one.Attach(ctx, line))
		}
		return one.Serve(ctx, l)
	})
	return true, nil
}

func (s *site) panel(ctx context.Context, d config.Device, p plan) error {
	panel := &panelSim{e: s.e, code: d.Code, board: p.panel()}
	if p.via == "" {
		if here, err := s.play(ctx, d, p, panel.board); !here || err != nil {
			return err
		}
	} else {
		s.behind[fmt.Sprintf("%s %d", p.via, p.port)] = panel.board
		s.e.say(text{"%s  接在相机 %s 后面", "%s  behind camera %s"}, d.Code, p.via)
	}
	s.panels[d.Code] = panel
	s.serve = append(s.serve, func(ctx context.Context) error { panel.run(ctx); return nil })
	return nil
}

func (s *site) scanner(ctx context.Context, d config.Device, p plan) error {
	_, err := s.play(ctx, d, p, attached{new(simscanner.Scanner)})
	return err
}

func (s *site) printer(ctx context.Context, d config.Device, p plan) error {
	out := simprinter.New(p.paper)
	if here, err := s.play(ctx, d, p, attached{out}); !here || err != nil {
		return err
	}
	s.serve = append(s.serve, func(ctx context.Context) error {
		printed := 0
		for {
			changed := out.Changed()
			slips := out.Slips()
			for _, slip := range slips[printed:] {
				s.e.event(text{"%s  打印 %q，二维码 %q", "%s  prints %q, QR codes %q"}, d.Code, slip.Lines, slip.QRs)
			}
			printed = len(slips)
			select {
			case <-changed:
			case <-ctx.Done():
				return nil
			}
		}
	})
	return nil
}

// attached is a player whose line tells no error when it ends.
type attached struct {
	one interface {
		Serve(ctx context.Context, l net.Listener) error
		Attach(ctx context.Context, line io.ReadWriteCloser)
	}
}

// Serve lets it answer at an address.
func (a attached) Serve(ctx context.Context, l net.Listener) error { return a.one.Serve(ctx, l) }

// Attach lets it answer on a line.
func (a attached) Attach(ctx context.Context, line io.ReadWriteCloser) error {
	a.one.Attach(ctx, line)
	return nil
}

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

func (s *site) camera(ctx context.Context, d config.Device, p plan) error {
	if !ours(d.IP) {
		s.leaveOut(d, text{"ip %s 不是本机的地址，parkagent 会拒绝来自这里的推送；试验时请写 ip = \"127.0.0.1\"",
			"ip %s is no address of this machine, and parkagent refuses pushes from elsewhere; for a trial write ip = \"127.0.0.1\""}, d.IP)
		return nil
	}
	ip := netip.MustParseAddr(d.IP) // the configuration's checks saw to it
	c := &cameraSim{e: s.e, code: d.Code, url: s.reach.url(ip) + "/camera/" + d.Code}
	if d.Token.Set() {
		c.url += "/" + url.PathEscape(d.Token.Reveal())
	}
	for _, other := range s.config.Devices {
		if g := s.gates[other.Code]; g != nil && g.board == nil && other.Options["camera"] == d.Code {
			c.gate = g
		}
	}
	client := s.reach.client(ip)
	c.make(d, p, client, s.opt.pace.heartbeat, func(port int, frame []byte) {
		if b := s.behind[fmt.Sprintf("%s %d", d.Code, port)]; b != nil {
			b.Feed(frame)
		}
	})
	if c.web != nil {
		if err := s.webSide(ctx, d, c.web); err != nil {
			return err
		}
	}
	s.cameras[d.Code] = c
	s.e.say(text{"%s  从 %s 推送", "%s  pushes from %s"}, d.Code, d.IP)
	s.serve = append(s.serve, func(ctx context.Context) error {
		defer client.CloseIdleConnections()
		c.run(ctx)
		return nil
	})
	return nil
}

// webSide lets a camera answer for pictures at its link, if that is here.
func (s *site) webSide(ctx context.Context, d config.Device, h http.Handler) error {
	if d.Link == "" {
		return nil
	}
	u, err := url.Parse(d.Link)
	if err != nil {
		return err
	}
	if u.Scheme != "http" || u.Port() == "" || !ours(u.Hostname()) {
		s.e.say(text{"%s  不模拟抓拍：link %s 不是本机的 http 地址和端口", "%s  takes no pictures on demand: its link %s is no http address with a port of this machine"}, d.Code, d.Link)
		return nil
	}
	l, err := s.opt.listen(ctx, u.Host)
	if err != nil {
		return err
	}
	s.open = append(s.open, l)
	s.e.say(text{"%s  在 %s", "%s  at %s"}, d.Code, l.Addr())
	s.serve = append(s.serve, func(ctx context.Context) error { return serve(ctx, l, h) })
	return nil
}
