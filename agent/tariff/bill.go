package tariff

import "time"

// A Stay is what a bill is made for.
type Stay struct {
	Entered time.Time
	Left    time.Time
	// FreeMinutes are granted by coupons. They are taken off the end of the
	// stay, as if the car had left that much earlier, before anything else
	// is worked out; so they may bring a stay back into the free time.
	FreeMinutes int
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
	NoteMinutes  Note = "free minutes" // granted by coupons
	NoteLump     Note = "block"        // one price for a whole block
	NoteUnits    Note = "units"        // a price for each unit
	NoteCap      Note = "period cap"
	NotePeriods  Note = "full periods" // many equal periods in one line, cap included
	NoteStayCap  Note = "stay cap"
	NotePerVisit Note = "per visit"
)

// AllDay is the Band of a ladder that holds for the whole day.
const AllDay = "00:00-24:00"

// listed is how many equal periods are listed one by one; more become one line,
// so that the bill of a car left for a year can still be read.
const listed = 7

// Bill works out the fee of s. Leaving before entering costs nothing.
func (t Tariff) Bill(s Stay) Bill {
	start, length := t.Seconds.round(s.Entered), t.Length(s)
	if length <= 0 {
		return Bill{}
	}
	charged := length - freeTime(s.FreeMinutes, length)

	w := writer{start: start}
	t.visit(&w, charged)
	if charged < length {
		w.flat(charged, length, NoteMinutes, 0)
	}
	if t.StayCap > 0 && w.bill.Total > t.StayCap {
		w.flat(0, charged, NoteStayCap, t.StayCap-w.bill.Total)
	}
	return w.bill
}

// Length returns how long s is once entry and exit are rounded, before free
// minutes are taken off: what Bill charges for at most. It is negative for a
// stay that ends before it begins.
func (t Tariff) Length(s Stay) time.Duration {
	return t.Seconds.round(s.Left).Sub(t.Seconds.round(s.Entered))
}

// freeTime is the part of a stay that coupon minutes take off. They are compared
// before they are multiplied, so that no number overflows.
func freeTime(minutes int, length time.Duration) time.Duration {
	if int64(minutes) > int64(length/time.Minute) {
		return length
	}
	return time.Duration(max(minutes, 0)) * time.Minute
}

// visit bills the charged time, all caps but that of the stay included.
func (t Tariff) visit(w *writer, charged time.Duration) {
	switch {
	case charged == 0:
	case t.PerVisit > 0 && t.isFree(charged):
		w.flat(0, charged, NoteFree, 0)
	case t.PerVisit > 0:
		w.flat(0, charged, NotePerVisit, t.PerVisit)
	default:
		t.periods(w, charged)
	}
}

// isFree reports whether a stay, or its part in a period, lies in the free time.
func (t Tariff) isFree(d time.Duration) bool {
	return d < t.Free || t.FreeInclusive && d == t.Free
}

// periods bills the charged time, one cap period after the other.
func (t Tariff) periods(w *writer, charged time.Duration) {
	var from, ladder time.Duration // ladder is how much of the ladder is used up
	for k := 0; from < charged; k++ {
		if full := (charged - from) / Period; t.Restart && k >= max(1, len(t.Caps)-1) && full > listed {
			// From here on every full period costs the same.
			var one writer
			t.period(&one, k, from, from+Period, 0)
			w.add(from, from+full*Period, Line{Units: int64(full), Price: one.bill.Total, Note: NotePeriods})
			from += full * Period
			continue
		}
		if t.Restart {
			ladder = 0
		}
		part := min(Period, charged-from)
		ladder = t.period(w, k, from, from+part, ladder)
		from += part
	}
}

// period bills the part of a stay that lies in period k, beginning at the
// place of the ladder that is given; it returns where the ladder stands then.
func (t Tariff) period(w *writer, k int, from, to, ladder time.Duration) time.Duration {
	before, begin := w.bill.Total, from
	if t.Free > 0 && (k == 0 || t.FreeAgain) {
		if t.isFree(to - from) {
			w.flat(from, to, NoteFree, 0)
			return ladder
		}
		if !t.FreeCounts {
			begin = from + t.Free
			w.flat(from, begin, NoteFree, 0)
		}
	}
	t.climb(w, begin, to, ladder)
	if len(t.Caps) > 0 {
		limit := t.Caps[min(k, len(t.Caps)-1)]
		if fee := w.bill.Total - before; fee > limit {
			w.flat(from, to, NoteCap, limit-fee)
		}
	}
	return ladder + to - begin
}

// climb charges the time from begin to end, which starts at the given place of
// the ladder. What a block costs up to the end, less what it cost up to the
// begin, falls into this time.
func (t Tariff) climb(w *writer, begin, end, ladder time.Duration) {
	last := ladder + end - begin
	var low time.Duration // where the block begins
	for _, b := range t.Blocks {
		high := b.Until
		if high == 0 || high > last {
			high = last
		}
		if high > max(low, ladder) {
			from := begin + max(low, ladder) - ladder
			line := Line{Band: AllDay, Price: b.Price, Note: NoteUnits, Units: b.units(high-low) - b.units(ladder-low)}
			if b.Unit == 0 {
				line.Note = NoteLump
			}
			w.add(from, begin+high-ladder, line)
		}
		if b.Until == 0 || b.Until >= last {
			return
		}
		low = b.Until
	}
}

// units is how often the block's price is due after a time in the block.
func (b Block) units(d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	if b.Unit <= 0 {
		return 1
	}
	n, rest := int64(d/b.Unit), d%b.Unit
	switch {
	case b.Round == RoundUp && rest > 0, b.Round == RoundTail && rest > b.Tail:
		n++
	}
	return n
}

// A writer adds lines to a bill. Times are given from the start of the stay.
type writer struct {
	start time.Time
	bill  Bill
}

func (w *writer) add(from, to time.Duration, l Line) {
	l.From, l.To = w.start.Add(from), w.start.Add(to)
	l.Amount = l.Units * l.Price
	w.bill.Lines = append(w.bill.Lines, l)
	w.bill.Total += l.Amount
}

// flat adds a line of one unit.
func (w *writer) flat(from, to time.Duration, note Note, price int64) {
	w.add(from, to, Line{Units: 1, Price: price, Note: note})
}
