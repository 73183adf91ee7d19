package main

import (
	"errors"
	"flag"
	"io"
	"strings"
)

// errHelp asks for the command's help instead of its work.
var errHelp = errors.New("help wanted")

// flags declares and parses a command's flags. The declarations are those of
// package flag. The parsing is ours: installers put flags after words as well
// as before them, and must be told of a mistake in their own language.
type flags struct {
	*flag.FlagSet
	lang   lang
	config *string // every command has --config
}

// newFlags returns the flags that every command has.
func newFlags(l lang, getenv func(string) string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet("parkagent", flag.ContinueOnError), lang: l}
	f.SetOutput(io.Discard)
	f.config = f.String("config", defaultConfig(getenv), f.say("配置文件 `FILE`", "configuration `FILE`"))
	f.Func("lang", f.say("说明和提示的语言 `zh-CN|en`（默认按 LC_ALL、LANG，否则 zh-CN）",
		"language of messages, `zh-CN|en` (default: by LC_ALL, LANG, else zh-CN)"), func(s string) error {
		if _, ok := parseLang(s); !ok {
			return errors.New("not a language")
		}
		return nil
	})
	return f
}

// say picks the usage text of a flag. As package flag has it, a word in back
// quotes names the value.
func (f *flags) say(zh, en string) string { return text{zh, en}.in(f.lang) }

// parse sets the flags found in args and returns the other words. After "--"
// everything is a word. It returns errHelp or a usageError.
func (f *flags) parse(args []string) (words []string, err error) {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			return append(words, args...), nil
		}
		if len(arg) < 2 || arg[0] != '-' {
			words = append(words, arg)
			continue
		}
		name, value, given := cutFlag(arg)
		if name == "h" || name == "help" {
			return nil, errHelp
		}
		known := f.Lookup(name)
		if known == nil {
			return nil, f.unknown(name)
		}
		switch {
		case given:
		case isBool(known):
			value = "true"
		case len(args) == 0:
			return nil, usageError{text{"--%s 后面要有值。", "--%s needs a value."}.with(name)}
		default:
			value, args = args[0], args[1:]
		}
		if err := f.Set(name, value); err != nil {
			return nil, usageError{text{"--%s 不能是 %q。", "--%s cannot be %q."}.with(name, value)}
		}
	}
	return words, nil
}

func (f *flags) unknown(name string) error {
	var names []string
	f.VisitAll(func(known *flag.Flag) { names = append(names, known.Name) })
	if near := nearest(name, names); near != "" {
		return usageError{text{"没有选项 --%s。是否要用 --%s？", "there is no flag --%s. Did you mean --%s?"}.with(name, near)}
	}
	return usageError{text{"没有选项 --%s。", "there is no flag --%s."}.with(name)}
}

// cutFlag splits "--name=value"; one dash is as good as two.
func cutFlag(arg string) (name, value string, given bool) {
	return strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
}

func isBool(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// splitCommand takes the command's name, the first word, out of args. The flags
// that every command has may stand before it.
func splitCommand(args []string) (name string, rest []string) {
	for i := 0; i < len(args); i++ {
		if !strings.HasPrefix(args[i], "-") {
			return args[i], append(append(rest, args[:i]...), args[i+1:]...)
		}
		switch name, _, given := cutFlag(args[i]); {
		case given:
		case name == "config" || name == "lang":
			i++ // its value is not the command
		}
	}
	return "", args
}

// noWords refuses words where a command takes none.
func noWords(words []string) error {
	if len(words) == 0 {
		return nil
	}
	return usageError{text{"多余的参数 %q。", "%q is one word too many."}.with(words[0])}
}
