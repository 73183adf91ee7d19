package tariff

import (
	"testing"
	"time"
)

// workload is a tariff with four bands, caps of bands and periods, and a ladder
// that goes on through the nights.
func workload() Tariff {
	return Tariff{
		Free: hm(0, 30), FreeInclusive: true, FreeCounts: true, Caps: []int64{3000, 4000, 5000}, Restart: true,
		Adders: []Adder{{After: hm(4, 0), Price: 200}}, Percent: 130, RoundTotal: 100,
		Bands: []Band{
			{From: hm(7, 0), To: hm(12, 0), Cap: 2000, Crossing: CrossStart, Ladder: LadderRestart, Blocks: []Block{{Until: hm(1, 0), Price: 400}, {Unit: hm(0, 30), Price: 200}}},
			{From: hm(12, 0), To: hm(14, 0)},
			{From: hm(14, 0), To: hm(20, 0), Crossing: CrossMajority, Blocks: []Block{{Until: hm(1, 0), Price: 500}, {Unit: hm(0, 20), Price: 150, Round: RoundTail, Tail: hm(0, 5)}}},
			{From: hm(20, 0), To: hm(7, 0), Ladder: LadderThrough, Uncapped: true, Blocks: []Block{{Unit: hm(2, 0), Price: 100}}},
		},
	}
}

func benchmarkBill(b *testing.B, f Tariff, length time.Duration) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		b.Fatal(err)
	}
	if faults := f.Validate(); len(faults) > 0 {
		b.Fatal(faults)
	}
	s := Stay{Entered: noon.In(zone), Left: noon.Add(length)}
	b.ReportAllocs()
	for b.Loop() {
		f.Bill(s)
	}
}

func BenchmarkBillOfThreeHours(b *testing.B) { benchmarkBill(b, workload(), 3*time.Hour) }

func BenchmarkBillOfAYear(b *testing.B) { benchmarkBill(b, workload(), 365*24*time.Hour) }

// The units of this tariff make no two days of the year alike.
func BenchmarkBillOfAYearThatNeverRepeats(b *testing.B) {
	f := workload()
	f.Restart = false
	for i := range f.Bands {
		if len(f.Bands[i].Blocks) > 1 {
			f.Bands[i].Ladder, f.Bands[i].Crossing, f.Bands[i].Blocks[1].Unit = LadderContinue, CrossSplit, 997*time.Minute
		}
	}
	benchmarkBill(b, f, 365*24*time.Hour)
}
