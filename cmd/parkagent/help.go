package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"text/tabwriter"
)

// helpCommand explains the commands. The list is asked for late, because help
// is in it.
func helpCommand(list func() []command) command {
	return command{
		name:    "help",
		args:    "[COMMAND]",
		summary: text{"列出命令，或说明一个命令", "list the commands, or explain one"},
		setup: func(*flags) runFunc {
			return func(_ context.Context, e *env, words []string) error {
				if len(words) == 0 {
					return writeOverview(e.stdout, list(), e)
				}
				c, ok := find(list(), words[0])
				if !ok {
					return unknownCommand(list(), words[0])
				}
				if err := noWords(words[1:]); err != nil {
					return err
				}
				return writeCommandHelp(e.stdout, c, e)
			}
		},
	}
}

// writeOverview lists the commands.
func writeOverview(w io.Writer, list []command, e *env) error {
	var b bytes.Buffer
	fmt.Fprintln(&b, text{"parkagent：停车场现场端", "parkagent: the car park's agent on site"}.in(e.lang))
	fmt.Fprintf(&b, "\n%sparkagent COMMAND [--config FILE] [--lang zh-CN|en] …\n\n", text{"用法：", "Usage: "}.in(e.lang))
	table := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	for _, c := range list {
		fmt.Fprintf(table, "  %s\t%s\n", c.name, c.summary.in(e.lang))
	}
	_ = table.Flush() // into memory
	fmt.Fprintf(&b, "\n%s\n%s\n", text{
		"`parkagent help COMMAND` 说明一个命令。",
		"`parkagent help COMMAND` explains a command.",
	}.in(e.lang), exitText().in(e.lang))
	_, err := w.Write(b.Bytes())
	return err
}

func exitText() text {
	return text{
		"退出状态：0 完成；1 失败；2 用法或配置有误。",
		"Exit status: 0 done, 1 failed, 2 wrong use or wrong configuration.",
	}
}

// writeCommandHelp explains one command and its flags.
func writeCommandHelp(w io.Writer, c command, e *env) error {
	f := newFlags(e.lang, e.getenv)
	c.setup(f)
	var b bytes.Buffer
	fmt.Fprintf(&b, "%sparkagent %s", text{"用法：", "Usage: "}.in(e.lang), c.name)
	if c.args != "" {
		fmt.Fprintf(&b, " %s", c.args)
	}
	fmt.Fprintf(&b, " [%s]\n\n%s%s\n", text{"选项", "flags"}.in(e.lang), c.summary.in(e.lang), text{"。", "."}.in(e.lang))
	if d := c.details.in(e.lang); d != "" {
		fmt.Fprintf(&b, "\n%s\n", d)
	}
	fmt.Fprintf(&b, "\n%s\n", text{"选项：", "Flags:"}.in(e.lang))
	table := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	f.VisitAll(func(one *flag.Flag) {
		value, usage := flag.UnquoteUsage(one)
		if one.DefValue != "" && one.DefValue != "false" && one.DefValue != "0" {
			usage += text{"（默认 %s）", " (default %s)"}.with(one.DefValue).in(e.lang)
		}
		fmt.Fprintf(table, "  --%s %s\t%s\n", one.Name, value, usage)
	})
	_ = table.Flush() // into memory
	fmt.Fprintf(&b, "\n%s\n", exitText().in(e.lang))
	_, err := w.Write(b.Bytes())
	return err
}
