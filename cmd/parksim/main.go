// Command parksim plays the side of a car park that parkagent talks to: a platform that takes its reports, or its devices and cars.
//
// It is for who sets up parkagent and lacks the rest: `parksim platform` stands
// in for a platform that is not ready yet, `parksim site` for gates, panels and
// cameras that are not built in yet, and `parksim pay`, `inside`, `gate` and `call`
// ask the agent what a platform would. Everything goes over real sockets, so what
// works here works with the real thing at the same address. Faults happen on
// demand.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // Windows has no zone files
)

// The exit statuses, the same as those of parkagent.
const (
	done   = 0
	failed = 1
	wrong  = 2 // wrong use or wrong configuration
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	os.Exit(run(ctx, os.Args[1:], &env{stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}))
}

// A command is one word after `parksim`.
type command struct {
	name    string
	args    string // what follows the name, besides flags
	summary text
	help    text // what it does, and every flag

	// setup declares the flags and returns what does the work, once they are
	// parsed, with the words that are no flags. Work ends soon after ctx.
	setup func(f *flag.FlagSet) work
}

type work func(ctx context.Context, e *env, words []string) error

func commands() []command {
	return []command{platformCommand(), siteCommand(), payCommand(), insideCommand(), gateCommand(), callCommand()}
}

// run executes the command line and returns the exit status.
func run(ctx context.Context, args []string, e *env) int {
	args, err := e.takeLang(args)
	if err == nil {
		err = dispatch(ctx, args, e)
	}
	if err == nil {
		return done
	}
	e.complain(err)
	var c *complaint
	if errors.As(err, &c) && c.use {
		return wrong
	}
	return failed
}

func dispatch(ctx context.Context, args []string, e *env) error {
	if len(args) == 0 {
		e.overview(e.stderr)
		return wrongUse(text{"请给出命令。", "a command is needed."})
	}
	name, args := args[0], args[1:]
	switch name {
	case "-h", "-help", "--help", "help":
		if len(args) == 0 {
			e.overview(e.stdout)
			return nil
		}
		name, args = args[0], []string{"-h"}
	}
	for _, c := range commands() {
		if c.name == name {
			return c.run(ctx, args, e)
		}
	}
	return wrongUse(text{"没有命令 %q。`parksim help` 列出全部命令。", "there is no command %q. `parksim help` lists them all."}, name)
}

func (c command) run(ctx context.Context, args []string, e *env) error {
	f := flag.NewFlagSet(c.name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	do := c.setup(f)
	var words []string
	for { // flags may stand after words as well
		if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
			e.explain(c)
			return nil
		} else if err != nil {
			return wrongUse(text{"选项有误（%v）。`parksim help %s` 说明用法。", "%v. `parksim help %s` explains the use."}, err, c.name)
		}
		if f.NArg() == 0 {
			return do(ctx, e, words)
		}
		words, args = append(words, f.Arg(0)), f.Args()[1:]
	}
}
