package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"net"
	"net/http"
	"net/url"
	"path"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/agent/config"
	"parkagent/protocol"
	"parkagent/protocol/platform"
)

func platformCommand() command {
	return command{
		name:    "platform",
		summary: text{"代替平台：接收上报，逐条显示，最后合计", "be the platform: take the reports, show each, add them up"},
		help: text{`配置中 [[platform]] 的 url 应指向这里，例如 url = "http://127.0.0.1:8090/park"。
用浏览器打开监听地址可随时查看合计；按 Ctrl-C 结束并显示合计。

选项：
  --listen ADDR      监听地址（默认 127.0.0.1:8090）` + identityHelp[chinese] + `
  --refuse N         拒绝前 N 条上报
  --drop N           切断前 N 条上报的连接，不保存
  --lose N           保存前 N 条上报但不应答：它们应当再来一次
  --down-after D     运行 D（如 30s）之后断线
  --down-for D       断线持续 D；不写则一直断线`,
			`The url of [[platform]] in the configuration must lead here, as in url = "http://127.0.0.1:8090/park".
A browser at the listening address shows the totals at any time; Ctrl-C ends and shows them.

Flags:
  --listen ADDR      address to listen on (default 127.0.0.1:8090)` + identityHelp[english] + `
  --refuse N         refuse the first N reports
  --drop N           cut the connection of the first N reports and keep nothing
  --lose N           keep the first N reports without an answer: they must come again
  --down-after D     be away after D, as in 30s
  --down-for D       be back after D more; without it, stay away`},
		setup: func(f *flag.FlagSet) work {
			var o platformOptions
			o.identity.flags(f)
			f.StringVar(&o.listen, "listen", "127.0.0.1:8090", "")
			f.IntVar(&o.refuse, "refuse", 0, "")
			f.IntVar(&o.drop, "drop", 0, "")
			f.IntVar(&o.lose, "lose", 0, "")
			f.DurationVar(&o.downAfter, "down-after", 0, "")
			f.DurationVar(&o.downFor, "down-for", 0, "")
			return func(ctx context.Context, e *env, words []string) error {
				if len(words) > 0 {
					return wrongUse(text{"多余的参数 %q。", "%q is one word too many."}, words[0])
				}
				return runPlatform(ctx, e, o)
			}
		},
	}
}

type platformOptions struct {
	identity
	listen             string
	refuse, drop, lose int
	downAfter, downFor time.Duration
}

func runPlatform(ctx context.Context, e *env, o platformOptions) error {
	var reported string // where the configuration reports to
	if o.config != "" {
		c, err := e.load(o.config)
		if err != nil {
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
	p, err := platform.New(platform.Config{User: o.user, Password: o.password, Key: o.key, ParkCode: o.parkCode, Location: o.zone})
	if err != nil {
		return wrongUse(text{"密钥不可用（%v）。", "the key cannot be used: %v."}, err)
	}
	p.Inject(platform.Refuse, "", o.refuse, "模拟拒绝")
	p.Inject(platform.Drop, "", o.drop, "")
	p.Inject(platform.Lose, "", o.lose, "")
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return failure(err, text{"不能监听", "cannot listen"})
	}
	e.say(text{"平台已就绪：http://%s/（车场编号 %s）", "The platform is at http://%s/ (park code %s)."}, l.Addr(), o.parkCode)
	if u, err := url.Parse(reported); reported != "" && err == nil && u.Host != l.Addr().String() {
		e.say(text{"注意：配置中的 url 是 %s，上报不会到这里，除非它就是本机的另一个地址。", "Note: the configuration reports to %s, which is not here, unless it is another address of this machine."}, reported)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return serve(ctx, l, &desk{e: e, platform: p}) })
	g.Go(func() error { outage(ctx, e, p, o); return nil })
	err = g.Wait()
	e.print(e.stdout, totals(e, p.Totals()))
	return err
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

// A desk stands before a platform and tells what comes and how it was answered.
type desk struct {
	e        *env
	platform *platform.Platform

	mu   sync.Mutex // held while new records are told, so that they are told in order
	told int        // Seq of the last
}

// ServeHTTP hands reports to the platform, and shows the totals to browsers.
func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(totals(d.e, d.platform.Totals()) + "\n")) // a browser that left wants none
		return
	}
	name, heard := path.Base(r.URL.Path), &heard{ResponseWriter: w}
	defer func() {
		d.tell()
		cut := recover()
		if cut != nil {
			d.e.event(text{"%s：连接已切断", "%s: the connection was cut"}, name)
			panic(cut) // as the platform did, to cut it
		}
		if reply, err := protocol.DecodeReply(heard.body.Bytes()); err == nil && !reply.OK() {
			d.e.event(text{"%s：拒绝 %s 的请求：%s", "%s: refused to %s: %s"}, name, r.RemoteAddr, cmp.Or(reply.Msg, reply.Code))
		}
	}()
	d.platform.ServeHTTP(heard, r)
}

// tell prints the records that are new.
func (d *desk) tell() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.platform.Records() {
		if r.Seq <= d.told {
			continue
		}
		d.told = r.Seq
		again := text{}
		if r.Duplicate {
			again = text{"（重复）", " (again)"}
		}
		d.e.event(text{"%s  %s%s", "%s  %s%s"}, r.Interface, describe(d.e, r.Message), again[d.e.lang])
	}
}

// A heard response is kept as it is written.
type heard struct {
	http.ResponseWriter
	body bytes.Buffer
}

// Write writes to both.
func (h *heard) Write(b []byte) (int, error) {
	h.body.Write(b)
	return h.ResponseWriter.Write(b)
}
