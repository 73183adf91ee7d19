package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"parkagent": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("LC_ALL", "")
			e.Setenv("LANG", "")
			return nil
		},
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		RequireExplicitExec: true,
	})
}

// exits is the script command `exits STATUS PROGRAM ARG…`. The scripts' own exec
// knows only done and not done; our users' scripts tell more apart.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROGRAM ARG…")
	}
	status := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%s: %v", args[1], err)
		}
		status = strconv.Itoa(exit.ExitCode())
	}
	if status != args[0] {
		ts.Fatalf("%q exited with %s, want %s", args[1:], status, args[0])
	}
}

// testEnv is an environment without variables, and what is written to it.
func testEnv() (e *env, stdout, stderr *bytes.Buffer) {
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	return &env{
		stdin:  strings.NewReader(""),
		stdout: stdout,
		stderr: stderr,
		getenv: func(string) string { return "" },
	}, stdout, stderr
}

// ending returns a command named go that ends with err.
func ending(err error) []command {
	return []command{{name: "go", setup: func(*flags) runFunc {
		return func(context.Context, *env, []string) error { return err }
	}}}
}

func TestExitStatusTellsWhatWentWrong(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		status int
		stderr string
	}{
		{"done", nil, 0, ""},
		{"a failure", errors.New("disk full"), 1, "parkagent: disk full\n"},
		{"wrong use", usageError{text{"错", "wrong"}}, 2, "parkagent: 错\n"},
		{"a wrong configuration", fmt.Errorf("%w: line 3", errConfig), 2, "parkagent: wrong configuration: line 3\n"},
		{"a wrong configuration below words for people", &failure{text{"配置有误", "bad"}, errConfig}, 2, "parkagent: 配置有误：wrong configuration\n"},
		{"a failure that is said already", errSaid, 1, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, _, stderr := testEnv()
			if got := run(t.Context(), ending(tt.err), []string{"go"}, e); got != tt.status {
				t.Errorf("exit status = %d, want %d", got, tt.status)
			}
			if got := stderr.String(); got != tt.stderr {
				t.Errorf("stderr = %q, want %q", got, tt.stderr)
			}
		})
	}
}

func TestCommandGetsItsFlagsAndWordsInAnyOrder(t *testing.T) {
	type seen struct {
		Config, Type string
		Loud         bool
		Words        []string
	}
	tests := []struct {
		name, line string
		want       seen
	}{
		{"flags after words", "go a b --type t --loud", seen{"", "t", true, []string{"a", "b"}}},
		{"flags between words", "go a -type=t b", seen{"", "t", false, []string{"a", "b"}}},
		{"common flags before the command", "--config x.toml --lang en go a", seen{"x.toml", "", false, []string{"a"}}},
		{"a common flag with an equals sign before the command", "--config=x.toml go", seen{"x.toml", "", false, nil}},
		{"a flag that is no word after two dashes", "go -- --type t", seen{"", "", false, []string{"--type", "t"}}},
		{"a switch turned off", "go --loud=false", seen{}},
		{"a single dash is a word", "go -", seen{Words: []string{"-"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got seen
			list := []command{{name: "go", setup: func(f *flags) runFunc {
				kind, loud := f.String("type", "", ""), f.Bool("loud", false, "")
				return func(_ context.Context, e *env, words []string) error {
					got = seen{e.config, *kind, *loud, words}
					return nil
				}
			}}}
			e, _, stderr := testEnv()
			if status := run(t.Context(), list, strings.Fields(tt.line), e); status != 0 {
				t.Fatalf("exit status = %d: %s", status, stderr)
			}
			if got.Config == defaultConfig(e.getenv) {
				got.Config = "" // not given
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("the command saw (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMistakesInFlagsAreNamed(t *testing.T) {
	tests := []struct{ name, line, want string }{
		{"no such flag", "go --xyzzy", "there is no flag --xyzzy.\n"},
		{"a slip of a flag", "go --confg x", "Did you mean --config?"},
		{"a flag without its value", "go --config", "--config needs a value."},
		{"a number that is none", "go --n many", `--n cannot be "many".`},
		{"a language that is none", "go --lang tlh", `--lang cannot be "tlh".`},
		{"no command", "--config x", "a command is needed."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list := []command{{name: "go", setup: func(f *flags) runFunc {
				f.Int("n", 0, "")
				return func(context.Context, *env, []string) error { return errors.New("must not run") }
			}}}
			e, _, stderr := testEnv()
			e.getenv = func(name string) string { return map[string]string{"LANG": "en_US.UTF-8"}[name] }
			if status := run(t.Context(), list, strings.Fields(tt.line), e); status != 2 {
				t.Errorf("exit status = %d, want 2", status)
			}
			if !strings.Contains(stderr.String(), tt.want) {
				t.Errorf("stderr = %q, want %q in it", stderr, tt.want)
			}
		})
	}
}

func TestLanguage(t *testing.T) {
	tests := []struct {
		name  string
		args  []string
		vars  map[string]string
		want  lang
		asked bool
	}{
		{"Chinese unless told otherwise", nil, nil, chinese, false},
		{"LANG in English", nil, map[string]string{"LANG": "en_GB.UTF-8"}, english, true},
		{"LC_ALL counts before LANG", nil, map[string]string{"LANG": "en_GB", "LC_ALL": "zh_CN.UTF-8"}, chinese, true},
		{"the flag counts before both", []string{"x", "--lang", "en"}, map[string]string{"LC_ALL": "zh_CN"}, english, true},
		{"the flag with an equals sign", []string{"-lang=zh-CN"}, map[string]string{"LANG": "en"}, chinese, true},
		{"a language we do not speak", nil, map[string]string{"LANG": "fr_FR"}, chinese, false},
		{"no language at all", nil, map[string]string{"LANG": "C"}, chinese, false},
		{"the flag without its value", []string{"--lang"}, map[string]string{"LANG": "en"}, english, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, asked := chooseLang(tt.args, func(name string) string { return tt.vars[name] })
			if got != tt.want || asked != tt.asked {
				t.Errorf("language = %s, asked for: %t, want %s, %t", got, asked, tt.want, tt.asked)
			}
		})
	}
}

func TestNearestFindsSlipsOnly(t *testing.T) {
	names := []string{"run", "service", "version", "help"}
	for word, want := range map[string]string{
		"sevice":  "service",
		"verison": "version",
		"hepl":    "help",
		"rnu":     "run",
		"backup":  "",
		"":        "",
	} {
		if got := nearest(word, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestEveryCommandSpeaksBothLanguages(t *testing.T) {
	for _, c := range commands() {
		if c.summary.zh == "" || c.summary.en == "" || (c.details.zh == "") != (c.details.en == "") {
			t.Errorf("command %s lacks words in one language", c.name)
		}
		for _, l := range []lang{chinese, english} {
			e, stdout, _ := testEnv()
			e.lang = l
			if err := writeCommandHelp(stdout, c, e); err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"parkagent " + c.name, "--config", "--lang"} {
				if !strings.Contains(stdout.String(), want) {
					t.Errorf("help of %s in %s has no %q", c.name, l, want)
				}
			}
		}
	}
}
