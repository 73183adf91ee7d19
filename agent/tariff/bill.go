package tariff

import "time"

// A Stay is what a bill is made for. The location of Entered is that of the car
// park: it decides what time of the day it is for bands, days and windows.
type Stay struct {
	Entered time.Time
	Left    time.Time

	// FreeMinutes are granted by coupons. They are taken off the stay, where
	// Tariff.Minutes says, before anything else is worked out; so they may
	// bring a stay back into the free time.
	FreeMinutes int
	// FreeUntil makes free what of the stay lies before it, as if the car had
	// entered then; zero means nothing.
	FreeUntil time.Time

	// Earlier are the visits of the same car that ended before this one
	// began, oldest first, as far back as Tariff.Lookback says.
	Earlier []Visit
}

// A Visit is an earlier stay of the same car.
type Visit struct {
	Entered time.Time
	Left    time.Time
	Fee     int64 // fen that it was charged
	// Apart says that its fee is not that of its whole time by one tariff: a card was
	// good, or somebody set the price. A stay never goes on with it.
	Apart bool
}

// A Bill is the fee of a stay. Total is the sum of the lines' amounts.
type Bill struct {
	Total int64 // fen
	Lines []Line
}

// A Line is one step of a bill, in the order in which it was worked out. Times
// are those of entry and exit after rounding, UTC.
type Line struct {
	From   time.Time
	To     time.Time
	Band   string // part of the day, "00:00-24:00"; empty where it plays no part
	Units  int64
	Price  int64 // fen a unit
	Amount int64 // Units × Price; negative where a cap takes off
	Note   Note
}

// A Note says what a Line is, as one English word or two for programs; whoever
// shows a bill to people translates it.
type Note string

// The notes.
const (
	NoteFree     Note = "free time"
	NoteFreeBand Note = "free hours"   // a band without prices
	NoteMinutes  Note = "free minutes" // granted by coupons
	NoteUntil    Note = "free until"   // granted by coupons
	NoteLump     Note = "block"        // one price for a whole block
	NoteUnits    Note = "units"        // a price for each unit
	NoteBandCap  Note = "band cap"
	NoteCap      Note = "period cap"
	NotePeriods  Note = "full periods" // many periods in one line, caps included
	NoteAdder    Note = "long stay"
	NoteStayCap  Note = "stay cap"
	NotePercent  Note = "percent"
	NoteRound    Note = "rounding"
	NotePerVisit Note = "per visit"
	NoteWindow   Note = "flat ticket"
	NoteBefore   Note = "charged before" // for the stay that goes on
	NoteVisits   Note = "visits cap"
)

// AllDay is the Band of a ladder that holds for the whole day.
const AllDay = "00:00-24:00"

// longest bounds the stays that are billed in full, ten years: what lies behind costs
// nothing more. Only a broken clock makes one.
const longest = 10 * 365 * Period

// Bill works out the fee of s. Leaving before entering costs nothing. Coupons
// never make a bill higher.
func (t Tariff) Bill(s Stay) Bill {
	b := t.bill(&s)
	if s.FreeMinutes <= 0 && s.FreeUntil.IsZero() {
		return b
	}
	s.FreeMinutes, s.FreeUntil = 0, time.Time{}
	if plain := t.bill(&s); plain.Total < b.Total {
		return plain
	}
	return b
}

func (t *Tariff) bill(s *Stay) Bill {
	past := t.past(s)
	start, left := t.Seconds.round(past.entered), t.Seconds.round(s.Left)
	length := min(left.Sub(start), longest)
	if length <= 0 {
		return Bill{}
	}
	w := writer{start: start}
	from, to := t.coupons(&w, s, length)
	w.start = start.Add(from)
	charged := to - from
	t.visit(&w, charged, !past.noFree)
	if to < length {
		w.add(charged, length-from, Line{Units: 1, Note: NoteMinutes})
	}
	t.finish(&w, charged)
	if past.fee > 0 {
		w.add(0, charged, Line{Units: 1, Price: -min(past.fee, w.bill.Total), Note: NoteBefore})
	}
	if t.VisitsCap > 0 {
		if limit := t.visitsLeft(past.entered, s); w.bill.Total > limit {
			w.add(0, charged, Line{Units: 1, Price: limit - w.bill.Total, Note: NoteVisits})
		}
	}
	return w.bill
}

// Length returns how long s is once entry and exit are rounded, before anything
// is taken off: what Bill charges for at most. It is negative for a stay that
// ends before it begins.
func (t Tariff) Length(s Stay) time.Duration {
	return t.Seconds.round(s.Left).Sub(t.Seconds.round(s.Entered))
}

// coupons returns what of a stay is left once coupons are taken off.
func (t *Tariff) coupons(w *writer, s *Stay, length time.Duration) (from, to time.Duration) {
	if !s.FreeUntil.IsZero() {
		if from = t.Seconds.round(s.FreeUntil).Sub(w.start); from > 0 {
			from = min(from, length)
			w.add(0, from, Line{Units: 1, Note: NoteUntil})
		}
		from = max(from, 0)
	}
	off := freeTime(s.FreeMinutes, length-from)
	if off > 0 && t.Minutes == MinutesStart {
		w.add(from, from+off, Line{Units: 1, Note: NoteMinutes})
		return from + off, length
	}
	return from, length - off
}

// freeTime is the part of a stay that coupon minutes take off. They are compared
// before they are multiplied, so that no number overflows.
func freeTime(minutes int, length time.Duration) time.Duration {
	if int64(minutes) > int64(length/time.Minute) {
		return length
	}
	return time.Duration(max(minutes, 0)) * time.Minute
}

// visit bills the charged time by what the tariff is: a flat ticket, a price for
// each visit, or periods. granted tells whether the stay has its free time.
func (t *Tariff) visit(w *writer, charged time.Duration, granted bool) {
	if charged <= 0 {
		return
	}
	flat := Line{Units: 1, Price: t.PerVisit, Note: NotePerVisit}
	window, fits := t.window(w.start, charged)
	switch {
	case fits:
		flat.Price, flat.Note = window.Price, NoteWindow
	case t.PerVisit == 0:
		t.periods(w, charged, granted)
		return
	}
	if granted && t.isFree(charged) {
		flat = Line{Units: 1, Note: NoteFree}
	}
	w.add(0, charged, flat)
}

// window returns the flat ticket that fits a stay.
func (t *Tariff) window(start time.Time, length time.Duration) (Window, bool) {
	if len(t.Windows) == 0 || length >= Period {
		return Window{}, false
	}
	clock := newClock(start)
	_, entered := clock.wall(0)
	_, left := clock.wall(length)
	for _, x := range t.Windows {
		in := (entered - x.InFrom + Period) % Period
		// The last moment to leave, and how long before it one may.
		last := (x.OutTo - entered + Period) % Period
		if last == 0 {
			last = Period
		}
		before := (x.OutTo - left + Period) % Period
		if in < span(x.InFrom, x.InTo) && length <= last && before <= span(x.OutFrom, x.OutTo) {
			return x, true
		}
	}
	return Window{}, false
}

// span is how long it is from one time of the day to another, a day if they are
// equal.
func span(from, to time.Duration) time.Duration {
	if d := (to - from + Period) % Period; d > 0 {
		return d
	}
	return Period
}

// isFree reports whether a stay, or its part in a period, lies in the free time.
func (t *Tariff) isFree(d time.Duration) bool {
	return d < t.Free || t.FreeInclusive && d == t.Free
}

// finish adds what concerns the fee of the stay as a whole. A free stay stays
// free.
func (t *Tariff) finish(w *writer, charged time.Duration) {
	for _, a := range t.Adders {
		if charged > a.After && w.bill.Total > 0 {
			w.add(a.After, charged, Line{Units: 1, Price: a.Price, Note: NoteAdder})
		}
	}
	if t.StayCap > 0 && w.bill.Total > t.StayCap {
		w.add(0, charged, Line{Units: 1, Price: t.StayCap - w.bill.Total, Note: NoteStayCap})
	}
	total := w.bill.Total
	if p := int64(t.Percent); p > 0 && p != 100 && total > 0 {
		fee := total/100*p + (total%100*p+50)/100
		w.add(0, charged, Line{Units: 1, Price: fee - total, Note: NotePercent})
		total = fee
	}
	if r := t.RoundTotal; r > 1 && total%r != 0 {
		w.add(0, charged, Line{Units: 1, Price: (total+r/2)/r*r - total, Note: NoteRound})
	}
}

// A writer adds lines to a bill. Times are given from the start of the stay.
type writer struct {
	start time.Time
	bill  Bill
	folds int // lines made by fold
}

// add adds a line and returns its amount.
func (w *writer) add(from, to time.Duration, l Line) int64 {
	l.From, l.To = w.start.Add(from).UTC(), w.start.Add(to).UTC()
	l.Amount = l.Units * l.Price
	w.bill.Lines = append(w.bill.Lines, l)
	w.bill.Total += l.Amount
	return l.Amount
}

// A mark is a state of a bill to go back to.
type mark struct {
	lines int
	total int64
}

func (w *writer) mark() mark { return mark{len(w.bill.Lines), w.bill.Total} }

// undo removes all lines since m and returns their sum.
func (w *writer) undo(m mark) (sum int64) {
	sum = w.bill.Total - m.total
	w.bill.Lines, w.bill.Total = w.bill.Lines[:m.lines], m.total
	return sum
}

// fold adds one line for a number of periods that cost fee together. It goes on
// with the last line where that has the same price for each, or where many
// such lines were made.
func (w *writer) fold(from, to time.Duration, periods, fee int64) {
	l := Line{Units: periods, Price: fee / periods, Note: NotePeriods}
	if l.Price*periods != fee {
		l.Units, l.Price = 1, fee
	}
	last := len(w.bill.Lines) - 1
	if last < 0 || w.bill.Lines[last].Note != NotePeriods {
		w.folds++
		w.add(from, to, l)
		return
	}
	sum := &w.bill.Lines[last]
	switch {
	case sum.Price == l.Price:
		sum.Units += l.Units
	case w.folds < listed:
		w.folds++
		w.add(from, to, l)
		return
	default:
		sum.Units, sum.Price = 1, sum.Amount+fee
	}
	sum.To, sum.Amount = w.start.Add(to).UTC(), sum.Amount+fee
	w.bill.Total += fee
}
