package tariff

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawTariff draws any valid tariff.
func drawTariff(t *rapid.T) Tariff {
	minutes := func(name string, low, high int) time.Duration {
		return time.Duration(rapid.IntRange(low, high).Draw(t, name)) * time.Minute
	}
	f := Tariff{
		Free:          minutes("free", 0, 90),
		FreeInclusive: rapid.Bool().Draw(t, "inclusive"),
		FreeCounts:    rapid.Bool().Draw(t, "counts"),
		FreeAgain:     rapid.Bool().Draw(t, "again"),
		Restart:       rapid.Bool().Draw(t, "restart"),
		Seconds:       Seconds(rapid.IntRange(0, 2).Draw(t, "seconds")),
		Caps:          rapid.SliceOfN(rapid.Int64Range(1, 5000), 0, 3).Draw(t, "caps"),
		StayCap:       rapid.SampledFrom([]int64{0, 7000}).Draw(t, "stayCap"),
	}
	var until time.Duration
	blocks := rapid.IntRange(1, 4).Draw(t, "blocks")
	for i := range blocks {
		b := Block{Price: rapid.Int64Range(0, 900).Draw(t, "price")}
		if rapid.Bool().Draw(t, "byUnit") {
			b.Unit = minutes("unit", 2, 150)
			b.Round = Rounding(rapid.IntRange(0, 2).Draw(t, "round"))
			if b.Round == RoundTail {
				b.Tail = b.Unit / 2 / time.Second * time.Second
			}
		}
		if i < blocks-1 {
			until += minutes("until", 1, 600)
			b.Until = until
		}
		f.Blocks = append(f.Blocks, b)
	}
	if faults := f.Validate(); len(faults) > 0 {
		t.Fatalf("drew a tariff that is not valid: %v", faults)
	}
	return f
}

func drawStay(t *rapid.T) Stay {
	return Stay{
		Entered:     noon.Add(time.Duration(rapid.IntRange(0, 100_000).Draw(t, "entered")) * time.Second),
		Left:        noon.Add(time.Duration(rapid.IntRange(0, 40*24*3600).Draw(t, "left")) * time.Second),
		FreeMinutes: rapid.IntRange(0, 300).Draw(t, "freeMinutes"),
	}
}

func TestLongerIsNeverCheaper(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, s := drawTariff(t), drawStay(t)
		longer := s
		longer.Left = s.Left.Add(time.Duration(rapid.IntRange(1, 3*24*3600).Draw(t, "more")) * time.Second)
		if a, b := f.Bill(s).Total, f.Bill(longer).Total; a > b {
			t.Errorf("a stay of %v costs %d, a longer one of %v costs %d", s.Left.Sub(s.Entered), a, longer.Left.Sub(s.Entered), b)
		}
	})
}

func TestMoreFreeMinutesNeverCostMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, s := drawTariff(t), drawStay(t)
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
		var limit int64
		// A minute more, because rounding up may begin one more period.
		for k := 0; time.Duration(k)*Period < s.Left.Sub(s.Entered)+time.Minute; k++ {
			limit += f.Caps[min(k, len(f.Caps)-1)]
		}
		if total > limit {
			t.Errorf("Total = %d is above the caps' sum %d", total, limit)
		}
	})
}

func TestBillsAreDeterministicAndAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, s := drawTariff(t), drawStay(t)
		bill := f.Bill(s)
		elsewhere := s
		elsewhere.Entered = s.Entered.In(time.FixedZone("east", 8*3600))
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

func TestBillAgreesWithCountingEveryMinute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawTariff(t)
		f.Free, f.StayCap, f.Seconds, f.Restart = 0, 0, SecondsTruncate, true
		minutes := rapid.IntRange(0, 12*24*60).Draw(t, "minutes")
		var want int64
		for day := 0; day*1440 < minutes; day++ {
			fee := walk(f.Blocks, min(minutes-day*1440, 1440))
			if len(f.Caps) > 0 {
				fee = min(fee, f.Caps[min(day, len(f.Caps)-1)])
			}
			want += fee
		}
		got := f.Bill(Stay{Entered: noon, Left: noon.Add(time.Duration(minutes) * time.Minute)})
		if got.Total != want {
			t.Errorf("Total of %d minutes = %d, counting gives %d", minutes, got.Total, want)
		}
	})
}

// walk charges the ladder second by second where units end, as a person would.
func walk(blocks []Block, minutes int) int64 {
	end, pos := time.Duration(minutes)*time.Minute, time.Duration(0)
	var fee int64
	for _, b := range blocks {
		stop := end
		if b.Until > 0 && b.Until < end {
			stop = b.Until
		}
		if pos >= end {
			break
		}
		for pos < stop {
			step := stop - pos
			if b.Unit > 0 && b.Unit < step {
				step = b.Unit
			}
			dropped := b.Unit > 0 && step < b.Unit && (b.Round == RoundDown || b.Round == RoundTail && step <= b.Tail)
			if !dropped {
				fee += b.Price
			}
			pos += step
		}
	}
	return fee
}

func TestAbsurdStaysAreFastAndHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawTariff(t)
		f.Restart = true
		s := Stay{FreeMinutes: rapid.Int().Draw(t, "freeMinutes")} // entered in the year 1
		s.Left = time.Unix(rapid.Int64().Draw(t, "left"), 0)
		bill := f.Bill(s)
		if bill.Total < 0 || len(bill.Lines) > 200 {
			t.Errorf("Total = %d in %d lines", bill.Total, len(bill.Lines))
		}
	})
}
