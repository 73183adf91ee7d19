package tariff

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func drawMinutes(t *rapid.T, name string, low, high int) time.Duration {
	return time.Duration(rapid.IntRange(low, high).Draw(t, name)) * time.Minute
}

// drawTariff draws any valid tariff that counts periods, without what Bill adds
// to the whole fee.
func drawTariff(t *rapid.T) Tariff {
	f := Tariff{
		Free:          drawMinutes(t, "free", 0, 90),
		FreeInclusive: rapid.Bool().Draw(t, "inclusive"),
		FreeCounts:    rapid.Bool().Draw(t, "counts"),
		FreeAgain:     rapid.Bool().Draw(t, "again"),
		Restart:       rapid.Bool().Draw(t, "restart"),
		Seconds:       Seconds(rapid.IntRange(0, 2).Draw(t, "seconds")),
		First:         First(rapid.IntRange(0, 2).Draw(t, "first")),
		Caps:          rapid.SliceOfN(rapid.Int64Range(1, 5000), 0, 3).Draw(t, "caps"),
		StayCap:       rapid.SampledFrom([]int64{0, 7000}).Draw(t, "stayCap"),
		Daily:         rapid.Bool().Draw(t, "daily"),
	}
	if f.Daily {
		f.DayStarts = rapid.SampledFrom([]time.Duration{0, hm(5, 0), hm(7, 30)}).Draw(t, "dayStarts")
	}
	if rapid.Bool().Draw(t, "bands") {
		f.Bands = drawBands(t, f)
	} else {
		f.Blocks = drawBlocks(t, f.reach(Band{}, true))
	}
	if faults := f.Validate(); len(faults) > 0 {
		t.Fatalf("drew a tariff that is not valid: %v", faults)
	}
	return f
}

// drawBands draws bands that divide the day, the first of which has blocks.
func drawBands(t *rapid.T, f Tariff) []Band {
	starts := rapid.SliceOfNDistinct(rapid.IntRange(0, 47), 2, 4, rapid.ID[int]).Draw(t, "starts")
	slices.Sort(starts)
	var bands []Band
	for i, s := range starts {
		b := Band{
			From: time.Duration(s) * 30 * time.Minute, To: time.Duration(starts[(i+1)%len(starts)]) * 30 * time.Minute,
			Crossing: Crossing(rapid.IntRange(0, 2).Draw(t, "crossing")),
			Ladder:   Ladder(rapid.IntRange(0, 2).Draw(t, "ladder")),
		}
		if i == 0 || rapid.IntRange(0, 3).Draw(t, "priced") > 0 {
			b.Blocks = drawBlocks(t, f.reach(b, false))
			b.Cap = rapid.SampledFrom([]int64{0, 0, 1500}).Draw(t, "bandCap")
			b.Uncapped = len(f.Caps) > 0 && rapid.IntRange(0, 3).Draw(t, "uncapped") == 0
		}
		bands = append(bands, b)
	}
	return bands
}

// drawBlocks draws a ladder none of whose blocks lies above reach.
func drawBlocks(t *rapid.T, reach time.Duration) (blocks []Block) {
	var until time.Duration
	count := rapid.IntRange(1, 4).Draw(t, "blocks")
	for i := range count {
		b := Block{Price: rapid.SampledFrom([]int64{0, 1, 100, 250, 900}).Draw(t, "price")}
		if rapid.IntRange(0, 2).Draw(t, "byUnit") > 0 {
			b.Unit = rapid.SampledFrom([]time.Duration{hm(0, 30), hm(1, 0), hm(2, 0), hm(8, 0), 0}).Draw(t, "usualUnit")
			if b.Unit == 0 {
				b.Unit = drawMinutes(t, "unit", 2, 150)
			}
			b.Round = Rounding(rapid.IntRange(0, 2).Draw(t, "round"))
			if b.Round == RoundTail {
				b.Tail = drawMinutes(t, "tail", 1, int(b.Unit.Minutes())-1)
			}
		}
		until += rapid.SampledFrom([]time.Duration{hm(1, 0), hm(0, 30), drawMinutes(t, "until", 1, 400)}).Draw(t, "usualUntil")
		if i == count-1 || until >= reach {
			return append(blocks, b)
		}
		b.Until = until
		blocks = append(blocks, b)
	}
	return blocks
}

// drawEntry draws a moment in a place with or without summer time, often near a
// change.
func drawEntry(t *rapid.T) time.Time {
	zone, err := time.LoadLocation(rapid.SampledFrom([]string{"Asia/Shanghai", "Asia/Shanghai", "Europe/Berlin", "America/New_York"}).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	day := rapid.SampledFrom([]time.Time{
		noon, time.Date(2026, 3, 6, 9, 0, 0, 0, time.UTC), time.Date(2026, 3, 27, 9, 0, 0, 0, time.UTC), time.Date(2026, 10, 23, 9, 0, 0, 0, time.UTC),
		time.Date(2026, 2, 20, 9, 0, 0, 0, time.UTC), time.Date(2026, 10, 12, 9, 0, 0, 0, time.UTC), // the change comes after many equal days
	}).Draw(t, "day")
	clock := rapid.OneOf(rapid.SampledFrom([]int{3600, 7 * 3600, 23*3600 + 1800}), rapid.IntRange(0, 100_000)).Draw(t, "entered")
	return day.Add(time.Duration(clock) * time.Second).In(zone)
}

func drawStay(t *rapid.T) Stay {
	entered := drawEntry(t)
	return Stay{
		Entered:     entered,
		Left:        entered.Add(time.Duration(rapid.OneOf(rapid.IntRange(0, 2*24*3600), rapid.IntRange(0, 40*24*3600)).Draw(t, "left")) * time.Second),
		FreeMinutes: rapid.SampledFrom([]int{0, 0, 30, 300}).Draw(t, "freeMinutes"),
	}
}

// drawWhole draws a tariff with everything but flat tickets, which alone can
// make a longer stay cheaper.
func drawWhole(t *rapid.T) Tariff {
	f := drawTariff(t)
	if rapid.Bool().Draw(t, "whole") {
		f.Adders = []Adder{{After: hm(4, 0), Price: 200}, {After: hm(8, 0), Price: 300}}
		f.Percent = rapid.SampledFrom([]int{0, 85, 130}).Draw(t, "percent")
		f.RoundTotal = rapid.SampledFrom([]int64{0, 50, 100}).Draw(t, "roundTotal")
		f.VisitsCap = rapid.SampledFrom([]int64{0, 900}).Draw(t, "visitsCap")
		f.VisitsPeriod = Span(rapid.IntRange(1, 2).Draw(t, "visitsPeriod"))
		f.FreeOnce = Span(rapid.IntRange(0, 2).Draw(t, "freeOnce"))
		f.Reentry = rapid.SampledFrom([]time.Duration{0, hm(0, 15)}).Draw(t, "reentry")
		f.Rejoin = f.Reentry > 0 && rapid.Bool().Draw(t, "rejoin")
	}
	if faults := f.Validate(); len(faults) > 0 {
		t.Fatalf("drew a tariff that is not valid: %v", faults)
	}
	return f
}

// drawVisits draws visits that ended before a stay, oldest first.
func drawVisits(t *rapid.T, entered time.Time) []Visit {
	var visits []Visit
	for range rapid.IntRange(0, 3).Draw(t, "visits") {
		left := entered.Add(-drawMinutes(t, "away", 1, 600))
		entered = left.Add(-drawMinutes(t, "visit", 1, 600))
		visits = append(visits, Visit{Entered: entered, Left: left, Fee: rapid.Int64Range(0, 900).Draw(t, "fee")})
	}
	slices.Reverse(visits)
	return visits
}

func TestLongerIsNeverCheaper(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, s := drawWhole(t), drawStay(t)
		s.Earlier = drawVisits(t, s.Entered)
		longer := s
		longer.Left = s.Left.Add(time.Duration(rapid.OneOf(rapid.IntRange(1, 3600), rapid.IntRange(1, 3*24*3600)).Draw(t, "more")) * time.Second)
		if a, b := f.Bill(s), f.Bill(longer); a.Total > b.Total {
			t.Errorf("a stay of %v costs %d, a longer one of %v costs %d\n%+v\n%+v", s.Left.Sub(s.Entered), a.Total, longer.Left.Sub(s.Entered), b.Total, a.Lines, b.Lines)
		}
	})
}

func TestCouponsNeverMakeABillHigher(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, s := drawWhole(t), drawStay(t)
		f.Windows = []Window{{InFrom: hm(8, 0), InTo: hm(16, 0), OutFrom: hm(16, 0), OutTo: hm(20, 0), Price: 100}}
		f.Minutes = MinutesOff(rapid.IntRange(0, 1).Draw(t, "minutes"))
		s.FreeMinutes = 0
		granted := s
		granted.FreeMinutes = rapid.IntRange(0, 800).Draw(t, "freeMinutes")
		if rapid.Bool().Draw(t, "until") {
			granted.FreeUntil = s.Entered.Add(drawMinutes(t, "freeUntil", -10, 1000))
		}
		if a, b := f.Bill(s).Total, f.Bill(granted).Total; b > a {
			t.Errorf("without coupons %d, with %d free minutes until %v %d", a, granted.FreeMinutes, granted.FreeUntil, b)
		}
	})
}

func TestMoreFreeMinutesNeverCostMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, s := drawWhole(t), drawStay(t)
		more := s
		more.FreeMinutes += rapid.IntRange(1, 500).Draw(t, "more")
		if a, b := f.Bill(s).Total, f.Bill(more).Total; b > a {
			t.Errorf("with %d free minutes %d, with %d free minutes %d", s.FreeMinutes, a, more.FreeMinutes, b)
		}
	})
}

func TestBillsStayBelowTheCaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, s := drawTariff(t), drawStay(t)
		for i := range f.Bands {
			f.Bands[i].Uncapped = false
		}
		total := f.Bill(s).Total
		if total < 0 {
			t.Errorf("Total = %d is negative", total)
		}
		if f.StayCap > 0 && total > f.StayCap {
			t.Errorf("Total = %d is above the cap of the stay %d", total, f.StayCap)
		}
		if len(f.Caps) == 0 {
			return
		}
		starts, length := f.Seconds.round(s.Entered), f.Length(s)
		var limit int64
		clock := newClock(starts)
		for k, from := 0, time.Duration(0); from < length; k++ {
			limit += f.Caps[min(k, len(f.Caps)-1)]
			from = f.periodEnds(clock, from)
		}
		if total > limit {
			t.Errorf("Total = %d is above the caps' sum %d", total, limit)
		}
	})
}

func TestEachBandStaysBelowItsCapOnEachDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, s := drawTariff(t), drawStay(t)
		f.Caps, f.StayCap = nil, 0
		for i := range f.Bands {
			f.Bands[i].Cap, f.Bands[i].Uncapped = 100, false
			if len(f.Bands[i].Blocks) == 0 {
				f.Bands[i].Cap = 0
			}
		}
		// Each band is entered once on each day that the stay touches, and may
		// have been entered the day before.
		days := int64(f.Length(s)/Period) + 3
		if total, limit := f.Bill(s).Total, days*int64(len(f.Bands))*100; len(f.Bands) > 0 && total > limit {
			t.Errorf("Total = %d is above %d", total, limit)
		}
	})
}

func TestSharedCapHoldsForAllVisits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawTariff(t)
		f.VisitsCap, f.VisitsPeriod = rapid.Int64Range(1, 2000).Draw(t, "visitsCap"), SpanDay
		entry := drawEntry(t)
		y, m, d := entry.Date()
		midnight := time.Date(y, m, d, 0, 0, 0, 0, entry.Location()).Add(f.DayStarts)
		// Visits on one day of the tariff, each told of those before it.
		var visits []Visit
		var sum int64
		at := midnight
		for range rapid.IntRange(1, 5).Draw(t, "visits") {
			in := at.Add(drawMinutes(t, "in", 0, 120))
			at = in.Add(drawMinutes(t, "stays", 1, 120))
			fee := f.Bill(Stay{Entered: in, Left: at, Earlier: visits}).Total
			visits = append(visits, Visit{Entered: in, Left: at, Fee: fee})
			sum += fee
		}
		if sum > f.VisitsCap {
			t.Errorf("visits %+v cost %d together, above the cap %d", visits, sum, f.VisitsCap)
		}
	})
}

func TestBillsAreDeterministicAndAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, s := drawWhole(t), drawStay(t)
		s.Earlier = drawVisits(t, s.Entered)
		bill := f.Bill(s)
		elsewhere := s
		elsewhere.Left = s.Left.UTC() // only where the car entered says what the clock shows
		if diff := cmp.Diff(bill, f.Bill(elsewhere)); diff != "" {
			t.Errorf("the same stay is billed differently:\n%s", diff)
		}
		var sum int64
		for _, l := range bill.Lines {
			sum += l.Amount
			if l.Amount != l.Units*l.Price {
				t.Errorf("line %+v: Amount is not Units × Price", l)
			}
			if l.To.Before(l.From) {
				t.Errorf("line %+v runs backwards", l)
			}
		}
		if sum != bill.Total {
			t.Errorf("the lines sum to %d, Total = %d", sum, bill.Total)
		}
	})
}

// A block that is divided where a unit of it ends, into two of the same price
// and unit, is the same block.
func TestDividingABlockAtTheEndOfAUnitChangesNoFee(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, s := drawTariff(t), drawStay(t)
		f.First = FirstEach // which of the two is the first block is another question
		g := f
		divide := func(blocks []Block) []Block {
			i := rapid.IntRange(0, len(blocks)-1).Draw(t, "block")
			b, low := blocks[i], time.Duration(0)
			if i > 0 {
				low = blocks[i-1].Until
			}
			if b.Unit == 0 {
				return blocks
			}
			cut := low + time.Duration(rapid.IntRange(1, 5).Draw(t, "units"))*b.Unit
			if b.Until != 0 && cut >= b.Until {
				return blocks
			}
			lower := b
			lower.Until = cut
			return slices.Insert(slices.Clone(blocks), i, lower)
		}
		if len(f.Bands) == 0 {
			g.Blocks = divide(f.Blocks)
		} else {
			// A band that begins a new unit wherever it is on its ladder has no
			// such end.
			f.Bands[0].Ladder %= LadderThrough
			g.Bands = slices.Clone(f.Bands)
			g.Bands[0].Blocks = divide(f.Bands[0].Blocks)
		}
		if a, b := f.Bill(s), g.Bill(s); a.Total != b.Total {
			t.Errorf("Total = %d, divided %d\n%+v\n%+v", a.Total, b.Total, a.Lines, b.Lines)
		}
	})
}

// A band that is divided into two with the same blocks is the same band if its
// ladder goes through other bands and its units run over its end.
func TestDividingABandChangesNoFee(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, s := drawTariff(t), drawStay(t)
		if len(f.Bands) == 0 {
			f.Bands, f.Blocks = []Band{{Blocks: f.Blocks}}, nil
		}
		f.First = FirstEach
		for i := range f.Bands {
			f.Bands[i].Cap = 0 // two bands have two caps
		}
		f.Bands[0].Crossing, f.Bands[0].Ladder = CrossStart, LadderThrough
		g := f
		g.Bands = slices.Clone(f.Bands)
		first := f.Bands[0]
		cut := (first.From + drawMinutes(t, "cut", 1, int(first.length().Minutes())-1)) % Period
		lower, upper := first, first
		lower.To, upper.From = cut, cut
		if first.allDay() {
			upper.To = first.From
		}
		g.Bands = slices.Replace(g.Bands, 0, 1, lower, upper)
		if a, b := f.Bill(s), g.Bill(s); a.Total != b.Total {
			t.Errorf("Total = %d, divided at %v %d\n%+v\n%+v", a.Total, cut, b.Total, a.Lines, b.Lines)
		}
	})
}

func TestAbsurdStaysAreFastAndHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawWhole(t)
		s := Stay{FreeMinutes: rapid.Int().Draw(t, "freeMinutes")} // entered in the year 1
		s.Left = time.Unix(rapid.Int64().Draw(t, "left"), 0)
		s.Entered = s.Entered.In(drawEntry(t).Location())
		bill := f.Bill(s)
		if bill.Total < 0 || len(bill.Lines) > 500 {
			t.Errorf("Total = %d in %d lines", bill.Total, len(bill.Lines))
		}
	})
}
