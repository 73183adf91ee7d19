package camera

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Options reads the option table of one device from the configuration,
// strictly: an option of the wrong kind, out of range or unknown is an error.
// Read every option with its method, then ask Err once; all faults are told
// together.
//
// The option "token" is known to every camera: the agent checks it as a part of
// the push address before a driver sees the push.
type Options struct {
	table map[string]any
	known []string
	errs  []error
}

// NewOptions returns Options over table, which may be nil and is not changed.
func NewOptions(table map[string]any) *Options {
	o := &Options{table: table}
	o.Text("token", "")
	return o
}

// Text returns the text under key, or def where there is none.
func (o *Options) Text(key, def string) string {
	v, ok := o.take(key)
	if !ok {
		return def
	}
	s, isText := v.(string)
	if !isText {
		o.errs = append(o.errs, fmt.Errorf("option %q: want text, have %v", key, v))
		return def
	}
	return s
}

// Choice returns the text under key, which must be one of choices, or the first
// of them where there is none.
func (o *Options) Choice(key string, choices ...string) string {
	s := o.Text(key, choices[0])
	if !slices.Contains(choices, s) {
		o.errs = append(o.errs, fmt.Errorf("option %q: %q is not one of %s", key, s, strings.Join(choices, ", ")))
		return choices[0]
	}
	return s
}

// Int returns the whole number under key, from lo to hi, or def where there is
// none.
func (o *Options) Int(key string, def, lo, hi int64) int64 {
	v, ok := o.take(key)
	if !ok {
		return def
	}
	var n int64
	switch v := v.(type) {
	case int64:
		n = v
	case int:
		n = int64(v)
	default:
		o.errs = append(o.errs, fmt.Errorf("option %q: want a whole number, have %v", key, v))
		return def
	}
	if n < lo || n > hi {
		o.errs = append(o.errs, fmt.Errorf("option %q: %d is not from %d to %d", key, n, lo, hi))
		return def
	}
	return n
}

// Err returns all faults found, unknown options among them, or nil.
func (o *Options) Err() error {
	var unknown []string
	for key := range o.table {
		if !slices.Contains(o.known, key) {
			unknown = append(unknown, key)
		}
	}
	slices.Sort(unknown)
	errs := o.errs
	for _, key := range unknown {
		errs = append(errs, fmt.Errorf("unknown option %q", key))
	}
	return errors.Join(errs...)
}

func (o *Options) take(key string) (any, bool) {
	o.known = append(o.known, key)
	v, ok := o.table[key]
	return v, ok
}
