package store

import (
	"context"
	"database/sql"
	"time"
)

// An InsideFilter chooses cars that are inside. Empty fields match all.
type InsideFilter struct {
	From, To time.Time // of entry, both included to the millisecond
	Lanes    []string  // of entry
	Area     *int
	Plate    string // any part of it
}

// An InsideRow is a car inside with what its stay has had of the ledger.
type InsideRow struct {
	Seq int64
	Session
	Paid   int64 // money that counts for it, fen
	Waived int64
}

// InsideNow returns one page of the cars inside that match, oldest entry first,
// that come after m. A stay whose entry nobody knows comes first.
func (r Reader) InsideNow(ctx context.Context, f InsideFilter, m Mark, limit int) ([]InsideRow, error) {
	w := &where{}
	w.and(`s.state <= 3`)
	w.period(`s.entered_ms`, f.From, f.To)
	w.oneOf(`s.entry_lane`, f.Lanes)
	w.number(`s.area = ?`, f.Area)
	w.text(`instr(s.plate, ?) > 0`, f.Plate)
	w.after(m, `coalesce(s.entered_ms, 0)`, `s.rowid`)
	rows, err := all(ctx, r, func(rows *sql.Rows, i *InsideRow) error {
		s := &i.Session
		return rows.Scan(&i.Seq, &s.ID, &s.Plate, &s.PlateRead, &s.CarType, &s.CardNo, &s.Area, &s.State, at(&s.EnteredAt), &s.EntryLane,
			&s.EntryPlace, &s.EntryImage, at(&s.PaidUntil), &s.Card, &s.Booking, &s.Note, &i.Paid, &i.Waived)
	}, `SELECT s.rowid, s.id, s.plate, s.plate_read, s.car_type, s.card_no, s.area, s.state, s.entered_ms, s.entry_lane,
		s.entry_place, s.entry_image, s.paid_until_ms, coalesce(s.card, 0), coalesce(s.booking, 0), s.note,
		coalesce((SELECT sum(p.amount) FROM payments p WHERE p.session = s.id AND p.kind NOT IN `+notCounting+`), 0),
		coalesce((SELECT sum(p.discount + p.free_money + p.rounding) FROM payments p WHERE p.session = s.id AND p.kind NOT IN `+notCounting+`), 0)
		FROM sessions s WHERE `+w.String()+` ORDER BY coalesce(s.entered_ms, 0), s.rowid LIMIT ?`, append(w.args, limit)...)
	return named(rows, "cars inside", err)
}

// CountInside returns how many cars inside match.
func (r Reader) CountInside(ctx context.Context, f InsideFilter) (int, error) {
	w := &where{}
	w.and(`s.state <= 3`)
	w.period(`s.entered_ms`, f.From, f.To)
	w.oneOf(`s.entry_lane`, f.Lanes)
	w.number(`s.area = ?`, f.Area)
	w.text(`instr(s.plate, ?) > 0`, f.Plate)
	n, err := one(ctx, r, column[int], `SELECT count(*) FROM sessions s WHERE `+w.String(), w.args...)
	return named(n, "count cars inside", err)
}

// A Traffic is how many cars came and left, and what those that left owed.
type Traffic struct {
	In, Out int
	Unpaid  int64 // fen that was due when they left nevertheless
}

// Traffic counts the cars that came in or left from one time to another, both
// included, by the lanes; by any, when none are given. Entries that were taken
// back are none.
func (r Reader) Traffic(ctx context.Context, from, to time.Time, lanes []string) (Traffic, error) {
	var t Traffic
	in := &where{}
	in.and(`s.state <> 6`)
	in.period(`s.entered_ms`, from, to)
	in.oneOf(`s.entry_lane`, lanes)
	n, err := one(ctx, r, column[int], `SELECT count(*) FROM sessions s WHERE `+in.String(), in.args...)
	if err != nil {
		return named(t, "cars in", err)
	}
	out := &where{}
	out.and(`s.state = 4`)
	out.period(`s.left_ms`, from, to)
	out.oneOf(`s.exit_lane`, lanes)
	t, err = one(ctx, r, func(rows *sql.Rows, t *Traffic) error { return rows.Scan(&t.Out, &t.Unpaid) },
		`SELECT count(*), coalesce(sum(s.unpaid), 0) FROM sessions s WHERE `+out.String(), out.args...)
	t.In = n
	return named(t, "cars out", err)
}
