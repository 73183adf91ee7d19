package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/agent/config"
	"parkagent/protocol"
	"parkagent/protocol/platform"
)

func platformCommand() command {
	return command{
		name:    "platform",
		summary: text{"代替平台：接收上报、应答询问，逐条显示，最后合计", "be the platform: take reports, answer questions, show each, add them up"},
		help: text{`配置中 [[platform]] 的 url 应指向这里，例如 url = "http://127.0.0.1:8090/park"。
用浏览器打开监听地址可随时查看合计；按 Ctrl-C 结束并显示合计。入场小票和找零小票上的链接也由这里应答。

选项：
  --listen ADDR      监听地址（默认 127.0.0.1:8090）` + identityHelp[chinese] + moneyHelp[chinese] + `
  --refuse N         拒绝前 N 条上报
  --drop N           切断前 N 条上报的连接，不保存
  --lose N           保存前 N 条上报但不应答：它们应当再来一次
  --down-after D     运行 D（如 30s）之后断线
  --down-for D       断线持续 D；不写则一直断线
  --nasty            像最差的平台那样应答：迟到、断线、错误页面、格式走样、重复报错
  --seed N           --nasty 的随机种子（默认 1）；种子相同，每个接口的第几条受何对待就相同
  --slow D           --nasty 的迟到时间（默认 5s）`,
			`The url of [[platform]] in the configuration must lead here, as in url = "http://127.0.0.1:8090/park".
A browser at the listening address shows the totals at any time; Ctrl-C ends and shows them. The links on entry
tickets and change slips are answered as well.

Flags:
  --listen ADDR      address to listen on (default 127.0.0.1:8090)` + identityHelp[english] + moneyHelp[english] + `
  --refuse N         refuse the first N reports
  --drop N           cut the connection of the first N reports and keep nothing
  --lose N           keep the first N reports without an answer: they must come again
  --down-after D     be away after D, as in 30s
  --down-for D       be back after D more; without it, stay away
  --nasty            answer like the worst of platforms: late, cut off, error pages, odd forms, duplicates refused
  --seed N           of the dice of --nasty (default 1); the same seed treats the n-th request of an interface alike
  --slow D           how late --nasty is (default 5s)`},
		setup: func(f *flag.FlagSet) work {
			var o platformOptions
			o.identity.flags(f)
			o.money.flags(f)
			f.StringVar(&o.listen, "listen", "127.0.0.1:8090", "")
			f.IntVar(&o.refuse, "refuse", 0, "")
			f.IntVar(&o.drop, "drop", 0, "")
			f.IntVar(&o.lose, "lose", 0, "")
			f.DurationVar(&o.downAfter, "down-after", 0, "")
			f.DurationVar(&o.downFor, "down-for", 0, "")
			f.BoolVar(&o.nasty, "nasty", false, "")
			f.Uint64Var(&o.seed, "seed", 0, "")
			f.DurationVar(&o.slow, "slow", 0, "")
			return func(ctx context.Context, e *env, words []string) error {
				switch {
				case len(words) > 0:
					return wrongUse(text{"多余的参数 %q。", "%q is one word too many."}, words[0])
				case !o.nasty && (o.seed != 0 || o.slow != 0):
					return wrongUse(text{"--seed 和 --slow 须与 --nasty 同用。", "--seed and --slow go with --nasty."})
				case o.slow < 0:
					return wrongUse(text{"--slow 不能是负数。", "--slow cannot be negative."})
				}
				return runPlatform(ctx, e, o)
			}
		},
	}
}

type platformOptions struct {
	identity
	money
	listen             string
	refuse, drop, lose int
	downAfter, downFor time.Duration
	nasty              bool
	seed               uint64
	slow               time.Duration
}

func runPlatform(ctx context.Context, e *env, o platformOptions) error {
	var c *config.Config
	var reported string // where the configuration reports to
	if o.config != "" {
		var err error
		if c, err = e.load(o.config); err != nil {
			return err
		}
		one, err := entry(c.Platforms, func(x config.Platform) string { return x.Name }, "platform", o.name)
		if err != nil {
			return err
		}
		o.fill(one.User, one.Password, one.Key, one.ParkCode, one.Charset, c.Park.Zone)
		reported = one.URL
	}
	if err := o.check(); err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return failure(err, text{"不能监听", "cannot listen"})
	}
	p, err := o.platform(e, c, cmp.Or(reported, "http://"+l.Addr().String()+"/"))
	if err != nil {
		return errors.Join(err, l.Close())
	}
	e.say(text{"平台已就绪：http://%s/（车场编号 %s）", "The platform is at http://%s/ (park code %s)."}, l.Addr(), o.parkCode)
	if u, err := url.Parse(reported); reported != "" && err == nil && u.Host != l.Addr().String() {
		e.say(text{"注意：配置中的 url 是 %s，上报不会到这里，除非它就是本机的另一个地址。", "Note: the configuration reports to %s, which is not here, unless it is another address of this machine."}, reported)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return serve(ctx, l, &desk{e: e, platform: p}) })
	g.Go(func() error { return p.Run(ctx) })
	g.Go(func() error { outage(ctx, e, p, o); return nil })
	err = g.Wait()
	e.print(e.stdout, totals(e, p))
	return err
}

// platform makes the platform that the options describe. page is the address of
// its pages.
func (o platformOptions) platform(e *env, c *config.Config, page string) (*platform.Platform, error) {
	if _, err := protocol.NewCipher(o.key); err != nil {
		return nil, wrongUse(text{"密钥不可用（%v）。", "the key cannot be used: %v."}, err)
	}
	park, err := o.carPark(o.identity, c)
	if err != nil {
		return nil, err
	}
	pc := platform.Config{
		User: o.user, Password: o.password, Key: o.key, ParkCode: o.parkCode, Location: o.zone,
		CarPark: park, PageURL: page, Log: slog.New(slog.NewTextHandler(logLines{e}, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if o.nasty {
		pc.Nasty = platform.NewNasty(cmp.Or(o.seed, 1))
		pc.Nasty.Slow = o.slow
	}
	p, err := platform.New(pc)
	if err != nil {
		return nil, failure(err, text{"平台不能启动", "the platform cannot be made"})
	}
	o.money.give(p)
	p.Inject(platform.Refuse, "", o.refuse, "模拟拒绝")
	p.Inject(platform.Drop, "", o.drop, "")
	p.Inject(platform.Lose, "", o.lose, "")
	return p, nil
}

// logLines takes the platform's log: what its own answers do not tell, such as the
// date that a caller has, or a payment that the car park refused.
type logLines struct{ e *env }

// Write prints one line on stderr.
func (l logLines) Write(line []byte) (int, error) {
	l.e.print(l.e.stderr, strings.TrimRight(string(line), "\n"))
	return len(line), nil
}

// serve answers HTTP until ctx is done; then it cuts what is left.
func serve(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: exchangeTimeout}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	err := server.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return failure(err, text{"服务中断", "the server failed"})
}

// outage takes the platform away for the time that was asked for.
func outage(ctx context.Context, e *env, p *platform.Platform, o platformOptions) {
	if o.downAfter == 0 && o.downFor == 0 || !pause(ctx, o.downAfter) {
		return
	}
	p.Down(platform.Dropping)
	e.event(text{"—— 断线 ——", "-- away --"})
	if o.downFor == 0 || !pause(ctx, o.downFor) {
		return
	}
	p.Up()
	e.event(text{"—— 恢复 ——", "-- back --"})
}

// pause waits, and reports whether ctx let it.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
