package config

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/tariff"
)

// priced is a whole file with these tables for prices.
func priced(text string) string {
	return "[park]\ncode = \"1\"\nname = \"x\"\nlanguage = \"en\"\n[api]\nlisten = \"127.0.0.1:8099\"\n" + text
}

func TestEveryTariffKeyIsRead(t *testing.T) {
	c, errs := parse(t, priced(`
[calendar]
holidays = ["2026-10-01", "2026-10-02"]
workdays = ["2026-09-27"]
tariff_by = "exit"
[[tariff]]
name = "all keys"
car_types = [0]
sizes = [2]
colors = [0, 4]
days = ["workday", "holiday"]
valid_from = "2026-01-01"
valid_to = "2026-12-31"
free = "30m"
free_inclusive = false
free_counts = false
free_again = true
free_once = "24h"
seconds = "up"
first = "stay"
period = "day"
day_starts = "05:00"
caps = [3000, 4000]
restart = false
adders = [{ after = "4h", price = 200 }]
stay_cap = 20000
percent = 130
round_total = 50
visits_cap = 5000
visits_period = "day"
reentry = "15m"
rejoin = true
minutes = "start"
windows = [{ in_from = "17:00", in_to = "20:00", out_from = "17:00", out_to = "02:00", price = 500 }]
max_automatic = 50000
[[tariff.band]]
from = "07:00"
to = "20:00"
cap = 2000
crossing = "majority"
ladder = "restart"
blocks = [{ unit = "1h", price = 400 }]
[[tariff.band]]
from = "20:00"
to = "24:00"
capped = false
crossing = "start"
ladder = "through"
blocks = [{ price = 100 }]
[[tariff.band]]
from = "00:00"
to = "07:00"
`))
	if errs != nil {
		t.Fatal(errs)
	}
	hour := time.Hour
	want := []tariff.Tariff{{
		Name: "all keys", CarTypes: []int{0}, Sizes: []int{2}, Colors: []int{0, 4},
		Days: []tariff.Day{tariff.Workday, tariff.Holiday}, ValidFrom: "2026-01-01", ValidTo: "2026-12-31",
		Free: 30 * time.Minute, FreeAgain: true, FreeOnce: tariff.Span24h, Seconds: tariff.SecondsUp, First: tariff.FirstStay,
		Daily: true, DayStarts: 5 * hour, Caps: []int64{3000, 4000}, Adders: []tariff.Adder{{After: 4 * hour, Price: 200}}, StayCap: 20000,
		Percent: 130, RoundTotal: 50, VisitsCap: 5000, VisitsPeriod: tariff.SpanDay, Reentry: 15 * time.Minute, Rejoin: true, Minutes: tariff.MinutesStart,
		Windows:      []tariff.Window{{InFrom: 17 * hour, InTo: 20 * hour, OutFrom: 17 * hour, OutTo: 2 * hour, Price: 500}},
		MaxAutomatic: 50000,
		Bands: []tariff.Band{
			{From: 7 * hour, To: 20 * hour, Cap: 2000, Crossing: tariff.CrossMajority, Ladder: tariff.LadderRestart, Blocks: []tariff.Block{{Unit: hour, Price: 400}}},
			{From: 20 * hour, Uncapped: true, Crossing: tariff.CrossStart, Ladder: tariff.LadderThrough, Blocks: []tariff.Block{{Price: 100}}},
			{To: 7 * hour},
		},
	}}
	if diff := cmp.Diff(want, c.Tariffs); diff != "" {
		t.Errorf("tariffs differ (-want +got):\n%s", diff)
	}
	calendar := tariff.Calendar{Holidays: []tariff.Date{"2026-10-01", "2026-10-02"}, Workdays: []tariff.Date{"2026-09-27"}, ByExit: true}
	if diff := cmp.Diff(calendar, c.Calendar); diff != "" {
		t.Errorf("calendar differs (-want +got):\n%s", diff)
	}
}

func TestKeysThatAskForNothingMakeNoDifference(t *testing.T) {
	c, errs := parse(t, priced(`
[calendar]
holidays = []
tariff_by = "entry"
[[tariff]]
name = "x"
days = []
valid_from = ""
free_once = "visit"
first = "band"
period = "24h"
visits_cap = 0
visits_period = "day"
adders = []
windows = []
reentry = "0s"
minutes = "end"
[[tariff.band]]
from = "00:00"
to = "24:00"
cap = 0
capped = true
crossing = "start"
ladder = "restart"
blocks = [{ unit = "1h", price = 100 }]
`))
	if errs != nil {
		t.Fatal(errs)
	}
	want := []tariff.Tariff{{Name: "x", FreeInclusive: true, FreeCounts: true, Restart: true, Caps: nil, Blocks: []tariff.Block{{Unit: time.Hour, Price: 100}}}}
	if diff := cmp.Diff(want, c.Tariffs); diff != "" {
		t.Errorf("tariffs differ (-want +got):\n%s", diff)
	}
}

func TestContradictoryTariffsAreRefusedByName(t *testing.T) {
	const (
		head = "[[tariff]]\nname = \"x\"\n"
		day  = "[[tariff.band]]\nfrom = \"07:00\"\nto = \"20:00\"\nblocks = [{ unit = \"1h\", price = 100 }]\n"
		all  = "[[tariff.band]]\nblocks = [{ unit = \"1h\", price = 100 }]\n"
	)
	tests := []struct {
		name string
		text string
		want []string // "key: part of the message"
	}{
		{"bands that overlap", head + day + "[[tariff.band]]\nfrom = \"19:00\"\nto = \"07:00\"\n", []string{"tariff[0].band[1].from: overlaps the band 07:00-20:00"}},
		{"a gap in the day", head + day + "[[tariff.band]]\nfrom = \"21:00\"\nto = \"06:30\"\n", []string{
			"tariff[0].band: no band holds 06:30-07:00", "tariff[0].band: no band holds 20:00-21:00"}},
		{"a gap to the end of the day", head + day + "[[tariff.band]]\nfrom = \"00:00\"\nto = \"07:00\"\n", []string{"tariff[0].band: no band holds 20:00-24:00"}},
		{"two bands that are the whole day", head + all + all, []string{"tariff[0].band[0].to: from and to are the same", "tariff[0].band[1].to: from and to are the same"}},
		{"half a band", head + "[[tariff.band]]\nfrom = \"07:00\"\nblocks = [{ unit = \"1h\", price = 100 }]\n", []string{"tariff[0].band[0]: from and to are needed together"}},
		{"a band at no time", head + "[[tariff.band]]\nfrom = \"7:00\"\nto = \"25:00\"\nblocks = [{ price = 1 }]\n", []string{
			`tariff[0].band[0].from: "7:00" is no time of the day`, `tariff[0].band[0].to: "25:00" is no time of the day`}},
		{"nothing but free bands", head + "[[tariff.band]]\nfrom = \"07:00\"\nto = \"20:00\"\n[[tariff.band]]\nfrom = \"20:00\"\nto = \"07:00\"\n", []string{"tariff[0].band: no band has blocks"}},
		{"a cap of a free band", head + day + "[[tariff.band]]\nfrom = \"20:00\"\nto = \"07:00\"\ncap = 100\n", []string{"tariff[0].band[1].cap: a band without prices needs no cap"}},
		{"a band outside of no caps", head + day + "[[tariff.band]]\nfrom = \"20:00\"\nto = \"07:00\"\ncapped = false\n", []string{"tariff[0].band[1].capped: has no effect without caps"}},
		{"a block behind the end of its band", head + "[[tariff.band]]\nfrom = \"20:00\"\nto = \"07:00\"\n[[tariff.band]]\nfrom = \"07:00\"\nto = \"20:00\"\nblocks = [{ until = \"13h\", price = 100 }, { price = 1 }]\n", []string{"tariff[0].band[1].blocks[1]: is never reached"}},
		{"a block behind the period", head + "[[tariff.band]]\nblocks = [{ until = \"24h\", price = 100 }, { price = 1 }]\n", []string{"tariff[0].band[0].blocks[1]: is never reached"}},
		{"a block that ends where it begins", head + "[[tariff.band]]\nblocks = [{ until = \"2h\", price = 100 }, { until = \"2h\", price = 1 }, { price = 1 }]\n", []string{"tariff[0].band[0].blocks[1].until: until must be later"}},
		{"a version that ends before it begins", head + "valid_from = \"2026-02-01\"\nvalid_to = \"2026-01-31\"\n" + all, []string{"tariff[0].valid_to: valid_to is before valid_from"}},
		{"a date that is none", head + "valid_from = \"2026-02-30\"\n" + all, []string{`tariff[0].valid_from: "2026-02-30" is no date`}},
		{"a kind of day that is none", head + "days = [\"sunday\", \"\"]\n" + all, []string{`tariff[0].days[0]: "sunday" is not possible; it can be: workday, restday, holiday`, "tariff[0].days[1]: a list must not hold empty text"}},
		{"caps beside a price for each visit", head + "per_visit = 500\ncaps = [100]\nstay_cap = 5\nadders = [{ after = \"1h\", price = 1 }]\n" + all, []string{
			"tariff[0].caps: has no effect beside per_visit", "tariff[0].stay_cap: has no effect", "tariff[0].adders: has no effect", "tariff[0].band: has no effect"}},
		{"a date that is a holiday and a working day", "[calendar]\nholidays = [\"2026-10-01\"]\nworkdays = [\"2026-10-01\", \"x\"]\n" + head + all, []string{
			`calendar.workdays[0]: "2026-10-01" is used twice; line 8 has it already`, `calendar.workdays[1]: "x" is no date`}},
		{"a tariff that never applies", head + "sizes = [2]\n" + all + "[[tariff]]\nname = \"y\"\nsizes = [2]\ndays = [\"holiday\"]\n" + all + "[[tariff]]\nname = \"z\"\n" + all, []string{`tariff[1]: never applies, because "x" before it fits all its cars`}},
		{"surcharges in the free time and out of order", head + "free = \"30m\"\nadders = [{ after = \"10m\", price = 1 }, { after = \"8h\", price = 1 }, { after = \"4h\" }]\n" + all, []string{
			"tariff[0].adders[2].price: must be given"}},
		{"surcharges out of order", head + "free = \"30m\"\nadders = [{ after = \"30m\", price = 1 }, { after = \"8h\", price = 0 }, { after = \"4h\", price = 1 }]\n" + all, []string{
			"tariff[0].adders[0].after: must be more than the free time", "tariff[0].adders[1].price: must be more than 0", "tariff[0].adders[2].after: must be more than"}},
		{"percent and rounding of nothing", head + "percent = 0\nround_total = 0\n" + all, []string{"tariff[0].percent: must be more than 0", "tariff[0].round_total: must be more than 0"}},
		{"rejoining without a time for it", head + "rejoin = true\n" + all, []string{"tariff[0].rejoin: rejoin needs reentry"}},
		{"a start of days that nothing uses", head + "day_starts = \"05:00\"\n" + all, []string{"tariff[0].day_starts: day_starts has a meaning only where"}},
		{"a flat ticket without hours", head + "windows = [{ in_from = \"17:00\", in_to = \"20:00\", out_from = \"17:00\", price = 5 }]\n" + all, []string{"tariff[0].windows[0].out_to: must be given"}},
		{"words that are none", head + "period = \"week\"\nfirst = \"once\"\nfree_once = \"week\"\nminutes = \"middle\"\nvisits_period = \"visit\"\n[[tariff.band]]\ncrossing = \"x\"\nladder = \"x\"\nblocks = [{ price = 1 }]\n", []string{
			"tariff[0].period: \"week\" is not possible; it can be: 24h, day", "tariff[0].first: \"once\" is not possible; it can be: band, period, stay",
			"tariff[0].free_once: \"week\" is not possible; it can be: visit, day, 24h", "tariff[0].minutes: \"middle\" is not possible; it can be: end, start",
			"tariff[0].visits_period: \"visit\" is not possible; it can be: day, 24h", "tariff[0].band[0].crossing: \"x\" is not possible; it can be: split, start, majority",
			"tariff[0].band[0].ladder: \"x\" is not possible; it can be: continue, restart, through"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, errs := parse(t, priced(tt.text))
			ok := len(errs) == len(tt.want)
			for i := 0; ok && i < len(errs); i++ {
				ok = slices.ContainsFunc(errs, func(e Problem) bool {
					key, part, _ := strings.Cut(tt.want[i], ": ")
					return e.Key == key && strings.Contains(e.English, part) && e.Chinese != "" && e.Chinese != e.English
				})
			}
			if !ok {
				t.Errorf("mistakes:\n%v\nwant:\n%s", errs, strings.Join(tt.want, "\n"))
			}
		})
	}
}

func TestTheTariffsOfTheReadmeAreRight(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, block := range regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(block[1], "[[tariff]]") {
			continue
		}
		seen++
		if _, errs := parse(t, priced(block[1])); errs != nil {
			t.Errorf("%s\n%v", block[1], errs)
		}
	}
	if seen == 0 {
		t.Error("the README shows no tariff")
	}
}

func TestDaysOrVersionsWithoutATariffAreAWarning(t *testing.T) {
	with := func(lines ...string) string {
		var text strings.Builder
		for i, line := range lines {
			fmt.Fprintf(&text, "[[tariff]]\nname = \"%d\"\n%s\n[[tariff.band]]\nblocks = [{ price = 1 }]\n", i, line)
		}
		return priced(text.String())
	}
	for _, tt := range []struct {
		name string
		text string
		warn bool
	}{
		{"every kind of day", with(`days = ["workday"]`, `days = ["restday", "holiday"]`), false},
		{"no holidays", with(`days = ["workday"]`, `days = ["restday"]`), true},
		{"one version after the other", with(`valid_to = "2026-06-30"`, `valid_from = "2026-07-01"`), false},
		{"a day between two versions", with(`valid_to = "2026-06-29"`, `valid_from = "2026-07-01"`), true},
		{"an end to all versions", with(`valid_to = "2026-06-30"`), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, errs := parse(t, tt.text)
			if errs != nil {
				t.Fatal(errs)
			}
			if got := slices.ContainsFunc(c.Warnings, func(p Problem) bool { return strings.Contains(p.English, "no tariff fits every car") }); got != tt.warn {
				t.Errorf("Warnings = %v, want one: %v", c.Warnings, tt.warn)
			}
		})
	}
}
