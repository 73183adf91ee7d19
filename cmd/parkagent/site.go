package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"parkagent/agent/config"
)

// loadSite reads and checks the configuration that --config names, devices'
// links and options included.
func loadSite(e *env) (*config.Config, error) {
	site, err := config.Load(e.config, known())
	var problems config.Errors
	switch {
	case errors.As(err, &problems):
		return nil, &configError{path: e.config, problems: problems}
	case errors.Is(err, fs.ErrNotExist):
		return nil, usageError{text{"没有配置文件 %s；用 --config 指定", "there is no configuration %s; name one with --config"}.with(e.config)}
	case errors.Is(err, fs.ErrPermission):
		return nil, usageError{text{"无权读取配置文件 %s；请用 sudo 或以服务用户运行", "configuration %s may not be read; use sudo, or run as the service's user"}.with(e.config)}
	case err != nil:
		return nil, &configError{path: e.config, cause: err}
	}
	return site, nil
}

// warn prints what works but should be known.
func (e *env) warn(site *config.Config) {
	for _, w := range site.Warnings {
		fmt.Fprintf(e.stderr, "%s%s\n", text{"警告：", "warning: "}.in(e.lang), w.In(string(e.lang)))
	}
}

// A configError is a configuration that cannot be used. The exit status is 2.
type configError struct {
	path     string
	problems []config.Problem
	cause    error // where there are no problems
}

// Error returns the English words.
func (e *configError) Error() string { return e.in(english) }

// Unwrap returns errConfig and the cause.
func (e *configError) Unwrap() []error {
	if e.cause != nil {
		return []error{errConfig, e.cause}
	}
	return []error{errConfig}
}

// in lists every mistake below a line that counts them.
func (e *configError) in(l lang) string {
	if e.cause != nil {
		return text{"无法使用配置 %s：%v", "configuration %s: %v"}.with(e.path, e.cause).in(l)
	}
	var b strings.Builder
	b.WriteString(text{"配置 %s 有 %d 处错误：", "mistakes in configuration %s: %d"}.with(e.path, len(e.problems)).in(l))
	for _, p := range e.problems {
		b.WriteString("\n" + p.In(string(l)))
	}
	return b.String()
}
