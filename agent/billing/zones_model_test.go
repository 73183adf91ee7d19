package billing

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"parkagent/agent/discount"
	"parkagent/agent/tariff"
	"parkagent/store"
)

// TestAnyWayThroughInnerAreas draws ways, clocks that jump and coupons, and compares
// the ways of charging with each other.
func TestAnyWayThroughInnerAreas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		price := func(name string) int64 { return rapid.Int64Range(0, 500).Draw(t, name) }
		hourly := func(area int) tariff.Tariff {
			return tariff.Tariff{
				Areas: []int{area}, Free: rapid.SampledFrom([]time.Duration{0, 15 * time.Minute}).Draw(t, "free"), FreeInclusive: true, FreeCounts: true, Restart: true,
				Blocks: []tariff.Block{{Until: time.Hour, Price: price("first")}, {Unit: 30 * time.Minute, Price: price("unit")}},
			}
		}
		s := store.Session{EnteredAt: noon, Area: 1}
		x := rights{}
		at := noon
		for range rapid.IntRange(0, 5).Draw(t, "moves") {
			at = at.Add(time.Duration(rapid.IntRange(-5, 200).Draw(t, "minutes")) * time.Minute)
			m := store.Move{At: at, From: s.Area, To: 3 - s.Area}
			x.moves, s.Area = append(x.moves, m), m.To
		}
		end := at.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "minutes")) * time.Minute)
		g := discount.Granted{Minutes: rapid.Int64Range(0, 300).Draw(t, "free minutes")}
		tariffs := []tariff.Tariff{hourly(1), hourly(2)}
		fees := func(how Charging, short time.Duration) (fee, with int64) {
			d := Desk{cfg: Config{Tariffs: tariffs, Zone: time.UTC, Zones: []Zone{{Area: 2, Outer: 1, Charging: how, PassThrough: short}}}}
			_, fee, with, err := d.charged(s, x, end, false, g)
			if err != nil {
				t.Fatal(err)
			}
			if with > fee || with < 0 {
				t.Fatalf("charging %d: %d fen, with %d free minutes %d", how, fee, g.Minutes, with)
			}
			return fee, with
		}
		around, _ := fees(ChargeAround, 0)
		netted, _ := fees(ChargeNetted, 0)
		added, _ := fees(ChargeAdditional, 0)
		if around > netted || netted > added {
			t.Fatalf("as around it %d, netted %d, on top of it %d: want them to rise", around, netted, added)
		}
		still, moved := s, x
		still.Area, moved.moves = 1, nil
		d := Desk{cfg: Config{Tariffs: tariffs, Zone: time.UTC}}
		if _, fee, _, err := d.charged(still, moved, end, false, g); err != nil || fee != around {
			t.Fatalf("without an inner area %d, %v; where it is charged as the outer one %d", fee, err, around)
		}
		for _, how := range []Charging{ChargeInstead, ChargeAdditional, ChargeNetted} {
			whole, _ := fees(how, 0)
			if short, _ := fees(how, 30*time.Minute); short > whole {
				t.Fatalf("charging %d: %d fen with short ways free, %d without", how, short, whole)
			}
		}
	})
}
