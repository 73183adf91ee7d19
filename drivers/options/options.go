// Package options reads the option table of one device from the configuration, strictly.
//
// An option of the wrong kind, out of range or unknown is a mistake. A driver
// reads every option that it has with a method of Reader, then asks Err once;
// all mistakes are told together. The words of the mistakes are those that the
// agent's check command knows in Chinese; a test there holds the two together.
package options

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Reader takes options out of a table as TOML decodes it and collects what is
// wrong with them.
type Reader struct {
	table map[string]any
	below string // "paths." of a table below an option, else empty
	known map[string]bool
	errs  *[]error
}

// Read returns a Reader over table, which may be nil and is not changed. The
// options named by others are somebody else's: they are known, and not read.
func Read(table map[string]any, others ...string) *Reader {
	o := &Reader{table: table, known: map[string]bool{}, errs: new([]error)}
	for _, key := range others {
		o.known[key] = true
	}
	return o
}

// Given reports whether the option is there, whatever its value. The option is
// known from then on.
func (o *Reader) Given(key string) bool {
	o.known[key] = true
	_, ok := o.table[key]
	return ok
}

// Fail adds a mistake of one option, for what only the driver can judge.
func (o *Reader) Fail(key, format string, args ...any) {
	*o.errs = append(*o.errs, fmt.Errorf("option %q: "+format, append([]any{o.below + key}, args...)...))
}

// Text returns the text under key, or def where there is none.
func (o *Reader) Text(key, def string) string {
	v, ok := o.take(key)
	if !ok {
		return def
	}
	s, isText := v.(string)
	if !isText {
		o.Fail(key, "want text, have %v", v)
		return def
	}
	return s
}

// shown is a value as it stands in the file: an installer who is told that a number
// is wanted must see that his has quotes.
func shown(v any) any {
	if s, isText := v.(string); isText {
		return strconv.Quote(s)
	}
	return v
}

// Choice returns the text under key, which must be one of choices, or the first
// of them where there is none.
func (o *Reader) Choice(key string, choices ...string) string {
	s := o.Text(key, choices[0])
	if !slices.Contains(choices, s) {
		o.Fail(key, "%q is not one of %s", s, strings.Join(choices, ", "))
		return choices[0]
	}
	return s
}

// Int returns the whole number under key, from lo to hi, or def where there is
// none. def may lie outside, to tell that nothing was given.
func (o *Reader) Int(key string, def, lo, hi int64) int64 {
	v, ok := o.take(key)
	if !ok {
		return def
	}
	n, isInt := whole(v)
	switch {
	case !isInt:
		o.Fail(key, "want a whole number from %d to %d, have %v", lo, hi, shown(v))
		return def
	case n < lo || n > hi:
		o.Fail(key, "%d is not from %d to %d", n, lo, hi)
		return def
	}
	return n
}

func whole(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	}
	return 0, false
}

// Bool returns the yes or no under key, or def where there is none.
func (o *Reader) Bool(key string, def bool) bool {
	v, ok := o.take(key)
	if !ok {
		return def
	}
	b, isBool := v.(bool)
	if !isBool {
		o.Fail(key, "want true or false, have %v", shown(v))
		return def
	}
	return b
}

// Duration returns the time under key, such as "500ms", from lo to hi, or def
// where there is none.
func (o *Reader) Duration(key string, def, lo, hi time.Duration) time.Duration {
	v, ok := o.take(key)
	if !ok {
		return def
	}
	s, isText := v.(string)
	d, err := time.ParseDuration(s)
	switch {
	case !isText || err != nil:
		o.Fail(key, "%v is not a time such as \"500ms\"", shown(v))
		return def
	case d < lo || d > hi:
		o.Fail(key, "%v is not from %v to %v", d, lo, hi)
		return def
	}
	return d
}

// Texts returns the list of texts under key, or nil where there is none.
func (o *Reader) Texts(key string) []string {
	v, ok := o.take(key)
	if !ok {
		return nil
	}
	list, isList := v.([]any)
	if texts, ok := v.([]string); ok {
		return texts
	}
	var texts []string
	for _, item := range list {
		s, isText := item.(string)
		isList = isList && isText
		texts = append(texts, s)
	}
	if !isList {
		o.Fail(key, "want a list of texts, have %v", shown(v))
		return nil
	}
	return texts
}

// Table returns the options of the table under key, which has none where there
// is no such table. Its mistakes are told by the Err of the Reader that it came
// from, as "paths.plate".
func (o *Reader) Table(key string) *Reader {
	v, ok := o.take(key)
	table, isTable := v.(map[string]any)
	if ok && !isTable {
		o.Fail(key, "want a table in braces, have %v", shown(v))
	}
	return &Reader{table: table, below: o.below + key + ".", known: map[string]bool{}, errs: o.errs}
}

// Keys returns the names of all options in the table, sorted.
func (o *Reader) Keys() []string { return slices.Sorted(maps.Keys(o.table)) }

// Unknown adds the options that nothing has read as mistakes, each with those
// that there are. Err does it for the table that was read; it is for tables below
// it.
func (o *Reader) Unknown() {
	known := strings.Join(slices.Sorted(maps.Keys(o.known)), ", ")
	for _, key := range o.Keys() {
		switch {
		case o.known[key]:
		case known == "":
			*o.errs = append(*o.errs, fmt.Errorf("unknown option %q", o.below+key))
		default:
			*o.errs = append(*o.errs, fmt.Errorf("unknown option %q: want one of %s", o.below+key, known))
		}
	}
}

// Err returns all mistakes found, unknown options among them, or nil. Each is
// one line. It is asked once, after everything was read.
func (o *Reader) Err() error {
	o.Unknown()
	return errors.Join(*o.errs...)
}

func (o *Reader) take(key string) (any, bool) {
	o.known[key] = true
	v, ok := o.table[key]
	return v, ok
}
