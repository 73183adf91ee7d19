package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

const sessionColumns = `s.id, s.plate, s.plate_read, s.color, s.size, s.car_type, s.card_no, s.area, s.state,
	s.entered_ms, s.entry_lane, s.entry_place, s.entry_image, s.left_ms, s.exit_lane, s.exit_place, s.exit_image,
	s.paid_until_ms, s.settled_fee, s.settled_credit, s.fee, s.credit, s.unpaid, s.over, s.seamless, s.note,
	coalesce(s.card, 0), coalesce(s.booking, 0), s.seamless_by, s.quote_fee, s.quoted_ms,
	s.settled_ms, s.fee_by, s.exit_read`

func scanSession(rows *sql.Rows, s *Session) error {
	return rows.Scan(&s.ID, &s.Plate, &s.PlateRead, &s.Color, &s.Size, &s.CarType, &s.CardNo, &s.Area, &s.State,
		at(&s.EnteredAt), &s.EntryLane, &s.EntryPlace, &s.EntryImage, at(&s.LeftAt), &s.ExitLane, &s.ExitPlace, &s.ExitImage,
		at(&s.PaidUntil), &s.SettledFee, &s.SettledCredit, &s.Fee, &s.Credit, &s.Unpaid, &s.Over, &s.Seamless, &s.Note,
		&s.Card, &s.Booking, &s.SeamlessBy, &s.QuoteFee, at(&s.QuotedAt),
		at(&s.SettledAt), &s.FeeBy, &s.ExitRead)
}

// Session returns the session with that id, or ErrNotFound.
func (r Reader) Session(ctx context.Context, id string) (Session, error) {
	s, err := one(ctx, r, scanSession, `SELECT `+sessionColumns+` FROM sessions s WHERE s.id = ?`, id)
	return named(s, "session", err)
}

// OpenSessionByPlate returns the open session of exactly that plate, given in
// normal form, or ErrNotFound.
func (r Reader) OpenSessionByPlate(ctx context.Context, plate string) (Session, error) {
	s, err := one(ctx, r, scanSession, `SELECT `+sessionColumns+` FROM sessions s WHERE s.plate = ? AND s.state <= 3`, plate)
	return named(s, "open session by plate", err)
}

// OpenSessionsByTail returns the open sessions whose plate is any one character
// (the province) and then tail.
func (r Reader) OpenSessionsByTail(ctx context.Context, tail string) ([]Session, error) {
	s, err := all(ctx, r, scanSession, `SELECT `+sessionColumns+` FROM sessions s
		WHERE s.state <= 3 AND substr(s.plate, 2) = ? ORDER BY s.entered_ms, s.id`, tail)
	return named(s, "open sessions by tail", err)
}

// OpenSessionByCard returns the open session of that ticket or card, or ErrNotFound.
func (r Reader) OpenSessionByCard(ctx context.Context, cardNo string) (Session, error) {
	s, err := one(ctx, r, scanSession, `SELECT `+sessionColumns+` FROM sessions s
		WHERE s.card_no = ? AND s.state <= 3 AND s.card_no <> ''`, cardNo)
	return named(s, "open session by card", err)
}

// SessionsOnCard returns the open sessions of the cars that are inside on a
// card, oldest first.
func (r Reader) SessionsOnCard(ctx context.Context, card int64) ([]Session, error) {
	s, err := all(ctx, r, scanSession, `SELECT `+sessionColumns+` FROM sessions s
		WHERE s.card = ? AND s.state <= 3 ORDER BY s.entered_ms, s.id`, card)
	return named(s, "sessions on card", err)
}

// SessionsOnBooking returns the open sessions on a booking, oldest first.
func (r Reader) SessionsOnBooking(ctx context.Context, booking int64) ([]Session, error) {
	s, err := all(ctx, r, scanSession, `SELECT `+sessionColumns+` FROM sessions s
		WHERE s.booking = ? AND s.state <= 3 ORDER BY s.entered_ms, s.id`, booking)
	return named(s, "sessions on booking", err)
}

// VoidSession returns the latest session of that plate, given in normal form,
// that was closed as Void, or ErrNotFound, also when the car has left after a
// later one. Later is what was added later, whatever the clock said.
func (r Reader) VoidSession(ctx context.Context, plate string) (Session, error) {
	s, err := one(ctx, r, scanSession, `SELECT `+sessionColumns+` FROM sessions s WHERE s.plate = ? AND s.state = 6
		AND NOT EXISTS (SELECT 1 FROM sessions l WHERE l.plate = s.plate AND l.state = 4 AND l.rowid > s.rowid)
		ORDER BY s.rowid DESC LIMIT 1`, plate)
	return named(s, "void session", err)
}

// OpenPlates returns the plates of the open sessions, in no order.
func (r Reader) OpenPlates(ctx context.Context) ([]string, error) {
	p, err := all(ctx, r, column[string], `SELECT s.plate FROM sessions s WHERE s.state <= 3`)
	return named(p, "plates of open sessions", err)
}

// PlateKnown reports whether a car with exactly that plate came in and has left
// before, and was read so both times: the plate is one, and not a misreading.
func (r Reader) PlateKnown(ctx context.Context, plate string) (bool, error) {
	n, err := one(ctx, r, column[int], `SELECT count(*) FROM (SELECT 1 FROM sessions s
		WHERE s.plate = ? AND s.state = 4 AND s.exit_read = '' AND s.entry_lane <> '' LIMIT 1)`, plate)
	if err != nil {
		return false, fmt.Errorf("known plate: %w", err)
	}
	return n > 0, nil
}

// An OpenFilter chooses open sessions by any part of their plate and card
// number. Letters match as they are, case included; an empty field matches all.
type OpenFilter struct{ Plate, CardNo string }

// OpenSessions returns the open sessions that match, oldest first.
func (r Reader) OpenSessions(ctx context.Context, f OpenFilter) ([]Session, error) {
	s, err := all(ctx, r, scanSession, `SELECT `+sessionColumns+` FROM sessions s
		WHERE s.state <= 3 AND instr(s.plate, ?) > 0 AND instr(s.card_no, ?) > 0 ORDER BY s.entered_ms, s.id`, f.Plate, f.CardNo)
	return named(s, "open sessions", err)
}

// SessionsInState returns the sessions in that state, oldest first. Of those
// that have ended there are many: use FinishedSessions for them.
func (r Reader) SessionsInState(ctx context.Context, state SessionState) ([]Session, error) {
	q := `SELECT ` + sessionColumns + ` FROM sessions s WHERE s.state = ? ORDER BY s.entered_ms, s.id`
	if state.Open() { // said once more, so that the index of open sessions serves
		q = `SELECT ` + sessionColumns + ` FROM sessions s WHERE s.state = ? AND s.state <= 3 ORDER BY s.entered_ms, s.id`
	}
	s, err := all(ctx, r, scanSession, q, state)
	return named(s, "sessions in state", err)
}

// SessionsInside returns the sessions of cars that are inside and came in before a
// time, by id and so from the oldest on, after the one with the id after, which is empty for the
// first page; limit 0 means all.
func (r Reader) SessionsInside(ctx context.Context, before time.Time, after string, limit int) ([]Session, error) {
	if limit <= 0 {
		limit = -1
	}
	s, err := all(ctx, r, scanSession, `SELECT `+sessionColumns+` FROM sessions s
		WHERE s.state = 2 AND s.state <= 3 AND s.entered_ms < ? AND s.id > ? ORDER BY s.id LIMIT ?`, before.UnixMilli(), after, limit)
	return named(s, "sessions inside", err)
}

// A FinishedFilter chooses sessions of cars that have left.
type FinishedFilter struct {
	Plate, EntryPlace, LeavePlace string    // any part of them; letters match as they are, case included
	From, To                      time.Time // of leaving, both included to the millisecond; zero means no bound
	Offset, Limit                 int       // the page; Limit 0 means all
}

// FinishedSessions returns one page of the sessions in state Left that match,
// latest leaving first, and how many match in all.
func (r Reader) FinishedSessions(ctx context.Context, f FinishedFilter) ([]Session, int, error) {
	from, args := f.query()
	count, err := one(ctx, r, column[int], `SELECT count(*)`+from, args...)
	if err != nil {
		return nil, 0, fmt.Errorf("count finished sessions: %w", err)
	}
	limit := f.Limit
	if limit <= 0 {
		limit = -1
	}
	// The page is chosen by what the indexes hold; only its rows are read whole.
	page, err := all(ctx, r, scanSession, `SELECT `+sessionColumns+` FROM sessions s WHERE s.rowid IN (SELECT s.rowid`+from+`
		ORDER BY s.left_ms DESC, s.rowid DESC LIMIT ? OFFSET ?) ORDER BY s.left_ms DESC, s.rowid DESC`,
		append(args, limit, max(f.Offset, 0))...)
	if err != nil {
		return nil, 0, fmt.Errorf("finished sessions: %w", err)
	}
	return page, count, nil
}

// query returns FROM and WHERE. CROSS JOIN is SQLite's way to fix the order of
// the tables: first the few plates that match, then their stays.
func (f FinishedFilter) query() (from string, args []any) {
	var b strings.Builder
	if f.Plate == "" {
		b.WriteString(` FROM sessions s WHERE s.state = 4`)
	} else {
		b.WriteString(` FROM plates p CROSS JOIN sessions s WHERE s.state = 4 AND s.plate = p.plate AND instr(p.plate, ?) > 0`)
		args = append(args, f.Plate)
		if match, arg := plateMatch(f.Plate); match != "" {
			b.WriteString(match)
			args = append(args, arg)
		}
	}
	if !f.From.IsZero() {
		b.WriteString(` AND s.left_ms >= ?`)
		args = append(args, f.From.UnixMilli())
	}
	if !f.To.IsZero() {
		b.WriteString(` AND s.left_ms <= ?`)
		args = append(args, f.To.UnixMilli())
	}
	if f.EntryPlace != "" {
		b.WriteString(` AND instr(s.entry_place, ?) > 0`)
		args = append(args, f.EntryPlace)
	}
	if f.LeavePlace != "" {
		b.WriteString(` AND instr(s.exit_place, ?) > 0`)
		args = append(args, f.LeavePlace)
	}
	return b.String(), args
}

// plateMatch returns the condition that lets the trigram index name the plates
// with a fragment. It knows no fragment below three characters, and finds
// nothing instead of saying so: those are looked for in every plate.
func plateMatch(fragment string) (condition, arg string) {
	if utf8.RuneCountInString(fragment) < 3 || !utf8.ValidString(fragment) || strings.ContainsRune(fragment, 0) {
		return "", ""
	}
	return ` AND p.id IN (SELECT rowid FROM plates_fts WHERE plates_fts MATCH ?)`, `"` + strings.ReplaceAll(fragment, `"`, `""`) + `"`
}

// InsertSession adds a session. The error is ErrConflict when its plate or its
// card number has an open one.
func (tx *Tx) InsertSession(ctx context.Context, s Session) error {
	if err := tx.addPlate(ctx, s.Plate); err != nil {
		return err
	}
	rows, err := tx.exec(ctx, `INSERT INTO sessions (plate, plate_read, color, size, car_type, card_no, area, state,
		entered_ms, entry_lane, entry_place, entry_image, left_ms, exit_lane, exit_place, exit_image,
		paid_until_ms, settled_fee, settled_credit, fee, credit, unpaid, over, seamless, note,
		card, booking, seamless_by, quote_fee, quoted_ms, settled_ms, fee_by, exit_read, id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, sessionValues(s)...)
	return changed("insert session", rows, err)
}

// UpdateSession replaces a session. The error is ErrNotFound when there is none
// with its id, ErrConflict when another open one has its plate or card number.
func (tx *Tx) UpdateSession(ctx context.Context, s Session) error {
	if err := tx.addPlate(ctx, s.Plate); err != nil {
		return err
	}
	rows, err := tx.exec(ctx, `UPDATE sessions SET plate = ?, plate_read = ?, color = ?, size = ?, car_type = ?, card_no = ?, area = ?, state = ?,
		entered_ms = ?, entry_lane = ?, entry_place = ?, entry_image = ?, left_ms = ?, exit_lane = ?, exit_place = ?, exit_image = ?,
		paid_until_ms = ?, settled_fee = ?, settled_credit = ?, fee = ?, credit = ?, unpaid = ?, over = ?, seamless = ?, note = ?,
		card = ?, booking = ?, seamless_by = ?, quote_fee = ?, quoted_ms = ?,
		settled_ms = ?, fee_by = ?, exit_read = ?
		WHERE id = ?`, sessionValues(s)...)
	return changed("update session", rows, err)
}

func sessionValues(s Session) []any {
	return []any{
		s.Plate, s.PlateRead, s.Color, s.Size, s.CarType, s.CardNo, s.Area, s.State,
		millis(s.EnteredAt), s.EntryLane, s.EntryPlace, s.EntryImage, millis(s.LeftAt), s.ExitLane, s.ExitPlace, s.ExitImage,
		millis(s.PaidUntil), s.SettledFee, s.SettledCredit, s.Fee, s.Credit, s.Unpaid, s.Over, s.Seamless, s.Note,
		nullNumber(s.Card), nullNumber(s.Booking), s.SeamlessBy, s.QuoteFee, millis(s.QuotedAt),
		millis(s.SettledAt), s.FeeBy, s.ExitRead, s.ID,
	}
}

// addPlate keeps the table of distinct plates.
func (tx *Tx) addPlate(ctx context.Context, plate string) error {
	_, err := tx.exec(ctx, `INSERT INTO plates (plate) VALUES (?) ON CONFLICT (plate) DO NOTHING`, plate)
	if err != nil {
		return changed("insert plate", 0, err)
	}
	return nil
}
