package tariff

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// shanghai is a place without summer time.
var shanghai = time.FixedZone("CST", 8*3600)

// clockAt is a time of Monday, 2 March 2026 in Shanghai; days more for hours
// above 24.
func clockAt(h, m int) time.Time { return time.Date(2026, 3, 2, h, m, 0, 0, shanghai) }

func TestWhatConcernsTheWholeFee(t *testing.T) {
	hourly := Tariff{Free: hm(0, 30), FreeInclusive: true, FreeCounts: true, Restart: true, Blocks: []Block{{Unit: time.Hour, Price: 100}}}
	with := func(change func(*Tariff)) Tariff {
		c := hourly
		change(&c)
		return c
	}
	adders := with(func(t *Tariff) { t.Adders = []Adder{{After: hm(4, 0), Price: 200}, {After: hm(8, 0), Price: 300}} })
	capped := with(func(t *Tariff) { t.Caps, t.Adders, t.StayCap = []int64{300}, adders.Adders, 600 })
	evening := with(func(t *Tariff) {
		t.Windows = []Window{{InFrom: hm(17, 0), InTo: hm(20, 0), OutFrom: hm(18, 0), OutTo: hm(2, 0), Price: 150}}
	})
	cheap := evening
	cheap.Windows = []Window{{InFrom: hm(17, 0), InTo: hm(20, 0), OutFrom: hm(18, 0), OutTo: hm(2, 0), Price: 50}}
	overnight := with(func(t *Tariff) { t.Daily = true })
	eachDay := with(func(t *Tariff) { t.Daily, t.FreeAgain = true, true })
	rest := with(func(t *Tariff) { t.Daily, t.FreeCounts = true, false })
	cut := with(func(t *Tariff) { t.Seconds = SecondsExact })
	shifted := Tariff{Minutes: MinutesStart, Restart: true, Bands: []Band{
		{From: hm(7, 0), To: hm(12, 0), Blocks: []Block{{Unit: time.Hour, Price: 100}}},
		{From: hm(12, 0), To: hm(7, 0), Blocks: []Block{{Unit: time.Hour, Price: 300}}},
	}}
	ended := shifted
	ended.Minutes = MinutesEnd
	tests := []struct {
		name   string
		tariff Tariff
		stay   Stay
		want   int64
	}{
		{"no surcharge for exactly four hours", adders, Stay{Entered: clockAt(8, 0), Left: clockAt(12, 0)}, 400},
		{"one for a minute more", adders, Stay{Entered: clockAt(8, 0), Left: clockAt(12, 1)}, 500 + 200},
		{"two for more than eight hours, each once", adders, Stay{Entered: clockAt(8, 0), Left: clockAt(18, 0)}, 1000 + 500},
		{"surcharges come on top of the caps of periods", capped, Stay{Entered: clockAt(8, 0), Left: clockAt(13, 0)}, 300 + 200},
		{"and below the cap of the stay", capped, Stay{Entered: clockAt(8, 0), Left: clockAt(18, 0)}, 600},
		{"a percentage of the fee after the caps", with(func(t *Tariff) { t.Caps, t.Percent = []int64{300}, 130 }), Stay{Entered: clockAt(8, 0), Left: clockAt(18, 0)}, 390},
		{"a percentage is rounded to a fen, half up", with(func(t *Tariff) { t.Blocks, t.Percent = []Block{{Price: 50}}, 85 }), Stay{Entered: clockAt(8, 0), Left: clockAt(10, 0)}, 43},
		{"a fee is rounded half up", with(func(t *Tariff) { t.Blocks, t.RoundTotal = []Block{{Price: 350}}, 100 }), Stay{Entered: clockAt(8, 0), Left: clockAt(10, 0)}, 400},
		{"a fee is rounded down below the half", with(func(t *Tariff) { t.Blocks, t.RoundTotal = []Block{{Price: 349}}, 100 }), Stay{Entered: clockAt(8, 0), Left: clockAt(10, 0)}, 300},
		{"a stay within the free time stays free", with(func(t *Tariff) { t.Adders, t.Percent = []Adder{{After: hm(0, 31), Price: 1}}, 200 }), Stay{Entered: clockAt(8, 0), Left: clockAt(9, 0), FreeMinutes: 30}, 0},

		{"a flat ticket", evening, Stay{Entered: clockAt(17, 0), Left: clockAt(23, 0)}, 150},
		{"a flat ticket across midnight, to its last moment", evening, Stay{Entered: clockAt(19, 59), Left: clockAt(26, 0)}, 150},
		{"left a minute after its hours", evening, Stay{Entered: clockAt(17, 0), Left: clockAt(26, 1)}, 1000},
		{"left before its hours", evening, Stay{Entered: clockAt(17, 0), Left: clockAt(17, 59)}, 100},
		{"entered as its hours end", evening, Stay{Entered: clockAt(20, 0), Left: clockAt(23, 0)}, 300},
		{"left within its hours of the next day", evening, Stay{Entered: clockAt(17, 0), Left: clockAt(24+18, 0)}, 2500},
		{"a flat ticket is not charged in the free time", with(func(t *Tariff) {
			t.Windows = []Window{{OutFrom: 0, OutTo: 0, Price: 150}}
		}), Stay{Entered: clockAt(8, 0), Left: clockAt(8, 30)}, 0},

		{"free until a moment", hourly, Stay{Entered: clockAt(8, 0), Left: clockAt(12, 0), FreeUntil: clockAt(10, 0)}, 200},
		{"free until after the car has left", hourly, Stay{Entered: clockAt(8, 0), Left: clockAt(12, 0), FreeUntil: clockAt(13, 0)}, 0},
		{"free until before it came", hourly, Stay{Entered: clockAt(8, 0), Left: clockAt(12, 0), FreeUntil: clockAt(7, 0)}, 400},
		{"free until a moment, and minutes as well", hourly, Stay{Entered: clockAt(8, 0), Left: clockAt(12, 0), FreeUntil: clockAt(10, 0), FreeMinutes: 60}, 100},
		{"free until a second", cut, Stay{Entered: clockAt(8, 0), Left: clockAt(12, 0), FreeUntil: clockAt(9, 0).Add(-time.Second)}, 400},
		{"minutes shift the entry", shifted, Stay{Entered: clockAt(11, 0), Left: clockAt(14, 0), FreeMinutes: 60}, 600},
		{"minutes shorten the end", ended, Stay{Entered: clockAt(11, 0), Left: clockAt(14, 0), FreeMinutes: 60}, 400},
		{"minutes that would lose a flat ticket are not used", cheap, Stay{Entered: clockAt(17, 0), Left: clockAt(20, 0), FreeMinutes: 121}, 50},
		{"the free time is that of the stay, however soon its first day ends", overnight, Stay{Entered: clockAt(23, 40), Left: clockAt(24, 50)}, 200},
		{"and free beyond midnight", overnight, Stay{Entered: clockAt(23, 40), Left: clockAt(24, 10)}, 0},
		{"free time of each day, short as the first day is", eachDay, Stay{Entered: clockAt(23, 40), Left: clockAt(24, 50)}, 100},
		{"free time that is never charged goes on beyond midnight", rest, Stay{Entered: clockAt(23, 40), Left: clockAt(24, 50)}, 100},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if faults := tt.tariff.Validate(); len(faults) > 0 {
				t.Fatalf("Validate() = %v", faults)
			}
			if got := tt.tariff.Bill(tt.stay); got.Total != tt.want {
				t.Errorf("Total = %d, want %d; lines %+v", got.Total, tt.want, got.Lines)
			}
		})
	}
}

func TestEarlierVisits(t *testing.T) {
	// 5 yuan for the first hour, 1 for each other, at most 10.
	plain := Tariff{Free: hm(0, 30), FreeInclusive: true, FreeCounts: true, Restart: true, Blocks: []Block{{Until: time.Hour, Price: 500}, {Unit: time.Hour, Price: 100}}}
	with := func(change func(*Tariff)) Tariff {
		c := plain
		change(&c)
		return c
	}
	daily := with(func(t *Tariff) { t.VisitsCap, t.VisitsPeriod = 1000, SpanDay })
	early := with(func(t *Tariff) { t.VisitsCap, t.VisitsPeriod, t.DayStarts = 1000, SpanDay, hm(5, 0) })
	rolling := with(func(t *Tariff) { t.VisitsCap, t.VisitsPeriod = 1000, Span24h })
	once := with(func(t *Tariff) { t.FreeOnce = SpanDay })
	once24h := with(func(t *Tariff) { t.FreeOnce = Span24h })
	back := with(func(t *Tariff) { t.Reentry = hm(0, 15) })
	rejoin := with(func(t *Tariff) { t.Reentry, t.Rejoin = hm(0, 15), true })
	visit := func(from, to time.Time, fee int64) Visit { return Visit{Entered: from, Left: to, Fee: fee} }
	tests := []struct {
		name          string
		tariff        Tariff
		earlier       []Visit
		entered, left time.Time
		want          int64
	}{
		{"the rest of the day's cap", daily, []Visit{visit(clockAt(9, 0), clockAt(12, 10), 800)}, clockAt(15, 0), clockAt(16, 20), 200},
		{"nothing is left", daily, []Visit{visit(clockAt(9, 0), clockAt(12, 10), 800), visit(clockAt(13, 0), clockAt(14, 0), 200)}, clockAt(15, 0), clockAt(16, 20), 0},
		{"a new day has a new cap", daily, []Visit{visit(clockAt(9, 0), clockAt(20, 0), 1000)}, clockAt(25, 0), clockAt(27, 0), 600},
		{"a day that begins at five", early, []Visit{visit(clockAt(9, 0), clockAt(20, 0), 1000)}, clockAt(25, 0), clockAt(27, 0), 0},
		{"a stay into the next day has what is left of both", daily, []Visit{visit(clockAt(9, 0), clockAt(12, 0), 800)}, clockAt(15, 0), clockAt(24+15, 0), 200 + 1000},
		{"a visit from the day before uses up that day first", daily, []Visit{visit(clockAt(-4, 0), clockAt(10, 0), 1300)}, clockAt(15, 0), clockAt(24, 0), 700},
		{"24 hours from the first entry", rolling, []Visit{visit(clockAt(20, 0), clockAt(23, 0), 800)}, clockAt(24+10, 0), clockAt(24+13, 0), 200},
		{"are over after 24 hours", rolling, []Visit{visit(clockAt(20, 0), clockAt(23, 0), 800)}, clockAt(24+20, 0), clockAt(24+23, 0), 700},
		{"and begin anew with the visit after them", rolling, []Visit{visit(clockAt(-10, 0), clockAt(-9, 0), 900), visit(clockAt(20, 0), clockAt(23, 0), 700)}, clockAt(24+16, 0), clockAt(24+19, 0), 300},
		{"the first visit of a day is free", once, []Visit{visit(clockAt(-9, 0), clockAt(-8, 0), 500)}, clockAt(9, 0), clockAt(9, 30), 0},
		{"the second is not", once, []Visit{visit(clockAt(8, 0), clockAt(8, 10), 0)}, clockAt(9, 0), clockAt(9, 30), 500},
		{"the second in 24 hours is not", once24h, []Visit{visit(clockAt(20, 0), clockAt(20, 10), 0)}, clockAt(24+19, 0), clockAt(24+19, 10), 500},
		{"the first after 24 hours is", once24h, []Visit{visit(clockAt(20, 0), clockAt(20, 10), 0)}, clockAt(24+20, 0), clockAt(24+20, 10), 0},
		{"a car that comes straight back has no free time", back, []Visit{visit(clockAt(8, 0), clockAt(8, 30), 0)}, clockAt(8, 45), clockAt(9, 0), 500},
		{"a car that comes back later has", back, []Visit{visit(clockAt(8, 0), clockAt(8, 30), 0)}, clockAt(8, 46), clockAt(9, 0), 0},
		{"a car that rejoins goes on", rejoin, []Visit{visit(clockAt(8, 0), clockAt(9, 0), 500)}, clockAt(9, 10), clockAt(10, 0), 100},
		{"a stay of three visits", rejoin, []Visit{visit(clockAt(8, 0), clockAt(9, 0), 500), visit(clockAt(9, 10), clockAt(10, 0), 100)}, clockAt(10, 15), clockAt(12, 0), 200},
		{"a car that rejoins later begins anew", rejoin, []Visit{visit(clockAt(8, 0), clockAt(9, 0), 500)}, clockAt(9, 16), clockAt(10, 0), 500},
		{"nothing is given back to a car that rejoins", rejoin, []Visit{visit(clockAt(8, 0), clockAt(9, 0), 900)}, clockAt(9, 10), clockAt(10, 0), 0},
		{"a tariff that does not ask", plain, []Visit{visit(clockAt(8, 0), clockAt(9, 0), 500)}, clockAt(9, 1), clockAt(9, 20), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if faults := tt.tariff.Validate(); len(faults) > 0 {
				t.Fatalf("Validate() = %v", faults)
			}
			got := tt.tariff.Bill(Stay{Entered: tt.entered, Left: tt.left, Earlier: tt.earlier})
			if got.Total != tt.want {
				t.Errorf("Total = %d, want %d; lines %+v", got.Total, tt.want, got.Lines)
			}
			if asks := tt.tariff.Lookback() > 0; asks == (tt.name == "a tariff that does not ask") {
				t.Errorf("Lookback() = %v", tt.tariff.Lookback())
			}
		})
	}
}

func TestReadingsOfTheFirstBlock(t *testing.T) {
	first := func(f First) Tariff {
		return Tariff{First: f, Restart: true, Bands: []Band{
			{From: hm(7, 0), To: hm(20, 0), Ladder: LadderRestart, Blocks: []Block{{Until: time.Hour, Price: 400}, {Unit: time.Hour, Price: 100}}},
			{From: hm(20, 0), To: hm(7, 0), Ladder: LadderRestart, Blocks: []Block{{Until: time.Hour, Price: 300}, {Unit: time.Hour, Price: 50}}},
		}}
	}
	// Two hours of the day and two of the night, twice: 24 hours apart, the
	// second time in the next period.
	for _, tt := range []struct {
		name string
		f    First
		left time.Time
		want int64
	}{
		{"each band has one", FirstEach, clockAt(22, 0), 400 + 100 + 300 + 50},
		{"one in each period", FirstPeriod, clockAt(22, 0), 400 + 100 + 2*50},
		{"one in the stay", FirstStay, clockAt(22, 0), 400 + 100 + 2*50},
		{"each band has one, in the next period too", FirstEach, clockAt(24+22, 0), (400 + 100 + 300 + 10*50 + 400 + 10*100) + 400 + 100 + 300 + 50},
		{"one in the next period", FirstPeriod, clockAt(24+22, 0), (400 + 100 + 11*50 + 11*100) + 400 + 100 + 2*50},
		{"none in the next period", FirstStay, clockAt(24+22, 0), (400 + 100 + 11*50 + 11*100) + 2*100 + 2*50},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := first(tt.f).Bill(Stay{Entered: clockAt(18, 0), Left: tt.left})
			if got.Total != tt.want {
				t.Errorf("Total = %d, want %d; lines %+v", got.Total, tt.want, got.Lines)
			}
		})
	}
}

func TestReadingsOfAUnitThatLiesInTwoBands(t *testing.T) {
	// A unit of two hours begins at 19:00 or at 18:30; the night begins at 20:00.
	crossing := func(c Crossing) Tariff {
		return Tariff{Restart: true, Bands: []Band{
			{From: hm(7, 0), To: hm(20, 0), Crossing: c, Blocks: []Block{{Unit: 2 * time.Hour, Price: 400}}},
			{From: hm(20, 0), To: hm(7, 0), Blocks: []Block{{Unit: time.Hour, Price: 100}}},
		}}
	}
	for _, tt := range []struct {
		name    string
		c       Crossing
		entered time.Time
		want    int64 // up to 22:00
	}{
		{"each part for itself", CrossSplit, clockAt(19, 0), 400 + 200},
		{"all of it where it begins", CrossStart, clockAt(19, 0), 400 + 100},
		{"a half belongs to the first", CrossMajority, clockAt(19, 0), 400 + 100},
		{"the smaller part goes with the larger one", CrossMajority, clockAt(19, 1), 300},
		{"the larger part takes the smaller one", CrossMajority, clockAt(18, 30), 400 + 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := crossing(tt.c).Bill(Stay{Entered: tt.entered, Left: clockAt(22, 0)})
			if got.Total != tt.want {
				t.Errorf("Total = %d, want %d; lines %+v", got.Total, tt.want, got.Lines)
			}
		})
	}
}

func TestSummerTimeNeitherLosesNorDoublesTime(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	f := Tariff{Restart: true, Daily: true, Caps: []int64{2000}, Bands: []Band{
		{From: hm(7, 0), To: hm(20, 0), Blocks: []Block{{Unit: time.Hour, Price: 100}}},
		{From: hm(20, 0), To: hm(7, 0), Blocks: []Block{{Unit: time.Minute, Price: 1}}},
	}}
	for name, tt := range map[string]struct {
		month time.Month
		day   int
		want  int64 // from 20:00 to 07:00
	}{"a night of 11 hours": {3, 10, 660}, "the night of 10": {3, 28, 600}, "the night of 12": {10, 24, 720}} {
		got := f.Bill(Stay{Entered: time.Date(2026, tt.month, tt.day, 20, 0, 0, 0, berlin), Left: time.Date(2026, tt.month, tt.day+1, 7, 0, 0, 0, berlin)})
		if got.Total != tt.want {
			t.Errorf("%s costs %d, want %d; lines %+v", name, got.Total, tt.want, got.Lines)
		}
	}
}

func TestTheBillOfAYearOfBandsIsShort(t *testing.T) {
	f := workload()
	got := f.Bill(Stay{Entered: clockAt(9, 0), Left: clockAt(9+365*24, 30)})
	if len(got.Lines) > 50 {
		t.Errorf("the bill has %d lines, want few", len(got.Lines))
	}
	allocations := testing.AllocsPerRun(10, func() { f.Bill(Stay{Entered: clockAt(9, 0), Left: clockAt(9+365*24, 30)}) })
	if allocations > 200 {
		t.Errorf("it takes %v allocations: is each day worked out by itself?", allocations)
	}
}

func TestTheCalendarKnowsEachDay(t *testing.T) {
	c := Calendar{Holidays: []Date{"2026-10-01"}, Workdays: []Date{"2026-09-27"}}
	for date, want := range map[string]Day{"2026-09-26": Restday, "2026-09-27": Workday, "2026-09-28": Workday, "2026-10-01": Holiday} {
		at, err := time.ParseInLocation(time.DateOnly, date, shanghai)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Day(at); got != want {
			t.Errorf("Day(%s) = %d, want %d", date, got, want)
		}
	}
	c.ByExit = true
	got := c.Dated(Vehicle{Size: 2}, clockAt(9, 0), clockAt(6*24, 0))
	if diff := cmp.Diff(Vehicle{Size: 2, Day: Restday, Date: "2026-03-08"}, got); diff != "" {
		t.Errorf("Dated (-want +got):\n%s", diff)
	}
}

func TestEveryNoteHasWords(t *testing.T) {
	for _, n := range []Note{
		NoteFree, NoteFreeBand, NoteMinutes, NoteUntil, NoteLump, NoteUnits, NoteBandCap, NoteCap, NotePeriods, NoteAdder, NoteStayCap,
		NotePercent, NoteRound, NotePerVisit, NoteWindow, NoteBefore, NoteVisits,
	} {
		if chinese, english := n.Words(); chinese == english || chinese == "" {
			t.Errorf("%s is called %q and %q", n, chinese, english)
		}
	}
	if chinese, english := Note("of others").Words(); chinese != "of others" || english != "of others" {
		t.Errorf("a note of others is called %q and %q", chinese, english)
	}
}
