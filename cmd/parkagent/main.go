// Command parkagent runs a car park from one small box at the gate.
//
// It hears from cameras which car stands at which lane, decides whether the car
// may pass and what it owes, moves the gate, keeps every stay and payment in
// its own database, answers the platforms on the local network and reports to
// them what happened. The commands beside `run` install it, check its
// configuration, find faults on site and read its books; `parkagent help` lists
// them.
//
// This package is the only place that knows every other one. The file main.go
// holds the table of commands and the one way out of the process; each command
// lives in a file of its own and is added to the table by one line.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // small boxes and Windows have no zone files

	"parkagent/drivers/serialport"
)

// Exit statuses. Installers' scripts depend on them.
const (
	statusDone   = 0
	statusFailed = 1
	statusWrong  = 2 // wrong use or wrong configuration: trying again is pointless
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second Ctrl-C ends the process at once
	os.Exit(run(ctx, commands(), os.Args[1:], &env{
		stdin:  os.Stdin,
		stdout: os.Stdout,
		stderr: os.Stderr,
		getenv: os.Getenv,
	}))
}

// An env is what a command sees of the process that runs it.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string

	lang   lang   // of everything said to people; set before the command runs
	asked  bool   // somebody asked for this language
	config string // the configuration file as given by --config, or its usual place
}

// A command is one word after `parkagent`.
type command struct {
	name    string
	args    string // what follows the name, as the help shows it; empty when nothing does
	summary text   // one line without a full stop
	details text   // more for `parkagent help NAME`; may be empty

	// setup declares the command's own flags and returns what runs the
	// command once they are parsed. The help calls it too, only to list the
	// flags, so it does nothing else.
	setup func(f *flags) runFunc
}

// A runFunc does a command's work. args are the words that are no flags. It
// returns when the work is done or soon after ctx is; run prints its error.
type runFunc func(ctx context.Context, e *env, args []string) error

// commands returns every command in the order of the help.
func commands() []command {
	var list []command
	list = []command{
		runCommand(),
		checkCommand(),
		billCommand(),
		deviceCommand(),
		portsCommand(serialport.List),
		doctorCommand(),
		queueCommand(),
		operatorCommand(),
		serviceCommand(machineServices()),
		demoCommand(),
		versionCommand(),
		helpCommand(func() []command { return list }),
	}
	return list
}

// run executes the command line and returns the exit status. Whatever goes
// wrong is said once, here, on stderr.
func run(ctx context.Context, list []command, args []string, e *env) int {
	err := dispatch(ctx, list, args, e)
	if err != nil && !errors.Is(err, errSaid) {
		fmt.Fprintf(e.stderr, "parkagent: %s\n", messageOf(err, e.lang))
	}
	return statusOf(err)
}

func dispatch(ctx context.Context, list []command, args []string, e *env) error {
	e.lang, e.asked = chooseLang(args, e.getenv)
	name, rest := splitCommand(args)
	if name == "" {
		return withoutCommand(list, rest, e)
	}
	c, ok := find(list, name)
	if !ok {
		return unknownCommand(list, name)
	}
	f := newFlags(e.lang, e.getenv)
	work := c.setup(f)
	words, err := f.parse(rest)
	switch {
	case errors.Is(err, errHelp):
		return writeCommandHelp(e.stdout, c, e)
	case err != nil:
		return err
	}
	e.config = *f.config
	return work(ctx, e, words)
}

// withoutCommand answers a command line that has flags only.
func withoutCommand(list []command, args []string, e *env) error {
	for _, a := range args {
		switch a {
		case "-h", "-help", "--help":
			return writeOverview(e.stdout, list, e)
		case "-version", "--version":
			return writeVersion(e.stdout, false)
		}
	}
	if _, err := newFlags(e.lang, e.getenv).parse(args); err != nil {
		return err
	}
	if err := writeOverview(e.stderr, list, e); err != nil {
		return err
	}
	return usageError{text{"请给出命令。", "a command is needed."}}
}

func find(list []command, name string) (command, bool) {
	for _, c := range list {
		if c.name == name {
			return c, true
		}
	}
	return command{}, false
}

func unknownCommand(list []command, name string) error {
	names := make([]string, 0, len(list))
	for _, c := range list {
		names = append(names, c.name)
	}
	if near := nearest(name, names); near != "" {
		return usageError{text{
			"没有命令 %q。是否要用 %q？`parkagent help` 列出全部命令。",
			"there is no command %q. Did you mean %q? `parkagent help` lists them all.",
		}.with(name, near)}
	}
	return usageError{text{
		"没有命令 %q。`parkagent help` 列出全部命令。",
		"there is no command %q. `parkagent help` lists them all.",
	}.with(name)}
}

// statusOf maps an error to the exit status.
func statusOf(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return statusDone
	case errors.As(err, &usage), errors.Is(err, errConfig):
		return statusWrong
	default:
		return statusFailed
	}
}
