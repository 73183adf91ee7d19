package store

import (
	"strings"
	"time"
)

// A where collects the conditions of a query that has some only when asked for.
type where struct {
	conditions []string
	args       []any
}

// and adds a condition with its arguments.
func (w *where) and(condition string, args ...any) {
	w.conditions = append(w.conditions, condition)
	w.args = append(w.args, args...)
}

// text adds a condition about a text, unless that is empty.
func (w *where) text(condition, value string) {
	if value != "" {
		w.and(condition, value)
	}
}

// period adds bounds of a time, both included to the millisecond; zero is none.
func (w *where) period(column string, from, to time.Time) {
	if !from.IsZero() {
		w.and(column+` >= ?`, from.UnixMilli())
	}
	if !to.IsZero() {
		w.and(column+` <= ?`, to.UnixMilli())
	}
}

// String joins the conditions; it is "true" without any.
func (w *where) String() string {
	if len(w.conditions) == 0 {
		return `true`
	}
	return strings.Join(w.conditions, ` AND `)
}
