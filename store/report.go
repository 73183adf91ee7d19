package store

import (
	"encoding/json"
	"time"
)

// A Mark is where a page of a report ended, and the next begins: what comes after
// the row of that time and number. The zero value is the beginning.
type Mark struct {
	At  time.Time
	Seq int64
}

// after adds the condition that a row comes after m by two columns.
func (w *where) after(m Mark, at, seq string) {
	if m != (Mark{}) {
		w.and(`(`+at+`, `+seq+`) > (?, ?)`, Millis(m.At), m.Seq)
	}
}

// oneOf adds the condition that a column is one of the values, unless there are
// none.
func (w *where) oneOf(column string, values []string) {
	if len(values) == 0 {
		return
	}
	list, _ := json.Marshal(values) // of texts
	w.and(column+` IN (SELECT value FROM json_each(?))`, string(list))
}

// number adds a condition about a number, unless there is none.
func (w *where) number(condition string, n *int) {
	if n != nil {
		w.and(condition, *n)
	}
}
