package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"syscall"

	"parkagent/agent"
	"parkagent/agent/config"
	"parkagent/agent/wallclock"
	"parkagent/store"
)

func runCommand() command {
	return command{
		name:    "run",
		summary: text{"运行车场：识别、开闸、收费、上报", "run the car park: cameras, gates, fees, reports"},
		details: text{
			"一直运行，直到收到 SIGTERM 或 Ctrl-C，或系统服务被停止；5 秒内结束，数据不会丢失。\n" +
				"日志写到标准错误输出；作为 systemd 服务时用 journalctl -u parkagent 查看。",
			"It runs until it gets SIGTERM or Ctrl-C, or its service is stopped, and then ends within 5\n" +
				"seconds with nothing lost. It logs to stderr; under systemd, see journalctl -u parkagent.",
		},
		setup: func(f *flags) runFunc {
			var level slog.Level
			f.TextVar(&level, "log-level", slog.LevelInfo, f.say("日志级别 `debug|info|warn|error`", "what to log, `debug|info|warn|error`"))
			return func(ctx context.Context, e *env, words []string) error {
				if err := noWords(words); err != nil {
					return err
				}
				return serve(ctx, func(ctx context.Context) error { return runSite(ctx, e, level) })
			}
		},
	}
}

// runSite loads the configuration and runs the agent until ctx is done. It is
// all of the service's work: a service that fails before it met its manager
// would only time out there, and tell nobody why.
func runSite(ctx context.Context, e *env, level slog.Level) error {
	site, err := loadSite(e)
	if err != nil {
		return err
	}
	e.warn(site)
	log := slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: level}))
	devices, err := buildDevices(site, log)
	if err != nil {
		return err
	}
	a, err := agent.New(agent.Config{Site: site, Devices: devices, Clock: wallclock.New(wallclock.BuildDate()), Log: log})
	if err != nil {
		return &configError{path: e.config, cause: err}
	}
	return explainRun(a.Run(ctx), site)
}

// wsaAddressInUse is EADDRINUSE as Windows says it. No other system has an error
// with this number.
const wsaAddressInUse = syscall.Errno(10048)

// explainRun puts words for an installer around what commonly keeps an agent
// from starting.
func explainRun(err error, site *config.Config) error {
	var listen *net.OpError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, wsaAddressInUse):
		return &failure{text{
			"地址 %s 已被占用：另一个 parkagent 或其他程序正在使用；请停止它，或修改 [api] listen",
			"address %s is in use: by another parkagent or another program; stop it, or change listen in [api]",
		}.with(site.API.Listen), err}
	case errors.As(err, &listen) && listen.Op == "listen":
		return &failure{text{"无法监听 %s；请检查 [api] listen", "cannot listen on %s; check listen in [api]"}.with(site.API.Listen), err}
	case errors.Is(err, store.ErrNewer):
		return &failure{text{
			"数据 %s 是更新版本的程序写的；请安装该版本，或恢复升级前的备份",
			"data %s was written by a newer version of this program; install that version, or restore the backup from before the upgrade",
		}.with(agent.DatabasePath(site)), err}
	}
	return &failure{text{"运行中出错", "the agent failed"}, err}
}
