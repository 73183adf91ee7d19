package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/agent"
	"parkagent/agent/config"
	"parkagent/agent/wallclock"
	"parkagent/drivers/sim"
	"parkagent/protocol"
	"parkagent/protocol/platform"
)

// demoCommand plays a day of traffic on this machine, with every part real but
// the metal: sockets, frames, cipher, files.
func demoCommand() command {
	return command{
		name:    "demo",
		summary: text{"在本机演示一天的车流：模拟设备、模拟平台，最后核对账目", "play a day of traffic on this machine, with simulated devices and a simulated platform, and check the books"},
		details: text{
			"演示不需要任何设备、配置或网络。道闸、显示屏、相机和平台都是本机上的真实套接字。\n" +
				"账目相符时退出码为 0。--serve 在演示之后继续运行，按 Ctrl-C 结束。",
			"The demo needs no device, no configuration and no network. Gates, panels, cameras and the platform are real sockets on this machine.\n" +
				"It exits with 0 only if the books balance. With --serve it goes on running after the day; Ctrl-C ends it.",
		},
		setup: func(f *flags) runFunc {
			serve := f.Bool("serve", false, f.say("演示结束后继续运行", "keep running after the day"))
			verbose := f.Bool("verbose", false, f.say("同时显示日志", "show the log as well"))
			return func(ctx context.Context, e *env, words []string) error {
				if err := noWords(words); err != nil {
					return err
				}
				log := slog.New(slog.DiscardHandler)
				if *verbose {
					log = slog.New(slog.NewTextHandler(e.stderr, nil))
				}
				return runDemo(ctx, demoOptions{out: e.stdout, lang: e.lang, log: log, serve: *serve})
			}
		},
	}
}

type demoOptions struct {
	out   io.Writer
	lang  lang
	log   *slog.Logger
	serve bool
}

// A demo is a car park, a platform and the agent between them, all on
// loopback.
type demo struct {
	demoOptions
	dir      string
	clock    *wallclock.Clock
	zone     *time.Location
	api      net.Listener
	site     *sim.Site
	config   *config.Config
	platform *platform.Platform
	uplink   net.Listener      // where the platform listens
	phone    *platform.CarPark // the drivers' phones, through the platform
	steps    int
}

// dayTimeout bounds the day, so that a stuck part fails the demo and does not
// hang it.
const dayTimeout = 5 * time.Minute

// runDemo sets the stage, plays the day and checks the books.
func runDemo(ctx context.Context, o demoOptions) (err error) {
	dir, err := os.MkdirTemp("", "parkagent-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	d := &demo{demoOptions: o, dir: dir}
	if err := d.set(ctx); err != nil {
		return fmt.Errorf("set up the demo: %w", err)
	}
	stage, cancel := context.WithCancel(ctx)
	defer cancel()
	g, stage := errgroup.WithContext(stage)
	if err := d.start(stage, g); err != nil {
		cancel()
		return errors.Join(fmt.Errorf("start the demo: %w", err), g.Wait())
	}
	day, endOfDay := context.WithTimeout(stage, dayTimeout)
	err = d.playDay(day)
	endOfDay()
	if err == nil && o.serve {
		d.say(text{"继续运行：%s，按 Ctrl-C 结束。", "Running on at %s; Ctrl-C ends it."}, "http://"+d.api.Addr().String())
		<-stage.Done()
	}
	cancel()
	if err = errors.Join(err, g.Wait()); err != nil {
		return err
	}
	return d.checkBooks(context.WithoutCancel(ctx))
}

// set opens the addresses, and reads the configuration that names them.
func (d *demo) set(ctx context.Context) (err error) {
	if d.zone, err = protocol.LoadZone("Asia/Shanghai"); err != nil {
		return err
	}
	d.clock = wallclock.New(time.Time{})
	listen := func() (net.Listener, error) { return new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0") }
	if d.api, err = listen(); err != nil {
		return err
	}
	if d.uplink, err = listen(); err != nil {
		return err
	}
	if d.site, err = sim.OpenSite(ctx, demoSite("http://"+d.api.Addr().String())); err != nil {
		return err
	}
	text := demoConfig(d.api.Addr().String(), d.uplink.Addr().String(), d.site.Address, d.lang)
	if d.config, err = config.Parse(filepath.Join(d.dir, "demo.toml"), []byte(text), d.dir, known()); err != nil {
		return err
	}
	d.platform, err = platform.New(platform.Config{
		User: demoPlatformUser, Password: demoPlatformPassword, Key: demoPlatformKey, ParkCode: demoParkCode,
		Location: d.zone, Now: d.clock.Now, Log: d.log,
	})
	if err != nil {
		return err
	}
	cipher, err := protocol.NewCipher(demoClientKey)
	if err != nil {
		return err
	}
	d.phone = platform.NewCarPark(&protocol.Client{
		URL: "http://" + d.api.Addr().String(), User: demoClientUser, Password: demoClientPassword,
		Cipher: cipher, Location: d.zone, Now: d.clock.Now, HTTP: &http.Client{Timeout: 5 * time.Second},
	}, "")
	return nil
}

// start runs devices, platform and agent in g until ctx is done.
func (d *demo) start(ctx context.Context, g *errgroup.Group) error {
	drivers, problems := buildDrivers(d.config.Devices, driverConfig{zone: d.zone, now: d.clock.Now, log: d.log})
	if len(problems) > 0 {
		return &configError{path: d.config.Path, problems: problems}
	}
	a, err := agent.New(agent.Config{Site: d.config, Devices: drivers.Devices, Clock: d.clock, Log: d.log, Listener: d.api})
	if err != nil {
		return err
	}
	server := &http.Server{Handler: d.platform, ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(d.log.Handler(), slog.LevelDebug)}
	g.Go(func() error { return d.site.Run(ctx) })
	g.Go(func() error {
		stop := context.AfterFunc(ctx, func() { _ = server.Close() })
		defer stop()
		if err := server.Serve(d.uplink); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error { return a.Run(ctx) })
	return nil
}

// say prints one line.
func (d *demo) say(t text, args ...any) {
	fmt.Fprintln(d.out, t.with(args...).in(d.lang)) // a reader that has gone must not stop the day
}
