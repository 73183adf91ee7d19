package store

import (
	"context"
	"database/sql"
	"time"
)

// An OpeningFilter chooses abnormal openings: gates that were opened or held open
// by hand or by a platform, cars that an operator let through, cars that were let
// out though nobody saw them come in, and passages that nobody had decided on. Empty fields match all.
type OpeningFilter struct {
	From, To time.Time // both included to the millisecond
	Lanes    []string
	Client   string // who commanded it
}

// An Opening is one of them.
type Opening struct {
	Seq     int64
	At      time.Time
	Lane    string
	Device  string // of the gate
	Act     string // open, hold, or the event of a passage: tailgate, unopened, held
	Reason  string // of the command: remote, released, unknown entry
	Client  string // who commanded it; empty for a passage
	Address string
	Remark  string // why, in words
	Plate   string // of the car that stood there, where it was read
	Session string
	Image   string
	Result  string // ok, or the error; empty when the agent stopped before it was known
}

// opening is the condition that makes a row of the journal an abnormal opening. A
// command is two rows: what is to be done, and what came of it. The first counts,
// because a gate may have moved although the second was lost.
const opening = `j.kind IN ('command', 'passage') AND (
	j.kind = 'command' AND j.body ->> 'result' = 'decided' AND j.body ->> 'command' IN ('open', 'hold') AND j.body ->> 'reason' IN ('remote', 'released', 'unknown entry')
	OR j.kind = 'passage' AND j.body ->> 'event' <> 'none')`

func (f OpeningFilter) where() *where {
	w := &where{}
	w.and(opening)
	w.period(`j.at_ms`, f.From, f.To)
	w.oneOf(`j.body ->> 'lane'`, f.Lanes)
	w.text(`j.body ->> 'client' = ?`, f.Client)
	return w
}

// Openings returns one page of the abnormal openings that match, oldest first,
// that come after m.
func (r Reader) Openings(ctx context.Context, f OpeningFilter, m Mark, limit int) ([]Opening, error) {
	w := f.where()
	w.after(m, `j.at_ms`, `j.seq`)
	text := func(field string) string { return `coalesce(j.body ->> '` + field + `', '')` }
	rows, err := all(ctx, r, func(rows *sql.Rows, o *Opening) error {
		return rows.Scan(&o.Seq, at(&o.At), &o.Lane, &o.Device, &o.Act, &o.Reason, &o.Client, &o.Address, &o.Remark, &o.Plate, &o.Session, &o.Image, &o.Result)
	}, `SELECT j.seq, j.at_ms, `+text("lane")+`, coalesce(j.body ->> 'device', j.body ->> 'gate', ''), coalesce(j.body ->> 'event', j.body ->> 'command'),
		`+text("reason")+`, `+text("client")+`, `+text("address")+`, coalesce(j.body ->> 'remark', j.body ->> 'note', ''), `+text("plate")+`, `+text("session")+`,
		`+text("image")+`, coalesce((SELECT n.body ->> 'result' FROM journal n WHERE j.kind = 'command' AND n.kind = 'command' AND n.key = j.key
			AND n.seq > j.seq ORDER BY n.seq LIMIT 1), '')
		FROM journal j WHERE `+w.String()+` ORDER BY j.at_ms, j.seq LIMIT ?`, append(w.args, limit)...)
	return named(rows, "openings", err)
}

// CountOpenings returns how many abnormal openings match, by act.
func (r Reader) CountOpenings(ctx context.Context, f OpeningFilter) (map[string]int, error) {
	type count struct {
		act string
		n   int
	}
	w := f.where()
	rows, err := all(ctx, r, func(rows *sql.Rows, c *count) error { return rows.Scan(&c.act, &c.n) },
		`SELECT coalesce(j.body ->> 'event', j.body ->> 'command') AS act, count(*) FROM journal j WHERE `+w.String()+` GROUP BY act`, w.args...)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, c := range rows {
		counts[c.act] = c.n
	}
	return counts, nil
}
