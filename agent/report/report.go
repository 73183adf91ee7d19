// Package report puts the books into tables for people: by pages for a screen, as CSV for a spreadsheet.
//
// A report is its columns and a way to read its rows by pages, so that a long one
// is streamed and no transaction stays open while somebody downloads slowly. Both
// forms come from the same rows, and the sums beside them from the ledger itself,
// never from a counter.
package report

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"parkagent/protocol"
	"parkagent/store"
)

// ErrMark means that somebody asked for a page after something that no page ended
// with.
var ErrMark = errors.New("malformed cursor")

// A Query chooses what a report is about. Empty fields choose all; a report ignores
// those that say nothing about it.
type Query struct {
	From, To time.Time // both included to the millisecond
	Operator string
	Shift    int64
	Booth    string
	Lane     string // a code
	Client   string // a platform, a pay machine or a booth
	Plate    string // any part of it
	Terminal *int
	PayType  *int
	Area     *int
}

// A Printer makes the reports of a car park.
type Printer struct {
	Books    store.Reader
	Zone     *time.Location
	Language string                   // "en", or else Chinese
	ImageURL func(path string) string // nil leaves pictures out
}

// A Report is one of them.
type Report struct {
	Name    string
	columns []column
	page    func(ctx context.Context, p Printer, q Query, m store.Mark, limit int) ([]row, error)
	totals  func(ctx context.Context, p Printer, q Query) (any, error)
}

// All returns every report.
func All() []Report { return []Report{takings(), payments(), discounts(), inside(), openings()} }

// A column is a column of a report. Its key names it for programs.
type column struct {
	key  string
	head words
	sum  bool // the cells of a CSV file are added up below it
	code bool // for programs only: a name stands in another column
}

// A words is a text in both languages.
type words struct{ zh, en string }

func (w words) in(language string) string {
	if strings.HasPrefix(strings.ToLower(language), "en") {
		return w.en
	}
	return w.zh
}

// A row is the cells of a line, one for each column, and where it stands. A cell is
// a text, a number, a time or fen.
type row struct {
	mark  store.Mark
	cells []any
}

// fen is money.
type fen int64

// A Page is some rows of a report, each by the keys of its columns. Money is in fen,
// times are local.
type Page struct {
	Rows []map[string]any
	Next string // what the next page comes after; empty on the last
}

// Page returns up to limit rows that come after the page that ended with after,
// which is empty for the first. Errors: ErrMark.
func (r Report) Page(ctx context.Context, p Printer, q Query, after string, limit int) (Page, error) {
	m, err := parseMark(after)
	if err != nil {
		return Page{}, err
	}
	rows, err := r.page(ctx, p, q, m, limit+1) // one more tells whether there are more
	if err != nil {
		return Page{}, fmt.Errorf("report %s: %w", r.Name, err)
	}
	page := Page{Rows: []map[string]any{}}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = formatMark(rows[limit-1].mark)
	}
	for _, line := range rows {
		fields := map[string]any{}
		for i, c := range r.columns {
			fields[c.key] = p.value(line.cells[i])
		}
		page.Rows = append(page.Rows, fields)
	}
	return page, nil
}

// Totals returns what all rows of a query come to, in the form of a JSON object.
func (r Report) Totals(ctx context.Context, p Printer, q Query) (any, error) {
	t, err := r.totals(ctx, p, q)
	if err != nil {
		return nil, fmt.Errorf("report %s: %w", r.Name, err)
	}
	return t, nil
}

// value is a cell as programs get it.
func (p Printer) value(cell any) any {
	switch v := cell.(type) {
	case time.Time:
		return p.local(v)
	case fen:
		return int64(v)
	}
	return cell
}

// local writes a time as the protocol does, "" for none.
func (p Printer) local(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return protocol.FormatDash(t, p.Zone)
}

func (p Printer) image(path string) string {
	if path == "" || p.ImageURL == nil {
		return ""
	}
	return p.ImageURL(path)
}

// formatMark and parseMark write and read where a page ended, as callers hand it
// back: milliseconds and a number.
func formatMark(m store.Mark) string {
	return strconv.FormatInt(store.Millis(m.At), 10) + "-" + strconv.FormatInt(m.Seq, 10)
}

func parseMark(s string) (store.Mark, error) {
	if s == "" {
		return store.Mark{}, nil
	}
	at, seq, found := strings.Cut(s, "-")
	ms, err := strconv.ParseInt(at, 10, 64)
	n, seqErr := strconv.ParseInt(seq, 10, 64)
	if !found || err != nil || seqErr != nil || ms < 0 || n < 1 {
		return store.Mark{}, ErrMark
	}
	return store.Mark{At: store.Time(ms), Seq: n}, nil
}
