package report

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"parkagent/store"
)

// atOnce is how many rows are read for one write.
const atOnce = 500

// CSV writes a whole report as a spreadsheet reads it: UTF-8 with a byte order mark,
// lines that end in CRLF, heads in the printer's language, money in yuan. Below the
// rows stands the sum of the money, where there is any. Nothing that a driver, a
// camera or an operator wrote is taken for a formula, and no number of an order or
// a ticket for a number that Excel rounds.
//
// flush is called after each page, with what was written so far on its way; an
// error of it ends the report.
func (r Report) CSV(ctx context.Context, p Printer, q Query, w io.Writer, flush func() error) error {
	if err := r.writeCSV(ctx, p, q, w, flush); err != nil {
		return fmt.Errorf("report %s: %w", r.Name, err)
	}
	return nil
}

func (r Report) writeCSV(ctx context.Context, p Printer, q Query, w io.Writer, flush func() error) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	var heads []string
	sums := make([]fen, len(r.columns))
	for _, c := range r.columns {
		if !c.code {
			heads = append(heads, c.head.in(p.Language))
		}
	}
	if err := out.Write(heads); err != nil {
		return err
	}
	for m := (store.Mark{}); ; {
		rows, err := r.page(ctx, p, q, m, atOnce)
		if err != nil {
			return err
		}
		for _, line := range rows {
			m = line.mark
			if err := out.Write(r.cells(p, line, sums)); err != nil {
				return err
			}
		}
		if len(rows) < atOnce {
			break
		}
		if out.Flush(); out.Error() != nil {
			return out.Error()
		}
		if err := flush(); err != nil {
			return err
		}
	}
	if last := r.sumLine(p, sums); last != nil {
		if err := out.Write(last); err != nil {
			return err
		}
	}
	if out.Flush(); out.Error() != nil {
		return out.Error()
	}
	return flush()
}

// cells writes a row, and adds its money to sums.
func (r Report) cells(p Printer, line row, sums []fen) []string {
	var cells []string
	for i, c := range r.columns {
		if c.code {
			continue
		}
		if v, ok := line.cells[i].(fen); ok && c.sum {
			sums[i] += v
		}
		cells = append(cells, p.cell(line.cells[i]))
	}
	return cells
}

// sumLine is the last line: the sums below their columns. nil where there is none.
func (r Report) sumLine(p Printer, sums []fen) []string {
	var cells []string
	summed := false
	for i, c := range r.columns {
		switch {
		case c.code:
		case c.sum:
			summed = true
			cells = append(cells, yuan(sums[i]))
		case i == 0:
			cells = append(cells, words{"合计", "total"}.in(p.Language))
		default:
			cells = append(cells, "")
		}
	}
	if !summed {
		return nil
	}
	return cells
}

// cell is a cell as a spreadsheet gets it.
func (p Printer) cell(v any) string {
	switch v := v.(type) {
	case fen:
		return yuan(v)
	case time.Time:
		return p.local(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case string:
		return asText(v)
	}
	return ""
}

// yuan writes fen as yuan with two decimals. It only moves digits: no sum is ever a
// floating-point number.
func yuan(v fen) string {
	sign := ""
	n := uint64(v)
	if v < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

// asText makes a spreadsheet take a text for one. What it would take for a formula
// gets an apostrophe; what it would take for a number or a date a tab, which shows
// nothing.
func asText(s string) string {
	s = strings.TrimLeft(s, "\ufeff")
	if s == "" {
		return s
	}
	if first, _ := utf8.DecodeRuneInString(s); strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil || strings.Trim(s, "0123456789-/.:%, ") == "" {
		return "\t" + s
	}
	return s
}
