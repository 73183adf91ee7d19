package tariff

import "time"

// How far back earlier visits are looked at.
const (
	lookbackDay = 2 * Period  // a visit of this day may have begun the day before
	lookback24h = 31 * Period // a row of visits, each within 24 hours of the one before
)

// Lookback returns how long before the entry of a stay the visits begin to
// matter that Stay.Earlier should name; 0 means that none matters. A car that
// comes more often than every 24 hours for longer than that, under a tariff that
// counts 24 hours from the first entry, is taken to have come first then.
func (t Tariff) Lookback() time.Duration {
	spans := []Span{t.FreeOnce}
	if t.VisitsCap > 0 {
		spans = append(spans, t.VisitsPeriod)
	}
	back := time.Duration(0)
	for _, s := range spans {
		switch s {
		case SpanDay:
			back = max(back, lookbackDay)
		case Span24h:
			back = max(back, lookback24h)
		}
	}
	if t.Reentry > 0 {
		back = max(back, lookbackDay)
	}
	return back
}

// A past is what the earlier visits of a car mean for a stay.
type past struct {
	entered time.Time // of the stay, or of the visit that it continues
	fee     int64     // charged for it already
	noFree  bool      // the free time was given before
}

func (t *Tariff) past(s *Stay) past {
	p := past{entered: s.Entered}
	i := len(s.Earlier)
	for ; t.Reentry > 0 && i > 0; i-- {
		v := s.Earlier[i-1]
		if away := p.entered.Sub(v.Left); away < 0 || away > t.Reentry {
			break
		}
		if !t.Rejoin || v.Apart {
			p.noFree = true
			break
		}
		p.entered, p.fee = v.Entered.In(s.Entered.Location()), p.fee+v.Fee
	}
	if t.FreeOnce != SpanVisit {
		y := t.tally(t.FreeOnce, s.Entered.Location(), s.Earlier[:i])
		p.noFree = p.noFree || y.begun[y.enter(p.entered)]
	}
	return p
}

// visitsLeft returns what a stay that began at entered may cost within the cap
// that all visits share: what is left of it in every span that the stay touches.
func (t *Tariff) visitsLeft(entered time.Time, s *Stay) (fen int64) {
	y := t.tally(t.VisitsPeriod, s.Entered.Location(), s.Earlier)
	first := y.enter(entered)
	last := max(first, y.index(s.Left.Add(-1)))
	fen = (min(last-first, int64(longest/Period)) + 1) * t.VisitsCap
	for i, fee := range y.fees {
		if i >= first && i <= last {
			fen -= fee
		}
	}
	return fen
}

// A tally counts visits by the spans in which they share something.
type tally struct {
	span   Span
	starts time.Duration  // of days
	zone   *time.Location // of days
	limit  int64

	anchor time.Time // Span24h: when span 0 began; zero before the first visit
	last   int64     // the latest span that a visit has touched
	fees   map[int64]int64
	begun  map[int64]bool // a visit began in the span
}

func (t *Tariff) tally(span Span, zone *time.Location, visits []Visit) *tally {
	y := &tally{span: span, starts: t.DayStarts, zone: zone, limit: t.VisitsCap, fees: map[int64]int64{}, begun: map[int64]bool{}}
	for _, v := range visits {
		y.add(v)
	}
	return y
}

// add counts a visit. It uses up what is left of the span in which it began,
// and with the rest of its fee the later ones that it touched.
func (y *tally) add(v Visit) {
	i := y.enter(v.Entered)
	y.begun[i] = true
	end := max(i, y.index(v.Left.Add(-1)))
	y.last = max(y.last, end)
	for fee := v.Fee; fee > 0 && i <= end; i++ {
		part := min(fee, y.limit-y.fees[i])
		y.fees[i] += part
		fee -= part
	}
}

// enter returns the span of an entry. One behind all spans that visits have
// touched begins a new row of them.
func (y *tally) enter(at time.Time) int64 {
	if y.span == Span24h && (y.anchor.IsZero() || y.index(at) > y.last) {
		y.anchor, y.last = at, 0
		clear(y.fees)
		clear(y.begun)
	}
	return y.index(at)
}

func (y *tally) index(at time.Time) int64 {
	if y.span == Span24h {
		return int64(at.Sub(y.anchor) / Period)
	}
	year, month, day := at.In(y.zone).Add(-y.starts).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / int64(Period/time.Second)
}
