package tariff

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC) // 10:00 in Shanghai

func hm(h, m int) time.Duration {
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
}

// scenicLot is a published tariff: up to 20 min free, lumps to 1 h, 4 h and 8 h,
// then by the hour, with a cap for 24 h, after which it begins again.
func scenicLot(first, second, third, limit int64) Tariff {
	return Tariff{
		Free: 20 * time.Minute, FreeInclusive: true, FreeCounts: true, Restart: true,
		Blocks: []Block{
			{Until: time.Hour, Price: first}, {Until: 4 * time.Hour, Price: second - first},
			{Until: 8 * time.Hour, Price: third - second}, {Unit: time.Hour, Price: 100},
		},
		Caps: []int64{limit},
	}
}

// station is a published tariff whose first block does not repeat the free time
// after 24 h; its free nights are left out here.
func station() Tariff {
	return Tariff{
		Free: 45 * time.Minute, FreeInclusive: true, FreeCounts: true, Restart: true,
		Blocks: []Block{{Until: 2 * time.Hour, Price: 300}, {Unit: time.Hour, Price: 100}},
		Caps:   []int64{1000},
	}
}

func county(free, first time.Duration, price, unit, limit int64) Tariff {
	return Tariff{
		Free: free, FreeInclusive: true, FreeCounts: true, Restart: true,
		Blocks: []Block{{Until: first, Price: price}, {Unit: time.Hour, Price: unit}},
		Caps:   []int64{limit},
	}
}

func airport(first, unit, limit int64) Tariff {
	return Tariff{Restart: true, Blocks: []Block{{Until: time.Hour, Price: first}, {Unit: time.Hour, Price: unit}}, Caps: []int64{limit}}
}

func TestPublishedTariffs(t *testing.T) {
	small, large := scenicLot(1000, 2500, 4000, 5000), scenicLot(1000, 3000, 5000, 6000)
	newEnergy := county(hm(3, 0), hm(4, 0), 250, 100, 1000)
	halfHours := Tariff{
		Free: 30 * time.Minute, FreeInclusive: true, FreeCounts: true, Restart: true,
		Blocks: []Block{{Unit: 30 * time.Minute, Price: 100}}, Caps: []int64{2000},
	}
	tests := []struct {
		name   string
		tariff Tariff
		stay   time.Duration
		want   int64
	}{
		{"scenic lot, small, the free time is inclusive", small, hm(0, 20), 0},
		{"scenic lot, small, one minute more is charged", small, hm(0, 21), 1000},
		{"scenic lot, small, exactly an hour", small, hm(1, 0), 1000},
		{"scenic lot, small, four hours", small, hm(4, 0), 2500},
		{"scenic lot, small, a minute over four hours", small, hm(4, 1), 4000},
		{"scenic lot, small, hours after the lumps", small, hm(10, 30), 4300},
		{"scenic lot, small, capped", small, hm(20, 0), 5000},
		{"scenic lot, small, exactly a day", small, hm(24, 0), 5000},
		{"scenic lot, small, begins again after a day", small, hm(25, 0), 6000},
		{"scenic lot, small, no free time on the second day", small, hm(24, 1), 6000},
		{"scenic lot, large, first lump", large, hm(0, 21), 1000},
		{"scenic lot, large, third lump", large, hm(8, 0), 5000},
		{"scenic lot, large, capped", large, hm(20, 0), 6000},
		{"scenic lot, large, begins again after a day", large, hm(25, 0), 7000},
		{"station, a day and half an hour", station(), hm(24, 30), 1300},
		{"station, the free time", station(), hm(0, 45), 0},
		{"station, capped in the day", station(), hm(10, 30), 1000},
		{"county, petrol", county(hm(1, 30), hm(2, 0), 500, 100, 2000), hm(3, 30), 700},
		{"county, new energy", newEnergy, hm(3, 30), 250},
		{"county, new energy, an hour after the first block", newEnergy, hm(4, 1), 350},
		{"airport, small", airport(800, 500, 6000), hm(3, 20), 2300},
		{"airport, small, capped", airport(800, 500, 6000), hm(14, 0), 6000},
		{"airport, large", airport(1500, 1000, 8000), hm(3, 20), 4500},
		{"half hours, charged from the start once the free time is over", halfHours, hm(0, 31), 200},
		{"half hours, a whole day is capped", halfHours, hm(24, 0), 2000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if faults := tt.tariff.Validate(); len(faults) > 0 {
				t.Fatalf("Validate() = %v", faults)
			}
			got := tt.tariff.Bill(Stay{Entered: noon, Left: noon.Add(tt.stay)})
			if got.Total != tt.want {
				t.Errorf("Bill of %v = %d, want %d; lines %+v", tt.stay, got.Total, tt.want, got.Lines)
			}
		})
	}
}

func TestSwitches(t *testing.T) {
	hourly := Tariff{Restart: true, Blocks: []Block{{Unit: time.Hour, Price: 100}}}
	with := func(change func(*Tariff)) Tariff {
		c := hourly
		change(&c)
		return c
	}
	free := with(func(t *Tariff) { t.Free, t.FreeInclusive, t.FreeCounts = hm(0, 30), true, true })
	exclusive := with(func(t *Tariff) { t.Free, t.FreeCounts = hm(0, 30), true })
	after := with(func(t *Tariff) { t.Free, t.FreeInclusive = hm(0, 30), true })
	again := with(func(t *Tariff) { t.Free, t.FreeInclusive, t.FreeCounts, t.FreeAgain = hm(0, 30), true, true, true })
	caps := with(func(t *Tariff) { t.Caps = []int64{300, 400, 500} })
	onward := with(func(t *Tariff) {
		t.Restart, t.Blocks = false, []Block{{Until: hm(1, 0), Price: 500}, {Unit: hm(1, 0), Price: 100}}
	})
	visit := with(func(t *Tariff) { t.Blocks, t.PerVisit, t.Free, t.FreeInclusive = nil, 500, hm(0, 15), true })
	round := func(b Block) Tariff { return with(func(t *Tariff) { t.Blocks = []Block{b} }) }
	tests := []struct {
		name   string
		tariff Tariff
		stay   Stay
		want   int64
	}{
		{"exactly the free time is free when it is inclusive", free, Stay{Left: noon.Add(hm(0, 30))}, 0},
		{"exactly the free time is charged when it is exclusive", exclusive, Stay{Left: noon.Add(hm(0, 30))}, 100},
		{"a minute less is free when it is exclusive", exclusive, Stay{Left: noon.Add(hm(0, 29))}, 0},
		{"free time that counts is charged once exceeded", free, Stay{Left: noon.Add(hm(1, 20))}, 200},
		{"free time that does not count is never charged", after, Stay{Left: noon.Add(hm(1, 20))}, 100},
		{"free time is not granted again", free, Stay{Left: noon.Add(hm(24, 20))}, 2500},
		{"free time is granted again", again, Stay{Left: noon.Add(hm(24, 20))}, 2400},
		{"free time granted again is charged once exceeded", again, Stay{Left: noon.Add(hm(24, 31))}, 2500},
		{"seconds are cut off", free, Stay{Entered: noon.Add(59 * time.Second), Left: noon.Add(hm(0, 30) + 58*time.Second)}, 0},
		{"seconds count", with(func(t *Tariff) { *t = free; t.Seconds = SecondsExact }), Stay{Left: noon.Add(hm(0, 30) + time.Second)}, 100},
		{"fractions of a second never count", with(func(t *Tariff) { *t = free; t.Seconds = SecondsExact }), Stay{Left: noon.Add(hm(0, 30) + 999*time.Millisecond)}, 0},
		{"seconds are raised", with(func(t *Tariff) { *t = free; t.Seconds = SecondsUp }), Stay{Left: noon.Add(hm(0, 30) + time.Second)}, 100},
		{"caps go up and the last one repeats", caps, Stay{Left: noon.Add(4 * 24 * time.Hour)}, 300 + 400 + 500 + 500},
		{"a ladder that does not restart has one first block", onward, Stay{Left: noon.Add(hm(25, 0))}, 500 + 24*100},
		{"a stay is capped", with(func(t *Tariff) { t.StayCap = 1000 }), Stay{Left: noon.Add(hm(50, 0))}, 1000},
		{"a visit has one price", visit, Stay{Left: noon.Add(hm(70, 0))}, 500},
		{"a short visit is free", visit, Stay{Left: noon.Add(hm(0, 15))}, 0},
		{"coupon minutes come off the length", hourly, Stay{Left: noon.Add(hm(3, 10)), FreeMinutes: 10}, 300},
		{"coupon minutes can bring a stay into the free time", free, Stay{Left: noon.Add(hm(0, 40)), FreeMinutes: 10}, 0},
		{"more coupon minutes than the stay has cost nothing", visit, Stay{Left: noon.Add(hm(2, 0)), FreeMinutes: 1 << 62}, 0},
		{"negative coupon minutes change nothing", hourly, Stay{Left: noon.Add(hm(3, 0)), FreeMinutes: -60}, 300},
		{"leaving before entering costs nothing", hourly, Stay{Left: noon.Add(-time.Hour)}, 0},
		{"leaving at once costs nothing", hourly, Stay{Left: noon}, 0},
		{"a begun unit is charged", round(Block{Unit: hm(1, 0), Price: 100}), Stay{Left: noon.Add(hm(1, 1))}, 200},
		{"only a full unit is charged", round(Block{Unit: hm(1, 0), Price: 100, Round: RoundDown}), Stay{Left: noon.Add(hm(1, 59))}, 100},
		{"a short tail is dropped", round(Block{Unit: hm(1, 0), Price: 100, Round: RoundTail, Tail: hm(0, 15)}), Stay{Left: noon.Add(hm(1, 15))}, 100},
		{"a longer tail is a unit", round(Block{Unit: hm(1, 0), Price: 100, Round: RoundTail, Tail: hm(0, 15)}), Stay{Left: noon.Add(hm(1, 16))}, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.stay.Entered.IsZero() {
				tt.stay.Entered = noon
			}
			if got := tt.tariff.Bill(tt.stay); got.Total != tt.want {
				t.Errorf("Total = %d, want %d; lines %+v", got.Total, tt.want, got.Lines)
			}
		})
	}
}

func TestLinesExplainTheBill(t *testing.T) {
	got := scenicLot(1000, 2500, 4000, 5000).Bill(Stay{Entered: noon, Left: noon.Add(hm(25, 10)), FreeMinutes: 10})
	at := func(h, m int) time.Time { return noon.Add(hm(h, m)) }
	want := Bill{Total: 6000, Lines: []Line{
		{From: at(0, 0), To: at(1, 0), Band: AllDay, Units: 1, Price: 1000, Amount: 1000, Note: NoteLump},
		{From: at(1, 0), To: at(4, 0), Band: AllDay, Units: 1, Price: 1500, Amount: 1500, Note: NoteLump},
		{From: at(4, 0), To: at(8, 0), Band: AllDay, Units: 1, Price: 1500, Amount: 1500, Note: NoteLump},
		{From: at(8, 0), To: at(24, 0), Band: AllDay, Units: 16, Price: 100, Amount: 1600, Note: NoteUnits},
		{From: at(0, 0), To: at(24, 0), Units: 1, Price: -600, Amount: -600, Note: NoteCap},
		{From: at(24, 0), To: at(25, 0), Band: AllDay, Units: 1, Price: 1000, Amount: 1000, Note: NoteLump},
		{From: at(25, 0), To: at(25, 10), Units: 1, Note: NoteMinutes},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("bill differs (-want +got):\n%s", diff)
	}
}

func TestAYearIsAShortBill(t *testing.T) {
	got := scenicLot(1000, 2500, 4000, 5000).Bill(Stay{Entered: noon, Left: noon.Add(365*24*time.Hour + time.Hour)})
	if want := int64(365*5000 + 1000); got.Total != want {
		t.Errorf("Total = %d, want %d", got.Total, want)
	}
	if len(got.Lines) > 10 {
		t.Errorf("the bill has %d lines, want few", len(got.Lines))
	}
}

func TestTheLengthOfAStayIsThatAfterRounding(t *testing.T) {
	for _, tt := range []struct {
		name         string
		seconds      Seconds
		entered, end time.Duration // after noon
		want         time.Duration
	}{
		{"cut to the minute", SecondsTruncate, 59 * time.Second, hm(1, 0), hm(1, 0)},
		{"to the second", SecondsExact, 59 * time.Second, hm(1, 0), hm(1, 0) - 59*time.Second},
		{"raised to the minute", SecondsUp, time.Second, hm(1, 0), hm(0, 59)},
		{"a stay that ends before it begins", SecondsExact, hm(1, 0), 0, -hm(1, 0)},
	} {
		stay := Stay{Entered: noon.Add(tt.entered), Left: noon.Add(tt.end), FreeMinutes: 30}
		if got := (Tariff{Seconds: tt.seconds}).Length(stay); got != tt.want {
			t.Errorf("%s: Length = %v, want %v", tt.name, got, tt.want)
		}
	}
}
