package main

import (
	"errors"
	"fmt"
	"strings"
)

// A lang is a language that people are spoken to in.
type lang string

const (
	chinese lang = "zh-CN"
	english lang = "en"
)

// parseLang reads what --lang, LANG or LC_ALL say: "en", "en_US.UTF-8", "zh-CN".
func parseLang(s string) (lang, bool) {
	s = strings.ToLower(s)
	switch {
	case s == "en" || strings.HasPrefix(s, "en-") || strings.HasPrefix(s, "en_"):
		return english, true
	case s == "zh" || strings.HasPrefix(s, "zh-") || strings.HasPrefix(s, "zh_"):
		return chinese, true
	}
	return "", false
}

// chooseLang decides in which language to speak before anything is parsed, so
// that a mistake in the command line is answered in that language too. It
// reports whether anybody asked for a language.
func chooseLang(args []string, getenv func(string) string) (l lang, asked bool) {
	for i, a := range args {
		name, value, given := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if name != "lang" || !strings.HasPrefix(a, "-") {
			continue
		}
		if !given && i+1 < len(args) {
			value = args[i+1]
		}
		if l, ok := parseLang(value); ok {
			return l, true
		}
	}
	for _, name := range []string{"LC_ALL", "LANG"} {
		if l, ok := parseLang(getenv(name)); ok {
			return l, true
		}
	}
	return chinese, false
}

// A text is one sentence or more in both languages.
type text struct{ zh, en string }

func (t text) in(l lang) string {
	if l == english {
		return t.en
	}
	return t.zh
}

// with fills in the verbs of both sentences, which take the same arguments.
func (t text) with(args ...any) text {
	return text{fmt.Sprintf(t.zh, args...), fmt.Sprintf(t.en, args...)}
}

// A speaker is an error that has words for people in both languages.
type speaker interface {
	error
	in(l lang) string
}

// A usageError is a command line that cannot be obeyed. The exit status is 2.
type usageError struct{ text text }

// Error returns the English words.
func (e usageError) Error() string    { return e.text.en }
func (e usageError) in(l lang) string { return e.text.in(l) }

// errConfig is wrapped by errors of the configuration. The exit status is 2.
var errConfig = errors.New("wrong configuration")

// errSaid is returned by a command that failed and has already said all there
// is to say, as `service status` does of a service that is stopped.
var errSaid = errors.New("said already")

// A failure puts words for people around a cause. The cause may be nil.
type failure struct {
	text  text
	cause error
}

// Error returns the English words and the cause.
func (e *failure) Error() string { return e.in(english) }

// Unwrap returns the cause.
func (e *failure) Unwrap() error { return e.cause }

func (e *failure) in(l lang) string {
	switch {
	case e.cause == nil:
		return e.text.in(l)
	case l == english:
		return e.text.en + ": " + messageOf(e.cause, l)
	default:
		return e.text.zh + "：" + messageOf(e.cause, l)
	}
}

// messageOf returns what to print of err: its words in the language where it
// has them, its plain text otherwise.
func messageOf(err error, l lang) string {
	if s, ok := err.(speaker); ok {
		return s.in(l)
	}
	return err.Error()
}

// nearest returns the one of names that word is most likely a slip of, or "".
func nearest(word string, names []string) string {
	best, limit := "", 1+len(word)/4
	for _, name := range names {
		if d := distance(word, name); d <= limit {
			best, limit = name, d-1
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap with their
// neighbour to make b of a.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
