package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Problem is one mistake in the file, or a warning.
type Problem struct {
	File     string
	Line     int    // from 1
	Column   int    // from 1, in bytes
	Key      string // "device[1].ip", counted from 0; empty where the text makes no key
	Text     string // the line as it stands in the file, without secrets
	Chinese  string // what is wrong
	English  string
	Language string // in which String tells it: Chinese or English
}

// String returns "file:line:column: key: message" and the offending text below
// it, in the problem's language.
func (p Problem) String() string { return p.In(p.Language) }

// In is String in a language that is named.
func (p Problem) In(language string) string {
	message := p.Chinese
	if language == English {
		message = p.English
	}
	if p.Key != "" {
		message = p.Key + ": " + message
	}
	s := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, message)
	if p.Text != "" {
		s += "\n    " + p.Text
	}
	return s
}

// Errors are all mistakes of a file, in the order of its lines.
type Errors []Problem

// Error returns every mistake, each in its language.
func (e Errors) Error() string {
	parts := make([]string, len(e))
	for i, p := range e {
		parts[i] = p.String()
	}
	return strings.Join(parts, "\n")
}

// sorted returns the problems in the order of the file, each once.
func sorted(problems []Problem, language string) []Problem {
	for i := range problems {
		problems[i].Language = language
	}
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(problems)
}

// secretKey finds where a secret begins on a line, however its key is spelt and
// its quotes are broken.
var secretKey = regexp.MustCompile(`(?i)((?:pas[a-z]*|pwd|psw|secret|keys?|token|密码|密钥)["']?\s*(?:=|:|[ \t]["'])).*`)

// anyKey finds where the value of a line's first key begins.
var anyKey = regexp.MustCompile(`^([^=]*=).*`)

// shown returns a line of the file as a message may show it.
func shown(line string) string {
	line = secretKey.ReplaceAllString(strings.TrimSpace(line), `$1 "`+hidden+`"`)
	if r := []rune(line); len(r) > 120 {
		return string(r[:119]) + "…"
	}
	return line
}

// shownKey is shown without the value: a key that nobody knows may be a mistyped
// one of a secret.
func shownKey(line string) string {
	return shown(anyKey.ReplaceAllString(strings.TrimSpace(line), `$1 "`+hidden+`"`))
}

// maySecret reports whether a key, which the format does not have, stands in a
// table that holds secrets.
func maySecret(key string) bool {
	root, _, _ := strings.Cut(plain(key), ".")
	return root == "client" || root == "platform" || root == "device"
}
