package main

import (
	"context"
	"io"
	"log/slog"

	"parkagent/agent"
	"parkagent/agent/wallclock"
)

func runCommand() command {
	return command{
		name:    "run",
		summary: text{"运行车场：识别、开闸、收费、上报", "run the car park: cameras, gates, fees, reports"},
		details: text{
			"一直运行，直到收到 SIGTERM 或 Ctrl-C，或系统服务被停止；5 秒内结束，数据不会丢失。\n" +
				"日志写到标准错误输出；作为 systemd 服务时用 journalctl -u parkagent 查看。\n" +
				"Windows 服务的日志在数据目录的 parkagent.log 中。",
			"It runs until it gets SIGTERM or Ctrl-C, or its service is stopped, and then ends within 5\n" +
				"seconds with nothing lost. It logs to stderr; under systemd, see journalctl -u parkagent.\n" +
				"A Windows service logs to parkagent.log in the data folder.",
		},
		setup: func(f *flags) runFunc {
			var level slog.Level
			f.TextVar(&level, "log-level", slog.LevelInfo, f.say("日志级别 `debug|info|warn|error`", "what to log, `debug|info|warn|error`"))
			file := f.String("log-file", "", f.say("日志改写到 `FILE`，满 10 MB 换新，旧的为 FILE.1", "log to `FILE`; at 10 MB it becomes FILE.1"))
			return func(ctx context.Context, e *env, words []string) error {
				if err := noWords(words); err != nil {
					return err
				}
				return serve(ctx, func(ctx context.Context) error { return runSite(ctx, e, level, *file) })
			}
		},
	}
}

// runSite loads the configuration and runs the agent until ctx is done. It is
// all of the service's work: a service that fails before it met its manager
// would only time out there, and tell nobody why.
func runSite(ctx context.Context, e *env, level slog.Level, logTo string) error {
	site, err := loadSite(e)
	if err != nil {
		return err
	}
	e.warn(site)
	var out io.Writer = e.stderr
	if logTo != "" {
		file, err := openLog(logTo, mostLog)
		if err != nil {
			return &failure{text{"无法写日志文件 %s", "the log file %s cannot be written"}.with(logTo), err}
		}
		defer func() { _ = file.Close() }() // what it held is written already
		out = file
	}
	log := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level}))
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
