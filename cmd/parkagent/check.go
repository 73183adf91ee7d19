package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"parkagent/agent"
	"parkagent/agent/config"
)

func checkCommand() command {
	return command{
		name:    "check",
		summary: text{"检查配置文件，不接触任何设备", "check the configuration, touching no device"},
		details: text{
			"列出全部错误和警告：文件:行:列: 键: 说明，下面是原文。\n" +
				"配置正确时退出状态为 0，有错误时为 2。",
			"It lists all mistakes and warnings, as file:line:column: key: message, with the text below.\n" +
				"It exits with 0 when the configuration is right, with 2 when it has mistakes.",
		},
		setup: func(f *flags) runFunc {
			asJSON := f.Bool("json", false, f.say("以 JSON 输出", "print JSON"))
			return func(_ context.Context, e *env, words []string) error {
				if err := noWords(words); err != nil {
					return err
				}
				if *asJSON {
					return checkJSON(e)
				}
				site, err := checkSite(e)
				if err != nil {
					return err
				}
				e.warn(site)
				return e.tell(text{
					"配置 %s 正确：车道 %d，设备 %d，客户端 %d，平台 %d，收费标准 %d。",
					"Configuration %s is right: %d lanes, %d devices, %d clients, %d platforms, %d tariffs.",
				}.with(e.config, len(site.Lanes), len(site.Devices), len(site.Clients), len(site.Platforms), len(site.Tariffs)))
			}
		},
	}
}

// checkSite builds everything that can be built without touching a device.
func checkSite(e *env) (*config.Config, error) {
	site, err := loadSite(e)
	if err != nil {
		return nil, err
	}
	devices, err := buildDevices(site, nil)
	if err != nil {
		return nil, err
	}
	if _, err := agent.New(agent.Config{Site: site, Devices: devices}); err != nil {
		return nil, &configError{path: e.config, cause: err}
	}
	return site, nil
}

// A checkResult is what `check --json` prints.
type checkResult struct {
	File      string    `json:"file"`
	Right     bool      `json:"right"`
	Problems  []problem `json:"problems"`
	Warnings  []problem `json:"warnings"`
	Lanes     int       `json:"lanes"`
	Devices   int       `json:"devices"`
	Clients   int       `json:"clients"`
	Platforms int       `json:"platforms"`
	Tariffs   int       `json:"tariffs"`
}

// A problem is one mistake or warning in JSON.
type problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Key     string `json:"key"`
	Text    string `json:"text"`
	Message string `json:"message"`
}

func checkJSON(e *env) error {
	site, err := checkSite(e)
	r := checkResult{File: e.config, Right: err == nil, Problems: []problem{}, Warnings: []problem{}}
	var wrong *configError
	switch {
	case errors.As(err, &wrong) && wrong.cause == nil:
		r.Problems = problems(wrong.problems, e.lang)
	case err != nil:
		r.Problems = []problem{{File: e.config, Message: messageOf(err, e.lang)}}
	default:
		r.Warnings = problems(site.Warnings, e.lang)
		r.Lanes, r.Devices, r.Clients = len(site.Lanes), len(site.Devices), len(site.Clients)
		r.Platforms, r.Tariffs = len(site.Platforms), len(site.Tariffs)
	}
	if err := writeJSON(e.stdout, r); err != nil {
		return err
	}
	if !r.Right {
		return errors.Join(errSaid, errConfig)
	}
	return nil
}

func problems(list []config.Problem, l lang) []problem {
	out := make([]problem, len(list))
	for i, p := range list {
		out[i] = problem{File: p.File, Line: p.Line, Column: p.Column, Key: p.Key, Text: p.Text, Message: p.Chinese}
		if l == english {
			out[i].Message = p.English
		}
	}
	return out
}

// writeJSON prints v for scripts, and so that people can read it too.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
