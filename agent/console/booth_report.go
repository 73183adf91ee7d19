package console

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"parkagent/agent/booth"
	"parkagent/agent/report"
	"parkagent/protocol"
)

// Of the pages of reports.
const (
	rowsUsually = 100
	mostRows    = 1000
)

// A reportQuery is what a report is asked for.
type reportQuery struct {
	From     string       `json:"from"`
	To       string       `json:"to"`
	Operator string       `json:"operator"`
	Shift    protocol.Int `json:"shift" wire:"min=1"`
	Booth    string       `json:"booth"`
	Lane     string       `json:"lane"`
	Client   string       `json:"client"`
	Plate    string       `json:"plateNo"`
	Terminal protocol.Int `json:"terminal"`
	PayType  protocol.Int `json:"payType"`
	Area     protocol.Int `json:"area"`

	After    string       `json:"after"` // the page before ended with it
	Limit    protocol.Int `json:"limit" wire:"min=1"`
	Format   string       `json:"format"`   // csv, or else JSON
	Language string       `json:"language"` // of the heads and names; the car park's by default
}

// report answers a report. An operator sees of the takings and the openings his own; the
// rest is a manager's, but for what is inside, which he needs at work.
func (b *Booths) report(r report.Report) func(context.Context, act) (any, error) {
	return func(ctx context.Context, a act) (any, error) {
		asked, err := decode[reportQuery](a)
		if err != nil {
			return nil, err
		}
		q := report.Query{
			Operator: asked.Operator, Shift: asked.Shift.N, Booth: asked.Booth, Lane: asked.Lane, Client: asked.Client,
			Plate: strings.ToUpper(strings.TrimSpace(asked.Plate)), Terminal: number(asked.Terminal), PayType: number(asked.PayType), Area: number(asked.Area),
		}
		if q.From, q.To, err = b.bounds(asked.From, asked.To); err != nil {
			return nil, err
		}
		if a.Role == booth.RoleOperator {
			q.Operator = a.Operator
		}
		p := report.Printer{Books: b.cfg.DB.Reader, Zone: b.cfg.Location, Language: b.cfg.Language, ImageURL: b.cfg.ImageURL}
		if asked.Language != "" {
			p.Language = asked.Language
		}
		if strings.EqualFold(asked.Format, "csv") {
			return b.reportCSV(a, r, p, q)
		}
		limit := min(asked.Limit.Or(rowsUsually), mostRows)
		page, err := r.Page(ctx, p, q, asked.After, int(limit))
		if err != nil {
			return nil, err
		}
		totals, err := r.Totals(ctx, p, q)
		if err != nil {
			return nil, err
		}
		return struct {
			Rows   []map[string]any `json:"rows"`
			Next   string           `json:"next"` // empty on the last page
			Totals any              `json:"totals"`
		}{page.Rows, page.Next, totals}, nil
	}
}

// reportCSV streams a report. It may be long: each page has its own time to be
// taken. What breaks it off shows, because the connection is cut before its end.
func (b *Booths) reportCSV(a act, r report.Report, p report.Printer, q report.Query) (any, error) {
	h := a.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s.csv"`, r.Name, b.cfg.Now().In(b.cfg.Location).Format("20060102-150405")))
	c := http.NewResponseController(a.w)
	later := func() error { return c.SetWriteDeadline(time.Now().Add(writeWithin)) }
	if err := later(); err != nil {
		return nil, fmt.Errorf("set deadline: %w", err)
	}
	err := r.CSV(a.r.Context(), p, q, a.w, func() error {
		if err := c.Flush(); err != nil {
			return err
		}
		return later()
	})
	if err != nil {
		b.cfg.Log.Info("report broken off", "report", r.Name, "operator", a.Operator, "error", err)
		panic(http.ErrAbortHandler) // half a report must not look like a whole one
	}
	return streamed{}, nil
}

// number is a number that was given, nil without one.
func number(n protocol.Int) *int {
	if !n.Set {
		return nil
	}
	v := int(n.N)
	return &v
}
