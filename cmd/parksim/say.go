package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"
	"time"

	"parkagent/agent/config"
	"parkagent/protocol"
)

// A lang is a language that people are spoken to in, and the index of a text.
type lang int

const (
	chinese lang = iota
	english
)

// A text is the same sentence in Chinese and English, with the same verbs.
type text [2]string

// An env is what a command sees of the process that runs it.
type env struct {
	stdout, stderr io.Writer
	getenv         func(string) string
	lang           lang
	zone           *time.Location // the car park's, of the times that are printed; nil: this machine's

	mu sync.Mutex // held while a line is written: gates, panels and cars all talk
}

// takeLang takes --lang out of the arguments, wherever it stands, so that every
// mistake can be told in the right language. Without it LC_ALL and LANG decide.
func (e *env) takeLang(args []string) (rest []string, err error) {
	names := map[string]lang{"zh": chinese, "en": english}
	for _, variable := range []string{"LANG", "LC_ALL"} { // the last one wins
		if l, ok := names[strings.ToLower(e.getenv(variable) + "  ")[:2]]; ok {
			e.lang = l
		}
	}
	for i := 0; i < len(args); i++ {
		value, given := strings.CutPrefix(args[i], "--lang=")
		if args[i] == "--lang" && i+1 < len(args) {
			i++
			value, given = args[i], true
		}
		if !given {
			rest = append(rest, args[i])
			continue
		}
		l, ok := names[strings.ToLower(value + "  ")[:2]]
		if !ok {
			return nil, wrongUse(text{"--lang 不能是 %q。", "--lang cannot be %q."}, value)
		}
		e.lang = l
	}
	return rest, nil
}

// in returns the text in the language of the process.
func (e *env) in(t text, args ...any) string { return fmt.Sprintf(t[e.lang], args...) }

// say prints a line.
func (e *env) say(t text, args ...any) { e.print(e.stdout, e.in(t, args...)) }

// event prints a line that begins with the time, as the car park's clock shows
// it.
func (e *env) event(t text, args ...any) {
	now := time.Now()
	if e.zone != nil {
		now = now.In(e.zone)
	}
	e.print(e.stdout, now.Format("15:04:05")+"  "+e.in(t, args...))
}

// print writes one line. Nobody may be left to read it, which stops nothing.
func (e *env) print(w io.Writer, line string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	fmt.Fprintln(w, line)
}

// A complaint is an error in words for people.
type complaint struct {
	text  text
	args  []any
	cause error // may be nil
	use   bool  // the command line or the configuration is wrong
}

// Error returns the English words.
func (c *complaint) Error() string { return c.in(english) }

// Unwrap returns the cause.
func (c *complaint) Unwrap() error { return c.cause }

func (c *complaint) in(l lang) string {
	s := fmt.Sprintf(c.text[l], c.args...)
	if c.cause == nil {
		return s
	}
	cause := words(c.cause, l)
	if strings.HasPrefix(cause, "\n") { // a list
		return s + text{"：", ":"}[l] + cause
	}
	return s + text{"：", ": "}[l] + cause
}

func wrongUse(t text, args ...any) error { return &complaint{text: t, args: args, use: true} }

func failure(cause error, t text, args ...any) error {
	return &complaint{text: t, args: args, cause: cause}
}

// complain says what went wrong, on stderr.
func (e *env) complain(err error) { e.print(e.stderr, "parksim: "+words(err, e.lang)) }

// What Windows says for ECONNREFUSED and EADDRINUSE. No other system has errors
// with these numbers.
const (
	wsaConnectionRefused = syscall.Errno(10061)
	wsaAddressInUse      = syscall.Errno(10048)
)

// words returns an error in words for people where it has them.
func words(err error, l lang) string {
	var problems config.Errors
	var refused *protocol.RefusedError
	switch c, ok := err.(*complaint); {
	case ok:
		return c.in(l)
	case errors.As(err, &problems):
		var lines []string
		for _, p := range problems {
			lines = append(lines, p.In([]string{config.Chinese, config.English}[l]))
		}
		return "\n" + strings.Join(lines, "\n")
	case errors.As(err, &refused) && refused.Reply.Msg != "":
		return refused.Reply.Msg
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, wsaConnectionRefused):
		return text{"该地址没有程序在应答，请检查 parkagent 是否在运行（", "nothing answers there; see whether parkagent runs ("}[l] + err.Error() + text{"）", ")"}[l]
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, wsaAddressInUse):
		return text{"该地址已被另一个程序占用（", "another program has this address ("}[l] + err.Error() + text{"）", ")"}[l]
	}
	return err.Error()
}

// yuan writes fen as yuan.
func yuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }

// overview lists the commands.
func (e *env) overview(w io.Writer) {
	e.print(w, e.in(text{
		"parksim：没有平台或没有设备时，用它代替\n\n用法：parksim COMMAND [--lang zh-CN|en] …\n",
		"parksim: stands in for the platform or the devices that are not there\n\nUsage: parksim COMMAND [--lang zh-CN|en] …\n",
	}))
	for _, c := range commands() {
		e.print(w, fmt.Sprintf("  %-10s%s", c.name, c.summary[e.lang]))
	}
	e.print(w, e.in(text{
		"\n`parksim help COMMAND` 说明一个命令。\n退出状态：0 完成；1 失败；2 用法或配置有误。",
		"\n`parksim help COMMAND` explains a command.\nExit status: 0 done, 1 failed, 2 wrong use or wrong configuration.",
	}))
}

// explain prints the help of one command.
func (e *env) explain(c command) {
	e.print(e.stdout, e.in(text{"用法：parksim %s [选项]", "Usage: parksim %s [flags]"}, strings.TrimSpace(c.name+" "+c.args)))
	e.print(e.stdout, "\n"+c.summary[e.lang]+text{"。", "."}[e.lang]+"\n\n"+strings.TrimSpace(c.help[e.lang]))
}
